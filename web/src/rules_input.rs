//! The rules file that a visitor gave: read and evaluated in the browser, not uploaded.

use js_sys::Uint8Array;
use wasm_bindgen_futures::JsFuture;
use web_sys::File;

use crate::worker::protocol::{RulesFile, RulesFileError};

/// No rules file is larger, in bytes.
const LARGEST: f64 = 1_000_000.0;

/// A rules file and whether it can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RulesInput {
    pub(crate) file: RulesFile,
    pub(crate) problem: Option<RulesFileError>,
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
        let (text, problem) = if file.size() > LARGEST {
            (
                None,
                "the file is larger than 1 MB, the limit for rules files",
            )
        } else {
            // As bytes: the browser would make text of whatever it is.
            let bytes = JsFuture::from(file.array_buffer()).await.ok();
            let text = bytes.map(|bytes| Uint8Array::new(&bytes).to_vec());
            (text, "the browser could not read the file")
        };
        RulesInput {
            problem: text.is_none().then(|| RulesFileError {
                line: None,
                problem: problem.to_owned(),
            }),
            judged: false,
            file: RulesFile {
                name: file.name(),
                text: text.unwrap_or_default(),
            },
        }
    }

    /// The line of the file that cannot be used.
    pub(crate) fn line(&self) -> Option<String> {
        let line = self.problem.as_ref()?.line?.checked_sub(1)?;
        let line = self
            .file
            .text
            .split(|byte| *byte == b'\n')
            .nth(line as usize)?;
        Some(String::from_utf8_lossy(line).trim_end().to_owned())
    }
}
