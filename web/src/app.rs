//! The whole page: the address leads, the state follows.

mod actions;
mod comparison;
mod files;
mod handover;
mod history;
mod keys;
mod navigation;
mod typed;

use std::collections::HashMap;
use std::rc::Rc;

use gloo::events::{EventListener, EventListenerOptions};
use onionskin_core::link::is_address;
use wasm_bindgen::JsCast;
use web_sys::{Blob, File, KeyboardEvent, MessageEvent};
use yew::prelude::*;

use crate::browser::{self, Theme};
use crate::compare_session::CompareSession;
use crate::history_session::HistorySession;
use crate::navigate::Navigate;
use crate::own_dockerfile::OwnDockerfile;
use crate::parts::drop::DropZone;
use crate::parts::missing::MissingParts;
use crate::parts::paste::PasteZone;
use crate::route::{BrowseRoute, ImageRoute, Route};
use crate::rules_input::{RulesInput, RulesProblem};
use crate::session::{Again, Session, State};
use crate::share::{self, LinkFormat};
use crate::views::comparison::OnBase;
use crate::views::embed::{EmbedBar, NothingToEmbed};
use crate::views::error::Failed;
use crate::views::header::Header;
use crate::views::image::ImageView;
use crate::views::later::{View, later};
use crate::views::start::Start;
use crate::views::{artifact, browse, file};
use crate::worker::client::WorkerClient;
use crate::worker::protocol::{CatalogEntry, Event, RulesError, Side, UserError};

use self::actions::of_list;
use self::handover::HandingOver;

/// What can happen to the page.
pub(crate) enum Msg {
    /// The address changed by the visitor's hand.
    Address,
    /// Another window sent a message.
    HandedOver(MessageEvent),
    /// Whether the visitor agrees to what is handed over.
    AnswerHandOver(bool),
    Go(Navigate),
    /// The worker of the session with this number told something.
    Message(u32, Event),
    Catalog(Option<Vec<CatalogEntry>>),
    /// The visitor chose a file.
    Chosen(File),
    /// The visitor chose a file for one side of a comparison.
    ChosenFor(Side, File),
    /// Compare no more.
    StopCompare,
    CompareAgain,
    /// Read no more of a repository's images.
    StopHistory,
    HistoryAgain,
    /// Open what was typed.
    Open(String),
    /// A text was pasted outside of fields.
    Pasted(String),
    /// Read no more of the image.
    Cancel,
    /// Read the image again, or what is missing of it.
    Again(Again),
    CloseDetails,
    /// A key was pressed anywhere.
    Key(KeyboardEvent),
    HideKeys,
    Dismiss,
    SwitchTheme,
    CopyLink(LinkFormat),
    Copied(LinkFormat, bool),
    /// Judge by this rules file from now on, or by none.
    UseRules(Option<RulesInput>),
    /// Show this Dockerfile beside images from now on, or none.
    UseDockerfile(Option<OwnDockerfile>),
    /// What came of the judgment with this number.
    Judged(u32, Option<RulesError>),
}

