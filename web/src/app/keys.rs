//! Keys of the whole page, and the list of them.

use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, HtmlInputElement, KeyboardEvent};
use yew::prelude::*;

use super::{App, Msg};
use crate::browser;
use crate::navigate::Navigate;
use crate::parts::{panel, tree};
use crate::route::comparison::{CompareRoute, CompareView};
use crate::route::{ImageRoute, Route, View};
use crate::session::{Image, Session};
use crate::share::LinkFormat;
use crate::views::{layers, map};
use crate::worker::protocol::{Change, ChangeKind, Side};

/// The keys of views, with the view of an image and that of a comparison that they lead to.
const VIEWS: [(&str, Option<View>, Option<CompareView>, &str); 8] = [
    ("f", Some(View::Stack), Some(CompareView::Files), "Files"),
    ("w", Some(View::Waste), None, "Waste"),
    ("k", Some(View::Checks), None, "Checks"),
    (
        "a",
        Some(View::Packages),
        Some(CompareView::Packages),
        "Packages",
    ),
    ("m", Some(View::Map), Some(CompareView::Map), "Map"),
    (
        "g",
        Some(View::Config),
        Some(CompareView::Config),
        "Configuration",
    ),
    (
        "h",
        None,
        Some(CompareView::History),
        "Build history, of a comparison",
    ),
    (
        "l",
        None,
        Some(CompareView::Layers),
        "Layers, of a comparison",
    ),
];

/// The keys of the whole page and what they do, as they are listed.
const OF_PAGE: [(&str, &str); 5] = [
    (
        "/",
        "Go to the search; in a view without one, to the field for the image",
    ),
    ("[ ]", "Layer below, layer above"),
    ("c", "Copy a link to this view"),
    ("?", "This list"),
    ("Esc", "Close"),
];

/// The same of the tree, and of other lists as far as they have them.
const OF_LISTS: [(&str, &str); 8] = [
    ("↑ ↓", "Move in the list that has the focus"),
    ("Home End", "First and last row"),
    ("PgUp PgDn", "A page of the tree, or of lines, up or down"),
    (
        "→ ←",
        "Open or close a folder, or an object or array of JSON",
    ),
    ("Ctrl+Space", "Close all folders of the tree"),
    (
        "Enter",
        "Select, and open or close a folder; on the map, zoom in to it",
    ),
    (
        "Shift+letter",
        "Next name in the tree that begins so; type on within a second",
    ),
    (
        "Ctrl+A r Ctrl+M o Ctrl+U",
        "Show or hide added, deleted, overwritten, metadata-only (of a comparison: moved) or unchanged paths of the tree and the map",
    ),
];

/// The same of the content of a file.
const OF_CONTENTS: [(&str, &str); 3] = [
    ("Enter Space", "Link to the line whose number has the focus"),
    (
        "Shift+Enter Shift+Space",
        "Extend the link from the lines that it has to this one",
    ),
    ("n p", "Next and previous change, of two versions of a file"),
];

/// The same of the map.
const OF_MAP: [(&str, &str); 3] = [
    ("← ↑ ↓ →", "Move on the map"),
    ("+", "Zoom in to what the keyboard is on"),
    ("- Backspace Esc", "Zoom out"),
];

/// The field of a view by which it is narrowed.
const FIND: &str = ".find input, .history-form input";

/// The field for the reference of an image.
pub(super) const REFERENCE: &str = ".reference input";

/// What closes the selected finding.
const LESS: &str = ".finding.selected .more";

/// What opens and closes the package that is open.
const OPEN_PACKAGE: &str = ".packages tr.open button[aria-expanded]";

/// What leads to the folder above the one that fills the map.
const ABOVE: &str = ".map-crumbs button:nth-last-of-type(2)";

/// The map, while the keyboard is on one of the folders that lead to it.
const MAP_OF_FOLDERS: &str = ".map-crumbs:focus-within ~ .map-frame canvas";

impl App {
    /// A key was pressed anywhere.
    pub(super) fn key(&mut self, ctx: &Context<Self>, event: &KeyboardEvent) -> bool {
        // What is asked keeps the keys to itself.
        if event.default_prevented() || self.handing_over.waiting.is_some() {
            return false;
        }
        if event.key() == "Escape" {
            return !has_text(event) && self.escape(ctx);
        }
        if event.alt_key() || event.meta_key() || is_typing(event) {
            return false;
        }
        // So does the list of keys: what is behind it stays as it is.
        if self.keys_listed && event.key() != "?" {
            return false;
        }
        let (key, with_control) = (event.key(), event.ctrl_key());
        // The browser has keys of its own with Shift, and what is in the details can be selected.
        let is_browsers = with_control && (event.shift_key() || is_in(event, ".details"));
        let done = (!is_browsers && self.show_or_hide(ctx, &key, with_control))
            || (!with_control && self.shortcut(ctx, &key));
        if done {
            event.prevent_default();
        }
        done
    }

