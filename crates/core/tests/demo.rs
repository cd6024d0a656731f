//! The demo images tell what they were made to tell, natively and in a browser, to the same byte:
//! waste of every cause, and a release without.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use onionskin_core::layer::Expected;
use onionskin_core::ledger::Ledger;
use onionskin_core::stack::Stack;
use onionskin_core::visitors;
use onionskin_fixtures::{Repository, demo};
use serde_json::Value;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// The stack of the image under this tag.
fn stack(repository: &Repository, tag: &str) -> Stack {
    let (_, digest) = repository
        .tags
        .iter()
        .find(|(name, _)| name == tag)
        .unwrap();
    let manifest = repository
        .manifests
        .iter()
        .find(|blob| blob.digest == *digest)
        .unwrap();
    let manifest: Value = serde_json::from_slice(&manifest.bytes).unwrap();
    let mut stack = Stack::new();
    for (number, layer) in manifest["layers"].as_array().unwrap().iter().enumerate() {
        let digest = layer["digest"].as_str().unwrap();
        let blob = repository
            .blobs
            .iter()
            .find(|blob| blob.digest == digest)
            .unwrap();
        let mut decoder = visitors::decoder(Expected {
            layer: number + 1,
            digest: Some(digest.parse().unwrap()),
            size: layer["size"].as_u64(),
            diff_id: None,
        });
        decoder.push(&blob.bytes).unwrap();
        stack.push(decoder.finish().unwrap()).unwrap();
    }
    stack
}

#[test]
fn the_first_release_wastes_by_every_cause_and_the_second_hardly_at_all() {
    let webapp = demo::images()
        .into_iter()
        .find(|image| image.name == "demo/webapp")
        .unwrap();

    let first = Ledger::of(&stack(&webapp, "1.0")).total;
    let causes = first.causes;
    for (cause, bytes) in [
        ("deleted", causes.deleted),
        ("overwritten", causes.overwritten),
        ("metadata-only", causes.metadata_only),
        ("repeated", causes.repeated),
    ] {
        assert!(bytes > 10_000, "{cause}: {bytes}");
    }
    let bytes = (first.stored, first.wasted(), first.overhead);
    assert_eq!(bytes, (14_998_828, 8_406_438, 605_908));
    // This one depends on the version of the compressor.
    assert!((2_400_000..2_800_000).contains(&first.wasted_compressed));
    assert!(first.efficiency() < 0.7, "{}", first.efficiency());

    let second = Ledger::of(&stack(&webapp, "1.1")).total;
    assert!(second.efficiency() > 0.99, "{}", second.efficiency());
    assert!(second.stored < first.stored / 2);
}

#[test]
fn what_the_first_release_deleted_is_gone_and_still_downloaded() {
    let webapp = demo::images().swap_remove(0);
    let stack = stack(&webapp, "1.0");
    let ledger = Ledger::of(&stack);
    let wasted: Vec<_> = ledger
        .wasted
        .iter()
        .map(|wasted| {
            stack
                .layer(wasted.added_by)
                .unwrap()
                .path(wasted.entry)
                .to_vec()
        })
        .collect();
    for path in [
        "/app/.env",
        "/app/build/Release/libnative.a",
        "/node-v22.11.0-linux-x64.tar.xz",
    ] {
        assert!(
            wasted
                .iter()
                .any(|wasted| wasted.ends_with(path.trim_start_matches('/').as_bytes())),
            "{path}"
        );
    }
}
