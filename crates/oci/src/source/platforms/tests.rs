//! Indexes of a registry whose descriptors name no platforms, and what is asked of the registry to choose one.

use std::collections::{HashMap, HashSet};
use std::sync::Mutex;

use bytes::Bytes;
use futures::executor::block_on;
use onionskin_fixtures::{Image as Built, Packed, layer, sha256};
use serde_json::{Value, json};

use super::*;
use crate::manifest::media_type::OCI_INDEX;
use crate::source::Image;
use crate::source::fetched::Fetched;

const ARM: &str = "linux/arm64";
const AMD: &str = "linux/amd64";

/// What a registry holds by digest, and which of it was asked for.
#[derive(Default)]
struct Registry {
    held: HashMap<String, Vec<u8>>,
    /// What it does not give out for now.
    busy: HashSet<String>,
    asked: Mutex<Vec<String>>,
}

impl Registry {
    fn get(&self, digest: &Digest) -> Result<Bytes, SourceError> {
        let digest = digest.to_string();
        self.asked.lock().unwrap().push(digest.clone());
        if self.busy.contains(&digest) {
            return Err(SourceError::TooManyRequests {
                registry: self.what(),
                retry: None,
                limit: String::new(),
            });
        }
        match self.held.get(&digest) {
            Some(bytes) => Ok(bytes.clone().into()),
            None => Err(SourceError::NotFound {
                what: digest,
                place: self.what(),
                reason: String::new(),
            }),
        }
    }

    /// Stores an image for this platform and describes it without one.
    fn push(&mut self, platform: &str) -> (Packed, Value) {
        let image = Built::new()
            .platform(platform)
            .layer(layer("COPY own /own").file("/own", platform))
            .pack();
        for blob in [&image.manifest, &image.config] {
            self.held.insert(blob.digest.clone(), blob.bytes.clone());
        }
        let manifest = &image.manifest;
        let listed = described(&manifest.media_type, &manifest.bytes);
        (image, listed)
    }

    /// Stores an image and describes it, without a platform.
    fn unnamed(&mut self, platform: &str) -> Value {
        self.push(platform).1
    }

    /// Stores an image and describes it as one for its platform.
    fn named(&mut self, platform: &str) -> Value {
        listed_for(platform, self.unnamed(platform))
    }

