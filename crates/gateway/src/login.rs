//! A visitor's own log-in at a registry: sent with each request, used for that one request, kept nowhere.
//!
//! It comes in `X-Registry-Auth`, the header of Docker's Engine API: JSON with `username`, `password` and `serveraddress`,
//! in Base64. `Authorization` is the gateway's own, and that of a proxy in front of it.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::sync::LazyLock;

use axum::http::{HeaderMap, HeaderName, StatusCode};
use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use onionskin_core::digest::Digest;
use onionskin_core::source::Credentials;
use onionskin_core::source::registry::is_loopback;
use serde::Deserialize;

use crate::client::Client;
use crate::error::Refused;
use crate::upstream::Upstream;

const REGISTRY_AUTH: HeaderName = HeaderName::from_static("x-registry-auth");

/// Docker's clients write `-` and `_`, with padding or without.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A log-in at one registry.
pub(crate) struct Login {
    /// The registry, as references name it.
    pub(crate) domain: String,
    pub(crate) credentials: Credentials,
    /// What tells it from other log-ins, in this process only: nothing can be read back from it.
    pub(crate) key: Digest,
}

/// What the header holds.
#[derive(Deserialize)]
struct Sent {
    username: String,
    password: String,
    serveraddress: String,
}

impl Login {
    /// The log-in in a request for something of a registry, which is called `name` here.
    pub(crate) fn of(
        headers: &HeaderMap,
        client: Option<Client>,
        name: &str,
        upstream: &Upstream,
    ) -> Result<Option<Self>, Refused> {
        let Upstream { domain, base } = upstream;
        let mut sent = headers.get_all(REGISTRY_AUTH).iter();
        let header = match (sent.next(), sent.next()) {
            (None, _) => return Ok(None),
            (Some(header), None) => header,
            (Some(_), Some(_)) => return Err(invalid("there are two")),
        };
        // On the way it may have been read already; it goes no further.
        if !client.is_some_and(|client| client.private) {
            let message = "log-ins at registries are accepted over HTTPS or from this machine only; a proxy in front of this gateway has to send X-Forwarded-Proto: https";
            return Err(Refused::new(StatusCode::FORBIDDEN, "DENIED", message));
        }
        // The operator's own goes there because the operator wrote `http://`; this visitor knows nothing of that.
        if base.scheme() == "http" && !base.host_str().is_some_and(is_loopback) {
            let message = format!(
                "this gateway asks {name} over plain HTTP, where others could read a log-in; its operator can name that registry with https://"
            );
            return Err(Refused::new(StatusCode::FORBIDDEN, "DENIED", message));
        }
        let text = BASE64.decode(header.as_bytes());
        let text = text.map_err(|_| invalid("it is not Base64"))?;
        // The error of the reader could quote what it read.
        let sent: Sent = serde_json::from_slice(&text)
            .map_err(|_| invalid("it is not JSON with username, password and serveraddress"))?;
        let is_for = |registry: &str| sent.serveraddress.eq_ignore_ascii_case(registry);
        if !is_for(name) && !is_for(domain) {
            return Err(invalid("it is for another registry"));
        }
        if sent.username.contains(':') || has_controls(&sent.username) {
            return Err(invalid(
                "a user name cannot contain a colon or control characters",
            ));
        }
        if has_controls(&sent.password) {
            return Err(invalid("a password cannot contain control characters"));
        }
        Ok(Some(Self {
            key: key(&[domain, &sent.username, &sent.password]),
            domain: domain.clone(),
            credentials: Credentials::Password {
                user: sent.username,
                password: sent.password,
            },
        }))
    }
}

/// They end up in a header.
fn has_controls(text: &str) -> bool {
    text.chars().any(char::is_control)
}

fn invalid(why: &str) -> Refused {
    let message = format!("the log-in in X-Registry-Auth is not valid: {why}");
    Refused::new(StatusCode::BAD_REQUEST, "UNAUTHORIZED", message)
}

