//! SOCI indexes (awslabs/soci-snapshotter, docs/soci-index-manifest-v2.md): manifests that name a table of contents, a zTOC,
//! for each large layer of an image.
//!
//! An image names its index in an annotation, so that the image's digest vouches for the tables. An index of version 1 is a
//! referrer, which anybody who may push can add to an image later; it is not used.

use std::collections::BTreeMap;

use onionskin_layers::layer::table::TableLocation;

use super::documents::{Documents, parse};
use super::image::Layer;
use crate::digest::Digest;
use crate::manifest::{Descriptor, Document};

/// The annotation of an image's manifest that names its index.
const INDEX: &str = "com.amazon.soci.index-digest";
/// The annotation of a zTOC's descriptor that names the layer.
const LAYER: &str = "com.amazon.soci.image-layer-digest";
/// What a manifest is that lists zTOCs.
const ARTIFACT_TYPE: &str = "application/vnd.amazon.soci.index.v2+json";

/// Adds to layers without a table of their own the one that the image's index names, if there is such an index. Without it
/// the layers are read as a whole, so that nothing fails where it is missing or something else.
pub(super) async fn add_tables(
    documents: &impl Documents,
    annotations: &BTreeMap<String, String>,
    layers: &mut [Layer],
) {
    let digest = annotations.get(INDEX).and_then(|text| text.parse().ok());
    let Some(digest) = digest else {
        return;
    };
    for table in tables(documents, &digest).await.unwrap_or_default() {
        let layer = table.annotations.get(LAYER);
        let Some(layer) = layer.and_then(|text| text.parse::<Digest>().ok()) else {
            continue;
        };
        let of_it = layers
            .iter_mut()
            .filter(|known| known.digest.as_ref() == Some(&layer) && known.table.is_none());
        for known in of_it {
            // One that is not smaller than the layer spares nothing.
            let is_less = known
                .compressed_size
                .is_some_and(|whole| table.size < whole);
            known.table = is_less.then(|| TableLocation::Soci {
                digest: table.digest.clone(),
                size: table.size,
            });
        }
    }
}

/// What an index lists.
async fn tables(documents: &impl Documents, digest: &Digest) -> Option<Vec<Descriptor>> {
    let fetched = documents.manifest(digest).await.ok()?;
    let Document::Manifest(index) = parse(documents, &fetched, None).ok()? else {
        return None;
    };
    // Writers of OCI 1.0 say it by the type of the configuration only.
    let kind = index.artifact_type.as_deref();
    let is_index = kind.unwrap_or(&index.config.media_type) == ARTIFACT_TYPE;
    is_index.then_some(index.layers)
}
