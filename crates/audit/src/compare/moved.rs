//! Moved files: a removed file and an added one with the same content are one change.

use std::collections::{HashMap, VecDeque};

use super::change::{Change, FileChange, What};
use crate::layer::ContentId;

/// A file that is on one side only, with what it holds.
pub(super) struct OneSided {
    pub(super) change: FileChange,
    /// Bytes of its path; [`FileChange`] has the text that is shown.
    pub(super) path: Vec<u8>,
    /// Its logical size and content; None for all but regular files with content.
    pub(super) content: Option<(u64, ContentId)>,
}

/// Pairs removed files with added ones of equal content: first those of equal name, then by the byte order of the
/// paths, each once. `differs` says what besides the path differs between two.
pub(super) fn paired(
    removed: Vec<OneSided>,
    mut added: Vec<OneSided>,
    differs: impl Fn(&[u8], &[u8]) -> (Vec<What>, Vec<String>),
) -> Vec<(Vec<u8>, FileChange)> {
    let mut source: Vec<Option<usize>> = vec![None; added.len()];
    let mut gone: Vec<bool> = vec![false; removed.len()];
    for by_name in [true, false] {
        // Both lists come in the byte order of their paths, and so do the queues.
        let mut wanted: HashMap<_, VecDeque<usize>> = HashMap::new();
        for (at, (one, from)) in added.iter().zip(&source).enumerate() {
            if let (Some(key), None) = (key(one, by_name), from) {
                wanted.entry(key).or_default().push_back(at);
            }
        }
        for (at, (one, gone)) in removed.iter().zip(&mut gone).enumerate() {
            let to = key(one, by_name)
                .filter(|_| !*gone)
                .and_then(|key| wanted.get_mut(&key)?.pop_front());
            if let Some(from) = to.and_then(|to| source.get_mut(to)) {
                *from = Some(at);
                *gone = true;
            }
        }
    }
    for (one, from) in added.iter_mut().zip(&source) {
        let Some(old) = from.and_then(|at| removed.get(at)) else {
            continue;
        };
        one.change.change = Change::Moved;
        one.change.from = Some(old.change.path.clone());
        one.change.old_size = old.change.old_size;
        (one.change.what, one.change.xattrs) = differs(&old.path, &one.path);
    }
    let removed = removed.into_iter().zip(gone);
    let removed = removed.filter(|(_, gone)| !gone).map(|(one, _)| one);
    removed
        .chain(added)
        .map(|one| (one.path, one.change))
        .collect()
}

/// What two files have in common that are one moved file.
fn key(one: &OneSided, by_name: bool) -> Option<((u64, ContentId), &[u8])> {
    let name = match by_name {
        true => one.path.rsplit(|byte| *byte == b'/').next()?,
        false => &[],
    };
    Some((one.content?, name))
}
