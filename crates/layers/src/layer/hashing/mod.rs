//! Hashing of what streams by: in place, or natively on a thread of its own beside the decoding.

mod marks;
#[cfg(not(target_arch = "wasm32"))]
mod threaded;

use bytes::Bytes;

use crate::digest::{Algorithm, Digest, HashState, Hasher};
use marks::Marking;

pub(super) use marks::MARK_EVERY;

/// Hashes bytes in their order.
pub(super) enum Hashing {
    /// While they pass.
    InPlace(Marking),
    /// On a thread, which gets them by and by.
    #[cfg(not(target_arch = "wasm32"))]
    Beside(threaded::Beside),
}

impl Hashing {
    pub(super) fn new(algorithm: Algorithm) -> Self {
        Self::InPlace(Marking::new(Hasher::new(algorithm)))
    }

    /// Notes its states on the way, for [`super::Checkpoints`]; before anything is hashed, and before it moves to a thread.
    pub(super) fn mark(&mut self) {
        match self {
            Self::InPlace(hasher) => hasher.mark(),
            // It has begun.
            #[cfg(not(target_arch = "wasm32"))]
            Self::Beside(_) => {}
        }
    }

    /// Moves to a thread of its own what is hashed from now on. Where no thread can be had, nothing changes.
    #[cfg(not(target_arch = "wasm32"))]
    pub(super) fn beside(self) -> Self {
        match self {
            Self::InPlace(hasher) => match threaded::Beside::start(hasher.clone()) {
                Some(beside) => Self::Beside(beside),
                None => Self::InPlace(hasher),
            },
            beside => beside,
        }
    }

    /// Takes the next bytes, of which `shared` are the same without a copy, if they are given.
    pub(super) fn update(&mut self, data: &[u8], shared: Option<&Bytes>) {
        match self {
            Self::InPlace(hasher) => hasher.update(data),
            #[cfg(not(target_arch = "wasm32"))]
            Self::Beside(beside) => match shared {
                Some(shared) => beside.share(shared),
                None => beside.copy(data),
            },
        }
        #[cfg(target_arch = "wasm32")]
        let _ = shared;
    }

    pub(super) fn finish(self) -> (Digest, Vec<HashState>) {
        match self {
            Self::InPlace(hasher) => hasher.finish(),
            #[cfg(not(target_arch = "wasm32"))]
            Self::Beside(beside) => beside.finish(),
        }
    }
}
