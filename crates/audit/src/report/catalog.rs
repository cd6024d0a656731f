//! `onionskin tags` and `onionskin repositories`: what a registry lists.

use serde::{Deserialize, Serialize};

use crate::inspection::SCHEMA_VERSION;

/// What `tags --format json` prints.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TagsReport {
    /// The version of this form.
    pub schema_version: u32,
    /// The repository with its registry, such as docker.io/library/nginx.
    pub repository: String,
    /// Its tags, in the registry's order.
    pub tags: Vec<String>,
}

/// What `repositories --format json` prints.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RepositoriesReport {
    /// The version of this form.
    pub schema_version: u32,
    /// The registry's host, with its port where it is not the usual one.
    pub registry: String,
    /// The names of its repositories, without the registry, in the registry's order.
    pub repositories: Vec<String>,
}

impl TagsReport {
    /// The list of a repository's tags.
    #[must_use]
    pub const fn new(repository: String, tags: Vec<String>) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            repository,
            tags,
        }
    }
}

impl RepositoriesReport {
    /// The list of a registry's repositories.
    #[must_use]
    pub const fn new(registry: String, repositories: Vec<String>) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            registry,
            repositories,
        }
    }
}
