//! The build histories of two images as Dockerfiles, line by line.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::Side;
use super::lines::{Hunk, hunks};
use crate::base::Base;
use crate::dockerfile;
use crate::manifest::Config;

/// Lines that both have, on each side of a difference.
const AROUND: usize = 3;

/// A place where the build histories of two images differ, with a few lines around it.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HistoryChange {
    /// Where the lines begin in the Dockerfile of the old image, from 1.
    pub old_line: usize,
    /// Where they begin in that of the new image, from 1.
    pub new_line: usize,
    /// The lines, in their order; removed ones come before those in their place.
    pub lines: Vec<HistoryLine>,
}

/// A line of a Dockerfile that stands for a build history.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HistoryLine {
    /// Which of the images has it.
    pub change: LineState,
    /// The line without its end.
    pub text: String,
    /// The layer of the new image, from 1, that its instruction made; the old image's where it was removed.
    pub layer: Option<usize>,
}

/// Which of two texts has a line.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum LineState {
    /// Both.
    Unchanged,
    /// The old one only.
    Removed,
    /// The new one only.
    Added,
}

impl LineState {
    /// The sign that a unified diff has for it.
    #[must_use]
    pub const fn sign(self) -> char {
        match self {
            Self::Unchanged => ' ',
            Self::Removed => '-',
            Self::Added => '+',
        }
    }
}

/// Where the histories of two images differ. Of a stack, the steps up to its last layer count.
#[must_use]
pub fn history(old: Side<'_>, new: Side<'_>) -> Vec<HistoryChange> {
    let (old, new) = (Dockerfile::of(old), Dockerfile::of(new));
    let hunks = hunks(old.text.as_bytes(), new.text.as_bytes());
    // Larger ones are not searched for lines that both have.
    let hunks = hunks.unwrap_or_else(|_| {
        let all = |lines: &[_]| 0..u32::try_from(lines.len()).unwrap_or(u32::MAX);
        vec![Hunk {
            old: all(&old.layers),
            new: all(&new.layers),
        }]
    });
    changes(&old, &new, &hunks)
}

/// The lines of an image's history.
struct Dockerfile {
    /// Each line ends.
    text: String,
    /// By line.
    layers: Vec<Option<usize>>,
}

impl Dockerfile {
    fn of(side: Side<'_>) -> Self {
        let config = up_to(&side.image.config, side.layer);
        let mut file = Self {
            text: String::new(),
            layers: Vec::new(),
        };
        if config.history.is_empty() {
            return file;
        }
        let base = Base::told(side.image);
        for step in dockerfile::lines(&config, side.layer, base.as_ref()) {
            for line in step.text.split('\n') {
                file.text.push_str(line);
                file.text.push('\n');
                file.layers.push(step.layer);
            }
        }
        file
    }

    fn lines(&self) -> Vec<&str> {
        self.text.split_terminator('\n').collect()
    }
}

/// The configuration without the steps that come after a layer of many.
fn up_to(config: &Config, layer: usize) -> Cow<'_, Config> {
    let mut made = config.history.iter().enumerate();
    let mut made = made.by_ref().filter(|(_, step)| !step.empty_layer);
    match made.nth(layer) {
        Some((end, _)) if layer < config.diff_ids.len() => {
            let mut config = config.clone();
            config.history.truncate(end);
            Cow::Owned(config)
        }
        _ => Cow::Borrowed(config),
    }
}

