//! Packages that differ, as reports tell them.

use std::cmp::Reverse;

use crate::compare::PackageChange;
use crate::report::format;

/// A package that differs.
pub struct PackageRow<'a> {
    /// `A` for one that was added, `D` for one that was removed, `M` for another version.
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
        }
    }

    /// `1.0 → 1.1`, or the only version.
    #[must_use]
    pub fn versions(&self) -> String {
        let versions: Vec<&str> = [self.old, self.new].into_iter().flatten().collect();
        versions.join(" → ")
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

/// `2 added, 1 removed, 3 updated`; None where no package differs.
#[must_use]
pub fn package_counts(changes: &[PackageChange]) -> Option<String> {
    let is = |old: bool, new: bool| {
        let of = move |change: &&PackageChange| {
            (change.old.is_some(), change.new.is_some()) == (old, new)
        };
        changes.iter().filter(of).count()
    };
    let counts = [
        (is(false, true), "added"),
        (is(true, false), "removed"),
        (is(true, true), "updated"),
    ];
    let told = counts.into_iter().filter(|(count, _)| *count > 0);
    let told: Vec<String> = told
        .map(|(count, name)| format!("{count} {name}"))
        .collect();
    (!told.is_empty()).then(|| told.join(", "))
}
