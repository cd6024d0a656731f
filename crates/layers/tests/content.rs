//! Reading a file's content back out of a layer, and finding it through links.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;

use onionskin_fixtures::{Layer, bytes, seeded};
use onionskin_layers::layer::{
    ContentReader, ContentsReader, EntryId, EntryKind, Expected, LayerDecoder, LayerIndex, Piece,
};
use onionskin_layers::stack::{ResolveError, Stack};
use proptest::prelude::*;

fn index(blob: &[u8]) -> LayerIndex {
    let mut decoder = LayerDecoder::new(Expected::default());
    decoder.push(blob).unwrap();
    decoder.finish().unwrap()
}

/// The content of an entry, read in pieces of this size, and whether it came complete.
fn read(blob: &[u8], index: &LayerIndex, entry: EntryId, piece: usize) -> Vec<u8> {
    let mut content = Vec::new();
    let mut keep = |piece: Piece<'_>| match piece {
        Piece::Bytes(bytes) => content.extend_from_slice(bytes),
        Piece::Hole(zeros) => content.resize(content.len() + zeros as usize, 0),
    };
    let mut reader = ContentReader::new(1, index, entry);
    for piece in blob.chunks(piece) {
        reader.push(piece, &mut keep).unwrap();
    }
    reader.finish(&mut keep).unwrap();
    content
}

/// The contents of entries, read in one pass.
fn read_all(blob: &[u8], index: &LayerIndex, entries: &[EntryId], piece: usize) -> Vec<Vec<u8>> {
    let mut contents: BTreeMap<EntryId, Vec<u8>> =
        entries.iter().map(|entry| (*entry, Vec::new())).collect();
    let mut last = None;
    let mut keep = |entry: EntryId, piece: Piece<'_>| {
        // The pieces of a file follow each other.
        assert!(last <= Some(entry));
        last = Some(entry);
        let content = contents.get_mut(&entry).unwrap();
        match piece {
            Piece::Bytes(bytes) => content.extend_from_slice(bytes),
            Piece::Hole(zeros) => content.resize(content.len() + zeros as usize, 0),
        }
    };
    let mut reader = ContentsReader::new(1, index, entries);
    for piece in blob.chunks(piece) {
        reader.push(piece, &mut keep).unwrap();
    }
    reader.finish(&mut keep).unwrap();
    contents.into_values().collect()
}

