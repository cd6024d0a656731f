//! From a reference to an image: the index, the manifest for a platform, the configuration.

use super::endpoint::TagOrDigest;
use super::remote::{Fetched, Remote};
use crate::digest::Digest;
use crate::limits;
use crate::manifest::media_type::DocumentKind;
use crate::manifest::{Config, Descriptor, Document, Index, Manifest, ManifestError};
use crate::platform::{self, Platform};
use crate::source::SourceError;
use crate::source::image::{Image, Layer};

/// Indexes inside an index that are looked into.
const NESTED: usize = 8;

impl Remote {
    /// Reads the image's documents; of an index the image for `platform`, without which it is linux/amd64, or the
    /// first there is.
    pub async fn image(&self, platform: Option<&Platform>) -> Result<Image, SourceError> {
        let top = self.manifest(&TagOrDigest::of(self.reference())).await?;
        let document = self.parse(&top, None)?;
        let (fetched, manifest, index) = match document {
            Document::Manifest(manifest) => (top, *manifest, None),
            Document::Index(index) => {
                let offered = self.offered(index).await?;
                let platforms: Vec<_> =
                    offered.iter().map(|offer| offer.platform.clone()).collect();
                let chosen = platform::choose(platform, &platforms).and_then(|at| offered.get(at));
                let platforms: Vec<Platform> = platforms.into_iter().flatten().collect();
                let Some(chosen) = chosen else {
                    return Err(self.no_platform(platform, platforms));
                };
                let fetched = self.promised(chosen).await?;
                let Document::Manifest(manifest) = self.parse(&fetched, Some(chosen))? else {
                    return Err(self.unusable(ManifestError::WrongShape(chosen.media_type.clone())));
                };
                (
                    fetched,
                    *manifest,
                    Some((top.digest, platforms, chosen.platform.clone())),
                )
            }
        };
        manifest
            .check_image()
            .map_err(|problem| self.unusable(problem))?;
        let raw_config = self.config(&manifest.config).await?;
        let mut image = self.assemble(fetched.digest, manifest, raw_config)?;
        if let Some((index_digest, platforms, chosen)) = index {
            image.index_digest = Some(index_digest);
            image.platforms = platforms;
            if let (Some(chosen), Some(own)) = (&chosen, &image.platform)
                && (&chosen.os, &chosen.architecture) != (&own.os, &own.architecture)
            {
                image.remarks.push(format!(
                    "the index says it is for {chosen}, its own configuration for {own}"
                ));
            }
            image.platform = chosen.or(image.platform);
        } else if let (Some(_), Some(own)) = (platform, &image.platform)
            && platform::choose(platform, &[Some(own.clone())]).is_none()
        {
            return Err(self.no_platform(platform, vec![own.clone()]));
        }
        Ok(image)
    }

    fn assemble(
        &self,
        digest: Digest,
        manifest: Manifest,
        raw_config: Vec<u8>,
    ) -> Result<Image, SourceError> {
        let config = Config::parse(&raw_config).map_err(|problem| SourceError::Document {
            what: format!("the configuration of {}", self.reference()),
            problem,
        })?;
        let mut image = Image {
            reference: self.reference().to_string(),
            digest: Some(digest),
            index_digest: None,
            media_type: Some(manifest.media_type),
            platform: config.platform.clone(),
            platforms: Vec::new(),
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

    /// The images of an index, those of indexes inside it in their place, without attestations and artifacts.
    async fn offered(&self, index: Index) -> Result<Vec<Descriptor>, SourceError> {
        let mut offered = Vec::new();
        let mut waiting: Vec<Descriptor> = index.manifests.into_iter().rev().collect();
        let mut nested = 0;
        while let Some(next) = waiting.pop() {
            if next.is_attestation() || next.platform.as_ref().is_some_and(Platform::is_unknown) {
                continue;
            }
            match DocumentKind::of(&next.media_type) {
                Some(DocumentKind::Index) if nested < NESTED => {
                    nested += 1;
                    let fetched = self.promised(&next).await?;
                    if let Document::Index(inner) = self.parse(&fetched, Some(&next))? {
                        waiting.extend(inner.manifests.into_iter().rev());
                    }
                }
                Some(DocumentKind::Manifest) => offered.push(next),
                None if next.media_type.is_empty() => offered.push(next),
                _ => {}
            }
            if offered.len() + waiting.len() > limits::IMAGE_LAYERS {
                return Err(self.unusable(ManifestError::TooMany(
                    offered.len() + waiting.len(),
                    "manifests",
                )));
            }
        }
        Ok(offered)
    }

    /// The document that a descriptor promises.
    async fn promised(&self, descriptor: &Descriptor) -> Result<Fetched, SourceError> {
        if let Some(data) = &descriptor.data {
            return Ok(Fetched {
                bytes: data.clone().into(),
                content_type: None,
                digest: descriptor.digest.clone(),
            });
        }
        let fetched = self
            .manifest(&TagOrDigest::Digest(descriptor.digest.clone()))
            .await?;
        if fetched.bytes.len() as u64 != descriptor.size {
            return Err(SourceError::Mismatch {
                what: format!("{}@{}", self.reference().name(), descriptor.digest),
                promised: format!("{} bytes", descriptor.size),
                got: format!("{}", fetched.bytes.len()),
            });
        }
        Ok(fetched)
    }

    /// Reads a document, which has to be of the type that it was sent as and, inside an index, was promised to be.
    fn parse(
        &self,
        fetched: &Fetched,
        promised: Option<&Descriptor>,
    ) -> Result<Document, SourceError> {
        let document = Document::parse(&fetched.bytes, fetched.content_type.as_deref());
        let document = document.map_err(|problem| self.unusable(problem))?;
        match promised.map(|descriptor| descriptor.media_type.as_str()) {
            Some(sent) if !sent.is_empty() && sent != document.media_type() => {
                Err(self.unusable(ManifestError::TypeMismatch {
                    sent: sent.to_owned(),
                    own: document.media_type().to_owned(),
                }))
            }
            _ => Ok(document),
        }
    }

    async fn config(&self, descriptor: &Descriptor) -> Result<Vec<u8>, SourceError> {
        if let Some(data) = &descriptor.data {
            return Ok(data.clone());
        }
        if descriptor.size > limits::DOCUMENT_BYTES as u64 {
            return Err(SourceError::Document {
                what: format!("the configuration of {}", self.reference()),
                problem: ManifestError::TooLarge,
            });
        }
        Ok(self
            .document(&descriptor.digest, descriptor.size)
            .await?
            .into())
    }

    fn unusable(&self, problem: ManifestError) -> SourceError {
        SourceError::Document {
            what: self.reference().to_string(),
            problem,
        }
    }

    fn no_platform(&self, wanted: Option<&Platform>, available: Vec<Platform>) -> SourceError {
        SourceError::NoPlatform {
            what: self.reference().to_string(),
            wanted: wanted.map_or_else(|| "any platform".to_owned(), Platform::to_string),
            available,
        }
    }
}
