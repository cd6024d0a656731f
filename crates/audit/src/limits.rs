//! Every bound on what secrets, packages and rules may make us hold.
//!
//! Two kinds of bounds stand beside the code that they belong to, because they say nothing about an image: how far a form
//! of a secret reaches in a text (`secrets`), and how much of a list a report or a message shows (`report`, `findings`).

/// Bytes of a file that is looked through for secrets: nearly all that people write by hand are
/// smaller, and it is held while its bytes come.
pub const SECRET_FILE_BYTES: usize = 256 << 10;
/// Secrets that one layer's index tells of.
pub const LAYER_SECRETS: usize = 10_000;
/// Bytes of one glob of a rules file; its alternatives nest no deeper than that, and one is compiled for each.
pub const GLOB_BYTES: usize = 1024;
/// Bytes of a query of `ls --find` or of the page's search; what people type has a hundred.
pub const QUERY_BYTES: usize = 4096;
/// Words of such a query: each is compared with every path.
pub const QUERY_WORDS: usize = 32;
/// Bytes of memory that a compiled regular expression of a query takes.
pub const REGEX_BYTES: usize = 1 << 20;
/// Bytes of each of two texts that are compared line by line: both are held, and what is shown to people is smaller.
pub const DIFF_BYTES: usize = 8 << 20;
/// Lines of each of them, less those with which both begin and end: where most are repeated, comparing them takes time that
/// grows with the square, a few seconds for these.
pub const DIFF_LINES: usize = 50_000;
/// Members of an archive that are listed: what a browser holds and shows.
pub const LISTED_MEMBERS: usize = 20_000;
/// Bytes of a name in a list of members or sections.
pub const LISTED_NAME_BYTES: usize = 4096;
/// Entries of a ZIP's central directory that are walked: the largest jars have some tens of thousands.
pub const LISTED_ZIP_ENTRIES: u64 = 1_000_000;
/// Bytes of a tar, unpacked, that are walked for its members.
pub const LISTED_TAR_BYTES: u64 = 512 << 20;
/// Sections, and segments, of an ELF file; programs have some tens.
pub const ELF_HEADERS: u32 = 20_000;
/// Bytes of a segment or table of an ELF file that is read whole: notes, the loader's name, the dynamic table.
pub const ELF_TABLE_BYTES: u64 = 256 << 10;
/// Bytes of `/etc/passwd` or `/etc/group`; those of images have a few thousand.
pub const ACCOUNT_FILE_BYTES: u64 = 1 << 20;
/// Lines of such a file that are kept.
pub const ACCOUNTS: usize = 20_000;
/// Bytes of the name of a user or group; Linux allows 32.
pub const ACCOUNT_NAME_BYTES: usize = 64;
/// Bytes of a rules file; those that people write by hand have a few thousand.
pub const RULES_BYTES: usize = 1 << 20;
/// Bytes that the records of one layer's package databases take: the lists of files of the largest images that are known
/// have a tenth of that.
pub const LAYER_PACKAGE_BYTES: usize = 64 << 20;
/// Packages that one layer's databases tell of.
pub const LAYER_PACKAGES: usize = 200_000;
/// Names in what the packages of one file need and provide; Debian's largest systems have a tenth of that.
pub const PACKAGE_RELATIONS: usize = 1_000_000;
/// Bytes of a package's name, version or licence.
pub const PACKAGE_NAME_BYTES: usize = 1024;
/// Tags of a repository whose documents are read for its history: their dates say which are the newest.
pub const HISTORY_TAGS: usize = 500;
