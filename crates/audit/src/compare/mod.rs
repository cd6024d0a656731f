//! Comparison: what changed from one image to another, path by path, in the configuration and in the download.

mod change;
mod change_tree;
mod config;
mod folders;
mod history;
mod lines;
mod moved;
mod packages;
pub mod reproducible;
mod sums;
mod tree;
mod update;

pub use change::{Change, FileChange, What};
pub use change_tree::{ChangeTree, ChangedPath};
pub use config::{FieldChange, annotations, fields, is_of_builder};
pub use folders::{FolderChange, folders};
pub use history::{HistoryChange, HistoryLine, LineState, history};
pub use lines::{Hunk, TooLarge, hunks};
pub use packages::{PackageChange, WastedPackageChange, packages, wasted_packages};
pub use sums::{PathCosts, Sums};
pub use tree::{At, Options, trees};
pub use update::{LayerFile, NewLayer, Update, largest_files, update};

use crate::ownership::Packages;
use crate::source::Image;
use crate::stack::Stack;

/// One of the two sides: an image, and the stack at one of its layers.
#[derive(Clone, Copy)]
pub struct Side<'a> {
    /// The image.
    pub image: &'a Image,
    /// Its layers, stacked at least as far as `layer`.
    pub stack: &'a Stack,
    /// The layer whose stack is compared, from 1; the last one for the final filesystem.
    pub layer: usize,
    /// The packages of that stack.
    pub packages: &'a Packages,
}

/// All differences between two images.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// Paths that differ, in byte order.
    pub files: Vec<FileChange>,
    /// Fields of the configuration that differ, in the order of `inspect`, then the manifest's annotations.
    pub config: Vec<FieldChange>,
    /// Where the build histories differ, as Dockerfiles.
    pub history: Vec<HistoryChange>,
    /// Packages that differ, by type and name.
    pub packages: Vec<PackageChange>,
    /// What a pull of the new image downloads where the old one is there.
    pub update: Update,
    /// The layers that it downloads, in their order, each with its largest files.
    pub new_layers: Vec<NewLayer>,
    /// A layer that is not available is in one image only: what it holds differs, and no list can tell how.
    pub other_unavailable: bool,
}

impl Comparison {
    /// Compares two sides.
    #[must_use]
    pub fn of(old: Side<'_>, new: Side<'_>, options: &Options) -> Self {
        let update = update(old.image, new.image);
        Self {
            files: trees((old.stack, old.layer), (new.stack, new.layer), options),
            config: fields(&old.image.config, &new.image.config, options)
                .into_iter()
                .chain(annotations(old.image, new.image, options))
                .collect(),
            history: history(old, new),
            packages: packages(with_blobs(old), with_blobs(new)),
            new_layers: largest_files(new.image, new.stack, &update.new),
            other_unavailable: !(has_unavailable_of(new, old) && has_unavailable_of(old, new)),
            update,
        }
    }

    /// Nothing differs that was asked for. The history tells how an image was built, not what it is, and does not count; nor
    /// does the size of a package under one version, as the paths of its files tell that.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
            && self.config.is_empty()
            && self.packages.iter().all(PackageChange::is_same_version)
            && !self.other_unavailable
    }
}

/// The packages of a side, and whether its source tells the sizes of the blobs.
fn with_blobs(side: Side<'_>) -> (&Packages, bool) {
    (side.packages, side.image.compressed_size().is_some())
}

/// Whether an image lists all layers of another one that are not available there.
fn has_unavailable_of(image: Side<'_>, other: Side<'_>) -> bool {
    let mut unavailable = other.stack.not_fetched().range(..=other.layer);
    let shared = update(image.image, other.image).shared;
    unavailable.all(|(layer, _)| shared.contains(layer))
}
