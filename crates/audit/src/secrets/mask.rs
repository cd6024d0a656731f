//! The secrets of a configuration and its history, and texts in which they do not show.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::ops::Range;

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, AhoCorasickKind, BuildError};

use super::command::{of_value, secrets};
use super::scan::Hits;
use super::word::is_word;
use super::{SecretRule, variable};
use crate::manifest::{Config, history};

/// What is shown in place of a secret.
const HIDDEN: &str = "***";
/// Secrets shorter than this are hidden where they are found, but not wherever the same letters stand.
const LEAST: usize = 6;

/// A place in a configuration.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SecretSource {
    /// A variable of the environment.
    Env(String),
    /// A label.
    Label(String),
    /// What a container runs.
    Entrypoint,
    /// Its arguments.
    Cmd,
    /// The health check.
    Healthcheck,
    /// A step of the history, from 1.
    Step(usize),
}

/// The place as it is named in reports, after the JSON of `inspect`: `config.env.NAME`, `history.3`.
impl fmt::Display for SecretSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Env(name) => write!(f, "config.env.{name}"),
            Self::Label(name) => write!(f, "config.labels.{name}"),
            Self::Entrypoint => f.write_str("config.entrypoint"),
            Self::Cmd => f.write_str("config.cmd"),
            Self::Healthcheck => f.write_str("config.healthcheck"),
            Self::Step(step) => write!(f, "history.{step}"),
        }
    }
}

impl SecretSource {
    /// What it is one of.
    #[must_use]
    pub const fn list(&self) -> &'static str {
        match self {
            Self::Env(_) => "config.env",
            Self::Label(_) => "config.labels",
            Self::Entrypoint => "config.entrypoint",
            Self::Cmd => "config.cmd",
            Self::Healthcheck => "config.healthcheck",
            Self::Step(_) => "history",
        }
    }
}

/// A secret that a configuration tells to everybody who may pull the image.
#[derive(Clone, PartialEq, Eq)]
pub struct ConfigSecret {
    /// What sort of secret.
    pub rule: SecretRule,
    /// Where it stands first.
    pub source: SecretSource,
    /// What it is called there, where that is no part of the place.
    pub name: Option<String>,
    /// Where else it stands.
    pub also: Vec<SecretSource>,
    /// The layers (from 1) whose steps have it.
    pub layers: Vec<usize>,
    /// Never shown.
    secret: String,
}

/// Without the secret.
impl fmt::Debug for ConfigSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} in {}", self.rule, self.source)
    }
}

/// The secrets of a configuration, each once; `depth` is the number of layers.
#[must_use]
pub fn in_config(config: &Config, depth: usize) -> Vec<ConfigSecret> {
    let mut found: Vec<ConfigSecret> = Vec::new();
    let mut known: HashMap<String, usize> = HashMap::new();
    let layers = history::layers(&config.history, depth);
    for (source, text, hits) in places(config) {
        let layer = match source {
            SecretSource::Step(step) => layers.get(step - 1).copied().flatten(),
            _ => None,
        };
        for hit in hits.found {
            let secret = text.get(hit.range.clone()).unwrap_or_default();
            if let Some(first) = known.get(secret).and_then(|at| found.get_mut(*at)) {
                // Places come in order, so each is the last one or new.
                let last = first.also.last().unwrap_or(&first.source);
                if *last != source {
                    first.also.push(source.clone());
                    first.layers.extend(layer);
                }
                continue;
            }
            known.insert(secret.to_owned(), found.len());
            found.push(ConfigSecret {
                rule: hit.rule,
                source: source.clone(),
                name: named(&text, hit.range.start, hit.rule),
                also: Vec::new(),
                layers: layer.into_iter().collect(),
                secret: secret.to_owned(),
            });
        }
    }
    found
}

