//! What the page and its image worker say to each other.
//!
//! Names and paths cross as bytes, as they stand in the image; the page makes them readable
//! (`format::visible`) where it shows them. Layers are numbered from 1.

mod as_json;
mod comparison;
mod content;
mod difference;
mod history;
mod map;
mod packages;
mod questions;
mod related;
mod tags;
mod tree;
mod waste;

use std::borrow::Cow;

pub(crate) use onionskin_core::layer::EntryKind;
pub(crate) use onionskin_core::layer::table::TableDifference;
use onionskin_core::layer::{LayerIndex, Remark};
pub(crate) use onionskin_core::ledger::Causes;
use onionskin_core::manifest::history::clean;
pub(crate) use onionskin_core::source::archive::ListedImage as ArchiveImage;
pub(crate) use onionskin_core::source::registry::{Referrer, Referrers};
pub(crate) use onionskin_core::source::{
    Artifact, ArtifactFile, Attestation, Image, Layer, NotFetched,
};
pub(crate) use onionskin_core::stack::Cause;
pub(crate) use onionskin_core::stack::view::Mark;
use serde::{Deserialize, Serialize};

pub(crate) use self::as_json::AsJson;
pub(crate) use self::comparison::*;
pub(crate) use self::content::*;
pub(crate) use self::difference::*;
pub(crate) use self::history::*;
pub(crate) use self::map::*;
pub(crate) use self::packages::*;
pub(crate) use self::questions::*;
pub(crate) use self::related::*;
pub(crate) use self::tags::*;
pub(crate) use self::tree::*;
pub(crate) use self::waste::*;

/// From the worker to the page.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Message {
    /// The worker runs and can be asked.
    Ready,
    Event(Event),
    /// The packed answer to the question with this number; none where it has none.
    Answer(u32, Option<Vec<u8>>),
    /// A part of the program could not be fetched. Questions wait for it, until they are given up or it is fetched again
    /// (see [`FetchAgain`]).
    PartMissing,
}

/// What happens while an image is read.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Event {
    /// The manifest and the configuration are read.
    Image(Box<ImageFacts>),
    /// So many bytes of the file, which is compressed as a whole, are unpacked, and have become `size`.
    Unpacked { done: u64, whole: u64, size: u64 },
    /// The saved analysis that was handed over is kept for a reload, under this ticket.
    Kept(String),
    /// The file of the ticket is no longer kept.
    NotKept,
    /// So many bytes of a saved analysis are fetched, and of how many, where that is known.
    Fetched { done: u64, whole: Option<u64> },
    /// The file holds several images: one has to be chosen.
    Several(Vec<ArchiveImage>),
    /// Bytes received so far, for the layers where that changed.
    Progress(Vec<(u32, u64)>),
    /// A layer is decoded. It joins the stack once all below it have.
    Decoded { layer: u32, facts: DecodedLayer },
    /// A layer was not read: this is what its table of contents lists. It joins the stack as if it had been read.
    Listed { layer: u32, facts: DecodedLayer },
    /// The table of contents of a layer cannot be used, for this reason: the layer is read as a whole.
    Unlisted { layer: u32, reason: String },
    /// These layers, which were listed, are now being read.
    Reading(Vec<u32>),
    /// A layer that was read has something else than its table of contents listed.
    Differs {
        layer: u32,
        differences: Differences,
    },
    /// A layer is not available, for this reason. It counts, and nothing is known of what it does.
    NotFetched { layer: u32, reason: NotFetched },
    /// A layer could not be read.
    Broken { layer: u32, problem: UserError },
    /// The stack has grown to this many layers, with these numbers.
    Stacked(Box<Numbers>),
    /// The findings are gathered, and the rules judged.
    Audited(Box<AuditFacts>),
    /// How far the image is that growth is measured against; none once it is read, or given up.
    Comparing(Option<Comparing>),
    /// Everything that could be read was.
    Finished,
    /// Reading was stopped: more layers come only after [`Request::Continue`].
    Stopped,
    /// What is there is no image.
    Artifact(Box<Artifact>),
    /// Two images are being compared.
    Compared(ComparisonEvent),
    /// A repository's images over time are being read.
    History(HistoryEvent),
    /// The image could not be opened at all.
    Failed(UserError),
}

