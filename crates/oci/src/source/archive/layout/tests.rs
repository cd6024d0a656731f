//! Layouts as tools write them, each as a small tar made here.

mod damage;
mod platforms;

use std::sync::Arc;

use futures::executor::block_on;
use onionskin_fixtures::{self as fixtures, Family, Packed, layer, sha256};
use serde_json::{Value, json};

use super::choice::{CONTAINERD_NAME, REF_NAME};
use super::*;
use crate::source::archive::Form;

fn packed(content: &str) -> Packed {
    fixtures::Image::new()
        .layer(layer("COPY a /a").file("/a", content))
        .pack()
}

/// A descriptor with these annotations.
fn descriptor(media_type: &str, bytes: &[u8], annotations: &Value) -> Value {
    json!({"mediaType": media_type, "digest": sha256(bytes), "size": bytes.len(), "annotations": annotations})
}

fn manifest(image: &Packed, annotations: &Value) -> Value {
    descriptor(
        &image.manifest.media_type,
        &image.manifest.bytes,
        annotations,
    )
}

fn name(name: &str) -> Value {
    json!({REF_NAME: name})
}

/// A layout in a tar: what its index lists, and the blobs that are there.
fn layout(listed: &[Value], blobs: &[&[u8]]) -> Bytes {
    let index = json!({"schemaVersion": 2, "manifests": listed}).to_string();
    let mut tar = fixtures::Layer::new()
        .file("oci-layout", r#"{"imageLayoutVersion":"1.0.0"}"#)
        .file("./index.json", index);
    for bytes in blobs {
        let digest = sha256(bytes).replace(':', "/");
        tar = tar.file(format!("blobs/{digest}"), *bytes);
    }
    tar.tar().into()
}

fn blobs(images: &[Packed]) -> Vec<&[u8]> {
    images
        .iter()
        .flat_map(|image| std::iter::once(&image.manifest).chain(image.blobs()))
        .map(|blob| blob.bytes.as_slice())
        .collect()
}

fn open(bytes: Bytes, wanted: Option<&str>) -> Result<Image, SourceError> {
    open_for(bytes, wanted, None)
}

fn open_for(
    bytes: Bytes,
    wanted: Option<&str>,
    platform: Option<&str>,
) -> Result<Image, SourceError> {
    let wanted = wanted.map(str::to_owned);
    let archive = Archive::new("a.tar".to_owned(), Arc::new(bytes), Form::Any, wanted);
    let platform = platform.map(|text| text.parse().unwrap());
    block_on(archive.image(platform.as_ref()))
}

fn problem(bytes: Bytes, wanted: Option<&str>) -> String {
    open(bytes, wanted).unwrap_err().to_string()
}

#[test]
fn an_image_is_all_that_a_registry_would_say_of_it() {
    let images = [packed("one")];
    let bytes = layout(&[manifest(&images[0], &name("app:1"))], &blobs(&images));
    let image = open(bytes.clone(), None).unwrap();
    assert_eq!(image.reference, "docker.io/library/app:1");
    let digest = image.digest.as_ref().map(Digest::to_string);
    assert_eq!(digest, Some(images[0].manifest.digest.clone()));
    assert_eq!(image.layers.len(), 1);
    let size = images[0].layers[0].bytes.len() as u64;
    assert_eq!(image.layers[0].compressed_size, Some(size));
    let archive = Archive::new("a.tar".to_owned(), Arc::new(bytes), Form::Oci, None);
    let stream = archive.layer(&image.layers[0]).unwrap();
    assert_eq!(block_on(stream.whole()).unwrap(), images[0].layers[0].bytes);
}

/// Docker's manifests need not say their type: they have that of the index. What they say has to agree with it.
#[test]
fn a_manifest_without_a_type_has_the_one_it_is_listed_with() {
    let image = packed("one");
    let own: Value = serde_json::from_slice(&image.manifest.bytes).unwrap();
    for listed in [
        "application/vnd.docker.distribution.manifest.v2+json",
        "application/vnd.oci.image.manifest.v1+json",
    ] {
        let open = |manifest: &Value| {
            let bytes = manifest.to_string().into_bytes();
            let index = [descriptor(listed, &bytes, &name("app:1"))];
            let mut held: Vec<&[u8]> = image.blobs().map(|blob| &*blob.bytes).collect();
            held.push(&bytes);
            open(layout(&index, &held), None)
        };
        let mut manifest = own.clone();
        manifest.as_object_mut().unwrap().remove("mediaType");
        assert_eq!(open(&manifest).unwrap().media_type.as_deref(), Some(listed));
        manifest["mediaType"] = json!("application/vnd.oci.image.index.v1+json");
        assert!(open(&manifest).is_err());
    }
}

#[test]
fn names_choose_whole_and_as_tags() {
    let images = [packed("one"), packed("two")];
    let full = "registry.example.com/team/app:2";
    let both = json!({REF_NAME: "2", CONTAINERD_NAME: full});
    let listed = [
        manifest(&images[0], &name("1")),
        manifest(&images[1], &both),
    ];
    let bytes = layout(&listed, &blobs(&images));
    let digest = images[1].manifest.digest.as_str();
    for (wanted, is, called) in [
        ("1", 0, "1"),
        ("@0", 0, "1"),
        ("2", 1, full),
        (full, 1, full),
        (digest, 1, full),
        ("@1", 1, full),
    ] {
        let image = open(bytes.clone(), Some(wanted)).unwrap();
        let digest = image.digest.unwrap().to_string();
        assert_eq!(digest, images[is].manifest.digest, "{wanted}");
        assert_eq!(image.reference, called, "{wanted}");
    }
    for wanted in ["3", "@2", "@x", ""] {
        let text = problem(bytes.clone(), Some(wanted));
        assert!(text.contains("it has 1, registry.example.com"), "{text}");
    }
    let text = problem(bytes, None);
    assert!(
        text.contains("2 images") && text.contains("images; name one"),
        "{text}"
    );
}

#[test]
fn one_image_under_several_names_is_one_image() {
    let images = [packed("one")];
    let listed = [
        manifest(&images[0], &name("1")),
        manifest(&images[0], &name("latest")),
    ];
    let bytes = layout(&listed, &blobs(&images));
    assert!(open(bytes.clone(), None).is_ok());
    assert!(open(bytes, Some("latest")).is_ok());
}

/// An image inside so many indexes, of which each lists the next one so often.
fn nested(depth: usize, times: usize) -> Bytes {
    let images = [packed("one")];
    let oci_index = "application/vnd.oci.image.index.v1+json";
    let mut all: Vec<Vec<u8>> = blobs(&images).into_iter().map(<[u8]>::to_vec).collect();
    let mut top = manifest(&images[0], &json!({}));
    for level in 0..depth {
        let times = if level == 0 { 1 } else { times };
        let index = json!({"schemaVersion": 2, "manifests": vec![top; times]}).to_string();
        top = descriptor(oci_index, index.as_bytes(), &name("app:1"));
        all.push(index.into_bytes());
    }
    let all: Vec<&[u8]> = all.iter().map(Vec::as_slice).collect();
    layout(&[top], &all)
}

#[test]
fn indexes_are_followed_eight_deep_and_no_more_than_sixty_four() {
    // The first one is that which the layout names.
    assert!(open(nested(9, 1), None).is_ok());
    let text = problem(nested(10, 1), None);
    assert!(text.contains("more than 8 deep"), "{text}");
    assert!(open(nested(2, 64), None).is_ok());
    let text = problem(nested(2, 65), None);
    assert!(text.contains("more than 64 indexes"), "{text}");
    // Each twice is 2 + 4 + … + 128 of them.
    let text = problem(nested(8, 2), None);
    assert!(text.contains("more than 64 indexes"), "{text}");
}

#[test]
fn attestations_are_passed_over_and_artifacts_refused_by_name() {
    let image = packed("one");
    let attestation = fixtures::attestation(&image);
    let about = json!({"vnd.docker.reference.type": "attestation-manifest",
        "vnd.docker.reference.digest": image.manifest.digest});
    let listed = [
        manifest(&attestation, &about),
        manifest(&image, &name("app:1")),
    ];
    let images = [image, attestation];
    let opened = open(layout(&listed, &blobs(&images)), None).unwrap();
    let digest = opened.digest.unwrap().to_string();
    assert_eq!(digest, images[0].manifest.digest);

    let helm = fixtures::Image::new()
        .layer(layer("").file("/a", "a"))
        .edit_manifest(|manifest| {
            manifest["config"]["mediaType"] = "application/vnd.cncf.helm.config.v1+json".into();
        })
        .pack();
    let listed = [manifest(&helm, &name("chart"))];
    let text = problem(layout(&listed, &blobs(&[helm])), None);
    let says = "artifact of type application/vnd.cncf.helm.config.v1+json";
    assert!(text.contains(says), "{text}");
}

#[test]
fn documents_in_descriptors_and_sha512_digests_are_read() {
    let image = packed("one");
    let config = image.config.bytes.clone();
    let sha512 = Digest::of(crate::digest::Algorithm::Sha512, &config);
    let mut document: Value = serde_json::from_slice(&image.manifest.bytes).unwrap();
    document["config"]["digest"] = sha512.to_string().into();
    let document = document.to_string();
    let descriptor = || descriptor(&image.manifest.media_type, document.as_bytes(), &name("1"));
    let tar = |index: &Value| {
        fixtures::Layer::new()
            .file("index.json", index.to_string())
            .file(format!("blobs/sha512/{}", sha512.hex()), config.clone())
    };
    let digest = Digest::sha256(document.as_bytes());
    let index = json!({"schemaVersion": 2, "manifests": [descriptor()]});
    let stored = tar(&index).file(blob(&digest), document.clone()).tar();
    let mut inside = descriptor();
    inside["data"] = base64::Engine::encode(
        &base64::engine::general_purpose::STANDARD,
        document.as_bytes(),
    )
    .into();
    let embedded = tar(&json!({"schemaVersion": 2, "manifests": [inside]})).tar();
    for archive in [stored, embedded] {
        let image = open(archive.into(), None).unwrap();
        assert_eq!(image.digest.as_ref(), Some(&digest));
        assert_eq!(image.config_digest, sha512);
    }
}

#[test]
fn what_is_held_is_listed_as_it_can_be_asked_for() {
    let images = [packed("one"), packed("two"), packed("three")];
    let listed = [
        manifest(&images[0], &name("app:1")),
        manifest(&images[1], &name("app:1")),
        manifest(&images[2], &json!({})),
        manifest(&images[2], &name("app:3")),
    ];
    let bytes = layout(&listed, &blobs(&images));
    let all = |bytes: Bytes| {
        let archive = Archive::new("a.tar".to_owned(), Arc::new(bytes), Form::Any, None);
        block_on(archive.list()).unwrap()
    };
    let found = all(bytes.clone());
    let said: Vec<_> = found
        .iter()
        .map(|image| (image.reference.as_str(), image.names.join(" ")))
        .collect();
    // Two platforms of one name, and an image that is there with a name and without.
    assert_eq!(
        said,
        [("app:1", "app:1".to_owned()), ("@2", "app:3".to_owned())]
    );
    for image in found {
        open(bytes.clone(), Some(&image.reference)).unwrap();
    }
    // What is one image for several platforms is no choice; several images are.
    let unnamed = images.each_ref().map(|image| manifest(image, &json!({})));
    let found = all(layout(&unnamed, &blobs(&images)));
    let said: Vec<_> = found.iter().map(|image| image.reference.as_str()).collect();
    assert_eq!(said, ["@0", "@1", "@2"]);
    let platforms = PLATFORMS.map(built_for);
    let unnamed = platforms
        .each_ref()
        .map(|image| manifest(image, &json!({})));
    assert_eq!(all(layout(&unnamed, &blobs(&platforms))).len(), 1);
}

#[test]
fn several_images_without_names_are_refused_unless_they_are_platforms_of_one() {
    let images = [packed("one"), packed("two")];
    let listed = images.each_ref().map(|image| manifest(image, &json!({})));
    let bytes = layout(&listed, &blobs(&images));
    for platform in [None, Some("linux/amd64")] {
        let error = open_for(bytes.clone(), None, platform).unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("has 2 images; name one")
                && text.contains("@0 (without a name), @1 (without a name)"),
            "{text}"
        );
    }
    let second = open(bytes, Some("@1")).unwrap().digest.unwrap();
    assert_eq!(second.to_string(), images[1].manifest.digest);
    // Neither index names platforms; the configurations do.
    let platforms = PLATFORMS.map(built_for);
    let listed = platforms
        .each_ref()
        .map(|image| manifest(image, &json!({})));
    let bytes = layout(&listed, &blobs(&platforms));
    for (wanted, is) in [(None, "linux/amd64"), (Some("linux/s390x"), "linux/s390x")] {
        let image = open_for(bytes.clone(), None, wanted).unwrap();
        assert_eq!(image.platform.unwrap().to_string(), is);
    }
}

