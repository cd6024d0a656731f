//! A document of an image as its bytes are: configuration, manifest, index, and what refers to it. Nothing of it is shown
//! before its digest is verified, where it has one.

use std::cell::RefCell;
use std::io::Write as _;
use std::rc::Rc;

use onionskin_core::digest::Digest;
use onionskin_core::source::SourceError;
use onionskin_core::source::registry::TagOrDigest;
use serde_json::Value;

use super::content;
use super::file::BlobWriter;
use super::image_worker::ImageWorker;
use super::origin::Origin;
use super::protocol::{DocumentFacts, DocumentPart, ReadDocument, UserError};
use super::registries::RegistryImage;
use super::saved_reader;

/// MiB of a document that is read; manifests and configurations have at most 4 MB, SBOMs more.
const LARGEST_MIB: usize = 64;
/// Documents that one names, as far as they are told.
const PARTS: usize = 200;

/// Reads a document, and tells what it is.
pub(crate) async fn read(
    worker: Rc<RefCell<ImageWorker>>,
    asked: ReadDocument,
) -> Result<Box<DocumentFacts>, UserError> {
    let missing = |detail: &str| UserError::of_content(detail);
    // What has another name than a digest stands at the top of a saved image.
    let digest: Option<Digest> = asked.name.parse().ok();
    let (round, config, source) = {
        let mut worker = worker.borrow_mut();
        let round = worker.begin_reading();
        let image = worker.image.as_ref();
        let image = image.ok_or_else(|| missing("the image is not read"))?;
        let raw = image.raw_config.as_bytes();
        let is_config = digest.as_ref().is_some_and(|digest| {
            image.config_digest == *digest && Digest::of(digest.algorithm(), raw) == *digest
        });
        let config = is_config.then(|| raw.to_vec());
        let reading = worker.reading.as_ref();
        (round, config, reading.map(|reading| reading.source.clone()))
    };
    let (origin, file) = source.map_or((None, None), |source| (Some(source.origin), source.file));
    let (bytes, media_type) = match (config, origin, &digest) {
        (Some(bytes), ..) => (bytes, None),
        (None, Some(Origin::Registry(place)), Some(digest)) => fetched(&place, digest).await?,
        (None, Some(Origin::Registry(_)), None) => {
            return Err(missing("the link does not name a digest"));
        }
        (None, Some(Origin::File(name)), _) => {
            // It is here: the image was opened by it.
            let reader = saved_reader::reader().zip(file);
            let (reader, file) = reader.ok_or_else(|| UserError::of_worker(0))?;
            let document = (reader.document)((name, file), asked.name.clone());
            (document.await?, None)
        }
        (None, Some(Origin::Analysis) | None, _) => {
            return Err(missing(
                "only the configuration of a saved analysis can be shown",
            ));
        }
    };
    let problem = |error: std::io::Error| UserError::of_file(&error.to_string());
    let mut kept = BlobWriter::new().map_err(problem)?;
    kept.write_all(&bytes).map_err(problem)?;
    kept.flush().map_err(problem)?;
    let of = content::ContentOrigin {
        digest: digest.unwrap_or_else(|| Digest::sha256(&bytes)).to_string(),
        path: asked.name.into_bytes(),
        stored_in: 0,
    };
    let content = content::keep(&worker, round, kept, of)?;
    let json: Option<Value> = serde_json::from_slice(&bytes).ok();
    let named = json.as_ref().and_then(|json| text(json, "mediaType"));
    Ok(Box::new(DocumentFacts {
        content,
        media_type: media_type.or(named),
        parts: json.as_ref().map(parts).unwrap_or_default(),
    }))
}

/// A manifest or index of the image's repository, or a blob of it.
async fn fetched(
    place: &RegistryImage,
    digest: &Digest,
) -> Result<(Vec<u8>, Option<String>), UserError> {
    let remote = place.remote()?;
    let failed = |error: SourceError| UserError::of_list(&error);
    match remote.manifest(&TagOrDigest::Digest(digest.clone())).await {
        Ok(fetched) => return Ok((fetched.bytes.to_vec(), fetched.content_type)),
        Err(SourceError::NotFound { .. }) => {}
        Err(error) => return Err(failed(error)),
    }
    let blob = remote.blob(digest, None).await.map_err(failed)?;
    let mut blob = blob.verified(digest.clone());
    let mut bytes = Vec::new();
    while let Some(chunk) = blob.next_chunk().await.map_err(failed)? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > LARGEST_MIB << 20 {
            return Err(UserError::of_content(&format!(
                "it is larger than {LARGEST_MIB} MiB"
            )));
        }
    }
    Ok((bytes, None))
}

fn text(json: &Value, key: &str) -> Option<String> {
    json.get(key)?.as_str().map(str::to_owned)
}

/// The documents and blobs that a manifest or an index names.
fn parts(json: &Value) -> Vec<DocumentPart> {
    let listed = ["layers", "manifests", "blobs"].into_iter();
    let listed = listed.filter_map(|key| json.get(key)?.as_array()).flatten();
    let config = json.get("config").into_iter();
    let subject = json.get("subject").into_iter();
    let all = subject.chain(config).chain(listed);
    let part = |descriptor: &Value| {
        let annotations = descriptor.get("annotations");
        let title = |key: &str| annotations.and_then(|annotations| text(annotations, key));
        let platform = descriptor.get("platform").map(|platform| {
            let parts = ["os", "architecture", "variant"].into_iter();
            let parts = parts.filter_map(|key| text(platform, key));
            parts.collect::<Vec<_>>().join("/")
        });
        Some(DocumentPart {
            digest: text(descriptor, "digest")?,
            media_type: text(descriptor, "mediaType").unwrap_or_default(),
            size: descriptor
                .get("size")
                .and_then(Value::as_u64)
                .unwrap_or_default(),
            title: title("in-toto.io/predicate-type")
                .or_else(|| title("org.opencontainers.image.title"))
                .or(platform),
        })
    };
    all.filter_map(part).take(PARTS).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn what_a_document_names_is_told() {
        let told = parts(&json!({
            "config": { "digest": "sha256:1", "mediaType": "c", "size": 1 },
            "layers": [
                { "digest": "sha256:2", "mediaType": "application/vnd.in-toto+json", "size": 2,
                  "annotations": { "in-toto.io/predicate-type": "https://slsa.dev/provenance/v1" } },
                { "mediaType": "without a digest" }, 3
            ],
            "manifests": [{ "digest": "sha256:3", "platform": { "os": "linux", "architecture": "arm64" } }]
        }));
        let digests: Vec<&str> = told.iter().map(|part| part.digest.as_str()).collect();
        assert_eq!(digests, ["sha256:1", "sha256:2", "sha256:3"]);
        assert_eq!(
            told[1].title.as_deref(),
            Some("https://slsa.dev/provenance/v1")
        );
        assert_eq!(told[2].title.as_deref(), Some("linux/arm64"));
        assert!(parts(&json!([1])).is_empty() && parts(&json!({ "layers": {} })).is_empty());
    }
}
