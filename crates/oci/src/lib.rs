//! Container images where they are: references, documents, and layers as streams of bytes.
//!
//! Registries, saved files of every form, layouts and engines give the same [`source::Image`]. Documents are read as
//! Docker's and the OCI's tools read them, odd ones included; what a digest names is verified before it is given out.
//! Nothing here decodes a layer: that is for `onionskin-layers`.
//!
//! ```
//! use onionskin_oci::platform::Platform;
//! use onionskin_oci::reference::Reference;
//!
//! let reference: Reference = "nginx:1.27".parse()?;
//! assert_eq!(reference.to_string(), "docker.io/library/nginx:1.27");
//! let platform: Platform = "linux/arm64/v8".parse()?;
//! assert_eq!(platform.os, "linux");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The modules follow the way the data goes, and each knows only those before it: [`mod@reference`], [`platform`];
//! [`json`]; [`manifest`]; [`source`]. On `wasm32-unknown-unknown` there are no engines, credentials and files by path.

#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(clippy::indexing_slicing, clippy::panic, clippy::string_slice)
)]

pub mod json;
pub mod limits;
pub mod manifest;
pub mod platform;
pub mod reference;
pub mod source;

// The modules below ours, under the paths that ours have: `crate::digest` is `onionskin_layers::digest`.
use onionskin_layers::{compression, digest, tar};
