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
//! Each part is a crate that can be used alone; here all of them stand under one name. Their modules follow the way the
//! data goes, and each knows only those before it:
//!
//! - `onionskin-layers`: [`digest`], [`memory`], [`compression`] and [`mod@tar`]; [`layer`]; [`stack`]; [`ledger`]; [`steps`];
//! - `onionskin-oci`: [`mod@reference`], [`platform`], [`manifest`]; [`source`];
//! - `onionskin-audit`: [`mod@base`]; [`secrets`], [`packages`], [`accounts`], [`visitors`]; [`ownership`]; [`findings`]; [`rules`];
//!   [`find`]; [`inspection`], [`link`]; [`audit`]; [`compare`]; [`contents`]; [`report`];
//! - here: [`cache`], the form in which indexes and documents are kept; [`analysis`], a file that has an image without the
//!   contents of its files; and [`limits`], the bounds of all.
//!
//! Everything compiles natively and for `wasm32-unknown-unknown`.

#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(clippy::indexing_slicing, clippy::panic, clippy::string_slice)
)]

pub mod analysis;
pub mod cache;
pub mod limits;

pub use onionskin_audit::{
    accounts, audit, base, compare, contents, dockerfile, find, findings, inspection, link,
    ownership, packages, report, rules, secrets, visitors,
};
pub use onionskin_layers::{compression, digest, layer, ledger, memory, stack, steps, tar};
pub use onionskin_oci::{manifest, platform, reference, source};
