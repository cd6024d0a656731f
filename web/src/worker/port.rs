//! How messages cross between page, image worker and decoders: postcard in a transferred buffer.

use js_sys::{Array, Uint8Array};
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Blob, DedicatedWorkerGlobalScope, ErrorEvent, Event, MessageEvent};

/// A message as bytes of JavaScript's.
pub(crate) fn pack<T: Serialize>(message: &T) -> Option<Uint8Array> {
    pack_bytes(message).map(|bytes| Uint8Array::from(bytes.as_slice()))
}

/// The message in what came; none if it is none of ours.
pub(crate) fn unpack<T: DeserializeOwned>(data: &JsValue) -> Option<T> {
    unpack_bytes(&bytes(data)?)
}

/// A message within a message, packed.
pub(crate) fn pack_bytes<T: Serialize>(message: &T) -> Option<Vec<u8>> {
    postcard::to_allocvec(message).ok()
}

/// What [`pack_bytes`] packed.
pub(crate) fn unpack_bytes<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    postcard::from_bytes(bytes).ok()
}

/// The bytes in what came.
pub(crate) fn bytes(data: &JsValue) -> Option<Vec<u8>> {
    Some(data.dyn_ref::<Uint8Array>()?.to_vec())
}

/// The file in what came. Files cross as they are: what is copied is where the bytes lie.
pub(crate) fn file(data: &JsValue) -> Option<Blob> {
    data.dyn_ref::<Blob>().cloned()
}

/// Hands the message's buffer over instead of copying it.
pub(crate) fn transfer(
    message: &Uint8Array,
    post: impl FnOnce(&JsValue, &JsValue) -> Result<(), JsValue>,
) -> Result<(), JsValue> {
    let list = Array::of1(&message.buffer());
    post(message, &list)
}

/// Sends from inside a worker to whoever started it.
pub(crate) fn tell<T: Serialize>(scope: &DedicatedWorkerGlobalScope, message: &T) {
    if let Some(message) = pack(message) {
        tell_bytes(scope, &message);
    }
}

/// Sends bytes as they are.
pub(crate) fn tell_bytes(scope: &DedicatedWorkerGlobalScope, message: &Uint8Array) {
    // The other end may have gone; then nobody waits for this.
    let _ = transfer(message, |message, list| {
        scope.post_message_with_transfer(message, list)
    });
}

/// Sends a file from inside a worker.
pub(crate) fn tell_file(scope: &DedicatedWorkerGlobalScope, file: &Blob) {
    // As above.
    let _ = scope.post_message(file);
}

/// What the browser says of a worker that failed; nothing where its script could not be fetched.
pub(crate) fn reason(event: &Event) -> String {
    match event.dyn_ref::<ErrorEvent>() {
        Some(error) => {
            let place = format!("{}:{}:{}", error.filename(), error.lineno(), error.colno());
            format!("{} ({place})", error.message())
        }
        None => String::new(),
    }
}

/// This worker's own global object; none on the page's main thread.
pub(crate) fn scope() -> Option<DedicatedWorkerGlobalScope> {
    js_sys::global().dyn_into().ok()
}

/// Hears all that comes, for as long as the worker lives.
pub(crate) fn listen(scope: &DedicatedWorkerGlobalScope, mut hear: impl FnMut(JsValue) + 'static) {
    let heard =
        Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| hear(event.data()));
    scope.set_onmessage(Some(heard.as_ref().unchecked_ref()));
    heard.forget();
}
