//! Two trees compared: the differences turn the old tree into the new one, and nothing else is among them.

// Where a test's ground gives way, the test has failed.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod support;

use std::collections::{BTreeMap, BTreeSet};

use onionskin_audit::compare::{
    Change, ChangeTree, FileChange, FolderChange, Options, Sums, What, folders, trees,
};
use onionskin_fixtures::{Layer, bytes};
use onionskin_layers::layer::{EntryId, EntryKind};
use onionskin_layers::ledger::Ledger;
use onionskin_layers::stack::view::View;
use onionskin_layers::stack::{NodeId, Stack};
use proptest::prelude::*;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn compared(old: &[Layer], new: &[Layer]) -> Vec<FileChange> {
    with(old, new, &Options::default())
}

fn with(old: &[Layer], new: &[Layer], options: &Options) -> Vec<FileChange> {
    let (old, new) = (support::stack(old), support::stack(new));
    trees((&old, old.depth()), (&new, new.depth()), options)
}

/// `change path [what] old>new @layer < from`
fn short(changes: &[FileChange]) -> Vec<String> {
    let size = |size: Option<u64>| size.map_or("-".to_owned(), |size| size.to_string());
    let one = |change: &FileChange| {
        let kind = format!("{:?}", change.change).to_lowercase();
        let mut text = format!("{kind} {}", change.path);
        for what in &change.what {
            text += &format!(" {what:?}");
        }
        text += &format!(
            " {}>{} @{}",
            size(change.old_size),
            size(change.new_size),
            change.layer
        );
        if let Some(from) = &change.from {
            text += &format!(" < {from}");
        }
        text
    };
    changes.iter().map(one).collect()
}

#[test]
fn each_way_to_differ_is_named() {
    let old = Layer::new()
        .file("/a/content", b"one".to_vec())
        .file("/a/gone", bytes(9))
        .file("/a/mode", b"same".to_vec())
        .symlink("/a/link", "content")
        .file("/a/type", b"file".to_vec())
        .dir("/empty")
        .file("/kept", b"kept".to_vec());
    let new = Layer::new()
        .file("/a/content", b"three".to_vec())
        .file("/a/mode", b"same".to_vec())
        .mode(0o600)
        .symlink("/a/link", "mode")
        .dir("/a/type")
        .file("/a/type/below", b"x".to_vec())
        .file("/kept", b"kept".to_vec());
    assert_eq!(
        short(&compared(&[old], &[new])),
        [
            "changed /a/content Content 3>5 @1",
            "removed /a/gone 9>- @1",
            "changed /a/link LinkTarget 0>0 @1",
            "changed /a/mode Mode 4>4 @1",
            "changed /a/type Type Mode 4>0 @1",
            "added /a/type/below ->1 @1",
            "removed /empty 0>- @1",
        ]
    );
}

#[test]
fn a_removed_file_with_the_content_of_an_added_one_was_moved() {
    let old = Layer::new()
        .file("/old/app", bytes(50))
        .file("/old/lib", bytes(70))
        .file("/old/none", Vec::new())
        .file("/a", bytes(90))
        .file("/b", bytes(90));
    let new = Layer::new()
        .file("/new/lib", bytes(70))
        .file("/new/renamed", bytes(50))
        .file("/new/none", Vec::new())
        .file("/x/b", bytes(90))
        .file("/w", bytes(90));
    let changes = short(&compared(&[old], &[new]));
    let moved: Vec<&String> = changes.iter().filter(|text| text.contains('<')).collect();
    assert_eq!(
        moved,
        [
            "moved /new/lib 70>70 @1 < /old/lib",
            "moved /new/renamed 50>50 @1 < /old/app",
            "moved /w 90>90 @1 < /a",
            "moved /x/b 90>90 @1 < /b",
        ]
    );
    // An empty file is like any other empty one, so it says nothing that it is here too.
    assert!(changes.contains(&"added /new/none ->0 @1".to_owned()));
}

