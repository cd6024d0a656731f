//! Hashing by somebody else than who decodes: what to do, and what came of it.

use serde::{Deserialize, Serialize};

use super::marks::Marking;
use crate::digest::{Algorithm, Digest, HashState, Hasher};

/// How a stream of bytes is hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HashPlan {
    pub(in crate::layer) algorithm: Algorithm,
    /// The states at regular places are wanted too, for [`Checkpoints`](crate::layer::Checkpoints).
    pub(in crate::layer) marks: bool,
}

impl HashPlan {
    /// A hasher that goes by the plan.
    #[must_use]
    pub fn hasher(self) -> StreamHasher {
        let mut hasher = Marking::new(Hasher::new(self.algorithm));
        if self.marks {
            hasher.mark();
        }
        StreamHasher(hasher)
    }
}

/// What takes the bytes of a stream. In a browser it may stay on its thread, where there are no others.
#[cfg(not(target_arch = "wasm32"))]
pub trait TakesBytes: FnMut(&[u8]) + Send + 'static {}
#[cfg(not(target_arch = "wasm32"))]
impl<T: FnMut(&[u8]) + Send + 'static> TakesBytes for T {}
/// What takes the bytes of a stream. In a browser it may stay on its thread, where there are no others.
#[cfg(target_arch = "wasm32")]
pub trait TakesBytes: FnMut(&[u8]) + 'static {}
#[cfg(target_arch = "wasm32")]
impl<T: FnMut(&[u8]) + 'static> TakesBytes for T {}

/// Hashes the bytes of a stream in their order.
pub struct StreamHasher(Marking);

impl StreamHasher {
    /// Takes the next bytes.
    pub fn update(&mut self, data: &[u8]) {
        self.0.update(data);
    }

    /// All have come.
    #[must_use]
    pub fn finish(self) -> StreamHash {
        let (digest, marks) = self.0.finish();
        StreamHash { digest, marks }
    }
}

/// What a stream was hashed to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamHash {
    pub(in crate::layer) digest: Digest,
    pub(in crate::layer) marks: Vec<HashState>,
}
