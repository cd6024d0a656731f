//! Where an image is asked for: always at the page's own origin, whose gateway knows registries by
//! their hosts and has repositories of its own beside them.

use std::sync::Arc;

use onionskin_core::platform::Platform;
use onionskin_core::reference::{Reference, ReferenceError};
use onionskin_core::source::registry::reqwest::{self, Url};
use onionskin_core::source::registry::{
    Client, Endpoint, KeepDocuments, Options, Registry, Remote,
};
use onionskin_core::source::{Image, SourceError, not_in_registry};
use serde::{Deserialize, Serialize};

use super::cache::Cache;
use super::port;
use super::protocol::{Listed, UserError};
use crate::login::{self, Login};

/// A reference, and where the gateway has it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct GatewayImage {
    /// What is asked for, behind a host.
    reference: String,
    at: At,
    fresh: bool,
    /// The visitor's log-in at the registry.
    login: Option<Login>,
}

impl GatewayImage {
    fn new(reference: &Reference, at: At, fresh: bool) -> Self {
        let login = login::of(match &at {
            At::Host => reference.domain(),
            At::Name(name) => name,
        });
        Self {
            reference: reference.to_string(),
            at,
            fresh,
            login,
        }
    }

    /// Whether the visitor logged in to the registry: what is read is for as long as the page is open.
    pub(crate) fn has_login(&self) -> bool {
        self.login.is_some()
    }

    /// Whether nothing is taken from what was read before.
    pub(crate) fn is_fresh(&self) -> bool {
        self.fresh
    }
}

/// What a name begins with.
#[derive(Clone, Debug, Serialize, Deserialize)]
enum At {
    /// A host, which the reference has.
    Host,
    /// A name that only the gateway knows, in place of the reference's host: one that its operator gave to a registry, or
    /// `demo` and `saved`.
    Name(String),
}

/// The gateway that the page came from.
pub(crate) struct Gateway {
    root: Url,
}

impl Gateway {
    /// The one that this worker's script came from.
    pub(crate) fn here() -> Option<Self> {
        let script = Url::parse(&port::scope()?.location().href()).ok()?;
        Some(Gateway {
            root: script.join(".").ok()?,
        })
    }

    /// Where the page lives.
    pub(crate) fn base(&self) -> String {
        self.root.to_string()
    }