fn changes(old: &Dockerfile, new: &Dockerfile, hunks: &[Hunk]) -> Vec<HistoryChange> {
    let (of_old, of_new) = (old.lines(), new.lines());
    let mut changes: Vec<HistoryChange> = Vec::new();
    // The end, in the new text, of the lines that are listed.
    let mut end = 0;
    for (at, hunk) in hunks.iter().enumerate() {
        let [gone, came] = [&hunk.old, &hunk.new].map(|r| r.start as usize..r.end as usize);
        let before = came.start.saturating_sub(end);
        let joins = !changes.is_empty() && before <= AROUND;
        let before = before.min(AROUND);
        if !joins {
            changes.push(HistoryChange {
                old_line: gone.start - before.min(gone.start) + 1,
                new_line: came.start - before + 1,
                lines: Vec::new(),
            });
        }
        let next = hunks.get(at + 1).map(|next| next.new.start as usize);
        let after = (came.end + AROUND).min(next.unwrap_or(usize::MAX));
        let parts = [
            (
                LineState::Unchanged,
                &of_new,
                new,
                came.start - before..came.start,
            ),
            (LineState::Removed, &of_old, old, gone),
            (LineState::Added, &of_new, new, came.clone()),
            (LineState::Unchanged, &of_new, new, came.end..after),
        ];
        let Some(change) = changes.last_mut() else {
            continue;
        };
        for (state, lines, file, range) in parts {
            let both = lines.iter().zip(&file.layers);
            let some = both.skip(range.start).take(range.len());
            change.lines.extend(some.map(|(text, layer)| HistoryLine {
                change: state,
                text: (*text).to_owned(),
                layer: *layer,
            }));
        }
        end = after.min(of_new.len());
    }
    changes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn file(lines: &[String]) -> Dockerfile {
        Dockerfile {
            text: lines.iter().map(|line| format!("{line}\n")).collect(),
            layers: (1..=lines.len()).map(Some).collect(),
        }
    }

    fn compared(old: &[String], new: &[String]) -> Vec<HistoryChange> {
        let (old, new) = (file(old), file(new));
        let hunks = hunks(old.text.as_bytes(), new.text.as_bytes()).unwrap();
        changes(&old, &new, &hunks)
    }

    fn owned(text: &str) -> Vec<String> {
        text.split_terminator('\n').map(str::to_owned).collect()
    }

    /// `line,line` of each place, then its lines with their signs.
    fn told(changes: &[HistoryChange]) -> Vec<String> {
        let mut told = Vec::new();
        for change in changes {
            told.push(format!("{},{}", change.old_line, change.new_line));
            let lines = change.lines.iter();
            told.extend(lines.map(|line| format!("{}{}", line.change.sign(), line.text)));
        }
        told
    }

    #[test]
    fn a_difference_has_a_few_lines_around_it_and_near_ones_are_one() {
        let old = "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n13\n14\n15\n16\n";
        let new = "1\n2\n3\n4\nfive\n6\n7\n8\n10\n11\n12\n13\n14\n15\n16\n17\n";
        assert_eq!(
            told(&compared(&owned(old), &owned(new))),
            [
                "2,2", " 2", " 3", " 4", "-5", "+five", " 6", " 7", " 8", "-9", " 10", " 11",
                " 12", "14,13", " 14", " 15", " 16", "+17"
            ]
        );
    }

    #[test]
    fn layers_that_were_left_out_leave_their_steps_out() {
        let config = Config::parse(
            br#"{"rootfs":{"diff_ids":["sha256:1","sha256:2"]},"history":[{"created_by":"a"},{"created_by":"b","empty_layer":true},{"created_by":"c"}]}"#,
        )
        .unwrap();
        let steps = |layer| up_to(&config, layer).history.len();
        assert_eq!([steps(0), steps(1), steps(2)], [0, 2, 3]);
    }

    proptest! {
        #[test]
        fn the_lines_turn_the_old_file_into_the_new_one(
            old in prop::collection::vec("[a-c]", 0..30), new in prop::collection::vec("[a-c]", 0..30),
        ) {
            let changes = compared(&old, &new);
            prop_assert_eq!(changes.is_empty(), old == new);
            let (mut made, mut at) = (Vec::new(), 0);
            for change in &changes {
                prop_assert!(change.old_line > at, "places do not overlap");
                made.extend_from_slice(&old[at..change.old_line - 1]);
                prop_assert_eq!(made.len() + 1, change.new_line);
                at = change.old_line - 1;
                for line in &change.lines {
                    if line.change != LineState::Added {
                        prop_assert_eq!(&old[at], &line.text);
                        at += 1;
                    }
                    if line.change != LineState::Removed {
                        made.push(line.text.clone());
                        prop_assert_eq!(line.layer, Some(made.len()));
                    }
                }
            }
            made.extend_from_slice(&old[at..]);
            prop_assert_eq!(made, new);
        }
    }
}
