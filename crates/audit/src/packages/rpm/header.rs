//! The header of an installed rpm package: tags with typed values.
//!
//! Source: rpm's documentation, "RPM v4 header format" and "Package tags". A header in the database has no magic before it.

use super::super::fields::{license, package, text};
use super::super::record::{Files, Package, Paths, Relations, Type};

const NAME: u32 = 1000;
const VERSION: u32 = 1001;
const RELEASE: u32 = 1002;
const EPOCH: u32 = 1003;
const LICENSE: u32 = 1014;
const ARCH: u32 = 1022;
const FILE_STATES: u32 = 1029;
const PROVIDES: u32 = 1047;
const REQUIRES: u32 = 1049;
const FOLDER_INDEXES: u32 = 1116;
const NAMES: u32 = 1117;
const FOLDERS: u32 = 1118;
const RECOMMENDS: u32 = 5046;

/// Bytes of one tag's place in the index.
const TAG: usize = 16;
/// The state of a file that another package replaced.
const REPLACED: u8 = 1;

/// A header whose lengths fit.
struct Header<'h> {
    tags: &'h [u8],
    data: &'h [u8],
}

/// The package of a header; None where it is damaged. No more names of what it needs and provides are read than there is
/// room for.
pub(super) fn package_of(blob: &[u8], room: &mut usize) -> Option<Package> {
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
        relations: header.relations(room),
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

    /// What it needs and provides. What it recommends is installed and kept like what it needs.
    fn relations(&self, room: &mut usize) -> Relations {
        let mut take = |tags: &[u32]| {
            let all = tags.iter().filter_map(|tag| self.texts(*tag)).flatten();
            // A feature of rpm itself, not of a package.
            let all = all.filter(|name| !name.starts_with(b"rpmlib("));
            let names: Vec<Vec<String>> = all.map(names).take(*room).collect();
            *room = room.saturating_sub(names.iter().map(Vec::len).sum());
            names
        };
        Relations {
            needs: take(&[REQUIRES, RECOMMENDS]),
            provides: take(&[PROVIDES]).into_iter().flatten().collect(),
            is_essential: false,
        }
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

/// The names in a dependency: one, or those of a boolean one such as `(a >= 2 or (b if c))`. Which of them have to be there is
/// not looked at: each may be used. Versions are among them, and are the names of no package.
fn names(dependency: &[u8]) -> Vec<String> {
    let Some(boolean) = dependency.strip_prefix(b"(") else {
        return text(dependency).into_iter().collect();
    };
    let words = boolean.split(|byte| *byte == b' ');
    // `libm.so.6()(64bit)` has parentheses of its own, which come in pairs.
    let words = words.map(|word| {
        let word = word.trim_ascii_start();
        let opened = word.iter().take_while(|byte| **byte == b'(').count();
        let word = word.get(opened..).unwrap_or_default();
        let count = |which| word.iter().filter(|byte| **byte == which).count();
        let closed = count(b')').saturating_sub(count(b'('));
        word.get(..word.len().saturating_sub(closed))
            .unwrap_or_default()
    });
    words.filter_map(text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_boolean_dependencies_are_told() {
        let of = |text: &str| names(text.as_bytes());
        assert_eq!(of("libm.so.6()(64bit)"), ["libm.so.6()(64bit)"]);
        assert_eq!(of("(a or b)"), ["a", "or", "b"]);
        assert_eq!(
            of("(a >= 2 if (b and x()(64bit)))"),
            ["a", ">=", "2", "if", "b", "and", "x()(64bit)"]
        );
        assert!(of("((((").is_empty());
        assert!(of("").is_empty());
    }
}
