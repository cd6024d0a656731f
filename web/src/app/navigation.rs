//! Where the page goes: the address leads, the session follows.

use yew::prelude::*;

use super::actions::of_list;
use super::{App, Msg};
use crate::browser;
use crate::navigate::{History, Navigate};
use crate::route::{ImageRoute, Route, View};
use crate::session::{Opening, Session, State};
use crate::share;
use crate::worker::client::WorkerClient;
use crate::worker::protocol::{Catalog, Event, List, Side};

impl App {
    pub(super) fn follow_address(&mut self, ctx: &Context<Self>) {
        let (mut route, remarks) = Route::parse(&browser::fragment());
        match (&mut route, &self.route) {
            (Route::Image(to), Route::Image(before)) => to.remember(before),
            (Route::Compare(to), Route::Compare(before)) => to.remember(before),
            _ => {}
        }
        self.remarks = remarks;
        self.go(ctx, Navigate::replace(route));
    }

    /// Shows a place, and reads its image where that is another one than before.
    pub(super) fn go(&mut self, ctx: &Context<Self>, to: Navigate) {
        let Navigate { route, history } = to;
        self.notice = None;
        browser::set_fragment(&route.to_fragment(), history);
        let before = std::mem::replace(&mut self.route, route);
        match &self.route {
            Route::Compare(compare) => {
                let compare = compare.clone();
                self.compare(ctx, &compare);
            }
            Route::History(history) => {
                let history = history.clone();
                self.history(ctx, &history);
            }
            Route::Start => {
                self.session = None;
                self.comparison = None;
                self.history = None;
                self.before = None;
                // It tells what the cache takes, and reads the next image.
                let spare = self.spare.get_or_insert_with(WorkerClient::start);
                if self.catalog.is_none() {
                    let catalog = spare.ask(Catalog);
                    ctx.link()
                        .send_future(async move { Msg::Catalog(catalog.await) });
                }
                browser::set_title("Onionskin");
            }
            Route::Browse(browse) => {
                let title = format!("{} · Onionskin", of_list(&browse.list));
                self.leave_image();
                // Lists are asked of it.
                self.spare.get_or_insert_with(WorkerClient::start);
                browser::set_title(&crate::format::visible_text(&title));
            }
            Route::Image(image) => {
                if self
                    .session
                    .as_ref()
                    .is_some_and(|session| session.shows(image))
                {
                    title_of(image);
                    self.check_layer();
                } else {
                    let image = image.clone();
                    self.open(ctx, &image, before);
                }
            }
        }
    }

    /// Shows something else. An image that is read is kept for a return.
    pub(super) fn leave_image(&mut self) {
        self.session.take_if(|session| !is_worth_a_return(session));
        self.before = None;
    }

    /// Begins to read an image; `before` is the place that was shown until now.
    fn open(&mut self, ctx: &Context<Self>, image: &ImageRoute, before: Route) {
        title_of(image);
        let name = image.chosen_file();
        let file = name.and_then(|name| self.files.get(name));
        let kept = name.filter(|_| file.is_none());
        let kept = kept.map(|name| browser::kept_file(name));
        if kept == Some(None) {
            return self.choose_again();
        }
        self.sessions += 1;
        let id = self.sessions;
        let worker = self.spare.take().unwrap_or_else(WorkerClient::start);
        let events = ctx.link().callback(move |event| Msg::Message(id, event));
        let opening = Opening {
            file,
            kept: kept.flatten(),
            fresh: std::mem::take(&mut self.fresh),
            open: browser::open_folders(&image.place()),
        };
        let session = Session::open(id, worker, image, opening, events);
        if let Some(old) = self.session.replace(session).filter(is_worth_a_return) {
            self.before = Some((old, before));
        }
        self.judge(ctx);
    }

    /// The file has to be chosen again.
    fn choose_again(&mut self) {
        self.session = None;
        self.before = None;
        self.handing_over.announce();
    }

