//! What the page was built from, so that it is built again only when that changed.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::{places, work};

/// All that goes into the page.
const SOURCES: [&str; 13] = [
    "web",
    "static",
    "crates/layers",
    "crates/oci",
    "crates/audit",
    "crates/core",
    "crates/highlight",
    "Cargo.toml",
    "Cargo.lock",
    ".cargo",
    "xtask/src/build.rs",
    "xtask/src/bundle.rs",
    "xtask/src/programs.rs",
];

/// Variables of the environment that change Cargo's profile of the page.
const PROFILE: &str = "CARGO_PROFILE_WEB_";

/// A number that changes with the page's sources, its profile and its compiler.
pub(crate) fn of_page() -> Result<String> {
    let mut hasher = DefaultHasher::new();
    profile().hash(&mut hasher);
    work::output(work::command("rustc").arg("-V")).hash(&mut hasher);
    for source in SOURCES {
        let source = places::root().join(source);
        let files = if source.is_dir() {
            work::files(&source)?
        } else {
            vec![source]
        };
        for file in files {
            file.hash(&mut hasher);
            let content = fs::read(&file);
            content
                .with_context(|| format!("could not read {}", file.display()))?
                .hash(&mut hasher);
        }
    }
    Ok(format!("{:016x}", hasher.finish()))
}

/// What the environment changes of the page's profile: then it is not what is released.
fn profile() -> Vec<(OsString, OsString)> {
    let mut changed: Vec<_> = env::vars_os()
        .filter(|(name, _)| name.to_string_lossy().starts_with(PROFILE))
        .collect();
    changed.sort();
    changed
}

/// The file that holds the number of the page that lies in target/page.
pub(crate) fn file() -> PathBuf {
    places::target().join("page.stamp")
}

/// The version of a package in Cargo.lock.
pub(crate) fn locked_version(package: &str) -> Result<String> {
    let lock = places::root().join("Cargo.lock");
    let text =
        fs::read_to_string(&lock).with_context(|| format!("could not read {}", lock.display()))?;
    let name = format!("name = \"{package}\"");
    let mut lines = text.lines().skip_while(|line| *line != name);
    let version = lines
        .nth(1)
        .and_then(|line| line.strip_prefix("version = \"")?.strip_suffix('"'));
    version
        .map(str::to_owned)
        .with_context(|| format!("Cargo.lock names no {package}"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_lock_file_tells_versions() {
        assert!(
            super::locked_version("wasm-bindgen")
                .unwrap()
                .starts_with("0.2.")
        );
        assert!(super::locked_version("no-such-package").is_err());
    }
}
