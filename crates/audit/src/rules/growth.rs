//! Growth: limits on how much larger an image is than another one, as a whole, at a path, and in a package.

mod contents;

use serde::{Deserialize, Serialize};

pub use self::contents::GrowthContents;
use super::limits::or_nothing;
use super::quantity::{Bytes, GrowthShare};
use super::{Amount, PackagePattern, PathGlob, RuleId, Verdict};
use crate::digest::Digest;
use crate::layer::LayerIndex;
use crate::source::{Image, Layer};
use crate::stack::Stack;

/// Limits on growth. An image that has shrunk has grown by 0.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct GrowthLimits {
    /// The image to compare with, as on the command line.
    pub against: Option<String>,
    /// By so many bytes of all layers' tars.
    pub max_bytes: Option<Bytes>,
    /// By such a share of the other image's.
    pub max_share: Option<GrowthShare>,
    /// By so many bytes of the download.
    pub max_compressed_bytes: Option<Bytes>,
    /// By such a share of the other image's.
    pub max_compressed_share: Option<GrowthShare>,
    /// By so many bytes of the files at a path and below it.
    #[serde(deserialize_with = "or_nothing")]
    #[cfg_attr(test, schemars(with = "Option<Vec<PathGrowth>>"))]
    pub paths: Vec<PathGrowth>,
    /// By so many bytes of the files of any one package.
    #[serde(deserialize_with = "or_nothing")]
    #[cfg_attr(test, schemars(with = "Option<Vec<PackageGrowth>>"))]
    pub packages: Vec<PackageGrowth>,
}

/// A limit on the growth of a path.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PathGrowth {
    /// A glob: the files that match it, and those in folders that match it.
    #[cfg_attr(test, schemars(with = "String", extend("pattern" = r"[^\s/]", "maxLength" = crate::limits::GLOB_BYTES)))]
    pub path: PathGlob,
    /// By so many bytes of these files together, in the final filesystem.
    pub max_bytes: Bytes,
}

/// A limit on the growth of packages.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PackageGrowth {
    /// `NAME`, `TYPE:NAME` or either with `@VERSION`; `*` for every package. One that is new has grown from 0.
    #[cfg_attr(test, schemars(with = "String", extend("pattern" = r"\S", "maxLength" = crate::limits::GLOB_BYTES)))]
    pub package: PackagePattern,
    /// By so many bytes of its files, in the final filesystem.
    pub max_bytes: Bytes,
}

/// The image that another one is compared with.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Against {
    /// What was opened, written out in full.
    pub reference: String,
    /// The manifest's digest.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub digest: Option<Digest>,
    /// Bytes of all layers' tars; None where no rule asked for them.
    pub size: Option<u64>,
    /// Bytes of all layers' blobs.
    pub compressed_size: Option<u64>,
    /// What rules about paths and packages want to know of it; None where none asked, or not all layers are there.
    #[serde(skip)]
    pub contents: Option<GrowthContents>,
}

impl Against {
    /// The layers of an image that have to be read before all of its sizes are known: those that `stack` does not
    /// have.
    #[must_use]
    pub fn unread(image: &Image, stack: &Stack) -> Vec<Layer> {
        let layers = image.layers.iter();
        layers
            .filter(|layer| shared(layer, stack).is_none())
            .cloned()
            .collect()
    }

    /// What an image is to one whose layers are stacked; `read` has the sizes of those that [`Self::unread`] told.
    #[must_use]
    pub fn of(image: &Image, stack: &Stack, read: impl Fn(&Layer) -> Option<u64>) -> Self {
        let size = |layer: &Layer| match shared(layer, stack) {
            Some(index) => Some(index.size),
            None => read(layer),
        };
        Self {
            reference: image.reference.clone(),
            digest: image.digest.clone(),
            size: image
                .layers
                .iter()
                .try_fold(0_u64, |sum, layer| sum.checked_add(size(layer)?)),
            compressed_size: image.compressed_size(),
            contents: None,
        }
    }
}

/// The layer of `stack` that is this one: it has the same blob, and is what the image says of it. That another image's
/// configuration names the same diff ID is no proof of what its blob holds.
fn shared<'s>(layer: &Layer, stack: &'s Stack) -> Option<&'s LayerIndex> {
    let digest = layer.kept_as()?;
    let mut layers = (1..).zip(stack.layers());
    let found = layers.find(|(number, index)| {
        index.digest == *digest && !stack.not_fetched().contains_key(number)
    });
    let (_, index) = found?;
    layer.expected().check(index).ok()?;
    Some(index)
}

