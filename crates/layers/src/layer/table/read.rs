//! A table's bytes: which ranges of its blob are wanted, and what is in them once they have come.

use std::ops::Range;

use super::document::{self, ListedLayer, OwnEntry};
use super::{TableError, TableLocation, TableOfContents, ztoc};
use crate::compression::Decompressor;
use crate::digest::Digest;
use crate::layer::{Expected, MemoryBudget};
use crate::limits::TABLE_BYTES;
use crate::memory::Memory;
use crate::tar::{self, Piece};

/// Bytes of the footer of eStargz: an empty gzip member.
const FOOTER: usize = 51;
/// Bytes of the footer that its older form has, whose extra field is no list of subfields.
const OLD_FOOTER: usize = 47;
/// The table's name in the tar of an eStargz layer.
const NAME: &[u8] = b"stargz.index.json";
/// Bytes of the blob's end that are asked for first: the table of a small layer comes with the footer.
const END: Range<u64> = 4 << 10..64 << 10;
/// The share of the blob that is asked for so.
const END_SHARE: u64 = 256;

/// Reads a table from ranges of the blob that has it, which is the layer's or [`TableLocation::beside`] it: give what
/// [`Self::wanted`] names until it names no more.
pub struct TableReader {
    location: TableLocation,
    blob_size: u64,
    wanted: Option<Range<u64>>,
    /// What came, without a gap.
    bytes: Vec<u8>,
    /// Where the table begins in the blob.
    start: u64,
}

impl TableReader {
    /// A reader of the table of a layer whose blob has so many bytes.
    #[must_use]
    pub fn new(location: TableLocation, blob_size: u64) -> Self {
        let (start, wanted) = match &location {
            TableLocation::ZstdChunked { offset, length, .. } => {
                (*offset, *offset..offset.saturating_add(*length))
            }
            TableLocation::Soci { size, .. } => (0, 0..*size),
            TableLocation::Stargz { .. } => {
                let share = (blob_size / END_SHARE).clamp(END.start, END.end);
                (0, blob_size.saturating_sub(share)..blob_size)
            }
        };
        Self {
            location,
            blob_size,
            wanted: Some(wanted),
            bytes: Vec::new(),
            start,
        }
    }

    /// Bytes of the table's blob that are wanted next; None where all have come.
    #[must_use]
    pub fn wanted(&self) -> Option<Range<u64>> {
        self.wanted.clone()
    }

    /// The blob that is the table ([`TableLocation::beside`]).
    #[must_use]
    pub const fn beside(&self) -> Option<(&Digest, u64)> {
        self.location.beside()
    }

    /// Takes the bytes that were wanted.
    ///
    /// # Errors
    /// They do not say where the table is, or it is too large.
    pub fn push(&mut self, bytes: Vec<u8>) -> Result<(), TableError> {
        let Some(wanted) = self.wanted.take() else {
            return Ok(());
        };
        if bytes.len() as u64 != wanted.end - wanted.start {
            return Err(TableError::NoTable);
        }
        if !matches!(self.location, TableLocation::Stargz { .. }) {
            self.bytes = bytes;
            return Ok(());
        }
        if wanted.end < self.blob_size {
            // The part before what came first.
            self.bytes.splice(0..0, bytes);
            return Ok(());
        }
        self.start = start_in(&bytes).ok_or(TableError::NoTable)?;
        if self.start >= self.blob_size {
            return Err(TableError::NoTable);
        }
        if self.blob_size - self.start > TABLE_BYTES {
            return Err(TableError::TooLarge { limit: TABLE_BYTES });
        }
        match self.start.checked_sub(wanted.start) {
            Some(before) => {
                let before = usize::try_from(before).unwrap_or(bytes.len());
                self.bytes = bytes.get(before..).unwrap_or_default().to_vec();
            }
            None => {
                self.bytes = bytes;
                self.wanted = Some(self.start..wanted.start);
            }
        }
        Ok(())
    }

    /// All that was wanted has come: checks the table against its digest and reads it. `expected` is what the manifest
    /// and the config say of the layer.
    ///
    /// # Errors
    /// It is another table than the manifest names, or one that cannot be used.
    pub fn finish(
        self,
        expected: &Expected,
        memory: &MemoryBudget,
    ) -> Result<TableOfContents, TableError> {
        let listed = |reader: &Self, own: Option<OwnEntry>| ListedLayer {
            expected,
            blob_size: reader.blob_size,
            start: reader.start,
            own,
        };
        if let TableLocation::Soci { digest, .. } = &self.location {
            fits(self.bytes.len(), memory)?;
            check(digest, &self.bytes)?;
            return ztoc::read(&self.bytes, listed(&self, None), memory);
        }
        let (json, own) = self.json(memory)?;
        document::read(&json, listed(&self, own), memory)
    }

