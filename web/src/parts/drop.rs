//! Files dropped anywhere on the page.

use gloo::events::{EventListener, EventListenerOptions};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use web_sys::{DataTransfer, DragEvent, File};
use yew::prelude::*;

use super::folder;
use crate::views::later;

/// What [`DropZone`] does.
#[derive(PartialEq, Properties)]
pub(crate) struct Props {
    pub(crate) on_file: Callback<File>,
}

/// The whole window takes files; while one is held over it, it says so. What another part of the page takes for
/// itself is left to it.
#[component]
pub(crate) fn DropZone(props: &Props) -> Html {
    let over = use_state_eq(|| false);
    {
        let over = over.clone();
        use_effect_with(props.on_file.clone(), move |on_file| {
            let listeners = listen(move |now| over.set(now), on_file.clone());
            move || drop(listeners)
        });
    }
    if !*over {
        return Html::default();
    }
    html! {
        <div class="drop-zone" role="status">
            <p>
                <b>{ "Drop a saved image to open it" }</b>
                <span>{ "It is read in this browser and not uploaded." }</span>
            </p>
        </div>
    }
}

fn listen(over: impl Fn(bool) + 'static, on_file: Callback<File>) -> Vec<EventListener> {
    let window = gloo::utils::window();
    let over = std::rc::Rc::new(over);
    let mut listeners = Vec::new();
    for kind in ["dragenter", "dragover", "dragleave", "drop"] {
        let (over, on_file) = (over.clone(), on_file.clone());
        // A browser that is not held back opens the file in the page's place.
        let options = EventListenerOptions::enable_prevent_default();
        let listener = EventListener::new_with_options(&window, kind, options, move |event| {
            let Some(event) = event.dyn_ref::<DragEvent>() else {
                return;
            };
            let taken = event.default_prevented();
            let Some(held) = event.data_transfer().filter(holds_files) else {
                return;
            };
            event.prevent_default();
            match kind {
                "dragleave" if event.related_target().is_none() => over(false),
                "dragleave" => {}
                "drop" => {
                    over(false);
                    if !taken {
                        take(&held, on_file.clone());
                    }
                }
                _ => over(!taken),
            }
        });
        listeners.push(listener);
    }
    listeners
}

/// Hands on the first file, or folder, of what was dropped or pasted.
pub(super) fn take(held: &DataTransfer, on_file: Callback<File>) {
    let file = held.files().and_then(|files| files.get(0));
    let Some(folder) = folder::dropped(held) else {
        return file.into_iter().for_each(|file| on_file.emit(file));
    };
    spawn_local(async move {
        let made = match later::fetch_folder().await {
            Ok(as_file) => as_file(folder).await,
            Err(_) => None,
        };
        // What stands for a folder among the files can be named, and not read: the reader says so.
        if let Some(file) = made.or(file) {
            on_file.emit(file);
        }
    });
}

/// Text and links can be dragged too.
fn holds_files(held: &DataTransfer) -> bool {
    held.types().includes(&"Files".into(), 0)
}
