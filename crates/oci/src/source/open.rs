//! From an index or a manifest to an image: the manifest for a platform, the configuration, the layers by name.
//!
//! Registries and OCI layouts hold the same documents; where they lie is all that differs.

use super::documents::{Documents, parse, promised, unusable};
use super::fetched::Fetched;
use super::image::{Attestation, Image, Layer};
use super::{Artifact, Origin, SourceError, platforms, saved};
use crate::digest::Digest;
use crate::limits;
use crate::manifest::media_type::DocumentKind;
use crate::manifest::{Config, Descriptor, Document, Manifest, ManifestError};
use crate::platform::{self, Platform};

impl Image {
    /// The image of `top`, a manifest or an index; of an index the image for `platform`, without which it is linux/amd64, or
    /// the first there is.
    ///
    /// # Errors
    /// A document is not to be had, or is not what it has to be.
    pub async fn open(
        documents: &impl Documents,
        top: Fetched,
        platform: Option<&Platform>,
    ) -> Result<Self, SourceError> {
        image(documents, top, None, platform).await
    }
}

/// The image of `top`, which has to be of the type that it was `promised` to be.
pub(super) async fn image(
    documents: &impl Documents,
    top: Fetched,
    promised: Option<&Descriptor>,
    platform: Option<&Platform>,
) -> Result<Image, SourceError> {
    match parse(documents, &top, promised)? {
        Document::Index(index) => {
            let listed_for = promised.and_then(|promised| promised.platform.as_ref());
            let manifests = inherited(index.manifests, listed_for);
            of_index(documents, Some(top.digest), manifests, platform).await
        }
        Document::Manifest(manifest) => {
            let image = of_manifest(documents, top.digest, *manifest).await?;
            check_platform(documents, &image, platform)?;
            Ok(image)
        }
    }
}

/// The image for `platform` of an index that lists these.
pub(super) async fn of_index(
    documents: &impl Documents,
    digest: Option<Digest>,
    manifests: Vec<Descriptor>,
    platform: Option<&Platform>,
) -> Result<Image, SourceError> {
    if manifests.is_empty() {
        return Err(unusable(documents, ManifestError::EmptyIndex));
    }
    let (mut offered, attestations) = offered(documents, manifests).await?;
    platforms::fill(documents, &mut offered, platform).await?;
    let of = |offers: &[&Descriptor]| -> Vec<Option<Platform>> {
        offers.iter().map(|offer| offer.platform.clone()).collect()
    };
    let all: Vec<&Descriptor> = offered.iter().collect();
    // Where nothing was saved, the file that is missing is told.
    let there = Some(saved::held(documents, &offered).await).filter(|held| !held.is_empty());
    let there = there.unwrap_or_else(|| all.clone());
    let chosen = platform::choose(platform, &of(&there)).and_then(|at| there.get(at).copied());
    let Some(chosen) = chosen else {
        let there = of(&there).into_iter().flatten().collect();
        return Err(match platform {
            // It is listed, and was not saved.
            Some(wanted) if platform::choose(Some(wanted), &of(&all)).is_some() => {
                SourceError::NotSaved {
                    what: documents.what(),
                    wanted: wanted.to_string(),
                    available: there,
                }
            }
            _ => no_platform(documents, platform, there),
        });
    };
    let fetched = promised(documents, chosen).await?;
    let Document::Manifest(manifest) = parse(documents, &fetched, Some(chosen))? else {
        let problem = ManifestError::WrongShape(chosen.media_type.clone());
        return Err(unusable(documents, problem));
    };
    let mut image = of_manifest(documents, fetched.digest, *manifest).await?;
    image.index_digest = digest;
    image.attestations = attestations;
    let listed_for = chosen.platform.clone();
    if let (Some(listed_for), Some(own)) = (&listed_for, &image.platform)
        && (&listed_for.os, &listed_for.architecture) != (&own.os, &own.architecture)
    {
        image.remarks.push(format!(
            "the index says it is for {listed_for}, its own configuration for {own}"
        ));
    }
    image.platform = listed_for.or(image.platform);
    check_platform(documents, &image, platform)?;
    // Of the image that was opened it is known even where the index does not say.
    let own = |offer: &Descriptor| match offer.digest == chosen.digest {
        true => image.platform.clone(),
        false => None,
    };
    let all = offered.iter();
    let known = all.filter_map(|offer| offer.platform.clone().or_else(|| own(offer)));
    image.platforms = known.collect();
    Ok(image)
}

/// Refuses an image that says itself that it is for another platform than was asked for: what lists it may name none.
fn check_platform(
    documents: &impl Documents,
    image: &Image,
    wanted: Option<&Platform>,
) -> Result<(), SourceError> {
    if let (Some(_), Some(own)) = (wanted, &image.platform)
        && platform::choose(wanted, &[Some(own.clone())]).is_none()
    {
        return Err(no_platform(documents, wanted, vec![own.clone()]));
    }
    Ok(())
}

