//! Decoding and stacking what `onionskin-fixtures` writes, for the tests of this folder.

// Where a test's ground gives way, the test has failed.
#![allow(clippy::unwrap_used)]
#![allow(dead_code, reason = "each test binary uses its own part")]

use onionskin_audit::report::listing::{self, Line};
use onionskin_audit::visitors;
use onionskin_fixtures::Layer;
use onionskin_layers::layer::{Expected, LayerError, LayerIndex};
use onionskin_layers::ledger::Ledger;
use onionskin_layers::stack::Stack;

/// Pushes `blob` in pieces of `size` bytes.
pub(crate) fn decode_in(blob: &[u8], size: usize) -> Result<LayerIndex, LayerError> {
    let mut decoder = visitors::decoder(Expected::default());
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

/// The rows of the final stack.
pub(crate) fn rows(stack: &Stack) -> Vec<Line> {
    listing::of_stack(stack, stack.depth(), b"/").unwrap()
}

/// A row in the words of the conformance corpus: what is not usual stands behind what always is.
pub(crate) fn row(line: &Line) -> String {
    let mut row = format!("{} {}", line.path, line.kind);
    let mut tell = |word: String| row = format!("{row} {word}");
    if line.kind == "file" {
        tell(line.size.to_string());
    }
    line.link_target
        .iter()
        .for_each(|target| tell(target.clone()));
    tell(format!("@{}", line.layer));
    let usual = match line.kind.as_str() {
        "dir" => "755",
        "symlink" => "777",
        "char" | "block" | "fifo" => "600",
        _ => "644",
    };
    if line.mode != usual {
        tell(format!("mode {}", line.mode));
    }
    if (line.uid, line.gid) != (0, 0) {
        tell(format!("owner {}:{}", line.uid, line.gid));
    }
    match line.mtime.as_deref() {
        None => tell("implied".to_owned()),
        Some("2023-11-14T22:13:20Z") => {}
        Some(other) => tell(format!("mtime {other}")),
    }
    for (name, value) in &line.xattrs {
        tell(format!("{name}={value}"));
    }
    row
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
