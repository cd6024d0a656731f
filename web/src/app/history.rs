//! Images of a repository over time: they are opened, and their address is followed.

use std::rc::Rc;

use yew::prelude::*;

use super::{App, Msg};
use crate::browser;
use crate::history_session::HistorySession;
use crate::navigate::Navigate;
use crate::route::history::HistoryRoute;
use crate::views::history::Props;
use crate::views::later::{View, later};
use crate::worker::client::WorkerClient;
use crate::worker::protocol::Event;

impl App {
    /// Shows images of a repository, and reads them where those are others than before.
    pub(super) fn history(&mut self, ctx: &Context<Self>, route: &HistoryRoute) {
        self.leave_image();
        let name = crate::format::visible_text(&route.repository);
        browser::set_title(&format!("{name} · History · Onionskin"));
        let shown = self.history.as_ref();
        if shown.is_some_and(|history| history.shows(route)) {
            return;
        }
        self.sessions += 1;
        let id = self.sessions;
        let events = ctx.link().callback(move |event| Msg::Message(id, event));
        let fresh = std::mem::take(&mut self.fresh);
        let worker = WorkerClient::start();
        self.history = Some(HistorySession::open(id, worker, route, fresh, events));
    }

    /// Takes in what the worker told; whether it is of the present one.
    pub(super) fn told_of_history(&mut self, id: u32, event: Event) -> bool {
        let history = self.history.as_mut();
        match history.filter(|history| history.id == id) {
            Some(history) => history.take(event),
            None => return false,
        }
        true
    }

    /// Reads no more images.
    pub(super) fn stop_history(&mut self) {
        if let Some(history) = &mut self.history {
            history.stop();
        }
    }

    /// Reads all of them again, past the browser's cache where something failed.
    pub(super) fn history_again(&mut self, ctx: &Context<Self>) {
        let failed = self
            .history
            .take()
            .is_some_and(|history| !history.stopped());
        self.fresh = failed;
        self.go(ctx, Navigate::replace(self.route.clone()));
    }

    pub(super) fn view_history(&self, ctx: &Context<Self>, route: &HistoryRoute) -> Html {
        let Some(session) = self.history.clone() else {
            return Html::default();
        };
        let link = ctx.link();
        later(View::History(Rc::new(Props {
            route: route.clone(),
            session,
            go: link.callback(Msg::Go),
            on_cancel: link.callback(|()| Msg::StopHistory),
            on_again: link.callback(|()| Msg::HistoryAgain),
        })))
    }
}
