//! The changed lines of a Dockerfile, each with its sign.

use yew::prelude::*;

use crate::format;

/// What [`Changes`] shows.
#[derive(PartialEq, Properties)]
pub(crate) struct Props {
    /// Each with `-`, `+`, or a space.
    pub(crate) lines: Vec<(char, String)>,
}

/// Lines as a diff has them; nothing where there are none.
#[component]
pub(crate) fn Changes(props: &Props) -> Html {
    if props.lines.is_empty() {
        return Html::default();
    }
    html! {
        <div class="changes" role="group" aria-label="Changed lines">
            for (sign, line) in props.lines.iter() {
                { changed(*sign, line) }
            }
        </div>
    }
}

fn changed(sign: char, line: &str) -> Html {
    let text = format::visible_text(line);
    match sign {
        '-' => html! { <del>{ "- " }{ text }</del> },
        '+' => html! { <ins>{ "+ " }{ text }</ins> },
        _ => html! { <span class="muted">{ text }</span> },
    }
}
