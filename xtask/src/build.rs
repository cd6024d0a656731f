//! The page, and the one file that holds it.

use std::env;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};

use crate::work::{self, say};
use crate::{bundle, places, stamp, tools};

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
    // Trunk is told to stay off the network, and tells Cargo the same.
    work::run(work::cargo().args(["fetch", "--locked", "--quiet"]))?;
    let _ = fs::remove_file(stamp::file());
    let mut trunk = work::command("trunk");
    trunk.args(["build", "--release", "--offline", "--locked"]);
    trunk.env("PATH", work::path_with(&folders)?);
    // Trunk reads NO_COLOR as a flag of its own and refuses the usual `1`.
    trunk.env_remove("NO_COLOR");
    work::run(&mut trunk)?;
    ensure!(
        page.join("index.html").is_file(),
        "Trunk wrote no {}",
        page.display()
    );
    bundle::finish(&page)?;
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