#[test]
fn hard_links_are_compared_by_content_and_by_the_names_that_share_it() {
    let linked = Layer::new()
        .file("/a", bytes(40))
        .hardlink("/b", "/a")
        .file("/c", bytes(30));
    let apart = Layer::new()
        .file("/a", bytes(40))
        .file("/b", bytes(40))
        .file("/c", bytes(30));
    let third = Layer::new()
        .file("/a", bytes(40))
        .hardlink("/b", "/a")
        .file("/c", bytes(30))
        .hardlink("/d", "/b");
    assert_eq!(
        short(&compared(std::slice::from_ref(&linked), &[apart])),
        ["changed /b LinkTarget 0>40 @1"]
    );
    // A third name is new; the two that were there share what they shared.
    assert_eq!(short(&compared(&[linked], &[third])), ["added /d ->0 @1"]);
}

#[test]
fn times_and_ignored_paths_count_where_they_are_asked_for() {
    let at = |seconds| {
        Layer::new()
            .file("/a", b"a".to_vec())
            .mtime(seconds)
            .file("/cache/x", bytes(seconds as usize))
    };
    assert_eq!(short(&compared(&[at(1)], &[at(2)])).len(), 1);
    let ignore = Options {
        ignore: vec!["/cache/**".parse().unwrap()],
        ..Options::default()
    };
    assert_eq!(with(&[at(1)], &[at(2)], &ignore), []);
    let times = Options {
        times: true,
        ..ignore
    };
    assert_eq!(
        short(&with(&[at(1)], &[at(2)], &times)),
        ["changed /a Mtime 1>1 @1"]
    );
}

#[test]
fn layers_that_differ_and_trees_that_do_not_are_no_difference() {
    let whole = Layer::new().file("/a", b"a".to_vec()).file("/b", bytes(9));
    let first = Layer::new()
        .file("/a", b"x".to_vec())
        .file("/b", bytes(9))
        .file("/c", bytes(3));
    let second = Layer::new().file("/a", b"a".to_vec()).whiteout("/c");
    assert_eq!(compared(&[whole], &[first, second]), []);
}

/// What the paths of an image come to.
fn sums(stack: &Stack) -> Sums<'_> {
    Sums::of(stack, &Ledger::of(stack), true)
}

/// `path [change] old>new`, folders before what is in them.
fn told(tree: &ChangeTree, changes: &[FileChange]) -> Vec<String> {
    let size = |size: Option<u64>| size.map_or("-".to_owned(), |size| size.to_string());
    let mut lines = Vec::new();
    let mut open = vec![ChangeTree::ROOT];
    while let Some(place) = open.pop() {
        let of = tree.get(place).unwrap();
        let change = of
            .change
            .map(|at| format!(" {}", changes[at].change.name()));
        lines.push(format!(
            "{}{} {}>{}",
            of.path,
            change.unwrap_or_default(),
            size(of.old_size),
            size(of.new_size)
        ));
        open.extend(tree.children(place).iter().rev());
    }
    lines
}

#[test]
fn folders_above_a_change_have_the_bytes_of_all_that_is_in_them() {
    let old = Layer::new()
        .file("/a/b/gone", bytes(5))
        .file("/a/b/kept", bytes(100))
        .file("/a.d/moved", bytes(7))
        .file("/caf\u{e9}/x", bytes(1))
        .file("/other/kept", bytes(50));
    let new = Layer::new()
        .file("/a/b/kept", bytes(100))
        .file("/a/new/moved", bytes(7))
        .file("/caf\u{e9}/x", bytes(3))
        .file("/other/kept", bytes(50));
    let (old, new) = (support::stack(&[old]), support::stack(&[new]));
    let (at_old, at_new) = ((&old, old.depth()), (&new, new.depth()));
    let changes = trees(at_old, at_new, &Options::default());
    let tree = ChangeTree::of(&sums(&old), &sums(&new), &changes);
    assert_eq!(
        told(&tree, &changes),
        [
            "/ 163>160",
            "/a 105>107",
            "/a/b 105>100",
            "/a/b/gone removed 5>-",
            "/a/new added ->7",
            "/a/new/moved moved 7>7",
            "/a.d removed 7>-",
            "/caf\u{e9} 1>3",
            "/caf\u{e9}/x changed 1>3",
        ]
    );
    assert_eq!(
        tree.find("/a/new/moved").map(|at| tree.parent(at)),
        tree.find("/a/new")
    );
    assert_eq!(tree.find("/other"), None);
    assert!(ChangeTree::of(&sums(&old), &sums(&old), &[]).is_empty());
}

