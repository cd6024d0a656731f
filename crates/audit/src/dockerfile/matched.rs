//! The lines of a Dockerfile that made an image's layers.
//!
//! A Dockerfile and the build history of what it built have the same instructions in the same order, but not the same
//! texts: builders put in the values of variables, leave out options, and record copied files by a hash. So both are
//! aligned, and a step whose command is not found has no line.

use std::collections::{BTreeMap, BTreeSet};

use parse_dockerfile::{Instruction, Stage};

use super::Line;
use crate::limits::{DOCKERFILE_BYTES, DOCKERFILE_PAIRS};

/// A Dockerfile, as far as it is needed to find its steps again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dockerfile {
    /// Its stages, in their order.
    stages: Vec<Vec<Step>>,
    /// The first and last line of each instruction, from 1.
    pub(super) instructions: Vec<(usize, usize)>,
    /// Lines of all.
    pub(super) lines: usize,
}

/// Why a file is no Dockerfile.
#[derive(Debug, thiserror::Error)]
pub enum DockerfileError {
    /// It has too many bytes.
    #[error("is larger than {DOCKERFILE_BYTES} bytes")]
    TooLarge,
    /// It breaks the grammar of Dockerfiles.
    #[error("is not a Dockerfile: {0}")]
    Syntax(String),
}

/// An instruction that a history has as a step.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Step {
    /// The line that it begins in, from 1.
    line: usize,
    /// Its text in the form in which texts are compared.
    text: String,
}

/// Where a Dockerfile has the steps of an image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matched {
    /// By layer, from 1, the line, from 1.
    pub layers: BTreeMap<usize, usize>,
    /// By step of the history, from 1, the line, from 1.
    pub steps: BTreeMap<usize, usize>,
    /// The line of the stage that the image was built from: its `FROM`.
    pub stage: usize,
    /// Lines of instructions of that stage that no step of the history has.
    pub not_found: Vec<usize>,
}

impl Dockerfile {
    /// Reads a Dockerfile.
    ///
    /// # Errors
    /// It is larger than 1 MiB, or not a Dockerfile (<https://docs.docker.com/reference/dockerfile/>).
    pub fn parse(text: &str) -> Result<Self, DockerfileError> {
        if text.len() > DOCKERFILE_BYTES {
            return Err(DockerfileError::TooLarge);
        }
        let file = parse_dockerfile::parse(text)
            .map_err(|error| DockerfileError::Syntax(error.to_string()))?;
        let starts = LineStarts::of(text);
        let mut named: BTreeMap<String, usize> = BTreeMap::new();
        let mut stages: Vec<Vec<Step>> = Vec::new();
        for (number, stage) in file.stages().enumerate() {
            let name = stage.from.image.value.to_lowercase();
            // A stage that is built on another one has the steps of that too.
            let mut steps: Vec<Step> = (named.get(&name))
                .and_then(|below| stages.get(*below))
                .cloned()
                .unwrap_or_default();
            steps.extend(own_steps(text, &stage, &starts));
            if let Some((_, name)) = &stage.from.as_ {
                named.insert(name.value.to_lowercase(), number);
            }
            stages.push(steps);
        }
        let begins = file.stages().flat_map(|stage| {
            let own = stage.instructions.iter().filter_map(begin);
            std::iter::once(stage.from.from.span.start)
                .chain(own)
                .collect::<Vec<_>>()
        });
        let begins: Vec<usize> = begins.map(|at| starts.line(at)).collect();
        Ok(Self {
            stages,
            instructions: with_last_lines(text, &begins),
            lines: text.lines().count(),
        })
    }

    /// Finds the lines of a history, as [`super::lines`] has it, in the stage that has most of them.
    #[must_use]
    pub fn find(&self, history: &[Line]) -> Matched {
        let steps: Vec<(&Line, String)> = history
            .iter()
            .filter(|line| line.step.is_some())
            .map(|line| (line, comparable(&line.text)))
            .collect();
        let mut room = DOCKERFILE_PAIRS;
        let mut best: Option<(Alignment, &[Step])> = None;
        // The last stage is what is built where nobody says otherwise.
        for stage in self.stages.iter().rev() {
            let pairs = stage.len().saturating_mul(steps.len());
            let Some(rest) = room.checked_sub(pairs) else {
                break;
            };
            room = rest;
            let alignment = aligned(&steps, stage);
            if best
                .as_ref()
                .is_none_or(|(other, _)| alignment.score > other.score)
            {
                best = Some((alignment, stage));
            }
        }
        let mut matched = Matched::default();
        let Some((Alignment { pairs, .. }, stage)) = best else {
            return matched;
        };
        matched.stage = stage
            .iter()
            .rev()
            .find(|step| step.text.starts_with("FROM "))
            .map_or(1, |step| step.line);
        for (at, of_stage) in pairs {
            let (Some((line, _)), Some(step)) = (steps.get(at), stage.get(of_stage)) else {
                continue;
            };
            if let Some(layer) = line.layer {
                matched.layers.insert(layer, step.line);
            }
            if let Some(number) = line.step {
                matched.steps.insert(number, step.line);
            }
        }
        let found: BTreeSet<usize> = matched.steps.values().copied().collect();
        let lines = stage.iter().filter(|step| {
            let verb = first(&step.text);
            // Arguments are steps only where commands use them.
            !matches!(verb, "FROM" | "ARG" | "ONBUILD" | "SHELL") && !found.contains(&step.line)
        });
        matched.not_found = lines.map(|step| step.line).collect();
        matched
    }
}

