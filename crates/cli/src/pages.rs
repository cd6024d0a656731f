//! Lists that registries give in pages, read to their end.

use onionskin_core::limits;
use onionskin_core::source::SourceError;
use onionskin_core::source::registry::Pages;
use serde::Serialize;

use crate::output::{Format, Output};
use crate::terminal::Visible;

/// Names in the order of a registry.
pub(crate) struct Names {
    names: Vec<String>,
    /// Why these are not all.
    problem: Option<SourceError>,
}

/// All names of the list that messages call `what`; `page` asks for a part of it, and gives what asks for the next one.
///
/// # Errors
/// There is no list. One that ends too early is given as far as it came: [`Names::print`] then fails.
pub(crate) async fn all(
    what: &str,
    page: impl AsyncFn(Option<&str>) -> Result<(Vec<String>, Option<String>), SourceError>,
) -> Result<Names, SourceError> {
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
    Ok(Names { names, problem })
}

impl Names {
    /// Those that `is_wanted` chooses, by name.
    ///
    /// # Errors
    /// Some are missing from the list.
    pub(crate) fn chosen(self, is_wanted: impl Fn(&str) -> bool) -> anyhow::Result<Vec<String>> {
        if let Some(problem) = self.problem {
            return Err(problem.into());
        }
        let mut chosen = self.names;
        chosen.retain(|name| is_wanted(name));
        chosen.sort();
        Ok(chosen)
    }

    /// Prints them: one a line, or as the document that `report` makes of them.
    ///
    /// # Errors
    /// Some are missing, or they cannot be written.
    pub(crate) fn print<R: Serialize>(
        self,
        format: Format,
        output: &Output,
        report: impl FnOnce(Vec<String>) -> R,
    ) -> anyhow::Result<()> {
        let count = self.names.len();
        match format {
            Format::Json => output.json(&report(self.names))?,
            Format::Text => {
                let lines = self.names.iter();
                let lines: String = lines.map(|name| format!("{}\n", Visible(name))).collect();
                output.text(&lines)?;
            }
        }
        match self.problem {
            None => Ok(()),
            Some(error @ SourceError::Incomplete { .. }) => Err(error.into()),
            Some(error) => {
                let so_far = format!("only the first {count} names could be listed");
                Err(anyhow::Error::new(error).context(so_far))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(name: &str, next: &str) -> (Vec<String>, Option<String>) {
        (vec![name.to_owned()], Some(next.to_owned()))
    }

    fn number(query: Option<&str>) -> usize {
        query.map_or(0, |query| query.parse().unwrap_or(0))
    }

    #[tokio::test]
    async fn a_list_that_leads_back_ends_with_an_error() {
        let list = all("x", async |query: Option<&str>| {
            Ok(match query {
                None => page("a", "b"),
                Some("b") => page("b", "c"),
                Some(_) => page("c", "b"),
            })
        });
        let list = list.await.unwrap();
        assert_eq!(list.names, ["a", "b", "c"]);
        assert!(matches!(list.problem, Some(SourceError::Incomplete { .. })));
    }

    #[tokio::test]
    async fn a_list_without_end_is_cut_and_says_so() {
        let large = "x".repeat(1 << 20);
        let list = all("x", async |query: Option<&str>| {
            Ok(page(&large, &(number(query) + 1).to_string()))
        });
        let list = list.await.unwrap();
        assert!(list.names.len() < 100, "{}", list.names.len());
        assert!(list.problem.is_some());
    }

    #[tokio::test]
    async fn pages_without_names_go_on_but_not_for_ever() {
        let list = all("x", async |query: Option<&str>| {
            let at = number(query);
            let names = match at {
                3 => vec!["a".to_owned()],
                _ => Vec::new(),
            };
            Ok((names, (at < 3).then(|| (at + 1).to_string())))
        });
        let list = list.await.unwrap();
        assert_eq!(list.names, ["a"]);
        assert!(list.problem.is_none());
        let endless = all("x", async |query: Option<&str>| {
            Ok((Vec::new(), Some((number(query) + 1).to_string())))
        });
        assert!(endless.await.unwrap().problem.is_some());
    }

    #[tokio::test]
    async fn what_came_before_an_error_is_kept_and_the_error_too() {
        let list = all("x", async |query: Option<&str>| match query {
            None => Ok(page("a", "b")),
            Some(_) => Err(SourceError::NoRegistry("x".to_owned())),
        });
        let list = list.await.unwrap();
        assert_eq!(list.names, ["a"]);
        assert!(matches!(list.problem, Some(SourceError::NoRegistry(_))));
    }
}
