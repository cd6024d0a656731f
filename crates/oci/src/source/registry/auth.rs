//! Authentication at registries: tokens and passwords, asked for once a repository and shared by all requests to it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use reqwest::header::{HeaderValue, WWW_AUTHENTICATE};
use reqwest::{Method, Response, Url};

use super::answer::{self, RequestContext};
use super::challenge::{self, Challenge};
use super::realm;
use super::request::{Purpose, RegistryRequest};
use super::transport::{Transport, forbidden};
use crate::limits;
use crate::source::{Credentials, SourceError};

/// Bytes of a token server's answer; real tokens have a few thousand.
const TOKEN_BYTES: usize = 256 << 10;
/// Characters of a token; servers take headers of 8 to 64 KiB, and real tokens have a few thousand.
const TOKEN_LENGTH: usize = 16 << 10;
/// Members of the answers in which clouds give credentials to their machines (AWS, Azure), which no registry's token
/// server sends.
const OF_MACHINES: [&str; 5] = [
    "AccessKeyId",
    "SecretAccessKey",
    "ext_expires_in",
    "not_before",
    "resource",
];

/// What lets into one repository; held while it is being asked for, so that parallel requests wait for the one.
type Slot = Arc<futures::lock::Mutex<Option<HeaderValue>>>;

/// What leave is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope<'a> {
    /// To read the repository with this name at the registry.
    Repository(&'a str),
    /// To list the registry's repositories.
    Catalog,
}

impl Scope<'_> {
    /// As token servers write it (distribution, docs/spec/auth/scope.md).
    fn text(self) -> String {
        match self {
            Self::Repository(name) => format!("repository:{name}:pull"),
            Self::Catalog => "registry:catalog:*".to_owned(),
        }
    }
}

/// The `Authorization` headers that worked, by registry and scope.
#[derive(Default)]
pub(super) struct Auth {
    slots: Mutex<HashMap<(String, String), Slot>>,
}

/// A registry and a part of it, as a token server knows them.
pub(super) struct Audience<'a> {
    /// The registry's root.
    pub(super) registry: &'a Url,
    pub(super) scope: Scope<'a>,
    pub(super) credentials: Option<Credentials>,
}

impl Auth {
    /// The header that requests send so far; waits for a token that is on its way.
    pub(super) async fn current(&self, audience: &Audience<'_>) -> Option<HeaderValue> {
        self.slot(audience).lock().await.clone()
    }

    /// Something better than `used`, which `response` (a 401) did not take: what another request got meanwhile, or
    /// a fresh answer to the challenge. `None` if there is nothing better.
    pub(super) async fn renew(
        &self,
        transport: &Transport,
        audience: &Audience<'_>,
        used: Option<&HeaderValue>,
        response: &Response,
        asked: &RequestContext,
    ) -> Result<Option<HeaderValue>, SourceError> {
        let slot = self.slot(audience);
        let mut held = slot.lock().await;
        if held.is_some() && held.as_ref() != used {
            return Ok(held.clone());
        }
        let challenges = response.headers().get_all(WWW_AUTHENTICATE);
        let challenges: Vec<Challenge> = challenges
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(challenge::parse)
            .collect();
        let fresh = match challenges
            .iter()
            .find(|challenge| **challenge != Challenge::Basic)
        {
            Some(Challenge::Bearer { realm, service }) => {
                Some(bearer(transport, audience, realm, service.as_deref(), asked).await?)
            }
            _ if challenges.is_empty() => None,
            _ => match &audience.credentials {
                Some(Credentials::Password { user, password }) => Some(basic(user, password)),
                _ => None,
            },
        };
        let fresh = fresh.filter(|fresh| Some(fresh) != used);
        held.clone_from(&fresh);
        Ok(fresh)
    }

    fn slot(&self, audience: &Audience<'_>) -> Slot {
        let key = (audience.registry.to_string(), audience.scope.text());
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if slots.len() >= limits::REMEMBERED_REPOSITORIES && !slots.contains_key(&key) {
            slots.clear();
        }
        slots.entry(key).or_default().clone()
    }
}

