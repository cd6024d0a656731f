//! Tables of contents of SOCI: what they list is what the whole layer has, and what is damaged, lies or is made to take long
//! is refused.

// Where a test's ground gives way, the test has failed.
#![allow(clippy::unwrap_used)]

mod support;

use std::sync::Arc;

use flatbuffers::FlatBufferBuilder;
use onionskin_fixtures::{Blob, Image, Layer, Packed, layer, seeded, soci, soci_with};
use onionskin_layers::layer::table::{
    Differing, EntryField, TableError, TableLocation, TableOfContents, TableReader,
};
use onionskin_layers::layer::{Expected, MemoryBudget};
use proptest::prelude::*;
use support::listing::{entries, layers, listed};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn of(layer: Layer) -> (Packed, Blob) {
    let (image, beside) = soci(Image::new().layer(layer));
    (image, beside.into_iter().next_back().unwrap())
}

fn read(image: &Packed, table: &[u8], memory: Option<u64>) -> Result<TableOfContents, TableError> {
    let (blob, digest) = (&image.layers[0], onionskin_fixtures::sha256(table));
    let size = blob.bytes.len() as u64;
    let location = TableLocation::Soci {
        digest: digest.parse().unwrap(),
        size: table.len() as u64,
    };
    let mut reader = TableReader::new(location, size);
    while let Some(part) = reader.wanted() {
        reader.push(table[part.start as usize..part.end as usize].to_vec())?;
    }
    let expected = Expected {
        layer: 1,
        digest: Some(blob.digest.parse().unwrap()),
        size: Some(size),
        diff_id: Some(image.diff_ids[0].parse().unwrap()),
    };
    reader.finish(&expected, &MemoryBudget::new(memory))
}

proptest! {
    #[test]
    fn a_ztoc_lists_what_the_layer_has(layer in layers()) {
        let (image, table) = of(layer);
        let table = read(&image, &table.bytes, None).unwrap();
        let whole = Arc::new(support::decode(&image.layers[0].bytes).unwrap());
        prop_assert_eq!(listed(Arc::clone(table.index())), listed(Arc::clone(&whole)));
        prop_assert_eq!(entries(table.index()), entries(&whole));
        prop_assert_eq!(table.differences(&whole), []);
        prop_assert!(table.index().is_listed());
    }

    #[test]
    fn a_damaged_ztoc_is_refused_or_sound(at in 0usize..10_000, byte in any::<u8>(), cut in any::<bool>()) {
        let app = layer("COPY").dir("/app").file("/app/a", "content").xattr("user.a", "b").symlink("/b", "app/a");
        let (image, table) = of(app);
        let mut bytes = table.bytes;
        let at = at % bytes.len();
        match cut {
            true => bytes.truncate(at),
            false => bytes[at] = byte,
        }
        if let Ok(table) = read(&image, &bytes, None) {
            let back = TableOfContents::from_bytes(&table.to_bytes()).unwrap();
            prop_assert_eq!(&back, &table);
            listed(Arc::clone(table.index()));
        }
    }
}

#[test]
fn names_that_are_not_utf_8_are_listed_and_contents_are_not_located() {
    let (image, table) = of(layer("x").file(b"/a\xff", seeded(1, 5_000)));
    let table = read(&image, &table.bytes, None).unwrap();
    let index = table.index();
    let file = index.entries().next().unwrap();
    assert_eq!(index.path(file), b"/a\xff");
    assert!(table.reader(1, file).is_none());
}

#[test]
fn another_ztoc_than_the_named_one_is_refused() {
    let (image, table) = of(layer("x").file("/a", "a"));
    let location = TableLocation::Soci {
        digest: table.digest.parse().unwrap(),
        size: table.bytes.len() as u64,
    };
    let mut reader = TableReader::new(location, image.layers[0].bytes.len() as u64);
    let mut other = table.bytes;
    *other.last_mut().unwrap() ^= 1;
    reader.push(other).unwrap();
    let read = reader.finish(&Expected::default(), &MemoryBudget::default());
    assert!(matches!(read, Err(TableError::Digest { .. })));
}

