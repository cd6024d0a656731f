//! Paths as people give them: through symbolic links, with slashes, as they are printed.

// Where a test's ground gives way, the test has failed.
#![allow(clippy::unwrap_used)]

mod support;

use onionskin_audit::findings::Kind;
use onionskin_audit::report::listing::{self, Line};
use onionskin_fixtures::{Layer, bytes, layer};
use onionskin_layers::stack::{ResolveError, Stack};
use support::{index, row, stack};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn merged_usr() -> Vec<Layer> {
    vec![
        layer("base")
            .dir("/usr")
            .dir("/usr/bin")
            .file("/usr/bin/sh", "12")
            .symlink("/usr/bin/ash", "sh")
            .symlink("/bin", "usr/bin")
            .symlink("/abs", "/usr/bin")
            .symlink("/up", "../../usr/")
            .symlink("/twice", "bin")
            .symlink("/through/link", "../up/bin")
            .symlink("/gone", "nothere/x")
            .symlink("/loop", "loop")
            .file("/file", "1"),
        layer("own").file("/usr/bin/new", "123").whiteout("/file"),
    ]
}

/// The paths of a list, or why there is none.
fn listed(stack: &Stack, at: usize, path: &str) -> Result<Vec<String>, ResolveError> {
    let lines = listing::of_stack(stack, at, path.as_bytes())?;
    Ok(lines.into_iter().map(|line| line.path).collect())
}

#[test]
fn a_path_is_listed_through_links_as_a_container_sees_it() {
    let stack = stack(&merged_usr());
    let below = ["/usr/bin/ash", "/usr/bin/new", "/usr/bin/sh"];
    for path in [
        "/usr/bin",
        "/bin",
        "bin",
        "/bin/",
        "/bin/.",
        "//bin//",
        "/abs",
        "/up/bin",
        "/twice",
        "/through/link",
        "/usr/bin/../../bin",
        "/bin/../bin",
    ] {
        assert_eq!(listed(&stack, 2, path).unwrap(), below, "{path}");
    }
    // A file is listed itself, and so is a link that leads to no folder.
    for (path, only) in [
        ("/bin/sh", "/usr/bin/sh"),
        ("/twice/ash", "/usr/bin/ash"),
        ("/gone", "/gone"),
        ("/loop", "/loop"),
        ("/./usr/bin/new", "/usr/bin/new"),
    ] {
        assert_eq!(listed(&stack, 2, path).unwrap(), [only], "{path}");
    }
    // As it was before the layer.
    assert_eq!(listed(&stack, 1, "/bin").unwrap(), [below[0], below[2]]);
    assert_eq!(listed(&stack, 1, "/file").unwrap(), ["/file"]);
}

#[test]
fn a_path_that_leads_nowhere_says_where_it_ends() {
    let stack = stack(&merged_usr());
    let no_folder = |path: &str| ResolveError::NotAFolder {
        path: path.as_bytes().to_vec(),
        deleted_by: None,
    };
    let missing = |path: &str, deleted_by| ResolveError::Missing {
        path: path.as_bytes().to_vec(),
        deleted_by,
    };
    for (path, error) in [
        // A slash behind a file, as for open(2).
        ("/bin/sh/", no_folder("/usr/bin/sh")),
        ("/bin/sh/.", no_folder("/usr/bin/sh")),
        ("/bin/sh/..", no_folder("/usr/bin/sh")),
        ("/bin/ash/", no_folder("/usr/bin/sh")),
        ("/bin/sh/x", no_folder("/usr/bin/sh")),
        ("/bin/none", missing("/usr/bin/none", None)),
        ("/gone/", missing("/nothere", None)),
        ("/gone/y", missing("/nothere", None)),
        ("/file", missing("/file", Some(2))),
        (
            "/loop/x",
            ResolveError::Loop {
                path: b"/loop".to_vec(),
            },
        ),
    ] {
        assert_eq!(listed(&stack, 2, path), Err(error), "{path}");
    }
    // What a program opens is behind the last link too.
    assert!(stack.resolve(b"/bin/ash", 2) == stack.resolve(b"/usr/bin/sh", 2));
    assert!(stack.resolve(b"/usr/bin/sh/", 2).is_err());
    assert!(stack.resolve(b"/gone", 2).is_err());
}

#[test]
fn names_may_be_given_as_they_are_printed() {
    let stack = stack(&[layer("x")
        .file(b"/caf\xe9/\xc3\xbc", "1")
        .file("/tab\tand\u{1b}[2J", "2")
        .file("/turned\u{202e}", "3")
        // A name that looks printed is meant itself where it is there.
        .file("/literal\\xe9", "4")
        .file(b"/literal\xe9", "5")
        .symlink("/link", "caf\\xe9")]);
    for (given, printed) in [
        (r"/caf\xe9/\xc3\xbc", r"/caf\xe9/\xc3\xbc"),
        ("/caf\\xe9/\u{fc}", r"/caf\xe9/\xc3\xbc"),
        (r"/caf\xe9", r"/caf\xe9/\xc3\xbc"),
        (r"/caf\xE9", r"/caf\xe9/\xc3\xbc"),
        (r"/tab\tand\x1b[2J", "/tab\tand\u{1b}[2J"),
        (r"/turned\u{202e}", "/turned\u{202e}"),
        (r"/literal\xe9", r"/literal\xe9"),
    ] {
        assert_eq!(listed(&stack, 1, given).unwrap(), [printed], "{given}");
    }
    let size = |path: &[u8]| listing::of_stack(&stack, 1, path).unwrap()[0].size;
    assert_eq!(size(br"/literal\xe9"), 1);
    assert_eq!(size(b"/literal\xe9"), 1);
    assert!(stack.resolve(br"/literal\xe9", 1) != stack.resolve(b"/literal\xe9", 1));
    // What a link says is no way of printing.
    assert!(stack.resolve(b"/link", 1).is_err());
}

