//! `onionskin history`: the images of a repository's tags in the order in which they were made, each with what made it
//! larger or smaller than the one before.

mod series;

pub use self::series::{Series, Tagged, in_order};

use std::fmt;

use serde::{Deserialize, Serialize};

use super::comparison::largest_change;
use super::format::change;
use super::unavailable::UnavailableLayer;
use crate::compare::{Change, Comparison};
use crate::digest::Digest;
use crate::inspection::Inspection;
use crate::inspection::SCHEMA_VERSION;
use crate::ledger::{Ledger, Wasted};
use crate::manifest::history;
use crate::names::text;
use crate::ownership::Packages;
use crate::stack::Stack;
use crate::stack::view::View;

/// What `history --format json` prints.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HistoryReport {
    /// The version of this form.
    pub schema_version: u32,
    /// The repository, with its registry.
    pub repository: String,
    /// Tags that match, read or not; without those that the limit leaves out, which is known only of images whose dates
    /// are.
    pub matching: usize,
    /// The images, by the date of their creation, then by the first of their tags. An image with several tags is there
    /// once.
    pub images: Vec<TaggedImage>,
    /// Tags that could not be read, by name.
    pub not_read: Vec<UnreadTag>,
}

/// An image of the repository.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TaggedImage {
    /// Its tags, by name.
    pub tags: Vec<String>,
    /// The manifest's digest.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub digest: Option<Digest>,
    /// `os/architecture[/variant]`.
    pub platform: Option<String>,
    /// When it was made, as its configuration says (RFC 3339).
    pub created: Option<String>,
    /// Number of its layers.
    pub layers: usize,
    /// The layers that are not available, and of which nothing is counted. There is such a key only where there are some.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_fetched: Vec<UnavailableLayer>,
    /// Bytes of all layers' blobs.
    pub compressed_size: Option<u64>,
    /// Bytes of file content in all layers.
    pub stored: u64,
    /// Of it, what the final filesystem reaches.
    pub live: u64,
    /// Of it, what the final filesystem does not reach.
    pub wasted: u64,
    /// What the wasted content costs in the blobs.
    pub wasted_compressed: Option<u64>,
    /// Paths in the final filesystem that are no folders.
    pub files: u64,
    /// Packages in the final filesystem.
    pub packages: u64,
    /// What a pull downloads where the image before is there. None for the first image, and where the source does not tell.
    pub update: Option<u64>,
    /// What changed most since the image before. None for the first image, and where nothing did.
    pub cause: Option<JumpCause>,
}

/// What changed most from one image to the next.
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Cause"))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JumpCause {
    /// What happened.
    pub kind: CauseKind,
    /// The file, or the folder that changed as a whole; of wasted bytes the largest file.
    pub path: String,
    /// By how many bytes it grew; of wasted bytes, by how many those of the whole image did.
    pub bytes: i64,
    /// The layer that did it, from 1; where the path was removed, the layer of the image before that had it.
    pub layer: usize,
    /// The command that made this layer, without what builders put around it.
    pub created_by: Option<String>,
}

/// A way to become larger or smaller.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CauseKind {
    /// Files came.
    Added,
    /// Files went.
    Removed,
    /// Files changed.
    Changed,
    /// Files went from one place to another.
    Moved,
    /// More is stored that the final filesystem does not reach.
    Wasted,
}

impl CauseKind {
    /// As it is told: `added`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Changed => "changed",
            Self::Moved => "moved",
            Self::Wasted => "wasted",
        }
    }
}

impl JumpCause {
    /// By how many bytes what it is about grew: `+60.0 kB`.
    #[must_use]
    pub fn change(&self) -> String {
        let bytes = self.bytes.unsigned_abs();
        match self.bytes < 0 {
            true => change(bytes, 0),
            false => change(0, bytes),
        }
    }
}

/// `/app/dist added in layer 3, +25.0 kB`.
impl fmt::Display for JumpCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, layer, .. } = self;
        let change = self.change();
        match self.kind {
            CauseKind::Wasted => write!(f, "wasted {change}, most of layer {layer}: {path}"),
            CauseKind::Removed => write!(f, "{path} removed, {change}; it was in layer {layer}"),
            kind => write!(f, "{path} {} in layer {layer}, {change}", kind.name()),
        }
    }
}

