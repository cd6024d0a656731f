//! Layers compressed with zstd, against the reference implementation's encoder and decoder.

// The reference implementation is C and does not build for the browser.
#![cfg(not(target_arch = "wasm32"))]
// Where a test's ground gives way, the test has failed.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use onionskin_fixtures::{bytes, layer, text};
use support::{cost_at, decode, decode_in};

fn zstd(tar: &[u8], set: impl Fn(&mut zstd::stream::Encoder<'_, Vec<u8>>)) -> Vec<u8> {
    let mut encoder = zstd::stream::Encoder::new(Vec::new(), 3).unwrap();
    set(&mut encoder);
    std::io::Write::write_all(&mut encoder, tar).unwrap();
    encoder.finish().unwrap()
}

fn skippable(len: u32) -> Vec<u8> {
    [
        &[0x5a, 0x2a, 0x4d, 0x18][..],
        &len.to_le_bytes(),
        &vec![7; len as usize],
    ]
    .concat()
}

/// RFC 8878: with and without checksum and content size, several frames, skippable ones anywhere.
#[test]
fn zstd_frames_of_all_sorts_are_read() {
    let large = layer("x")
        .dir("/d")
        .hardlink("/d/l", "/large")
        .file("/large", text(700_000))
        .file("/random", bytes(300_000));
    let tar = large.tar();
    let plain = decode(&tar).unwrap();
    let same = |blob: &[u8]| {
        for size in [997, 131_072, usize::MAX] {
            let index = decode_in(blob, size.min(blob.len())).unwrap();
            assert_eq!((&index.diff_id, index.len()), (&plain.diff_id, plain.len()));
        }
    };
    let simple = zstd(&tar, |_| ());
    same(&simple);
    same(&zstd(&tar, |encoder| {
        encoder.include_checksum(true).unwrap()
    }));
    same(&zstd(&tar, |encoder| {
        encoder
            .set_pledged_src_size(Some(tar.len() as u64))
            .unwrap()
    }));
    same(&zstd(&tar, |encoder| {
        encoder.long_distance_matching(true).unwrap();
        encoder.window_log(27).unwrap();
    }));
    same(&[skippable(0), simple.clone(), skippable(300), skippable(1)].concat());
    let frames: Vec<u8> = tar
        .chunks(100_000)
        .flat_map(|part| zstd(part, |_| ()))
        .collect();
    same(&frames);
    assert_eq!(decode(&skippable(20)).unwrap().len(), 0);
    let small = layer("x").dir("/d");
    let blob = zstd(&small.tar(), |_| ());
    assert_eq!(decode(&blob).unwrap().len(), 1);
    assert_eq!(decode_in(&blob, 1), decode(&blob));
}

#[test]
fn damaged_zstd_is_refused() {
    let tar = layer("x")
        .file("/a", text(400_000))
        .file("/b", bytes(300_000))
        .tar();
    let blob = zstd(&tar, |encoder| encoder.include_checksum(true).unwrap());
    for cut in [1, 3, 4, 5, 6, 9, 100, blob.len() / 2, blob.len() - 1] {
        assert!(decode(&blob[..cut]).is_err(), "cut at {cut}");
    }
    let mut wrong = blob.clone();
    *wrong.last_mut().unwrap() ^= 1;
    assert!(decode(&wrong).unwrap_err().to_string().contains("checksum"));
    let after = [blob.clone(), b"junk".to_vec()].concat();
    assert!(
        decode(&after)
            .unwrap_err()
            .to_string()
            .contains("not another one")
    );
    let mut huge = blob.clone();
    // A window of 2 GiB, as `zstd --long=31` asks for.
    huge[4] &= !0x20;
    huge[5] = 21 << 3;
    let error = decode(&huge).unwrap_err().to_string();
    assert!(
        error.contains("a window of 2048 MiB, more than the limit of 256 MiB"),
        "{error}"
    );
    for at in (6..blob.len()).step_by(7919) {
        let mut damaged = blob.clone();
        damaged[at] ^= 0x10;
        assert!(decode(&damaged).is_err(), "at {at}");
    }
}

/// containers/storage reads windows of 256 MiB, as `zstd --ultra -22 --long=28` writes them.
#[test]
fn windows_of_256_mebibytes_are_read() {
    let tar = layer("x").file("/a", text(300_000)).tar();
    let blob = zstd(&tar, |encoder| encoder.window_log(28).unwrap());
    // No smaller window, as the encoder was not told how little comes.
    assert_eq!(blob[5], (28 - 10) << 3);
    assert_eq!(decode(&blob).unwrap().size, tar.len() as u64);
    let mut larger = blob.clone();
    larger[5] += 1;
    assert!(decode(&larger).unwrap_err().to_string().contains("window"));
}

/// The ends of a frame's blocks, walked by their headers alone; (blob offset, is it the last).
fn block_ends(blob: &[u8]) -> Vec<usize> {
    let descriptor = blob[4];
    let single = descriptor & 0x20 != 0;
    let content_size = [usize::from(single), 2, 4, 8][usize::from(descriptor >> 6)];
    let mut at = 5 + usize::from(!single) + content_size;
    let mut ends = Vec::new();
    loop {
        let header = u32::from_le_bytes([blob[at], blob[at + 1], blob[at + 2], 0]);
        let size = if header >> 1 & 3 == 1 {
            1
        } else {
            (header >> 3) as usize
        };
        at += 3 + size;
        ends.push(at);
        if header & 1 == 1 {
            return ends;
        }
    }
}

#[test]
fn compressed_costs_of_zstd_follow_from_the_ends_of_blocks() {
    let mixed = (0..40).fold(layer("x"), |layer, n: usize| {
        let (random, words) = (bytes(7000 + 9970 * n), text(9000 + 10_130 * n));
        layer
            .file(format!("/r{n}"), random)
            .file(format!("/t{n}"), words)
    });
    let blob = zstd(&mixed.tar(), |encoder| {
        encoder.include_checksum(true).unwrap()
    });
    let mut points = vec![(0, 0)];
    for end in block_ends(&blob) {
        let mut decoder = zstd::stream::read::Decoder::new(&blob[..end]).unwrap();
        let mut out = Vec::new();
        // The prefix ends too early for the decoder; what it gave until then is what counts.
        let _ = std::io::Read::read_to_end(&mut decoder, &mut out);
        points.push((end as u64, out.len() as u64));
    }
    assert!(points.len() > 50, "{}", points.len());
    for size in [999, usize::MAX] {
        let index = decode_in(&blob, size.min(blob.len())).unwrap();
        let ends = index.entries().map(|entry| index.start(entry)).skip(1);
        for (entry, end) in index.entries().zip(ends) {
            let cost = cost_at(&points, end) - cost_at(&points, index.start(entry));
            assert_eq!(index.cost(entry), cost);
        }
    }
}
