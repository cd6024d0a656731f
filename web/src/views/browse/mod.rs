//! Repositories of a registry, tags of a repository: as far as the registry lists them, with a search.

mod order;
mod tags;

use std::rc::Rc;

use onionskin_core::source::registry::Pages;
use web_sys::HtmlSelectElement;
use yew::platform::spawn_local;
use yew::prelude::*;

use self::tags::Tags;

use crate::format;
use crate::navigate::Navigate;
use crate::parts::search::search_field;
use crate::route::history::HistoryRoute;
use crate::route::{BrowseRoute, ImageRoute, Route, TagSort};
use crate::views::error::ErrorBox;
use crate::worker::client::WorkerClient;
use crate::worker::protocol::{List, Names, NamesPage, UserError};

/// Names drawn at a time.
const DRAWN: usize = 200;
/// Names that are asked for unasked: further pages come when they are wanted.
const EAGER: usize = 5_000;

/// The value of the order from Z to A.
const REVERSED: &str = "-name";

/// What [`Browse`] shows.
#[derive(PartialEq, Properties)]
pub(crate) struct Props {
    pub(crate) worker: WorkerClient,
    pub(crate) route: BrowseRoute,
    pub(crate) go: Callback<Navigate>,
}

/// A list, as far as it is here.
pub(crate) struct Browse {
    names: Vec<String>,
    next: Option<String>,
    /// Which were asked for.
    pages: Pages,
    /// The last one had no name.
    empty: bool,
    /// Why these are not all names.
    incomplete: Option<String>,
    asking: bool,
    problem: Option<UserError>,
    /// Names that may be drawn.
    room: usize,
    /// Answers to questions about another list come too late.
    list: Rc<List>,
}

pub(crate) enum Msg {
    Answered(Rc<List>, Option<Result<NamesPage, UserError>>),
    More,
    Retry,
}

impl Component for Browse {
    type Message = Msg;
    type Properties = Props;

    fn create(ctx: &Context<Self>) -> Self {
        let mut browse = Browse::of(ctx.props().route.list.clone());
        browse.ask(ctx);
        browse
    }

    fn changed(&mut self, ctx: &Context<Self>, _: &Props) -> bool {
        if *self.list != ctx.props().route.list {
            *self = Browse::of(ctx.props().route.list.clone());
            self.ask(ctx);
        }
        true
    }

    fn update(&mut self, ctx: &Context<Self>, msg: Msg) -> bool {
        match msg {
            Msg::Answered(list, answer) => {
                if !Rc::ptr_eq(&list, &self.list) {
                    return false;
                }
                self.asking = false;
                self.take(answer);
                // What was asked for is more names, and a page may have none.
                if self.next.is_some() && (self.empty || self.names.len() < EAGER) {
                    self.ask(ctx);
                }
            }
            Msg::More => {
                self.room += DRAWN;
                if self.next.is_some() && !self.asking && self.room > self.names.len() {
                    self.ask(ctx);
                }
            }
            Msg::Retry => {
                *self = Browse::of(ctx.props().route.list.clone());
                self.ask(ctx);
            }
        }
        true
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let route = &ctx.props().route;
        let (title, of) = match &route.list {
            List::Repositories(None) => ("Repositories", "on this server".to_owned()),
            List::Repositories(Some(host)) => ("Repositories", format!("on {host}")),
            List::Tags(name) => ("Tags", format!("of {name}")),
        };
        html! {
            <main class="page-list">
                <h1>{ title }{ " " }<span class="mono">{ format::visible_text(&of) }</span></h1>
                if let Some(problem) = &self.problem {
                    <ErrorBox problem={problem.clone()} on_retry={ctx.link().callback(|()| Msg::Retry)} />
                } else {
                    { self.view_names(ctx) }
                }
            </main>
        }
    }
}

impl Browse {
    fn of(list: List) -> Self {
        Browse {
            names: Vec::new(),
            next: None,
            pages: Pages::default(),
            empty: false,
            incomplete: None,
            asking: false,
            problem: None,
            room: DRAWN,
            list: Rc::new(list),
        }
    }

    fn ask(&mut self, ctx: &Context<Self>) {
        let query = self.next.take();
        self.asking = true;
        let list = Rc::clone(&self.list);
        let answer = ctx.props().worker.ask(Names {
            list: (*list).clone(),
            query,
        });
        let link = ctx.link().clone();
        spawn_local(async move {
            let answer = answer.await;
            link.send_message(Msg::Answered(list, answer));
        });
    }

    fn take(&mut self, answer: Option<Result<NamesPage, UserError>>) {
        match answer {
            Some(Ok(NamesPage { names, next })) => {
                self.empty = names.is_empty();
                match self.pages.follow("The list", next) {
                    Ok(next) => self.next = next,
                    Err(error) => self.incomplete = Some(error.to_string()),
                }
                self.names.extend(self.pages.without_known(names));
            }
            Some(Err(problem)) => self.problem = Some(problem),
            // The worker ended, and said so.
            None => {}
        }
    }

