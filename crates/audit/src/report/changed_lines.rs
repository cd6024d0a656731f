//! The changed lines of a finding, as a diff has them.

use super::Visible;
use crate::findings::{BuildFile, LineChange};

/// A line with its sign: `-`, `+`, or a space for the name of another file than the Dockerfile.
pub type DiffLine = (char, String);

/// What changes, line by line, in text that is safe to show.
#[must_use]
pub fn diff(changes: &[LineChange]) -> Vec<DiffLine> {
    let mut lines = Vec::new();
    for file in [BuildFile::Dockerfile, BuildFile::Dockerignore] {
        let mut of_file = changes
            .iter()
            .filter(|change| change.file == file)
            .peekable();
        if file != BuildFile::Dockerfile && of_file.peek().is_some() {
            lines.push((' ', format!("# {}", file.name())));
        }
        for (sign, text) in of_file.flat_map(LineChange::lines) {
            let parts = text.lines();
            lines.extend(parts.map(|line| (sign, Visible(line).to_string())));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_has_a_sign_and_nothing_that_plays_tricks() {
        let of = |file, removed: Option<&str>, added: Option<&str>| LineChange {
            file,
            layer: None,
            removed: removed.map(str::to_owned),
            added: added.map(str::to_owned),
        };
        let changes = [
            of(BuildFile::Dockerignore, None, Some(".env")),
            of(
                BuildFile::Dockerfile,
                Some("RUN a\n  b\x1b[0m"),
                Some("RUN a"),
            ),
        ];
        let lines: Vec<String> = diff(&changes)
            .iter()
            .map(|(sign, line)| format!("{sign}{line}"))
            .collect();
        let [first, second, added, file, ignored] = lines.as_slice() else {
            panic!("{lines:?}")
        };
        assert_eq!(
            [first, added, file, ignored],
            ["-RUN a", "+RUN a", " # .dockerignore", "+.env"]
        );
        assert!(
            second.starts_with("-  b") && !second.contains('\x1b'),
            "{second}"
        );
    }
}
