//! npm: a folder in `node_modules` with a `package.json`.
//!
//! Source: npm's documentation, "folders" and "package.json".

use super::fields::{json, json_license, json_text, package};
use super::record::{Files, Package, Paths, Type};
use crate::json::Object;

/// The package of a `package.json`: nothing where it has no name, as the files in folders that are none. None where it is
/// damaged.
pub(super) fn manifest(content: &[u8]) -> Option<Option<Package>> {
    let document = json(content)?;
    Some(of(document.as_object()?))
}

fn of(object: &Object) -> Option<Package> {
    let license = object.get("license").or_else(|| object.get("licenses"));
    Some(Package {
        license: json_license(license),
        files: Files::Folders(Paths::folder()),
        ..package(
            Type::Npm,
            json_text(object, "name")?,
            json_text(object, "version"),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_is_a_package() {
        let told = |content: &str| manifest(content.as_bytes()).flatten();
        let package = told(r#"{"name":"@types/node","version":"22.1.0","license":"MIT"}"#).unwrap();
        assert_eq!(
            (package.name.as_str(), package.version.as_str()),
            ("@types/node", "22.1.0")
        );
        assert_eq!(package.license.as_deref(), Some("MIT"));
        let old = told(r#"{"name":"a","version":1,"licenses":[{"type":"MIT"},"ISC"]}"#).unwrap();
        assert_eq!(
            (old.version.as_str(), old.license.as_deref()),
            ("", Some("MIT OR ISC"))
        );
        for other in ["", "[]", "{}", r#"{"name":""}"#, r#"{"name":{}}"#, "{"] {
            assert_eq!(told(other), None, "{other}");
        }
        for (content, is_damaged) in [("", true), ("[]", true), ("{", true), ("{}", false)] {
            let told = manifest(content.as_bytes());
            assert_eq!(told.is_none(), is_damaged, "{content}");
        }
    }
}
