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

/// All names of a list, in the order of the registry.
#[derive(Debug)]
pub struct WholeList {
    /// The names, each once.
    pub names: Vec<String>,
    /// Why these are not all.
    pub problem: Option<SourceError>,
}

/// All names of the list that messages call `what`; `page` asks for a part of it, and gives what asks for the next one.
///
/// # Errors
/// There is no list. One that ends too early is given as far as it came, with the reason.
pub async fn whole_list(
    what: &str,
    page: impl AsyncFn(Option<&str>) -> Result<(Vec<String>, Option<String>), SourceError>,
) -> Result<WholeList, SourceError> {
    let mut pages = Pages::default();
    let (first, mut next) = page(None).await?;
    let mut problem = None;
    let mut bytes: usize = first.iter().map(String::len).sum();
    let mut names = pages.without_known(first);
    loop {
        let query = match pages.follow(what, next.take()) {
            Ok(Some(query)) => query,
            Ok(None) => break,
            Err(error) => {
                problem = Some(error);
                break;
            }
        };
        if bytes > limits::LISTED_BYTES {
            problem = Some(SourceError::Incomplete {
                what: what.to_owned(),
                reason: format!("its names have more than {} bytes", limits::LISTED_BYTES),
            });
            break;
        }
        match page(Some(&query)).await {
            Ok((more, after)) => {
                bytes += more.iter().map(String::len).sum::<usize>();
                names.extend(pages.without_known(more));
                next = after;
            }
            Err(error) => {
                problem = Some(error);
                break;
            }
        }
    }
    Ok(WholeList { names, problem })
}

/// What `made` makes of the names that stand under `key` of an answer to a request for `what`, whose list is at `list`; and
/// what asks for the next ones.
///
/// Short names take twenty times their bytes of memory. So they are made use of in the turn in which they are read, and
/// nobody holds them while others wait for theirs.
pub(super) async fn page<T: Send + 'static>(
    response: Response,
    list: &Url,
    what: &str,
    key: &str,
    made: impl FnOnce(Vec<String>) -> T + Send + 'static,
) -> Result<(T, Option<String>), SourceError> {
    let next = next(&response, list, what)?;
    let body = answer::body(response, limits::DOCUMENT_BYTES, what).await?;
    let (length, wanted, goes_on) = (body.len(), key.to_owned(), next.is_some());
    let read = move || {
        let names = match names(&body, &wanted) {
            Some(Some(names)) => names,
            // Page by page some leave the key out where there is nothing, and go on.
            Some(None) if goes_on => Vec::new(),
            None if goes_on && body.trim_ascii().is_empty() => Vec::new(),
            _ => return None,
        };
        Some(made(names))
    };
    match off_thread(length, read).await {
        Some(made) => Ok((made, next)),
        None => Err(SourceError::Mismatch {
            what: what.to_owned(),
            promised: format!("a list of {key}"),
            got: "something else".to_owned(),
        }),
    }
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
    use futures::executor::block_on;

    use super::*;

    /// Where it would wait for another turn, each of many clients would hold a list that is read.
    #[cfg(not(target_arch = "wasm32"))]
    #[tokio::test]
    async fn a_long_list_is_made_use_of_where_it_is_read() {
        let names = vec!["\"a\""; 100_000].join(",");
        let answer = hyper::Response::new(format!("{{\"tags\":[{names}]}}"));
        let list = Url::parse("https://registry.test/v2/app/tags/list").unwrap();
        let made = |names: Vec<String>| (names.len(), std::thread::current().id());
        let page = super::page(answer.into(), &list, "x", "tags", made).await;
        let ((count, thread), next) = page.unwrap();
        assert_eq!((count, next), (100_000, None));
        assert_ne!(thread, std::thread::current().id());
    }

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

    fn page(name: &str, next: &str) -> (Vec<String>, Option<String>) {
        (vec![name.to_owned()], Some(next.to_owned()))
    }

    fn number(query: Option<&str>) -> usize {
        query.map_or(0, |query| query.parse().unwrap_or(0))
    }

    #[test]
    fn a_list_that_leads_back_ends_with_an_error() {
        let list = whole_list("x", async |query: Option<&str>| {
            Ok(match query {
                None => page("a", "b"),
                Some("b") => page("b", "c"),
                Some(_) => page("c", "b"),
            })
        });
        let list = block_on(list).unwrap();
        assert_eq!(list.names, ["a", "b", "c"]);
        assert!(matches!(list.problem, Some(SourceError::Incomplete { .. })));
    }

    #[test]
    fn a_list_without_end_is_cut_and_says_so() {
        let large = "x".repeat(1 << 20);
        let list = whole_list("x", async |query: Option<&str>| {
            Ok(page(&large, &(number(query) + 1).to_string()))
        });
        let list = block_on(list).unwrap();
        assert!(list.names.len() < 100, "{}", list.names.len());
        assert!(list.problem.is_some());
    }

    #[test]
    fn pages_without_names_go_on_but_not_for_ever() {
        let list = whole_list("x", async |query: Option<&str>| {
            let at = number(query);
            let names = match at {
                3 => vec!["a".to_owned()],
                _ => Vec::new(),
            };
            Ok((names, (at < 3).then(|| (at + 1).to_string())))
        });
        let list = block_on(list).unwrap();
        assert_eq!(list.names, ["a"]);
        assert!(list.problem.is_none());
        let endless = whole_list("x", async |query: Option<&str>| {
            Ok((Vec::new(), Some((number(query) + 1).to_string())))
        });
        assert!(block_on(endless).unwrap().problem.is_some());
    }

    #[test]
    fn what_came_before_an_error_is_kept_and_the_error_too() {
        let list = whole_list("x", async |query: Option<&str>| match query {
            None => Ok(page("a", "b")),
            Some(_) => Err(SourceError::NoRegistry("x".to_owned())),
        });
        let list = block_on(list).unwrap();
        assert_eq!(list.names, ["a"]);
        assert!(matches!(list.problem, Some(SourceError::NoRegistry(_))));
    }
}
