//! Lists that come in pages: the names in one, where the next one is, and lists that have no end.

use std::collections::BTreeSet;

use reqwest::{Response, Url};
use serde_json::Value;

use super::answer;
use super::link;
use crate::limits;
use crate::source::SourceError;

/// The pages of one list that were asked for.
///
/// A list is complete, or it ends in an error: one that leads back to a page that was read before, or goes on for more
/// than [`limits::LISTED_PAGES`], is not cut short silently.
#[derive(Clone, Debug, Default)]
pub struct Pages {
    asked: BTreeSet<String>,
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
    let names = match serde_json::from_slice(&body) {
        Ok(Value::Object(mut root)) => root.remove(key),
        // Registries say null where there are none.
        Ok(Value::Null) => Some(Value::Null),
        _ => None,
    };
    let names = match names {
        Some(Value::Array(names)) => names,
        Some(Value::Null) => Vec::new(),
        // Page by page some leave the key out where there is nothing, and go on.
        None if next.is_some() => Vec::new(),
        _ => {
            return Err(SourceError::Mismatch {
                what: what.to_owned(),
                promised: format!("a list of {key}"),
                got: "something else".to_owned(),
            });
        }
    };
    let names = names
        .iter()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect();
    Ok((names, next))
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