    fn view_names(&self, ctx: &Context<Self>) -> Html {
        let route = &ctx.props().route;
        let wanted = route.find.to_lowercase();
        let mut found: Vec<&String> = self
            .names
            .iter()
            .filter(|name| wanted.is_empty() || name.to_lowercase().contains(&wanted))
            .collect();
        if let List::Repositories(_) = route.list {
            order::sort(&mut found, route.sort, |_| None);
        }
        let more = found.len() > self.room || self.next.is_some() && !self.asking;
        html! {
            <>
                <div class="toolbar">
                    { search_field("Search names", "search", &route.find, self.typed(ctx)) }
                    <span class="muted" role="status">{ self.counted(found.len(), !wanted.is_empty()) }</span>
                    if let List::Repositories(_) = route.list {
                        { self.order(ctx) }
                    }
                    if let List::Tags(repository) = &route.list {
                        <a class="button history-of" href={history_of(repository, &route.find)} title="Size, download, waste and packages of these images over time">{ "History" }</a>
                    }
                </div>
                if found.is_empty() && !self.asking {
                    <p class="muted">
                        { if wanted.is_empty() { "The list is empty." } else { "No name contains this text." } }
                    </p>
                }
                if let List::Tags(repository) = &route.list {
                    <Tags
                        worker={ctx.props().worker.clone()}
                        repository={repository.clone()}
                        names={Rc::new(found.into_iter().cloned().collect::<Vec<String>>())}
                        room={self.room}
                        sort={route.sort}
                        on_sort={self.sorted(ctx)}
                    />
                } else {
                    <ul class="names">
                        for name in found.iter().take(self.room) {
                            <li key={(*name).clone()}>
                                <a class="mono" href={leads(&route.list, name).to_fragment()}>{ format::visible_text(name) }</a>
                            </li>
                        }
                    </ul>
                }
                if let Some(incomplete) = &self.incomplete {
                    <p role="alert">{ format::visible_text(incomplete) }</p>
                }
                if more {
                    <button type="button" onclick={ctx.link().callback(|_| Msg::More)}>{ "Show more" }</button>
                }
            </>
        }
    }

    fn typed(&self, ctx: &Context<Self>) -> Callback<String> {
        let (go, route) = (ctx.props().go.clone(), ctx.props().route.clone());
        Callback::from(move |find: String| {
            let route = BrowseRoute {
                find,
                ..route.clone()
            };
            go.emit(Navigate::replace(Route::Browse(route)));
        })
    }

    /// The order of repositories, of which only the names are known.
    fn order(&self, ctx: &Context<Self>) -> Html {
        let (sort, sorted) = (ctx.props().route.sort, self.sorted(ctx));
        let onchange = move |event: Event| {
            let select: HtmlSelectElement = event.target_unchecked_into();
            sorted.emit(TagSort {
                reversed: select.value() == REVERSED,
                ..TagSort::default()
            });
        };
        html! {
            <label class="sort">
                <span class="muted">{ "order" }</span>
                <select name="sort" {onchange}>
                    <option value="name" selected={!sort.reversed}>{ "A to Z" }</option>
                    <option value={REVERSED} selected={sort.reversed}>{ "Z to A" }</option>
                </select>
            </label>
        }
    }

    fn sorted(&self, ctx: &Context<Self>) -> Callback<TagSort> {
        let (go, route) = (ctx.props().go.clone(), ctx.props().route.clone());
        Callback::from(move |sort: TagSort| {
            let route = BrowseRoute {
                sort,
                ..route.clone()
            };
            go.emit(Navigate::replace(Route::Browse(route)));
        })
    }

    fn counted(&self, found: usize, searched: bool) -> String {
        let all = format::count(self.names.len() as u64);
        let so_far = if self.asking || self.next.is_some() {
            " so far"
        } else {
            ""
        };
        if searched {
            format!("{} of {all}{so_far}", format::count(found as u64))
        } else if self.asking && self.names.is_empty() {
            "Loading …".to_owned()
        } else {
            format!("{all}{so_far}")
        }
    }
}

/// The images over time of the tags that are listed.
fn history_of(repository: &str, find: &str) -> String {
    let plain = |character: char| !"*?[]{}\\".contains(character);
    let find: String = find.chars().filter(|character| plain(*character)).collect();
    let route = HistoryRoute {
        tags: (!find.is_empty()).then(|| format!("*{find}*")),
        ..HistoryRoute::of(repository)
    };
    Route::History(route).to_fragment()
}

/// Where a name of the list leads: a repository to its tags, a tag to its image.
fn leads(list: &List, name: &str) -> Route {
    let tags = |repository: String| Route::Browse(BrowseRoute::of(List::Tags(repository)));
    match list {
        List::Repositories(None) => tags(name.to_owned()),
        List::Repositories(Some(host)) => tags(format!("{host}/{name}")),
        List::Tags(repository) => Route::Image(ImageRoute::of(format!("{repository}:{name}"))),
    }
}
