//! The documents that describe an image: manifests, indexes and configurations, of OCI's and Docker's families.
//!
//! They are read from untyped JSON rather than into strict types, because real documents leave out fields, or
//! set them to null, that the specifications require; what decides which bytes belong to the image is strict.

pub mod config;
mod descriptor;
pub mod history;
mod lenient;
pub mod media_type;

use std::collections::BTreeMap;

pub use config::{Config, Healthcheck};
pub use descriptor::Descriptor;
pub use history::Step;
use media_type::DocumentKind;

use crate::digest::Digest;
use crate::json::{Json, Object};
use crate::limits;

/// Why a document is not understood. Texts of the document are cut short before they come in here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// More bytes than any registry takes.
    #[error("it is larger than {} MiB, more than any registry takes", limits::DOCUMENT_BYTES >> 20)]
    TooLarge,
    /// No JSON, or nested too deep.
    #[error("it is not JSON: {0}")]
    NotJson(String),
    /// More values than are held.
    #[error(
        "it has more than {} values, more than any tool writes",
        limits::DOCUMENT_VALUES
    )]
    TooManyValues,
    /// JSON, but no object.
    #[error("it is JSON, but not an object")]
    NotAnObject,
    /// Docker's schema 1.
    #[error(
        "it is a Docker schema 1 manifest, a format given up in 2017; push the image again with a current tool"
    )]
    Schema1,
    /// Both a manifest and an index.
    #[error(
        "it has both `manifests` and `layers`, so that tools would disagree on what the image is"
    )]
    Ambiguous,
    /// The answer's type and the document's own differ.
    #[error("it was sent as {sent}, but says of itself that it is {own}")]
    TypeMismatch {
        /// The Content-Type.
        sent: String,
        /// The document's mediaType.
        own: String,
    },
    /// The type that an index lists and the document's own differ.
    #[error("it is listed as {listed}, but says of itself that it is {own}")]
    ListedAs {
        /// The mediaType of the descriptor.
        listed: String,
        /// The document's mediaType.
        own: String,
    },
    /// An index with nothing in it.
    #[error("its index is empty: it lists no image")]
    EmptyIndex,
    /// An index with more images without a platform than are looked at, none of which is the one that is wanted.
    #[error(
        "its index lists more than {} images without a platform; name one by its digest",
        limits::ASKED_PLATFORMS
    )]
    TooManyUnnamed,
    /// The type and what the document holds differ.
    #[error("it is said to be {0}, but does not hold what that type has")]
    WrongShape(String),
    /// A type that is neither manifest nor index.
    #[error("it is a document of type {0}, which is neither an image nor an index of images")]
    UnknownType(String),
    /// It has no type, and nothing of a manifest or an index.
    #[error("it is neither an image nor an index of images")]
    NoType,
    /// One field is wrong.
    #[error("its field `{place}` is wrong: {problem}")]
    Field {
        /// Which one, as a path.
        place: String,
        /// What is wrong.
        problem: String,
    },
    /// More layers, or images of an index, than we take.
    #[error("it lists {0} {1}, more than any engine takes")]
    TooMany(usize, &'static str),
    /// An index in an index in an index …
    #[error(
        "its indexes are more than {} deep inside each other",
        limits::NESTED_DEPTH
    )]
    TooDeep,
    /// More indexes inside one than are read.
    #[error("it has more than {} indexes inside it", limits::NESTED_INDEXES)]
    TooManyIndexes,
    /// A well-formed manifest of something else.
    #[error("it is an artifact of type {0}, not an image, and has no filesystem")]
    Artifact(String),
    /// What the gateway that read it says.
    #[error("{0}")]
    Relayed(String),
}

impl ManifestError {
    /// Why [`Json::document`] did not read a document.
    pub(crate) fn unread(error: &serde_json::Error) -> Self {
        match error.is_data() {
            true => Self::TooManyValues,
            false => Self::NotJson(error.to_string()),
        }
    }
}

/// A manifest or an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Document {
    /// One image.
    Manifest(Box<Manifest>),
    /// Several, one a platform.
    Index(Index),
}

/// One image: a configuration and layers (OCI image specification, manifest.md; Docker's manifest schema 2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// Its own type.
    pub media_type: String,
    /// Where the configuration is.
    pub config: Descriptor,
    /// The layers, base first.
    pub layers: Vec<Descriptor>,
    /// What kind of artifact it is, where it says so.
    pub artifact_type: Option<String>,
    /// The manifest that it is about.
    pub subject: Option<Digest>,
    /// Annotations (OCI image specification, annotations.md).
    pub annotations: BTreeMap<String, String>,
}

/// A list of images, one for each platform; or of further lists (OCI image specification, image-index.md; Docker's manifest
/// list).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index {
    /// Its own type.
    pub media_type: String,
    /// What it lists.
    pub manifests: Vec<Descriptor>,
    /// Annotations (OCI image specification, annotations.md).
    pub annotations: BTreeMap<String, String>,
}

