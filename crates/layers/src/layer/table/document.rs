//! From a table's JSON to an index: row by row, by the rules by which a tar's entries become those of an image.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::{
    DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
};

use super::row::{Key, Row, Seen};
use super::{ContentLocation, TableError, TableOfContents};
use crate::compression::OffsetMap;
use crate::digest::Digest;
use crate::layer::content::ContentId;
use crate::layer::entries::Entries;
use crate::layer::{EntryId, Expected, MemoryBudget, Problem};
use crate::limits::PATH_BYTES;
use crate::tar::{self, TarKind, wrap};

/// The layer that a table is of.
pub(super) struct ListedLayer<'l> {
    pub(super) expected: &'l Expected,
    pub(super) blob_size: u64,
    /// Where the table begins in the blob.
    pub(super) start: u64,
    /// The table itself, which eStargz has as the last file of the layer and does not list.
    pub(super) own: Option<OwnEntry>,
}

/// A table that is a file of its layer.
pub(super) struct OwnEntry {
    pub(super) entry: tar::Entry,
    /// Of its content.
    pub(super) digest: Digest,
}

/// Reads a table that is the one that the manifest names.
pub(super) fn read(
    json: &[u8],
    listed: ListedLayer<'_>,
    memory: &MemoryBudget,
) -> Result<TableOfContents, TableError> {
    let mut rows = Rows::new(memory);
    let mut reader = serde_json::Deserializer::from_slice(json);
    let read = reader
        .deserialize_map(Document(&mut rows))
        .and_then(|()| reader.end());
    if let Some(error) = rows.stopped {
        return Err(error);
    }
    read.map_err(|error| TableError::Form(error.to_string()))?;
    rows.finish(listed)
}

/// Where the content of a file is, as far as rows have told.
struct File {
    first: u64,
    last: u64,
    /// 0 where it is not said.
    end: u64,
    skip: u64,
    /// Each of its chunks begins where the one before does, or behind that.
    is_ascending: bool,
    digest: Option<Digest>,
}

/// What rows become.
pub(super) struct Rows {
    entries: Entries,
    /// Those with bytes.
    files: Vec<(EntryId, File)>,
    /// In the blob, of all chunks.
    offsets: Vec<u64>,
    /// Bytes of all files.
    stored: u64,
    /// The row before was one of the last of the files, of which chunks may follow.
    is_last_file: bool,
    /// Why no more rows are taken.
    stopped: Option<TableError>,
}

impl Rows {
    pub(super) fn new(memory: &MemoryBudget) -> Self {
        Self {
            entries: Entries::new(memory.clone()),
            files: Vec::new(),
            offsets: Vec::new(),
            stored: 0,
            is_last_file: false,
            stopped: None,
        }
    }

    /// All rows have come.
    pub(super) fn finish(mut self, listed: ListedLayer<'_>) -> Result<TableOfContents, TableError> {
        let (Some(digest), Some(diff_id)) = (&listed.expected.digest, &listed.expected.diff_id)
        else {
            return Err(TableError::Ambiguous(
                "the image does not name the layer's digests",
            ));
        };
        let own = match listed.own {
            Some(own) => self.own(&own, listed.start..listed.blob_size)?,
            None => None,
        };
        let Self {
            entries,
            files,
            mut offsets,
            stored,
            ..
        } = self;
        offsets.sort_unstable();
        let locations = files.into_iter().map(|(entry, file)| {
            let end = offsets.partition_point(|offset| *offset <= file.last);
            let end = match file.end {
                0 => offsets.get(end).copied().unwrap_or(listed.start),
                end => end,
            };
            let is_sound = file.is_ascending && file.first <= file.last && file.last < end;
            let location = ContentLocation {
                start: file.first,
                end,
                skip: file.skip,
                digest: file.digest?,
            };
            (is_sound && end <= listed.start).then_some((entry, location))
        });
        // Of others the location is not known; they are read with the whole layer.
        let locations = locations.flatten().chain(own).collect();
        let index = entries.finish()?.complete(
            digest.clone(),
            listed.blob_size,
            diff_id.clone(),
            stored,
            OffsetMap::Unread,
        );
        Ok(TableOfContents {
            index: Arc::new(index),
            locations,
        })
    }

    /// The entry of the table itself, with the part of the blob that has it.
    fn own(
        &mut self,
        own: &OwnEntry,
        part: Range<u64>,
    ) -> Result<Option<(EntryId, ContentLocation)>, TableError> {
        let id = self.list(&own.entry, Some(&own.digest))?;
        let location = ContentLocation {
            start: part.start,
            end: part.end,
            skip: own.entry.content,
            digest: own.digest.clone(),
        };
        Ok(id.map(|id| (id, location)))
    }

    /// Takes an entry, with the digest of its content where that is known.
    pub(super) fn list(
        &mut self,
        entry: &tar::Entry,
        content: Option<&Digest>,
    ) -> Result<Option<EntryId>, TableError> {
        let id = content.map(|digest| {
            let start = digest.hex().get(..32).unwrap_or_default();
            u128::from_str_radix(start, 16).unwrap_or(0)
        });
        let sum = self.stored.checked_add(entry.stored);
        self.stored = sum.ok_or(TableError::Ambiguous("its files are larger than any blob"))?;
        Ok(self.entries.listed(entry, ContentId(id.unwrap_or(0)))?)
    }

