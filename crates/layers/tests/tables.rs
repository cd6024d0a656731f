//! Tables of contents of eStargz and zstd:chunked layers: what they list is what the whole layer has, each file is read
//! by its part of the blob, and what lies or is damaged is found.

// Where a test's ground gives way, the test has failed.
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeMap;
use std::sync::Arc;

use onionskin_fixtures::{
    Image, Layer, estargz, estargz_with, layer, seeded, sha256, text, zstd_chunked,
    zstd_chunked_with,
};
use onionskin_layers::digest::Digest;
use onionskin_layers::layer::table::{
    Differing, EntryField, TableError, TableLocation, TableOfContents, TableReader,
};
use onionskin_layers::layer::{EntryKind, Expected, LayerIndex, MemoryBudget, Piece};
use onionskin_layers::stack::Stack;
use proptest::prelude::*;
use serde_json::{Value, json};
use support::listing::{entries, layers, listed};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// A layer as a registry has it, with what its descriptor says.
struct Stored {
    blob: Vec<u8>,
    tar: Vec<u8>,
    annotations: BTreeMap<String, String>,
    /// Bytes that were asked for.
    read: u64,
}

impl Stored {
    fn new(layer: Layer) -> Self {
        let image = Image::new().layer(layer).pack();
        let manifest: Value = serde_json::from_slice(&image.manifest.bytes).unwrap();
        let annotations = &manifest["layers"][0]["annotations"];
        Self {
            blob: image.layers[0].bytes.clone(),
            tar: image.tars[0].clone(),
            annotations: serde_json::from_value(annotations.clone()).unwrap(),
            read: 0,
        }
    }

    fn expected(&self) -> Expected {
        let digest = |bytes: &[u8]| Some(sha256(bytes).parse().unwrap());
        Expected {
            layer: 1,
            digest: digest(&self.blob),
            size: Some(self.blob.len() as u64),
            diff_id: digest(&self.tar),
        }
    }

    fn table(&mut self) -> Result<TableOfContents, TableError> {
        self.table_in(&MemoryBudget::default())
    }

    fn table_in(&mut self, memory: &MemoryBudget) -> Result<TableOfContents, TableError> {
        let size = self.blob.len() as u64;
        let location = TableLocation::of(&self.annotations, size).unwrap();
        let mut reader = TableReader::new(location, size);
        while let Some(part) = reader.wanted() {
            self.read += part.end - part.start;
            reader.push(self.blob[part.start as usize..part.end as usize].to_vec())?;
        }
        reader.finish(&self.expected(), memory)
    }

    fn index(&self) -> LayerIndex {
        support::decode(&self.blob).unwrap()
    }
}

/// A change of a table's rows.
type Edit = fn(&mut Vec<Value>);

const FORMS: [fn(Layer) -> Layer; 2] = [estargz, zstd_chunked];

/// The content of every file by the table, checked.
fn contents(stored: &Stored, table: &TableOfContents) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let index = table.index();
    let files = index
        .entries()
        .filter(|entry| index.kind(*entry) == EntryKind::File && index.size(*entry) > 0);
    let read = files.map(|entry| {
        let mut reader = table.reader(1, entry).unwrap();
        let part = reader.part();
        let mut content = Vec::new();
        let mut take = |piece: Piece<'_>| match piece {
            Piece::Bytes(bytes) => content.extend_from_slice(bytes),
            Piece::Hole(_) => unreachable!(),
        };
        for piece in stored.blob[part.start as usize..part.end as usize].chunks(1000) {
            reader.push(piece, &mut take).unwrap();
        }
        reader.finish(&mut take).unwrap();
        (index.path(entry), content)
    });
    read.collect()
}

#[test]
fn what_is_listed_says_so_and_crosses_to_another_worker() {
    for form in FORMS {
        let mut stored = Stored::new(form(
            layer("COPY app")
                .file("/app/a", seeded(1, 5_000))
                .symlink("/b", "app/a"),
        ));
        let table = stored.table().unwrap();
        let index = table.index();
        assert!(index.is_listed() && !stored.index().is_listed());
        let file = index
            .entries()
            .find(|entry| index.path(*entry) == b"/app/a");
        assert_eq!(index.cost(file.unwrap()), 0);
        let bytes = table.to_bytes();
        let back = TableOfContents::from_bytes(&bytes).unwrap();
        assert_eq!(back, table);
        assert_eq!(contents(&stored, &back), contents(&stored, &table));
        // The index of a layer that was read is no table, and nothing is after its end.
        assert!(TableOfContents::from_bytes(&stored.index().to_bytes()).is_err());
        for end in 0..bytes.len() {
            assert!(TableOfContents::from_bytes(&bytes[..end]).is_err(), "{end}");
        }
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x81;
            // It is an error, or it is sound.
            let Ok(damaged) = TableOfContents::from_bytes(&damaged) else {
                continue;
            };
            let index = damaged.index();
            for entry in index.entries() {
                let _ = (index.path(entry), damaged.reader(1, entry));
            }
        }
        let mut stack = Stack::new();
        stack.push(stored.index()).unwrap();
        stack.push(Arc::clone(table.index())).unwrap();
        assert_eq!(stack.listed().collect::<Vec<_>>(), [2]);
        assert!(stack.has_listed(stack.find(b"/app/a").unwrap()));
        assert!(!stack.has_listed(stack.find(b"/app").unwrap()));
    }
}

