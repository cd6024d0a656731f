//! RestartPoints of a blob from which on it is decompressed without what stands before them.

use serde::{Deserialize, Serialize};

/// Compressed bytes between two points of a gzip blob, at least: a point keeps a window of 32 KiB, which is 0.8 % of that.
pub(crate) const GZIP_SPAN: u64 = if cfg!(test) { 128 << 10 } else { 4 << 20 };
/// Compressed bytes between two points of a zstd blob, at least: frames are small and many where a tool cuts them by files.
pub(super) const ZSTD_SPAN: u64 = GZIP_SPAN / 4;

/// Bytes of content that deflate refers back to (RFC 1951).
pub(super) const WINDOW: usize = 32 << 10;

/// All points of a blob, in their order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum RestartPoints {
    /// The blob is stored as it is: every byte is one.
    Plain,
    /// Ends of deflate blocks.
    Gzip(Vec<GzipPoint>),
    /// Beginnings of frames.
    Zstd(Vec<OffsetPair>),
}

/// A place in a blob, and in what it holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OffsetPair {
    pub(crate) blob: u64,
    pub(crate) content: u64,
}

/// The end of a deflate block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct GzipPoint {
    /// The first byte of which nothing is needed for what is before.
    pub(super) at: OffsetPair,
    /// How many of the highest bits of the byte before belong to the next block, and that byte.
    pub(super) bits: u8,
    pub(super) last: u8,
    /// CRC-32 and length of the member so far.
    pub(super) crc: u32,
    pub(super) member_len: u32,
    /// What the next block may refer to.
    pub(super) window: Vec<u8>,
}

impl RestartPoints {
    /// The last place at or before `content` from which on the blob can be decompressed.
    pub(crate) fn before(&self, content: u64) -> OffsetPair {
        match self {
            Self::Plain => OffsetPair {
                blob: content,
                content,
            },
            Self::Gzip(_) => self
                .gzip(content)
                .map_or_else(OffsetPair::default, |point| point.at),
            Self::Zstd(places) => {
                let next = places.partition_point(|place| place.content <= content);
                let last = next.checked_sub(1).and_then(|last| places.get(last));
                last.copied().unwrap_or_default()
            }
        }
    }

    /// The point itself.
    pub(super) fn gzip(&self, content: u64) -> Option<&GzipPoint> {
        let Self::Gzip(points) = self else {
            return None;
        };
        let next = points.partition_point(|point| point.at.content <= content);
        points.get(next.checked_sub(1)?)
    }

    /// What reading relies on, so that damaged points end in an error.
    pub(crate) fn are_sound(&self, blob_size: u64) -> bool {
        match self {
            Self::Plain => true,
            Self::Zstd(places) => rise(places.iter().copied(), blob_size),
            Self::Gzip(points) => {
                rise(points.iter().map(|point| point.at), blob_size)
                    && points
                        .iter()
                        .all(|point| point.bits < 8 && point.window.len() <= WINDOW)
            }
        }
    }
}

fn rise(mut places: impl Iterator<Item = OffsetPair>, blob_size: u64) -> bool {
    let mut before = OffsetPair::default();
    places.all(|place| {
        let rises = before.blob < place.blob && before.content <= place.content;
        before = place;
        rises && place.blob <= blob_size
    })
}
