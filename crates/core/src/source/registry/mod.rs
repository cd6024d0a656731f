//! Images in registries, over the OCI distribution API.

mod challenge;
mod endpoint;

pub use endpoint::{Endpoint, TagOrDigest};
pub use reqwest::{self, Method, Response, Url};
