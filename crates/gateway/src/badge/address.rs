//! What the address of a badge asks for, and which repositories have badges.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use axum::http::StatusCode;
use onionskin_core::platform::Platform;
use onionskin_core::reference::{DEFAULT_TAG, Parts};
use onionskin_core::report::badge::Metric;
use onionskin_core::source::registry::TagOrDigest;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::PATH;
use crate::error::Refused;

/// A repository of a registry whose images have badges: `ghcr.io/team/app`, or `ghcr.io/team/*` for all below.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadgeRepository {
    name: String,
    /// All repositories whose names begin with it and a slash.
    below: bool,
}

/// A text that names no repository.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not a repository; write its name as in the page, such as ghcr.io/team/app, or ghcr.io/team/* for all below"
)]
pub struct BadgeRepositoryError(String);

impl FromStr for BadgeRepository {
    type Err = BadgeRepositoryError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, below) = match text.strip_suffix("/*") {
            Some(name) => (name, true),
            None => (text, false),
        };
        let is_part = |part: &str| {
            let in_name = |byte: u8| byte.is_ascii_alphanumeric() || b"._-:".contains(&byte);
            !part.is_empty() && part.bytes().all(in_name)
        };
        // A name without a registry would be one of no registry that a gateway reaches.
        if !name.split('/').all(is_part) || !(below || name.contains('/')) {
            return Err(BadgeRepositoryError(text.to_owned()));
        }
        Ok(Self {
            name: name.to_owned(),
            below,
        })
    }
}

impl fmt::Display for BadgeRepository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        f.write_str(if self.below { "/*" } else { "" })
    }
}

impl BadgeRepository {
    pub(super) fn has(&self, name: &str) -> bool {
        let rest = name.strip_prefix(self.name.as_str());
        rest.is_some_and(|rest| match self.below {
            true => rest.starts_with('/'),
            false => rest.is_empty(),
        })
    }
}

/// Which badge of which image.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) name: String,
    pub(crate) pointer: TagOrDigest,
    pub(super) platform: Option<Platform>,
    pub(super) metric: Metric,
    pub(super) label: Option<String>,
}

impl Address {
    /// The path that names the image, percent-encoded.
    pub(crate) fn path(&self) -> String {
        let separator = match self.pointer {
            TagOrDigest::Tag(_) => ':',
            TagOrDigest::Digest(_) => '@',
        };
        let image = format!("{}{separator}{}", self.name, self.pointer);
        format!("{PATH}{}", utf8_percent_encode(&image, NON_ALPHANUMERIC))
    }

    /// Reads `/badge/NAME[:TAG|@DIGEST]?metric=…&label=…&platform=…`. What else a query has is passed over: pages add what
    /// they count by.
    pub(crate) fn parse(path: &str, query: Option<&str>) -> Result<Self, Refused> {
        let rest = path.strip_prefix(PATH).unwrap_or_default();
        let image = percent_decode_str(rest)
            .decode_utf8()
            .map_err(|_| Refused::name_invalid("the name is not UTF-8"))?;
        let Parts {
            name, tag, digest, ..
        } = Parts::of(&image);
        let pointer = digest
            .or(tag)
            .unwrap_or(DEFAULT_TAG)
            .parse()
            .map_err(|_| Refused::name_invalid("the address ends with :TAG or @DIGEST"))?;
        let mut address = Self {
            name: name.to_owned(),
            pointer,
            platform: None,
            metric: Metric::default(),
            label: None,
        };
        let invalid =
            |problem: String| Refused::new(StatusCode::BAD_REQUEST, "UNSUPPORTED", problem);
        for pair in query.unwrap_or_default().split('&') {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = || -> Result<String, Refused> {
                let value = value.replace('+', " ");
                let value = percent_decode_str(&value)
                    .decode_utf8()
                    .map(Cow::into_owned);
                value.map_err(|_| invalid(format!("{key} is not UTF-8")))
            };
            match key {
                "metric" => {
                    let metric = value()?.parse();
                    address.metric = metric.map_err(|error| invalid(format!("{error}")))?;
                }
                "platform" => {
                    let platform = value()?.parse();
                    address.platform = Some(platform.map_err(|error| invalid(format!("{error}")))?);
                }
                "label" => address.label = Some(value()?),
                _ => {}
            }
        }
        Ok(address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_an_image_and_what_to_tell() {
        let parse = |path: &str, query| Address::parse(path, query).unwrap();
        let address = parse("/badge/ghcr.io/team/app:1.0", None);
        assert_eq!(address.name, "ghcr.io/team/app");
        assert_eq!(address.pointer.to_string(), "1.0");
        assert_eq!(address.metric, Metric::Wasted);
        let address = parse(
            "/badge/team:5000/app",
            Some("cache=1&label=a+b%20c&metric=size"),
        );
        assert_eq!(address.name, "team:5000/app");
        assert_eq!(address.pointer.to_string(), "latest");
        assert_eq!(address.label.as_deref(), Some("a b c"));
        assert_eq!(address.metric, Metric::Size);
        let digest = format!("sha256:{}", "0".repeat(64));
        let address = parse(
            &format!("/badge/demo/hello%40{digest}"),
            Some("platform=linux%2Farm64"),
        );
        assert_eq!(address.name, "demo/hello");
        assert_eq!(address.pointer.to_string(), digest);
        assert_eq!(address.platform.unwrap().to_string(), "linux/arm64");
        for (path, query) in [
            ("/badge/app:%ff", None),
            ("/badge/app:", None),
            ("/badge/app@sha256:0", None),
            ("/badge/app:1", Some("metric=waste")),
            ("/badge/app:1", Some("label=%ff")),
            ("/badge/app:1", Some("platform=")),
        ] {
            let refused = Address::parse(path, query).unwrap_err();
            assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{path} {query:?}");
        }
    }

    #[test]
    fn a_repository_is_itself_and_no_other() {
        let of = |text: &str| text.parse::<BadgeRepository>().unwrap();
        assert!(of("ghcr.io/team/app").has("ghcr.io/team/app"));
        for other in [
            "ghcr.io/team/app2",
            "ghcr.io/team/app/x",
            "ghcr.io/team",
            "x",
        ] {
            assert!(!of("ghcr.io/team/app").has(other), "{other}");
        }
        assert!(of("ghcr.io/team/*").has("ghcr.io/team/app/x"));
        assert!(of("team/*").has("team/app"));
        assert!(!of("ghcr.io/team/*").has("ghcr.io/team"));
        assert!(!of("ghcr.io/team/*").has("ghcr.io/teams/app"));
        for text in [
            "",
            "*",
            "/*",
            "app",
            "ghcr.io//app",
            "ghcr.io/a*",
            "ghcr.io/*/app",
            "a b/c",
        ] {
            assert!(text.parse::<BadgeRepository>().is_err(), "{text}");
        }
        for text in ["ghcr.io/team/app", "ghcr.io/team/*"] {
            assert_eq!(of(text).to_string(), text);
        }
    }
}
