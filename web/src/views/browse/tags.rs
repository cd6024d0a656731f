//! Tags with what their images are: date, size, platforms and digest, read for the rows in view, few at once.

use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use gloo::timers::callback::Timeout;
use web_sys::Element;
use yew::platform::spawn_local;
use yew::prelude::*;

use super::order;
use crate::format;
use crate::parts::in_view::InView;
use crate::parts::size::size;
use crate::route::{ImageRoute, Route, TagColumn, TagSort};
use crate::worker::client::WorkerClient;
use crate::worker::protocol::{AboutTag, TagFacts, TagProblem};

/// Tags that are asked for at once.
const AT_ONCE: usize = 3;
/// Seconds of a pause, where the registry does not say how long to wait.
const PAUSE: u32 = 30;
/// Milliseconds that a row is in view before it is asked for: whoever scrolls past does not mean it.
const SETTLED: u32 = 150;
/// Platforms and equal tags that are named.
const NAMED: usize = 3;
/// The attribute of a row that names its tag.
const TAG: &str = "data-tag";

/// What [`Tags`] shows.
#[derive(PartialEq, Properties)]
pub(super) struct Props {
    pub(super) worker: WorkerClient,
    pub(super) repository: String,
    /// The tags that are found.
    pub(super) names: Rc<Vec<String>>,
    /// Tags that may be drawn.
    pub(super) room: usize,
    pub(super) sort: TagSort,
    pub(super) on_sort: Callback<TagSort>,
}

/// What can happen to the tags.
pub(super) enum Msg {
    /// Rows came into view, or left it.
    Moved(Vec<(Element, bool)>),
    /// The rows in view have been there for a moment.
    Settled,
    Told(Rc<String>, String, Option<Result<TagFacts, TagProblem>>),
    Resumed,
}

/// The table of tags.
pub(super) struct Tags {
    table: NodeRef,
    /// Answers about another repository come too late.
    repository: Rc<String>,
    told: HashMap<String, Result<TagFacts, TagProblem>>,
    in_view: BTreeSet<String>,
    asked: BTreeSet<String>,
    observer: Option<InView>,
    settling: Option<Timeout>,
    /// The registry wants no more requests for so many seconds.
    paused: Option<(u32, Timeout)>,
}

impl Component for Tags {
    type Message = Msg;
    type Properties = Props;

    fn create(ctx: &Context<Self>) -> Self {
        Tags {
            table: NodeRef::default(),
            repository: Rc::new(ctx.props().repository.clone()),
            told: HashMap::new(),
            in_view: BTreeSet::new(),
            asked: BTreeSet::new(),
            observer: InView::new(ctx.link().callback(Msg::Moved)),
            settling: None,
            paused: None,
        }
    }

    fn changed(&mut self, ctx: &Context<Self>, _: &Props) -> bool {
        if *self.repository != ctx.props().repository {
            self.repository = Rc::new(ctx.props().repository.clone());
            self.told.clear();
            self.asked.clear();
            self.in_view.clear();
            self.paused = None;
        }
        true
    }

    fn rendered(&mut self, _: &Context<Self>, _: bool) {
        let (Some(observer), Some(table)) = (&self.observer, self.table.cast::<Element>()) else {
            return;
        };
        let rows = table.get_elements_by_tag_name("tr");
        let rows = (0..rows.length()).filter_map(|at| rows.item(at));
        for row in rows.filter(|row| row.has_attribute(TAG)) {
            observer.follow(&row);
        }
    }

    fn update(&mut self, ctx: &Context<Self>, msg: Msg) -> bool {
        match msg {
            Msg::Moved(rows) => {
                for (row, is_in_view) in rows {
                    let Some(name) = row.get_attribute(TAG) else {
                        continue;
                    };
                    match is_in_view {
                        true => self.in_view.insert(name),
                        false => self.in_view.remove(&name),
                    };
                }
                let link = ctx.link().clone();
                self.settling = Some(Timeout::new(SETTLED, move || {
                    link.send_message(Msg::Settled);
                }));
                return false;
            }
            Msg::Settled => {
                self.ask(ctx);
                return false;
            }
            Msg::Told(repository, name, answer) => {
                if !Rc::ptr_eq(&repository, &self.repository) {
                    return false;
                }
                self.asked.remove(&name);
                match answer {
                    Some(Err(problem)) if problem.is_busy => {
                        // It is asked for again.
                        let seconds = problem.wait.unwrap_or(PAUSE).clamp(1, 3_600);
                        let link = ctx.link().clone();
                        let resume = Timeout::new(seconds.saturating_mul(1_000), move || {
                            link.send_message(Msg::Resumed);
                        });
                        self.paused = Some((seconds, resume));
                    }
                    Some(answer) => {
                        self.told.insert(name, answer);
                    }
                    // The worker ended, and said so.
                    None => {}
                }
                self.ask(ctx);
            }
            Msg::Resumed => {
                self.paused = None;
                self.ask(ctx);
            }
        }
        true
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let Props {
            names, room, sort, ..
        } = ctx.props();
        let mut sorted: Vec<&String> = names.iter().collect();
        order::sort(&mut sorted, *sort, |name| self.facts(name));
        let mut same: HashMap<&str, Vec<&str>> = HashMap::new();
        for name in &sorted {
            if let Some(facts) = self.facts(name) {
                same.entry(&facts.digest).or_default().push(name);
            }
        }
        html! {
            <>
                if let Some((seconds, _)) = &self.paused {
                    <p class="muted" role="status">
                        { format!("The registry allows no more requests for now. Reading goes on in {}.", format::counted(u64::from(*seconds), "second")) }
                    </p>
                }
                <table class="names tags" ref={self.table.clone()}>
                    <thead>
                        <tr>
                            { head(ctx, TagColumn::Name, "Tag") }
                            { head(ctx, TagColumn::Created, "Created") }
                            { head(ctx, TagColumn::Size, "Size") }
                            <th scope="col">{ "Platforms" }</th>
                            <th scope="col">{ "Digest" }</th>
                        </tr>
                    </thead>
                    <tbody>
                        for name in sorted.into_iter().take(*room) {
                            { self.row(ctx, name, &same) }
                        }
                    </tbody>
                </table>
            </>
        }
    }
}

