//! The differences of build histories in numbers, and their places.

use crate::compare::{HistoryChange, LineState};

/// `2 lines added, 1 removed`; None where the histories are the same.
#[must_use]
pub fn history_counts(changes: &[HistoryChange]) -> Option<String> {
    let lines = || changes.iter().flat_map(|change| &change.lines);
    let count = |state| lines().filter(|line| line.change == state).count();
    let of = |count, word| match count {
        1 => format!("1 line {word}"),
        count => format!("{count} lines {word}"),
    };
    match (count(LineState::Added), count(LineState::Removed)) {
        (0, 0) => None,
        (added, 0) => Some(of(added, "added")),
        (0, removed) => Some(of(removed, "removed")),
        (added, removed) => Some(format!("{}, {removed} removed", of(added, "added"))),
    }
}

/// Keeps so many lines of all places, and returns how many were left out.
pub(crate) fn keep(changes: &mut Vec<HistoryChange>, most: usize) -> usize {
    let (mut room, mut rest) = (most, 0);
    changes.retain_mut(|change| {
        rest += change.lines.len().saturating_sub(room);
        change.lines.truncate(room);
        room -= change.lines.len();
        !change.lines.is_empty()
    });
    rest
}

/// `@@ -3,4 +3,5 @@`: where the lines are, as a unified diff says it.
pub(crate) fn place(change: &HistoryChange) -> String {
    let lines = |not: LineState| {
        change
            .lines
            .iter()
            .filter(|line| line.change != not)
            .count()
    };
    // A text that has none of them begins after the line before.
    let part = |line: usize, count: usize| {
        format!("{},{count}", line - usize::from(count == 0 && line > 0))
    };
    format!(
        "@@ -{} +{} @@",
        part(change.old_line, lines(LineState::Added)),
        part(change.new_line, lines(LineState::Removed))
    )
}
