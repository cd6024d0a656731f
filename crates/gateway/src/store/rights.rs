//! What visitors were found to be allowed, for the time in which a registry cannot be asked.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use onionskin_core::digest::Digest;

use crate::limits::KNOWN_RIGHTS;

/// Who may have what: a user, or everybody where there are none, with a log-in of their own at the registry or with the
/// operator's; a repository as it is called here; and a tag or a digest in it. A right on one blob of a repository is none on another.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Right {
    pub(crate) user: Option<String>,
    /// The key of the log-in that the visitor sent.
    pub(crate) login: Option<Digest>,
    pub(crate) name: String,
    pub(crate) wanted: String,
}

/// The rights that were checked last.
pub(crate) struct Rights {
    grace: Duration,
    known: Mutex<HashMap<Right, (Instant, Digest)>>,
}

impl Rights {
    pub(crate) fn new(grace: Duration) -> Self {
        Self {
            grace,
            known: Mutex::default(),
        }
    }

    /// The registry gives `digest` for this.
    pub(crate) fn given(&self, right: Right, digest: &Digest) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= KNOWN_RIGHTS {
            known.retain(|_, (when, _)| when.elapsed() < self.grace);
        }
        if known.len() >= KNOWN_RIGHTS {
            known.clear();
        }
        known.insert(right, (Instant::now(), digest.clone()));
    }

    /// The registry refuses it.
    pub(crate) fn refused(&self, right: &Right) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.remove(right);
    }

    /// What the registry gave for it not long ago.
    pub(crate) fn recent(&self, right: &Right) -> Option<Digest> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let (when, digest) = known.get(right)?;
        (when.elapsed() < self.grace).then(|| digest.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn right(user: Option<&str>, name: &str, wanted: &str) -> Right {
        Right {
            user: user.map(str::to_owned),
            login: None,
            name: name.to_owned(),
            wanted: wanted.to_owned(),
        }
    }

    #[test]
    fn a_right_is_one_users_on_one_thing_of_one_repository_for_a_time() {
        let rights = Rights::new(Duration::from_secs(3600));
        let digest = Digest::sha256(b"a");
        rights.given(right(Some("alice"), "r/app", "1"), &digest);
        let recent = |user, name, wanted| rights.recent(&right(user, name, wanted));
        assert_eq!(recent(Some("alice"), "r/app", "1"), Some(digest.clone()));
        assert_eq!(recent(Some("bob"), "r/app", "1"), None);
        assert_eq!(recent(None, "r/app", "1"), None);
        assert_eq!(recent(Some("alice"), "r/other", "1"), None);
        assert_eq!(recent(Some("alice"), "r/app", "2"), None);
        let with_log_in = Right {
            login: Some(Digest::sha256(b"log-in")),
            ..right(Some("alice"), "r/app", "1")
        };
        assert_eq!(rights.recent(&with_log_in), None);
        rights.refused(&right(Some("alice"), "r/app", "1"));
        assert_eq!(recent(Some("alice"), "r/app", "1"), None);
        let none = Rights::new(Duration::ZERO);
        none.given(right(None, "r/app", "1"), &digest);
        assert_eq!(none.recent(&right(None, "r/app", "1")), None);
        for at in 0..=KNOWN_RIGHTS {
            none.given(right(None, "r/app", &at.to_string()), &digest);
        }
        assert!(none.known.lock().unwrap().len() <= KNOWN_RIGHTS);
    }
}
