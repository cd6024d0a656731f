//! What the page and its engine worker say to each other.
//!
//! Names and paths cross as bytes, as they stand in the image; the page makes them readable
//! (`format::visible`) where it shows them. Layers are numbered from 1.

mod waste;

pub(crate) use onionskin_core::layer::EntryKind;
pub(crate) use onionskin_core::ledger::Causes;
pub(crate) use onionskin_core::source::NotFetched;
pub(crate) use onionskin_core::stack::Cause;
pub(crate) use onionskin_core::stack::view::Mark;
use serde::{Deserialize, Serialize};

pub(crate) use self::waste::*;

/// From the page to the engine: a question with the number that its answer will carry.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Question {
    pub(crate) id: u32,
    pub(crate) ask: Request,
}

/// What the page may ask.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Request {
    /// The images that the gateway itself has.
    Catalog,
    /// A page of a list of names: the first, or the one that `query` of a page before asks for.
    List { list: List, query: Option<String> },
    /// What refers to a manifest of an image's repository.
    Referrers { reference: String, digest: String },
    /// Fetch and decode this image; what happens is told as [`Event`]s.
    /// Once something failed, `fresh` asks past the browser's cache.
    Open {
        subject: Subject,
        platform: Option<String>,
        fresh: bool,
        /// Paths of the folders that are open in the tree.
        open: Vec<Vec<u8>>,
    },
    /// Read no more layers; what is read stays.
    Stop,
    /// Read the layers that are not read yet.
    Continue,
    /// Choose what the tree shows. Opened folders stay open.
    Show(Showing),
    /// Rows of what is shown.
    Rows { from: u32, count: u32 },
    /// Open or close the folder in this row.
    Toggle { row: u32, open: bool },
    /// The paths of the open folders, without those that only a search opened.
    OpenFolders,
    /// The row of the folder that holds this row.
    Parent { row: u32 },
    /// The row of this path, once the folders above it are open.
    Seek { path: Vec<u8> },
    /// What the layers did to this path.
    PathHistory { path: Vec<u8> },
    /// Findings, once there are any.
    Findings(Box<Asked>),
    /// Judge by these rules from now on, or by none.
    Judge(Option<RulesFile>),
    /// The report as the command prints it.
    Report(ReportForm),
}

/// A list that a registry may give.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum List {
    /// The repositories of the registry with this host; of the gateway's own where there is none.
    Repositories(Option<String>),
    /// The tags of a repository.
    Tags(String),
}

/// What is to be opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Subject {
    /// An image by its reference, as it was typed or as the address has it.
    Reference(String),
    /// An image in the file that was handed over just before.
    File {
        name: String,
        /// Which, where it holds several.
        image: Option<String>,
    },
}

/// From the engine to the page.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Message {
    /// The worker runs and can be asked.
    Ready,
    Event(Event),
    Response {
        id: u32,
        answer: Response,
    },
}

/// What the engine answers.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Response {
    /// Done; also the answer to what cannot be answered (yet).
    Nothing,
    Catalog(Vec<Listed>),
    Names {
        names: Vec<String>,
        /// What asks for the next ones; none at the end.
        next: Option<String>,
    },
    Referrers {
        referrers: Vec<Referrer>,
        /// There are more, which were not asked for.
        cut: bool,
    },
    UserError(UserError),
    Shown(Shown),
    Rows {
        rows: Vec<Row>,
    },
    Row(Option<u32>),
    Folders(Vec<Vec<u8>>),
    Found(Found),
    PathHistory(Box<PathHistory>),
    Findings(Box<Findings>),
    /// What came of [`Request::Judge`]: verdicts come with [`Event::Audited`].
    Judged(Result<(), RulesFileError>),
    /// In the form that was asked for; none while there is none.
    Report(Option<String>),
}

/// What happens while an image is read.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Event {
    /// The manifest and the configuration are read.
    Image(Box<ImageFacts>),
    /// So many bytes of the file, which is compressed as a whole, are unpacked, and have become `size`.
    Unpacked { done: u64, whole: u64, size: u64 },
    /// The file holds several images: one has to be chosen.
    Several(Vec<Held>),
    /// Bytes received so far, for the layers where that changed.
    Progress(Vec<(u32, u64)>),
    /// A layer is decoded. It joins the stack once all below it have.
    Decoded { layer: u32, facts: LayerFacts },
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
    Artifact(Box<ArtifactFacts>),
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
}

/// A repository of the gateway's own and its tags.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Listed {
    pub(crate) name: String,
    pub(crate) tags: Vec<String>,
}

/// One of the images in a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Held {
    /// What asks for it.
    pub(crate) image: String,
    /// Its names; some images have none.
    pub(crate) names: Vec<String>,
}

/// Something that a registry keeps beside an image: a signature, an SBOM, an attestation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Referrer {
    pub(crate) digest: String,
    /// What kind of thing it is; empty where the list does not say.
    pub(crate) artifact_type: String,
    /// Bytes of its manifest.
    pub(crate) size: u64,
    pub(crate) annotations: Vec<(String, String)>,
}

/// What stands where an image would, and is none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ArtifactFacts {
    /// The reference and the repository, as the page has them.
    pub(crate) reference: String,
    pub(crate) name: String,
    pub(crate) digest: String,
    pub(crate) artifact_type: String,
    /// The digest of what it is about.
    pub(crate) subject: Option<String>,
    pub(crate) annotations: Vec<(String, String)>,
    pub(crate) files: Vec<ArtifactFile>,
}