#[test]
fn folders_tell_what_is_downloaded_and_wasted_in_them() {
    let old = [Layer::new()
        .file("/app/kept", bytes(100))
        .file("/lib/kept", bytes(1))];
    let build = Layer::new()
        .file("/app/kept", bytes(100))
        .file("/lib/kept", bytes(1))
        .file("/tmp/build/core.o", bytes(700));
    let new = [build, Layer::new().whiteout("/tmp/build")];
    let (old, new) = (support::stack(&old), support::stack(&new));
    let told = |change: &FolderChange| {
        format!(
            "{} {:?}>{:?} {:?}>{:?} {}>{}",
            change.path,
            change.old_size,
            change.new_size,
            change.old_download,
            change.new_download,
            change.old_wasted,
            change.new_wasted
        )
    };
    let changes = folders(&sums(&old), &sums(&new));
    let changes: Vec<String> = changes.iter().map(told).collect();
    // A header of 512 bytes, and content in blocks of as many; the whiteout is a header too.
    assert_eq!(
        changes,
        [
            "/ Some(101)>Some(101) Some(2048)>Some(4096) 0>700",
            "/tmp None>Some(0) Some(0)>Some(2048) 0>700",
            "/tmp/build None>None Some(0)>Some(2048) 0>700",
        ]
    );
    // What the source does not tell is no difference, and not nothing.
    let unknown = Sums::of(&new, &Ledger::of(&new), false);
    assert!(folders(&sums(&new), &unknown).is_empty());
    let changes = folders(&sums(&old), &unknown);
    assert!(changes.iter().all(|change| change.new_download.is_none()));
    assert_eq!(changes.len(), 3);
}

/// By path its size, download and wasted bytes with what is below it, from the paths of all that layers have.
fn summed(stack: &Stack) -> BTreeMap<String, [u64; 3]> {
    let ledger = Ledger::of(stack);
    let mut sums: BTreeMap<String, [u64; 3]> = BTreeMap::new();
    let mut add = |path: &str, at: usize, bytes: u64| {
        let ends = path.match_indices('/').map(|(end, _)| end).skip(1);
        let below = ends.chain([path.len()]).map(|end| &path[..end]);
        let ways = ["/"].into_iter().chain(below.filter(|path| path.len() > 1));
        // What a whiteout hides may be no path of the image.
        for way in ways.take_while(|way| stack.find(way.as_bytes()).is_some()) {
            sums.entry(way.to_owned()).or_default()[at] += bytes;
        }
    };
    for line in support::rows(stack) {
        add(&line.path, 0, line.size);
    }
    for (layer, index) in (1..).zip(stack.layers()) {
        for entry in index.entries() {
            let path = String::from_utf8(index.path(entry)).unwrap();
            add(&path, 1, ledger.cost(stack, layer, entry));
            if stack.waste(layer, entry).is_some() {
                add(&path, 2, index.size(entry));
            }
        }
    }
    sums
}

/// The same with old and new the other way round.
fn swapped(change: &FolderChange) -> FolderChange {
    FolderChange {
        path: change.path.clone(),
        old_size: change.new_size,
        new_size: change.old_size,
        old_download: change.new_download,
        new_download: change.old_download,
        old_wasted: change.new_wasted,
        new_wasted: change.old_wasted,
    }
}

/// What stands at a path, but for the names that share it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Thing {
    kind: EntryKind,
    content: Option<(u128, u64)>,
    device: Option<(u32, u32)>,
    link: Option<Vec<u8>>,
    mode: u32,
    owner: (u64, u64),
    xattrs: BTreeMap<Vec<u8>, Vec<u8>>,
    mtime: Option<(i64, u32)>,
}

