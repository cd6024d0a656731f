//! A saved analysis that the visitor gave, kept for a reload of the tab: in the browser's cache, encrypted with a key that only
//! the tab has, so that nobody reads it once the tab is closed.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use js_sys::{Array, Object, Reflect, Uint8Array};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, Crypto, CryptoKey, SubtleCrypto};

use super::cache::Cache;
use super::port;

/// Bytes of a file that is kept; it is encrypted in memory.
const LARGEST: f64 = 100e6;
const CIPHER: &str = "AES-GCM";
/// Bytes of the name in the cache, and of the key.
const NAME: usize = 16;
const KEY: usize = 32;
/// Each key encrypts one file only, so it needs no other.
const NONCE: [u8; 12] = [0; 12];

/// What a tab needs to get its file back: a name and a key.
struct Ticket {
    name: [u8; NAME],
    key: [u8; KEY],
}

/// Keeps a file, and tells its ticket. There is none where the browser keeps nothing, or encrypts nothing because the page came
/// by plain HTTP from another machine.
pub(super) async fn keep(file: &Blob) -> Option<String> {
    if file.size() > LARGEST {
        return None;
    }
    let crypto = crypto()?;
    let ticket = Ticket::new(&crypto)?;
    let subtle = subtle(&crypto)?;
    let key = ticket.key(&subtle, "encrypt").await?;
    let bytes = JsFuture::from(file.array_buffer()).await.ok()?;
    let bytes = Uint8Array::new(&bytes);
    let encrypted = subtle.encrypt_with_object_and_js_u8_array(&cipher()?, &key, &bytes);
    let encrypted = JsFuture::from(encrypted.ok()?).await.ok()?;
    let encrypted = Uint8Array::new(&encrypted);
    let cache = Cache::of_worker();
    let is_kept = cache.keep_file(&ticket.name(), encrypted).await;
    is_kept.then(|| ticket.text())
}

/// The file of a ticket; none if it is no longer kept.
pub(super) async fn read(ticket: &str) -> Option<Blob> {
    let ticket = Ticket::parse(ticket)?;
    let subtle = subtle(&crypto()?)?;
    let key = ticket.key(&subtle, "decrypt").await?;
    let encrypted = Cache::of_worker().file(&ticket.name()).await?;
    // What is damaged fails here.
    let bytes = subtle.decrypt_with_object_and_js_u8_array(&cipher()?, &key, &encrypted);
    let bytes = JsFuture::from(bytes.ok()?).await.ok()?;
    Blob::new_with_buffer_source_sequence(&Array::of1(&bytes)).ok()
}

fn crypto() -> Option<Crypto> {
    port::scope()?.crypto().ok()
}

fn subtle(crypto: &Crypto) -> Option<SubtleCrypto> {
    let subtle = crypto.subtle();
    // Outside of secure contexts there is none.
    (!subtle.is_undefined()).then_some(subtle)
}

/// How files are encrypted.
fn cipher() -> Option<Object> {
    let cipher = Object::new();
    let nonce = Uint8Array::from(NONCE.as_slice());
    Reflect::set(&cipher, &"name".into(), &CIPHER.into()).ok()?;
    Reflect::set(&cipher, &"iv".into(), &nonce).ok()?;
    Some(cipher)
}

impl Ticket {
    fn new(crypto: &Crypto) -> Option<Self> {
        let (mut name, mut key) = ([0; NAME], [0; KEY]);
        for random in [&mut name[..], &mut key[..]] {
            crypto.get_random_values_with_u8_array(random).ok()?;
        }
        Some(Self { name, key })
    }

    fn parse(text: &str) -> Option<Self> {
        let (name, key) = text.split_once('.')?;
        let bytes = |text: &str| URL_SAFE_NO_PAD.decode(text).ok();
        Some(Self {
            name: bytes(name)?.try_into().ok()?,
            key: bytes(key)?.try_into().ok()?,
        })
    }

    fn text(&self) -> String {
        format!("{}.{}", self.name(), URL_SAFE_NO_PAD.encode(self.key))
    }

    fn name(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.name)
    }

    async fn key(&self, subtle: &SubtleCrypto, usage: &str) -> Option<CryptoKey> {
        let key = Uint8Array::from(self.key.as_slice());
        let usages = Array::of1(&usage.into());
        let key = subtle.import_key_with_str("raw", &key, CIPHER, false, &usages);
        JsFuture::from(key.ok()?).await.ok()?.dyn_into().ok()
    }
}
