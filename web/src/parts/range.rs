//! The choice of the layers whose changes are shown together, above the tree and the map.

use web_sys::HtmlSelectElement;
use yew::prelude::*;

use crate::navigate::Navigate;
use crate::route::ImageRoute;

/// The choice of the first of them, where changes are shown; the last is the layer that is looked at.
pub(crate) fn range(route: &ImageRoute, last: u32, go: &Callback<Navigate>) -> Html {
    if !route.is_of_changes() || last < 2 {
        return Html::default();
    }
    let first = route.from.unwrap_or(last);
    let chosen = {
        let route = route.clone();
        go.reform(move |event: Event| {
            let select: HtmlSelectElement = event.target_unchecked_into();
            let from = select.value().parse().ok();
            Navigate::replace(ImageRoute {
                from: from.filter(|from| *from < last),
                ..route.clone()
            })
        })
    };
    html! {
        <label class="range">
            <span class="muted">{ "layers" }</span>
            <select onchange={chosen} aria-label="First layer of the changes">
                for layer in 1..=last {
                    <option value={layer.to_string()} selected={layer == first}>{ layer }</option>
                }
            </select>
            <span class="muted">{ format!("to {last}") }</span>
        </label>
    }
}