    /// The table, which has the digest that was named; and the entry of the tar that it is, if it is one.
    fn json(&self, memory: &MemoryBudget) -> Result<(Vec<u8>, Option<OwnEntry>), TableError> {
        let bytes = &self.bytes;
        let fits = |length: usize| fits(length, memory);
        fits(bytes.len())?;
        match &self.location {
            TableLocation::ZstdChunked {
                digest, unpacked, ..
            } => {
                check(digest, bytes)?;
                let mut json = Vec::new();
                unpack(bytes, &mut |out| {
                    json.extend_from_slice(out);
                    match json.len() as u64 <= *unpacked {
                        true => fits(json.len()),
                        false => Err(TableError::Form("it is longer than it says".to_owned())),
                    }
                })?;
                Ok((json, None))
            }
            TableLocation::Stargz { digest } => {
                let mut member = Member::default();
                let mut decoder = tar::Decoder::default();
                unpack(bytes, &mut |out| {
                    decoder
                        .push(out, &mut member)
                        .map_err(|error| error.problem)?;
                    fits(member.json.len())
                })?;
                let (State::Behind, Some(entry)) = (member.state, member.entry) else {
                    return Err(TableError::NoTable);
                };
                check(digest, &member.json)?;
                let digest = digest.clone();
                Ok((member.json, Some(OwnEntry { entry, digest })))
            }
            // It is no JSON.
            TableLocation::Soci { .. } => Err(TableError::NoTable),
        }
    }
}

/// Whether there is room for a table of so many bytes, and for what is made of its names.
fn fits(length: usize, memory: &MemoryBudget) -> Result<(), TableError> {
    let limit = TABLE_BYTES;
    match length as u64 <= limit && memory.has(2 * length as u64) {
        true => Ok(()),
        false => Err(TableError::TooLarge { limit }),
    }
}

fn check(expected: &Digest, bytes: &[u8]) -> Result<(), TableError> {
    let actual = Digest::of(expected.algorithm(), bytes);
    match actual == *expected {
        true => Ok(()),
        false => Err(TableError::Digest {
            expected: expected.clone(),
            actual,
        }),
    }
}

fn unpack(
    bytes: &[u8],
    sink: &mut dyn FnMut(&[u8]) -> Result<(), TableError>,
) -> Result<(), TableError> {
    let mut decompressor = Decompressor::of_layer(Memory::default());
    decompressor.push(bytes, sink)?;
    decompressor.finish(sink).map(drop)
}

/// The offset of the table that the footer at the end of these bytes tells.
fn start_in(end: &[u8]) -> Option<u64> {
    let footer = |length: usize| end.get(end.len().checked_sub(length)?..);
    // RFC 1952: an extra field is there, and nothing else; then the subfield SG with its length.
    let new = footer(FOOTER).and_then(|footer| {
        let is = footer.starts_with(&[0x1f, 0x8b, 8, 4])
            && footer.get(10..16) == Some(&[26, 0, b'S', b'G', 22, 0][..]);
        footer.get(16..38).filter(|_| is)
    });
    let old = || {
        let footer = footer(OLD_FOOTER)?;
        let is =
            footer.starts_with(&[0x1f, 0x8b, 8, 4]) && footer.get(10..12) == Some(&[22, 0][..]);
        footer.get(12..34).filter(|_| is)
    };
    let (digits, mark) = new.or_else(old)?.split_at_checked(16)?;
    let is_hex = mark == b"STARGZ" && digits.iter().all(u8::is_ascii_hexdigit);
    let digits = std::str::from_utf8(digits).ok().filter(|_| is_hex)?;
    u64::from_str_radix(digits, 16).ok()
}

/// Whether the table has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Before,
    Inside,
    Behind,
}

/// Takes the first file of the tar that has the table.
#[derive(Default)]
struct Member {
    state: State,
    entry: Option<tar::Entry>,
    json: Vec<u8>,
}

impl tar::Visitor for Member {
    type Problem = TableError;

    fn entry(&mut self, entry: &tar::Entry) -> Result<(), TableError> {
        let is_table = entry.name == NAME && entry.kind == tar::TarKind::File;
        match self.state {
            State::Before if is_table && entry.sparse.is_none() => {
                self.state = State::Inside;
                self.entry = Some(entry.clone());
                Ok(())
            }
            _ => Err(TableError::NoTable),
        }
    }

    fn content(&mut self, piece: Piece<'_>) {
        if let Piece::Bytes(bytes) = piece {
            self.json.extend_from_slice(bytes);
        }
    }

    fn complete(&mut self) {
        self.state = State::Behind;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn both_forms_of_the_footer_are_read() {
        let place = b"00000000000003e8STARGZ";
        let last = [1, 0, 0, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0];
        let head = [0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 255];
        let new = [&head[..], &[26, 0, b'S', b'G', 22, 0], place, &last].concat();
        let old = [&head[..], &[22, 0], place, &last].concat();
        assert_eq!((new.len(), old.len()), (FOOTER, OLD_FOOTER));
        assert_eq!(start_in(&new), Some(1000));
        assert_eq!(start_in(&old), Some(1000));
        assert_eq!(start_in(&[&[7; 100][..], &new].concat()), Some(1000));
        for at in [0, 3, 10, 13, 20, 36] {
            let mut damaged = new.clone();
            damaged[at] = b'-';
            assert_eq!(start_in(&damaged), None, "{at}");
        }
        assert_eq!(start_in(&new[1..]), None);
    }
}
