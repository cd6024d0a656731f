//! Files of a layer that was decoded before, read from a part of its blob.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use onionskin_fixtures::{Layer, gzip, seeded, zstd};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::layer::{ContentReader, EntryKind, Expected, LayerDecoder};

type Contents = BTreeMap<EntryId, Vec<u8>>;

/// Letters that a compressor halves.
fn letters(seed: u64, length: usize) -> Vec<u8> {
    let bytes = seeded(seed, length / 2);
    let letter = |half: u8| b'a' + half;
    let letters = bytes
        .iter()
        .flat_map(|byte| [letter(byte >> 4), letter(byte & 15)]);
    letters.collect()
}

fn layer() -> Layer {
    let files = (0..10).map(|at| (format!("/app/{at}"), letters(at, 120_000)));
    let layer = files.fold(Layer::new(), |layer, (path, content)| {
        layer.file(path, content)
    });
    layer
        .sparse(
            "/app/sparse",
            500_000,
            &[(4_096, b"one"), (200_000, b"two")],
        )
        .pax("SCHILY.xattr.user.long", vec![b'x'; 3_000])
        .file("/app/empty", "")
        .file("/app/last", "the last")
}

/// The same layer, stored in every way of which parts can be read.
static STORED: LazyLock<Vec<(&str, Vec<u8>)>> = LazyLock::new(|| {
    let tar = layer().tar();
    let members = tar.chunks(tar.len() / 2 + 700).flat_map(gzip).collect();
    let frames = tar.chunks(150 << 10).flat_map(zstd).collect();
    vec![
        ("gzip", gzip(&tar)),
        ("two members", members),
        ("zstd frames", frames),
        ("plain", tar),
    ]
});

fn decoded(blob: &[u8], beside: bool) -> (LayerIndex, Checkpoints) {
    let mut decoder = LayerDecoder::new(Expected::default()).with_checkpoints();
    #[cfg(not(target_arch = "wasm32"))]
    if beside {
        decoder = decoder.hash_beside();
    }
    #[cfg(target_arch = "wasm32")]
    let _ = beside;
    for piece in blob.chunks(10_000) {
        decoder.push(piece).unwrap();
    }
    let (index, checkpoints) = decoder.finish_with_checkpoints().unwrap();
    (index, checkpoints.unwrap())
}

fn files(index: &LayerIndex) -> Vec<EntryId> {
    let is_file = |entry: &EntryId| index.kind(*entry) == EntryKind::File;
    index.entries().filter(is_file).collect()
}

fn keep(contents: &mut Contents) -> impl FnMut(EntryId, Piece<'_>) {
    |entry, piece| {
        let content = contents.entry(entry).or_default();
        match piece {
            Piece::Bytes(bytes) => content.extend_from_slice(bytes),
            Piece::Hole(zeros) => content.resize(content.len() + zeros as usize, 0),
        }
    }
}

/// What is read of a blob, where `blob` has the bytes of the part.
fn read(
    checkpoints: &Checkpoints,
    index: &LayerIndex,
    entries: &[EntryId],
    blob: &[u8],
) -> (Contents, Result<(), LayerError>) {
    let mut contents = Contents::new();
    for part in checkpoints.parts(index, entries) {
        let Some(mut reader) = checkpoints.reader(1, index, &part) else {
            continue;
        };
        assert_eq!(reader.rest(), part.blob);
        let mut pieces = blob[range(&part.blob)].chunks(7_001);
        let pushed = pieces.try_for_each(|piece| reader.push(piece, &mut keep(&mut contents)));
        let done = pushed.and_then(|()| reader.finish(&mut keep(&mut contents)));
        if done.is_err() {
            return (contents, done);
        }
    }
    (contents, Ok(()))
}

fn range(bytes: &Range<u64>) -> Range<usize> {
    bytes.start as usize..bytes.end as usize
}

/// The part that has one file.
fn part(checkpoints: &Checkpoints, index: &LayerIndex, entry: EntryId) -> BlobPart {
    let parts = checkpoints.parts(index, &[entry]);
    assert_eq!(parts.len(), 1);
    parts[0].clone()
}

fn whole(blob: &[u8], index: &LayerIndex, entry: EntryId) -> Vec<u8> {
    let mut contents = Contents::new();
    let mut keep = keep(&mut contents);
    let mut reader = ContentReader::new(1, index, entry);
    reader.push(blob, &mut |piece| keep(entry, piece)).unwrap();
    reader.finish(&mut |piece| keep(entry, piece)).unwrap();
    drop(keep);
    contents.remove(&entry).unwrap_or_default()
}