impl Tags {
    fn facts(&self, name: &str) -> Option<&TagFacts> {
        self.told.get(name)?.as_ref().ok()
    }

    /// Asks for tags in view, as long as few are asked for.
    fn ask(&mut self, ctx: &Context<Self>) {
        if self.paused.is_some() {
            return;
        }
        let wanted = self
            .in_view
            .iter()
            .filter(|name| !self.told.contains_key(*name) && !self.asked.contains(*name));
        let room = AT_ONCE.saturating_sub(self.asked.len());
        let wanted: Vec<String> = wanted.take(room).cloned().collect();
        for name in wanted {
            let reference = format!("{}:{name}", self.repository);
            let answer = ctx.props().worker.ask(AboutTag { reference });
            let (link, repository) = (ctx.link().clone(), Rc::clone(&self.repository));
            self.asked.insert(name.clone());
            spawn_local(async move {
                let answer = answer.await;
                link.send_message(Msg::Told(repository, name, answer));
            });
        }
    }

    fn row(&self, ctx: &Context<Self>, name: &str, same: &HashMap<&str, Vec<&str>>) -> Html {
        let to = ImageRoute::of(format!("{}:{name}", ctx.props().repository));
        let cells = match self.told.get(name) {
            Some(Ok(facts)) => known(name, facts, same),
            Some(Err(problem)) => html! {
                <td class="unknown" colspan="4">{ format::visible_text(&problem.text) }</td>
            },
            None => html! { <><td></td><td></td><td></td><td></td></> },
        };
        html! {
            <tr key={name.to_owned()} data-tag={name.to_owned()}>
                <th scope="row"><a class="mono" href={Route::Image(to).to_fragment()}>{ format::visible_text(name) }</a></th>
                { cells }
            </tr>
        }
    }
}

fn head(ctx: &Context<Tags>, column: TagColumn, word: &'static str) -> Html {
    let sort = ctx.props().sort;
    let is_sorted = sort.column == column;
    let to = TagSort {
        column,
        reversed: is_sorted && !sort.reversed,
    };
    // Names ascend first, dates and sizes descend.
    let ascends = (column == TagColumn::Name) != sort.reversed;
    let (order, arrow) = match (is_sorted, ascends) {
        (false, _) => ("none", ""),
        (true, true) => ("ascending", " ↑"),
        (true, false) => ("descending", " ↓"),
    };
    html! {
        <th scope="col" class={word.to_lowercase()} aria-sort={order}>
            <button type="button" class="quiet" onclick={ctx.props().on_sort.reform(move |_: MouseEvent| to)}>
                { word }
                <span aria-hidden="true">{ arrow }</span>
            </button>
        </th>
    }
}

fn known(name: &str, facts: &TagFacts, same: &HashMap<&str, Vec<&str>>) -> Html {
    let created = facts.created.as_deref().unwrap_or_default();
    // The day is enough to compare tags; the whole time is in the title.
    let day = created.split('T').next().unwrap_or_default();
    let platforms = few(facts.platforms.iter().map(String::as_str));
    let others = same.get(facts.digest.as_str()).into_iter().flatten();
    let others = few(others.copied().filter(|other| *other != name));
    html! {
        <>
            <td class="created" title={format::visible_text(created)}>{ format::visible_text(day) }</td>
            <td class="size">
                if let Some(bytes) = facts.size {
                    { size(bytes) }
                }
            </td>
            <td class="platforms" title={format::visible_text(&facts.platforms.join(", "))}>{ platforms.unwrap_or_default() }</td>
            <td class="digest">
                <span class="mono" title={facts.digest.clone()}>{ format::short_digest(&facts.digest) }</span>
                if let Some(others) = others {
                    <span class="same">{ format!("same as {others}") }</span>
                }
            </td>
        </>
    }
}

/// The first few of a list, and how many more there are.
fn few<'a>(names: impl Iterator<Item = &'a str>) -> Option<String> {
    let names: Vec<&str> = names.collect();
    let named: Vec<String> = names
        .iter()
        .take(NAMED)
        .map(|name| format::visible_text(name))
        .collect();
    let more = names.len().saturating_sub(NAMED);
    match (named.is_empty(), more) {
        (true, _) => None,
        (false, 0) => Some(named.join(", ")),
        (false, more) => Some(format!("{} and {more} more", named.join(", "))),
    }
}
