//! The images that are measured.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::files;
use crate::packed::{Image, Stored, image};

/// Folders of this machine that become layers, what is left out of them, and MiB of each at most: one layer is larger
/// than the others together, as in most images.
const FOLDERS: [(&str, &[&str], u64); 4] = [
    ("usr/bin", &[], 120),
    ("usr/share", &[], 200),
    (
        "usr/lib",
        &[
            "usr/lib/llvm*",
            "usr/lib/chromium",
            "usr/lib/debug",
            "usr/lib/google-cloud-sdk",
        ],
        450,
    ),
    ("etc", &[], 10),
];

/// All of them, made when they are asked for and kept.
pub(crate) struct Images {
    /// Where they are.
    pub folder: PathBuf,
    small: bool,
}

impl Images {
    pub(crate) fn new(folder: &Path, small: bool) -> Self {
        Self {
            folder: folder.to_owned(),
            small,
        }
    }

    fn name(&self, name: &str) -> String {
        let size = if self.small { "-small" } else { "" };
        format!("{name}{size}")
    }

    fn tar(&self, name: &str) -> PathBuf {
        self.folder.join(self.name(name)).with_extension("tar")
    }

    /// How many files the image of many has.
    pub(crate) const fn count(&self) -> usize {
        if self.small { 60_000 } else { 1_000_000 }
    }

    /// Programs, libraries and data of this machine.
    pub(crate) fn programs(&self, stored: Stored) -> Result<Image> {
        let tar = |(folder, without, size): (&str, &[&str], u64)| {
            let limit = if self.small { size << 16 } else { size << 20 };
            files::of_machine(&self.tar(&folder.replace('/', "-")), folder, without, limit)
        };
        let tars: Vec<PathBuf> = FOLDERS.into_iter().map(tar).collect::<Result<_>>()?;
        image(&self.folder, &self.name("programs"), stored, &tars)
    }

    /// Many files in one layer.
    pub(crate) fn many(&self, stored: Stored) -> Result<Image> {
        let many = files::many(&self.tar("many"), self.count())?;
        image(&self.folder, &self.name("many"), stored, &[many])
    }

    /// The same with a layer that deletes some of them.
    pub(crate) fn deleted(&self) -> Result<Image> {
        let many = files::many(&self.tar("many"), self.count())?;
        let whiteouts = files::whiteouts(&self.tar("whiteouts"), self.count())?;
        image(
            &self.folder,
            &self.name("deleted"),
            Stored::Gzip,
            &[many, whiteouts],
        )
    }
}
