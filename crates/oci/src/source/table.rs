//! Tables of contents of layers, read by parts of their blobs: what a layer lists without being read.

use super::{BlobStream, Image, Layer, Source, soci};
use crate::digest::Digest;
use onionskin_layers::layer::MemoryBudget;
use onionskin_layers::layer::table::{TableError, TableOfContents, TableReader};
use onionskin_layers::limits::TABLE_BYTES;

/// Bytes of a layer's blob from which on its table is asked for: a smaller one comes as quickly as a whole.
const LEAST: u64 = 32 << 10;

/// Files of one layer that are asked for one by one, by their parts. For more, the layer is read as a whole.
pub const LISTED_FILES: usize = 32;

impl Layer {
    /// Whether it has a table of contents that tells what is in it with fewer bytes than the whole.
    #[must_use]
    pub fn is_listable(&self) -> bool {
        // What is not kept under a digest may be something else than a layer.
        let is_layer = self.kept_as().is_some() && self.diff_id.is_some();
        is_layer && self.table.is_some() && self.compressed_size.is_some_and(|size| size >= LEAST)
    }
}

impl Source {
    /// Adds to the layers of an image the tables of contents that the image names beside them, which its registry is asked
    /// for. Those that layers have themselves are there without that; saved images are read as a whole, which is as quick.
    pub async fn add_tables(&self, image: &mut Image) {
        if let Self::Registry(remote) = self {
            soci::add_tables(remote, &image.annotations, &mut image.layers).await;
        }
    }

    /// The table of contents of a layer, checked against the digest that the image names; None where it has none, or it is
    /// not to be had without the whole layer.
    pub async fn table(
        &self,
        layer: &Layer,
        memory: &MemoryBudget,
    ) -> Option<Result<TableOfContents, TableError>> {
        layer.kept_as()?;
        let (location, size) = (layer.table.clone()?, layer.compressed_size?);
        let limit = TABLE_BYTES;
        if location.beside().is_some_and(|(_, size)| size > limit) {
            return Some(Err(TableError::TooLarge { limit }));
        }
        let mut reader = TableReader::new(location, size);
        while let Some(wanted) = reader.wanted() {
            let length = wanted.end - wanted.start;
            // What is read of it comes beside its bytes.
            if !memory.has(2 * length) {
                return None;
            }
            let mut part = match reader.beside() {
                Some((digest, size)) => self.blob(digest, size).await?,
                None => self.layer_part(layer, wanted, size).await?,
            };
            let mut bytes = Vec::new();
            while let Some(chunk) = part.next_chunk().await.ok()? {
                // Once something came, there is a blob.
                bytes.reserve_exact(usize::try_from(length).ok()?.saturating_sub(bytes.len()));
                bytes.extend_from_slice(&chunk);
            }
            if let Err(error) = reader.push(bytes) {
                return Some(Err(error));
            }
        }
        Some(reader.finish(&layer.expected(), memory))
    }

    /// A blob of a registry that belongs to an image and is none of its layers.
    async fn blob(&self, digest: &Digest, size: u64) -> Option<BlobStream> {
        match self {
            Self::Registry(remote) => remote.blob(digest, Some(size)).await.ok(),
            _ => None,
        }
    }
}
