//! Where a byte of the uncompressed layer came from in the blob: known points, linear between them.

use serde::{Deserialize, Serialize};

/// Blob bytes between two known points of a gzip layer.
pub const POINT_EVERY: u64 = 16_384;

/// Maps offsets in the uncompressed tar to offsets in the blob.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Points {
    /// The blob is the tar: every byte is known.
    Every,
    /// (blob offset, tar offset), both rising, after an implied (0, 0).
    Known(Vec<(u64, u64)>),
}

impl Points {
    /// Adds that `blob` bytes of the blob decode to `tar` bytes, if that is news.
    pub(crate) fn add(&mut self, blob: u64, tar: u64) {
        if let Self::Known(points) = self
            && points.last().map_or(0, |point| point.1) < tar
        {
            points.push((blob, tar));
        }
    }

    /// The offset in the blob that belongs to `tar`, an offset in the uncompressed layer; rounded down.
    #[must_use]
    pub fn blob_offset(&self, tar: u64) -> u64 {
        let Self::Known(points) = self else {
            return tar;
        };
        let next = points.partition_point(|point| point.1 < tar);
        let (blob0, tar0) = match next.checked_sub(1) {
            Some(before) => points[before],
            None => (0, 0),
        };
        // Past the last point lies nothing that was decoded.
        let Some(&(blob1, tar1)) = points.get(next) else {
            return blob0;
        };
        let part = u128::from(tar - tar0) * u128::from(blob1 - blob0) / u128::from(tar1 - tar0);
        blob0 + part as u64
    }

    /// Rises as it must, within the blob.
    pub(super) fn is_sound(&self, blob_size: u64) -> bool {
        match self {
            Self::Every => true,
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
        let mut points = Points::Known(Vec::new());
        points.add(100, 0); // decodes to nothing yet: not a point
        points.add(200, 1000);
        points.add(300, 1000);
        points.add(310, 1003);
        for (tar, blob) in [
            (0, 0),
            (1, 0),
            (5, 1),
            (999, 199),
            (1000, 200),
            (1001, 236),
            (1003, 310),
        ] {
            assert_eq!(points.blob_offset(tar), blob, "at {tar}");
        }
        assert_eq!(Points::Every.blob_offset(77), 77);
    }
}
