//! Every bound on what secrets, packages and rules may make us hold.
//!
//! Three kinds of bounds stand beside the code that they belong to: how far a form of a secret reaches in a text (`secrets`)
//! and how much of a list a report or a message shows (`report`, `findings`), because they say nothing about an image; and
//! how much of each kind of package database is read, which is a row of the table of these kinds (`packages::known_file`).

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
/// Bytes of a program that is looked into for what `cargo auditable` put there.
pub const PROGRAM_BYTES: u64 = 32 << 20;
/// Bytes of the list of crates that `cargo auditable` put into a program; that of a thousand crates has a hundred
/// thousand.
pub const CARGO_LIST_BYTES: u64 = 8 << 20;
/// Bytes of the list of modules in a Go program; that of a program with a thousand of them has a tenth.
pub const GO_MODULE_BYTES: usize = 1 << 20;
/// Bytes of Go's version in such a program.
pub const GO_VERSION_BYTES: usize = 256;
/// Places in one file that begin as Go's build information does, and are looked at.
pub const GO_TRIES: u32 = 16;
/// Bytes of one properties file in a jar; Maven writes a few hundred.
pub const JAR_PROPERTIES_BYTES: u64 = 64 << 10;
/// Artifacts of one jar.
pub const JAR_ARTIFACTS: usize = 10_000;
/// Bytes that all jars inside a jar unpack to.
pub const JAR_INNER_BYTES: u64 = 256 << 20;
/// How deep a tree of a SQLite database may be: one of the smallest pages that holds as many bytes as are read is
/// not half of it.
pub const SQLITE_DEPTH: usize = 24;
/// Nodes and repeated nodes of a rules file; one of a thousand entries has a few thousand.
pub const RULES_NODES: usize = 100_000;
/// How deep a rules file nests; four levels say everything.
pub const RULES_DEPTH: usize = 64;
/// Bytes of a Dockerfile that is read. The largest that are known have a hundredth of that.
pub const DOCKERFILE_BYTES: usize = 1 << 20;
/// Pairs of a step and an instruction of a Dockerfile that are compared, over all stages.
pub const DOCKERFILE_PAIRS: usize = 4_000_000;
/// Libraries of an ELF file that are named.
pub const ELF_LIBRARIES: usize = 1_000;
