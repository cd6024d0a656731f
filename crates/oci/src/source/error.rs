//! What can go wrong on the way to an image, told apart by what its reader can do about it.

mod origin;
mod text;

pub use origin::Origin;

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Artifact, NotFetched};
use crate::manifest::ManifestError;
use crate::platform::Platform;
use text::{
    because, named_urls, no_access, no_list, of_size, platforms, quoted, try_again, where_to_look,
};

/// Why an image, or a part of it, could not be had.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The registry or the archive is there, the image is not.
    #[error("{what} was not found in {place}{}", because(.reason))]
    NotFound {
        /// What was asked for; a reference where it was an image.
        what: String,
        /// The registry or archive.
        place: String,
        /// What the registry said.
        reason: String,
    },
    /// A layer that cannot be read, although the image can.
    #[error("{what} is not available ({reason}){}", named_urls(.urls))]
    NotFetched {
        /// Which layer of which image.
        what: String,
        /// Why.
        reason: NotFetched,
        /// Where its manifest says that it is. Nothing is fetched from there.
        urls: Vec<String>,
    },
    /// The registry does not let this reader in, or hides what does not exist.
    #[error("{}", no_access(.what, .registry, *.credentials, .reason))]
    NoAccess {
        /// What was asked for.
        what: String,
        /// The registry.
        registry: String,
        /// Whether credentials were sent.
        credentials: bool,
        /// What the registry said.
        reason: String,
    },
    /// The registry has no list of its repositories, or not for this asker.
    #[error("{}", no_list(.registry, *.credentials, .reason))]
    NoList {
        /// The registry.
        registry: String,
        /// Whether credentials were sent.
        credentials: bool,
        /// What the registry said.
        reason: String,
    },
    /// A text that names no registry.
    #[error(
        "{0:?} is not a registry; write its host, as in registry.example.com:5000 or docker.io"
    )]
    NoRegistry(String),
    /// The gateway that stands between does not reach the registry.
    #[error("this gateway does not reach {registry}: {reason}")]
    NotReached {
        /// The registry.
        registry: String,
        /// What the gateway said.
        reason: String,
    },
    /// What the gateway that stands between says of its own request to the registry.
    #[error("{reason}")]
    Relayed {
        /// What was asked for.
        what: String,
        /// What the gateway said, a sentence of its own.
        reason: String,
    },
    /// A list comes in pages, and not all of them could be had.
    #[error("{what} is not complete: {reason}")]
    Incomplete {
        /// The list.
        what: String,
        /// Why the next page was not read.
        reason: String,
    },
    /// A web page came instead of what was asked for.
    #[error("{host} answered with a web page ({content_type}) instead of {what}{}", quoted(.words))]
    WebPage {
        /// What was asked for.
        what: String,
        /// Who answered.
        host: String,
        /// The type that the page was sent as.
        content_type: String,
        /// Its first words, without markup; empty where it has none.
        words: String,
    },
    /// Credentials are said to be somewhere, and could not be had.
    #[error("cannot get the credentials for {registry}: {problem}")]
    Credentials {
        /// The registry that wants to know who asks.
        registry: String,
        /// What is wrong, and in which file.
        problem: String,
    },
    /// No answer came.
    #[error("{host} cannot be reached: {problem}")]
    Unreachable {
        /// The host, with its port where it is not the usual one.
        host: String,
        /// How it failed.
        problem: Unreachable,
    },
    /// The registry asks to wait.
    #[error("{registry} allows no more requests for now{}; {}", because(.limit), try_again(.retry.as_ref()))]
    TooManyRequests {
        /// The registry.
        registry: String,
        /// When to try again, where it said so.
        retry: Option<RetryAfter>,
        /// Its limit, in words; empty where it said nothing.
        limit: String,
    },
    /// The registry is there, and cannot answer for now.
    #[error("{registry} is not available when asked for {what}{}; {}", because(.reason), try_again(.retry.as_ref()))]
    Unavailable {
        /// What was asked for.
        what: String,
        /// The registry, or another host that it sent us to.
        registry: String,
        /// When to try again, where it said so.
        retry: Option<RetryAfter>,
        /// What it said.
        reason: String,
    },
    /// The bytes that came are not those that were promised.
    #[error(
        "{what} does not match: expected {promised}, got {got}; the registry or a proxy changed it, so it is not used"
    )]
    Mismatch {
        /// What was fetched.
        what: String,
        /// The digest, size or type that was promised.
        promised: String,
        /// What came.
        got: String,
    },
    /// A part of a saved image is not what the image's documents say.
    #[error("{what} is damaged: {got} instead of {promised}; {}", .origin.remedy())]
    Damaged {
        /// Which part of which image.
        what: String,
        /// The digest or size that the documents name.
        promised: String,
        /// What there is.
        got: String,
        /// Where the image was read from.
        origin: Origin,
    },
    /// A part of a saved image is not there.
    #[error("{what} is missing: {reason}; {}", .origin.remedy())]
    Missing {
        /// Which part of which image.
        what: String,
        /// Where it was looked for.
        reason: String,
        /// Where the image was read from.
        origin: Origin,
    },
    /// A document came whole and is not usable.
    #[error("{what} cannot be shown: {problem}")]
    Document {
        /// What was fetched.
        what: String,
        /// What is wrong with it.
        #[source]
        problem: ManifestError,
    },
    /// What is there is something else than an image.
    #[error("{} cannot be shown: {}", .0.reference, .0)]
    Artifact(Box<Artifact>),
    /// The image is there, but not for the platform that was asked for.
    #[error("{what} has no image for {wanted}; it has {}", platforms(.available))]
    NoPlatform {
        /// What was asked for.
        what: String,
        /// The platform, or what stands for one in the message.
        wanted: String,
        /// What there is.
        available: Vec<Platform>,
    },
    /// The image is listed for the platform that was asked for, but was not saved for it.
    #[error("{what} was saved without {wanted}; it has {}", platforms(.available))]
    NotSaved {
        /// The saved image.
        what: String,
        /// The platform that was asked for.
        wanted: String,
        /// Those that it has.
        available: Vec<Platform>,
    },
    /// The transfer broke off.
    #[error("{what} broke off after {received}{} bytes: {reason}; try again", of_size(*.size))]
    Cut {
        /// What was being fetched.
        what: String,
        /// Bytes that came.
        received: u64,
        /// Bytes of the whole.
        size: Option<u64>,
        /// What broke.
        reason: String,
    },
    /// The rules do not allow the next step.
    #[error("{what} was not requested from {url}: {reason}")]
    Forbidden {
        /// What was wanted there.
        what: String,
        /// The address, without its query.
        url: String,
        /// The rule.
        reason: String,
    },
    /// The registry answered something that is none of the above.
    #[error("{registry} answered {status} when asked for {what}{}", because(.reason))]
    Answer {
        /// What was asked for.
        what: String,
        /// The registry, or another host that it sent us to.
        registry: String,
        /// The HTTP status.
        status: u16,
        /// What it said.
        reason: String,
    },
    /// An archive cannot be read.
    #[error("{path}: {problem}")]
    Archive {
        /// The archive, as the user named it.
        path: String,
        /// What is wrong.
        problem: String,
    },
}

