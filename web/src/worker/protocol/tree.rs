//! What page and worker say about the tree of files, and about the history of a path.

use serde::{Deserialize, Serialize};

use super::{Cause, Changes, ComparedRow, EntryKind, LayerNumbers, Mark};

/// What the tree shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Showing {
    pub(crate) layer: u32,
    /// The changes from this layer on; without it, the filesystem at the layer, and what was deleted on the way to it.
    pub(crate) changes_from: Option<u32>,
    /// Paths of these kinds are left out.
    pub(crate) hidden: Kinds,
    /// The same of a comparison.
    pub(crate) hidden_changes: Changes,
    pub(crate) sort: Sort,
    /// A query, as it was typed; empty shows all.
    pub(crate) find: String,
}

/// The columns of the tree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Column {
    Name,
    #[default]
    Size,
    Download,
    Wasted,
    Mode,
    Owner,
    Modified,
    Layer,
    /// Bytes in the old image of a comparison.
    Before,
    /// Bytes in the new image.
    After,
    /// The difference of both.
    Change,
}

/// A row of the table of columns: what addresses, worker and page know of it. How it is drawn is in `parts/tree/columns.rs`.
pub(crate) struct ColumnRow {
    pub(crate) column: Column,
    /// For addresses, style sheet and memory.
    pub(crate) name: &'static str,
    /// The largest is what a reader looks for first.
    is_descending: bool,
    /// Only comparisons have it.
    pub(crate) is_of_comparison: bool,
}

/// One that begins with the first of names, modes and owners.
const fn ascending(column: Column, name: &'static str) -> ColumnRow {
    ColumnRow {
        column,
        name,
        is_descending: false,
        is_of_comparison: false,
    }
}

/// One that begins with the largest.
const fn descending(column: Column, name: &'static str) -> ColumnRow {
    ColumnRow {
        is_descending: true,
        ..ascending(column, name)
    }
}

/// The same of comparisons.
const fn compared(column: Column, name: &'static str) -> ColumnRow {
    ColumnRow {
        is_of_comparison: true,
        ..descending(column, name)
    }
}

impl Column {
    /// All of them in their order.
    pub(crate) const TABLE: &'static [ColumnRow] = &[
        ascending(Column::Name, "name"),
        descending(Column::Size, "size"),
        descending(Column::Download, "download"),
        descending(Column::Wasted, "wasted"),
        ascending(Column::Mode, "mode"),
        ascending(Column::Owner, "owner"),
        descending(Column::Modified, "modified"),
        descending(Column::Layer, "layer"),
        compared(Column::Before, "before"),
        compared(Column::After, "after"),
        compared(Column::Change, "change"),
    ];

    fn row(self) -> Option<&'static ColumnRow> {
        Self::TABLE.iter().find(|row| row.column == self)
    }

    pub(crate) fn name(self) -> &'static str {
        self.row().map_or("", |row| row.name)
    }

    /// The column of this name.
    pub(crate) fn of(name: &str) -> Option<Self> {
        let named = Self::TABLE.iter().find(|row| row.name == name);
        named.map(|row| row.column)
    }

    /// Whether the largest is what a reader looks for first.
    pub(crate) fn is_descending(self) -> bool {
        self.row().is_some_and(|row| row.is_descending)
    }

    /// Whether only comparisons have it.
    pub(crate) fn is_of_comparison(self) -> bool {
        self.row().is_some_and(|row| row.is_of_comparison)
    }
}

/// The order of siblings in the tree: by default the largest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Sort {
    pub(crate) column: Column,
    /// Against the order that the column has of itself.
    pub(crate) reversed: bool,
}

impl Sort {
    pub(crate) fn is_descending(self) -> bool {
        self.column.is_descending() != self.reversed
    }

    /// What a click on the head of a column makes of it.
    pub(crate) fn clicked(self, column: Column) -> Self {
        Sort {
            column,
            reversed: self.column == column && !self.reversed,
        }
    }

    /// As addresses have it: `size`, and `-size` for the reverse.
    pub(crate) fn written(self) -> String {
        let sign = if self.reversed { "-" } else { "" };
        format!("{sign}{}", self.column.name())
    }

    /// Reads what [`Self::written`] wrote.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let name = text.strip_prefix('-');
        Some(Sort {
            column: Column::of(name.unwrap_or(text))?,
            reversed: name.is_some(),
        })
    }
}

