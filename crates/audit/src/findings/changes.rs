//! The changed lines of a Dockerfile, or of `.dockerignore`, that make a finding go away.
//!
//! Lines are told only where the commands say enough: a step of the base image cannot be changed, and a file that a step
//! between its creation and its deletion may read cannot be deleted earlier. Elsewhere the advice stands alone.

mod command;

use serde::{Deserialize, Serialize};

use self::command::{Copy, Source, octal, plain, shell, with};
use super::leftovers::Leftover;
use super::{Finding, Kind, Subject, advice, config};
use crate::manifest::history;

/// A file of the build.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum BuildFile {
    /// The Dockerfile.
    #[default]
    Dockerfile,
    /// What is left out of the build context.
    #[serde(rename = ".dockerignore")]
    Dockerignore,
}

/// A line that is removed, one that is added, or one in the place of the other.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LineChange {
    /// The file that it is in.
    pub file: BuildFile,
    /// The layer whose step it is, from 1; None of a new line.
    pub layer: Option<usize>,
    /// The line as the history has it, without what builders put around it.
    pub removed: Option<String>,
    /// The line that takes its place.
    pub added: Option<String>,
}

impl BuildFile {
    /// The file's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dockerfile => "Dockerfile",
            Self::Dockerignore => ".dockerignore",
        }
    }
}

impl LineChange {
    /// Its one or two lines, each with its sign: `-` or `+`.
    pub fn lines(&self) -> impl Iterator<Item = (char, &str)> {
        let removed = self.removed.as_deref().map(|line| ('-', line));
        let added = self.added.as_deref().map(|line| ('+', line));
        removed.into_iter().chain(added)
    }
}

/// Steps that are changed for one finding; more of them are no quick change.
const STEPS: usize = 6;
/// Bytes of a command that is repeated with a change.
const COMMAND: usize = 2_048;

/// The steps of an image, in the form that its Dockerfile has.
pub(super) struct BuildSteps<'a> {
    subject: &'a Subject<'a>,
    commands: Vec<String>,
    /// Layers that came with the base.
    base: usize,
}

impl<'a> BuildSteps<'a> {
    pub(super) fn of(subject: &'a Subject<'a>) -> Self {
        let commands = subject.commands.iter();
        Self {
            subject,
            commands: commands
                .map(|command| history::clean(command.unwrap_or_default()).into_owned())
                .collect(),
            base: subject.base.and_then(|base| base.layers).unwrap_or(0),
        }
    }

    /// The command of a layer whose step can be changed.
    fn own(&self, layer: usize) -> Option<&str> {
        let command = self.commands.get(layer.checked_sub(1)?)?.as_str();
        (layer > self.base && !command.is_empty() && command.len() <= COMMAND).then_some(command)
    }

    /// All of these layers with their commands; None where a step cannot be changed.
    fn all(&self, layers: &[usize]) -> Option<Vec<(usize, &str)>> {
        let all = layers.iter().map(|layer| Some((*layer, self.own(*layer)?)));
        (layers.len() <= STEPS).then(|| all.collect()).flatten()
    }

    /// The folder that relative paths of a layer's step start from.
    fn folder(&self, layer: usize) -> String {
        let below = self.commands.get(..layer).unwrap_or_default();
        let set = below
            .iter()
            .rev()
            .find_map(|line| line.strip_prefix("WORKDIR "));
        let folder = set
            .map(str::trim)
            .or(self.subject.config.working_dir.as_deref());
        let folder = folder.unwrap_or("/").trim_end_matches('/');
        folder.to_owned()
    }

    /// The lines that change for a finding; none where the advice has to do.
    pub(super) fn changes(&self, finding: &Finding) -> Vec<LineChange> {
        let path = std::str::from_utf8(finding.path())
            .ok()
            .filter(|path| plain(path));
        let changes = match (finding.kind, path) {
            (Kind::Config, _) if finding.rule.as_deref() == Some(config::ROOT) => {
                Some(vec![LineChange {
                    added: Some("USER 10001".to_owned()),
                    ..LineChange::default()
                }])
            }
            (_, None) => None,
            (Kind::Deleted, Some(path)) => self.deleted(finding, path),
            (Kind::Overwritten, Some(path)) => self.overwritten(finding, path),
            (Kind::MetadataOnly, Some(path)) => self.metadata_only(finding, path),
            (Kind::Leftover, Some(path)) => self.leftover(finding, path),
            (Kind::Secret, Some(path)) => self.not_copied(finding, path),
            _ => None,
        };
        changes.unwrap_or_default()
    }

    fn deleted(&self, finding: &Finding, path: &str) -> Option<Vec<LineChange>> {
        if let Some(leftover) = self.subject.leftovers.of_path(finding.path()) {
            let mut lines = self.cleaned(finding, path, leftover)?;
            lines.extend(self.not_deleted(finding, path));
            return Some(lines);
        }
        self.not_copied(finding, path)
            .or_else(|| self.deleted_at_once(finding, path))
    }

    fn leftover(&self, finding: &Finding, path: &str) -> Option<Vec<LineChange>> {
        let row = finding.rule.as_deref();
        row.and_then(|id| self.cleaned(finding, path, self.subject.leftovers.of_id(id)?))
            .or_else(|| self.not_copied(finding, path))
    }

