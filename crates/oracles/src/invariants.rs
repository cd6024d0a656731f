//! What holds for every layer that was decoded, and for every stack of such layers, whatever is in them.

use onionskin_core::findings::{self, Leftovers, Subject};
use onionskin_core::layer::{EntryKind, LayerIndex};
use onionskin_core::ledger::dive::Dive;
use onionskin_core::ledger::{Ledger, LedgerTotals};
use onionskin_core::manifest::Config;
use onionskin_core::ownership::Packages;
use onionskin_core::report::listing;
use onionskin_core::stack::view::View;
use onionskin_core::stack::{Cause, NodeId, Stack};

/// Sizes and costs add up to the byte, and the index is the same once it was handed over.
pub(crate) fn of_index(index: &LayerIndex) {
    let files = index
        .entries()
        .filter(|entry| index.kind(*entry) == EntryKind::File);
    let sizes: u64 = files.map(|entry| index.size(entry)).sum();
    assert_eq!(sizes, index.stored());
    assert_eq!(index.stored() + index.overhead(), index.size);
    let costs: u64 = index.entries().map(|entry| index.cost(entry)).sum();
    assert!(costs <= index.blob_size, "costs of {costs} bytes");
    let starts = index.entries().map(|entry| index.start(entry));
    assert!(starts.is_sorted(), "entries stand in the order of the tar");
    assert_eq!(
        LayerIndex::from_bytes(&index.to_bytes()).as_ref(),
        Ok(index)
    );
}

/// The sums of the ledger hold by layer, by cause and by path, and agree with what can be browsed.
pub(crate) fn of_stack(stack: &Stack) {
    let ledger = Ledger::of(stack);
    let total = &ledger.total;
    assert_eq!(total.live() + total.wasted(), total.stored);
    let mut layers = LedgerTotals::default();
    for (account, index) in ledger.layers.iter().zip(stack.layers()) {
        layers += *account;
        assert_eq!(account.stored + account.overhead, index.size);
    }
    assert_eq!(layers, *total);
    let by_path: u64 = ledger.wasted.iter().map(|wasted| wasted.bytes).sum();
    assert_eq!(by_path, total.wasted());
    for cause in Cause::ALL {
        let wasted = ledger.wasted.iter().filter(|wasted| wasted.cause == cause);
        assert_eq!(
            wasted.map(|wasted| wasted.bytes).sum::<u64>(),
            total.causes[cause]
        );
    }
    for wasted in &ledger.wasted {
        assert_eq!(
            wasted.added_by == wasted.hidden_by,
            wasted.cause == Cause::Repeated
        );
    }
    let packages = Packages::of(stack, stack.depth(), &ledger);
    let owned: u64 = packages.packages.iter().map(|package| package.bytes).sum();
    assert_eq!(packages.live, total.live());
    assert_eq!(owned + packages.unowned, packages.live);
    let live = View::stack(stack, stack.depth()).total();
    assert_eq!(
        live.bytes,
        total.live(),
        "the last stack holds what is live"
    );
    browsed(stack, &ledger);
}

/// All that reads a stack comes to an end, and its lists are in order and without doubles.
pub(crate) fn browsed(stack: &Stack, ledger: &Ledger) {
    for layer in 0..=stack.depth() {
        let lines = listing::of_stack(stack, layer, b"/").expect("the root is in every stack");
        let view = View::stack(stack, layer);
        assert_eq!(lines.len() as u64, view.total().paths);
        let changes = View::changes(stack, layer);
        for node in (0..stack.nodes() as u32).map(NodeId) {
            if let Some(row) = view.row(stack, node) {
                assert!(row.layer <= layer);
                assert!(view.contains(stack.parent(node)));
            }
            let _ = changes.row(stack, node).map(|row| (row.mark, row.mtime()));
        }
    }
    for index in stack.layers() {
        let lines =
            listing::of_layer(index.clone(), 1, b"/").expect("a layer of this stack fits one");
        let _ = serde_json::to_vec(&lines).expect("lines can be written");
    }
    let _ = Dive::of(stack);
    let _ = findings::of(&Subject {
        stack,
        ledger,
        commands: &[],
        config: &Config::default(),
        base: None,
        leftovers: Leftovers::standard(),
    });
}
