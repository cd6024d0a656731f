//! Where an image is asked for: at a gateway, which knows registries by their hosts and has repositories of its own beside
//! them, or at the registries themselves.

use std::collections::BTreeMap;
use std::sync::Arc;

use onionskin_core::platform::Platform;
use onionskin_core::reference::{Reference, ReferenceError};
use onionskin_core::source::registry::reqwest::{self, Url};
use onionskin_core::source::registry::{
    Client, ClientOptions, Endpoint, KeepDocuments, Registry, Remote,
};
use onionskin_core::source::{Credentials, Image, SourceError, not_in_registry};
use serde::{Deserialize, Serialize};

use super::cache::Cache;
use super::protocol::{CatalogEntry, UserError};
use super::registry_access::{self, PageAccess, RegistryAccess};
use crate::login::{self, Login};

/// A reference, and where it is found.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct RegistryImage {
    /// What is asked for, behind a host.
    reference: String,
    first: FirstPart,
    access: RegistryAccess,
    fresh: bool,
    /// The visitor's log-in at the registry.
    login: Option<Login>,
}

impl RegistryImage {
    fn new(reference: &Reference, first: FirstPart, access: RegistryAccess, fresh: bool) -> Self {
        let login = login::of(match &first {
            FirstPart::Host => reference.domain(),
            FirstPart::Name(name) => name,
        });
        Self {
            reference: reference.to_string(),
            first,
            access,
            fresh,
            login,
        }
    }

