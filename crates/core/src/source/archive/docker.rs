//! `docker-archive:`, what `docker save`, `podman save`, skopeo, kaniko and others write: a tar with a
//! `manifest.json` that lists images by their configuration and layers.
//!
//! Layers are `<hex>/layer.tar` (links among each other), `<diff ID>.tar` or `blobs/sha256/<hex>`, in any order,
//! some compressed inside.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use futures::stream;
use serde_json::{Map, Value};

use super::ReadAt;
use super::members::{Members, read};
use crate::digest::Digest;
use crate::limits;
use crate::manifest::{Config, ManifestError};
use crate::platform::{self, Platform};
use crate::reference::Reference;
use crate::source::image::{Image, Layer, Span};
use crate::source::{BlobStream, SourceError};

/// Bytes of a layer read at a time.
const CHUNK: u64 = 256 << 10;

/// An archive as `docker save` makes it, and which of its images is meant.
#[derive(Clone)]
pub struct DockerArchive {
    /// What the user calls it.
    path: String,
    source: Arc<dyn ReadAt>,
    reference: Option<String>,
}

/// One image that `manifest.json` lists.
struct Listed {
    config: String,
    tags: Vec<String>,
    layers: Vec<String>,
}

impl DockerArchive {
    /// An archive whose bytes `source` gives; `path` names it in messages. Of several images, `reference` says
    /// which: one of its tags, or `@N` with its place from 0.
    #[must_use]
    pub fn new(path: String, source: Arc<dyn ReadAt>, reference: Option<String>) -> Self {
        Self {
            path,
            source,
            reference,
        }
    }

