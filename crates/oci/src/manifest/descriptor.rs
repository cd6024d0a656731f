//! Descriptors: what a document says about another one or about a blob.

use std::collections::BTreeMap;

use base64::Engine as _;

use super::{ManifestError, lenient, media_type, shorten};
use crate::digest::Digest;
use crate::json::{Json, Object};
use crate::platform::{self, Platform};

/// What a document says of bytes that are stored elsewhere: their type, digest and size (OCI image specification,
/// descriptor.md).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Descriptor {
    /// What the bytes are; empty where the document did not say.
    pub media_type: String,
    /// The digest of the bytes.
    pub digest: Digest,
    /// The number of bytes.
    pub size: u64,
    /// The bytes themselves where the document embeds them; they match digest and size.
    pub data: Option<Vec<u8>>,
    /// URLs of other places that have the bytes. They are any hosts that a document names.
    pub urls: Vec<String>,
    /// Annotations (OCI image specification, annotations.md).
    pub annotations: BTreeMap<String, String>,
    /// What it runs on, in an index.
    pub platform: Option<Platform>,
    /// The artifact's type, in an index.
    pub artifact_type: Option<String>,
}

impl Descriptor {
    /// Reads the descriptor that stands at `place` of a document (`layers[3]`).
    pub(super) fn read(value: &Json, place: &str) -> Result<Self, ManifestError> {
        let wrong = |field: &str, problem: String| ManifestError::Field {
            place: format!("{place}{field}"),
            problem,
        };
        let object = value
            .as_object()
            .ok_or_else(|| wrong("", "it is not an object".to_owned()))?;
        let digest: Digest = object
            .get("digest")
            .and_then(Json::as_str)
            .ok_or_else(|| wrong(".digest", "there is none".to_owned()))?
            .parse()
            .map_err(|error| wrong(".digest", format!("{error}")))?;
        let size = object
            .get("size")
            .ok_or_else(|| wrong(".size", "there is none".to_owned()))?;
        let size = size
            .as_u64()
            .filter(|size| i64::try_from(*size).is_ok())
            .ok_or_else(|| {
                wrong(
                    ".size",
                    format!("{} is not a number of bytes", shorten(&size.to_string())),
                )
            })?;
        let data = match object.get("data").and_then(Json::as_str) {
            Some(data) => {
                let data = base64::engine::general_purpose::STANDARD
                    .decode(data)
                    .map_err(|error| wrong(".data", format!("it is not base64: {error}")))?;
                if data.len() as u64 != size || Digest::of(digest.algorithm(), &data) != digest {
                    return Err(wrong(
                        ".data",
                        "it does not match the digest and size beside it".to_owned(),
                    ));
                }
                Some(data)
            }
            None => None,
        };
        Ok(Self {
            media_type: lenient::text(object, "mediaType").unwrap_or_default(),
            digest,
            size,
            data,
            urls: lenient::texts(object, "urls").unwrap_or_default(),
            annotations: lenient::text_map(object, "annotations"),
            platform: lenient::object(object, "platform").and_then(platform),
            artifact_type: lenient::text(object, "artifactType"),
        })
    }

    /// Whether it is one of BuildKit's attestations about another image of the same index.
    #[must_use]
    pub fn is_attestation(&self) -> bool {
        let kind = self.annotations.get("vnd.docker.reference.type");
        kind.is_some_and(|kind| kind == "attestation-manifest")
    }

    /// Whether it says that it is of something else than an image (OCI image specification, image-index.md, `artifactType`).
    #[must_use]
    pub fn is_artifact(&self) -> bool {
        let kind = self.artifact_type.as_deref();
        kind.is_some_and(|kind| !media_type::is_image_config(kind))
    }
}

/// The platform that `os`, `architecture`, `variant` and `os.version` of an object say.
pub(super) fn platform(object: &Object) -> Option<Platform> {
    // Text that no platform's name has names none; nobody could ask for it.
    let part = |key: &str| lenient::text(object, key).filter(|text| platform::is_part(text));
    let (os, architecture) = (part("os")?, part("architecture")?);
    Some(Platform {
        os_version: part("os.version"),
        ..Platform::new(&os, &architecture, part("variant").as_deref())
    })
}
