//! The files of a saved image: members of a tar, or files below the folder of a layout.

use std::sync::Arc;

use super::ReadAt;
use super::members::Members;
use crate::source::image::Span;

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
pub(super) struct Stored {
    pub(super) source: Arc<dyn ReadAt>,
    pub(super) span: Span,
}

impl Files {
    /// The file of this name. In a folder only names of our own making are looked up, never those of a document:
    /// they could lead out of it.
    pub(super) fn find(&self, name: &str) -> Result<Option<Stored>, String> {
        match self {
            Self::Tar { source, members } => Ok(members.find(name).map(|span| Stored {
                source: Arc::clone(source),
                span,
            })),
            #[cfg(not(target_arch = "wasm32"))]
            Self::Folder(folder) => match super::FileBytes::open(&folder.join(name)) {
                Ok(file) => Ok(Some(Stored {
                    span: Span {
                        offset: 0,
                        size: file.size(),
                    },
                    source: Arc::new(file),
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
    pub(super) fn span(&self, name: &str) -> Option<Span> {
        match self {
            Self::Tar { members, .. } => members.find(name),
            #[cfg(not(target_arch = "wasm32"))]
            Self::Folder(_) => None,
        }
    }
}