/// The page.
pub(crate) struct App {
    route: Route,
    /// What could not be understood of the address.
    remarks: Vec<String>,
    session: Option<Session>,
    /// The images that are compared, or were last.
    comparison: Option<CompareSession>,
    /// The images of a repository over time, or those shown last.
    history: Option<HistorySession>,
    /// The image that was shown last, whose base it can be compared with.
    on_base: Option<OnBase>,
    /// What was shown before the image that is loading, to return to.
    before: Option<(Session, Route)>,
    /// A worker that is up and has no image yet.
    spare: Option<WorkerClient>,
    /// The files that were chosen, by name, in the form that needs no more unpacking. Nothing of them is in memory.
    files: HashMap<String, Blob>,
    sessions: u32,
    /// The next image is read past the browser's cache, as what that has may be damaged.
    fresh: bool,
    catalog: Option<Vec<CatalogEntry>>,
    /// The rules file that images are judged by.
    rules: Option<RulesInput>,
    /// The Dockerfile that is shown beside images.
    dockerfile: Option<OwnDockerfile>,
    /// How often it was judged by rules: the answer to an earlier question says nothing any more.
    judgments: u32,
    theme: Theme,
    /// The list of keys is shown.
    keys_listed: bool,
    handing_over: HandingOver,
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
        // A key that does something is not typed as well.
        let options = EventListenerOptions::enable_prevent_default();
        let keys = EventListener::new_with_options(&window, "keydown", options, move |event| {
            if let Some(event) = event.dyn_ref::<KeyboardEvent>() {
                pressed.emit(event.clone());
            }
        });
        let mut app = App {
            route: Route::Start,
            remarks: Vec::new(),
            session: None,
            comparison: None,
            history: None,
            on_base: None,
            before: None,
            spare: Some(WorkerClient::start()),
            files: HashMap::new(),
            sessions: 0,
            fresh: false,
            catalog: None,
            rules: None,
            dockerfile: None,
            judgments: 0,
            theme: Theme::current(),
            keys_listed: false,
            handing_over: HandingOver::begin(ctx),
            notice: None,
            _address: address,
            _keys: keys,
        };
        if matches!(browser::fragment().as_str(), "" | "#/")
            && let Some(asked) = typed::asked_route(&browser::query())
        {
            browser::answer_query(&asked.to_fragment());
        }
        app.follow_address(ctx);
        let has_file = matches!(&app.route, Route::Image(route) if route.chosen_file().is_some());
        // A file that was kept is not asked for once more.
        if !has_file || app.session.is_none() {
            app.handing_over.announce();
        }
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
            Msg::HandedOver(event) => return self.handed_over(&event),
            Msg::AnswerHandOver(agreed) => self.answer_hand_over(ctx, agreed),
            Msg::Go(to) => {
                self.remarks.clear();
                self.go(ctx, to);
            }
            Msg::Message(id, event) => return self.told(id, event),
            Msg::ChosenFor(side, file) => self.chosen_for(ctx, side, file),
            Msg::StopCompare => self.comparison = None,
            Msg::CompareAgain => self.compare_again(ctx),
            Msg::StopHistory => self.stop_history(),
            Msg::HistoryAgain => self.history_again(ctx),
            // Where its worker ended, it is asked for again with the next start.
            Msg::Catalog(list) => self.catalog = list,
            Msg::Chosen(file) => self.chosen(ctx, file),
            Msg::Open(typed) => self.open_typed(ctx, typed),
            Msg::Pasted(text) => {
                if self.route == Route::Start {
                    browser::fill_first(keys::REFERENCE, &text);
                }
                return false;
            }
            Msg::Cancel => self.cancel(ctx),
            Msg::Again(again) => self.again(ctx, again),
            Msg::CloseDetails => self.close_details(ctx),
            Msg::Key(event) => return self.key(ctx, &event),
            Msg::HideKeys => self.keys_listed = false,
            Msg::Dismiss => self.remarks.clear(),
            Msg::SwitchTheme => {
                self.theme = self.theme.other();
                self.theme.choose();
            }
            Msg::CopyLink(format) => {
                let url = share::url(&self.pinned());
                let link = match format {
                    LinkFormat::Url => url,
                    LinkFormat::Markdown => share::markdown(&self.markdown_text(), &url),
                };
                ctx.link()
                    .send_future(async move { Msg::Copied(format, browser::copy(&link).await) });
                return false;
            }
            Msg::UseRules(rules) => {
                self.rules = rules;
                self.judge(ctx);
            }
            Msg::UseDockerfile(dockerfile) => self.dockerfile = dockerfile,
            // Another one has begun since.
            Msg::Judged(number, _) if number != self.judgments => return false,
            Msg::Judged(_, problem) => match &mut self.rules {
                Some(rules) => {
                    rules.problem = problem.map(RulesProblem::Invalid);
                    rules.judged = true;
                }
                None => return false,
            },
            Msg::Copied(format, done) => {
                self.notice = Some(match (format, done) {
                    (LinkFormat::Url, true) => "Link copied",
                    (LinkFormat::Markdown, true) => "Markdown copied",
                    (_, false) => "The browser did not allow copying",
                });
            }
        }
        true
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        if browser::is_embedded() {
            return self.view_embedded(ctx);
        }
        let link = ctx.link();
        let go = link.callback(Msg::Go);
        let session = (self.session.as_ref()).filter(|_| matches!(self.route, Route::Image(_)));
        let image = session.and_then(Session::image);
        let (called, file) = match &self.route {
            Route::Image(route) => (route.called().to_owned(), route.file.is_some()),
            Route::Browse(BrowseRoute { list, .. }) => (of_list(list), false),
            Route::History(route) => (route.repository.clone(), false),
            Route::Start | Route::Compare(_) => (String::new(), false),
        };
        let is_list = matches!(self.route, Route::Browse(_) | Route::History(_));
        let on_file = link.callback(Msg::Chosen);
        let open = link.callback(Msg::Open);
        html! {
            <>
                <Header
                    reference={called}
                    compare={image.and_then(|_| self.compare_address())}
                    {file}
                    shared={is_list || matches!(&self.route, Route::Image(route) if route.chosen_file().is_none())}
                    list={is_list}
                    facts={image.map(|image| image.facts.clone())}
                    loading={session.is_some_and(Session::loading)}
                    start={self.route == Route::Start}
                    theme={self.theme}
                    notice={self.notice}
                    on_open={open.clone()}
                    on_file={on_file.clone()}
                    on_platform={self.platform_callback(ctx)}
                    on_cancel={link.callback(|()| Msg::Cancel)}
                    on_copy={link.callback(Msg::CopyLink)}
                    on_theme={link.callback(|()| Msg::SwitchTheme)}
                />
                <MissingParts />
                { self.view_remarks(ctx) }
                { self.view_keys(ctx) }
                { self.view_hand_over(ctx) }
                <DropZone on_file={on_file.clone()} />
                <PasteZone on_file={on_file.clone()} on_text={link.callback(Msg::Pasted)} />
                {
                    match (&self.route, &self.session) {
                        (Route::Image(route), Some(session)) => self.view_session(ctx, route, session),
                        (Route::Image(ImageRoute { file: Some(name), .. }), None) if !is_address(name) => missing(name, on_file),
                        (Route::Compare(route), _) => self.view_comparison(ctx, route),
                        (Route::History(route), _) => self.view_history(ctx, route),
                        (Route::Browse(route), _) => match self.spare.clone() {
                            Some(worker) => {
                                let route = route.clone();
                                later(View::Browse(Rc::new(browse::Props { worker, route, go })))
                            }
                            None => Html::default(),
                        },
                        _ => html! {
                            <Start catalog={self.catalog.clone()} recent={browser::recent()} worker={self.spare.clone()} on_open={open} {on_file} />
                        },
                    }
                }
            </>
        }
    }
}

