//! Both decoders of blocks against each other: what one reads, the other reads as the same, and both find the same damage.

// There is one decoder in browsers.
#![cfg(not(target_arch = "wasm32"))]

use std::io::Write as _;

use proptest::prelude::*;
use zstd::stream::write::Encoder;

use super::*;
use crate::compression::{Decompressor, Error};

/// What a stream decodes to, and where its blocks end.
fn decoded(
    decompressor: Decompressor,
    blob: &[u8],
    piece: usize,
) -> (Vec<u8>, Result<OffsetMap, Error>) {
    let mut decompressor = decompressor;
    let mut content = Vec::new();
    let mut keep = |bytes: &[u8]| -> Result<(), Error> {
        content.extend_from_slice(bytes);
        Ok(())
    };
    let mut pieces = blob.chunks(piece.max(1));
    let pushed = pieces.try_for_each(|piece| decompressor.push(piece, &mut keep));
    let done = pushed.and_then(|()| decompressor.finish(&mut keep));
    (content, done)
}

/// Both decoders give the same content and the same known points, or both stop, but for damage of three kinds: of a match
/// that reaches back beyond the window, and of a Huffman stream that ends some bits early, the C library may make something;
/// zrip may read descriptions of tables that the C library refuses. All else about a layer, its digests above all, is
/// checked behind both. Which of several things that are wrong is seen first is left to them.
fn same(blob: &[u8], piece: usize) -> Result<OffsetMap, Error> {
    let (content, done) = decoded(Decompressor::of_file(), blob, piece);
    let (portable, portable_done) = decoded(Decompressor::of_file().portable(), blob, piece);
    match (&done, &portable_done) {
        (Ok(map), Ok(portable_map)) => {
            assert_eq!(map, portable_map);
            assert!(content == portable, "other content");
        }
        (Ok(_), Err(error)) => assert_eq!(
            error.problem,
            Problem::Corrupt("the zstd data is damaged"),
            "the C library reads it"
        ),
        (Err(error), Ok(_)) => assert_eq!(
            error.problem,
            Problem::Corrupt("the zstd data is damaged"),
            "zrip reads it"
        ),
        (Err(_), Err(_)) => {
            let both = content.len().min(portable.len());
            assert!(content[..both] == portable[..both], "other content");
        }
    }
    done
}

/// Content with what compressors look for: repeats near and far, runs, text, and bytes without order.
fn content() -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![
        (any::<u64>(), 0usize..100_000).prop_map(|(seed, n)| onionskin_fixtures::seeded(seed, n)),
        (0usize..150_000).prop_map(onionskin_fixtures::text),
        (any::<u8>(), 0usize..150_000).prop_map(|(byte, n)| vec![byte; n]),
        (any::<u64>(), 1usize..400, 1usize..300)
            .prop_map(|(seed, n, times)| onionskin_fixtures::seeded(seed, n).repeat(times)),
    ];
    prop::collection::vec(part, 0..5).prop_map(|parts| parts.concat())
}

/// A frame as the command or an engine writes it.
fn frame() -> impl Strategy<Value = Vec<u8>> {
    let options = (
        content(),
        -5i32..20,
        any::<bool>(),
        any::<bool>(),
        10u32..24,
        any::<bool>(),
    );
    options.prop_map(|(content, level, checksum, sized, window, long)| {
        let mut encoder = Encoder::new(Vec::new(), level).unwrap();
        encoder.include_checksum(checksum).unwrap();
        encoder.window_log(window).unwrap();
        encoder.long_distance_matching(long).unwrap();
        if sized {
            let size = content.len() as u64;
            encoder.set_pledged_src_size(Some(size)).unwrap();
        }
        encoder.write_all(&content).unwrap();
        encoder.finish().unwrap()
    })
}

fn skippable() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..100).prop_map(|content| {
        let magic = SKIPPABLE.to_le_bytes();
        [&magic[..], &(content.len() as u32).to_le_bytes(), &content].concat()
    })
}

fn stream() -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![4 => frame(), 1 => skippable()];
    prop::collection::vec(part, 1..4).prop_map(|parts| parts.concat())
}

/// What happens to bytes on their way.
#[derive(Clone, Debug)]
enum Damage {
    Flip(prop::sample::Index, u8),
    Cut(prop::sample::Index),
    Drop(prop::sample::Index),
    Insert(prop::sample::Index, u8),
    /// Near the start, where headers are.
    Early(usize, u8),
}

fn damage() -> impl Strategy<Value = Damage> {
    let at = any::<prop::sample::Index>;
    prop_oneof![
        4 => (at(), 1u8..).prop_map(|(at, bits)| Damage::Flip(at, bits)),
        4 => (0usize..40, 1u8..).prop_map(|(at, bits)| Damage::Early(at, bits)),
        1 => at().prop_map(Damage::Cut),
        1 => at().prop_map(Damage::Drop),
        1 => (at(), any::<u8>()).prop_map(|(at, byte)| Damage::Insert(at, byte)),
    ]
}