    fn index(&mut self, listed: &[Value]) -> Value {
        let index = json!({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": listed});
        let index = index.to_string().into_bytes();
        let described = described(OCI_INDEX, &index);
        self.held.insert(sha256(&index), index);
        described
    }

    /// Opens an index of these, which is not counted as asked for.
    fn open(&mut self, listed: &[Value], wanted: Option<&str>) -> Result<Image, SourceError> {
        let index = self.index(listed);
        let digest = index["digest"].as_str().unwrap();
        let top = Fetched {
            bytes: self.held[digest].clone().into(),
            content_type: None,
            digest: digest.parse().unwrap(),
        };
        self.asked.lock().unwrap().clear();
        let wanted: Option<Platform> = wanted.map(|text| text.parse().unwrap());
        block_on(Image::open(self, top, wanted.as_ref()))
    }

    /// How many requests the last image took.
    fn requests(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

impl Documents for Registry {
    fn what(&self) -> String {
        "registry.example.com/app:1".to_owned()
    }

    async fn manifest(&self, digest: &Digest) -> Result<Fetched, SourceError> {
        Ok(Fetched {
            bytes: self.get(digest)?,
            content_type: None,
            digest: digest.clone(),
        })
    }

    async fn blob(&self, digest: &Digest, _: u64) -> Result<Bytes, SourceError> {
        self.get(digest)
    }
}

fn described(media_type: &str, bytes: &[u8]) -> Value {
    json!({"mediaType": media_type, "digest": sha256(bytes), "size": bytes.len()})
}

fn listed_for(platform: &str, mut listed: Value) -> Value {
    let (os, architecture) = platform.split_once('/').unwrap();
    listed["platform"] = json!({"os": os, "architecture": architecture});
    listed
}

fn own(image: &Image) -> String {
    image.platform.as_ref().unwrap().to_string()
}

fn all(image: &Image) -> Vec<String> {
    image.platforms.iter().map(Platform::to_string).collect()
}

#[test]
fn configurations_tell_the_platforms_that_an_index_does_not() {
    let mut registry = Registry::default();
    let unnamed = [registry.unnamed(ARM), registry.unnamed(AMD)];
    for (wanted, is) in [(None, AMD), (Some(AMD), AMD), (Some(ARM), ARM)] {
        let image = registry.open(&unnamed, wanted).unwrap();
        assert_eq!(own(&image), is, "{wanted:?}");
        assert_eq!(all(&image), [ARM, AMD]);
    }
    let error = registry.open(&unnamed, Some("linux/s390x")).unwrap_err();
    let text = error.to_string();
    assert!(text.ends_with("it has linux/arm64, linux/amd64"), "{text}");
    // The usual one is chosen where only the other one is named.
    let partly = [registry.unnamed(AMD), registry.named(ARM)];
    let image = registry.open(&partly, None).unwrap();
    assert_eq!(own(&image), AMD);
    assert_eq!(all(&image), [AMD, ARM]);
}

#[test]
fn the_only_image_of_an_index_is_refused_for_another_platform() {
    let mut registry = Registry::default();
    let only = [registry.unnamed(ARM)];
    for wanted in [None, Some(ARM)] {
        let image = registry.open(&only, wanted).unwrap();
        assert_eq!(own(&image), ARM);
        assert_eq!(all(&image), [ARM]);
        // Its manifest and its configuration.
        assert_eq!(registry.requests(), 2);
    }
    let error = registry.open(&only, Some(AMD)).unwrap_err();
    let text = error.to_string();
    assert!(
        text.ends_with("has no image for linux/amd64; it has linux/arm64"),
        "{text}"
    );
}

#[test]
fn an_index_inside_another_one_has_the_platform_that_it_is_listed_for() {
    let mut registry = Registry::default();
    let inner = [registry.unnamed(ARM)];
    let inner = listed_for(ARM, registry.index(&inner));
    let outer = [inner, registry.named(AMD)];
    for wanted in [ARM, AMD] {
        let image = registry.open(&outer, Some(wanted)).unwrap();
        assert_eq!(own(&image), wanted);
        assert_eq!(all(&image), [ARM, AMD]);
        // The inner index, the manifest, the configuration.
        assert_eq!(registry.requests(), 3);
    }
}

#[test]
fn where_the_choice_is_clear_nothing_more_is_asked_for() {
    let mut registry = Registry::default();
    let named = [registry.named(ARM), registry.named(AMD)];
    let partly = [registry.unnamed(ARM), registry.named(AMD)];
    for (listed, wanted) in [
        (&named, None),
        (&named, Some(ARM)),
        (&partly, None),
        (&partly, Some(AMD)),
    ] {
        registry.open(listed, wanted).unwrap();
        assert_eq!(registry.requests(), 2, "{wanted:?}");
    }
    // No image for it is named, so that it may be the one whose platform is not.
    assert_eq!(own(&registry.open(&partly, Some(ARM)).unwrap()), ARM);
}

#[test]
fn attestations_and_artifacts_are_not_asked_for() {
    let mut registry = Registry::default();
    let mut artifact = registry.unnamed("linux/s390x");
    artifact["artifactType"] = "application/vnd.example".into();
    let mut attestation = registry.unnamed("linux/riscv64");
    attestation["annotations"] = json!({"vnd.docker.reference.type": "attestation-manifest"});
    let unknown = listed_for("unknown/unknown", registry.unnamed("linux/ppc64le"));
    let others = [artifact, attestation, unknown];
    let images = [registry.unnamed(AMD), registry.named(ARM)];
    let image = registry.open(&[&others[..], &images].concat(), None);
    assert_eq!(all(&image.unwrap()), [AMD, ARM]);
    let asked = registry.asked.lock().unwrap();
    for other in others {
        assert!(!asked.contains(&other["digest"].as_str().unwrap().to_owned()));
    }
}

#[test]
fn no_more_than_sixteen_images_are_asked_for_and_each_once() {
    let mut registry = Registry::default();
    let mut listed: Vec<Value> = (0..20)
        .map(|number| registry.unnamed(&format!("linux/cpu{number}")))
        .collect();
    listed = [&listed[..8], &listed].concat();
    let error = registry.open(&listed, None).unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("more than 16 images without a platform"),
        "{text}"
    );
    assert_eq!(registry.requests(), 16 * 2);
    // Whoever names one that was found gets it.
    let image = registry.open(&listed, Some("linux/cpu3")).unwrap();
    assert_eq!(own(&image), "linux/cpu3");
    assert_eq!(image.platforms.len(), 8 + 16);
    let to_open = 2;
    assert_eq!(registry.requests(), 16 * 2 + to_open);
}

#[test]
fn what_is_found_already_needs_no_further_answers() {
    let mut registry = Registry::default();
    let usual = registry.unnamed(AMD);
    let (image, other) = registry.push(ARM);
    registry.busy.insert(image.config.digest);
    let image = registry.open(&[usual, other], None).unwrap();
    assert_eq!(own(&image), AMD);
    assert_eq!(all(&image), [AMD]);
}

#[test]
fn what_is_missing_is_no_choice_and_a_busy_registry_is_told() {
    let mut registry = Registry::default();
    let (missing, gone) = registry.push("linux/s390x");
    registry.held.remove(&missing.manifest.digest);
    let (image, usual) = registry.push(AMD);
    let listed = [gone, usual, registry.named(ARM)];
    assert_eq!(own(&registry.open(&listed, None).unwrap()), AMD);
    // The other one is not taken only because this one is not to be had for now.
    registry.busy.insert(image.config.digest);
    let error = registry.open(&listed, None).unwrap_err();
    assert!(
        matches!(error, SourceError::TooManyRequests { .. }),
        "{error}"
    );
}
