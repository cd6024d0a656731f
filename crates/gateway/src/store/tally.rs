//! The size of a store, to which objects are added while it is counted.
//!
//! A list of the objects takes a while. What is written meanwhile may be in it or not, and what is in it may be told of
//! later, so both are noted here: each object counts once. Where that cannot be known, because it is deleted and written
//! at the same time, it counts too often rather than not at all: then the store is counted once more.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use object_store::path::Path;

/// Bytes of all objects: those of the last count, and what changed since.
#[derive(Default)]
pub(super) struct Tally(Mutex<State>);

#[derive(Default)]
struct State {
    bytes: u64,
    /// Objects that are being written.
    writes: HashMap<Path, Write>,
    /// Objects that were written or deleted since a count began, with their bytes; `None` while nobody counts.
    fresh: Option<HashMap<Path, u64>>,
}

#[derive(Default)]
struct Write {
    writers: usize,
    /// Bytes that are counted for this object; `None`: not known yet.
    counted: Option<u64>,
}

impl Tally {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn bytes(&self) -> u64 {
        self.state().bytes
    }

    /// Says that an object is going to be written, until what is returned is dropped. To be said before anything of it
    /// can be in the store.
    pub(super) fn writing(&self, path: &Path) -> Writing<'_> {
        let mut state = self.state();
        state.writes.entry(path.clone()).or_default().writers += 1;
        Writing {
            tally: self,
            path: path.clone(),
        }
    }

    /// An object of so many bytes was deleted because it is damaged.
    pub(super) fn removed(&self, path: &Path, bytes: u64) {
        let mut state = self.state();
        state.bytes = state.bytes.saturating_sub(bytes);
        if let Some(write) = state.writes.get_mut(path) {
            write.counted = Some(0);
        }
        if let Some(fresh) = &mut state.fresh {
            fresh.insert(path.clone(), 0);
        }
    }

    /// Says that the objects are going to be listed, until what is returned is dropped. One count at a time.
    pub(super) fn counting(&self) -> Counting<'_> {
        self.state().fresh = Some(HashMap::new());
        Counting(self)
    }
}

/// An object that is being written.
pub(super) struct Writing<'a> {
    tally: &'a Tally,
    path: Path,
}

impl Writing<'_> {
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The store has so many bytes under this name, which will be replaced.
    pub(super) fn replaces(&self, bytes: u64) {
        if let Some(write) = self.tally.state().writes.get_mut(&self.path) {
            // Another writer of the same object, or a count, knows it better.
            write.counted.get_or_insert(bytes);
        }
    }

    /// It is written, and has so many bytes.
    pub(super) fn done(&self, bytes: u64) {
        let mut state = self.tally.state();
        let write = state.writes.entry(self.path.clone()).or_default();
        let counted = write.counted.replace(bytes).unwrap_or(0);
        state.bytes = state.bytes.saturating_sub(counted).saturating_add(bytes);
        if let Some(fresh) = &mut state.fresh {
            fresh.insert(self.path.clone(), bytes);
        }
    }
}

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        let mut state = self.tally.state();
        if let Some(write) = state.writes.get_mut(&self.path) {
            write.writers -= 1;
            if write.writers == 0 {
                state.writes.remove(&self.path);
            }
        }
    }
}

/// A count of the objects.
pub(super) struct Counting<'a>(&'a Tally);

impl Counting<'_> {
    /// Takes the sizes of a list that was begun after the count.
    pub(super) fn listed<'p>(&self, all: impl Iterator<Item = (&'p Path, u64)>) {
        let all: HashMap<&Path, u64> = all.collect();
        let mut state = self.0.state();
        let state = &mut *state;
        state.bytes = all.values().sum();
        let listed = |path: &Path| all.get(path).copied().unwrap_or(0);
        for (path, write) in &mut state.writes {
            write.counted = Some(listed(path));
        }
        for (path, bytes) in state.fresh.iter().flatten() {
            let before = state.bytes.saturating_sub(listed(path));
            state.bytes = before.saturating_add(*bytes);
            if let Some(write) = state.writes.get_mut(path) {
                write.counted = Some(*bytes);
            }
        }
    }

    /// Whether nobody writes this object, or has written it since the count began.
    pub(super) fn is_old(&self, path: &Path) -> bool {
        let state = self.0.state();
        let is_fresh = state
            .fresh
            .as_ref()
            .is_some_and(|fresh| fresh.contains_key(path));
        !is_fresh && !state.writes.contains_key(path)
    }

    /// An object of the list was deleted.
    pub(super) fn deleted(&self, path: &Path, bytes: u64) {
        let mut state = self.0.state();
        let fresh = state.fresh.as_ref();
        if fresh.is_some_and(|fresh| fresh.contains_key(path)) {
            // It was written meanwhile, and may be there again.
            return;
        }
        state.bytes = state.bytes.saturating_sub(bytes);
        if let Some(write) = state.writes.get_mut(path) {
            write.counted = Some(0);
        }
    }
}