fn basic(user: &str, password: &str) -> HeaderValue {
    let pair = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
    secret(&format!("Basic {pair}")).unwrap_or_else(|| HeaderValue::from_static("Basic"))
}

/// A header that debug output does not show; `None` for text that no header may hold.
fn secret(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// Asks the token server for leave.
///
/// The scope is always our own: one that a challenge asks for might reach further than what is read here.
async fn bearer(
    transport: &Transport,
    audience: &Audience<'_>,
    realm: &str,
    service: Option<&str>,
    asked: &RequestContext,
) -> Result<HeaderValue, SourceError> {
    if let Some(Credentials::RegistryToken(token)) = &audience.credentials {
        return secret(&format!("Bearer {token}"))
            .ok_or_else(|| answer::no_access(asked, "the token given is none"));
    }
    let what = format!("a token for {}", asked.what);
    let mut ask = RegistryRequest::get(audience.registry.clone(), Purpose::Token, what);
    let named = |realm: &Url| transport.allows(realm, audience.registry);
    let mut realm = realm::allowed(realm, audience.registry, named).map_err(|reason| {
        let named = Url::parse(realm).unwrap_or_else(|_| audience.registry.clone());
        forbidden(&ask, &named, reason)
    })?;
    if audience.credentials.is_some()
        && !realm::trusted(&realm, audience.registry)
        && !named(&realm)
    {
        let reason = format!(
            "{} names a token server of another owner, which does not get the credentials for it; if they belong together, allow it with --allow-host {}",
            asked.registry,
            realm.origin().ascii_serialization()
        );
        return Err(forbidden(&ask, &realm, reason));
    }
    drop_parameters(&mut realm);
    ask.url = realm;
    let scope = audience.scope.text();
    let authorization = match &audience.credentials {
        Some(Credentials::IdentityToken(refresh)) => {
            ask.method = Method::POST;
            ask.form = Some(refresh_form(&scope, service, refresh));
            None
        }
        credentials => {
            let mut query = ask.url.query_pairs_mut();
            if let Some(service) = service {
                query.append_pair("service", service);
            }
            query.append_pair("scope", &scope);
            drop(query);
            match credentials {
                Some(Credentials::Password { user, password }) => Some(basic(user, password)),
                _ => None,
            }
        }
    };
    let response = transport.send(&ask, authorization.as_ref()).await?;
    if !response.status().is_success() {
        return Err(answer::error(response, asked).await);
    }
    let body = answer::body(response, TOKEN_BYTES, &ask.what).await?;
    token_in(&body)
        .and_then(|token| secret(&format!("Bearer {token}")))
        .ok_or_else(|| SourceError::Mismatch {
            what: ask.what,
            promised: "a token".to_owned(),
            got: "an answer without one".to_owned(),
        })
}

/// Takes the parameters out of a realm's query that are ours to set: one with a `scope` of its own would have us ask
/// for another one.
fn drop_parameters(realm: &mut Url) {
    let ours = |name: &str| {
        ["scope", "service", "account", "client_id", "offline_token"]
            .iter()
            .any(|ours| name.eq_ignore_ascii_case(ours))
    };
    let kept: Vec<(String, String)> = realm
        .query_pairs()
        .filter(|(name, _)| !ours(name))
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    realm.set_query(None);
    realm.set_fragment(None);
    if !kept.is_empty() {
        realm.query_pairs_mut().extend_pairs(kept);
    }
}

/// The token in a token server's answer. Credentials of other kinds, such as a cloud gives its machines, are none: a
/// token is sent to the registry.
fn token_in(body: &[u8]) -> Option<String> {
    let serde_json::Value::Object(answer) = serde_json::from_slice(body).ok()? else {
        return None;
    };
    let of_machine = |key: &String| {
        OF_MACHINES
            .iter()
            .any(|other| key.eq_ignore_ascii_case(other))
    };
    if answer.keys().any(of_machine) {
        return None;
    }
    let text = |key: &str| answer.get(key)?.as_str().filter(|text| !text.is_empty());
    let token = text("token").or_else(|| text("access_token"))?;
    is_token(token).then(|| token.to_owned())
}

/// Whether a text is a bearer token (`b64token`, RFC 6750, section 2.1) that a request's header has room for.
fn is_token(text: &str) -> bool {
    let in_token = |byte: u8| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'+' | b'/')
    };
    let start = text.trim_end_matches('=');
    (1..=TOKEN_LENGTH).contains(&text.len()) && !start.is_empty() && start.bytes().all(in_token)
}

