//! From the bytes of a layer to its index: what every writer of tars and gzip does, and what damaged
//! or hostile layers get.

// Where a test's ground gives way, the test has failed.
#![allow(clippy::unwrap_used)]

mod blob;
mod entries;
#[path = "../support/mod.rs"]
mod support;

use onionskin_audit::report::listing::{self, Line};
use onionskin_fixtures::{Layer, bytes, gzip, layer, text};
use onionskin_layers::digest::{Algorithm, Digest};
use onionskin_layers::layer::{Expected, LayerDecoder, LayerIndex, Problem, RemarkKind};
use proptest::prelude::*;
use support::{cost_at, decode, decode_in, index};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn lines(index: LayerIndex) -> Vec<Line> {
    listing::of_layer(index, 1, b"/")
        .unwrap()
        .unwrap_or_default()
}

fn paths(layer: &Layer) -> Vec<String> {
    lines(index(layer))
        .into_iter()
        .map(|line| line.path)
        .collect()
}

/// The message of a tar that is refused.
fn refusal(tar: &[u8]) -> String {
    decode(tar).unwrap_err().to_string()
}

/// A layer with something of every kind.
fn varied() -> Layer {
    layer("COPY")
        .dir("/app")
        .file("/app/bin", bytes(40_000))
        .file("/app/zeros", vec![0; 9000])
        .symlink("/app/link", "bin")
        .hardlink("/app/again", "/app/bin")
        .file(format!("/app/{}/x", "long".repeat(60)), text(700))
        .xattr("security.capability", "\x01\n=\n")
        .sparse("/app/sparse", 1 << 20, &[(0, &[1; 512]), (8192, &[2; 100])])
        .char_device("/dev/null", 1, 3)
        .fifo("/run/p")
        .whiteout("/etc/old")
        .opaque("/var/lib")
        .mtime(-5)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn pieces_of_any_size_give_the_same_index(size in 1usize..3000, packed in any::<bool>()) {
        let blob = if packed { varied().gzip() } else { varied().tar() };
        prop_assert_eq!(decode_in(&blob, size), decode(&blob));
    }

    /// Also of a layer that is damaged somewhere: never a panic, and the same error at the same place.
    #[test]
    fn damage_is_found_at_the_same_place(at in any::<prop::sample::Index>(), flip in 1u8..=255, size in 1usize..700) {
        let mut blob = varied().tar();
        let at = at.index(blob.len());
        blob[at] ^= flip;
        prop_assert_eq!(decode_in(&blob, size), decode(&blob));
        let mut blob = varied().gzip();
        let at = at % blob.len();
        blob[at] ^= flip;
        prop_assert_eq!(decode_in(&blob, size).is_err(), decode(&blob).is_err());
    }

    #[test]
    fn a_cut_is_an_error_wherever_it_is(at in any::<prop::sample::Index>()) {
        let blob = varied().gzip();
        prop_assert!(decode(&blob[..1 + at.index(blob.len() - 1)]).is_err());
        let tar = varied().trailer("").tar();
        let at = at.index(tar.len());
        // A tar may end behind the last byte of a content, whatever padding is missing; anything else was cut.
        let whole = contents(&tar).iter().any(|end| end.contains(&at));
        prop_assert_eq!(decode(&tar[..at]).is_ok(), whole, "cut at {}", at);
    }
}

/// Where a tar may end: from the last byte of each header's content, extension headers too, to the end of its padding.
fn contents(tar: &[u8]) -> Vec<std::ops::RangeInclusive<usize>> {
    let mut ends = vec![0..=0];
    let mut at = 0;
    while at < tar.len() && tar[at..at + 512].iter().any(|byte| *byte != 0) {
        let size = std::str::from_utf8(&tar[at + 124..at + 135]).unwrap();
        let size = usize::from_str_radix(size, 8).unwrap();
        let (is_sparse, mut more) = (tar[at + 156] == b'S', tar[at + 482] != 0);
        at += 512;
        while is_sparse && more {
            more = tar[at + 504] != 0;
            at += 512;
        }
        let content = at + size;
        at = content.next_multiple_of(512);
        ends.push(content..=at);
    }
    // Blocks of zeros, whole or not, end a tar.
    ends.push(at..=tar.len());
    ends
}

