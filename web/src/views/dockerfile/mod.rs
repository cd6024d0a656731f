//! The build history as a Dockerfile, with what each line costs; or the visitor's own Dockerfile, with the same.

mod own;
mod step;

use onionskin_core::base::Base;
use onionskin_core::dockerfile;
use yew::platform::spawn_local;
use yew::prelude::*;

use self::own::Own;
use self::step::{head, most, of_history};
use crate::own_dockerfile::OwnDockerfile;
use crate::parts::copy::Copy;
use crate::parts::pick::Pick;
use crate::views::ImageProps;
use crate::worker::client::WorkerClient;

/// What [`Dockerfile`] shows.
#[derive(PartialEq, Properties)]
pub(crate) struct Props {
    pub(crate) worker: WorkerClient,
    pub(crate) image: ImageProps,
    /// The visitor's, in place of the one that the history comes to.
    pub(crate) own: Option<OwnDockerfile>,
    pub(crate) on_own: Callback<Option<OwnDockerfile>>,
}

/// The lines, each leading to its layer.
#[component]
pub(crate) fn Dockerfile(props: &Props) -> Html {
    let image = &props.image.image.facts.image;
    if image.config.history.is_empty() {
        return html! { <p class="muted">{ "The image has no build history." }</p> };
    }
    let base = Base::told(image);
    let lines = dockerfile::lines(&image.config, image.layers.len(), base.as_ref());
    let on_file = {
        let on_own = props.on_own.clone();
        Callback::from(move |file: web_sys::File| {
            let on_own = on_own.clone();
            spawn_local(async move { on_own.emit(Some(OwnDockerfile::of(&file).await)) });
        })
    };
    if let Some(own) = &props.own {
        return html! {
            <Own
                worker={props.worker.clone()}
                image={props.image.clone()}
                file={own.clone()}
                history={lines}
                {on_file}
                on_remove={props.on_own.reform(|()| None)}
            />
        };
    }
    let file = dockerfile::file(&lines, base.as_ref());
    let most = most(&props.image);
    html! {
        <>
            <div class="history-head">
                <p class="muted">
                    { "Reconstructed from the build history: names of copied files, build stages and comments may be missing." }
                </p>
                <div class="actions">
                    <Pick {on_file}>{ "Show your Dockerfile…" }</Pick>
                    <Copy text={file} what="Dockerfile" />
                </div>
            </div>
            <div class="dockerfile" role="table" aria-label="Dockerfile">
                { head() }
                for line in lines.iter() {
                    { of_history(&props.image, line, most) }
                }
            </div>
        </>
    }
}
