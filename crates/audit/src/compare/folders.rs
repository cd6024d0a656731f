//! Folders that do not come to the same in two images: by size, download or wasted bytes.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::sums::Sums;
use crate::names::text;

/// A folder with what it comes to in both images, all that is below it included.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FolderChange {
    /// The path; `/` for the root, which has the sums of all.
    pub path: String,
    /// Bytes of its files in the final filesystem of the old image, as `ls` shows them. None where nothing is at its path; a file there counts.
    pub old_size: Option<u64>,
    /// The same in the new image.
    pub new_size: Option<u64>,
    /// Bytes of the old image's download: what all entries of its layers at this path and below cost in the blobs, in the
    /// final filesystem or not. None where the source does not tell the blobs' sizes. What is no entry's, such as the end
    /// of a tar, and layers that are not available, are in no folder.
    pub old_download: Option<u64>,
    /// The same of the new image.
    pub new_download: Option<u64>,
    /// Bytes of files that the old image's layers store at this path and below, and that its final filesystem does not
    /// have.
    pub old_wasted: u64,
    /// The same of the new image.
    pub new_wasted: u64,
}

impl FolderChange {
    /// Both images have as much of it. What one of them does not know is no difference.
    fn is_same(&self) -> bool {
        let downloads = self.old_download.zip(self.new_download);
        self.old_size == self.new_size
            && self.old_wasted == self.new_wasted
            && downloads.is_none_or(|(old, new)| old == new)
    }
}

/// The folders whose size, download or wasted bytes differ, in byte order of their paths: those of one of the final
/// filesystems, and those that later layers deleted.
#[must_use]
pub fn folders(old: &Sums<'_>, new: &Sums<'_>) -> Vec<FolderChange> {
    let paths: BTreeSet<Vec<u8>> = old.folders().chain(new.folders()).collect();
    let changes = paths.into_iter().map(|path| {
        let (before, after) = (old.costs(&path), new.costs(&path));
        FolderChange {
            old_size: old.at(&path).map(|(_, size, _)| size),
            new_size: new.at(&path).map(|(_, size, _)| size),
            old_download: before.download,
            new_download: after.download,
            old_wasted: before.wasted,
            new_wasted: after.wasted,
            path: text(&path).into_owned(),
        }
    });
    changes.filter(|change| !change.is_same()).collect()
}