    /// Escape closes what is open: the list of keys, details, a finding, a package, a folder that fills the map, a remark.
    fn escape(&mut self, ctx: &Context<Self>) -> bool {
        if std::mem::take(&mut self.keys_listed) {
            return true;
        }
        match &self.route {
            Route::Image(route) if route.view.shows_details() && route.path.is_some() => {
                self.close_details(ctx);
            }
            Route::Compare(route) if route.difference.is_some() => {
                let route = CompareRoute {
                    difference: None,
                    ..route.clone()
                };
                self.go(ctx, Navigate::push(route));
                panel::focus();
            }
            Route::Compare(route) if route.path.is_some() => {
                let route = CompareRoute {
                    path: None,
                    ..route.clone()
                };
                let focus = match route.view {
                    CompareView::Map => map::ID,
                    _ => tree::ID,
                };
                self.go(ctx, Navigate::push(route));
                browser::focus(focus);
            }
            Route::Image(route) if matches!(route.view, View::Content | View::Difference) => {
                let route = route.back_to_files();
                self.go(ctx, Navigate::push(route));
                panel::focus();
            }
            Route::Image(route) if route.view == View::Document => {
                let route = route.in_view(View::Config);
                self.go(ctx, Navigate::push(route));
                panel::focus();
            }
            Route::Image(route) if route.view.is_of_findings() && route.waste.finding.is_some() => {
                // Only the list knows the page that the finding is on.
                if !browser::click_first(LESS) {
                    let route = route.with_waste(|_| {});
                    self.go(ctx, Navigate::replace(route));
                }
            }
            Route::Image(route)
                if route.view == View::Packages && route.packages.package.is_some() =>
            {
                // The button stays, and has the keyboard then.
                if !(browser::focus_first(OPEN_PACKAGE) && browser::click_first(OPEN_PACKAGE)) {
                    let mut route = route.clone();
                    route.packages.package = None;
                    self.go(ctx, Navigate::replace(route));
                }
            }
            // Only the map knows the folder that fills it: what is looked for may leave out the one of the address.
            _ if browser::click_first(ABOVE) => {
                // The name that has the keyboard may go.
                browser::focus_first(MAP_OF_FOLDERS);
            }
            _ if self.remarks.is_empty() => return false,
            _ => self.remarks.clear(),
        }
        true
    }

    fn shortcut(&mut self, ctx: &Context<Self>, key: &str) -> bool {
        if key == "?" {
            self.keys_listed = !self.keys_listed;
            return true;
        }
        if key == "/" {
            return browser::focus_first(FIND) || browser::focus_first(REFERENCE);
        }
        let can_copy = match &self.route {
            Route::Start => false,
            Route::Image(route) => route.chosen_file().is_none() && self.image().is_some(),
            Route::Compare(route) => Side::BOTH
                .into_iter()
                .all(|side| route.sides.of(side).file.is_none()),
            Route::Browse(_) | Route::History(_) => true,
        };
        if key == "c" && can_copy {
            ctx.link().send_message(Msg::CopyLink(LinkFormat::Url));
            return true;
        }
        let view = VIEWS.iter().find(|(of_view, ..)| *of_view == key);
        match (&self.route, view) {
            (Route::Compare(route), Some((_, _, Some(to), _))) => {
                if route.view != *to || route.difference.is_some() {
                    self.go(ctx, Navigate::push(route.in_view(*to)));
                    panel::focus();
                } else if *to == CompareView::Files {
                    browser::focus(tree::ID);
                }
                return true;
            }
            (Route::Image(route), Some((_, Some(to), ..))) if self.image().is_some() => {
                if *to == View::Stack && route.view.is_tree() {
                    browser::focus(tree::ID);
                } else if *to != route.view {
                    self.go(ctx, Navigate::push(route.in_tab(*to)));
                    panel::focus();
                }
                return true;
            }
            _ => {}
        }
        let (Some(image), Route::Image(route)) = (self.image(), &self.route) else {
            return false;
        };
        let layer = route.layer.unwrap_or_else(|| image.top());
        let layer = match key {
            "[" if layer > 1 => layer - 1,
            "]" if layer < image.depth() => layer + 1,
            _ => return false,
        };
        let to = layers::at(route, layer);
        let stays = to.view == route.view;
        let to = match stays {
            true => Navigate::replace(to),
            false => Navigate::push(to),
        };
        self.go(ctx, to);
        if !stays {
            panel::focus();
        }
        true
    }

