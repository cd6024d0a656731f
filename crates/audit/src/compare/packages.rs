//! Packages compared: which came, which went, and which have another version.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ownership::Packages;
use crate::packages::Type;

/// A package that differs.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PackageChange {
    /// The type, as in its package URL.
    #[serde(rename = "type")]
    pub kind: Type,
    /// The name.
    pub name: String,
    /// The version in the old image. None where the package was added.
    pub old: Option<String>,
    /// The version in the new image. None where the package was removed.
    pub new: Option<String>,
    /// By how many bytes its files in the final filesystem grew.
    pub bytes: i64,
}

/// What differs, by type, name and version. A version that both images have is no difference. Of several versions of one
/// package, those that only one of them has are paired in the order of their text.
#[must_use]
pub fn packages(old: &Packages, new: &Packages) -> Vec<PackageChange> {
    let mut names: BTreeMap<(Type, &str), [Versions<'_>; 2]> = BTreeMap::new();
    for package in &old.packages {
        let [versions, _] = names.entry((package.kind, &package.name)).or_default();
        *versions.entry(&package.version).or_default() += package.bytes;
    }
    for package in &new.packages {
        let [_, versions] = names.entry((package.kind, &package.name)).or_default();
        *versions.entry(&package.version).or_default() += package.bytes;
    }
    let mut changes = Vec::new();
    for ((kind, name), [old, new]) in names {
        let only = |these: &Versions<'_>, others: &Versions<'_>| -> Vec<(String, u64)> {
            let only = these
                .iter()
                .filter(|(version, _)| !others.contains_key(*version));
            only.map(|(version, bytes)| ((*version).to_owned(), *bytes))
                .collect()
        };
        let (mut gone, mut come) = (only(&old, &new).into_iter(), only(&new, &old).into_iter());
        loop {
            let (old, new) = (gone.next(), come.next());
            if old.is_none() && new.is_none() {
                break;
            }
            let bytes =
                |version: &Option<(String, u64)>| version.as_ref().map_or(0, |version| version.1);
            changes.push(PackageChange {
                kind,
                name: name.to_owned(),
                bytes: bytes(&new).wrapping_sub(bytes(&old)).cast_signed(),
                old: old.map(|(version, _)| version),
                new: new.map(|(version, _)| version),
            });
        }
    }
    changes
}

/// The versions of one package in one image, with the bytes of each.
type Versions<'p> = BTreeMap<&'p str, u64>;