/// What is gone has no node in a layer by itself, but it has a name.
#[test]
fn what_is_deleted_may_be_named_as_it_is_printed() {
    let names: [&[u8]; 4] = [b"/caf\xe9", b"/tab\t", b"/\xff\\x41", br"/literal\xe9"];
    let full = names
        .iter()
        .fold(layer("x").file("/stays", "1"), |layer, name| {
            layer.file(*name, "1")
        });
    let empty = names
        .iter()
        .fold(layer("y"), |layer, name| layer.whiteout(*name));
    let below = index(&layer("z").whiteout(b"/d\xe9/gone"));
    let whiteouts = index(&empty);
    let stack = stack(&[full, empty]);
    let size: onionskin_audit::find::Query = "size:>0".parse().unwrap();
    for given in [r"/caf\xe9", r"/tab\t", r"/\xff\x41", r"/literal\xe9"] {
        let hidden = listing::of_layer(whiteouts.clone(), 2, given.as_bytes()).unwrap();
        let hidden = hidden.unwrap_or_default();
        assert_eq!(hidden.len(), 1, "{given}");
        assert_eq!(hidden[0].kind, "whiteout");
        let found = listing::found(&stack, 2, given.as_bytes(), &size).unwrap();
        assert_eq!(found.len(), 1, "{given}");
        assert_eq!(found[0].path, hidden[0].path);
    }
    let below = listing::of_layer(below, 3, br"/d\xe9").unwrap().unwrap();
    assert_eq!(below[0].path, r"/d\xe9/gone");
    assert_eq!(listing::of_layer(whiteouts, 2, br"/caf\xea").unwrap(), None);
}

/// `/a-b` comes before `/a/b`, though the name `a` comes before `a-b`.
#[test]
fn lists_are_in_the_order_of_whole_paths() {
    let names = [
        "/a", "/a-b", "/a-b/c", "/a/b", "/a/b-", "/a/b/c", "/a0", "/b",
    ];
    let layer = layer("x")
        .file("/b", "")
        .file("/a0", "")
        .file("/a/b/c", "")
        .file("/a/b-", "")
        .file("/a-b/c", "");
    assert_eq!(listed(&stack(&[layer]), 1, "/").unwrap(), names);
}

/// A folder that a later layer replaced: the layer that took away what was in it is named.
#[test]
fn what_was_in_a_folder_that_is_one_no_more_is_told_as_deleted() {
    let layers = [
        layer("x").file("/a/b", "1").file("/l/f", "2").dir("/d"),
        layer("x").file("/a", "file"),
        layer("x").whiteout("/l").symlink("/l", "d"),
    ];
    let stack = stack(&layers);
    let no_folder = |deleted_by| ResolveError::NotAFolder {
        path: b"/a".to_vec(),
        deleted_by,
    };
    for (path, error) in [
        ("/a/b", no_folder(Some(2))),
        ("/a/./b/", no_folder(Some(2))),
        ("/a/never", no_folder(None)),
        ("/a/", no_folder(None)),
        (
            "/l/f",
            ResolveError::Missing {
                path: b"/d/f".to_vec(),
                deleted_by: Some(3),
            },
        ),
    ] {
        assert_eq!(listed(&stack, 3, path), Err(error), "{path}");
    }
    assert_eq!(listed(&stack, 1, "/a/b").unwrap(), ["/a/b"]);
}

#[test]
fn a_layer_by_itself_loses_no_content_that_a_link_still_names() {
    let layer = layer("x")
        .file("/a", bytes(9))
        .hardlink("/b", "/a")
        .hardlink("/c", "/b")
        .hardlink("/low", "/lower")
        .file("/a", "new")
        .symlink("/link", "folder")
        .file("/folder/f", "1")
        .whiteout("/folder/gone");
    let of = |path: &str| {
        let lines = listing::of_layer(index(&layer), 2, path.as_bytes()).unwrap();
        let lines: Vec<Line> = lines.unwrap_or_default();
        lines.iter().map(row).collect::<Vec<_>>()
    };
    assert_eq!(
        of("/"),
        [
            "/a file 3 @2",
            "/b file 9 @2",
            "/c hardlink /b @2",
            "/folder/f file 1 @2",
            "/folder/gone whiteout @2",
            "/link symlink folder @2",
            "/low hardlink /lower @2",
        ]
    );
    assert_eq!(
        of("/link"),
        ["/folder/f file 1 @2", "/folder/gone whiteout @2"]
    );
    assert_eq!(of("/link/gone"), ["/folder/gone whiteout @2"]);
    assert_eq!(of("/b"), ["/b file 9 @2"]);
    assert!(of("/folder/f/").is_empty());
}

