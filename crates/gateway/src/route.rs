//! What a path under `/v2/` asks for.

use axum::http::StatusCode;
use onionskin_core::digest::{Digest, DigestError};
use onionskin_core::source::registry::TagOrDigest;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::error::Refused;

/// Whether a path is the registry API's.
pub(crate) fn is_api(path: &str) -> bool {
    path == "/v2" || path.starts_with("/v2/")
}

/// Whether a path is one for whatever watches over this process: it is answered to everybody, at any rate.
pub(crate) fn is_health(path: &str) -> bool {
    matches!(path, "/healthz" | "/readyz")
}

/// A request of the distribution API, as far as reading goes. Names are as they came, not yet checked.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// `/v2/_catalog`
    Catalog,
    /// `/v2/REGISTRY/_catalog`, which the specification has not: no repository's name ends so.
    CatalogOf(String),
    /// `/v2/NAME/referrers/DIGEST`
    Referrers(String, Digest),
    /// `/v2/NAME/tags/list`
    Tags(String),
    /// `/v2/NAME/manifests/REFERENCE`
    Manifest(String, TagOrDigest),
    /// `/v2/NAME/blobs/DIGEST`
    Blob(String, Digest),
}

impl Route {
    /// The repository or registry that it names, if it names one.
    pub(crate) fn name(&self) -> Option<&str> {
        match self {
            Self::Catalog => None,
            Self::CatalogOf(name)
            | Self::Referrers(name, _)
            | Self::Tags(name)
            | Self::Manifest(name, _)
            | Self::Blob(name, _) => Some(name),
        }
    }

    /// What kind of request it is, for logs and metrics.
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Catalog | Self::CatalogOf(_) => "catalog",
            Self::Referrers(..) => "referrers",
            Self::Tags(_) => "tags",
            Self::Manifest(..) => "manifest",
            Self::Blob(..) => "blob",
        }
    }

    /// What follows `/v2/` in the path that asks for it, percent-encoded.
    pub(crate) fn path(&self) -> String {
        let text = match self {
            Self::Catalog => "_catalog".to_owned(),
            Self::CatalogOf(name) => format!("{name}/_catalog"),
            Self::Referrers(name, digest) => format!("{name}/referrers/{digest}"),
            Self::Tags(name) => format!("{name}/tags/list"),
            Self::Manifest(name, pointer) => format!("{name}/manifests/{pointer}"),
            Self::Blob(name, digest) => format!("{name}/blobs/{digest}"),
        };
        utf8_percent_encode(&text, NON_ALPHANUMERIC).to_string()
    }

    /// Reads what follows `/v2/`, still percent-encoded.
    pub(crate) fn parse(path: &str) -> Result<Self, Refused> {
        let path = percent_decode_str(path)
            .decode_utf8()
            .map_err(|_| Refused::name_invalid("the name is not UTF-8"))?;
        if path == "_catalog" {
            return Ok(Self::Catalog);
        }
        if let Some(registry) = path
            .strip_suffix("/_catalog")
            .filter(|name| !name.contains('/'))
        {
            return Ok(Self::CatalogOf(registry.to_owned()));
        }
        let unsupported = || {
            Refused::new(
                StatusCode::NOT_FOUND,
                "UNSUPPORTED",
                "this registry serves manifests, blobs, referrers, lists of tags and the catalog",
            )
        };
        let (front, last) = path.rsplit_once('/').ok_or_else(unsupported)?;
        let (name, kind) = front.rsplit_once('/').ok_or_else(unsupported)?;
        let name = name.to_owned();
        match (kind, last) {
            ("tags", "list") => Ok(Self::Tags(name)),
            ("manifests", _) => Ok(Self::Manifest(name, pointer(last)?)),
            ("blobs", digest) => Ok(Self::Blob(name, parsed(digest)?)),
            ("referrers", digest) => Ok(Self::Referrers(name, parsed(digest)?)),
            _ => Err(unsupported()),
        }
    }
}

fn parsed(digest: &str) -> Result<Digest, Refused> {
    digest.parse().map_err(|error: DigestError| {
        Refused::new(StatusCode::BAD_REQUEST, "DIGEST_INVALID", error.to_string())
    })
}

