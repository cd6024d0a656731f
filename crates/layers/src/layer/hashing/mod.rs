//! Hashing of what streams by: in place, natively on a thread of its own beside the decoding, or by somebody else.

mod marks;
mod remote;
#[cfg(not(target_arch = "wasm32"))]
mod threaded;

use bytes::Bytes;

use crate::digest::{Algorithm, Hasher};
use marks::Marking;

pub(super) use marks::MARK_EVERY;
pub use remote::{HashPlan, StreamHash, StreamHasher, TakesBytes};

/// Hashes bytes in their order.
#[allow(
    clippy::large_enum_variant,
    reason = "there are two of them for each layer"
)]
pub(super) enum Hashing {
    /// While they pass.
    InPlace(Marking),
    /// On a thread, which gets them by and by.
    #[cfg(not(target_arch = "wasm32"))]
    Beside(threaded::Beside),
    /// By somebody who is handed the bytes, and tells what they are hashed to.
    Remote(Box<dyn TakesBytes>),
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
            Self::Remote(_) => {}
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
            Self::Remote(take) => take(data),
        }
        #[cfg(target_arch = "wasm32")]
        let _ = shared;
    }

    /// What was hashed. What somebody else hashes is not known here, and is as if nothing had come.
    pub(super) fn finish(self) -> StreamHash {
        let (digest, marks) = match self {
            Self::InPlace(hasher) => hasher.finish(),
            #[cfg(not(target_arch = "wasm32"))]
            Self::Beside(beside) => beside.finish(),
            Self::Remote(_) => Marking::new(Hasher::new(Algorithm::Sha256)).finish(),
        };
        StreamHash { digest, marks }
    }
}
