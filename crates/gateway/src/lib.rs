//! A read-only registry for browsers: the page, the demo images and upstream registries on one origin.
//!
//! Most registries let no web page talk to them, so the page talks to its own origin, in the only protocol that it
//! knows: the OCI distribution API, with the upstream's host as the first part of the name. [`GatewayOptions`] say
//! which registries may be reached beside the public ones; [`Gateway`] serves them.
//!
//! ```no_run
//! use onionskin_gateway::{Gateway, GatewayOptions};
//!
//! # async fn serve() -> Result<(), Box<dyn std::error::Error>> {
//! let options = GatewayOptions {
//!     registries: vec!["team=https://registry.example.com:5000".parse()?],
//!     ..GatewayOptions::default()
//! };
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
//! // /v2/team/app/manifests/1.0, /v2/docker.io/library/nginx/manifests/latest …
//! Gateway::new(&options)?.serve(listener, std::future::pending()).await?;
//! # Ok(())
//! # }
//! ```

#![cfg_attr(
    not(test),
    deny(clippy::indexing_slicing, clippy::panic, clippy::string_slice)
)]

mod access;
mod api;
mod badge;
mod client;
mod connection;
mod demo;
mod descriptors;
mod direct;
mod error;
mod followed;
mod frames;
mod held;
mod host;
mod limits;
mod listing;
mod log;
mod login;
mod metrics;
mod mismatches;
mod origins;
mod page;
mod policy;
mod range;
mod rate;
#[doc(hidden)]
pub mod readers;
mod relay;
mod repository;
mod route;
mod router;
mod saved;
mod seal;
mod served;
mod server;
mod slots;
mod store;
mod tls;
mod transfer;
mod upstream;

use std::io;
use std::sync::Arc;

use axum::Router;
use onionskin_core::source::Keychain;
use onionskin_core::source::registry::{AllowedHost, ProxyError};
use tokio::net::TcpListener;

use crate::badge::Badges;
use crate::metrics::Metrics;
use crate::origins::Origins;
use crate::page::Page;
use crate::rate::Rates;
use crate::relay::Relay;
use crate::repository::Repositories;
use crate::served::{Guards, Served};
use crate::server::Setup;
use crate::upstream::Upstreams;

pub use crate::access::{Access, AccessError};
pub use crate::badge::{BadgeRepository, BadgeRepositoryError};
pub use crate::client::{TrustedProxy, TrustedProxyError};
pub use crate::direct::{DirectHost, DirectHostError};
pub use crate::frames::FrameAncestor;
pub use crate::limits::Limits;
pub use crate::origins::{AllowedOrigin, AllowedOriginError};
pub use crate::page::{PageFile, page_for_static_hosts};
pub use crate::saved::SavedImage;
pub use crate::store::{Bucket, StoreError, StoreOptions, StorePlace, StorePlaceError};
pub use crate::tls::{TlsError, TlsFiles};
pub use crate::upstream::{NamedRegistry, NamedRegistryError};

/// What a gateway serves.
#[derive(Clone, Debug, Default)]
pub struct GatewayOptions {
    /// Registries beside the public ones, or in place of one under its name. Only these may have private
    /// addresses, plain http and other ports than 443.
    pub registries: Vec<NamedRegistry>,
    /// Hosts that these registries may redirect to, or name as their token servers, although they are private or
    /// another owner's.
    pub allowed_hosts: Vec<AllowedHost>,
    /// Credentials with which registries are asked, for everybody who may ask this gateway; `None`: as nobody.
    pub keychain: Option<Arc<Keychain>>,
    /// Certificates that registries are trusted by beside those of the system.
    pub certificates: Vec<reqwest::Certificate>,
    /// Registries are reached through the proxies that the environment names (`HTTPS_PROXY` and so on). A proxy looks
    /// names up by itself, so that a name which leads to a private address is for the proxy to refuse.
    pub proxies: bool,
    /// Names that requests may use for this gateway beside its own address and those of this machine, as where a
    /// proxy is in front of it.
    pub hosts: Vec<String>,
    /// Proxies in front of this gateway, which say whose requests they send (`X-Forwarded-For`) and which IDs these have
    /// (`X-Request-Id`).
    pub trusted_proxies: Vec<TrustedProxy>,
    /// Who may use this gateway, and which registries; `None`: everybody, and all. The file is read again when it changes.
    pub access: Option<Arc<Access>>,
    /// Certificate and key, where clients are to use TLS. They are read again when the files change.
    pub tls: Option<Arc<TlsFiles>>,
    /// Where blobs and manifests of registries are kept; `None`: nowhere.
    pub store: Option<StoreOptions>,
    /// Origins whose pages may use this gateway beside its own page.
    pub allowed_origins: Vec<AllowedOrigin>,
    /// Registries are asked for those pages with the credentials of `keychain` too; else as nobody, or with the visitor's own
    /// log-in.
    pub credentials_for_origins: bool,
    /// Repositories of registries whose images have badges, which everybody may see who can ask this gateway, also on pages
    /// of other sites. What the gateway has itself has badges too.
    pub badges: Vec<BadgeRepository>,
    /// Pages that may show the embed view in a frame; others, and all other views, may not be framed.
    pub frame_ancestors: Vec<FrameAncestor>,
    /// Registries that the page asks itself, with CORS, and hosts that these need for tokens and blobs.
    pub direct: Vec<DirectHost>,
    /// What is done at once, and how long is waited for whom.
    pub limits: Limits,
}

