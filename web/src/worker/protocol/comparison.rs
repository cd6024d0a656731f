//! What page and worker say about a comparison of two images.

pub(crate) use onionskin_core::compare::{
    Change, HistoryChange, HistoryLine, LayerFile, LineState, PackageChange, PathCosts,
    WastedPackageChange, What,
};
use onionskin_core::report::comparison::{Field, Number};
use serde::{Deserialize, Serialize};

use super::{ArchiveImage, EntryKind, ImageFacts, NotFetched, Subject, UserError};

/// One of the two images.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Side {
    Old,
    New,
}

impl Side {
    pub(crate) const BOTH: [Side; 2] = [Side::Old, Side::New];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Side::Old => "old",
            Side::New => "new",
        }
    }
}

/// What belongs to each of the two images.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Both<T> {
    pub(crate) old: T,
    pub(crate) new: T,
}

impl<T> Both<T> {
    pub(crate) fn of(&self, side: Side) -> &T {
        match side {
            Side::Old => &self.old,
            Side::New => &self.new,
        }
    }

    pub(crate) fn of_mut(&mut self, side: Side) -> &mut T {
        match side {
            Side::Old => &mut self.old,
            Side::New => &mut self.new,
        }
    }
}

/// The file that was handed over just before is that of this side.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct HoldFile(pub(crate) Side);

/// Read two images and compare them; what happens is told as [`Event::Compared`](super::Event::Compared).
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Compare {
    pub(crate) sides: Both<Compared>,
    /// Past the browser's cache, once something failed.
    pub(crate) fresh: bool,
}

/// One of the images to compare.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Compared {
    pub(crate) subject: Subject,
    pub(crate) platform: Option<String>,
    /// The last layer that counts; without it, all do.
    pub(crate) stack: Option<u32>,
}

/// Both versions of a path that differs.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct VersionsOf {
    pub(crate) path: Vec<u8>,
}

/// The comparison as the command prints it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ComparisonReport(pub(crate) super::ReportForm);

/// What happens while two images are compared.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum ComparisonEvent {
    /// The documents of a side are read.
    Image(Side, Box<ImageFacts>),
    /// So many bytes of a side's file, which is compressed as a whole, are unpacked.
    Unpacked {
        side: Side,
        done: u64,
        whole: u64,
    },
    /// The file of a side holds several images: one has to be chosen.
    Several(Side, Vec<ArchiveImage>),
    /// How far the layers are.
    Progress(ReadSoFar),
    /// All layers are read, and what both have is compared: so many paths, those of either counted by themselves.
    Comparing {
        paths: u64,
    },
    Failed(Side, UserError),
    Done(Box<ComparisonFacts>),
}

/// How much of both images is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ReadSoFar {
    /// Layers that are read, and all that are needed; one that both images have counts once.
    pub(crate) layers: u32,
    pub(crate) all_layers: u32,
    pub(crate) bytes: u64,
    /// Unknown where a source does not tell.
    pub(crate) all_bytes: Option<u64>,
}

/// A comparison as a whole. The tree of its files is asked for in pieces.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct ComparisonFacts {
    /// Sizes of both, in their order.
    pub(crate) numbers: Vec<Number>,
    /// Paths in the compared filesystems that are no folders.
    pub(crate) files: Both<u64>,
    /// Packages in them.
    pub(crate) packages_of: Both<u64>,
    /// Bytes that a pull of the new image downloads where the old one is; unknown where the source does not tell.
    pub(crate) update: Option<u64>,
    pub(crate) layers: Vec<ComparedLayer>,
    /// How many paths were added, removed, changed and moved: by [`Changes::NAMED`].
    pub(crate) counts: [u32; 4],
    pub(crate) config: Vec<Field>,
    /// Where the build histories differ, as Dockerfiles, without their secrets.
    pub(crate) history: Vec<HistoryChange>,
    pub(crate) packages: Vec<PackageChange>,
    /// Packages of which not as much is wasted in both images.
    pub(crate) wasted_by_package: Vec<WastedPackageChange>,
    /// What the numbers do not cover.
    pub(crate) notes: Vec<String>,
}

