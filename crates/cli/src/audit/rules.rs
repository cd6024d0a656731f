//! The rules that `onionskin audit` judges by: from flags, from a rules file, from a `.dive-ci`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use onionskin_core::rules::{Bytes, Count, Limits, Rules, Share};

/// The rules file that is read where none is named.
const OURS: &str = "onionskin.yaml";
/// The one that is read where there is none of ours.
const DIVES: &str = ".dive-ci";

/// The flags that say what is allowed.
#[derive(clap::Args)]
#[command(next_help_heading = "Rules")]
pub(super) struct RuleArguments {
    /// A rules file [default: onionskin.yaml in the current folder, else .dive-ci, where there is one]
    #[arg(long, value_name = "FILE")]
    rules: Option<PathBuf>,

    /// A .dive-ci, read as dive reads it, beside our own rules
    #[arg(long, value_name = "FILE")]
    ci_config: Option<PathBuf>,

    /// Judge by no rules file that is not named
    #[arg(long)]
    no_rules: bool,

    /// Least share of the files' bytes that a container shall see
    #[arg(long, value_name = "SHARE")]
    min_efficiency: Option<Share>,

    /// Most dead bytes
    #[arg(long, value_name = "BYTES")]
    max_dead_bytes: Option<Bytes>,

    /// Largest share of the files' bytes that may be dead
    #[arg(long, value_name = "SHARE")]
    max_dead_share: Option<Share>,

    /// With fewer dead bytes than this, --max-dead-share is kept
    #[arg(long, value_name = "BYTES")]
    dead_share_floor: Option<Bytes>,

    /// Most bytes of the download that dead files cost
    #[arg(long, value_name = "BYTES")]
    max_dead_compressed: Option<Bytes>,

    /// Largest size of all layers, unpacked
    #[arg(long, value_name = "BYTES")]
    max_size: Option<Bytes>,

    /// Largest size of all layers, as they are downloaded
    #[arg(long, value_name = "BYTES")]
    max_compressed_size: Option<Bytes>,

    /// Largest size of any one layer, unpacked
    #[arg(long, value_name = "BYTES")]
    max_layer_size: Option<Bytes>,

    /// Most layers
    #[arg(long, value_name = "NUMBER")]
    max_layers: Option<Count>,
}

impl RuleArguments {
    /// All rules; a flag goes before the same limit of a file.
    pub(super) fn read(&self) -> anyhow::Result<Rules> {
        let mut rules = match (&self.rules, &self.ci_config) {
            (Some(file), _) => read(file)?,
            (None, None) if !self.no_rules => {
                let there = [OURS, DIVES].map(Path::new).into_iter();
                let first = there.into_iter().find(|file| file.exists());
                first.map(read).transpose()?.unwrap_or_default()
            }
            (None, _) => Rules::default(),
        };
        if let Some(file) = &self.ci_config {
            rules.dive = dive(file)?.dive;
        }
        rules.limits = self.limits().or(rules.limits);
        Ok(rules)
    }

    fn limits(&self) -> Limits {
        Limits {
            min_efficiency: self.min_efficiency,
            max_dead_bytes: self.max_dead_bytes,
            max_dead_share: self.max_dead_share,
            dead_share_floor: self.dead_share_floor,
            max_dead_compressed: self.max_dead_compressed,
            max_size: self.max_size,
            max_compressed_size: self.max_compressed_size,
            max_layer_size: self.max_layer_size,
            max_layers: self.max_layers,
        }
    }
}

fn read(file: &Path) -> anyhow::Result<Rules> {
    if file.file_name().is_some_and(|name| name == DIVES) {
        return dive(file);
    }
    Rules::from_yaml(&text(file)?).with_context(|| file.display().to_string())
}

fn dive(file: &Path) -> anyhow::Result<Rules> {
    Rules::from_dive_ci(&text(file)?).with_context(|| file.display().to_string())
}

fn text(file: &Path) -> anyhow::Result<String> {
    fs::read_to_string(file).with_context(|| format!("cannot read the rules in {}", file.display()))
}
