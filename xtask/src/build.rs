//! The page, and the one file that holds it.

use std::env;
use std::fs;
use std::hash::{DefaultHasher, Hasher as _};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::work::{self, say};
use crate::{places, stamp, tools};

/// The policy of the page for hosts that send no headers of ours: what the gateway sends (`policy` there), as far as an
/// element can say it.
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types default";

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
    bind(&page)?;
    fs::write(stamp::file(), stamp).context("could not write the page's stamp")
}

/// Puts the policy into the page's document. It allows no inline script, so that the one with which Trunk starts the page
/// becomes a file.
fn bind(page: &Path) -> Result<()> {
    let index = page.join("index.html");
    let html = fs::read_to_string(&index)?;
    let begin = "<script type=\"module\">";
    let parts = html.split_once(begin).and_then(|(before, rest)| {
        let (script, after) = rest.split_once("</script>")?;
        Some((before, script.trim(), after))
    });
    let (before, script, after) = parts.context("Trunk wrote no script that starts the page")?;
    let mut hasher = DefaultHasher::new();
    hasher.write(script.as_bytes());
    let name = format!("start-{:016x}.js", hasher.finish());
    fs::write(page.join(&name), script)?;
    let html = format!("{before}<script type=\"module\" src=\"./{name}\"></script>{after}");
    let charset = "<meta charset=\"utf-8\">";
    let policy = format!(
        "{charset}\n    <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">"
    );
    ensure!(html.contains(charset), "the page says no charset");
    fs::write(&index, html.replacen(charset, &policy, 1))
        .with_context(|| format!("could not write {}", index.display()))
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
