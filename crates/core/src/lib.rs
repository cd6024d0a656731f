//! Container images, layer by layer.
//!
//! The modules follow the way the data goes, and each knows only those before it:
//! [`mod@reference`] and [`digest`], [`manifest`], [`mod@tar`], [`source`], [`mod@base`], [`layer`], [`secrets`],
//! [`visitors`], [`cache`], [`stack`], [`ledger`], [`findings`], [`rules`], [`report`].
//! Everything compiles natively and for `wasm32-unknown-unknown`.

pub mod base;
pub mod cache;
pub mod compare;
pub mod digest;
pub mod findings;
mod json;
pub mod layer;
pub mod ledger;
pub mod limits;
pub mod manifest;
mod names;
pub mod platform;
pub mod reference;
pub mod report;
pub mod rules;
pub mod secrets;
pub mod source;
pub mod stack;
pub mod tar;
pub mod visitors;
