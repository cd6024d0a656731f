//! Saved analyses: what is written is read again as it was, and nothing else is.

// Where a test's ground gives way, the test has failed.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use bytes::Bytes;
use futures::FutureExt as _;
use onionskin_core::analysis::{
    self, Analysis, AnalysisError, AnalysisPart, AnalyzedLayer, IndexLocation, VERSION, is_analysis,
};
use onionskin_core::cache::FORMAT;
use onionskin_core::digest::Digest;
use onionskin_core::layer::{Budget, Expected, LayerIndex};
use onionskin_core::source::archive::{Archive, Form};
use onionskin_core::source::{Image, NotFetched, RecordError};
use onionskin_core::visitors;
use onionskin_fixtures::write::{Generation, docker_archive, oci_archive};
use onionskin_fixtures::{self as fixtures, Packed, corpus, layer};
use proptest::prelude::*;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// What is in memory is there at once.
fn now<T>(work: impl Future<Output = T>) -> T {
    work.now_or_never().unwrap()
}

/// Opens a saved image, and decodes its layers with all visitors.
fn analyzed(saved: Vec<u8>) -> (Image, Vec<AnalyzedLayer>) {
    let archive = Archive::new(
        "app.tar".to_owned(),
        Arc::new(Bytes::from(saved)),
        Form::Any,
        None,
    );
    let image = now(archive.image(None)).unwrap();
    let index = |layer| {
        let mut decoder = visitors::decoder(Expected::default());
        let mut blob = archive.layer(layer).unwrap();
        while let Some(chunk) = now(blob.next_chunk()).unwrap() {
            decoder.push(&chunk).unwrap();
        }
        AnalyzedLayer::Read(Arc::new(decoder.finish().unwrap()))
    };
    let layers = image.layers.iter().map(index).collect();
    (image, layers)
}

fn written(image: &Image, layers: &[AnalyzedLayer]) -> Vec<u8> {
    let mut file = Vec::new();
    analysis::write(image, layers, |piece| {
        file.extend_from_slice(piece);
        Ok(())
    })
    .unwrap();
    file
}

fn open(file: &[u8]) -> Result<Analysis, AnalysisError> {
    let file = Arc::new(Bytes::copy_from_slice(file));
    now(Analysis::open(file))
}

/// Reads all of it.
fn read(file: &[u8]) -> Result<(Image, Vec<AnalyzedLayer>), AnalysisError> {
    let analysis = open(file)?;
    let image = analysis.image().clone();
    let layers = image.layers.iter().map(|layer| {
        Ok(match analysis.place(layer.number).unwrap() {
            IndexLocation::Section(at) => AnalyzedLayer::Read(Arc::new(now(analysis.index(
                at,
                layer,
                &Budget::default(),
            ))?)),
            IndexLocation::NotFetched(reason) => AnalyzedLayer::NotFetched(reason),
        })
    });
    let layers = layers.collect::<Result<_, AnalysisError>>()?;
    Ok((image, layers))
}

fn app() -> Packed {
    fixtures::Image::new()
        .layer(
            layer("COPY . /app")
                .dir("/app")
                .file("/app/a", "content")
                .file("/app/.env", "DB_PASSWORD=hunter2\n"),
        )
        .layer(layer("RUN rm /app/a").whiteout("/app/a"))
        .pack()
}

fn small() -> (Image, Vec<AnalyzedLayer>, Vec<u8>) {
    let (image, layers) = analyzed(oci_archive(&[("app:1", &app())]));
    let file = written(&image, &layers);
    (image, layers, file)
}

/// A file of these sections whose digests are right.
fn sealed(sections: &[&[u8]]) -> Vec<u8> {
    let sha256 = |bytes: &[u8]| {
        let digest = Digest::sha256(bytes);
        let digits = digest.hex().as_bytes().chunks(2);
        digits
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
            .collect::<Vec<u8>>()
    };
    let rows = sections
        .iter()
        .map(|section| [&(section.len() as u64).to_le_bytes()[..], &sha256(section)].concat());
    let table: Vec<u8> = rows.flatten().collect();
    let mut file = b"\x89ONSK\r\n\x1a".to_vec();
    for number in [VERSION, FORMAT, sections.len() as u32] {
        file.extend_from_slice(&number.to_le_bytes());
    }
    let digest = sha256(&[&file[..], &table].concat());
    [&file[..], &digest, &table, &sections.concat()].concat()
}