/// umoci and buildah unpack layers whose writer did not fill up the last block; a layer that lacks content is damaged.
#[test]
fn only_content_may_not_be_missing_at_the_end() {
    let file = || layer("x").file("/a", bytes(700));
    let segments: Vec<(u64, &[u8])> = (0..7).map(|at| (at * 4096, &[1; 512][..])).collect();
    let last_by_name = [
        ("a file", file()),
        ("a file of whole blocks", file().file("/b", bytes(1024))),
        ("an empty file", file().file("/b", "")),
        ("a folder", file().dir("/b")),
        ("a link", file().symlink("/b", "a")),
        ("a hard link", file().hardlink("/b", "/a")),
        ("a whiteout", file().whiteout("/b")),
        ("a whiteout with content", file().file("/.wh.b", bytes(300))),
        ("an opaque whiteout", file().opaque("/b")),
        (
            "what is not shown",
            file().file("/.wh..wh.aufs", bytes(300)),
        ),
        (
            "an unknown type",
            file().file("/v", bytes(300)).typeflag(b'V'),
        ),
        (
            "a sparse file",
            file().sparse("/s", 9000, &[(0, &[1; 512]), (4096, &[2; 100])]),
        ),
        (
            "a sparse file with a long map",
            file().sparse("/s", 1 << 20, &segments),
        ),
        (
            "a file with extensions",
            file().file("/b", bytes(10)).xattr("user.a", "1"),
        ),
        (
            "an extended header",
            file().file("/b", "13 path=good\n").typeflag(b'x'),
        ),
        (
            "a long name",
            file().file("/b", "x".repeat(120)).typeflag(b'L'),
        ),
        (
            "a global header",
            file().global("comment", "0123456789abcdef"),
        ),
    ];
    for (name, layer) in last_by_name {
        let tar = layer.tar();
        let whole = decode(&tar).unwrap();
        let ends = contents(&tar);
        let last = *ends[ends.len() - 2].start();
        // A browser gives up a test that takes half a minute: there it is what is beside borders, and some between.
        let is_tried = |at: usize| {
            let beside = |border: usize| border.abs_diff(at) <= 1;
            let of_block = beside(at.next_multiple_of(512)) || at % 512 <= 1;
            let of_content = ends.iter().any(|end| beside(*end.start()));
            !cfg!(target_arch = "wasm32") || of_block || of_content || at.is_multiple_of(9)
        };
        for at in (0..=tar.len()).filter(|at| is_tried(*at)) {
            let cut = decode(&tar[..at]);
            let may_end = ends.iter().any(|end| end.contains(&at));
            assert_eq!(cut.is_ok(), may_end, "{name}, cut at {at}");
            let Ok(cut) = cut else { continue };
            if at >= last {
                assert_eq!(cut.len(), whole.len(), "{name}, cut at {at}");
                assert_eq!(cut.stored(), whole.stored(), "{name}, cut at {at}");
            }
            assert_eq!(cut.stored() + cut.overhead(), at as u64);
            assert_eq!(decode(&gzip(&tar[..at])).unwrap().stored(), cut.stored());
            // Each entry costs what there is of it.
            let costs: u64 = cut.entries().map(|entry| cut.cost(entry)).sum();
            let first = cut.entries().map(|entry| cut.start(entry)).next();
            assert!(costs <= at as u64 && first.is_none_or(|start| start + costs <= at as u64));
            for entry in cut.entries() {
                assert!(
                    cut.cost(entry) >= 512 + cut.size(entry),
                    "{name}, cut at {at}"
                );
            }
        }
    }
}

/// An extended header with no entry behind it is about nothing; umoci and buildah unpack an empty layer.
#[test]
fn an_extended_header_alone_is_an_empty_layer() {
    let alone = layer("x").file("/x", "13 path=good\n").typeflag(b'x');
    for end in [0, 512, 1024] {
        assert!(index(&alone.clone().trailer(vec![0; end])).is_empty());
    }
}

#[test]
fn an_index_survives_being_handed_over() {
    let index = decode(&varied().gzip()).unwrap();
    assert_eq!(LayerIndex::from_bytes(&index.to_bytes()), Ok(index.clone()));
    let bytes = index.to_bytes();
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x55;
        // Whatever it is then, it can be listed without a panic.
        if let Ok(index) = LayerIndex::from_bytes(&damaged) {
            index
                .entries()
                .for_each(|entry| drop((index.path(entry), index.cost(entry), index.owner(entry))));
        }
        assert!(LayerIndex::from_bytes(&bytes[..at]).is_err());
    }
}

#[test]
fn everything_but_content_is_overhead_to_the_byte() {
    let layer = layer("x")
        .file("/a", bytes(1000))
        .dir("/d")
        .file("/d/b", bytes(513))
        .hardlink("/c", "/a")
        .claimed_size(7);
    let index = index(&layer);
    assert_eq!(index.stored(), 1513);
    assert_eq!(index.stored() + index.overhead(), layer.tar().len() as u64);
}

#[test]
fn no_entries_at_all_is_an_empty_layer() {
    for empty in [&[][..], &[0; 512], &[0; 1024], &[0; 10240]] {
        assert_eq!(decode(empty).unwrap().len(), 0);
        assert_eq!(decode(&gzip(empty)).unwrap().len(), 0);
    }
}

#[test]
fn a_few_zeros_are_a_layer_only_where_the_media_type_says_so() {
    let decoded = |may_be_other: bool, blob: &[u8]| {
        let mut decoder = LayerDecoder::new(Expected::default()).may_be_other(may_be_other);
        decoder.push(blob)?;
        decoder.finish()
    };
    assert!(decoded(false, &[0; 100]).unwrap().is_empty());
    let error = decoded(true, &[0; 100]).unwrap_err();
    assert_eq!(*error.problem(), Problem::NotTar);
    // What is no part of the image is a tar all the same, whatever is behind its end.
    let aside = layer("x").file("/.wh..wh.plnk/1.2", "1");
    let tar = [aside.tar(), b"more".repeat(200)].concat();
    assert!(decoded(true, &tar).unwrap().is_empty());
    assert!(decoded(true, &[]).unwrap().is_empty());
}

#[test]
fn data_after_the_end_counts_and_before_it_is_refused() {
    let with = |end: Vec<u8>| layer("x").file("/a", "1").trailer(end);
    let garbage = with([vec![0; 1024], vec![7; 700]].concat());
    // It is downloaded and belongs to the digest.
    assert_eq!(index(&garbage).size, garbage.tar().len() as u64);
    assert!(refusal(&with(vec![7; 700]).tar()).contains("invalid tar header"));
    assert!(refusal(&with(vec![7; 100]).tar()).contains("middle of an entry"));
    assert!(refusal(&with([vec![0; 300], vec![7; 10]].concat()).tar()).contains("middle of"));
}
