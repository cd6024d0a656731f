//! The rules that there are: what each measures, in which unit, and on which side of its limit an image has to be.

use serde::{Deserialize, Serialize};

use crate::findings::Kind;

/// A rule, whatever its limit.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum RuleId {
    /// Live bytes as a share of all.
    #[serde(rename = "minEfficiency")]
    MinEfficiency,
    /// Wasted bytes.
    #[serde(rename = "maxWastedBytes")]
    MaxWastedBytes,
    /// Wasted bytes as a share of all.
    #[serde(rename = "maxWastedShare")]
    MaxWastedShare,
    /// Bytes of the blobs that wasted files cost.
    #[serde(rename = "maxWastedCompressed")]
    MaxWastedCompressed,
    /// Bytes of the base that the layers above it hide.
    #[serde(rename = "maxBaseWasted")]
    MaxBaseWasted,
    /// Bytes of all layers' tars.
    #[serde(rename = "maxSize")]
    MaxSize,
    /// Bytes of all layers' blobs.
    #[serde(rename = "maxCompressedSize")]
    MaxCompressedSize,
    /// Bytes of the largest layer's tar.
    #[serde(rename = "maxLayerSize")]
    MaxLayerSize,
    /// Layers.
    #[serde(rename = "maxLayers")]
    MaxLayers,
    /// Findings of a kind.
    #[serde(rename = "findings.maxCount")]
    MaxFindings,
    /// Bytes in the findings of a kind.
    #[serde(rename = "findings.maxBytes")]
    MaxFindingBytes,
    /// Paths that match a glob, in the final filesystem.
    #[serde(rename = "forbidden")]
    Forbidden,
    /// Paths that match a glob, in any layer.
    #[serde(rename = "forbiddenInLayers")]
    ForbiddenInLayers,
    /// Packages that match a pattern.
    #[serde(rename = "forbidPackages")]
    ForbidPackages,
    /// Bytes of the largest package.
    #[serde(rename = "maxPackageSize")]
    MaxPackageSize,
    /// Bytes of the layers' tars by which the image has grown.
    #[serde(rename = "growth.maxBytes")]
    MaxGrowth,
    /// The same as a share of the other image's.
    #[serde(rename = "growth.maxShare")]
    MaxGrowthShare,
    /// Bytes of the download by which the image has grown.
    #[serde(rename = "growth.maxCompressedBytes")]
    MaxCompressedGrowth,
    /// The same as a share of the other image's.
    #[serde(rename = "growth.maxCompressedShare")]
    MaxCompressedGrowthShare,
    /// Bytes by which the files at a path have grown.
    #[serde(rename = "growth.paths")]
    MaxPathGrowth,
    /// Bytes by which a package has grown, the most of those that match a pattern.
    #[serde(rename = "growth.packages")]
    MaxPackageGrowth,
    /// dive's efficiency.
    #[serde(rename = "lowestEfficiency")]
    LowestEfficiency,
    /// dive's wasted bytes.
    #[serde(rename = "highestWastedBytes")]
    HighestWastedBytes,
    /// dive's share of wasted bytes in the layers above the first.
    #[serde(rename = "highestUserWastedPercent")]
    HighestUserWastedPercent,
}

/// What a rule counts in.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Unit {
    /// Bytes.
    Bytes,
    /// Layers, findings, paths or packages.
    Count,
    /// A share, of which 1 is all.
    Share,
}

/// On which side of its limit an image passes.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Direction {
    /// The limit or less.
    AtMost,
    /// The limit or more.
    AtLeast,
}

impl RuleId {
    /// All rules, in the order in which they are judged.
    pub const ALL: [Self; 24] = [
        Self::MinEfficiency,
        Self::MaxWastedBytes,
        Self::MaxWastedShare,
        Self::MaxWastedCompressed,
        Self::MaxBaseWasted,
        Self::MaxSize,
        Self::MaxCompressedSize,
        Self::MaxLayerSize,
        Self::MaxLayers,
        Self::MaxFindings,
        Self::MaxFindingBytes,
        Self::Forbidden,
        Self::ForbiddenInLayers,
        Self::ForbidPackages,
        Self::MaxPackageSize,
        Self::MaxGrowth,
        Self::MaxGrowthShare,
        Self::MaxCompressedGrowth,
        Self::MaxCompressedGrowthShare,
        Self::MaxPathGrowth,
        Self::MaxPackageGrowth,
        Self::LowestEfficiency,
        Self::HighestWastedBytes,
        Self::HighestUserWastedPercent,
    ];

