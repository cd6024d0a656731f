//! Layers hashed beside their decoding, or by somebody else, are read as those that are hashed in place.

// Browsers have no threads to hash on.
#![cfg(not(target_arch = "wasm32"))]
// Where a test's ground gives way, the test has failed.
#![allow(clippy::unwrap_used)]

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use onionskin_fixtures::{bytes, layer, text};
use onionskin_layers::digest::Digest;
use onionskin_layers::layer::{
    Expected, LayerDecoder, LayerError, LayerIndex, Problem, StreamHasher,
};

/// Decodes a blob in pieces of this size, every other one shared.
fn decoded(mut decoder: LayerDecoder, blob: &[u8], piece: usize) -> Result<LayerIndex, LayerError> {
    for (at, piece) in blob.chunks(piece).enumerate() {
        match at % 2 {
            0 => decoder.push_shared(&Bytes::copy_from_slice(piece))?,
            _ => decoder.push(piece)?,
        }
    }
    decoder.finish()
}

/// The same, hashed by somebody else.
fn decoded_elsewhere(
    decoder: LayerDecoder,
    blob: &[u8],
    piece: usize,
) -> Result<LayerIndex, LayerError> {
    let hashers: Arc<Mutex<Vec<StreamHasher>>> = Arc::default();
    let taker = |stream: usize| {
        let hashers = Arc::clone(&hashers);
        move |data: &[u8]| hashers.lock().unwrap()[stream].update(data)
    };
    let (mut decoder, plans) = decoder.hash_elsewhere(taker(0), taker(1));
    hashers
        .lock()
        .unwrap()
        .extend(plans.map(|plan| plan.hasher()));
    for piece in blob.chunks(piece) {
        decoder.push(piece)?;
    }
    let layer = decoder.end()?;
    let mut hashed = hashers
        .lock()
        .unwrap()
        .drain(..)
        .map(|one| one.finish())
        .collect::<Vec<_>>()
        .into_iter();
    let (of_blob, of_tar) = (hashed.next().unwrap(), hashed.next().unwrap());
    Ok(layer.finish(of_blob, of_tar)?.0)
}

fn expected(digest: &str) -> Expected {
    Expected {
        layer: 1,
        digest: Some(digest.parse().unwrap()),
        ..Expected::default()
    }
}

fn sha512(blob: &[u8]) -> String {
    Digest::of(onionskin_layers::digest::Algorithm::Sha512, blob).to_string()
}

#[test]
fn a_layer_hashed_beside_is_the_same_however_it_is_stored_and_its_bytes_come() {
    let files = layer("x")
        .file("/text", text(700_000))
        .file("/random", bytes(600_000));
    let tar = files.tar();
    let blobs = [
        files.gzip(),
        onionskin_fixtures::zstd(&tar),
        tar.clone(),
        layer("x").tar(),
    ];
    for blob in blobs {
        for digest in [onionskin_fixtures::sha256(&blob), sha512(&blob)] {
            let in_place = LayerDecoder::new(expected(&digest));
            let in_place = decoded(in_place, &blob, blob.len()).unwrap();
            for piece in [1_000, 300_000, blob.len()] {
                let beside = LayerDecoder::new(expected(&digest)).hash_beside();
                assert_eq!(decoded(beside, &blob, piece).unwrap(), in_place, "{piece}");
                let elsewhere = LayerDecoder::new(expected(&digest));
                let elsewhere = decoded_elsewhere(elsewhere, &blob, piece);
                assert_eq!(elsewhere.unwrap(), in_place, "{piece}");
            }
        }
    }
}

#[test]
fn what_is_wrong_with_it_is_found() {
    let tar = layer("x").file("/text", text(2_000_000)).tar();
    let blob = onionskin_fixtures::gzip(&tar);
    let other = onionskin_fixtures::sha256(b"other");
    for blob in [&blob, &tar] {
        let error = decoded(
            LayerDecoder::new(expected(&other)).hash_beside(),
            blob,
            9_999,
        );
        let error = error.unwrap_err();
        assert!(matches!(error.problem(), Problem::Digest { .. }), "{error}");
        let elsewhere = decoded_elsewhere(LayerDecoder::new(expected(&other)), blob, 9_999);
        assert_eq!(elsewhere.unwrap_err(), error);
        let cut = LayerDecoder::new(Expected::default());
        decoded_elsewhere(cut, &blob[..blob.len() / 2], 9_999).unwrap_err();
        // The threads end with the decoder that is given up.
        let cut = LayerDecoder::new(Expected::default()).hash_beside();
        decoded(cut, &blob[..blob.len() / 2], 9_999).unwrap_err();
    }
    // Something else than a tar is hashed to its end.
    let image = text(900_000);
    for digest in [onionskin_fixtures::sha256(&image), other] {
        let decoder = || LayerDecoder::new(expected(&digest)).may_be_other(true);
        let error = decoded(decoder().hash_beside(), &image, 100_000).unwrap_err();
        let elsewhere = decoded_elsewhere(decoder(), &image, 100_000).unwrap_err();
        assert_eq!(elsewhere, error);
        match digest == onionskin_fixtures::sha256(&image) {
            true => assert_eq!(*error.problem(), Problem::NotTar),
            false => assert!(matches!(error.problem(), Problem::Digest { .. }), "{error}"),
        }
    }
}