/// What layers did to a path, or that they did nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ChangeKind {
    Unchanged,
    Added,
    Modified,
    MetadataOnly,
    Deleted,
}

impl ChangeKind {
    /// With the names that addresses and the page have for them.
    pub(crate) const NAMED: [(ChangeKind, &'static str); 5] = [
        (ChangeKind::Unchanged, "unchanged"),
        (ChangeKind::Added, "added"),
        (ChangeKind::Modified, "overwritten"),
        (ChangeKind::MetadataOnly, "metadata-only"),
        (ChangeKind::Deleted, "deleted"),
    ];

    pub(crate) fn of(mark: Option<Mark>) -> Self {
        match mark {
            None => ChangeKind::Unchanged,
            Some(Mark::Added) => ChangeKind::Added,
            Some(Mark::Modified) => ChangeKind::Modified,
            Some(Mark::MetadataOnly) => ChangeKind::MetadataOnly,
            Some(Mark::Deleted) => ChangeKind::Deleted,
        }
    }

    pub(crate) fn mark(self) -> Option<Mark> {
        match self {
            ChangeKind::Unchanged => None,
            ChangeKind::Added => Some(Mark::Added),
            ChangeKind::Modified => Some(Mark::Modified),
            ChangeKind::MetadataOnly => Some(Mark::MetadataOnly),
            ChangeKind::Deleted => Some(Mark::Deleted),
        }
    }
}

/// A set of [`ChangeKind`]s.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Kinds(u8);

impl Kinds {
    pub(crate) fn contains(self, kind: ChangeKind) -> bool {
        self.0 & (1 << kind as u8) != 0
    }

    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// With the kind in it or not, the other way round than now.
    #[must_use]
    pub(crate) fn toggled(self, kind: ChangeKind) -> Self {
        Kinds(self.0 ^ (1 << kind as u8))
    }

    /// As addresses have it: `deleted,unchanged`.
    pub(crate) fn written(self) -> String {
        let named = ChangeKind::NAMED.iter();
        let names = named.filter(|(kind, _)| self.contains(*kind));
        names.map(|(_, name)| *name).collect::<Vec<_>>().join(",")
    }

    /// Reads what [`Self::written`] wrote.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let mut kinds = Kinds::default();
        for name in text.split(',') {
            let (kind, _) = ChangeKind::NAMED.iter().find(|(_, known)| *known == name)?;
            if !kinds.contains(*kind) {
                kinds = kinds.toggled(*kind);
            }
        }
        Some(kinds)
    }
}

/// What came of [`Show`](super::Show), and of opening and closing folders.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Shown {
    /// Rows now visible in the tree.
    pub(crate) total: u32,
    /// All paths of the view, visible or folded away.
    pub(crate) paths: u32,
    /// Those of them that a search or hidden kinds leave; all without them.
    pub(crate) kept: u32,
    /// Bytes of the files among those, without what is deleted.
    pub(crate) bytes: u64,
    /// Bytes of the deleted files among those.
    pub(crate) deleted: u64,
    /// Paths of the view that are no folders, by [`ChangeKind`].
    pub(crate) kinds: [u32; 5],
    /// Paths that match what is looked for; none without.
    pub(crate) matches: Option<u32>,
    /// Why what is looked for is not a query: what is shown is what was found before.
    pub(crate) problem: Option<String>,
    /// Overwritten files may be metadata-only copies, as a layer was not read.
    pub(crate) copies_unknown: bool,
    /// The layer stands alone because one below it could not be read.
    pub(crate) alone: bool,
    /// There is nothing to show, as the layer is not read.
    pub(crate) missing: bool,
}

/// Where a path is in the tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FoundRow {
    /// The row of the path, or of the nearest folder above it that exists.
    pub(crate) row: Option<u32>,
    /// Whether it is the path itself.
    pub(crate) exact: bool,
    pub(crate) total: u32,
}