/// How a host was not reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Unreachable {
    /// Its name has no address.
    Name,
    /// Nothing listens there.
    Refused,
    /// No secure connection could be made.
    Tls(String),
    /// It answered a TLS greeting with something else, as servers of plain http do.
    NotTls,
    /// It did not answer in time.
    Timeout,
    /// Something else.
    Other(String),
}

impl fmt::Display for Unreachable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name => f.write_str("its name was not found"),
            Self::Refused => f.write_str("nothing answers on that port"),
            Self::Tls(reason) => write!(f, "no secure connection ({reason})"),
            Self::NotTls => f.write_str("no secure connection (it does not use TLS)"),
            Self::Timeout => f.write_str("it did not answer in time"),
            Self::Other(reason) => f.write_str(reason),
        }
    }
}

/// When a registry wants to be asked again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RetryAfter {
    /// In so many seconds.
    Seconds(u64),
    /// At this time, as the registry wrote it.
    At(String),
}

impl SourceError {
    /// Whether the message names what was asked for. Others are about a host, credentials or a whole archive.
    #[must_use]
    pub const fn names_what(&self) -> bool {
        match self {
            Self::NotFound { .. }
            | Self::NotFetched { .. }
            | Self::NoAccess { .. }
            | Self::Incomplete { .. }
            | Self::WebPage { .. }
            | Self::Unavailable { .. }
            | Self::Mismatch { .. }
            | Self::Damaged { .. }
            | Self::Missing { .. }
            | Self::Document { .. }
            | Self::NoPlatform { .. }
            | Self::NotSaved { .. }
            | Self::Cut { .. }
            | Self::Forbidden { .. }
            | Self::Answer { .. } => true,
            Self::NoList { .. }
            | Self::NoRegistry(_)
            | Self::NotReached { .. }
            | Self::Relayed { .. }
            | Self::Credentials { .. }
            | Self::Unreachable { .. }
            | Self::TooManyRequests { .. }
            | Self::Artifact(_)
            | Self::Archive { .. } => false,
        }
    }

    /// What somebody at a command line can do about it; `None` where the error says all.
    #[must_use]
    pub fn advice(&self) -> Option<String> {
        let advice = match self {
            Self::NotFound { what, .. } => return Some(where_to_look(what)),
            Self::NoAccess { credentials, .. } => match credentials {
                true => "Check the name, or log in with an account that can read it",
                false => "Check the name, or log in with `docker login` or `podman login`",
            },
            Self::NoList { .. } => "Name one of its repositories, as in HOST/team/app",
            Self::Unreachable { problem, .. } => match problem {
                Unreachable::Name => "Check the name and the network",
                Unreachable::Refused => "Check the name and the port, and whether it runs",
                Unreachable::Tls(_) => "Give its certificate with --ca-file FILE",
                Unreachable::NotTls => "If it uses plain http, add --tls-verify=false",
                Unreachable::Timeout | Unreachable::Other(_) => "Check the network and try again",
            },
            Self::WebPage { .. } => {
                "Check the registry's name, and whether a proxy or a log-in page answers for it"
            }
            Self::Answer { .. } => {
                "Try again; if it keeps failing, contact the registry's administrator"
            }
            Self::Incomplete { .. } => "Contact the registry's administrator",
            _ => return None,
        };
        Some(advice.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_by_its_variant_whether_it_names_what_was_asked_for() {
        let what = || "layer 3 of app:1".to_owned();
        let errors = [
            SourceError::NotFound {
                what: what(),
                place: "registry.test".to_owned(),
                reason: String::new(),
            },
            SourceError::Relayed {
                what: what(),
                reason: "the registry closed the connection".to_owned(),
            },
            SourceError::Unreachable {
                host: "registry.test".to_owned(),
                problem: Unreachable::Timeout,
            },
            SourceError::Answer {
                what: what(),
                registry: "registry.test".to_owned(),
                status: 418,
                reason: String::new(),
            },
            Origin::File.mismatch(what(), "1 byte".to_owned(), "2 bytes".to_owned()),
            Origin::Registry.ended_early(what(), 1, 2),
        ];
        for error in errors {
            let named = error.to_string().contains(&what());
            assert_eq!(error.names_what(), named, "{error}");
        }
    }
}
