//! Every bound on what a registry or a saved image may make us hold, apart from its layers.
//!
//! How much of one answer of a registry, an engine or a credential helper is read stands beside the code that reads it
//! (`source::registry`, `source::engine`, `source::credentials`): that says nothing about an image.

pub(crate) use onionskin_layers::limits::{IMAGE_LAYERS, LINKS};

/// Bytes of one manifest, index or config; most registries refuse more than 4 MiB.
pub const DOCUMENT_BYTES: usize = 4 << 20;
/// Values in one of them. Each takes up to 256 bytes of memory, and may be two bytes of the document. An index full of the
/// shortest descriptors has half as many.
pub const DOCUMENT_VALUES: usize = 1 << 18;
/// Indexes inside each other that are followed from the one that was asked for; real ones nest once.
pub const NESTED_DEPTH: usize = 8;
/// Indexes inside one that are read; each is a request to its registry.
pub const NESTED_INDEXES: usize = 64;
/// Images of a registry's index whose platforms are read from their configurations because the index does not name them;
/// each takes two requests. Real indexes of this kind list a few.
pub const ASKED_PLATFORMS: usize = 16;
/// Parts that the sparse members of a saved image's outer tar have, all together.
pub const SPARSE_RUNS: usize = 1 << 18;
/// Seconds that a registry may ask to wait for, and somebody waits: longer ones are told, and the work stops.
pub const WAIT_SECONDS: u64 = 15;
/// Redirects followed for one request.
pub const REDIRECTS: usize = 5;
/// Members of a saved image's outer tar.
pub const ARCHIVE_MEMBERS: usize = 1 << 16;
/// Bytes of the names and link targets of these members; tools write a hundred for each, where they give it both.
pub const ARCHIVE_NAME_BYTES: usize = 16 << 20;
/// Repositories whose tokens are remembered; a gateway sees new names for as long as it runs.
pub const REMEMBERED_REPOSITORIES: usize = 4096;
/// Bytes of all temporary files at a time: archives from standard input, from an engine and from compressed files.
pub const TEMPORARY_BYTES: u64 = 64 << 30;
/// How many times its own bytes an archive that is compressed as a whole may unpack to on disk. Its layers are mostly
/// compressed already, and plain ones reach 10.
pub const TEMPORARY_RATIO: u64 = 100;
/// Bytes that such an archive may unpack to beyond [`TEMPORARY_RATIO`].
pub const TEMPORARY_FREE: u64 = 1 << 30;
/// Bytes of the names of one list of tags or repositories.
pub const LISTED_BYTES: usize = 64 << 20;
/// Pages of one such list; where a page has a hundred names this is a million of them.
pub const LISTED_PAGES: usize = 10_000;
/// Manifests kept that refer to one image; signatures of every build of a year are far fewer.
pub const REFERRERS: usize = 10_000;
/// Manifests of a layout's index that are looked at in search of the one that a configuration belongs to.
pub const SEARCHED_MANIFESTS: usize = 64;
