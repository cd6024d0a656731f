//! A path that differs between two trees, and how.

use serde::{Deserialize, Serialize};

/// What happened to a path.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Change {
    /// Only the new tree has it.
    Added,
    /// Only the old tree has it.
    Removed,
    /// Both have it, and something differs.
    Changed,
    /// The new tree has the content of a removed file here.
    Moved,
}

/// What differs between two versions of a path.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum What {
    /// The bytes of a regular file, or the numbers of a device.
    Content,
    /// Its type: file, folder, symbolic link, device, FIFO.
    Type,
    /// Permission bits, set-id and sticky.
    Mode,
    /// User or group.
    Owner,
    /// The text of a symbolic link, or which other names a hard link shares its file with.
    LinkTarget,
    /// Extended attributes.
    Xattrs,
    /// Time of the last change; only where it is compared.
    Mtime,
}

impl Change {
    /// As it is told: `added`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Changed => "changed",
            Self::Moved => "moved",
        }
    }

    /// The letter that `git diff --name-status` has for it.
    #[must_use]
    pub const fn sign(self) -> char {
        match self {
            Self::Added => 'A',
            Self::Removed => 'D',
            Self::Changed => 'M',
            Self::Moved => 'R',
        }
    }
}

impl What {
    /// As it is told: `link target`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Content => "content",
            Self::Type => "type",
            Self::Mode => "mode",
            Self::Owner => "owner",
            Self::LinkTarget => "link target",
            Self::Xattrs => "attributes",
            Self::Mtime => "time",
        }
    }
}

/// A path that differs.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FileChange {
    /// The path in the new tree; in the old one where it was removed.
    pub path: String,
    /// What happened to it.
    pub change: Change,
    /// What differs; empty for all that is on one side only.
    pub what: Vec<What>,
    /// The names of the extended attributes that differ. There is such a key only where there are some.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub xattrs: Vec<String>,
    /// Bytes in the old tree as `ls` shows them; None where it is not there.
    pub old_size: Option<u64>,
    /// Bytes in the new tree.
    pub new_size: Option<u64>,
    /// The old path of a moved file.
    pub from: Option<String>,
    /// The layer of the new image, from 1, that made the path what it is; the old image's where it was removed.
    pub layer: usize,
}
