//! `onionskin inspect`: an image at a glance.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::ledger::{Causes, Ledger};
use crate::manifest::{Config, Healthcheck, history};
use crate::source::{Image, NotFetched};
use crate::stack::Stack;

/// The version of all JSON that is written; it rises when a key changes its meaning or goes.
pub const SCHEMA_VERSION: u32 = 1;

/// What `inspect --format json` prints.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Inspection {
    /// The version of this form.
    pub schema_version: u32,
    /// Which image.
    pub image: ImageFacts,
    /// The ledger's totals.
    pub bytes: ByteTotals,
    /// Live bytes as a share of all; 1 where there are none.
    pub efficiency: f64,
    /// The layers, base first.
    pub layers: Vec<LayerFacts>,
    /// What a container of the image runs.
    pub config: ConfigFacts,
    /// The steps that made the image.
    pub history: Vec<HistoryStep>,
    /// The index that the image was chosen from; None where there is none.
    pub index: Option<IndexFacts>,
}

/// An index of images for several platforms.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IndexFacts {
    /// Its digest; None where it is the list of a saved layout.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub digest: Option<Digest>,
    /// Its platforms in its order, `os/architecture[/variant]`.
    pub platforms: Vec<String>,
    /// What it has on how this image was built (BuildKit's provenance and SBOM).
    pub attestations: Vec<AttestationFacts>,
}

/// A manifest that an index has about one of its images.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AttestationFacts {
    /// Its digest.
    #[cfg_attr(test, schemars(with = "String"))]
    pub digest: Digest,
    /// Its media type.
    pub media_type: String,
    /// Bytes of it.
    pub size: u64,
}

/// Which image, and how large.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ImageFacts {
    /// What was opened, written out in full.
    pub reference: String,
    /// The manifest's digest.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub digest: Option<Digest>,
    /// The manifest's media type.
    pub media_type: Option<String>,
    /// `os/architecture[/variant]`.
    pub platform: Option<String>,
    /// Bytes of all layers' blobs; one that several layers list is downloaded, and counted, once.
    pub compressed_size: Option<u64>,
    /// Bytes of all layers' tars; None where one is not available.
    pub size: Option<u64>,
}

/// The ledger's totals, in bytes.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ByteTotals {
    /// File content in all layers.
    pub stored: u64,
    /// Of it, what the final stack reaches.
    pub live: u64,
    /// Of it, what the final stack does not reach.
    pub wasted: u64,
    /// What the wasted content costs of the download. A blob that several layers list counts only as far as its content
    /// is wasted in all of them.
    pub wasted_compressed: Option<u64>,
    /// Bytes of the tars that are not file content.
    pub overhead: u64,
    /// The wasted content by cause.
    pub causes: Causes,
}

/// One layer.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LayerFacts {
    /// Its number; the base is 1.
    pub layer: usize,
    /// The blob's digest.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub digest: Option<Digest>,
    /// The uncompressed tar's digest.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub diff_id: Option<Digest>,
    /// The blob's media type.
    pub media_type: Option<String>,
    /// Bytes of the blob.
    pub compressed_size: Option<u64>,
    /// Bytes of the tar; None where the layer is not available, as are all numbers about what it holds.
    pub size: Option<u64>,
    /// Entries of the tar, whiteouts among them.
    pub entries: Option<usize>,
    /// The command that made it, as the builder wrote it.
    pub created_by: Option<String>,
    /// Bytes of file content.
    pub stored: Option<u64>,
    /// Of it, what the final stack does not reach.
    pub wasted: Option<u64>,
    /// The wasted content by cause.
    pub causes: Option<Causes>,
    /// Why the layer is not available. There is no such key for those that are; the totals are theirs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_fetched: Option<NotFetched>,
    /// Where the manifest says that a layer that is not available can be had. Nothing is fetched from there. There is
    /// such a key only where it says so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub urls: Vec<String>,
}

/// A health check. What the image does not set is left out.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "Healthcheck"))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HealthcheckFacts {
    /// `["NONE"]`, `["CMD", …]` or `["CMD-SHELL", "…"]`.
    pub test: Vec<String>,
    /// Nanoseconds between two checks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<u64>,
    /// Nanoseconds that one check may take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<u64>,
    /// Nanoseconds after the start in which failures do not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_period: Option<u64>,
    /// Failures in a row that make it unhealthy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retries: Option<u64>,
}

impl From<Healthcheck> for HealthcheckFacts {
    fn from(check: Healthcheck) -> Self {
        Self {
            test: check.test,
            interval: check.interval,
            timeout: check.timeout,
            start_period: check.start_period,
            retries: check.retries,
        }
    }
}

