//! Packages that differ, as reports tell them.

use std::cmp::Reverse;

use crate::compare::{PackageChange, WastedPackageChange};
use crate::report::format::{self, size};

/// A package that differs.
pub struct PackageRow<'a> {
    /// `A` for one that was added, `D` for one that was removed, `M` for another version, or other bytes under the same one.
    pub sign: char,
    /// The type, as in its package URL.
    pub kind: &'static str,
    /// The name.
    pub name: &'a str,
    /// The version in the old image.
    pub old: Option<&'a str>,
    /// The version in the new image.
    pub new: Option<&'a str>,
    /// By how many bytes its files grew: `+1.2 MB`.
    pub bytes: String,
    /// Both images have this version, with other bytes.
    pub is_same: bool,
    /// Bytes of its files in the old image.
    pub old_bytes: Option<u64>,
    /// Bytes of its files in the new image.
    pub new_bytes: Option<u64>,
}

impl<'a> PackageRow<'a> {
    fn of(change: &'a PackageChange) -> Self {
        let bytes = change.bytes.unsigned_abs();
        Self {
            sign: match (&change.old, &change.new) {
                (None, _) => 'A',
                (_, None) => 'D',
                _ => 'M',
            },
            kind: change.kind.name(),
            name: &change.name,
            old: change.old.as_deref(),
            new: change.new.as_deref(),
            bytes: match change.bytes < 0 {
                true => format::change(bytes, 0),
                false => format::change(0, bytes),
            },
            is_same: change.is_same_version(),
            old_bytes: change.old_bytes,
            new_bytes: change.new_bytes,
        }
    }

    /// `1.0 → 1.1`, or the only version.
    #[must_use]
    pub fn versions(&self) -> String {
        let old = self.old.filter(|_| !self.is_same);
        let versions: Vec<&str> = [old, self.new].into_iter().flatten().collect();
        versions.join(" → ")
    }

    /// What is behind the versions: `(same version, 1.0 MB → 2.2 MB)`; nothing of a package that only one image has.
    #[must_use]
    pub fn sizes(&self) -> Option<String> {
        let (old, new) = self.old_bytes.zip(self.new_bytes)?;
        let same = if self.is_same { "same version, " } else { "" };
        Some(format!("({same}{} → {})", size(old), size(new)))
    }
}

/// All in their order; or the largest changes first, at most so many.
#[must_use]
pub fn package_rows(changes: &[PackageChange], most: Option<usize>) -> Vec<PackageRow<'_>> {
    let mut changes: Vec<&PackageChange> = changes.iter().collect();
    if let Some(most) = most {
        // A stable sort: of equal changes the first type and name come first.
        changes.sort_by_key(|change| Reverse(change.bytes.unsigned_abs()));
        changes.truncate(most);
    }
    changes.into_iter().map(PackageRow::of).collect()
}

/// All in their order; or the largest changes first, at most so many.
#[must_use]
pub fn wasted_rows(
    changes: &[WastedPackageChange],
    most: Option<usize>,
) -> Vec<&WastedPackageChange> {
    let mut changes: Vec<&WastedPackageChange> = changes.iter().collect();
    if let Some(most) = most {
        // A stable sort: of equal changes the first type and name come first.
        changes.sort_by_key(|change| Reverse(change.old_bytes.abs_diff(change.new_bytes)));
        changes.truncate(most);
    }
    changes
}

/// `2 added, 1 removed, 3 updated, 1 changed in the same version`; None where no package differs.
#[must_use]
pub fn package_counts(changes: &[PackageChange]) -> Option<String> {
    let count = |is: fn(&PackageChange) -> bool| changes.iter().filter(|change| is(change)).count();
    let counts = [
        (count(|change| change.old.is_none()), "added"),
        (count(|change| change.new.is_none()), "removed"),
        (count(is_update), "updated"),
        (
            count(PackageChange::is_same_version),
            "changed in the same version",
        ),
    ];
    let told = counts.into_iter().filter(|(count, _)| *count > 0);
    let told: Vec<String> = told
        .map(|(count, name)| format!("{count} {name}"))
        .collect();
    (!told.is_empty()).then(|| told.join(", "))
}

/// Both images have the package, in other versions.
fn is_update(change: &PackageChange) -> bool {
    change.old.is_some() && change.new.is_some() && !change.is_same_version()
}
