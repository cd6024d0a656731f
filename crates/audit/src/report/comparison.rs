//! `onionskin diff`: what changed from one image to another.

mod changed_paths;
mod fields;
mod folders;
pub(super) mod history;
pub mod html;
mod layer_changes;
pub mod markdown;
mod packages;
pub mod reproducible;
mod summary;

use serde::{Deserialize, Serialize};

pub use self::changed_paths::{Counts, Largest, largest_change, weight};
pub use self::fields::Field;
pub use self::history::history_counts;
pub use self::layer_changes::{LayerChange, LayerSizes};
pub use self::packages::{PackageRow, package_counts, package_rows, wasted_rows};
pub use self::summary::{Compared, Number, Side, known, layers};
use super::unavailable::UnavailableLayer;
use crate::compare::{
    Comparison, FieldChange, FileChange, FolderChange, HistoryChange, NewLayer, PackageChange,
    WastedPackageChange,
};
use crate::inspection::SCHEMA_VERSION;
use crate::inspection::{ImageFacts, Inspection};
use crate::packages::Type;

/// What `diff --format json` prints.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ComparisonReport {
    /// The version of this form.
    pub schema_version: u32,
    /// The image that is compared with.
    pub old: ImageFacts,
    /// The image that is compared.
    pub new: ImageFacts,
    /// The stacks that are compared: the filesystems up to these layers.
    pub stacks: ComparedStacks,
    /// The sizes of both, up to these layers.
    pub bytes: ComparedBytes,
    /// The layers of both.
    pub layers: ComparedLayers,
    /// The layers that are not available and were not compared. There is such a key only where there are some.
    #[serde(default, skip_serializing_if = "UncomparedLayers::is_empty")]
    pub not_fetched: UncomparedLayers,
    /// Paths that differ, in byte order. What only a layer that is not available holds is missing: where the other image
    /// has it, it is listed as added or removed.
    pub files: Vec<FileChange>,
    /// Fields of the configuration that differ, and the manifest's `annotations` where they do.
    pub config: Vec<FieldChange>,
    /// Where the build histories differ, as Dockerfiles: the lines that differ, with up to three lines around them.
    pub history: Vec<HistoryChange>,
    /// Packages that were added or removed, or have another version, by type and name.
    pub packages: Vec<VersionChange>,
    /// These packages with their sizes, and those of which both images have the same version with another number of bytes,
    /// by type and name.
    pub package_sizes: Vec<PackageChange>,
    /// Packages of which not as many bytes are wasted in both images, by type and name: those of files that a later layer
    /// deleted or stored again.
    pub wasted_by_package: Vec<WastedPackageChange>,
    /// Folders whose size, download or wasted bytes differ, in byte order: also those that only a layer has, as
    /// a later one deleted them.
    pub folders: Vec<FolderChange>,
}

/// A package that was added or removed, or has another version.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionChange {
    /// The type, as in its package URL.
    #[serde(rename = "type")]
    pub kind: Type,
    /// The name.
    pub name: String,
    /// The version in the old image. null where the package was added.
    pub old: Option<String>,
    /// The version in the new image. null where the package was removed.
    pub new: Option<String>,
    /// By how many bytes its files in the final filesystem grew.
    pub bytes: i64,
}

impl VersionChange {
    fn of(change: &PackageChange) -> Self {
        Self {
            kind: change.kind,
            name: change.name.clone(),
            old: change.old.clone(),
            new: change.new.clone(),
            bytes: change.bytes,
        }
    }
}

/// The last layers of two stacks, from 1; 0 for an empty one.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ComparedStacks {
    /// The old image's.
    pub old: usize,
    /// The new image's.
    pub new: usize,
}

/// The sizes of two images.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ComparedBytes {
    /// The old image's.
    pub old: SideBytes,
    /// The new image's.
    pub new: SideBytes,
    /// Bytes of the new image's blobs that the old one does not list, each blob once: what a pull downloads where the
    /// old image is there. None where the source does not tell their sizes.
    pub update: Option<u64>,
}

/// The sizes of one image.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SideBytes {
    /// Bytes of file content in all layers.
    pub stored: u64,
    /// Of it, what the final filesystem reaches.
    pub live: u64,
    /// Of it, what the final filesystem does not reach.
    pub wasted: u64,
    /// What the wasted content costs in the blobs.
    pub wasted_compressed: Option<u64>,
    /// Bytes of all layers' blobs.
    pub compressed_size: Option<u64>,
}

/// The layers of two images.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ComparedLayers {
    /// Layers of the new image that the old one has too.
    pub shared: usize,
    /// Layers of the new image that the old one does not have, in their order: what an update downloads.
    pub new: Vec<NewLayer>,
    /// What the layers come to that only one of the images has, and those of which not as much is wasted in both: in the
    /// order of the new image, with removed ones where they were.
    pub sizes: Vec<LayerSizes>,
}

/// The layers of two images that are not available.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UncomparedLayers {
    /// The old image's.
    pub old: Vec<UnavailableLayer>,
    /// The new image's.
    pub new: Vec<UnavailableLayer>,
}

impl UncomparedLayers {
    fn is_empty(&self) -> bool {
        self.old.is_empty() && self.new.is_empty()
    }
}

impl SideBytes {
    fn of(inspection: &Inspection) -> Self {
        let bytes = &inspection.bytes;
        Self {
            stored: bytes.stored,
            live: bytes.live,
            wasted: bytes.wasted,
            wasted_compressed: bytes.wasted_compressed,
            compressed_size: inspection.image.compressed_size,
        }
    }
}

impl ComparisonReport {
    /// The report of a comparison of two images that were inspected up to the layers whose stacks are compared; `wasted` is
    /// what they waste by package, `folders` what they have by folder.
    #[must_use]
    pub fn new(
        old: &Inspection,
        new: &Inspection,
        comparison: Comparison,
        wasted: Vec<WastedPackageChange>,
        folders: Vec<FolderChange>,
    ) -> Self {
        let all = comparison.packages.iter();
        let versions = all.filter(|package| !package.is_same_version());
        Self {
            schema_version: SCHEMA_VERSION,
            old: old.image.clone(),
            new: new.image.clone(),
            stacks: ComparedStacks {
                old: old.layers.len(),
                new: new.layers.len(),
            },
            bytes: ComparedBytes {
                old: SideBytes::of(old),
                new: SideBytes::of(new),
                update: comparison.update.bytes,
            },
            layers: ComparedLayers {
                shared: comparison.update.shared.len(),
                new: comparison.new_layers,
                sizes: layer_changes::layer_changes(&old.layers, &new.layers, &comparison.update)
                    .into_iter()
                    .filter_map(LayerSizes::of)
                    .collect(),
            },
            not_fetched: UncomparedLayers {
                old: UnavailableLayer::of(&old.layers),
                new: UnavailableLayer::of(&new.layers),
            },
            files: comparison.files,
            config: comparison.config,
            history: comparison.history,
            packages: versions.map(VersionChange::of).collect(),
            package_sizes: comparison.packages,
            wasted_by_package: wasted,
            folders,
        }
    }
}
