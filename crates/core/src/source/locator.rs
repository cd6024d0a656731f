//! What people write on the command line to say which image: a reference, or a prefix that skopeo's users know.

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
    #[error("{text:?} names no image: {reason}")]
    Reference {
        /// What was written.
        text: String,
        /// What is wrong with it.
        #[source]
        reason: ReferenceError,
    },
    /// A prefix without an image behind it.
    #[error("there is no image after {0}; write {0}NAME:TAG")]
    NoImage(&'static str),
    /// A prefix without a path behind it.
    #[error(
        "there is no path after {0}; write {0}PATH, or {0}PATH:NAME where it holds several images"
    )]
    NoPath(&'static str),
    /// It looks like a path, and nothing is there.
    #[error("there is no file {0:?}")]
    NoFile(String),
    /// It is called like an archive, and nothing is there.
    #[error("there is no file {0:?}; an image of that name in a registry is docker://{0}")]
    NoArchive(String),
    /// A folder that is no layout.
    #[error(
        "the folder {0:?} is no OCI layout: there is no file oci-layout and no index.json in it"
    )]
    NoLayout(String),
}

impl FromStr for Locator {
    type Err = LocatorError;

    fn from_str(text: &str) -> Result<Self, LocatorError> {
        if let Some(reference) = text.strip_prefix("docker://") {
            return registry(reference);
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
    text.parse()
        .map(Locator::Registry)
        .map_err(|reason| LocatorError::Reference {
            text: text.to_owned(),
            reason,
        })
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

/// How saved images are called; those in xz and bzip2 are told to be unpacked first.
const ARCHIVES: [&str; 10] = [
    "tar", "tgz", "gz", "zst", "tzst", "zstd", "xz", "txz", "bz2", "tbz2",
];

/// Without a prefix it is a file or a folder where one is there under a name like a path's, else a reference.
fn bare(text: &str) -> Result<Locator, LocatorError> {
    let path_like = ["/", "./", "../", "~"]
        .iter()
        .any(|start| text.starts_with(start))
        || matches!(text, "." | "..");
    let called_archive = |path: &Path| {
        let extension = path.extension().and_then(|extension| extension.to_str());
        extension.is_some_and(|extension| ARCHIVES.contains(&extension))
    };
    let archive_like = |path: &Path| called_archive(path) && path.is_file();
    // A reference of a layout is only looked for behind what cannot be a reference itself.
    let (path, reference) = split(text)
        .filter(|(path, _)| path_like || archive_like(path))
        .unwrap_or_else(|| (PathBuf::from(text), None));
    let archive_like = archive_like(&path);
    if (path_like || archive_like) && path.is_file() {
        return Ok(Locator::Archive {
            path,
            form: Form::Any,
            reference,
        });
    }
    if path.join("oci-layout").is_file() || (path_like && path.join("index.json").is_file()) {
        return Ok(Locator::Layout { path, reference });
    }
    match path_like {
        true if path.is_dir() => Err(LocatorError::NoLayout(text.to_owned())),
        true => Err(LocatorError::NoFile(text.to_owned())),
        false if called_archive(&path) => Err(LocatorError::NoArchive(text.to_owned())),
        false => registry(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive(path: &str, reference: Option<&str>) -> Result<Locator, LocatorError> {
        archive_of(Form::Docker, path, reference)
    }

    fn archive_of(
        form: Form,
        path: &str,
        reference: Option<&str>,
    ) -> Result<Locator, LocatorError> {
        Ok(Locator::Archive {
            path: path.into(),
            form,
            reference: reference.map(str::to_owned),
        })
    }

    #[test]
    fn prefixes_say_where_an_image_is() {
        let nginx: Reference = "nginx".parse().unwrap();
        assert_eq!("nginx".parse(), Ok(Locator::Registry(nginx.clone())));
        assert_eq!("docker://nginx".parse(), Ok(Locator::Registry(nginx)));
        assert_eq!("docker-archive:a.tar".parse(), archive("a.tar", None));
        assert_eq!(
            "docker-archive:/x/a.tar:app:1.0".parse(),
            archive("/x/a.tar", Some("app:1.0"))
        );
        assert_eq!(
            r"docker-archive:C:\a.tar:app".parse(),
            archive(r"C:\a.tar", Some("app"))
        );
        assert_eq!(
            "oci-archive:a.tar:1.0".parse(),
            archive_of(Form::Oci, "a.tar", Some("1.0"))
        );
        assert_eq!(
            "oci:no/layout:app:1.0".parse(),
            Ok(Locator::Layout {
                path: "no/layout".into(),
                reference: Some("app:1.0".to_owned())
            })
        );
        assert_eq!("-".parse(), Ok(Locator::Input(None)));
        let second = Some("app:2".to_owned());
        assert_eq!("docker-archive:-:app:2".parse(), Ok(Locator::Input(second)));
        assert_eq!(
            "docker-archive:".parse::<Locator>(),
            Err(LocatorError::NoPath("docker-archive:"))
        );
        assert_eq!(
            "docker-archive::x".parse::<Locator>(),
            Err(LocatorError::NoPath("docker-archive:"))
        );
    }

    #[test]
    fn a_bare_path_to_a_file_is_an_archive_and_other_text_a_reference() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
        assert_eq!(file.parse(), archive_of(Form::Any, file, None));
        assert_eq!(
            format!("{file}:app:1").parse(),
            archive_of(Form::Any, file, Some("app:1"))
        );
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src");
        assert_eq!(
            folder.parse::<Locator>(),
            Err(LocatorError::NoLayout(folder.to_owned()))
        );
        assert!(matches!(
            "./no/such.tar".parse::<Locator>(),
            Err(LocatorError::NoFile(_))
        ));
        assert!(matches!(
            "app.tar".parse::<Locator>(),
            Err(LocatorError::NoArchive(_))
        ));
        for registry in ["docker://app.tar", "app.tar:1", "example.com/app"] {
            let parsed = registry.parse::<Locator>();
            assert!(matches!(parsed, Ok(Locator::Registry(_))), "{registry}");
        }
        assert!(matches!(
            "Not an image".parse::<Locator>(),
            Err(LocatorError::Reference { .. })
        ));
    }

    #[test]
    fn engines_are_asked_for_names_and_ids() {
        let id = format!("sha256:{}", "ab".repeat(32));
        for (prefix, kind) in [("docker-daemon:", Kind::Docker), ("podman:", Kind::Podman)] {
            for image in ["nginx", "localhost/app:1", "0123456789ab", &id] {
                let image = image.to_owned();
                let text = format!("{prefix}{image}");
                assert_eq!(text.parse(), Ok(Locator::Engine { kind, image }));
            }
            for image in ["", "Not an image", "a/../b", "a?b", "a%2e"] {
                let text = format!("{prefix}{image}");
                assert!(text.parse::<Locator>().is_err(), "{text}");
            }
        }
    }
}
