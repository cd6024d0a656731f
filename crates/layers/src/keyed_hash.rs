//! A fast hash for tables of what an image says, with a key, so that an image cannot easily choose names that collide.

use std::hash::{BuildHasher, RandomState};

use foldhash::SharedSeed;
use foldhash::fast::SeedableRandomState;

/// Hashes with a key of its own.
#[derive(Clone)]
pub(crate) struct KeyedHash(SeedableRandomState);

impl KeyedHash {
    /// With a key from the system, where that has random numbers for the standard library.
    pub(crate) fn new() -> Self {
        let key = RandomState::new().hash_one(0);
        Self(SeedableRandomState::with_seed(
            key,
            SharedSeed::global_random(),
        ))
    }
}

impl Default for KeyedHash {
    fn default() -> Self {
        Self::new()
    }
}

impl BuildHasher for KeyedHash {
    type Hasher = <SeedableRandomState as BuildHasher>::Hasher;

    fn build_hasher(&self) -> Self::Hasher {
        self.0.build_hasher()
    }
}
