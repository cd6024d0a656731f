//! Being let in: tokens and passwords, asked for once a repository and shared by all requests to it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use reqwest::header::{HeaderValue, WWW_AUTHENTICATE};
use reqwest::{Method, Response, Url};
use serde::Deserialize;

use super::answer::{self, Asked};
use super::challenge::{self, Challenge};
use super::realm;
use super::transport::{Ask, Purpose, Transport, forbidden};
use crate::source::{Credentials, SourceError};

/// Bytes of a token server's answer; real tokens have a few thousand.
const TOKEN_BYTES: usize = 256 << 10;
/// Repositories whose tokens are remembered; a gateway sees new names for as long as it runs.
const REMEMBERED: usize = 4096;

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
    /// What is known to be let in with; waits for a token that is on its way.
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
        asked: &Asked,
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
        if slots.len() >= REMEMBERED && !slots.contains_key(&key) {
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

#[derive(Deserialize)]
struct Token {
    token: Option<String>,
    access_token: Option<String>,
}

/// Asks the token server for leave.
///
/// The scope is always our own: one that a challenge asks for might reach further than what is read here.
async fn bearer(
    transport: &Transport,
    audience: &Audience<'_>,
    realm: &str,
    service: Option<&str>,
    asked: &Asked,
) -> Result<HeaderValue, SourceError> {
    if let Some(Credentials::RegistryToken(token)) = &audience.credentials {
        return secret(&format!("Bearer {token}"))
            .ok_or_else(|| answer::no_access(asked, "the token given is none"));
    }
    let what = format!("a token for {}", asked.what);
    let mut ask = Ask::get(audience.registry.clone(), Purpose::Token, what);
    let realm = realm::allowed(realm, audience.registry).map_err(|reason| {
        let named = Url::parse(realm).unwrap_or_else(|_| audience.registry.clone());
        forbidden(&ask, &named, reason)
    })?;
    if audience.credentials.is_some() && !realm::trusted(&realm, audience.registry) {
        let reason = format!(
            "{} sends its log-in to another owner's host, and the credentials for it do not go there",
            asked.registry
        );
        return Err(forbidden(&ask, &realm, reason));
    }
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
    let token = serde_json::from_slice::<Token>(&body).ok();
    let token = token.and_then(|token| token.token.or(token.access_token));
    token
        .filter(|token| !token.is_empty())
        .and_then(|token| secret(&format!("Bearer {token}")))
        .ok_or_else(|| SourceError::Mismatch {
            what: ask.what,
            promised: "a token".to_owned(),
            got: "an answer without one".to_owned(),
        })
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
