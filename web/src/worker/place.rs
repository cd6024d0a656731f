//! Where an image is asked for: always at the page's own origin, whose gateway knows registries by
//! their hosts and has repositories of its own beside them.

use onionskin_core::platform::Platform;
use onionskin_core::reference::{Reference, ReferenceError};
use onionskin_core::source::registry::reqwest::{self, Url};
use onionskin_core::source::registry::{Client, Endpoint, Options, Registry, Remote};
use onionskin_core::source::{Image, SourceError, not_in_registry};
use serde::{Deserialize, Serialize};

use super::port;
use super::protocol::{Listed, Trouble};

/// A reference, and whether the gateway has it itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Place {
    /// With a host, which is the page's own for what the gateway has.
    reference: String,
    own: bool,
    fresh: bool,
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

    /// The places where what was typed may be, the likeliest first.
    pub(crate) async fn places(&self, typed: &str, fresh: bool) -> Result<Vec<Place>, Trouble> {
        let typed = typed.trim();
        if let Some(error) = not_in_registry(typed) {
            return Err(Trouble::of_locator(&error));
        }
        let typed = typed.trim_start_matches("docker://");
        let wrong = |error: ReferenceError| Trouble::of_reference(&error);
        let reference: Reference = typed.parse().map_err(wrong)?;
        let full = Place {
            reference: reference.to_string(),
            own: reference.domain() == self.host(),
            fresh,
        };
        let has_host = typed
            .split_once('/')
            .is_some_and(|(first, _)| reference.domain() == first)
            || reference.domain() != DEFAULT_DOMAIN;
        if full.own || has_host || typed.starts_with("index.docker.io/") {
            return Ok(vec![full]);
        }
        let here: Reference = format!("{}/{typed}", self.host()).parse().map_err(wrong)?;
        let own = Place {
            reference: here.to_string(),
            own: true,
            fresh,
        };
        let known = self
            .catalog_names()
            .await
            .iter()
            .any(|name| *name == here.path());
        // Names that the operator gave to registries are in no list: only asking tells.
        Ok(if known { vec![own] } else { vec![own, full] })
    }

    /// Asks where an image may be, and tells which place answered and what. What the first one says is told, unless
    /// it has no such name.
    pub(crate) async fn ask(
        &self,
        typed: &str,
        fresh: bool,
        platform: Option<&Platform>,
    ) -> Result<(Place, Result<Image, SourceError>), Trouble> {
        let mut places = self.places(typed, fresh).await?.into_iter().peekable();
        while let Some(place) = places.next() {
            let answer = self.remote(&place)?.image(platform).await;
            let elsewhere = matches!(
                answer,
                Err(SourceError::NotFound { .. }
                    | SourceError::NoAccess { .. }
                    | SourceError::NotReached { .. }
                    | SourceError::Forbidden { .. })
            );
            if !elsewhere || places.peek().is_none() {
                return Ok((place, answer));
            }
        }
        Err(Trouble::of_worker(0))
    }

    /// The repositories that the gateway has itself.
    pub(crate) async fn catalog(&self) -> Vec<Listed> {
        let mut catalog = Vec::new();
        for name in self.catalog_names().await {
            let place = Place {
                reference: format!("{}/{name}", self.host()),
                own: true,
                fresh: false,
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
    pub(crate) fn registry(&self, host: &str) -> Result<Registry, Trouble> {
        let http = reqwest::Client::new();
        if host == self.host() {
            let client = Client::new(http, Options::default());
            return Ok(client.registry_at(Endpoint::new(self.root.clone()), host));
        }
        let options = Options {
            gateway: Some(self.root.clone()),
            ..Options::default()
        };
        Client::new(http, options)
            .registry(host)
            .map_err(|error| Trouble::of_image(&error))
    }

    /// The image at a place; nothing is asked yet.
    pub(crate) fn remote(&self, place: &Place) -> Result<Remote, Trouble> {
        let reference: Reference = place
            .reference
            .parse()
            .map_err(|error: ReferenceError| Trouble::of_reference(&error))?;
        let http = reqwest::Client::new();
        let options = Options {
            fresh: place.fresh,
            ..Options::default()
        };
        if place.own {
            let client = Client::new(http, options);
            return Ok(client.open_at(Endpoint::new(self.root.clone()), &reference));
        }
        let options = Options {
            gateway: Some(self.root.clone()),
            ..options
        };
        Client::new(http, options)
            .open(&reference)
            .map_err(|error| Trouble::of_image(&error))
    }

    /// What the page calls a reference: what the gateway has itself goes without a host.
    pub(crate) fn shown<'r>(&self, place: &Place, reference: &'r str) -> &'r str {
        let own = place
            .own
            .then(|| reference.strip_prefix(&format!("{}/", self.host())))
            .flatten();
        own.unwrap_or(reference)
    }
}

/// A reference without its tag and digest.
pub(crate) fn repository(reference: &str) -> &str {
    let name = reference.split('@').next().unwrap_or(reference);
    match name.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => name,
        _ => name,
    }
}

/// The registry of references that name none.
const DEFAULT_DOMAIN: &str = "docker.io";
