//! A pause for a bucket that fails, so that not every visitor waits until it fails again.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long nothing is asked of a bucket that failed. Registries answer meanwhile, as without a store.
const PAUSE: Duration = Duration::from_secs(10);

/// Whether a store is left alone, and until when.
#[derive(Debug, Default)]
pub(super) struct Rest(Mutex<Option<Instant>>);

impl Rest {
    /// The store failed at this time. Tells whether that is news: who asked at the same time need not say it again.
    pub(super) fn begin(&self, now: Instant) -> bool {
        let mut until = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_news = until.is_none_or(|until| until <= now);
        if is_news {
            *until = Some(now + PAUSE);
        }
        is_news
    }

    /// Whether it is to be left alone at this time.
    pub(super) fn is_on(&self, now: Instant) -> bool {
        let until = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        until.is_some_and(|until| until > now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_ends_by_itself_and_is_told_once() {
        let rest = Rest::default();
        let failed = Instant::now();
        assert!(!rest.is_on(failed));
        assert!(rest.begin(failed));
        let meanwhile = failed + PAUSE / 2;
        assert!(rest.is_on(meanwhile));
        // What fails meanwhile does not make it longer.
        assert!(!rest.begin(meanwhile));
        let after = failed + PAUSE;
        assert!(!rest.is_on(after));
        assert!(rest.begin(after));
        assert!(rest.is_on(after));
    }
}
