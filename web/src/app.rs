//! The whole page: the address leads, the state follows.

mod actions;

use std::collections::HashMap;

use gloo::events::EventListener;
use wasm_bindgen::JsCast;
use web_sys::{Blob, File, KeyboardEvent};
use yew::prelude::*;

use crate::browser::{self, Theme};
use crate::parts::drop::DropZone;
use crate::route::{BrowseRoute, ImageRoute, Route, View};
use crate::rules_input::RulesInput;
use crate::session::{Again, Opening, Session};
use crate::views::artifact::Artifact;
use crate::views::browse::Browse;
use crate::views::error::Failed;
use crate::views::file::{Missing, Reading};
use crate::views::header::Header;
use crate::views::image::ImageView;
use crate::views::start::Start;
use crate::worker::client::WorkerClient;
use crate::worker::protocol::{Event, Listed, Request, Response, RulesFileError};

use self::actions::of_list;

/// What can happen to the page.
pub(crate) enum Msg {
    /// The address changed by the visitor's hand.
    Address,
    /// Go to a place; the flag makes it a step of the browser's history.
    Go(Route, bool),
    /// The engine of the session with this number told something.
    Message(u32, Event),
    Catalog(Vec<Listed>),
    /// The visitor chose a file.
    Chosen(File),
    /// Open what was typed.
    Open(String),
    /// Read no more of the image.
    Cancel,
    /// Read the image again, or what is missing of it.
    Again(Again),
    CloseDetails,
    /// A key was pressed anywhere.
    Key(KeyboardEvent),
    Dismiss,
    SwitchTheme,
    CopyLink,
    Copied(bool),
    /// Judge by this rules file from now on, or by none.
    Judge(Option<RulesInput>),
    /// What came of it.
    Judged(Option<RulesFileError>),
}

/// The page.
pub(crate) struct App {
    route: Route,
    /// What could not be understood of the address.
    remarks: Vec<String>,
    session: Option<Session>,
    /// What was shown before the image that is loading, to return to.
    before: Option<(Session, Route)>,
    /// An engine that is up and has no image yet.
    spare: Option<WorkerClient>,
    /// The files that were chosen, by name, in the form that needs no more unpacking. Nothing of them is in memory.
    files: HashMap<String, Blob>,
    sessions: u32,
    /// The next image is read past the browser's cache, as what that has may be damaged.
    fresh: bool,
    catalog: Option<Vec<Listed>>,
    /// The rules file that images are judged by.
    rules: Option<RulesInput>,
    theme: Theme,
    notice: Option<&'static str>,
    _address: [EventListener; 2],
    _keys: EventListener,
}

impl Component for App {
    type Message = Msg;
    type Properties = ();

    fn create(ctx: &Context<Self>) -> Self {
        let window = gloo::utils::window();
        let address = ["popstate", "hashchange"].map(|event| {
            let moved = ctx.link().callback(|()| Msg::Address);
            EventListener::new(&window, event, move |_| moved.emit(()))
        });
        let pressed = ctx.link().callback(Msg::Key);
        let keys = EventListener::new(&window, "keydown", move |event| {
            if let Some(event) = event.dyn_ref::<KeyboardEvent>() {
                pressed.emit(event.clone());
            }
        });
        let spare = WorkerClient::start();
        let catalog = spare.ask(Request::Catalog);
        ctx.link().send_future(async move {
            match catalog.await {
                Response::Catalog(list) => Msg::Catalog(list),
                _ => Msg::Catalog(Vec::new()),
            }
        });
        let mut app = App {
            route: Route::Start,
            remarks: Vec::new(),
            session: None,
            before: None,
            spare: Some(spare),
            files: HashMap::new(),
            sessions: 0,
            fresh: false,
            catalog: None,
            rules: None,
            theme: Theme::current(),
            notice: None,
            _address: address,
            _keys: keys,
        };
        app.follow_address(ctx);
        app
    }

