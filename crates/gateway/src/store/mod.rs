//! The store: blobs and manifests that registries sent, kept by digest for those who may have them.
//!
//! Beside them it holds indexes of layers, and the key that seals links to next pages, so that any number of gateways can
//! share one. What is in it says nothing of who may read it: for each request the registry is asked whether this
//! repository has it for this visitor (CVE-2026-35172), and only the registry that it came through is believed. Nothing is
//! given out of it before its bytes have been checked against the digest by this process.

mod flight;
mod objects;
mod place;
mod positioned;
mod rest;
mod rights;
mod tally;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::metrics::Metrics;

pub(crate) use flight::Flights;
pub(crate) use objects::Objects;
pub use place::{Bucket, StorePlace, StorePlaceError};
pub(crate) use rights::{Right, Rights};

/// Where blobs and manifests are kept, and for how long they serve while a registry is down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreOptions {
    /// Where they are.
    pub place: StorePlace,
    /// Bytes of all objects, after which those that were not used for longest are deleted.
    pub limit: u64,
    /// How long a right that was checked is good while the registry cannot be asked: it answers 429 or 5xx, or not at
    /// all.
    pub grace: Duration,
}

/// Why there is no store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The folder is not there and cannot be made.
    #[error("cannot use {} as a store: {problem}", .path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        #[source]
        problem: std::io::Error,
    },
    /// The folder is there and cannot be used, or the environment does not say how to reach the bucket.
    #[error("cannot use {place} as a store: {problem}")]
    Store {
        /// The folder or the bucket.
        place: Box<StorePlace>,
        /// Why.
        #[source]
        problem: object_store::Error,
    },
}

/// The key with which gateways that share a store seal links to next pages.
pub(crate) type Key = [u8; 64];

/// What a gateway keeps, and what it knows of who may have it.
pub(crate) struct Store {
    pub(crate) objects: Arc<Objects>,
    pub(crate) rights: Rights,
    pub(crate) flights: Flights,
}

impl Store {
    pub(crate) fn open(options: &StoreOptions, metrics: Arc<Metrics>) -> Result<Self, StoreError> {
        let objects = Arc::new(Objects::open(options, metrics)?);
        Ok(Self {
            rights: Rights::new(options.grace),
            flights: Flights::new(Some(Arc::clone(&objects))),
            objects,
        })
    }
}
