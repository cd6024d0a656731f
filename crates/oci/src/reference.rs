//! Image references (`nginx:1.27`, `registry.example.com:5000/team/app@sha256:…`): the grammar of
//! distribution/reference, and the short names of Docker Hub written out.

mod grammar;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::digest::{Digest, DigestError};
use grammar::{check_domain, check_path, check_tag, is_domain};

/// The domain that a reference without one means.
pub const DOCKER_HUB: &str = "docker.io";
/// The tag that a reference with neither tag nor digest means.
pub const DEFAULT_TAG: &str = "latest";
/// Characters of a repository's path, at most.
pub const PATH_LENGTH: usize = 255;
/// Characters of a tag, at most.
pub const TAG_LENGTH: usize = 128;

/// The host that serves its API.
pub const DOCKER_HUB_API: &str = "registry-1.docker.io";
const LEGACY_DOCKER_HUB: &str = "index.docker.io";
const OFFICIAL: &str = "library/";

/// Which image, in which repository, of which registry; written out in full.
///
/// ```
/// use onionskin_oci::reference::Reference;
/// let nginx: Reference = "nginx".parse()?;
/// assert_eq!(nginx.to_string(), "docker.io/library/nginx:latest");
/// assert_eq!(nginx.familiar(), "nginx:latest");
/// # Ok::<(), onionskin_oci::reference::ReferenceError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Reference {
    domain: String,
    path: String,
    tag: Option<String>,
    digest: Option<Digest>,
}

/// Why a text is no reference. Positions count characters, from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReferenceError {
    /// There is nothing.
    #[error(
        "the image name is missing; write one such as nginx:1.27 or registry.example.com/team/app:1.0"
    )]
    Empty,
    /// A bare image ID of an engine.
    #[error(
        "64 hex digits are an image ID, which only the engine that made it knows; give the image's name"
    )]
    ImageId,
    /// It starts like a URL.
    #[error("an image name has no {scheme}:// in front; leave that out")]
    Scheme {
        /// What stands before `://`.
        scheme: String,
    },
    /// The registry's host is no host.
    #[error(
        "{domain:?} is not a registry host: character {at} is {found:?}, but host names have letters, digits, dots and dashes inside"
    )]
    DomainCharacter {
        /// The part before the first slash.
        domain: String,
        /// Where it goes wrong.
        at: usize,
        /// What stands there.
        found: char,
    },
    /// A host, or a part of one between dots, is empty, or starts or ends with a dash.
    #[error(
        "{domain:?} is not a registry host: near character {at} a part between dots is empty, or starts or ends with a dash"
    )]
    DomainPart {
        /// The part before the first slash.
        domain: String,
        /// Where the part starts.
        at: usize,
    },
    /// Brackets without an IPv6 address inside.
    #[error(
        "{domain:?} is not a registry host: brackets must contain an IPv6 address, as in [::1]:5000"
    )]
    Ipv6 {
        /// The part before the first slash.
        domain: String,
    },
    /// The port is no number up to 65535.
    #[error("{port:?}, from character {at}, is not a port; ports are numbers from 1 to 65535")]
    Port {
        /// What stands after the colon.
        port: String,
        /// Where it starts.
        at: usize,
    },
    /// Two slashes in a row, or one at the end.
    #[error(
        "the repository's name has an empty part at character {at}; write one slash between parts and none at the end"
    )]
    EmptyPart {
        /// Where the part should be.
        at: usize,
    },
    /// An upper-case letter in the repository's name.
    #[error("repository names are lower case, but character {at} is {found:?}")]
    UpperCase {
        /// Where it stands.
        at: usize,
        /// The letter.
        found: char,
    },
    /// A character that no repository's name has.
    #[error(
        "character {at} is {found:?}, but repository names have only a-z, 0-9 and, between those, one dot, one or two underscores, or dashes"
    )]
    NameCharacter {
        /// Where it stands.
        at: usize,
        /// The character.
        found: char,
    },
    /// A separator at the start or end of a part, or several that do not go together.
    #[error(
        "the {found:?} at character {at} does not stand alone between letters or digits; only __ and dashes may repeat"
    )]
    Separator {
        /// Where it stands.
        at: usize,
        /// The separator.
        found: char,
    },
    /// The repository's path is too long.
    #[error("the repository's name has {length} characters; {PATH_LENGTH} is the most")]
    NameTooLong {
        /// Its characters, with `library/` where that is implied.
        length: usize,
    },
    /// A colon with nothing behind it.
    #[error("the tag after the colon at character {at} is missing; write one, or remove the colon")]
    EmptyTag {
        /// Where the colon stands.
        at: usize,
    },
    /// A character that no tag has.
    #[error(
        "character {at} is {found:?}, but tags have only letters, digits, _, and not at the start . and -"
    )]
    TagCharacter {
        /// Where it stands.
        at: usize,
        /// The character.
        found: char,
    },
    /// The tag is too long.
    #[error("the tag has {length} characters; {TAG_LENGTH} is the most")]
    TagTooLong {
        /// Its characters.
        length: usize,
    },
    /// What follows the `@` is no digest.
    #[error("after the @ at character {at}: {reason}")]
    Digest {
        /// Where the `@` stands.
        at: usize,
        /// What is wrong with the digest.
        #[source]
        reason: DigestError,
    },
}

impl Reference {
    /// The registry's host, with a port where one was given; `docker.io` for Docker Hub.
    #[must_use]
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// The repository's name in its registry, such as `library/nginx`.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The tag; `latest` where the text had neither tag nor digest.
    #[must_use]
    pub fn tag(&self) -> Option<&str> {
        self.tag.as_deref()
    }

