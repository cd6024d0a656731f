//! `onionskin ls`: every path of a stack, or of a layer, one line each in byte order.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{text, xattrs};
use crate::find::Query;
use crate::layer::{EntryId, EntryKind, LayerIndex};
use crate::names::meanings;
use crate::stack::view::{Row, View};
use crate::stack::{Cause, NodeId, ResolveError, Stack, StackError, VersionKind};

/// What `ls --format json` prints of one path.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Line {
    /// The path, from the root, without a slash at its end.
    pub path: String,
    /// `file`, `dir`, `symlink`, `hardlink`, `char`, `block`, `fifo`, `whiteout` or `opaque`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Bytes of a regular file as a program reads it; 0 for all else.
    pub size: u64,
    /// Permission bits in octal.
    pub mode: String,
    /// User by number.
    pub uid: u64,
    /// Group by number.
    pub gid: u64,
    /// Time of the last change (RFC 3339); None where no entry has one, or it cannot be written so.
    pub mtime: Option<String>,
    /// A symbolic link's text; the path that a hard link is another name of. None also for a hard link of one layer to
    /// content of a lower one, where the layer itself has something else under that path, and for a hard link to nothing
    /// where something else is at its target by now.
    pub link_target: Option<String>,
    /// The layer that made the path what it is, from 1.
    pub layer: usize,
    /// Extended attributes; capabilities and access control lists as their tools print them.
    pub xattrs: BTreeMap<String, String>,
    /// The layer that deleted, overwrote or copied what was here, from 1. Only queries tell it, as only they list what
    /// is hidden.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hidden_by: Option<usize>,
    /// What that layer did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
}

/// What is below a path in the stack at `layer`; for all but folders the path itself. The path is followed through
/// symbolic links, at its end where that leads to a folder.
///
/// # Errors
/// There is no such path.
pub fn of_stack(stack: &Stack, layer: usize, path: &[u8]) -> Result<Vec<Line>, ResolveError> {
    let start = stack.look_up(path, layer)?;
    let view = View::stack(stack, layer);
    let nodes = below(stack, &view, start);
    // Of millions of files the lines take most of the memory, so there is room for exactly as many.
    let mut lines = Vec::with_capacity(nodes.len());
    for node in nodes {
        let row = view.row(stack, node);
        lines.extend(row.map(|row| line(&stack.path(node), &row)));
    }
    Ok(lines)
}

/// What a query finds below a path, or at it, in the layers up to `layer`: every version of a path is a line of its own,
/// with the layer that hid it. In byte order of the paths, then by layer. Symbolic links on the way to `path` are followed.
///
/// # Errors
/// No layer has such a path.
pub fn found(
    stack: &Stack,
    layer: usize,
    path: &[u8],
    query: &Query,
) -> Result<Vec<Line>, ResolveError> {
    let start = match stack.look_up(path, layer) {
        Ok(start) => start,
        // What was deleted is found as well.
        Err(error) => {
            let path = stack.real_path(path, layer);
            let found = meanings(&path).find_map(|path| stack.find(&path));
            found.ok_or(error)?
        }
    };
    let view = View::with_deleted(stack, layer);
    let search = query.search(stack);
    let mut lines = Vec::new();
    for node in (0..u32::try_from(stack.nodes()).unwrap_or(u32::MAX)).map(NodeId) {
        if !is_below(stack, node, start) {
            continue;
        }
        let versions: Vec<_> = search.versions(&view, node).collect();
        if versions.is_empty() {
            continue;
        }
        let path = stack.path(node);
        for version in versions.into_iter().rev() {
            let Some(row) = view.row_at(stack, node, version) else {
                continue;
            };
            let (hidden_by, cause) = stack.hidden(node, version, layer).unzip();
            lines.push((
                path.clone(),
                Line {
                    hidden_by,
                    cause,
                    ..line(&path, &row)
                },
            ));
        }
    }
    // Stable, so the versions of a path stay in their order.
    Ok(sorted(lines))
}

/// Whether a node is `start` or below it.
fn is_below(stack: &Stack, node: NodeId, start: NodeId) -> bool {
    let mut up = node;
    // Parents have lower numbers than their children.
    while up > start {
        up = stack.parent(up);
    }
    up == start
}

/// What layer `number` itself holds below a path, also what it hides. None if it has no such path. The layers below are
/// not known, so a hard link that stands before its target is one to it; [`of_top`] knows better.
///
/// # Errors
/// The layer is too large.
pub fn of_layer(
    index: impl Into<Arc<LayerIndex>>,
    number: usize,
    path: &[u8],
) -> Result<Option<Vec<Line>>, StackError> {
    // Stacked on nothing, a layer's own tree is all there is.
    let mut stack = Stack::new();
    stack.push_alone(index)?;
    Ok(of_top(&stack, number, path))
}