/// Where the lines of a text begin.
struct LineStarts(Vec<usize>);

impl LineStarts {
    fn of(text: &str) -> Self {
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        Self(
            std::iter::once(0)
                .chain(ends.map(|(at, _)| at + 1))
                .collect(),
        )
    }

    /// The line of a byte, from 1.
    fn line(&self, at: usize) -> usize {
        self.0.partition_point(|start| *start <= at)
    }
}

/// The first and last line of the instructions that begin in these lines: comments and blank lines behind one are not its.
fn with_last_lines(text: &str, begins: &[usize]) -> Vec<(usize, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let ends = begins.iter().skip(1).map(|next| next - 1);
    let spans = begins.iter().zip(ends.chain([lines.len()]));
    let spans = spans.map(|(first, end)| {
        let own = lines.get(first - 1..end).unwrap_or_default();
        let last = own.iter().rposition(|line| {
            let line = line.trim();
            !line.is_empty() && !line.starts_with('#')
        });
        (*first, first + last.unwrap_or(0))
    });
    spans.collect()
}

/// The instructions of a stage, its `FROM` first.
fn own_steps(text: &str, stage: &Stage<'_, '_>, starts: &LineStarts) -> Vec<Step> {
    let from = Step {
        line: starts.line(stage.from.from.span.start),
        text: format!("FROM {}", stage.from.image.value),
    };
    let begins: Vec<Option<usize>> = stage.instructions.iter().map(begin).collect();
    let ends = begins.iter().skip(1).copied().chain([None]);
    let own = stage.instructions.iter().zip(&begins).zip(ends);
    let own = own.filter_map(|((instruction, begin), next)| {
        let begin = (*begin)?;
        let source = match next {
            Some(next) => text.get(begin..next)?,
            // What stands behind the last instruction of a stage is the next stage's.
            None => text.get(begin..)?,
        };
        Some(Step {
            line: starts.line(begin),
            text: written(instruction, source),
        })
    });
    std::iter::once(from).chain(own).collect()
}

/// The byte that an instruction begins with; None of what makes no step.
fn begin(instruction: &Instruction<'_>) -> Option<usize> {
    let keyword = match instruction {
        Instruction::Add(of) => &of.add,
        Instruction::Arg(of) => &of.arg,
        Instruction::Cmd(of) => &of.cmd,
        Instruction::Copy(of) => &of.copy,
        Instruction::Entrypoint(of) => &of.entrypoint,
        Instruction::Env(of) => &of.env,
        Instruction::Expose(of) => &of.expose,
        Instruction::Healthcheck(of) => &of.healthcheck,
        Instruction::Label(of) => &of.label,
        Instruction::Maintainer(of) => &of.maintainer,
        Instruction::Onbuild(of) => &of.onbuild,
        Instruction::Run(of) => &of.run,
        Instruction::Shell(of) => &of.shell,
        Instruction::Stopsignal(of) => &of.stopsignal,
        Instruction::User(of) => &of.user,
        Instruction::Volume(of) => &of.volume,
        Instruction::Workdir(of) => &of.workdir,
        _ => return None,
    };
    Some(keyword.span.start)
}

/// An instruction in the form in which texts are compared; `source` goes on to the next one.
fn written(instruction: &Instruction<'_>, source: &str) -> String {
    if let Instruction::Run(run) = instruction
        && let Some(here) = run.here_docs.first()
        && is_script(source)
    {
        return comparable(&format!("RUN {}", here.value));
    }
    let mut lines: Vec<&str> = Vec::new();
    let mut is_over = false;
    for line in source.lines() {
        let trimmed = line.trim();
        if is_over || trimmed.is_empty() || trimmed.starts_with('#') {
            continue;
        }
        // Lines behind the one that is not continued are those of a here-document, or of the next stage.
        is_over = !trimmed.ends_with(['\\', '`']);
        lines.push(trimmed);
    }
    comparable(&lines.join("\n"))
}

/// Whether a `RUN` has nothing but a here-document: `RUN --mount=… <<EOF`.
fn is_script(source: &str) -> bool {
    let mut words = source.split_whitespace().skip(1);
    let first = words.find(|word| !word.starts_with("--") && *word != "\\");
    first.is_some_and(|word| word.starts_with("<<"))
}

