//! Files of package databases, read while their layer is decoded: bytes in, in pieces of any size, and a record out.

use super::known_file::KnownFile;
use super::record::{Chosen, Entries, Package, Record, Release, Type, Unreadable};
use super::{apk, cargo, composer, conda, dpkg, fields, gem, go, jar, npm, python, rpm};
use crate::layer::{Entry, EntryKind, Piece, Visitor};
use crate::limits::{LAYER_PACKAGE_BYTES, LAYER_PACKAGES, PROGRAM_BYTES};

/// With these a program of Linux begins.
const ELF: &[u8] = b"\x7fELF";

/// Reads the package databases of a layer while it is decoded, and the modules that programs and jars tell of.
/// [`LayerIndex::found`](crate::layer::LayerIndex::found) has what they say: a record of a file.
#[derive(Default)]
pub struct PackageReader {
    file: Option<File>,
    /// What the records of the layer have taken so far.
    taken: RecordTotals,
    /// What those have taken that are of use only where a link leads to their files.
    elsewhere: RecordTotals,
}

/// Bytes and packages of records.
#[derive(Default)]
struct RecordTotals {
    bytes: usize,
    packages: usize,
}

impl RecordTotals {
    /// Whether a record has room; it is counted in any case.
    fn take(&mut self, record: &Record) -> bool {
        let packages = match record {
            Record::Packages(packages) => packages.len(),
            _ => 0,
        };
        self.bytes = self.bytes.saturating_add(record.bytes());
        self.packages = self.packages.saturating_add(packages);
        self.bytes <= LAYER_PACKAGE_BYTES && self.packages <= LAYER_PACKAGES
    }
}

/// The file that is read.
struct File {
    what: FileContent,
    /// The names of its path.
    path: Vec<Vec<u8>>,
    content: Vec<u8>,
}

/// What a file is, as far as it is known.
enum FileContent {
    Database(KnownFile),
    /// By its path it is none.
    Elsewhere(KnownFile),
    /// It has a name like any other, and may be a program.
    Any {
        size: u64,
    },
    Program {
        go: go::Search,
        size: u64,
    },
    /// It is none of these, or has more bytes than are read.
    Passed(Option<Record>),
}

impl Visitor for PackageReader {
    const NAME: &'static str = "packages-3";
    type Found = Record;

    fn begin(&mut self, entry: &Entry<'_>) -> bool {
        self.file = None;
        if entry.kind == EntryKind::File {
            self.start(entry.names, entry.logical_size);
        }
        self.file.is_some()
    }

    fn content(&mut self, piece: Piece<'_>) {
        match piece {
            Piece::Bytes(bytes) => self.update(bytes),
            Piece::Hole(zeros) => self.hole(zeros),
        }
    }

    fn end(&mut self) -> Vec<Record> {
        self.finish()
    }
}

impl PackageReader {
    /// A regular file of so many bytes begins; its path is given by its names.
    fn start(&mut self, path: &[&[u8]], size: u64) {
        let what = match KnownFile::of(path) {
            Some(KnownFile::RpmBerkeley) => {
                FileContent::Passed(Some(Record::Unreadable(Unreadable::Format)))
            }
            Some(place) if size > place.most() as u64 => {
                FileContent::Passed(Some(Record::Unreadable(Unreadable::TooLarge)))
            }
            Some(place) => FileContent::Database(place),
            None => match KnownFile::elsewhere(path) {
                Some(place) if size <= place.most() as u64 => FileContent::Elsewhere(place),
                None | Some(KnownFile::Npm) => FileContent::Any { size },
                Some(_) => FileContent::Passed(Some(Record::Unreadable(Unreadable::TooLarge))),
            },
        };
        // Of most files only the first bytes are looked at.
        let path = match what {
            FileContent::Database(_) | FileContent::Elsewhere(_) => {
                path.iter().map(|name| name.to_vec()).collect()
            }
            _ => Vec::new(),
        };
        self.file = Some(File {
            what,
            path,
            content: Vec::new(),
        });
    }

