//! What the page asks of the packages of the image that is kept.

use super::image_worker::ImageWorker;
use super::owned_files::OwnedFiles;
use super::protocol::{Answers, AsJson, FilesOfPackage, PackageFiles, PackagesOf, PackagesReport};

impl Answers<PackagesOf> for ImageWorker {
    fn answer(&mut self, _: PackagesOf) -> Option<AsJson<PackagesReport>> {
        // Tables of contents tell nothing of packages.
        if !self.finished || !self.tables.is_empty() {
            return None;
        }
        let (owned, report) = OwnedFiles::of(self.image.as_ref()?, &self.main.stack);
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
