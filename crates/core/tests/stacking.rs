//! Each rule of stacking and of the ledger with the smallest image that shows it.
//!
//! Where another tool got the case wrong, the test names where that was said.

mod support;

use onionskin_core::layer::RemarkKind;
use onionskin_core::ledger::Causes;
use onionskin_core::stack::view::{Mark, View};
use onionskin_fixtures::{Layer, bytes, layer};
use support::{ledger, stack, tree};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn base() -> Layer {
    layer("COPY app /app")
        .dir("/app")
        .file("/app/bin", bytes(1000))
        .file("/app/doc", bytes(200))
}

fn causes(layers: &[Layer]) -> Causes {
    ledger(layers).total.causes
}

fn deleted(deleted: u64) -> Causes {
    Causes {
        deleted,
        ..Causes::default()
    }
}

fn replaced(replaced: u64) -> Causes {
    Causes {
        replaced,
        ..Causes::default()
    }
}

fn restated(restated: u64) -> Causes {
    Causes {
        restated,
        ..Causes::default()
    }
}

fn repeated(repeated: u64) -> Causes {
    Causes {
        repeated,
        ..Causes::default()
    }
}

#[test]
fn a_single_layer_is_all_live() {
    let total = ledger(&[base()]).total;
    assert_eq!(
        (total.retained, total.live(), total.dead()),
        (1200, 1200, 0)
    );
    assert_eq!(total.efficiency(), 1.0);
    assert_eq!(ledger(&[]).total.efficiency(), 1.0);
}

/// wagoodman/dive reports efficiency 1.0 here.
#[test]
fn a_folder_deleted_whole_is_dead_with_all_that_is_in_it() {
    let layers = [base(), layer("RUN rm -rf /app").whiteout("/app")];
    assert_eq!(causes(&layers), deleted(1200));
    assert_eq!(tree(&layers), Vec::<String>::new());
    let ledger = ledger(&layers);
    assert_eq!(
        ledger.layers[0].dead(),
        1200,
        "the layer that ships it pays"
    );
    assert_eq!(ledger.layers[1].dead(), 0);
    assert!(
        ledger
            .dead
            .iter()
            .all(|dead| (dead.added_by, dead.killed_by) == (1, 2))
    );
}

/// wagoodman/dive counts both copies as wasted.
#[test]
fn a_file_stored_again_with_the_same_content_is_restated() {
    let chown = layer("RUN chown 1 /app/bin")
        .file("/app/bin", bytes(1000))
        .owner(1, 1);
    assert_eq!(causes(&[base(), chown]), restated(1000));
}

#[test]
fn a_file_stored_again_with_other_content_is_replaced() {
    let edit = layer("RUN make").file("/app/bin", bytes(1001));
    assert_eq!(causes(&[base(), edit]), replaced(1000));
    let link = layer("RUN ln -sf").symlink("/app/bin", "doc");
    assert_eq!(causes(&[base(), link]), replaced(1000));
    let fifo = layer("RUN mkfifo").fifo("/app/bin");
    assert_eq!(causes(&[base(), fifo]), replaced(1000));
}

#[test]
fn a_folder_over_a_file_replaces_it_also_where_it_is_only_implied() {
    let announced = layer("x").dir("/app/bin").file("/app/bin/x", "1");
    let implied = layer("x").file("/app/bin/x", "1");
    let for_a_whiteout = layer("x").whiteout("/app/bin/x");
    for over in [announced, implied, for_a_whiteout] {
        assert_eq!(causes(&[base(), over]), replaced(1000));
    }
}

#[test]
fn anything_else_over_a_folder_deletes_what_was_below() {
    for over in [
        layer("x").file("/app", "1"),
        layer("x").symlink("/app", "srv"),
        layer("x").char_device("/app", 1, 3),
    ] {
        assert_eq!(causes(&[base(), over]), deleted(1200));
    }
}

