//! The configuration of two images, field by field.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Options;
use crate::manifest::Config;

/// A field of the configuration that differs.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FieldChange {
    /// The field's name, as `inspect --format json` has it below `config`.
    pub field: String,
    /// The old image's value in the same form; null where it has none.
    pub old: Value,
    /// The new image's value.
    pub new: Value,
}

/// Labels that builders set by themselves: dates, revisions and versions of a build.
///
/// Source: OCI image specification, annotations.md; what docker/metadata-action, BuildKit, Buildah and Jib write.
const BUILDER_LABELS: [&str; 8] = [
    "org.opencontainers.image.created",
    "org.opencontainers.image.revision",
    "org.opencontainers.image.version",
    "org.opencontainers.image.ref.name",
    "org.opencontainers.image.base.digest",
    "org.label-schema.build-date",
    "org.label-schema.vcs-ref",
    "io.buildah.version",
];

/// The fields that differ, in the order of `inspect`.
#[must_use]
pub fn fields(old: &Config, new: &Config, options: &Options) -> Vec<FieldChange> {
    let (old, new) = (told(old, options), told(new, options));
    let changes = old.into_iter().zip(new);
    changes
        .filter(|((_, old), (_, new))| old != new)
        .map(|((field, old), (_, new))| FieldChange {
            field: field.to_owned(),
            old,
            new,
        })
        .collect()
}

/// The fields that are compared, each with its value as JSON.
fn told(config: &Config, options: &Options) -> Vec<(&'static str, Value)> {
    let labels: Map<String, Value> = (config.labels.iter())
        .filter(|(name, _)| !(options.ignore_builder && BUILDER_LABELS.contains(&name.as_str())))
        .map(|(name, value)| (name.clone(), value.clone().into()))
        .collect();
    let healthcheck = serde_json::to_value(&config.healthcheck).unwrap_or_default();
    // A time alone is no difference unless it is asked for.
    let created = config.created.clone().filter(|_| options.times);
    vec![
        ("env", config.env.clone().into()),
        ("entrypoint", config.entrypoint.clone().into()),
        ("cmd", config.cmd.clone().into()),
        ("user", config.user.clone().into()),
        ("workingDir", config.working_dir.clone().into()),
        ("volumes", config.volumes.clone().into()),
        ("exposedPorts", config.exposed_ports.clone().into()),
        ("labels", labels.into()),
        ("healthcheck", healthcheck),
        ("stopSignal", config.stop_signal.clone().into()),
        ("created", created.into()),
        ("author", config.author.clone().into()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(json: &str) -> Config {
        Config::parse(json.as_bytes()).unwrap()
    }

    #[test]
    fn each_field_that_differs_is_named_once_with_both_values() {
        let old = config(
            r#"{"created":"2024-01-01T00:00:00Z","config":{"Env":["A=1"],"User":"root","Cmd":["a"]}}"#,
        );
        let new =
            config(r#"{"created":"2025-01-01T00:00:00Z","config":{"Env":["A=2"],"Cmd":["a"]}}"#);
        let changes = fields(&old, &new, &Options::default());
        let named: Vec<_> = changes.iter().map(|change| change.field.as_str()).collect();
        assert_eq!(named, ["env", "user"]);
        assert_eq!(changes[1].new, Value::Null);
        let with_times = Options {
            times: true,
            ..Options::default()
        };
        assert!(
            fields(&old, &new, &with_times)
                .iter()
                .any(|change| change.field == "created")
        );
        assert_eq!(fields(&old, &old, &with_times), []);
    }

    #[test]
    fn labels_of_a_builder_can_be_left_out() {
        let label = |date: &str, team: &str| {
            config(&format!(
                r#"{{"config":{{"Labels":{{"org.opencontainers.image.created":"{date}","team":"{team}"}}}}}}"#
            ))
        };
        let options = Options {
            ignore_builder: true,
            ..Options::default()
        };
        assert_eq!(fields(&label("1", "a"), &label("2", "a"), &options), []);
        assert_eq!(
            fields(&label("1", "a"), &label("2", "b"), &options).len(),
            1
        );
        assert_eq!(
            fields(&label("1", "a"), &label("2", "a"), &Options::default()).len(),
            1
        );
    }
}
