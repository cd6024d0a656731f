//! What the cache in the browser takes, and its removal.

use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

use crate::parts::size::size;
use crate::worker::client::WorkerClient;
use crate::worker::protocol::{CacheSize, ClearCache, SizeOfCache};

/// What [`CacheSection`] shows.
#[derive(PartialEq, Properties)]
pub(crate) struct Props {
    pub(crate) worker: WorkerClient,
}

/// What the cache takes; nothing where it is empty.
#[component]
pub(crate) fn CacheSection(props: &Props) -> Html {
    let taken = use_state_eq(|| None::<CacheSize>);
    let cleared = use_state_eq(|| false);
    {
        let taken = taken.clone();
        use_effect_with(props.worker.clone(), move |worker| {
            let answer = worker.ask(SizeOfCache);
            spawn_local(async move { taken.set(answer.await.flatten()) });
        });
    }
    let clear = {
        let (worker, taken, cleared) = (props.worker.clone(), taken.clone(), cleared.clone());
        move |_: MouseEvent| {
            let answer = worker.ask(ClearCache);
            let (taken, cleared) = (taken.clone(), cleared.clone());
            spawn_local(async move {
                let left = answer.await.flatten();
                cleared.set(left.is_some_and(|left| left.files == 0));
                taken.set(left);
            });
        }
    };
    let taken = taken.filter(|taken| taken.files > 0);
    if taken.is_none() && !*cleared {
        return Html::default();
    }
    html! {
        <section class="cache" aria-labelledby="cache">
            <h2 id="cache">{ "Cache in this browser" }</h2>
            <p role="status">
                {
                    match taken {
                        Some(CacheSize { bytes, .. }) => html! {
                            <>
                                { size(bytes) }
                                { " of file lists, configurations and checkpoints of images from registries. Checkpoints hold 33 kB of file contents for every 4 MB of large gzip layers; other contents are not stored. Analyses that were opened from files are stored encrypted, for the tab that opened them. " }
                                <button type="button" class="quiet clear" onclick={clear}>{ "Clear cache" }</button>
                            </>
                        },
                        None => html! { "Cache cleared" },
                    }
                }
            </p>
        </section>
    }
}