#[test]
fn what_is_of_another_layer_or_tells_too_little_is_refused() {
    let (image, _) = of(layer("x").file("/a", "a"));
    let (_, other) = of(layer("x").file("/a", seeded(1, 700)));
    let refused = read(&image, &other.bytes, None);
    assert!(matches!(refused, Err(TableError::Ambiguous(_))));
    for odd in [
        layer("x").file("/a", "a").pax("GNU.sparse.major", "1"),
        layer("x").file("/a\0b", "a"),
    ] {
        let (image, table) = of(odd);
        let refused = read(&image, &table.bytes, None);
        assert!(matches!(refused, Err(TableError::Ambiguous(_))));
    }
    let (image, table) = of(layer("x").file(format!("/{}", "a/".repeat(3_000)), "a"));
    assert!(matches!(
        read(&image, &table.bytes, None),
        Err(TableError::Listed(_))
    ));
}

#[test]
fn a_ztoc_that_lies_is_found_by_the_whole_layer() {
    let lie = |bytes: &mut Vec<u8>| {
        let name = bytes.windows(8).rposition(|part| part == b"etc/conf");
        bytes[name.unwrap() + 4..][..4].copy_from_slice(b"cunf");
    };
    let image = Image::new().layer(layer("x").file("/etc/conf", "a").file("/b", "b"));
    let (image, beside) = soci_with(image, lie);
    let table = read(&image, &beside.last().unwrap().bytes, None).unwrap();
    let whole = support::decode(&image.layers[0].bytes).unwrap();
    let found = table.differences(&whole);
    let found: Vec<_> = found.iter().map(|one| (&*one.path, one.what)).collect();
    assert!(
        found.contains(&(&b"/etc/cunf"[..], Differing::OnlyListed)),
        "{found:?}"
    );
    assert!(
        found.contains(&(&b"/etc/conf"[..], Differing::NotListed)),
        "{found:?}"
    );
    assert!(
        !found
            .iter()
            .any(|(_, what)| *what == Differing::Field(EntryField::Size))
    );
}

#[test]
fn a_ztoc_keeps_within_the_limits_of_layers() {
    let many = (0..2_000).fold(Layer::new(), |layer, at| layer.dir(format!("/{at}")));
    let (image, table) = of(many);
    assert!(read(&image, &table.bytes, None).is_ok());
    let refused = read(&image, &table.bytes, Some(500_000));
    assert!(matches!(
        refused,
        Err(TableError::Listed(_) | TableError::TooLarge { .. })
    ));
}

/// A zTOC of files that all have one name and one time, which it holds once.
fn sharing(image: &Packed, name: &str, time: &str) -> Result<TableOfContents, TableError> {
    let mut builder = FlatBufferBuilder::new();
    let name = builder.create_string(name);
    let kind = builder.create_string("dir");
    let time = builder.create_string(time);
    let files: Vec<_> = (0..5_000i64)
        .map(|offset| {
            let table = builder.start_table();
            builder.push_slot_always(4, name);
            builder.push_slot_always(6, kind);
            builder.push_slot_always(8, offset);
            builder.push_slot_always(24, time);
            builder.end_table(table)
        })
        .collect();
    let files = builder.create_vector(&files);
    let table = builder.start_table();
    builder.push_slot_always(4, files);
    let toc = builder.end_table(table);
    let table = builder.start_table();
    builder.push_slot_always(8, image.layers[0].bytes.len() as i64);
    builder.push_slot_always(12, toc);
    let root = builder.end_table(table);
    builder.finish_minimal(root);
    read(image, builder.finished_data(), None)
}

/// 400 MB of names in 400 kB, and 800 MB of times.
#[test]
fn a_ztoc_whose_files_share_texts_is_refused() {
    let (image, _) = of(layer("x").file("/a", "a"));
    let time = "2026-01-01T00:00:00Z";
    let refused = sharing(&image, &"a/".repeat(2_000), time);
    assert!(matches!(
        refused,
        Err(TableError::Ambiguous("its files share texts"))
    ));
    let refused = sharing(&image, "a", &format!("{time}{}", "[a=b]".repeat(32_000)));
    assert!(matches!(refused, Err(TableError::Form(_))));
    assert!(sharing(&image, "a", time).is_ok());
}
