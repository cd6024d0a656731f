//! The secrets of a configuration and its history, and texts in which they do not show.

use std::borrow::Cow;
use std::fmt;

use super::command::{of_value, secrets};
use super::scan::{Hits, is_word};
use super::{Rule, variable};
use crate::manifest::{Config, history};

/// What is shown in place of a secret.
const HIDDEN: &str = "***";
/// Secrets shorter than this are hidden where they are found, but not wherever the same letters stand.
const LEAST: usize = 6;

/// A place in a configuration.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// A variable of the environment.
    Env(String),
    /// A label.
    Label(String),
    /// What a container runs.
    Entrypoint,
    /// Its arguments.
    Cmd,
    /// How the engine asks whether it is well.
    Healthcheck,
    /// A step of the history, from 1.
    Step(usize),
}

/// The place as it is named in reports, after the JSON of `inspect`: `config.env.NAME`, `history.3`.
impl fmt::Display for Source {
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

/// A secret that a configuration tells to everybody who may pull the image.
#[derive(Clone, PartialEq, Eq)]
pub struct ConfigSecret {
    /// What sort of secret.
    pub rule: Rule,
    /// Where it stands first.
    pub source: Source,
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
    let layers = history::layers(&config.history, depth);
    for (source, text, hits) in places(config) {
        let layer = match source {
            Source::Step(step) => layers.get(step - 1).copied().flatten(),
            _ => None,
        };
        for hit in hits.found {
            let secret = text.get(hit.range).unwrap_or_default();
            match found.iter_mut().find(|known| known.secret == secret) {
                Some(known) => {
                    if !known.layers.contains(&layer.unwrap_or(0)) {
                        known.layers.extend(layer);
                    }
                }
                None => found.push(ConfigSecret {
                    rule: hit.rule,
                    source: source.clone(),
                    layers: layer.into_iter().collect(),
                    secret: secret.to_owned(),
                }),
            }
        }
    }
    found
}

/// All texts of a configuration that may hold secrets, with what was found in each.
fn places(config: &Config) -> Vec<(Source, String, Hits)> {
    let mut places = Vec::new();
    for variable in &config.env {
        let (name, value) = variable.split_once('=').unwrap_or((variable, ""));
        let hits = of_value(name, value, Rule::VARIABLE);
        places.push((Source::Env(name.to_owned()), value.to_owned(), hits));
    }
    for (name, value) in &config.labels {
        let hits = of_value(name, value, Rule::LABEL);
        places.push((Source::Label(name.clone()), value.clone(), hits));
    }
    let check = config.healthcheck.as_ref().map(|check| &check.test);
    let commands = [
        (Source::Entrypoint, config.entrypoint.as_ref()),
        (Source::Cmd, config.cmd.as_ref()),
        (Source::Healthcheck, check),
    ];
    for (source, words) in commands {
        let text = words.map(|words| words.join(" ")).unwrap_or_default();
        let hits = secrets(&text);
        places.push((source, text, hits));
    }
    for (number, step) in (1..).zip(&config.history) {
        for text in [&step.created_by, &step.comment].into_iter().flatten() {
            places.push((Source::Step(number), text.clone(), secrets(text)));
        }
    }
    places
}

/// Takes the secrets of an image's configuration out of texts.
#[derive(Default)]
pub struct Mask {
    /// The longest first.
    secrets: Vec<String>,
}

impl Mask {
    /// For the texts of an image with this configuration.
    #[must_use]
    pub fn of(config: &Config) -> Self {
        let found = in_config(config, 0).into_iter();
        let mut secrets: Vec<String> = found
            .map(|found| found.secret)
            .filter(|secret| secret.len() >= LEAST)
            .collect();
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        Self { secrets }
    }

    /// The text with `***` in place of each secret: those of the configuration, and what looks like one.
    #[must_use]
    pub fn text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let hits = secrets(text);
        if !hits.complete {
            return Cow::Borrowed(HIDDEN);
        }
        let mut hidden = Cow::Borrowed(text);
        for hit in hits.found.iter().rev() {
            hidden.to_mut().replace_range(hit.range.clone(), HIDDEN);
        }
        for secret in &self.secrets {
            if let Some(without) = without(&hidden, secret) {
                hidden = Cow::Owned(without);
            }
        }
        hidden
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

/// The text without the secret, where it stands as a word; None where it does not.
fn without(text: &str, secret: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let mut out = String::new();
    let mut rest = 0;
    for (at, _) in text.match_indices(secret) {
        let joins = |at: Option<usize>| {
            at.and_then(|at| bytes.get(at))
                .copied()
                .is_some_and(is_word)
        };
        let (first, last) = (secret.bytes().next(), secret.bytes().last());
        let inside = (first.is_some_and(is_word) && joins(at.checked_sub(1)))
            || (last.is_some_and(is_word) && joins(Some(at + secret.len())));
        if !inside {
            out.push_str(text.get(rest..at)?);
            out.push_str(HIDDEN);
            rest = at + secret.len();
        }
    }
    (rest > 0).then(|| out + text.get(rest..).unwrap_or_default())
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
