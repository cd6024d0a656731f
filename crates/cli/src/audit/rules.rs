//! The rules that `onionskin audit` judges by: from flags, from a rules file, from a `.dive-ci`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, ensure};
use onionskin_core::findings::Kind;
use onionskin_core::rules::{
    Bytes, Count, Day, DiveBytes, DiveRules, DiveShare, FindingLimit, GrowthLimits, Limits,
    PathGlob, QuantityError, Rules, Share,
};

/// dive's rules file.
const DIVES: &str = ".dive-ci";
/// The rules files of which the first that is there is read where none is named.
const KNOWN: [&str; 3] = ["onionskin.yaml", "onionskin.yml", DIVES];

/// The flags that say what is allowed.
#[derive(clap::Args)]
#[command(next_help_heading = "Rules")]
pub(super) struct RuleArguments {
    /// A rules file [default: onionskin.yaml or onionskin.yml in the current folder, else .dive-ci, where there is one]
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

    /// Most wasted bytes
    #[arg(long, value_name = "BYTES")]
    max_wasted_bytes: Option<Bytes>,

    /// Largest share of the files' bytes that may be wasted
    #[arg(long, value_name = "SHARE")]
    max_wasted_share: Option<Share>,

    /// With fewer wasted bytes than this, --max-wasted-share is kept
    #[arg(long, value_name = "BYTES")]
    wasted_share_floor: Option<Bytes>,

    /// Most bytes of the download that wasted files cost
    #[arg(long, value_name = "BYTES")]
    max_wasted_compressed: Option<Bytes>,

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

    /// Most bytes of the base that the layers on top of it may hide
    #[arg(long, value_name = "BYTES")]
    max_base_wasted: Option<Bytes>,

    /// Most findings of a kind, such as leftover=3 or setid=0; may be given again
    #[arg(long, value_name = "KIND=NUMBER", value_parser = of_kind::<Count>)]
    max_findings: Vec<(Kind, Count)>,

    /// Most bytes in the findings of a kind, such as leftover=1MB; may be given again
    #[arg(long, value_name = "KIND=BYTES", value_parser = of_kind::<Bytes>)]
    max_finding_bytes: Vec<(Kind, Bytes)>,

    /// Paths that a container must not see; may be given again
    ///
    /// A glob is from the root with a leading slash, else at any depth: /etc/shadow, *.pem, /app/**/*.map.
    #[arg(long, value_name = "GLOB")]
    forbid: Vec<PathGlob>,

    /// Paths that no layer may store, even where a later one deletes them; may be given again
    #[arg(long, value_name = "GLOB")]
    forbid_in_layers: Vec<PathGlob>,

    /// Judge the image's own layers by these flags, without those of its base
    #[arg(long)]
    own: bool,

    /// The image that growth is measured against
    #[arg(long, value_name = "IMAGE")]
    growth_against: Option<String>,

    /// Most bytes by which all layers, unpacked, may be larger than those of the other image
    #[arg(long, value_name = "BYTES")]
    max_growth: Option<Bytes>,

    /// Largest share of the other image's size by which it may be larger
    #[arg(long, value_name = "SHARE")]
    max_growth_share: Option<Share>,

    /// Most bytes by which the download may be larger
    #[arg(long, value_name = "BYTES")]
    max_compressed_growth: Option<Bytes>,

    /// Largest share of the other image's download by which it may be larger
    #[arg(long, value_name = "SHARE")]
    max_compressed_growth_share: Option<Share>,

    /// Least efficiency by dive's definition, from 0 to 1, or `disabled`
    #[arg(long, value_name = "SHARE", alias = "lowestEfficiency")]
    lowest_efficiency: Option<DiveShare>,

    /// Most wasted bytes by dive's definition, or `disabled`
    #[arg(long, value_name = "BYTES", alias = "highestWastedBytes")]
    highest_wasted_bytes: Option<DiveBytes>,

    /// Largest share of wasted bytes by dive's definition, from 0 to 1, or `disabled`
    #[arg(long, value_name = "SHARE", alias = "highestUserWastedPercent")]
    highest_user_wasted_percent: Option<DiveShare>,

    /// The day on which `until` of what a rules file ignores is judged [default: today, in UTC]
    #[arg(long, value_name = "YYYY-MM-DD")]
    today: Option<Day>,
}

