//! dive's own export: the shape that `dive --json` writes (`export.go`, commit d6c6919), with its numbers.
//!
//! Where dive's form depends on chance or on the saved file that it read, ours does not: paths of equal
//! bytes are in the order of the paths, and `id` is the hex of the blob's digest, or of the diff ID where
//! the blob is not known.

use serde::Serialize;

use super::text;
use crate::audit::Audit;
use crate::inspection::LayerFacts;
use crate::layer::{EntryId, EntryKind, LayerIndex, Unshown};
use crate::ledger::dive::{Details, DiveLayer, Inefficient, Node};
use crate::stack::Stack;

/// The whole export.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Export {
    layer: Vec<Layer>,
    image: Image,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Layer {
    /// From 0, as dive counts.
    index: usize,
    id: String,
    /// The diff ID.
    digest_id: String,
    size_bytes: u64,
    command: String,
    file_list: Vec<FileInfo>,
}

/// What a tar header tells, in Go's words. All is nothing for a folder that no entry announces.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct FileInfo {
    path: String,
    type_flag: u8,
    link_name: String,
    size: u64,
    file_mode: u32,
    uid: u64,
    gid: u64,
    is_dir: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Image {
    size_bytes: u64,
    inefficient_bytes: u64,
    efficiency_score: f64,
    file_reference: Vec<FileReference>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct FileReference {
    count: u32,
    size_bytes: u64,
    file: String,
}

impl Export {
    /// Exports an audited image.
    #[must_use]
    pub fn new(audit: &Audit, stack: &Stack) -> Self {
        let details = Details::of(stack);
        let layers = details.layers.iter().zip(stack.layers()).zip(&audit.layers);
        let sizes = details.layers.iter().map(|layer| layer.bytes);
        Self {
            image: Image {
                size_bytes: sizes.fold(0, u64::saturating_add),
                inefficient_bytes: details.numbers.wasted_bytes,
                efficiency_score: details.numbers.efficiency,
                file_reference: details.inefficient.iter().map(reference).collect(),
            },
            layer: layers
                .enumerate()
                .map(|(at, ((layer, index), facts))| exported(at, layer, index, facts))
                .collect(),
        }
    }
}

fn reference(path: &Inefficient) -> FileReference {
    FileReference {
        count: path.count,
        size_bytes: path.bytes,
        file: text(&path.path).into_owned(),
    }
}

fn exported(at: usize, layer: &DiveLayer, index: &LayerIndex, facts: &LayerFacts) -> Layer {
    let digest = facts.digest.as_ref().or(facts.diff_id.as_ref());
    let command = facts.created_by.as_deref().unwrap_or("(missing)");
    let nodes = layer.nodes.iter();
    Layer {
        index: at,
        id: digest.map_or_else(String::new, |digest| digest.hex().to_owned()),
        digest_id: facts
            .diff_id
            .as_ref()
            .map_or_else(String::new, ToString::to_string),
        size_bytes: layer.bytes,
        command: command
            .strip_prefix("/bin/sh -c ")
            .unwrap_or(command)
            .to_owned(),
        file_list: nodes
            .map(|node| match node {
                None => FileInfo::default(),
                Some(Node::Entry(entry)) => file(index, *entry),
                Some(Node::Unshown(at)) => {
                    let unshown = index.unshown().get(*at);
                    unshown.map(unshown_file).unwrap_or_default()
                }
            })
            .collect(),
    }
}

fn file(index: &LayerIndex, entry: EntryId) -> FileInfo {
    let kind = index.kind(entry);
    let path = index.path(entry);
    let path = path.strip_prefix(b"/").unwrap_or(&path);
    let (uid, gid) = index.owner(entry);
    let claim = index.claim(entry);
    let link = match claim {
        Some(stored) => Some(stored.path.as_slice()),
        None => index.link(entry),
    };
    let link = link.map(text);
    FileInfo {
        path: match kind {
            EntryKind::Whiteout => whiteout(path),
            _ => text(path).into_owned(),
        },
        type_flag: match claim {
            Some(_) => b'1',
            None => type_flag(kind),
        },
        link_name: link.map(std::borrow::Cow::into_owned).unwrap_or_default(),
        size: match kind {
            EntryKind::File if claim.is_some() => 0,
            EntryKind::File | EntryKind::Whiteout => index.logical_size(entry),
            _ => 0,
        },
        file_mode: file_mode(kind, index.mode(entry)),
        uid,
        gid,
        is_dir: kind == EntryKind::Dir,
    }
}

fn unshown_file(unshown: &Unshown) -> FileInfo {
    let is_dir = unshown.flag == b'5';
    let kind = if is_dir {
        EntryKind::Dir
    } else {
        EntryKind::File
    };
    FileInfo {
        path: text(&unshown.path).into_owned(),
        type_flag: unshown.flag,
        link_name: String::new(),
        size: unshown.size,
        file_mode: file_mode(kind, unshown.mode),
        uid: unshown.owner.0,
        gid: unshown.owner.1,
        is_dir,
    }
}

/// The path that the tar has for what hides this one.
fn whiteout(path: &[u8]) -> String {
    let name = path
        .iter()
        .rposition(|byte| *byte == b'/')
        .map_or(0, |at| at + 1);
    let (folder, name) = path.split_at(name);
    text(&[folder, b".wh.", name].concat()).into_owned()
}

/// The type of a tar header (POSIX.1-2001, `typeflag`).
const fn type_flag(kind: EntryKind) -> u8 {
    match kind {
        EntryKind::File | EntryKind::Whiteout | EntryKind::Opaque => b'0',
        EntryKind::Hardlink => b'1',
        EntryKind::Symlink => b'2',
        EntryKind::Char => b'3',
        EntryKind::Block => b'4',
        EntryKind::Dir => b'5',
        EntryKind::Fifo => b'6',
    }
}

/// Go's `os.FileMode`, whose bits above the permissions are not those of POSIX.
const fn file_mode(kind: EntryKind, mode: u32) -> u32 {
    let kind = match kind {
        EntryKind::Dir => 1 << 31,
        EntryKind::Symlink => 1 << 27,
        EntryKind::Block => 1 << 26,
        EntryKind::Char => 1 << 26 | 1 << 21,
        EntryKind::Fifo => 1 << 25,
        EntryKind::File | EntryKind::Hardlink | EntryKind::Whiteout | EntryKind::Opaque => 0,
    };
    let set_uid = (mode & 0o4000) >> 11 << 23;
    let set_gid = (mode & 0o2000) >> 10 << 22;
    let sticky = (mode & 0o1000) >> 9 << 20;
    kind | set_uid | set_gid | sticky | mode & 0o777
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_are_those_of_go() {
        // From dive's own tests, and Go's documentation of os.FileMode.
        for (kind, mode, expected) in [
            (EntryKind::File, 0o755, 493),
            (EntryKind::Dir, 0o755, 2_147_484_141),
            (EntryKind::Dir, 0o1777, 0x8010_01ff),
            (EntryKind::File, 0o6755, 0x00c0_01ed),
            (EntryKind::Char, 0o600, 0x0420_0180),
        ] {
            assert_eq!(file_mode(kind, mode), expected, "{kind:?} {mode:o}");
        }
    }

    #[test]
    fn whiteouts_have_the_path_of_the_tar() {
        assert_eq!(whiteout(b"app/data"), "app/.wh.data");
        assert_eq!(whiteout(b"data"), ".wh.data");
    }
}
