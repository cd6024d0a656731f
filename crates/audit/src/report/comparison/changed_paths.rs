//! Where files changed: paths that differ gathered into few folders, by the bytes that changed in them.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::compare::{Change, FileChange, What};

/// A path that changed, or a folder with what changed in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ChangedPath<'a> {
    /// Without a slash at its end; empty for the root.
    pub(super) path: &'a str,
    /// The change, where it is only one.
    pub(super) only: Option<&'a FileChange>,
    /// The change of most weight in it.
    pub(super) largest: &'a FileChange,
    /// How many changed in it, itself among them.
    pub(super) counts: Counts,
    /// Bytes that files have in the new tree more, and less, than in the old one.
    pub(super) grown: u64,
    pub(super) shrunk: u64,
    /// What it is worth in a short list.
    pub(super) weight: u64,
}

impl<'a> ChangedPath<'a> {
    /// The place of one change.
    pub(super) fn alone(file: &'a FileChange) -> Self {
        let (old, new) = (file.old_size.unwrap_or(0), file.new_size.unwrap_or(0));
        Self {
            path: &file.path,
            only: Some(file),
            largest: file,
            counts: Counts::of([file]),
            grown: new.saturating_sub(old),
            shrunk: old.saturating_sub(new),
            weight: weight(file),
        }
    }
}

/// How many paths changed, and how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    added: usize,
    removed: usize,
    changed: usize,
    moved: usize,
}

impl Counts {
    pub(super) fn of<'a>(files: impl IntoIterator<Item = &'a FileChange>) -> Self {
        let mut counts = Self::default();
        for file in files {
            *match file.change {
                Change::Added => &mut counts.added,
                Change::Removed => &mut counts.removed,
                Change::Changed => &mut counts.changed,
                Change::Moved => &mut counts.moved,
            } += 1;
        }
        counts
    }

    /// `12 added, 3 removed`.
    #[must_use]
    pub fn text(self) -> String {
        let named = [
            (self.added, "added"),
            (self.removed, "removed"),
            (self.changed, "changed"),
            (self.moved, "moved"),
        ];
        let told = named.into_iter().filter(|(count, _)| *count > 0);
        let told: Vec<String> = told
            .map(|(count, name)| format!("{count} {name}"))
            .collect();
        match told.is_empty() {
            true => "unchanged".to_owned(),
            false => told.join(", "),
        }
    }
}

/// What a change is worth in a short list: the bytes that came or went, else those that were stored again.
#[must_use]
pub fn weight(file: &FileChange) -> u64 {
    let (old, new) = (file.old_size.unwrap_or(0), file.new_size.unwrap_or(0));
    match file.change {
        Change::Added | Change::Removed => old.max(new),
        Change::Changed if file.what.contains(&What::Content) => old.max(new),
        _ => old.abs_diff(new),
    }
}

/// The place in which most changed.
pub struct Largest<'a> {
    /// Without a slash at its end; empty for the root.
    pub path: &'a str,
    /// What happened to the path of most weight in it.
    pub change: Change,
    /// The layer of that path.
    pub layer: usize,
    /// By how many bytes all in it grew.
    pub bytes: i64,
    /// What it is worth in a short list.
    pub weight: u64,
}

/// Places among which the largest is looked for.
const FOLDERS: usize = 24;

/// The place in which most changed: a folder where what belongs together did; None where nothing differs.
#[must_use]
pub fn largest_change(files: &[FileChange]) -> Option<Largest<'_>> {
    let place = largest(files, FOLDERS).into_iter().next()?;
    let is_below = |file: &&FileChange| {
        let rest = file.path.strip_prefix(place.path);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let below = files.iter().filter(is_below).map(|file| &*file.path);
    Some(Largest {
        path: below.reduce(common).unwrap_or(place.path),
        change: place.largest.change,
        layer: place.largest.layer,
        bytes: place.grown.wrapping_sub(place.shrunk).cast_signed(),
        weight: place.weight,
    })
}

/// The deepest folder that two paths are in, or one of them where that is it.
fn common<'a>(one: &'a str, other: &str) -> &'a str {
    let mut end = 0;
    let names = |path: &'a str| path.match_indices('/').map(|(at, _)| at).skip(1);
    for at in names(one).chain([one.len()]) {
        let start = one.get(..at).unwrap_or_default();
        let rest = other.strip_prefix(start);
        if !rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/')) {
            break;
        }
        end = at;
    }
    one.get(..end).unwrap_or_default()
}

/// At most so many places, heaviest first, that together have every change once.
pub(super) fn places(files: &[FileChange], most: usize) -> Vec<ChangedPath<'_>> {
    gathered(files, most, false)
}

/// The same with a folder as one place, unless half of its bytes are in one place of it or it is one of the root's: what
/// belongs together is told together.
pub(super) fn largest(files: &[FileChange], most: usize) -> Vec<ChangedPath<'_>> {
    gathered(files, most, true)
}

