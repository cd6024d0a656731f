//! What a client may ask of a list, and how it asks for a registry's next page.
//!
//! The distribution specification knows `n`, `last` and `artifactType`; nothing else of a client's query reaches a
//! registry. Some registries' links to their next page say more (quay.io's `next_page`), or lead to a path of the
//! registry's own: whoever could make one up would have the gateway ask a registry anything, with the operator's
//! credentials. Such a link is handed out with a seal, so that gateways know it for one that a registry wrote.

use std::sync::Arc;

use axum::http::StatusCode;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sha2::Sha256;

use crate::error::Refused;
use crate::range::number;
use crate::store::{Key, Objects};

/// What lists of tags and repositories take.
pub(crate) const PAGING: [&str; 2] = ["n", "last"];
/// What lists of referrers take.
pub(crate) const REFERRERS: [&str; 3] = ["artifactType", "n", "last"];

/// The parameter that holds a registry's own link.
const SEALED: &str = "next";
/// Characters of the seal: an HMAC-SHA-256 in Base64.
const SEAL: usize = 43;

/// Knows what it sealed, and what the other gateways sealed that use the same store.
pub(crate) struct Seal {
    own: Key,
    /// Where the gateways share a key. Without one, or while it cannot be read, each seals with its own.
    shared: Option<Arc<Objects>>,
}

impl Seal {
    /// With a new key of its own.
    pub(crate) fn new(shared: Option<Arc<Objects>>) -> Result<Self, getrandom::Error> {
        let mut own = [0; 64];
        getrandom::fill(&mut own)?;
        Ok(Self { own, shared })
    }

    /// What of a client's `query` for the list at `path` goes to the registry.
    pub(crate) async fn asked(
        &self,
        path: &str,
        query: Option<&str>,
        known: &[&str],
    ) -> Result<Option<String>, Refused> {
        let query = query.unwrap_or_default();
        let sealed = parts(query).find(|(key, _)| key == SEALED);
        if let Some((_, sealed)) = sealed {
            let (seal, next) = sealed.split_at_checked(SEAL).unwrap_or_default();
            if is_of(&self.own, seal, path, next)
                || self
                    .shared_key()
                    .await
                    .is_some_and(|key| is_of(&key, seal, path, next))
            {
                return Ok(Some(next.to_owned()));
            }
            let message = "next is not from a page of this list that this gateway sent; request the first page";
            return Err(invalid(message));
        }
        let mut kept: Vec<(String, String)> = Vec::new();
        for (key, value) in parts(query) {
            let again = kept.iter().any(|(kept, _)| *kept == key);
            if known.contains(&key.as_str()) && !again {
                kept.push((key, value));
            }
        }
        for (key, value) in &kept {
            if key == "n" && number(value).is_none() {
                let message =
                    "n must be a whole number, and last the final name of the previous page";
                return Err(invalid(message));
            }
        }
        let kept: Vec<_> = kept
            .iter()
            .map(|(key, value)| format!("{key}={}", encoded(value)))
            .collect();
        Ok((!kept.is_empty()).then(|| kept.join("&")))
    }

    /// The query with which a client asks for the page that the registry calls `next`: a query, or a path and a query.
    pub(crate) async fn query(&self, path: &str, next: &str, known: &[&str]) -> String {
        let plain = |(key, value): (String, String)| match key.as_str() {
            "n" => number(&value).is_some(),
            key => known.contains(&key),
        };
        if !next.starts_with('/') && parts(next).all(plain) {
            return next.to_owned();
        }
        let key = self.shared_key().await.unwrap_or(self.own);
        let seal = mac(&key, path, next).finalize().into_bytes();
        let seal = BASE64_URL_SAFE_NO_PAD.encode(seal);
        format!("{SEALED}={seal}{}", encoded(next))
    }

    /// The key of all gateways that use the store, which is this one's where there is none yet.
    async fn shared_key(&self) -> Option<Key> {
        self.shared.as_ref()?.key_of_pages(&self.own).await
    }
}