#[test]
fn a_folder_over_a_folder_merges_and_takes_the_uppers_mode() {
    let layers = [base(), layer("RUN chmod 700 /app").dir("/app").mode(0o700)];
    assert_eq!(causes(&layers), Causes::default());
    assert_eq!(tree(&layers).len(), 3);
    let stack = stack(&layers);
    let app = stack.find(b"/app").unwrap();
    assert_eq!(
        View::stack(&stack, 2).row(&stack, app).unwrap().mode(),
        0o700
    );
    assert_eq!(
        View::stack(&stack, 1).row(&stack, app).unwrap().mode(),
        0o755
    );
    // An implied folder says nothing about the one that is there.
    let implied = [layers[1].clone(), layer("x").file("/app/new", "1")];
    let stack = support::stack(&implied);
    assert_eq!(
        View::stack(&stack, 2)
            .row(&stack, stack.find(b"/app").unwrap())
            .unwrap()
            .mode(),
        0o700
    );
}

/// google/go-containerregistry#2372, GoogleContainerTools/container-diff: opaque folders.
#[test]
fn an_opaque_whiteout_hides_the_lower_children_only_wherever_it_stands() {
    let before = layer("x").opaque("/app").file("/app/new", "1");
    let after = layer("x").file("/app/new", "1").opaque("/app");
    for over in [before, after] {
        let layers = [base(), over];
        assert_eq!(causes(&layers), deleted(1200));
        assert_eq!(tree(&layers), ["/app dir", "/app/new file 1 @2"]);
    }
    let root = layer("x")
        .file("/new", "1")
        .opaque("/")
        .named(".wh..wh..opq");
    assert_eq!(tree(&[base(), root]), ["/new file 1 @2"]);
}

#[test]
fn a_whiteout_hides_lower_layers_and_never_its_own() {
    let before = layer("x").whiteout("/app/bin").file("/app/bin", "new");
    let after = layer("x").file("/app/bin", "new").whiteout("/app/bin");
    // A name that sorts before the dot of `.wh.`.
    let dash = layer("x").file("/app/-x", "1").whiteout("/app/-x");
    for over in [before, after] {
        let layers = [base(), over];
        assert_eq!(causes(&layers), deleted(1000));
        assert!(tree(&layers).contains(&"/app/bin file 3 @2".to_owned()));
    }
    assert!(tree(&[base(), dash]).contains(&"/app/-x file 1 @2".to_owned()));
}

#[test]
fn what_a_whiteout_hides_is_deleted_even_where_the_layer_brings_the_same_again() {
    let over = layer("x")
        .whiteout("/app/bin")
        .file("/app/bin", bytes(1000));
    assert_eq!(causes(&[base(), over]), deleted(1000));
    let folder = layer("x")
        .whiteout("/app")
        .dir("/app")
        .file("/app/bin", bytes(1000));
    assert_eq!(causes(&[base(), folder]), deleted(1200));
}

/// wagoodman/dive#258, canonical/rockcraft#38.
#[test]
fn a_whiteout_of_nothing_is_legal_and_its_parents_come_into_being() {
    let layers = [
        base(),
        layer("x").whiteout("/no/such/thing").file("/z", "1"),
    ];
    assert_eq!(causes(&layers), Causes::default());
    assert!(tree(&layers).contains(&"/no/such dir".to_owned()));
    assert!(tree(&layers).contains(&"/z file 1 @2".to_owned()));
}

/// What umoci writes where a file took a folder's place, and unpacks to the file.
#[test]
fn a_whiteout_takes_nothing_of_its_own_layer() {
    let after = layer("x")
        .file("/app", "file")
        .whiteout("/app/bin")
        .opaque("/app");
    let before = layer("x")
        .whiteout("/app/bin")
        .opaque("/app")
        .file("/app", "file");
    for over in [after, before] {
        let layers = [base(), over];
        assert_eq!(tree(&layers), ["/app file 4 @2"]);
        assert_eq!(causes(&layers), deleted(1200));
    }
}

/// anchore/stereoscope#694; overlay makes a real folder that hides the link.
#[test]
fn what_stands_below_a_lower_layers_symbolic_link_makes_a_folder_of_it() {
    let lower = layer("x").file("/real/f", "1").symlink("/link", "real");
    let layers = [lower.clone(), layer("x").file("/link/g", "2")];
    assert_eq!(
        tree(&layers),
        [
            "/link dir",
            "/link/g file 1 @2",
            "/real dir",
            "/real/f file 1 @1"
        ]
    );
    let whiteout = [lower, layer("x").whiteout("/link/f")];
    assert!(tree(&whiteout).contains(&"/real/f file 1 @1".to_owned()));
}