/// The name in front of a value that was found by it.
fn named(text: &str, value: usize, rule: SecretRule) -> Option<String> {
    /// Letters of the longest name that is told.
    const LONGEST: usize = 64;
    let by_name = [
        SecretRule::VARIABLE,
        SecretRule::ARGUMENT,
        SecretRule::LABEL,
        SecretRule::COMMAND,
    ];
    if !by_name.contains(&rule) {
        return None;
    }
    let letter = |c: char| c.is_ascii_alphanumeric() || "_.-/".contains(c);
    let before = text.get(..value)?.trim_end_matches(|c| !letter(c));
    let length = before.bytes().rev().take(LONGEST + 1);
    let length = length.take_while(|byte| letter(char::from(*byte))).count();
    let name = before.get(before.len() - length..)?;
    (1..=LONGEST).contains(&length).then(|| name.to_owned())
}

/// All texts of a configuration that may hold secrets, with what was found in each.
fn places(config: &Config) -> Vec<(SecretSource, String, Hits)> {
    let mut places = Vec::new();
    for variable in &config.env {
        let (name, value) = variable.split_once('=').unwrap_or((variable, ""));
        let hits = of_value(name, value, SecretRule::VARIABLE);
        places.push((SecretSource::Env(name.to_owned()), value.to_owned(), hits));
    }
    for (name, value) in &config.labels {
        let hits = of_value(name, value, SecretRule::LABEL);
        places.push((SecretSource::Label(name.clone()), value.clone(), hits));
    }
    let check = config.healthcheck.as_ref().map(|check| &check.test);
    let commands = [
        (SecretSource::Entrypoint, config.entrypoint.as_ref()),
        (SecretSource::Cmd, config.cmd.as_ref()),
        (SecretSource::Healthcheck, check),
    ];
    for (source, words) in commands {
        let text = words.map(|words| words.join(" ")).unwrap_or_default();
        let hits = secrets(&text);
        places.push((source, text, hits));
    }
    for (number, step) in (1..).zip(&config.history) {
        for text in [&step.created_by, &step.comment].into_iter().flatten() {
            places.push((SecretSource::Step(number), text.clone(), secrets(text)));
        }
    }
    places
}

/// Takes the secrets of an image's configuration out of texts.
pub struct Mask {
    secrets: Result<AhoCorasick, BuildError>,
}

impl Mask {
    /// For the texts of an image with this configuration.
    #[must_use]
    pub fn of(config: &Config) -> Self {
        let found = in_config(config, 0).into_iter();
        let secrets = found.map(|found| found.secret);
        Self {
            // Of the kinds, a table of all states takes time in the square of a secret that repeats itself.
            secrets: AhoCorasickBuilder::new()
                .kind(Some(AhoCorasickKind::ContiguousNFA))
                .build(secrets.filter(|secret| secret.len() >= LEAST)),
        }
    }

    /// The text with `***` in place of each secret: those of the configuration, and what looks like one.
    #[must_use]
    pub fn text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let hits = secrets(text);
        let known = self.known(text);
        let (true, Some(known)) = (hits.complete, known) else {
            return Cow::Borrowed(HIDDEN);
        };
        let mut ranges: Vec<Range<usize>> = hits.found.into_iter().map(|hit| hit.range).collect();
        ranges.extend(known);
        ranges.sort_by_key(|range| range.start);
        hidden(text, &ranges)
    }

    /// Where secrets of the configuration stand as words; none where that cannot be told.
    fn known(&self, text: &str) -> Option<Vec<Range<usize>>> {
        /// Places that are looked at for each byte: secrets may stand in each other.
        const TRIED: usize = 8;
        let bytes = text.as_bytes();
        let word = |at: Option<usize>| {
            at.and_then(|at| bytes.get(at))
                .copied()
                .is_some_and(is_word)
        };
        let mut ranges = Vec::new();
        let all = self.secrets.as_ref().ok()?.find_overlapping_iter(text);
        for (number, found) in all.enumerate() {
            if number > TRIED * text.len() {
                return None;
            }
            let range = found.range();
            let joins = |first, second: Option<usize>| word(first) && word(second);
            let before = joins(range.start.checked_sub(1), Some(range.start));
            if !before && !joins(range.end.checked_sub(1), Some(range.end)) {
                ranges.push(range);
            }
        }
        Some(ranges)
    }

    /// The value of a variable or label with this name, likewise.
    #[must_use]
    pub fn value<'t>(&self, name: &str, value: &'t str) -> Cow<'t, str> {
        if variable::is_secretive(name) && variable::is_secret(value) {
            return Cow::Borrowed(HIDDEN);
        }
        self.text(value)
    }
}