    /// Its host as it stands in a reference.
    pub(crate) fn host(&self) -> String {
        let host = self.root.host_str().unwrap_or_default();
        self.root
            .port()
            .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    /// The places where what was typed may be, the likeliest first. The second one is meant only where the gateway does not
    /// know what the name begins with.
    pub(crate) fn places(&self, typed: &str, fresh: bool) -> Result<Vec<GatewayImage>, UserError> {
        let typed = typed.trim();
        if let Some(error) = not_in_registry(typed) {
            return Err(UserError::of_locator(&error));
        }
        let typed = typed.trim_start_matches("docker://");
        let wrong = |error: ReferenceError| UserError::of_reference(&error);
        let reference: Reference = typed.parse().map_err(wrong)?;
        let full = GatewayImage::new(&reference, At::Host, fresh);
        let own = match typed.split_once('/') {
            Some((first, rest)) if first == self.host() => self.own(rest, fresh),
            Some((first, _)) if first == reference.domain() || first == "index.docker.io" => None,
            _ => self.own(typed, fresh),
        };
        Ok(match own {
            Some(own) if reference.domain() == self.host() => vec![own],
            Some(own) => vec![own, full],
            None => vec![full],
        })
    }

    /// A reference that was found at `place`, with the gateway's host where only the gateway knows its first part.
    pub(crate) fn in_full(&self, place: &GatewayImage, reference: &str) -> String {
        match place.at {
            At::Host => reference.to_owned(),
            At::Name(_) => format!("{}/{reference}", self.host()),
        }
    }

    /// What the gateway has under a name without a host; such names have several parts.
    fn own(&self, name: &str, fresh: bool) -> Option<GatewayImage> {
        let (first, rest) = name.split_once('/')?;
        let at = At::Name(first.to_owned());
        let place = format!("localhost/{rest}");
        Some(match place.parse() {
            Ok(reference) => GatewayImage::new(&reference, at, fresh),
            // Whoever opens it says what is wrong with it.
            Err(_) => GatewayImage {
                reference: place,
                at,
                fresh,
                login: None,
            },
        })
    }

    /// Asks where an image may be, and tells which place answered and what. What the first one says is told, unless
    /// the gateway does not know what the name begins with.
    pub(crate) async fn ask(
        &self,
        typed: &str,
        fresh: bool,
        platform: Option<&Platform>,
    ) -> Result<(GatewayImage, Result<Image, SourceError>), UserError> {
        let mut places = self.places(typed, fresh)?.into_iter().peekable();
        while let Some(place) = places.next() {
            let is_kept = !fresh && !place.has_login();
            let kept = is_kept.then(|| Cache::of_worker().documents());
            let answer = self.opened(&place, kept)?.image(platform).await;
            let elsewhere = matches!(answer, Err(SourceError::NotReached { .. }));
            if !elsewhere || places.peek().is_none() {
                return Ok((place, answer));
            }
        }
        Err(UserError::of_worker(0))
    }

    /// The repositories that the gateway has itself.
    pub(crate) async fn catalog(&self) -> Vec<Listed> {
        let mut catalog = Vec::new();
        for name in self.catalog_names().await {
            let Some(place) = self.own(&name, false) else {
                continue;
            };
            let Ok(remote) = self.remote(&place) else {
                continue;
            };
            // A repository that cannot be listed is left out; the others are still worth showing.
            if let Ok(page) = remote.tags(None).await {
                catalog.push(Listed {
                    name,
                    tags: page.tags,
                });
            }
        }
        catalog
    }

    async fn catalog_names(&self) -> Vec<String> {
        #[derive(Deserialize)]
        struct Catalog {
            repositories: Vec<String>,
        }
        let Ok(url) = self.root.join("v2/_catalog") else {
            return Vec::new();
        };
        // Most registries have no catalog, and neither may what serves this page.
        let Ok(response) = reqwest::get(url).await else {
            return Vec::new();
        };
        response
            .json::<Catalog>()
            .await
            .map(|catalog| catalog.repositories)
            .unwrap_or_default()
    }

    /// A registry as a whole; nothing is asked yet.
    pub(crate) fn registry(&self, host: &str) -> Result<Registry, UserError> {
        let http = login::client(host, login::of(host).as_ref());
        if host == self.host() {
            let client = Client::new(http, Options::default());
            return Ok(client.registry_at(Endpoint::new(self.root.clone()), host));
        }
        // What cannot be a host is a name that the operator may have given.
        let is_name = format!("localhost/{host}/x").parse::<Reference>().is_ok();
        if is_name && !host.contains(['.', '/']) && host != "localhost" {
            let client = Client::new(http, Options::default());
            return Ok(client.registry_at(Endpoint::named_at(self.root.clone(), host), host));
        }
        let options = Options {
            gateway: Some(self.root.clone()),
            ..Options::default()
        };
        Client::new(http, options)
            .registry(host)
            .map_err(|error| UserError::of_image(&error))
    }

    /// The image at a place; nothing is asked yet.
    pub(crate) fn remote(&self, place: &GatewayImage) -> Result<Remote, UserError> {
        self.opened(place, None)
    }

    fn opened(
        &self,
        place: &GatewayImage,
        kept: Option<Arc<dyn KeepDocuments>>,
    ) -> Result<Remote, UserError> {
        let reference: Reference = place
            .reference
            .parse()
            .map_err(|error: ReferenceError| UserError::of_reference(&error))?;
        let registry = match &place.at {
            At::Host => reference.domain(),
            At::Name(name) => name,
        };
        let http = login::client(registry, place.login.as_ref());
        let options = Options {
            fresh: place.fresh,
            kept,
            ..Options::default()
        };
        if let At::Name(name) = &place.at {
            let client = Client::new(http, options);
            return Ok(client.open_at(Endpoint::named_at(self.root.clone(), name), &reference));
        }
        let options = Options {
            gateway: Some(self.root.clone()),
            ..options
        };
        Client::new(http, options)
            .open(&reference)
            .map_err(|error| UserError::of_image(&error))
    }
}

/// A reference without its tag and digest. What is no reference, such as the name of an image in a file, is left as
/// it is.
pub(crate) fn repository(text: &str) -> &str {
    let Ok(reference) = text.parse::<Reference>() else {
        return text;
    };
    let named = text.split('@').next().unwrap_or(text);
    let tag = reference.tag().and_then(|tag| named.strip_suffix(tag));
    tag.and_then(|named| named.strip_suffix(':'))
        .unwrap_or(named)
}
