//! `dir:` of skopeo: `manifest.json` is the manifest or the index itself, each blob a file called as the hex digits of
//! its digest, and each manifest that the index lists one called `HEX.manifest.json`.
//!
//! Source: containers/image, directory/directory_transport.go. The form has no names for images.

use bytes::Bytes;

use super::files::Files;
use super::layout::Layout;
#[cfg(not(target_arch = "wasm32"))]
use super::layout::Top;
use super::{Archive, Inside};
use crate::digest::Digest;
use crate::json::Json;
#[cfg(not(target_arch = "wasm32"))]
use crate::manifest::Document;
use crate::platform::Platform;
use crate::source::SourceError;
use crate::source::fetched::Fetched;
use crate::source::image::Image;
use crate::source::open;

const MANIFEST: &str = "manifest.json";

/// Whether a `manifest.json` with these bytes is a manifest or an index, and not a list of images as `docker save`
/// writes it.
pub(super) fn is_manifest(bytes: &[u8]) -> bool {
    let Ok(Json::Object(object)) = Json::document(bytes) else {
        return false;
    };
    ["schemaVersion", "mediaType", "layers", "manifests"]
        .iter()
        .any(|key| object.get(key).is_some())
}

/// Reads its image.
pub(super) async fn image(
    archive: &Archive,
    files: &Files,
    platform: Option<&Platform>,
) -> Result<Image, SourceError> {
    let bytes = manifest(archive, files).await?;
    let layout = Layout::new(archive, files, Inside::Directory);
    let top = Fetched {
        digest: Digest::sha256(&bytes),
        bytes,
        content_type: None,
    };
    let mut image = open::image(&layout, top, None, platform).await?;
    let digest = image.index_digest.as_ref().or(image.digest.as_ref());
    image.reference = digest.map_or_else(String::new, Digest::to_string);
    layout.place(&mut image.layers);
    Ok(image)
}

/// Its one image.
pub(super) async fn list(
    archive: &Archive,
    files: &Files,
) -> Result<Vec<super::ListedImage>, SourceError> {
    manifest(archive, files).await?;
    Ok(vec![super::ListedImage {
        reference: "@0".to_owned(),
        names: Vec::new(),
    }])
}

/// What a registry would give for it.
#[cfg(not(target_arch = "wasm32"))]
pub(super) async fn top(archive: &Archive, files: &Files) -> Result<Top, SourceError> {
    let bytes = manifest(archive, files).await?;
    let document = Document::parse(&bytes, None);
    let document = document.map_err(|problem| archive.unusable(MANIFEST, problem))?;
    let digest = Digest::sha256(&bytes);
    Ok(Top {
        reference: digest.to_string(),
        digest,
        made: Some((document.media_type().to_owned(), bytes)),
    })
}

pub(super) async fn manifest(archive: &Archive, files: &Files) -> Result<Bytes, SourceError> {
    if archive.reference.is_some() && archive.place_asked() != Some(Some(0)) {
        return Err(archive.wrong("has one image, without a name; leave the name out".to_owned()));
    }
    let Some(stored) = archive.find(files, MANIFEST)? else {
        return Err(archive.wrong(
            "not a folder that `skopeo copy … dir:` wrote: it has no manifest.json".to_owned(),
        ));
    };
    let bytes = archive.document(&stored, MANIFEST).await?;
    if matches!(Json::document(&bytes), Ok(Json::List(_))) {
        return Err(archive.wrong(
            "it is an unpacked archive of `docker save`; open the archive itself, or pack the folder with tar"
                .to_owned(),
        ));
    }
    Ok(bytes)
}
