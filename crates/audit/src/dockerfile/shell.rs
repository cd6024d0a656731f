//! What a step ran, without the shell that it was given to.

use std::borrow::Cow;

/// The shells that steps are given to: those of builders, and what `SHELL` set.
pub(super) struct Shell {
    prefixes: Vec<String>,
}

/// A step as it was read.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct ShellStep<'s> {
    /// Build arguments that were set for it, in their order.
    pub(super) arguments: Vec<(&'s str, &'s str)>,
    /// The instruction; of a shell command with `RUN`.
    pub(super) command: Cow<'s, str>,
}

impl Default for Shell {
    fn default() -> Self {
        let prefixes = [
            "/bin/sh -c ",
            "/bin/bash -c ",
            "cmd /S /C ",
            "powershell -Command ",
        ];
        Self {
            prefixes: prefixes.map(str::to_owned).to_vec(),
        }
    }
}

impl Shell {
    /// Reads a step's `created_by`.
    pub(super) fn read<'s>(&mut self, created_by: &'s str) -> ShellStep<'s> {
        let text = created_by.trim();
        let text = text.strip_suffix("# buildkit").unwrap_or(text).trim_end();
        let (run, rest) = match text.strip_prefix("RUN ") {
            Some(rest) => (true, rest.trim_start()),
            None => (false, text),
        };
        let (arguments, rest) = self.arguments(rest).unwrap_or((Vec::new(), rest));
        let command = match self.without_prefix(rest) {
            Some(command) => match command.trim_start().strip_prefix("#(nop)") {
                Some(instruction) => Cow::Borrowed(instruction.trim()),
                None => Cow::Owned(format!("RUN {}", command.trim())),
            },
            None if run || !arguments.is_empty() => Cow::Owned(format!("RUN {rest}")),
            None => Cow::Borrowed(rest),
        };
        if let Some(words) = command.strip_prefix("SHELL ") {
            let words = super::instruction::words(words);
            self.prefixes.insert(0, format!("{} ", words.join(" ")));
        }
        ShellStep { arguments, command }
    }

    fn without_prefix<'s>(&self, text: &'s str) -> Option<&'s str> {
        let mut prefixes = self.prefixes.iter();
        prefixes.find_map(|prefix| text.strip_prefix(prefix.as_str()))
    }

    /// The arguments of `|2 A=1 B=x y /bin/sh -c make`, and what follows them. Values are not quoted there, so one ends where
    /// the next name begins.
    fn arguments<'s>(&self, text: &'s str) -> Option<(Vec<(&'s str, &'s str)>, &'s str)> {
        let (count, rest) = text.strip_prefix('|')?.split_once(' ')?;
        let count: usize = count.parse().ok()?;
        let starts = self.prefixes.iter().filter_map(|prefix| {
            let start = rest.starts_with(prefix.as_str()).then_some(0);
            start.or_else(|| rest.find(&format!(" {prefix}")).map(|at| at + 1))
        });
        let start = starts.min()?;
        let (values, command) = (rest.get(..start)?.trim_end(), rest.get(start..)?);
        let mut begins: Vec<usize> = Vec::new();
        let mut at = 0;
        for word in values.split(' ') {
            if begins.len() < count && is_pair(word) {
                begins.push(at);
            }
            at += word.len() + 1;
        }
        let ends = begins.iter().skip(1).copied().chain([values.len() + 1]);
        let pairs = begins.iter().zip(ends).filter_map(|(start, end)| {
            let pair = values.get(*start..end.saturating_sub(1))?;
            pair.split_once('=')
        });
        Some((pairs.collect(), command))
    }
}

/// Whether a word begins with a name and `=`.
fn is_pair(word: &str) -> bool {
    let name = word.split_once('=').map(|(name, _)| name);
    name.is_some_and(|name| {
        !name.is_empty()
            && name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c))
    })
}
