//! Lists that registries give in pages, read to their end.

use std::collections::BTreeSet;

use anyhow::ensure;
use onionskin_core::limits;
use onionskin_core::source::SourceError;

use crate::output::OutputArguments;

/// Names in the order of a registry.
pub(crate) struct Names {
    names: Vec<String>,
    /// There are more, which were not asked for.
    cut: bool,
}

/// All names of a list; `page` asks for the part that a query stands for, and gives the query of the next one.
pub(crate) async fn all(
    page: impl AsyncFn(Option<&str>) -> Result<(Vec<String>, Option<String>), SourceError>,
) -> Result<Names, SourceError> {
    let mut names = Vec::new();
    let mut bytes = 0;
    let mut query = None;
    let mut asked = BTreeSet::new();
    loop {
        let (more, next) = page(query.as_deref()).await?;
        bytes += more.iter().map(String::len).sum::<usize>();
        // A page without a name brings nothing, and there may be any number of them.
        let empty = more.is_empty();
        names.extend(more);
        asked.insert(query);
        match next {
            Some(_) if bytes > limits::LISTED_BYTES || asked.len() > limits::LISTED_PAGES => {
                return Ok(Names { names, cut: true });
            }
            // Where it was before, a list would go on for ever.
            Some(next) if !empty && !asked.contains(&Some(next.clone())) => query = Some(next),
            _ => return Ok(Names { names, cut: false }),
        }
    }
}

impl Names {
    /// Prints them, one a line.
    ///
    /// # Errors
    /// Some are missing, or they cannot be written.
    pub(crate) fn print(&self, output: &OutputArguments) -> anyhow::Result<()> {
        output.names(&self.names)?;
        ensure!(
            !self.cut,
            "the list goes on after these {} names; it is cut here",
            self.names.len()
        );
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(name: &str, next: &str) -> (Vec<String>, Option<String>) {
        (vec![name.to_owned()], Some(next.to_owned()))
    }

    #[tokio::test]
    async fn a_list_that_leads_back_ends() {
        let list = all(async |query: Option<&str>| {
            Ok(match query {
                None => page("a", "b"),
                Some("b") => page("b", "c"),
                Some(_) => page("c", "b"),
            })
        });
        let list = list.await.unwrap();
        assert_eq!(list.names, ["a", "b", "c"]);
        assert!(!list.cut);
    }

    #[tokio::test]
    async fn a_list_without_end_is_cut() {
        let large = "x".repeat(1 << 20);
        let list = all(async |query: Option<&str>| {
            let at: usize = query.map_or(0, |query| query.parse().unwrap_or(0));
            Ok(page(&large, &(at + 1).to_string()))
        });
        let list = list.await.unwrap();
        assert!(list.cut && list.names.len() < 100, "{}", list.names.len());
    }

    #[tokio::test]
    async fn a_list_that_only_promises_ends() {
        let list = all(async |query: Option<&str>| {
            let at: usize = query.map_or(0, |query| query.parse().unwrap_or(0));
            assert!(at < 2);
            Ok((Vec::new(), Some((at + 1).to_string())))
        });
        assert!(list.await.unwrap().names.is_empty());
    }
}
