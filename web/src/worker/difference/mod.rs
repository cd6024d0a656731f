//! Two versions of a file: of two layers of an image, or of the two images that are compared. Both are read and verified
//! before anything is told of them.

pub(crate) mod rows;

use std::cell::RefCell;
use std::rc::Rc;

use onionskin_core::compare::{TooLarge, hunks};
use onionskin_core::limits::{DIFF_BYTES, DIFF_LINES};
use onionskin_highlight::Language;

use self::rows::FileDifference;
use super::content;
use super::content::read::{Plan, Wanted};
use super::content::text::{START, Text, is_text, shown};
use super::file::InPlace;
use super::image_worker::ImageWorker;
use super::protocol::{
    Answers, Both, DifferenceFacts, DifferenceRow, DifferenceRows, LinesFacts, Outcome,
    ReadDifference, Side, TextLines, TextOf, Unfold, UserError,
};
use crate::counts::number;

/// Reads two versions and compares them.
pub(crate) async fn read(
    worker: Rc<RefCell<ImageWorker>>,
    asked: ReadDifference,
) -> Result<Box<DifferenceFacts>, UserError> {
    let (Both { old, new }, versions, round) = {
        let mut worker = worker.borrow_mut();
        let round = worker.begin_reading();
        let versions = worker.versions(&asked);
        (worker.both(&asked)?, versions, round)
    };
    let sizes = Both {
        old: old.size(),
        new: new.size(),
    };
    let mut facts = DifferenceFacts {
        layers: Both {
            old: old.version,
            new: new.version,
        },
        asked,
        sizes,
        versions,
        outcome: Outcome::Equal,
        language: None,
    };
    if facts.sizes.old.max(facts.sizes.new) > DIFF_BYTES as u64 {
        facts.outcome = Outcome::TooLarge(DIFF_BYTES as u64);
        return Ok(Box::new(facts));
    }
    let plans = Both {
        old: old.plan().await,
        new: new.plan().await,
    };
    let bytes = Both {
        old: bytes(&worker, round, &plans.old, plans.new.size()).await?,
        new: bytes(&worker, round, &plans.new, 0).await?,
    };
    let difference = match compared(bytes) {
        Ok(difference) => {
            facts.outcome = Outcome::Lines(difference.facts());
            facts.language = Language::of(&facts.asked.path, difference.start());
            Some(difference)
        }
        Err(outcome) => {
            facts.outcome = outcome;
            None
        }
    };
    let mut worker = worker.borrow_mut();
    if !worker.reader.is_at(round) {
        return Err(UserError::stopped());
    }
    worker.reader.progress = None;
    worker.difference = difference;
    Ok(Box::new(facts))
}

/// Reads a version whole; `after` are bytes of another layer that are read next.
async fn bytes(
    worker: &RefCell<ImageWorker>,
    round: u32,
    plan: &Plan<'_>,
    after: u64,
) -> Result<Vec<u8>, UserError> {
    let before = worker.borrow().reader.received();
    let mut hear = |received: u64, whole: u64| {
        let (received, whole) = (before + received, before + whole + after);
        worker.borrow_mut().reader.hear(round, received, whole)
    };
    let problem = |error: std::io::Error| UserError::of_file(&error.to_string());
    let kept = content::unless_stopped(worker, round, plan.read_one(&mut hear)).await?;
    let bytes = InPlace::new(kept.blob().map_err(problem)?).map_err(problem)?;
    let bytes = bytes.read(0, bytes.length()).map_err(problem)?;
    Ok(bytes.to_vec())
}

/// How two texts differ; else what there is to say.
fn compared(bytes: Both<Vec<u8>>) -> Result<FileDifference, Outcome> {
    if bytes.old == bytes.new {
        return Err(Outcome::Equal);
    }
    let is_binary = |bytes: &Vec<u8>| !is_text(bytes.get(..START).unwrap_or(bytes));
    if is_binary(&bytes.old) || is_binary(&bytes.new) {
        return Err(Outcome::Binary);
    }
    let hunks = hunks(&bytes.old, &bytes.new).map_err(|error| match error {
        TooLarge::Bytes => Outcome::TooLarge(DIFF_BYTES as u64),
        TooLarge::Lines => Outcome::TooManyLines(DIFF_LINES as u64),
    })?;
    let texts = Both {
        old: Text::new(bytes.old),
        new: Text::new(bytes.new),
    };
    Ok(FileDifference::new(texts, hunks))
}

