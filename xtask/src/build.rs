//! The page, and the one file that holds it.

use std::env;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};

use crate::work::{self, say};
use crate::{places, stamp, tools};

/// Builds target/page if what it is made of changed since.
pub(crate) fn page() -> Result<()> {
    let folders = tools::setup()?;
    let optimise = tools::wasm_opt().is_some();
    let stamp = stamp::of_page(optimise)?;
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
    if optimise {
        // The files change once more after Trunk took their checksums.
        trunk.args(["--no-sri", "true"]);
    }
    trunk.env("PATH", work::path_with(&folders)?);
    // Trunk reads NO_COLOR as a flag of its own and refuses the usual `1`.
    trunk.env_remove("NO_COLOR");
    work::run(&mut trunk)?;
    ensure!(
        page.join("index.html").is_file(),
        "Trunk wrote no {}",
        page.display()
    );
    if optimise {
        for file in work::files(&page)? {
            if file
                .extension()
                .is_some_and(|extension| extension == "wasm")
            {
                say(&format!("wasm-opt {}", file.display()));
                let mut wasm_opt = work::command("wasm-opt");
                work::run(
                    wasm_opt
                        .arg("-O3")
                        .arg("--all-features")
                        .arg(&file)
                        .arg("-o")
                        .arg(&file),
                )?;
            }
        }
    }
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
