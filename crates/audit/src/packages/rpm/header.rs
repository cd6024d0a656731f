//! The header of an installed rpm package: tags with typed values.
//!
//! Source: rpm's documentation, "RPM v4 header format" and "Package tags". A header in the database has no magic before it.

use super::super::fields::{license, package, text};
use super::super::record::{Files, Package, Paths, Type};

const NAME: u32 = 1000;
const VERSION: u32 = 1001;
const RELEASE: u32 = 1002;
const EPOCH: u32 = 1003;
const LICENSE: u32 = 1014;
const ARCH: u32 = 1022;
const FILE_STATES: u32 = 1029;
const FOLDER_INDEXES: u32 = 1116;
const NAMES: u32 = 1117;
const FOLDERS: u32 = 1118;

/// Bytes of one tag's place in the index.
const TAG: usize = 16;
/// The state of a file that another package replaced.
const REPLACED: u8 = 1;

/// A header whose lengths fit.
struct Header<'h> {
    tags: &'h [u8],
    data: &'h [u8],
}

/// The package of a header; None where it is damaged.
pub(super) fn package_of(blob: &[u8]) -> Option<Package> {
    let header = Header::of(blob)?;
    let text_of = |tag| {
        header
            .texts(tag)
            .and_then(|mut texts| texts.next())
            .and_then(text)
    };
    let release = text_of(RELEASE).map(|release| format!("-{release}"));
    let version = text_of(VERSION)? + release.as_deref().unwrap_or_default();
    let epoch = header.numbers(EPOCH).and_then(|mut numbers| numbers.next());
    let version = match epoch {
        Some(epoch) => format!("{epoch}:{version}"),
        None => version,
    };
    let licenses = header.texts(LICENSE).and_then(|mut texts| texts.next());
    let epoch = epoch.map(|epoch| ("epoch".to_owned(), epoch.to_string()));
    let arch = text_of(ARCH).map(|arch| ("arch".to_owned(), arch));
    Some(Package {
        license: licenses.and_then(license),
        qualifiers: arch.into_iter().chain(epoch).collect(),
        files: Files::Listed(header.files().unwrap_or_default()),
        ..package(Type::Rpm, text_of(NAME)?, Some(version))
    })
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..)?.first_chunk()?;
    Some(u32::from_be_bytes(*bytes))
}

impl<'h> Header<'h> {
    fn of(blob: &'h [u8]) -> Option<Self> {
        let tags = (number(blob, 0)? as usize).checked_mul(TAG)?;
        let data = number(blob, 4)? as usize;
        let (tags, rest) = blob.get(8..)?.split_at_checked(tags)?;
        Some(Self {
            tags,
            data: rest.get(..data)?,
        })
    }

    /// Where a tag's values begin, and how many there are.
    fn find(&self, tag: u32) -> Option<(&'h [u8], usize)> {
        let mut tags = self.tags.chunks_exact(TAG);
        let found = tags.find(|found| number(found, 0) == Some(tag))?;
        let data = self.data.get(number(found, 8)? as usize..)?;
        Some((data, number(found, 12)? as usize))
    }

    /// The values of a tag that holds text, each with a NUL behind it.
    fn texts(&self, tag: u32) -> Option<impl Iterator<Item = &'h [u8]> + use<'h>> {
        let (data, count) = self.find(tag)?;
        Some(data.split(|byte| *byte == 0).take(count))
    }

    fn numbers(&self, tag: u32) -> Option<impl Iterator<Item = u32> + use<'h>> {
        let (data, count) = self.find(tag)?;
        let numbers = data.chunks_exact(4).take(count);
        Some(numbers.map_while(|bytes| number(bytes, 0)))
    }

    /// The files: a name each, and which of the folders it is in.
    fn files(&self) -> Option<Paths> {
        let folders: Vec<&[u8]> = self.texts(FOLDERS)?.collect();
        let states = self.find(FILE_STATES);
        let states = states
            .and_then(|(data, count)| data.get(..count))
            .unwrap_or_default();
        let mut paths = Paths::default();
        let files = self.texts(NAMES)?.zip(self.numbers(FOLDER_INDEXES)?);
        // Of a hostile header every name may be in one long folder.
        let mut left = 16 * self.data.len() + (1 << 20);
        for (at, (name, folder)) in files.enumerate() {
            if states.get(at) == Some(&REPLACED) {
                continue;
            }
            let folder = folders.get(folder as usize)?;
            left = left.checked_sub(folder.len() + name.len() + 1)?;
            paths.push_parts(folder, name);
        }
        Some(paths)
    }
}