    /// How it is reached.
    pub(crate) fn access(&self) -> &RegistryAccess {
        &self.access
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
enum FirstPart {
    /// A host, which the reference has.
    Host,
    /// A name that only the gateway knows, in place of the reference's host: one that its operator gave to a registry, or
    /// `demo` and `saved`.
    Name(String),
}

/// The registries, as this page has access to them.
pub(crate) struct Registries {
    access: PageAccess,
    /// Where the page lives.
    here: Url,
}

impl Registries {
    /// Those of this page.
    pub(crate) async fn find() -> Result<Self, UserError> {
        let here = registry_access::base().ok_or_else(|| UserError::of_worker(0))?;
        let access = PageAccess::find().await?;
        Ok(Self { access, here })
    }

    /// The host of the gateway as it stands in a reference; without a gateway, that of the page.
    pub(crate) fn host(&self) -> String {
        let root = self
            .access
            .usual
            .gateway()
            .unwrap_or_else(|| self.here.clone());
        let host = root.host_str().unwrap_or_default();
        root.port()
            .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    /// What an error of a list means to the visitor; `name` is that of the registry, or of a repository there.
    pub(crate) fn problem_of_list(&self, name: &str, error: &SourceError) -> UserError {
        let registry = name.split('/').next().unwrap_or(name);
        let problem = self.access.to(registry).problem(error);
        problem.unwrap_or_else(|| UserError::of_list(error))
    }

    /// The places where what was typed may be, the likeliest first. The second one is meant only where the gateway does not
    /// know what the name begins with.
    pub(crate) fn places(&self, typed: &str, fresh: bool) -> Result<Vec<RegistryImage>, UserError> {
        let typed = typed.trim();
        if let Some(error) = not_in_registry(typed) {
            return Err(UserError::of_locator(&error));
        }
        let typed = typed.trim_start_matches("docker://");
        let wrong = |error: ReferenceError| UserError::of_reference(&error);
        let reference: Reference = typed.parse().map_err(wrong)?;
        let access = self.access.to(reference.domain());
        let full = RegistryImage::new(&reference, FirstPart::Host, access.clone(), fresh);
        if *access == RegistryAccess::Direct {
            return Ok(vec![full]);
        }
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
    pub(crate) fn in_full(&self, place: &RegistryImage, reference: &str) -> String {
        match place.first {
            FirstPart::Host => reference.to_owned(),
            FirstPart::Name(_) => format!("{}/{reference}", self.host()),
        }
    }

    /// What the gateway has under a name without a host; such names have several parts.
    fn own(&self, name: &str, fresh: bool) -> Option<RegistryImage> {
        let (first, rest) = name.split_once('/')?;
        let first = FirstPart::Name(first.to_owned());
        let place = format!("localhost/{rest}");
        Some(match place.parse() {
            Ok(reference) => {
                RegistryImage::new(&reference, first, self.access.usual.clone(), fresh)
            }
            // Whoever opens it says what is wrong with it.
            Err(_) => RegistryImage {
                reference: place,
                first,
                access: self.access.usual.clone(),
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
    ) -> Result<(RegistryImage, Result<Image, SourceError>), UserError> {
        let mut places = self.places(typed, fresh)?.into_iter().peekable();
        while let Some(place) = places.next() {
            let answer = place.documents()?.image(platform).await;
            if let Err(error) = &answer
                && let Some(problem) = place.access.problem(error)
            {
                return Err(problem);
            }
            let elsewhere = matches!(answer, Err(SourceError::NotReached { .. }));
            if !elsewhere || places.peek().is_none() {
                return Ok((place, answer));
            }
        }
        Err(UserError::of_worker(0))
    }

    /// The repositories that the gateway has itself.
    pub(crate) async fn catalog(&self) -> Vec<CatalogEntry> {
        let mut catalog = Vec::new();
        for name in self.catalog_names().await {
            let Some(place) = self.own(&name, false) else {
                continue;
            };
            let Ok(remote) = place.remote() else {
                continue;
            };
            // A repository that cannot be listed is left out; the others are still worth showing.
            if let Ok(page) = remote.tags(None).await {
                catalog.push(CatalogEntry {
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
        let url = self.access.usual.gateway();
        let Some(Ok(url)) = url.map(|root| root.join("v2/_catalog")) else {
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
        let failed = |error: SourceError| UserError::of_image(&error);
        let login = login::of(host);
        let Some(root) = self.access.to(host).gateway() else {
            let options = ClientOptions {
                credentials: credentials(host, login.as_ref()),
                ..ClientOptions::default()
            };
            let client = Client::new(reqwest::Client::new(), options);
            return client.registry(host).map_err(failed);
        };
        let http = login::client(host, login.as_ref());
        if host == self.host() {
            let client = Client::new(http, ClientOptions::default());
            return Ok(client.registry_at(Endpoint::new(root), host));
        }
        // What cannot be a host is a name that the operator may have given.
        let is_name = format!("localhost/{host}/x").parse::<Reference>().is_ok();
        if is_name && !host.contains(['.', '/']) && host != "localhost" {
            let client = Client::new(http, ClientOptions::default());
            return Ok(client.registry_at(Endpoint::named_at(root, host), host));
        }
        let options = ClientOptions {
            gateway: Some(root),
            ..ClientOptions::default()
        };
        Client::new(http, options).registry(host).map_err(failed)
    }
}

/// The visitor's log-in, for a registry that is asked without a gateway.
fn credentials(domain: &str, login: Option<&Login>) -> BTreeMap<String, Credentials> {
    let login = login.map(|login| {
        let credentials = Credentials::Password {
            user: login.username.clone(),
            password: login.password.clone(),
        };
        (domain.to_owned(), credentials)
    });
    login.into_iter().collect()
}

impl RegistryImage {
    /// The image there; nothing is asked yet.
    pub(crate) fn remote(&self) -> Result<Remote, UserError> {
        self.opened(None)
    }

    /// The same, for documents: those that were read before are kept.
    pub(crate) fn documents(&self) -> Result<Remote, UserError> {
        let is_kept = !self.fresh && !self.has_login();
        self.opened(is_kept.then(|| Cache::of_worker().documents()))
    }

    fn opened(&self, kept: Option<Arc<dyn KeepDocuments>>) -> Result<Remote, UserError> {
        let reference: Reference = self
            .reference
            .parse()
            .map_err(|error: ReferenceError| UserError::of_reference(&error))?;
        let gateway = self.access.gateway();
        let options = ClientOptions {
            fresh: self.fresh,
            kept,
            gateway: gateway.clone(),
            credentials: match gateway {
                Some(_) => BTreeMap::new(),
                None => credentials(reference.domain(), self.login.as_ref()),
            },
            ..ClientOptions::default()
        };
        let http = |registry: &str| match &gateway {
            Some(_) => login::client(registry, self.login.as_ref()),
            None => reqwest::Client::new(),
        };
        match (&self.first, &gateway) {
            (FirstPart::Name(name), Some(root)) => {
                let client = Client::new(http(name), options);
                Ok(client.open_at(Endpoint::named_at(root.clone(), name), &reference))
            }
            _ => Client::new(http(reference.domain()), options)
                .open(&reference)
                .map_err(|error| UserError::of_image(&error)),
        }
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
