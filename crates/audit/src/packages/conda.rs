//! Conda: `conda-meta/NAME-VERSION-BUILD.json` in the prefix that a package is installed in.
//!
//! Source: conda's documentation, "Conda packages", and its `PrefixRecord`.

use super::fields::{json, json_license, json_text, package};
use super::record::{Files, Package, Paths, Type};
use crate::json::Json;

/// The package of one file, whose paths start at the folder above its own.
pub(super) fn record(content: &[u8]) -> Option<Package> {
    let document = json(content)?;
    let object = document.as_object()?;
    let name = json_text(object, "name")?;
    let mut files = Paths::above(2);
    let listed = object.get("files").and_then(Json::as_list);
    for path in listed.unwrap_or_default().iter().filter_map(Json::as_str) {
        files.push(path.as_bytes());
    }
    // The qualifiers that the purl specification has for conda.
    let channel = json_text(object, "channel").map(|channel| {
        let path = channel.trim_end_matches('/');
        let path = json_text(object, "subdir")
            .and_then(|subdir| path.strip_suffix(&format!("/{subdir}")).map(str::to_owned))
            .unwrap_or_else(|| path.to_owned());
        path.rsplit('/').next().unwrap_or_default().to_owned()
    });
    let qualifiers = [
        ("build", json_text(object, "build")),
        ("channel", channel.filter(|channel| !channel.is_empty())),
        ("subdir", json_text(object, "subdir")),
    ];
    Some(Package {
        license: json_license(object.get("license")),
        qualifiers: (qualifiers.into_iter())
            .filter_map(|(key, value)| Some((key.to_owned(), value?)))
            .collect(),
        files: Files::Listed(files),
        ..package(Type::Conda, name, json_text(object, "version"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_lists_files_of_its_prefix() {
        let content = br#"{"build":"h5eee18b_0","channel":"https://conda.anaconda.org/conda-forge/linux-64",
            "files":["lib/libz.so","bin/x"],"license":"Zlib","name":"zlib","subdir":"linux-64","version":"1.2.13"}"#;
        let package = record(content).unwrap();
        assert_eq!(
            package.qualifiers,
            [
                ("build", "h5eee18b_0"),
                ("channel", "conda-forge"),
                ("subdir", "linux-64")
            ]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
        );
        let Files::Listed(files) = &package.files else {
            panic!("{package:?}")
        };
        let files: Vec<_> = files.iter(b"/opt/conda/conda-meta/x.json").collect();
        assert_eq!(files, [&b"/opt/conda/lib/libz.so"[..], b"/opt/conda/bin/x"]);
        assert_eq!(record(b"{}"), None);
    }
}
