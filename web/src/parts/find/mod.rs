//! The box for what is looked for; the address has it. Where that is a query, it offers qualifiers.

mod completion;

use std::cell::RefCell;
use std::rc::Rc;

use gloo::timers::callback::Timeout;
use web_sys::HtmlInputElement;
use yew::prelude::*;

use self::completion::{Offer, offers, taken};
use crate::navigate::Navigate;
use crate::route::ImageRoute;

/// What [`Find`] shows.
#[derive(PartialEq, Properties)]
pub(crate) struct Props {
    pub(crate) route: ImageRoute,
    pub(crate) go: Callback<Navigate>,
    /// What can be typed.
    pub(crate) what: AttrValue,
    /// It takes queries.
    #[prop_or_default]
    pub(crate) queries: bool,
    /// What is wrong with the query.
    #[prop_or_default]
    pub(crate) problem: Option<AttrValue>,
}

/// How long after a key what is typed is looked for, in milliseconds. Of keys that come while a search runs, the last counts
/// (see the tree).
const PAUSE: u32 = 10;

/// The identifiers of the list of offers, and of what is wrong.
const OFFERS: &str = "find-offers";
const PROBLEM: &str = "find-problem";

/// What is offered for the word at the caret.
#[derive(Clone, Default, PartialEq)]
struct Offered {
    start: usize,
    caret: usize,
    offers: Vec<Offer>,
    /// The one that the keyboard is on.
    active: Option<usize>,
}

/// What a key does to what is offered.
enum Step {
    /// All is offered that may stand here.
    Offer,
    To(usize),
    Take(usize),
    Close,
}

impl Offered {
    /// What may stand at the caret of the box; `all` also where nothing is typed yet.
    fn at_caret(input: &HtmlInputElement, all: bool) -> Self {
        let query = input.value();
        let caret = caret(input, &query);
        let (start, offers) = offers(&query, caret, all);
        Offered {
            start,
            caret,
            active: (all && !offers.is_empty()).then_some(0),
            offers,
        }
    }

    /// None for keys that are the box's own.
    fn on_key(&self, key: &str) -> Option<Step> {
        let many = self.offers.len();
        match (key, self.active) {
            ("ArrowDown", _) if many == 0 => Some(Step::Offer),
            ("ArrowDown", active) => Some(Step::To(active.map_or(0, |at| (at + 1) % many))),
            ("ArrowUp", active) if many > 0 => {
                Some(Step::To(active.filter(|at| *at > 0).unwrap_or(many) - 1))
            }
            ("Enter", Some(active)) => Some(Step::Take(active)),
            ("Escape", _) if many > 0 => Some(Step::Close),
            _ => None,
        }
    }
}

/// The box.
#[component]
pub(crate) fn Find(props: &Props) -> Html {
    let input = use_node_ref();
    let pause = use_mut_ref(|| None::<Timeout>);
    let offered = use_state_eq(Offered::default);
    {
        let input = input.clone();
        use_effect_with(props.route.find.clone(), move |find| {
            if let Some(input) = input.cast::<HtmlInputElement>()
                && input.value() != *find
            {
                input.set_value(find);
            }
        });
    }
    // Whatever else changes the address while the word is typed stays.
    let latest = use_mut_ref(|| props.route.clone());
    latest.replace(props.route.clone());
    let search = searching(&input, &props.go, &latest, &pause);
    let offer = offering(&input, &offered, props.queries);
    let take = taking(&input, &offered, &search, &offer);
    let key = keys(&offered, &offer, &take);
    let typed = Callback::from(move |_: InputEvent| {
        offer.emit(false);
        search.emit(());
    });
    let leave = {
        let offered = offered.clone();
        Callback::from(move |_: FocusEvent| offered.set(Offered::default()))
    };
    let open = !offered.offers.is_empty();
    // What is offered says what is allowed.
    let problem = props.problem.as_ref().filter(|_| !open);
    let described = problem.map(|_| PROBLEM);
    html! {
        <div class="find">
            <div class="field">
                <input
                    ref={input}
                    type="search"
                    aria-label={props.what.clone()}
                    placeholder={props.what.clone()}
                    autocomplete="off"
                    autocapitalize="off"
                    spellcheck="false"
                    role={props.queries.then_some("combobox")}
                    aria-autocomplete={props.queries.then_some("list")}
                    aria-expanded={props.queries.then(|| open.to_string())}
                    aria-controls={open.then_some(OFFERS)}
                    aria-activedescendant={offered.active.map(offer_id)}
                    aria-invalid={described.map(|_| "true")}
                    aria-describedby={described}
                    oninput={typed}
                    onkeydown={key}
                    onblur={leave}
                />
            </div>
            if open {
                { list(&offered, &take) }
            }
            if let Some(problem) = problem {
                <p class="problem-beside" id={PROBLEM} role="alert">{ problem }</p>
            }
        </div>
    }
}