/// What the top layer of a stack itself holds below a path, also what it hides, where that layer was put there by
/// [`Stack::push_alone`]; `number` is its number in its image. None if it has no such path.
///
/// As in a stack, one name of content that the layer stores is the file, though another entry may have taken the name that
/// stored it. A hard link to a lower layer has the target that its entry tells; none where that path is something else
/// in this layer.
#[must_use]
pub fn of_top(stack: &Stack, number: usize, path: &[u8]) -> Option<Vec<Line>> {
    let depth = stack.depth();
    let index = stack.layer(depth)?;
    let view = View::stack(stack, depth);
    let start = stack.look_up(path, depth).ok();
    let mut lines = Vec::new();
    for node in start.iter().flat_map(|start| below(stack, &view, *start)) {
        // A folder that no entry announces is not held by the layer.
        let Some(version) = stack.at(node, depth) else {
            continue;
        };
        let VersionKind::Entry(entry) = version.what else {
            continue;
        };
        let path = stack.path(node);
        let line = match stack.stored_by(version) {
            Some((stored_in, _)) if stored_in < depth => {
                let mut line = line(&path, &Row::of_entry(node, index, depth, entry));
                let target = index.link(entry).unwrap_or_default();
                if stack.look_up(target, depth).is_ok() {
                    line.link_target = None;
                }
                line
            }
            _ => match view.row(stack, node) {
                Some(row) => line(&path, &row),
                None => continue,
            },
        };
        lines.push((path, line));
    }
    let path = stack.real_path(path, depth);
    // Where the layer has nothing at the path, its names may still be as they are printed.
    let meant = meanings(&path).take(if start.is_some() { 1 } else { usize::MAX });
    let mut hidden = meant.map(|folder| hidden_below(index, &folder));
    for (path, entry) in hidden.find(|hidden| !hidden.is_empty()).unwrap_or_default() {
        let row = Row::of_entry(NodeId::ROOT, index, depth, entry);
        let line = line(&path, &row);
        lines.push((path, line));
    }
    if start.is_none() && lines.is_empty() {
        return None;
    }
    let mut lines = sorted(lines);
    for line in &mut lines {
        line.layer = number;
    }
    Some(lines)
}

/// What the whiteouts of a layer hide at a path, or below it, and their entries.
fn hidden_below(index: &LayerIndex, folder: &[u8]) -> Vec<(Vec<u8>, EntryId)> {
    let whiteouts = index.entries().filter(|entry| index.kind(*entry).hides());
    let hidden = whiteouts.map(|entry| (index.path(entry), entry));
    let inside = |(hidden, _): &(Vec<u8>, EntryId)| {
        let rest = hidden.strip_prefix(folder);
        folder == b"/" || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
    };
    hidden.filter(inside).collect()
}

/// All nodes below a folder in byte order of the paths, or the node itself if it is no folder.
fn below(stack: &Stack, view: &View, start: NodeId) -> Vec<NodeId> {
    let is_dir = view
        .row(stack, start)
        .is_some_and(|row| row.kind == EntryKind::Dir);
    if !is_dir {
        return vec![start];
    }
    let mut nodes = Vec::new();
    let mut waiting = vec![Part::Inside(start)];
    while let Some(part) = waiting.pop() {
        match part {
            Part::Itself(node) => nodes.push(node),
            Part::Inside(folder) => {
                let first = waiting.len();
                for child in view.children(folder) {
                    waiting.push(Part::Itself(*child));
                    if !view.children(*child).is_empty() {
                        waiting.push(Part::Inside(*child));
                    }
                }
                let added = waiting.get_mut(first..).unwrap_or_default();
                added.sort_unstable_by(|a, b| b.key(stack).cmp(a.key(stack)));
            }
        }
    }
    nodes
}

/// A path of a list, or all below it: between the two others may stand, as `/a-b` between `/a` and `/a/b`.
#[derive(Clone, Copy)]
enum Part {
    Itself(NodeId),
    Inside(NodeId),
}

impl Part {
    /// What its paths go on with behind the folder that it is in.
    fn key(self, stack: &Stack) -> impl Iterator<Item = &u8> {
        let (node, slash) = match self {
            Self::Itself(node) => (node, &b""[..]),
            Self::Inside(node) => (node, &b"/"[..]),
        };
        stack.name(node).iter().chain(slash)
    }
}

/// In byte order of the paths.
fn sorted(mut lines: Vec<(Vec<u8>, Line)>) -> Vec<Line> {
    lines.sort_by(|a, b| a.0.cmp(&b.0));
    lines.into_iter().map(|(_, line)| line).collect()
}

fn line(path: &[u8], row: &Row<'_>) -> Line {
    let (uid, gid) = row.owner();
    Line {
        path: text(path).into_owned(),
        kind: row.kind.name().to_owned(),
        size: row.logical_size(),
        mode: format!("{:o}", row.mode()),
        uid,
        gid,
        mtime: row.mtime().and_then(rfc3339),
        link_target: row.link().map(|link| text(&link).into_owned()),
        layer: row.layer,
        xattrs: row
            .xattrs()
            .iter()
            .map(|(name, value)| (text(name).into_owned(), xattrs::value(name, value)))
            .collect(),
        hidden_by: None,
        cause: None,
    }
}

/// A time as RFC 3339 in UTC; None outside the years that it can write.
#[must_use]
pub fn rfc3339((seconds, nanos): (i64, u32)) -> Option<String> {
    let nanos = i32::try_from(nanos).ok()?;
    let time = Timestamp::new(seconds, nanos).ok()?;
    let text = time.to_string();
    // RFC 3339 has four digits for the year and no sign.
    text.starts_with(|first: char| first.is_ascii_digit())
        .then_some(text)
}
