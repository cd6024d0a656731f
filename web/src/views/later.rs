//! Views that are parts of the page's program: each is fetched when it is first shown.

use std::cell::OnceCell;
use std::rc::Rc;

use yew::prelude::*;
use yew::virtual_dom::{VComp, VNode};

use super::{
    LayerProps, artifact, browse, comparison, config, content, document, file, history, map,
    packages, path, versions, waste,
};
use crate::part::{Fetch, NotFetched, Part};
use crate::parts::folder::MakeFile;
use crate::views::error::ErrorBox;
use crate::worker::protocol::UserError;

/// What a part hands over: it draws its views.
pub type Draw = fn(&Drawn) -> Html;

/// A view, and what it shows.
#[derive(Clone, PartialEq)]
pub struct Drawn(View);

/// The parts of the page's program.
pub struct PageParts {
    /// The contents of files, and documents.
    pub contents: Fetch<Draw>,
    /// Findings, and what they come to.
    pub findings: Fetch<Draw>,
    /// Images as a whole: their packages, their maps, two of them compared.
    pub images: Fetch<Draw>,
    /// Lists of registries, and what is of all images of one.
    pub lists: Fetch<Draw>,
    /// What is known of the selected path.
    pub paths: Fetch<Draw>,
    /// Files that the visitor gives, until their image is shown.
    pub files: Fetch<Draw>,
    /// What makes one file of a folder.
    pub folder: Fetch<MakeFile>,
}

#[derive(Clone, PartialEq)]
pub(crate) enum View {
    Config(Rc<config::Props>),
    Content(Rc<content::Props>),
    Versions(Rc<versions::Props>),
    Document(Rc<document::Props>),
    Waste(Rc<waste::Props>),
    Map(Rc<LayerProps>),
    Packages(Rc<packages::Props>),
    Comparison(Rc<comparison::Props>),
    Browse(Rc<browse::Props>),
    History(Rc<history::Props>),
    Artifact(Rc<artifact::Props>),
    Path(Rc<path::Props>),
    Missing(Rc<file::MissingProps>),
    Reading(Rc<file::Props>),
}

/// All parts.
struct Parts {
    contents: Part<Draw>,
    findings: Part<Draw>,
    images: Part<Draw>,
    lists: Part<Draw>,
    paths: Part<Draw>,
    files: Part<Draw>,
    folder: Part<MakeFile>,
}

thread_local! {
    static PARTS: OnceCell<&'static Parts> = const { OnceCell::new() };
}

/// Says where the parts come from.
pub(crate) fn use_parts(parts: &PageParts) {
    let parts = Parts {
        contents: Part::new(parts.contents),
        findings: Part::new(parts.findings),
        images: Part::new(parts.images),
        lists: Part::new(parts.lists),
        paths: Part::new(parts.paths),
        files: Part::new(parts.files),
        folder: Part::new(parts.folder),
    };
    // The page starts once, and they stay as long as it does.
    let _ = PARTS.with(|here| here.set(Box::leak(Box::new(parts))));
}

fn parts() -> Option<&'static Parts> {
    PARTS.with(|parts| parts.get().copied())
}

/// Fetches what makes one file of a folder.
pub(crate) async fn fetch_folder() -> Result<MakeFile, NotFetched> {
    match parts() {
        Some(parts) => parts.folder.fetched().await,
        None => Err(NotFetched),
    }
}

impl View {
    fn part(&self) -> Option<&'static Part<Draw>> {
        let parts = parts()?;
        Some(match self {
            View::Config(_) | View::Content(_) | View::Versions(_) | View::Document(_) => {
                &parts.contents
            }
            View::Waste(_) => &parts.findings,
            View::Map(_) | View::Packages(_) | View::Comparison(_) => &parts.images,
            View::Browse(_) | View::History(_) | View::Artifact(_) => &parts.lists,
            View::Path(_) => &parts.paths,
            View::Missing(_) | View::Reading(_) => &parts.files,
        })
    }

    /// Whether there is nothing else on the page but its header.
    fn is_alone(&self) -> bool {
        matches!(
            self,
            View::Comparison(_)
                | View::Browse(_)
                | View::History(_)
                | View::Artifact(_)
                | View::Missing(_)
                | View::Reading(_)
        )
    }
}

fn drawn<C: BaseComponent>(props: &Rc<C::Properties>) -> Html {
    VNode::from(VComp::new::<C>(Rc::clone(props), None))
}

