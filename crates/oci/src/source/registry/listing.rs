//! Lists that come in pages: the names in one, where the next one is, and lists that have no end.

use std::collections::{BTreeSet, HashSet};

use reqwest::{Response, Url};

use super::answer;
use super::link;
use super::names::names;
use crate::limits;
use crate::source::SourceError;
use crate::source::portable::off_thread;

/// The pages of one list that were asked for.
///
/// A list is complete, or it ends in an error: one that leads back to a page that was read before, or goes on for more
/// than [`limits::LISTED_PAGES`], is not cut short silently.
#[derive(Clone, Debug, Default)]
pub struct Pages {
    asked: BTreeSet<String>,
    names: HashSet<String>,
}

impl Pages {
    /// What asks for the next page of `what`, as the page before gave it; `None` at the end.
    ///
    /// # Errors
    /// [`SourceError::Incomplete`] where the list has no end.
    pub fn follow(
        &mut self,
        what: &str,
        next: Option<String>,
    ) -> Result<Option<String>, SourceError> {
        let Some(next) = next else { return Ok(None) };
        let reason = if self.asked.len() >= limits::LISTED_PAGES {
            format!("it has more than {} pages", limits::LISTED_PAGES)
        } else if !self.asked.insert(next.clone()) {
            "its link to the next page leads back to a page that was read before".to_owned()
        } else {
            return Ok(Some(next));
        };
        Err(SourceError::Incomplete {
            what: what.to_owned(),
            reason,
        })
    }

    /// The names of a page that were on no page before, each once: pages overlap where something is pushed meanwhile, and
    /// of some registries always.
    pub fn without_known(&mut self, mut names: Vec<String>) -> Vec<String> {
        names.retain(|name| self.names.insert(name.clone()));
        names
    }
}

/// The names that stand under `key` of an answer to a request for `what`, whose list is at `list`, and what asks for the
/// next ones.
pub(super) async fn page(
    response: Response,
    list: &Url,
    what: &str,
    key: &str,
) -> Result<(Vec<String>, Option<String>), SourceError> {
    let next = next(&response, list, what)?;
    let body = answer::body(response, limits::DOCUMENT_BYTES, what).await?;
    let empty = body.trim_ascii().is_empty();
    let wanted = key.to_owned();
    let names = off_thread(body.len(), move || names(&body, &wanted)).await;
    match names {
        Some(Some(names)) => Ok((names, next)),
        // Page by page some leave the key out where there is nothing, and go on.
        Some(None) if next.is_some() => Ok((Vec::new(), next)),
        None if next.is_some() && empty => Ok((Vec::new(), next)),
        _ => Err(SourceError::Mismatch {
            what: what.to_owned(),
            promised: format!("a list of {key}"),
            got: "something else".to_owned(),
        }),
    }
}

/// About how much work so many names are.
pub(super) fn bytes(names: &[String]) -> usize {
    const NAME: usize = 32;
    names.len().saturating_mul(NAME)
}

/// What asks for the page after this answer.
pub(super) fn next(
    response: &Response,
    list: &Url,
    what: &str,
) -> Result<Option<String>, SourceError> {
    link::next(response.headers(), response.url(), list).map_err(|reason| SourceError::Incomplete {
        what: what.to_owned(),
        reason,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_pages_that_overlap_are_told_once() {
        let mut pages = Pages::default();
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(pages.without_known(names(&["b", "a", "b"])), ["b", "a"]);
        assert_eq!(pages.without_known(names(&["a", "c"])), ["c"]);
    }

    #[test]
    fn a_list_without_end_is_an_error() {
        let mut pages = Pages::default();
        let next = |text: &str| Some(text.to_owned());
        assert!(matches!(pages.follow("x", next("a")), Ok(Some(_))));
        assert!(matches!(pages.follow("x", next("b")), Ok(Some(_))));
        assert!(matches!(pages.follow("x", None), Ok(None)));
        let error = pages.follow("x", next("a"));
        assert!(matches!(error, Err(SourceError::Incomplete { .. })));

        let mut pages = Pages::default();
        let error = (0..).find_map(|at| pages.follow("x", Some(at.to_string())).err());
        assert!(error.unwrap().to_string().contains("pages"));
    }
}
