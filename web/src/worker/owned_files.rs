//! The packages of a stack, from the core's own report of them, and the files that they own.

use std::cmp::Reverse;

use onionskin_core::inspection::Inspection;
use onionskin_core::layer::EntryKind;
use onionskin_core::ledger::Ledger;
use onionskin_core::ownership::{self, Packages};
use onionskin_core::source::Image;
use onionskin_core::stack::view::View;
use onionskin_core::stack::{NodeId, Stack};

use super::protocol::{FilesOfPackage, PackagesReport, SizedPath};
use crate::counts::number;

/// What the packages of a stack have.
pub(crate) struct OwnedFiles {
    packages: Packages,
    view: View,
}

impl OwnedFiles {
    /// The packages of all that is stacked.
    pub(crate) fn of(image: &Image, stack: &Stack) -> (Self, PackagesReport) {
        let ledger = Ledger::of(stack);
        let packages = Packages::of(stack, stack.depth(), &ledger);
        let mut image = image.clone();
        // Above a layer that could not be read nothing is known.
        image.layers.truncate(stack.depth());
        let inspection = Inspection::new(&image, stack, &ledger);
        let wasted = ownership::wasted(stack, &ledger);
        let report = PackagesReport::new(inspection, &packages, &wasted);
        let owned = Self {
            packages,
            view: View::stack(stack, stack.depth()),
        };
        (owned, report)
    }

    /// The place of the package that has this path in the list of packages.
    pub(crate) fn owner(&self, node: NodeId) -> Option<u32> {
        self.packages.owner(node).map(number)
    }

    /// The largest files of a package.
    pub(crate) fn files(&self, stack: &Stack, package: u32, count: u32) -> FilesOfPackage {
        let nodes = (0..number(stack.nodes())).map(NodeId);
        let owned = nodes.filter(|node| self.packages.owner(*node) == Some(package as usize));
        // Of the names of a file, one is the file.
        let mut files: Vec<(Reverse<u64>, Vec<u8>)> = owned
            .filter_map(|node| {
                let row = self.view.row(stack, node)?;
                let is_file = row.kind == EntryKind::File;
                is_file.then(|| (Reverse(row.sum.bytes), stack.path(node)))
            })
            .collect();
        files.sort_unstable();
        let all = number(files.len());
        files.truncate(count as usize);
        let told = |(Reverse(bytes), path)| SizedPath {
            path,
            bytes,
            wasted: false,
        };
        FilesOfPackage {
            files: files.into_iter().map(told).collect(),
            all,
        }
    }
}
