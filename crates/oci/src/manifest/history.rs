//! The history of a configuration: the steps that made the image, and which layer each made.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::lenient;
use crate::json::Json;

/// One step of a build.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Step {
    /// The command, as the builder wrote it; [`Step::command`] is the form to show.
    pub created_by: Option<String>,
    /// When, as written (RFC 3339).
    pub created: Option<String>,
    /// A note, often the builder's name.
    pub comment: Option<String>,
    /// Who.
    pub author: Option<String>,
    /// Whether it made no layer.
    pub empty_layer: bool,
}

impl Step {
    pub(super) fn read(value: &Json) -> Self {
        let Some(object) = value.as_object() else {
            return Self::default();
        };
        Self {
            created_by: lenient::text(object, "created_by"),
            created: lenient::text(object, "created"),
            comment: lenient::text(object, "comment"),
            author: lenient::text(object, "author"),
            empty_layer: object
                .get("empty_layer")
                .and_then(Json::as_bool)
                .unwrap_or(false),
        }
    }

    /// The command as its Dockerfile has it, without what builders put around it.
    #[must_use]
    pub fn command(&self) -> Option<Cow<'_, str>> {
        self.created_by.as_deref().map(clean)
    }
}

/// How builders start what a shell runs, on Linux and on Windows.
const SHELLS: [&str; 4] = [
    "/bin/sh -c ",
    "/bin/bash -c ",
    "cmd /S /C ",
    "powershell -Command ",
];

/// A `created_by` as its Dockerfile has it: `/bin/sh -c #(nop)  CMD ["sh"]` is `CMD ["sh"]`.
#[must_use]
pub fn clean(created_by: &str) -> Cow<'_, str> {
    let text = created_by.trim();
    let text = text.strip_suffix("# buildkit").unwrap_or(text).trim_end();
    let (run, rest) = match text.strip_prefix("RUN ") {
        Some(rest) => (true, rest.trim_start()),
        None => (false, text),
    };
    // Build arguments stand before the shell: `|2 A=1 B=2 /bin/sh -c make`.
    let shell = SHELLS.iter().find_map(|shell| {
        let start = if rest.starts_with('|') {
            rest.find(shell)?
        } else {
            0
        };
        rest.get(start..)?.strip_prefix(shell)
    });
    match shell {
        Some(command) => match command.trim_start().strip_prefix("#(nop)") {
            Some(instruction) => Cow::Borrowed(instruction.trim()),
            None => Cow::Owned(format!("RUN {}", command.trim_start())),
        },
        None if run => Cow::Owned(format!("RUN {rest}")),
        None => Cow::Borrowed(text),
    }
}

/// A [clean] command for a place with room for one short line: what the builder copied stands there by a hash
/// that tells a reader nothing, so `COPY file:b52b… in /app/` is `COPY → /app/`.
#[must_use]
pub fn short(command: &str) -> Cow<'_, str> {
    let parts = command
        .split_once(' ')
        .filter(|(verb, _)| matches!(*verb, "COPY" | "ADD"))
        .and_then(|(verb, rest)| Some((verb, rest.rsplit_once(" in ")?)));
    match parts {
        Some((verb, (what, to))) if is_hashed(what) => {
            Cow::Owned(format!("{verb} → {}", to.trim()))
        }
        _ => Cow::Borrowed(command),
    }
}

/// Whether all of what was copied is named as the classic builder names it: `file:HASH`, `dir:HASH` or `multi:HASH`.
fn is_hashed(what: &str) -> bool {
    let hash = |word: &str| {
        let (kind, hash) = word.split_once(':')?;
        let is_hash = hash.len() >= 32 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
        (matches!(kind, "file" | "dir" | "multi") && is_hash).then_some(())
    };
    what.split_whitespace().any(|word| hash(word).is_some())
}

/// For each step the layer (from 1) that it made; `None` where it made none, or the image has no more layers.
#[must_use]
pub fn layers(steps: &[Step], depth: usize) -> Vec<Option<usize>> {
    let mut made = 0;
    steps
        .iter()
        .map(|step| {
            if step.empty_layer {
                return None;
            }
            made += 1;
            (made <= depth).then_some(made)
        })
        .collect()
}

/// For each of `depth` layers the step that made it; `None` where the history is too short.
#[must_use]
pub fn steps(steps: &[Step], depth: usize) -> Vec<Option<&Step>> {
    let mut made = steps.iter().filter(|step| !step.empty_layer);
    (0..depth).map(|_| made.next()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_shown_as_their_dockerfile_has_them() {
        for (created_by, command) in [
            (r#"/bin/sh -c #(nop)  CMD ["sh"]"#, r#"CMD ["sh"]"#),
            ("/bin/sh -c #(nop) ADD file:12 in / ", "ADD file:12 in /"),
            ("/bin/sh -c apt-get update", "RUN apt-get update"),
            ("RUN /bin/sh -c make # buildkit", "RUN make"),
            ("RUN |1 V=a b /bin/sh -c make $V # buildkit", "RUN make $V"),
            ("|1 V=1 /bin/sh -c make", "RUN make"),
            ("COPY . /app # buildkit", "COPY . /app"),
            ("RUN [\"a\", \"b\"]", "RUN [\"a\", \"b\"]"),
            ("WORKDIR /app", "WORKDIR /app"),
            ("cmd /S /C #(nop)  ENV a=b", "ENV a=b"),
            ("debootstrap", "debootstrap"),
            ("", ""),
            ("|", "|"),
        ] {
            assert_eq!(clean(created_by), command, "{created_by}");
        }
    }

    #[test]
    fn hashes_of_what_was_copied_are_left_out_of_short_commands() {
        let hash = "b52b".repeat(16);
        for (command, shown) in [
            (format!("COPY file:{hash} in /app/ "), "COPY → /app/"),
            (format!("ADD file:{hash} in /"), "ADD → /"),
            (
                format!("COPY --chown=1:1 multi:{hash} in /a in b"),
                "COPY → b",
            ),
            ("COPY . /app".to_owned(), "COPY . /app"),
            ("COPY file:12 in /app".to_owned(), "COPY file:12 in /app"),
            ("RUN cat file in x".to_owned(), "RUN cat file in x"),
        ] {
            assert_eq!(short(&command), shown);
        }
    }

    #[test]
    fn a_missing_short_or_long_history_breaks_nothing() {
        let step = |empty_layer| Step {
            empty_layer,
            ..Step::default()
        };
        let history = [step(false), step(true), step(false)];
        assert_eq!(layers(&history, 2), [Some(1), None, Some(2)]);
        assert_eq!(layers(&history, 1), [Some(1), None, None]);
        assert_eq!(
            steps(&history, 3),
            [Some(&history[0]), Some(&history[2]), None]
        );
        assert_eq!(steps(&[], 2), [None, None]);
    }
}
