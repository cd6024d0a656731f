//! Where a finding is: a path in a layer, or a place in the configuration.

use serde::{Deserialize, Serialize};

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
    /// A place in the configuration or the history, such as `config.user`.
    Config(String),
}

impl Default for Location {
    fn default() -> Self {
        Self::Config(String::new())
    }
}

impl Location {
    /// The path, or the place, as bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Path { path, .. } => path,
            Self::Config(place) => place.as_bytes(),
        }
    }
}
