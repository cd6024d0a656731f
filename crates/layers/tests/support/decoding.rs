//! Decoding and stacking what `onionskin-fixtures` writes, by the decoder that the tests have. The tests of
//! `onionskin-audit` use this file too, with a decoder that has visitors.

use onionskin_fixtures::Layer;
use onionskin_layers::layer::{LayerError, LayerIndex};
use onionskin_layers::ledger::Ledger;
use onionskin_layers::stack::Stack;

use super::decoder;

/// Pushes `blob` in pieces of `size` bytes.
pub(crate) fn decode_in(blob: &[u8], size: usize) -> Result<LayerIndex, LayerError> {
    let mut decoder = decoder();
    for piece in blob.chunks(size) {
        decoder.push(piece)?;
    }
    decoder.finish()
}

pub(crate) fn decode(blob: &[u8]) -> Result<LayerIndex, LayerError> {
    decode_in(blob, usize::MAX)
}

pub(crate) fn index(layer: &Layer) -> LayerIndex {
    decode(&layer.tar()).unwrap()
}

pub(crate) fn stack(layers: &[Layer]) -> Stack {
    let mut stack = Stack::new();
    for layer in layers {
        stack.push(index(layer)).unwrap();
    }
    stack
}

pub(crate) fn ledger(layers: &[Layer]) -> Ledger {
    Ledger::of(&stack(layers))
}

/// Where a byte of the tar lies in the blob, between known points (blob, tar) that begin with (0, 0).
pub(crate) fn cost_at(points: &[(u64, u64)], tar: u64) -> u64 {
    let after = points.iter().position(|point| point.1 >= tar).unwrap();
    let ((blob1, tar1), (blob0, tar0)) = (points[after], points[after.saturating_sub(1)]);
    if tar == tar1 {
        blob1
    } else {
        blob0 + (tar - tar0) * (blob1 - blob0) / (tar1 - tar0)
    }
}
