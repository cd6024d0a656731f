//! The rules file that a visitor gave: read in the browser, judged by the engine, sent nowhere.

use wasm_bindgen_futures::JsFuture;
use web_sys::File;

use crate::worker::protocol::{RulesFile, RulesTrouble};

/// No rules file is larger, in bytes.
const LARGEST: f64 = 1_000_000.0;

/// A rules file and whether it can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ruling {
    pub(crate) file: RulesFile,
    pub(crate) trouble: Option<RulesTrouble>,
    /// The image that is shown is judged by it.
    pub(crate) judged: bool,
}

impl Ruling {
    /// Whether a file of this name is one of rules, and no image.
    pub(crate) fn is_called(name: &str) -> bool {
        [".yaml", ".yml", ".dive-ci"]
            .iter()
            .any(|end| name.ends_with(end))
    }

    /// Reads a file that was dropped or picked.
    pub(crate) async fn of(file: &File) -> Self {
        let (text, problem) = if file.size() > LARGEST {
            (None, "it is larger than 1 MB, which no rules file is")
        } else {
            let text = JsFuture::from(file.text()).await.ok();
            let text = text.and_then(|text| text.as_string());
            (text, "the browser could not read it")
        };
        Ruling {
            trouble: text.is_none().then(|| RulesTrouble {
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
    pub(crate) fn line(&self) -> Option<&str> {
        let line = self.trouble.as_ref()?.line?;
        self.file.text.lines().nth(line.checked_sub(1)? as usize)
    }
}
