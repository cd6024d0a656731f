//! The table: what was measured, against what, and how that compares with the target.

use std::fmt;
use std::path::Path;

use anyhow::Result;

use crate::document;

/// The line of the document below which the table is.
const BEGIN: &str = "<!-- cargo xtask bench writes from here -->";

/// Rows in the order in which they were measured.
#[derive(Default)]
pub(crate) struct Table(Vec<Row>);

struct Row {
    what: String,
    against: String,
    figure: String,
    target: String,
    met: &'static str,
}

impl Table {
    /// A ratio of two measurements of this run, and what it should be at most.
    pub(crate) fn ratio(
        &mut self,
        what: &str,
        against: &str,
        ratio: f64,
        target: impl Into<Option<f64>>,
    ) {
        self.figure(what, against, ratio, target, "");
    }

    /// A figure with its unit, and what it should be at most.
    pub(crate) fn figure(
        &mut self,
        what: &str,
        against: &str,
        figure: f64,
        target: impl Into<Option<f64>>,
        unit: &str,
    ) {
        let target = target.into();
        let shown = match figure {
            figure if figure >= 20.0 => format!("{figure:.0}"),
            figure if figure < 0.1 => format!("{figure:.3}"),
            figure => format!("{figure:.2}"),
        };
        let met = match target {
            Some(target) if figure <= target => "yes",
            Some(_) => "**no**",
            None => "",
        };
        self.row(Row {
            what: what.to_owned(),
            against: against.to_owned(),
            figure: format!("{shown}{unit}"),
            target: target.map_or_else(String::new, |target| format!("{target}{unit}")),
            met,
        });
    }

    /// What could not be measured here, and why.
    pub(crate) fn missing(&mut self, what: &str, why: &str, target: f64) {
        self.row(Row {
            what: what.to_owned(),
            against: why.to_owned(),
            figure: "not measured".to_owned(),
            target: target.to_string(),
            met: "",
        });
    }

    fn row(&mut self, row: Row) {
        eprintln!("{row}");
        self.0.push(row);
    }

    /// Puts the table and the machine into a document.
    pub(crate) fn write(&self, path: &Path, machine: &str) -> Result<()> {
        document::replace(path, BEGIN, &format!("Measured on {machine}.\n\n{self}"))
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            what,
            against,
            figure,
            target,
            met,
        } = self;
        write!(f, "| {what} | {against} | {figure} | {target} | {met} |")
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| measured | against | figure | target | met |")?;
        write!(f, "|---|---|--:|--:|---|")?;
        self.0.iter().try_for_each(|row| write!(f, "\n{row}"))
    }
}
