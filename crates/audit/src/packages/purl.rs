//! The package URL of a package.
//!
//! Source: the purl specification and its types (<https://github.com/package-url/purl-spec>). The qualifier `distro` is
//! written as `ID-VERSION_ID` of os-release, as other tools write it.

use packageurl::PackageUrl;

use super::record::{Package, Release, Type};

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
    Some(purl.to_string())
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
        assert_eq!(of(Type::Npm, "//", "1", &[]), None);
    }
}