#[test]
fn a_file_under_a_folder_that_became_a_file_and_a_folder_again() {
    let layers = [
        base(),
        layer("x").file("/app", "now a file"),
        layer("x").dir("/app").file("/app/bin", "3"),
    ];
    assert_eq!(tree(&layers), ["/app dir", "/app/bin file 1 @3"]);
    assert_eq!(
        causes(&layers),
        Causes {
            deleted: 1200,
            replaced: 10,
            ..Causes::default()
        }
    );
    // What was deleted stays dead, and another copy at the same path does not bring it back.
    let again = [
        base(),
        layer("x").whiteout("/app"),
        base(),
        layer("x").whiteout("/app"),
    ];
    assert_eq!(causes(&again), deleted(2400));
}

#[test]
fn what_a_later_entry_of_the_layer_takes_away_is_repeated() {
    let twice = layer("x").file("/a", bytes(10)).file("/a", bytes(10));
    assert_eq!(causes(&[twice]), repeated(10));
    let file_over_folder = layer("x").dir("/a").file("/a/b", bytes(10)).file("/a", "1");
    assert_eq!(causes(&[file_over_folder]), repeated(10));
    let below_a_file = layer("x").file("/a", bytes(10)).file("/a/b", "1");
    assert_eq!(causes(&[below_a_file]), repeated(10));
    let folder_over_file = layer("x").file("/a", bytes(10)).dir("/a");
    assert_eq!(causes(&[folder_over_file]), repeated(10));
    let folder_twice = layer("x")
        .dir("/a")
        .file("/a/b", bytes(10))
        .dir("/a")
        .mode(0o700);
    assert_eq!(causes(&[folder_twice]), Causes::default());
    // Repeated is settled before the stack below comes in.
    let over = layer("x")
        .file("/app/bin", bytes(1000))
        .file("/app/bin", bytes(5));
    assert_eq!(
        causes(&[base(), over]),
        Causes {
            repeated: 1000,
            replaced: 1000,
            ..Causes::default()
        }
    );
}

#[test]
fn an_inode_lives_as_long_as_one_of_its_names() {
    let linked = layer("x")
        .file("/a", bytes(100))
        .hardlink("/b", "/a")
        .hardlink("/c", "/a");
    assert_eq!(ledger(std::slice::from_ref(&linked)).total.live(), 100);
    let one_gone = layer("x").whiteout("/a");
    let layers = [linked.clone(), one_gone.clone()];
    assert_eq!(causes(&layers), Causes::default());
    assert_eq!(tree(&layers), ["/b hardlink /a @1", "/c hardlink /a @1"]);
    let rest = layer("x").file("/b", "other").whiteout("/c");
    // The name that goes last is /b: step 3 comes after step 2.
    let layers = [linked.clone(), one_gone, rest];
    assert_eq!(causes(&layers), replaced(100));
    assert_eq!(ledger(&layers).dead[0].killed_by, 3);
    // In one step the order of the tar decides.
    let last_restated = layer("x")
        .file("/a", "1")
        .file("/b", "2")
        .file("/c", bytes(100));
    assert_eq!(causes(&[linked.clone(), last_restated]), restated(100));
    let last_replaced = layer("x")
        .file("/c", bytes(100))
        .file("/b", "2")
        .file("/a", "1");
    assert_eq!(causes(&[linked, last_replaced]), replaced(100));
}

/// moby/moby#48140: a hard link across layers.
#[test]
fn hard_links_resolve_where_they_stand() {
    let across = [base(), layer("x").hardlink("/b", "/app/bin")];
    assert_eq!(ledger(&across).total.live(), 1200);
    // The link keeps the inode when its own layer deletes the other name.
    let moved = [
        base(),
        layer("RUN mv")
            .whiteout("/app/bin")
            .hardlink("/b", "/app/bin"),
    ];
    assert_eq!(causes(&moved), Causes::default());
    // In the layer's own tree first, but only what came before.
    let own_later = layer("x")
        .hardlink("/b", "/app/bin")
        .file("/app/bin", "new");
    assert_eq!(
        causes(&[base(), own_later]),
        Causes::default(),
        "the old content lives on as /b"
    );
    let own_first = layer("x")
        .file("/app/bin", "new")
        .hardlink("/b", "/app/bin");
    assert_eq!(causes(&[base(), own_first]), replaced(1000));
}

