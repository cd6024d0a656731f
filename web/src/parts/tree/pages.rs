//! The rows that are here, in pages: those around the view are kept, the others asked for again.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::worker::protocol::Row;

/// Rows are asked for in pages of so many.
pub(super) const PAGE: u32 = 64;
/// Pages kept.
const KEPT: usize = 64;
/// Pages asked for at a time, so that a long drag does not queue what nobody sees any more.
const AT_ONCE: usize = 3;

/// Rows by page, and what is under way.
#[derive(Default)]
pub(super) struct Pages {
    here: BTreeMap<u32, Vec<Rc<Row>>>,
    asked: Vec<u32>,
}

impl Pages {
    /// A row, if it is here.
    pub(super) fn row(&self, index: u32) -> Option<&Rc<Row>> {
        self.here.get(&(index / PAGE))?.get((index % PAGE) as usize)
    }

    /// Forgets all rows. Whoever was asked for some answers about another tree.
    pub(super) fn clear(&mut self) {
        self.here.clear();
        self.asked.clear();
    }

    /// Takes rows in that begin a page. Pages far from the row `near` are dropped.
    pub(super) fn keep(&mut self, from: u32, rows: Vec<Row>, near: u32) {
        self.asked.retain(|page| page * PAGE != from);
        let mut rows = rows.into_iter().map(Rc::new).peekable();
        for page in from / PAGE.. {
            if rows.peek().is_none() {
                break;
            }
            self.here
                .insert(page, rows.by_ref().take(PAGE as usize).collect());
        }
        while self.here.len() > KEPT {
            let farthest = self
                .here
                .keys()
                .copied()
                .max_by_key(|page| page.abs_diff(near / PAGE));
            self.here.remove(&farthest.unwrap_or_default());
        }
    }

    /// The first rows of the pages that these rows need, and that are neither here nor under way;
    /// from now on they are.
    pub(super) fn ask(&mut self, rows: std::ops::Range<u32>) -> Vec<u32> {
        let mut firsts = Vec::new();
        for page in rows.start / PAGE..rows.end.div_ceil(PAGE) {
            if self.here.contains_key(&page)
                || self.asked.contains(&page)
                || self.asked.len() >= AT_ONCE
            {
                continue;
            }
            self.asked.push(page);
            firsts.push(page * PAGE);
        }
        firsts
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::worker::protocol::{EntryKind, OwnerNames};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    pub(crate) fn rows(count: u32) -> Vec<Row> {
        let row = |index: u32| Row {
            path: format!("/{index}").into_bytes(),
            depth: 0,
            kind: EntryKind::File,
            target: None,
            open: None,
            found: 0,
            size: u64::from(index),
            download: None,
            wasted: 0,
            mode: 0o644,
            uid: 0,
            gid: 0,
            owner: OwnerNames::default(),
            mtime: None,
            layer: 1,
            mark: None,
            copies_unknown: false,
            unread: false,
            deleted_in: None,
            idle: false,
            before: None,
            fate: None,
            compared: None,
        };
        (0..count).map(row).collect()
    }

    #[test]
    fn rows_come_back_where_they_were_put() {
        let mut pages = Pages::default();
        pages.keep(PAGE, rows(PAGE + 3), 0);
        assert!(pages.row(PAGE - 1).is_none());
        assert_eq!(pages.row(PAGE).map(|row| row.size), Some(0));
        assert_eq!(
            pages.row(2 * PAGE + 2).map(|row| row.size),
            Some(u64::from(PAGE) + 2)
        );
        assert!(pages.row(2 * PAGE + 3).is_none());
    }

    #[test]
    fn nothing_is_asked_for_twice() {
        let mut pages = Pages::default();
        assert_eq!(pages.ask(60..70), [0, PAGE]);
        assert!(pages.ask(60..70).is_empty());
        pages.keep(0, rows(PAGE), 0);
        assert!(pages.ask(0..10).is_empty());
        // A drag over the whole list leaves no long queue behind.
        for start in (0..100_000).step_by(500) {
            pages.ask(start..start + 40);
        }
        assert!(pages.asked.len() <= AT_ONCE);
    }

    #[test]
    fn what_is_far_from_the_view_is_forgotten() {
        let mut pages = Pages::default();
        for page in 0..=KEPT as u32 {
            pages.keep(page * PAGE, rows(PAGE), page * PAGE);
        }
        assert!(pages.row(0).is_none());
        assert!(pages.row(PAGE).is_some());
        assert!(pages.row(KEPT as u32 * PAGE).is_some());
    }
}
