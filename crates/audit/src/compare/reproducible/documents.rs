//! In what the documents of two builds differ: configuration and manifest.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Found, Reason};
use crate::compare::Options;
use crate::compare::config::{fields, is_of_builder};
use crate::source::Image;

/// In what the configurations differ; the layers were compared before.
pub(super) fn configs(found: &mut Found, old: &Image, new: &Image) {
    let (a, b) = (&old.config, &new.config);
    if a.created != b.created {
        found.add(Reason::Created, None, || {
            (
                Some("created".to_owned()),
                a.created.clone(),
                b.created.clone(),
            )
        });
    }
    let labels = |name: &str| (a.labels.get(name).cloned(), b.labels.get(name).cloned());
    let mut names: Vec<&String> = a.labels.keys().chain(b.labels.keys()).collect();
    names.sort_unstable();
    names.dedup();
    for name in names.into_iter().filter(|name| is_of_builder(name)) {
        let (a, b) = labels(name);
        if a != b {
            found.add(Reason::BuilderLabels, None, || (Some(name.clone()), a, b));
        }
    }
    let options = Options {
        ignore_builder: true,
        ..Options::default()
    };
    for change in fields(a, b, &options) {
        // Values may be secrets; the comparison has them.
        found.add(Reason::Config, None, || (Some(change.field), None, None));
    }
    for (step, (a, b)) in (1..).zip(a.history.iter().zip(&b.history)) {
        let step = || Some(format!("history.{step}"));
        if a.created != b.created {
            found.add(Reason::Created, None, || {
                (step(), a.created.clone(), b.created.clone())
            });
        }
        if (&a.created_by, &a.comment, a.empty_layer) != (&b.created_by, &b.comment, b.empty_layer)
        {
            found.add(Reason::History, None, || (step(), None, None));
        }
    }
    let steps = (a.history.len(), b.history.len());
    if steps.0 != steps.1 {
        found.add(Reason::History, None, || {
            let told = |steps: usize| Some(format!("{steps} steps"));
            (None, told(steps.0), told(steps.1))
        });
    }
    if old.config_digest != new.config_digest {
        others(found, old, new);
    }
}

/// What the fields that are compared one by one do not explain: other fields, and how the document is written.
fn others(found: &mut Found, old: &Image, new: &Image) {
    let of_fields = found.has(&[
        Reason::Created,
        Reason::BuilderLabels,
        Reason::Config,
        Reason::History,
    ]);
    let of_layers =
        found.0.iter().any(|found| !found.layers.is_empty()) || found.has(&[Reason::LayerCount]);
    let parsed = |image: &Image| -> Option<Value> { serde_json::from_str(&image.raw_config).ok() };
    let keys = match (parsed(old), parsed(new)) {
        (Some(old), Some(new)) => keys(&old, &new),
        _ => Vec::new(),
    };
    let same_values = keys.is_empty();
    let unexplained = keys.into_iter().filter(|key| match key.as_str() {
        "rootfs" => !of_layers,
        key => !(of_fields && COMPARED.contains(&key)),
    });
    for key in unexplained {
        found.add(Reason::Config, None, || (Some(key), None, None));
    }
    if same_values || found.0.is_empty() {
        found.add(Reason::ConfigFormat, None, || {
            let digest = |image: &Image| Some(image.config_digest.to_string());
            (None, digest(old), digest(new))
        });
    }
}

/// Keys of a configuration that are compared one by one.
const COMPARED: [&str; 18] = [
    "author",
    "created",
    "history",
    "config.ArgsEscaped",
    "config.Cmd",
    "config.Entrypoint",
    "config.Env",
    "config.ExposedPorts",
    "config.Healthcheck",
    "config.Labels",
    "config.OnBuild",
    "config.Shell",
    "config.StopSignal",
    "config.StopTimeout",
    "config.User",
    "config.Volumes",
    "config.WorkingDir",
    "config",
];

/// The keys whose values differ, those of `config` each by itself.
fn keys(old: &Value, new: &Value) -> Vec<String> {
    let mut differ = Vec::new();
    for key in names(old, new) {
        match (old.get(key), new.get(key)) {
            (Some(old @ Value::Object(_)), Some(new @ Value::Object(_))) if key == "config" => {
                let inner = names(old, new).into_iter();
                let inner = inner.filter(|inner| old.get(inner) != new.get(inner));
                differ.extend(inner.map(|inner| format!("config.{inner}")));
            }
            (old, new) if old != new => differ.push(key.to_owned()),
            _ => {}
        }
    }
    differ
}

fn names<'v>(old: &'v Value, new: &'v Value) -> BTreeSet<&'v str> {
    let objects = [old, new].into_iter().filter_map(Value::as_object);
    objects
        .flat_map(|object| object.keys().map(String::as_str))
        .collect()
}

/// In what the manifests differ, beyond the layers and the configuration that they name.
pub(super) fn manifests(found: &mut Found, old: &Image, new: &Image) {
    let (Some(a), Some(b)) = (&old.digest, &new.digest) else {
        return;
    };
    if a == b {
        return;
    }
    if old.media_type != new.media_type {
        found.add(Reason::Manifest, None, || {
            let media_type = Some("mediaType".to_owned());
            (media_type, old.media_type.clone(), new.media_type.clone())
        });
    }
    let mut names: Vec<&String> = old
        .annotations
        .keys()
        .chain(new.annotations.keys())
        .collect();
    names.sort_unstable();
    names.dedup();
    for name in names {
        let (a, b) = (old.annotations.get(name), new.annotations.get(name));
        if a == b {
            continue;
        }
        found.add(Reason::Manifest, None, || {
            let annotation = Some(format!("annotations.{name}"));
            // Other values may be secrets; the comparison has them.
            match is_of_builder(name) {
                true => (annotation, a.cloned(), b.cloned()),
                false => (annotation, None, None),
            }
        });
    }
    if found.0.is_empty() {
        found.add(Reason::Manifest, None, || {
            (None, Some(a.to_string()), Some(b.to_string()))
        });
    }
}