    /// The next bytes of the file.
    fn update(&mut self, bytes: &[u8]) {
        let Some(file) = &mut self.file else {
            return;
        };
        match &mut file.what {
            FileContent::Database(place) => {
                if file.content.len() + bytes.len() > place.most() {
                    file.what = FileContent::Passed(Some(Record::Unreadable(Unreadable::TooLarge)));
                    file.content = Vec::new();
                } else {
                    file.content.extend_from_slice(bytes);
                }
            }
            FileContent::Elsewhere(place) => {
                let first = file.content.is_empty().then(|| bytes.first()).flatten();
                let may_be = first.is_none_or(|first| place.begins_with(*first));
                if may_be && file.content.len() + bytes.len() <= place.most() {
                    file.content.extend_from_slice(bytes);
                } else {
                    self.file = None;
                }
            }
            FileContent::Any { size } => {
                let size = *size;
                let wanted = ELF.len() - file.content.len();
                let (first, rest) = bytes.split_at(wanted.min(bytes.len()));
                file.content.extend_from_slice(first);
                if file.content == ELF {
                    let mut go = go::Search::default();
                    go.update(ELF);
                    file.what = FileContent::Program { go, size };
                    self.update(rest);
                } else if file.content.len() == ELF.len() {
                    self.file = None;
                }
            }
            FileContent::Program { go, size } => {
                go.update(bytes);
                if *size <= PROGRAM_BYTES {
                    file.content.extend_from_slice(bytes);
                }
            }
            FileContent::Passed(_) => {}
        }
    }

    /// So many zeros of a sparse file come next, which the layer does not store.
    fn hole(&mut self, zeros: u64) {
        let Some(file) = &mut self.file else {
            return;
        };
        match &file.what {
            FileContent::Database(place) if zeros <= (place.most() - file.content.len()) as u64 => {
                // It fits, so it is no more than memory has.
                file.content.resize(file.content.len() + zeros as usize, 0);
            }
            FileContent::Database(_) => {
                file.what = FileContent::Passed(Some(Record::Unreadable(Unreadable::TooLarge)));
                file.content = Vec::new();
            }
            FileContent::Elsewhere(_) | FileContent::Any { .. } | FileContent::Program { .. } => {
                self.file = None
            }
            FileContent::Passed(_) => {}
        }
    }

    /// The file is complete: what it says, if it says anything about packages. One that is damaged in part is told as that
    /// too.
    fn finish(&mut self) -> Vec<Record> {
        let Some(file) = self.file.take() else {
            return Vec::new();
        };
        let (place, is_elsewhere) = match file.what {
            FileContent::Database(place) => (place, false),
            FileContent::Elsewhere(place) => (place, true),
            FileContent::Program { go, .. } => {
                let packages = match go.finish() {
                    packages if packages.is_empty() => cargo::packages(&file.content),
                    packages => packages,
                };
                return self.kept(Record::Packages(packages), false);
            }
            FileContent::Passed(record) => return record.into_iter().collect(),
            FileContent::Any { .. } => return Vec::new(),
        };
        let RecordRead { record, is_damaged } = read(place, &file.path, &file.content);
        let record = record.into_iter();
        let mut records: Vec<Record> = record
            .flat_map(|record| self.kept(record, is_elsewhere))
            .collect();
        // Many files of stores have nothing to do with packages.
        if is_damaged && !(is_elsewhere && matches!(place, KnownFile::Npm)) {
            records.push(Record::Unreadable(Unreadable::Damaged));
        }
        records
    }

    /// The record, where there is room for it.
    fn kept(&mut self, record: Record, is_elsewhere: bool) -> Vec<Record> {
        let taken = match is_elsewhere {
            true => &mut self.elsewhere,
            false => &mut self.taken,
        };
        match () {
            () if record.is_empty() => Vec::new(),
            () if taken.take(&record) => vec![record],
            () if is_elsewhere => Vec::new(),
            () => vec![Record::Unreadable(Unreadable::TooLarge)],
        }
    }
}

/// What a complete file says.
struct RecordRead {
    record: Option<Record>,
    /// It is damaged, wholly or in part: where there is an entry, it does not say of what.
    is_damaged: bool,
}

impl RecordRead {
    fn of(record: Option<Record>) -> Self {
        Self {
            is_damaged: record.is_none(),
            record,
        }
    }
}

