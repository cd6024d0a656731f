//! The Dockerfile that an image's build history comes to: a line for each step, with the layer that it made.
//!
//! What builders put around commands is taken away, and what they write in another form than a Dockerfile is written as one:
//! Docker's classic builder, BuildKit, Buildah and Kaniko. What no Dockerfile made (ko, Jib, Bazel, buildpacks, the tools of
//! distributions) becomes a comment. Names of copied files that the classic builder recorded by their hash, and what stood
//! in `COPY <<EOF`, are not known.

mod instruction;
mod layered;
mod matched;
mod shell;

pub use layered::{Layered, Made, Passage};
pub use matched::{Dockerfile, DockerfileError, Matched};

use crate::base::Base;
use crate::manifest::Config;
use crate::manifest::history;

/// A step of the history as lines of a Dockerfile.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// One line, or several.
    pub text: String,
    /// The layer that it made, from 1.
    pub layer: Option<usize>,
    /// Which step of the history it is, from 1; None of lines that no step made.
    pub step: Option<usize>,
    /// Whether it came with the base image.
    pub of_base: bool,
}

/// Comments that builders leave on every step.
const NOISE: [&str; 3] = ["", "buildkit.dockerfile.v0", "buildkit.exporter.image.v0"];

/// The lines for an image of `depth` layers. The first is `FROM` where the base is not shown itself, and there is a comment
/// for each layer that the history does not have.
#[must_use]
pub fn lines(config: &Config, depth: usize, base: Option<&Base>) -> Vec<Line> {
    let steps = &config.history;
    let below = own_steps(config, depth, base);
    let made = history::layers(steps, depth);
    let mut shell = shell::Shell::default();
    let mut lines: Vec<Line> = Vec::new();
    for (at, (step, layer)) in steps.iter().zip(made).enumerate() {
        let of_base = at < below;
        if at == below && below > 0 {
            lines.push(from(base));
        }
        let note = step.comment.as_deref().unwrap_or_default().trim();
        if below == 0 && at == 0 && !note.starts_with("FROM ") {
            lines.push(from(None));
        }
        let named = note
            .strip_prefix("FROM ")
            .filter(|_| below != at || below == 0);
        if let Some(name) = named.filter(|_| !of_base) {
            lines.push(Line {
                text: format!("FROM {}", one_line(name)),
                ..Line::default()
            });
        }
        let note = Some(note).filter(|note| !NOISE.contains(note) && !note.starts_with("FROM "));
        let command = step.created_by.as_deref().unwrap_or_default();
        let read = shell.read(command);
        for (name, value) in &read.arguments {
            // An argument is declared where it is set, and once.
            let declared = lines
                .iter_mut()
                .rev()
                .find(|line| instruction::declares(&line.text, name));
            let text = instruction::argument(name, value);
            match declared {
                Some(line) => line.text = text,
                None => lines.push(Line {
                    text,
                    of_base,
                    ..Line::default()
                }),
            }
        }
        lines.push(Line {
            text: instruction::written(&read.command, note, config),
            layer,
            step: Some(at + 1),
            of_base,
        });
    }
    let told = steps.iter().filter(|step| !step.empty_layer).count();
    lines.extend((told + 1..=depth).map(|layer| Line {
        text: "# no command recorded".to_owned(),
        layer: Some(layer),
        step: None,
        of_base: !crate::base::is_own(base, layer),
    }));
    lines
}

/// The lines as a file: what came with the base is left out where its name is known.
#[must_use]
pub fn file(lines: &[Line], base: Option<&Base>) -> String {
    let named = base.is_some_and(|base| base.reference.is_some());
    let mut text = String::new();
    for line in lines.iter().filter(|line| !(named && line.of_base)) {
        text.push_str(&line.text);
        text.push('\n');
    }
    text
}

/// `FROM` and what the image was built from.
fn from(base: Option<&Base>) -> Line {
    let name = base.map_or(Some("scratch".to_owned()), |base| {
        let name = base.reference.as_deref().map(one_line)?;
        Some(match &base.digest {
            Some(digest) if !name.contains('@') => format!("{name}@{digest}"),
            _ => name,
        })
    });
    Line {
        text: match name {
            Some(name) => format!("FROM {name}"),
            None => "# the base image is not named".to_owned(),
        },
        ..Line::default()
    }
}

/// How many leading steps came with the base.
fn own_steps(config: &Config, depth: usize, base: Option<&Base>) -> usize {
    let steps = &config.history;
    let layers = base.and_then(|base| base.layers).unwrap_or(0);
    let made = history::layers(steps, depth);
    let Some(last) = made
        .iter()
        .rposition(|layer| layer.is_some_and(|layer| layer <= layers))
    else {
        return 0;
    };
    // The base ends with the command that it starts.
    let rest = steps.get(last + 1..).unwrap_or_default();
    let empty = rest.iter().take_while(|step| step.empty_layer).count();
    let is_command = |step: &history::Step| {
        let command = step.command().unwrap_or_default();
        command.starts_with("CMD ") || command.starts_with("ENTRYPOINT ")
    };
    let is_named = |step: &history::Step| {
        let note = step.comment.as_deref().unwrap_or_default();
        note.starts_with("FROM ")
    };
    let empty = rest.get(..empty).unwrap_or_default();
    let own = empty.iter().position(is_named).unwrap_or(empty.len());
    let commands = empty
        .get(..own)
        .and_then(|empty| empty.iter().rposition(is_command));
    // Where nothing follows, the last command is the image's own.
    let ended = commands.filter(|_| last + 1 + empty.len() < steps.len());
    last + 1 + ended.map_or(0, |at| at + 1)
}

/// A text that cannot begin another line.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
