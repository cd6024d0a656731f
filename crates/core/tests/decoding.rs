//! From the bytes of a layer to its index: what every writer of tars and gzip does, and what damaged
//! or hostile layers get.

// Where a test's ground gives way, the test has failed.
#![allow(clippy::unwrap_used)]

mod support;

use onionskin_core::digest::{Algorithm, Digest};
use onionskin_core::layer::{Expected, LayerDecoder, LayerIndex, Problem, RemarkKind};
use onionskin_core::report::listing::{self, Line};
use onionskin_fixtures::{Layer, bytes, gzip, layer, text};
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
        for at in 0..=tar.len() {
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
fn digests_and_sizes_are_checked() {
    let blob = varied().gzip();
    let right = Expected {
        layer: 3,
        digest: Some(Digest::sha256(&blob)),
        size: Some(blob.len() as u64),
        diff_id: Some(Digest::sha256(&varied().tar())),
    };
    let decode = |expected: Expected, blob: &[u8]| {
        let mut decoder = LayerDecoder::new(expected);
        decoder.push(blob).and_then(|()| decoder.finish())
    };
    assert!(decode(right.clone(), &blob).is_ok());
    let other = Some(Digest::sha256(b"other"));
    let error = decode(
        Expected {
            digest: other.clone(),
            ..right.clone()
        },
        &blob,
    )
    .unwrap_err();
    assert!(matches!(error.problem(), Problem::Digest { .. }), "{error}");
    assert!(
        error.to_string().starts_with("layer 3, at byte "),
        "{error}"
    );
    let error = decode(
        Expected {
            diff_id: other,
            ..right.clone()
        },
        &blob,
    )
    .unwrap_err();
    assert!(matches!(error.problem(), Problem::DiffId { .. }), "{error}");
    let error = decode(
        Expected {
            size: Some(10),
            ..right.clone()
        },
        &blob,
    )
    .unwrap_err();
    assert!(
        matches!(error.problem(), Problem::TooLong { .. }),
        "{error}"
    );
    let error = decode(right, &blob[..blob.len() - 1]).unwrap_err();
    assert!(
        matches!(error.problem(), Problem::TooShort { .. }),
        "{error}"
    );
}

/// A tar that is stored as it is has one hash for both digests, whatever the pieces; it is still checked against both.
#[test]
fn digests_of_a_blob_without_compression_are_those_of_its_bytes() {
    let tar = varied().tar();
    let of = |algorithm| Digest::of(algorithm, &tar);
    for piece in [1, 511, 512, 513, 4096, tar.len()] {
        for algorithm in [Algorithm::Sha256, Algorithm::Sha512] {
            let decoded = |digest: Digest, diff_id: Digest, may_be_other| {
                let expected = Expected {
                    digest: Some(digest),
                    diff_id: Some(diff_id),
                    ..Expected::default()
                };
                let mut decoder = LayerDecoder::new(expected).may_be_other(may_be_other);
                for piece in tar.chunks(piece) {
                    decoder.push(piece)?;
                }
                decoder.finish()
            };
            for may_be_other in [false, true] {
                let index = decoded(of(algorithm), of(Algorithm::Sha256), may_be_other).unwrap();
                assert_eq!(
                    (index.digest, index.diff_id),
                    (of(algorithm), of(Algorithm::Sha256))
                );
            }
            let wrong = Digest::of(algorithm, b"other");
            let error = decoded(wrong.clone(), of(Algorithm::Sha256), false).unwrap_err();
            assert!(matches!(error.problem(), Problem::Digest { .. }), "{error}");
            let error = decoded(of(algorithm), wrong, false).unwrap_err();
            assert!(matches!(error.problem(), Problem::DiffId { .. }), "{error}");
        }
    }
    // What is no tar at all is read to its end for its digest.
    let other = [&b"hsqs"[..], &vec![7; 5000]].concat();
    for piece in [1, 512, 700, other.len()] {
        let decoded = |digest| {
            let expected = Expected {
                digest: Some(digest),
                ..Expected::default()
            };
            let mut decoder = LayerDecoder::new(expected).may_be_other(true);
            for piece in other.chunks(piece) {
                decoder.push(piece)?;
            }
            decoder.finish()
        };
        let error = decoded(Digest::sha256(&other)).unwrap_err();
        assert!(matches!(error.problem(), Problem::NotTar), "{error}");
        let error = decoded(Digest::sha256(b"other")).unwrap_err();
        assert!(matches!(error.problem(), Problem::Digest { .. }), "{error}");
    }
}

/// RFC 1952: optional header fields, members one after the other; pigz and eStargz write several.
#[test]
fn gzip_members_and_fields_of_all_sorts_are_read() {
    let tar = varied().tar();
    let plain = decode(&tar).unwrap();
    let same = |blob: &[u8]| {
        for size in [1, 7, usize::MAX] {
            let index = decode_in(blob, size.min(blob.len())).unwrap();
            assert_eq!(
                (index.diff_id.clone(), index.len()),
                (plain.diff_id.clone(), plain.len())
            );
        }
    };
    let members: Vec<u8> = tar.chunks(5000).flat_map(gzip).collect();
    same(&members);
    same(&[gzip(&tar), vec![0; 1000]].concat());
    let body = &gzip(&tar)[10..];
    let head = |flags: u8, fields: &[u8]| {
        [&[0x1f, 0x8b, 8, flags, 0, 0, 0, 0, 0, 255], fields, body].concat()
    };
    same(&head(4, b"\x03\0abc"));
    same(&head(4, b"\0\0"));
    same(&head(8, b"name\0"));
    same(&head(16, b"comment\0"));
    same(&head(2, b"xx"));
    same(&head(31, b"\x01\0zname\0comment\0xx"));
    for (damaged, why) in [
        (
            [gzip(&tar), b"junk".to_vec()].concat(),
            "neither another one nor zeros",
        ),
        (
            [gzip(&tar), vec![0, 0, 1]].concat(),
            "padding after the gzip data",
        ),
        (head(0x20, b""), "does not exist"),
        (gzip(&tar)[..2].to_vec(), "ends in the middle"),
        ([gzip(&tar), vec![0x1f]].concat(), "ends in the middle"),
    ] {
        let error = decode(&damaged).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
    let mut wrong_crc = gzip(&tar);
    let at = wrong_crc.len() - 8;
    wrong_crc[at] ^= 1;
    assert!(
        decode(&wrong_crc)
            .unwrap_err()
            .to_string()
            .contains("checksum")
    );
}

#[test]
fn other_compressions_are_named() {
    for (first, name) in [
        (&b"\xfd7zXZ\0"[..], "xz"),
        (b"BZh91AY&SY", "bzip2"),
        (b"\x78\x9c\x01", "zlib"),
        (b"\x04\x22\x4d\x18", "lz4"),
        (b"]\0\0\x80\0\xff\xff\xff\xff\xff\xff\xff\xff", "lzma"),
        (b"PK\x03\x04", "zip"),
    ] {
        for len in [60, 600] {
            let error = refusal(&[first, &vec![1; len]].concat());
            let says = format!("the layer is compressed with {name}, which is not supported; ");
            assert!(error.contains(&says), "{error}");
        }
    }
    assert!(refusal(&[b'x'; 2000]).contains("not a container layer"));
    // A file's name may begin like a compressed stream does.
    assert_eq!(paths(&layer("x").file("/BZh9", "")), ["/BZh9"]);
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

/// The four ways to store a sparse file; the ledger counts what is stored, `ls` what a program reads.
#[test]
fn sparse_files_count_what_is_stored() {
    let data = bytes(1024);
    let (first, second) = data.split_at(512);
    let old = layer("x").sparse("/s", 100_000, &[(4096, first), (50_000, second)]);
    let pax_01 = layer("x")
        .file("/GNUSparseFile.1/s", data.clone())
        .pax("GNU.sparse.size", "100000")
        .pax("GNU.sparse.numblocks", "2")
        .pax("GNU.sparse.map", "4096,512,50000,512")
        .pax("GNU.sparse.name", "s");
    let pax_00 = layer("x")
        .file("/s", data.clone())
        .pax("GNU.sparse.size", "100000")
        .pax("GNU.sparse.offset", "4096")
        .pax("GNU.sparse.numbytes", "512")
        .pax("GNU.sparse.offset", "50000")
        .pax("GNU.sparse.numbytes", "512");
    let mut mapped = b"2\n4096\n512\n50000\n512\n".to_vec();
    mapped.resize(512, 0);
    mapped.extend_from_slice(&data);
    let pax_10 = layer("x")
        .file("/GNUSparseFile.1/s", mapped)
        .pax("GNU.sparse.major", "1")
        .pax("GNU.sparse.minor", "0")
        .pax("GNU.sparse.realsize", "100000")
        .pax("GNU.sparse.name", "s");
    let mut whole = vec![0; 100_000];
    whole[4096..4608].copy_from_slice(first);
    whole[50_000..50_512].copy_from_slice(second);
    let dense = index(&layer("x").file("/s", whole));
    for sparse in [old, pax_01, pax_00, pax_10] {
        let index = index(&sparse);
        let entry = index.entries().next().unwrap();
        assert_eq!(index.path(entry), b"/s");
        assert_eq!(
            (index.size(entry), index.logical_size(entry)),
            (1024, 100_000)
        );
        assert_eq!(index.stored() + index.overhead(), sparse.tar().len() as u64);
        // The same file written out whole has the same content.
        assert_eq!(
            index.content(entry),
            dense.content(dense.entries().next().unwrap())
        );
    }
    let lying = layer("x")
        .file("/s", data)
        .pax("GNU.sparse.size", "100")
        .pax("GNU.sparse.map", "0,512,99,512");
    assert!(refusal(&lying.tar()).contains("sparse map"));
}

#[test]
fn devices_keep_their_numbers() {
    let index = index(&layer("x").block_device("/sda", 8, 1).file("/a", ""));
    let devices = index.entries().map(|entry| index.device(entry));
    assert!(devices.eq([Some((8, 1)), None]));
}

#[test]
fn what_is_no_part_of_the_image_is_overhead() {
    let layer = layer("x")
        .file("/.wh..wh.plnk/1.2", "left over")
        .file("/.wh..wh.aufs", "")
        .file("/.wh.", "")
        .file("/vol", "label")
        .typeflag(b'V')
        .file("/.wh.x/y", "below a whiteout")
        .file("/.wh.gone", "stored in a whiteout")
        .file("/a", "1");
    let index = index(&layer);
    assert_eq!(index.stored(), 1);
    let kinds: Vec<_> = index.remarks().iter().map(|remark| remark.kind).collect();
    assert_eq!(
        kinds,
        [RemarkKind::BareWhiteout, RemarkKind::UnknownType(b'V')]
    );
    let lines: Vec<_> = lines(index)
        .into_iter()
        .map(|line| (line.path, line.kind))
        .collect();
    assert_eq!(
        lines,
        [
            ("/a".to_owned(), "file".to_owned()),
            ("/gone".to_owned(), "whiteout".to_owned())
        ]
    );
}

/// moby, pkg/archive/diff.go: what AUFS kept aside is unpacked where hard links name it.
#[test]
fn hard_links_to_what_aufs_kept_aside_have_its_content() {
    let aside = || {
        layer("x")
            .dir("/.wh..wh.plnk")
            .file("/.wh..wh.plnk/17.4", bytes(4000))
            .mode(0o4755)
            .owner(7, 8)
            .xattr("user.a", "1")
    };
    let told = |layer: &Layer| {
        let row = |line: Line| {
            let target = line.link_target.unwrap_or_default();
            format!(
                "{} {} {} {} {target}",
                line.path, line.kind, line.size, line.mode
            )
        };
        let index = index(layer);
        assert_eq!(LayerIndex::from_bytes(&index.to_bytes()), Ok(index.clone()));
        assert_eq!(index.stored() + index.overhead(), layer.tar().len() as u64);
        let stored = index.stored();
        (
            stored,
            lines(index).into_iter().map(row).collect::<Vec<_>>(),
        )
    };
    let named = aside()
        .hardlink("/usr/prog", "/.wh..wh.plnk/17.4")
        .hardlink("/usr/same", "./.wh..wh.plnk//17.4");
    let rows = [
        "/usr/prog file 4000 4755 ",
        "/usr/same hardlink 0 644 /usr/prog",
    ];
    assert_eq!(told(&named), (4000, rows.map(str::to_owned).to_vec()));
    // Links may stand before it in the tar.
    let early = layer("x")
        .hardlink("/usr/prog", "/.wh..wh.plnk/17.4")
        .hardlink("/usr/same", "/.wh..wh.plnk/17.4")
        .with(aside());
    assert_eq!(told(&early), (4000, rows.map(str::to_owned).to_vec()));
    // It costs what is stored, not its link.
    let cost = |layer: &Layer| index(layer).cost(onionskin_core::layer::EntryId(0));
    assert_eq!(
        (cost(&named), cost(&early)),
        (512 + 512 + 512 + 4096, 512 + 512 + 512 + 4096)
    );
    // Under no name it is overhead.
    assert_eq!(told(&aside()), (0, vec![]));
    let elsewhere = aside().hardlink("/no", "/.wh..wh.plnk/5");
    assert_eq!(
        told(&elsewhere),
        (0, vec!["/no hardlink 0 644 /.wh..wh.plnk/5".to_owned()])
    );
    // Stored twice, each link has what was there.
    let twice = aside()
        .hardlink("/one", "/.wh..wh.plnk/17.4")
        .file("/.wh..wh.plnk/17.4", "other")
        .hardlink("/two", "/.wh..wh.plnk/17.4");
    let rows = ["/one file 4000 4755 ", "/two file 5 644 "];
    assert_eq!(told(&twice), (4005, rows.map(str::to_owned).to_vec()));
    // A FIFO, a symbolic link, a sparse file, and a link to a file of the image.
    let odd = layer("x")
        .file("/a", "1")
        .fifo("/.wh..wh.plnk/p")
        .symlink("/.wh..wh.plnk/s", "a")
        .sparse("/.wh..wh.plnk/h", 9000, &[(4096, &[1; 100])])
        .hardlink("/.wh..wh.plnk/l", "/a")
        .hardlink("/p", "/.wh..wh.plnk/p")
        .hardlink("/s", "/.wh..wh.plnk/s")
        .hardlink("/h", "/.wh..wh.plnk/h")
        .hardlink("/l", "/.wh..wh.plnk/l");
    let rows = [
        "/a file 1 644 ",
        "/h file 9000 644 ",
        "/l hardlink 0 644 /a",
        "/p fifo 0 600 ",
        "/s symlink 0 777 a",
    ];
    assert_eq!(told(&odd), (101, rows.map(str::to_owned).to_vec()));
}

#[test]
fn hostile_numbers_and_records_are_refused_with_their_place() {
    for (layer, why) in [
        (
            layer("x").file("/a", "").pax("size", "-1"),
            "must be a number",
        ),
        (
            layer("x").file("/a", "").pax("size", "9223372036854775807"),
            "must be a number",
        ),
        (layer("x").file("/a", "").pax("path", "a\0b"), "NUL"),
        // Cut at the NUL, as C does, it would be another attribute.
        (layer("x").file("/a", "").xattr("user.a\0b", "1"), "NUL"),
        (
            layer("x")
                .file("/a", "")
                .pax("comment", "x".repeat(2 << 20)),
            "extension records",
        ),
        (
            layer("x").file("/a/".repeat(2000) + "b", ""),
            "bytes in a path",
        ),
    ] {
        let error = refusal(&layer.tar());
        assert!(error.contains(why), "{error}");
        assert!(error.contains("at byte 0 of its tar"), "{error}");
    }
    // A claimed size of terabytes is counted, not allocated; the tar then ends too early.
    let huge = layer("x").file("/a", "").claimed_size(8 << 30);
    assert!(refusal(&huge.tar()).contains("middle of an entry"));
}

/// Found by the fuzz target `pax`: the place was that of the piece in which the header's body ended.
#[test]
fn a_wrong_global_header_is_named_by_its_own_place() {
    let wrong = layer("x").file("/g", "9 a=b\n").typeflag(b'g');
    let tar = layer("x").file("/a", "1").with(wrong).tar();
    for size in [1, 700, tar.len()] {
        let error = decode_in(&tar, size).unwrap_err().to_string();
        assert!(error.contains("at byte 1024 of its tar"), "{error}");
    }
}

/// The definition in its own words: how much of the tar can be decoded from the first `n` bytes of the blob.
fn decodable(prefix: &[u8]) -> u64 {
    let mut decoder = flate2::bufread::MultiGzDecoder::new(prefix);
    let mut buffer = [0; 4096];
    let mut count = 0;
    while let Ok(got @ 1..) = std::io::Read::read(&mut decoder, &mut buffer) {
        count += got as u64;
    }
    count
}

#[test]
fn compressed_costs_follow_from_the_known_points() {
    let mixed = (0..40).fold(layer("x"), |layer, n: usize| {
        let (random, words) = (bytes(7000 + 997 * n), text(9000 + 1013 * n));
        layer
            .file(format!("/r{n}"), random)
            .file(format!("/t{n}"), words)
            .whiteout(format!("/w{n}"))
    });
    let tar = mixed.tar();
    let members: Vec<u8> = tar.chunks(300_000).flat_map(gzip).collect();
    for blob in [gzip(&tar), members] {
        let mut points = vec![(0, 0)];
        for end in (16_384..blob.len()).step_by(16_384).chain([blob.len()]) {
            let tar = decodable(&blob[..end]);
            if tar > points[points.len() - 1].1 {
                points.push((end as u64, tar));
            }
        }
        assert!(points.len() > 50, "enough points to be wrong about");
        for size in [1000, usize::MAX] {
            let index = decode_in(&blob, size.min(blob.len())).unwrap();
            let ends = index.entries().map(|entry| index.start(entry)).skip(1);
            let mut sum = 0;
            for (entry, end) in index.entries().zip(ends) {
                let cost = cost_at(&points, end) - cost_at(&points, index.start(entry));
                assert_eq!(index.cost(entry), cost);
                sum += cost;
            }
            assert!(sum <= index.blob_size);
        }
    }
}
