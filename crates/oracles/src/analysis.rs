//! A saved analysis from anywhere: used or refused, never believed.

use std::sync::Arc;

use bytes::Bytes;
use futures::executor::block_on;
use onionskin_core::analysis::{Analysis, IndexLocation, VERSION};
use onionskin_core::cache::FORMAT;
use onionskin_core::digest::Digest;
use onionskin_core::layer::Budget;
use onionskin_core::stack::Stack;

/// Reads bytes as a file, and as the documents of a file whose digests are right.
pub(crate) fn analysis(data: &[u8]) {
    read(data.to_vec());
    let (documents, index) = data.split_at(data.len() / 2);
    for sections in [&[data][..], &[data, data], &[documents, index]] {
        read(sealed(sections));
    }
}

fn read(file: Vec<u8>) {
    let Ok(analysis) = block_on(Analysis::open(Arc::new(Bytes::from(file)))) else {
        return;
    };
    let image = analysis.image();
    // What was checked once stays as it is.
    assert_eq!(image.clone().checked().as_ref(), Ok(image));
    let budget = Budget::default();
    let mut stack = Stack::new();
    for layer in &image.layers {
        let pushed = match analysis.place(layer.number) {
            Some(IndexLocation::Section(at)) => {
                match block_on(analysis.index(at, layer, &budget)) {
                    Ok(index) => stack.push(index).map(drop),
                    Err(_) => return,
                }
            }
            Some(IndexLocation::NotFetched(reason)) => stack.push_not_fetched(reason).map(drop),
            None => panic!("layer {} has no place", layer.number),
        };
        if pushed.is_err() {
            return;
        }
    }
}

/// A file of these sections.
fn sealed(sections: &[&[u8]]) -> Vec<u8> {
    let mut table = Vec::new();
    for section in sections {
        table.extend_from_slice(&(section.len() as u64).to_le_bytes());
        table.extend(sha256(section));
    }
    let mut file = b"\x89ONSK\r\n\x1a".to_vec();
    for number in [VERSION, FORMAT, sections.len() as u32] {
        file.extend_from_slice(&number.to_le_bytes());
    }
    let digest = sha256(&[&file[..], &table].concat());
    [&file[..], &digest, &table, &sections.concat()].concat()
}

fn sha256(bytes: &[u8]) -> Vec<u8> {
    let digest = Digest::sha256(bytes);
    let digits = digest.hex().as_bytes().chunks(2);
    let byte = |pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    digits.filter_map(byte).collect()
}
