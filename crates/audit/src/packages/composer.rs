//! Composer: `vendor/composer/installed.json`.
//!
//! Source: Composer's `JsonConfigSource` and `FilesystemRepository`; version 1 writes a list, version 2 an object.

use super::fields::{json, json_license, json_text, package};
use super::record::{Entries, Files, Package, Paths, Type};
use crate::json::{Json, Object};

/// The installed packages.
pub(super) fn installed(content: &[u8], most: usize) -> Option<Entries> {
    let document = json(content)?;
    let packages = match &document {
        Json::List(packages) => packages.as_slice(),
        Json::Object(object) => object.get("packages")?.as_list()?,
        _ => return None,
    };
    if packages.len() > most {
        return None;
    }
    let mut entries = Entries::default();
    for package in packages {
        entries.push(package.as_object().and_then(of));
    }
    Some(entries)
}

fn of(object: &Object) -> Option<Package> {
    let name = json_text(object, "name")?;
    // Composer 1 has the folders by the packages' names only.
    let path = json_text(object, "install-path").unwrap_or_else(|| format!("../{name}"));
    let mut folders = Paths::above(1);
    folders.push(path.as_bytes());
    Some(Package {
        license: json_license(object.get("license")),
        files: Files::Folders(folders),
        ..package(Type::Composer, name, json_text(object, "version"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_versions_of_the_file_are_read() {
        let old = br#"[{"name":"psr/log","version":"3.0.0","license":["MIT"]}]"#;
        let new = br#"{"packages":[{"name":"psr/log","version":"3.0.0","license":["MIT"],"install-path":"../psr/log"}, 7]}"#;
        for content in [&old[..], new] {
            let packages = installed(content, 10).unwrap().packages;
            let [package] = packages.as_slice() else {
                panic!("{packages:?}")
            };
            assert_eq!(package.license.as_deref(), Some("MIT"));
            let Files::Folders(folders) = &package.files else {
                panic!("{package:?}")
            };
            let folders: Vec<_> = folders
                .iter(b"/app/vendor/composer/installed.json")
                .collect();
            assert_eq!(folders, [b"/app/vendor/composer/../psr/log"]);
        }
        assert_eq!(installed(new, 1), None);
    }
}