/// A hard link whose target the layer stores again after it is one to the lower layer's file, not to the new one.
#[test]
fn a_layer_by_itself_does_not_take_a_lower_file_for_its_own() {
    let lower = layer("x").file("/a", bytes(9)).file("/other", bytes(8));
    let upper = layer("x")
        .hardlink("/b", "/a")
        .file("/a", "new")
        .hardlink("/c", "/other")
        .hardlink("/d", "/later")
        .file("/later", "later")
        .whiteout("/other");
    let mut stack = Stack::new();
    stack.push(index(&lower)).unwrap();
    stack.push_alone(index(&upper)).unwrap();
    assert!(stack.has_open_links());
    let lines = listing::of_top(&stack, 2, b"/").unwrap();
    assert_eq!(
        lines.iter().map(row).collect::<Vec<_>>(),
        [
            "/a file 3 @2",
            "/b hardlink @2",
            "/c hardlink /other @2",
            "/d hardlink /later @2",
            "/later file 5 @2",
            "/other whiteout @2",
        ]
    );
    let node = stack.find(b"/b").unwrap();
    let stored = stack.stored_by(stack.at(node, 2).unwrap()).unwrap();
    assert_eq!(stored.0, 1, "the content is the lower layer's");
    // Nothing depends on lower layers where every target comes first.
    let mut alone = Stack::new();
    alone
        .push_alone(index(&layer("x").file("/a", "").hardlink("/b", "/a")))
        .unwrap();
    assert!(!alone.has_open_links());
}

/// The rows of the changes of a layer lead to names that are there too.
#[test]
fn what_a_layer_deletes_is_named_as_it_was() {
    use onionskin_layers::stack::view::{Mark, View};

    let layers = [
        layer("x").file("/a", bytes(9)).hardlink("/b", "/a"),
        layer("x").whiteout("/a"),
        layer("x").hardlink("/c", "/b").whiteout("/b"),
    ];
    let stack = stack(&layers);
    let told = |layer: usize| {
        let changes = View::changes(&stack, layer);
        let rows = changes
            .children(onionskin_layers::stack::NodeId::ROOT)
            .iter();
        rows.filter_map(|node| changes.row(&stack, *node))
            .map(|row| {
                let path = String::from_utf8(stack.path(row.node)).unwrap();
                let link = row.link().unwrap_or_default();
                let link = String::from_utf8_lossy(&link).into_owned();
                (path, row.kind.name(), link, row.mark)
            })
            .collect::<Vec<_>>()
    };
    let row = |path: &str, kind, mark| (path.to_owned(), kind, String::new(), Some(mark));
    assert_eq!(told(2), [row("/a", "file", Mark::Deleted)]);
    assert_eq!(
        told(3),
        [
            row("/b", "file", Mark::Deleted),
            row("/c", "file", Mark::Added)
        ]
    );
}

/// A secret that is still there goes by a path that a container has, not by one that is gone.
#[test]
fn findings_name_a_path_that_is_there() {
    let key = ["token = gl", "pat-zK3vQ8nR5tWx7YpL2mBd\n"].concat();
    let file = || layer("x").file("/old/k", key.clone()).mode(0o4777);
    let named = || {
        file()
            .hardlink("/live/k", "/old/k")
            .hardlink("/live/j", "/old/k")
    };
    let paths = |layers: &[Layer]| {
        let stack = stack(layers);
        let found = onionskin_audit::findings::of(&onionskin_audit::findings::Subject {
            stack: &stack,
            ledger: &onionskin_layers::ledger::Ledger::of(&stack),
            commands: &[],
            config: &onionskin_oci::manifest::Config::default(),
            base: None,
            leftovers: onionskin_audit::findings::Leftovers::standard(),
        });
        let risks = found
            .into_iter()
            .filter(|finding| matches!(finding.kind, Kind::Secret | Kind::Setid | Kind::Writable));
        let mut paths: Vec<_> = risks
            .map(|finding| {
                (
                    finding.kind,
                    String::from_utf8(finding.path().to_vec()).unwrap(),
                )
            })
            .collect();
        paths.sort();
        paths
    };
    let all = |path: &str| {
        let mut all =
            [Kind::Secret, Kind::Setid, Kind::Writable].map(|kind| (kind, path.to_owned()));
        all.sort();
        all
    };
    assert_eq!(paths(&[named()]), all("/old/k"));
    assert_eq!(
        paths(&[named(), layer("x").whiteout("/old")]),
        all("/live/j")
    );
    assert_eq!(
        paths(&[named(), layer("x").file("/old/k", "harmless")]),
        all("/live/j")
    );
    // What has no name left goes by the one that stored it.
    assert_eq!(
        paths(&[file(), layer("x").whiteout("/old")]),
        [(Kind::Secret, "/old/k".to_owned())]
    );
}