impl Document {
    /// Reads a document that was sent as `sent_as` (a Content-Type, if there was one).
    ///
    /// Types like `application/json` announce nothing and are passed over; a manifest type has to agree with
    /// the document's own `mediaType`, and both with what the document holds.
    ///
    /// # Errors
    /// It is no JSON object or too large, its types contradict each other, a field that tells which bytes belong to the image
    /// is missing or wrong, or it has more layers or images than are read ([`crate::limits`]).
    pub fn parse(bytes: &[u8], sent_as: Option<&str>) -> Result<Self, ManifestError> {
        Self::parse_listed(bytes, sent_as, None)
    }

    /// As [`Self::parse`], for a document that an index lists with a media type: it has that type where it says none
    /// itself and was sent without one, as a manifest of Docker's in a file.
    pub fn parse_listed(
        bytes: &[u8],
        sent_as: Option<&str>,
        listed_as: Option<&str>,
    ) -> Result<Self, ManifestError> {
        let sent = sent_as.map(media_type::of_content_type);
        let sent_kind = sent.as_deref().and_then(DocumentKind::of);
        if sent_kind == Some(DocumentKind::Schema1) {
            return Err(ManifestError::Schema1);
        }
        let root = read_object(bytes)?;
        let own = lenient::text(&root, "mediaType");
        if root.get("schemaVersion").and_then(Json::as_u64) == Some(1) {
            return Err(ManifestError::Schema1);
        }
        if let (Some(sent), Some(_), Some(own)) = (&sent, sent_kind, &own)
            && sent != own
        {
            return Err(ManifestError::TypeMismatch {
                sent: sent.clone(),
                own: shorten(own),
            });
        }
        let held = match (
            present(&root, "manifests"),
            present(&root, "layers") || present(&root, "config"),
        ) {
            (true, true) => return Err(ManifestError::Ambiguous),
            (true, false) => Some(DocumentKind::Index),
            (false, true) => Some(DocumentKind::Manifest),
            // An index of nothing is legal: Go's tools write `"manifests": null`.
            (false, false) if root.get("manifests").is_some() => Some(DocumentKind::Index),
            (false, false) => None,
        };
        let listed = listed_as.filter(|listed| DocumentKind::of(listed).is_some());
        let media_type =
            (own.or(sent.filter(|_| sent_kind.is_some()))).or_else(|| listed.map(str::to_owned));
        let announced = match &media_type {
            Some(media_type) => match DocumentKind::of(media_type) {
                Some(DocumentKind::Schema1) => return Err(ManifestError::Schema1),
                Some(kind) => Some(kind),
                None => return Err(ManifestError::UnknownType(shorten(media_type))),
            },
            None => None,
        };
        let kind = match (announced, held) {
            (Some(announced), Some(held)) if announced != held => None,
            (Some(DocumentKind::Index), None) => Some(DocumentKind::Index),
            (_, held) => held,
        };
        let Some(kind) = kind else {
            return Err(match media_type {
                Some(media_type) => ManifestError::WrongShape(shorten(&media_type)),
                None => ManifestError::NoType,
            });
        };
        if kind == DocumentKind::Index {
            let media_type = media_type.unwrap_or_else(|| media_type::OCI_INDEX.to_owned());
            Index::read(&root, media_type).map(Self::Index)
        } else {
            let media_type = media_type.unwrap_or_else(|| media_type::OCI_MANIFEST.to_owned());
            Manifest::read(&root, media_type).map(|manifest| Self::Manifest(Box::new(manifest)))
        }
    }

    /// The media type to send a document on as, which was sent as `sent_as`.
    ///
    /// A type that announces a manifest is kept, whether it is right or not, so that the receiver finds the same errors.
    /// Under any other one the document is what it says that it is, else what it holds.
    ///
    /// # Errors
    /// When it is not a JSON object, and so no document.
    pub fn type_of(bytes: &[u8], sent_as: Option<&str>) -> Result<String, ManifestError> {
        let sent = sent_as.map(media_type::of_content_type);
        let announced = sent.filter(|sent| DocumentKind::of(sent).is_some());
        if let Some(announced) = announced
            && bytes.trim_ascii_start().starts_with(b"{")
        {
            return Ok(announced);
        }
        let root = read_object(bytes)?;
        let is_schema1 = root.get("schemaVersion").and_then(Json::as_u64) == Some(1);
        Ok(match lenient::text(&root, "mediaType") {
            Some(own) if media_type::is_document(&own) => own,
            Some(_) => media_type::JSON.to_owned(),
            None if is_schema1 => media_type::DOCKER_SCHEMA_1.to_owned(),
            None if present(&root, "manifests") => media_type::OCI_INDEX.to_owned(),
            None if present(&root, "layers") || present(&root, "config") => {
                media_type::OCI_MANIFEST.to_owned()
            }
            None => media_type::JSON.to_owned(),
        })
    }