fn is_of(key: &Key, seal: &str, path: &str, next: &str) -> bool {
    let seal = BASE64_URL_SAFE_NO_PAD.decode(seal);
    seal.is_ok_and(|seal| mac(key, path, next).verify_slice(&seal).is_ok())
}

/// A link is good for the list that it is of.
fn mac(key: &Key, path: &str, next: &str) -> Hmac<Sha256> {
    let length = path.len() as u64;
    Hmac::new(key.into())
        .chain_update(length.to_be_bytes())
        .chain_update(path)
        .chain_update(next)
}

fn invalid(message: &str) -> Refused {
    Refused::new(
        StatusCode::BAD_REQUEST,
        "PAGINATION_NUMBER_INVALID",
        message,
    )
}

/// The keys and values of a query, decoded. A `+` stays one: in artifact types it is meant so.
fn parts(query: &str) -> impl Iterator<Item = (String, String)> {
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let parts = query.split('&').filter(|part| !part.is_empty());
    parts.map(move |part| {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        (decoded(key), decoded(value))
    })
}

fn encoded(value: &str) -> String {
    utf8_percent_encode(value, NON_ALPHANUMERIC).to_string()
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;

    use super::*;

    const PATH: &str = "/v2/quay.io/app/tags/list";

    fn seal() -> Seal {
        Seal::new(None).unwrap()
    }

    fn asked(query: &str, known: &[&str]) -> Option<String> {
        block_on(seal().asked(PATH, Some(query), known)).unwrap()
    }

    #[test]
    fn only_what_the_api_knows_is_asked_of_a_registry() {
        for (query, reaches) in [
            ("n=2&last=b", Some("n=2&last=b")),
            ("last=a%2Fb&evil=1&n=2", Some("last=a%2Fb&n=2")),
            (
                "last=b%26scope%3Dx;y=1#z",
                Some("last=b%26scope%3Dx%3By%3D1%23z"),
            ),
            ("n=1&n=2", Some("n=1")),
            ("artifactType=x", None),
            ("%6e=3", Some("n=3")),
            ("N=3&scope=x&service=y", None),
            ("", None),
        ] {
            assert_eq!(asked(query, &PAGING).as_deref(), reaches, "{query}");
        }
        let both = "artifactType=application/vnd.x+json";
        let reaches = "artifactType=application%2Fvnd%2Ex%2Bjson";
        assert_eq!(asked(both, &REFERRERS).as_deref(), Some(reaches));
        for wrong in ["n=x", "n=-1", "n=+1", "n=1%20", "n=", "next=1", "next="] {
            let refused = block_on(seal().asked(PATH, Some(wrong), &PAGING));
            assert!(refused.is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_link_of_a_registry_comes_back_as_it_was_and_no_other_does() {
        let seal = seal();
        let sent = |next: &str| block_on(seal.query(PATH, next, &PAGING));
        let back = |query: &str, path: &str| block_on(seal.asked(path, Some(query), &PAGING));
        assert_eq!(sent("n=2&last=b"), "n=2&last=b");
        let next = "next_page=gAAA%3D&n=50";
        let query = sent(next);
        assert_eq!(back(&query, PATH).unwrap().as_deref(), Some(next));
        let path = "/prefix/v2/app/tags/list?last=b&n=2";
        let sealed = sent(path);
        assert_eq!(back(&sealed, PATH).unwrap().as_deref(), Some(path));
        assert_eq!(back(path, PATH).unwrap().as_deref(), Some("n=2"));
        assert!(back(&query, "/v2/quay.io/other/tags/list").is_err());
        assert!(back(&format!("{query}%26evil%3D1"), PATH).is_err());
        let other = Seal::new(None).unwrap();
        assert!(block_on(other.asked(PATH, Some(&query), &PAGING)).is_err());
    }
}