    /// Its key in a rules file, or in a `.dive-ci`.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::MinEfficiency => "minEfficiency",
            Self::MaxWastedBytes => "maxWastedBytes",
            Self::MaxWastedShare => "maxWastedShare",
            Self::MaxWastedCompressed => "maxWastedCompressed",
            Self::MaxBaseWasted => "maxBaseWasted",
            Self::MaxSize => "maxSize",
            Self::MaxCompressedSize => "maxCompressedSize",
            Self::MaxLayerSize => "maxLayerSize",
            Self::MaxLayers => "maxLayers",
            Self::MaxFindings => "findings.maxCount",
            Self::MaxFindingBytes => "findings.maxBytes",
            Self::Forbidden => "forbidden",
            Self::ForbiddenInLayers => "forbiddenInLayers",
            Self::ForbidPackages => "forbidPackages",
            Self::MaxPackageSize => "maxPackageSize",
            Self::MaxGrowth => "growth.maxBytes",
            Self::MaxGrowthShare => "growth.maxShare",
            Self::MaxCompressedGrowth => "growth.maxCompressedBytes",
            Self::MaxCompressedGrowthShare => "growth.maxCompressedShare",
            Self::MaxPathGrowth => "growth.paths",
            Self::MaxPackageGrowth => "growth.packages",
            Self::LowestEfficiency => "lowestEfficiency",
            Self::HighestWastedBytes => "highestWastedBytes",
            Self::HighestUserWastedPercent => "highestUserWastedPercent",
        }
    }

    /// What it counts in.
    #[must_use]
    pub const fn unit(self) -> Unit {
        match self {
            Self::MinEfficiency
            | Self::MaxWastedShare
            | Self::MaxGrowthShare
            | Self::MaxCompressedGrowthShare
            | Self::LowestEfficiency
            | Self::HighestUserWastedPercent => Unit::Share,
            Self::MaxLayers
            | Self::MaxFindings
            | Self::Forbidden
            | Self::ForbiddenInLayers
            | Self::ForbidPackages => Unit::Count,
            Self::MaxWastedBytes
            | Self::MaxWastedCompressed
            | Self::MaxBaseWasted
            | Self::MaxSize
            | Self::MaxCompressedSize
            | Self::MaxLayerSize
            | Self::MaxFindingBytes
            | Self::MaxPackageSize
            | Self::MaxGrowth
            | Self::MaxCompressedGrowth
            | Self::MaxPathGrowth
            | Self::MaxPackageGrowth
            | Self::HighestWastedBytes => Unit::Bytes,
        }
    }

    /// On which side of its limit an image passes it.
    #[must_use]
    pub const fn direction(self) -> Direction {
        match self {
            Self::MinEfficiency | Self::LowestEfficiency => Direction::AtLeast,
            _ => Direction::AtMost,
        }
    }

    /// Whether it is about wasted bytes, so that the findings of these say what to change.
    #[must_use]
    pub const fn is_about_waste(self) -> bool {
        matches!(
            self,
            Self::MinEfficiency
                | Self::MaxWastedBytes
                | Self::MaxWastedShare
                | Self::MaxWastedCompressed
                | Self::MaxBaseWasted
                | Self::LowestEfficiency
                | Self::HighestWastedBytes
                | Self::HighestUserWastedPercent
        )
    }

    /// Whether it compares the image with another one.
    #[must_use]
    pub const fn is_about_growth(self) -> bool {
        matches!(
            self,
            Self::MaxGrowth
                | Self::MaxGrowthShare
                | Self::MaxCompressedGrowth
                | Self::MaxCompressedGrowthShare
                | Self::MaxPathGrowth
                | Self::MaxPackageGrowth
        )
    }

    /// Whether it is one of dive's, with its meaning.
    #[must_use]
    pub const fn is_of_dive(self) -> bool {
        matches!(
            self,
            Self::LowestEfficiency | Self::HighestWastedBytes | Self::HighestUserWastedPercent
        )
    }
}

/// A rule as reports name it.
pub(super) struct Rule {
    pub(super) id: RuleId,
    pub(super) name: String,
}

impl From<RuleId> for Rule {
    fn from(id: RuleId) -> Self {
        Self {
            id,
            name: id.key().to_owned(),
        }
    }
}

impl Rule {
    /// One about findings of a kind.
    pub(super) fn of_kind(id: RuleId, kind: Kind) -> Self {
        let key = id.key();
        // `findings.secret.maxCount`, as the keys of a rules file are nested.
        let name = match key.split_once('.') {
            Some((findings, limit)) => format!("{findings}.{}.{limit}", kind.name()),
            None => key.to_owned(),
        };
        Self { id, name }
    }

    /// One about a glob, or a pattern of packages.
    pub(super) fn of_glob(id: RuleId, glob: &str) -> Self {
        let name = format!("{} {glob}", id.key());
        Self { id, name }
    }

    /// The same, with what stands before all names of a part's rules.
    pub(super) fn of_part(self, prefix: &str) -> Self {
        let name = format!("{prefix}{}", self.name);
        Self { name, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_has_one_name_in_rules_files_and_in_json() {
        for (at, id) in RuleId::ALL.into_iter().enumerate() {
            let json = serde_json::to_string(&id).unwrap();
            assert_eq!(json, format!("\"{}\"", id.key()));
            assert_eq!(id as usize, at);
        }
    }
}
