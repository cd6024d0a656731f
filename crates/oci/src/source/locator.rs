//! What people write on the command line to say which image: a reference, or a prefix that skopeo's users know.

mod error;
mod foreign;
#[cfg(test)]
mod tests;

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::archive::Form;
#[cfg(not(target_arch = "wasm32"))]
use super::engine::EngineKind;
use crate::reference::Reference;

pub use error::{ForeignPrefix, LocatorError, MissingPart};
pub use foreign::not_in_registry;
use foreign::unsupported_prefix;

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
        kind: EngineKind,
        /// The image's name or ID.
        image: String,
    },
    /// In a saved file that comes on standard input.
    Input {
        /// What it is said to be.
        form: Form,
        /// Which of its images, where it holds several.
        reference: Option<String>,
    },
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
                    return Ok(Self::Input { form, reference });
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
        for (prefix, kind) in [
            ("docker-daemon:", EngineKind::Docker),
            ("podman:", EngineKind::Podman),
        ] {
            if let Some(image) = text.strip_prefix(prefix) {
                return engine(prefix, kind, image);
            }
        }
        if text == "-" {
            let (form, reference) = (Form::Any, None);
            return Ok(Self::Input { form, reference });
        }
        bare(text)
    }
}

#[cfg(not(target_arch = "wasm32"))]
fn engine(prefix: &'static str, kind: EngineKind, image: &str) -> Result<Locator, LocatorError> {
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
