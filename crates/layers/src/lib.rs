//! Layers of container images: what a blob holds, what a stack of layers shows, and which stored bytes are wasted.
//!
//! The caller pushes bytes in and takes an index out: nothing here does I/O, reads a clock or speaks HTTP, so the same
//! code serves a download, a file, a browser's worker and a fuzzer. No input makes it panic, and what it may take of
//! memory is bounded ([`limits`], [`layer::MemoryBudget`]). What a layer's files contain is read by visitors
//! ([`layer::Visitor`]); what they find is kept in the index, which knows only its name.
//!
//! ```
//! use onionskin_fixtures::layer;
//! use onionskin_layers::layer::{Expected, LayerDecoder};
//! use onionskin_layers::ledger::Ledger;
//! use onionskin_layers::stack::{Cause, Stack};
//!
//! // Two blobs, as a registry or an archive has them.
//! let copied = layer("COPY app /app").file("/app", "four").gzip();
//! let deleted = layer("RUN rm /app").whiteout("/app").gzip();
//!
//! let mut stack = Stack::new();
//! for (layer, blob) in (1..).zip([copied, deleted]) {
//!     let mut decoder = LayerDecoder::new(Expected { layer, ..Expected::default() });
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
//! The modules follow the way the data goes, and each knows only those before it: [`digest`], [`memory`], [`names`];
//! [`compression`] and [`mod@tar`]; [`layer`]; [`stack`]; [`ledger`]. [`steps`] is for work that takes long.
//! Everything compiles natively and for `wasm32-unknown-unknown`.

#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(clippy::indexing_slicing, clippy::panic, clippy::string_slice)
)]

pub mod compression;
pub mod digest;
mod keyed_hash;
pub mod layer;
pub mod ledger;
pub mod limits;
pub mod memory;
pub mod names;
pub mod stack;
pub mod steps;
pub mod tar;
