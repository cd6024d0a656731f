//! What is told about an image: the models that text, JSON and the page are made from.

pub mod artifact;
pub mod badge;
pub mod cache;
pub mod catalog;
pub mod changed_lines;
pub mod comment;
pub mod comparison;
pub mod console;
pub mod dive;
pub mod format;
pub mod history;
pub mod html;
pub mod json;
pub mod junit;
pub mod labels;
pub mod link;
pub mod listing;
pub mod map;
pub mod markdown;
pub mod notes;
pub mod outcome;
pub mod packages;
pub mod referrers;
pub mod sarif;
#[cfg(test)]
mod schemas;
pub mod squarify;
pub mod unavailable;
pub mod usage;
mod visible;
pub mod xattrs;

pub use crate::names::{bytes, text, unescaped};
pub use visible::Visible;
