//! Where images come from: registries and archives, alike in what they give.
//!
//! A [`Source`] opens an [`Image`] (its documents) and streams its layers as chunks of bytes ([`BlobStream`]).

mod credentials;
mod error;
mod image;
mod locator;
mod portable;
pub mod registry;
mod stream;

pub use credentials::Credentials;
pub use error::{RetryAfter, SourceError, Unreachable};
pub use image::{Image, Layer};
pub use locator::{Locator, LocatorError};
pub use portable::{BoxFuture, MaybeSend, MaybeSync};
pub use stream::BlobStream;