impl Thing {
    /// With what a difference says of it taken from another one, and nothing else.
    fn with(mut self, what: &[What], other: &Self) -> Self {
        for what in what {
            match what {
                What::Content => (self.content, self.device) = (other.content, other.device),
                What::Type => {
                    self.kind = other.kind;
                    (self.content, self.device) = (other.content, other.device);
                    self.link.clone_from(&other.link);
                }
                What::Mode => self.mode = other.mode,
                What::Owner => self.owner = other.owner,
                What::LinkTarget => self.link.clone_from(&other.link),
                What::Xattrs => self.xattrs.clone_from(&other.xattrs),
                What::Mtime => self.mtime = other.mtime,
            }
        }
        self
    }

    /// The names of the extended attributes that differ.
    fn xattrs_from(&self, other: &Self) -> Vec<String> {
        let names: BTreeSet<&Vec<u8>> = self.xattrs.keys().chain(other.xattrs.keys()).collect();
        let names = names.into_iter();
        names
            .filter(|name| self.xattrs.get(*name) != other.xattrs.get(*name))
            .map(|name| String::from_utf8(name.clone()).unwrap())
            .collect()
    }
}

type Names = BTreeMap<String, (Thing, Option<(usize, EntryId)>)>;

/// All paths of the final stack; `times` count or not.
fn names(stack: &Stack, times: bool) -> Names {
    let view = View::stack(stack, stack.depth());
    let nodes = (0..stack.nodes() as u32).map(NodeId);
    let there = nodes.filter_map(|node| {
        let version = stack.at(node, stack.depth())?;
        let path = String::from_utf8(stack.path(node)).unwrap();
        let row = view.row(stack, node).unwrap();
        let mut thing = Thing {
            kind: row.kind,
            content: None,
            device: None,
            link: None,
            mode: row.mode(),
            owner: row.owner(),
            xattrs: row.xattrs().iter().cloned().collect(),
            mtime: row.mtime(),
        };
        let inode = stack.stored_by(version);
        if let Some((layer, entry)) = inode {
            let index = stack.layer(layer).unwrap();
            thing.kind = index.kind(entry);
            thing.device = index.device(entry);
            thing.link = index.link(entry).map(<[u8]>::to_vec);
            // A link that leads nowhere is stored by itself; another one is the file that it names.
            if thing.kind != EntryKind::Hardlink {
                (thing.mode, thing.owner) = (index.mode(entry), index.owner(entry));
                thing.xattrs = index.xattrs(entry).iter().cloned().collect();
                thing.mtime = Some(index.mtime(entry));
            }
            if thing.kind == EntryKind::File {
                thing.content = Some((index.content(entry).0, index.logical_size(entry)));
            }
        }
        thing.mtime = thing.mtime.filter(|_| times);
        Some((path, (thing, inode)))
    });
    there.collect()
}

fn path() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(vec!["a", "b", "c"]), 1..4)
        .prop_map(|names| format!("/{}", names.join("/")))
}

/// Mode, owner, extended attribute and time of an entry: which of a few.
type Metadata = (u8, u8, u8, u8);

fn with_metadata(layer: Layer, (mode, owner, xattr, mtime): Metadata) -> Layer {
    let layer = match mode {
        0 => layer.mode(0o600),
        1 => layer.mode(0o4755),
        _ => layer,
    };
    let layer = match owner {
        0 => layer.owner(7, 0),
        1 => layer.owner(0, 7),
        _ => layer,
    };
    let layer = match xattr {
        0 => layer.xattr("user.a", "1"),
        1 => layer.xattr("user.a", "2"),
        2 => layer.xattr("user.a", "1").xattr("user.b", "1"),
        _ => layer,
    };
    match mtime {
        0 => layer.mtime(1),
        _ => layer,
    }
}