impl Drop for Counting<'_> {
    fn drop(&mut self) {
        self.0.state().fresh = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(name: &str) -> Path {
        Path::from(name)
    }

    /// A step of a write: it begins, is done, and is forgotten.
    fn go<'t>(step: usize, tally: &'t Tally, write: &mut Option<Writing<'t>>) {
        match step {
            0 => *write = Some(tally.writing(&path("new"))),
            1 => write.as_ref().unwrap().done(10),
            _ => *write = None,
        }
    }

    /// A count before, between and behind all steps of a write, with each list that it can get.
    #[test]
    fn what_is_written_during_a_count_counts_once() {
        let (old, new) = (path("old"), path("new"));
        for begins in 0..4 {
            for ends in begins..4 {
                // It can be in the list once its writing has begun, and has to be once that is done.
                let lists = [(1, begins < 2), (2, ends > 0)];
                for (length, _) in lists.into_iter().filter(|(_, possible)| *possible) {
                    let tally = Tally::default();
                    let (mut write, mut count) = (None, None);
                    for step in 0..4 {
                        if step == begins {
                            count = Some(tally.counting());
                        }
                        if step == ends {
                            let listed = [(&old, 5), (&new, 10)].into_iter().take(length);
                            count.take().unwrap().listed(listed);
                        }
                        go(step, &tally, &mut write);
                    }
                    assert_eq!(tally.bytes(), 15, "{begins} {ends} {length}");
                    assert!(tally.state().writes.is_empty());
                }
            }
        }
    }

    #[test]
    fn two_who_write_the_same_and_one_who_replaces_count_once() {
        let tally = Tally::default();
        let (one, two) = (tally.writing(&path("a")), tally.writing(&path("a")));
        one.done(10);
        drop(one);
        // It looked before the first one was done, or behind it.
        two.replaces(10);
        two.done(10);
        drop(two);
        assert_eq!(tally.bytes(), 10);
        let larger = tally.writing(&path("a"));
        larger.replaces(10);
        larger.done(12);
        drop(larger);
        assert_eq!(tally.bytes(), 12);
        // One that fails changes nothing.
        let failed = tally.writing(&path("b"));
        drop(failed);
        assert_eq!(tally.bytes(), 12);
        tally.removed(&path("a"), 12);
        assert_eq!(tally.bytes(), 0);
    }

    #[test]
    fn what_is_deleted_while_it_is_written_is_not_missed() {
        let (a, b, c) = (path("a"), path("b"), path("c"));
        let tally = Tally::default();
        let count = tally.counting();
        // Damaged, and in the list all the same.
        tally.removed(&c, 0);
        count.listed([(&a, 10), (&b, 10), (&c, 10)].into_iter());
        assert_eq!(tally.bytes(), 20);
        assert!(count.is_old(&a) && count.is_old(&b) && !count.is_old(&c));
        let write = tally.writing(&a);
        write.replaces(10);
        assert!(!count.is_old(&a));
        // Its deletion had begun before.
        count.deleted(&a, 10);
        assert_eq!(tally.bytes(), 10);
        write.done(10);
        drop(write);
        assert_eq!(tally.bytes(), 20);
        assert!(!count.is_old(&a));
        // Which of both came last is not known.
        count.deleted(&a, 10);
        assert_eq!(tally.bytes(), 20);
        drop(count);
        assert!(tally.counting().is_old(&a));
    }
}
