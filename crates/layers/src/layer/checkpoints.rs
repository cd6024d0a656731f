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

    /// A reader of the content of these files of the layer with this index; None where it is another layer's, or nothing
    /// is asked for.
    #[must_use]
    pub fn reader(
        &self,
        layer: usize,
        index: &LayerIndex,
        entries: &[EntryId],
    ) -> Option<PartReader> {
        if index.digest != self.digest || index.blob_size != self.blob_size || !self.is_sound() {
            return None;
        }
        let start = entries.iter().map(|entry| index.start(*entry)).min()?;
        let end = entries.iter().map(|entry| index.end(*entry)).max()?;
        let from = self.points.before(start);
        let needed = index
            .blob_end(end)
            .saturating_add(SLACK)
            .min(self.blob_size);
        let first = from.blob / MARK_EVERY;
        let last = needed.div_ceil(MARK_EVERY);
        let part = first * MARK_EVERY..(last * MARK_EVERY).min(self.blob_size);
        let algorithm = self.digest.algorithm();
        let hasher = match first.checked_sub(1) {
            Some(mark) => Hasher::resume(algorithm, self.marks.get(mark as usize)?)?,
            None => Hasher::new(algorithm),
        };
        let marks = first as usize..(part.end / MARK_EVERY) as usize;
        Some(PartReader {
            layer,
            at: part.start,
            hasher,
            marks: self.marks.get(marks)?.to_vec().into_iter(),
            digest: (part.end == self.blob_size).then(|| self.digest.clone()),
            gathered: Vec::new(),
            skipped: usize::try_from(from.blob.saturating_sub(part.start)).ok()?,
            part,
            decompressor: Decompressor::resume(&self.points, start).ok()?,
            wanted: Wanted {
                before: start.checked_sub(from.content)?,
                left: end.checked_sub(start)?,
                tar: tar::Decoder::starting_at(start),
                contents: Contents::of(index, entries),
            },
        })
    }
}

/// Reads files of a layer from a part of its blob.
pub struct PartReader {
    layer: usize,
    part: Range<u64>,
    /// Bytes of the blob up to the next that is to come.
    at: u64,
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
    /// The bytes of the blob that have to be pushed.
    #[must_use]
    pub fn part(&self) -> Range<u64> {
        self.part.clone()
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
            if self.at >= self.part.end {
                return Err(self.other());
            }
            let to_mark = (MARK_EVERY - self.at % MARK_EVERY).min(self.part.end - self.at);
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
        if self.at != self.part.end || !is_right {
            return Err(self.other());
        }
        self.decode(sink)?;
        let layer = self.layer;
        let end = self.wanted.contents.end(sink);
        end.map_err(|problem| LayerError::at_blob(self.part.start, problem).of_layer(layer))
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
