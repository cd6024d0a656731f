//! Cargo: the list of crates that `cargo auditable` puts into programs, compressed, in a section of its own.
//!
//! Source: cargo-auditable, PARSING.md.

use std::io::Read as _;

use flate2::read::ZlibDecoder;

use super::fields::{json, json_text, package};
use super::record::{Files, Package, Type};
use crate::json::Json;
use crate::limits::CARGO_LIST_BYTES;

/// The crates of a program, without those that only its build needed; none of a file without the list.
pub(super) fn packages(program: &[u8]) -> Vec<Package> {
    let Ok(compressed) = auditable_extract::raw_auditable_data(program) else {
        return Vec::new();
    };
    let mut list = Vec::new();
    let unpacked = ZlibDecoder::new(compressed)
        .take(CARGO_LIST_BYTES)
        .read_to_end(&mut list);
    match unpacked.ok().and_then(|_| json(&list)) {
        Some(document) => crates(&document),
        None => Vec::new(),
    }
}

fn crates(document: &Json) -> Vec<Package> {
    let list = document
        .as_object()
        .and_then(|object| object.get("packages"));
    let list = list.and_then(Json::as_list).unwrap_or_default().iter();
    let of = |item: &Json| {
        let object = item.as_object()?;
        if object.get("kind").and_then(Json::as_str) == Some("build") {
            return None;
        }
        let is_root = object.get("root").and_then(Json::as_bool) == Some(true);
        let name = json_text(object, "name")?;
        Some(Package {
            files: match is_root {
                true => Files::Itself,
                false => Files::None,
            },
            ..package(Type::Cargo, name, json_text(object, "version"))
        })
    };
    list.filter_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crates_of_the_program_are_told() {
        let document = json(
            br#"{"packages":[{"name":"app","version":"0.1.0","root":true,"dependencies":[1]},
                {"name":"serde","version":"1.0.0"},{"name":"cc","version":"1.1.0","kind":"build"},{"version":"1"},3]}"#,
        )
        .unwrap();
        let told: Vec<_> = crates(&document)
            .into_iter()
            .map(|package| (package.name, package.files == Files::Itself))
            .collect();
        assert_eq!(
            told,
            [("app".to_owned(), true), ("serde".to_owned(), false)]
        );
        assert_eq!(packages(b"\x7fELF"), []);
    }
}
