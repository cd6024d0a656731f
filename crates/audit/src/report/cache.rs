//! `onionskin cache`: what the cache on disk holds.

use serde::{Deserialize, Serialize};

use crate::inspection::SCHEMA_VERSION;

/// What `cache --format json` prints.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CacheReport {
    /// The version of this form.
    pub schema_version: u32,
    /// Where the cache is.
    pub folder: String,
    /// Number of layers in it.
    pub layers: u64,
    /// Bytes of all files in it.
    pub bytes: u64,
    /// Bytes that it may have.
    pub limit: u64,
    /// What `--clear` removed; None without it.
    pub removed: Option<Removed>,
}

/// What was removed from the cache.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Removed {
    /// Number of layers.
    pub layers: u64,
    /// Bytes of all files.
    pub bytes: u64,
}

impl CacheReport {
    /// What is in the cache, after what was removed from it.
    #[must_use]
    pub const fn new(
        folder: String,
        layers: u64,
        bytes: u64,
        limit: u64,
        removed: Option<Removed>,
    ) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            folder,
            layers,
            bytes,
            limit,
            removed,
        }
    }
}
