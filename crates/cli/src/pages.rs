//! Lists that registries give in pages, read to their end.

use onionskin_core::source::SourceError;
use onionskin_core::source::registry::WholeList;
use serde::Serialize;

use crate::output::{Format, Output};
use crate::terminal::Visible;

/// Names in the order of a registry.
pub(crate) struct Names(WholeList);

impl From<WholeList> for Names {
    fn from(list: WholeList) -> Self {
        Self(list)
    }
}

impl Names {
    /// Those that `is_wanted` chooses, by name.
    ///
    /// # Errors
    /// Some are missing from the list.
    pub(crate) fn chosen(self, is_wanted: impl Fn(&str) -> bool) -> anyhow::Result<Vec<String>> {
        if let Some(problem) = self.0.problem {
            return Err(problem.into());
        }
        let mut chosen = self.0.names;
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
        let WholeList { names, problem } = self.0;
        let count = names.len();
        match format {
            Format::Json => output.json(&report(names))?,
            Format::Text => {
                let lines = names.iter();
                let lines: String = lines.map(|name| format!("{}\n", Visible(name))).collect();
                output.list(&lines)?;
            }
        }
        match problem {
            None => Ok(()),
            Some(error @ SourceError::Incomplete { .. }) => Err(error.into()),
            Some(error) => {
                let so_far = format!("only the first {count} names could be listed");
                Err(anyhow::Error::new(error).context(so_far))
            }
        }
    }
}