fn gathered(files: &[FileChange], most: usize, together: bool) -> Vec<ChangedPath<'_>> {
    if files.is_empty() {
        return Vec::new();
    }
    let mut whole = Vec::new();
    let mut open = vec![Group::of("", None, files.iter().collect())];
    // The heaviest is looked into first, so that room for details goes where the bytes are.
    while let Some(group) = take_heaviest(&mut open) {
        let parts = group.parts();
        let rows = open.len() + whole.len() + parts.len();
        if parts.len() < 2 || rows > most.max(1) || together && group.is_even(&parts) {
            whole.push(group);
            continue;
        }
        let (leaves, folders): (Vec<_>, Vec<_>) =
            parts.into_iter().partition(Group::is_told_as_one);
        whole.extend(leaves);
        open.extend(folders);
    }
    let mut places: Vec<ChangedPath<'_>> = whole.into_iter().filter_map(Group::told).collect();
    places.sort_by(|a, b| (Reverse(a.weight), a.path).cmp(&(Reverse(b.weight), b.path)));
    places
}

/// A folder, or a file alone.
struct Group<'a> {
    path: &'a str,
    own: Option<&'a FileChange>,
    below: Vec<&'a FileChange>,
    weight: u64,
}

fn take_heaviest<'a>(open: &mut Vec<Group<'a>>) -> Option<Group<'a>> {
    let by_weight = |(_, group): &(usize, &Group<'a>)| (group.weight, Reverse(group.path));
    let (at, _) = open.iter().enumerate().max_by_key(by_weight)?;
    Some(open.swap_remove(at))
}

impl<'a> Group<'a> {
    fn of(path: &'a str, own: Option<&'a FileChange>, below: Vec<&'a FileChange>) -> Self {
        let weights = below.iter().copied().chain(own).map(weight);
        let common = match own {
            Some(_) => path.len(),
            None => common_folder(&below, path.len()),
        };
        let path = below
            .first()
            .and_then(|file| file.path.get(..common))
            .unwrap_or(path);
        Self {
            path,
            own,
            weight: weights.fold(0, u64::saturating_add),
            below,
        }
    }

    /// A file; or a folder that came, went or took the place of a file with all that is below it.
    fn is_told_as_one(&self) -> bool {
        let whole =
            |own: &FileChange| own.change != Change::Changed || own.what.contains(&What::Type);
        self.below.is_empty() || self.own.is_some_and(whole)
    }

    /// No part of it, below a folder of the root, has half of its bytes.
    fn is_even(&self, parts: &[Self]) -> bool {
        let half = self.weight / 2;
        self.path.matches('/').count() > 1 && parts.iter().all(|part| part.weight < half)
    }

    /// Its children, and its own change where there is one.
    fn parts(&self) -> Vec<Self> {
        if self.is_told_as_one() {
            return Vec::new();
        }
        let start = self.path.len();
        let mut children: BTreeMap<&str, (Option<&FileChange>, Vec<&FileChange>)> = BTreeMap::new();
        for file in &self.below {
            let rest = file.path.get(start + 1..).unwrap_or_default();
            let (name, below) = match rest.find('/') {
                Some(at) => (at, true),
                None => (rest.len(), false),
            };
            let child = file.path.get(..start + 1 + name).unwrap_or(&file.path);
            let child = children.entry(child).or_default();
            match below {
                true => child.1.push(file),
                false => child.0 = Some(file),
            }
        }
        let own = self
            .own
            .map(|own| Self::of(self.path, Some(own), Vec::new()));
        let children = children.into_iter();
        own.into_iter()
            .chain(children.map(|(path, (own, below))| Self::of(path, own, below)))
            .collect()
    }

    fn told(self) -> Option<ChangedPath<'a>> {
        let all: Vec<&FileChange> = self.own.into_iter().chain(self.below).collect();
        if let [one] = all.as_slice() {
            return Some(ChangedPath::alone(one));
        }
        let (mut grown, mut shrunk) = (0_u64, 0_u64);
        for file in &all {
            let (old, new) = (file.old_size.unwrap_or(0), file.new_size.unwrap_or(0));
            grown = grown.saturating_add(new.saturating_sub(old));
            shrunk = shrunk.saturating_add(old.saturating_sub(new));
        }
        // Of several of the same weight the first path, whatever their order.
        let first = |a: &FileChange, b: &FileChange| {
            let weights = weight(a).cmp(&weight(b));
            weights.then_with(|| b.path.cmp(&a.path))
        };
        Some(ChangedPath {
            path: self.path,
            only: None,
            largest: all.iter().copied().max_by(|a, b| first(a, b))?,
            counts: Counts::of(all.iter().copied()),
            grown,
            shrunk,
            weight: self.weight,
        })
    }
}

