//! Where a layer's table of contents is, as its descriptor says, or what the image names beside it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::limits::TABLE_BYTES;

/// Where a layer's table of contents is, and its digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum TableLocation {
    /// eStargz (containerd/stargz-snapshotter, docs/estargz.md): the end of the blob says where.
    Stargz {
        /// Digest of the uncompressed table.
        digest: Digest,
    },
    /// zstd:chunked (containers/storage, pkg/chunked).
    ZstdChunked {
        /// Digest of the compressed table.
        digest: Digest,
        /// Offset of the compressed table in the blob.
        offset: u64,
        /// Bytes of the compressed table.
        length: u64,
        /// Bytes of the table.
        unpacked: u64,
    },
    /// SOCI (awslabs/soci-snapshotter): a zTOC, which is a blob of its own in the layer's repository.
    Soci {
        /// Digest of that blob.
        digest: Digest,
        /// Bytes of it.
        size: u64,
    },
}

impl TableLocation {
    /// The blob that is the table, and its size; None where the layer's own blob has it.
    #[must_use]
    pub const fn beside(&self) -> Option<(&Digest, u64)> {
        match self {
            Self::Soci { digest, size } => Some((digest, *size)),
            Self::Stargz { .. } | Self::ZstdChunked { .. } => None,
        }
    }

    /// What the annotations of a descriptor say of a blob of so many bytes; None where they name no table that can be read
    /// and checked.
    #[must_use]
    pub fn of(annotations: &BTreeMap<String, String>, blob_size: u64) -> Option<Self> {
        let zstd = |name: &str| {
            // The second form is older, and that of containerd's converter.
            ["io.github.containers", "io.containers"]
                .iter()
                .find_map(|by| annotations.get(&format!("{by}.zstd-chunked.{name}")))
        };
        if let (Some(digest), Some(position)) =
            (zstd("manifest-checksum"), zstd("manifest-position"))
        {
            let mut numbers = position.split(':').map(str::parse::<u64>);
            let mut next = || numbers.next()?.ok();
            let (offset, length, unpacked, kind) = (next()?, next()?, next()?, next()?);
            let is_in_blob = offset
                .checked_add(length)
                .is_some_and(|end| end <= blob_size);
            // 1 is the form that eStargz has too, and the only one.
            let is_known = kind == 1 && length > 0 && length.max(unpacked) <= TABLE_BYTES;
            return (is_in_blob && is_known && numbers.next().is_none())
                .then_some(())
                .and_then(|()| {
                    Some(Self::ZstdChunked {
                        digest: digest.parse().ok()?,
                        offset,
                        length,
                        unpacked,
                    })
                });
        }
        let digest = annotations.get("containerd.io/snapshot/stargz/toc.digest")?;
        let digest = digest.parse().ok()?;
        Some(Self::Stargz { digest })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn of(annotations: &[(&str, &str)]) -> Option<TableLocation> {
        let annotations = annotations
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        TableLocation::of(&annotations.collect(), 1_000_000)
    }

    #[test]
    fn annotations_of_each_form_are_read_and_odd_ones_are_not() {
        let digest = Digest::sha256(b"table");
        let text = digest.to_string();
        let stargz = "containerd.io/snapshot/stargz/toc.digest";
        assert_eq!(
            of(&[(stargz, &text)]),
            Some(TableLocation::Stargz {
                digest: digest.clone()
            })
        );
        assert_eq!(of(&[(stargz, "sha256:1")]), None);
        for by in ["io.github.containers", "io.containers"] {
            let sum = format!("{by}.zstd-chunked.manifest-checksum");
            let at = format!("{by}.zstd-chunked.manifest-position");
            let read = |position: &str| of(&[(&sum, &text), (&at, position)]);
            assert_eq!(
                read("10:20:30:1"),
                Some(TableLocation::ZstdChunked {
                    digest: digest.clone(),
                    offset: 10,
                    length: 20,
                    unpacked: 30
                })
            );
            for odd in [
                "",
                "10:20:30",
                "10:20:30:2",
                "10:20:30:1:1",
                "999990:20:30:1",
                "18446744073709551615:20:30:1",
                "10:0:30:1",
                "10:20:999999999999:1",
                "-1:20:30:1",
            ] {
                assert_eq!(read(odd), None, "{odd}");
            }
        }
        assert_eq!(of(&[]), None);
    }
}
