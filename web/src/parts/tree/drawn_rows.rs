//! Which rows are drawn while those in view are on their way: where the view leapt, the rows of the place before, so that
//! dragging over a long list shows no empty rows.

use gloo::timers::callback::Timeout;

use super::pages::Pages;
use crate::parts::window::Window;

/// How long rows of the place before are drawn, in milliseconds. After that they would mislead.
const LATE: u32 = 200;

/// What is drawn.
#[derive(Default)]
pub(super) struct DrawnRows {
    /// Where the drawn rows belong.
    pub(super) at: Window,
    /// Where the view was when rows were last asked for.
    asked: Window,
    late: Option<Timeout>,
}

impl DrawnRows {
    /// Draws the rows in view, whether or not they are here.
    pub(super) fn release(&mut self, window: Window) {
        self.at = window;
        self.late = None;
    }

    /// Rows are asked for of where the view is.
    pub(super) fn ask(&mut self, window: Window) {
        self.asked = window;
    }

    /// Chooses what to draw for this view. `late` is called where nothing newer came for a while.
    pub(super) fn choose(&mut self, window: Window, pages: &Pages, late: impl FnOnce() + 'static) {
        let at = choice(window, self.asked, self.at, pages);
        if at == window {
            self.release(window);
        } else if at != self.at || self.late.is_none() {
            self.at = at;
            self.late = Some(Timeout::new(LATE, late));
        }
    }
}

/// Where the rows are to be taken from: in view, where some of these are here, as the browser itself has moved them; else
/// the latest of the other two that is here.
fn choice(window: Window, asked: Window, at: Window, pages: &Pages) -> Window {
    let is_here = |other: &Window| {
        let same_list = Window {
            scrolled: window.scrolled,
            ..*other
        } == window;
        let mut rows = other.in_view();
        same_list && !rows.is_empty() && rows.all(|row| pages.row(row).is_some())
    };
    if window.in_view().any(|row| pages.row(row).is_some()) {
        return window;
    }
    let mut others = [asked, at].into_iter();
    others.find(is_here).unwrap_or(window)
}

#[cfg(test)]
mod tests {
    use super::super::pages::tests::rows;
    use super::super::pages::{PAGE, Pages};
    use super::*;
    use crate::parts::window::ROW;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    /// A view of ten rows that begins at this one.
    fn at(row: u32) -> Window {
        Window {
            total: 100_000,
            view: 10.0 * ROW,
            scrolled: f64::from(row) * ROW,
            ..Window::default()
        }
    }

    fn pages(firsts: &[u32]) -> Pages {
        let mut pages = Pages::default();
        for first in firsts {
            pages.keep(*first, rows(PAGE), *first);
        }
        pages
    }

    #[test]
    fn rows_of_before_are_drawn_only_where_none_in_view_is_here() {
        let (first, second, third) = (at(3), at(50 * PAGE), at(90 * PAGE));
        let only_first = pages(&[0]);
        assert_eq!(choice(first, third, third, &only_first), first);
        assert_eq!(choice(second, second, first, &only_first), first);
        // Some rows in view are here.
        let edge = at(PAGE - 2);
        assert_eq!(choice(edge, edge, first, &only_first), edge);
        // What was asked for meanwhile is nearer than what was drawn.
        let both = pages(&[0, 50 * PAGE]);
        assert_eq!(choice(third, second, first, &both), second);
        // Nothing is here.
        assert_eq!(choice(third, second, first, &pages(&[])), third);
    }

    #[test]
    fn rows_of_another_list_are_not_drawn() {
        let first = at(0);
        let shorter = Window {
            total: 90_000,
            ..at(50 * PAGE)
        };
        assert_eq!(choice(shorter, shorter, first, &pages(&[0])), shorter);
    }
}