fn layer() -> impl Strategy<Value = Layer> {
    let metadata = (0u8..6, 0u8..6, 0u8..6, 0u8..3);
    let entry = (path(), path(), 0u8..14, 0usize..3, metadata);
    prop::collection::vec(entry, 0..9).prop_map(|entries| {
        let add = |layer: Layer, (path, other, kind, size, metadata): (String, String, u8, usize, Metadata)| {
            let layer = match kind {
                0..5 => layer.file(&path, vec![b'x'; size]),
                5 | 6 => layer.dir(&path),
                7 => layer.symlink(&path, &other),
                8 | 9 => layer.hardlink(&path, &other),
                10 => layer.char_device(&path, 1, size as u32),
                11 => layer.block_device(&path, 1, size as u32),
                12 => layer.fifo(&path),
                _ => return layer.whiteout(&path),
            };
            with_metadata(layer, metadata)
        };
        entries.into_iter().fold(Layer::new(), add)
    })
}

/// Names by the file that they share, of those in `of`.
fn shared(names: &Names, of: &BTreeSet<String>) -> BTreeSet<Vec<String>> {
    let mut groups: BTreeMap<_, Vec<String>> = BTreeMap::new();
    for (path, (_, inode)) in names.iter().filter(|(path, _)| of.contains(*path)) {
        if let Some(inode) = inode {
            groups.entry(*inode).or_default().push(path.clone());
        }
    }
    groups.into_values().collect()
}

