//! A regular file's content on its way: stored bytes, and the holes between those of a sparse file.

use super::segment::Segment;
use super::{BLOCK, Entry, Piece, Visitor};

pub(super) struct Content {
    /// Stored bytes that are still to come.
    pub(super) left: u64,
    pub(super) padding: u64,
    sparse: Option<Layout>,
}

/// Where in a sparse file the next byte goes.
struct Layout {
    segments: std::vec::IntoIter<Segment>,
    /// Bytes that the current segment still takes.
    room: u64,
    position: u64,
    real_size: u64,
}

impl Content {
    pub(super) fn of(entry: &Entry) -> Self {
        let layout = |map: &super::SparseMap| Layout {
            segments: map.segments.clone().into_iter(),
            room: 0,
            position: 0,
            real_size: map.real_size,
        };
        Self {
            left: entry.stored,
            padding: padding(entry.stored),
            sparse: entry.sparse.as_ref().map(layout),
        }
    }

    /// The next stored bytes, of those that are left.
    pub(super) fn take<V: Visitor>(&mut self, mut data: &[u8], visitor: &mut V) {
        self.left -= data.len() as u64;
        let Some(layout) = &mut self.sparse else {
            visitor.content(Piece::Bytes(data));
            return;
        };
        while !data.is_empty() {
            while layout.room == 0 {
                // The map adds up to what is stored, so there is a segment for every byte.
                let Some(segment) = layout.segments.next() else {
                    return;
                };
                let hole = segment.offset - layout.position;
                if hole > 0 {
                    visitor.content(Piece::Hole(hole));
                }
                layout.position = segment.offset;
                layout.room = segment.len;
            }
            let (now, rest) = split(data, layout.room);
            visitor.content(Piece::Bytes(now));
            layout.room -= now.len() as u64;
            layout.position += now.len() as u64;
            data = rest;
        }
    }

    /// All stored bytes have come.
    pub(super) fn complete<V: Visitor>(self, visitor: &mut V) {
        let end = self.sparse.map(|map| map.real_size - map.position);
        if let Some(hole) = end.filter(|hole| *hole > 0) {
            visitor.content(Piece::Hole(hole));
        }
        visitor.complete();
    }
}

/// Bytes from the end of `size` bytes of data to the next block.
pub(super) fn padding(size: u64) -> u64 {
    size.wrapping_neg() % BLOCK as u64
}

pub(super) fn split(data: &[u8], at: u64) -> (&[u8], &[u8]) {
    data.split_at(usize::try_from(at).map_or(data.len(), |at| at.min(data.len())))
}
