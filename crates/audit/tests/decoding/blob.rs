//! Blobs: their digests and sizes, their compression, and the compressed cost of what is in them.

use super::*;
// By name: a glob does not win over the attribute of the prelude.
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

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
