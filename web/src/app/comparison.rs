//! Comparisons: their images are opened, their files chosen, their address followed.

use std::rc::Rc;

use onionskin_core::link::is_address;
use web_sys::File;
use yew::prelude::*;

use super::{App, Msg};
use crate::browser;
use crate::compare_session::CompareSession;
use crate::navigate::{History, Navigate};
use crate::route::Route;
use crate::route::comparison::{CompareRoute, SideRoute};
use crate::session::Session;
use crate::views::comparison::{OnBase, Props};
use crate::views::later::{View, later};
use crate::worker::client::WorkerClient;
use crate::worker::protocol::{Both, Event, Side};

impl App {
    /// Shows a comparison, and reads its images where those are others than before.
    pub(super) fn compare(&mut self, ctx: &Context<Self>, route: &CompareRoute) {
        if let Some(image) = self.session.as_ref().and_then(Session::image) {
            let audited = image.audit.as_ref().and_then(|audit| audit.base.as_ref());
            self.on_base = Some(OnBase {
                facts: image.facts.clone(),
                audited: audited.and_then(|base| base.reference.clone()),
            });
        }
        self.leave_image();
        let title = crate::format::visible_text(&route.title());
        browser::set_title(&format!("{title} · Onionskin"));
        // It lists tags.
        self.spare.get_or_insert_with(WorkerClient::start);
        let shown = self.comparison.as_ref();
        if shown.is_some_and(|comparison| comparison.shows(&route.sides)) {
            return;
        }
        self.comparison = None;
        let files = |side: Side| {
            let name = route.sides.of(side).file.as_ref();
            name.map(|name| self.files.get(name))
        };
        let is_missing = Side::BOTH.iter().any(|side| files(*side) == Some(None));
        if is_missing || !route.is_complete() {
            return;
        }
        let files = Both {
            old: files(Side::Old).flatten(),
            new: files(Side::New).flatten(),
        };
        self.sessions += 1;
        let id = self.sessions;
        let events = ctx.link().callback(move |event| Msg::Message(id, event));
        let fresh = std::mem::take(&mut self.fresh);
        let worker = WorkerClient::start();
        let comparison = CompareSession::open(id, worker, &route.sides, files, fresh, events);
        self.comparison = Some(comparison);
    }

    /// Takes in what the worker of the comparison told; whether it is of the present one.
    pub(super) fn told_of_comparison(&mut self, id: u32, event: Event) -> bool {
        let comparison = self.comparison.as_mut();
        match comparison.filter(|comparison| comparison.id == id) {
            Some(comparison) => comparison.take(event),
            None => return false,
        }
        true
    }

    /// A file for one side.
    pub(super) fn chosen_for(&mut self, ctx: &Context<Self>, side: Side, file: File) {
        let Route::Compare(route) = &self.route else {
            return;
        };
        let wanted = route.sides.of(side).file.clone();
        let other = match side {
            Side::Old => &route.sides.new,
            Side::New => &route.sides.old,
        };
        let mut name = file.name();
        // Two files of one name are two files.
        let taken =
            |name: &String| other.file.as_ref() == Some(name) && self.files.contains_key(name);
        if wanted.as_ref() != Some(&name) && taken(&name) {
            name.push_str(" (2)");
        }
        // Under the same name there may be another file now.
        self.session
            .take_if(|session| session.file.as_ref() == Some(&name));
        self.files.insert(name.clone(), file.into());
        self.remarks.clear();
        let (route, history) = match wanted == Some(name.clone()) {
            // The address waits for it.
            true => (route.clone(), History::Replace),
            false => {
                let image = SideRoute {
                    file: Some(name),
                    ..SideRoute::default()
                };
                (route.with(side, image), History::Push)
            }
        };
        self.comparison = None;
        self.go(
            ctx,
            Navigate {
                route: route.into(),
                history,
            },
        );
    }

    /// The side of the comparison that waits for a file, or for any image.
    pub(super) fn side_that_waits(&self, name: &str) -> Option<Side> {
        let Route::Compare(route) = &self.route else {
            return None;
        };
        let sides = || Side::BOTH.into_iter();
        let is_called = |side: &Side| {
            let file = route.sides.of(*side).file.as_ref();
            file.is_some_and(|file| file == name && !self.files.contains_key(file))
        };
        let is_missing = |side: &Side| {
            let file = route.sides.of(*side).file.as_ref();
            file.is_some_and(|file| !is_address(file) && !self.files.contains_key(file))
        };
        sides()
            .find(is_called)
            .or_else(|| sides().find(|side| route.sides.of(*side).is_empty()))
            .or_else(|| sides().find(is_missing))
    }

    /// Compares again, past the browser's cache.
    pub(super) fn compare_again(&mut self, ctx: &Context<Self>) {
        self.comparison = None;
        self.fresh = true;
        self.go(ctx, Navigate::replace(self.route.clone()));
    }

    /// The present comparison with both images pinned to their digests.
    pub(super) fn pinned_comparison(&self, route: &CompareRoute) -> CompareRoute {
        let mut pinned = route.clone();
        for side in Side::BOTH {
            let facts = self.comparison.as_ref();
            let facts = facts.and_then(|comparison| comparison.facts.of(side).as_ref());
            let side = pinned.sides.of_mut(side);
            if let Some(facts) = facts.filter(|_| side.file.is_none()) {
                side.reference = facts.pinned();
                if !facts.image.platforms.is_empty() {
                    side.platform = Some(facts.platform());
                }
            }
        }
        pinned
    }

    /// Where the image that is shown is compared with another one, as the newer of both.
    pub(super) fn compare_address(&self) -> Option<AttrValue> {
        let Route::Image(route) = &self.route else {
            return None;
        };
        let new = SideRoute {
            reference: route.reference.clone(),
            file: route.file.clone(),
            platform: route.platform.clone(),
            stack: None,
        };
        let to = CompareRoute::of(SideRoute::default(), new);
        Some(Route::Compare(to).to_fragment().into())
    }

    pub(super) fn view_comparison(&self, ctx: &Context<Self>, route: &CompareRoute) -> Html {
        let Some(registry) = self.spare.clone() else {
            return Html::default();
        };
        let link = ctx.link();
        let is_missing = |side: Side| {
            let file = route.sides.of(side).file.as_ref();
            file.is_some_and(|file| !is_address(file) && !self.files.contains_key(file))
        };
        let on_base = self.on_base.as_ref().filter(|image| {
            let named = |side: Side| {
                route
                    .sides
                    .of(side)
                    .reference
                    .starts_with(&*image.facts.name)
            };
            Side::BOTH.into_iter().any(named)
        });
        later(View::Comparison(Rc::new(Props {
            registry,
            route: route.clone(),
            comparison: self.comparison.clone(),
            missing: Both {
                old: is_missing(Side::Old),
                new: is_missing(Side::New),
            },
            on_base: on_base.cloned(),
            go: link.callback(Msg::Go),
            on_file: link.callback(|(side, file)| Msg::ChosenFor(side, file)),
            on_cancel: link.callback(|()| Msg::StopCompare),
            on_again: link.callback(|()| Msg::CompareAgain),
            on_copy: link.callback(Msg::CopyLink),
        })))
    }
}
