//! Rows of a list that lives in the image worker: which of them are in view, which are here, and where they go.

use web_sys::Element;
use yew::prelude::*;

use crate::parts::watch::{self, Watch};
use crate::parts::window::Window;

/// Height of a row, as in the style sheet, in pixels.
const ROW: f64 = 20.0;
/// What a computed place may be off by, in pixels.
const ROUNDING: f64 = 0.01;
/// Rows asked for at a time.
const CHUNK: u32 = 256;

/// The rows, and the elements that they are drawn in.
pub(crate) struct DrawnRows<T> {
    /// What is scrolled.
    pub(crate) scroller: NodeRef,
    /// As high as all rows together.
    pub(crate) space: NodeRef,
    /// Holds those that are drawn.
    pub(crate) rows: NodeRef,
    pub(crate) window: Window,
    /// Answers about a former list carry an older number.
    epoch: u32,
    /// The rows that are here, and the number of the first.
    here: (u32, Vec<T>),
    /// Those that are here are drawn until newer ones come.
    stale: bool,
    asked: bool,
    watch: Option<Watch>,
}

/// Rows that are to be asked for.
pub(crate) struct Wanted {
    epoch: u32,
    pub(crate) from: u32,
    pub(crate) count: u32,
}

/// Rows that came.
pub(crate) struct Arrived<T> {
    epoch: u32,
    from: u32,
    rows: Vec<T>,
}

impl Wanted {
    /// The answer.
    pub(crate) fn are<T>(self, rows: Vec<T>) -> Arrived<T> {
        Arrived {
            epoch: self.epoch,
            from: self.from,
            rows,
        }
    }
}

impl<T> DrawnRows<T> {
    pub(crate) fn new(total: u32) -> Self {
        DrawnRows {
            scroller: NodeRef::default(),
            space: NodeRef::default(),
            rows: NodeRef::default(),
            window: Window {
                total,
                view: 600.0,
                row: ROW,
                ..Window::default()
            },
            epoch: 0,
            here: (0, Vec::new()),
            stale: false,
            asked: false,
            watch: None,
        }
    }

    /// Another list.
    pub(crate) fn restart(&mut self, total: u32) {
        self.here = (0, Vec::new());
        self.refresh(total);
    }

    /// The same list with other rows.
    pub(crate) fn refresh(&mut self, total: u32) {
        self.epoch += 1;
        self.stale = true;
        self.asked = false;
        self.window.total = total;
    }

    /// Follows the element that is scrolled, once it is drawn.
    pub(crate) fn follow(&mut self, moved: &Callback<()>) {
        self.watch = Watch::of(&self.scroller, moved.clone(), moved.clone());
    }

    /// Reads how far it is scrolled, and how high it is.
    pub(crate) fn measure(&mut self) {
        if let Some(scroller) = self.scroller.cast::<Element>() {
            self.window.scrolled = f64::from(scroller.scroll_top());
            self.window.view = f64::from(scroller.client_height()).max(1.0);
        }
    }

    /// The rows to ask for, where those in view are not here. They count as asked for from now on.
    pub(crate) fn wanted(&mut self) -> Option<Wanted> {
        let drawn = self.window.drawn();
        let end = self.here.0.saturating_add(self.here.1.len() as u32);
        let is_here = (self.here.0..end).contains(&drawn.start) && end >= drawn.end;
        if (is_here && !self.stale) || self.asked || drawn.is_empty() {
            return None;
        }
        let spare = CHUNK.saturating_sub(drawn.len() as u32) / 2;
        self.asked = true;
        Some(Wanted {
            epoch: self.epoch,
            from: drawn.start.saturating_sub(spare),
            count: CHUNK.max(drawn.len() as u32 + spare),
        })
    }

    /// Takes rows that came; false where they are of a former list.
    pub(crate) fn take(&mut self, arrived: Arrived<T>) -> bool {
        if arrived.epoch != self.epoch {
            return false;
        }
        // Where nothing came there is nothing to ask for again.
        self.asked = arrived.rows.is_empty();
        self.here = (arrived.from, arrived.rows);
        self.stale = false;
        true
    }

    /// A row, where it is here.
    pub(crate) fn row(&self, row: u32) -> Option<&T> {
        let at = row.checked_sub(self.here.0)?;
        self.here.1.get(at as usize)
    }

    /// Puts the drawn rows where they belong.
    pub(crate) fn place(&self) {
        watch::place(&self.space, &self.rows, &self.window);
    }

    /// Scrolls as little as brings a row into view. Of a long list, a pixel of the scroll bar is several rows: rather one
    /// pixel too many.
    pub(crate) fn show(&mut self, row: u32) {
        let Some(top) = self.window.reveal(row) else {
            return;
        };
        let top = match row < self.window.first() {
            true => (top + ROUNDING).floor(),
            false => (top - ROUNDING).ceil(),
        };
        self.scroll_to(top);
        self.measure();
    }

    pub(crate) fn scroll_to(&self, top: f64) {
        if let Some(scroller) = self.scroller.cast::<Element>() {
            scroller.set_scroll_top(top as i32);
        }
    }
}
