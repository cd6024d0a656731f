//! The files of a saved image: members of a tar, or files below the folder of a layout.

use std::sync::Arc;

use bytes::Bytes;

use super::ReadAt;
use super::members::{MemberContent, Members, read};
use crate::source::image::{Run, Span};

/// Where an archive's files are looked up.
pub(super) enum Files {
    Tar {
        source: Arc<dyn ReadAt>,
        members: Members,
    },
    #[cfg(not(target_arch = "wasm32"))]
    Folder(std::path::PathBuf),
}

/// One of them.
#[derive(Clone)]
pub(super) struct StoredFile {
    pub(super) source: Arc<dyn ReadAt>,
    /// Where it begins, and how large it is.
    pub(super) span: Span,
    /// Its parts, if it is a sparse member of a tar; else none.
    pub(super) runs: Vec<Run>,
}

impl StoredFile {
    /// The `size` bytes from `at` on, all of which it has to have.
    pub(super) async fn read(&self, at: u64, size: u64) -> Result<Bytes, String> {
        if self.runs.is_empty() {
            return read(&*self.source, self.span.offset + at, size).await;
        }
        let length = usize::try_from(size)
            .map_err(|_| format!("{size} bytes are more than fit into memory"))?;
        let mut bytes = vec![0; length];
        let before = self.runs.partition_point(|run| run.at + run.size <= at);
        for run in self.runs.iter().skip(before) {
            let from = run.at.max(at);
            let to = (run.at + run.size).min(at + size);
            if from >= to {
                break;
            }
            let stored = read(&*self.source, run.offset + (from - run.at), to - from).await?;
            let into = usize::try_from(from - at).unwrap_or(length);
            if let Some(into) = bytes
                .get_mut(into..)
                .and_then(|into| into.get_mut(..stored.len()))
            {
                into.copy_from_slice(&stored);
            }
        }
        Ok(bytes.into())
    }
}

impl Files {
    /// The file of this name. In a folder only names of our own making are looked up, never those of a document:
    /// they could lead out of it.
    pub(super) fn find(&self, name: &str) -> Result<Option<StoredFile>, String> {
        match self {
            Self::Tar { source, members } => Ok(members.find(name).map(|place| StoredFile {
                source: Arc::clone(source),
                span: place.span,
                runs: place.runs.clone(),
            })),
            #[cfg(not(target_arch = "wasm32"))]
            Self::Folder(folder) => match super::FileBytes::open(&folder.join(name)) {
                Ok(file) => Ok(Some(StoredFile {
                    span: Span {
                        offset: 0,
                        size: file.size(),
                    },
                    source: Arc::new(file),
                    runs: Vec::new(),
                })),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
                Err(error) => Err(format!("its file {name} cannot be opened: {error}")),
            },
        }
    }

    /// Whether a file of a folder is a link to somewhere else, as some builders lay out their blobs.
    #[cfg(not(target_arch = "wasm32"))]
    pub(super) fn is_outside(&self, name: &str) -> bool {
        let Self::Folder(folder) = self else {
            return false;
        };
        match (folder.canonicalize(), folder.join(name).canonicalize()) {
            (Ok(folder), Ok(file)) => !file.starts_with(folder),
            _ => true,
        }
    }

    /// Where in the archive itself the file lies; in a folder nowhere.
    pub(super) fn place(&self, name: &str) -> Option<&MemberContent> {
        match self {
            Self::Tar { members, .. } => members.find(name),
            #[cfg(not(target_arch = "wasm32"))]
            Self::Folder(_) => None,
        }
    }
}