fn read(place: KnownFile, path: &[Vec<u8>], content: &[u8]) -> RecordRead {
    let one = |package: Option<Package>| package.map(|package| Record::Packages(vec![package]));
    let several = |entries: Option<Entries>| match entries {
        Some(entries) => RecordRead {
            record: Some(Record::Packages(entries.packages)),
            is_damaged: entries.is_damaged,
        },
        None => RecordRead::of(Some(Record::Unreadable(Unreadable::TooLarge))),
    };
    let all_but = |kind, names| Some(Record::Chosen(Chosen::AllBut(kind, names)));
    RecordRead::of(match place {
        KnownFile::Release => release(content).map(Record::Release),
        KnownFile::DpkgStatus | KnownFile::DpkgStatusD => {
            return several(dpkg::status(content, LAYER_PACKAGES));
        }
        KnownFile::DpkgList => Some(Record::Files(dpkg::list(content))),
        KnownFile::DpkgSums => Some(Record::Files(dpkg::sums(content))),
        KnownFile::DpkgDiversions => Some(Record::Diversions(dpkg::diversions(content))),
        KnownFile::AptStates => all_but(Type::Deb, dpkg::automatic(content)),
        KnownFile::DnfStates => all_but(Type::Rpm, rpm::dnf_automatic(content)),
        KnownFile::ZypperStates => all_but(Type::Rpm, rpm::zypper_automatic(content)),
        KnownFile::ApkWorld => Some(Record::Chosen(Chosen::Only(apk::world(content)))),
        KnownFile::Apk => return several(apk::installed(content, LAYER_PACKAGES)),
        KnownFile::RpmSqlite => rpm::sqlite(content).map(Record::Packages),
        KnownFile::RpmNdb => rpm::ndb(content).map(Record::Packages),
        KnownFile::RpmBerkeley => None,
        KnownFile::PythonMetadata => one(python::metadata(content)),
        KnownFile::PythonRecord => Some(Record::Files(python::record(content))),
        KnownFile::PythonInstalledFiles => Some(Record::Files(python::installed_files(content))),
        // A folder of node_modules without a package is no damage.
        KnownFile::Npm => {
            npm::manifest(content).map(|package| Record::Packages(package.into_iter().collect()))
        }
        KnownFile::Gem => one(gem::specification(content, path)),
        KnownFile::Composer => return several(composer::installed(content, LAYER_PACKAGES)),
        KnownFile::Conda => one(conda::record(content)),
        // Many jars tell nothing of where they are from.
        KnownFile::Jar => Some(Record::Packages(jar::packages(content, path))),
    })
}

/// What os-release says: lines `KEY=value`, quoted as a shell has it.
fn release(content: &[u8]) -> Option<Release> {
    let (mut id, mut version) = (None, None);
    for line in fields::lines(content) {
        let unquoted = |value: &[u8]| {
            let value = value.trim_ascii();
            let quotes = [b'"', b'\''];
            let inner = match value {
                [first, inner @ .., last] if first == last && quotes.contains(first) => inner,
                value => value,
            };
            fields::text(inner)
        };
        if let Some(value) = line.strip_prefix(b"ID=") {
            id = unquoted(value);
        } else if let Some(value) = line.strip_prefix(b"VERSION_ID=") {
            version = unquoted(value);
        }
    }
    Some(Release { id: id?, version })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_in_pieces(path: &str, content: &[u8], piece: usize) -> Vec<Record> {
        let names: Vec<&[u8]> = path.split('/').skip(1).map(str::as_bytes).collect();
        let mut reader = PackageReader::default();
        reader.start(&names, content.len() as u64);
        for piece in content.chunks(piece) {
            reader.update(piece);
        }
        reader.finish()
    }

    #[test]
    fn pieces_do_not_show() {
        let metadata = b"Name: foo\nVersion: 1\n";
        let path = "/usr/lib/foo-1.dist-info/METADATA";
        let whole = read_in_pieces(path, metadata, usize::MAX);
        assert!(matches!(&whole[..], [Record::Packages(packages)] if packages.len() == 1));
        for piece in 1..metadata.len() {
            assert_eq!(read_in_pieces(path, metadata, piece), whole);
        }
    }

    #[test]
    fn what_cannot_be_read_is_told() {
        let told = |path, content: &[u8]| read_in_pieces(path, content, 7);
        assert_eq!(
            told("/var/lib/rpm/Packages", b"\0\x05\x31\x62"),
            [Record::Unreadable(Unreadable::Format)]
        );
        assert_eq!(
            told("/x/conda-meta/a.json", b"{"),
            [Record::Unreadable(Unreadable::Damaged)]
        );
        let large = vec![b'\n'; KnownFile::Release.most() + 1];
        assert_eq!(
            told("/etc/os-release", &large),
            [Record::Unreadable(Unreadable::TooLarge)]
        );
        assert_eq!(told("/etc/passwd", b"root"), []);
        assert_eq!(told("/x/node_modules/a/package.json", b"{}"), []);
        for (path, content) in [
            ("/x/node_modules/a/package.json", &b"{\"name\":"[..]),
            ("/lib/apk/db/installed", b"V:1\n"),
            ("/var/lib/dpkg/status", b"Version: 1\n"),
            ("/a/vendor/composer/installed.json", b"[{}]"),
        ] {
            let damaged = Record::Unreadable(Unreadable::Damaged);
            assert_eq!(told(path, content), [damaged], "{path}");
        }
    }

    #[test]
    fn os_release_names_the_distribution() {
        let release =
            release(b"NAME=\"Alpine Linux\"\nID=alpine\nVERSION_ID=\"3.20.1\"\n").unwrap();
        assert_eq!(
            (release.id.as_str(), release.version.as_deref()),
            ("alpine", Some("3.20.1"))
        );
        assert_eq!(super::release(b"VERSION_ID=1"), None);
    }
}
