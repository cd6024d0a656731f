//! The largest files that a layer stores, and the largest that it hides.

use std::cmp::Reverse;

use onionskin_core::layer::EntryKind;
use onionskin_core::ledger::Wasted;
use onionskin_core::stack::Stack;

use super::image_worker::ImageWorker;
use super::protocol::{Answers, LargestFiles, LargestOf, SizedPath};

/// Files told of each.
const TOLD: usize = 8;

/// Those of a layer of the stack; `wasted` is all that is wasted in it, the largest first.
fn of(stack: &Stack, wasted: &[Wasted], layer: usize) -> LargestFiles {
    let Some(index) = stack.layer(layer) else {
        return LargestFiles::default();
    };
    let files = index.entries();
    let mut files: Vec<_> = files
        .filter(|entry| index.kind(*entry) == EntryKind::File && index.size(*entry) > 0)
        .map(|entry| (Reverse(index.size(entry)), entry))
        .collect();
    if files.len() > TOLD {
        files.select_nth_unstable(TOLD);
        files.truncate(TOLD);
    }
    files.sort_unstable();
    let stored = files.into_iter().map(|(Reverse(bytes), entry)| SizedPath {
        path: index.path(entry),
        bytes,
        wasted: stack.waste(layer, entry).is_some(),
    });
    let hidden = || {
        wasted
            .iter()
            .filter(|wasted| wasted.hidden_by == layer && wasted.added_by != layer)
    };
    let path = |wasted: &Wasted| {
        let index = stack.layer(wasted.added_by)?;
        Some(SizedPath {
            path: index.path(wasted.entry),
            bytes: wasted.bytes,
            wasted: true,
        })
    };
    LargestFiles {
        stored: stored.collect(),
        hidden: hidden().take(TOLD).filter_map(path).collect(),
        hidden_files: hidden().count() as u64,
        hidden_bytes: hidden().map(|wasted| wasted.bytes).sum(),
    }
}

impl Answers<LargestOf> for ImageWorker {
    fn answer(&mut self, LargestOf { layer }: LargestOf) -> LargestFiles {
        of(&self.main.stack, &self.largest, layer as usize)
    }
}