impl ComparisonFacts {
    /// The layers that an update downloads, by their numbers in the new image.
    pub(crate) fn update_layers(&self) -> Vec<u32> {
        let added = self.layers.iter().filter(|layer| layer.old.is_none());
        added.filter_map(|layer| layer.new).collect()
    }

    /// Lines that differ of the build histories.
    pub(crate) fn differing_lines(&self) -> u64 {
        let lines = self.history.iter().flat_map(|change| &change.lines);
        let differing = lines.filter(|line| line.change != LineState::Unchanged);
        differing.count() as u64
    }

    pub(crate) fn differing(&self) -> u32 {
        self.counts.iter().sum()
    }
}

/// A layer of one of the images, or of both. It is not the report's [`LayerFacts`](onionskin_core::inspection::LayerFacts):
/// those leave keys out, so that they could cross as JSON only, and what reads that would be in the first part of the program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ComparedLayer {
    /// Its number in each image that has it.
    pub(crate) old: Option<u32>,
    pub(crate) new: Option<u32>,
    /// Without its secrets; empty where none is recorded.
    pub(crate) command: String,
    pub(crate) compressed: Option<u64>,
    pub(crate) stored: Option<u64>,
    pub(crate) wasted: Option<u64>,
    /// The same in the old image, where both have it.
    pub(crate) was_wasted: Option<u64>,
    /// Its largest files, where only the new image has it.
    pub(crate) files: Vec<LayerFile>,
    pub(crate) not_fetched: Option<NotFetched>,
}

/// What a row of the tree has of a comparison.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ComparedRow {
    /// None for a folder in which only what is below differs.
    pub(crate) change: Option<Change>,
    pub(crate) what: Vec<What>,
    /// The old path of a moved file.
    pub(crate) from: Option<Vec<u8>>,
    /// Bytes in each image, of a folder with all that is in it; none where it is not there.
    pub(crate) old: Option<u64>,
    pub(crate) new: Option<u64>,
    /// What it costs of the download, and what of it is wasted, with all that is in it.
    pub(crate) costs: Both<PathCosts>,
    /// How many paths differ below it, of those that are shown.
    pub(crate) below: u32,
}

/// A path in both images.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PathVersions {
    pub(crate) row: ComparedRow,
    pub(crate) old: Option<PathVersion>,
    pub(crate) new: Option<PathVersion>,
}

/// A path in one of the images.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PathVersion {
    pub(crate) path: Vec<u8>,
    pub(crate) kind: EntryKind,
    pub(crate) mode: u32,
    pub(crate) uid: u64,
    pub(crate) gid: u64,
    /// Seconds since 1970.
    pub(crate) mtime: Option<i64>,
    /// Names and values of extended attributes that the other image does not have so, up to a bound.
    pub(crate) xattrs: Vec<(String, String)>,
    /// How many more there are.
    pub(crate) more_xattrs: u32,
    /// Where a link leads.
    pub(crate) target: Option<Vec<u8>>,
    pub(crate) layer: u32,
}

/// A set of [`Change`]s.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Changes(u8);

impl Changes {
    /// In the order of the counts, with the names that addresses have for them.
    pub(crate) const NAMED: [(Change, &'static str); 4] = [
        (Change::Added, "added"),
        (Change::Removed, "removed"),
        (Change::Changed, "changed"),
        (Change::Moved, "moved"),
    ];

    pub(crate) fn contains(self, change: Change) -> bool {
        self.0 & (1 << change as u8) != 0
    }

    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// With the change in it or not, the other way round than now.
    #[must_use]
    pub(crate) fn toggled(self, change: Change) -> Self {
        Changes(self.0 ^ (1 << change as u8))
    }

    /// As addresses have it: `added,moved`.
    pub(crate) fn written(self) -> String {
        let named = Self::NAMED.iter();
        let names = named.filter(|(change, _)| self.contains(*change));
        names.map(|(_, name)| *name).collect::<Vec<_>>().join(",")
    }

    /// Reads what [`Self::written`] wrote.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let mut changes = Changes::default();
        for name in text.split(',') {
            let (change, _) = Self::NAMED.iter().find(|(_, known)| *known == name)?;
            if !changes.contains(*change) {
                changes = changes.toggled(*change);
            }
        }
        Some(changes)
    }
}
