//! Blobs that were cut off because a registry sent something else: who asks for the rest of one learns why.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use onionskin_core::digest::Digest;

use crate::limits::MISMATCHES;

/// How long the reason is told. Clients that want to go on ask at once.
const TOLD: Duration = Duration::from_secs(60);

/// What was promised of a blob, and what came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mismatch {
    pub(crate) promised: String,
    pub(crate) got: String,
}

/// The blobs that were cut off last, each as a repository names it.
#[derive(Default)]
pub(crate) struct Mismatches(Mutex<VecDeque<Entry>>);

struct Entry {
    name: String,
    digest: Digest,
    when: Instant,
    why: Mismatch,
}

impl Mismatches {
    pub(crate) fn remember(&self, name: &str, digest: &Digest, why: Mismatch) {
        self.forget(name, digest);
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= MISMATCHES {
            entries.pop_front();
        }
        entries.push_back(Entry {
            name: name.to_owned(),
            digest: digest.clone(),
            when: Instant::now(),
            why,
        });
    }

    /// Forgets a blob, because somebody begins anew with it.
    pub(crate) fn forget(&self, name: &str, digest: &Digest) {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        entries.retain(|entry| !entry.is(name, digest));
    }

    /// Why a blob was cut off a moment ago, if it was.
    pub(crate) fn why(&self, name: &str, digest: &Digest) -> Option<Mismatch> {
        let entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut entries = entries.iter();
        let entry = entries.find(|entry| entry.is(name, digest) && entry.when.elapsed() < TOLD)?;
        Some(entry.why.clone())
    }
}

impl Entry {
    fn is(&self, name: &str, digest: &Digest) -> bool {
        self.name == name && self.digest == *digest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_ones_are_told_each_for_its_repository() {
        let mismatches = Mismatches::default();
        let digest = |at: usize| Digest::sha256(at.to_string().as_bytes());
        let why = |at: usize| Mismatch {
            promised: at.to_string(),
            got: "more".to_owned(),
        };
        for at in 0..=MISMATCHES {
            mismatches.remember("a", &digest(at), why(at));
        }
        assert_eq!(mismatches.why("a", &digest(0)), None);
        assert_eq!(mismatches.why("a", &digest(1)), Some(why(1)));
        assert_eq!(mismatches.why("b", &digest(1)), None);
        mismatches.forget("a", &digest(1));
        assert_eq!(mismatches.why("a", &digest(1)), None);
    }
}
