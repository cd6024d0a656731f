//! Commands of a build, and variables: forms of tokens, and what is named as a secret.

use std::ops::Range;
use std::sync::LazyLock;

use regex_lite::Regex;

use super::found::{Found, Hit};
use super::scan::{Hits, TextKind, hits};
use super::{SecretRule, variable};

/// `NAME=value`, `--name=value`, with quotes or without.
static ASSIGNED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"(?:^|[\s;&|('"`,\[?:])(?:--?)?([A-Za-z_][A-Za-z0-9_.-]*)=(?:"([^"]*)"|'([^']*)'|([^\s;&|'"()<>`,\]]+))"#,
    )
    .ok()
});
/// `--name value`.
static OPTION: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"--([a-z][a-z0-9-]*)(?:\s+|["']\s*,\s*["'])(?:"([^"]*)"|'([^']*)'|([^\s;&|'"()<>`-][^\s;&|'"()<>`]*))"#).ok()
});
/// `Name: value` of a header, `"name": "value"` of JSON.
static FIELD: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"[\s"'{,]([A-Za-z_][A-Za-z0-9_-]*)\\?["']?:\s*(?:\\?"([^"\\]*)|'([^']*)'|([^\s"'\\{},;&|<>()\[\]]+))"#,
    )
    .ok()
});
/// `config set name value`.
static SETTING: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"(?:config|configure)\s+(?:-\S+\s+)*(?:set\s+)?(?:-\S+\s+)*([A-Za-z0-9_./:@-]+)\s+(?:"([^"]*)"|'([^']*)'|([^\s;&|'"()<>`]+))"#,
    )
    .ok()
});
/// A value that a command takes for a password, whatever it is called.
static GIVEN: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let places = [
        // Through a pipe.
        r#"(?:echo|printf)\s+(?:-[A-Za-z]+\s+)?(?:"([^"]*)"|'([^']*)'|([^\s"'|;&<>()`]+))\s*\|\s*[^|;&]*(?:--password-stdin|--stdin|--with-token|sudo\s+-S)"#,
        r#"(?:-storepass|-keypass|-srcstorepass|-deststorepass)[\s=]+["']?([^\s"'|;&]+)"#,
        r#"-pass(?:in|out)?\s+["']?pass:([^\s"'|;&]+)"#,
        r#"redis-cli\s[^|;&]*-a\s*["']?([^\s"'|;&]+)"#,
        r#"mysqladmin\s[^|;&]*\spassword\s+["']?([^\s"'|;&]+)"#,
        r#"vault\s+login\s+["']?([^\s"'|;&=-][^\s"'|;&=]*)"#,
        r#"az\s+login\s[^|;&]*\s-p\s+["']?([^\s"'|;&]+)"#,
        r#"composer\s+config\s+(?:-\S+\s+)*http-basic\.\S+\s+\S+\s+["']?([^\s"'|;&]+)"#,
        r#"--with-token\s*<<<\s*["']?([^\s"'|;&]+)"#,
    ];
    Regex::new(&places.join("|")).ok()
});
/// Where a value of an instruction begins.
static NAME: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"(?:^|\s)["']?([A-Za-z_][A-Za-z0-9_./-]*)["']?="#).ok());

/// All secrets of a command, as builders write it into the history.
pub(super) fn secrets(command: &str) -> Hits {
    let kind = TextKind {
        command: true,
        ..TextKind::default()
    };
    let Hits { found, complete } = hits(command.as_bytes(), kind);
    let mut all = Found::default();
    for hit in found {
        all.add(hit);
    }
    // What has a form of its own is not told again by its name.
    for (segment, rule) in instructions(command) {
        for value in values(command, segment) {
            all.add(Hit { rule, range: value });
        }
    }
    if let Some(expression) = GIVEN.as_ref() {
        for found in expression.captures_iter(command) {
            let value = found.iter().skip(1).flatten().next();
            if let Some(value) = value.filter(|value| variable::is_secret(value.as_str())) {
                all.add(Hit {
                    rule: SecretRule::COMMAND,
                    range: value.range(),
                });
            }
        }
    }
    for expression in [&ASSIGNED, &OPTION, &FIELD, &SETTING] {
        let Some(expression) = expression.as_ref() else {
            continue;
        };
        for found in expression.captures_iter(command) {
            let name = found.get(1).map_or("", |name| name.as_str());
            let value = found.iter().skip(2).flatten().next();
            let secret = value.filter(|value| {
                variable::is_secretive(name) && variable::is_secret(value.as_str())
            });
            if let Some(value) = secret {
                all.add(Hit {
                    rule: SecretRule::COMMAND,
                    range: value.range(),
                });
            }
        }
    }
    Hits {
        found: all.into_hits(),
        complete,
    }
}

