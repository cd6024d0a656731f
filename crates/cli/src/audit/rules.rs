//! The rules of `onionskin audit`: from flags, from a rules file, from a `.dive-ci`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, ensure};
use onionskin_core::findings::Kind;
use onionskin_core::rules::{
    Bytes, Count, Day, DiveBytes, DiveRules, DiveShare, FindingLimit, GrowthLimits, GrowthShare,
    Limits, PackagePattern, PathGlob, QuantityError, Rules, Share,
};

use crate::output::Inputs;

/// dive's rules file.
const DIVES: &str = ".dive-ci";
/// The rules files of which the first that is there is read where none is named.
const KNOWN: [&str; 3] = ["onionskin.yaml", "onionskin.yml", DIVES];

/// The flags that say what is allowed.
#[derive(clap::Args)]
#[command(next_help_heading = "Rules")]
pub(super) struct RuleArguments {
    /// The rules file [default: onionskin.yaml, onionskin.yml or .dive-ci in the current folder, if there is one]
    #[arg(long, value_name = "FILE")]
    rules: Option<PathBuf>,

    /// A .dive-ci file, read as dive reads it, in addition to the rules file
    #[arg(long, value_name = "FILE")]
    ci_config: Option<PathBuf>,

    /// Do not use the rules file of the current folder
    #[arg(long, conflicts_with = "rules")]
    no_rules: bool,

    /// Smallest share of the file data that is in the final filesystem
    #[arg(long, value_name = "SHARE")]
    min_efficiency: Option<Share>,

    /// Largest number of wasted bytes
    #[arg(long, value_name = "BYTES")]
    max_wasted_bytes: Option<Bytes>,

    /// Largest share of the file data that is wasted
    #[arg(long, value_name = "SHARE")]
    max_wasted_share: Option<Share>,

    /// With fewer wasted bytes than this, --max-wasted-share passes
    #[arg(long, value_name = "BYTES")]
    wasted_share_floor: Option<Bytes>,

    /// Largest wasted download: bytes of each pull that are wasted
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

    /// Largest number of layers
    #[arg(long, value_name = "NUMBER")]
    max_layers: Option<Count>,

    /// Largest number of bytes of the base image that later layers hide
    #[arg(long, value_name = "BYTES")]
    max_base_wasted: Option<Bytes>,

    /// Largest number of findings of a kind, such as leftover=3 or setid=0; can be repeated
    #[arg(long, value_name = "KIND=NUMBER", value_parser = of_kind::<Count>)]
    max_findings: Vec<(Kind, Count)>,

    /// Largest number of bytes in the findings of a kind, such as leftover=1MB; can be repeated
    #[arg(long, value_name = "KIND=BYTES", value_parser = of_kind::<Bytes>)]
    max_finding_bytes: Vec<(Kind, Bytes)>,

    /// Paths that must not be in the final filesystem; can be repeated
    ///
    /// A glob with a leading slash starts at the root, any other matches at any depth: /etc/shadow, *.pem,
    /// /app/**/*.map.
    #[arg(long, value_name = "GLOB")]
    forbid: Vec<PathGlob>,

    /// Paths that must not be in any layer, even if a later layer deletes them; can be repeated
    #[arg(long, value_name = "GLOB")]
    forbid_in_layers: Vec<PathGlob>,

    /// Packages that must not be in the final filesystem, such as gcc, deb:*-dev or npm:left-pad@1.*; can be repeated
    #[arg(long, value_name = "[TYPE:]NAME[@VERSION]")]
    forbid_packages: Vec<PackagePattern>,

    /// Largest size of any one package in the final filesystem
    #[arg(long, value_name = "BYTES")]
    max_package_size: Option<Bytes>,

    /// Apply the limits set by flags to the image's own layers, without those of its base image
    #[arg(long)]
    own: bool,

    /// The image that growth is measured against
    #[arg(long, value_name = "IMAGE")]
    growth_against: Option<String>,

    /// Largest growth of all layers, unpacked, in bytes
    #[arg(long, value_name = "BYTES")]
    max_growth: Option<Bytes>,

