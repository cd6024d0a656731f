//! Fields of the configuration that differ, as lines that only one side has, without their secrets.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::compare::FieldChange;
use crate::secrets::Mask;

/// A field with what differs of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// Its name, as `inspect --format json` has it.
    pub name: String,
    /// The values that only the old image has, or all where their order alone differs.
    pub removed: Vec<String>,
    /// The same of the new image.
    pub added: Vec<String>,
}

/// The fields in which the order of the values is their meaning.
const ORDERED: [&str; 4] = ["entrypoint", "cmd", "healthcheck", "shell"];

impl Field {
    /// What differs of a field; each side's secrets are hidden by its own mask.
    pub(super) fn of(change: &FieldChange, old: &Mask, new: &Mask) -> Self {
        let name = change.field.as_str();
        let (old, new) = (lines(name, &change.old, old), lines(name, &change.new, new));
        let without = |these: &[String], others: &[String]| -> Vec<String> {
            let differ = these.iter().filter(|line| !others.contains(line));
            differ.cloned().collect()
        };
        let (removed, added) = (without(&old, &new), without(&new, &old));
        let name = name.to_owned();
        match removed.is_empty() && added.is_empty() {
            // The order alone differs, or what is hidden.
            true => Self {
                name,
                removed: old,
                added: new,
            },
            false => Self {
                name,
                removed,
                added,
            },
        }
    }
}

fn lines(name: &str, value: &Value, mask: &Mask) -> Vec<String> {
    let text = |value: &Value| match value {
        Value::String(text) => mask.text(text).into_owned(),
        other => mask.text(&other.to_string()).into_owned(),
    };
    match value {
        Value::Null => Vec::new(),
        value if ORDERED.contains(&name) => vec![text(value)],
        Value::Array(values) => values
            .iter()
            .map(
                |value| match (name, value.as_str().and_then(|text| text.split_once('='))) {
                    ("env", Some((key, value))) => format!("{key}={}", mask.value(key, value)),
                    _ => text(value),
                },
            )
            .collect(),
        Value::Object(values) => values
            .iter()
            .map(|(key, value)| match value.as_str() {
                Some(value) => format!("{key}={}", mask.value(key, value)),
                None => format!("{key}={}", text(value)),
            })
            .collect(),
        other => vec![text(other)],
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::manifest::Config;

    fn field(name: &str, old: Value, new: Value) -> (Vec<String>, Vec<String>) {
        let config = br#"{"config":{"Env":["DB_PASSWORD=Xk29vLqp"]}}"#;
        let mask = Mask::of(&Config::parse(config).unwrap());
        let change = FieldChange {
            field: name.to_owned(),
            old,
            new,
        };
        let field = Field::of(&change, &mask, &mask);
        (field.removed, field.added)
    }

    #[test]
    fn only_what_differs_is_told_and_no_secret() {
        let lines = |removed: &[&str], added: &[&str]| {
            let owned = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect();
            (owned(removed), owned(added))
        };
        assert_eq!(
            field(
                "env",
                json!(["A=1", "B=2", "DB_PASSWORD=Xk29vLqp"]),
                json!(["A=1", "B=3", "X=Xk29vLqp"])
            ),
            lines(&["B=2", "DB_PASSWORD=***"], &["B=3", "X=***"])
        );
        assert_eq!(
            field("cmd", json!(["a", "b"]), json!(["b", "a"])),
            lines(&[r#"["a","b"]"#], &[r#"["b","a"]"#])
        );
        assert_eq!(
            field("user", Value::Null, json!("app")),
            lines(&[], &["app"])
        );
        assert_eq!(
            field("labels", json!({"a": "1"}), json!({"a": "2"})),
            lines(&["a=1"], &["a=2"])
        );
        assert_eq!(
            field("env", json!(["A=1", "B=2"]), json!(["B=2", "A=1"])),
            lines(&["A=1", "B=2"], &["B=2", "A=1"])
        );
    }
}