    /// The digest, which decides where there is a tag too.
    #[must_use]
    pub const fn digest(&self) -> Option<&Digest> {
        self.digest.as_ref()
    }

    /// What a registry is asked for: the digest, else the tag.
    #[must_use]
    pub fn wanted(&self) -> String {
        match (&self.digest, &self.tag) {
            (Some(digest), _) => digest.to_string(),
            (None, Some(tag)) => tag.clone(),
            (None, None) => DEFAULT_TAG.to_owned(),
        }
    }

    /// The same image pinned to what its tag is now; the tag stays as a note for readers.
    #[must_use]
    pub fn with_digest(&self, digest: Digest) -> Self {
        Self {
            digest: Some(digest),
            ..self.clone()
        }
    }

    /// The repository alone: neither tag nor digest.
    #[must_use]
    pub fn without_tag(&self) -> Self {
        Self {
            tag: None,
            digest: None,
            ..self.clone()
        }
    }

    /// The host that serves the registry's API: `registry-1.docker.io` for Docker Hub, else the domain.
    #[must_use]
    pub fn api_host(&self) -> &str {
        if self.is_docker_hub() {
            DOCKER_HUB_API
        } else {
            &self.domain
        }
    }

    /// Whether the image is one of Docker Hub's.
    #[must_use]
    pub fn is_docker_hub(&self) -> bool {
        self.domain == DOCKER_HUB
    }

    /// The short form that people type: without `docker.io/` and `library/`.
    #[must_use]
    pub fn familiar(&self) -> String {
        self.with_name(&self.familiar_name())
    }

    fn familiar_name(&self) -> String {
        if !self.is_docker_hub() {
            return self.name();
        }
        match self.path.strip_prefix(OFFICIAL) {
            Some(name) if !name.contains('/') => name.to_owned(),
            // `a.b/c` would read as a host, so such a path keeps its domain.
            _ if self.path.split('/').next().is_some_and(is_domain) => self.name(),
            _ => self.path.clone(),
        }
    }

    /// The repository with its registry: the reference without tag and digest.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}/{}", self.domain, self.path)
    }

    /// The reference with another name for its repository, for people to read: it need not be one that can be parsed.
    #[must_use]
    pub fn with_name(&self, name: &str) -> String {
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = self.write(&mut text, name);
        text
    }

    fn write(&self, out: &mut impl fmt::Write, name: &str) -> fmt::Result {
        out.write_str(name)?;
        if let Some(tag) = &self.tag {
            write!(out, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(out, "@{digest}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, &self.name())
    }
}

/// The parts of a reference as it is written; nothing of them is checked or written out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parts<'t> {
    /// The registry, where it is named.
    pub domain: Option<&'t str>,
    /// The repository in it.
    pub path: &'t str,
    /// Both, as they are written.
    pub name: &'t str,
    /// The tag, where there is one.
    pub tag: Option<&'t str>,
    /// The digest, where there is one.
    pub digest: Option<&'t str>,
}

impl<'t> Parts<'t> {
    /// The parts of any text.
    #[must_use]
    pub fn of(text: &'t str) -> Self {
        let (domain, rest) = match text.split_once('/') {
            Some((first, rest)) if is_domain(first) => (Some(first), rest),
            _ => (None, text),
        };
        let before = text.len() - rest.len();
        let (rest, digest) = match rest.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest)),
            None => (rest, None),
        };
        let (path, tag) = match rest.split_once(':') {
            Some((path, tag)) => (path, Some(tag)),
            None => (rest, None),
        };
        Self {
            domain,
            path,
            name: text.get(..before + path.len()).unwrap_or(text),
            tag,
            digest,
        }
    }
}

impl FromStr for Reference {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        if text.is_empty() {
            return Err(ReferenceError::Empty);
        }
        if text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(ReferenceError::ImageId);
        }
        if let Some((scheme, _)) = text.split_once("://") {
            let scheme = scheme.chars().take(32).collect();
            return Err(ReferenceError::Scheme { scheme });
        }
        let Parts {
            domain,
            path,
            tag,
            digest,
            ..
        } = Parts::of(text);
        // Characters before each part: what positions in it are counted from.
        let before = domain.map_or(0, |domain| domain.chars().count() + 1);
        let before_tag = before + path.chars().count() + 1;
        let before_digest = before_tag + tag.map_or(0, |tag| tag.chars().count() + 1);
        let domain = match domain {
            None | Some(LEGACY_DOCKER_HUB) => DOCKER_HUB,
            Some(domain) => {
                check_domain(domain)?;
                domain
            }
        };
        check_path(path, before)?;
        let path = if domain == DOCKER_HUB && !path.contains('/') {
            format!("{OFFICIAL}{path}")
        } else {
            path.to_owned()
        };
        if path.len() > PATH_LENGTH {
            return Err(ReferenceError::NameTooLong { length: path.len() });
        }
        if let Some(tag) = tag {
            check_tag(tag, before_tag)?;
        }
        let digest = match digest {
            Some(digest) => Some(digest.parse().map_err(|reason| ReferenceError::Digest {
                at: before_digest,
                reason,
            })?),
            None => None,
        };
        let tag = match (tag, &digest) {
            (None, None) => Some(DEFAULT_TAG.to_owned()),
            (tag, _) => tag.map(str::to_owned),
        };
        Ok(Self {
            domain: domain.to_owned(),
            path,
            tag,
            digest,
        })
    }
}

impl Serialize for Reference {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Reference {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Whether a name says by itself in which registry it is, and is not short for one of Docker Hub.
#[must_use]
pub fn names_registry(name: &str) -> bool {
    name.split_once('/')
        .is_some_and(|(first, _)| is_domain(first))
}

#[cfg(test)]
mod tests;
