//! What the ledger and the views tell of a stack beyond the tree and the causes, which the conformance corpus is about.

mod support;

use onionskin_audit::report::listing;
use onionskin_fixtures::{Layer, bytes, layer};
use onionskin_layers::stack::NodeId;
use onionskin_layers::stack::view::{Mark, View};
use support::{ledger, stack};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn base() -> Layer {
    layer("COPY app /app")
        .dir("/app")
        .file("/app/bin", bytes(1000))
        .file("/app/doc", bytes(200))
}

#[test]
fn a_single_layer_is_all_live() {
    let total = ledger(&[base()]).total;
    assert_eq!(
        (total.stored, total.live(), total.wasted()),
        (1200, 1200, 0)
    );
    assert_eq!(total.efficiency(), 1.0);
    assert_eq!(ledger(&[]).total.efficiency(), 1.0);
}

#[test]
fn waste_counts_for_the_layer_that_adds_it_and_names_the_one_that_hides_it() {
    let layers = [base(), layer("RUN rm -rf /app").whiteout("/app")];
    let ledger = ledger(&layers);
    assert_eq!(ledger.layers[0].wasted(), 1200);
    assert_eq!(ledger.layers[1].wasted(), 0);
    let told = ledger
        .wasted
        .iter()
        .map(|wasted| (wasted.added_by, wasted.hidden_by));
    assert!(told.eq([(1, 2), (1, 2)]));
}

/// An inode that loses one name after the other is hidden by the layer that took the last.
#[test]
fn the_layer_that_takes_the_last_name_hides_it() {
    let layers = [
        layer("x").file("/a", bytes(100)).hardlink("/b", "/a"),
        layer("x").whiteout("/a"),
        layer("x").whiteout("/b"),
    ];
    assert_eq!(ledger(&layers[..2]).total.live(), 100);
    assert_eq!(ledger(&layers).wasted[0].hidden_by, 3);
}

/// A link to nothing, and links in a circle, are shown and hold nothing.
#[test]
fn broken_links_hold_nothing() {
    let circle = [layer("x").hardlink("/a", "/b").hardlink("/b", "/a")];
    assert_eq!(View::stack(&stack(&circle), 1).total().bytes, 0);
    let early = [
        layer("x").hardlink("/b", "/c").file("/c", bytes(7)),
        layer("x").whiteout("/c"),
    ];
    assert_eq!(View::stack(&stack(&early), 2).total().bytes, 7);
}

#[test]
fn an_earlier_stack_has_its_own_modes() {
    let layers = [base(), layer("RUN chmod 700 /app").dir("/app").mode(0o700)];
    let stack = stack(&layers);
    let app = stack.find(b"/app").unwrap();
    for (at, mode) in [(1, 0o755), (2, 0o700)] {
        assert_eq!(
            View::stack(&stack, at).row(&stack, app).unwrap().mode(),
            mode
        );
    }
}

#[test]
fn the_root_takes_the_attributes_of_its_entry() {
    let layers = [base(), layer("x").dir("/x").named("./").mode(0o700)];
    let stack = stack(&layers);
    let root = View::stack(&stack, 2)
        .row(&stack, NodeId::ROOT)
        .unwrap()
        .mode();
    assert_eq!(root, 0o700);
}

#[test]
fn changes_carry_marks_and_stacks_do_not_show_what_is_gone() {
    let layers = [
        base()
            .file("/keep", "k")
            .symlink("/s", "a")
            .dir("/closed")
            .symlink("/t", "a"),
        layer("x")
            .dir("/app")
            .dir("/closed")
            .mode(0o700)
            .symlink("/t", "a")
            .owner(7, 7)
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
    assert_eq!(mark("/app/bin"), Some(Some(Mark::MetadataOnly)));
    assert_eq!(mark("/app/doc"), Some(Some(Mark::Modified)));
    assert_eq!(mark("/app/new"), Some(Some(Mark::Added)));
    assert_eq!(
        mark("/s"),
        Some(Some(Mark::Modified)),
        "dive shows it as unmodified"
    );
    assert_eq!(mark("/closed"), Some(Some(Mark::MetadataOnly)));
    assert_eq!(mark("/t"), Some(Some(Mark::MetadataOnly)));
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
    let total = ledger(&layers).total;
    assert_eq!((total.causes.deleted, total.wasted()), (50_099, 50_099));
}

/// A hard link to nothing stays one when a later layer puts something at its target.
#[test]
fn a_link_to_nothing_never_names_another_file() {
    let layers = [
        layer("x").hardlink("/a", "/no").hardlink("/b", "/d/no"),
        layer("x")
            .file("/no", bytes(5))
            .file("/e/no", bytes(5))
            .symlink("/d", "e"),
        layer("x").whiteout("/no").whiteout("/a"),
    ];
    let stack = stack(&layers);
    let target = |at, path: &[u8]| {
        let lines = listing::of_stack(&stack, at, path).unwrap();
        assert_eq!(lines[0].kind, "hardlink");
        lines[0].link_target.clone()
    };
    assert_eq!(target(1, b"/a").as_deref(), Some("/no"));
    assert_eq!(target(2, b"/a"), None);
    assert_eq!(target(1, b"/b").as_deref(), Some("/d/no"));
    assert_eq!(target(3, b"/b"), None);
    // The view of the changes shows what was taken away as it was.
    let changes = View::changes(&stack, 3);
    let row = changes.row(&stack, stack.find(b"/a").unwrap()).unwrap();
    assert_eq!((row.mark, row.link()), (Some(Mark::Deleted), None));
}

/// A link to nothing is no folder, so it does not hide what the layers below have there from other links. No engine
/// unpacks such a layer: link(2) fails.
#[test]
fn links_lead_to_lower_layers_behind_links_to_nothing() {
    let layers = [
        layer("x").file("/a/b", bytes(7)).file("/d/b", bytes(9)),
        layer("x")
            .hardlink("/a", "/no")
            .hardlink("/c", "/a/b")
            .hardlink("/d", "/d/b")
            .hardlink("/e", "/d/b"),
    ];
    let stack = stack(&layers);
    let sizes = |path: &[u8]| {
        let lines = listing::of_stack(&stack, 2, path).unwrap();
        (lines[0].kind.clone(), lines[0].size)
    };
    assert_eq!(sizes(b"/a"), ("hardlink".to_owned(), 0));
    assert_eq!(sizes(b"/c"), ("file".to_owned(), 7));
    assert_eq!(sizes(b"/d"), ("file".to_owned(), 9));
    assert_eq!(sizes(b"/e").0, "hardlink");
}
