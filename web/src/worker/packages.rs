//! The packages of an image, from the core's own report of them.

use std::cmp::Reverse;

use onionskin_core::inspection::Inspection;
use onionskin_core::layer::EntryKind;
use onionskin_core::ledger::Ledger;
use onionskin_core::ownership::{self, Packages};
use onionskin_core::report::packages::PackagesReport;
use onionskin_core::source::Image;
use onionskin_core::stack::view::View;
use onionskin_core::stack::{NodeId, Stack};

use super::image_worker::ImageWorker;
use super::listing::number;
use super::protocol::{FilesOfPackage, PackageFiles, PackagesFacts, PackagesOf, SizedPath};
use super::requests::Answers;

/// What the packages of a stack have.
pub(crate) struct OwnedFiles {
    packages: Packages,
    view: View,
}

/// The packages of all that is stacked.
fn of(image: &Image, stack: &Stack) -> (OwnedFiles, PackagesFacts) {
    let ledger = Ledger::of(stack);
    let packages = Packages::of(stack, stack.depth(), &ledger);
    let mut image = image.clone();
    // Above a layer that could not be read nothing is known.
    image.layers.truncate(stack.depth());
    let inspection = Inspection::new(&image, stack, &ledger);
    let wasted = ownership::wasted(stack, &ledger);
    let PackagesReport {
        live,
        unowned,
        packages: listed,
        wasted,
        unread,
        ..
    } = PackagesReport::new(inspection, &packages, &wasted);
    let owned = OwnedFiles {
        packages,
        view: View::stack(stack, stack.depth()),
    };
    let facts = PackagesFacts {
        live,
        unowned,
        packages: listed,
        wasted,
        unread,
    };
    (owned, facts)
}

impl OwnedFiles {
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

impl Answers<PackagesOf> for ImageWorker {
    fn answer(&mut self, _: PackagesOf) -> Option<Box<PackagesFacts>> {
        // Tables of contents tell nothing of packages.
        if !self.finished || !self.tables.is_empty() {
            return None;
        }
        let (owned, facts) = of(self.image.as_ref()?, &self.main.stack);
        self.packages = Some(owned);
        Some(Box::new(facts))
    }
}

impl Answers<PackageFiles> for ImageWorker {
    fn answer(&mut self, asked: PackageFiles) -> Box<FilesOfPackage> {
        let owned = self.packages.as_ref();
        let files = owned.map(|owned| owned.files(&self.main.stack, asked.package, asked.count));
        Box::new(files.unwrap_or_default())
    }
}
