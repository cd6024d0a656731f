//! What manifests that passed by said of their blobs: a hint at how a registry codes them, and nothing more.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use onionskin_core::digest::Digest;
use onionskin_core::source::registry::Described;

use crate::limits::DESCRIBED_BLOBS;

/// A blob of a repository, as this gateway names it. What one repository says is not believed of another's blobs.
type Key = (String, Digest);

/// The blobs that were described last.
#[derive(Default)]
pub(crate) struct DescribedBlobs(Mutex<Known>);

#[derive(Default)]
struct Known {
    blobs: HashMap<Key, Described>,
    /// The oldest first.
    order: VecDeque<Key>,
}

impl DescribedBlobs {
    pub(crate) fn remember(&self, name: &str, blobs: Vec<(Digest, Described)>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (digest, described) in blobs {
            let key = (name.to_owned(), digest);
            if known.blobs.insert(key.clone(), described).is_none() {
                known.order.push_back(key);
            }
            if known.order.len() > DESCRIBED_BLOBS
                && let Some(oldest) = known.order.pop_front()
            {
                known.blobs.remove(&oldest);
            }
        }
    }

    /// What is known of a blob, if anything is.
    pub(crate) fn of(&self, name: &str, digest: &Digest) -> Described {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let described = known.blobs.get(&(name.to_owned(), digest.clone()));
        described.copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_ones_are_remembered_each_for_its_repository() {
        let known = DescribedBlobs::default();
        let blob = |at: usize| {
            let described = Described {
                size: Some(at as u64),
                compressed: Some(true),
            };
            (Digest::sha256(at.to_string().as_bytes()), described)
        };
        for at in 0..=DESCRIBED_BLOBS {
            known.remember("a", vec![blob(at)]);
        }
        let (oldest, last) = (blob(0), blob(DESCRIBED_BLOBS));
        assert_eq!(known.of("a", &oldest.0), Described::default());
        assert_eq!(known.of("a", &last.0), last.1);
        assert_eq!(known.of("b", &last.0), Described::default());
    }
}