/// Draws views of files' contents.
pub fn contents(Drawn(view): &Drawn) -> Html {
    match view {
        View::Config(props) => drawn::<config::Config>(props),
        View::Content(props) => drawn::<content::Content>(props),
        View::Versions(props) => drawn::<versions::Versions>(props),
        View::Document(props) => drawn::<document::Document>(props),
        _ => Html::default(),
    }
}

/// Draws views of findings.
pub fn findings(Drawn(view): &Drawn) -> Html {
    match view {
        View::Waste(props) => drawn::<waste::Waste>(props),
        _ => Html::default(),
    }
}

/// Draws views of images as a whole.
pub fn images(Drawn(view): &Drawn) -> Html {
    match view {
        View::Map(props) => drawn::<map::Map>(props),
        View::Packages(props) => drawn::<packages::Packages>(props),
        View::Comparison(props) => drawn::<comparison::ComparisonView>(props),
        _ => Html::default(),
    }
}

/// Draws views of what registries list.
pub fn lists(Drawn(view): &Drawn) -> Html {
    match view {
        View::Browse(props) => drawn::<browse::Browse>(props),
        View::History(props) => drawn::<history::HistoryView>(props),
        View::Artifact(props) => drawn::<artifact::ArtifactView>(props),
        _ => Html::default(),
    }
}

/// Draws what is known of a path.
pub fn paths(Drawn(view): &Drawn) -> Html {
    match view {
        View::Path(props) => drawn::<path::PathDetails>(props),
        _ => Html::default(),
    }
}

/// Draws files before their image is shown.
pub fn files(Drawn(view): &Drawn) -> Html {
    match view {
        View::Missing(props) => drawn::<file::Missing>(props),
        View::Reading(props) => drawn::<file::Reading>(props),
        _ => Html::default(),
    }
}

/// A view, once its part is here.
pub(crate) fn later(view: View) -> Html {
    html! { <Later view={Drawn(view)} /> }
}

/// What [`Later`] shows.
#[derive(PartialEq, Properties)]
pub(crate) struct Props {
    view: Drawn,
}

pub(crate) struct Later {
    /// The part could not be fetched.
    failed: bool,
}

pub(crate) enum Msg {
    Fetched(bool),
    Again,
}

impl Later {
    /// Fetches the part of the view, unless it is here.
    fn fetch(ctx: &Context<Self>) {
        let Drawn(view) = &ctx.props().view;
        if let Some(part) = view.part()
            && part.here().is_none()
        {
            ctx.link()
                .send_future(async move { Msg::Fetched(part.fetched().await.is_ok()) });
        }
    }
}

impl Component for Later {
    type Message = Msg;
    type Properties = Props;

    fn create(ctx: &Context<Self>) -> Self {
        Self::fetch(ctx);
        Later { failed: false }
    }

    fn changed(&mut self, ctx: &Context<Self>, old: &Props) -> bool {
        let Drawn(view) = &ctx.props().view;
        let Drawn(old) = &old.view;
        let part = |view: &View| view.part().map(std::ptr::from_ref);
        if part(view) != part(old) {
            self.failed = false;
            Self::fetch(ctx);
        }
        true
    }

    fn update(&mut self, ctx: &Context<Self>, msg: Msg) -> bool {
        match msg {
            Msg::Fetched(is_here) => self.failed = !is_here,
            Msg::Again => {
                self.failed = false;
                Self::fetch(ctx);
            }
        }
        true
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let drawn = &ctx.props().view;
        let Drawn(view) = drawn;
        if let Some(draw) = view.part().and_then(Part::here) {
            return draw(drawn);
        }
        let on_retry = ctx.link().callback(|()| Msg::Again);
        match (self.failed, view.is_alone()) {
            (true, true) => html! {
                <main class="message"><ErrorBox alone=true problem={problem()} {on_retry} /></main>
            },
            (true, false) => html! { <ErrorBox problem={problem()} {on_retry} /> },
            (false, true) => html! {
                <main class="message">
                    <div class="waiting" role="status">
                        <div class="spinner" aria-hidden="true"></div>
                        <h1>{ "Loading…" }</h1>
                    </div>
                </main>
            },
            (false, false) => html! {
                <div class="nothing" role="status"><p>{ "Loading…" }</p></div>
            },
        }
    }
}

fn problem() -> UserError {
    UserError {
        title: "This view could not be loaded".to_owned(),
        detail: "A file of Onionskin could not be fetched from where this page comes from."
            .to_owned(),
        advice: "Check the connection, then try again. If that does not help, reload the page."
            .to_owned(),
        retry: true,
        missing: false,
        login: None,
    }
}
