//! A layer index that a cache or another worker hands over: used or refused, never believed.

use onionskin_core::cache::{Unusable, pack_layer, unpack_layer};
use onionskin_core::digest::Digest;
use onionskin_core::layer::{Budget, LayerIndex, MemoryBudget};
use onionskin_core::ledger::Ledger;
use onionskin_core::stack::Stack;

use crate::invariants;

/// All that uses an index comes to an end on whatever `from_bytes` takes for one.
pub(crate) fn index(data: &[u8]) {
    let _ = unpack_layer(data, &Digest::sha256(data));
    let Ok(mut index) = LayerIndex::from_bytes(data) else {
        return;
    };
    assert_eq!(
        LayerIndex::from_bytes(&index.to_bytes()).as_ref(),
        Ok(&index)
    );
    // What was only listed by a table is no index of what was read.
    let expected = match index.is_listed() {
        true => Err(&Unusable::Other),
        false => Ok(&index),
    };
    let unpacked = unpack_layer(&pack_layer(&index), &index.digest);
    assert_eq!(unpacked.as_ref(), expected);
    // Whether there is room for it or not.
    let _ = MemoryBudget::new(Some(1 << 20)).kept(1, &mut index);
    let _ = Budget::default().kept(1, &index);
    for entry in index.entries() {
        let _ = (index.path(entry), index.cost(entry), index.owner(entry));
        let _ = (index.link(entry), index.xattrs(entry), index.device(entry));
        let _ = (index.start(entry), index.mtime(entry), index.mode(entry));
    }
    let mut stack = Stack::new();
    for _ in 0..2 {
        if stack.push(index.clone()).is_err() {
            return;
        }
    }
    let ledger = Ledger::of(&stack);
    assert_eq!(
        ledger.total.live() + ledger.total.wasted(),
        ledger.total.stored
    );
    invariants::browsed(&stack, &ledger);
}
