//! Wasted bytes by package: those of a file belong to the package that had its path in the layer that added it.

use std::collections::{BTreeMap, BTreeSet};

use super::claims::Claims;
use super::records;
use crate::ledger::Ledger;
use crate::packages::Type;
use crate::stack::Stack;

/// What an image wastes of one package: files of it that a later layer deleted or stored again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WastedPackage {
    /// The package manager that it is of.
    pub kind: Type,
    /// Its name.
    pub name: String,
    /// The version that was installed when the files were added.
    pub version: String,
    /// Wasted bytes.
    pub bytes: u64,
    /// Bytes of the download that they cost.
    pub compressed: u64,
    /// The layers that added them, from 1.
    pub added_by: Vec<usize>,
    /// The layers that hid them, from 1.
    pub hidden_by: Vec<usize>,
}

#[derive(Default)]
struct Sum {
    bytes: u64,
    compressed: u64,
    added_by: BTreeSet<usize>,
    hidden_by: BTreeSet<usize>,
}

/// The wasted bytes of packages, the largest first, then by type, name and version. `ledger` is that of the stack.
#[must_use]
pub fn wasted(stack: &Stack, ledger: &Ledger) -> Vec<WastedPackage> {
    let mut sums: BTreeMap<(Type, String, String), Sum> = BTreeMap::new();
    let records = records(stack, stack.depth());
    // The ledger has the files layer by layer.
    for of_layer in ledger.wasted.chunk_by(|a, b| a.added_by == b.added_by) {
        let Some(layer) = of_layer.first().map(|wasted| wasted.added_by) else {
            continue;
        };
        let claims = Claims::of(stack, layer, &records);
        for wasted in of_layer {
            let index = stack.layer(layer);
            let node = index.and_then(|index| stack.find(&index.path(wasted.entry)));
            let owner = node.and_then(|node| claims.owner(node));
            let Some(owner) = owner.and_then(|owner| claims.packages.get(owner as usize)) else {
                continue;
            };
            let package = owner.package;
            let key = (package.kind, package.name.clone(), package.version.clone());
            let sum = sums.entry(key).or_default();
            sum.bytes += wasted.bytes;
            sum.compressed += wasted.compressed;
            sum.added_by.insert(wasted.added_by);
            sum.hidden_by.insert(wasted.hidden_by);
        }
    }
    let mut packages: Vec<WastedPackage> = sums
        .into_iter()
        .map(|((kind, name, version), sum)| WastedPackage {
            kind,
            name,
            version,
            bytes: sum.bytes,
            compressed: sum.compressed,
            added_by: sum.added_by.into_iter().collect(),
            hidden_by: sum.hidden_by.into_iter().collect(),
        })
        .collect();
    // A stable sort: of equal ones the first type, name and version come first.
    packages.sort_by_key(|package| std::cmp::Reverse(package.bytes));
    packages
}
