//! axe-core, the accessibility checker that runs inside the page; `cargo xtask setup` fetches it.

use std::path::PathBuf;
use std::sync::OnceLock;
use std::{env, fs};

/// The version that `xtask/src/axe.rs` fetches.
const VERSION: &str = "4.11.0";

/// Its script.
pub(crate) fn source() -> &'static str {
    static SOURCE: OnceLock<String> = OnceLock::new();
    SOURCE.get_or_init(|| {
        let file = file();
        fs::read_to_string(&file).unwrap_or_else(|error| {
            panic!(
                "{}: {error}; `cargo xtask setup` fetches it",
                file.display()
            )
        })
    })
}

/// Where the tools of the project are kept on Linux, where these tests run.
fn file() -> PathBuf {
    let cache = env::var_os("XDG_CACHE_HOME").filter(|folder| !folder.is_empty());
    let home = || PathBuf::from(env::var_os("HOME").unwrap_or_default()).join(".cache");
    let tools = cache
        .map_or_else(home, PathBuf::from)
        .join("onionskin/tools");
    tools.join(format!("axe-core-{VERSION}/axe.min.js"))
}
