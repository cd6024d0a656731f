//! What the formats of package databases have in common: lines, fields, and what is a name.

use super::record::{Files, Package, Relations, Type};
use crate::json::{Json, Object};
use crate::limits::PACKAGE_NAME_BYTES;
use crate::names;

/// The lines of a text, without what ends them.
pub(super) fn lines(content: &[u8]) -> impl Iterator<Item = &[u8]> {
    let lines = content.split(|byte| *byte == b'\n');
    lines.map(|line| line.strip_suffix(b"\r").unwrap_or(line))
}

/// A line `Key: value`, as mail headers and control files have it.
pub(super) fn field(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    let (key, value) = line.split_at(colon);
    let is_key = !key.is_empty() && !key.starts_with(b" ") && !key.starts_with(b"\t");
    is_key.then(|| (key, value.get(1..).unwrap_or_default().trim_ascii()))
}

/// Text that can be a name or a version: neither empty nor longer than [`PACKAGE_NAME_BYTES`].
pub(super) fn text(bytes: &[u8]) -> Option<String> {
    let bytes = bytes.trim_ascii();
    let fits = !bytes.is_empty() && bytes.len() <= PACKAGE_NAME_BYTES;
    fits.then(|| names::text(bytes).into_owned())
}

/// A licence in a few words. Some databases have its whole text instead.
pub(super) fn license(bytes: &[u8]) -> Option<String> {
    let is_name = !bytes.contains(&b'\n') && bytes.trim_ascii() != b"UNKNOWN";
    text(bytes).filter(|_| is_name)
}

/// A field of a JSON document that can be a name.
pub(super) fn json_text(object: &Object, key: &str) -> Option<String> {
    text(object.get(key)?.as_str()?.as_bytes())
}

/// One licence, or the names of several, each of which may be an object with its `type`.
pub(super) fn json_license(value: Option<&Json>) -> Option<String> {
    let one = |value: &Json| match value {
        Json::Text(name) => license(name.as_bytes()),
        Json::Object(object) => license(object.get("type")?.as_str()?.as_bytes()),
        _ => None,
    };
    match value? {
        Json::List(several) => {
            let names: Vec<String> = several.iter().filter_map(one).collect();
            license(names.join(" OR ").as_bytes())
        }
        value => one(value),
    }
}

/// JSON behind a mark of byte order, which some editors write.
pub(super) fn json(content: &[u8]) -> Option<Json> {
    Json::parse(content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content)).ok()
}

/// A package without licence, qualifiers and files.
pub(super) fn package(kind: Type, name: String, version: Option<String>) -> Package {
    Package {
        kind,
        name,
        version: version.unwrap_or_default(),
        license: None,
        qualifiers: Vec::new(),
        files: Files::None,
        relations: Relations::default(),
    }
}
