//! Where things lie: the checkout, and the project's own cache folder.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The checkout.
pub(crate) fn root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest).to_owned()
}

/// Where Cargo builds to.
pub(crate) fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// Tools by name and version, for this checkout and the next.
pub(crate) fn tools() -> Result<PathBuf> {
    let folder = |variable| env::var_os(variable).filter(|value| !value.is_empty());
    let cache = if cfg!(windows) {
        folder("LOCALAPPDATA").map(PathBuf::from)
    } else if cfg!(target_os = "macos") {
        folder("HOME").map(|home| PathBuf::from(home).join("Library/Caches"))
    } else {
        let home = || folder("HOME").map(|home| PathBuf::from(home).join(".cache"));
        folder("XDG_CACHE_HOME").map(PathBuf::from).or_else(home)
    };
    let cache = cache.context("no folder to keep tools in: set HOME")?;
    Ok(cache.join("onionskin").join("tools"))
}
