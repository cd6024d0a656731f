//! Reading files of a layer that was decoded before, without the beginning of its blob.
//!
//! What is fetched again is a part of the blob: from a point at which decompression can begin to the end of the file. It
//! is proved to be the part that the digest of the whole vouched for before any of it is decoded.

#[cfg(test)]
mod tests;

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::contents::Contents;
use super::hashing::MARK_EVERY;
use super::{EntryId, LayerError, LayerIndex, Problem};
use crate::compression::Decompressor;
use crate::compression::points::{GZIP_SPAN, RestartPoints};
use crate::digest::{Digest, HashState, Hasher};
use crate::tar::{self, Piece};

/// Bytes from which on a blob has checkpoints: a smaller one is fetched whole.
const LEAST: u64 = 2 * GZIP_SPAN;

/// Bytes behind the last that a file needs: the check sum of a frame, say.
const SLACK: u64 = 64;

/// Bytes between two parts that are fetched with them: a request of its own takes as long.
const GAP: u64 = if cfg!(test) { 32 << 10 } else { 1 << 20 };

/// Where the blob of a layer can be decompressed from, and what proves parts of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoints {
    /// Digest of the blob.
    pub digest: Digest,
    blob_size: u64,
    /// The state of the digest at each multiple of [`MARK_EVERY`], without the first.
    marks: Vec<HashState>,
    points: RestartPoints,
}

/// A part of a blob, and the files that are read from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlobPart {
    /// The bytes of the blob.
    pub blob: Range<u64>,
    /// The files, in the order of the tar.
    pub entries: Vec<EntryId>,
    /// Bytes of the tar, from the beginning of the first file to the end of the last.
    content: Range<u64>,
}

impl Checkpoints {
    /// Those of a blob, if it is large enough to be of use.
    pub(super) fn of(
        digest: &Digest,
        blob_size: u64,
        marks: Vec<HashState>,
        points: RestartPoints,
    ) -> Option<Self> {
        let all = Self {
            digest: digest.clone(),
            blob_size,
            marks,
            points,
        };
        (blob_size >= LEAST && all.is_sound()).then_some(all)
    }

    /// What the methods below rely on, so that damaged bytes end in an error.
    fn is_sound(&self) -> bool {
        self.marks.len() as u64 == self.blob_size / MARK_EVERY
            && self.points.are_sound(self.blob_size)
    }

    /// In a compact binary form, for a cache.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        // Serialising into memory cannot fail.
        postcard::to_stdvec(self).unwrap_or_default()
    }

    /// Reads what [`Self::to_bytes`] wrote; None where it is something else.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        postcard::from_bytes(bytes).ok().filter(Self::is_sound)
    }

    /// The parts of the blob that have these files, in their order; none where the index is of another layer.
    #[must_use]
    pub fn parts(&self, index: &LayerIndex, entries: &[EntryId]) -> Vec<BlobPart> {
        if !self.is_of(index) {
            return Vec::new();
        }
        let mut entries = entries.to_vec();
        entries.sort_unstable();
        entries.dedup();
        let mut parts: Vec<BlobPart> = Vec::new();
        for entry in entries {
            let content = index.start(entry)..index.end(entry);
            let blob = self.needed(index, &content);
            match parts.last_mut() {
                Some(last) if blob.start <= last.blob.end.saturating_add(GAP) => {
                    last.blob.end = last.blob.end.max(blob.end);
                    last.content.end = last.content.end.max(content.end);
                    last.entries.push(entry);
                }
                _ => parts.push(BlobPart {
                    blob,
                    entries: vec![entry],
                    content,
                }),
            }
        }
        parts
    }

    fn is_of(&self, index: &LayerIndex) -> bool {
        index.digest == self.digest && index.blob_size == self.blob_size && self.is_sound()
    }

    /// The bytes of the blob from which this part of the tar is decoded and proved.
    fn needed(&self, index: &LayerIndex, content: &Range<u64>) -> Range<u64> {
        let first = self.points.before(content.start).blob / MARK_EVERY;
        let needed = index.blob_end(content.end).saturating_add(SLACK);
        let end = needed.min(self.blob_size).next_multiple_of(MARK_EVERY);
        first * MARK_EVERY..end.min(self.blob_size)
    }

    /// A reader of a part of layer `layer` (from 1, for errors); None where the index is of another layer.
    #[must_use]
    pub fn reader(&self, layer: usize, index: &LayerIndex, part: &BlobPart) -> Option<PartReader> {
        if !self.is_of(index) {
            return None;
        }
        let BlobPart {
            blob,
            entries,
            content,
        } = part;
        let from = self.points.before(content.start);
        let first = blob.start / MARK_EVERY;
        let algorithm = self.digest.algorithm();
        let hasher = match first.checked_sub(1) {
            Some(mark) => Hasher::resume(algorithm, self.marks.get(mark as usize)?)?,
            None => Hasher::new(algorithm),
        };
        let marks = first as usize..(blob.end / MARK_EVERY) as usize;
        Some(PartReader {
            layer,
            at: blob.start,
            end: blob.end,
            hasher,
            marks: self.marks.get(marks)?.to_vec().into_iter(),
            digest: (blob.end == self.blob_size).then(|| self.digest.clone()),
            gathered: Vec::new(),
            skipped: usize::try_from(from.blob.checked_sub(blob.start)?).ok()?,
            decompressor: Decompressor::resume(&self.points, content.start).ok()?,
            wanted: Wanted {
                before: content.start.checked_sub(from.content)?,
                left: content.end.checked_sub(content.start)?,
                tar: tar::Decoder::starting_at(content.start),
                contents: Contents::of(index, entries),
            },
        })
    }
}