/// The sections of a file.
fn sections(file: &[u8]) -> Vec<&[u8]> {
    let count = u32::from_le_bytes(file[16..20].try_into().unwrap()) as usize;
    let mut at = 52 + 40 * count;
    let rows = file[52..at].chunks(40);
    let lengths = rows.map(|row| u64::from_le_bytes(row[..8].try_into().unwrap()) as usize);
    lengths
        .map(|length| {
            at += length;
            &file[at - length..at]
        })
        .collect()
}

/// The file with other documents, as if it had been written so.
fn with_documents(file: &[u8], change: impl Fn(String) -> String) -> Vec<u8> {
    let mut all = sections(file);
    let documents = change(String::from_utf8(all[0].to_vec()).unwrap());
    all[0] = documents.as_bytes();
    sealed(&all)
}

#[test]
fn an_image_and_its_layers_come_back() {
    for saved in [
        oci_archive(&[("app:1", &app())]),
        docker_archive(Generation::Folders, &[("app:1", &app())]),
        docker_archive(Generation::Skopeo, &[("app:1", &app())]),
        docker_archive(Generation::Blobs, &[("app:1", &app())]),
    ] {
        let (image, layers) = analyzed(saved);
        let file = written(&image, &layers);
        assert!(is_analysis(&file));
        assert_eq!(read(&file).unwrap(), (image, layers));
    }
}

#[test]
fn layers_of_every_kind_come_back() {
    for case in corpus::cases() {
        let mut packed = fixtures::Image::new();
        for layer in case.layers {
            packed = packed.layer(layer);
        }
        let saved = docker_archive(Generation::Skopeo, &[("app:1", &packed.pack())]);
        let (image, layers) = analyzed(saved);
        let file = written(&image, &layers);
        assert_eq!(read(&file).unwrap(), (image, layers), "{}", case.name);
    }
}

#[test]
fn no_content_of_a_file_is_in_it() {
    let (_, _, file) = small();
    for secret in [&b"hunter2"[..], b"content"] {
        let found = file.windows(secret.len()).any(|part| part == secret);
        assert!(!found, "{secret:?}");
    }
}

#[test]
fn a_layer_that_was_not_available_keeps_its_reason() {
    let (image, mut layers, _) = small();
    layers[0] = AnalyzedLayer::NotFetched(NotFetched::Foreign);
    let file = written(&image, &layers);
    assert_eq!(read(&file).unwrap().1, layers);
}

#[test]
fn a_blob_that_is_listed_twice_is_in_it_once() {
    let twice = || layer("COPY . /app").file("/app/run", "run");
    let packed = fixtures::Image::new().layer(twice()).layer(twice()).pack();
    let (image, mut layers) = analyzed(oci_archive(&[("app:1", &packed)]));
    layers[1] = layers[0].clone();
    let file = written(&image, &layers);
    assert_eq!(sections(&file).len(), 2);
    assert_eq!(read(&file).unwrap().1, layers);
}

#[test]
fn no_changed_byte_and_no_cut_goes_unseen() {
    let (_, _, file) = small();
    for at in 0..file.len() {
        let mut changed = file.clone();
        for bit in 0..8 {
            changed[at] ^= 1 << bit;
            assert!(read(&changed).is_err(), "bit {bit} of byte {at}");
            changed[at] ^= 1 << bit;
        }
        let cut = read(&file[..at]);
        match at {
            0..8 => assert!(matches!(cut, Err(AnalysisError::Other)), "cut at {at}"),
            _ => assert!(
                matches!(cut, Err(AnalysisError::Cut { has, .. }) if has == at as u64),
                "cut at {at}: {cut:?}"
            ),
        }
    }
    let longer = [&file[..], &[0]].concat();
    assert!(matches!(read(&longer), Err(AnalysisError::Longer { .. })));
}

#[test]
fn a_part_is_checked_when_it_is_read() {
    let (image, _, mut file) = small();
    let last = file.len() - 1;
    file[last] ^= 1;
    let analysis = open(&file).unwrap();
    assert!(now(analysis.index(1, &image.layers[0], &Budget::default())).is_ok());
    let damaged = now(analysis.index(2, &image.layers[1], &Budget::default()));
    assert!(matches!(
        damaged,
        Err(AnalysisError::Damaged(AnalysisPart::Layer(2)))
    ));
    file[last] ^= 1;
    let documents = file.len() - sections(&file).concat().len();
    file[documents] ^= 1;
    let damaged = open(&file).err();
    assert!(matches!(
        damaged,
        Some(AnalysisError::Damaged(AnalysisPart::Documents))
    ));
}

