//! Images in registries, over the OCI distribution API.
//!
//! One client serves native programs and the page. Natively it follows redirects itself, so that every address
//! passes the caller's [`Guard`] and credentials stay with the registry they belong to; in a page `fetch` does.
//!
//! ```no_run
//! use onionskin_oci::source::registry::{Client, ClientOptions, http_client};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let client = Client::new(http_client().build()?, ClientOptions::default());
//! let remote = client.open(&"nginx:1.27".parse()?)?;
//! let image = remote.image(None).await?;
//! for layer in &image.layers {
//!     let mut blob = remote.layer(layer).await?;
//!     while let Some(chunk) = blob.next_chunk().await? {
//!         println!("{} more, {} of {:?} bytes", chunk.len(), blob.received(), blob.size());
//!     }
//! }
//! # Ok(())
//! # }
//! ```

mod answer;
mod auth;
mod blobs;
mod catalog;
mod challenge;
mod client;
mod cosign;
mod detail;
mod encoding;
mod endpoint;
mod failure;
#[cfg(not(target_arch = "wasm32"))]
mod guard;
mod kept;
mod link;
mod listing;
mod names;
mod one_line;
#[cfg(not(target_arch = "wasm32"))]
mod proxies;
mod quoted;
mod realm;
mod referrers;
mod remote;
mod request;
mod transfer;
mod transport;
mod wait;
mod web_page;

/// How headers and addresses that a registry chooses are read: for the fuzz targets.
#[doc(hidden)]
pub mod readers {
    pub use super::challenge::{Challenge, parse as challenges};
    #[cfg(not(target_arch = "wasm32"))]
    pub use super::guard::is_public;
    pub use super::link::{addresses as page_addresses, next as next_page};
    pub use super::realm::{allowed as allowed_realm, trusted as trusted_realm};
}

pub use blobs::BlobAnswer;
pub use catalog::{Registry, RepositoriesPage, domain};
pub use client::{Client, ClientOptions};
pub use detail::ErrorDetail;
pub use endpoint::{Endpoint, TagOrDigest, is_loopback, without_port};
#[cfg(not(target_arch = "wasm32"))]
pub use guard::{AllowedHost, AllowedHostError, Guard, PublicAddresses};
pub use kept::{KeepDocuments, KeptDocument};
pub use listing::{Pages, WholeList, whole_list};
#[cfg(not(target_arch = "wasm32"))]
pub use proxies::{ProxyError, proxy_hosts, proxy_variables, through_proxies};
pub use referrers::{Referrer, Referrers, ReferrersPage};
pub use remote::{Remote, TagsPage};
pub use reqwest::{self, Method, Response, Url};
#[cfg(not(target_arch = "wasm32"))]
pub use transport::http_client;
pub use wait::Notices;

pub use super::fetched::{Described, Fetched, Outline};
