//! One HTTP request and its redirects, under the rules for addresses and credentials.

use std::collections::BTreeSet;
use std::sync::Arc;

use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, HeaderMap, HeaderValue, LOCATION, RANGE,
};
use reqwest::{Response, Url};

use super::answer;
#[cfg(not(target_arch = "wasm32"))]
use super::failure::is_not_public;
use super::failure::{is_closed, unreachable};
#[cfg(not(target_arch = "wasm32"))]
use super::guard::{Guard, Reach, Refusal, Step};
use super::request::{Purpose, RegistryRequest};
use super::wait::{Notices, waited};
use crate::limits;
use crate::source::SourceError;
use crate::source::portable::past_cache;

/// An HTTP client as this module needs it: no redirects of its own, bounded waiting, bytes as they are, no proxy but
/// where [`through_proxies`](super::through_proxies) is asked for.
///
/// Whoever builds another one has to switch its redirects off too, else they escape the [`Guard`](super::Guard).
#[cfg(not(target_arch = "wasm32"))]
pub fn http_client() -> reqwest::ClientBuilder {
    use std::time::Duration;
    reqwest::Client::builder()
        // Whether HTTP/2 is built in is for other users of the library to say. Parallel layers share no connection so.
        .http1_only()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .connect_timeout(Duration::from_secs(15))
        .read_timeout(Duration::from_secs(60))
        .user_agent(concat!("onionskin/", env!("CARGO_PKG_VERSION")))
}

/// Sends requests.
#[derive(Clone)]
pub(super) struct Transport {
    pub(super) http: reqwest::Client,
    /// For hosts whose certificates are not checked, and these hosts.
    pub(super) unchecked: Option<(BTreeSet<String>, reqwest::Client)>,
    /// Without one every host is contacted.
    #[cfg(not(target_arch = "wasm32"))]
    pub(super) guard: Option<Guard>,
    pub(super) notices: Option<Arc<dyn Notices>>,
    /// Past the browser's cache.
    pub(super) fresh: bool,
}

impl Transport {
    /// Sends a request, with `authorization` to the first host only, and follows where it leads. A short time that the
    /// answer asks to wait is waited for once, where somebody is told.
    pub(super) async fn send(
        &self,
        ask: &RegistryRequest,
        authorization: Option<&HeaderValue>,
    ) -> Result<Response, SourceError> {
        let response = self.send_once(ask, authorization).await?;
        match &self.notices {
            Some(notices) if waited(&response, notices.as_ref()).await => {
                self.send_once(ask, authorization).await
            }
            _ => Ok(response),
        }
    }

    async fn send_once(
        &self,
        ask: &RegistryRequest,
        authorization: Option<&HeaderValue>,
    ) -> Result<Response, SourceError> {
        let mut url = ask.url.clone();
        let mut from = None;
        let mut authorization = authorization;
        for _ in 0..=limits::REDIRECTS {
            if !matches!(url.scheme(), "http" | "https") {
                let reason = "only http:// and https:// are supported".to_owned();
                return Err(forbidden(ask, &url, reason));
            }
            let response = self
                .request(ask, &url, from.as_ref(), authorization)
                .await?;
            let next = match ask.stays && response.status() == 303 {
                true => None,
                false => redirect(ask, &url, &response)?,
            };
            let Some(next) = next else {
                return Ok(response);
            };
            if next.origin() != url.origin() {
                authorization = None;
            }
            from = Some(std::mem::replace(&mut url, next));
        }
        Err(forbidden(
            ask,
            &url,
            format!("it is the end of more than {} redirects", limits::REDIRECTS),
        ))
    }

    /// Whether the user named `realm` as a host that the registry may use.
    #[cfg(not(target_arch = "wasm32"))]
    pub(super) fn allows(&self, realm: &Url, registry: &Url) -> bool {
        let guard = self.guard.as_ref();
        guard.is_some_and(|guard| guard.allows(realm, registry))
    }

    /// In a page nobody names hosts.
    #[cfg(target_arch = "wasm32")]
    pub(super) fn allows(&self, _: &Url, _: &Url) -> bool {
        false
    }

