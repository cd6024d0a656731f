//! What small layers may make us hold: refused before it is held.

// Where a test's ground gives way, the test has failed.
#![allow(clippy::unwrap_used)]

mod support;

use onionskin_fixtures::{Layer, layer};
use onionskin_layers::layer::{
    Expected, LayerDecoder, LayerError, LayerIndex, MemoryBudget, Problem,
};
use onionskin_layers::memory::Memory;
use support::decode;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn within(memory: &MemoryBudget, layer: &Layer) -> Result<LayerIndex, LayerError> {
    let mut decoder = LayerDecoder::new(Expected::default()).with_memory(memory.clone());
    decoder.push(&layer.gzip())?;
    decoder.finish()
}

/// Folders in each other, two thousand to a path, as deep as paths may be.
fn deep(paths: usize) -> Layer {
    (0..paths).fold(layer("x"), |layer, path| {
        layer.file(format!("/{path:03}/{}f", "a/".repeat(2_030)), "")
    })
}

#[test]
fn folders_that_paths_imply_are_bounded_by_the_bytes_of_their_paths() {
    // 20,000 folders with paths of two kilobytes on average.
    assert_eq!(decode(&deep(10).gzip()).unwrap().len(), 10);
    let error = decode(&deep(200).gzip()).unwrap_err();
    let Problem::TooMuch { what, .. } = error.problem() else {
        panic!("{error}");
    };
    assert_eq!(*what, "bytes of paths of folders");
}

#[test]
fn layers_share_what_they_may_take() {
    let files = |layer: usize| {
        (0..500).fold(onionskin_fixtures::layer("x"), |files, n| {
            files.file(format!("/usr/lib/{layer}/{n}"), "1")
        })
    };
    let memory = MemoryBudget::new(Some(1_000_000));
    let first = within(&memory, &files(1)).unwrap();
    assert_eq!(first.len(), 500);
    let error = within(&memory, &files(2)).unwrap_err();
    assert_eq!(*error.problem(), Problem::Memory { limit: 1_000_000 });
    // Another image has its own.
    assert!(within(&MemoryBudget::new(Some(1_000_000)), &files(2)).is_ok());
    assert!(within(&MemoryBudget::new(None), &files(2)).is_ok());
}

#[test]
fn a_layer_that_lists_a_blob_again_counts_again() {
    let files = (0..500).fold(layer("x"), |files, n| files.file(format!("/usr/{n}"), "1"));
    let limit = 1_300_000;
    let memory = MemoryBudget::new(Some(limit));
    let index = within(&memory, &files).unwrap();
    memory.repeat(2, &index).unwrap();
    let error = memory.repeat(3, &index).unwrap_err();
    assert_eq!(error.layer(), 3);
    assert_eq!(*error.problem(), Problem::Memory { limit });
}

#[test]
fn memory_is_given_back_with_what_took_it() {
    let files = (0..500).fold(layer("x"), |files, n| files.file(format!("/usr/{n}"), "1"));
    let memory = Memory::new(Some(1_000_000));
    let budget = || MemoryBudget::of(memory.clone());
    let held = within(&budget(), &files).unwrap();
    // Another image does not fit beside it, decoded or kept from earlier.
    assert!(within(&budget(), &files).is_err());
    let mut kept = LayerIndex::from_bytes(&held.to_bytes()).unwrap();
    assert!(budget().kept(1, &mut kept).is_err());
    let copy = held.clone();
    drop(held);
    assert!(within(&budget(), &files).is_err());
    drop(copy);
    // What was refused took nothing.
    assert!(memory.has(1_000_000));
    budget().kept(1, &mut kept).unwrap();
    assert!(within(&budget(), &files).is_err());
    drop(kept);
    within(&budget(), &files).unwrap();
}

/// Lists write a byte that is not UTF-8 as `\xNN`, and JSON has a second backslash.
#[test]
fn bytes_that_lists_escape_count_as_what_is_written() {
    let (plain, escaped) = ([b'a'; 4_000], [0xff_u8; 4_000]);
    let named = |name: &[u8]| layer("x").file([b"/", name].concat(), "");
    let in_folder = |name: &[u8]| layer("x").file([b"/", name, b"/f"].concat(), "");
    let linked = |name: &[u8]| layer("x").symlink("/a", name);
    let attribute = |name: &[u8]| layer("x").file("/a", "").xattr("user.a", name);
    for made in [
        &named as &dyn Fn(&[u8]) -> Layer,
        &in_folder,
        &linked,
        &attribute,
    ] {
        let memory = || MemoryBudget::new(Some(40_000));
        assert!(within(&memory(), &made(&plain)).is_ok());
        let error = within(&memory(), &made(&escaped)).unwrap_err();
        assert_eq!(*error.problem(), Problem::Memory { limit: 40_000 });
    }
}

/// A window is held only while its layer is decoded.
#[test]
fn windows_count_while_they_are_held() {
    // A frame of one raw block of 1,024 zeros, an empty tar, with a window of 64 MiB.
    let mut blob = vec![0x28, 0xb5, 0x2f, 0xfd, 0, (26 - 10) << 3];
    blob.extend([(1 << 13 | 1) as u8, (1024 << 3 | 1u32).to_le_bytes()[1], 0]);
    blob.extend([0; 1024]);
    let image = layer("x").stored(blob);
    let blob = onionskin_fixtures::Image::new().layer(image).pack();
    let blob = &blob.layers[0].bytes;
    let decode = |memory: &MemoryBudget| {
        let mut decoder = LayerDecoder::new(Expected::default()).with_memory(memory.clone());
        decoder.push(blob)?;
        decoder.finish()
    };
    let memory = MemoryBudget::new(Some(300 << 20));
    assert!(decode(&memory).is_ok());
    assert!(decode(&memory).is_ok());
    let error = decode(&MemoryBudget::new(Some(50 << 20))).unwrap_err();
    assert!(matches!(error.problem(), Problem::Memory { .. }), "{error}");
}
