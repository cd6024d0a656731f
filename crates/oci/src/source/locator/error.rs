//! Why a text names no image, and what to write instead.

use super::ForeignPrefix;
use crate::reference::{Reference, ReferenceError};

/// Why a text names no image.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LocatorError {
    /// No reference.
    #[error("{text:?} is not a valid image reference: {reason}")]
    Reference {
        /// What was written.
        text: String,
        /// What is wrong with it.
        #[source]
        reason: ReferenceError,
    },
    /// A prefix without an image behind it.
    #[error("{0} needs a name: {0}NAME:TAG")]
    NoImage(&'static str),
    /// A prefix without a path behind it.
    #[error("{0} needs a path: {0}PATH, or {0}PATH:NAME if there are several images in it")]
    NoPath(&'static str),
    /// A prefix without a folder behind it.
    #[error("{0} needs a path: {0}FOLDER")]
    NoFolder(&'static str),
    /// It looks like a path, and nothing is there.
    #[error("there is no file {0:?}")]
    NoFile(String),
    /// It is called like an archive, and nothing is there.
    #[error("there is no file {:?}{}", .0, or_in_registry(.0))]
    NoArchive(String),
    /// A folder that is not a saved image.
    #[error(
        "the folder {:?} is not a saved image: it has neither the file oci-layout (OCI layout) nor manifest.json (skopeo's dir:){}", .0, or_in_registry(.0)
    )]
    NoLayout(String),
    /// A folder with a part of a layout.
    #[error(
        "the folder {folder:?} looks like an OCI layout, but {missing} in it{}", as_layout(.folder, .missing)
    )]
    PartOfLayout {
        /// The folder.
        folder: String,
        /// What is missing.
        missing: MissingPart,
    },
    /// A host, and no repository there.
    #[error(
        "{0} is a registry and not an image; name one of its images, as in {0}/team/app, or list its repositories with `onionskin repositories {0}`"
    )]
    OnlyRegistry(String),
    /// A saved image, or one of an engine, where only those of registries are to be had.
    #[error("{0} is for images in a file, a folder or an engine, not in a registry")]
    NotInRegistry(&'static str),
    /// A prefix that other tools have, and this one does not.
    #[error("{prefix} is not supported: {}", .kind.advice())]
    Unsupported {
        /// The prefix, with its colon.
        prefix: String,
        /// What it stands for.
        kind: ForeignPrefix,
    },
}

/// What a folder lacks to be an OCI layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MissingPart {
    /// The file `oci-layout`.
    Marker,
    /// The file `index.json`, and with it the list of its images.
    Index,
    /// Both.
    MarkerAndIndex,
}

impl std::fmt::Display for MissingPart {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Marker => "the file oci-layout is missing",
            Self::Index => "the file index.json is missing",
            Self::MarkerAndIndex => "the files oci-layout and index.json are missing",
        })
    }
}

fn as_layout(folder: &str, missing: &MissingPart) -> String {
    match missing {
        MissingPart::Marker => format!("; write oci:{folder} to read it without that file"),
        MissingPart::Index | MissingPart::MarkerAndIndex => String::new(),
    }
}

/// How an image in a registry that is called like a path is written; empty where no image can be called so.
fn or_in_registry(text: &str) -> String {
    match text.parse::<Reference>() {
        Ok(_) => format!("; for an image of that name in a registry, write docker://{text}"),
        Err(_) => String::new(),
    }
}