    pub(super) fn told(&mut self, id: u32, event: Event) -> bool {
        if matches!(&self.comparison, Some(comparison) if comparison.id == id) {
            return self.told_of_comparison(id, event);
        }
        if matches!(&self.history, Some(history) if history.id == id) {
            return self.told_of_history(id, event);
        }
        let Some(session) = self.session.as_mut().filter(|session| session.id == id) else {
            return false;
        };
        match (&event, &session.file) {
            (Event::Kept(ticket), Some(name)) => browser::keep_file(name, Some(ticket)),
            (Event::NotKept, Some(name)) => {
                browser::keep_file(name, None);
                self.choose_again();
                return true;
            }
            _ => {}
        }
        let (first, last) = (
            matches!(event, Event::Image(_)),
            matches!(
                event,
                Event::Finished
                    | Event::Stopped
                    | Event::Failed(_)
                    | Event::Several(_)
                    | Event::Artifact(_)
            ),
        );
        session.take(event);
        if let (Some(name), Some(unpacked)) = (&session.file, session.worker.unpacked()) {
            self.files.insert(name.clone(), unpacked);
        }
        if first
            && session.file.is_none()
            && let (Some(image), Route::Image(route)) = (session.image(), &mut self.route)
        {
            // The address says in full what was opened, so that it means the same elsewhere.
            if route.reference == session.asked && !route.reference.contains('@') {
                route.reference = image.facts.reference.clone();
                browser::set_fragment(&self.route.to_fragment(), History::Replace);
            }
            // What another page embeds was not opened by the visitor.
            if !browser::is_embedded() {
                browser::remember(&image.facts.reference);
            }
        }
        if last {
            self.before = None;
        }
        if first {
            self.check_layer();
        }
        true
    }

    /// A link may name a layer that the image does not have.
    fn check_layer(&mut self) {
        let depth = self
            .session
            .as_ref()
            .and_then(Session::image)
            .map(|image| image.depth());
        let (Some(depth), Route::Image(route)) = (depth, &mut self.route) else {
            return;
        };
        let layers = crate::format::counted(u64::from(depth), "layer");
        let is_missing = |layer: &u32| *layer > depth;
        let mut remark = |layer: u32, shown: &str| {
            self.remarks.push(format!(
                "There is no layer {layer}: this image has {layers}. {shown}"
            ));
        };
        if let Some(layer) = route.layer.take_if(|layer| is_missing(layer)) {
            remark(layer, "The last one is shown.");
        }
        match route.view {
            // Of two versions either may be the later one.
            View::Difference => {
                if let Some(layer) = route.from.take_if(|layer| is_missing(layer)) {
                    remark(layer, "The version of layer 1 is shown.");
                }
            }
            // A range ends at the layer that is looked at.
            _ => {
                let last = route.layer.unwrap_or(depth);
                route.from.take_if(|from| *from >= last);
            }
        }
        if let Some(layer) = route.waste.of.take_if(|layer| is_missing(layer)) {
            remark(layer, "The findings of all layers are shown.");
        }
        browser::set_fragment(&self.route.to_fragment(), History::Replace);
    }

    /// The present place, pinned to the digest.
    pub(super) fn pinned(&self) -> Route {
        let facts = self
            .session
            .as_ref()
            .and_then(Session::image)
            .map(|image| &image.facts);
        match (&self.route, facts) {
            (Route::Image(route), Some(facts)) => Route::Image(share::pinned(facts, route)),
            (Route::Compare(route), _) => Route::Compare(self.pinned_comparison(route)),
            (route, _) => route.clone(),
        }
    }

    /// The text of a link in Markdown to the present place.
    pub(super) fn markdown_text(&self) -> String {
        match &self.route {
            Route::Compare(_) => {
                let facts = self.comparison.as_ref().map(|comparison| &comparison.facts);
                let name = |side: Side| {
                    let facts = facts.and_then(|facts| facts.of(side).as_ref());
                    let reference = facts.map_or("", |facts| &facts.reference);
                    share::markdown_text(reference, None, None)
                };
                Side::BOTH.map(name).join(" → ")
            }
            Route::Browse(route) => share::markdown_text(called(&route.list), None, None),
            Route::History(route) => share::markdown_text(&route.repository, None, None),
            route => {
                let image = self.session.as_ref().and_then(Session::image);
                let reference = image.map_or("", |image| &image.facts.reference);
                let path = match route {
                    Route::Image(route) => route.path.as_deref(),
                    _ => None,
                };
                share::markdown_text(reference, path, None)
            }
        }
    }

    pub(super) fn platform_callback(&self, ctx: &Context<Self>) -> Callback<String> {
        let route = self.route.clone();
        ctx.link().callback(move |platform| {
            let route = match &route {
                Route::Image(image) => Route::Image(image.on_platform(platform)),
                other => other.clone(),
            };
            Msg::Go(Navigate::push(route))
        })
    }
}

/// What a list is of.
fn called(list: &List) -> &str {
    match list {
        List::Repositories(None) => "repositories",
        List::Repositories(Some(name)) | List::Tags(name) => name,
    }
}

fn title_of(image: &ImageRoute) {
    let called = crate::format::visible_text(image.called());
    browser::set_title(&format!("{called} · Onionskin"));
}

/// Whether the visitor may want to see it again when what comes next is cancelled.
fn is_worth_a_return(session: &Session) -> bool {
    !session.loading() && !matches!(session.state, State::Failed(_))
}