/// Something that went wrong, in the words of whoever looks at the image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct UserError {
    /// What was not possible.
    pub(crate) title: String,
    /// What was tried and how that went.
    pub(crate) detail: String,
    /// What to do now.
    pub(crate) advice: String,
    /// Whether trying the same again may help.
    pub(crate) retry: bool,
    /// Whether the registry answered that it has no such image, so that another one of the repository may be meant.
    pub(crate) missing: bool,
    /// The registry that denied access, where a log-in of the visitor may help.
    pub(crate) login: Option<String>,
}

/// A repository of the gateway's own and its tags.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CatalogEntry {
    pub(crate) name: String,
    pub(crate) tags: Vec<String>,
}

/// An image whose documents are read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ImageFacts {
    /// What the page calls it: the reference in full, as it was asked for.
    pub(crate) reference: String,
    /// The same without tag and digest.
    pub(crate) name: String,
    pub(crate) image: Image,
    /// The program that wrote the saved analysis that this is of, as it says; none for the image itself.
    pub(crate) analysis: Option<String>,
    /// Names of the documents at the top of the file that it is in, which have no digest.
    pub(crate) top_documents: Vec<String>,
}

impl ImageFacts {
    /// The digest of the manifest that is shown; empty where the source has none.
    pub(crate) fn digest(&self) -> String {
        let digest = self.image.digest.as_ref();
        digest.map(ToString::to_string).unwrap_or_default()
    }

    /// What a link pins: the digest of the index where there is one, else of the manifest.
    pub(crate) fn pin(&self) -> String {
        let index = self.image.index_digest.as_ref();
        index.map_or_else(|| self.digest(), ToString::to_string)
    }

    /// The reference that always means this very image.
    pub(crate) fn pinned(&self) -> String {
        format!("{}@{}", self.name, self.pin())
    }

    /// What it runs on; empty where nothing tells it.
    pub(crate) fn platform(&self) -> String {
        let platform = self.image.platform.as_ref();
        platform.map(ToString::to_string).unwrap_or_default()
    }

    /// What its index has on how it was built.
    pub(crate) fn attestations(&self) -> impl Iterator<Item = &Attestation> {
        let Image {
            digest,
            attestations,
            ..
        } = &self.image;
        let about = move |one: &&Attestation| one.subject.is_none() || one.subject == *digest;
        attestations.iter().filter(about)
    }
}

/// The command that made a layer, in its clean form; empty where none is recorded.
pub(crate) fn command(layer: &Layer) -> Cow<'_, str> {
    clean(layer.created_by.as_deref().unwrap_or_default())
}

/// Where a layer has something else than its table of contents lists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Differences {
    /// The first of them.
    pub(crate) told: Vec<TableDifference>,
    /// How many there are.
    pub(crate) all: u64,
}

/// What decoding a layer told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DecodedLayer {
    /// Bytes of the uncompressed tar; unknown where the layer was not read.
    pub(crate) size: Option<u64>,
    pub(crate) entries: u64,
    /// Bytes of all its regular files.
    pub(crate) stored: u64,
    /// What is odd in it, though it could be read.
    pub(crate) remarks: Vec<Remark>,
}

impl DecodedLayer {
    /// What an index tells.
    pub(crate) fn of(index: &LayerIndex) -> Self {
        DecodedLayer {
            size: (!index.is_listed()).then_some(index.size),
            entries: index.len() as u64,
            stored: index.stored(),
            remarks: index.remarks().to_vec(),
        }
    }
}

/// The ledger of the stack as far as it is read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Numbers {
    /// How many layers are in the stack, from the base up.
    pub(crate) depth: u32,
    pub(crate) stored: u64,
    pub(crate) live: u64,
    pub(crate) wasted: u64,
    /// Unknown where the source has no compressed sizes.
    pub(crate) wasted_compressed: Option<u64>,
    /// Paths that a container sees.
    pub(crate) paths: u64,
    pub(crate) causes: Causes,
    /// It is not known which of the overwritten bytes are metadata-only copies, as a layer was not read.
    pub(crate) copies_unknown: bool,
    /// One for each layer in the stack.
    pub(crate) layers: Vec<LayerNumbers>,
}

/// The bytes that one layer stores.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LayerNumbers {
    pub(crate) stored: u64,
    pub(crate) causes: Causes,
    /// See [`Numbers::copies_unknown`].
    pub(crate) copies_unknown: bool,
}

impl LayerNumbers {
    /// Bytes that the container can still reach.
    pub(crate) fn live(&self) -> u64 {
        self.stored.saturating_sub(self.causes.total())
    }
}