/// The text with `***` in place of each range, which may overlap and come by their starts.
fn hidden<'t>(text: &'t str, ranges: &[Range<usize>]) -> Cow<'t, str> {
    if ranges.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut shown = 0;
    let mut last = None;
    for range in ranges {
        // What overlaps or touches the one before it is hidden with it.
        if last.is_none_or(|end| range.start > end) {
            out.push_str(text.get(shown..range.start).unwrap_or_default());
            out.push_str(HIDDEN);
        }
        shown = shown.max(range.end);
        last = Some(shown);
    }
    out.push_str(text.get(shown..).unwrap_or_default());
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::manifest::history::Step;
    use crate::secrets::placeholder;

    fn config() -> Config {
        Config::parse(
            br#"{"config":{"Env":["PATH=/bin","DB_PASSWORD=Xk29vLqp","URL=redis://:tR5wQ8zN@cache"],"Labels":{"api-token":"mV7pL2sD"},
            "Cmd":["run","--secret","jH4bN9xC"]},
            "history":[{"created_by":"ENV DB_PASSWORD=Xk29vLqp","empty_layer":true},
            {"created_by":"RUN |1 REPO_TOKEN=gF3dS6aK /bin/sh -c ./a gF3dS6aK # buildkit"},
            {"created_by":"RUN |1 REPO_TOKEN=gF3dS6aK /bin/sh -c echo Xk29vLqp xXk29vLqp # buildkit"}]}"#,
        )
        .unwrap()
    }

    #[test]
    fn secrets_are_found_where_they_stand_first() {
        let found: Vec<String> = in_config(&config(), 2)
            .iter()
            .map(|found| format!("{} {} {:?}", found.rule.id(), found.source, found.layers))
            .collect();
        assert_eq!(
            found,
            [
                "secret-variable config.env.DB_PASSWORD []",
                "url-password config.env.URL []",
                "secret-label config.labels.api-token []",
                "secret-in-command config.cmd []",
                "secret-argument history.2 [1, 2]",
            ]
        );
    }

    #[test]
    fn a_secret_is_told_once_with_all_its_places_and_its_name() {
        let found = in_config(&config(), 3);
        let of = |place: &str| found.iter().find(|found| found.source.to_string() == place);
        let variable = of("config.env.DB_PASSWORD").unwrap();
        assert_eq!(variable.also, [SecretSource::Step(1)]);
        let argument = of("history.2").unwrap();
        assert_eq!(argument.also, [SecretSource::Step(3)]);
        assert_eq!(argument.name.as_deref(), Some("REPO_TOKEN"));
    }

    #[test]
    fn secrets_do_not_show() {
        let mask = Mask::of(&config());
        assert_eq!(
            mask.text("RUN |1 REPO_TOKEN=gF3dS6aK /bin/sh -c echo Xk29vLqp xXk29vLqp"),
            "RUN |1 REPO_TOKEN=*** /bin/sh -c echo *** xXk29vLqp"
        );
        assert_eq!(mask.text("RUN make"), "RUN make");
        assert_eq!(mask.value("MY_TOKEN", "qwErt7yu"), "***");
        assert!(!format!("{:?}", in_config(&config(), 2)).contains("Xk29vLqp"));
    }

    /// A build that gives Git the runner's login on a command line leaves it in the history.
    #[test]
    fn logins_that_commands_give_to_git_do_not_show() {
        let login = "eC1hY2Nlc3MtdG9rZW46WGsyOXZMcXBUejgx";
        for command in [
            format!(
                "RUN git config --global http.https://git.example/.extraheader \"AUTHORIZATION: basic {login}\""
            ),
            format!(
                "RUN git -c http.extraHeader='Authorization: Basic {login}' clone https://git.example/a"
            ),
            format!("RUN git -c http.extraheader=\"authorization: bearer {login}\" fetch"),
            format!(
                "CMD [\"git\", \"-c\", \"http.extraheader=AUTHORIZATION: basic {login}\", \"fetch\"]"
            ),
            format!(
                "ENV GIT_CONFIG_KEY_0=http.extraheader GIT_CONFIG_VALUE_0=\"AUTHORIZATION: basic {login}\""
            ),
            format!("RUN curl -H 'AUTHORIZATION: bearer {login}' https://git.example/a"),
            format!("RUN curl -H Authorization:\\ Bearer\\ {login} https://git.example/a"),
            format!("RUN git config http.extraheader AUTHORIZATION:\\ basic\\ {login}"),
            format!("RUN git config http.extraheader \"AUTHORIZATION: basic \"\"{login}\""),
            format!("RUN git config http.extraheader 'AUTHORIZATION: basic '\"{login}\""),
            format!("RUN git config http.extraheader \"AUTHORIZATION: basic \\\n{login}\""),
        ] {
            let step = Step {
                created_by: Some(command.clone()),
                ..Step::default()
            };
            let config = Config {
                history: vec![step],
                ..Config::default()
            };
            assert_eq!(in_config(&config, 1).len(), 1, "{command}");
            let shown = Mask::of(&config).text(&command).into_owned();
            assert_eq!(shown, command.replace(login, "***"));
        }
        let masked = "RUN git config http.extraheader \"AUTHORIZATION: basic ***\"";
        let step = Step {
            created_by: Some(masked.to_owned()),
            ..Step::default()
        };
        let config = Config {
            history: vec![step],
            ..Config::default()
        };
        assert!(in_config(&config, 1).is_empty());
    }

    proptest! {
        /// Whatever is found in a configuration does not show in any of its texts.
        #[test]
        fn what_is_found_is_hidden(
            secrets in prop::collection::vec("[A-Za-z0-9]{3}[A-Za-z0-9+/!.~]{5,20}[0-9][a-z]", 1..5),
            forms in prop::collection::vec(0..9usize, 1..6),
        ) {
            let none = |secret: &String| placeholder::is_placeholder(secret) || placeholder::is_reference(secret);
            prop_assume!(!secrets.iter().any(none));
            let texts: Vec<String> = forms.iter().zip(secrets.iter().cycle()).map(|(form, secret)| match form {
                0 => format!("RUN |1 NPM_TOKEN={secret} /bin/sh -c npm ci # buildkit"),
                1 => format!("ENV A=1 DB_PASSWORD={secret} B=2"),
                2 => format!("/bin/sh -c #(nop)  LABEL api-token={secret}"),
                3 => format!("RUN x --password {secret} --quiet"),
                4 => format!("RUN x --token='{secret}'"),
                5 => format!("RUN git clone https://me:{}@example.org/a", secret.replace('/', "_")),
                6 => format!("RUN curl -u me:{secret} https://example.org"),
                7 => format!("RUN export API_KEY=\"{secret}\" && echo \"{secret}\""),
                _ => format!("CMD [\"run\", \"--api-key\", \"{secret}\"]"),
            }).collect();
            let history = texts.iter().map(|text| Step { created_by: Some(text.clone()), ..Step::default() });
            let config = Config { history: history.collect(), ..Config::default() };
            let found = in_config(&config, texts.len());
            prop_assert!(!found.is_empty());
            let mask = Mask::of(&config);
            for text in &texts {
                let shown = mask.text(text);
                for found in &found {
                    prop_assert!(!shown.contains(&found.secret), "{} shows {}", shown, found.secret);
                }
            }
        }
    }
}
