//! Visitors: what they see of a layer while it is decoded, and what the index keeps of what they find.

// Where a test's ground gives way, the test has failed.
#![allow(clippy::unwrap_used)]

use onionskin_fixtures::{Layer, layer};
use onionskin_layers::layer::{
    Entry, EntryKind, Expected, FileReader, LayerDecoder, LayerIndex, Piece, Visitor, WholeFiles,
};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// Writes down all it sees.
#[derive(Default)]
struct Log {
    entry: String,
    bytes: Vec<u8>,
}

impl Visitor for Log {
    const NAME: &'static str = "log";
    type Found = String;

    fn begin(&mut self, entry: &Entry<'_>) -> bool {
        let path = String::from_utf8(entry.names.join(&b'/')).unwrap();
        self.bytes.clear();
        self.entry = format!(
            "{} {path} {}/{} -> {}",
            entry.kind.name(),
            entry.size,
            entry.logical_size,
            String::from_utf8_lossy(entry.link.unwrap_or(b"-")),
        );
        true
    }

    fn content(&mut self, piece: Piece<'_>) {
        match piece {
            Piece::Bytes(bytes) => self.bytes.extend(bytes),
            Piece::Hole(zeros) => self.bytes.resize(self.bytes.len() + zeros as usize, b'.'),
        }
    }

    fn end(&mut self) -> Vec<String> {
        vec![
            self.entry.clone(),
            String::from_utf8(self.bytes.clone()).unwrap(),
        ]
    }
}

/// Reads the texts of `/etc`.
struct Texts;

impl FileReader for Texts {
    const NAME: &'static str = "texts";
    type Found = String;

    fn wants(&mut self, entry: &Entry<'_>) -> bool {
        entry.names.first() == Some(&&b"etc"[..])
    }

    fn read(&mut self, content: &[u8]) -> Vec<String> {
        vec![String::from_utf8(content.to_vec()).unwrap()]
    }
}

fn visited(layer: &Layer, piece: usize) -> LayerIndex {
    let mut decoder = LayerDecoder::new(Expected::default())
        .visit(Log::default())
        .visit(WholeFiles::new(Texts, 12));
    for piece in layer.tar().chunks(piece) {
        decoder.push(piece).unwrap();
    }
    decoder.finish().unwrap()
}

fn found<V: Visitor<Found = String>>(index: &LayerIndex) -> Vec<String> {
    let found = index.found::<V>().unwrap().into_iter();
    found
        .map(|(entry, text)| format!("{}: {text}", String::from_utf8(index.path(entry)).unwrap()))
        .collect()
}

#[test]
fn entries_and_their_content_are_seen_in_pieces_of_any_size() {
    let odd = layer("x")
        .dir("/etc")
        .file("/etc/a", "one")
        .file("/etc/a", "two")
        .symlink("/etc/s", "../x")
        .hardlink("/h", "/etc/a")
        .whiteout("/gone")
        .opaque("/all")
        .sparse("/hole", 12, &[(4, b"data")])
        .file("/.wh..wh.meta", "not shown");
    for piece in [1, 500, 1 << 20] {
        assert_eq!(
            found::<Log>(&visited(&odd, piece)),
            [
                "/etc: dir etc 0/0 -> -",
                "/etc: ",
                "/etc/a: file etc/a 3/3 -> -",
                "/etc/a: one",
                "/etc/a: file etc/a 3/3 -> -",
                "/etc/a: two",
                "/etc/s: symlink etc/s 0/0 -> ../x",
                "/etc/s: ",
                "/h: hardlink h 0/0 -> etc/a",
                "/h: ",
                "/gone: whiteout gone 0/0 -> -",
                "/gone: ",
                "/all: opaque all 0/0 -> -",
                "/all: ",
                "/hole: file hole 4/12 -> -",
                "/hole: ....data....",
            ]
        );
    }
}

#[test]
fn files_are_read_whole_up_to_their_limit() {
    let files = layer("x")
        .dir("/etc")
        .file("/etc/a", "twelve bytes")
        .file("/etc/b", "thirteen byte")
        .sparse("/etc/c", 6, &[(1, b"abc")])
        .sparse("/etc/d", 13, &[(1, b"abc")])
        .file("/etc/empty", "")
        .file("/usr/a", "1");
    for piece in [1, 1 << 20] {
        assert_eq!(
            found::<WholeFiles<Texts>>(&visited(&files, piece)),
            ["/etc/a: twelve bytes", "/etc/c: \0abc\0\0", "/etc/empty: "]
        );
    }
}

#[test]
fn what_is_found_aside_belongs_to_the_first_link_to_it() {
    let aside = layer("x")
        .file("/.wh..wh.plnk/1.2", "1")
        .file("/.wh..wh.plnk/3.4", "nobody's")
        .hardlink("/b", "/.wh..wh.plnk/1.2")
        .hardlink("/a", "/.wh..wh.plnk/1.2")
        .file("/c", "2");
    let found = found::<Log>(&visited(&aside, 100));
    let texts: Vec<&str> = found.iter().map(String::as_str).collect();
    assert!(texts.contains(&"/b: 1"), "{texts:?}");
    assert!(texts.contains(&"/c: 2"), "{texts:?}");
    assert!(!found.concat().contains("nobody's"), "{texts:?}");
}

#[test]
fn what_was_found_is_kept_with_the_index_and_typed_by_its_visitor() {
    let files = (0..3).fold(layer("x"), |files, n| files.file(format!("/etc/{n}"), "1"));
    let index = visited(&files, 100);
    assert_eq!(index.len(), 3);
    let bytes = index.to_bytes();
    assert_eq!(LayerIndex::from_bytes(&bytes), Ok(index));
    // No damage to what is stored ends in anything but another answer.
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x55;
        if let Ok(index) = LayerIndex::from_bytes(&damaged) {
            for (entry, _) in index.found::<Log>().unwrap_or_default() {
                let _ = index.path(entry);
            }
        }
    }
    let mut unseen = LayerDecoder::new(Expected::default());
    unseen.push(&files.tar()).unwrap();
    let unseen = unseen.finish().unwrap();
    assert_eq!(unseen.found::<Log>(), None);
    assert_eq!(
        unseen.kind(unseen.entries().next().unwrap()),
        EntryKind::File
    );
}
