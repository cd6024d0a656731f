//! Memory that may be taken, counted before it is.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The memory that may be taken, and what was taken of it. A clone counts the same, so that several threads share it.
#[derive(Clone, Debug, Default)]
pub struct Memory(Arc<Counted>);

#[derive(Debug, Default)]
struct Counted {
    limit: Option<u64>,
    taken: AtomicU64,
}

/// There is less than would be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfMemory {
    /// Bytes that may be taken together.
    pub limit: u64,
}

impl Memory {
    /// So many bytes; without a number there is no limit.
    #[must_use]
    pub fn new(limit: Option<u64>) -> Self {
        let taken = AtomicU64::new(0);
        Self(Arc::new(Counted { limit, taken }))
    }

    /// Whether so many bytes are left.
    #[must_use]
    pub fn has(&self, bytes: u64) -> bool {
        let left = |limit: u64| limit.saturating_sub(self.0.taken.load(Ordering::Relaxed));
        self.0.limit.is_none_or(|limit| left(limit) >= bytes)
    }

    /// Nothing yet of this memory.
    #[must_use]
    pub fn share(&self) -> MemoryShare {
        MemoryShare(Arc::new(Taken {
            memory: self.clone(),
            bytes: AtomicU64::new(0),
        }))
    }
}

/// What one thing took of a memory. It is given back when the last clone of this is dropped. All are equal: what counts
/// memory does not tell one thing from another.
#[derive(Clone, Debug, Default)]
pub struct MemoryShare(Arc<Taken>);

impl PartialEq for MemoryShare {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for MemoryShare {}

#[derive(Debug, Default)]
struct Taken {
    memory: Memory,
    bytes: AtomicU64,
}

impl MemoryShare {
    /// Takes more of it.
    ///
    /// # Errors
    /// There is less; then nothing is taken.
    pub fn take(&self, bytes: u64) -> Result<(), OutOfMemory> {
        let counted = &*self.0.memory.0;
        let Some(limit) = counted.limit else {
            return Ok(());
        };
        let taken = counted.taken.fetch_add(bytes, Ordering::Relaxed);
        if taken.saturating_add(bytes) > limit {
            counted.taken.fetch_sub(bytes, Ordering::Relaxed);
            return Err(OutOfMemory { limit });
        }
        self.0.bytes.fetch_add(bytes, Ordering::Relaxed);
        Ok(())
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        let taken = self.bytes.load(Ordering::Relaxed);
        self.memory.0.taken.fetch_sub(taken, Ordering::Relaxed);
    }
}