impl ImageWorker {
    /// Where both versions are stored.
    fn both(&self, asked: &ReadDifference) -> Result<Both<Wanted>, UserError> {
        if let Some(Both { old, new }) = asked.layers {
            let wanted = |layer| self.layers(layer)?.wanted(&asked.path, layer);
            return Ok(Both {
                old: wanted(old)?,
                new: wanted(new)?,
            });
        }
        let missing = || UserError::of_content("no images are compared");
        let comparison = self.comparison.as_ref().ok_or_else(missing)?;
        Ok(Both {
            old: comparison.wanted(Side::Old, &asked.path)?,
            new: comparison.wanted(Side::New, &asked.path)?,
        })
    }

    /// The layers that store a version of a path.
    fn versions(&self, asked: &ReadDifference) -> Vec<u32> {
        let ground = asked.layers.as_ref();
        let Some((stack, offset)) = ground.and_then(|layers| self.ground_of(layers.new)) else {
            return Vec::new();
        };
        let Some(node) = stack.find(&asked.path) else {
            return Vec::new();
        };
        let stored = stack
            .versions(node)
            .filter(|version| version.layer > 0 && stack.stored_by(*version).is_some());
        let mut layers: Vec<u32> = stored
            .map(|version| number(version.layer + offset))
            .collect();
        layers.sort_unstable();
        layers.dedup();
        layers
    }
}

impl Answers<Unfold> for ImageWorker {
    fn answer(&mut self, Unfold(fold): Unfold) -> Option<Box<LinesFacts>> {
        let difference = self.difference.as_mut()?;
        difference.unfold(fold);
        Some(Box::new(difference.facts()))
    }
}

impl Answers<DifferenceRows> for ImageWorker {
    fn answer(&mut self, asked: DifferenceRows) -> Vec<DifferenceRow> {
        let DifferenceRows { form, from, count } = asked;
        let difference = self.difference.as_ref();
        let rows = difference.map(|difference| difference.rows(form, from, count));
        rows.unwrap_or_default()
    }
}

impl Answers<TextLines> for ImageWorker {
    fn answer(&mut self, TextLines { of, from }: TextLines) -> Vec<Option<String>> {
        match of {
            TextOf::Content(form) => {
                let content = self.content.as_ref();
                let text = content.and_then(|content| content.text(form));
                let lines = text.map(|text| (from..text.lines()).map(|line| text.uncut(line)));
                lines.map(shown).unwrap_or_default()
            }
            TextOf::Version(side) => {
                let both = self.difference.as_ref();
                let lines = both.map(|both| both.lines(side, from));
                lines.map(shown).unwrap_or_default()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn outcome(old: &[u8], new: &[u8]) -> Option<Outcome> {
        let (old, new) = (old.to_vec(), new.to_vec());
        compared(Both { old, new }).err()
    }

    #[test]
    fn only_texts_are_compared_by_lines() {
        assert_eq!(outcome(b"a\0", b"a\0"), Some(Outcome::Equal));
        assert_eq!(outcome(b"a\0", b"a"), Some(Outcome::Binary));
        assert_eq!(outcome(b"a", b"\x7fELF\x02"), Some(Outcome::Binary));
        assert_eq!(outcome(b"", b"a"), None);
        let lines = b"a\n".repeat(DIFF_LINES + 1);
        let reversed = [b"b\n", &lines[..], b"b\n"].concat();
        let other = b"c\n".repeat(3);
        assert_eq!(
            outcome(&other, &reversed),
            Some(Outcome::TooManyLines(DIFF_LINES as u64))
        );
    }
}