/// All secrets of the value of a variable or label.
pub(super) fn of_value(name: &str, value: &str, rule: SecretRule) -> Hits {
    // Some forms are known by the name before them.
    let kind = TextKind {
        command: true,
        ..TextKind::default()
    };
    let whole = format!("{name}={value}");
    let start = name.len() + 1;
    let Hits { found, complete } = hits(whole.as_bytes(), kind);
    let mut all = Found::default();
    let inside = |hit: Hit| {
        let range = hit.range.start.checked_sub(start)?..hit.range.end.checked_sub(start)?;
        Some(Hit { range, ..hit })
    };
    for hit in found.into_iter().filter_map(inside) {
        all.add(hit);
    }
    if variable::is_secretive(name) && variable::is_secret(value) {
        let range = 0..value.len();
        all.add(Hit { rule, range });
    }
    let inner = secrets(value);
    for hit in inner.found {
        all.add(hit);
    }
    Hits {
        found: all.into_hits(),
        complete: complete && inner.complete,
    }
}

/// The parts of a command that are the variables of `ENV`, `ARG`, `LABEL`, and the build arguments
/// that stand before the shell (`|1 NAME=value /bin/sh -c`).
fn instructions(command: &str) -> Vec<(Range<usize>, SecretRule)> {
    let end = command.rfind("# buildkit").unwrap_or(command.len());
    let start = match command.find("#(nop)") {
        Some(at) => at + "#(nop)".len(),
        None => 0,
    };
    let Some(instruction) = command.get(start..end) else {
        return Vec::new();
    };
    let trimmed = instruction.trim_start();
    let start = start + instruction.len() - trimmed.len();
    for (keyword, rule) in [
        ("ENV ", SecretRule::VARIABLE),
        ("ARG ", SecretRule::ARGUMENT),
        ("LABEL ", SecretRule::LABEL),
    ] {
        if trimmed.starts_with(keyword) {
            return vec![(start + keyword.len()..end, rule)];
        }
    }
    let arguments = trimmed.strip_prefix("RUN ").unwrap_or(trimmed).trim_start();
    let from = start + trimmed.len() - arguments.len();
    let shell = [
        "/bin/sh -c",
        "/bin/bash -c",
        "cmd /S /C",
        "powershell -Command",
    ]
    .iter()
    .filter_map(|shell| arguments.find(shell))
    .min();
    if !arguments.starts_with('|') {
        return Vec::new();
    }
    vec![(
        from..from + shell.unwrap_or(arguments.len()),
        SecretRule::ARGUMENT,
    )]
}

