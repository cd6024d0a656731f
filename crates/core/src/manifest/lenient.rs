//! Reading JSON as real images have it: fields that are null, absent or of another type than they should be.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// The field as text; a number or a truth value is written out; empty text is no text.
pub(super) fn text(object: &Map<String, Value>, key: &str) -> Option<String> {
    object
        .get(key)
        .and_then(as_text)
        .filter(|text| !text.is_empty())
}

/// The field as a list of texts: an array, a single text, or an object as `key=value`.
pub(super) fn texts(object: &Map<String, Value>, key: &str) -> Option<Vec<String>> {
    match object.get(key)? {
        Value::Array(items) => Some(items.iter().filter_map(as_text).collect()),
        Value::Object(fields) => Some(
            fields
                .iter()
                .map(|(key, value)| format!("{key}={}", as_text(value).unwrap_or_default()))
                .collect(),
        ),
        other => as_text(other).map(|text| vec![text]),
    }
}

/// The field as a set of names: an object's keys, or an array. Sorted, each once.
pub(super) fn names(object: &Map<String, Value>, key: &str) -> Vec<String> {
    let mut names: Vec<String> = match object.get(key) {
        Some(Value::Object(fields)) => fields.keys().cloned().collect(),
        Some(Value::Array(items)) => items.iter().filter_map(as_text).collect(),
        Some(other) => as_text(other).into_iter().collect(),
        None => Vec::new(),
    };
    names.sort();
    names.dedup();
    names
}

/// The field as texts by name: an object, or an array of `key=value`.
pub(super) fn text_map(object: &Map<String, Value>, key: &str) -> BTreeMap<String, String> {
    match object.get(key) {
        Some(Value::Object(fields)) => fields
            .iter()
            .map(|(key, value)| (key.clone(), as_text(value).unwrap_or_default()))
            .collect(),
        Some(Value::Array(items)) => items
            .iter()
            .filter_map(as_text)
            .map(|item| match item.split_once('=') {
                Some((key, value)) => (key.to_owned(), value.to_owned()),
                None => (item, String::new()),
            })
            .collect(),
        _ => BTreeMap::new(),
    }
}

/// The field as an object.
pub(super) fn object<'a>(
    object: &'a Map<String, Value>,
    key: &str,
) -> Option<&'a Map<String, Value>> {
    object.get(key)?.as_object()
}

/// The field as an array; empty where it is none.
pub(super) fn array<'a>(object: &'a Map<String, Value>, key: &str) -> &'a [Value] {
    object
        .get(key)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

fn as_text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}