    fn update(&mut self, ctx: &Context<Self>, msg: Msg) -> bool {
        match msg {
            Msg::Address => {
                if browser::fragment() == self.route.to_fragment() {
                    return false;
                }
                self.follow_address(ctx);
            }
            Msg::Go(route, new_step) => {
                self.remarks.clear();
                self.go(ctx, route, new_step);
            }
            Msg::Message(id, event) => return self.told(id, event),
            Msg::Catalog(list) => self.catalog = Some(list),
            Msg::Chosen(file) => self.chosen(ctx, file),
            Msg::Open(typed) => self.open_typed(ctx, typed),
            Msg::Cancel => self.cancel(ctx),
            Msg::Again(again) => self.again(ctx, again),
            Msg::CloseDetails => self.close_details(ctx),
            Msg::Key(event) => return self.key(ctx, &event),
            Msg::Dismiss => self.remarks.clear(),
            Msg::SwitchTheme => {
                self.theme = self.theme.other();
                self.theme.choose();
            }
            Msg::CopyLink => {
                let link = format!("{}{}", browser::base(), self.pinned().to_fragment());
                ctx.link()
                    .send_future(async move { Msg::Copied(browser::copy(&link).await) });
                return false;
            }
            Msg::Judge(rules) => {
                self.rules = rules;
                self.judge(ctx);
            }
            Msg::Judged(problem) => match &mut self.rules {
                Some(rules) => {
                    rules.problem = problem;
                    rules.judged = true;
                }
                None => return false,
            },
            Msg::Copied(done) => {
                self.notice = Some(if done {
                    "Link copied"
                } else {
                    "The browser did not allow copying"
                });
            }
        }
        true
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let link = ctx.link();
        let go = link.callback(|(route, new_step)| Msg::Go(Route::Image(route), new_step));
        let image = self
            .session
            .as_ref()
            .and_then(|session| session.image.clone());
        let (called, file) = match &self.route {
            Route::Image(route) => (route.called().to_owned(), route.file.is_some()),
            Route::Browse(BrowseRoute { list, .. }) => (of_list(list), false),
            Route::Start => (String::new(), false),
        };
        let on_file = link.callback(Msg::Chosen);
        let open = link.callback(Msg::Open);
        let again = link.callback(Msg::Again);
        let choose = link.callback(|route| Msg::Go(Route::Image(route), true));
        html! {
            <>
                <Header
                    reference={called}
                    {file}
                    facts={image.as_ref().map(|image| image.facts.clone())}
                    loading={self.session.as_ref().is_some_and(Session::loading)}
                    start={self.route == Route::Start}
                    theme={self.theme}
                    notice={self.notice}
                    on_open={open.clone()}
                    on_file={on_file.clone()}
                    on_platform={self.platform_callback(ctx)}
                    on_cancel={link.callback(|()| Msg::Cancel)}
                    on_copy={link.callback(|()| Msg::CopyLink)}
                    on_theme={link.callback(|()| Msg::SwitchTheme)}
                />
                { self.view_remarks(ctx) }
                <DropZone on_file={on_file.clone()} />
                {
                    match (&self.route, &self.session) {
                        (Route::Image(route), Some(session)) => html! {
                            if let Some(image) = session.image.clone().filter(|_| session.problem.is_none()) {
                                <ImageView
                                    engine={session.engine.clone()}
                                    {image}
                                    route={route.clone()}
                                    {go}
                                    rules={self.rules.clone()}
                                    on_rules={link.callback(Msg::Judge)}
                                    on_again={again}
                                    on_close={link.callback(|()| Msg::CloseDetails)}
                                />
                            } else if let Some(facts) = session.artifact.clone() {
                                <Artifact {facts} />
                            } else if let Some(name) = route.file.clone().filter(|_| session.problem.is_none()) {
                                <Reading {name} session={session.clone()} on_choose={choose} />
                            } else {
                                <Failed
                                    reference={route.called().to_owned()}
                                    tags={route.repository().map(str::to_owned)}
                                    problem={session.problem.clone()}
                                    on_retry={again.reform(|()| Again::Retry)}
                                />
                            }
                        },
                        (Route::Image(ImageRoute { file: Some(name), .. }), None) => html! {
                            <Missing name={name.clone()} {on_file} />
                        },
                        (Route::Browse(route), _) => html! {
                            if let Some(engine) = self.spare.clone() {
                                <Browse {engine} route={route.clone()} go={link.callback(|(route, new_step)| Msg::Go(route, new_step))} />
                            }
                        },
                        _ => html! {
                            <Start catalog={self.catalog.clone()} recent={browser::recent()} on_open={open} {on_file} />
                        },
                    }
                }
            </>
        }
    }
}

impl App {
    fn follow_address(&mut self, ctx: &Context<Self>) {
        let (route, remarks) = Route::parse(&browser::fragment());
        self.remarks = remarks;
        self.go(ctx, route, false);
    }

    /// Shows a place, and reads its image where that is another one than before.
    fn go(&mut self, ctx: &Context<Self>, route: Route, new_step: bool) {
        self.notice = None;
        browser::set_fragment(&route.to_fragment(), new_step);
        let before = std::mem::replace(&mut self.route, route);
        match &self.route {
            Route::Start => {
                self.session = None;
                self.before = None;
                browser::set_title("Onionskin");
            }
            Route::Browse(browse) => {
                self.session = None;
                self.before = None;
                // Lists are asked of it.
                self.spare.get_or_insert_with(WorkerClient::start);
                let title = format!("{} · Onionskin", of_list(&browse.list));
                browser::set_title(&crate::format::visible_text(&title));
            }
            Route::Image(image) => {
                if self
                    .session
                    .as_ref()
                    .is_some_and(|session| session.shows(image))
                {
                    self.check_layer();
                    return;
                }
                browser::set_title(&format!(
                    "{} · Onionskin",
                    crate::format::visible_text(image.called())
                ));
                let file = image.file.as_ref().map(|name| self.files.get(name));
                if file == Some(None) {
                    // It has to be chosen again.
                    self.session = None;
                    self.before = None;
                    return;
                }
                self.sessions += 1;
                let id = self.sessions;
                let engine = self.spare.take().unwrap_or_else(WorkerClient::start);
                let events = ctx.link().callback(move |event| Msg::Message(id, event));
                let fresh = std::mem::take(&mut self.fresh);
                let opening = Opening {
                    file: file.flatten(),
                    fresh,
                    open: browser::open_folders(&image.place()),
                };
                let session = Session::open(id, engine, image, opening, events);
                if let Some(old) = self
                    .session
                    .replace(session)
                    .filter(|old| !old.loading() && old.problem.is_none())
                {
                    self.before = Some((old, before));
                }
                self.judge(ctx);
            }
        }
    }

