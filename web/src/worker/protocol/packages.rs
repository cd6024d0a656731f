//! What page and worker say about the packages of an image.

pub(crate) use onionskin_core::report::packages::{PackageFacts, PackagesReport};
use serde::{Deserialize, Serialize};

use super::SizedPath;

/// The packages of the final filesystem, once all layers are read.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct PackagesOf;

/// Files of the package with this place in the list.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct PackageFiles {
    pub(crate) package: u32,
    /// How many at most.
    pub(crate) count: u32,
}

/// Files of a package.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FilesOfPackage {
    /// The largest of them, each under one of its names.
    pub(crate) files: Vec<SizedPath>,
    /// How many it has.
    pub(crate) all: u32,
}
