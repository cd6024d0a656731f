//! Every bound on what an image or a registry may make us hold, in one place.
//!
//! Sizes that a header claims are counted against these, never allocated.
//!
//! Three kinds of bounds stand beside the code that they belong to, because they say nothing about an image: how much of
//! one answer of a registry, an engine or a credential helper is read (`source::registry`, `source::engine`,
//! `source::credentials`); how far a form of a secret reaches in a text (`secrets`); and how much of a list a report or a
//! message shows (`report`, `findings`). The gateway has its own limits for its clients.

/// Bytes of one manifest, index or config; most registries refuse more than 4 MiB.
pub const DOCUMENT_BYTES: usize = 4 << 20;
/// Bytes of the extension records (PAX, GNU long names) before one tar header.
pub const EXTENSION_BYTES: u64 = 1 << 20;
/// Parts of one sparse file that its tar stores; a map of them takes sixteen bytes for each.
pub const SPARSE_SEGMENTS: u64 = 1 << 20;
/// Bytes of a zstd frame's window, as `zstd --long=28` writes; containers/storage reads such layers.
pub const ZSTD_WINDOW: u64 = 256 << 20;
/// Bytes of the dictionary of an archive that is compressed as a whole with xz. `xz -9` takes 64 MiB.
pub const XZ_DICTIONARY: u64 = 128 << 20;
/// Parts that the sparse members of a saved image's outer tar have, all together.
pub const SPARSE_RUNS: usize = 1 << 18;
/// Bytes of one path or link target: PATH_MAX of Linux, beyond which no runtime unpacks.
pub const PATH_BYTES: usize = 4096;
/// Links followed on the way to one path; beyond as many, Linux fails with ELOOP (path_resolution(7)).
pub const LINKS: usize = 40;
/// Entries of all layers of an image; the largest images that people have hold three million files.
pub const IMAGE_ENTRIES: usize = 8 << 20;
/// Folders that entries are in, summed over the layers of an image; a path can imply two thousand of them.
pub const IMAGE_FOLDERS: usize = 4 << 20;
/// Bytes of all names, link targets and attributes that the indexes of an image's layers hold.
pub const IMAGE_NAME_BYTES: usize = 256 << 20;
/// Bytes of the paths of all entries of an image. They are held only where they are listed.
pub const IMAGE_PATH_BYTES: u64 = 512 << 20;
/// Bytes of the paths of the folders above.
pub const IMAGE_FOLDER_PATH_BYTES: u64 = 256 << 20;
/// Bytes of what visitors find in all layers of an image: package data, mostly.
pub const IMAGE_FOUND_BYTES: u64 = 256 << 20;
/// Layers of one image; engines stop at 127.
pub const IMAGE_LAYERS: usize = 4096;
/// Seconds that a registry may ask to wait for, and somebody waits: longer ones are told, and the work stops.
pub const WAIT_SECONDS: u64 = 15;
/// Redirects followed for one request.
pub const REDIRECTS: usize = 5;
/// Remarks kept of one layer.
pub const LAYER_REMARKS: usize = 100;
/// Members of a saved image's outer tar.
pub const ARCHIVE_MEMBERS: usize = 1 << 16;
/// Repositories whose tokens are remembered; a gateway sees new names for as long as it runs.
pub const REMEMBERED_REPOSITORIES: usize = 4096;
/// Bytes that all layers of an image may unpack to; the largest images that are known have about 100 GB.
pub const UNPACKED_BYTES: u64 = 256 << 30;
/// How many times the bytes of its blob a layer may unpack to: real ones reach 10, disks of virtual machines with
/// little on them 200.
pub const UNPACKED_RATIO: u64 = 200;
/// Bytes that the layers of an image may unpack to beyond [`UNPACKED_RATIO`]: a file of zeros shrinks to a thousandth
/// with gzip and to a thirty-thousandth with zstd.
pub const UNPACKED_FREE: u64 = 8 << 30;
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
/// Bytes of a file that is looked through for secrets: nearly all that people write by hand are
/// smaller, and it is held while its bytes come.
pub const SECRET_FILE_BYTES: usize = 256 << 10;
/// Secrets that one layer's index tells of.
pub const LAYER_SECRETS: usize = 10_000;
/// Bytes of one glob of a rules file; its alternatives nest no deeper than that, and one is compiled for each.
pub const GLOB_BYTES: usize = 1024;
/// Bytes of a rules file; those that people write by hand have a few thousand.
pub const RULES_BYTES: usize = 1 << 20;
/// Bytes that the records of one layer's package databases take: the lists of files of the largest images that are known
/// have a tenth of that.
pub const LAYER_PACKAGE_BYTES: usize = 64 << 20;
/// Packages that one layer's databases tell of.
pub const LAYER_PACKAGES: usize = 200_000;
/// Bytes of a package's name, version or licence.
pub const PACKAGE_NAME_BYTES: usize = 1024;
