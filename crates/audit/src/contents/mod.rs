//! What files are made of: the members of archives, the sections of programs. Of content that is read already; a browser
//! shows it beside the bytes.

mod elf;
mod tar;
mod zip;

use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use self::elf::{Elf, Section, elf};
pub use self::tar::TarLister;
pub use self::zip::zip;
use crate::limits::{LISTED_MEMBERS, LISTED_NAME_BYTES};

/// Bytes at the start of a file by which [`ContentsForm::of`] tells what it is.
pub const START: usize = 512;

/// A form of file whose parts can be listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ContentsForm {
    /// A ZIP archive: also a jar, a wheel, a document of an office program.
    Zip,
    /// A tar, compressed or not.
    Tar,
    /// A program, library or object of the Executable and Linkable Format.
    Elf,
}

impl ContentsForm {
    /// The form of a file, by its first bytes and, where a compressed tar cannot be told otherwise, by its name.
    #[must_use]
    pub fn of(start: &[u8], name: &[u8]) -> Option<Self> {
        let is_tar = start.get(257..262) == Some(&b"ustar"[..]);
        let is_packed = matches!(
            start,
            [0x1f, 0x8b, ..]
                | [0x28, 0xb5, 0x2f, 0xfd, ..]
                | [0xfd, b'7', b'z', b'X', b'Z', 0, ..]
                | [b'B', b'Z', b'h', ..]
        );
        match start {
            [0x7f, b'E', b'L', b'F', ..] => Some(Self::Elf),
            [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Some(Self::Zip),
            _ if is_tar || is_packed && is_named_tar(name) => Some(Self::Tar),
            _ => None,
        }
    }
}

/// Whether a name is that of a compressed tar.
fn is_named_tar(name: &[u8]) -> bool {
    let name = name.to_ascii_lowercase();
    let mut ends = name.rsplit(|byte| *byte == b'.');
    let (last, before) = (ends.next().unwrap_or_default(), ends.next());
    matches!(
        last,
        b"tgz" | b"tzst" | b"txz" | b"tbz" | b"tbz2" | b"apk" | b"crate" | b"gem"
    ) || before == Some(b"tar")
}

/// What an archive's member is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MemberKind {
    /// A regular file.
    File,
    /// A folder.
    Dir,
    /// A symbolic link.
    Symlink,
    /// Another name of a file.
    Hardlink,
    /// A device, a FIFO, or what no file system has.
    Other,
}

/// A member of an archive. All of it is the archive's own word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Its name as the archive has it; cut at [`LISTED_NAME_BYTES`].
    pub name: Vec<u8>,
    /// What it is.
    pub kind: MemberKind,
    /// Bytes of its content.
    pub size: u64,
    /// Bytes that it takes in the archive, where members are compressed each for itself.
    pub compressed: Option<u64>,
    /// When it was changed last, as `YYYY-MM-DD hh:mm:ss`: of a ZIP in an unknown zone, of a tar in UTC.
    pub modified: Option<String>,
    /// The target of a link.
    pub link: Option<Vec<u8>>,
}

/// Members of an archive, in its order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Members {
    /// The first [`LISTED_MEMBERS`].
    pub members: Vec<Member>,
    /// Members that were seen, those that are not listed among them.
    pub count: u64,
    /// Bytes of their contents.
    pub size: u64,
    /// Why there may be more than were seen.
    pub ended: Option<String>,
}

impl Members {
    fn add(&mut self, mut member: Member) {
        self.count += 1;
        self.size = self.size.saturating_add(member.size);
        if self.members.len() < LISTED_MEMBERS {
            member.name.truncate(LISTED_NAME_BYTES);
            if let Some(link) = &mut member.link {
                link.truncate(LISTED_NAME_BYTES);
            }
            self.members.push(member);
        }
    }
}

/// Why the parts of a file cannot be listed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ContentsError {
    /// It is not a ZIP archive, or it is damaged.
    #[error("the ZIP archive cannot be read: {0}")]
    Zip(String),
    /// It is not an ELF file, or it is damaged.
    #[error("the ELF file cannot be read: {0}")]
    Elf(String),
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn forms_are_told_by_bytes_and_names() {
        let mut tar = vec![0; START];
        tar[257..262].copy_from_slice(b"ustar");
        for (start, name, form) in [
            (&b"\x7fELF\x02"[..], "/bin/sh", Some(ContentsForm::Elf)),
            (b"PK\x03\x04", "/app.jar", Some(ContentsForm::Zip)),
            (&tar, "/x", Some(ContentsForm::Tar)),
            (b"\x1f\x8b\x08", "/a.tar.gz", Some(ContentsForm::Tar)),
            (b"\x1f\x8b\x08", "/a.TGZ", Some(ContentsForm::Tar)),
            (b"\x28\xb5\x2f\xfd", "/a.tar.zst", Some(ContentsForm::Tar)),
            (b"\x1f\x8b\x08", "/changelog.gz", None),
            (b"tar", "/a.tar", None),
            (b"", "", None),
        ] {
            assert_eq!(ContentsForm::of(start, name.as_bytes()), form, "{name}");
        }
    }
}
