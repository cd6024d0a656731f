//! What fills the page, one view a file.

pub(crate) mod artifact;
mod band;
mod both_versions;
pub(crate) mod browse;
mod cache;
pub(crate) mod comparison;
mod config;
mod content;
mod details;
mod dockerfile;
mod document;
pub(crate) mod embed;
pub(crate) mod error;
pub(crate) mod file;
mod files;
mod folder_tar;
mod gateway;
pub(crate) mod handover;
pub(crate) mod header;
pub(crate) mod history;
pub(crate) mod image;
pub(crate) mod later;
mod layer;
pub(crate) mod layers;
pub(crate) mod login;
pub(crate) mod map;
mod packages;
mod parts;
mod path;
mod referrers;
mod related;
pub(crate) mod start;
mod unread;
mod versions;
mod waste;

use yew::prelude::*;

use crate::navigate::Navigate;
use crate::route::ImageRoute;
use crate::session::Image;
use crate::worker::client::WorkerClient;

/// What a view of an image is given that asks the image worker nothing.
#[derive(Clone, PartialEq, Properties)]
pub(crate) struct ImageProps {
    pub(crate) image: Image,
    pub(crate) route: ImageRoute,
    pub(crate) go: Callback<Navigate>,
}

/// What a view of a layer is given.
#[derive(PartialEq, Properties)]
pub(crate) struct LayerProps {
    pub(crate) worker: WorkerClient,
    pub(crate) image: Image,
    pub(crate) route: ImageRoute,
    pub(crate) layer: u32,
    pub(crate) go: Callback<Navigate>,
}
