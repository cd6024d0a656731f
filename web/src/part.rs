//! Parts of the programs, each fetched when it is first needed.
//!
//! A program is split at functions of `main.rs` and `bin/worker.rs`; each hands over a function of its part, with which all
//! that only that function needs arrives. What stands in this library belongs to a part if nothing else calls it.

use std::cell::Cell;
use std::pin::Pin;

use wasm_split_helpers::SplitLoaderError;

/// Fetches a part, unless it is here.
pub type Fetch<T> = fn() -> Fetching<T>;

/// A part that is being fetched.
pub type Fetching<T> = Pin<Box<dyn Future<Output = Result<T, NotFetched>>>>;

/// A part could not be fetched. The browser's console says why.
#[derive(Clone, Copy, Debug)]
pub struct NotFetched;

impl From<SplitLoaderError> for NotFetched {
    fn from(_: SplitLoaderError) -> Self {
        NotFetched
    }
}

/// A part, and whether it is here.
pub(crate) struct Part<T> {
    fetch: Fetch<T>,
    here: Cell<Option<T>>,
}

impl<T: Copy> Part<T> {
    pub(crate) fn new(fetch: Fetch<T>) -> Self {
        Part {
            fetch,
            here: Cell::new(None),
        }
    }

    /// What it hands over, once it is here.
    pub(crate) fn here(&self) -> Option<T> {
        self.here.get()
    }

    /// Fetches it. What failed is tried again when this is called again.
    pub(crate) async fn fetched(&self) -> Result<T, NotFetched> {
        let part = (self.fetch)().await?;
        self.here.set(Some(part));
        Ok(part)
    }
}
