//! The Dockerfile that a build history comes to, step by step.

use super::*;
use crate::base::BaseEvidence;
use crate::manifest::history::Step;

/// Steps from command and comment; a command in brackets made no layer.
fn config(steps: &[(&str, &str)]) -> Config {
    let step = |(command, comment): &(&str, &str)| {
        let inner = command
            .strip_prefix('(')
            .and_then(|rest| rest.strip_suffix(')'));
        Step {
            created_by: Some(inner.unwrap_or(command).to_owned()),
            comment: Some((*comment).to_owned()),
            empty_layer: inner.is_some(),
            ..Step::default()
        }
    };
    Config {
        history: steps.iter().map(step).collect(),
        env: vec!["MSG=hello world".to_owned()],
        ..Config::default()
    }
}

fn told(config: &Config, base: Option<&Base>) -> Vec<String> {
    let depth = config
        .history
        .iter()
        .filter(|step| !step.empty_layer)
        .count();
    let lines = lines(config, depth, base).into_iter();
    let line = |line: Line| match line.layer {
        Some(layer) => format!("{layer}: {}", line.text),
        None => line.text,
    };
    lines.map(line).collect()
}

#[test]
fn steps_of_the_classic_builder() {
    let hash = "b52b28c2a8d2b52b28c2a8d2b52b28c2a8d2b52b28c2a8d2b52b28c2a8d2abcd";
    let add = format!("/bin/sh -c #(nop) ADD file:{hash} in / ");
    let config = config(&[
        (&add, ""),
        (r#"(/bin/sh -c #(nop)  CMD ["bash"])"#, ""),
        ("(/bin/sh -c #(nop)  ARG V)", ""),
        ("|2 V=1.2 WHO=you and me /bin/sh -c make $V", ""),
        ("/bin/sh -c apt-get update     && apt-get install -y x", ""),
        (r#"(/bin/sh -c #(nop)  ENTRYPOINT ["a" "b c"])"#, ""),
        ("(/bin/sh -c #(nop)  EXPOSE 80)", ""),
    ]);
    assert_eq!(
        told(&config, None),
        [
            "FROM scratch",
            "1: ADD file:b52b28c2a8d2 /",
            "CMD [\"bash\"]",
            "ARG V=1.2",
            "ARG WHO=\"you and me\"",
            "2: RUN make $V",
            "3: RUN apt-get update \\\n    && apt-get install -y x",
            "ENTRYPOINT [\"a\", \"b c\"]",
            "EXPOSE 80",
        ]
    );
}

#[test]
fn steps_of_buildkit() {
    let kit = "buildkit.dockerfile.v0";
    let config = config(&[
        (
            "# debian.sh --arch 'amd64' out/ 'trixie'",
            "debuerreotype 0.15",
        ),
        ("(ENV MSG=hello world)", kit),
        ("(SHELL [/bin/bash -o pipefail -c])", kit),
        (
            "RUN /bin/bash -o pipefail -c curl x | tar x # buildkit",
            kit,
        ),
        ("(ARG TARGET=a)", kit),
        (
            "RUN |1 TARGET=b /bin/bash -o pipefail -c make $TARGET # buildkit",
            kit,
        ),
        (
            "RUN /bin/bash -o pipefail -c set -e\nmake\n # buildkit",
            kit,
        ),
        (
            "RUN /bin/bash -o pipefail -c cat <<EOF > /a\nhello\nEOF # buildkit",
            kit,
        ),
        ("COPY --chown=1:1 . /app # buildkit", kit),
        ("(EXPOSE map[443/tcp:{} 80/tcp:{}])", kit),
        ("(VOLUME [/data])", kit),
        (
            r#"(HEALTHCHECK &{["CMD-SHELL" "curl -f http://localhost/ || exit 1"] "30s" "3s" "0s" "0s" '\x03'})"#,
            kit,
        ),
        (r#"(CMD ["nginx" "-g" "daemon off;"])"#, kit),
    ]);
    assert_eq!(
        told(&config, None),
        [
            "FROM scratch",
            "1: # debian.sh --arch 'amd64' out/ 'trixie': debuerreotype 0.15",
            "ENV MSG=\"hello world\"",
            "SHELL [\"/bin/bash\", \"-o\", \"pipefail\", \"-c\"]",
            "2: RUN curl x | tar x",
            "ARG TARGET=b",
            "3: RUN make $TARGET",
            "4: RUN <<EOF\nset -e\nmake\nEOF",
            "5: RUN cat <<EOF > /a\nhello\nEOF",
            "6: COPY --chown=1:1 . /app",
            "EXPOSE 443/tcp 80/tcp",
            "VOLUME [\"/data\"]",
            "HEALTHCHECK --interval=30s --timeout=3s --retries=3 CMD curl -f http://localhost/ || exit 1",
            "CMD [\"nginx\", \"-g\", \"daemon off;\"]",
        ]
    );
}

#[test]
fn steps_of_buildah_and_kaniko() {
    let buildah = config(&[
        ("/bin/sh -c #(nop) ADD file:12 in / ", ""),
        (r#"(/bin/sh -c #(nop) CMD ["sh"])"#, ""),
        (
            "/bin/sh -c apk add curl",
            "FROM docker.io/library/alpine:3.22",
        ),
        ("(/bin/sh -c #(nop) LABEL \"a\"=\"b\")", ""),
    ]);
    let base = Base {
        reference: Some("docker.io/library/alpine:3.22".to_owned()),
        digest: None,
        layers: Some(1),
        by: BaseEvidence::History,
    };
    let lines = told(&buildah, Some(&base));
    assert_eq!(
        lines,
        [
            "1: ADD file:12 /",
            "CMD [\"sh\"]",
            "FROM docker.io/library/alpine:3.22",
            "2: RUN apk add curl",
            "LABEL \"a\"=\"b\"",
        ]
    );
    let kaniko = config(&[
        ("ADD rootfs.tar.xz /", ""),
        ("RUN apk add --no-cache curl", ""),
        ("COPY . /app", ""),
        ("(ENV A=b)", ""),
        ("RUN [\"/bin/true\"]", ""),
    ]);
    assert_eq!(
        told(&kaniko, None)[2..],
        [
            "2: RUN apk add --no-cache curl",
            "3: COPY . /app",
            "ENV A=b",
            "4: RUN [\"/bin/true\"]"
        ]
    );
}

#[test]
fn what_no_dockerfile_made_is_a_comment() {
    let config = config(&[
        (
            "ko build ko://example.com/app",
            "kodata contents, at $KO_DATA_PATH",
        ),
        ("bazel build //web:assets.tar", ""),
        ("", ""),
        ("RUN", ""),
        ("one\ntwo", ""),
    ]);
    assert_eq!(
        told(&config, None)[1..],
        [
            "1: # ko build ko://example.com/app: kodata contents, at $KO_DATA_PATH",
            "2: # bazel build //web:assets.tar",
            "3: # no command recorded",
            "4: # RUN",
            "5: # one\n# two",
        ]
    );
    let short = lines(&config, 6, None);
    assert_eq!(short.last().map(|line| line.layer), Some(Some(6)));
    // A history that is longer than the layers, and none.
    assert_eq!(lines(&config, 1, None).len(), 6);
    assert_eq!(lines(&Config::default(), 1, None).len(), 1);
}

#[test]
fn a_named_base_takes_the_place_of_its_steps() {
    let config = config(&[
        ("/bin/sh -c #(nop) ADD file:12 in / ", ""),
        (r#"(/bin/sh -c #(nop)  CMD ["bash"])"#, ""),
        ("(ENV A=b)", "buildkit.dockerfile.v0"),
        ("COPY a /a # buildkit", "buildkit.dockerfile.v0"),
    ]);
    let base = Base {
        reference: Some("debian:12".to_owned()),
        digest: None,
        layers: Some(1),
        by: BaseEvidence::History,
    };
    let lines = lines(&config, 2, Some(&base));
    assert_eq!(
        file(&lines, Some(&base)),
        "FROM debian:12\nENV A=b\nCOPY a /a\n"
    );
    assert_eq!(lines.iter().filter(|line| line.of_base).count(), 2);
    let unnamed = Base {
        reference: None,
        ..base
    };
    let lines = self::lines(&config, 2, Some(&unnamed));
    assert!(file(&lines, Some(&unnamed)).starts_with("ADD file:12 /\nCMD [\"bash\"]\n# the base"));
}
