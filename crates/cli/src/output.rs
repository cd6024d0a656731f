//! How and where a command reports: the format, and standard output or a file.

mod destination;
mod inputs;

use std::fmt::Display;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::PathBuf;

use anyhow::Context as _;
use onionskin_core::report::console::Screen;
use onionskin_core::report::json;
use serde::Serialize;

pub(crate) use self::destination::{Destination, OutputError};
pub(crate) use self::inputs::Inputs;
use crate::terminal::{self, Visible};

/// How a report is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// For people
    #[default]
    Text,
    /// For programs: versioned, and stable in order
    Json,
}

/// The formats of a command, of which one is JSON. The default of all of them is called `text`: clap keeps one name of a
/// default for all types that stand for a parameter.
pub(crate) trait Formats: clap::ValueEnum + Copy + Default + Send + Sync + 'static {
    /// What `--json` stands for.
    const JSON: Self;
}

impl Formats for Format {
    const JSON: Self = Self::Json;
}

/// The flags of every command that reports.
#[derive(clap::Args)]
pub(crate) struct OutputArguments<F: Formats = Format> {
    /// The format of the report
    #[arg(short, long, value_enum, default_value_t)]
    format: F,

    /// Short for --format json
    #[arg(long, conflicts_with = "format")]
    json: bool,

    #[command(flatten)]
    file: FileArguments,
}

/// Where output goes.
#[derive(clap::Args)]
pub(crate) struct FileArguments {
    /// Write to a file instead of standard output; - is standard output
    ///
    /// An existing file is replaced only when all of the output is written, and keeps its permissions.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// A report's way out.
pub(crate) struct Output(Destination);

impl FileArguments {
    /// Where output goes, which must be none of the files that the command reads.
    pub(crate) fn open(&self, inputs: &Inputs) -> Result<Destination, OutputError> {
        Destination::of(self.output.as_deref(), inputs)
    }
}

impl<F: Formats> OutputArguments<F> {
    /// The format.
    pub(crate) const fn format(&self) -> F
    where
        F: Copy,
    {
        match self.json {
            true => F::JSON,
            false => self.format,
        }
    }

    /// Where the report goes, which must be none of the files that the command reads.
    pub(crate) fn open(&self, inputs: &Inputs) -> Result<Output, OutputError> {
        self.file.open(inputs).map(Output)
    }
}

impl Output {
    /// Where it goes.
    pub(crate) const fn destination(&self) -> &Destination {
        &self.0
    }

    /// What reports are made for: the terminal that shows them, or none.
    pub(crate) fn screen(&self) -> Screen {
        match self.is_terminal() {
            true => terminal::screen(),
            false => Screen::NONE,
        }
    }

    /// Whether a terminal shows what is written.
    fn is_terminal(&self) -> bool {
        self.0.is_stdout() && io::stdout().is_terminal()
    }

    /// Writes a report, in the characters and the colours of the terminal that shows it; as [`Self::list`].
    pub(crate) fn text(&self, report: &str) -> Result<(), OutputError> {
        match self.is_terminal() {
            true => self.list(&terminal::plain(report)),
            false => self.list(report),
        }
    }

    /// Writes lines of names as they are, with colours where a terminal shows them. Where whoever reads them has seen enough,
    /// as with `onionskin ls … | head`, they are written: what the command has found remains its exit code.
    pub(crate) fn list(&self, lines: &str) -> Result<(), OutputError> {
        let colours = self.0.is_stdout()
            && anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never;
        if colours && cfg!(windows) {
            // Older consoles have to be asked for colours in another way.
            let mut out = anstream::stdout().lock();
            let written = out.write_all(lines.as_bytes()).and_then(|()| out.flush());
            return read_enough(written.map_err(|error| self.0.failed(error)));
        }
        match colours {
            true => self.bytes(lines.as_bytes()),
            false => self.bytes(anstream::adapter::strip_str(lines).to_string().as_bytes()),
        }
    }

    /// Writes a document as JSON, indented, with a newline at its end; as [`Self::list`].
    pub(crate) fn json(&self, report: &impl Serialize) -> anyhow::Result<()> {
        let mut json = json::pretty(report).context("cannot write the report as JSON")?;
        json.push('\n');
        Ok(self.bytes(json.as_bytes())?)
    }

    /// Writes bytes as they are; as [`Self::list`].
    pub(crate) fn bytes(&self, report: &[u8]) -> Result<(), OutputError> {
        read_enough(self.0.write(report))
    }
}

/// Whoever reads a report may stop when they have seen enough.
fn read_enough(written: Result<(), OutputError>) -> Result<(), OutputError> {
    match written {
        Err(error) if error.is_broken_pipe() => Ok(()),
        written => written,
    }
}

/// Writes text for people to standard output: help, and what a server says.
pub(crate) fn print(text: &str) -> Result<(), OutputError> {
    Output(Destination::of(None, &Inputs::default())?).text(text)
}

/// Says something on standard error. Whoever does not listen has the report and the exit code all the same.
pub(crate) fn note(text: impl Display) {
    let _ = writeln!(io::stderr(), "onionskin: {}", Visible(&text.to_string()));
}