fn refresh_form(scope: &str, service: Option<&str>, refresh: &str) -> String {
    // The form's encoding is that of a query.
    let mut form = reqwest::Url::parse("form:").ok();
    if let Some(form) = &mut form {
        form.query_pairs_mut()
            .append_pair("grant_type", "refresh_token")
            .append_pair("client_id", "onionskin")
            .append_pair("scope", scope)
            .append_pair("refresh_token", refresh);
        if let Some(service) = service {
            form.query_pairs_mut().append_pair("service", service);
        }
    }
    form.and_then(|form| form.query().map(str::to_owned))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refresh_form_escapes_what_it_holds() {
        assert_eq!(
            refresh_form("repository:a:pull", Some("r&scope=x"), "a+b&c"),
            "grant_type=refresh_token&client_id=onionskin&scope=repository%3Aa%3Apull&refresh_token=a%2Bb%26c&service=r%26scope%3Dx"
        );
    }

    /// A realm that has a scope or a service of its own asks for more than what is read.
    #[test]
    fn a_realm_has_no_parameters_that_are_ours() {
        for (realm, kept) in [
            ("https://a.example/t", "https://a.example/t"),
            (
                "https://a.example/t?of=us&scope=repository:x:push&SERVICE=evil&%73cope=y#f",
                "https://a.example/t?of=us",
            ),
            (
                "https://a.example/t?scope=x&account=root",
                "https://a.example/t",
            ),
        ] {
            let mut url = Url::parse(realm).unwrap();
            drop_parameters(&mut url);
            assert_eq!(url.as_str(), kept, "{realm}");
        }
    }

    /// A metadata answer that is taken for a token is sent to the registry.
    #[test]
    fn only_what_has_the_shape_of_a_token_is_one() {
        let long = "a".repeat(TOKEN_LENGTH + 1);
        for (answer, token) in [
            (r#"{"token":"eyJh.bGci-_.x"}"#, Some("eyJh.bGci-_.x")),
            (
                r#"{"token":"","access_token":"YWJj+/8=="}"#,
                Some("YWJj+/8=="),
            ),
            (r#"{"token":"a","access_token":"b"}"#, Some("a")),
            (r#"{"token":"two words"}"#, None),
            (r#"{"token":"a\nb"}"#, None),
            (r#"{"token":"a=b"}"#, None),
            (r#"{"token":"=="}"#, None),
            (r#"{"token":"{\"x\":1}"}"#, None),
            (r#"{"token":"ünicode"}"#, None),
            (r#"{"token":{"token":"a"}}"#, None),
            (r#"["token"]"#, None),
            ("ami-id\nhostname\niam/", None),
            (&format!(r#"{{"token":"{long}"}}"#), None),
            // AWS, in its own case and as a reader that takes any case would see it.
            (
                r#"{"Code":"Success","AccessKeyId":"ASIA","SecretAccessKey":"x","Token":"IQoJ"}"#,
                None,
            ),
            (
                r#"{"accessKeyId":"ASIA","secretAccessKey":"x","token":"IQoJ"}"#,
                None,
            ),
            // Azure.
            (
                r#"{"access_token":"eyJ0","expires_in":"1","resource":"https://management.azure.com/","token_type":"Bearer"}"#,
                None,
            ),
        ] {
            assert_eq!(token_in(answer.as_bytes()).as_deref(), token, "{answer}");
        }
    }

    #[test]
    fn secrets_are_not_printed() {
        let shown = format!("{:?}", basic("user", "password"));
        assert_eq!(shown, "Sensitive");
        let credentials = Credentials::Password {
            user: "user".into(),
            password: "password".into(),
        };
        assert!(!format!("{credentials:?}").contains("password"));
    }
}