fn pointer(text: &str) -> Result<TagOrDigest, Refused> {
    text.parse().map_err(|_| {
        let (code, message) = if text.contains(':') {
            (
                "DIGEST_INVALID",
                "a digest is sha256: and 64 lower-case hex digits, or sha512: and 128",
            )
        } else {
            (
                "TAG_INVALID",
                "a tag has up to 128 letters, digits and `_`, and not at its start `.` and `-`",
            )
        };
        Refused::new(StatusCode::BAD_REQUEST, code, message)
    })
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;

    /// What paths are made of, and what does not belong there.
    const PARTS: &[&str] = &[
        "/",
        "/",
        "/",
        "manifests",
        "blobs",
        "referrers",
        "tags",
        "list",
        "_catalog",
        "a",
        "1.0",
        "docker.io",
        "sha256:",
        "sha512:",
        "..",
        "%2e%2e",
        "%2F",
        "%00",
        "%FF",
        "%",
        "?",
        "#",
        "@",
        ":",
        "\\",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "\u{202e}",
        " ",
        "~",
    ];

    proptest! {
        /// Whatever a client asks for is one thing, whose tag or digest leads nowhere else, or is refused.
        #[test]
        fn any_path_is_one_route_or_none(parts in vec(select(PARTS), 0..12)) {
            let text = parts.concat();
            if let Ok(route) = Route::parse(&text) {
                let again = Route::parse(&route.path()).unwrap();
                prop_assert_eq!(&again, &route);
                let pointer = match &route {
                    Route::Manifest(_, pointer) => pointer.to_string(),
                    Route::Blob(_, digest) | Route::Referrers(_, digest) => digest.to_string(),
                    _ => String::new(),
                };
                let plain = |c: char| c.is_ascii_alphanumeric() || "._-:".contains(c);
                prop_assert!(pointer.chars().all(plain) && pointer != "..", "{}", text);
            }
        }
    }

    fn digest() -> Digest {
        Digest::sha256(b"")
    }

    #[test]
    fn paths_of_the_specification_are_understood() {
        let name = || "docker.io/library/nginx".to_owned();
        let digest = digest();
        for (path, route) in [
            ("_catalog".to_owned(), Route::Catalog),
            (
                "127.0.0.1%3A5000/_catalog".to_owned(),
                Route::CatalogOf("127.0.0.1:5000".to_owned()),
            ),
            (
                format!("quay.io/app/referrers/{digest}"),
                Route::Referrers("quay.io/app".to_owned(), digest.clone()),
            ),
            (
                "docker.io/library/nginx/tags/list".to_owned(),
                Route::Tags(name()),
            ),
            (
                "docker.io/library/nginx/manifests/1.27".to_owned(),
                Route::Manifest(name(), TagOrDigest::Tag("1.27".to_owned())),
            ),
            (
                format!("docker.io/library/nginx/manifests/{digest}"),
                Route::Manifest(name(), TagOrDigest::Digest(digest.clone())),
            ),
            (
                format!("docker.io/library/nginx/blobs/sha256%3A{}", digest.hex()),
                Route::Blob(name(), digest.clone()),
            ),
            (
                "127.0.0.1%3A5000/app/tags/list".to_owned(),
                Route::Tags("127.0.0.1:5000/app".to_owned()),
            ),
            (
                "quay.io/manifests/manifests/latest".to_owned(),
                Route::Manifest(
                    "quay.io/manifests".to_owned(),
                    TagOrDigest::Tag("latest".to_owned()),
                ),
            ),
        ] {
            assert_eq!(Route::parse(&path).unwrap(), route, "{path}");
        }
    }

    #[test]
    fn what_is_no_tag_and_no_digest_never_gets_further() {
        for (path, code) in [
            ("a/b/manifests/..", "TAG_INVALID"),
            ("a/b/manifests/%2e%2e%2f", "UNSUPPORTED"),
            ("a/b/manifests/a%3Fb", "TAG_INVALID"),
            ("a/b/manifests/", "TAG_INVALID"),
            ("a/b/manifests/sha256:00", "DIGEST_INVALID"),
            ("a/b/manifests/a@b", "TAG_INVALID"),
            ("a/b/blobs/latest", "DIGEST_INVALID"),
            ("a/b/referrers/latest", "DIGEST_INVALID"),
            ("a/b/_catalog", "UNSUPPORTED"),
            ("a/b/blobs/sha256:../../x", "UNSUPPORTED"),
            ("a/b/blobs/uploads/", "UNSUPPORTED"),
            ("a/b/%FF/tags/list", "NAME_INVALID"),
            ("tags/list", "UNSUPPORTED"),
            ("a/b", "UNSUPPORTED"),
        ] {
            assert_eq!(Route::parse(path).unwrap_err().code, code, "{path}");
        }
    }
}
