//! The rules file that a visitor gave: read and evaluated in the browser, not uploaded.

use js_sys::Uint8Array;
use onionskin_core::limits::RULES_BYTES;
use wasm_bindgen_futures::JsFuture;
use web_sys::File;

use crate::worker::protocol::{RulesError, RulesFile};

/// Why a rules file is not used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RulesProblem {
    /// It was not read, for this reason.
    NotRead(String),
    /// It is no rules file.
    Invalid(RulesError),
}

/// A rules file and whether it can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RulesInput {
    pub(crate) file: RulesFile,
    pub(crate) problem: Option<RulesProblem>,
    /// The image that is shown is judged by it.
    pub(crate) judged: bool,
}

impl RulesInput {
    /// Whether a file of this name is one of rules, and no image.
    pub(crate) fn is_called(name: &str) -> bool {
        [".yaml", ".yml", ".dive-ci"]
            .iter()
            .any(|end| name.ends_with(end))
    }

    /// Reads a file that was dropped or picked.
    pub(crate) async fn of(file: &File) -> Self {
        let text = if file.size() > RULES_BYTES as f64 {
            let most = RULES_BYTES >> 20;
            Err(format!(
                "the file is larger than {most} MiB, the limit for rules files"
            ))
        } else {
            // As bytes: the browser would make text of whatever it is.
            let bytes = JsFuture::from(file.array_buffer()).await;
            let text = bytes.map(|bytes| Uint8Array::new(&bytes).to_vec());
            text.map_err(|_| "the browser could not read the file".to_owned())
        };
        let (text, problem) = match text {
            Ok(text) => (text, None),
            Err(problem) => (Vec::new(), Some(RulesProblem::NotRead(problem))),
        };
        RulesInput {
            problem,
            judged: false,
            file: RulesFile {
                name: file.name(),
                text,
            },
        }
    }

    /// The line of the file that cannot be used.
    pub(crate) fn line(&self) -> Option<String> {
        let RulesProblem::Invalid(error) = self.problem.as_ref()? else {
            return None;
        };
        let line = usize::try_from(error.line.checked_sub(1)?).ok()?;
        let line = self.file.text.split(|byte| *byte == b'\n').nth(line)?;
        Some(String::from_utf8_lossy(line).trim_end().to_owned())
    }
}
