//! axe-core, which the end-to-end tests run inside the page: one file of an npm package, in exactly one version.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::places;
use crate::work::{self, say};

/// The version that `tests/src/axe.rs` reads.
const VERSION: &str = "4.11.0";
/// The package's SHA-256 sum.
const SUM: &str = "39bed7d72308f6d620789c169d699bfd7e8da80f65b545821a6b2215c3e83107";

/// Fetches it from the npm registry, unless it is here.
pub(crate) fn ensure() -> Result<()> {
    let home = places::tools()?.join(format!("axe-core-{VERSION}"));
    if home.join("axe.min.js").is_file() {
        return Ok(());
    }
    say(&format!(
        "fetching axe-core {VERSION} from the npm registry"
    ));
    // Made beside its place and moved there whole, so that a broken attempt leaves nothing.
    let partial = home.with_extension("partial");
    let _ = fs::remove_dir_all(&partial);
    fs::create_dir_all(&partial)
        .with_context(|| format!("could not make {}", partial.display()))?;
    fetch(&partial)?;
    let _ = fs::remove_dir_all(&home);
    fs::rename(&partial, &home)
        .with_context(|| format!("could not move {} into place", partial.display()))
}

fn fetch(into: &Path) -> Result<()> {
    let package = format!("axe-core@{VERSION}");
    let archive = into.join(format!("axe-core-{VERSION}.tgz"));
    let mut npm = work::command("npm");
    npm.args(["pack", &package, "--silent", "--pack-destination"]);
    work::run(npm.arg(into))
        .context("npm is needed to fetch axe-core for the tests of the page")?;
    let sum = work::output(work::command("sha256sum").arg(&archive)).unwrap_or_default();
    ensure!(
        sum.split_whitespace().next() == Some(SUM),
        "{package} has another SHA-256 sum than {SUM}"
    );
    let mut tar = work::command("tar");
    tar.arg("-xzf").arg(&archive).arg("-C").arg(into);
    work::run(tar.args([
        "--strip-components=1",
        "package/axe.min.js",
        "package/LICENSE",
    ]))?;
    fs::remove_file(&archive).with_context(|| format!("could not remove {}", archive.display()))
}
