//! Every generation of saved images, each as a small tar made here.

use futures::executor::block_on;
use serde_json::json;

use super::*;
use crate::source::archive::Form;
use bytes::Bytes;
use std::sync::Arc;

enum Member<'a> {
    File(&'a [u8]),
    Symlink(&'a str),
    HardLink(&'a str),
}
use Member::{File, HardLink, Symlink};

/// An outer tar of these members, in this order.
fn tar(members: &[(&str, Member<'_>)]) -> Bytes {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, member) in members {
        let mut header = tar::Header::new_gnu();
        header.set_mode(0o644);
        let mut link = |kind, target: &str| {
            header.set_entry_type(kind);
            header.set_size(0);
            builder.append_link(&mut header, name, target).unwrap();
        };
        match member {
            Symlink(target) => link(tar::EntryType::Symlink, target),
            HardLink(target) => link(tar::EntryType::Link, target),
            File(content) => {
                header.set_size(content.len() as u64);
                builder.append_data(&mut header, name, *content).unwrap();
            }
        }
    }
    builder.into_inner().unwrap().into()
}

fn archive(bytes: Bytes, reference: Option<&str>) -> Archive {
    Archive::new(
        "a.tar".to_owned(),
        Arc::new(bytes),
        Form::Docker,
        reference.map(str::to_owned),
    )
}

fn open(bytes: Bytes, reference: Option<&str>) -> Result<Image, SourceError> {
    block_on(archive(bytes, reference).image(None))
}

fn problem(bytes: Bytes, reference: Option<&str>) -> String {
    open(bytes, reference).unwrap_err().to_string()
}

fn config() -> Vec<u8> {
    let diff_ids = [
        Digest::sha256(b"first").to_string(),
        Digest::sha256(b"second").to_string(),
    ];
    let config = json!({"os": "linux", "architecture": "amd64", "rootfs": {"diff_ids": diff_ids},
        "history": [{"created_by": "one"}, {"created_by": "two", "empty_layer": true}, {"created_by": "three"}]});
    config.to_string().into_bytes()
}

fn manifest(config: &str, tags: &[&str], layers: &[&str]) -> Vec<u8> {
    json!([{"Config": config, "RepoTags": tags, "Layers": layers}])
        .to_string()
        .into_bytes()
}

/// The bytes of each layer as the archive streams them.
fn layers(bytes: &Bytes) -> Vec<Vec<u8>> {
    let archive = archive(bytes.clone(), None);
    let image = block_on(archive.image(None)).unwrap();
    let read = |layer: &Layer| {
        let mut stream = archive.layer(layer).unwrap();
        let mut content = Vec::new();
        while let Some(chunk) = block_on(stream.next_chunk()).unwrap() {
            content.extend_from_slice(&chunk);
        }
        content
    };
    image.layers.iter().map(read).collect()
}

#[test]
fn every_generation_is_read_wherever_manifest_json_stands() {
    let config = config();
    let id = Digest::sha256(&config);
    let (json, blob, kaniko) = (
        format!("{}.json", id.hex()),
        format!("blobs/sha256/{}", id.hex()),
        id.to_string(),
    );
    let long = format!("{}/layer.tar", "d".repeat(150));
    for (config_name, first, second) in [
        (&json, "aa/layer.tar", "bb/layer.tar"),
        (&json, "1.tar", "2.tar"),
        (&blob, "blobs/sha256/11", "blobs/sha256/22"),
        (&kaniko, "x.tar", "y.tar"),
        (&json, &long, "./z.tar"),
    ] {
        let manifest = manifest(config_name, &["app:1"], &[first, second]);
        let parts = [
            (first, File(b"first")),
            (config_name.as_str(), File(&config)),
            (second, File(b"second")),
            ("manifest.json", File(&manifest)),
        ];
        let bytes = tar(&parts);
        assert_eq!(
            layers(&bytes),
            [b"first".to_vec(), b"second".to_vec()],
            "{first}"
        );
        let image = open(bytes, None).unwrap();
        assert_eq!(image.reference, "docker.io/library/app:1");
        assert_eq!(image.config_digest, id);
        assert_eq!(image.platform, Some(Platform::default_choice()));
        assert_eq!(image.remarks, Vec::<String>::new());
        let layer = &image.layers[1];
        assert_eq!((&layer.digest, layer.compressed_size), (&None, None));
        assert_eq!(layer.diff_id, Some(Digest::sha256(b"second")));
        assert_eq!(layer.created_by.as_deref(), Some("three"));
    }
}

#[test]
fn layers_may_be_links_to_another_layers_tar() {
    let manifest = manifest("c.json", &[], &["bb/layer.tar", "cc/layer.tar"]);
    let config = config();
    let bytes = tar(&[
        ("bb/layer.tar", Symlink("../aa/layer.tar")),
        ("cc/layer.tar", HardLink("bb/layer.tar")),
        ("aa/layer.tar", File(b"first")),
        ("c.json", File(&config)),
        ("manifest.json", File(&manifest)),
    ]);
    assert_eq!(layers(&bytes), [b"first", b"first"]);
    assert_eq!(
        open(bytes, None).unwrap().reference,
        Digest::sha256(&config).to_string()
    );
}

#[test]
fn links_that_lead_round_or_out_are_a_missing_layer() {
    let manifest = manifest("c.json", &[], &["a", "b"]);
    for target in ["b", "../../etc/passwd"] {
        let bytes = tar(&[
            ("a", Symlink(target)),
            ("b", Symlink("a")),
            ("c.json", File(b"{}")),
            ("manifest.json", File(&manifest)),
        ]);
        assert!(problem(bytes, None).contains("layer 1 should be its member \"a\""));
    }
}

#[test]
fn compressed_members_have_a_blob_and_plain_ones_do_not() {
    let gzip = [0x1f, 0x8b, 8, 0, 0, 0, 0];
    let digest = Digest::sha256(&gzip);
    let name = format!("blobs/sha256/{}", digest.hex());
    let manifest = manifest("c.json", &[], &[&name, "k.tar.gz"]);
    let bytes = tar(&[
        ("manifest.json", File(&manifest)),
        (&name, File(&gzip)),
        ("k.tar.gz", File(&gzip)),
        ("c.json", File(b"{}")),
    ]);
    let layers = open(bytes, None).unwrap().layers;
    assert_eq!(
        (layers[0].digest.clone(), layers[0].compressed_size),
        (Some(digest), Some(7))
    );
    assert_eq!(
        (layers[1].digest.clone(), layers[1].compressed_size),
        (None, Some(7))
    );
}

#[test]
fn of_several_images_one_has_to_be_named() {
    let manifest = json!([
        {"Config": "a.json", "RepoTags": ["app:1", "app:2"], "Layers": []},
        {"Config": "b.json", "RepoTags": null, "Layers": null},
    ]);
    let manifest = manifest.to_string().into_bytes();
    let bytes = tar(&[
        ("manifest.json", File(&manifest)),
        ("a.json", File(br#"{"author":"a"}"#)),
        ("b.json", File(br#"{"author":"b"}"#)),
    ]);
    let text = problem(bytes.clone(), None);
    assert!(
        text.contains("2 images") && text.contains("app:1, app:2, @1 (without a name)"),
        "{text}"
    );
    for (wanted, author) in [
        ("app:2", "a"),
        ("docker.io/library/app:1", "a"),
        ("@1", "b"),
    ] {
        let image = open(bytes.clone(), Some(wanted)).unwrap();
        assert_eq!(image.config.author.as_deref(), Some(author), "{wanted}");
    }
    for wanted in ["app:3", "@2", "@x", ""] {
        assert!(
            problem(bytes.clone(), Some(wanted)).contains("app:1, app:2"),
            "{wanted}"
        );
    }
}

#[test]
fn what_is_no_docker_archive_is_named() {
    let gzip = Bytes::from_static(&[0x1f, 0x8b, 8, 0]);
    assert!(problem(gzip, None).contains("it is compressed with gzip"));
    assert!(problem(tar(&[("x", File(b""))]), None).contains("no manifest.json"));
    assert!(problem(Bytes::new(), None).contains("no manifest.json"));
    assert!(problem(Bytes::from(vec![b'x'; 2000]), None).contains("not a tar"));
    assert!(problem(tar(&[("manifest.json", File(b"{}"))]), None).contains("not a list"));
    assert!(problem(tar(&[("manifest.json", File(b"[7]"))]), None).contains("not an image"));
    assert!(problem(tar(&[("manifest.json", File(b"[]"))]), None).contains("has no images"));
    let nothing = manifest("c.json", &[], &[]);
    assert!(problem(tar(&[("manifest.json", File(&nothing))]), None).contains("\"c.json\""));
}

#[test]
fn a_cut_archive_is_an_error_at_any_place() {
    let config = config();
    let manifest = manifest("c.json", &[], &["l.tar"]);
    let whole = tar(&[
        ("manifest.json", File(&manifest)),
        ("c.json", File(&config)),
        ("l.tar", File(&[7; 700])),
    ]);
    // The trailer, and the padding of the last member, are missed by nobody.
    let end_of_content = whole.len() - 1024 - (1024 - 700);
    for length in (0..end_of_content).step_by(97) {
        assert!(open(whole.slice(..length), None).is_err(), "{length}");
    }
    assert!(open(whole.slice(..end_of_content), None).is_ok());
}

#[test]
fn claimed_sizes_allocate_nothing() {
    for (size, says) in [
        (u64::MAX / 4, "cut short"),
        (u64::MAX / 2, "its size is not a valid file size"),
    ] {
        let mut bytes = tar(&[("manifest.json", File(b"[]"))]).to_vec();
        let mut header = tar::Header::from_byte_slice(&bytes[..512]).clone();
        header.set_size(size);
        header.set_cksum();
        bytes[..512].copy_from_slice(header.as_bytes());
        let text = problem(bytes.into(), None);
        assert!(text.contains(says), "{text}");
    }
}

#[test]
fn another_platform_is_refused_with_the_one_there_is() {
    let config = config();
    let manifest = manifest("c.json", &[], &[]);
    let bytes = tar(&[
        ("manifest.json", File(&manifest)),
        ("c.json", File(&config)),
    ]);
    let wanted: Platform = "linux/arm64".parse().unwrap();
    let error = block_on(archive(bytes, None).image(Some(&wanted))).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a.tar has no image for linux/arm64; it has linux/amd64"
    );
}

#[test]
fn what_is_held_is_listed_as_it_can_be_asked_for() {
    let config = config();
    let images = json!([
        {"Config": "c.json", "RepoTags": ["app:1", "app:latest"], "Layers": ["1.tar", "2.tar"]},
        {"Config": "c.json", "RepoTags": null, "Layers": ["1.tar", "2.tar"]},
    ])
    .to_string();
    let bytes = tar(&[
        ("c.json", File(&config)),
        ("1.tar", File(b"first")),
        ("2.tar", File(b"second")),
        ("manifest.json", File(images.as_bytes())),
    ]);
    let listed = block_on(archive(bytes.clone(), None).list()).unwrap();
    let said: Vec<_> = listed
        .iter()
        .map(|image| (image.reference.as_str(), image.names.len()))
        .collect();
    assert_eq!(said, [("app:1", 2), ("@1", 0)]);
    for image in listed {
        open(bytes.clone(), Some(&image.reference)).unwrap();
    }
}

/// Older Jib wrote its fields in lower case, which Go's tools read all the same; of two the last counts.
#[test]
fn fields_of_manifest_json_are_read_in_any_case() {
    let config = config();
    for fields in [
        r#""config":"c.json","repoTags":["app:1"],"layers":["1.tar"]"#,
        r#""CONFIG":"c.json","REPOTAGS":["app:1"],"LAYERS":["1.tar"]"#,
        r#""Config":"no.json","config":"c.json","layers":["no.tar"],"Layers":["1.tar"],"RepoTags":["app:1"]"#,
    ] {
        let manifest = format!("[{{{fields}}}]");
        let bytes = tar(&[
            ("c.json", File(&config)),
            ("1.tar", File(b"first")),
            ("manifest.json", File(manifest.as_bytes())),
        ]);
        let image = open(bytes.clone(), None).unwrap();
        assert_eq!(image.reference, "docker.io/library/app:1", "{fields}");
        assert_eq!(layers(&bytes), [b"first".to_vec()], "{fields}");
    }
}

#[test]
fn only_a_tag_with_a_registry_says_where_the_image_is() {
    let config = config();
    for (tags, wanted, names) in [
        (&["webapp:1.4.2"][..], None, false),
        (&["team/webapp:1.4.2"], None, false),
        (&["docker.io/library/webapp:1.4.2"], None, true),
        (&["registry.example.com/webapp:1"], None, true),
        (&["webapp:1"], Some("docker.io/library/webapp:1"), false),
        (
            &["webapp:1", "quay.io/webapp:1"],
            Some("quay.io/webapp:1"),
            true,
        ),
        (&[], None, false),
    ] {
        let manifest = manifest("c.json", tags, &[]);
        let bytes = tar(&[
            ("c.json", File(&config)),
            ("manifest.json", File(&manifest)),
        ]);
        let image = open(bytes, wanted).unwrap();
        assert_eq!(image.names_registry, names, "{tags:?}");
    }
}

/// A header whose size is no number, and one whose content goes on behind the end of the file.
#[test]
fn a_member_that_cannot_be_read_is_named() {
    let whole = tar(&[("layer.tar", File(b"content"))]);
    let text = problem(whole.slice(..515), None);
    assert!(
        text.contains("it is cut short: its member \"layer.tar\", at byte 0, has"),
        "{text}"
    );
    let mut header = tar::Header::from_byte_slice(&whole[..512]).clone();
    header.as_mut_bytes()[124..136].copy_from_slice(b"99999999 no\0");
    header.set_cksum();
    let text = problem(header.as_bytes().to_vec().into(), None);
    assert!(
        text.contains("at byte 0") && text.contains("its size is not a valid file size"),
        "{text}"
    );
}

#[test]
fn what_is_no_archive_is_named_as_what_it_is() {
    for (content, says) in [
        (
            "docker pull nginx:1.27\n",
            "not a tar: text that begins with \"docker pull nginx:1.27\"",
        ),
        ("<!DOCTYPE html><html>", "not a tar: a web page"),
        ("{\"schemaVersion\": 2}", "not a tar: a JSON document"),
        (
            "\x04\"M\x18",
            "it is compressed with lz4, which is not supported; decompress it first",
        ),
        (
            "x\u{1}zlib",
            "it is compressed with zlib, which is not supported; decompress it first",
        ),
        (
            "PK\x03\x04",
            "it is compressed with zip, which is not supported; decompress it first",
        ),
        ("\0\x01", "not a tar: only 2 bytes"),
    ] {
        let text = problem(Bytes::from(content), None);
        assert!(text.contains(says), "{text}");
    }
}
