//! The rows of trees of small images, as a visitor opens, closes, sorts and looks for things.

mod changes;
mod filesystem;
mod find;
mod folders;
mod ranges;
mod sort;

use std::collections::HashSet;

use onionskin_core::layer::{Expected, LayerDecoder};
use onionskin_core::ledger::Ledger;
use onionskin_core::stack::{NodeId, Stack};
use onionskin_fixtures::{Layer, bytes, layer};

use super::{Listing, StackPosition, WastedBelow};
use crate::worker::protocol::{ChangeKind, Changes, Column, Kinds, Row, Showing, Shown, Sort};

/// A stack with a listing of it, and the folders that are open.
struct Tree {
    stack: Stack,
    listing: Listing,
    open: HashSet<NodeId>,
    layer: usize,
    ledger: Ledger,
    wasted: WastedBelow,
}

fn at<'s>(
    stack: &'s Stack,
    layer: usize,
    ledger: &'s Ledger,
    wasted: &'s WastedBelow,
) -> StackPosition<'s> {
    StackPosition {
        stack,
        layer,
        offset: 0,
        ledger: Some(ledger),
        wasted: Some(wasted),
        compressed_known: true,
        unread: false,
        accounts: None,
    }
}

/// Names in byte order.
fn by_name() -> Sort {
    Sort {
        column: Column::Name,
        reversed: false,
    }
}

impl Tree {
    fn new(layers: &[Layer], changes: bool) -> Self {
        let mut stack = Stack::new();
        for layer in layers {
            let mut decoder = LayerDecoder::new(Expected::default());
            decoder.push(&layer.gzip()).unwrap();
            stack.push(decoder.finish().unwrap()).unwrap();
        }
        let layer = stack.depth();
        let showing = Showing {
            layer: layer as u32,
            changes_from: changes.then_some(layer as u32),
            hidden: Kinds::default(),
            hidden_changes: Changes::default(),
            sort: by_name(),
            find: String::new(),
        };
        let open = HashSet::new();
        let ledger = Ledger::of(&stack);
        let wasted = WastedBelow::of(&stack, &ledger);
        let listing = Listing::new(at(&stack, layer, &ledger, &wasted), showing, &open);
        Self {
            stack,
            listing,
            open,
            layer,
            ledger,
            wasted,
        }
    }

    fn with<T>(
        &mut self,
        act: impl FnOnce(&mut Listing, StackPosition<'_>, &mut HashSet<NodeId>) -> T,
    ) -> T {
        let at = at(&self.stack, self.layer, &self.ledger, &self.wasted);
        act(&mut self.listing, at, &mut self.open)
    }

    fn rows(&mut self) -> Vec<Row> {
        self.with(|listing, at, open| listing.rows(at, open, 0, 1_000))
    }

    fn shown(&mut self) -> Shown {
        self.with(|listing, at, _| listing.shown(at))
    }

    /// The rows as indented names.
    fn names(&mut self) -> Vec<String> {
        let name = |row: &Row| {
            let name = String::from_utf8_lossy(crate::format::file_name(&row.path)).into_owned();
            format!("{}{name}", " ".repeat(row.depth as usize))
        };
        self.rows().iter().map(name).collect()
    }

    fn toggle(&mut self, row: u32, to: bool) {
        self.with(|listing, at, open| listing.toggle(at, open, row, to));
    }

    fn show(&mut self, sort: Sort, find: &str) {
        let showing = Showing {
            sort,
            find: find.to_owned(),
            ..self.listing.showing.clone()
        };
        self.with(|listing, at, open| listing.reshow(at, showing, open));
    }

    fn hide(&mut self, kinds: &[ChangeKind]) {
        let hidden = kinds
            .iter()
            .fold(Kinds::default(), |all, kind| all.toggled(*kind));
        let showing = Showing {
            hidden,
            ..self.listing.showing.clone()
        };
        self.with(|listing, at, open| listing.reshow(at, showing, open));
    }

    fn expand(&mut self, depth: u32) {
        self.with(|listing, at, open| listing.expand(at, open, depth));
    }

    fn seek(&mut self, path: &str) -> (Option<u32>, bool) {
        let found = self.with(|listing, at, open| listing.seek(at, open, path.as_bytes()));
        (found.row, found.exact)
    }

    /// The same layers, as what this one and those above it changed.
    fn show_changes_from(&mut self, first: u32) {
        let showing = Showing {
            changes_from: Some(first),
            ..self.listing.showing.clone()
        };
        self.listing = self.with(|_, at, open| Listing::new(at, showing, open));
    }
}

fn layers() -> Vec<Layer> {
    vec![
        layer("one")
            .dir("/app")
            .dir("/app/bin")
            .file("/app/bin/run", bytes(300))
            .file("/app/README.md", bytes(20))
            .file("/etc/motd", bytes(5)),
        layer("two")
            .whiteout("/app/bin")
            .file("/app/README.md", bytes(20))
            .mode(0o600),
    ]
}

/// What every view of this image is about: a file that goes, one that is overwritten, one that is stored again, and
/// one that comes and goes.
fn wasteful() -> Vec<Layer> {
    vec![
        layer("one")
            .file("/app/big", bytes(1_000))
            .file("/app/conf", bytes(10))
            .file("/app/tool", bytes(300))
            .file("/srv/data", bytes(500))
            .dir("/proc"),
        layer("two")
            .whiteout("/app/big")
            .file("/app/conf", bytes(20))
            .file("/tmp/x", bytes(40)),
        layer("three")
            .file("/app/tool", bytes(300))
            .mode(0o700)
            .whiteout("/tmp/x"),
    ]
}
