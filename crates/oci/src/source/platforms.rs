//! Platforms of images that an index lists without one, which it may (OCI image specification, image-index.md): those that
//! their configurations name.

use std::collections::HashMap;

use super::documents::{Documents, parse, promised};
use super::{SourceError, open};
use crate::digest::Digest;
use crate::limits;
use crate::manifest::{Config, Descriptor, Document};
use crate::platform::{self, Platform};

/// Gives what is offered without a platform that of its configuration. A registry is asked only where it matters for the
/// choice of the image for `wanted`, and for no more than [`limits::ASKED_PLATFORMS`].
///
/// What is missing or no image stays without one: it is told where it is chosen.
pub(super) async fn fill(
    documents: &impl Documents,
    offered: &mut [Descriptor],
    wanted: Option<&Platform>,
) -> Result<(), SourceError> {
    let is_saved = documents.is_saved();
    if !is_saved {
        let listed = offered.iter().map(|offer| offer.platform.clone());
        let listed: Vec<Option<Platform>> = listed.collect();
        if !platform::depends_on_unnamed(wanted, &listed) {
            return Ok(());
        }
    }
    let mut known: HashMap<Digest, Option<Platform>> = HashMap::new();
    for offer in offered {
        if offer.platform.is_some() || offer.is_artifact() {
            continue;
        }
        if let Some(own) = known.get(&offer.digest) {
            offer.platform.clone_from(own);
            continue;
        }
        if !is_saved && known.len() >= limits::ASKED_PLATFORMS {
            continue;
        }
        let own = match of_config(documents, offer).await {
            Err(error) if is_saved || is_about_the_image(&error) => None,
            own => own?,
        };
        known.insert(offer.digest.clone(), own.clone());
        offer.platform = own;
    }
    Ok(())
}

/// The platform that the configuration of an image names; `None` where it names none, or there is no image.
pub(super) async fn of_config(
    documents: &impl Documents,
    offer: &Descriptor,
) -> Result<Option<Platform>, SourceError> {
    let fetched = promised(documents, offer).await?;
    let Document::Manifest(manifest) = parse(documents, &fetched, Some(offer))? else {
        return Ok(None);
    };
    if manifest.check_image().is_err() {
        return Ok(None);
    }
    let config = open::config(documents, &manifest.config).await?;
    let config = Config::parse(&config).ok();
    let own = config.and_then(|config| config.platform);
    Ok(own.filter(|platform| !platform.is_unknown()))
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
