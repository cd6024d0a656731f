//! Prefixes that other tools put before an image, and what to write in their place.

use super::{ForeignPrefix, LocatorError};
use crate::reference::Reference;

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