/// Looks for what the box has, once typing pauses.
fn searching(
    input: &NodeRef,
    go: &Callback<Navigate>,
    latest: &Rc<RefCell<ImageRoute>>,
    pause: &Rc<RefCell<Option<Timeout>>>,
) -> Callback<()> {
    let (input, go) = (input.clone(), go.clone());
    let (latest, pause) = (Rc::clone(latest), Rc::clone(pause));
    Callback::from(move |()| {
        let Some(input) = input.cast::<HtmlInputElement>() else {
            return;
        };
        let (go, latest) = (go.clone(), Rc::clone(&latest));
        let find = move || {
            let route = latest.borrow().clone();
            go.emit(Navigate::replace(ImageRoute {
                find: input.value(),
                ..route
            }));
        };
        pause.replace(Some(Timeout::new(PAUSE, find)));
    })
}

/// Offers what may stand at the caret of a box that takes queries; with `true` also where nothing is typed yet.
fn offering(input: &NodeRef, offered: &UseStateHandle<Offered>, queries: bool) -> Callback<bool> {
    let (input, offered) = (input.clone(), offered.clone());
    Callback::from(move |all: bool| {
        if let Some(input) = input.cast::<HtmlInputElement>().filter(|_| queries) {
            offered.set(Offered::at_caret(&input, all));
        }
    })
}

/// Takes what is offered with this number.
fn taking(
    input: &NodeRef,
    offered: &UseStateHandle<Offered>,
    search: &Callback<()>,
    offer: &Callback<bool>,
) -> Callback<usize> {
    let (input, offered) = (input.clone(), offered.clone());
    let (search, offer) = (search.clone(), offer.clone());
    Callback::from(move |number: usize| {
        let Offered { start, caret, .. } = *offered;
        let (Some(input), Some(chosen)) =
            (input.cast::<HtmlInputElement>(), offered.offers.get(number))
        else {
            return;
        };
        let (query, caret) = taken(&input.value(), start, caret, chosen);
        write(&input, &query, caret);
        // Its values may be offered next.
        offer.emit(false);
        search.emit(());
    })
}

/// The keys that go among what is offered.
fn keys(
    offered: &UseStateHandle<Offered>,
    offer: &Callback<bool>,
    take: &Callback<usize>,
) -> Callback<KeyboardEvent> {
    let (offered, offer, take) = (offered.clone(), offer.clone(), take.clone());
    Callback::from(move |event: KeyboardEvent| {
        match offered.on_key(&event.key()) {
            Some(Step::Offer) => offer.emit(true),
            Some(Step::To(active)) => offered.set(Offered {
                active: Some(active),
                ..(*offered).clone()
            }),
            Some(Step::Take(active)) => take.emit(active),
            Some(Step::Close) => offered.set(Offered::default()),
            None => return,
        }
        event.prevent_default();
    })
}

/// What is offered; the box keeps the focus.
fn list(offered: &Offered, take: &Callback<usize>) -> Html {
    let on_mouse_down = |number: usize| {
        take.reform(move |event: MouseEvent| {
            event.prevent_default();
            number
        })
    };
    html! {
        <ul class="offers" id={OFFERS} role="listbox" aria-label="Qualifiers">
            for (number, one) in offered.offers.iter().enumerate() {
                <li
                    key={number}
                    id={offer_id(number)}
                    role="option"
                    aria-selected={(offered.active == Some(number)).to_string()}
                    onmousedown={on_mouse_down(number)}
                >
                    <span class="mono">{ &one.word }</span>
                    if !one.says.is_empty() {
                        <span class="muted">{ one.says }</span>
                    }
                </li>
            }
        </ul>
    }
}

/// Writes a query into the box, with the caret at this byte.
fn write(input: &HtmlInputElement, query: &str, caret: usize) {
    input.set_value(query);
    let before = query.get(..caret).unwrap_or_default();
    let units = u32::try_from(before.encode_utf16().count()).ok();
    // Without a caret the text is there all the same.
    let _ = input.set_selection_start(units);
    let _ = input.set_selection_end(units);
}

fn offer_id(number: usize) -> String {
    format!("find-offer-{number}")
}

/// Where the caret is, in bytes; browsers count UTF-16.
fn caret(input: &HtmlInputElement, query: &str) -> usize {
    let units = input.selection_start().ok().flatten();
    let Some(mut left) = units.map(|units| units as usize) else {
        return query.len();
    };
    for (at, character) in query.char_indices() {
        if left == 0 {
            return at;
        }
        left = left.saturating_sub(character.len_utf16());
    }
    query.len()
}
