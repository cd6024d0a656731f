//! What is told about an image: the models that text, JSON and the page are made from.

pub mod artifact;
pub mod audit;
pub mod badge;
pub mod cache;
pub mod catalog;
pub mod comparison;
pub mod dive;
pub mod html;
pub mod inspection;
pub mod json;
pub mod junit;
pub mod labels;
pub mod link;
pub mod listing;
pub mod map;
pub mod markdown;
pub mod notes;
pub mod outcome;
pub mod own;
pub mod packages;
pub mod referrers;
pub mod sarif;
#[cfg(test)]
mod schemas;
pub mod usage;
mod visible;
pub mod words;
pub mod xattrs;

pub use crate::names::{bytes, text, unescaped};
pub use visible::Visible;

/// The version of all JSON that is written; it rises when a key changes its meaning or goes.
pub const SCHEMA_VERSION: u32 = 1;
