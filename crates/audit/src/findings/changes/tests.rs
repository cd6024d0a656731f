//! The changed lines of a Dockerfile that a finding shows.

use super::*;
use crate::findings::{Leftovers, Location};
use crate::ledger::Ledger;
use crate::manifest::Config;
use crate::stack::Stack;

/// The lines for a finding at a path, added in layer 2 and hidden in the last, above a base of one layer.
fn lines(kind: Kind, path: &str, commands: &[&str]) -> Vec<String> {
    lines_above(1, kind, path, commands)
}

fn lines_above(base: usize, kind: Kind, path: &str, commands: &[&str]) -> Vec<String> {
    let stack = Stack::new();
    let commands: Vec<Option<&str>> = std::iter::once(&"ADD rootfs.tar /")
        .chain(commands)
        .map(|command| Some(*command))
        .collect();
    let base = crate::base::Base {
        reference: None,
        digest: None,
        layers: Some(base),
        by: crate::base::BaseEvidence::Named,
    };
    let subject = Subject {
        stack: &stack,
        ledger: &Ledger::of(&stack),
        commands: &commands,
        config: &Config {
            working_dir: Some("/app".to_owned()),
            ..Config::default()
        },
        base: Some(&base),
        leftovers: Leftovers::standard(),
    };
    let leftover = subject.leftovers.of_path(path.as_bytes());
    let finding = Finding {
        location: Location::Path {
            layer: commands.len(),
            path: path.into(),
        },
        added_by: vec![2],
        hidden_by: match kind.cause() {
            Some(_) => vec![commands.len()],
            None => Vec::new(),
        },
        ..Finding::of_config(
            kind,
            leftover.map_or("", |row| row.id.as_str()),
            "",
            String::new(),
        )
    };
    let told = BuildSteps::of(&subject).changes(&finding).into_iter();
    told.flat_map(|change| {
        let file = match change.file {
            BuildFile::Dockerfile => "",
            other => other.name(),
        };
        let lines = change.lines();
        lines
            .map(|(sign, line)| format!("{file}{sign} {line}"))
            .collect::<Vec<_>>()
    })
    .collect()
}

/// A finding's kind and path, the commands above the base, and the lines that it shows.
type Row = (
    Kind,
    &'static str,
    &'static [&'static str],
    &'static [&'static str],
);

const ROWS: [Row; 15] = [
    (
        Kind::MetadataOnly,
        "/app",
        &[
            "COPY . . # buildkit",
            "RUN /bin/sh -c chown -R app:app /app && make # buildkit",
        ],
        &[
            "- COPY . .",
            "+ COPY --chown=app:app . .",
            "- RUN chown -R app:app /app && make",
            "+ RUN make",
        ],
    ),
    (
        Kind::MetadataOnly,
        "/usr/lib/python3",
        &[
            "/bin/sh -c pip install -r a.txt",
            "RUN chmod -R 755 /usr/lib/python3",
        ],
        &[
            "- RUN pip install -r a.txt",
            "+ RUN pip install -r a.txt && chmod -R 755 /usr/lib/python3",
            "- RUN chmod -R 755 /usr/lib/python3",
        ],
    ),
    (
        Kind::Deleted,
        "/root/.cache/pip",
        &[
            "RUN pip install -r a.txt",
            "COPY . .",
            "RUN rm -rf /root/.cache /tmp/x",
        ],
        &[
            "- RUN pip install -r a.txt",
            "+ RUN --mount=type=cache,target=/root/.cache/pip pip install -r a.txt",
        ],
    ),
    (
        Kind::Deleted,
        "/root/.npm",
        &["RUN npm ci", "RUN rm -rf build /root/.npm && true"],
        &[
            "- RUN npm ci",
            "+ RUN --mount=type=cache,target=/root/.npm npm ci",
            "- RUN rm -rf build /root/.npm && true",
            "+ RUN rm -rf build && true",
        ],
    ),
    (
        Kind::Deleted,
        "/var/lib/apt/lists",
        &["RUN apt-get update", "RUN rm -rf /var/lib/apt/lists/*"],
        &[
            "- RUN apt-get update",
            "+ RUN apt-get update && rm -rf /var/lib/apt/lists/*",
            "- RUN rm -rf /var/lib/apt/lists/*",
        ],
    ),
    (
        Kind::Deleted,
        "/app/.env",
        &["COPY . .", "RUN rm -f .env"],
        &[".dockerignore+ .env", "- RUN rm -f .env"],
    ),
    (
        Kind::Secret,
        "/app/.env",
        &["COPY config/.env ./"],
        &["- COPY config/.env ./"],
    ),
    (
        Kind::Secret,
        "/srv/keys/id_rsa",
        &["COPY deploy /srv"],
        &[".dockerignore+ deploy/keys/id_rsa"],
    ),
    (
        Kind::Deleted,
        "/app/o",
        &["RUN make", "RUN rm /app/o"],
        &["- RUN make", "+ RUN make && rm /app/o", "- RUN rm /app/o"],
    ),
    // A step between them may need it.
    (
        Kind::Deleted,
        "/app/o",
        &["RUN make", "RUN test o", "RUN rm /app/o"],
        &[],
    ),
    (
        Kind::Overwritten,
        "/app/config.json",
        &["COPY . .", "COPY production.json config.json"],
        &[".dockerignore+ config.json"],
    ),
    (
        Kind::Overwritten,
        "/var/lib/dpkg",
        &["RUN apt-get install -y a", "RUN apt-get install -y b"],
        &[
            "- RUN apt-get install -y a",
            "+ RUN apt-get install -y a && apt-get install -y b",
            "- RUN apt-get install -y b",
        ],
    ),
    (
        Kind::Leftover,
        "/var/cache/apk",
        &["RUN apk add curl"],
        &["- RUN apk add curl", "+ RUN apk add --no-cache curl"],
    ),
    // A command that is not understood is not changed.
    (
        Kind::Deleted,
        "/app/o",
        &["RUN make # all", "RUN rm /app/o"],
        &[],
    ),
    (
        Kind::Deleted,
        "/app/o",
        &["RUN make", "RUN rm \"$HOME/o\""],
        &[],
    ),
];

#[test]
fn lines_fit_cause_path_and_commands() {
    for (kind, path, commands, expected) in ROWS {
        assert_eq!(lines(kind, path, commands), expected, "{path} {commands:?}");
    }
}

#[test]
fn steps_of_the_base_and_odd_paths_are_left_alone() {
    let commands = ["COPY .env /app/.env", "RUN rm -f /app/.env"];
    assert_eq!(
        lines_above(1, Kind::Deleted, "/app/.env", &commands).len(),
        2
    );
    assert!(lines_above(2, Kind::Deleted, "/app/.env", &commands).is_empty());
    let commands = ["COPY . .", "RUN rm '/app/a b'"];
    assert!(lines(Kind::Deleted, "/app/a b", &commands).is_empty());
}