#[test]
fn other_versions_are_told_what_to_do() {
    let (_, _, file) = small();
    for (place, number, says) in [
        (8, VERSION + 1, "update Onionskin"),
        (12, FORMAT + 1, "update Onionskin"),
        (12, FORMAT - 1, "write it again with `onionskin index`"),
        (8, VERSION - 1, "write it again with `onionskin index`"),
    ] {
        let mut other = file.clone();
        other[place..place + 4].copy_from_slice(&number.to_le_bytes());
        let error = open(&other).err().unwrap();
        assert!(matches!(error, AnalysisError::Version { .. }), "{error}");
        assert!(error.to_string().contains(says), "{error}");
    }
    assert!(matches!(open(b"PK\x03\x04"), Err(AnalysisError::Other)));
    assert!(matches!(open(b""), Err(AnalysisError::Other)));
}

#[test]
fn documents_that_contradict_each_other_are_not_used() {
    let (image, _, file) = small();
    let replaced = |old: &str, new: &str| {
        with_documents(&file, |text| {
            assert!(text.contains(old), "{old} is not in {text}");
            text.replacen(old, new, 1)
        })
    };
    assert!(read(&replaced("onionskin ", "other ")).is_ok());
    let error = |file: &[u8]| read(file).err().unwrap();
    for (old, new) in [
        ("[{\"section\":1}", "[{\"section\":0}"),
        ("[{\"section\":1}", "[{\"section\":3}"),
        ("[{\"section\":1},", "["),
        ("{\"generator\"", "[\"generator\""),
    ] {
        let error = error(&replaced(old, new));
        let part = AnalysisPart::Documents;
        assert!(
            matches!(error, AnalysisError::Invalid { part: found, .. } if found == part),
            "{error}"
        );
    }
    let swapped = replaced("[{\"section\":1}", "[{\"section\":2}");
    assert!(matches!(error(&swapped), AnalysisError::Layer(_)));
    let renumbered = error(&replaced("\"number\":1", "\"number\":2"));
    assert!(matches!(
        renumbered,
        AnalysisError::Image(RecordError::Number { .. })
    ));
    let digest = image.config_digest.to_string();
    let other = Digest::sha256(b"other").to_string();
    let config = error(&replaced(
        &format!("\"configDigest\":\"{digest}\""),
        &format!("\"configDigest\":\"{other}\""),
    ));
    assert!(matches!(
        config,
        AnalysisError::Image(RecordError::ConfigDigest { .. })
    ));
    let named = replaced("\"namesRegistry\":false", "\"namesRegistry\":true");
    let named = with_documents(&named, |text| {
        text.replacen(&image.reference, "javascript:alert(1)", 1)
    });
    assert!(matches!(
        error(&named),
        AnalysisError::Image(RecordError::Reference { .. })
    ));
}

#[test]
fn what_the_configuration_says_is_read_from_its_bytes() {
    let (image, layers, _) = small();
    let mut lying = image.clone();
    lying.config.user = Some("root".to_owned());
    lying.layers[0].created_by = Some("RUN true".to_owned());
    assert_eq!(read(&written(&lying, &layers)).unwrap().0, image);
}

#[test]
fn a_layer_that_unpacks_to_too_much_is_not_used() {
    let (image, _, file) = small();
    let analysis = open(&file).unwrap();
    let refused = now(analysis.index(1, &image.layers[0], &Budget::of(100)));
    assert!(matches!(refused, Err(AnalysisError::Layer(_))));
}

#[test]
fn claimed_sizes_take_no_memory() {
    let mut file = sealed(&[]);
    file[16..20].copy_from_slice(&u32::MAX.to_le_bytes());
    assert!(matches!(
        open(&file),
        Err(AnalysisError::Invalid {
            part: AnalysisPart::Table,
            ..
        })
    ));
    assert!(open(&sealed(&[])).is_err());
    // A section that is whole, and no index.
    let (_, _, file) = small();
    let mut all = sections(&file);
    all[1] = &[0xff; 64];
    assert!(matches!(
        read(&sealed(&all)),
        Err(AnalysisError::Invalid {
            part: AnalysisPart::Layer(1),
            ..
        })
    ));
}

proptest! {
    /// Whoever seals what they changed gets an error, or an index that can be used.
    #[test]
    fn sealed_lies_end_in_errors(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let (image, _, file) = small();
        let all = sections(&file);
        let mut index = all[1].to_vec();
        let at = at.index(index.len());
        index[at] = byte;
        let file = sealed(&[all[0], &index, all[2]]);
        let analysis = open(&file).unwrap();
        if let Ok(read) = now(analysis.index(1, &image.layers[0], &Budget::default())) {
            prop_assert_eq!(LayerIndex::from_bytes(&read.to_bytes()), Ok(read));
        }
    }
}