proptest! {
    #[test]
    fn a_table_lists_what_the_layer_has(layer in layers()) {
        for form in FORMS {
            let mut stored = Stored::new(form(layer.clone()));
            let table = stored.table().unwrap();
            let whole = Arc::new(stored.index());
            prop_assert_eq!(listed(Arc::clone(table.index())), listed(Arc::clone(&whole)));
            prop_assert_eq!(entries(table.index()), entries(&whole));
            prop_assert_eq!(table.differences(&whole), []);
            contents(&stored, &table);
        }
    }

    #[test]
    fn a_damaged_blob_is_found(at in 0usize..10_000, bit in 0u8..8) {
        for form in FORMS {
            let mut stored = Stored::new(form(layer("x").file("/a", text(3_000)).file("/b", "b")));
            let sound = stored.table().unwrap();
            let at = at % stored.blob.len();
            let good = contents(&stored, &sound);
            stored.blob[at] ^= 1 << bit;
            // The digest of the blob, which nobody computes here, is still that of the sound one.
            if let Ok(table) = stored.table() {
                prop_assert_eq!(listed(Arc::clone(table.index())), listed(Arc::clone(sound.index())));
                for entry in table.index().entries() {
                    let Some(mut reader) = table.reader(1, entry) else { continue };
                    let part = reader.part();
                    let mut content = Vec::new();
                    let mut take = |piece: Piece<'_>| if let Piece::Bytes(bytes) = piece {
                        content.extend_from_slice(bytes);
                    };
                    let part = stored.blob.get(part.start as usize..part.end as usize).unwrap_or_default();
                    let read = reader.push(part, &mut take).and_then(|()| reader.finish(&mut take));
                    if read.is_ok() {
                        prop_assert_eq!(Some(&content), good.get(&table.index().path(entry)));
                    }
                }
            }
        }
    }
}

#[test]
fn little_is_read_for_the_list_and_for_a_file() {
    let files: Vec<_> = (0..40)
        .map(|at| (format!("/app/{at:02}"), seeded(at, 250_000)))
        .collect();
    let large = seeded(99, 2_500_000);
    for form in FORMS {
        let app = files.iter().fold(layer("COPY"), |layer, (path, content)| {
            layer.file(path, content.clone())
        });
        let mut stored = Stored::new(form(
            app.file("/large", large.clone()).file("/last", "last"),
        ));
        let whole = stored.blob.len() as u64;
        let table = stored.table().unwrap();
        assert!(stored.read * 100 < whole, "{} of {whole}", stored.read);
        let read = contents(&stored, &table);
        assert!(read[&b"/large"[..]] == large && read[&b"/last"[..]] == b"last");
        for (path, content) in &files {
            assert!(read[path.as_bytes()] == *content, "{path}");
        }
        // A part is hardly more than its file, whose bytes do not compress.
        let index = table.index();
        for entry in index.entries() {
            let part = table.reader(1, entry).unwrap().part();
            assert!(part.end - part.start < index.size(entry) + 2_000);
        }
    }
}

