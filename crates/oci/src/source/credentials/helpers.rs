//! What credential helpers answered. A helper is a process: it is asked once for a registry, by everybody who wants
//! to know at the same time, and its answer is remembered for a while.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::Credentials;
use super::config::Helper;
use super::helper::{self, HelperError};

/// How long a helper may take; some ask a cloud, some ask a person.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long an answer is good. Clouds give tokens for an hour and more.
const REMEMBERED: Duration = Duration::from_secs(15 * 60);
/// How long it takes until a helper that failed is asked again.
const FAILED: Duration = Duration::from_secs(30);

type Answer = Result<Option<Credentials>, HelperError>;

/// An answer and when it came; locked while the helper is asked.
type Known = Arc<tokio::sync::Mutex<Option<(Instant, Answer)>>>;

/// The helpers that were asked. Those of several registries are asked at the same time.
#[derive(Default)]
pub(super) struct Helpers {
    known: Mutex<HashMap<Helper, Known>>,
}

impl Helpers {
    /// What a helper answers, or answered a short while ago.
    pub(super) async fn ask(&self, helper: Helper) -> Answer {
        let known = self.known(&helper);
        // A task of its own: who goes away and comes again must not start one process after the other.
        let asked = tokio::spawn(async move {
            let mut known = known.lock().await;
            if let Some((when, answer)) = &*known {
                let good = if answer.is_ok() { REMEMBERED } else { FAILED };
                if when.elapsed() < good {
                    return answer.clone();
                }
            }
            let answer = helper::ask(&helper, PATIENCE).await;
            *known = Some((Instant::now(), answer.clone()));
            answer
        });
        asked.await.unwrap_or_else(|error| {
            let problem = format!("the credential helper could not be asked: {error}");
            Err(HelperError::Failed(problem))
        })
    }

    fn known(&self, helper: &Helper) -> Known {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(known.entry(helper.clone()).or_default())
    }
}
