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

    /// Takes memory for good.
    ///
    /// # Errors
    /// There is less.
    pub fn take(&self, bytes: u64) -> Result<(), OutOfMemory> {
        let Some(limit) = self.0.limit else {
            return Ok(());
        };
        let taken = self.0.taken.fetch_add(bytes, Ordering::Relaxed);
        if taken.saturating_add(bytes) > limit {
            return Err(OutOfMemory { limit });
        }
        Ok(())
    }

    /// Whether so many bytes are left.
    #[must_use]
    pub fn has(&self, bytes: u64) -> bool {
        let left = |limit: u64| limit.saturating_sub(self.0.taken.load(Ordering::Relaxed));
        self.0.limit.is_none_or(|limit| left(limit) >= bytes)
    }

    /// Takes memory that is given back when the answer is dropped.
    ///
    /// # Errors
    /// There is less.
    pub fn hold(&self, bytes: u64) -> Result<Reservation, OutOfMemory> {
        self.take(bytes)?;
        Ok(Reservation {
            memory: self.clone(),
            bytes,
        })
    }
}

/// Memory that is given back when this is dropped.
#[derive(Debug)]
pub struct Reservation {
    memory: Memory,
    bytes: u64,
}

impl Drop for Reservation {
    fn drop(&mut self) {
        let counted = &self.memory.0;
        counted.taken.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}