/// `leftover=3`.
fn of_kind<T>(text: &str) -> Result<(Kind, T), String>
where
    T: FromStr<Err = QuantityError>,
{
    let (kind, limit) = text.split_once('=').ok_or("write it as KIND=LIMIT")?;
    let kinds = || Kind::ALL.map(Kind::name).join(", ");
    let kind = Kind::ALL.into_iter().find(|known| known.name() == kind);
    let kind = kind.ok_or_else(|| format!("there is no such kind; there are {}", kinds()))?;
    let limit = limit
        .parse()
        .map_err(|error: QuantityError| error.to_string())?;
    Ok((kind, limit))
}

impl RuleArguments {
    /// All rules; a flag goes before the same limit of a file.
    pub(super) fn read(&self) -> anyhow::Result<Rules> {
        let mut rules = match (&self.rules, &self.ci_config) {
            (Some(file), _) => read(file)?,
            (None, None) if !self.no_rules => {
                // A link that leads nowhere is there too: a gate that cannot be read is not left open.
                let there = |file: &&Path| file.symlink_metadata().is_ok();
                let first = KNOWN.map(Path::new).into_iter().find(there);
                first.map(read).transpose()?.unwrap_or_default()
            }
            (None, _) => Rules::default(),
        };
        if let Some(file) = &self.ci_config {
            rules.dive = dive(file)?.dive;
        }
        self.thresholds(&mut rules.dive);
        let flags = self.limits();
        if self.own {
            ensure!(
                flags != Limits::default(),
                "--own is about limits that flags set, and there is none; those of a rules file stand under `own` in it"
            );
            rules.own = flags.or(rules.own);
        } else {
            rules.limits = flags.or(rules.limits);
        }
        rules.growth = self.growth().or(rules.growth);
        ensure!(
            rules.growth.against.is_some() || !rules.growth.are_set(),
            "growth is limited, but against which image? Name it with --growth-against, or as `against` in the rules file"
        );
        ensure!(
            self.growth_against.is_none() || rules.growth.are_set(),
            "--growth-against names an image, and nothing says by how much it may be outgrown; add --max-growth or another limit of growth"
        );
        Ok(rules)
    }

    /// The day on which an image is judged.
    pub(super) fn today(&self) -> Day {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let seconds = now.map_or(0, |now| now.as_secs());
        let today = || Day::of_unix(i64::try_from(seconds).unwrap_or(i64::MAX));
        self.today.unwrap_or_else(today)
    }

    fn growth(&self) -> GrowthLimits {
        GrowthLimits {
            against: self.growth_against.clone(),
            max_bytes: self.max_growth,
            max_share: self.max_growth_share,
            max_compressed_bytes: self.max_compressed_growth,
            max_compressed_share: self.max_compressed_growth_share,
        }
    }

    /// Sets those of dive's thresholds that flags name.
    fn thresholds(&self, dive: &mut DiveRules) {
        if let Some(DiveShare(threshold)) = self.lowest_efficiency {
            dive.lowest_efficiency = threshold;
        }
        if let Some(DiveBytes(threshold)) = self.highest_wasted_bytes {
            dive.highest_wasted_bytes = threshold;
        }
        if let Some(DiveShare(threshold)) = self.highest_user_wasted_percent {
            dive.highest_user_wasted_percent = threshold;
        }
    }

    fn findings(&self) -> BTreeMap<Kind, FindingLimit> {
        let mut limits: BTreeMap<Kind, FindingLimit> = BTreeMap::new();
        for (kind, count) in &self.max_findings {
            limits.entry(*kind).or_default().max_count = Some(*count);
        }
        for (kind, bytes) in &self.max_finding_bytes {
            limits.entry(*kind).or_default().max_bytes = Some(*bytes);
        }
        limits
    }

    fn limits(&self) -> Limits {
        Limits {
            min_efficiency: self.min_efficiency,
            max_wasted_bytes: self.max_wasted_bytes,
            max_wasted_share: self.max_wasted_share,
            wasted_share_floor: self.wasted_share_floor,
            max_wasted_compressed: self.max_wasted_compressed,
            max_size: self.max_size,
            max_compressed_size: self.max_compressed_size,
            max_layer_size: self.max_layer_size,
            max_layers: self.max_layers,
            max_base_wasted: self.max_base_wasted,
            findings: self.findings(),
            forbidden: self.forbid.clone(),
            forbidden_in_layers: self.forbid_in_layers.clone(),
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

fn text(file: &Path) -> anyhow::Result<Vec<u8>> {
    fs::read(file).with_context(|| format!("cannot read the rules in {}", file.display()))
}
