//! What fills the page, one view a file.

pub(crate) mod artifact;
mod band;
pub(crate) mod browse;
mod cache;
pub(crate) mod comparison;
mod config;
mod content;
mod details;
mod dockerfile;
mod document;
pub(crate) mod error;
pub(crate) mod file;
mod files;
pub(crate) mod header;
pub(crate) mod image;
mod layer;
pub(crate) mod layers;
pub(crate) mod login;
mod map;
mod packages;
mod referrers;
pub(crate) mod start;
mod waste;
