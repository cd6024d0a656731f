//! What people write on the command line to say which image: a reference, or a prefix that skopeo's users know.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::reference::{Reference, ReferenceError};

/// Where an image is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Locator {
    /// In a registry.
    Registry(Reference),
    /// In a file that `docker save` or `podman save` wrote.
    DockerArchive {
        /// The file.
        path: PathBuf,
        /// Which of its images, where it holds several.
        reference: Option<String>,
    },
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
    /// A known form that cannot be read yet.
    #[error("images from {form} are not yet supported; {instead}")]
    NotYet {
        /// The form.
        form: &'static str,
        /// What to do instead.
        instead: &'static str,
    },
    /// A prefix without a path behind it.
    #[error(
        "there is no path after docker-archive:; write docker-archive:PATH, or docker-archive:PATH:NAME where the file holds several images"
    )]
    NoPath,
    /// It looks like a path, and nothing is there.
    #[error("there is no file {0:?}")]
    NoFile(String),
}

/// Forms that other tools know, and what to do while we do not.
const NOT_YET: [(&str, &str, &str); 4] = [
    ("oci-archive:", "an OCI archive (oci-archive:)", COPY),
    ("oci:", "an OCI layout folder (oci:)", COPY),
    (
        "docker-daemon:",
        "a Docker daemon (docker-daemon:)",
        "run `docker save NAME -o image.tar` and give docker-archive:image.tar",
    ),
    (
        "podman:",
        "podman's store (podman:)",
        "run `podman save NAME -o image.tar` and give docker-archive:image.tar",
    ),
];
const COPY: &str = "run `skopeo copy` to docker-archive:image.tar and give that";

impl FromStr for Locator {
    type Err = LocatorError;

    fn from_str(text: &str) -> Result<Self, LocatorError> {
        if let Some(reference) = text.strip_prefix("docker://") {
            return registry(reference);
        }
        if let Some(rest) = text.strip_prefix("docker-archive:") {
            return docker_archive(rest);
        }
        if let Some((_, form, instead)) =
            NOT_YET.iter().find(|(prefix, ..)| text.starts_with(prefix))
        {
            return Err(LocatorError::NotYet { form, instead });
        }
        if text == "-" {
            return Err(LocatorError::NotYet {
                form: "standard input (-)",
                instead: "save it to a file and give docker-archive:FILE",
            });
        }
        bare(text)
    }
}

fn registry(text: &str) -> Result<Locator, LocatorError> {
    text.parse()
        .map(Locator::Registry)
        .map_err(|reason| LocatorError::Reference {
            text: text.to_owned(),
            reason,
        })
}

fn docker_archive(rest: &str) -> Result<Locator, LocatorError> {
    // A file whose own name has a colon is still found under its whole name.
    let drive = usize::from(rest.get(1..3) == Some(":\\")) * 2;
    let colon = rest
        .get(drive..)
        .and_then(|rest| rest.find(':'))
        .map(|at| at + drive);
    let (path, reference) = match colon {
        Some(at) if !Path::new(rest).is_file() => rest.split_at(at),
        _ => (rest, ""),
    };
    if path.is_empty() {
        return Err(LocatorError::NoPath);
    }
    let reference = reference.strip_prefix(':').filter(|text| !text.is_empty());
    Ok(Locator::DockerArchive {
        path: PathBuf::from(path),
        reference: reference.map(str::to_owned),
    })
}

/// Without a prefix it is a file where one is there under a name like a file's, else a reference.
fn bare(text: &str) -> Result<Locator, LocatorError> {
    let path = Path::new(text);
    let path_like = ["/", "./", "../", "~"]
        .iter()
        .any(|start| text.starts_with(start));
    let archive_like = path.extension().is_some_and(|extension| {
        ["tar", "tgz", "gz", "zst"]
            .iter()
            .any(|known| extension == *known)
    });
    if (path_like || archive_like) && path.is_file() {
        return Ok(Locator::DockerArchive {
            path: path.to_owned(),
            reference: None,
        });
    }
    if path.join("oci-layout").is_file() {
        return Err(LocatorError::NotYet {
            form: "an OCI layout folder",
            instead: COPY,
        });
    }
    if path_like {
        return Err(LocatorError::NoFile(text.to_owned()));
    }
    registry(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive(path: &str, reference: Option<&str>) -> Result<Locator, LocatorError> {
        Ok(Locator::DockerArchive {
            path: path.into(),
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
            "docker-archive:".parse::<Locator>(),
            Err(LocatorError::NoPath)
        );
        assert_eq!(
            "docker-archive::x".parse::<Locator>(),
            Err(LocatorError::NoPath)
        );
    }

    #[test]
    fn a_bare_path_to_a_file_is_an_archive_and_other_text_a_reference() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
        assert_eq!(file.parse(), archive(file, None));
        assert!(matches!(
            "./no/such.tar".parse::<Locator>(),
            Err(LocatorError::NoFile(_))
        ));
        assert!(matches!(
            "app.tar".parse::<Locator>(),
            Ok(Locator::Registry(_))
        ));
        assert!(matches!(
            "Not an image".parse::<Locator>(),
            Err(LocatorError::Reference { .. })
        ));
    }

    #[test]
    fn forms_that_come_later_say_so() {
        for text in [
            "oci-archive:x.tar",
            "oci:dir:1",
            "docker-daemon:nginx",
            "podman:nginx",
            "-",
        ] {
            assert!(
                matches!(text.parse::<Locator>(), Err(LocatorError::NotYet { .. })),
                "{text}"
            );
        }
    }
}
