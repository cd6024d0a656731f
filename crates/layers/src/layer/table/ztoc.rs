//! From a zTOC of SOCI to an index (awslabs/soci-snapshotter, ztoc/fbs/ztoc.fbs): what Go's `archive/tar` read of the layer.

use std::collections::BTreeMap;

use super::document::{ListedLayer, Rows, kind, time};
use super::flatbuffer::{Damaged, Table};
use super::{TableError, TableOfContents};
use crate::layer::{MemoryBudget, Problem};
use crate::limits::PATH_BYTES;
use crate::tar::{self, TarKind};

/// Fields of the root.
mod root {
    pub(super) const COMPRESSED_SIZE: usize = 2;
    pub(super) const TOC: usize = 4;
}

/// Fields of the list of files, of one file, and of one of its PAX records.
mod file {
    pub(super) const METADATA: usize = 0;
    pub(super) const NAME: usize = 0;
    pub(super) const TYPE: usize = 1;
    pub(super) const OFFSET: usize = 2;
    pub(super) const SIZE: usize = 3;
    pub(super) const LINK: usize = 4;
    pub(super) const MODE: usize = 5;
    pub(super) const UID: usize = 6;
    pub(super) const GID: usize = 7;
    pub(super) const TIME: usize = 10;
    pub(super) const MAJOR: usize = 11;
    pub(super) const MINOR: usize = 12;
    pub(super) const RECORDS: usize = 13;
    pub(super) const KEY: usize = 0;
    pub(super) const VALUE: usize = 1;
}

/// Bytes that a file takes in a table at least, and a record.
const LEAST: usize = 16;
/// Bytes of a time at most: RFC 3339 with nanoseconds and an offset has 35.
const TIME_BYTES: usize = 64;

impl From<Damaged> for TableError {
    fn from(_: Damaged) -> Self {
        Self::Form("it is no FlatBuffer, or contradicts itself".to_owned())
    }
}

/// Reads a table that is the one that the image names.
pub(super) fn read(
    bytes: &[u8],
    listed: ListedLayer<'_>,
    memory: &MemoryBudget,
) -> Result<TableOfContents, TableError> {
    let root = Table::root(bytes)?;
    if root.long(root::COMPRESSED_SIZE)? != listed.blob_size.cast_signed() {
        return Err(TableError::Ambiguous("it is of a blob of another size"));
    }
    let mut rows = Rows::new(memory);
    let mut left = Left(bytes.len());
    let mut last = None;
    if let Some(toc) = root.table(root::TOC)? {
        for table in toc.tables(file::METADATA)? {
            let table = table?;
            // Runtimes sort by it, and in a tar a later entry of a path takes the place of an earlier one.
            let offset = table.long(file::OFFSET)?;
            if last.is_some_and(|last| last >= offset) {
                return Err(TableError::Ambiguous("its files are in no order"));
            }
            last = Some(offset);
            let entry = entry(&table, &mut left)?;
            rows.list(&entry, None)?;
        }
    }
    rows.finish(listed)
}

/// Bytes of the table that no file was read from. A writer stores each text by itself; a table in which many files share a
/// long one would take much longer to read than its size lets expect.
struct Left(usize);

impl Left {
    fn take(&mut self, bytes: usize) -> Result<(), TableError> {
        let left = self.0.checked_sub(bytes);
        let shared = TableError::Ambiguous("its files share texts");
        self.0 = left.ok_or(shared)?;
        Ok(())
    }
}

/// The entry of the tar that a file of the table stands for.
fn entry(table: &Table<'_>, left: &mut Left) -> Result<tar::Entry, TableError> {
    let type_name = table.text(file::TYPE)?;
    let (kind, flag) = kind(std::str::from_utf8(type_name).unwrap_or_default())?;
    let (name, link) = (table.text(file::NAME)?, table.text(file::LINK)?);
    left.take(LEAST + name.len() + link.len())?;
    let time_text = table.text(file::TIME)?;
    // Many files may share one, which would be read for each.
    if time_text.len() > TIME_BYTES {
        return Err(TableError::Form("a time is too long".to_owned()));
    }
    let time_text = std::str::from_utf8(time_text);
    let time_text = time_text.map_err(|_| TableError::Form("a time is no text".to_owned()))?;
    let number = |field: usize| {
        let number = u64::try_from(table.long(field)?);
        number.map_err(|_| TableError::Form("a number is below 0".to_owned()))
    };
    let device = |field: usize| {
        let number = u32::try_from(number(field)?);
        number.map_err(|_| TableError::Form("the number of a device is too large".to_owned()))
    };
    let records = records(table, left)?;
    let size = match kind {
        TarKind::File => number(file::SIZE)?,
        _ => 0,
    };
    Ok(tar::Entry {
        kind,
        flag,
        name: path(name)?,
        link: path(link)?,
        start: 0,
        content: 0,
        size,
        stored: size,
        sparse: None,
        mode: (table.long(file::MODE)? & 0o7777) as u32,
        uid: table.word(file::UID)?.into(),
        gid: table.word(file::GID)?.into(),
        mtime: time(time_text)?,
        device: match kind {
            TarKind::Char | TarKind::Block => (device(file::MAJOR)?, device(file::MINOR)?),
            _ => (0, 0),
        },
        xattrs: records.xattrs.into_iter().collect(),
        has_libarchive_xattrs: records.has_libarchive_xattrs,
    })
}

/// What the PAX records of a file say that its other fields do not.
#[derive(Default)]
struct Records {
    xattrs: BTreeMap<Vec<u8>, Vec<u8>>,
    has_libarchive_xattrs: bool,
}

fn records(table: &Table<'_>, left: &mut Left) -> Result<Records, TableError> {
    let mut records = Records::default();
    for record in table.tables(file::RECORDS)? {
        let record = record?;
        let (key, value) = (record.text(file::KEY)?, record.text(file::VALUE)?);
        left.take(LEAST + key.len() + value.len())?;
        if key.starts_with(b"GNU.sparse.") {
            return Err(TableError::Ambiguous(
                "it has a sparse file, of which it does not tell how much is stored",
            ));
        }
        records.has_libarchive_xattrs |= key.starts_with(b"LIBARCHIVE.xattr.");
        // An empty value is none.
        if let Some(name) = key.strip_prefix(b"SCHILY.xattr.")
            && !value.is_empty()
        {
            let before = records.xattrs.insert(name.to_vec(), value.to_vec());
            if before.is_some() {
                return Err(TableError::Ambiguous("an attribute comes twice"));
            }
        }
    }
    Ok(records)
}

/// A name as the tar has it.
fn path(bytes: &[u8]) -> Result<Vec<u8>, TableError> {
    if bytes.contains(&0) {
        return Err(TableError::Ambiguous("it has a name with a NUL in it"));
    }
    if bytes.len() > PATH_BYTES {
        let (what, limit) = ("bytes in a path", PATH_BYTES as u64);
        return Err(Problem::TooMuch { what, limit }.into());
    }
    Ok(bytes.to_vec())
}
