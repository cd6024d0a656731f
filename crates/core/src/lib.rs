//! Container images, layer by layer.
//!
//! ```
//! use onionskin_core::layer::Expected;
//! use onionskin_core::ledger::Ledger;
//! use onionskin_core::stack::{Cause, Stack};
//! use onionskin_core::visitors;
//! use onionskin_fixtures::layer;
//!
//! // Two blobs, as a registry or an archive has them.
//! let copied = layer("COPY app /app").file("/app", "four").gzip();
//! let deleted = layer("RUN rm /app").whiteout("/app").gzip();
//!
//! let mut stack = Stack::new();
//! for (layer, blob) in (1..).zip([copied, deleted]) {
//!     let expected = Expected { layer, ..Expected::default() };
//!     let mut decoder = visitors::decoder(expected);
//!     for piece in blob.chunks(10) {
//!         decoder.push(piece)?;
//!     }
//!     stack.push(decoder.finish()?)?;
//! }
//!
//! let ledger = Ledger::of(&stack);
//! assert_eq!(ledger.total.stored, 4);
//! assert_eq!(ledger.total.causes[Cause::Deleted], 4);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The modules follow the way the data goes, and each knows only those before it: [`mod@reference`], [`platform`] and
//! [`digest`]; [`manifest`]; [`memory`], [`compression`] and [`mod@tar`]; [`source`]; [`mod@base`]; [`layer`];
//! [`secrets`], [`packages`], [`visitors`]; [`cache`]; [`stack`]; [`ledger`]; [`ownership`]; [`findings`]; [`rules`];
//! [`compare`]; [`report`]. [`limits`] has the bounds of all.
//! Everything compiles natively and for `wasm32-unknown-unknown`.

pub mod base;
pub mod cache;
pub mod compare;
pub mod compression;
pub mod digest;
pub mod findings;
mod json;
pub mod layer;
pub mod ledger;
pub mod limits;
pub mod manifest;
pub mod memory;
mod names;
pub mod ownership;
pub mod packages;
pub mod platform;
pub mod reference;
pub mod report;
pub mod rules;
pub mod secrets;
pub mod source;
pub mod stack;
pub mod tar;
pub mod visitors;