/// What a container of the image runs.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConfigFacts {
    /// Environment variables, `NAME=value`.
    pub env: Vec<String>,
    /// The program that starts.
    pub entrypoint: Option<Vec<String>>,
    /// Its arguments, or the program where there is no entrypoint.
    pub cmd: Option<Vec<String>>,
    /// Who runs it.
    pub user: Option<String>,
    /// Where it starts.
    pub working_dir: Option<String>,
    /// Folders that are mounted.
    pub volumes: Vec<String>,
    /// Ports it listens on.
    pub exposed_ports: Vec<String>,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// How the engine checks the container's health.
    pub healthcheck: Option<HealthcheckFacts>,
    /// The signal that stops it.
    pub stop_signal: Option<String>,
    /// When the image was made, as written.
    pub created: Option<String>,
    /// Who made it.
    pub author: Option<String>,
}

/// One step of the build.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HistoryStep {
    /// The command, as the builder wrote it.
    pub created_by: Option<String>,
    /// When, as written.
    pub created: Option<String>,
    /// A note.
    pub comment: Option<String>,
    /// Whether it made no layer.
    pub empty_layer: bool,
    /// The layer that it made.
    pub layer: Option<usize>,
}

impl Inspection {
    /// Tells of an image whose layers are all stacked.
    #[must_use]
    pub fn new(image: &Image, stack: &Stack, ledger: &Ledger) -> Self {
        let compressed_size = image.compressed_size();
        let total = &ledger.total;
        let layers = image.layers.iter().zip(stack.layers()).zip(&ledger.layers);
        Self {
            schema_version: SCHEMA_VERSION,
            image: ImageFacts {
                reference: image.reference.clone(),
                digest: image.digest.clone(),
                media_type: image.media_type.clone(),
                platform: image.platform.as_ref().map(ToString::to_string),
                compressed_size,
                size: (stack.not_fetched().is_empty())
                    .then(|| stack.layers().iter().map(|index| index.size).sum()),
            },
            bytes: ByteTotals {
                stored: total.stored,
                live: total.live(),
                wasted: total.wasted(),
                // Where the blobs are not known, neither is what of them is wasted.
                wasted_compressed: compressed_size.map(|_| total.wasted_compressed),
                overhead: total.overhead,
                causes: total.causes,
            },
            efficiency: total.efficiency(),
            layers: layers
                .map(|((layer, index), account)| {
                    let not_fetched = stack.not_fetched().get(&layer.number).copied();
                    let read = not_fetched.is_none();
                    LayerFacts {
                        layer: layer.number,
                        digest: layer.digest.clone(),
                        diff_id: match read {
                            true => Some(index.diff_id.clone()),
                            false => layer.diff_id.clone(),
                        },
                        media_type: layer.media_type.clone(),
                        compressed_size: layer.compressed_size,
                        size: read.then_some(index.size),
                        entries: read.then(|| index.len()),
                        created_by: layer.created_by.clone(),
                        stored: read.then_some(account.stored),
                        wasted: read.then(|| account.wasted()),
                        causes: read.then_some(account.causes),
                        urls: match read {
                            true => Vec::new(),
                            false => layer.urls.clone(),
                        },
                        not_fetched,
                    }
                })
                .collect(),
            config: ConfigFacts::of(&image.config),
            history: steps(&image.config, image.layers.len()),
            index: IndexFacts::of(image),
        }
    }
}

impl IndexFacts {
    fn of(image: &Image) -> Option<Self> {
        if image.index_digest.is_none() && image.platforms.is_empty() {
            return None;
        }
        let about = image.attestations.iter().filter(|one| {
            let subject = one.subject.as_ref();
            subject.is_none() || subject == image.digest.as_ref()
        });
        Some(Self {
            digest: image.index_digest.clone(),
            platforms: image.platforms.iter().map(ToString::to_string).collect(),
            attestations: about
                .map(|one| AttestationFacts {
                    digest: one.digest.clone(),
                    media_type: one.media_type.clone(),
                    size: one.size,
                })
                .collect(),
        })
    }
}

impl ConfigFacts {
    /// The part of a configuration that is told.
    #[must_use]
    pub fn of(config: &Config) -> Self {
        let config = config.clone();
        Self {
            env: config.env,
            entrypoint: config.entrypoint,
            cmd: config.cmd,
            user: config.user,
            working_dir: config.working_dir,
            volumes: config.volumes,
            exposed_ports: config.exposed_ports,
            labels: config.labels,
            healthcheck: config.healthcheck.map(HealthcheckFacts::from),
            stop_signal: config.stop_signal,
            created: config.created,
            author: config.author,
        }
    }
}

/// The history of an image of `depth` layers, each step with the layer that it made.
#[must_use]
pub fn steps(config: &Config, depth: usize) -> Vec<HistoryStep> {
    let layers = history::layers(&config.history, depth);
    config
        .history
        .iter()
        .zip(layers)
        .map(|(step, layer)| HistoryStep {
            created_by: step.created_by.clone(),
            created: step.created.clone(),
            comment: step.comment.clone(),
            empty_layer: step.empty_layer,
            layer,
        })
        .collect()
}
