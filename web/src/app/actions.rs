//! What buttons and keys of the whole page do.

use onionskin_core::digest::Digest;
use onionskin_core::reference::Reference;
use yew::prelude::*;

use super::App;
use super::typed::typed_route;
use crate::browser;
use crate::navigate::{History, Navigate};
use crate::parts::tree;
use crate::route::{ImageRoute, Route, View};
use crate::session::{Again, Session};
use crate::views::map;
use crate::worker::protocol::{List, Stop};

impl App {
    /// Opens what was typed. The image that is shown is read again only where something of it is missing.
    pub(super) fn open_typed(&mut self, ctx: &Context<Self>, typed: String) {
        let to = match typed.trim().parse::<Digest>() {
            Ok(digest) => match self.in_this_repository(digest) {
                Some(to) => to,
                None => {
                    let remark = "A digest alone names no image. Write it behind the repository, as in nginx@sha256:….";
                    self.remarks = vec![remark.to_owned()];
                    return;
                }
            },
            Err(_) => typed_route(&typed),
        };
        let is_shown = match (&self.route, &to) {
            (Route::Image(route), _) if route.called() == typed => true,
            (Route::Image(_), Route::Image(to)) => self
                .session
                .as_ref()
                .is_some_and(|session| session.shows(to)),
            _ => false,
        };
        let missing = self.session.as_ref().and_then(Session::missing);
        match missing.filter(|_| is_shown) {
            Some(again) => self.again(ctx, again),
            // The box of a file has no reference to open.
            None if is_shown
                && matches!(&self.route, Route::Image(route) if route.file.is_some()) => {}
            None => {
                self.remarks.clear();
                self.go(ctx, Navigate::push(to));
            }
        }
    }

    /// The image with this digest in the repository that is shown.
    fn in_this_repository(&self, digest: Digest) -> Option<Route> {
        let reference = match &self.route {
            Route::Image(route) if route.file.is_none() => &route.reference,
            Route::Browse(route) => match &route.list {
                List::Tags(repository) => repository,
                List::Repositories(_) => return None,
            },
            _ => return None,
        };
        let shown: Reference = reference.parse().ok()?;
        let pinned = shown.without_tag().with_digest(digest);
        Some(Route::Image(ImageRoute::of(pinned.familiar())))
    }

    /// Stops reading. What is read of the image stays; without any of it, the page returns to what it showed before.
    pub(super) fn cancel(&mut self, ctx: &Context<Self>) {
        if let Some(session) = &self.session
            && session.image().is_some()
        {
            session.worker.tell(Stop);
            return;
        }
        let (session, route) = match self.before.take() {
            Some((session, route)) => (Some(session), route),
            None => (None, Route::Start),
        };
        self.session = session;
        self.route = route;
        self.remarks.clear();
        browser::set_fragment(&self.route.to_fragment(), History::Replace);
        self.judge(ctx);
    }

    /// Reads again, or goes on.
    pub(super) fn again(&mut self, ctx: &Context<Self>, again: Again) {
        match (again, &mut self.session) {
            (Again::Continue, Some(session)) => session.resume(),
            (Again::Read(one), Some(session)) => session.read_layers(one),
            _ => {
                self.session = None;
                self.fresh = true;
                self.go(ctx, Navigate::replace(self.route.clone()));
            }
        }
    }

    /// Closes the details; the focus returns to the tree, or to the map.
    pub(super) fn close_details(&mut self, ctx: &Context<Self>) {
        if let Route::Image(route) = &self.route {
            let focus = match route.view {
                View::Map => map::ID,
                _ => tree::ID,
            };
            let route = ImageRoute {
                path: None,
                ..route.clone()
            };
            self.go(ctx, Navigate::push(route));
            browser::focus(focus);
        }
    }
}

/// What the box shows of a list: what leads there when it is typed.
pub(super) fn of_list(list: &List) -> String {
    match list {
        List::Repositories(None) => String::new(),
        List::Repositories(Some(host)) => format!("{host}/"),
        List::Tags(name) => name.clone(),
    }
}
