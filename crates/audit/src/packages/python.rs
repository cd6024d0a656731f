//! Python: `NAME-VERSION.dist-info` as pip and others install it, and the older `.egg-info`.
//!
//! Sources: PyPA's "Recording installed projects" and "Core metadata specifications", setuptools' documentation of eggs.

use super::fields::{field, license, lines, package, text};
use super::record::{Files, Package, Paths, Type};

/// The package of a `METADATA` or `PKG-INFO`; its files are in a list beside it.
pub(super) fn metadata(content: &[u8]) -> Option<Package> {
    let (mut name, mut version, mut old_license, mut expression) = (None, None, None, None);
    // Behind an empty line the description begins.
    for line in lines(content).take_while(|line| !line.is_empty()) {
        let Some((key, value)) = field(line) else {
            continue;
        };
        match key.to_ascii_lowercase().as_slice() {
            b"name" => name = name.or_else(|| text(value)),
            b"version" => version = version.or_else(|| text(value)),
            b"license" => old_license = license(value),
            b"license-expression" => expression = license(value),
            _ => {}
        }
    }
    Some(Package {
        license: expression.or(old_license),
        files: Files::Elsewhere,
        ..package(Type::Pypi, name?, version)
    })
}

/// The files of a `RECORD`, which start at the folder that `.dist-info` is in: CSV whose first field is the path.
pub(super) fn record(content: &[u8]) -> Paths {
    let mut paths = Paths::above(2);
    let mut path = Vec::new();
    for line in lines(content) {
        let Some(quoted) = line.strip_prefix(b"\"") else {
            let end = line.iter().position(|byte| *byte == b',');
            paths.push(line.get(..end.unwrap_or(line.len())).unwrap_or_default());
            continue;
        };
        path.clear();
        let mut rest = quoted;
        while let Some(end) = rest.iter().position(|byte| *byte == b'"') {
            let (before, behind) = rest.split_at(end);
            path.extend_from_slice(before);
            match behind {
                // Two quotes stand for one.
                [_, b'"', ..] => path.push(b'"'),
                _ => break,
            }
            rest = behind.get(2..).unwrap_or_default();
        }
        paths.push(&path);
    }
    paths
}

/// The files of `installed-files.txt`, which start at its own folder.
pub(super) fn installed_files(content: &[u8]) -> Paths {
    let mut paths = Paths::above(1);
    lines(content).for_each(|line| paths.push(line));
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_tells_name_version_and_licence() {
        let package =
            metadata(b"Metadata-Version: 2.4\nName: Foo_Bar\nVersion: 1.0\nLicense-Expression: MIT OR Apache-2.0\nLicense: old\n\nName: text\n")
                .unwrap();
        assert_eq!(
            (package.name.as_str(), package.version.as_str()),
            ("Foo_Bar", "1.0")
        );
        assert_eq!(package.license.as_deref(), Some("MIT OR Apache-2.0"));
        assert_eq!(metadata(b"Version: 1\n\nName: x\n"), None);
    }

    #[test]
    fn a_record_is_csv_of_paths() {
        let paths = record(
            b"foo/__init__.py,sha256=abc,3\n../../../bin/foo,,\n\"a,\"\"b\",,\n/abs/file,,\n\n",
        );
        let paths: Vec<_> = paths
            .iter(b"/usr/lib/python3/site-packages/foo-1.dist-info/RECORD")
            .collect();
        assert_eq!(
            paths,
            [
                &b"/usr/lib/python3/site-packages/foo/__init__.py"[..],
                b"/usr/lib/python3/site-packages/../../../bin/foo",
                b"/usr/lib/python3/site-packages/a,\"b",
                b"/abs/file"
            ]
        );
    }
}
