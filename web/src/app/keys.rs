//! Keys of the whole page, and the list of them.

use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, HtmlInputElement, KeyboardEvent};
use yew::prelude::*;

use super::{App, Msg};
use crate::browser;
use crate::navigate::Navigate;
use crate::parts::tree;
use crate::route::comparison::{CompareRoute, CompareView};
use crate::route::{ImageRoute, Route, View};
use crate::session::Session;
use crate::share::LinkFormat;

/// Keys and what they do, as they are listed.
const LISTED: [(&str, &str); 14] = [
    ("↑ ↓", "Move in the list that has the focus"),
    ("→ ←", "Open or close a folder"),
    ("Enter", "Select, and open or close a folder"),
    ("/", "Find"),
    ("[ ]", "Layer below, layer above"),
    ("f", "Files"),
    ("w", "Waste"),
    ("k", "Checks"),
    ("m", "Map"),
    ("c", "Copy a link to this view"),
    ("n p", "Next and previous change, of two versions of a file"),
    ("Home End", "First and last row"),
    ("?", "This list"),
    ("Esc", "Close"),
];

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
        let with_others = event.ctrl_key() || event.alt_key() || event.meta_key();
        if with_others || is_typing(event) {
            return false;
        }
        let done = self.shortcut(ctx, &event.key());
        if done {
            event.prevent_default();
        }
        done
    }

    /// Escape closes what is open: the list of keys, details, a finding, a remark.
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
            }
            Route::Compare(route) if route.path.is_some() => {
                let route = CompareRoute {
                    path: None,
                    ..route.clone()
                };
                self.go(ctx, Navigate::push(route));
                browser::focus(tree::ID);
            }
            Route::Image(route) if matches!(route.view, View::Content | View::Difference) => {
                let route = ImageRoute {
                    from: None,
                    ..route.in_view(View::Stack)
                };
                self.go(ctx, Navigate::push(route));
            }
            Route::Image(route) if route.view == View::Document => {
                let route = route.in_view(View::Config);
                self.go(ctx, Navigate::push(route));
            }
            Route::Image(route) if route.view.is_of_findings() && route.waste.finding.is_some() => {
                let route = route.with_waste(|_| {});
                self.go(ctx, Navigate::replace(route));
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
        if let Route::Compare(route) = &self.route {
            let to = match key {
                "/" => return browser::focus_first(".find input"),
                "m" if route.view != CompareView::Map => CompareView::Map,
                "f" if route.view != CompareView::Files => CompareView::Files,
                _ => return false,
            };
            self.go(ctx, Navigate::push(route.in_view(to)));
            return true;
        }
        let image = self.session.as_ref().and_then(Session::image);
        let (Some(image), Route::Image(route)) = (image, &self.route) else {
            return false;
        };
        let layer = route.layer.unwrap_or_else(|| image.top());
        let at = |layer: u32| ImageRoute {
            layer: Some(layer),
            from: route.from.filter(|_| route.view == View::Difference),
            ..route.clone()
        };
        let to = match key {
            "/" => return browser::focus_first(".find input"),
            "[" if layer > 1 => Navigate::replace(at(layer - 1)),
            "]" if layer < image.depth() => Navigate::replace(at(layer + 1)),
            "f" if !route.view.is_tree() => Navigate::push(route.in_view(View::Stack)),
            "f" => {
                browser::focus(tree::ID);
                return true;
            }
            "w" if route.view != View::Waste => Navigate::push(route.in_view(View::Waste)),
            "m" if route.view != View::Map => Navigate::push(route.in_view(View::Map)),
            "k" if route.view != View::Checks => Navigate::push(route.in_view(View::Checks)),
            "c" if route.file.is_none() => {
                ctx.link().send_message(Msg::CopyLink(LinkFormat::Url));
                return true;
            }
            _ => return false,
        };
        self.go(ctx, to);
        true
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
            let focus = |element: &HtmlElement| {
                // What cannot be focused any more is gone.
                let _ = element.focus();
            };
            let active = gloo::utils::document().active_element();
            let before = active.and_then(|active| active.dyn_into::<HtmlElement>().ok());
            if let Some(close) = close.cast::<HtmlElement>() {
                focus(&close);
            }
            move || {
                if let Some(before) = before {
                    focus(&before);
                }
            }
        });
    }
    html! {
        <div class="keys-list" role="dialog" aria-labelledby="keys">
            <h2 id="keys">{ "Keyboard" }</h2>
            <dl>
                for (key, text) in LISTED {
                    <dt><kbd>{ key }</kbd></dt>
                    <dd>{ text }</dd>
                }
            </dl>
            <button type="button" ref={close} onclick={props.on_close.reform(|_: MouseEvent| ())}>{ "Close" }</button>
        </div>
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

/// Whether the key is pressed in a field that has a text, which Escape clears.
fn has_text(event: &KeyboardEvent) -> bool {
    let target = event.target();
    let input = target.and_then(|target| target.dyn_into::<HtmlInputElement>().ok());
    input.is_some_and(|input| !input.value().is_empty() && input.type_() == "search")
}