/// A digest that nobody can compute who has not this process' memory.
fn key(parts: &[&str]) -> Digest {
    static SALT: LazyLock<[u64; 4]> =
        LazyLock::new(|| [0; 4].map(|_: u64| RandomState::new().hash_one(0)));
    let mut text = Vec::new();
    for number in *SALT {
        text.extend(number.to_le_bytes());
    }
    for part in parts {
        text.extend((part.len() as u64).to_le_bytes());
        text.extend(part.as_bytes());
    }
    Digest::sha256(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login(sent: &[&str], private: bool) -> Result<Option<Login>, String> {
        login_at("https://registry.example.com", sent, private)
    }

    fn login_at(base: &str, sent: &[&str], private: bool) -> Result<Option<Login>, String> {
        let mut headers = HeaderMap::new();
        for sent in sent {
            headers.append(REGISTRY_AUTH, sent.parse().unwrap());
        }
        let client = Client {
            address: [127, 0, 0, 1].into(),
            proxied: false,
            private,
        };
        let upstream = Upstream {
            domain: "registry.example.com".to_owned(),
            base: base.parse().unwrap(),
        };
        let found = Login::of(&headers, Some(client), "team", &upstream);
        found.map_err(|refused| refused.message)
    }

    fn sent(user: &str, password: &str, registry: &str) -> String {
        let sent = serde_json::json!({
            "username": user, "password": password, "serveraddress": registry,
        });
        BASE64.encode(sent.to_string())
    }

    #[test]
    fn a_log_in_is_for_one_registry_and_comes_in_private() {
        assert!(login(&[], false).unwrap().is_none());
        for registry in ["team", "registry.example.com", "Registry.Example.com"] {
            let header = sent("me", "hunter2", registry);
            let login = login(&[&header], true).unwrap().unwrap();
            assert_eq!(login.domain, "registry.example.com");
            let expected = Credentials::Password {
                user: "me".to_owned(),
                password: "hunter2".to_owned(),
            };
            assert_eq!(login.credentials, expected);
        }
        let header = sent("me", "hunter2", "team");
        let error = login(&[&header], false).map(|_| ()).unwrap_err();
        assert!(error.contains("over HTTPS"), "{error}");
        let bare = header.trim_end_matches('=');
        assert!(login(&[bare], true).unwrap().is_some());
    }

    #[test]
    fn a_log_in_goes_on_in_clear_on_this_machine_only() {
        let header = sent("me", "hunter2", "team");
        for base in ["http://registry.example.com", "http://10.0.0.7:5000"] {
            let error = login_at(base, &[&header], true).map(|_| ()).unwrap_err();
            assert!(error.contains("over plain HTTP"), "{error}");
            assert!(login_at(base, &[], true).unwrap().is_none());
        }
        for base in [
            "http://127.0.0.1:5000",
            "http://[::1]:5000",
            "http://localhost",
        ] {
            assert!(
                login_at(base, &[&header], true).unwrap().is_some(),
                "{base}"
            );
        }
    }

    #[test]
    fn what_is_no_log_in_is_refused_without_repeating_it() {
        let good = sent("me", "hunter2", "team");
        for wrong in [
            &["hunter2!"][..],
            &[&BASE64.encode("hunter2")],
            &[&BASE64.encode(r#"{"username":"me","password":"hunter2"}"#)],
            &[&sent("me", "hunter2", "other.example.com")],
            &[&sent("me", "hunter2", "")],
            &[&sent("me:x", "hunter2", "team")],
            &[&sent("me", "hunter2\r\nX: y", "team")],
            &[&good, &good],
        ] {
            let error = login(wrong, true).map(|_| ()).unwrap_err();
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn log_ins_are_told_apart() {
        let key = |user: &str, password: &str| {
            let header = sent(user, password, "team");
            login(&[&header], true).unwrap().unwrap().key
        };
        assert_eq!(key("a", "b"), key("a", "b"));
        assert_ne!(key("a", "b"), key("a", "c"));
        assert_ne!(key("ab", "c"), key("a", "bc"));
    }
}
