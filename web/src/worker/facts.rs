//! The core's image as the facts that the page shows.

use onionskin_core::layer::{LayerIndex, RemarkKind};
use onionskin_core::manifest::config::Healthcheck;
use onionskin_core::manifest::history;
use onionskin_core::report::inspection;
use onionskin_core::report::text;

use onionskin_core::source::{Artifact, Attestation, Image, Layer};

use super::listing::number;
use super::protocol::{
    ArtifactFacts, ArtifactFile, ConfigFacts, ImageFacts, LayerFacts, LayerHead, Referrer, Step,
};

/// What the documents of an image say. `reference` and `name` are what the page calls it.
pub(crate) fn of_image(image: &Image, reference: String, name: String) -> ImageFacts {
    let digest = image
        .digest
        .as_ref()
        .map(ToString::to_string)
        .unwrap_or_default();
    ImageFacts {
        reference,
        name,
        pin: image
            .index_digest
            .as_ref()
            .map_or_else(|| digest.clone(), ToString::to_string),
        digest,
        platform: image
            .platform
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        platforms: image.platforms.iter().map(ToString::to_string).collect(),
        layers: image.layers.iter().map(head).collect(),
        config: config(inspection::ConfigFacts::of(&image.config)),
        history: inspection::steps(&image.config, image.layers.len())
            .into_iter()
            .map(step)
            .collect(),
        attestations: image
            .attestations
            .iter()
            .filter(|one| one.subject.is_none() || one.subject == image.digest)
            .map(attestation)
            .collect(),
        remarks: image.remarks.clone(),
    }
}

fn attestation(attestation: &Attestation) -> Referrer {
    Referrer {
        digest: attestation.digest.to_string(),
        artifact_type: "attestation".to_owned(),
        size: attestation.size,
        annotations: Vec::new(),
    }
}

/// What a list says of something that refers to an image.
pub(crate) fn of_referrer(referrer: onionskin_core::source::registry::Referrer) -> Referrer {
    Referrer {
        digest: referrer.digest.to_string(),
        artifact_type: referrer.artifact_type.unwrap_or_default(),
        size: referrer.size,
        annotations: referrer.annotations.into_iter().collect(),
    }
}

/// What stands where an image would. `reference` and `name` are what the page calls it.
pub(crate) fn of_artifact(artifact: Artifact, reference: String, name: String) -> ArtifactFacts {
    let files = artifact.files.into_iter().map(|file| ArtifactFile {
        name: file.name,
        media_type: file.media_type,
        digest: file.digest.to_string(),
        size: file.size,
    });
    ArtifactFacts {
        reference,
        name,
        digest: artifact.digest.to_string(),
        artifact_type: artifact.artifact_type,
        subject: artifact.subject.as_ref().map(ToString::to_string),
        annotations: artifact.annotations.into_iter().collect(),
        files: files.collect(),
    }
}

fn head(layer: &Layer) -> LayerHead {
    let created_by = layer.created_by.clone().unwrap_or_default();
    LayerHead {
        digest: layer
            .digest
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        media_type: layer.media_type.clone().unwrap_or_default(),
        urls: layer.urls.clone(),
        compressed: layer.compressed_size,
        stored: layer.stored_size(),
        command: history::clean(&created_by).into_owned(),
        created_by,
    }
}

fn step(step: inspection::HistoryStep) -> Step {
    let created_by = step.created_by.unwrap_or_default();
    Step {
        command: history::clean(&created_by).into_owned(),
        created_by,
        created: step.created,
        comment: step.comment,
        layer: step.layer.map(number),
    }
}

fn config(config: inspection::ConfigFacts) -> ConfigFacts {
    ConfigFacts {
        env: config.env,
        user: config.user,
        entrypoint: config.entrypoint,
        cmd: config.cmd,
        working_dir: config.working_dir,
        volumes: config.volumes,
        exposed_ports: config.exposed_ports,
        labels: config.labels.into_iter().collect(),
        healthcheck: config.healthcheck.as_ref().map(healthcheck),
        stop_signal: config.stop_signal,
        created: config.created,
        author: config.author,
    }
}

/// The command, and how often it runs; the configuration counts in nanoseconds.
fn healthcheck(check: &Healthcheck) -> String {
    let mut text = match check.test.split_first() {
        Some((kind, _)) if kind == "NONE" => "none".to_owned(),
        Some((kind, words)) if kind == "CMD" || kind == "CMD-SHELL" => words.join(" "),
        _ => check.test.join(" "),
    };
    let times = [
        ("every", check.interval),
        ("within", check.timeout),
        ("after", check.start_period),
    ];
    for (word, nanoseconds) in times {
        if let Some(nanoseconds) = nanoseconds.filter(|time| *time > 0) {
            text.push_str(&format!(", {word} {} s", nanoseconds as f64 / 1e9));
        }
    }
    if let Some(retries) = check.retries.filter(|retries| *retries > 0) {
        text.push_str(&format!(", {retries} retries"));
    }
    text
}

/// What decoding a layer told.
pub(crate) fn of_layer(index: &LayerIndex) -> LayerFacts {
    let remarks = index.remarks().iter().map(|remark| {
        let what = match remark.kind {
            RemarkKind::UnknownType(kind) => {
                format!("has the unknown type {kind:#04x} and is not shown")
            }
            RemarkKind::BareWhiteout => "is a whiteout without a name".to_owned(),
            RemarkKind::DataAfterEnd => "is followed by data after the end of the tar".to_owned(),
            RemarkKind::LibarchiveXattrs => {
                "has extended attributes in libarchive's form, which engines do not set".to_owned()
            }
            RemarkKind::LinkToFolder => "is a hard link to a folder, which is ignored".to_owned(),
        };
        format!("{} {what}", text(&remark.path))
    });
    LayerFacts {
        size: index.size,
        entries: index.len() as u64,
        stored: index.stored(),
        remarks: remarks.collect(),
    }
}