/// Reads files of a layer from a part of its blob.
pub struct PartReader {
    layer: usize,
    /// The bytes of the blob that are still to come.
    at: u64,
    end: u64,
    hasher: Hasher,
    marks: std::vec::IntoIter<HashState>,
    /// The blob's, where the part is its end.
    digest: Option<Digest>,
    /// What is not proved yet.
    gathered: Vec<u8>,
    /// Bytes of the part that stand before the point.
    skipped: usize,
    decompressor: Decompressor,
    wanted: Wanted,
}

/// What of the content is wanted.
struct Wanted {
    /// Bytes before it, and of it.
    before: u64,
    left: u64,
    tar: tar::Decoder,
    contents: Contents,
}

impl PartReader {
    /// The bytes of the blob that are still to be pushed.
    #[must_use]
    pub const fn rest(&self) -> Range<u64> {
        self.at..self.end
    }

    /// Takes the next bytes of the part, and gives `sink` what of the files is in them, once they are proved.
    ///
    /// # Errors
    /// It is another part than that of the layer with this digest.
    pub fn push(
        &mut self,
        mut data: &[u8],
        sink: &mut dyn FnMut(EntryId, Piece<'_>),
    ) -> Result<(), LayerError> {
        while !data.is_empty() {
            if self.at >= self.end {
                return Err(self.other());
            }
            let to_mark = (MARK_EVERY - self.at % MARK_EVERY).min(self.end - self.at);
            let now = usize::try_from(to_mark).map_or(data.len(), |most| most.min(data.len()));
            let (now, rest) = data.split_at(now);
            self.hasher.update(now);
            self.gathered.extend_from_slice(now);
            self.at += now.len() as u64;
            data = rest;
            if self.at.is_multiple_of(MARK_EVERY) {
                if self.marks.next() != Some(self.hasher.state()) {
                    return Err(self.other());
                }
                self.decode(sink)?;
            }
        }
        Ok(())
    }

    /// There is no more of the part.
    ///
    /// # Errors
    /// It is another part than that of the layer with this digest, or ended early.
    pub fn finish(mut self, sink: &mut dyn FnMut(EntryId, Piece<'_>)) -> Result<(), LayerError> {
        let is_right = self
            .digest
            .as_ref()
            .is_none_or(|digest| *digest == self.hasher.clone().finish());
        if self.at != self.end || !is_right {
            return Err(self.other());
        }
        self.decode(sink)?;
        let layer = self.layer;
        let end = self.wanted.contents.end(sink);
        end.map_err(|problem| LayerError::at_blob(self.at, problem).of_layer(layer))
    }

    fn other(&self) -> LayerError {
        LayerError::at_blob(self.at, Problem::OtherContent).of_layer(self.layer)
    }

    /// Decodes what is proved.
    fn decode(&mut self, sink: &mut dyn FnMut(EntryId, Piece<'_>)) -> Result<(), LayerError> {
        let Self {
            layer,
            gathered,
            skipped,
            decompressor,
            wanted,
            ..
        } = self;
        let skip = (*skipped).min(gathered.len());
        *skipped -= skip;
        let proved = gathered.get(skip..).unwrap_or_default();
        // In steps, as little may become much behind what is wanted.
        for step in proved.chunks(64 << 10) {
            if wanted.left == 0 {
                break;
            }
            decompressor
                .push(step, &mut |out| wanted.take(out, sink))
                .map_err(|error: LayerError| error.of_layer(*layer))?;
        }
        gathered.clear();
        Ok(())
    }
}

impl Wanted {
    fn take(
        &mut self,
        out: &[u8],
        sink: &mut dyn FnMut(EntryId, Piece<'_>),
    ) -> Result<(), LayerError> {
        let skip = usize::try_from(self.before).map_or(out.len(), |before| before.min(out.len()));
        self.before -= skip as u64;
        let out = out.get(skip..).unwrap_or_default();
        let now = usize::try_from(self.left).map_or(out.len(), |left| left.min(out.len()));
        self.left -= now as u64;
        let out = out.get(..now).unwrap_or_default();
        self.contents.feed(&mut self.tar, out, sink)
    }
}
