//! Marks beside the objects of a store: which registry each came through.
//!
//! A registry may claim to have whatever it is asked for. So for a registry that has not sent it, there is no such object.

use std::sync::PoisonError;

use bytes::Bytes;
use object_store::path::Path;
use object_store::{Error, ObjectMeta, ObjectStoreExt as _};
use onionskin_core::digest::Digest;

use super::{Objects, path_for};
use crate::limits::KNOWN_OBJECTS;

/// Where marks are.
pub(super) const THROUGH: &str = "through";

impl Objects {
    /// The object of this digest, if there is one and it came through this registry. It is not checked yet.
    pub(crate) async fn find_through(&self, registry: &str, digest: &Digest) -> Option<ObjectMeta> {
        match self.came_through(registry, digest).await {
            true => self.find(digest).await,
            false => None,
        }
    }

    /// All of such an object that is small, if it has its digest. One that has not is deleted.
    pub(crate) async fn document_through(&self, registry: &str, digest: &Digest) -> Option<Bytes> {
        match self.came_through(registry, digest).await {
            true => self.document(digest).await,
            false => None,
        }
    }

    /// Whether this registry sent what has this digest.
    async fn came_through(&self, registry: &str, digest: &Digest) -> bool {
        let mark = path_of_mark(registry, digest);
        if self.is_marked(&mark) {
            return true;
        }
        if self.is_resting() {
            return false;
        }
        match self.store.head(&mark).await {
            Ok(_) => {
                self.note_mark(mark);
                true
            }
            Err(Error::NotFound { .. }) => false,
            Err(error) => {
                self.failed("read", &error);
                false
            }
        }
    }

    /// Notes that this registry sent what has this digest. To be done once that was checked, and before it is stored, so
    /// that who finds the object finds the mark.
    pub(crate) async fn mark(&self, registry: &str, digest: &Digest) {
        let mark = path_of_mark(registry, digest);
        if self.is_resting() || self.is_marked(&mark) {
            return;
        }
        match self.store.put(&mark, Bytes::new().into()).await {
            Ok(_) => self.note_mark(mark),
            Err(error) => self.failed("write", &error),
        }
    }

    fn is_marked(&self, mark: &Path) -> bool {
        let marked = self.marked.lock().unwrap_or_else(PoisonError::into_inner);
        marked.contains(mark)
    }

    fn note_mark(&self, mark: Path) {
        let mut marked = self.marked.lock().unwrap_or_else(PoisonError::into_inner);
        if marked.len() >= KNOWN_OBJECTS {
            marked.clear();
        }
        marked.insert(mark);
    }
}

/// The place of the mark that this registry sent what has this digest.
pub(super) fn path_of_mark(registry: &str, digest: &Digest) -> Path {
    path_for(registry, THROUGH, digest)
}