/// A tag that could not be read.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UnreadTag {
    /// The tag.
    pub tag: String,
    /// Why.
    pub error: String,
}

/// An image, read.
#[derive(Clone, Copy)]
struct InspectedImage<'a> {
    /// What is known of it.
    inspection: &'a Inspection,
    /// Its layers.
    stack: &'a Stack,
    /// Their ledger.
    ledger: &'a Ledger,
    /// The packages of its final filesystem.
    packages: &'a Packages,
}

impl HistoryReport {
    /// The report on a repository.
    #[must_use]
    pub fn new(
        repository: String,
        matching: usize,
        images: Vec<TaggedImage>,
        not_read: Vec<UnreadTag>,
    ) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            repository,
            matching,
            images,
            not_read,
        }
    }
}

impl TaggedImage {
    /// An image, and the one before it with the comparison of both.
    fn new(
        tags: Vec<String>,
        image: InspectedImage<'_>,
        before: Option<(InspectedImage<'_>, &Comparison)>,
    ) -> Self {
        let Inspection {
            image: facts,
            bytes,
            layers,
            config,
            ..
        } = image.inspection;
        let view = View::stack(image.stack, image.stack.depth());
        Self {
            tags,
            digest: facts.digest.clone(),
            platform: facts.platform.clone(),
            created: config.created.clone(),
            layers: layers.len(),
            not_fetched: UnavailableLayer::of(layers),
            compressed_size: facts.compressed_size,
            stored: bytes.stored,
            live: bytes.live,
            wasted: bytes.wasted,
            wasted_compressed: bytes.wasted_compressed,
            files: view.total().files,
            packages: image.packages.packages.len() as u64,
            update: before.and_then(|(_, comparison)| comparison.update.bytes),
            cause: before.and_then(|(before, comparison)| cause(before, image, comparison)),
        }
    }
}

/// What changed most: a place in the final filesystem, or what is wasted.
fn cause(
    before: InspectedImage<'_>,
    image: InspectedImage<'_>,
    comparison: &Comparison,
) -> Option<JumpCause> {
    let command = |inspection: &Inspection, layer: usize| {
        let layers = &inspection.layers;
        let facts = layers.iter().find(|facts| facts.layer == layer)?;
        let command = facts.created_by.as_deref()?;
        Some(history::clean(command).into_owned())
    };
    let place = largest_change(&comparison.files);
    let (old, new) = (
        before.inspection.bytes.wasted,
        image.inspection.bytes.wasted,
    );
    let grown = new.saturating_sub(old);
    if grown > place.as_ref().map_or(0, |place| place.weight) {
        let added = &comparison.update.new;
        let is_new = |layer: usize| added.contains(&layer);
        let of_new = |wasted: &&Wasted| is_new(wasted.added_by) || is_new(wasted.hidden_by);
        let wasted = image.ledger.largest();
        let most = wasted.iter().find(of_new).or(wasted.first())?;
        let index = image.stack.layer(most.added_by)?;
        return Some(JumpCause {
            kind: CauseKind::Wasted,
            path: text(&index.path(most.entry)).into_owned(),
            bytes: i64::try_from(grown).unwrap_or(i64::MAX),
            layer: most.added_by,
            created_by: command(image.inspection, most.added_by),
        });
    }
    let place = place?;
    let (kind, inspection) = match place.change {
        Change::Added => (CauseKind::Added, image.inspection),
        Change::Removed => (CauseKind::Removed, before.inspection),
        Change::Changed => (CauseKind::Changed, image.inspection),
        Change::Moved => (CauseKind::Moved, image.inspection),
    };
    Some(JumpCause {
        kind,
        path: match place.path {
            "" => "/".to_owned(),
            path => path.to_owned(),
        },
        bytes: place.bytes,
        layer: place.layer,
        created_by: command(inspection, place.layer),
    })
}