/// A file that the address names and the page does not have.
fn missing(name: &str, on_file: Callback<File>) -> Html {
    later(View::Missing(Rc::new(file::MissingProps {
        name: name.to_owned().into(),
        on_file,
    })))
}

impl App {
    /// One view, without what leads to other images.
    fn view_embedded(&self, ctx: &Context<Self>) -> Html {
        let name = match &self.route {
            Route::Image(route) => route.called().to_owned(),
            Route::Compare(route) => route.title(),
            Route::Start | Route::Browse(_) | Route::History(_) => String::new(),
        };
        let is_here = matches!(&self.route, Route::Image(route) if route.chosen_file().is_some());
        let whole = (!is_here).then(|| format!("{}{}", browser::base(), self.route.to_fragment()));
        html! {
            <>
                <EmbedBar
                    name={crate::format::visible_text(&name)}
                    whole={whole.map(AttrValue::from)}
                    notice={self.notice}
                />
                <MissingParts />
                { self.view_remarks(ctx) }
                { self.view_keys(ctx) }
                { self.view_hand_over(ctx) }
                <DropZone on_file={ctx.link().callback(Msg::Chosen)} />
                <PasteZone
                    on_file={ctx.link().callback(Msg::Chosen)}
                    on_text={ctx.link().callback(Msg::Pasted)}
                />
                {
                    match (&self.route, &self.session) {
                        (Route::Image(route), Some(session)) => self.view_session(ctx, route, session),
                        (Route::Image(ImageRoute { file: Some(name), .. }), None) if !is_address(name) => {
                            missing(name, ctx.link().callback(Msg::Chosen))
                        }
                        (Route::Compare(route), _) if route.is_complete() => self.view_comparison(ctx, route),
                        _ => html! { <NothingToEmbed /> },
                    }
                }
            </>
        }
    }

    fn view_session(&self, ctx: &Context<Self>, route: &ImageRoute, session: &Session) -> Html {
        let link = ctx.link();
        let again = link.callback(Msg::Again);
        let failed = |problem: Option<UserError>| {
            html! {
                <Failed
                    reference={route.called().to_owned()}
                    tags={route.repository().map(str::to_owned)}
                    {problem}
                    on_retry={again.reform(|()| Again::Retry)}
                />
            }
        };
        match &session.state {
            State::Image(image) => html! {
                <ImageView
                    worker={session.worker.clone()}
                    image={image.clone()}
                    route={route.clone()}
                    go={link.callback(Msg::Go)}
                    rules={self.rules.clone()}
                    on_rules={link.callback(Msg::UseRules)}
                    dockerfile={self.dockerfile.clone()}
                    on_dockerfile={link.callback(Msg::UseDockerfile)}
                    on_again={again}
                    on_close={link.callback(|()| Msg::CloseDetails)}
                />
            },
            State::Artifact(artifact) => later(View::Artifact(Rc::new(artifact::Props {
                artifact: artifact.clone(),
                in_file: route.file.is_some(),
            }))),
            State::Failed(problem) => failed(Some(problem.clone())),
            State::Opening | State::Unpacking(_) | State::Fetching(..) | State::Choosing(_) => {
                match &route.file {
                    Some(name) => later(View::Reading(Rc::new(file::Props {
                        name: name.clone().into(),
                        state: session.state.clone(),
                        on_choose: link
                            .callback(|route: ImageRoute| Msg::Go(Navigate::push(route))),
                    }))),
                    None => failed(None),
                }
            }
        }
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