fn mirrored(changes: &[FileChange]) -> BTreeSet<(String, Change, Vec<What>, Option<String>)> {
    let other = |change: &FileChange| {
        let (path, what) = (change.path.clone(), change.what.clone());
        match (change.change, change.from.clone()) {
            (Change::Added, _) => (path, Change::Removed, what, None),
            (Change::Removed, _) => (path, Change::Added, what, None),
            (Change::Moved, Some(from)) => (from, Change::Moved, what, Some(path)),
            (change, from) => (path, change, what, from),
        }
    };
    changes.iter().map(other).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_differences_turn_the_old_tree_into_the_new_one(
        old in prop::collection::vec(layer(), 1..4), new in prop::collection::vec(layer(), 1..4), times: bool,
    ) {
        let (old, new) = (support::stack(&old), support::stack(&new));
        let options = Options { times, ..Options::default() };
        let changes = trees((&old, old.depth()), (&new, new.depth()), &options);
        prop_assert!(changes.is_sorted_by(|a, b| a.path <= b.path));
        let (of_old, of_new) = (names(&old, times), names(&new, times));
        let mut tree: BTreeMap<String, Thing> = of_old.iter().map(|(path, (thing, _))| (path.clone(), thing.clone())).collect();
        for change in &changes {
            let (before, after) = (of_old.get(&change.path), of_new.get(&change.path));
            let from = change.from.as_ref();
            let made = match change.change {
                Change::Removed => {
                    prop_assert!(before.is_some() && after.is_none());
                    tree.remove(&change.path);
                    continue;
                }
                Change::Added => {
                    prop_assert!(before.is_none() && change.what.is_empty());
                    after.unwrap().0.clone()
                }
                // Of these, only what is said to differ is taken from the new tree.
                Change::Changed => before.unwrap().0.clone().with(&change.what, &after.unwrap().0),
                Change::Moved => {
                    let from = from.unwrap();
                    prop_assert!(!of_new.contains_key(from) && before.is_none());
                    tree.remove(from);
                    of_old[from].0.clone().with(&change.what, &after.unwrap().0)
                }
            };
            if let Some((before, _)) = from.map_or(before, |from| of_old.get(from)) {
                let after = &after.unwrap().0;
                prop_assert!(change.change == Change::Moved || !change.what.is_empty());
                prop_assert_eq!(&change.xattrs, &before.xattrs_from(after));
                // Nothing is said to differ that does not; a hard link may share another file of the same content.
                for what in change.what.iter().filter(|what| **what != What::LinkTarget) {
                    prop_assert_ne!(&before.clone().with(&[*what], after), before, "{:?}", what);
                }
            }
            tree.insert(change.path.clone(), made);
        }
        let things: BTreeMap<String, Thing> = of_new.iter().map(|(path, (thing, _))| (path.clone(), thing.clone())).collect();
        prop_assert_eq!(&tree, &things);
        // Names that did not change share what they shared.
        let changed: BTreeSet<&String> = changes.iter().map(|change| &change.path).collect();
        let same: BTreeSet<String> = of_old.keys().filter(|path| of_new.contains_key(*path) && !changed.contains(path)).cloned().collect();
        prop_assert_eq!(shared(&of_old, &same), shared(&of_new, &same));
        // As a tree, each change is there once, and the root has the bytes of both trees.
        let tree = ChangeTree::of(&sums(&old), &sums(&new), &changes);
        let placed: Vec<usize> = (0..tree.len()).filter_map(|at| tree.get(at)?.change).collect();
        prop_assert_eq!(placed.iter().collect::<BTreeSet<_>>().len(), changes.len());
        prop_assert_eq!(placed.len(), changes.len());
        let all = |stack: &Stack| -> u64 { support::rows(stack).iter().map(|line| line.size).sum() };
        let root = tree.get(ChangeTree::ROOT).unwrap();
        prop_assert_eq!((root.old_size, root.new_size), (Some(all(&old)), Some(all(&new))));
        // Against itself nothing differs, and with the sides swapped everything is mirrored.
        prop_assert_eq!(trees((&new, new.depth()), (&new, new.depth()), &options), []);
        let swapped = trees((&new, new.depth()), (&old, old.depth()), &options);
        let swapped: BTreeSet<_> = swapped.iter().map(|c| (c.path.clone(), c.change, c.what.clone(), c.from.clone())).collect();
        prop_assert_eq!(mirrored(&changes), swapped);
    }
    #[test]
    fn folders_have_what_is_below_them_and_the_root_has_what_the_ledger_has(
        old in prop::collection::vec(layer(), 1..4), new in prop::collection::vec(layer(), 1..4),
    ) {
        let (old, new) = (support::stack(&old), support::stack(&new));
        let changes = folders(&sums(&old), &sums(&new));
        prop_assert!(changes.is_sorted_by(|a, b| a.path < b.path));
        let (of_old, of_new) = (summed(&old), summed(&new));
        let of = |sums: &BTreeMap<String, [u64; 3]>, path: &str| sums.get(path).copied().unwrap_or_default();
        for change in &changes {
            let before = [change.old_size.unwrap_or(0), change.old_download.unwrap(), change.old_wasted];
            let after = [change.new_size.unwrap_or(0), change.new_download.unwrap(), change.new_wasted];
            prop_assert_eq!(before, of(&of_old, &change.path), "{}", change.path);
            prop_assert_eq!(after, of(&of_new, &change.path), "{}", change.path);
        }
        // A folder that is not listed comes to the same in both.
        let listed: BTreeSet<&str> = changes.iter().map(|change| change.path.as_str()).collect();
        let paths: BTreeSet<&String> = of_old.keys().chain(of_new.keys()).collect();
        for path in paths.iter().filter(|path| !listed.contains(path.as_str())) {
            let below = format!("{}/", path.trim_end_matches('/'));
            if paths.iter().any(|other| other.len() > below.len() && other.starts_with(&below)) {
                prop_assert_eq!(of(&of_old, path), of(&of_new, path), "{}", path);
            }
        }
        let tree = ChangeTree::of(&sums(&old), &sums(&new), &[]);
        let root = tree.get(ChangeTree::ROOT).unwrap();
        for (stack, costs) in [(&old, root.old_costs), (&new, root.new_costs)] {
            let ledger = Ledger::of(stack);
            prop_assert_eq!(costs.wasted, ledger.total.wasted());
            let layers = (1..).zip(stack.layers());
            let entries = layers.flat_map(|(layer, index)| index.entries().map(move |entry| (layer, entry)));
            let download: u64 = entries.map(|(layer, entry)| ledger.cost(stack, layer, entry)).sum();
            prop_assert_eq!(costs.download, Some(download));
            // What is left of the blobs is no entry's: the blocks that end a tar.
            let blobs: u64 = (1..=stack.depth()).map(|layer| ledger.layer_cost(stack, layer)).sum();
            prop_assert!(download < blobs);
        }
        prop_assert!(folders(&sums(&new), &sums(&new)).is_empty());
        let mirrored: Vec<FolderChange> = folders(&sums(&new), &sums(&old)).iter().map(swapped).collect();
        prop_assert_eq!(mirrored, changes);
    }
}