    /// Shows paths of a kind in the tree or the map, or hides them, by dive's keys. Ctrl+R stays the browser's, and what dive
    /// does not know has a letter.
    fn show_or_hide(&mut self, ctx: &Context<Self>, key: &str, with_control: bool) -> bool {
        let key = match with_control {
            true => key.to_ascii_lowercase(),
            false => key.to_owned(),
        };
        let (kind, change) = match (with_control, &*key) {
            (true, "a") => (ChangeKind::Added, Some(Change::Added)),
            (false, "r") => (ChangeKind::Deleted, Some(Change::Removed)),
            (true, "m") => (ChangeKind::Modified, Some(Change::Changed)),
            (false, "o") => (ChangeKind::MetadataOnly, Some(Change::Moved)),
            (true, "u") => (ChangeKind::Unchanged, None),
            _ => return false,
        };
        let to = match (&self.route, change) {
            (Route::Image(route), _) if self.image().is_some() && route.can_show(kind) => {
                Navigate::replace(ImageRoute {
                    hidden: route.hidden.toggled(kind),
                    ..route.clone()
                })
            }
            (Route::Compare(route), Some(change)) if self.is_compared() && route.shows_paths() => {
                Navigate::replace(CompareRoute {
                    hidden: route.hidden.toggled(change),
                    ..route.clone()
                })
            }
            _ => return false,
        };
        self.go(ctx, to);
        true
    }

    fn image(&self) -> Option<&Image> {
        self.session.as_ref().and_then(Session::image)
    }

    /// Whether a comparison is there to look at.
    fn is_compared(&self) -> bool {
        let comparison = self.comparison.as_ref();
        comparison.is_some_and(|comparison| comparison.done.is_some())
    }

    /// The list of keys, where it was asked for.
    pub(super) fn view_keys(&self, ctx: &Context<Self>) -> Html {
        if !self.keys_listed {
            return Html::default();
        }
        html! { <KeysList on_close={ctx.link().callback(|()| Msg::HideKeys)} /> }
    }
}

/// What [`KeysList`] shows.
#[derive(PartialEq, Properties)]
struct KeysListProps {
    on_close: Callback<()>,
}

/// The list of keys. It takes the keyboard's focus, and gives it back to what had it.
#[component]
fn KeysList(props: &KeysListProps) -> Html {
    let close = use_node_ref();
    {
        let close = close.clone();
        use_effect_with((), move |()| {
            let active = gloo::utils::document().active_element();
            let before = active.and_then(|active| active.dyn_into::<HtmlElement>().ok());
            if let Some(close) = close.cast::<HtmlElement>() {
                browser::focus_in_place(&close);
            }
            move || {
                if let Some(before) = before {
                    browser::focus_in_place(&before);
                }
            }
        });
    }
    html! {
        <div class="keys-list" role="dialog" aria-labelledby="keys">
            <div class="keys-head">
                <h2 id="keys">{ "Keyboard" }</h2>
                <button type="button" ref={close} onclick={props.on_close.reform(|_: MouseEvent| ())}>{ "Close" }</button>
            </div>
            <h3>{ "Page" }</h3>
            { listed(&OF_PAGE) }
            <h3>{ "Views" }</h3>
            { listed(&VIEWS.map(|(key, _, _, text)| (key, text))) }
            <h3>{ "Tree and lists" }</h3>
            { listed(&OF_LISTS) }
            <h3>{ "Contents" }</h3>
            { listed(&OF_CONTENTS) }
            <h3>{ "Map" }</h3>
            { listed(&OF_MAP) }
        </div>
    }
}

fn listed(keys: &[(&'static str, &'static str)]) -> Html {
    html! {
        <dl>
            for (key, text) in keys.iter().copied() {
                <dt><kbd>{ key }</kbd></dt>
                <dd>{ text }</dd>
            }
        </dl>
    }
}

/// Whether a key means the text of a field, or the choice of a list.
fn is_typing(event: &KeyboardEvent) -> bool {
    let element = event
        .target()
        .and_then(|target| target.dyn_into::<Element>().ok());
    element.is_some_and(|element| match element.tag_name().as_str() {
        "SELECT" | "TEXTAREA" => true,
        "INPUT" => element.get_attribute("type").as_deref() != Some("checkbox"),
        _ => false,
    })
}

/// Whether the key is pressed in what this selects.
fn is_in(event: &KeyboardEvent, selector: &str) -> bool {
    let target = event.target();
    let element = target.and_then(|target| target.dyn_into::<Element>().ok());
    element.is_some_and(|element| matches!(element.closest(selector), Ok(Some(_))))
}

/// Whether the key is pressed in a field that has a text, which Escape clears.
fn has_text(event: &KeyboardEvent) -> bool {
    let target = event.target();
    let input = target.and_then(|target| target.dyn_into::<HtmlInputElement>().ok());
    input.is_some_and(|input| !input.value().is_empty() && input.type_() == "search")
}
