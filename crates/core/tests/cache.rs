//! The form in which layer indexes and documents are kept: it stays what it is, and nothing but what is whole is used.

// Where a test's ground gives way, the test has failed.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use onionskin_core::cache::{
    FORMAT, Unusable, pack_checkpoints, pack_document, pack_layer, unpack_checkpoints,
    unpack_document, unpack_layer,
};
use onionskin_core::digest::Digest;
use onionskin_core::layer::table::{TableLocation, TableReader};
use onionskin_core::layer::{
    Budget, Checkpoints, Expected, LayerError, LayerIndex, MemoryBudget, Problem,
};
use onionskin_core::source::registry::KeptDocument;
use onionskin_core::visitors;
use onionskin_fixtures::{Image, Layer, corpus, estargz, layer, seeded};
use proptest::prelude::*;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn small() -> LayerIndex {
    let layer = layer("COPY . /app")
        .dir("/app")
        .file("/app/a", "content")
        .symlink("/app/b", "a")
        .file("/app/.env", "DB_PASSWORD=hunter2\n")
        .whiteout("/etc/c");
    seen(&layer.tar()).unwrap()
}

/// Written by the layer itself, as compressors may change.
fn all() -> impl Iterator<Item = Vec<u8>> {
    let cases = corpus::cases().into_iter();
    cases.flat_map(|case| case.layers).map(|layer| layer.tar())
}

/// Decodes with all visitors, as for a cache.
fn seen(tar: &[u8]) -> Result<LayerIndex, LayerError> {
    let mut decoder = visitors::decoder(Expected::default());
    decoder.push(tar)?;
    decoder.finish()
}

/// Checkpoints of a layer that is large enough for them.
fn checkpoints() -> Checkpoints {
    let tar = Layer::new().file("/a", seeded(1, 9_000_000)).tar();
    let mut decoder = visitors::decoder(Expected::default()).with_checkpoints();
    decoder.push(&tar).unwrap();
    decoder.finish_with_checkpoints().unwrap().1.unwrap()
}

/// The form and what the decoder makes of every kind of layer, as they were when [`FORMAT`] was raised last: a cache of an
/// older build must not be taken for one of this build.
#[test]
fn form_and_meaning_are_those_of_the_format_number() {
    let small = small().to_bytes();
    let tars = all().filter_map(|tar| seen(&tar).ok());
    let kept: Vec<u8> = tars.flat_map(|index| index.to_bytes()).collect();
    let is = (
        FORMAT,
        Digest::sha256(&small).short().to_owned(),
        Digest::sha256(&kept).short().to_owned(),
        Digest::sha256(&checkpoints().to_bytes()).short().to_owned(),
    );
    let was = (
        6,
        "f3e9e10b6259".to_owned(),
        "f327e11a99a3".to_owned(),
        "a86534d13fe0".to_owned(),
    );
    assert_eq!(
        is, was,
        "layer indexes, what they say, or checkpoints have changed: raise cache::FORMAT by 1, and write here what the test found; \
         where only the corpus has new cases, FORMAT stays"
    );
}

#[test]
fn what_is_kept_comes_back() {
    for index in all().filter_map(|tar| seen(&tar).ok()) {
        let kept = pack_layer(&index);
        assert_eq!(unpack_layer(&kept, &index.digest), Ok(index));
    }
    let checkpoints = checkpoints();
    let kept = pack_checkpoints(&checkpoints);
    assert_eq!(
        unpack_checkpoints(&kept, &checkpoints.digest).as_ref(),
        Ok(&checkpoints)
    );
    assert_eq!(
        unpack_layer(&kept, &checkpoints.digest),
        Err(Unusable::Form)
    );
    let other = Digest::sha256(b"other");
    assert_eq!(unpack_checkpoints(&kept, &other), Err(Unusable::Other));
    let cut = &kept[..kept.len() - 1];
    assert_eq!(
        unpack_checkpoints(cut, &checkpoints.digest),
        Err(Unusable::Damaged)
    );
    let document = KeptDocument {
        bytes: b"{}".to_vec(),
        content_type: Some("application/json".to_owned()),
    };
    let kept = pack_document(&document);
    assert_eq!(unpack_document(&kept, &Digest::sha256(b"{}")), Ok(document));
}

