//! The limits of a rules file or of flags, on a whole image or on its own layers.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::de::{self, Deserializer, IntoDeserializer as _, MapAccess, Visitor};

use super::package_pattern::PackagePattern;
use super::paths::PathGlob;
use super::quantity::{Bytes, Count, Share};
use crate::findings::Kind;

/// Limits; one that is not set is not evaluated.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Limits {
    /// Live bytes as a share of all.
    pub min_efficiency: Option<Share>,
    /// Wasted bytes.
    pub max_wasted_bytes: Option<Bytes>,
    /// Wasted bytes as a share of all.
    pub max_wasted_share: Option<Share>,
    /// So few wasted bytes that their share says nothing.
    pub wasted_share_floor: Option<Bytes>,
    /// Bytes of the blobs that wasted files cost.
    pub max_wasted_compressed: Option<Bytes>,
    /// Bytes of the base that the layers on top of it hid.
    pub max_base_wasted: Option<Bytes>,
    /// Bytes of all layers' tars.
    pub max_size: Option<Bytes>,
    /// Bytes of all layers' blobs.
    pub max_compressed_size: Option<Bytes>,
    /// Bytes of the largest layer's tar.
    pub max_layer_size: Option<Bytes>,
    /// Number of layers.
    pub max_layers: Option<Count>,
    /// Findings of a kind: a number of them, or `maxCount` and `maxBytes`.
    #[serde(deserialize_with = "or_nothing")]
    #[cfg_attr(test, schemars(with = "Option<BTreeMap<String, FindingLimit>>", extend("propertyNames" = { "$ref": "#/$defs/Kind" })))]
    pub findings: BTreeMap<Kind, FindingLimit>,
    /// Globs of paths that no container shall see.
    #[serde(deserialize_with = "or_nothing")]
    #[cfg_attr(test, schemars(with = "Option<Vec<String>>", extend(
        "items" = { "type": "string", "pattern": r"[^\s/]", "maxLength": crate::limits::GLOB_BYTES }
    )))]
    pub forbidden: Vec<PathGlob>,
    /// Globs of paths that no layer shall store, those that are deleted later too.
    #[serde(deserialize_with = "or_nothing")]
    #[cfg_attr(test, schemars(with = "Option<Vec<String>>", extend(
        "items" = { "type": "string", "pattern": r"[^\s/]", "maxLength": crate::limits::GLOB_BYTES }
    )))]
    pub forbidden_in_layers: Vec<PathGlob>,
    /// Patterns of packages that must not be in the final filesystem: `NAME`, `TYPE:NAME` or `TYPE:NAME@VERSION`, with `*`.
    #[serde(deserialize_with = "or_nothing")]
    #[cfg_attr(test, schemars(with = "Option<Vec<String>>", extend(
        "items" = { "type": "string", "pattern": r"\S", "maxLength": crate::limits::GLOB_BYTES }
    )))]
    pub forbid_packages: Vec<PackagePattern>,
    /// Bytes of the largest package in the final filesystem.
    pub max_package_size: Option<Bytes>,
}

/// A key with nothing behind it, all of which is commented out, says nothing.
pub(super) fn or_nothing<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// How much may be found of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FindingLimit {
    /// So many findings.
    pub max_count: Option<Count>,
    /// So many bytes in all of them.
    pub max_bytes: Option<Bytes>,
}

/// A finding limit that is written out.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "CountAndBytes"))]
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct WrittenOut {
    /// So many findings.
    max_count: Option<Count>,
    /// So many bytes in all of them.
    max_bytes: Option<Bytes>,
}

impl FindingLimit {
    /// At most so many.
    #[must_use]
    pub const fn count(count: Count) -> Self {
        Self {
            max_count: Some(count),
            max_bytes: None,
        }
    }

    /// This limit, and where it says nothing, `other`.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            max_count: self.max_count.or(other.max_count),
            max_bytes: self.max_bytes.or(other.max_bytes),
        }
    }
}

impl<'de> Deserialize<'de> for FindingLimit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(EitherForm)
    }
}

/// A number, or the keys of [`WrittenOut`].
struct EitherForm;

impl<'de> Visitor<'de> for EitherForm {
    type Value = FindingLimit;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number of findings, or maxCount and maxBytes")
    }

    fn visit_u64<E: de::Error>(self, count: u64) -> Result<FindingLimit, E> {
        Ok(FindingLimit::count(Count(count)))
    }

    fn visit_i64<E: de::Error>(self, count: i64) -> Result<FindingLimit, E> {
        self.visit_str(&count.to_string())
    }

    fn visit_f64<E: de::Error>(self, count: f64) -> Result<FindingLimit, E> {
        self.visit_str(&count.to_string())
    }

    fn visit_bool<E: de::Error>(self, count: bool) -> Result<FindingLimit, E> {
        self.visit_str(&count.to_string())
    }

    fn visit_str<E: de::Error>(self, count: &str) -> Result<FindingLimit, E> {
        let text: StrDeserializer<'_, E> = count.into_deserializer();
        Count::deserialize(text).map(FindingLimit::count)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<FindingLimit, A::Error> {
        let written = WrittenOut::deserialize(MapAccessDeserializer::new(map))?;
        Ok(FindingLimit {
            max_count: written.max_count,
            max_bytes: written.max_bytes,
        })
    }
}

impl Limits {
    /// These limits, and where one is not set, that of `other`. What is forbidden adds up.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        let mut findings = other.findings;
        for (kind, limit) in self.findings {
            let both = limit.or(findings.remove(&kind).unwrap_or_default());
            findings.insert(kind, both);
        }
        Self {
            min_efficiency: self.min_efficiency.or(other.min_efficiency),
            max_wasted_bytes: self.max_wasted_bytes.or(other.max_wasted_bytes),
            max_wasted_share: self.max_wasted_share.or(other.max_wasted_share),
            wasted_share_floor: self.wasted_share_floor.or(other.wasted_share_floor),
            max_wasted_compressed: self.max_wasted_compressed.or(other.max_wasted_compressed),
            max_base_wasted: self.max_base_wasted.or(other.max_base_wasted),
            max_size: self.max_size.or(other.max_size),
            max_compressed_size: self.max_compressed_size.or(other.max_compressed_size),
            max_layer_size: self.max_layer_size.or(other.max_layer_size),
            max_layers: self.max_layers.or(other.max_layers),
            findings,
            forbidden: both(other.forbidden, self.forbidden),
            forbidden_in_layers: both(other.forbidden_in_layers, self.forbidden_in_layers),
            forbid_packages: both(other.forbid_packages, self.forbid_packages),
            max_package_size: self.max_package_size.or(other.max_package_size),
        }
    }
}

/// Each glob once, in the order in which they were written.
fn both<T: PartialEq>(first: Vec<T>, more: Vec<T>) -> Vec<T> {
    let mut globs: Vec<T> = Vec::new();
    for glob in first.into_iter().chain(more) {
        if !globs.contains(&glob) {
            globs.push(glob);
        }
    }
    globs
}
