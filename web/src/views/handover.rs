//! The question whether a file that another page hands over is opened.

use web_sys::HtmlDialogElement;
use yew::prelude::*;

use crate::format;
use crate::handover::HandOver;

/// What [`Offer`] shows.
#[derive(PartialEq, Properties)]
pub(crate) struct Props {
    pub(crate) origin: AttrValue,
    pub(crate) name: AttrValue,
    pub(crate) size: u64,
    /// Whether the visitor agrees.
    pub(crate) on_answer: Callback<bool>,
}

impl Props {
    /// For what waits.
    pub(crate) fn of(waiting: &HandOver, on_answer: Callback<bool>) -> Self {
        Props {
            origin: waiting.origin.clone().into(),
            name: format::visible_text(&waiting.name).into(),
            size: waiting.file.size() as u64,
            on_answer,
        }
    }
}

/// The question. It has the focus itself and none of its buttons has, so that no key that is pressed just then answers it.
#[component]
pub(crate) fn Offer(props: &Props) -> Html {
    let dialog = use_node_ref();
    {
        let dialog = dialog.clone();
        use_effect_with((), move |()| {
            if let Some(dialog) = dialog.cast::<HtmlDialogElement>() {
                // Where it is shown already, it stays.
                let _ = dialog.show_modal();
                // Browsers choose the first button.
                let _ = dialog.focus();
            }
        });
    }
    let answer = |agreed: bool| props.on_answer.reform(move |_: MouseEvent| agreed);
    html! {
        <dialog
            ref={dialog}
            class="hand-over"
            aria-labelledby="hand-over"
            tabindex="-1"
            onclose={props.on_answer.reform(|_: Event| false)}
        >
            <h2 id="hand-over">{ "Open a file from another page?" }</h2>
            <p>
                <b class="mono">{ &props.origin }</b>
                { " hands over " }
                <b class="mono">{ &props.name }</b>
                { " (" }<span title={format::exact(props.size)}>{ format::size(props.size) }</span>{ ")." }
            </p>
            <p class="muted">{ "It is read in this browser and not uploaded." }</p>
            <div class="actions">
                <button type="button" class="primary" onclick={answer(true)}>{ "Open" }</button>
                <button type="button" onclick={answer(false)}>{ "Refuse" }</button>
            </div>
        </dialog>
    }
}