/// Why a gateway could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// The registries do not fit together.
    #[error(transparent)]
    Registries(#[from] NamedRegistryError),
    /// Two saved images are called the same.
    #[error("two of the images are called {0}; give one of them alone")]
    SameName(String),
    /// The environment names no proxy.
    #[error(transparent)]
    Proxy(#[from] ProxyError),
    /// There is no HTTP client.
    #[error("cannot set up TLS for connections to registries")]
    Client(#[source] reqwest::Error),
    /// The system gives no random numbers.
    #[error("the system gives no random numbers: {0}")]
    Random(#[from] getrandom::Error),
    /// There is nowhere to keep anything.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is nothing to count with.
    #[error("cannot set up metrics: {0}")]
    Metrics(#[from] metrics_exporter_prometheus::BuildError),
}

/// A gateway that is ready to serve.
pub struct Gateway {
    served: Arc<Served>,
    badges: Arc<Badges>,
    hosts: Vec<String>,
    proxies: Vec<TrustedProxy>,
    tls: Option<Arc<TlsFiles>>,
    limits: Limits,
}

impl Gateway {
    /// Sets a gateway up; nothing is reached yet.
    ///
    /// # Errors
    /// When two registries want one name, or TLS cannot be set up at all.
    pub fn new(options: &GatewayOptions) -> Result<Self, GatewayError> {
        Self::with_images(options, Vec::new())
    }

    /// As [`Gateway::new`], with saved images beside the demo images.
    ///
    /// # Errors
    /// As there, and when two images have one name.
    pub fn with_images(
        options: &GatewayOptions,
        images: Vec<SavedImage>,
    ) -> Result<Self, GatewayError> {
        let mut repositories = Repositories::demo();
        for image in images {
            repositories.add(image).map_err(GatewayError::SameName)?;
        }
        let upstreams = Upstreams::new(&options.registries)?;
        let metrics = Metrics::new()?;
        let relay = Relay::new(upstreams, options, Arc::clone(&metrics))?;
        let with_credentials = options.keychain.is_some();
        let rates = Arc::new(Rates::new(options.limits.rate));
        let guards = Guards {
            rates,
            access: options.access.clone(),
            origins: Arc::new(Origins {
                allowed: options.allowed_origins.clone(),
                with_credentials: options.credentials_for_origins,
            }),
        };
        let page = Page::embedded(&options.frame_ancestors, &options.direct);
        let badges = Badges::new(options.badges.clone());
        let served = Served::new(relay, repositories, metrics, guards, page, with_credentials);
        Ok(Self {
            served: Arc::new(served),
            badges: Arc::new(badges),
            hosts: options.hosts.clone(),
            proxies: options.trusted_proxies.clone(),
            tls: options.tls.clone(),
            limits: options.limits.clone(),
        })
    }

    /// Everything the gateway answers, to be nested in another server or asked in a test.
    pub fn router(&self) -> Router {
        router::router(Arc::clone(&self.served), Arc::clone(&self.badges))
    }

    /// Answers on `listener` until `stop` is done, then finishes what is under way within [`Limits::stop`].
    ///
    /// # Errors
    /// When the listener fails.
    pub async fn serve(
        self,
        listener: TcpListener,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<()> {
        let names = host::Names::new(self.hosts, listener.local_addr()?.ip());
        let router = host::checked(
            router::router(Arc::clone(&self.served), Arc::clone(&self.badges)),
            names,
        );
        let served = self.served;
        let setup = Setup {
            router,
            limits: self.limits,
            proxies: self.proxies,
            tls: self.tls,
            served: Some(Arc::clone(&served)),
        };
        let stop = async move {
            stop.await;
            served.stop();
        };
        server::serve(listener, setup, stop).await
    }

    /// What answers `/metrics` for Prometheus, and `/healthz` and `/readyz`: for another address than the gateway's, as
    /// metrics name the registries that are used.
    #[must_use]
    pub fn metrics(&self) -> MetricsServer {
        MetricsServer {
            served: Arc::clone(&self.served),
            hosts: self.hosts.clone(),
            limits: self.limits.clone(),
        }
    }
}

/// Answers Prometheus.
pub struct MetricsServer {
    served: Arc<Served>,
    hosts: Vec<String>,
    limits: Limits,
}

impl MetricsServer {
    /// Answers on `listener` until `stop` is done.
    ///
    /// # Errors
    /// When the listener fails.
    pub async fn serve(
        self,
        listener: TcpListener,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<()> {
        let names = host::Names::new(self.hosts, listener.local_addr()?.ip());
        let router = host::checked(router::metrics(self.served), names);
        let setup = Setup {
            router,
            limits: self.limits,
            proxies: Vec::new(),
            tls: None,
            // These connections are few and are not counted.
            served: None,
        };
        server::serve(listener, setup, stop).await
    }
}