#[test]
fn what_a_table_lists_is_not_taken_for_a_layer_that_was_read() {
    let packed = Image::new()
        .layer(estargz(layer("COPY a").file("/a", seeded(1, 100))))
        .pack();
    let manifest: serde_json::Value = serde_json::from_slice(&packed.manifest.bytes).unwrap();
    let annotations = serde_json::from_value(manifest["layers"][0]["annotations"].clone());
    let blob = &packed.layers[0].bytes;
    let location = TableLocation::of(&annotations.unwrap(), blob.len() as u64);
    let mut reader = TableReader::new(location.unwrap(), blob.len() as u64);
    while let Some(part) = reader.wanted() {
        let part = &blob[part.start as usize..part.end as usize];
        reader.push(part.to_vec()).unwrap();
    }
    let expected = Expected {
        digest: Some(Digest::sha256(blob)),
        diff_id: Some(Digest::sha256(&packed.tars[0])),
        ..Expected::default()
    };
    let table = reader.finish(&expected, &MemoryBudget::default()).unwrap();
    let file = pack_layer(table.index());
    let digest = Digest::sha256(blob);
    assert_eq!(unpack_layer(&file, &digest), Err(Unusable::Other));
}

#[test]
fn no_changed_byte_and_no_cut_goes_unseen() {
    let index = small();
    let kept = pack_layer(&index);
    for at in 0..kept.len() {
        let mut changed = kept.clone();
        for bit in 0..8 {
            changed[at] ^= 1 << bit;
            assert!(
                unpack_layer(&changed, &index.digest).is_err(),
                "bit {bit} of byte {at}"
            );
            changed[at] ^= 1 << bit;
        }
        assert!(
            unpack_layer(&kept[..at], &index.digest).is_err(),
            "cut at {at}"
        );
    }
    let longer = [&kept[..], &[0]].concat();
    assert_eq!(unpack_layer(&longer, &index.digest), Err(Unusable::Damaged));
}

#[test]
fn other_kinds_formats_and_digests_are_not_used() {
    let index = small();
    let kept = pack_layer(&index);
    let other = Digest::sha256(b"other");
    assert_eq!(unpack_layer(&kept, &other), Err(Unusable::Other));
    assert_eq!(unpack_document(&kept, &index.digest), Err(Unusable::Form));
    let mut older = kept;
    older[8..12].copy_from_slice(&(FORMAT - 1).to_le_bytes());
    assert_eq!(unpack_layer(&older, &index.digest), Err(Unusable::Form));
    let document = KeptDocument {
        bytes: b"{}".to_vec(),
        content_type: None,
    };
    let kept = pack_document(&document);
    assert_eq!(unpack_document(&kept, &other), Err(Unusable::Other));
    assert_eq!(unpack_layer(&kept, &other), Err(Unusable::Form));
}

/// Decodes with these limits.
fn within(layer: &Layer, budget: Budget, memory: &MemoryBudget) -> Result<LayerIndex, Problem> {
    let mut decoder = visitors::decoder(Expected::default())
        .within(Arc::new(budget))
        .with_memory(memory.clone());
    decoder
        .push(&layer.tar())
        .and_then(|()| decoder.finish())
        .map_err(|error| error.problem().clone())
}

proptest! {
    /// An image that is refused for its size is refused as well when its layers are kept.
    #[test]
    fn limits_are_those_of_decoding(
        names in prop::collection::vec("(/[a-c:é]{1,9}){1,4}", 1..12),
        memory in 0u64..60_000,
        unpacked in 0u64..30_000,
        packages in 0usize..30,
    ) {
        let stanza = |number| format!("Package: p{number}\nStatus: install ok installed\nVersion: 1\n\n");
        let status: String = (0..packages).map(stanza).collect();
        let mut layer = layer("RUN make").file("/var/lib/dpkg/status", status);
        for name in &names {
            layer = layer.file(name, "x").xattr("user.name", name);
            layer = layer.symlink(format!("{name}.link"), name);
        }
        let mut index = seen(&layer.tar()).unwrap();
        let budget = || MemoryBudget::new(Some(memory));
        let decoded = within(&layer, Budget::default(), &budget());
        let kept = budget().kept(1, &mut index).map_err(|error| error.problem().clone());
        prop_assert_eq!(kept, decoded.map(drop));
        let decoded = within(&layer, Budget::of(unpacked), &MemoryBudget::default());
        let kept = Budget::of(unpacked).kept(1, &index).map_err(|error| error.problem().clone());
        prop_assert_eq!(kept, decoded.map(drop));
    }
}
