//! An entry of a tar: what its header and the extension headers before it make of it.

use super::header::{self, Fields};
use super::pax::{self, Records, SparseForm};
use super::{Problem, SparseMap};
use crate::limits::{EXTENSION_BYTES, PATH_BYTES};

/// What an entry is (POSIX pax, "ustar Interchange Format", typeflag).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TarKind {
    /// A regular file.
    File,
    /// A folder.
    Dir,
    /// A symbolic link.
    Symlink,
    /// Another name of a file.
    Hardlink,
    /// A character device.
    Char,
    /// A block device.
    Block,
    /// A FIFO.
    Fifo,
    /// Of no type that is part of a file system.
    Unknown,
}

/// An entry, and where it is in the tar.
#[derive(Clone, Debug)]
pub struct Entry {
    /// What it is.
    pub kind: TarKind,
    /// The typeflag of its header (POSIX pax, "ustar Interchange Format").
    pub flag: u8,
    /// Its name as the tar has it.
    pub name: Vec<u8>,
    /// The target of a link as the tar has it.
    pub link: Vec<u8>,
    /// Offset of its first header, extension headers among them.
    pub start: u64,
    /// Offset of its content in the tar.
    pub content: u64,
    /// Bytes of content, as its headers have it.
    pub size: u64,
    /// Bytes of content that the tar stores; 0 for all but regular files.
    pub stored: u64,
    /// Where the stored bytes of a sparse file belong.
    pub sparse: Option<SparseMap>,
    /// Permission bits with set-id and sticky.
    pub mode: u32,
    /// User by number.
    pub uid: u64,
    /// Group by number.
    pub gid: u64,
    /// Time of the last change: seconds since 1970 and nanoseconds after them.
    pub mtime: (i64, u32),
    /// A device's major and minor number.
    pub device: (u32, u32),
    /// Extended attributes, sorted by name.
    pub xattrs: Vec<(Vec<u8>, Vec<u8>)>,
    /// It has attributes in libarchive's form too, which are not among [`Self::xattrs`].
    pub has_libarchive_xattrs: bool,
}

impl Entry {
    /// Bytes of a regular file as a program reads it.
    #[must_use]
    pub fn logical_size(&self) -> u64 {
        let sparse = self.sparse.as_ref();
        sparse.map_or(self.stored, |map| map.real_size)
    }
}

/// What extension headers said about the entry that follows them.
#[derive(Default)]
pub(super) struct Extensions {
    /// Of the last `x` header.
    pax: Option<Records>,
    long_name: Option<Vec<u8>>,
    long_link: Option<Vec<u8>>,
}

#[derive(Clone, Copy)]
pub(super) enum Extension {
    Pax,
    PaxGlobal,
    LongName,
    LongLink,
}

impl Extension {
    /// The extension that a header with these fields announces, if it is one.
    pub(super) fn of(fields: &Fields) -> Result<Option<Self>, Problem> {
        let extension = match fields.flag {
            b'x' => Self::Pax,
            b'g' => Self::PaxGlobal,
            b'L' => Self::LongName,
            b'K' => Self::LongLink,
            _ => return Ok(None),
        };
        if fields.size > EXTENSION_BYTES {
            return Err(Problem::TooMuch {
                what: "bytes of extension records",
                limit: EXTENSION_BYTES,
            });
        }
        Ok(Some(extension))
    }

    /// It says something about the entry that follows; a global header belongs to none.
    pub(super) const fn belongs_to_entry(self) -> bool {
        !matches!(self, Self::PaxGlobal)
    }
}

impl Extensions {
    pub(super) fn add(&mut self, extension: Extension, body: &[u8]) -> Result<(), Problem> {
        match extension {
            Extension::Pax => {
                let mut records = Records::default();
                records.add(body)?;
                self.pax = Some(records);
            }
            Extension::PaxGlobal => pax::check_globals(body)?,
            // An empty long name takes nothing from the header's, as for Go.
            Extension::LongName => self.long_name = header::long_name(body),
            Extension::LongLink => self.long_link = header::long_name(body),
        }
        Ok(())
    }

    /// The entry that begins at `start` and whose own header has these fields; and how it is sparse, if its records say
    /// so. Its content begins at `content`, where no map comes first.
    pub(super) fn entry(
        self,
        fields: Fields,
        start: u64,
        content: u64,
    ) -> Result<(Entry, Option<SparseForm>), Problem> {
        let records = self.pax.unwrap_or_default();
        let mut sparse = records.sparse.form()?;
        // Go's order, which containers are unpacked by: PAX, over it GNU's long names, over them the name of a sparse
        // file.
        let of_sparse = sparse.as_mut().and_then(|sparse| sparse.name.take());
        let name = of_sparse
            .or(self.long_name)
            .or(records.path)
            .unwrap_or(fields.name);
        let link = self.long_link.or(records.link).unwrap_or(fields.link);
        if name.len().max(link.len()) > PATH_BYTES {
            return Err(Problem::TooMuch {
                what: "bytes in a path",
                limit: PATH_BYTES as u64,
            });
        }
        let kind = kind(fields.flag, &name);
        let size = records.size.unwrap_or(fields.size);
        let entry = Entry {
            kind,
            flag: fields.flag,
            name,
            link,
            start,
            content,
            size,
            stored: if kind == TarKind::File { size } else { 0 },
            sparse: None,
            mode: fields.mode,
            uid: records.uid.unwrap_or(fields.uid),
            gid: records.gid.unwrap_or(fields.gid),
            mtime: records.mtime.unwrap_or((fields.mtime, 0)),
            device: fields.device,
            xattrs: records.xattrs.into_iter().collect(),
            has_libarchive_xattrs: records.has_libarchive_xattrs,
        };
        Ok((entry, sparse))
    }
}

fn kind(flag: u8, name: &[u8]) -> TarKind {
    match flag {
        0 if name.ends_with(b"/") => TarKind::Dir,
        0 | b'0' | b'7' | b'S' => TarKind::File,
        b'1' => TarKind::Hardlink,
        b'2' => TarKind::Symlink,
        b'3' => TarKind::Char,
        b'4' => TarKind::Block,
        b'5' => TarKind::Dir,
        b'6' => TarKind::Fifo,
        _ => TarKind::Unknown,
    }
}
