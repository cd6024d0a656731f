//! What is wrong with a container image, and what to do about it.
//!
//! Over the layers that `onionskin-layers` decodes and the documents that `onionskin-oci` reads, this crate finds wasted
//! and avoidable bytes, secrets, packages and risks; judges rules; compares images; and writes reports. It does no I/O
//! and reads no clock. It keeps no secret: only its rule and its place.
//!
//! ```
//! use onionskin_audit::findings::{self, Kind, Leftovers, Subject};
//! use onionskin_audit::visitors;
//! use onionskin_fixtures::layer;
//! use onionskin_layers::layer::Expected;
//! use onionskin_layers::ledger::Ledger;
//! use onionskin_layers::stack::Stack;
//! use onionskin_oci::manifest::Config;
//!
//! let commands = ["COPY app /app", "RUN rm /app"];
//! let copied = layer(commands[0]).file("/app", "four");
//! let deleted = layer(commands[1]).whiteout("/app");
//!
//! let mut stack = Stack::new();
//! for layer in [copied, deleted] {
//!     let mut decoder = visitors::decoder(Expected::default());
//!     decoder.push(&layer.tar())?;
//!     stack.push(decoder.finish()?)?;
//! }
//! let found = findings::of(&Subject {
//!     stack: &stack,
//!     ledger: &Ledger::of(&stack),
//!     commands: &commands.map(Some),
//!     config: &Config::default(),
//!     base: None,
//!     leftovers: Leftovers::standard(),
//! });
//! let deleted = found.iter().find(|finding| finding.kind == Kind::Deleted);
//! assert_eq!(deleted.map(|finding| (finding.path(), finding.bytes)), Some((&b"/app"[..], 4)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The modules follow the way the data goes, and each knows only those before it: [`mod@base`]; [`secrets`],
//! [`packages`], [`accounts`], [`visitors`]; [`ownership`]; [`findings`]; [`rules`]; [`find`]; [`inspection`],
//! [`dockerfile`], [`link`]; [`audit`]; [`compare`]; [`contents`]; [`report`].
//! Everything compiles natively and for `wasm32-unknown-unknown`.

#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(clippy::indexing_slicing, clippy::panic, clippy::string_slice)
)]

pub mod accounts;
pub mod audit;
pub mod base;
pub mod compare;
pub mod contents;
pub mod dockerfile;
pub mod find;
pub mod findings;
pub mod inspection;
pub mod limits;
pub mod link;
pub mod ownership;
pub mod packages;
pub mod report;
pub mod rules;
pub mod secrets;
pub mod visitors;

// The modules below ours, under the paths that ours have: `crate::layer` is `onionskin_layers::layer`.
use onionskin_layers::{digest, layer, ledger, names, stack, steps};
use onionskin_oci::{json, manifest, reference, source};
