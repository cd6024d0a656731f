//! What the page may ask, each question with the type of its answer.

use onionskin_core::dockerfile::Layered;
use onionskin_core::link::{InFile, is_address};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{
    AboutTag, AsJson, CatalogEntry, Compare, ComparedMap, ComparedMapOf, ComparisonReport,
    ContentFacts, ContentForm, ContentParts, ContentRows, DifferenceFacts, DifferenceRow,
    DifferenceRows, DocumentFacts, FilesOfPackage, Findings, FindingsQuery, Fold, Folded,
    FolderFacts, FoundRow, HoldFile, LargestFiles, LinesFacts, MapFacts, MapOf, PackageFiles,
    PackagesOf, PackagesReport, Parts, PathHistory, PathVersions, ReadDifference, ReadDocument,
    ReadFolder, ReadHistory, Referrers, Related, RelatedTo, ReportForm, Row, RulesError, RulesFile,
    Showing, Shown, TagFacts, TagProblem, TextLines, Unfold, UserError, VersionsOf,
};
use crate::login::Logins;

/// A question of the page and what answers it.
pub(crate) trait Question: Into<Request> {
    type Answer: Serialize + DeserializeOwned;
}

/// What can answer a question at once.
pub(crate) trait Answers<Q: Question> {
    fn answer(&mut self, question: Q) -> Q::Answer;
}

/// From the page to the worker: a request with the number that its answer will carry.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Numbered {
    pub(crate) id: u32,
    pub(crate) request: Request,
}

macro_rules! questions {
    ($($question:ident => $answer:ty,)*) => {
        /// Any question, as it crosses to the worker.
        #[derive(Debug, Serialize, Deserialize)]
        pub(crate) enum Request {
            $($question($question),)*
        }

        $(
            impl From<$question> for Request {
                fn from(question: $question) -> Self {
                    Request::$question(question)
                }
            }

            impl Question for $question {
                type Answer = $answer;
            }
        )*
    };
}

questions! {
    KeepLogins => (),
    FetchAgain => (),
    Catalog => Vec<CatalogEntry>,
    SizeOfCache => Option<CacheSize>,
    ClearCache => Option<CacheSize>,
    Names => Result<NamesPage, UserError>,
    AboutTag => Result<TagFacts, TagProblem>,
    FindReferrers => Result<Referrers, UserError>,
    Open => (),
    Stop => (),
    Continue => (),
    ReadLayers => (),
    Show => Shown,
    Rows => Vec<Row>,
    MapOf => Option<Box<MapFacts>>,
    ComparedMapOf => Option<Box<ComparedMap>>,
    Toggle => Option<Shown>,
    Expand => Option<Shown>,
    OpenFolders => Vec<Vec<u8>>,
    Parent => Option<u32>,
    Seek => Option<FoundRow>,
    TypeAhead => Option<u32>,
    HistoryOf => Option<Box<PathHistory>>,
    RelatedTo => Option<Box<Related>>,
    LargestOf => LargestFiles,
    ReadContent => Result<Box<ContentFacts>, UserError>,
    ReadDocument => Result<Box<DocumentFacts>, UserError>,
    ReadFolder => Result<Box<FolderFacts>, UserError>,
    ReadDifference => Result<Box<DifferenceFacts>, UserError>,
    Unfold => Option<Box<LinesFacts>>,
    DifferenceRows => Vec<DifferenceRow>,
    StopContent => (),
    ContentProgress => Option<(u64, u64)>,
    ContentLines => ContentRows,
    TextLines => Vec<Option<String>>,
    FoldLines => Option<Folded>,
    BesideDockerfile => Result<Layered, String>,
    ContentBytes => Vec<u8>,
    ContentParts => Option<Box<Parts>>,
    FindingsPage => Option<Box<Findings>>,
    UseRules => Result<(), RulesError>,
    Audit => (),
    Report => Option<String>,
    PackagesOf => Option<AsJson<PackagesReport>>,
    PackageFiles => Box<FilesOfPackage>,
    HoldFile => (),
    Compare => (),
    ReadHistory => (),
    VersionsOf => Option<Box<PathVersions>>,
    ComparisonReport => Option<String>,
}

/// Ask registries with these log-ins from now on.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct KeepLogins(pub(crate) Logins);

/// Fetch the parts of the program again that could not be fetched (see [`Message::PartMissing`](super::Message::PartMissing)).
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct FetchAgain;

/// The images that the gateway itself has.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Catalog;

/// What the cache in the browser takes; none where the browser keeps nothing.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SizeOfCache;

/// Remove everything from the cache in the browser; the answer is what it takes then.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ClearCache;

/// What the cache takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CacheSize {
    pub(crate) files: u64,
    pub(crate) bytes: u64,
}

/// A page of a list of names: the first, or the one that `query` of a page before asks for.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Names {
    pub(crate) list: List,
    pub(crate) query: Option<String>,
}

