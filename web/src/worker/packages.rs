//! The packages of an image, from the core's own report of them.

use std::cmp::Reverse;

use onionskin_core::inspection::Inspection;
use onionskin_core::layer::EntryKind;
use onionskin_core::ledger::Ledger;
use onionskin_core::ownership::{self, Packages};
use onionskin_core::source::Image;
use onionskin_core::stack::view::View;
use onionskin_core::stack::{NodeId, Stack};

use super::image_worker::ImageWorker;
use super::protocol::{
    Answers, AsJson, FilesOfPackage, PackageFiles, PackagesOf, PackagesReport, SizedPath,
};
use crate::counts::number;

/// What the packages of a stack have.
pub(crate) struct OwnedFiles {
    packages: Packages,
    view: View,
}

/// The packages of all that is stacked.
fn of(image: &Image, stack: &Stack) -> (OwnedFiles, PackagesReport) {
    let ledger = Ledger::of(stack);
    let packages = Packages::of(stack, stack.depth(), &ledger);
    let mut image = image.clone();
    // Above a layer that could not be read nothing is known.
    image.layers.truncate(stack.depth());
    let inspection = Inspection::new(&image, stack, &ledger);
    let wasted = ownership::wasted(stack, &ledger);
    let report = PackagesReport::new(inspection, &packages, &wasted);
    let owned = OwnedFiles {
        packages,
        view: View::stack(stack, stack.depth()),
    };
    (owned, report)
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
    fn answer(&mut self, _: PackagesOf) -> Option<AsJson<PackagesReport>> {
        // Tables of contents tell nothing of packages.
        if !self.finished || !self.tables.is_empty() {
            return None;
        }
        let (owned, report) = of(self.image.as_ref()?, &self.main.stack);
        self.packages = Some(owned);
        AsJson::of(&report)
    }
}

impl Answers<PackageFiles> for ImageWorker {
    fn answer(&mut self, asked: PackageFiles) -> Box<FilesOfPackage> {
        let owned = self.packages.as_ref();
        let files = owned.map(|owned| owned.files(&self.main.stack, asked.package, asked.count));
        Box::new(files.unwrap_or_default())
    }
}
