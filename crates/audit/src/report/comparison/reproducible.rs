//! `onionskin diff --reproducible`: why two builds of the same thing are not the same bytes.

use serde::{Deserialize, Serialize};

use crate::compare::reproducible::Difference;
use crate::inspection::ImageFacts;
use crate::inspection::SCHEMA_VERSION;

/// What `diff --reproducible --format json` prints.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReproducibilityReport {
    /// The version of this form.
    pub schema_version: u32,
    /// The one build.
    pub old: ImageFacts,
    /// The other build.
    pub new: ImageFacts,
    /// Whether layers and configuration are the same bytes, and the manifests, where both are known.
    pub reproducible: bool,
    /// Why they are not, each reason once.
    pub differences: Vec<AdvisedDifference>,
}

/// A reason, and what to change.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdvisedDifference {
    /// What differs.
    #[serde(flatten)]
    pub difference: Difference,
    /// What makes both builds the same in this; empty where only the people of the image know.
    pub advice: String,
}

impl ReproducibilityReport {
    /// The report about two builds that differ so.
    #[must_use]
    pub fn new(old: &ImageFacts, new: &ImageFacts, differences: Vec<Difference>) -> Self {
        let advised = differences.into_iter().map(|difference| AdvisedDifference {
            advice: difference.reason.advice().to_owned(),
            difference,
        });
        let differences: Vec<AdvisedDifference> = advised.collect();
        Self {
            schema_version: SCHEMA_VERSION,
            old: old.clone(),
            new: new.clone(),
            reproducible: differences.is_empty(),
            differences,
        }
    }
}
