//! `docker-archive:`, what `docker save`, `podman save`, skopeo, kaniko and others write: a tar with a
//! `manifest.json` that lists images by their configuration and layers.
//!
//! Layers are `<hex>/layer.tar` (links among each other), `<diff ID>.tar` or `blobs/sha256/<hex>`, in any order,
//! some compressed inside.

use super::files::Files;
use super::{Archive, layout};
use crate::digest::Digest;
use crate::json::{Json, Object};
use crate::limits;
use crate::manifest::{Config, ManifestError};
use crate::platform::{self, Platform};
use crate::reference::{self, Reference};
use crate::source::SourceError;
use crate::source::image::{Image, Layer};

/// One image that `manifest.json` lists.
struct ManifestEntry {
    config: String,
    tags: Vec<String>,
    layers: Vec<String>,
}

/// Reads the image that the archive's reference names, else the only one. What the archive cannot know is `None`:
/// the manifest's digest and compressed sizes, unless the blobs that a registry has are in it.
pub(super) async fn image(
    archive: &Archive,
    files: &Files,
    platform: Option<&Platform>,
) -> Result<Image, SourceError> {
    let saved = Saved { archive, files };
    let listed = saved.list().await?;
    let chosen = saved.choose(&listed)?;
    let raw_config = saved.config(&chosen.config).await?;
    let config = Config::parse(&raw_config)
        .map_err(|problem| archive.unusable("the configuration", problem))?;
    let config_digest = Digest::sha256(&raw_config);
    let own = config.platform.clone();
    if let Some(own) = own.clone()
        && platform.is_some()
        && platform::choose(platform, &[Some(own.clone())]).is_none()
    {
        return Err(SourceError::NoPlatform {
            what: archive.path.clone(),
            wanted: platform.map_or_else(String::new, Platform::to_string),
            available: vec![own],
        });
    }
    let mut image = Image {
        reference: saved.named(chosen, &config_digest),
        names_registry: saved.names_registry(chosen),
        digest: None,
        index_digest: None,
        media_type: None,
        platform: own,
        platforms: Vec::new(),
        attestations: Vec::new(),
        annotations: std::collections::BTreeMap::new(),
        config,
        raw_config: String::from_utf8_lossy(&raw_config).into_owned(),
        layers: Vec::new(),
        remarks: Vec::new(),
        config_digest,
    };
    if named_digest(&chosen.config).is_some_and(|named| named != image.config_digest) {
        image.remarks.push(format!(
            "the configuration {} does not have the digest in its name",
            chosen.config
        ));
    }
    for (number, name) in (1..).zip(&chosen.layers) {
        image.layers.push(saved.layer(number, name).await?);
    }
    saved.adopt(&mut image).await;
    image.join_config();
    Ok(image)
}

/// The images that `manifest.json` lists.
pub(super) async fn list(
    archive: &Archive,
    files: &Files,
) -> Result<Vec<super::ListedImage>, SourceError> {
    let listed = Saved { archive, files }.list().await?;
    let of = |(place, image): (usize, ManifestEntry)| super::ListedImage {
        reference: match image.tags.first() {
            Some(tag) => tag.clone(),
            None => format!("@{place}"),
        },
        names: image.tags,
    };
    Ok(listed.into_iter().enumerate().map(of).collect())
}

/// An archive with a `manifest.json`.
struct Saved<'a> {
    archive: &'a Archive,
    files: &'a Files,
}