#[test]
fn a_table_that_lies_is_found_by_the_whole_layer() {
    let app = || {
        layer("COPY")
            .dir("/app")
            .file("/app/run", "run")
            .mode(0o755)
            .symlink("/run", "app/run")
            .whiteout("/gone")
    };
    let lies: [(&str, Edit, &str, Differing); 6] = [
        (
            "mode",
            |rows| rows[1]["mode"] = 0o4755.into(),
            "/app/run",
            Differing::Field(EntryField::Mode),
        ),
        (
            "size",
            |rows| rows[1]["size"] = 4.into(),
            "/app/run",
            Differing::Field(EntryField::Size),
        ),
        (
            "target",
            |rows| rows[2]["linkName"] = "x".into(),
            "/run",
            Differing::Field(EntryField::LinkTarget),
        ),
        (
            "one more",
            |rows| rows.push(json!({"name": "evil", "type": "dir"})),
            "/evil",
            Differing::OnlyListed,
        ),
        (
            "one less",
            |rows| drop(rows.remove(2)),
            "/run",
            Differing::NotListed,
        ),
        (
            "a whiteout less",
            |rows| drop(rows.remove(3)),
            "/gone",
            Differing::NotListed,
        ),
    ];
    for (what, lie, path, differing) in lies {
        for stored in [estargz_with(app(), lie), zstd_chunked_with(app(), lie)] {
            let mut stored = Stored::new(stored);
            let found = stored.table().unwrap().differences(&stored.index());
            let [one] = &found[..] else {
                panic!("{what}: {found:?}");
            };
            assert_eq!(
                (&*one.path, one.what),
                (path.as_bytes(), differing),
                "{what}"
            );
        }
    }
}

#[test]
fn a_file_that_is_not_the_listed_one_gives_an_error() {
    let app = || layer("COPY").file("/a", "aaaa").file("/b", "bbbb");
    let lies: [Edit; 3] = [
        // The other file of the same size.
        |rows| rows[0]["offset"] = rows[1]["offset"].clone(),
        |rows| rows[0]["digest"] = sha256(b"bbbb").into(),
        |rows| rows[0]["size"] = 3.into(),
    ];
    for lie in lies {
        for stored in [estargz_with(app(), lie), zstd_chunked_with(app(), lie)] {
            let mut stored = Stored::new(stored);
            let table = stored.table().unwrap();
            let entry = table.index().entries().next().unwrap();
            // Where the part cannot be one, the whole layer is read.
            let Some(mut reader) = table.reader(1, entry) else {
                continue;
            };
            let part = reader.part();
            let part = &stored.blob[part.start as usize..part.end as usize];
            let read = reader
                .push(part, &mut |_| {})
                .and_then(|()| reader.finish(&mut |_| {}));
            assert!(read.is_err());
        }
    }
}

#[test]
fn what_a_table_does_not_tell_for_certain_is_not_listed() {
    let odd: [(&str, Edit); 9] = [
        ("type", |rows| rows[0]["type"] = "whale".into()),
        ("chunk of nothing", |rows| {
            rows.insert(0, json!({"name": "a", "type": "chunk"}))
        }),
        ("case", |rows| rows[0]["Mode"] = 0o777.into()),
        ("time", |rows| rows[0]["modtime"] = "yesterday".into()),
        ("digest", |rows| rows[0]["digest"] = "sha256:0".into()),
        ("attribute", |rows| {
            rows[0]["xattrs"] = json!({"user.a": "*"})
        }),
        ("size", |rows| rows[0]["size"] = json!(-1)),
        ("NUL", |rows| rows[0]["name"] = "a\0b".into()),
        ("long", |rows| rows[0]["name"] = "a/".repeat(3_000).into()),
    ];
    for (what, edit) in odd {
        let mut stored = Stored::new(estargz_with(layer("x").file("/a", "a"), edit));
        assert!(stored.table().is_err(), "{what}");
    }
    // Go writes U+FFFD for these bytes, and for others.
    for form in FORMS {
        let mut stored = Stored::new(form(layer("x").file(b"/a\xff", "a")));
        assert!(matches!(stored.table(), Err(TableError::Ambiguous(_))));
    }
}

#[test]
fn tables_keep_within_the_limits_of_layers() {
    let many = || (0..2_000).fold(Layer::new(), |layer, at| layer.dir(format!("/{at}")));
    for form in FORMS {
        let mut stored = Stored::new(form(many()));
        assert!(stored.table().is_ok());
        let memory = MemoryBudget::new(Some(500_000));
        assert!(stored.table_in(&memory).is_err());
    }
    let mut stored = Stored::new(estargz_with(
        layer("x").file("/a", "a").file("/b", "b"),
        |rows| {
            rows.iter_mut()
                .for_each(|row| row["size"] = u64::MAX.into());
        },
    ));
    assert!(stored.table().is_err());
}

#[test]
fn another_table_than_the_named_one_is_refused() {
    for form in FORMS {
        let mut stored = Stored::new(form(layer("x").file("/a", "a")));
        let other = Digest::sha256(b"other").to_string();
        for (key, value) in &mut stored.annotations {
            if key.ends_with("digest") || key.ends_with("checksum") {
                value.clone_from(&other);
            }
        }
        assert!(matches!(stored.table(), Err(TableError::Digest { .. })));
        // A blob without any.
        stored.blob = vec![0; 10_000];
        assert!(stored.table().is_err());
    }
}