#[test]
fn a_hard_link_may_come_before_its_target() {
    let layers = [
        layer("x")
            .hardlink("/b", "/c")
            .hardlink("/a", "/b")
            .file("/c", bytes(7)),
        layer("x").whiteout("/c"),
    ];
    assert_eq!(causes(&layers), Causes::default());
    assert_eq!(View::stack(&stack(&layers), 2).total().bytes, 7);
}

#[test]
fn a_hard_link_over_a_file() {
    let two = layer("x")
        .file("/a", bytes(50))
        .file("/b", bytes(50))
        .file("/c", bytes(60));
    assert_eq!(
        causes(&[two.clone(), layer("x").hardlink("/b", "/a")]),
        restated(50)
    );
    assert_eq!(
        causes(&[two.clone(), layer("x").hardlink("/c", "/a")]),
        replaced(60)
    );
    // A link that names the inode already there changes nothing.
    let linked = two.hardlink("/l", "/a");
    let layers = [linked, layer("x").hardlink("/l", "/a")];
    assert_eq!(causes(&layers), Causes::default());
    assert!(tree(&layers).contains(&"/l hardlink /a @1".to_owned()));
}

/// A kernel follows symbolic links among the folders of a hard link's target, and so does umoci.
#[test]
fn a_hard_links_target_is_found_through_symbolic_links() {
    let through = |text: &str| {
        layer("x")
            .file("/usr/f", bytes(9))
            .symlink("/lnk", text)
            .hardlink("/h", "/lnk/f")
    };
    for text in ["usr", "/usr", "./usr/../usr", "../usr"] {
        let layers = [through(text), layer("x").whiteout("/usr/f")];
        assert_eq!(causes(&layers), Causes::default(), "{text}");
    }
    // From another layer, and in a circle.
    let layers = [
        through("usr"),
        layer("x").hardlink("/i", "/lnk/f"),
        layer("x").whiteout("/usr/f").whiteout("/h"),
    ];
    assert_eq!(causes(&layers), Causes::default());
    let circle = [layer("x")
        .symlink("/a", "b")
        .symlink("/b", "a")
        .hardlink("/h", "/a/f")];
    assert!(tree(&circle).contains(&"/h hardlink /a/f @1".to_owned()));
}

#[test]
fn hard_links_to_folders_are_refused_and_those_to_nothing_are_broken() {
    let layers = [
        base(),
        layer("x")
            .hardlink("/app/doc", "/app")
            .hardlink("/n", "/no")
            .hardlink("/app/bin", "/app/bin"),
    ];
    let stack = stack(&layers);
    assert_eq!(
        stack.remarks().next().unwrap().1.kind,
        RemarkKind::LinkToFolder
    );
    assert_eq!(
        tree(&layers),
        [
            "/app dir",
            "/app/bin hardlink /app/bin @2",
            "/app/doc file 200 @1",
            "/n hardlink /no @2"
        ]
    );
    // To itself is to nothing: the file that was there is gone.
    assert_eq!(causes(&layers), replaced(1000));
    let circle = [layer("x").hardlink("/a", "/b").hardlink("/b", "/a")];
    assert_eq!(View::stack(&support::stack(&circle), 1).total().bytes, 0);
}

#[test]
fn a_refused_link_changes_nothing_also_where_its_folder_comes_later() {
    let own = [layer("x").file("/x", "one").hardlink("/x", "/d").dir("/d")];
    assert_eq!(tree(&own), ["/d dir", "/x file 3 @1"]);
    assert_eq!(causes(&own), Causes::default());
    let lower = layer("x").file("/p", "lower");
    let layers = [lower, layer("x").hardlink("/p/x", "/d").dir("/d")];
    assert_eq!(tree(&layers), ["/d dir", "/p file 5 @1"]);
    assert_eq!(stack(&layers).remarks().count(), 1);
}