impl Saved<'_> {
    /// What `manifest.json` lists, wherever in the tar it stands.
    async fn list(&self) -> Result<Vec<ManifestEntry>, SourceError> {
        let archive = self.archive;
        let Some(stored) = archive.find(self.files, "manifest.json")? else {
            return Err(archive
                .wrong("not a saved image: it has no manifest.json and no index.json".to_owned()));
        };
        let bytes = archive.document(&stored, "manifest.json").await?;
        match Json::document(&bytes) {
            Ok(Json::List(images)) => images
                .iter()
                .map(|image| image.as_object().and_then(ManifestEntry::read))
                .collect::<Option<Vec<_>>>()
                .ok_or_else(|| {
                    archive
                        .wrong("its manifest.json lists something that is not an image".to_owned())
                }),
            Ok(_) => Err(archive.wrong("its manifest.json is not a list of images".to_owned())),
            Err(error) => Err(archive.unusable("manifest.json", ManifestError::unread(&error))),
        }
    }

    fn choose<'l>(&self, listed: &'l [ManifestEntry]) -> Result<&'l ManifestEntry, SourceError> {
        let archive = self.archive;
        let Some(wanted) = &archive.reference else {
            return match listed {
                [only] => Ok(only),
                [] => Err(archive.wrong("has no images".to_owned())),
                several => Err(archive.wrong(format!(
                    "has {} images; name one with :NAME after the path (docker-archive:-:NAME for standard input): {}",
                    several.len(),
                    names(several)
                ))),
            };
        };
        let found = match archive.place_asked() {
            Some(place) => place.and_then(|place| listed.get(place)),
            None => listed
                .iter()
                .find(|image| image.tags.iter().any(|tag| same(tag, wanted))),
        };
        found.ok_or_else(|| {
            archive.wrong(format!("has no image {wanted:?}; it has {}", names(listed)))
        })
    }

    /// Whether the tag that was asked for, else the first, names its registry.
    fn names_registry(&self, image: &ManifestEntry) -> bool {
        let mut asked = self.archive.reference.iter();
        let asked = asked.find(|wanted| !wanted.starts_with('@'));
        let tag = match asked {
            Some(wanted) => image.tags.iter().find(|tag| same(tag, wanted)),
            None => image.tags.first(),
        };
        tag.is_some_and(|tag| reference::names_registry(tag))
    }

    /// The reference in full: the tag that was asked for, else the first, else the image's ID.
    fn named(&self, image: &ManifestEntry, config_digest: &Digest) -> String {
        let mut asked = self.archive.reference.iter();
        let asked = asked.find(|wanted| !wanted.starts_with('@'));
        match asked.or(image.tags.first()) {
            Some(tag) => tag.parse().map_or_else(
                |_| tag.clone(),
                |reference: Reference| reference.to_string(),
            ),
            None => config_digest.to_string(),
        }
    }

    async fn config(&self, name: &str) -> Result<bytes::Bytes, SourceError> {
        let stored = self.member(name, "the configuration")?;
        self.archive.document(&stored, "the configuration").await
    }

    async fn layer(&self, number: usize, name: &str) -> Result<Layer, SourceError> {
        let stored = self.member(name, &format!("layer {number}"))?;
        let format = self.archive.format(&stored).await?;
        let mut layer = Layer {
            span: Some(stored.span),
            runs: stored.runs,
            ..Layer::unknown(number)
        };
        // A plain tar is not what a registry would hold: its size and digest there are not known.
        if format.is_some() {
            layer.compressed_size = Some(stored.span.size);
            layer.digest = named_digest(name).filter(|_| name.starts_with("blobs/"));
        }
        Ok(layer)
    }

    /// Takes over what a layout in the archive says of the image. Docker 25 and later writes one in any case; only
    /// where the blobs are those of a registry are its manifest and its sizes a registry's too.
    async fn adopt(&self, image: &mut Image) {
        let pulled = |layer: &Layer| layer.digest.is_some();
        if image.layers.is_empty() || !image.layers.iter().all(pulled) {
            return;
        }
        if !matches!(self.archive.find(self.files, "index.json"), Ok(Some(_))) {
            return;
        }
        let found = layout::manifest_of(self.archive, self.files, &image.config_digest).await;
        match found {
            Ok(Some((digest, manifest)))
                if manifest
                    .layers
                    .iter()
                    .map(|layer| Some(&layer.digest))
                    .eq(image.layers.iter().map(|layer| layer.digest.as_ref())) =>
            {
                image.digest = Some(digest);
                image.media_type = Some(manifest.media_type);
                image.annotations = manifest.annotations;
                for (layer, descriptor) in image.layers.iter_mut().zip(&manifest.layers) {
                    *layer = Layer {
                        span: layer.span,
                        runs: std::mem::take(&mut layer.runs),
                        ..Layer::of(layer.number, descriptor)
                    };
                }
            }
            Ok(_) => {}
            Err(error) => image
                .remarks
                .push(format!("its index.json was passed over: {error}")),
        }
    }

    fn member(&self, name: &str, what: &str) -> Result<super::files::StoredFile, SourceError> {
        self.archive.find(self.files, name)?.ok_or_else(|| {
            self.archive.wrong(format!(
                "{what} should be its member {name:?}, which is missing; save the image again"
            ))
        })
    }
}

impl ManifestEntry {
    fn read(object: &Object) -> Option<Self> {
        let texts = |key: &str| match object.get(key) {
            None | Some(Json::Null) => Some(Vec::new()),
            Some(Json::List(items)) => items
                .iter()
                .map(|item| item.as_str().map(str::to_owned))
                .collect(),
            Some(_) => None,
        };
        let layers: Vec<String> = texts("Layers")?;
        (layers.len() <= limits::IMAGE_LAYERS).then_some(())?;
        Some(Self {
            config: object.get("Config")?.as_str()?.to_owned(),
            tags: texts("RepoTags").unwrap_or_default(),
            layers,
        })
    }
}

/// The images of an archive, for people to choose from.
fn names(listed: &[ManifestEntry]) -> String {
    let name = |(place, image): (usize, &ManifestEntry)| match image.tags.as_slice() {
        [] => format!("@{place} (without a name)"),
        tags => tags.join(", ").escape_debug().to_string(),
    };
    listed
        .iter()
        .enumerate()
        .map(name)
        .collect::<Vec<_>>()
        .join(", ")
}

/// Whether two names mean the same image once they are written out.
fn same(tag: &str, wanted: &str) -> bool {
    let full = |text: &str| text.parse::<Reference>();
    tag == wanted || matches!((full(tag), full(wanted)), (Ok(tag), Ok(wanted)) if tag == wanted)
}

/// The digest that a member's name holds: `blobs/sha256/HEX`, `sha256:HEX`, `HEX.json`, `HEX.tar`.
fn named_digest(name: &str) -> Option<Digest> {
    let last = name.rsplit('/').next()?;
    let hex = last.strip_prefix("sha256:").unwrap_or(last);
    let hex = hex.split('.').next()?;
    format!("sha256:{hex}").parse().ok()
}

#[cfg(test)]
mod tests;
