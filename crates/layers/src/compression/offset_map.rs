//! Where a byte of a blob's content came from in the blob: known points, linear between them.

use serde::{Deserialize, Serialize};

/// Blob bytes between two known points of a gzip blob.
pub const POINT_EVERY: u64 = 16_384;

/// Maps offsets in what a blob holds uncompressed to offsets in the blob.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OffsetMap {
    /// The blob is stored as it is: every byte is known.
    Identity,
    /// (offset in the blob, offset in the content), both rising, after an implied (0, 0).
    Known(Vec<(u64, u64)>),
    /// The blob was not read: nothing is known.
    Unread,
}

impl OffsetMap {
    /// Nothing is known but the end.
    pub(super) fn of_end(blob: u64, content: u64) -> Self {
        let mut map = Self::Known(Vec::new());
        map.add(blob, content);
        map
    }

    /// Adds that `blob` bytes of the blob decode to `content` bytes, if that is news.
    pub(super) fn add(&mut self, blob: u64, content: u64) {
        if let Self::Known(points) = self
            && points.last().map_or(0, |point| point.1) < content
        {
            points.push((blob, content));
        }
    }

    /// The offset in the blob, in bytes, that belongs to `content`, an offset in what it holds uncompressed: linear between
    /// known points, rounded down.
    #[must_use]
    pub fn blob_offset(&self, content: u64) -> u64 {
        let points = match self {
            Self::Known(points) => points,
            Self::Identity => return content,
            Self::Unread => return 0,
        };
        let next = points.partition_point(|point| point.1 < content);
        let before = next.checked_sub(1).and_then(|before| points.get(before));
        let (blob0, content0) = before.copied().unwrap_or_default();
        // Past the last point lies nothing that was decoded.
        let Some(&(blob1, content1)) = points.get(next) else {
            return blob0;
        };
        let part = u128::from(content - content0) * u128::from(blob1 - blob0)
            / u128::from(content1 - content0);
        blob0 + part as u64
    }

    /// A number of bytes of the blob that is enough to decode so many bytes of what it holds.
    pub(crate) fn blob_end(&self, content: u64) -> u64 {
        let points = match self {
            Self::Known(points) => points,
            Self::Identity => return content,
            Self::Unread => return u64::MAX,
        };
        let enough = points.partition_point(|point| point.1 < content);
        points.get(enough).map_or(u64::MAX, |point| point.0)
    }

    /// Rises as it must, within the blob.
    pub(crate) fn is_sound(&self, blob_size: u64) -> bool {
        match self {
            Self::Identity | Self::Unread => true,
            Self::Known(points) => {
                points.is_sorted_by(|a, b| a.0 < b.0 && a.1 < b.1)
                    && points.first().is_none_or(|first| first.1 > 0)
                    && points.last().is_none_or(|last| last.0 <= blob_size)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn between_points_is_linear_and_rounded_down() {
        let mut points = OffsetMap::Known(Vec::new());
        points.add(100, 0); // decodes to nothing yet: not a point
        points.add(200, 1000);
        points.add(300, 1000);
        points.add(310, 1003);
        for (content, blob) in [
            (0, 0),
            (1, 0),
            (5, 1),
            (999, 199),
            (1000, 200),
            (1001, 236),
            (1003, 310),
        ] {
            assert_eq!(points.blob_offset(content), blob, "at {content}");
        }
        assert_eq!(OffsetMap::Identity.blob_offset(77), 77);
    }
}
