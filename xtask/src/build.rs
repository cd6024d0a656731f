//! The page, and the one file that holds it.

use std::env;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};

use crate::work::{self, say};
use crate::{bundle, places, programs, stamp, tools};

/// Builds target/page if what it is made of changed since.
pub(crate) fn page() -> Result<()> {
    let folders = tools::setup()?;
    let stamp = stamp::of_page()?;
    let page = places::root().join("target/page");
    if fs::read_to_string(stamp::file()).is_ok_and(|built| built == stamp)
        && page.join("index.html").is_file()
    {
        return Ok(());
    }
    say("building the page (some minutes the first time)");
    let _ = fs::remove_file(stamp::file());
    // It is put in place whole, so that a broken attempt leaves what was there.
    let partial = places::root().join("target/page.partial");
    let _ = fs::remove_dir_all(&partial);
    fs::create_dir_all(&partial)
        .with_context(|| format!("could not make {}", partial.display()))?;
    let programs = programs::build(&folders, &partial)?;
    bundle::write(&partial, &programs)?;
    let _ = fs::remove_dir_all(&page);
    fs::rename(&partial, &page)
        .with_context(|| format!("could not move {} into place", page.display()))?;
    fs::write(stamp::file(), stamp).context("could not write the page's stamp")
}

/// Builds target/release/onionskin with the page in it.
pub(crate) fn binary() -> Result<PathBuf> {
    page()?;
    say("building target/release/onionskin (some minutes the first time)");
    work::run(work::cargo().args(["build", "--locked", "--release", "--package", "onionskin"]))?;
    let path = places::target()
        .join("release")
        .join(format!("onionskin{}", env::consts::EXE_SUFFIX));
    ensure!(path.is_file(), "Cargo built no {}", path.display());
    Ok(path)
}