/// A text without what builders change: options, line breaks, blanks, and marks of here-documents.
fn comparable(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let lines = match lines.split_first() {
        // A script that is a here-document: its lines.
        Some((first, [inner @ .., _])) if first.starts_with("RUN <<") => [&["RUN"], inner].concat(),
        // A command that is given one: where it ends is not known here, so it goes by its first line.
        Some((first, _)) if first.starts_with("RUN ") && first.contains("<<") => vec![*first],
        _ => lines,
    };
    let words = lines.iter().flat_map(|line| {
        let line = line.trim();
        let line = line.strip_suffix(['\\', '`']).unwrap_or(line);
        line.split_whitespace()
    });
    let mut options = true;
    let mut out = String::new();
    for (at, word) in words.enumerate() {
        if at > 0 && options {
            if word.starts_with("--") {
                continue;
            }
            options = false;
        }
        if at > 0 {
            out.push(' ');
        }
        match at {
            0 => out.push_str(&word.to_uppercase()),
            _ => out.push_str(word),
        }
    }
    out
}

/// How well a step of the history goes with an instruction of the file; 0 where it does not.
fn likeness(step: &str, instruction: &str) -> usize {
    let verb = first(step);
    match () {
        () if verb != first(instruction) => 0,
        () if step == instruction => 4,
        () if fits(step, instruction) => 3,
        // Of what is copied the classic builder keeps a hash; where it went is told.
        () if matches!(verb, "COPY" | "ADD") && fits(last(step), last(instruction)) => 2,
        // These make no layer that has files; their order helps to find the others.
        () if matches!(
            verb,
            "CMD" | "ENTRYPOINT" | "ENV" | "LABEL" | "EXPOSE" | "WORKDIR"
        ) =>
        {
            1
        }
        () => 0,
    }
}

/// The instruction.
fn first(text: &str) -> &str {
    text.split(' ').next().unwrap_or_default()
}

/// Where something is copied to.
fn last(text: &str) -> &str {
    let last = text.rsplit(' ').next().unwrap_or_default();
    last.trim_end_matches('/')
}

/// Whether a text is what an instruction comes to when its variables have values.
fn fits(text: &str, instruction: &str) -> bool {
    if !instruction.contains('$') {
        return text == instruction;
    }
    let mut parts = literal(instruction).into_iter();
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else {
        return rest.is_empty();
    };
    for part in parts {
        let Some(at) = rest.find(part) else {
            return false;
        };
        rest = rest.get(at + part.len()..).unwrap_or_default();
    }
    rest.ends_with(last)
}

/// What stands before, between and behind the variables (`$NAME`, `${NAME:-x}`) of a text.
fn literal(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        let (before, variable) = rest.split_at(at);
        let after = variable.get(1..).unwrap_or_default();
        let end = match after.strip_prefix('{') {
            Some(inner) => inner.find('}').map_or(after.len(), |end| end + 2),
            None => after
                .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
                .unwrap_or(after.len()),
        };
        parts.push(before);
        rest = after.get(end..).unwrap_or_default();
    }
    parts.push(rest);
    parts
}

/// A history and a stage side by side.
struct Alignment {
    /// The sum of the likenesses.
    score: usize,
    /// Steps and instructions that go together, in the order of both.
    pairs: Vec<(usize, usize)>,
}

/// How steps and instructions go together best.
fn aligned(steps: &[(&Line, String)], stage: &[Step]) -> Alignment {
    let width = stage.len() + 1;
    // Row by row from the end: the best sum for what is left of both.
    let mut best = vec![0_usize; (steps.len() + 1) * width];
    let at = |step: usize, instruction: usize| step * width + instruction;
    let of =
        |best: &[usize], step, instruction| best.get(at(step, instruction)).copied().unwrap_or(0);
    let like = |step: usize, instruction: usize| match (steps.get(step), stage.get(instruction)) {
        (Some((_, step)), Some(instruction)) => likeness(step, &instruction.text),
        _ => 0,
    };
    for step in (0..steps.len()).rev() {
        for instruction in (0..stage.len()).rev() {
            let like = like(step, instruction);
            let together = if like > 0 {
                like + of(&best, step + 1, instruction + 1)
            } else {
                0
            };
            let apart = of(&best, step + 1, instruction).max(of(&best, step, instruction + 1));
            if let Some(slot) = best.get_mut(at(step, instruction)) {
                *slot = together.max(apart);
            }
        }
    }
    let (mut step, mut instruction) = (0, 0);
    let mut pairs = Vec::new();
    while step < steps.len() && instruction < stage.len() {
        let now = of(&best, step, instruction);
        let like = like(step, instruction);
        // A base may have the same step, so what can be later is.
        if now == of(&best, step + 1, instruction) {
            step += 1;
        } else if now == of(&best, step, instruction + 1) {
            instruction += 1;
        } else if like > 0 {
            pairs.push((step, instruction));
            step += 1;
            instruction += 1;
        } else {
            break;
        }
    }
    Alignment {
        score: of(&best, 0, 0),
        pairs,
    }
}

#[cfg(test)]
mod tests;
