//! Prefixes that other tools put before an image, and what to write in their place.

use super::LocatorError;
use crate::reference::Reference;

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
    pub(super) const fn advice(self) -> &'static str {
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

/// What other tools put before an image: skopeo (containers-transports(5)), syft, grype, trivy, buildx, dive. None is a
/// usual name of an image; `docker` and `registry` are, and are prefixes only before what can be no tag.
const FOREIGN: [(&str, ForeignPrefix); 18] = [
    ("containers-storage", ForeignPrefix::ContainersStorage),
    ("oci-dir", ForeignPrefix::OciLayout),
    ("oci-layout", ForeignPrefix::OciLayout),
    ("file", ForeignPrefix::File),
    ("docker-image", ForeignPrefix::Registry),
    ("docker-storage", ForeignPrefix::Other),
    ("docker-tarball", ForeignPrefix::Other),
    ("docker-dir", ForeignPrefix::Other),
    ("docker-container", ForeignPrefix::Other),
    ("atomic", ForeignPrefix::Other),
    ("ostree", ForeignPrefix::Other),
    ("ostree-image", ForeignPrefix::Other),
    ("ostree-unverified-registry", ForeignPrefix::Other),
    ("sif", ForeignPrefix::Other),
    ("singularity", ForeignPrefix::Other),
    ("tarball", ForeignPrefix::Other),
    ("containerd", ForeignPrefix::Other),
    ("snap", ForeignPrefix::Other),
];

/// The error for a text that names no image in a registry by its prefix, where there are no files and no engines: on a
/// page. `None` where it may be a reference.
#[must_use]
pub fn not_in_registry(text: &str) -> Option<LocatorError> {
    let prefixes = [
        "docker-archive:",
        "oci-archive:",
        "oci:",
        "dir:",
        "docker-daemon:",
        "podman:",
    ];
    unsupported_prefix(text).or_else(|| {
        let prefix = prefixes.iter().find(|prefix| text.starts_with(**prefix))?;
        Some(LocatorError::NotInRegistry(prefix))
    })
}

/// The error for a text with a prefix that other tools have, or that nobody has. `None` where it may be a reference.
pub(super) fn unsupported_prefix(text: &str) -> Option<LocatorError> {
    let unsupported = |prefix: &str, kind| {
        Some(LocatorError::Unsupported {
            prefix: prefix.to_owned(),
            kind,
        })
    };
    if text.starts_with("oci://") {
        return unsupported("oci://", ForeignPrefix::OciUrl);
    }
    let (word, rest) = text.split_once(':')?;
    if let Some((_, kind)) = FOREIGN.iter().find(|(known, _)| *known == word) {
        return unsupported(&format!("{word}:"), *kind);
    }
    let is_word = word.starts_with(|first: char| first.is_ascii_lowercase())
        && word
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    // A tag, a digest, a port, or the name of a scheme that references refuse by themselves.
    let may_be_reference =
        rest.starts_with("//") || text.parse::<Reference>().is_ok() || !rest.contains(['/', '[']);
    if !is_word || word == "localhost" || may_be_reference {
        return None;
    }
    let kind = match word {
        "docker" | "registry" => ForeignPrefix::Registry,
        _ => ForeignPrefix::Other,
    };
    unsupported(&format!("{word}:"), kind)
}
