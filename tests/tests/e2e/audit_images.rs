//! `onionskin audit`: images that cannot be judged, and arguments that are refused.

use std::fs;

use onionskin_fixtures::write::{Generation, docker_archive};

use crate::audit_rules::{app, ground};

#[test]
fn an_image_whose_documents_disagree_is_no_pass() {
    let ground = ground();
    // The configuration keeps the digest of a layer that is lost.
    let mut torn = app().pack();
    torn.layers.pop();
    torn.tars.pop();
    torn.diff_ids.pop();
    let old = docker_archive(Generation::Folders, &[("torn:1", &torn)]);
    ground.write("torn.tar", old);
    let error = ground.stops(&["torn.tar", "--max-layers", "100"]);
    assert!(error.contains("cannot be audited"), "{error}");
}

#[test]
fn a_link_base_is_the_address_of_a_page() {
    let ground = ground();
    for wrong in [
        "onionskin.example.com",
        "/page",
        "ftp://x/",
        "https://u:p@x/",
        "https://x/?a",
        "https://x/#a",
        "",
    ] {
        let error = ground.stops(&["app.tar", "--link-base", wrong]);
        assert!(error.contains("--link-base"), "{wrong}: {error}");
    }
    ground.ends(
        0,
        &["app.tar", "--link-base", "http://localhost:8080/page.html"],
    );
}

#[test]
fn standard_input_is_read_once() {
    let ground = ground();
    for arguments in [
        &["-", "-"][..],
        &["-", "docker-archive:-"],
        &["-", "--base", "-"],
        &["-", "--growth-against", "-", "--max-growth", "0"],
    ] {
        let error = ground.stops(arguments);
        assert!(
            error.contains("standard input can be read only once"),
            "{error}"
        );
    }
}

#[test]
fn a_damaged_layer_is_named_with_its_image_also_alone() {
    let ground = ground();
    let mut bytes = fs::read(ground.path().join("app.tar")).unwrap();
    let blob = app().pack().layers[2].bytes.clone();
    let at = bytes.windows(blob.len()).position(|part| part == blob);
    bytes[at.unwrap() + blob.len() / 2] ^= 1;
    ground.write("damaged.tar", bytes);
    for images in [&["damaged.tar"][..], &["damaged.tar", "app.tar"]] {
        let error = ground.stops(images);
        assert!(
            error.contains("damaged.tar") && error.contains("layer 3"),
            "{error}"
        );
    }
}
