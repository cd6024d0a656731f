//! Reading JSON as real images have it: fields that are null, absent or of another type than they should be.

use std::collections::BTreeMap;

use crate::json::{Json, Object};

/// The field as text; a number or a truth value is written out; empty text is no text.
pub(super) fn text(object: &Object, key: &str) -> Option<String> {
    object
        .get(key)
        .and_then(as_text)
        .filter(|text| !text.is_empty())
}

/// The field as a list of texts: an array, a single text, or an object as `key=value`.
pub(super) fn texts(object: &Object, key: &str) -> Option<Vec<String>> {
    match object.get(key)? {
        Json::List(items) => Some(items.iter().filter_map(as_text).collect()),
        Json::Object(fields) => Some(
            fields
                .entries()
                .map(|(key, value)| format!("{key}={}", as_text(value).unwrap_or_default()))
                .collect(),
        ),
        other => as_text(other).map(|text| vec![text]),
    }
}

/// The field as a set of names: an object's keys, or an array. Sorted, each once.
pub(super) fn names(object: &Object, key: &str) -> Vec<String> {
    let mut names: Vec<String> = match object.get(key) {
        Some(Json::Object(fields)) => fields.entries().map(|(key, _)| key.to_owned()).collect(),
        Some(Json::List(items)) => items.iter().filter_map(as_text).collect(),
        Some(other) => as_text(other).into_iter().collect(),
        None => Vec::new(),
    };
    names.sort();
    names.dedup();
    names
}

/// The field as texts by name: an object, or an array of `key=value`.
pub(super) fn text_map(object: &Object, key: &str) -> BTreeMap<String, String> {
    match object.get(key) {
        Some(Json::Object(fields)) => fields
            .entries()
            .map(|(key, value)| (key.to_owned(), as_text(value).unwrap_or_default()))
            .collect(),
        Some(Json::List(items)) => items
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

/// The field as a whole number.
pub(super) fn number(object: &Object, key: &str) -> Option<i64> {
    match object.get(key)? {
        Json::Number(number) => number.as_i64(),
        _ => None,
    }
}

/// Whether the field is `true`.
pub(super) fn is_true(object: &Object, key: &str) -> bool {
    object.get(key).and_then(Json::as_bool).unwrap_or_default()
}

/// The field as an object.
pub(super) fn object<'a>(object: &'a Object, key: &str) -> Option<&'a Object> {
    object.get(key)?.as_object()
}

/// The field as an array; empty where it is none.
pub(super) fn array<'a>(object: &'a Object, key: &str) -> &'a [Json] {
    object.get(key).and_then(Json::as_list).unwrap_or_default()
}

fn as_text(value: &Json) -> Option<String> {
    match value {
        Json::Null => None,
        Json::Text(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}