impl GrowthLimits {
    /// These limits, and where one is not set, that of `other`.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            paths: if self.paths.is_empty() {
                other.paths
            } else {
                self.paths
            },
            packages: if self.packages.is_empty() {
                other.packages
            } else {
                self.packages
            },
            against: self.against.or(other.against),
            max_bytes: self.max_bytes.or(other.max_bytes),
            max_share: self.max_share.or(other.max_share),
            max_compressed_bytes: self.max_compressed_bytes.or(other.max_compressed_bytes),
            max_compressed_share: self.max_compressed_share.or(other.max_compressed_share),
        }
    }

    /// Whether any is set.
    #[must_use]
    pub const fn are_set(&self) -> bool {
        self.need_sizes()
            || self.need_contents()
            || self.max_compressed_bytes.is_some()
            || self.max_compressed_share.is_some()
    }

    /// Whether layers have to be read for them: a manifest tells compressed sizes only.
    #[must_use]
    pub const fn need_sizes(&self) -> bool {
        self.max_bytes.is_some() || self.max_share.is_some()
    }

    /// Whether the files of both images have to be known for them.
    #[must_use]
    pub const fn need_contents(&self) -> bool {
        !self.paths.is_empty() || !self.packages.is_empty()
    }

    /// `size` and `contents` are None where not all layers were read.
    pub(super) fn judge(
        &self,
        size: Option<u64>,
        compressed_size: Option<u64>,
        contents: Option<&GrowthContents>,
        against: Option<&Against>,
    ) -> Vec<Verdict> {
        let before = against.and_then(|against| against.size);
        let compressed_before = against.and_then(|against| against.compressed_size);
        let unknown = match against {
            None => "the image to compare with was not opened",
            Some(_) => "the size of one of the images is not known",
        };
        let contents_before = against.and_then(|against| against.contents.as_ref());
        let of_contents = self.judge_contents(contents, contents_before);
        let verdicts = [
            bytes(RuleId::MaxGrowth, self.max_bytes, size, before),
            share(RuleId::MaxGrowthShare, self.max_share, size, before),
            bytes(
                RuleId::MaxCompressedGrowth,
                self.max_compressed_bytes,
                compressed_size,
                compressed_before,
            ),
            share(
                RuleId::MaxCompressedGrowthShare,
                self.max_compressed_share,
                compressed_size,
                compressed_before,
            ),
        ];
        let verdicts = verdicts.into_iter().flatten().chain(of_contents);
        verdicts
            .map(|verdict| verdict.or_unknown(unknown))
            .collect()
    }
}

fn grown(now: Option<u64>, before: Option<u64>) -> Option<u64> {
    Some(now?.saturating_sub(before?))
}

fn bytes(
    rule: RuleId,
    limit: Option<Bytes>,
    now: Option<u64>,
    before: Option<u64>,
) -> Option<Verdict> {
    Verdict::at_most(rule, limit.map(|Bytes(limit)| limit), grown(now, before))
}

fn share(
    rule: RuleId,
    limit: Option<GrowthShare>,
    now: Option<u64>,
    before: Option<u64>,
) -> Option<Verdict> {
    let GrowthShare(limit) = limit?;
    let Some((grown, before)) = grown(now, before).zip(before) else {
        return Some(Verdict::unknown(rule, Amount::Share(limit)));
    };
    let share = match grown {
        0 => 0.0,
        grown => grown as f64 / before as f64,
    };
    Some(Verdict::share(rule, limit, share, share <= limit))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(now: Option<u64>, before: Option<u64>) -> Vec<Option<bool>> {
        let limits = GrowthLimits {
            max_bytes: Some(Bytes(10)),
            max_share: Some(GrowthShare(0.1)),
            ..GrowthLimits::default()
        };
        let against = Against {
            reference: "old".to_owned(),
            digest: None,
            size: before,
            compressed_size: None,
            contents: None,
        };
        let verdicts = limits.judge(now, None, None, Some(&against));
        verdicts.iter().map(|verdict| verdict.passed).collect()
    }

    #[test]
    fn an_image_may_grow_by_the_limit_and_shrink_as_it_likes() {
        let (yes, no) = (Some(true), Some(false));
        assert_eq!(judged(Some(110), Some(100)), [yes, yes]);
        assert_eq!(judged(Some(111), Some(100)), [no, no]);
        assert_eq!(judged(Some(111), Some(1000)), [yes, yes]);
        assert_eq!(judged(Some(1011), Some(1000)), [no, yes]);
        // Of nothing any growth is beyond measure.
        assert_eq!(judged(Some(1), Some(0)), [yes, no]);
        assert_eq!(judged(Some(0), Some(0)), [yes, yes]);
        assert_eq!(judged(None, Some(1)), [None, None]);
        assert_eq!(judged(Some(1), None), [None, None]);
    }
}
