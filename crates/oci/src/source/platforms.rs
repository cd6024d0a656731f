//! Platforms of images that an index lists without one, which it may (OCI image specification, image-index.md): those that
//! their configurations name.

use std::collections::HashMap;

use super::documents::{Documents, parse, promised, unusable};
use super::{SourceError, open};
use crate::digest::Digest;
use crate::limits;
use crate::manifest::{Config, Descriptor, Document, ManifestError};
use crate::platform::{self, Platform};

/// Platforms of images that name none, by the digests of their configurations, which several may share.
#[derive(Default)]
pub(super) struct Known(HashMap<Digest, Option<Platform>>);

/// Gives what is offered without a platform that of its configuration, where it matters for the choice of the image for
/// `wanted`. A registry is asked for no more than [`limits::ASKED_PLATFORMS`].
///
/// What is missing or no image stays without one: it is told where it is chosen.
///
/// # Errors
/// A registry does not answer, or lists more images without a platform, before the one that is wanted is found.
pub(super) async fn fill(
    documents: &impl Documents,
    offered: &mut [Descriptor],
    wanted: Option<&Platform>,
) -> Result<(), SourceError> {
    let is_saved = documents.is_saved();
    let listed = offered.iter().map(|offer| offer.platform.clone());
    let listed: Vec<Option<Platform>> = listed.collect();
    if !platform::depends_on_unnamed(wanted, &listed) {
        return Ok(());
    }
    let mut known = Known::default();
    let mut asked: HashMap<Digest, Option<Platform>> = HashMap::new();
    // What is found behind the one that is wanted is for the list of platforms only.
    let mut decided = false;
    for offer in offered {
        if offer.platform.is_some() || offer.is_artifact() {
            continue;
        }
        if let Some(own) = asked.get(&offer.digest) {
            offer.platform.clone_from(own);
            continue;
        }
        if !is_saved && asked.len() >= limits::ASKED_PLATFORMS {
            match decided {
                true => break,
                false => return Err(unusable(documents, ManifestError::TooManyUnnamed)),
            }
        }
        let own = match of_config(documents, offer, &mut known).await {
            Err(error) if is_saved || is_about_the_image(&error) => None,
            Err(_) if decided => break,
            own => own?,
        };
        decided |= own.as_ref().is_some_and(|own| own.is_exactly(wanted));
        asked.insert(offer.digest.clone(), own.clone());
        offer.platform = own;
    }
    Ok(())
}

/// The platform that the configuration of an image names; `None` where it names none, or there is no image.
pub(super) async fn of_config(
    documents: &impl Documents,
    offer: &Descriptor,
    known: &mut Known,
) -> Result<Option<Platform>, SourceError> {
    let fetched = promised(documents, offer).await?;
    let Document::Manifest(manifest) = parse(documents, &fetched, Some(offer))? else {
        return Ok(None);
    };
    if manifest.check_image().is_err() {
        return Ok(None);
    }
    if let Some(own) = known.0.get(&manifest.config.digest) {
        return Ok(own.clone());
    }
    let config = open::config(documents, &manifest.config).await?;
    let config = Config::parse(&config).ok();
    let own = config.and_then(|config| config.platform);
    let own = own.filter(|platform| !platform.is_unknown());
    known.0.insert(manifest.config.digest.clone(), own.clone());
    Ok(own)
}

/// Whether a registry has no such image, or something else in its place. After any other error, as where it allows no more
/// requests, the same command could open another image the next time.
const fn is_about_the_image(error: &SourceError) -> bool {
    matches!(
        error,
        SourceError::NotFound { .. } | SourceError::Document { .. } | SourceError::Mismatch { .. }
    )
}

#[cfg(test)]
mod tests;
