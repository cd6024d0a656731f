//! What is beside a file in a stack: hard links, and files with the same content.

mod support;

use onionskin_fixtures::layer;
use onionskin_layers::stack::{NodeId, Stack};
use support::stack;

/// The other names of the file at a path, and its copies.
fn alike(stack: &Stack, path: &str, layer: usize) -> (Vec<String>, Vec<String>) {
    let node = stack.find(path.as_bytes());
    assert!(node.is_some(), "{path}");
    let alike = node.map(|node| stack.alike(node, layer));
    let alike = alike.unwrap_or_default();
    let paths = |nodes: Vec<NodeId>| {
        let paths = nodes.into_iter().map(|node| stack.path(node));
        let text = |path: Vec<u8>| String::from_utf8_lossy(&path).into_owned();
        let mut paths: Vec<_> = paths.map(text).collect();
        paths.sort();
        paths
    };
    (paths(alike.links), paths(alike.copies))
}

fn of(paths: &[&str]) -> Vec<String> {
    paths.iter().map(|path| (*path).to_owned()).collect()
}

#[test]
fn hard_links_and_copies_are_those_at_the_layer() {
    let stack = stack(&[
        layer("one")
            .file("/a", "same")
            .hardlink("/links/a", "/a")
            .file("/copy", "same")
            .hardlink("/links/copy", "/copy")
            .file("/gone", "same")
            .file("/other", "diff")
            .file("/empty", "")
            .file("/also-empty", "")
            .symlink("/link", "a"),
        layer("two")
            .whiteout("/gone")
            .file("/later", "same")
            .file("/copy", "new"),
    ]);
    assert_eq!(
        alike(&stack, "/a", 1),
        (of(&["/links/a"]), of(&["/copy", "/gone", "/links/copy"]))
    );
    // A copy of which one name was overwritten, and one that came later.
    assert_eq!(
        alike(&stack, "/a", 2),
        (of(&["/links/a"]), of(&["/later", "/links/copy"]))
    );
    assert_eq!(
        alike(&stack, "/links/copy", 1),
        (of(&["/copy"]), of(&["/a", "/gone", "/links/a"]))
    );
    let nothing = || (of(&[]), of(&[]));
    for path in ["/other", "/empty", "/link", "/links"] {
        assert_eq!(alike(&stack, path, 2), nothing(), "{path}");
    }
    // What is not there is no file.
    assert_eq!(alike(&stack, "/gone", 2), nothing());
    assert_eq!(alike(&stack, "/copy", 2), nothing());
}