    /// The document's own media type.
    #[must_use]
    pub fn media_type(&self) -> &str {
        match self {
            Self::Manifest(manifest) => &manifest.media_type,
            Self::Index(index) => &index.media_type,
        }
    }
}

impl Manifest {
    fn read(root: &Object, media_type: String) -> Result<Self, ManifestError> {
        let config = Descriptor::read(root.get("config").unwrap_or(&Json::Null), "config")?;
        let layers = descriptors(root, "layers")?;
        if layers.len() > limits::IMAGE_LAYERS {
            return Err(ManifestError::TooMany(layers.len(), "layers"));
        }
        Ok(Self {
            media_type,
            config,
            layers,
            artifact_type: lenient::text(root, "artifactType"),
            subject: lenient::object(root, "subject")
                .and_then(|subject| lenient::text(subject, "digest")?.parse().ok()),
            annotations: lenient::text_map(root, "annotations"),
        })
    }

    /// Checks that it is an image, with a file system to show.
    ///
    /// # Errors
    /// It is an artifact (a chart, a signature, an attestation); the error names its type.
    pub fn check_image(&self) -> Result<(), ManifestError> {
        if !media_type::is_image_config(&self.config.media_type) {
            let named = self.artifact_type.as_deref();
            return Err(ManifestError::Artifact(shorten(
                named.unwrap_or(&self.config.media_type),
            )));
        }
        // Attestations carry an image's config type, but no layer of a file system.
        match self.layers.first() {
            Some(first)
                if !self
                    .layers
                    .iter()
                    .any(|layer| media_type::is_layer(&layer.media_type)) =>
            {
                let named = self.artifact_type.as_deref();
                Err(ManifestError::Artifact(shorten(
                    named.unwrap_or(&first.media_type),
                )))
            }
            _ => Ok(()),
        }
    }
}

impl Index {
    fn read(root: &Object, media_type: String) -> Result<Self, ManifestError> {
        Ok(Self {
            media_type,
            manifests: descriptors(root, "manifests")?,
            annotations: lenient::text_map(root, "annotations"),
        })
    }
}

/// An index that lists these, each with its platform.
#[cfg(not(target_arch = "wasm32"))]
pub(crate) fn index_of(manifests: &[Descriptor]) -> bytes::Bytes {
    let one = |manifest: &Descriptor| {
        let mut object = serde_json::json!({
            "mediaType": manifest.media_type,
            "digest": manifest.digest.to_string(),
            "size": manifest.size,
        });
        if let (Some(platform), Some(object)) = (&manifest.platform, object.as_object_mut()) {
            let parts = [
                ("architecture", Some(&platform.architecture)),
                ("os", Some(&platform.os)),
                ("os.version", platform.os_version.as_ref()),
                ("variant", platform.variant.as_ref()),
            ];
            let parts = parts.into_iter().filter_map(|(key, value)| {
                let value = value?.as_str().into();
                Some((key.to_owned(), value))
            });
            object.insert(
                "platform".to_owned(),
                serde_json::Value::Object(parts.collect()),
            );
        }
        object
    };
    let manifests: Vec<serde_json::Value> = manifests.iter().map(one).collect();
    let index = serde_json::json!({
        "schemaVersion": 2,
        "mediaType": media_type::OCI_INDEX,
        "manifests": manifests,
    });
    index.to_string().into_bytes().into()
}

/// JSON that is an object and within bounds; how deep it may nest is serde_json's own limit.
fn read_object(bytes: &[u8]) -> Result<Object, ManifestError> {
    if bytes.len() > limits::DOCUMENT_BYTES {
        return Err(ManifestError::TooLarge);
    }
    match Json::document(bytes) {
        Ok(Json::Object(object)) => Ok(object),
        Ok(_) => Err(ManifestError::NotAnObject),
        Err(error) => Err(ManifestError::unread(&error)),
    }
}

/// Whether a field holds something, in whichever case it is written.
fn present(root: &Object, key: &str) -> bool {
    root.all(key).any(|value| !value.is_null())
}

fn descriptors(root: &Object, key: &'static str) -> Result<Vec<Descriptor>, ManifestError> {
    let items = match root.get(key) {
        None | Some(Json::Null) => return Ok(Vec::new()),
        Some(Json::List(items)) => items,
        Some(_) => {
            return Err(ManifestError::Field {
                place: key.to_owned(),
                problem: "it is not a list".to_owned(),
            });
        }
    };
    items
        .iter()
        .enumerate()
        .map(|(at, item)| Descriptor::read(item, &format!("{key}[{at}]")))
        .collect()
}

/// A text of a document for a message: as much as is needed to recognise it, and nothing that a terminal acts on.
fn shorten(text: &str) -> String {
    text.chars()
        .take(120)
        .flat_map(char::escape_debug)
        .collect()
}

#[cfg(test)]
mod tests;