#[test]
fn a_link_to_the_inode_that_is_there_changes_nothing_in_its_own_layer_either() {
    let layers = [layer("x")
        .file("/a", "12345")
        .hardlink("/b", "/a")
        .hardlink("/a", "/b")];
    assert_eq!(tree(&layers), ["/a file 5 @1", "/b hardlink /a @1"]);
}

#[test]
fn missing_parents_are_made() {
    let stack = stack(&[layer("x").file("/a/b/c", "1")]);
    let view = View::stack(&stack, 1);
    let row = view.row(&stack, stack.find(b"/a/b").unwrap()).unwrap();
    assert_eq!(
        (row.mode(), row.owner(), row.mtime()),
        (0o755, (0, 0), None)
    );
}

#[test]
fn whatever_stands_at_the_root_it_stays_a_folder() {
    let layers = [base(), layer("x").file("/x", bytes(9)).named("./")];
    assert_eq!(causes(&layers), repeated(9));
    assert_eq!(tree(&layers).len(), 3);
    let meta = [base(), layer("x").dir("/x").named("./").mode(0o700)];
    let stack = stack(&meta);
    let root = onionskin_core::stack::NodeId::ROOT;
    assert_eq!(
        View::stack(&stack, 2).row(&stack, root).unwrap().mode(),
        0o700
    );
}

#[test]
fn changes_carry_marks_and_stacks_do_not_show_what_is_gone() {
    let layers = [
        base().file("/keep", "k").symlink("/s", "a"),
        layer("x")
            .dir("/app")
            .file("/app/bin", bytes(1000))
            .mode(0o755)
            .file("/app/doc", "other")
            .file("/app/new", "1")
            .symlink("/s", "b")
            .whiteout("/keep"),
    ];
    let stack = stack(&layers);
    let changes = View::changes(&stack, 2);
    let mark = |path: &str| {
        let node = stack.find(path.as_bytes()).unwrap();
        changes.row(&stack, node).map(|row| row.mark)
    };
    assert_eq!(mark("/app"), Some(None), "only the way to what changed");
    assert_eq!(mark("/app/bin"), Some(Some(Mark::Restated)));
    assert_eq!(mark("/app/doc"), Some(Some(Mark::Modified)));
    assert_eq!(mark("/app/new"), Some(Some(Mark::Added)));
    assert_eq!(
        mark("/s"),
        Some(Some(Mark::Modified)),
        "dive shows it as unmodified"
    );
    assert_eq!(mark("/keep"), Some(Some(Mark::Deleted)));
    assert_eq!(
        changes
            .row(&stack, stack.find(b"/keep").unwrap())
            .unwrap()
            .layer,
        1
    );
    assert!(!View::stack(&stack, 2).contains(stack.find(b"/keep").unwrap()));
    assert!(View::stack(&stack, 1).contains(stack.find(b"/keep").unwrap()));
    assert!(!View::stack(&stack, 0).contains(stack.find(b"/keep").unwrap()));
    // A folder's sum is what the layer stores there.
    let app = stack.find(b"/app").unwrap();
    assert_eq!(changes.row(&stack, app).unwrap().sum.bytes, 1006);
}

#[test]
fn children_come_in_byte_order_and_lists_in_byte_order_of_paths() {
    let layer = layer("x")
        .file("/a/b", "1")
        .file("/a-b", "2")
        .file("/B", "3")
        .file("/a/é", "4");
    assert_eq!(
        tree(&[layer]),
        [
            "/B file 1 @1",
            "/a dir",
            "/a-b file 1 @1",
            "/a/b file 1 @1",
            "/a/é file 1 @1"
        ]
    );
}

/// A folder of 50,000, deleted and made again, layer after layer: linear, not quadratic.
#[test]
fn large_folders_can_be_deleted_again_and_again() {
    let full = (0..50_000).fold(layer("x"), |layer, n| layer.file(format!("/d/{n}"), "1"));
    let one = layer("x").file("/d/one", "1");
    let gone = layer("x").whiteout("/d");
    let mut layers = vec![full];
    for _ in 0..100 {
        layers.push(gone.clone());
        layers.push(one.clone());
    }
    assert_eq!(causes(&layers), deleted(50_000 + 99));
}
