//! What the tests of this folder share.

// Where a test's ground gives way, the test has failed.
#![allow(clippy::unwrap_used)]
#![allow(
    dead_code,
    unused_imports,
    reason = "each test binary uses its own part"
)]

#[path = "../../../layers/tests/support/decoding.rs"]
mod decoding;

use onionskin_audit::report::listing::{self, Line};
use onionskin_audit::visitors;
use onionskin_layers::layer::{Expected, LayerDecoder};
use onionskin_layers::stack::Stack;
use onionskin_oci::source::Image;
use serde_json::json;

pub(crate) use self::decoding::{cost_at, decode, decode_in, index, ledger, stack};

fn decoder() -> LayerDecoder {
    visitors::decoder(Expected::default())
}

/// An image of so many layers that nothing is known of.
pub(crate) fn image(layers: usize) -> Image {
    let digest = format!("sha256:{}", "0".repeat(64));
    let layer = |number: usize| {
        json!({ "number": number, "digest": null, "mediaType": null, "compressedSize": 1,
            "diffId": null, "urls": [], "createdBy": null, "span": null, "runs": [] })
    };
    serde_json::from_value(json!({
        "namesRegistry": true, "reference": "app", "digest": null, "indexDigest": null, "mediaType": null, "platform": null,
        "platforms": [], "attestations": [], "annotations": {}, "config": {}, "rawConfig": "",
        "configDigest": digest, "layers": (1..=layers).map(layer).collect::<Vec<_>>(), "remarks": [],
    }))
    .unwrap()
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