    /// Largest growth of all layers, unpacked, as a share of the other image; can be above 100%
    #[arg(long, value_name = "SHARE")]
    max_growth_share: Option<GrowthShare>,

    /// Largest growth of the download in bytes
    #[arg(long, value_name = "BYTES")]
    max_compressed_growth: Option<Bytes>,

    /// Largest growth of the download as a share of the other image's; can be above 100%
    #[arg(long, value_name = "SHARE")]
    max_compressed_growth_share: Option<GrowthShare>,

    /// Smallest efficiency by dive's definition, from 0 to 1, or `disabled`
    #[arg(long, value_name = "SHARE", alias = "lowestEfficiency")]
    lowest_efficiency: Option<DiveShare>,

    /// Largest number of wasted bytes by dive's definition, or `disabled`
    #[arg(long, value_name = "BYTES", alias = "highestWastedBytes")]
    highest_wasted_bytes: Option<DiveBytes>,

    /// Largest share of wasted bytes by dive's definition, from 0 to 1, or `disabled`
    #[arg(long, value_name = "SHARE", alias = "highestUserWastedPercent")]
    highest_user_wasted_percent: Option<DiveShare>,

    /// The date that `until` in a rules file is compared with [default: today, in UTC]
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
    let kind = kind.ok_or_else(|| format!("unknown kind; the kinds are {}", kinds()))?;
    let limit = limit
        .parse()
        .map_err(|error: QuantityError| error.to_string())?;
    Ok((kind, limit))
}

impl RuleArguments {
    /// The rules file that is read. A `.dive-ci` that a flag names is read beside it, in the place of the one in this folder.
    fn file(&self) -> Option<&Path> {
        match &self.rules {
            Some(file) => Some(file),
            None if self.no_rules => None,
            None => {
                // A link that leads nowhere is there too: a gate that cannot be read is not left open.
                let there = |file: &&Path| file.symlink_metadata().is_ok();
                let known = KNOWN.map(Path::new).into_iter();
                let mut known =
                    known.filter(|file| self.ci_config.is_none() || *file != Path::new(DIVES));
                known.find(there)
            }
        }
    }

    /// The files that are read.
    pub(super) fn inputs(&self, inputs: &mut Inputs) {
        let files = self.file().into_iter().chain(self.ci_config.as_deref());
        files.for_each(|file| inputs.file(file));
    }

    /// All rules, and the names of the files that they are from; a flag goes before the same limit of a file.
    pub(super) fn read(&self) -> anyhow::Result<(Rules, Option<String>)> {
        let file = self.file();
        let mut rules = file.map(read).transpose()?.unwrap_or_default();
        if let Some(file) = &self.ci_config {
            rules.dive = dive(file)?.dive;
        }
        self.thresholds(&mut rules.dive);
        let flags = self.limits();
        if self.own {
            ensure!(
                flags != Limits::default(),
                "--own applies to limits that are set by flags, and there is none; in a rules file, write them under `own`"
            );
            rules.own = flags.or(rules.own);
        } else {
            rules.limits = flags.or(rules.limits);
        }
        let limits = if self.own { &rules.own } else { &rules.limits };
        ensure!(
            self.wasted_share_floor.is_none() || limits.max_wasted_share.is_some(),
            "--wasted-share-floor needs a limit on the wasted share; add --max-wasted-share"
        );
        rules.growth = self.growth().or(rules.growth);
        ensure!(
            rules.growth.against.is_some() || !rules.growth.are_set(),
            "there is a limit on growth, but no image to compare with; name it with --growth-against, or as `against` in the rules file"
        );
        ensure!(
            self.growth_against.is_none() || rules.growth.are_set(),
            "--growth-against needs a limit; add --max-growth or another limit on growth"
        );
        let files = file.into_iter().chain(self.ci_config.as_deref());
        let files: Vec<String> = files.map(|file| file.display().to_string()).collect();
        Ok((rules, (!files.is_empty()).then(|| files.join(", "))))
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
            ..GrowthLimits::default()
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
            forbid_packages: self.forbid_packages.clone(),
            max_package_size: self.max_package_size,
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