/// Bytes of the path of the folder that all of these are below; at least `least`, which all have in common.
fn common_folder(files: &[&FileChange], least: usize) -> usize {
    // What the first and the last in byte order have in common, all have.
    let paths = || files.iter().map(|file| file.path.as_str());
    let (Some(first), Some(last)) = (paths().min(), paths().max()) else {
        return least;
    };
    let same = first.bytes().zip(last.bytes()).take_while(|(a, b)| a == b);
    let same = first.as_bytes().get(..same.count());
    let same = same.and_then(|path| path.iter().rposition(|byte| *byte == b'/'));
    // Not the path of the only one: its folder.
    let folder = first.rfind('/').into_iter().chain(same).min();
    folder.unwrap_or(least).max(least)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn file(path: &str, old: Option<u64>, new: Option<u64>) -> FileChange {
        let change = match (old, new) {
            (None, _) => Change::Added,
            (_, None) => Change::Removed,
            _ => Change::Changed,
        };
        FileChange {
            path: path.to_owned(),
            change,
            what: match change {
                Change::Changed => vec![What::Content],
                _ => Vec::new(),
            },
            xattrs: Vec::new(),
            old_size: old,
            new_size: new,
            from: None,
            layer: 1,
        }
    }

    #[test]
    fn the_largest_change_is_told_of_the_deepest_folder_that_has_all_of_it() {
        let largest = |files: &[FileChange]| {
            largest_change(files).map(|largest| (largest.path.to_owned(), largest.bytes))
        };
        assert_eq!(largest(&[]), None);
        let added = |path: &str, bytes| file(path, None, Some(bytes));
        let whole = [added("/app", 0), added("/app/a", 60), added("/app/b", 60)];
        assert_eq!(largest(&whole), Some(("/app".to_owned(), 120)));
        let below = ["/app/data/a", "/app/data/b/c", "/app/data/d"].map(|path| added(path, 40));
        assert_eq!(largest(&below), Some(("/app/data".to_owned(), 120)));
        let mostly = [added("/app/data/a", 60), added("/app/data/b/c", 60)];
        assert_eq!(largest(&mostly), Some(("/app/data/a".to_owned(), 60)));
        let one = [file("/etc/passwd", Some(90), None)];
        assert_eq!(largest(&one), Some(("/etc/passwd".to_owned(), -90)));
        assert_eq!(common("/a/b", "/ab/b"), "");
        assert_eq!(common("/a/b", "/a/bc"), "/a");
    }

    fn told(files: &[FileChange], most: usize) -> Vec<String> {
        let places = places(files, most);
        let one = |place: &ChangedPath<'_>| format!("{} {}", place.path, place.counts.text());
        places.iter().map(one).collect()
    }

    #[test]
    fn a_folder_that_came_whole_is_one_place_and_details_go_where_the_bytes_are() {
        let files = [
            file("/app/big", Some(10), Some(900)),
            file("/app/modules", None, Some(0)),
            file("/app/modules/a", None, Some(300)),
            file("/app/modules/b/c", None, Some(300)),
            file("/etc/x/1", Some(1), Some(2)),
            file("/etc/x/2", Some(1), None),
            file("/etc/x/3", Some(1), None),
        ];
        assert_eq!(
            told(&files, 4),
            [
                "/app/big 1 changed",
                "/app/modules 3 added",
                "/etc/x 2 removed, 1 changed",
            ]
        );
        assert_eq!(told(&files, 1), [" 3 added, 2 removed, 2 changed"]);
        assert_eq!(told(&files, 9).len(), 5);
        assert_eq!(told(&files[..1], 9), ["/app/big 1 changed"]);
    }

    #[test]
    fn what_belongs_together_is_told_together() {
        let many = (0..9).map(|at| file(&format!("/usr/lib/arch/{at}.so"), Some(1), Some(100)));
        let one = file("/opt/app/server", None, Some(500));
        let other = file("/opt/app/other", None, Some(100));
        let files: Vec<FileChange> = [other, one].into_iter().chain(many).collect();
        let places = largest(&files, 20);
        let paths: Vec<&str> = places.iter().map(|place| place.path).collect();
        assert_eq!(
            paths,
            ["/usr/lib/arch", "/opt/app/server", "/opt/app/other"]
        );
        assert_eq!(super::places(&files, 20).len(), 11);
    }

    proptest! {
        #[test]
        fn every_change_is_in_one_place_and_there_are_no_more_than_asked(
            paths in proptest::collection::btree_set("(/[abü-]{1,2}){1,5}", 0..40),
            most in 1_usize..12,
        ) {
            let files: Vec<FileChange> = paths.iter().map(|path| file(path, None, Some(7))).collect();
            let places = places(&files, most);
            prop_assert!(places.len() <= most);
            let count = |place: &ChangedPath<'_>| place.counts.added;
            prop_assert_eq!(places.iter().map(count).sum::<usize>(), files.len());
            let grown: u64 = places.iter().map(|place| place.grown).sum();
            prop_assert_eq!(grown, 7 * files.len() as u64);
            for place in &places {
                let inside = |file: &&FileChange| file.path == place.path || file.path.starts_with(&format!("{}/", place.path));
                prop_assert!(files.iter().filter(inside).count() >= place.counts.added);
            }
        }
    }
}