    /// Tells the engine what to judge by.
    fn judge(&mut self, ctx: &Context<Self>) {
        let Some(session) = &self.session else { return };
        match &mut self.rules {
            Some(rules) if rules.problem.is_some() => {}
            Some(rules) => {
                rules.judged = false;
                let judged = session.engine.ask(Request::Judge(Some(rules.file.clone())));
                ctx.link().send_future(async move {
                    match judged.await {
                        Response::Judged(Err(problem)) => Msg::Judged(Some(problem)),
                        _ => Msg::Judged(None),
                    }
                });
            }
            None => drop(session.engine.ask(Request::Judge(None))),
        }
    }

    fn told(&mut self, id: u32, event: Event) -> bool {
        let Some(session) = self.session.as_mut().filter(|session| session.id == id) else {
            return false;
        };
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
        if let (Some(name), Some(unpacked)) = (&session.file, session.engine.unpacked()) {
            self.files.insert(name.clone(), unpacked);
        }
        if first
            && session.file.is_none()
            && let (Some(image), Route::Image(route)) = (&session.image, &mut self.route)
        {
            // The address says in full what was opened, so that it means the same elsewhere.
            if route.reference == session.asked && !route.reference.contains('@') {
                route.reference = image.facts.reference.clone();
                browser::set_fragment(&self.route.to_fragment(), false);
            }
            browser::remember(&image.facts.reference);
        }
        if last {
            self.before = None;
        }
        if first {
            self.check_layer();
        }
        true
    }

    /// Opens a file: where the address waits for it, at what that says of it. Rules judge what is shown.
    fn chosen(&mut self, ctx: &Context<Self>, file: File) {
        let name = file.name();
        if let (Some(_), Route::Image(route)) = (&self.session, &self.route)
            && RulesInput::is_called(&name)
        {
            let waste = Route::Image(route.in_view(View::Waste));
            ctx.link()
                .send_future(async move { Msg::Judge(Some(RulesInput::of(&file).await)) });
            return self.go(ctx, waste, true);
        }
        self.files.insert(name.clone(), file.into());
        self.remarks.clear();
        let waits = self.session.is_none()
            && matches!(&self.route, Route::Image(route) if route.file.as_ref() == Some(&name));
        let route = if waits {
            self.route.clone()
        } else {
            Route::Image(ImageRoute::of_file(name.as_str()))
        };
        // Under the same name there may be another file now.
        if self
            .session
            .as_ref()
            .is_some_and(|session| session.file.as_ref() == Some(&name))
        {
            self.session = None;
        }
        self.go(ctx, route, !waits);
    }

    /// A link may name a layer that the image does not have.
    fn check_layer(&mut self) {
        let depth = self
            .session
            .as_ref()
            .and_then(|session| session.image.as_ref())
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
        if let Some(layer) = route.waste.of.take_if(|layer| is_missing(layer)) {
            remark(layer, "The findings of all layers are shown.");
        }
        browser::set_fragment(&self.route.to_fragment(), false);
    }

    /// The present place, pinned to the digest.
    fn pinned(&self) -> Route {
        let facts = self
            .session
            .as_ref()
            .and_then(|session| session.image.as_ref())
            .map(|image| &image.facts);
        match (&self.route, facts) {
            (Route::Image(route), Some(facts)) => Route::Image(ImageRoute {
                reference: facts.pinned(),
                platform: Some(facts.platform.clone()).filter(|_| !facts.platforms.is_empty()),
                ..route.clone()
            }),
            (route, _) => route.clone(),
        }
    }

    fn platform_callback(&self, ctx: &Context<Self>) -> Callback<String> {
        let route = self.route.clone();
        ctx.link().callback(move |platform| {
            let route = match &route {
                Route::Image(image) => Route::Image(ImageRoute {
                    platform: Some(platform),
                    layer: None,
                    path: None,
                    ..image.clone()
                }),
                other => other.clone(),
            };
            Msg::Go(route, true)
        })
    }

    fn view_remarks(&self, ctx: &Context<Self>) -> Html {
        if self.remarks.is_empty() {
            return Html::default();
        }
        html! {
            <div class="remarks" role="status">
                <div>{ for self.remarks.iter().map(|remark| html! { <p>{ remark }</p> }) }</div>
                <button type="button" class="quiet" onclick={ctx.link().callback(|_| Msg::Dismiss)}>{ "Dismiss" }</button>
            </div>
        }
    }
}
