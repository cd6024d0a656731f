//! Why a text names no image, and what to write instead.

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

/// What a prefix that is not read stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForeignPrefix {
    /// The store of podman, buildah and CRI-O.
    ContainersStorage,
    /// How Helm and others write a registry.
    OciUrl,
    /// A folder of an OCI layout, as other tools name it.
    OciLayout,
    /// A saved file, as other tools name it.
    File,
    /// A registry, as other tools name it.
    Registry,
    /// Something that holds no image in a form that is read.
    Other,
}

impl ForeignPrefix {
    const fn advice(self) -> &'static str {
        match self {
            Self::ContainersStorage => {
                "write podman:NAME to ask podman for the image, or save it with `podman save` or `skopeo copy` first"
            }
            Self::OciUrl => {
                "an image in a registry is written without it, as in docker://registry.example.com/team/app:1.0, and the folder of an OCI layout as oci:FOLDER"
            }
            Self::OciLayout => "write oci:FOLDER for the folder of an OCI layout",
            Self::File => "write the path of the file without it",
            Self::Registry => "write docker://REFERENCE for an image in a registry",
            Self::Other => {
                "images come from a registry (docker://REFERENCE), an engine (docker-daemon:NAME, podman:NAME), or a saved file or folder (docker-archive:PATH, oci-archive:PATH, oci:FOLDER, dir:FOLDER)"
            }
        }
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
