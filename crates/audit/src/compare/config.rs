//! The configuration of two images, and the annotations of their manifests, field by field.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Options;
use crate::manifest::Config;
use crate::source::Image;

/// A field of the configuration that differs.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FieldChange {
    /// The field's name, as `inspect --format json` has it below `config`; `annotations` are the manifest's. `stopTimeout`,
    /// `shell`, `onBuild` and `argsEscaped` are compared too.
    pub field: String,
    /// The old image's value in the same form; null where it has none.
    pub old: Value,
    /// The new image's value.
    pub new: Value,
}

/// Labels and annotations that builders set by themselves: what differs from one build of the same sources to the next, and on what and by
/// what it was built. Labels that describe the project (title, licenses, source) are not among them.
///
/// Sources: OCI image specification, annotations.md; label-schema.org; the README of docker/metadata-action; Buildah
/// (`define.BuilderIdentityAnnotation`, and the base image's name and digest); the platform specification of Cloud Native
/// Buildpacks, "Labels"; Docker Compose (`api/labels.go`); the Docker task of Azure Pipelines; labels of Red Hat's images.
const BUILDER_LABELS: [&str; 19] = [
    "org.opencontainers.image.created",
    "org.opencontainers.image.revision",
    "org.opencontainers.image.version",
    "org.opencontainers.image.ref.name",
    "org.opencontainers.image.base.name",
    "org.opencontainers.image.base.digest",
    "org.label-schema.build-date",
    "org.label-schema.vcs-ref",
    "org.label-schema.version",
    "io.buildah.version",
    "io.buildpacks.build.metadata",
    "io.buildpacks.lifecycle.metadata",
    "io.buildpacks.project.metadata",
    "com.docker.compose.version",
    "com.redhat.build-host",
    "build-date",
    "vcs-ref",
    "image.base.digest",
    "image.base.ref.name",
];

/// The same, for all labels that begin so.
const BUILDER_PREFIXES: [&str; 2] = ["com.azure.dev.image.build.", "com.azure.dev.image.system."];

/// Whether builders set a label or an annotation of this name by themselves.
#[must_use]
pub fn is_of_builder(label: &str) -> bool {
    BUILDER_LABELS.contains(&label)
        || BUILDER_PREFIXES
            .iter()
            .any(|start| label.starts_with(start))
}

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

/// The annotations of the manifests as a field, where they differ. Where the manifest of one image is not known, nor are
/// its annotations, and nothing differs.
#[must_use]
pub fn annotations(old: &Image, new: &Image, options: &Options) -> Option<FieldChange> {
    old.digest.as_ref().zip(new.digest.as_ref())?;
    let (old, new) = (
        named(&old.annotations, options),
        named(&new.annotations, options),
    );
    (old != new).then(|| FieldChange {
        field: "annotations".to_owned(),
        old: old.into(),
        new: new.into(),
    })
}

/// Labels or annotations that are compared.
fn named(values: &BTreeMap<String, String>, options: &Options) -> Map<String, Value> {
    let values = values.iter();
    values
        .filter(|(name, _)| !(options.ignore_builder && is_of_builder(name)))
        .map(|(name, value)| (name.clone(), value.clone().into()))
        .collect()
}

/// The fields that are compared, each with its value as JSON.
fn told(config: &Config, options: &Options) -> Vec<(&'static str, Value)> {
    let mut healthcheck = serde_json::to_value(&config.healthcheck).unwrap_or_default();
    // What an image does not set is not in its configuration either.
    if let Value::Object(fields) = &mut healthcheck {
        fields.retain(|_, value| !value.is_null());
    }
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
        ("labels", named(&config.labels, options).into()),
        ("healthcheck", healthcheck),
        ("stopSignal", config.stop_signal.clone().into()),
        ("stopTimeout", config.stop_timeout.into()),
        ("shell", config.shell.clone().into()),
        ("onBuild", config.on_build.clone().into()),
        ("argsEscaped", config.args_escaped.then_some(true).into()),
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
    fn fields_that_inspect_does_not_show_are_compared() {
        let whole = config(
            r#"{"config":{"StopTimeout":30,"Shell":["/bin/bash","-c"],"OnBuild":["RUN make"],"ArgsEscaped":true}}"#,
        );
        // As Docker writes fields that are not set.
        let unset = config(
            r#"{"config":{"StopTimeout":null,"Shell":null,"OnBuild":null,"ArgsEscaped":false}}"#,
        );
        let options = Options::default();
        assert_eq!(fields(&config("{}"), &unset, &options), []);
        let told: Vec<(String, Value)> = fields(&unset, &whole, &options)
            .into_iter()
            .map(|change| (change.field, change.new))
            .collect();
        let expected = [
            ("stopTimeout", serde_json::json!(30)),
            ("shell", serde_json::json!(["/bin/bash", "-c"])),
            ("onBuild", serde_json::json!(["RUN make"])),
            ("argsEscaped", serde_json::json!(true)),
        ];
        assert_eq!(
            told,
            expected.map(|(field, value)| (field.to_owned(), value))
        );
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