/// The values in such a part that are named as secrets; each goes to the next name.
fn values(command: &str, part: Range<usize>) -> Vec<Range<usize>> {
    let (Some(text), Some(expression)) = (command.get(part.clone()), NAME.as_ref()) else {
        return Vec::new();
    };
    let names: Vec<(Range<usize>, &str)> = expression
        .captures_iter(text)
        .filter_map(|found| Some((found.get(0)?.range(), found.get(1)?.as_str())))
        .collect();
    let next = names
        .iter()
        .skip(1)
        .map(|(range, _)| range.start)
        .chain([text.len()]);
    names
        .iter()
        .zip(next)
        .filter_map(|((range, name), next)| {
            let value = text.get(range.end..next)?;
            let inner = value.trim().trim_matches(['"', '\'']);
            let at = range.end + value.find(inner)?;
            let secret = variable::is_secretive(name) && variable::is_secret(inner);
            secret.then(|| part.start + at..part.start + at + inner.len())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(command: &str) -> Vec<(&'static str, &str)> {
        let hits = secrets(command).found.into_iter();
        hits.filter_map(|hit| Some((hit.rule.id(), command.get(hit.range)?)))
            .collect()
    }

    #[test]
    fn passwords_that_commands_are_given() {
        let value = "Xk29vLqpTz81";
        for command in [
            "echo VALUE | docker login -u bob --password-stdin",
            "printf '%s' | true; echo \"VALUE\" | gh auth login --with-token",
            "npm config set //registry.npmjs.org/:_authToken VALUE",
            "npm config set //registry.npmjs.org/:_authToken=VALUE",
            "yarn config set npmAuthToken VALUE",
            "aws configure set aws_secret_access_key VALUE",
            "curl -H \"X-Api-Key: VALUE\" https://x.example",
            "curl -H 'PRIVATE-TOKEN: VALUE' https://x.example",
            "curl \"https://x.example/?api_key=VALUE\"",
            "curl https://x.example/?a=1&access_token=VALUE",
            "curl -d '{\"password\":\"VALUE\"}' https://x.example",
            "az login --service-principal -u a -p VALUE",
            "keytool -genkey -storepass VALUE",
            "redis-cli -h cache -a VALUE ping",
            "openssl rsa -in a -passin pass:VALUE",
            "composer config http-basic.example.org user VALUE",
            "mysqladmin -u root password VALUE",
            "vault login VALUE",
            "gh auth login --with-token <<< VALUE",
        ] {
            let command = format!("RUN /bin/sh -c {}", command.replace("VALUE", value));
            let all = found(&command);
            assert!(
                all.iter().any(|(_, secret)| *secret == value),
                "{command}: {all:?}"
            );
            let hidden = command.replace(value, "$SECRET");
            assert_eq!(found(&hidden), [], "{hidden}");
        }
        for harmless in [
            "echo done | tee log",
            "git config --global user.name Somebody",
            "npm config set registry https://registry.example.com/",
            "pip config set global.index-url https://pypi.example.com/simple",
            "curl -H \"Accept: application/json\" https://x.example",
            "vault login -method=oidc",
            "echo 'Acquire::Retries \"3\";' > /etc/apt/apt.conf.d/80",
            "apt-get install -y passwd login",
            "groupadd -r app && useradd -r -g app app",
            "sed -i 's/password: changeme/password: ${PASSWORD}/' /etc/app.yaml",
        ] {
            assert_eq!(
                found(&format!("RUN /bin/sh -c {harmless}")),
                [],
                "{harmless}"
            );
        }
    }

    #[test]
    fn secrets_of_commands() {
        for (command, rule, secret) in [
            (
                "RUN |1 NPM_TOKEN=Xk29vLqp /bin/sh -c npm ci # buildkit",
                "secret-argument",
                "Xk29vLqp",
            ),
            (
                "|2 A=1 DB_PASSWORD=two words /bin/sh -c make",
                "secret-argument",
                "two words",
            ),
            (
                "/bin/sh -c #(nop)  ENV API_TOKEN=Xk29vLqp",
                "secret-variable",
                "Xk29vLqp",
            ),
            (
                "ENV A=1 API_TOKEN=\"Xk29vLqp\" B=2",
                "secret-variable",
                "Xk29vLqp",
            ),
            ("ARG TOKEN=Xk29vLqp", "secret-argument", "Xk29vLqp"),
            (
                "LABEL com.example.token=Xk29vLqp",
                "secret-label",
                "Xk29vLqp",
            ),
            (
                "RUN /bin/sh -c export PASSWORD='Xk29vLqp' && x # buildkit",
                "secret-in-command",
                "Xk29vLqp",
            ),
            (
                "RUN /bin/sh -c x --password=Xk29vLqp",
                "secret-in-command",
                "Xk29vLqp",
            ),
            (
                "RUN /bin/sh -c x --token Xk29vLqp y",
                "secret-in-command",
                "Xk29vLqp",
            ),
            (
                "[\"x\", \"--api-key\", \"Xk29vLqp\"]",
                "secret-in-command",
                "Xk29vLqp",
            ),
            (
                "RUN curl -u me:Xk29vLqp https://x",
                "password-in-command",
                "Xk29vLqp",
            ),
            (
                "RUN curl -H 'Authorization: Bearer Xk29vLqpTz81' x",
                "authorization-header",
                "Xk29vLqpTz81",
            ),
            (
                "RUN echo root:Xk29vLqp | chpasswd",
                "password-in-command",
                "Xk29vLqp",
            ),
            (
                "RUN git clone https://me:Xk29vLqp@x/y",
                "url-password",
                "Xk29vLqp",
            ),
            (
                "RUN mysql -u root -pXk29vLqp < a.sql",
                "password-in-command",
                "Xk29vLqp",
            ),
        ] {
            assert_eq!(found(command), [(rule, secret)], "{command}");
        }
        for command in [
            "RUN |1 NPM_TOKEN= /bin/sh -c npm ci # buildkit",
            "ARG NPM_TOKEN",
            "RUN --mount=type=secret,id=npm_token /bin/sh -c NPM_TOKEN=$(cat /run/secrets/npm_token) npm ci",
            "ENV GPG_KEY=A035C8C19219BA821ECEA86B64E628F8D684696D",
            "ENV DB_PASSWORD_FILE=/run/secrets/db",
            "RUN echo $PASSWORD | docker login -u x --password-stdin",
            "RUN x --password $PASSWORD --token=${TOKEN}",
            "RUN echo root:$PASSWORD | chpasswd",
            "RUN mkdir -p /app && chown -R app:app /app",
            "RUN curl -u \"$USER:$PASSWORD\" https://x",
            "RUN curl -fsSL https://x/y -o /z",
            "CMD [\"sh\"]",
        ] {
            assert_eq!(found(command), [], "{command}");
        }
    }
}