/// What an index lists that is itself listed for a platform: its images are for that one, unless it says otherwise.
pub(super) fn inherited(
    mut manifests: Vec<Descriptor>,
    listed_for: Option<&Platform>,
) -> Vec<Descriptor> {
    let listed_for = listed_for.filter(|platform| !platform.is_unknown());
    for manifest in &mut manifests {
        if manifest.platform.is_none() {
            manifest.platform = listed_for.cloned();
        }
    }
    manifests
}

async fn of_manifest(
    documents: &impl Documents,
    digest: Digest,
    manifest: Manifest,
) -> Result<Image, SourceError> {
    match manifest.check_image() {
        Ok(()) => {}
        Err(ManifestError::Artifact(kind)) => {
            let artifact = Artifact::of(documents.what(), digest, kind, manifest);
            return Err(SourceError::Artifact(Box::new(artifact)));
        }
        Err(problem) => return Err(unusable(documents, problem)),
    }
    let raw_config = config(documents, &manifest.config).await?;
    let config = Config::parse(&raw_config).map_err(|problem| of_config(documents, problem))?;
    let mut image = Image {
        reference: documents.what(),
        names_registry: documents.origin() == Origin::Registry,
        digest: Some(digest),
        index_digest: None,
        media_type: Some(manifest.media_type),
        platform: config.platform.clone(),
        platforms: Vec::new(),
        attestations: Vec::new(),
        annotations: manifest.annotations,
        config,
        raw_config: String::from_utf8_lossy(&raw_config).into_owned(),
        config_digest: manifest.config.digest,
        layers: (1..)
            .zip(&manifest.layers)
            .map(|(number, layer)| Layer::of(number, layer))
            .collect(),
        remarks: Vec::new(),
    };
    image.join_config();
    Ok(image)
}

/// The images that descriptors lead to, those of indexes inside in their place, without artifacts unless there is nothing
/// else; and beside them the attestations.
pub(super) async fn offered(
    documents: &impl Documents,
    manifests: Vec<Descriptor>,
) -> Result<(Vec<Descriptor>, Vec<Attestation>), SourceError> {
    let mut offered = Vec::new();
    let mut artifacts = Vec::new();
    let mut attestations = Vec::new();
    // With how many indexes below the first one each is in.
    let inside = |manifests: Vec<Descriptor>, depth: usize| {
        let manifests = manifests.into_iter().rev();
        manifests.map(move |manifest| (manifest, depth))
    };
    let mut waiting: Vec<(Descriptor, usize)> = inside(manifests, 0).collect();
    let mut nested = 0;
    while let Some((next, depth)) = waiting.pop() {
        let several = offered.len() + artifacts.len() + waiting.len() + 1;
        if several > limits::IMAGE_LAYERS {
            return Err(unusable(
                documents,
                ManifestError::TooMany(several, "manifests"),
            ));
        }
        if next.is_attestation() {
            attestations.push(Attestation::of(&next));
            continue;
        }
        if next.platform.as_ref().is_some_and(Platform::is_unknown) {
            continue;
        }
        match DocumentKind::of(&next.media_type) {
            Some(DocumentKind::Index) if !documents.may_have(&next.digest) => {}
            Some(DocumentKind::Index) => {
                nested += 1;
                if depth >= limits::NESTED_DEPTH {
                    return Err(unusable(documents, ManifestError::TooDeep));
                }
                if nested > limits::NESTED_INDEXES {
                    return Err(unusable(documents, ManifestError::TooManyIndexes));
                }
                let fetched = promised(documents, &next).await?;
                if let Document::Index(inner) = parse(documents, &fetched, Some(&next))? {
                    let manifests = inherited(inner.manifests, next.platform.as_ref());
                    waiting.extend(inside(manifests, depth + 1));
                }
            }
            // SOCI's are of a platform, like the images that they are about.
            Some(DocumentKind::Manifest) if next.is_artifact() => artifacts.push(next),
            Some(DocumentKind::Manifest) => offered.push(next),
            None if next.media_type.is_empty() => offered.push(next),
            _ => {}
        }
    }
    if offered.is_empty() {
        offered = artifacts;
    }
    Ok((offered, attestations))
}

/// The configuration that a manifest names.
pub(super) async fn config(
    documents: &impl Documents,
    descriptor: &Descriptor,
) -> Result<Vec<u8>, SourceError> {
    if let Some(data) = &descriptor.data {
        return Ok(data.clone());
    }
    if descriptor.size > limits::DOCUMENT_BYTES as u64 {
        return Err(of_config(documents, ManifestError::TooLarge));
    }
    let bytes = documents.blob(&descriptor.digest, descriptor.size).await?;
    Ok(bytes.into())
}

fn of_config(documents: &impl Documents, problem: ManifestError) -> SourceError {
    SourceError::Document {
        what: format!("the configuration of {}", documents.what()),
        problem,
    }
}

fn no_platform(
    documents: &impl Documents,
    wanted: Option<&Platform>,
    available: Vec<Platform>,
) -> SourceError {
    SourceError::NoPlatform {
        what: documents.what(),
        wanted: wanted.map_or_else(|| "any platform".to_owned(), Platform::to_string),
        available,
    }
}
