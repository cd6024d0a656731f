//! Finds ends of deflate blocks from which on a blob can be decoded, while it is decoded.
//!
//! The decoder tells at which byte a block ends, and not at which bit. So the block that follows is decoded again from
//! each of the eight bits: where exactly one of them gives the same bytes out of the same bytes, it is that one.

use zlib_rs::{InflateFlush, Status};

use super::resume::resumed;
use crate::compression::points::{GZIP_SPAN, GzipPoint, OffsetPair, WINDOW};
use crate::limits::{GZIP_BLOCK_BYTES, GZIP_BLOCK_DECODED_BYTES};

/// What is gathered for points.
#[derive(Default)]
pub(super) struct Finder {
    points: Vec<GzipPoint>,
    /// Bytes of the blob that came, and that had come at the last point.
    at: u64,
    before: u64,
    /// The last byte that came.
    last: u8,
    /// The end of the content so far, once a point is due.
    window: Vec<u8>,
    candidate: Option<Candidate>,
}

/// The end of a block, of which the bit is not known yet, and the block that follows it.
struct Candidate {
    point: GzipPoint,
    stored: Vec<u8>,
    decoded: Vec<u8>,
}

impl Finder {
    /// A point is due, and the end of a block of use.
    pub(super) fn wants_end_of_block(&self) -> bool {
        self.candidate.is_some() || self.window.len() == WINDOW
    }

    /// So much of the blob, up to `at`, became so much content.
    pub(super) fn take(&mut self, stored: &[u8], decoded: &[u8], at: u64) {
        self.at = at;
        self.last = stored.last().copied().unwrap_or(self.last);
        if let Some(candidate) = &mut self.candidate {
            candidate.stored.extend_from_slice(stored);
            candidate.decoded.extend_from_slice(decoded);
            if candidate.stored.len() > GZIP_BLOCK_BYTES
                || candidate.decoded.len() > GZIP_BLOCK_DECODED_BYTES
            {
                self.candidate = None;
            }
        }
        if self.at.saturating_sub(self.before) < GZIP_SPAN {
            return;
        }
        let kept = WINDOW.saturating_sub(decoded.len());
        let gone = self.window.len().saturating_sub(kept);
        self.window.drain(..gone);
        let new = decoded.len().saturating_sub(WINDOW);
        self.window
            .extend_from_slice(decoded.get(new..).unwrap_or_default());
    }

    /// A block ended here, and `next` is the byte that comes. `content` is the place in the content, `crc` and
    /// `member_len` are those of the member so far.
    pub(super) fn end_of_block(&mut self, next: u8, content: u64, crc: u32, member_len: u32) {
        let found = self.candidate.take().and_then(|end| end.settle(next));
        if let Some(point) = found {
            self.before = point.at.blob;
            self.points.push(point);
            // What came since counts for the next.
            self.window.clear();
        } else if self.window.len() == WINDOW {
            self.candidate = Some(Candidate {
                point: GzipPoint {
                    at: OffsetPair {
                        blob: self.at,
                        content,
                    },
                    bits: 0,
                    last: self.last,
                    crc,
                    member_len,
                    window: self.window.clone(),
                },
                stored: Vec::new(),
                decoded: Vec::new(),
            });
        }
    }

    /// The member ends here.
    pub(super) fn end_of_member(&mut self) {
        self.candidate = None;
    }

    pub(super) fn into_points(self) -> Vec<GzipPoint> {
        self.points
    }
}

impl Candidate {
    /// The point, where one bit alone can be the right one. `next` is the byte behind the block.
    fn settle(mut self, next: u8) -> Option<GzipPoint> {
        self.stored.push(next);
        let mut right = (0..8).filter(|bits| self.is_right(*bits));
        let bits = right.next()?;
        if right.next().is_some() {
            return None;
        }
        drop(right);
        self.point.bits = bits;
        Some(self.point)
    }

    fn is_right(&self, bits: u8) -> bool {
        let GzipPoint { window, last, .. } = &self.point;
        let Some(mut inflate) = resumed(window, bits, *last) else {
            return false;
        };
        let (taken, made) = (inflate.total_in(), inflate.total_out());
        let mut decoded = vec![0; self.decoded.len() + 1];
        let done = inflate.decompress(&self.stored, &mut decoded, InflateFlush::Block);
        let made = usize::try_from(inflate.total_out() - made).unwrap_or(usize::MAX);
        matches!(done, Ok(Status::Ok))
            && inflate.total_in() - taken + 1 == self.stored.len() as u64
            && decoded.get(..made) == Some(self.decoded.as_slice())
    }
}
