//! Checkpoints of the layers that were decoded: with them, a file is read without the whole of its layer. The browser holds
//! them for this worker, and the cache for later ones.

use std::cell::RefCell;
use std::collections::VecDeque;

use js_sys::{Array, Uint8Array};
use onionskin_core::cache::unpack_checkpoints;
use onionskin_core::digest::Digest;
use onionskin_core::layer::Checkpoints;
use web_sys::Blob;

use super::cache::Cache;
use super::file::InPlace;

/// Bytes that are held for this worker; they are at most 1.5 % of layers.
const MOST: f64 = 64e6;

thread_local! {
    static RECENT: RefCell<Recent> = RefCell::default();
}

/// Packed checkpoints by the digests of blobs, the oldest first.
#[derive(Default)]
struct Recent(VecDeque<(Digest, Blob)>);

impl Recent {
    fn add(&mut self, digest: &Digest, packed: Blob) {
        self.0.retain(|(held, _)| held != digest);
        self.0.push_back((digest.clone(), packed));
        let mut bytes: f64 = self.0.iter().map(|(_, packed)| packed.size()).sum();
        while bytes > MOST
            && let Some((_, oldest)) = self.0.pop_front()
        {
            bytes -= oldest.size();
        }
    }

    fn of(&self, digest: &Digest) -> Option<Blob> {
        let held = self.0.iter().find(|(held, _)| held == digest);
        held.map(|(_, packed)| packed.clone())
    }
}

/// Keeps packed checkpoints of a blob whose digest was checked; in the cache too, if `later` pages may use them.
pub(crate) fn keep(digest: &Digest, packed: &Uint8Array, later: bool) {
    // The browser has them outside of this worker's memory, mostly on disk.
    if let Ok(blob) = Blob::new_with_u8_array_sequence(&Array::of1(packed)) {
        RECENT.with_borrow_mut(|held| held.add(digest, blob));
    }
    if later {
        Cache::of_worker().keep_checkpoints(digest, packed.clone());
    }
}

/// Those of the blob with this digest, if there are any; of earlier pages only where `earlier` says so. What is damaged or
/// older is none.
pub(crate) async fn of(digest: &Digest, earlier: bool) -> Option<Checkpoints> {
    let held = RECENT.with_borrow(|held| held.of(digest));
    let packed = held.and_then(|held| {
        let packed = InPlace::new(held).ok()?;
        packed.read(0, packed.length()).ok()
    });
    match packed {
        Some(packed) => unpack_checkpoints(&packed, digest).ok(),
        None if earlier => Cache::of_worker().checkpoints(digest).await,
        None => None,
    }
}

#[cfg(test)]
#[cfg(target_arch = "wasm32")]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn what_is_held_is_bounded_and_the_oldest_goes() {
        let mut held = Recent::default();
        let blob = |megabytes: u32| {
            let bytes = Uint8Array::new_with_length(megabytes * 1_000_000);
            Blob::new_with_u8_array_sequence(&Array::of1(&bytes)).unwrap()
        };
        let digest = |of: &str| Digest::sha256(of.as_bytes());
        held.add(&digest("a"), blob(30));
        held.add(&digest("b"), blob(30));
        // The same blob is held once.
        held.add(&digest("a"), blob(30));
        assert!(held.of(&digest("b")).is_some());
        held.add(&digest("c"), blob(10));
        assert!(held.of(&digest("b")).is_none());
        assert!(held.of(&digest("a")).is_some() && held.of(&digest("c")).is_some());
        held.add(&digest("d"), blob(65));
        assert!(held.0.is_empty());
    }
}
