//! Patterns of packages, by type, name and version.

use std::str::FromStr;

use globset::{Candidate, GlobBuilder, GlobSet};
use serde::de::{self, Deserialize, Deserializer};

use super::quantity::shown;
use crate::limits::GLOB_BYTES;
use crate::ownership::Owned;
use crate::packages::Type;

/// `NAME`, `TYPE:NAME` or either with `@VERSION`: in the name and the version `*` is any text, `?` one character, `[…]` one
/// of several and `{a,b}` either. Without a type, packages of each match; without a version, all versions.
#[derive(Clone, Debug)]
pub struct PackagePattern {
    text: String,
    kind: Option<Type>,
    name: GlobSet,
    version: Option<GlobSet>,
}

/// A text that is no pattern of packages.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{pattern:?} is not a pattern of packages: {problem}; write it as NAME, TYPE:NAME or TYPE:NAME@VERSION"
)]
pub struct PackagePatternError {
    /// The text.
    pattern: String,
    /// What is wrong with it.
    problem: String,
}

impl FromStr for PackagePattern {
    type Err = PackagePatternError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = |problem: String| PackagePatternError {
            pattern: shown(text),
            problem,
        };
        if text.len() > GLOB_BYTES {
            return Err(error(format!("it is longer than {GLOB_BYTES} bytes")));
        }
        // Maven's names have colons too.
        let typed = text.split_once(':').and_then(|(kind, name)| {
            let kind = Type::ALL.into_iter().find(|known| known.name() == kind)?;
            Some((Some(kind), name))
        });
        let (kind, rest) = typed.unwrap_or((None, text));
        // Scopes of npm begin with the same character.
        let (name, version) = match rest.rsplit_once('@') {
            Some((name, version)) if !name.is_empty() => (name, Some(version)),
            _ => (rest, None),
        };
        if name.trim().is_empty() || version.is_some_and(|version| version.trim().is_empty()) {
            return Err(error("a part of it is empty".to_owned()));
        }
        let compiled = |glob| compiled(glob).map_err(|problem| error(problem.kind().to_string()));
        Ok(Self {
            text: text.to_owned(),
            kind,
            name: compiled(name)?,
            version: version.map(compiled).transpose()?,
        })
    }
}

fn compiled(glob: &str) -> Result<GlobSet, globset::Error> {
    let glob = GlobBuilder::new(glob).backslash_escape(true).build();
    // A set, though of one, says what is wrong with a glob where a single matcher would panic.
    glob.and_then(|glob| GlobSet::builder().add(glob).build())
}

impl<'de> Deserialize<'de> for PackagePattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl PartialEq for PackagePattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for PackagePattern {}

impl PackagePattern {
    /// As it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn meets(&self, package: &Owned) -> bool {
        let is = |glob: &GlobSet, text: &str| {
            glob.is_match_candidate(&Candidate::from_bytes(text.as_bytes()))
        };
        self.kind.is_none_or(|kind| kind == package.kind)
            && is(&self.name, &package.name)
            && (self.version.as_ref()).is_none_or(|version| is(version, &package.version))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(kind: Type, name: &str, version: &str) -> Owned {
        Owned {
            kind,
            name: name.to_owned(),
            version: version.to_owned(),
            purl: None,
            license: None,
            bytes: 0,
            compressed: 0,
            files: 0,
            layers: vec![1],
            build: None,
        }
    }

    #[test]
    fn a_pattern_meets_what_its_documentation_says() {
        for (pattern, kind, name, version, meets) in [
            ("gcc", Type::Deb, "gcc", "4:12.2", true),
            ("gcc", Type::Apk, "gcc", "13", true),
            ("gcc", Type::Deb, "gcc-12", "12", false),
            ("deb:*-dev", Type::Deb, "libc6-dev", "2.36", true),
            ("deb:*-dev", Type::Npm, "a-dev", "1", false),
            ("npm:@types/*", Type::Npm, "@types/node", "22.1.0", true),
            ("@types/node@22.*", Type::Npm, "@types/node", "22.1.0", true),
            (
                "@types/node@21.*",
                Type::Npm,
                "@types/node",
                "22.1.0",
                false,
            ),
            ("log4j:*", Type::Maven, "log4j:log4j", "1.2.17", true),
            (
                "maven:*:log4j@1.*",
                Type::Maven,
                "log4j:log4j",
                "1.2.17",
                true,
            ),
            (
                "golang.org/x/*",
                Type::Golang,
                "golang.org/x/net/a",
                "v1",
                true,
            ),
            ("left-pad@1.{0,1}.?", Type::Npm, "left-pad", "1.1.3", true),
            ("{curl,wget}", Type::Deb, "wget", "1", true),
        ] {
            let found: PackagePattern = pattern.parse().unwrap();
            let package = package(kind, name, version);
            assert_eq!(found.meets(&package), meets, "{pattern} {name}");
        }
        for wrong in ["", " ", "deb:", "a@", "deb:a@ ", "[a", "{a"] {
            assert!(wrong.parse::<PackagePattern>().is_err(), "{wrong}");
        }
        assert!(
            "a".repeat(GLOB_BYTES + 1)
                .parse::<PackagePattern>()
                .is_err()
        );
    }
}
