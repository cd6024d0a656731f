//! What people write on the command line to say which image: a reference, or a prefix that skopeo's users know.

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::archive::Form;
#[cfg(not(target_arch = "wasm32"))]
use super::engine::Kind;
use crate::reference::{Reference, ReferenceError};

/// Where an image is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Locator {
    /// In a registry.
    Registry(Reference),
    /// In a saved file.
    Archive {
        /// The file.
        path: PathBuf,
        /// What it is said to be.
        form: Form,
        /// Which of its images, where it holds several.
        reference: Option<String>,
    },
    /// In the folder of an OCI layout.
    Layout {
        /// The folder.
        path: PathBuf,
        /// Which of its images, where it holds several.
        reference: Option<String>,
    },
    /// In a folder that `skopeo copy … dir:` wrote.
    Directory {
        /// The folder.
        path: PathBuf,
    },
    /// In the store of an engine on this machine.
    #[cfg(not(target_arch = "wasm32"))]
    Engine {
        /// Which engine.
        kind: Kind,
        /// The image's name or ID.
        image: String,
    },
    /// In a saved file that comes on standard input, and which of its images, where it holds several.
    Input(Option<String>),
}

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
fn unsupported_prefix(text: &str) -> Option<LocatorError> {
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

impl FromStr for Locator {
    type Err = LocatorError;

    fn from_str(text: &str) -> Result<Self, LocatorError> {
        if let Some(reference) = text.strip_prefix("docker://") {
            return registry(reference);
        }
        if text.starts_with("oci://") {
            return Err(unsupported_prefix(text).unwrap_or(LocatorError::NoPath("oci:")));
        }
        for (prefix, form) in [
            ("docker-archive:", Form::Docker),
            ("oci-archive:", Form::Oci),
        ] {
            if let Some(rest) = text.strip_prefix(prefix) {
                let (path, reference) = split(rest).ok_or(LocatorError::NoPath(prefix))?;
                if path == Path::new("-") {
                    return Ok(Self::Input(reference));
                }
                return Ok(Self::Archive {
                    path,
                    form,
                    reference,
                });
            }
        }
        if let Some(rest) = text.strip_prefix("oci:") {
            let (path, reference) = split(rest).ok_or(LocatorError::NoPath("oci:"))?;
            return Ok(Self::Layout { path, reference });
        }
        if let Some(rest) = text.strip_prefix("dir:") {
            let path = PathBuf::from(rest);
            return match rest {
                "" => Err(LocatorError::NoFolder("dir:")),
                _ => Ok(Self::Directory { path }),
            };
        }
        #[cfg(not(target_arch = "wasm32"))]
        for (prefix, kind) in [("docker-daemon:", Kind::Docker), ("podman:", Kind::Podman)] {
            if let Some(image) = text.strip_prefix(prefix) {
                return engine(prefix, kind, image);
            }
        }
        if text == "-" {
            return Ok(Self::Input(None));
        }
        bare(text)
    }
}

#[cfg(not(target_arch = "wasm32"))]
fn engine(prefix: &'static str, kind: Kind, image: &str) -> Result<Locator, LocatorError> {
    if image.is_empty() {
        return Err(LocatorError::NoImage(prefix));
    }
    // An image's ID is no reference, and what an engine is asked for has to be one of both.
    let id = image.strip_prefix("sha256:").unwrap_or(image);
    if !id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        registry(image)?;
    }
    Ok(Locator::Engine {
        kind,
        image: image.to_owned(),
    })
}

fn registry(text: &str) -> Result<Locator, LocatorError> {
    if is_only_host(text) {
        return Err(LocatorError::OnlyRegistry(text.to_owned()));
    }
    text.parse()
        .map(Locator::Registry)
        .map_err(|reason| LocatorError::Reference {
            text: text.to_owned(),
            reason,
        })
}

/// A host without a repository: an address, this machine, or a domain with a port. As references these would be names of
/// Docker Hub's, which is then told the name of a private host.
fn is_only_host(text: &str) -> bool {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) => (host, port.parse::<u16>().ok()),
        None => (text, None),
    };
    if text.contains(':') && port.is_none() {
        return false;
    }
    // Small numbers are tags, as in app.tar:1; registries listen on others.
    let listens = port.is_some_and(|port| matches!(port, 80 | 443 | 1024..));
    let is_domain = host.contains('.') && !host.contains(['/', '@', ':']);
    host.parse::<Ipv4Addr>().is_ok() || host == "localhost" || (is_domain && listens)
}