#[test]
fn signatures_attestations_and_what_an_index_lists_are_no_choice() {
    let image = packed("one");
    let hex = image.manifest.hex();
    let plain = |edit: fn(&mut Value)| {
        let image = fixtures::Image::new().layer(layer("COPY a /a").file("/a", "other"));
        image.edit_manifest(edit).pack()
    };
    // cosign's has an image's configuration; a name tells what it is.
    let signature = packed("signature");
    let signed = manifest(&signature, &name(&format!("sha256-{hex}.sig")));
    let mut all = vec![
        (image.clone(), manifest(&image, &json!({}))),
        (signature, signed),
    ];
    let referrer = plain(|manifest| {
        let digest = format!("sha256:{}", "a".repeat(64));
        manifest["subject"] = json!({"mediaType": "application/vnd.oci.image.manifest.v1+json",
            "digest": digest, "size": 1});
    });
    let artifact = plain(|manifest| {
        manifest["artifactType"] = "application/spdx+json".into();
    });
    let chart = plain(|manifest| {
        manifest["config"]["mediaType"] = "application/vnd.cncf.helm.config.v1+json".into();
    });
    let typed = packed("typed");
    let mut listed_as = manifest(&typed, &json!({}));
    listed_as["artifactType"] = "application/vnd.example".into();
    for other in [referrer, artifact, chart] {
        let listed = manifest(&other, &json!({}));
        all.push((other, listed));
    }
    all.push((typed, listed_as));
    let (mut images, listed): (Vec<Packed>, Vec<Value>) = all.into_iter().unzip();
    let bytes = layout(&listed, &blobs(&images));
    let opened = open(bytes.clone(), None).unwrap();
    assert_eq!(
        opened.digest.unwrap().to_string(),
        images[0].manifest.digest
    );
    let archive = Archive::new("a.tar".to_owned(), Arc::new(bytes), Form::Any, None);
    assert_eq!(block_on(archive.list()).unwrap().len(), 1);
    // An index and the image that it has.
    images.truncate(1);
    let index = fixtures::index(Family::Oci, &images);
    let listed = [
        manifest(&images[0], &json!({})),
        descriptor(&index.media_type, &index.bytes, &json!({})),
    ];
    let mut saved = blobs(&images);
    saved.push(&index.bytes);
    assert!(open(layout(&listed, &saved), None).is_ok());
}

/// An image for a platform, with a layer that all of them share.
fn built_for(platform: &str) -> Packed {
    fixtures::Image::new()
        .platform(platform)
        .layer(layer("COPY shared /shared").file("/shared", "for all"))
        .layer(layer("COPY own /own").file("/own", platform))
        .pack()
}

const PLATFORMS: [&str; 3] = ["linux/amd64", "linux/arm64", "linux/s390x"];
