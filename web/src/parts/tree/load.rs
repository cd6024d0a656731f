//! Another tree comes into the grid: it is asked for together with the row of the address's path and the rows around
//! that, so that nothing is drawn before it can be.

use yew::prelude::*;

use super::pages::PAGE;
use super::{Msg, Tree};
use crate::parts::window::Window;
use crate::worker::protocol::{FoundRow, OpenFolders, Question, Row, Rows, Seek, Show, Shown};

/// A tree and the rows of it to begin with.
pub(crate) struct Fresh {
    why: Why,
    shown: Shown,
    /// Where the path of the address is.
    found: Option<FoundRow>,
    from: u32,
    rows: Vec<Row>,
}

/// Why rows change.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    /// The address leads to another tree or path.
    Asked,
    /// More layers are here; whoever reads the tree stays where they are.
    Grown,
    /// A folder was opened or closed.
    Toggled,
}

impl Tree {
    /// Asks for the tree that the address names.
    pub(super) fn reshow(&mut self, ctx: &Context<Self>, why: Why) {
        self.asking = true;
        self.again = false;
        let show = Show((*ctx.props().showing).clone());
        self.show(ctx, show, Some, why);
    }

    /// Asks for another tree, for the row of the path in it, and for the rows around that.
    pub(super) fn show<Q: Question + 'static>(
        &mut self,
        ctx: &Context<Self>,
        question: Q,
        shown_of: impl FnOnce(Q::Answer) -> Option<Shown> + 'static,
        why: Why,
    ) {
        self.epoch += 1;
        let (epoch, window) = (self.epoch, self.window);
        let worker = ctx.props().worker.clone();
        let path = ctx.props().path.clone().filter(|_| why != Why::Toggled);
        let bring = why == Why::Asked || path != self.placed;
        let shown = worker.ask(question);
        ctx.link().send_future(async move {
            let missing = || Shown {
                missing: true,
                ..Shown::default()
            };
            let mut shown = shown.await.and_then(shown_of).unwrap_or_else(missing);
            let found = match path {
                Some(path) => worker.ask(Seek { path }).await.flatten(),
                None => None,
            };
            shown.total = found.as_ref().map_or(shown.total, |found| found.total);
            let window = Window {
                total: shown.total,
                ..window
            };
            let centre = found
                .as_ref()
                .filter(|_| bring)
                .and_then(|found| found.row)
                .and_then(|row| window.centre(row));
            let drawn = Window {
                scrolled: centre.unwrap_or(window.scrolled),
                ..window
            }
            .drawn();
            let (from, end) = (drawn.start / PAGE * PAGE, drawn.end.div_ceil(PAGE) * PAGE);
            let count = end - from;
            let rows = worker.ask(Rows { from, count }).await.unwrap_or_default();
            Msg::Fresh(
                epoch,
                Box::new(Fresh {
                    why,
                    shown,
                    found,
                    from,
                    rows,
                }),
            )
        });
    }

    pub(super) fn refresh(&mut self, ctx: &Context<Self>, fresh: Fresh) -> bool {
        // Rows that came may stand above the one that the keyboard is on.
        let active = self.active.and_then(|active| self.row(active));
        let moved = active.and_then(|active| {
            let at = fresh.rows.iter().position(|row| row.path == active.path)?;
            Some(fresh.from + u32::try_from(at).ok()?)
        });
        self.pages.clear();
        self.window.total = fresh.shown.total;
        self.pages.keep(fresh.from, fresh.rows, fresh.from);
        self.rows_drawn.release(self.window);
        // The room has to be there before it can be scrolled.
        self.place(ctx);
        match &fresh.found {
            Some(found) => self.arrive(ctx, found, fresh.why),
            None => {
                let total = fresh.shown.total;
                self.active = moved.or(self.active).filter(|active| *active < total);
            }
        }
        let searching = !ctx.props().showing.find.is_empty();
        if let Some(scrolled) = self.return_to.take_if(|_| !searching)
            && fresh.found.is_none()
        {
            self.scroll(Some(scrolled));
        }
        self.measure();
        self.fetch(ctx);
        let open = ctx.props().worker.ask(OpenFolders);
        ctx.link()
            .send_future_batch(async move { open.await.map(Msg::Open) });
        ctx.props().on_shown.emit(fresh.shown);
        true
    }

    /// Puts the keyboard on the path of the address, and brings that into view.
    fn arrive(&mut self, ctx: &Context<Self>, found: &FoundRow, why: Why) {
        self.active = found.row;
        let path = ctx.props().path.clone();
        if let Some(row) = found
            .row
            .filter(|_| why == Why::Asked || path != self.placed)
        {
            self.scroll(self.window.centre(row));
        }
        // Until all layers are here, the path may still come.
        let (_, finished) = ctx.props().version;
        if found.exact || finished {
            self.placed = path;
        }
    }
}