    /// The steps that leave a leftover, with its fix.
    fn cleaned(
        &self,
        finding: &Finding,
        path: &str,
        leftover: &Leftover,
    ) -> Option<Vec<LineChange>> {
        let fix = leftover.fix.as_ref()?;
        let steps = self.all(&finding.added_by)?.into_iter();
        let changed = steps.map(|(layer, command)| {
            let to = command::cleaned(shell(command)?, path, fix)?;
            Some(change(layer, command, Some(format!("RUN {to}"))))
        });
        changed.collect()
    }

    /// What a step copies is left out: the step is removed, or the path is excluded from what it copies.
    fn not_copied(&self, finding: &Finding, path: &str) -> Option<Vec<LineChange>> {
        let steps = self.all(&finding.added_by)?.into_iter();
        let left_out = steps.map(|(layer, command)| {
            let copy = Copy::read(command)?;
            Some(match copy.source_of(path, &self.folder(layer))? {
                Source::All => change(layer, command, None),
                Source::Part(source) => LineChange {
                    file: BuildFile::Dockerignore,
                    added: Some(source),
                    ..LineChange::default()
                },
            })
        });
        let mut lines: Vec<LineChange> = Vec::new();
        for line in left_out.collect::<Option<Vec<_>>>()? {
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
        lines.extend(self.not_deleted(finding, path));
        Some(lines)
    }

    /// The steps that delete it, without that; none where they delete it in another way than by `rm`.
    fn not_deleted(&self, finding: &Finding, path: &str) -> Vec<LineChange> {
        let mut lines = Vec::new();
        for layer in &finding.hidden_by {
            let folder = self.folder(*layer);
            let Some(command) = self.own(*layer) else {
                continue;
            };
            if let Some((rest, _)) =
                shell(command).and_then(|shell| command::without_deletion(shell, path, &folder))
            {
                lines.push(change(
                    *layer,
                    command,
                    rest.map(|rest| format!("RUN {rest}")),
                ));
            }
        }
        lines
    }

    /// The deletion moves to the step that creates the path, where no other command runs between them.
    fn deleted_at_once(&self, finding: &Finding, path: &str) -> Option<Vec<LineChange>> {
        let ([adder], [hider]) = (finding.added_by.as_slice(), finding.hidden_by.as_slice()) else {
            return None;
        };
        let between = self.commands.get(*adder..hider.checked_sub(1)?)?;
        if between.iter().any(|command| !Copy::copies(command)) {
            return None;
        }
        let (creates, deletes) = (self.own(*adder)?, self.own(*hider)?);
        let (rest, deletion) =
            command::without_deletion(shell(deletes)?, path, &self.folder(*hider))?;
        Some(vec![
            change(*adder, creates, Some(with(shell(creates)?, &deletion)?)),
            change(*hider, deletes, rest.map(|rest| format!("RUN {rest}"))),
        ])
    }

    fn overwritten(&self, finding: &Finding, path: &str) -> Option<Vec<LineChange>> {
        let adders = self.all(&finding.added_by)?;
        let hiders = self.all(&finding.hidden_by)?;
        if hiders.iter().all(|(_, command)| Copy::copies(command)) {
            let copied = |(_, command): &(usize, &str)| Copy::copies(command);
            let once = adders.iter().all(copied) && adders.len() == 1 && hiders.len() == 1;
            return once.then(|| self.not_copied(finding, path)).flatten();
        }
        // Steps that follow each other become one.
        let layers = advice::all(finding);
        let follow = layers.is_sorted_by(|a, b| a + 1 == *b);
        let (first, others) = self
            .all(&layers)
            .filter(|_| follow)?
            .split_first()
            .map(|(first, others)| (*first, others.to_vec()))?;
        let mut joined = format!("RUN {}", shell(first.1)?);
        for (_, command) in &others {
            joined = with(joined.strip_prefix("RUN ")?, shell(command)?)?;
        }
        let removed = others
            .iter()
            .map(|(layer, command)| change(*layer, command, None));
        let first = change(first.0, first.1, Some(joined));
        Some(std::iter::once(first).chain(removed).collect())
    }

    fn metadata_only(&self, finding: &Finding, path: &str) -> Option<Vec<LineChange>> {
        let hiders = self.all(&finding.hidden_by)?;
        let [(hider, hides)] = hiders.as_slice() else {
            return None;
        };
        let (program, value) = ["chown", "chmod"].iter().find_map(|program| {
            let value = advice::argument(hides, program)?;
            (*program == "chown" || octal(value)).then_some((*program, value))
        })?;
        let rest = command::without(shell(hides)?, program)?;
        let mut lines = Vec::new();
        for (layer, command) in self.all(&finding.added_by)? {
            let changed = match Copy::copies(command) {
                true => Copy::with_option(command, program, value)?,
                false => with(shell(command)?, &format!("{program} -R {value} {path}"))?,
            };
            lines.push(change(layer, command, Some(changed)));
        }
        lines.push(change(
            *hider,
            hides,
            rest.map(|rest| format!("RUN {rest}")),
        ));
        Some(lines)
    }
}

fn change(layer: usize, removed: &str, added: Option<String>) -> LineChange {
    LineChange {
        file: BuildFile::Dockerfile,
        layer: Some(layer),
        removed: Some(removed.to_owned()),
        added,
    }
}

#[cfg(test)]
mod tests;