/// One file of an artifact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ArtifactFile {
    pub(crate) name: Option<String>,
    pub(crate) media_type: String,
    pub(crate) digest: String,
    pub(crate) size: u64,
}

/// What the manifest and the configuration say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ImageFacts {
    /// The reference in full, as it was asked for.
    pub(crate) reference: String,
    /// The repository with its registry, without tag and digest.
    pub(crate) name: String,
    /// Of the manifest that is shown; empty where the source has none.
    pub(crate) digest: String,
    /// What a link pins: the digest of the index where there is one, else of the manifest.
    pub(crate) pin: String,
    pub(crate) platform: String,
    /// Those of the index; empty where the reference names a single image.
    pub(crate) platforms: Vec<String>,
    pub(crate) layers: Vec<LayerHead>,
    pub(crate) config: ConfigFacts,
    pub(crate) history: Vec<Step>,
    /// What its index has on how it was built.
    pub(crate) attestations: Vec<Referrer>,
    /// What is odd about the image's documents, though it can be shown.
    pub(crate) remarks: Vec<String>,
}

/// A layer as the manifest announces it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LayerHead {
    /// Empty where the source does not tell, as is the media type.
    pub(crate) digest: String,
    pub(crate) media_type: String,
    /// Where the manifest says that a layer is that its source need not have. Nothing is fetched from there.
    pub(crate) urls: Vec<String>,
    /// Bytes of the blob; unknown for some sources.
    pub(crate) compressed: Option<u64>,
    /// Bytes that are read for it: of the blob, or of the plain tar where an archive has that.
    pub(crate) stored: Option<u64>,
    /// The command, in its clean form.
    pub(crate) command: String,
    /// The command as the configuration has it.
    pub(crate) created_by: String,
}

/// The part of the configuration that a container starts with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ConfigFacts {
    pub(crate) env: Vec<String>,
    pub(crate) user: Option<String>,
    pub(crate) entrypoint: Option<Vec<String>>,
    pub(crate) cmd: Option<Vec<String>>,
    pub(crate) working_dir: Option<String>,
    pub(crate) volumes: Vec<String>,
    pub(crate) exposed_ports: Vec<String>,
    pub(crate) labels: Vec<(String, String)>,
    pub(crate) healthcheck: Option<String>,
    pub(crate) stop_signal: Option<String>,
    pub(crate) created: Option<String>,
    pub(crate) author: Option<String>,
}

/// One step of the history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Step {
    pub(crate) command: String,
    pub(crate) created_by: String,
    pub(crate) created: Option<String>,
    pub(crate) comment: Option<String>,
    /// The layer that the step made; none for a step that changed only the configuration.
    pub(crate) layer: Option<u32>,
}

/// What decoding a layer told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LayerFacts {
    /// Bytes of the uncompressed tar.
    pub(crate) size: u64,
    pub(crate) entries: u64,
    /// Bytes of all its regular files.
    pub(crate) stored: u64,
    /// What is odd in it, though it could be read.
    pub(crate) remarks: Vec<String>,
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
    /// One for each layer in the stack.
    pub(crate) layers: Vec<LayerNumbers>,
}

/// The bytes that one layer stores.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LayerNumbers {
    pub(crate) stored: u64,
    pub(crate) causes: Causes,
}

impl LayerNumbers {
    /// Bytes that the container can still reach.
    pub(crate) fn live(&self) -> u64 {
        self.stored.saturating_sub(self.causes.total())
    }
}

/// What the tree shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Showing {
    pub(crate) layer: u32,
    pub(crate) changes: bool,
    pub(crate) sort: Sort,
    /// Only paths whose name holds this; empty shows all.
    pub(crate) find: String,
}

/// The order of siblings in the tree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Sort {
    #[default]
    Name,
    /// Largest first.
    Size,
}

/// What came of [`Request::Show`] and of opening and closing folders.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Shown {
    /// Rows now visible in the tree.
    pub(crate) total: u32,
    /// All paths of the view, visible or folded away.
    pub(crate) paths: u32,
    /// Those of them that a search keeps; all without one.
    pub(crate) kept: u32,
    /// Bytes of the files among those, without what is deleted.
    pub(crate) bytes: u64,
    /// Bytes of the files among those that the layer deletes.
    pub(crate) deleted: u64,
    /// Paths that match what is looked for; none without.
    pub(crate) matches: Option<u32>,
    /// The layer stands alone because one below it could not be read.
    pub(crate) alone: bool,
    /// There is nothing to show, as the layer is not read.
    pub(crate) missing: bool,
}

/// Where a path is in the tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Found {
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
    /// Of the file, or of all files below the folder.
    pub(crate) size: u64,
    pub(crate) mode: u32,
    pub(crate) uid: u64,
    pub(crate) gid: u64,
    /// The layer that provides it, or, for what is deleted, that shipped it.
    pub(crate) layer: u32,
    pub(crate) mark: Option<Mark>,
    /// What was there before, where the layer changed only mode, owner or other metadata.
    pub(crate) before: Option<Metadata>,
    /// The layer that hides it later, and how, although it is still downloaded.
    pub(crate) fate: Option<(Cause, u32)>,
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
    pub(crate) kind: EntryKind,
    pub(crate) size: u64,
    pub(crate) mode: u32,
    pub(crate) uid: u64,
    pub(crate) gid: u64,
}
