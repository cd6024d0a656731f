//! What a table lists, in a form to compare, and random layers to make tables of.

use std::sync::Arc;

use onionskin_fixtures::Layer;
use onionskin_layers::layer::{EntryKind, LayerIndex, Xattrs};
use onionskin_layers::stack::view::View;
use onionskin_layers::stack::{NodeId, Stack};
use proptest::prelude::*;

/// What `ls` tells of a path.
pub(crate) type Line = (
    Vec<u8>,
    EntryKind,
    u64,
    u32,
    (u64, u64),
    Option<(i64, u32)>,
    Option<Vec<u8>>,
    Xattrs,
);

fn lines(stack: &Stack, view: &View) -> Vec<Line> {
    let nodes = (0..stack.nodes() as u32).map(NodeId);
    let mut lines: Vec<Line> = nodes
        .filter_map(|node| {
            let row = view.row(stack, node)?;
            let link = row.link().map(|link| link.into_owned());
            Some((
                stack.path(node),
                row.kind,
                row.logical_size(),
                row.mode(),
                row.owner(),
                row.mtime(),
                link,
                row.xattrs().to_vec(),
            ))
        })
        .collect();
    lines.sort_by(|a, b| a.0.cmp(&b.0));
    lines
}

/// What `ls` tells of a stack of one layer.
pub(crate) fn listed(index: Arc<LayerIndex>) -> Vec<Line> {
    let mut stack = Stack::new();
    stack.push(index).unwrap();
    lines(&stack, &View::stack(&stack, 1))
}

/// Path, type, target and device of an entry.
pub(crate) type Listed = (Vec<u8>, EntryKind, Option<Vec<u8>>, Option<(u32, u32)>);

/// What of whiteouts and repeated paths is in a layer.
pub(crate) fn entries(index: &LayerIndex) -> Vec<Listed> {
    let entries = index.entries().map(|entry| {
        let link = index.link(entry).map(<[u8]>::to_vec);
        (
            index.path(entry),
            index.kind(entry),
            link,
            index.device(entry),
        )
    });
    entries.collect()
}

fn path() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(vec!["a", "b", "ü <&>\u{2028}"]), 1..4)
        .prop_map(|names| format!("/{}", names.join("/")))
}

/// A layer of entries of every type, with odd metadata.
pub(crate) fn layers() -> impl Strategy<Value = Layer> {
    let entry = (
        path(),
        0..9,
        path(),
        (0u32..0o10000, 0u64..70_000, 0u64..3),
        prop_oneof![
            Just(0i64),
            Just(-5),
            Just(1_700_000_000),
            0..4_000_000_000i64
        ],
        prop::option::of(prop::collection::vec(any::<u8>(), 1..4)),
    );
    prop::collection::vec(entry, 0..12).prop_map(|entries| {
        let mut layer = Layer::new();
        for (at, (path, kind, other, (mode, uid, gid), time, attribute)) in
            entries.into_iter().enumerate()
        {
            layer = match kind {
                0 => layer.dir(path),
                1 => layer.symlink(path, &other),
                2 => layer.hardlink(path, &other),
                3 => layer.char_device(path, uid as u32, 7),
                4 => layer.block_device(path, 8, gid as u32),
                5 => layer.fifo(path),
                6 => layer.whiteout(path),
                7 => layer.file(path, ""),
                _ => layer.file(path, format!("content {at}")),
            };
            layer = layer.mode(mode).owner(uid, gid).mtime(time);
            if let Some(value) = attribute {
                layer = layer.xattr("user.a", value);
            }
        }
        layer
    })
}