    /// The client to request `url` with, where that may be requested; `from` redirects there.
    #[cfg_attr(target_arch = "wasm32", allow(unused_variables))]
    async fn client(
        &self,
        ask: &RegistryRequest,
        url: &Url,
        from: Option<&Url>,
    ) -> Result<&reqwest::Client, SourceError> {
        #[cfg(not(target_arch = "wasm32"))]
        if let Some(guard) = &self.guard {
            let step = Step::of(ask, url, from);
            let refused = |refusal: Refusal| forbidden(ask, url, refusal.to_string());
            if guard.reach(step).map_err(refused)? == Reach::Public {
                guard.look_up(step).await.map_err(refused)?;
                return Ok(guard.public());
            }
        }
        let host = url.host_str().unwrap_or_default();
        Ok(match &self.unchecked {
            Some((hosts, unchecked)) if hosts.contains(host) => unchecked,
            _ => &self.http,
        })
    }

    /// Why no answer came.
    #[cfg_attr(target_arch = "wasm32", allow(unused_variables))]
    fn unanswered(
        &self,
        ask: &RegistryRequest,
        url: &Url,
        from: Option<&Url>,
        error: reqwest::Error,
    ) -> SourceError {
        #[cfg(not(target_arch = "wasm32"))]
        if let Some(guard) = self.guard.as_ref().filter(|_| is_not_public(&error)) {
            let refusal = guard.not_public(Step::of(ask, url, from));
            return forbidden(ask, url, refusal.to_string());
        }
        SourceError::Unreachable {
            host: super::endpoint::host_of(url),
            problem: unreachable(error),
        }
    }

    /// Sends a request to one address; one whose connection is closed before an answer came, once more.
    async fn request(
        &self,
        ask: &RegistryRequest,
        url: &Url,
        from: Option<&Url>,
        authorization: Option<&HeaderValue>,
    ) -> Result<Response, SourceError> {
        let mut headers = HeaderMap::new();
        // Browsers choose this themselves, and undo what they chose.
        if !cfg!(target_arch = "wasm32") {
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        }
        if let Some(accept) = &ask.accept {
            headers.insert(ACCEPT, accept.clone());
        }
        if let Some(range) = &ask.range {
            headers.insert(RANGE, range.clone());
        }
        if let Some(authorization) = authorization {
            headers.insert(AUTHORIZATION, authorization.clone());
        }
        let http = self.client(ask, url, from).await?;
        let mut request = http
            .request(ask.method.clone(), url.clone())
            .headers(headers);
        if let Some(form) = &ask.form {
            request = request
                .header(
                    reqwest::header::CONTENT_TYPE,
                    "application/x-www-form-urlencoded",
                )
                .body(form.clone());
        }
        if self.fresh {
            request = past_cache(request);
        }
        let again = request.try_clone().filter(|_| ask.method.is_safe());
        let answer = match (request.send().await, again) {
            (Err(error), Some(again)) if is_closed(&error) => again.send().await,
            (answer, _) => answer,
        };
        answer.map_err(|error| self.unanswered(ask, url, from, error))
    }
}

/// Where a response leads, if it leads elsewhere.
fn redirect(
    ask: &RegistryRequest,
    from: &Url,
    response: &Response,
) -> Result<Option<Url>, SourceError> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let Some(location) = response.headers().get(LOCATION) else {
        return Ok(None);
    };
    let location = location.to_str().ok();
    let next = location.and_then(|location| from.join(location).ok());
    let Some(next) = next else {
        return Err(forbidden(
            ask,
            from,
            "it redirects to an invalid URL".to_owned(),
        ));
    };
    if from.scheme() == "https" && next.scheme() != "https" {
        let reason = format!(
            "{} redirects from https to http, which is not followed",
            super::endpoint::host_of(from)
        );
        return Err(forbidden(ask, &next, reason));
    }
    let host = super::endpoint::host_of(from);
    if ask.form.is_some() {
        let reason = format!("{host} redirects there, and secrets do not follow redirects");
        return Err(forbidden(ask, &next, reason));
    }
    if ask.purpose == Purpose::Token && next.origin() != from.origin() {
        let reason = format!(
            "{host} redirects there, and requests for tokens do not follow redirects to other hosts"
        );
        return Err(forbidden(ask, &next, reason));
    }
    Ok(Some(next))
}

pub(super) fn forbidden(ask: &RegistryRequest, url: &Url, reason: String) -> SourceError {
    SourceError::Forbidden {
        what: ask.what.clone(),
        url: answer::without_secrets(url),
        reason,
    }
}
