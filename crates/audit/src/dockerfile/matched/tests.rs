//! Lines of a Dockerfile, and the steps of a history that they made.

use proptest::prelude::*;

use super::super::lines;
use super::*;
use crate::manifest::Config;
use crate::manifest::history::Step as Made;

/// A history of commands; one in brackets made no layer.
fn history(commands: &[&str]) -> Vec<Line> {
    let step = |command: &&str| {
        let inner = command
            .strip_prefix('(')
            .and_then(|rest| rest.strip_suffix(')'));
        Made {
            created_by: Some(inner.unwrap_or(command).to_owned()),
            empty_layer: inner.is_some(),
            ..Made::default()
        }
    };
    let config = Config {
        history: commands.iter().map(step).collect(),
        ..Config::default()
    };
    let depth = config
        .history
        .iter()
        .filter(|step| !step.empty_layer)
        .count();
    lines(&config, depth, None)
}

/// The line of each layer.
fn found(file: &str, commands: &[&str]) -> Vec<(usize, usize)> {
    let file = Dockerfile::parse(file).unwrap();
    file.find(&history(commands)).layers.into_iter().collect()
}

const FILE: &str = r#"# syntax=docker/dockerfile:1
ARG VERSION=22
FROM node:${VERSION} AS build
WORKDIR /src
COPY . .
RUN npm ci && npm run build

FROM debian:12
ENV HOME=/srv
# What it needs.
RUN --mount=type=cache,target=/var/cache/apt \
    apt-get update \
    # for downloads
    && apt-get install -y curl
WORKDIR $HOME/app
COPY --from=build --chown=1000 /src/dist ./dist/
RUN <<EOF
set -e
chmod -R 755 /srv
EOF
USER 1000
CMD ["dist/server"]
"#;

#[test]
fn steps_of_buildkit_are_found() {
    let steps = [
        "# debian.sh --arch 'amd64' out/",
        "(CMD [\"bash\"])",
        "(ENV HOME=/srv)",
        "RUN /bin/sh -c apt-get update     && apt-get install -y curl # buildkit",
        "WORKDIR /srv/app",
        "COPY /src/dist ./dist/ # buildkit",
        "RUN /bin/sh -c set -e\nchmod -R 755 /srv\n # buildkit",
        "(USER 1000)",
        "(CMD [\"dist/server\"])",
    ];
    assert_eq!(found(FILE, &steps), [(2, 11), (3, 15), (4, 16), (5, 17)]);
    let matched = Dockerfile::parse(FILE).unwrap().find(&history(&steps));
    assert_eq!(matched.stage, 8);
    assert_eq!(matched.steps.get(&9), Some(&22));
}

#[test]
fn steps_of_the_classic_builder_are_found() {
    let hash = "b52b28c2a8d2b52b28c2a8d2b52b28c2a8d2b52b28c2a8d2b52b28c2a8d2abcd";
    let copy = format!("/bin/sh -c #(nop) COPY dir:{hash} in ./dist/ ");
    let steps = [
        "/bin/sh -c #(nop) ADD file:aaaa in / ",
        "/bin/sh -c apt-get update     && apt-get install -y curl",
        &copy,
        "/bin/sh -c make",
    ];
    assert_eq!(found(FILE, &steps), [(2, 11), (3, 16)]);
}

#[test]
fn a_stage_on_another_stage_has_its_steps_too() {
    let file = "FROM debian AS base\nRUN a\nFROM base AS test\nRUN t\nFROM Base\nRUN b\n";
    assert_eq!(found(file, &["RUN a", "RUN b"]), [(1, 2), (2, 6)]);
    // What was built was another stage.
    assert_eq!(found(file, &["RUN a", "RUN t"]), [(1, 2), (2, 4)]);
}

#[test]
fn of_equal_steps_each_has_its_own_line() {
    let file = "FROM a\nRUN x\nCOPY a /a\nRUN x\n";
    assert_eq!(
        found(file, &["RUN x", "COPY a /a", "RUN x"]),
        [(1, 2), (2, 3), (3, 4)]
    );
    // One of them is the base's.
    assert_eq!(found("FROM a\nRUN x\n", &["RUN x", "RUN x"]), [(2, 2)]);
    assert_eq!(found(file, &["RUN y"]), []);
}

#[test]
fn what_is_no_dockerfile_is_refused() {
    for text in ["", "RUN x\n", "FROM\n", "FROM a\nNOT an instruction\n"] {
        assert!(Dockerfile::parse(text).is_err(), "{text}");
    }
    assert!(matches!(
        Dockerfile::parse(&"#".repeat(crate::limits::DOCKERFILE_BYTES + 1)),
        Err(DockerfileError::TooLarge)
    ));
}

#[test]
fn variables_fit_any_value() {
    for (text, instruction, fit) in [
        ("COPY a /srv/x", "COPY a $HOME/x", true),
        ("COPY a /srv/x", "COPY a ${HOME:-/}/x", true),
        ("COPY a /srv/y", "COPY a $HOME/x", false),
        ("COPY a b", "COPY a b", true),
        ("COPY 1-2", "COPY $A-$B", true),
        ("COPY 12", "COPY $A-$B", false),
        ("COPY ", "COPY $A", true),
        ("COPY a", "COPY ${A", true),
    ] {
        assert_eq!(fits(text, instruction), fit, "{text} {instruction}");
    }
}

proptest! {
    #[test]
    fn no_text_is_too_odd(file in "(FROM|RUN|COPY|<<E|\\\\|\n|[ -~]|\"|\\[|--a=|é){0,40}", command in ".{0,40}") {
        if let Ok(file) = Dockerfile::parse(&file) {
            let _ = file.find(&history(&[&command]));
        }
        if let Ok(file) = Dockerfile::parse(&format!("FROM a\nRUN {file}")) {
            let _ = file.find(&history(&[&command]));
        }
    }

    /// The history that a file comes to where nothing is put in for variables leads back to its lines.
    #[test]
    fn every_step_is_found_in_its_own_file(commands in proptest::collection::vec("[a-z]{1,8}( [a-z/]{1,8}){0,3}", 1..20)) {
        let mut file = "FROM scratch\n".to_owned();
        let mut expected = Vec::new();
        let mut line = 2;
        for (layer, command) in (1..).zip(&commands) {
            file += &format!("# {command}\n\nRUN {} \\\n  && true\n", command);
            expected.push((layer, line + 2));
            line += 4;
        }
        let history: Vec<String> = commands.iter().map(|command| format!("/bin/sh -c {command}   && true")).collect();
        let history: Vec<&str> = history.iter().map(String::as_str).collect();
        prop_assert_eq!(found(&file, &history), expected);
    }
}
