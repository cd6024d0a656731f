//! `--dockerfile`: the Dockerfile that an image was built with, whose lines a SARIF report leads to.

use std::path::{Component, Path, PathBuf};
use std::{env, fs};

use anyhow::{Context as _, bail};
use onionskin_core::base::Base;
use onionskin_core::dockerfile::{self, Dockerfile};
use onionskin_core::manifest::Config;
use onionskin_core::report::outcome::BuiltWith;

/// A Dockerfile that was read.
pub(super) struct BuildFile {
    /// Its path from the current folder, with slashes.
    path: String,
    file: Dockerfile,
}

impl BuildFile {
    /// Reads it.
    ///
    /// # Errors
    /// It is not below the current folder, cannot be read, or is not a Dockerfile.
    pub(super) fn read(path: &Path) -> anyhow::Result<Self> {
        let Some(relative) = relative(path) else {
            bail!(
                "--dockerfile {}: must be below the current folder, as the addresses in the report start there",
                path.display()
            );
        };
        let named = || format!("--dockerfile {}", path.display());
        let text = fs::read_to_string(path).with_context(named)?;
        let file = Dockerfile::parse(&text).with_context(named)?;
        Ok(Self {
            path: relative,
            file,
        })
    }

    /// Its lines that an image's history has.
    pub(super) fn of(&self, config: &Config, depth: usize, base: Option<&Base>) -> BuiltWith {
        BuiltWith {
            path: self.path.clone(),
            lines: self.file.find(&dockerfile::lines(config, depth, base)),
        }
    }
}

/// A path from the current folder; None where it leads out of it.
fn relative(path: &Path) -> Option<String> {
    let path: PathBuf = match path.is_absolute() {
        true => path.strip_prefix(env::current_dir().ok()?).ok()?.to_owned(),
        false => path.to_owned(),
    };
    let mut names: Vec<&str> = Vec::new();
    for part in path.components() {
        match part {
            Component::Normal(name) => names.push(name.to_str()?),
            Component::CurDir => {}
            Component::ParentDir => drop(names.pop()?),
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    (!names.is_empty()).then(|| names.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_start_at_the_current_folder() {
        let here = env::current_dir().unwrap();
        for (path, expected) in [
            ("Dockerfile", Some("Dockerfile")),
            ("./a/../docker/Dockerfile", Some("docker/Dockerfile")),
            ("../Dockerfile", None),
            ("/Dockerfile", None),
            (".", None),
        ] {
            assert_eq!(relative(Path::new(path)).as_deref(), expected, "{path}");
        }
        let below = here.join("docker/Dockerfile");
        assert_eq!(relative(&below).as_deref(), Some("docker/Dockerfile"));
    }
}
