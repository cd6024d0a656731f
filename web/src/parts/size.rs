//! A size in words, with the exact bytes in its title.

use yew::prelude::*;

use crate::format;

/// What [`Size`] shows.
#[derive(PartialEq, Properties)]
pub(crate) struct Props {
    pub(crate) bytes: u64,
    #[prop_or_default]
    pub(crate) class: Classes,
}

/// `31.2 MB`.
#[component]
pub(crate) fn Size(props: &Props) -> Html {
    html! {
        <span class={classes!("size", props.class.clone())} title={format::exact(props.bytes)}>
            { format::size(props.bytes) }
        </span>
    }
}
