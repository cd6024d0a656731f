//! dive's numbers on any image are those of a naive model of dive: trees of maps, stacked anew for
//! every whiteout.

// Where a test's ground gives way, the test has failed.
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeMap;

use onionskin_fixtures::Layer;
use onionskin_layers::ledger::dive::Dive;
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Kind {
    File(usize),
    Sparse,
    Dir,
    Symlink,
    Hardlink,
    Whiteout,
    Opaque,
    /// A file of this size under a name that is reserved, as the tar has it: in the folder of the path, unless it is
    /// from the root.
    Reserved(&'static str, usize),
    /// A hard link to what AUFS kept aside.
    Aside,
}

/// Whiteouts of nothing that can have a name, what is below whiteouts, and what AUFS left.
const RESERVED: [&str; 9] = [
    ".wh.",
    ".wh..",
    ".wh...",
    ".wh.a",
    ".wh.a/b",
    ".wh.b/.wh.a",
    ".wh..wh.a",
    ".wh..wh..x/a",
    "/.wh..wh.plnk/1",
];

type Entry = (String, Kind);

/// Few names, so that entries meet; `-x` sorts before `.wh.-x`, and `z` after everything.
fn path() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(vec!["a", "b", "-x", "z"]), 1..4)
        .prop_map(|names| format!("/{}", names.join("/")))
}

fn entry() -> impl Strategy<Value = Entry> {
    let kind = prop_oneof![
        5 => (0usize..4).prop_map(Kind::File),
        1 => Just(Kind::Sparse),
        4 => Just(Kind::Dir),
        1 => Just(Kind::Symlink),
        1 => Just(Kind::Hardlink),
        4 => Just(Kind::Whiteout),
        1 => Just(Kind::Opaque),
        3 => (prop::sample::select(RESERVED.to_vec()), 0usize..4)
            .prop_map(|(name, size)| Kind::Reserved(name, size)),
        1 => Just(Kind::Aside),
    ];
    (path(), kind)
}

fn image() -> impl Strategy<Value = Vec<Vec<Entry>>> {
    prop::collection::vec(prop::collection::vec(entry(), 0..9), 1..5)
}

const SPARSE: u64 = 4096;

fn layer(entries: &[Entry]) -> Layer {
    entries
        .iter()
        .fold(Layer::new(), |layer, (path, kind)| match kind {
            Kind::File(size) => layer.file(path, vec![b'x'; *size]),
            Kind::Sparse => layer.sparse(path, SPARSE, &[(512, &b"data"[..])]),
            Kind::Dir => layer.dir(path),
            Kind::Symlink => layer.symlink(path, "x"),
            Kind::Hardlink => layer.hardlink(path, "/a"),
            Kind::Whiteout => layer.whiteout(path),
            Kind::Opaque => layer.opaque(path),
            Kind::Reserved(name, size) => layer.file(reserved(path, name), vec![b'x'; *size]),
            Kind::Aside => layer.hardlink(path, "/.wh..wh.plnk/1"),
        })
}

/// The path of a reserved name.
fn reserved(path: &str, name: &str) -> String {
    match name.strip_prefix('/') {
        Some(_) => name.to_owned(),
        None => format!("{}/{name}", path.rsplit_once('/').unwrap().0),
    }
}

#[derive(Clone, Default)]
struct Node {
    is_dir: bool,
    size: i64,
    children: BTreeMap<String, Node>,
}

impl Node {
    fn add(&mut self, names: &[&str], payload: (bool, i64)) {
        let [name, rest @ ..] = names else {
            (self.is_dir, self.size) = payload;
            return;
        };
        // What stays is only the way to an opaque whiteout.
        if !name.starts_with(".wh..wh..") {
            let child = self.children.entry((*name).to_owned()).or_default();
            child.add(rest, payload);
        }
    }

    /// Names that are nothing lead nowhere else.
    fn get(&self, names: &[&str]) -> Option<&Node> {
        names
            .iter()
            .filter(|name| !name.is_empty())
            .try_fold(self, |node, name| node.children.get(*name))
    }

    fn remove(&mut self, names: &[&str]) {
        let names: Vec<&str> = names
            .iter()
            .copied()
            .filter(|name| !name.is_empty())
            .collect();
        if let [parents @ .., name] = names.as_slice() {
            let parent = parents
                .iter()
                .try_fold(self, |node, name| node.children.get_mut(*name));
            parent.and_then(|parent| parent.children.remove(*name));
        }
    }

    fn sum(&self) -> i64 {
        self.size + self.children.values().map(Node::sum).sum::<i64>()
    }

    /// All below, deepest first: the names to each, and the node.
    fn visit(&self) -> Vec<(Vec<&str>, &Node)> {
        let mut all = Vec::new();
        for (name, child) in &self.children {
            for (mut names, node) in child.visit() {
                names.insert(0, name.as_str());
                all.push((names, node));
            }
            all.push((vec![name.as_str()], child));
        }
        all
    }

    fn stack(&mut self, upper: &Node) {
        for (names, node) in upper.visit() {
            match hidden(&names) {
                Some(hidden) => self.remove(&hidden),
                None => self.add(&names, (node.is_dir, node.size)),
            }
        }
    }
}

/// The path that a whiteout hides.
fn hidden<'n>(names: &[&'n str]) -> Option<Vec<&'n str>> {
    let (last, parents) = names.split_last()?;
    let name = last.strip_prefix(".wh.")?;
    Some([parents, &[name]].concat())
}

