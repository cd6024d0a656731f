//! The paths that differ as a tree: each folder above one, with what it comes to in both images.

use std::collections::HashMap;

use super::change::{Change, FileChange};
use super::sums::{PathCosts, Sums};
use crate::layer::EntryKind;
use crate::names::bytes;

/// Changes as a tree. A place in it is a number, and that of the root is [`ChangeTree::ROOT`].
#[derive(Clone, Debug, Default)]
pub struct ChangeTree {
    places: Vec<ChangedPath>,
    by_path: HashMap<String, usize>,
}

/// A path that differs, or a folder with one below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedPath {
    /// As the changes have it; `/` for the root.
    pub path: String,
    /// What it is in the new tree; in the old one where it was removed.
    pub kind: EntryKind,
    /// Its change, as a place in the list of them. None for a folder in which only what is below differs.
    pub change: Option<usize>,
    /// Bytes of the file in the old tree, or of all files in the folder, as `ls` shows them; of a moved file those at its
    /// old path. None where the old tree does not have it.
    pub old_size: Option<u64>,
    /// The same in the new tree.
    pub new_size: Option<u64>,
    /// What it costs those who pull the old image; of a moved file, what its old path does.
    pub old_costs: PathCosts,
    /// The same of the new image.
    pub new_costs: PathCosts,
    /// The layer of the new image that made it what it is; of the old one where it was removed.
    pub layer: usize,
    parent: usize,
    children: Vec<usize>,
}

impl ChangeTree {
    /// The place of the root.
    pub const ROOT: usize = 0;

    /// The tree of the changes from `old` to `new`.
    #[must_use]
    pub fn of(old: &Sums<'_>, new: &Sums<'_>, changes: &[FileChange]) -> Self {
        let mut tree = Self::default();
        tree.add("/", Self::ROOT, old, new);
        for (number, change) in changes.iter().enumerate() {
            let mut place = Self::ROOT;
            let ends = change.path.match_indices('/').map(|(at, _)| at).skip(1);
            for end in ends.chain([change.path.len()]) {
                let path = change.path.get(..end).unwrap_or_default();
                place = match tree.by_path.get(path) {
                    Some(known) => *known,
                    None if path.len() > 1 => tree.add(path, place, old, new),
                    None => Self::ROOT,
                };
            }
            if let Some(place) = tree.places.get_mut(place) {
                place.change = Some(number);
                place.layer = change.layer;
                if change.change == Change::Moved {
                    place.old_size = change.old_size;
                    let from = change.from.as_deref().unwrap_or_default();
                    place.old_costs = old.costs(&bytes(from));
                }
            }
        }
        tree.sort();
        tree
    }

    /// Puts what is in a folder in order: the changes come in that of whole paths, where `/a.b` is before `/a/b`.
    fn sort(&mut self) {
        let paths: Vec<Vec<u8>> = (self.places.iter())
            .map(|place| bytes(&place.path).into_owned())
            .collect();
        for place in &mut self.places {
            place.children.sort_by_key(|child| paths.get(*child));
        }
    }

    fn add(&mut self, path: &str, parent: usize, old: &Sums<'_>, new: &Sums<'_>) -> usize {
        let number = self.places.len();
        let name = bytes(path);
        let (before, after) = (old.at(&name), new.at(&name));
        let (kind, _, layer) = after.or(before).unwrap_or((EntryKind::Dir, 0, 0));
        self.places.push(ChangedPath {
            path: path.to_owned(),
            kind,
            change: None,
            old_size: before.map(|(_, size, _)| size),
            new_size: after.map(|(_, size, _)| size),
            old_costs: old.costs(&name),
            new_costs: new.costs(&name),
            layer,
            parent,
            children: Vec::new(),
        });
        self.by_path.insert(path.to_owned(), number);
        if let Some(parent) = self.places.get_mut(parent).filter(|_| number != parent) {
            parent.children.push(number);
        }
        number
    }

    /// What is at a place.
    #[must_use]
    pub fn get(&self, place: usize) -> Option<&ChangedPath> {
        self.places.get(place)
    }

    /// The places in a folder, in byte order of their names.
    #[must_use]
    pub fn children(&self, place: usize) -> &[usize] {
        self.places.get(place).map_or(&[], |of| &of.children)
    }

    /// The folder of a place; that of the root is the root.
    #[must_use]
    pub fn parent(&self, place: usize) -> usize {
        self.places.get(place).map_or(Self::ROOT, |of| of.parent)
    }

    /// The place of a path, where it or something below it differs.
    #[must_use]
    pub fn find(&self, path: &str) -> Option<usize> {
        self.by_path.get(path).copied()
    }

    /// How many places there are. Folders have lower numbers than what is in them.
    #[must_use]
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Nothing differs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.places.len() <= 1
    }
}