fn damaged(mut blob: Vec<u8>, damage: Damage) -> Vec<u8> {
    match damage {
        Damage::Flip(at, bits) => {
            let at = at.index(blob.len());
            blob[at] ^= bits;
        }
        Damage::Early(at, bits) => {
            if let Some(byte) = blob.get_mut(at) {
                *byte ^= bits;
            }
        }
        Damage::Cut(at) => blob.truncate(at.index(blob.len())),
        Damage::Drop(at) => drop(blob.remove(at.index(blob.len()))),
        Damage::Insert(at, byte) => blob.insert(at.index(blob.len()), byte),
    }
    blob
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn both_decoders_read_the_same(blob in stream(), piece in 1usize..200_000) {
        prop_assert!(same(&blob, piece).is_ok());
        prop_assert_eq!(same(&blob, piece), same(&blob, blob.len()));
    }

    #[test]
    fn both_decoders_find_the_same_damage(
        blob in stream(),
        damages in prop::collection::vec(damage(), 1..16),
    ) {
        for damage in damages {
            // What it does not change is read, what it does may be an error; both say the same.
            let _ = same(&damaged(blob.clone(), damage), 100_000);
        }
    }
}

/// A frame says how long it is; where that is wrong, bytes are missing or too many.
#[test]
fn a_frame_of_another_length_than_its_header_says_is_refused() {
    let mut encoder = Encoder::new(Vec::new(), 3).unwrap();
    encoder.set_pledged_src_size(Some(1_000)).unwrap();
    encoder.write_all(&onionskin_fixtures::text(1_000)).unwrap();
    let mut blob = encoder.finish().unwrap();
    assert!(same(&blob, 100).is_ok());
    // The two bytes of the size stand behind the descriptor, less 256.
    assert_eq!(blob[5..7], (1_000u16 - 256).to_le_bytes());
    blob[5] -= 1;
    let error = same(&blob, 100).unwrap_err();
    assert!(matches!(error.problem, Problem::Corrupt(_)), "{error}");
}

/// A frame of one block of one literal and a match of three bytes, by the predefined tables: a match that reaches back by
/// two bytes, where there is only one.
#[test]
fn matches_that_reach_back_before_their_frame_are_refused() {
    for reach in [1_u32, 2, 100, 1 << 16] {
        let blob = one_match(reach);
        let read = same(&blob, blob.len());
        match reach {
            1 => assert!(read.is_ok()),
            _ => assert_eq!(
                read.unwrap_err().problem,
                Problem::Corrupt("the zstd data is damaged")
            ),
        }
    }
}

/// The reserved bits of the modes of the tables.
#[test]
fn reserved_bits_are_refused() {
    let blob = one_match(1);
    let modes = 6 + 3 + 2 + 1;
    assert_eq!(blob[modes], 0b01_01_01_00);
    for bits in 1..=3 {
        let mut blob = blob.clone();
        blob[modes] |= bits;
        assert!(same(&blob, blob.len()).is_err(), "{bits}");
    }
}

/// Blocks that decode to nothing, or have no sequences, are refused by both where they are not whole.
#[test]
fn blocks_without_sequences_are_whole_or_refused() {
    for (block, is_read) in [
        // No literals, or one.
        (&[0, 0][..], true),
        (&[8, b'a', 0], true),
        // Something behind the number of sequences, which is none.
        (&[8, b'a', 0, 0], false),
        (&[8, b'a', 0x80, 0, 0], false),
        // Literals by the table of an earlier block, which there is not.
        (&[3, 0, 0, 0], false),
    ] {
        let header = (block.len() as u32) << 3 | 2 << 1 | 1;
        let header = header.to_le_bytes();
        let head = [&MAGIC.to_le_bytes()[..], &[0, 7 << 3], &header[..3]].concat();
        let blob = [&head, block].concat();
        for decompressor in [Decompressor::of_file(), Decompressor::of_file().portable()] {
            let (_, done) = decoded(decompressor, &blob, blob.len());
            assert_eq!(done.is_ok(), is_read, "{block:?}");
        }
    }
}

/// One literal, and a match of three bytes that begins `reach` bytes before its end. All tables are of one symbol.
fn one_match(reach: u32) -> Vec<u8> {
    // Offsets below four are those of earlier matches; the code is the number of bits behind the highest.
    let value = reach + 3;
    let code = value.ilog2();
    // The bits of the offset below the bit that ends the stream.
    let stream = (value - (1 << code)) | 1 << code;
    let stream: Vec<u8> = stream.to_le_bytes().into();
    let len = (code as usize + 1).div_ceil(8);
    let sequences = [&[1, 0b01_01_01_00, 1, code as u8, 0], &stream[..len]].concat();
    let block = [&[1 << 3, b'a'][..], &sequences].concat();
    let header = (block.len() as u32) << 3 | 2 << 1 | 1;
    [
        &MAGIC.to_le_bytes()[..],
        &[0, 7 << 3],
        &header.to_le_bytes()[..3],
        &block,
    ]
    .concat()
}