/// `PATH[:REF]`; `None` without a path.
fn split(rest: &str) -> Option<(PathBuf, Option<String>)> {
    // What has a colon in its own name is still found under its whole name.
    let drive = usize::from(rest.get(1..3) == Some(":\\")) * 2;
    let colon = rest
        .get(drive..)
        .and_then(|rest| rest.find(':'))
        .map(|at| at + drive);
    let (path, reference) = match colon {
        Some(at) if !Path::new(rest).exists() => rest.split_at(at),
        _ => (rest, ""),
    };
    let reference = reference.strip_prefix(':').filter(|text| !text.is_empty());
    (!path.is_empty()).then(|| (PathBuf::from(path), reference.map(str::to_owned)))
}

impl Locator {
    /// As [`FromStr`] reads it, for what only registries have, such as tags: a folder or another file that happens to be
    /// called like a repository does not matter.
    ///
    /// # Errors
    /// The text names nothing.
    pub fn in_registry(text: &str) -> Result<Self, LocatorError> {
        let path = Path::new(text);
        let is_other = path.exists() && !is_path_like(text) && !is_called_archive(path);
        if is_other {
            registry(text)
        } else {
            text.parse()
        }
    }
}

/// How saved images are called.
const ARCHIVES: [&str; 10] = [
    "tar", "tgz", "gz", "zst", "tzst", "zstd", "xz", "txz", "bz2", "tbz2",
];

/// Without a prefix it is the file or the folder that is there, else a reference.
fn bare(text: &str) -> Result<Locator, LocatorError> {
    let whole = Path::new(text);
    if whole.is_dir() {
        return folder(text, None);
    }
    // A link that leads nowhere is told as a file that cannot be opened.
    if whole.symlink_metadata().is_ok() {
        return Ok(archive(whole.to_owned(), None));
    }
    if let Some(error) = unsupported_prefix(text) {
        return Err(error);
    }
    let path_like = is_path_like(text);
    // The name of one of several images is only looked for behind what cannot be a reference itself.
    if let Some((path, Some(reference))) = split(text) {
        let is_layout = path.join("oci-layout").is_file();
        if path.is_dir() && (path_like || is_layout) {
            return folder(&path.display().to_string(), Some(reference));
        }
        if path.exists() && !path.is_dir() && (path_like || is_called_archive(&path)) {
            return Ok(archive(path, Some(reference)));
        }
    }
    match path_like {
        true => Err(LocatorError::NoFile(text.to_owned())),
        false if is_called_archive(whole) => Err(LocatorError::NoArchive(text.to_owned())),
        false => registry(text),
    }
}

fn is_path_like(text: &str) -> bool {
    let starts = ["/", "./", "../", "~"];
    starts.iter().any(|start| text.starts_with(start)) || matches!(text, "." | "..")
}

fn is_called_archive(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|extension| ARCHIVES.contains(&extension))
}

fn archive(path: PathBuf, reference: Option<String>) -> Locator {
    Locator::Archive {
        path,
        form: Form::Any,
        reference,
    }
}

/// The image in a folder that is there.
fn folder(text: &str, reference: Option<String>) -> Result<Locator, LocatorError> {
    let path = PathBuf::from(text);
    let has = |name: &str| path.join(name).exists();
    let missing = match (has("oci-layout"), has("index.json")) {
        (true, true) => return Ok(Locator::Layout { path, reference }),
        (true, false) => MissingPart::Index,
        (false, true) => MissingPart::Marker,
        (false, false) if has("manifest.json") => return Ok(Locator::Directory { path }),
        (false, false) if has("blobs") => MissingPart::MarkerAndIndex,
        (false, false) => return Err(LocatorError::NoLayout(text.to_owned())),
    };
    Err(LocatorError::PartOfLayout {
        folder: text.to_owned(),
        missing,
    })
}

#[cfg(test)]
mod tests;