/// One visible row of the tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) path: Vec<u8>,
    /// 0 for what lies in the root.
    pub(crate) depth: u32,
    pub(crate) kind: EntryKind,
    /// Where a link leads.
    pub(crate) target: Option<Vec<u8>>,
    /// Whether it can be opened, and is.
    pub(crate) open: Option<bool>,
    /// How many paths are found in it and below, where something is looked for and it can be opened.
    pub(crate) found: u32,
    /// Of the file, or of all files below the folder that the tree shows.
    pub(crate) size: u64,
    /// What that costs of the download; unknown where the source has no compressed sizes.
    pub(crate) download: Option<u64>,
    /// Bytes stored under this path, or below it, that the final filesystem does not have.
    pub(crate) wasted: u64,
    pub(crate) mode: u32,
    pub(crate) uid: u64,
    pub(crate) gid: u64,
    /// The names of both, as far as the image's own files have them.
    pub(crate) owner: OwnerNames,
    /// Seconds since 1970.
    pub(crate) mtime: Option<i64>,
    /// The layer that provides it, or, for what is deleted, that added it.
    pub(crate) layer: u32,
    pub(crate) mark: Option<Mark>,
    /// Of what was stored again, it is not known whether the content is the same, as a layer was not read.
    pub(crate) copies_unknown: bool,
    /// Layers of the image are listed and not read.
    pub(crate) unread: bool,
    /// The layer that deleted it, unless its folder went with it.
    pub(crate) deleted_in: Option<u32>,
    /// A folder of the root that holds nothing, such as `/proc`.
    pub(crate) idle: bool,
    /// What was there before, where the layer changed only mode, owner or other metadata.
    pub(crate) before: Option<Metadata>,
    /// The layer that hides it later, and how, although it is still downloaded.
    pub(crate) fate: Option<(Cause, u32)>,
    /// What differs, in a comparison.
    pub(crate) compared: Option<Box<ComparedRow>>,
}

/// Mode and owner of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Metadata {
    pub(crate) mode: u32,
    pub(crate) uid: u64,
    pub(crate) gid: u64,
}

/// A path's story.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PathHistory {
    pub(crate) path: Vec<u8>,
    /// What it is at the layer that is looked at, if it is there.
    pub(crate) now: Option<Row>,
    /// The layer of the version that a search found, where that is an earlier one.
    pub(crate) found_in: Option<u32>,
    /// What a symbolic link leads to in the filesystem at that layer.
    pub(crate) leads_to: Option<Vec<u8>>,
    /// Bytes of the content of a file, holes of a sparse one among them.
    pub(crate) content: u64,
    /// Files below it at that layer.
    pub(crate) files: u64,
    /// Seconds since 1970.
    pub(crate) mtime: Option<i64>,
    /// What it is by the rules of a format, where one names it.
    pub(crate) label: Option<String>,
    /// Extended attributes, capabilities and access control lists in their own notation.
    pub(crate) attributes: Vec<(String, String)>,
    pub(crate) events: Vec<PathEvent>,
    /// Whether the container has it in the end.
    pub(crate) live: bool,
    /// Bytes live and wasted stored under this path or below it.
    pub(crate) bytes: LayerNumbers,
    pub(crate) wasted_compressed: u64,
}

/// What one layer did to a path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PathEvent {
    pub(crate) layer: u32,
    pub(crate) mark: Mark,
    /// As in [`Row`].
    pub(crate) copies_unknown: bool,
    pub(crate) kind: EntryKind,
    pub(crate) size: u64,
    pub(crate) mode: u32,
    pub(crate) uid: u64,
    pub(crate) gid: u64,
}

/// The largest files of a layer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LargestFiles {
    /// Those that it stores.
    pub(crate) stored: Vec<SizedPath>,
    /// Those that it deletes or stores again.
    pub(crate) hidden: Vec<SizedPath>,
    /// How many it hides.
    pub(crate) hidden_files: u64,
    /// Bytes of all of these.
    pub(crate) hidden_bytes: u64,
}

/// A file and its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SizedPath {
    pub(crate) path: Vec<u8>,
    pub(crate) bytes: u64,
    /// The final filesystem does not have it.
    pub(crate) wasted: bool,
}

impl Row {
    /// Its user and group, as [`crate::format::owner`] takes them.
    pub(crate) fn owners(&self) -> [(Option<&str>, u64); 2] {
        [
            (self.owner.user.as_deref(), self.uid),
            (self.owner.group.as_deref(), self.gid),
        ]
    }
}

/// The names of a user and a group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OwnerNames {
    pub(crate) user: Option<String>,
    pub(crate) group: Option<String>,
}
