//! Files that another window hands over by `postMessage`: who may, and what they may say. docs/embedding.md has the protocol.

use js_sys::{Array, ArrayBuffer, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Blob, File, MessageEvent, Window};

/// What this page says once it listens.
const READY: &str = "onionskin:ready";
/// What hands a file over.
const OPEN: &str = "onionskin:open";
/// What came of it.
const ANSWER: &str = "onionskin:answer";

/// Characters of a file's name; file systems have as many.
const NAME_MOST: usize = 255;

/// A file that waits for the visitor's word. Nothing of it is read.
#[derive(Clone, Debug)]
pub(crate) struct HandOver {
    /// The origin of the page that hands it over, as the browser tells it.
    pub(crate) origin: String,
    pub(crate) name: String,
    pub(crate) file: Blob,
    sender: Sender,
}

/// A window that handed something over.
#[derive(Clone, Debug)]
pub(crate) struct Sender {
    window: Window,
    origin: String,
}

/// What a sender is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The visitor agreed.
    Opened,
    /// The visitor did not.
    Refused,
    /// Another file waits for the visitor's word, or was opened.
    Busy,
    /// The message is not one that hands a file over.
    Invalid,
}

impl Answer {
    fn name(self) -> &'static str {
        match self {
            Answer::Opened => "opened",
            Answer::Refused => "refused",
            Answer::Busy => "busy",
            Answer::Invalid => "invalid",
        }
    }
}

impl Sender {
    /// Who sent a message that hands something over; none for all other messages, and those of other windows.
    pub(crate) fn of(event: &MessageEvent) -> Option<Self> {
        let source = event.source()?;
        let window = senders().find(|sender| Object::is(sender, &source))?;
        let origin = event.origin();
        // Pages in a sandbox and files are of no origin that could be shown.
        let is_named = origin.starts_with("https://") || origin.starts_with("http://");
        let opens = text(&event.data(), "type").as_deref() == Some(OPEN);
        (is_named && opens).then_some(Self { window, origin })
    }

    /// Tells it what came of it.
    pub(crate) fn tell(&self, answer: Answer) {
        let message = message(ANSWER, "answer", &answer.name().into());
        // It may be gone, or another page by now: then nobody hears it.
        let _ = self.window.post_message(&message, &self.origin);
    }

    /// The file that the message has; none where it has none.
    pub(crate) fn hand_over(self, data: &JsValue) -> Option<HandOver> {
        let given = Reflect::get(data, &"file".into()).ok()?;
        let file = match given.dyn_ref::<ArrayBuffer>() {
            Some(buffer) => Blob::new_with_buffer_source_sequence(&Array::of1(buffer)).ok()?,
            None => given.dyn_ref::<Blob>()?.clone(),
        };
        let own_name = given.dyn_ref::<File>().map(File::name);
        let name = text(data, "name").or(own_name).unwrap_or_default();
        (file.size() > 0.0).then(|| HandOver {
            origin: self.origin.clone(),
            name: file_name(&name),
            file,
            sender: self,
        })
    }
}

impl HandOver {
    /// Tells its sender what came of it.
    pub(crate) fn answer(&self, answer: Answer) {
        self.sender.tell(answer);
    }
}

/// Tells the windows that may hand over that this one listens now. It says nothing of what is shown.
pub(crate) fn announce() {
    for window in senders() {
        let message = message(READY, "version", &1.into());
        // Without a page that listens, nobody hears it.
        let _ = window.post_message(&message, "*");
    }
}

/// The window that opened this one, and the one around it.
fn senders() -> impl Iterator<Item = Window> {
    let own = gloo::utils::window();
    let opener = own.opener().ok().filter(JsValue::is_object);
    // Of a window of another origin only its messages can be used; it is an instance of no class here.
    let opener = opener.map(JsCast::unchecked_into::<Window>);
    let around = own.parent().ok().flatten();
    let around = around.filter(|around| !Object::is(around, &own));
    [opener, around].into_iter().flatten()
}

fn message(kind: &str, key: &str, value: &JsValue) -> JsValue {
    let message = Object::new();
    for (key, value) in [("type", &kind.into()), (key, value)] {
        // A fresh object takes everything.
        let _ = Reflect::set(&message, &key.into(), value);
    }
    message.into()
}

/// A text in a message, if it has one there.
fn text(message: &JsValue, key: &str) -> Option<String> {
    Reflect::get(message, &key.into()).ok()?.as_string()
}

/// A name such as a file has that was chosen: no folders, no controls, and never empty.
fn file_name(given: &str) -> String {
    let last = given.rsplit(['/', '\\']).next().unwrap_or_default();
    let kept = last.chars().filter(|c| !c.is_control()).take(NAME_MOST);
    let name: String = kept.collect();
    match name.trim_matches(['.', ' ']).is_empty() {
        true => "image".to_owned(),
        false => name,
    }
}

#[cfg(test)]
mod tests {
    use onionskin_core::link::is_address;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn no_name_is_an_address_or_a_path() {
        for (given, name) in [
            ("app.tar", "app.tar"),
            ("a b.onionskin", "a b.onionskin"),
            ("https://evil.example/app.onionskin", "app.onionskin"),
            ("../../etc/passwd", "passwd"),
            (r"C:\images\app.tar", "app.tar"),
            ("./", "image"),
            ("..", "image"),
            ("", "image"),
            ("a\u{0}\u{1b}[2Jb\n", "a[2Jb"),
        ] {
            assert_eq!(file_name(given), name);
            assert!(!is_address(&file_name(given)));
        }
        assert_eq!(file_name(&"é".repeat(5_000)).chars().count(), NAME_MOST);
    }
}