/// Efficiency, wasted bytes and their share.
fn model(image: &[Vec<Entry>]) -> (f64, u64, Option<f64>) {
    let mut trees = Vec::new();
    let mut sizes = Vec::new();
    for entries in image {
        let mut tree = Node::default();
        let mut layer_size = 0;
        for (path, kind) in entries {
            let (parent, name) = path.rsplit_once('/').unwrap();
            let (path, is_dir, size) = match kind {
                Kind::File(size) => (path.clone(), false, *size as i64),
                Kind::Sparse => (path.clone(), false, SPARSE as i64),
                Kind::Dir => (path.clone(), true, 0),
                Kind::Symlink | Kind::Hardlink | Kind::Aside => (path.clone(), false, 0),
                Kind::Reserved(name, size) => (reserved(path, name), false, *size as i64),
                Kind::Whiteout => (format!("{parent}/.wh.{name}"), false, 0),
                Kind::Opaque => (format!("{path}/.wh..wh..opq"), false, 0),
            };
            layer_size += size;
            let names: Vec<&str> = path.split('/').skip(1).collect();
            tree.add(&names, (is_dir, size));
        }
        trees.push(tree);
        sizes.push(layer_size);
    }
    // Per path the least size, the sum and the number of nodes.
    let mut seen: BTreeMap<Vec<&str>, (i64, i64, u32)> = BTreeMap::new();
    for (at, tree) in trees.iter().enumerate() {
        let leaves = tree.visit().into_iter();
        for (names, node) in leaves.filter(|(_, node)| node.children.is_empty()) {
            let hidden = hidden(&names);
            let key = hidden.clone().unwrap_or(names);
            let seen = seen.entry(key).or_insert((-1, 0, 0));
            let size = match hidden {
                None => node.size,
                Some(hidden) => {
                    let mut below = trees[0].clone();
                    trees[..at].iter().for_each(|tree| below.stack(tree));
                    match below.get(&hidden) {
                        None => break,
                        Some(node) if node.is_dir => node.sum(),
                        Some(_) => 0,
                    }
                }
            };
            let least = if seen.0 < 0 { size } else { seen.0.min(size) };
            *seen = (least, seen.1 + size, seen.2 + 1);
        }
    }
    let least: i64 = seen.values().map(|seen| seen.0).sum();
    let all: i64 = seen.values().map(|seen| seen.1).sum();
    let twice = seen.values().filter(|seen| seen.2 >= 2);
    let wasted: i64 = twice.map(|seen| seen.1).sum();
    let user: i64 = sizes[1..].iter().sum();
    let efficiency = if all == 0 {
        1.0
    } else {
        least as f64 / all as f64
    };
    let share = wasted as f64 / user as f64;
    (
        efficiency,
        wasted as u64,
        Some(share).filter(|share| share.is_finite()),
    )
}

fn counted(layers: &[Layer]) -> (f64, u64, Option<f64>) {
    let dive = Dive::of(&support::stack(layers));
    (
        dive.efficiency,
        dive.wasted_bytes,
        dive.user_wasted_percent(),
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_image_is_counted_as_the_model_counts_it(image in image()) {
        let layers: Vec<_> = image.iter().map(|entries| layer(entries)).collect();
        prop_assert_eq!(counted(&layers), model(&image));
    }
}

#[test]
fn known_faults_are_reproduced() {
    let base = || Layer::new().dir("/app").file("/app/a", "0123456789");
    // A deleted file of 10 bytes counts its live-looking copy, and wastes as much.
    let deleted = [base(), Layer::new().whiteout("/app/a")];
    assert_eq!(counted(&deleted), (0.0, 10, None));
    // A folder deleted whole is no waste at all: /app/a occurs once, and so does the leaf /app.
    let folder = [base(), Layer::new().whiteout("/app").file("/b", "01234")];
    assert_eq!(counted(&folder), (25.0 / 25.0, 0, Some(0.0)));
    // A file that is only re-owned counts both copies.
    let owned = [base(), Layer::new().file("/app/a", "0123456789")];
    assert_eq!(counted(&owned), (0.5, 20, Some(2.0)));
    // A whiteout of nothing ends the walk of its layer, and its path takes one byte off.
    let dangling = [
        base(),
        Layer::new().whiteout("/app/0").file("/b", "0123456789"),
    ];
    assert_eq!(counted(&dangling), (9.0 / 10.0, 0, Some(0.0)));
    // What an opaque whiteout hides is not counted.
    let opaque = [base(), Layer::new().opaque("/app").file("/b", "x")];
    assert_eq!(counted(&opaque), (1.0, 0, Some(0.0)));
    assert_eq!(counted(&[base()]), (1.0, 0, None));
    // A whiteout of no name that can be, `.wh..`, is one of nothing too: its path takes one byte off, and what comes
    // behind it is not counted.
    let bare = [
        base(),
        Layer::new().file("/app/.wh..", "").file("/b", "0123456789"),
    ];
    assert_eq!(counted(&bare), (9.0 / 10.0, 0, Some(0.0)));
    // One without a name is one of the folder that it is in.
    let nameless = [base(), Layer::new().file("/app/.wh.", "")];
    assert_eq!(counted(&nameless), (20.0 / 20.0, 0, None));
}
