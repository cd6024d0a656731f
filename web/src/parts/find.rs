//! The box that keeps only what holds a text; the address has it.

use gloo::timers::callback::Timeout;
use web_sys::HtmlInputElement;
use yew::prelude::*;

use crate::navigate::Navigate;
use crate::route::ImageRoute;

/// What [`Find`] shows.
#[derive(PartialEq, Properties)]
pub(crate) struct Props {
    pub(crate) route: ImageRoute,
    pub(crate) go: Callback<Navigate>,
    /// What can be typed.
    pub(crate) what: AttrValue,
}

/// How long a pause in typing ends a word, in milliseconds.
const PAUSE: u32 = 200;

/// The box.
#[component]
pub(crate) fn Find(props: &Props) -> Html {
    let input = use_node_ref();
    let pause = use_mut_ref(|| None::<Timeout>);
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
    let typed = {
        let (input, go) = (input.clone(), props.go.clone());
        Callback::from(move |_: InputEvent| {
            let Some(input) = input.cast::<HtmlInputElement>() else {
                return;
            };
            let (go, latest) = (go.clone(), latest.clone());
            let find = move || {
                let route = latest.borrow().clone();
                go.emit(Navigate::replace(ImageRoute {
                    find: input.value(),
                    ..route
                }));
            };
            pause.replace(Some(Timeout::new(PAUSE, find)));
        })
    };
    html! {
        <div class="field find">
            <input
                ref={input}
                type="search"
                aria-label={props.what.clone()}
                placeholder={props.what.clone()}
                autocomplete="off"
                spellcheck="false"
                oninput={typed}
            />
        </div>
    }
}