    fn take(&mut self, row: Row) -> Result<(), TableError> {
        if row.kind == "chunk" {
            let file = self.files.last_mut().filter(|_| self.is_last_file);
            let Some((_, file)) = file else {
                return Err(TableError::Ambiguous("it has a chunk of no file"));
            };
            file.is_ascending &= file.last <= row.offset;
            file.last = row.offset;
            // Files of several chunks have a digest of their own, or are not read by their parts.
            self.offsets.push(row.offset);
            return Ok(());
        }
        self.is_last_file = false;
        let entry = entry(&row)?;
        let content = digest_of(&row)?;
        let listed = self.list(&entry, content.as_ref())?;
        if entry.stored == 0 {
            return Ok(());
        }
        self.offsets.push(row.offset);
        if let Some(id) = listed {
            self.is_last_file = true;
            self.files.push((
                id,
                File {
                    first: row.offset,
                    last: row.offset,
                    end: row.end_offset,
                    skip: row.inner_offset,
                    is_ascending: true,
                    digest: content,
                },
            ));
        }
        Ok(())
    }
}

/// The digest of all content of a file.
fn digest_of(row: &Row) -> Result<Option<Digest>, TableError> {
    let is_whole = row.chunk_offset == 0 && (row.chunk_size == 0 || row.chunk_size == row.size);
    let text = match row.digest.as_str() {
        "" if is_whole => &row.chunk_digest,
        text => text,
    };
    let parsed = (!text.is_empty()).then(|| text.parse()).transpose();
    parsed.map_err(|error| TableError::Form(format!("{error}")))
}

/// What an entry is, and the type flag of its header; all formats have the same words for it.
pub(super) fn kind(word: &str) -> Result<(TarKind, u8), TableError> {
    Ok(match word {
        "reg" => (TarKind::File, b'0'),
        "dir" => (TarKind::Dir, b'5'),
        "symlink" => (TarKind::Symlink, b'2'),
        "hardlink" => (TarKind::Hardlink, b'1'),
        "char" => (TarKind::Char, b'3'),
        "block" => (TarKind::Block, b'4'),
        "fifo" => (TarKind::Fifo, b'6'),
        _ => return Err(TableError::Ambiguous("it has an entry of an unknown type")),
    })
}

/// The entry of a tar that a row stands for.
fn entry(row: &Row) -> Result<tar::Entry, TableError> {
    let (kind, flag) = kind(&row.kind)?;
    let is_file = kind == TarKind::File;
    let xattrs = row.xattrs.iter().map(|(name, value)| {
        let value = STANDARD.decode(value);
        let value = value.map_err(|error| TableError::Form(error.to_string()))?;
        Ok((text(name)?, value))
    });
    let mut xattrs = xattrs.collect::<Result<Vec<_>, TableError>>()?;
    // As for a tar's records, an empty value is none.
    xattrs.retain(|(_, value)| !value.is_empty());
    let size = if is_file { row.size } else { 0 };
    Ok(tar::Entry {
        kind,
        flag,
        name: text(&row.name)?,
        link: text(&row.link)?,
        start: 0,
        content: 0,
        size,
        stored: size,
        sparse: None,
        mode: (row.mode & 0o7777) as u32,
        uid: wrap(row.uid),
        gid: wrap(row.gid),
        mtime: time(&row.modtime)?,
        device: match kind {
            TarKind::Char | TarKind::Block => row.device,
            _ => (0, 0),
        },
        xattrs,
        has_libarchive_xattrs: false,
    })
}

/// A name as the tar has it. Go writes U+FFFD for bytes that are not UTF-8, so that other names become the same.
fn text(text: &str) -> Result<Vec<u8>, TableError> {
    if text.contains([char::REPLACEMENT_CHARACTER, '\0']) {
        return Err(TableError::Ambiguous(
            "it has a name whose bytes it does not tell",
        ));
    }
    if text.len() > PATH_BYTES {
        let (what, limit) = ("bytes in a path", PATH_BYTES as u64);
        return Err(Problem::TooMuch { what, limit }.into());
    }
    Ok(text.as_bytes().to_vec())
}

/// Seconds since 1970 and nanoseconds. eStargz leaves the field out where the time is 0.
pub(super) fn time(text: &str) -> Result<(i64, u32), TableError> {
    if text.is_empty() {
        return Ok((0, 0));
    }
    let time: jiff::Timestamp = text
        .parse()
        .map_err(|_| TableError::Form("a time is not in the form of RFC 3339".to_owned()))?;
    let nanos = time.as_nanosecond();
    let seconds = i64::try_from(nanos.div_euclid(1_000_000_000)).unwrap_or_default();
    let nanos = u32::try_from(nanos.rem_euclid(1_000_000_000)).unwrap_or_default();
    Ok((seconds, nanos))
}

/// The fields of a table.
const FIELDS: [&str; 2] = ["version", "entries"];

/// The whole of a table.
struct Document<'r>(&'r mut Rows);

impl<'de> Visitor<'de> for Document<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table of contents")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut seen = Seen::default();
        let (mut version, mut has_entries) = (None, false);
        while let Some(key) = map.next_key::<Key>()? {
            match key.among(&FIELDS)? {
                Some(field @ 0) => {
                    seen.first(field)?;
                    version = map.next_value::<Option<u64>>()?;
                }
                Some(field) => {
                    seen.first(field)?;
                    has_entries = true;
                    map.next_value_seed(List(&mut *self.0))?;
                }
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        match (version, has_entries) {
            (Some(1), true) => Ok(()),
            (Some(1), false) => Err(A::Error::custom("it has no entries")),
            _ => Err(A::Error::custom("its version is not 1")),
        }
    }
}

/// The entries.
struct List<'r>(&'r mut Rows);

impl<'de> DeserializeSeed<'de> for List<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for List<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the entries of a table of contents")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> Result<(), A::Error> {
        while let Some(row) = rows.next_element::<Row>()? {
            if let Err(error) = self.0.take(row) {
                self.0.stopped = Some(error);
                return Err(A::Error::custom("an entry cannot be used"));
            }
        }
        Ok(())
    }
}
