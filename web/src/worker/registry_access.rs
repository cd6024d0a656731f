//! How registries are reached: through the gateway that the page came from, through one elsewhere, or directly.
//!
//! A gateway says in the page's document that it is one. On any other host the page asks `config.json` beside it, unless the
//! visitor named a gateway: `{"gateway": "https://onionskin.example.com/"}`. Without a gateway, registries are asked
//! themselves, which works where they send CORS headers. So are those that the file names, also of a gateway's page that says
//! it has one: `{"direct": ["registry.example.com:5000"]}`.

use std::cell::RefCell;

use onionskin_core::source::SourceError;
use onionskin_core::source::registry::is_loopback;
use onionskin_core::source::registry::reqwest::{self, Url};
use serde::{Deserialize, Serialize};

use super::port;
use super::protocol::UserError;
use crate::browser;

/// What the name of an image worker begins with whose page is on a host that is no gateway; behind it stands the gateway
/// that the visitor named.
const STATIC: &str = "onionskin-static ";
/// The name of one whose page came from a gateway with a `config.json`.
const WITH_CONFIG: &str = "onionskin-config";
/// The name of any other.
const PLAIN: &str = "onionskin";

/// How registries are reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum RegistryAccess {
    /// Through a gateway, by its root.
    Gateway(String),
    /// Each by itself.
    Direct,
}

/// The access of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PageAccess {
    /// That to most registries.
    pub(crate) usual: RegistryAccess,
    /// Registries that are asked themselves, as references have their hosts.
    direct: Vec<String>,
}

thread_local! {
    static FOUND: RefCell<Option<PageAccess>> = const { RefCell::new(None) };
}

/// The name of an image worker of this page, which tells it where the page is.
pub(crate) fn worker_name() -> String {
    match (browser::came_from_gateway(), browser::has_config()) {
        (true, false) => PLAIN.to_owned(),
        (true, true) => WITH_CONFIG.to_owned(),
        (false, _) => format!("{STATIC}{}", browser::gateway().unwrap_or_default()),
    }
}

/// Where the page lives.
pub(crate) fn base() -> Option<Url> {
    let script = Url::parse(&port::scope()?.location().href()).ok()?;
    script.join(".").ok()
}

/// The root of a gateway that somebody names: over https, as it is trusted with what it sends, or on this machine. The browser
/// reads it, so that the page needs no reader of its own.
pub(crate) fn root(named: &str) -> Option<String> {
    let url = web_sys::Url::new(named.trim()).ok()?;
    let is_safe = match url.protocol().as_str() {
        "https:" => true,
        "http:" => is_loopback(&url.hostname()),
        _ => false,
    };
    if !is_safe || !url.username().is_empty() || !url.password().is_empty() {
        return None;
    }
    url.set_search("");
    url.set_hash("");
    let path = url.pathname();
    if !path.ends_with('/') {
        url.set_pathname(&format!("{path}/"));
    }
    Some(url.href())
}

/// What is beside the page.
#[derive(Default, Deserialize)]
struct Config {
    gateway: Option<String>,
    #[serde(default)]
    direct: Vec<String>,
}

impl Config {
    /// The file beside the page; the one that is not there says nothing.
    async fn fetch(here: &Url) -> Result<Self, UserError> {
        let Ok(url) = here.join("config.json") else {
            return Ok(Self::default());
        };
        let config = match reqwest::get(url).await {
            Ok(answer) if answer.status().is_success() => answer.bytes().await.unwrap_or_default(),
            _ => return Ok(Self::default()),
        };
        serde_json::from_slice(&config).map_err(|error| UserError::of_config(&error.to_string()))
    }
}

impl PageAccess {
    /// That of this page.
    pub(crate) async fn find() -> Result<Self, UserError> {
        if let Some(found) = FOUND.with_borrow(Clone::clone) {
            return Ok(found);
        }
        let found = Self::look().await?;
        FOUND.set(Some(found.clone()));
        Ok(found)
    }

    async fn look() -> Result<Self, UserError> {
        let here = base().ok_or_else(|| UserError::of_worker(0))?;
        let name = port::scope().map(|scope| scope.name()).unwrap_or_default();
        let Some(named) = name.strip_prefix(STATIC) else {
            let direct = match name == WITH_CONFIG {
                true => Config::fetch(&here).await?.direct,
                false => Vec::new(),
            };
            let usual = RegistryAccess::Gateway(here.to_string());
            return Ok(Self { usual, direct });
        };
        if let Some(root) = root(named) {
            let (usual, direct) = (RegistryAccess::Gateway(root), Vec::new());
            return Ok(Self { usual, direct });
        }
        let config = Config::fetch(&here).await?;
        let usual = match config.gateway.filter(|named| !named.is_empty()) {
            None => RegistryAccess::Direct,
            Some(named) => RegistryAccess::Gateway(root(&named).ok_or_else(|| {
                UserError::of_config(&format!("{named:?} is not the https address of a gateway"))
            })?),
        };
        let direct = config.direct;
        Ok(Self { usual, direct })
    }

    /// That to a registry, by its host as references have it.
    pub(crate) fn to(&self, domain: &str) -> &RegistryAccess {
        let is_direct = |host: &String| host.eq_ignore_ascii_case(domain);
        match self.direct.iter().any(is_direct) {
            true => &RegistryAccess::Direct,
            false => &self.usual,
        }
    }
}

impl RegistryAccess {
    /// The root of the gateway.
    pub(crate) fn gateway(&self) -> Option<Url> {
        match self {
            Self::Gateway(root) => Url::parse(root).ok(),
            Self::Direct => None,
        }
    }

    /// What an error means with this access, where it means more than it says: browsers do not tell a host that does not answer
    /// from one that does not allow this page to read its answers.
    pub(crate) fn problem(&self, error: &SourceError) -> Option<UserError> {
        let SourceError::Unreachable { host, .. } = error else {
            return None;
        };
        let here = base()?;
        match self.gateway() {
            None => Some(UserError::of_direct(
                host,
                &here.origin().ascii_serialization(),
            )),
            Some(gateway) if gateway.origin() != here.origin() => Some(UserError::of_gateway(
                gateway.as_str(),
                &here.origin().ascii_serialization(),
            )),
            Some(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_gateway_is_over_https_or_on_this_machine() {
        for (named, is) in [
            (
                "https://gateway.example.com",
                Some("https://gateway.example.com/"),
            ),
            (
                "https://example.com/onionskin?x#y",
                Some("https://example.com/onionskin/"),
            ),
            (" http://127.0.0.1:8080/ ", Some("http://127.0.0.1:8080/")),
            ("http://localhost:8080", Some("http://localhost:8080/")),
            ("http://gateway.example.com", None),
            ("https://user:secret@example.com", None),
            ("javascript:alert(1)", None),
            ("gateway.example.com", None),
            ("", None),
        ] {
            assert_eq!(root(named).as_deref(), is, "{named}");
        }
    }
}
