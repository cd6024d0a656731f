//! Symbolic links that stay inside of what is extracted, on a machine that follows them its own way.

use onionskin_core::stack::{NodeId, Stack};

/// What becomes of a link.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Link {
    /// It is written as it is: no part of it leaves the tree, and no part leads through another link.
    AsIs,
    /// It leads to the same place of the tree by this text.
    Rewritten(Vec<u8>),
    /// It leads out of the tree, or nowhere that is known.
    Outside,
}

/// What becomes of the link `node`, whose text is `text`, where `root` and what is below it are extracted. `is_folder` tells
/// whether a node is a real folder.
pub(super) fn of(
    stack: &Stack,
    root: NodeId,
    node: NodeId,
    text: &[u8],
    is_folder: &dyn Fn(NodeId) -> bool,
) -> Link {
    if stays(stack, root, node, text, is_folder) {
        return Link::AsIs;
    }
    let depth = stack.depth();
    let Ok(target) = stack.resolve(&stack.path(node), depth) else {
        return Link::Outside;
    };
    match way(stack, root, stack.parent(node), target) {
        Some(text) => Link::Rewritten(text),
        None => Link::Outside,
    }
}

/// Whether a text is followed inside of the tree alone, by its names and without other links.
fn stays(
    stack: &Stack,
    root: NodeId,
    node: NodeId,
    text: &[u8],
    is_folder: &dyn Fn(NodeId) -> bool,
) -> bool {
    if text.is_empty() || text.starts_with(b"/") || node == root {
        return false;
    }
    let mut here = stack.parent(node);
    let mut names = text.split(|byte| *byte == b'/').peekable();
    while let Some(name) = names.next() {
        match name {
            b"" | b"." => continue,
            b".." if here == root => return false,
            b".." => here = stack.parent(here),
            name => {
                let path = [&stack.path(here), &b"/"[..], name].concat();
                match stack
                    .find(&path)
                    .filter(|node| stack.at(*node, stack.depth()).is_some())
                {
                    Some(child) if is_folder(child) => here = child,
                    // The last name may be anything, and may be missing. Behind another link the way is not known.
                    _ => return names.all(|name| matches!(name, b"" | b".")),
                }
            }
        }
    }
    true
}

/// The relative path from a folder to a node, by folders that are real; none where one of them is not below `root`.
fn way(stack: &Stack, root: NodeId, from: NodeId, to: NodeId) -> Option<Vec<u8>> {
    let above = |node: NodeId| {
        let mut line = vec![node];
        let mut up = node;
        while up != root {
            if up == NodeId::ROOT {
                return None;
            }
            up = stack.parent(up);
            line.push(up);
        }
        line.reverse();
        Some(line)
    };
    let (from, to) = (above(from)?, above(to)?);
    let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = from.iter().skip(shared).map(|_| &b".."[..]);
    let down = to.iter().skip(shared).map(|node| stack.name(*node));
    let names: Vec<&[u8]> = up.chain(down).collect();
    Some(match names.is_empty() {
        true => b".".to_vec(),
        false => names.join(&b'/'),
    })
}