#[test]
fn contents_of_another_layer_are_refused() {
    let blob = |seed| Layer::new().file("/a", seeded(seed, 5_000)).file("/b", "b");
    let index = index(&blob(1).gzip());
    let entries: Vec<EntryId> = index.entries().collect();
    let whole = blob(1).gzip();
    for wrong in [blob(2).gzip(), whole[..whole.len() / 2].to_vec()] {
        let mut reader = ContentsReader::new(1, &index, &entries);
        let pushed = reader.push(&wrong, &mut |_, _| {});
        assert!(pushed.and_then(|()| reader.finish(&mut |_, _| {})).is_err());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_file_comes_back_as_it_was_written(
        sizes in prop::collection::vec(0usize..9000, 1..6),
        hole in 1u64..100_000,
        piece in 1usize..5000,
    ) {
        let mut layer = Layer::new();
        let mut contents = Vec::new();
        for (at, size) in sizes.iter().enumerate() {
            let content = seeded(at as u64, *size);
            layer = layer.file(format!("/f{at}"), content.clone());
            contents.push(content);
            let stored = bytes(700);
            layer = layer.sparse(
                format!("/s{at}"),
                3 * hole + 700,
                &[(hole, &stored[..]), (3 * hole + 700, &[])],
            );
            let mut content = vec![0; hole as usize];
            content.extend_from_slice(&stored);
            content.resize(3 * hole as usize + 700, 0);
            contents.push(content);
        }
        for blob in [layer.gzip(), layer.tar()] {
            let index = index(&blob);
            for (entry, content) in index.entries().zip(&contents) {
                prop_assert_eq!(index.kind(entry), EntryKind::File);
                let got = read(&blob, &index, entry, piece);
                prop_assert!(got == *content, "{:?}", index.path(entry));
            }
            // All of them at once, and every other one.
            let entries: Vec<EntryId> = index.entries().collect();
            prop_assert!(read_all(&blob, &index, &entries, piece) == contents);
            let some: Vec<EntryId> = entries.iter().copied().step_by(2).collect();
            let expected: Vec<_> = contents.iter().step_by(2).cloned().collect();
            prop_assert!(read_all(&blob, &index, &some, piece) == expected);
        }
    }
}

#[test]
fn what_was_read_another_time_has_to_be_the_same() {
    let one = Layer::new().file("/a", "one").file("/b", "two").tar();
    let other = Layer::new().file("/a", "one").file("/b", "TWO").tar();
    let index = index(&one);
    for (blob, fits) in [(&one[..], true), (&other, false), (&one[..512], false)] {
        let mut reader = ContentReader::new(1, &index, EntryId(1));
        reader.push(blob, &mut |_| {}).unwrap();
        assert_eq!(reader.finish(&mut |_| {}).is_ok(), fits);
    }
}

#[test]
fn the_rest_of_the_blob_is_not_needed() {
    let blob = Layer::new()
        .file("/a", bytes(10_000))
        .file("/b", bytes(10_000))
        .tar();
    let mut reader = ContentReader::new(1, &index(&blob), EntryId(0));
    assert!(!reader.is_complete());
    reader.push(&blob[..11_000], &mut |_| {}).unwrap();
    assert!(reader.is_complete());
    reader.finish(&mut |_| {}).unwrap();
}

fn stack(layers: &[Layer]) -> Stack {
    let mut stack = Stack::new();
    for layer in layers {
        stack.push(index(&layer.tar())).unwrap();
    }
    stack
}

#[test]
fn links_are_followed_inside_the_image() {
    let stack = stack(&[
        Layer::new()
            .dir("/usr/lib")
            .file("/usr/lib/x", "x")
            .symlink("/lib", "usr/lib")
            .symlink("/usr/lib/y", "x")
            .symlink("/abs", "/lib/y")
            .symlink("/up", "../../../lib/../lib/x")
            .symlink("/usr/rel", "../lib/./x")
            .hardlink("/hard", "/abs"),
        Layer::new().dir("/other"),
    ]);
    let file = stack.find(b"/usr/lib/x");
    for path in [
        "/usr/lib/x",
        "usr//lib/./x",
        "/lib/x",
        "/lib/y",
        "/abs",
        "/up",
        "/usr/rel",
        "/lib/../rel",
        "/hard",
        "/../../abs",
    ] {
        assert_eq!(stack.resolve(path.as_bytes(), 2).ok(), file, "{path}");
    }
    assert_eq!(stack.resolve(b"/lib/", 2).ok(), stack.find(b"/usr/lib"));
}

#[test]
fn paths_that_lead_nowhere_say_why() {
    let stack = stack(&[
        Layer::new()
            .file("/a/file", "x")
            .symlink("/round", "/again")
            .symlink("/again", "round")
            .symlink("/self", "self/self")
            .symlink("/dangling", "/a/none")
            .symlink("/gone", "a/file"),
        Layer::new().whiteout("/a/file"),
    ]);
    let missing = |path: &str, deleted_by| ResolveError::Missing {
        path: path.as_bytes().to_vec(),
        deleted_by,
    };
    for (path, layer, error) in [
        ("/none/x", 1, missing("/none", None)),
        ("/dangling", 1, missing("/a/none", None)),
        ("/gone", 2, missing("/a/file", Some(2))),
        ("/a/file", 0, missing("/a", None)),
        (
            "/a/file/x",
            1,
            ResolveError::NotAFolder {
                path: b"/a/file".to_vec(),
                deleted_by: None,
            },
        ),
    ] {
        assert_eq!(stack.resolve(path.as_bytes(), layer), Err(error), "{path}");
    }
    for path in ["/round", "/again/x", "/self"] {
        let error = stack.resolve(path.as_bytes(), 1);
        assert!(matches!(error, Err(ResolveError::Loop { .. })), "{path}");
    }
    assert!(stack.resolve(b"/gone", 1).is_ok());
}
