//! Where a report goes: standard output or a file.

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;

use anyhow::Context as _;
use serde::Serialize;

use crate::terminal::{self, Visible};

/// How a report is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs; the form is versioned and its order stable.
    Json,
}

/// The flags of every command that reports.
#[derive(clap::Args)]
pub(crate) struct OutputArguments<F = Format>
where
    F: clap::ValueEnum + Default + Send + Sync + 'static,
{
    /// How to write it
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: F,

    /// Write to a file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl<F> OutputArguments<F>
where
    F: clap::ValueEnum + Default + Send + Sync + 'static,
{
    /// The columns that text may take; `None` where nobody looks at a terminal.
    pub(crate) fn width(&self) -> Option<usize> {
        match self.output {
            Some(_) => None,
            None => terminal::width(),
        }
    }

    /// Writes text, with its colours where a terminal shows them.
    pub(crate) fn text(&self, report: &str) -> anyhow::Result<()> {
        match &self.output {
            Some(_) => self.bytes(anstream::adapter::strip_str(report).to_string().as_bytes()),
            None => {
                let mut out = anstream::stdout().lock();
                out.write_all(report.as_bytes())?;
                Ok(out.flush()?)
            }
        }
    }

    /// Writes a document as JSON, indented, with a newline at its end.
    pub(crate) fn json(&self, report: &impl Serialize) -> anyhow::Result<()> {
        let mut json =
            serde_json::to_vec_pretty(report).context("cannot write the report as JSON")?;
        json.push(b'\n');
        self.bytes(&json)
    }

    /// Writes bytes as they are.
    pub(crate) fn bytes(&self, report: &[u8]) -> anyhow::Result<()> {
        match &self.output {
            Some(path) => {
                fs::write(path, report).with_context(|| format!("cannot write {}", path.display()))
            }
            None => {
                let mut out = std::io::stdout().lock();
                out.write_all(report)?;
                Ok(out.flush()?)
            }
        }
    }
}

impl OutputArguments {
    /// Writes names that a registry gave.
    pub(crate) fn names(&self, names: &[String]) -> anyhow::Result<()> {
        match self.format {
            Format::Json => self.json(&names),
            Format::Text => {
                let lines = names.iter().map(|name| format!("{}\n", Visible(name)));
                self.text(&lines.collect::<String>())
            }
        }
    }
}
