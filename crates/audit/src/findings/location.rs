//! Where a finding is: a path in a layer, packages, or a place in the configuration.

use serde::{Deserialize, Serialize};

use crate::packages::Type;

/// Where a finding is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Location {
    /// A path among the changes of a layer.
    Path {
        /// The layer in which it is seen, from 1: the last that hides it, else the last that adds it.
        layer: usize,
        /// The file, or the folder that holds all files of the finding, with a leading slash.
        path: Vec<u8>,
    },
    /// Packages of the final filesystem.
    Packages {
        /// What they are packages of.
        kind: Type,
        /// The last layer that adds some of their files, from 1.
        layer: usize,
        /// The folder that holds all their files, with a leading slash.
        path: Vec<u8>,
    },
    /// A place in the configuration or the history, such as `config.user`.
    Config(String),
}

impl Default for Location {
    fn default() -> Self {
        Self::Config(String::new())
    }
}

impl Location {
    /// The layer and the path of what is in the filesystem.
    #[must_use]
    pub fn in_layer(&self) -> Option<(usize, &[u8])> {
        match self {
            Self::Path { layer, path } | Self::Packages { layer, path, .. } => Some((*layer, path)),
            Self::Config(_) => None,
        }
    }

    /// The path, or the place, as bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Path { path, .. } | Self::Packages { path, .. } => path,
            Self::Config(place) => place.as_bytes(),
        }
    }
}
