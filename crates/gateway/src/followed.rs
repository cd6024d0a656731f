//! Files that may change while the gateway runs, and what was read from them.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::SystemTime;

/// What is seen of a file without reading it.
type Seen = Option<(SystemTime, u64)>;

/// What the files say. While they cannot be used, what was read before is.
#[derive(Debug)]
pub(crate) struct Followed<T, const N: usize> {
    paths: [PathBuf; N],
    current: RwLock<Arc<T>>,
    /// The files as they were when they were last read.
    seen: Mutex<[Seen; N]>,
}

impl<T, const N: usize> Followed<T, N> {
    /// Reads the files for the first time.
    pub(crate) fn load<E>(
        paths: [PathBuf; N],
        read: impl FnOnce(&[PathBuf; N]) -> Result<T, E>,
    ) -> Result<Self, E> {
        let seen = paths.each_ref().map(|path| seen(path));
        let current = read(&paths)?;
        Ok(Self {
            paths,
            current: RwLock::new(Arc::new(current)),
            seen: Mutex::new(seen),
        })
    }

    /// What was read last.
    pub(crate) fn current(&self) -> Arc<T> {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&current)
    }

    /// Reads the files again.
    pub(crate) fn reload<E>(
        &self,
        read: impl FnOnce(&[PathBuf; N]) -> Result<T, E>,
    ) -> Result<(), E> {
        // Before they are read: what is written meanwhile is another change.
        let mut known = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        *known = self.seen_now();
        let read = Arc::new(read(&self.paths)?);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = read;
        Ok(())
    }

    /// Reads the files again if they have changed, and logs it; `what` is what they have. To be called again and again.
    pub(crate) fn follow<E: fmt::Display>(
        &self,
        what: &str,
        read: impl FnOnce(&[PathBuf; N]) -> Result<T, E>,
    ) {
        let known = *self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if known == self.seen_now() {
            return;
        }
        match self.reload(read) {
            Ok(()) => tracing::info!("{what} was read again"),
            Err(error) => {
                tracing::error!("{what} was not reloaded, the previous one is still used: {error}")
            }
        }
    }

    fn seen_now(&self) -> [Seen; N] {
        self.paths.each_ref().map(|path| seen(path))
    }
}

fn seen(path: &Path) -> Seen {
    let about = fs::metadata(path).ok()?;
    Some((about.modified().ok()?, about.len()))
}
