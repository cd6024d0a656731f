//! What fills the page, one view a file.

mod band;
mod config;
mod details;
pub(crate) mod error;
pub(crate) mod file;
mod files;
pub(crate) mod header;
pub(crate) mod image;
mod layer;
mod layers;
pub(crate) mod start;
mod waste;