    /// An archive on disk.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn file(path: &std::path::Path, reference: Option<String>) -> Result<Self, SourceError> {
        let name = path.display().to_string();
        match super::FileBytes::open(path) {
            Ok(file) => Ok(Self::new(name, Arc::new(file), reference)),
            Err(error) => Err(SourceError::Archive {
                path: name,
                problem: format!("it cannot be opened: {error}"),
            }),
        }
    }

    /// Reads the image's documents. What the archive cannot know (manifest digest, compressed sizes) is `None`.
    pub async fn image(&self, platform: Option<&Platform>) -> Result<Image, SourceError> {
        self.refuse_compressed().await?;
        let members = Members::walk(&*self.source)
            .await
            .map_err(|problem| self.wrong(problem))?;
        let listed = self.list(&members).await?;
        let chosen = self.choose(&listed)?;
        let span = self.member(&members, &chosen.config, "the configuration")?;
        if span.size > limits::DOCUMENT_BYTES as u64 {
            return Err(self.document("the configuration", ManifestError::TooLarge));
        }
        let raw_config = self.read(span).await?;
        let config = Config::parse(&raw_config)
            .map_err(|problem| self.document("the configuration", problem))?;
        let config_digest = Digest::sha256(&raw_config);
        let own = config.platform.clone();
        if let Some(own) = own.clone()
            && platform.is_some()
            && platform::choose(platform, &[Some(own.clone())]).is_none()
        {
            return Err(SourceError::NoPlatform {
                what: self.path.clone(),
                wanted: platform.map_or_else(String::new, Platform::to_string),
                available: vec![own],
            });
        }
        let mut image = Image {
            reference: self.named(chosen, &config_digest),
            digest: None,
            index_digest: None,
            media_type: None,
            platform: own,
            platforms: Vec::new(),
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
            image
                .layers
                .push(self.find_layer(&members, number, name).await?);
        }
        image.join_config();
        Ok(image)
    }

    /// Streams a layer of an image that this archive opened.
    pub fn layer(&self, layer: &Layer) -> Result<BlobStream, SourceError> {
        let what = format!("layer {} of {}", layer.number, self.path);
        let Some(span) = layer.span else {
            return Err(SourceError::NotFound {
                what,
                place: self.path.clone(),
                reason: "it comes from another source".to_owned(),
            });
        };
        let archive = self.clone();
        let chunks = stream::unfold(Some(span), move |left| {
            let archive = archive.clone();
            async move {
                let left = left.filter(|left| left.size > 0)?;
                let size = left.size.min(CHUNK);
                let next = Span {
                    offset: left.offset + size,
                    size: left.size - size,
                };
                match archive.read(Span { size, ..left }).await {
                    Ok(chunk) => Some((Ok(chunk), Some(next))),
                    Err(error) => Some((Err(error), None)),
                }
            }
        });
        Ok(BlobStream::new(what, Some(span.size), chunks))
    }

    async fn refuse_compressed(&self) -> Result<(), SourceError> {
        let start = self.source.read_at(0, 6).await;
        let start = start.map_err(|error| self.wrong(format!("it cannot be read: {error}")))?;
        match compression(&start) {
            Some((name, tool)) => Err(self.wrong(format!(
                "it is compressed as a whole ({name}), which is not yet supported; run `{tool}` on it first"
            ))),
            None => Ok(()),
        }
    }

    /// What `manifest.json` lists, wherever in the tar it stands.
    async fn list(&self, members: &Members) -> Result<Vec<Listed>, SourceError> {
        let Some(span) = members.find("manifest.json") else {
            return Err(self.wrong(if members.find("index.json").is_some() {
                "it is an OCI archive, which is not yet supported; `skopeo copy` can turn it into a docker-archive".to_owned()
            } else {
                "it is a tar, but no saved image: there is no manifest.json in it".to_owned()
            }));
        };
        if span.size > limits::DOCUMENT_BYTES as u64 {
            return Err(self.document("manifest.json", ManifestError::TooLarge));
        }
        let bytes = self.read(span).await?;
        match serde_json::from_slice(&bytes) {
            Ok(Value::Array(images)) => images
                .iter()
                .map(|image| image.as_object().and_then(Listed::read))
                .collect::<Option<Vec<_>>>()
                .ok_or_else(|| {
                    self.wrong("its manifest.json lists something that is no image".to_owned())
                }),
            Ok(_) => Err(self.wrong("its manifest.json is no list of images".to_owned())),
            Err(error) => {
                Err(self.document("manifest.json", ManifestError::NotJson(error.to_string())))
            }
        }
    }

    fn choose<'a>(&self, listed: &'a [Listed]) -> Result<&'a Listed, SourceError> {
        let Some(wanted) = &self.reference else {
            return match listed {
                [only] => Ok(only),
                [] => Err(self.wrong("there is no image in it".to_owned())),
                several => Err(self.wrong(format!(
                    "it holds {} images; say which, as in docker-archive:{}:NAME: {}",
                    several.len(),
                    self.path,
                    names(several)
                ))),
            };
        };
        let found = match wanted.strip_prefix('@') {
            Some(place) => place
                .parse()
                .ok()
                .and_then(|place: usize| listed.get(place)),
            None => listed
                .iter()
                .find(|image| image.tags.iter().any(|tag| same(tag, wanted))),
        };
        found.ok_or_else(|| {
            self.wrong(format!(
                "it holds no image {wanted:?}; it holds {}",
                names(listed)
            ))
        })
    }

    /// The reference in full: the tag that was asked for, else the first, else the image's ID.
    fn named(&self, image: &Listed, config_digest: &Digest) -> String {
        let asked = self
            .reference
            .iter()
            .find(|wanted| !wanted.starts_with('@'));
        match asked.or(image.tags.first()) {
            Some(tag) => tag.parse().map_or_else(
                |_| tag.clone(),
                |reference: Reference| reference.to_string(),
            ),
            None => config_digest.to_string(),
        }
    }

    async fn find_layer(
        &self,
        members: &Members,
        number: usize,
        name: &str,
    ) -> Result<Layer, SourceError> {
        let span = self.member(members, name, &format!("layer {number}"))?;
        let start = self
            .read(Span {
                size: span.size.min(6),
                ..span
            })
            .await?;
        let mut layer = Layer {
            span: Some(span),
            ..Layer::unknown(number)
        };
        // A plain tar is not what a registry would hold: its size and digest there are not known.
        if compression(&start).is_some() {
            layer.compressed_size = Some(span.size);
            layer.digest = named_digest(name).filter(|_| name.starts_with("blobs/"));
        }
        Ok(layer)
    }

    fn member(&self, members: &Members, name: &str, what: &str) -> Result<Span, SourceError> {
        members.find(name).ok_or_else(|| {
            self.wrong(format!(
                "{what} should be its member {name:?}, which is not there; was it saved whole?"
            ))
        })
    }

    async fn read(&self, span: Span) -> Result<Bytes, SourceError> {
        let bytes = read(&*self.source, span.offset, span.size).await;
        bytes.map_err(|problem| self.wrong(problem))
    }

    fn wrong(&self, problem: String) -> SourceError {
        SourceError::Archive {
            path: self.path.clone(),
            problem,
        }
    }

    fn document(&self, what: &str, problem: ManifestError) -> SourceError {
        SourceError::Document {
            what: format!("{what} of {}", self.path),
            problem,
        }
    }
}

impl fmt::Debug for DockerArchive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DockerArchive")
            .field("path", &self.path)
            .field("reference", &self.reference)
            .finish_non_exhaustive()
    }
}

impl Listed {
    fn read(object: &Map<String, Value>) -> Option<Self> {
        let texts = |key: &str| match object.get(key) {
            None | Some(Value::Null) => Some(Vec::new()),
            Some(Value::Array(items)) => items
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
fn names(listed: &[Listed]) -> String {
    let name = |(place, image): (usize, &Listed)| match image.tags.as_slice() {
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

/// How bytes that start so are compressed, and what undoes it.
fn compression(start: &[u8]) -> Option<(&'static str, &'static str)> {
    match start {
        [0x1f, 0x8b, ..] => Some(("gzip", "gunzip")),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(("zstd", "unzstd")),
        [0xfd, b'7', b'z', b'X', b'Z', ..] => Some(("xz", "unxz")),
        [b'B', b'Z', b'h', ..] => Some(("bzip2", "bunzip2")),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