/// Names of a list.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct NamesPage {
    pub(crate) names: Vec<String>,
    /// What asks for the next ones; none at the end.
    pub(crate) next: Option<String>,
}

/// What refers to a manifest of an image's repository.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct FindReferrers {
    pub(crate) reference: String,
    pub(crate) digest: String,
}

/// Fetch and decode this image; what happens is told as [`Event`](super::Event)s.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Open {
    pub(crate) subject: Subject,
    pub(crate) platform: Option<String>,
    /// The ticket of the file, where it was kept and not handed over just before.
    pub(crate) kept: Option<String>,
    /// Past the browser's cache, once something failed.
    pub(crate) fresh: bool,
    /// Paths of the folders that are open in the tree.
    pub(crate) open: Vec<Vec<u8>>,
}

/// Read no more layers; what is read stays.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Stop;

/// Read the layers that are not read yet.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Continue;

/// Read layers that are listed from their tables of contents: this one, or all.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ReadLayers(pub(crate) Option<u32>);

/// Choose what the tree shows. Opened folders stay open.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Show(pub(crate) Showing);

/// Rows of what is shown.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Rows {
    pub(crate) from: u32,
    pub(crate) count: u32,
}

/// Open or close this folder.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Toggle {
    pub(crate) path: Vec<u8>,
    /// Where the page shows it: an answer that is still on its way may have moved it.
    pub(crate) row: u32,
    pub(crate) open: bool,
}

/// Open all folders down to this depth, and close those below it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Expand {
    /// How many levels of folders are open: none closes all.
    pub(crate) depth: u32,
}

/// The paths of the open folders, without those that only a search opened.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct OpenFolders;

/// The row of the folder that holds this row.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Parent {
    pub(crate) row: u32,
}

/// The row of this path, once the folders above it are open.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Seek {
    pub(crate) path: Vec<u8>,
}

/// The row that whoever types the beginning of a name goes to.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct TypeAhead {
    /// What the name begins with, in lower case; the case of the name does not matter.
    pub(crate) prefix: String,
    /// The first row after this one, or in all; after the last row the first one follows.
    pub(crate) after: Option<u32>,
    /// So many rows that begin so are passed over.
    pub(crate) skip: u32,
}

/// What the layers did to this path.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct HistoryOf {
    pub(crate) path: Vec<u8>,
}

/// The largest files that a layer stores, and the largest that it hides.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct LargestOf {
    pub(crate) layer: u32,
}

/// Read the content of this path at a layer; of a deleted one, what it was before. It replaces the content before.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ReadContent {
    pub(crate) path: Vec<u8>,
    pub(crate) layer: u32,
}

/// Read no content any more, and keep none.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct StopContent;

/// Bytes of the layer that are read for a content, and all of them; none while nothing is read.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ContentProgress;

/// Lines of the content that was read last, as text or as JSON: these rows of those that are not hidden.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ContentLines {
    pub(crate) form: ContentForm,
    pub(crate) from: u32,
    pub(crate) count: u32,
}

/// Collapse or expand parts of the JSON document that was read last.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct FoldLines(pub(crate) Fold);

/// Bytes of the content that was read last.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ContentBytes {
    pub(crate) from: u64,
    pub(crate) count: u32,
}

/// This Dockerfile beside the image: which layers its lines made, or why it is none.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct BesideDockerfile(pub(crate) String);

/// Findings, once there are any.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct FindingsPage(pub(crate) FindingsQuery);

/// Judge by these rules from now on, or by none. Verdicts come with [`Event::Audited`](super::Event::Audited).
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct UseRules(pub(crate) Option<RulesFile>);

/// Audit the image, whose layers are here: the worker asks this of itself. [`Event::Audited`](super::Event::Audited) tells
/// what comes of it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Audit;

/// The report as the command prints it; none while there is none.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Report(pub(crate) ReportForm);

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
    /// A saved analysis, by its address.
    Index(String),
}

impl Subject {
    /// What a place of the page is about: `file` is the name of a file, or the address of a saved analysis.
    pub(crate) fn of(file: Option<&str>, reference: &str) -> Self {
        match file {
            Some(address) if is_address(address) => Self::Index(address.to_owned()),
            Some(name) => Self::File {
                name: name.to_owned(),
                image: Some(reference.to_owned()).filter(|image| !image.is_empty()),
            },
            None => Self::Reference(reference.to_owned()),
        }
    }

    /// As what reports and links name it, where it is in a file.
    pub(crate) fn in_file(&self) -> Option<InFile<'_>> {
        match self {
            Self::File { name, image } => Some(InFile {
                name,
                image: image.as_deref(),
            }),
            Self::Index(address) => Some(InFile {
                name: address,
                image: None,
            }),
            Self::Reference(_) => None,
        }
    }
}
