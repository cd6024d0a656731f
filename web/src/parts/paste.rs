//! What is pasted anywhere on the page: a file is opened, and a text is handed on unless a field takes it.

use gloo::events::{EventListener, EventListenerOptions};
use wasm_bindgen::JsCast;
use web_sys::{ClipboardEvent, DataTransfer, Element, Event, File};
use yew::prelude::*;

use super::drop;

/// What [`PasteZone`] does.
#[derive(PartialEq, Properties)]
pub(crate) struct Props {
    pub(crate) on_file: Callback<File>,
    pub(crate) on_text: Callback<String>,
}

/// The whole window takes what is pasted. It shows nothing.
#[component]
pub(crate) fn PasteZone(props: &Props) -> Html {
    let key = (props.on_file.clone(), props.on_text.clone());
    use_effect_with(key, move |(on_file, on_text)| {
        let (on_file, on_text) = (on_file.clone(), on_text.clone());
        let options = EventListenerOptions::enable_prevent_default();
        let window = gloo::utils::window();
        let listener = EventListener::new_with_options(&window, "paste", options, move |event| {
            let pasted = event.dyn_ref::<ClipboardEvent>();
            let held = pasted.and_then(ClipboardEvent::clipboard_data);
            let Some(held) = held.filter(|_| !event.default_prevented()) else {
                return;
            };
            if let Some(file) = archive(&held) {
                // A field would take the file's name.
                event.prevent_default();
                match held.files().is_some_and(|files| files.length() == 1) {
                    // It may be a folder.
                    true => drop::take(&held, on_file.clone()),
                    false => on_file.emit(file),
                }
            } else if !is_in_field(event)
                && let Some(text) = text_of(&held)
            {
                event.prevent_default();
                on_text.emit(text);
            }
        });
        move || std::mem::drop(listener)
    });
    Html::default()
}

/// The first file that may be an archive. Programs that copy text, or a file, give a picture of it too.
fn archive(held: &DataTransfer) -> Option<File> {
    let files = held.files()?;
    let mut files = (0..files.length()).filter_map(|at| files.get(at));
    files.find(|file| !file.type_().starts_with("image/"))
}

/// The text that was copied, in one line as fields have it.
fn text_of(held: &DataTransfer) -> Option<String> {
    let text = held.get_data("text/plain").ok()?;
    let words: Vec<&str> = text.split_whitespace().collect();
    let text = words.join(" ");
    (!text.is_empty()).then_some(text)
}

/// Whether what is pasted is meant for a field.
fn is_in_field(event: &Event) -> bool {
    let target = event.target();
    let element = target.and_then(|target| target.dyn_into::<Element>().ok());
    element.is_some_and(|element| match element.tag_name().as_str() {
        "TEXTAREA" => true,
        "INPUT" => {
            let kind = element.get_attribute("type").unwrap_or_default();
            !matches!(&*kind, "checkbox" | "radio" | "range" | "file" | "button")
        }
        _ => false,
    })
}
