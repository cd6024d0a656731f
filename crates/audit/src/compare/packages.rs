//! Packages compared: which came, which went, and which have another version, or other bytes under the same one; and what
//! is wasted of each.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ledger::Ledger;
use crate::ownership::{self, Owned, Packages};
use crate::packages::Type;
use crate::stack::Stack;

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
    /// The version in the new image. None where the package was removed. The same as the old one where only the bytes
    /// differ.
    pub new: Option<String>,
    /// By how many bytes its files in the final filesystem grew.
    pub bytes: i64,
    /// Bytes of these files in the old image. None where the package was added.
    pub old_bytes: Option<u64>,
    /// Bytes of these files in the new image. None where the package was removed.
    pub new_bytes: Option<u64>,
    /// Bytes of the old image's download that these files cost. None where the package was added, and where the source does
    /// not tell the blobs' sizes.
    pub old_compressed_bytes: Option<u64>,
    /// The same of the new image. None where the package was removed, likewise.
    pub new_compressed_bytes: Option<u64>,
}

impl PackageChange {
    /// Both images have this version, with other bytes.
    #[must_use]
    pub fn is_same_version(&self) -> bool {
        self.old.is_some() && self.old == self.new
    }
}

/// What differs, by type, name and version. A version that both images have is a difference where the bytes of its files
/// are not as many; what was changed in as many bytes, as each build changes compiled Python files, is told by the files
/// alone. Of several versions of one package, those that only one of the images has are paired in the order of their text.
///
/// Each side has its packages, and whether its source tells the sizes of the blobs.
#[must_use]
pub fn packages(old: (&Packages, bool), new: (&Packages, bool)) -> Vec<PackageChange> {
    let mut names: BTreeMap<(Type, &str), [Versions<'_>; 2]> = BTreeMap::new();
    for package in &old.0.packages {
        let [versions, _] = names.entry((package.kind, &package.name)).or_default();
        versions
            .entry(&package.version)
            .or_default()
            .add(package, old.1);
    }
    for package in &new.0.packages {
        let [_, versions] = names.entry((package.kind, &package.name)).or_default();
        versions
            .entry(&package.version)
            .or_default()
            .add(package, new.1);
    }
    let mut changes = Vec::new();
    for ((kind, name), [old, new]) in names {
        for (version, before) in &old {
            if let Some(after) = new.get(version)
                && before.bytes != after.bytes
            {
                let (before, after) = ((*version, *before), (*version, *after));
                changes.push(change((kind, name), Some(before), Some(after)));
            }
        }
        let (mut gone, mut come) = (only(&old, &new).into_iter(), only(&new, &old).into_iter());
        loop {
            let (old, new) = (gone.next(), come.next());
            if old.is_none() && new.is_none() {
                break;
            }
            changes.push(change((kind, name), old, new));
        }
    }
    changes
}

/// The versions of one package in one image, with what each comes to.
type Versions<'p> = BTreeMap<&'p str, VersionBytes>;

/// What the files of a version come to.
#[derive(Clone, Copy, Default)]
struct VersionBytes {
    bytes: u64,
    compressed: Option<u64>,
}

impl VersionBytes {
    fn add(&mut self, package: &Owned, blobs_known: bool) {
        self.bytes += package.bytes;
        if blobs_known {
            *self.compressed.get_or_insert(0) += package.compressed;
        }
    }
}

/// The versions that the other image does not have.
fn only<'p>(these: &Versions<'p>, others: &Versions<'p>) -> Vec<(&'p str, VersionBytes)> {
    let only = (these.iter()).filter(|(version, _)| !others.contains_key(*version));
    only.map(|(version, bytes)| (*version, *bytes)).collect()
}

/// From a version with what it comes to, to another one.
fn change(
    (kind, name): (Type, &str),
    old: Option<(&str, VersionBytes)>,
    new: Option<(&str, VersionBytes)>,
) -> PackageChange {
    let bytes = |of: Option<(&str, VersionBytes)>| of.map(|(_, of)| of.bytes);
    let compressed = |of: Option<(&str, VersionBytes)>| of.and_then(|(_, of)| of.compressed);
    let (old_bytes, new_bytes) = (bytes(old), bytes(new));
    let (before, after) = (old_bytes.unwrap_or(0), new_bytes.unwrap_or(0));
    PackageChange {
        kind,
        name: name.to_owned(),
        old: old.map(|(version, _)| version.to_owned()),
        new: new.map(|(version, _)| version.to_owned()),
        bytes: after.wrapping_sub(before).cast_signed(),
        old_bytes,
        new_bytes,
        old_compressed_bytes: compressed(old),
        new_compressed_bytes: compressed(new),
    }
}

/// Wasted bytes of a package that are not as many in both images.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WastedPackageChange {
    /// The type, as in its package URL.
    #[serde(rename = "type")]
    pub kind: Type,
    /// The name.
    pub name: String,
    /// Wasted bytes of all its versions in the old image.
    pub old_bytes: u64,
    /// The same in the new image.
    pub new_bytes: u64,
}

/// The packages of which not as much is wasted in both images, by type and name. Each side is a stack with its ledger.
#[must_use]
pub fn wasted_packages(old: (&Stack, &Ledger), new: (&Stack, &Ledger)) -> Vec<WastedPackageChange> {
    let mut names: BTreeMap<(Type, String), (u64, u64)> = BTreeMap::new();
    for package in ownership::wasted(old.0, old.1) {
        names.entry((package.kind, package.name)).or_default().0 += package.bytes;
    }
    for package in ownership::wasted(new.0, new.1) {
        names.entry((package.kind, package.name)).or_default().1 += package.bytes;
    }
    let differing = names.into_iter().filter(|(_, (old, new))| old != new);
    let changes = differing.map(
        |((kind, name), (old_bytes, new_bytes))| WastedPackageChange {
            kind,
            name,
            old_bytes,
            new_bytes,
        },
    );
    changes.collect()
}
