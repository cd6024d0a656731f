//! A wish to see another place of the page.

use web_sys::MouseEvent;

use crate::route::comparison::CompareRoute;
use crate::route::history::HistoryRoute;
use crate::route::{ImageRoute, Route};

/// Where to, and what that is in the browser's history.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Navigate {
    pub(crate) route: Route,
    pub(crate) history: History,
}

/// What a change of the address is in the browser's history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum History {
    /// A step of its own, which Back undoes.
    Push,
    /// The present step, changed.
    Replace,
}

impl Navigate {
    /// To a place, from which Back leads here.
    pub(crate) fn push(route: impl Into<Route>) -> Self {
        Navigate {
            route: route.into(),
            history: History::Push,
        }
    }

    /// To a place that takes the place of this one.
    pub(crate) fn replace(route: impl Into<Route>) -> Self {
        Navigate {
            route: route.into(),
            history: History::Replace,
        }
    }
}

/// Whether the page follows a click on a link itself. With a key held down or another button, the browser does what it does
/// with links.
pub(crate) fn follows(event: &MouseEvent) -> bool {
    let is_plain =
        event.button() == 0 && !event.ctrl_key() && !event.meta_key() && !event.shift_key();
    if is_plain {
        event.prevent_default();
    }
    is_plain
}

impl From<CompareRoute> for Route {
    fn from(route: CompareRoute) -> Self {
        Route::Compare(route)
    }
}

impl From<HistoryRoute> for Route {
    fn from(route: HistoryRoute) -> Self {
        Route::History(route)
    }
}

impl From<ImageRoute> for Route {
    fn from(route: ImageRoute) -> Self {
        Route::Image(route)
    }
}
