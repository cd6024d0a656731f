//! A request to a registry, or to who gives its tokens: what is sent, and why.

use reqwest::header::HeaderValue;
use reqwest::{Method, Url};

/// Why a request is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// It belongs to the registry, or redirects from there lead to it.
    Registry,
    /// The registry says that tokens are given there.
    Token,
}

/// What is requested.
#[derive(Clone, Debug)]
pub(super) struct RegistryRequest {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) purpose: Purpose,
    /// The root of the registry that it is for.
    #[cfg_attr(target_arch = "wasm32", allow(dead_code))]
    pub(super) registry: Url,
    /// What is wanted, for messages.
    pub(super) what: String,
    pub(super) accept: Option<HeaderValue>,
    pub(super) range: Option<HeaderValue>,
    /// A form to send, which may hold secrets: it is never sent on to where a redirect leads.
    pub(super) form: Option<String>,
    /// An answer that is elsewhere (303) is the answer: what was asked for is not here.
    pub(super) stays: bool,
}

impl RegistryRequest {
    /// A request to the registry that `url` belongs to.
    pub(super) fn get(url: Url, purpose: Purpose, what: String) -> Self {
        Self {
            method: Method::GET,
            registry: url.clone(),
            url,
            purpose,
            what,
            accept: None,
            range: None,
            form: None,
            stays: false,
        }
    }
}