#[test]
fn each_file_comes_from_a_part_of_the_blob() {
    for (how, blob) in &*STORED {
        let (index, checkpoints) = decoded(blob, false);
        assert_eq!(decoded(blob, true), (index.clone(), checkpoints.clone()));
        for entry in files(&index) {
            let part = part(&checkpoints, &index, entry).blob;
            // A span, the file, and what completes the first and the last megabyte.
            let most = 2 * GZIP_SPAN + 2 * MARK_EVERY + index.size(entry);
            assert!(part.end - part.start <= most, "{how}: {part:?}");
            let (contents, done) = read(&checkpoints, &index, &[entry], blob);
            done.unwrap();
            let expected = whole(blob, &index, entry);
            let content = contents.get(&entry).cloned().unwrap_or_default();
            assert!(content == expected, "{how}: {}", text(&index, entry));
        }
        let files = files(&index);
        let last = *files.last().unwrap();
        let part = part(&checkpoints, &index, last).blob;
        assert!(part.start > blob.len() as u64 / 3, "{how}: {part:?}");
        // Several files are read in one pass.
        let some = &files[5..8];
        let (contents, done) = read(&checkpoints, &index, some, blob);
        done.unwrap();
        assert_eq!(
            contents.keys().collect::<Vec<_>>(),
            some.iter().collect::<Vec<_>>()
        );
        assert!(
            some.iter()
                .all(|entry| contents[entry] == whole(blob, &index, *entry))
        );
        // What stands between files that are far from each other is left out.
        let ends = [files[0], last];
        let parts = checkpoints.parts(&index, &[ends[1], ends[0], ends[1]]);
        let bytes: u64 = parts
            .iter()
            .map(|part| part.blob.end - part.blob.start)
            .sum();
        assert_eq!(parts.len(), 2, "{how}");
        assert!(bytes < blob.len() as u64 * 2 / 3, "{how}: {bytes} bytes");
        let (contents, done) = read(&checkpoints, &index, &ends, blob);
        done.unwrap();
        for entry in ends {
            assert!(contents[&entry] == whole(blob, &index, entry), "{how}");
        }
    }
}

fn text(index: &LayerIndex, entry: EntryId) -> String {
    String::from_utf8_lossy(&index.path(entry)).into_owned()
}

#[test]
fn other_bytes_are_refused_before_any_of_them_is_given() {
    for (how, blob) in &*STORED {
        let (index, checkpoints) = decoded(blob, false);
        let entry = files(&index)[7];
        let whole_part = part(&checkpoints, &index, entry);
        let part = &whole_part.blob;
        let expected = whole(blob, &index, entry);
        for at in [part.start, (part.start + part.end) / 2, part.end - 1] {
            let mut other = blob.clone();
            other[at as usize] ^= 4;
            let (contents, done) = read(&checkpoints, &index, &[entry], &other);
            assert!(done.is_err(), "{how}: {at}");
            let given = contents.get(&entry).cloned().unwrap_or_default();
            assert!(expected.starts_with(&given), "{how}: {at}");
        }
        // What ends early, or does not end.
        for (from, to) in [(0, 1), (0, 10_000), (1, 0)] {
            let mut reader = checkpoints.reader(1, &index, &whole_part).unwrap();
            let bytes = &blob[part.start as usize + from..part.end as usize - to];
            let pushed = reader.push(bytes, &mut |_, _| {});
            assert!(pushed.and_then(|()| reader.finish(&mut |_, _| {})).is_err());
        }
        let mut reader = checkpoints.reader(1, &index, &whole_part).unwrap();
        let longer = [&blob[part.start as usize..part.end as usize], b"x"].concat();
        assert!(reader.push(&longer, &mut |_, _| {}).is_err(), "{how}");
    }
}

#[test]
fn damaged_checkpoints_give_no_other_content() {
    let (_, blob) = &STORED[0];
    let (index, checkpoints) = decoded(blob, false);
    let entry = files(&index)[9];
    let expected = whole(blob, &index, entry);
    let bytes = checkpoints.to_bytes();
    assert_eq!(Checkpoints::from_bytes(&bytes).as_ref(), Some(&checkpoints));
    let places = (0..120).chain((120..bytes.len()).step_by(bytes.len() / 60));
    for at in places {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1 << (at % 8);
        let Some(damaged) = Checkpoints::from_bytes(&damaged) else {
            continue;
        };
        let (contents, done) = read(&damaged, &index, &[entry], blob);
        let content = contents.get(&entry);
        assert!(
            done.is_err() || content.is_none_or(|content| *content == expected),
            "{at}"
        );
    }
}

#[test]
fn small_blobs_and_single_frames_have_none() {
    let small = Layer::new().file("/a", letters(1, 100_000)).gzip();
    let mut decoder = LayerDecoder::new(Expected::default()).with_checkpoints();
    decoder.push(&small).unwrap();
    assert_eq!(decoder.finish_with_checkpoints().unwrap().1, None);
    let frame = zstd(&layer().tar());
    let (index, checkpoints) = decoded(&frame, false);
    let last = *files(&index).last().unwrap();
    let part = part(&checkpoints, &index, last).blob;
    assert_eq!(part.start, 0);
}
