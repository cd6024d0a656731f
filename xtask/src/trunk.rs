//! `cargo xtask page`, which Trunk runs as the hook that `Trunk.toml` names.

use std::env;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::{build, places};

/// Where Trunk says what it is building.
const STAGING: &str = "TRUNK_STAGING_DIR";

/// Builds the page; where Trunk asks for it, its files replace what Trunk made of the document.
pub(crate) fn page() -> Result<()> {
    build::page()?;
    match env::var_os(STAGING) {
        Some(staging) => replace(&places::root().join("target/page"), Path::new(&staging)),
        None => Ok(()),
    }
}

fn replace(page: &Path, staging: &Path) -> Result<()> {
    let files = fs::read_dir(page).with_context(|| format!("could not read {}", page.display()))?;
    for file in files {
        let file = file?;
        let copy = staging.join(file.file_name());
        fs::copy(file.path(), &copy)
            .with_context(|| format!("could not write {}", copy.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trunk_is_told_of_what_there_is() {
        let config = fs::read_to_string(places::root().join("Trunk.toml")).unwrap();
        let value = |key: &str| {
            let lines = config.lines();
            let mut values = lines.filter_map(|line| line.strip_prefix(key)?.strip_prefix(" = "));
            values.next().unwrap().trim_matches('"').to_owned()
        };
        assert!(places::root().join(value("target")).is_file());
        for folder in value("watch").trim_matches(['[', ']']).split(", ") {
            let folder = folder.trim_matches('"');
            assert!(places::root().join(folder).exists(), "{folder}");
        }
        let arguments = value("command_arguments");
        let task = arguments.trim_matches(['[', ']']).replace("\", \"", " ");
        let task = task.trim_matches('"');
        assert!(crate::USAGE.contains(&format!("cargo {task} ")), "{task}");
    }
}
