//! Which platforms of an index a saved image holds: engines save the index as it is, and of what it lists only what
//! they have.

use std::collections::HashSet;

use super::documents::{Documents, parse, promised};
use crate::digest::Digest;
use crate::manifest::media_type;
use crate::manifest::{Descriptor, Document, Manifest};

/// What is there of one platform.
enum PlatformContent {
    /// Its manifest is damaged, which is told where it is chosen.
    Damaged,
    /// Its manifest, and by it its layers.
    Manifest { whole: bool, layers: Vec<Digest> },
}

/// The images of an index that are there: whole, or at least with a layer of their own, as what is missing then is a
/// fault and is told. Engines may keep manifests and configurations of platforms that they never pulled.
pub(super) async fn held<'d>(
    documents: &impl Documents,
    offered: &'d [Descriptor],
) -> Vec<&'d Descriptor> {
    if !documents.is_saved() {
        return offered.iter().collect();
    }
    let mut found: Vec<(&Descriptor, PlatformContent)> = Vec::new();
    for offer in offered {
        if offer.data.is_none() && !documents.may_have(&offer.digest) {
            continue;
        }
        let manifest = match promised(documents, offer).await {
            Ok(fetched) => parse(documents, &fetched, Some(offer)).ok(),
            Err(_) => None,
        };
        let held = match manifest {
            Some(Document::Manifest(manifest)) => of_manifest(documents, &manifest),
            _ => PlatformContent::Damaged,
        };
        found.push((offer, held));
    }
    let of_whole: HashSet<Digest> = found
        .iter()
        .filter_map(|(_, held)| match held {
            PlatformContent::Manifest {
                whole: true,
                layers,
            } => Some(layers),
            _ => None,
        })
        .flatten()
        .cloned()
        .collect();
    found
        .into_iter()
        .filter(|(_, held)| match held {
            PlatformContent::Damaged | PlatformContent::Manifest { whole: true, .. } => true,
            PlatformContent::Manifest { layers, .. } => {
                layers.iter().any(|layer| !of_whole.contains(layer))
            }
        })
        .map(|(offer, _)| offer)
        .collect()
}

fn of_manifest(documents: &impl Documents, manifest: &Manifest) -> PlatformContent {
    let is_there = |part: &Descriptor| part.data.is_some() || documents.may_have(&part.digest);
    // Foreign layers are not saved with the image.
    let wanted = |layer: &&Descriptor| {
        layer.urls.is_empty() && !media_type::is_foreign_layer(&layer.media_type)
    };
    let layers = || manifest.layers.iter().filter(wanted);
    PlatformContent::Manifest {
        whole: is_there(&manifest.config) && layers().all(is_there),
        layers: layers()
            .filter(|layer| is_there(layer))
            .map(|layer| layer.digest.clone())
            .collect(),
    }
}
