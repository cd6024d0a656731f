//! The package URL of a package.
//!
//! Source: the purl specification and its types (<https://github.com/package-url/purl-spec>). The qualifier `distro` is
//! written as `ID-VERSION_ID` of os-release, as other tools write it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use packageurl::PackageUrl;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::record::{Package, Release, Type};

/// What is percent-encoded: all but letters, digits and these. Source: the specification's "Character encoding".
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b':');

/// The package URL; None where the package's words cannot be put into one.
pub(crate) fn purl(package: &Package, release: Option<&Release>) -> Option<String> {
    let (namespace, name) = split(package, release);
    // pip's normalised name (PEP 503), but for runs, which the purl specification leaves.
    let pypi = (package.kind == Type::Pypi).then(|| name.to_ascii_lowercase().replace('_', "-"));
    let mut purl = PackageUrl::new(package.kind.name(), pypi.as_deref().unwrap_or(name)).ok()?;
    if let Some(namespace) = namespace {
        purl.with_namespace(namespace).ok()?;
    }
    let version = version(package);
    // What Go calls a program that was built from a folder.
    if !version.is_empty() && version != "(devel)" {
        purl.with_version(version).ok()?;
    }
    for (key, value) in &package.qualifiers {
        purl.add_qualifier(key.as_str(), value.as_str()).ok()?;
    }
    if package.kind.is_system()
        && let Some(release) = release
        && let Some(version) = &release.version
    {
        let distro = format!("{}-{version}", release.id);
        purl.add_qualifier("distro", distro).ok()?;
    }
    written(&purl)
}

/// The canonical form. None where a segment of the path is empty, `.` or `..`, or the name begins or ends with a slash:
/// readers leave out what is empty, and whatever reads URLs takes the others away, so that it would name something else.
fn written(purl: &PackageUrl<'_>) -> Option<String> {
    let mut text = format!("pkg:{}", purl.ty());
    let namespace = purl
        .namespace()
        .into_iter()
        .flat_map(|name| name.split('/'));
    for segment in namespace.chain([purl.name()]) {
        let has_slash = segment.starts_with('/') || segment.ends_with('/');
        if has_slash || matches!(segment, "" | "." | "..") {
            return None;
        }
        // Writing to a String cannot fail.
        let _ = write!(text, "/{}", utf8_percent_encode(segment, ENCODED));
    }
    if let Some(version) = purl.version() {
        let _ = write!(text, "@{}", utf8_percent_encode(version, ENCODED));
    }
    let sorted: BTreeMap<_, _> = purl.qualifiers().iter().collect();
    let valued = sorted.into_iter().filter(|(_, value)| !value.is_empty());
    for (at, (key, value)) in valued.enumerate() {
        let separator = if at == 0 { '?' } else { '&' };
        let _ = write!(
            text,
            "{separator}{key}={}",
            utf8_percent_encode(value, ENCODED)
        );
    }
    Some(text)
}

/// The namespace, and the name in it.
fn split<'p>(package: &'p Package, release: Option<&'p Release>) -> (Option<&'p str>, &'p str) {
    let name = package.name.as_str();
    let id = release.map(|release| release.id.as_str());
    let by = |separator| match name.rsplit_once(separator) {
        Some((namespace, name)) if !namespace.is_empty() => (Some(namespace), name),
        _ => (None, name),
    };
    match package.kind {
        Type::Deb => (Some(id.unwrap_or("debian")), name),
        Type::Apk => (Some(id.unwrap_or("alpine")), name),
        Type::Rpm => (id, name),
        Type::Npm | Type::Golang | Type::Composer => by('/'),
        Type::Maven => by(':'),
        Type::Cargo | Type::Conda | Type::Gem | Type::Pypi => (None, name),
    }
}

/// The version; rpm's epoch is a qualifier.
fn version(package: &Package) -> &str {
    match package.version.split_once(':') {
        Some((_, version)) if package.kind == Type::Rpm => version,
        _ => &package.version,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packages::fields::package;

    fn of(kind: Type, name: &str, version: &str, qualifiers: &[(&str, &str)]) -> Option<String> {
        let mut package = package(kind, name.to_owned(), Some(version.to_owned()));
        let qualifiers = qualifiers.iter();
        package.qualifiers = qualifiers
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect();
        let release = Release {
            id: "debian".to_owned(),
            version: Some("12".to_owned()),
        };
        purl(&package, Some(&release))
    }

    #[test]
    fn each_type_has_its_form() {
        for (kind, name, version, qualifiers, expected) in [
            (
                Type::Deb,
                "libstdc++6",
                "1:12.2.0-14+deb12u1",
                &[("arch", "amd64")][..],
                "pkg:deb/debian/libstdc%2B%2B6@1:12.2.0-14%2Bdeb12u1?arch=amd64&distro=debian-12",
            ),
            (
                Type::Rpm,
                "bash",
                "1:5.2-3.fc41",
                &[("arch", "x86_64"), ("epoch", "1")],
                "pkg:rpm/debian/bash@5.2-3.fc41?arch=x86_64&distro=debian-12&epoch=1",
            ),
            (
                Type::Npm,
                "@types/node",
                "22.1.0",
                &[],
                "pkg:npm/%40types/node@22.1.0",
            ),
            (Type::Pypi, "Foo_Bar", "1.0", &[], "pkg:pypi/foo-bar@1.0"),
            (
                Type::Golang,
                "github.com/evanw/esbuild",
                "(devel)",
                &[],
                "pkg:golang/github.com/evanw/esbuild",
            ),
            (
                Type::Golang,
                "golang.org/x/net",
                "v0.1.0",
                &[],
                "pkg:golang/golang.org/x/net@v0.1.0",
            ),
            (
                Type::Maven,
                "org.apache:commons-io",
                "2.11.0",
                &[],
                "pkg:maven/org.apache/commons-io@2.11.0",
            ),
            (
                Type::Composer,
                "psr/log",
                "3.0.0",
                &[],
                "pkg:composer/psr/log@3.0.0",
            ),
            (
                Type::Gem,
                "nokogiri",
                "1.16",
                &[("platform", "java")],
                "pkg:gem/nokogiri@1.16?platform=java",
            ),
        ] {
            assert_eq!(
                of(kind, name, version, qualifiers).as_deref(),
                Some(expected)
            );
        }
    }

    #[test]
    fn odd_words_make_no_other_purl() {
        let purl = of(Type::Npm, "a?b#c@1\n", "1?x=y", &[]).unwrap();
        assert_eq!(purl, "pkg:npm/a%3Fb%23c%401%0A@1%3Fx%3Dy");
        for name in ["//", "a//b", "/a", "..", ".", "a/../b", "../a", "a/.."] {
            assert_eq!(of(Type::Npm, name, "1", &[]), None, "{name}");
        }
        let purl = of(Type::Golang, "x.y/a b", "../1!$&'()*,/2", &[]).unwrap();
        assert_eq!(
            purl,
            "pkg:golang/x.y/a%20b@..%2F1%21%24%26%27%28%29%2A%2C%2F2"
        );
        let arch = [("arch", "a/b&c=d,e"), ("none", "")];
        let purl = of(Type::Conda, "a/b", "1", &arch).unwrap();
        assert_eq!(purl, "pkg:conda/a%2Fb@1?arch=a%2Fb%26c%3Dd%2Ce");
    }
}
