//! Tars as the layers of an image: an OCI layout, and an archive of it.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// How layers are stored.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stored {
    /// By `gzip -6`.
    Gzip,
    /// By `zstd -3`.
    Zstd,
    /// As they are.
    Plain,
}

impl Stored {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Plain => "plain",
        }
    }

    const fn media_type(self) -> &'static str {
        match self {
            Self::Gzip => "application/vnd.oci.image.layer.v1.tar+gzip",
            Self::Zstd => "application/vnd.oci.image.layer.v1.tar+zstd",
            Self::Plain => "application/vnd.oci.image.layer.v1.tar",
        }
    }
}

/// An image as an OCI layout, and as an archive of that.
pub(crate) struct Image {
    /// The archive.
    pub archive: String,
    /// The folder of the layout.
    pub layout: String,
    /// The layers' blobs.
    pub layers: Vec<String>,
    /// The manifest's digest.
    pub digest: String,
}

/// The folder of an OCI layout of an image of these layers, which is made if it is not there.
pub(crate) fn layout(
    folder: &Path,
    name: &str,
    stored: Stored,
    tars: &[PathBuf],
) -> Result<PathBuf> {
    let layout = folder.join(format!("{name}-{}", stored.name()));
    if !layout.join("index.json").is_file() {
        write(&layout, stored, tars).with_context(|| format!("could not make {name}"))?;
    }
    Ok(layout)
}

/// The image of these layers, which is made if it is not there.
pub(crate) fn image(folder: &Path, name: &str, stored: Stored, tars: &[PathBuf]) -> Result<Image> {
    let layout = layout(folder, name, stored, tars)?;
    let archive = layout.with_extension("oci.tar");
    if !archive.is_file() {
        let partial = archive.with_extension("partial");
        let status = Command::new("tar")
            .arg("--create")
            .arg(format!("--file={}", partial.display()))
            .arg(format!("--directory={}", layout.display()))
            .args(["oci-layout", "index.json", "blobs"])
            .status()
            .context("could not start tar")?;
        ensure!(status.success(), "tar ended with {status}");
        fs::rename(&partial, &archive)?;
    }
    let index: Value = serde_json::from_slice(&fs::read(layout.join("index.json"))?)?;
    let digest = index["manifests"][0]["digest"].as_str().unwrap_or_default();
    let manifest: Value = serde_json::from_slice(&fs::read(blob(&layout, digest))?)?;
    let layers = manifest["layers"]
        .as_array()
        .context("a manifest without layers")?;
    let layers = layers.iter().filter_map(|layer| layer["digest"].as_str());
    Ok(Image {
        layers: layers
            .map(|digest| as_text(&blob(&layout, digest)))
            .collect::<Result<_>>()?,
        digest: digest.to_owned(),
        archive: as_text(&archive)?,
        layout: as_text(&layout)?,
    })
}

fn as_text(path: &Path) -> Result<String> {
    Ok(path.to_str().context("a path is no text")?.to_owned())
}

fn blob(layout: &Path, digest: &str) -> PathBuf {
    layout.join("blobs").join(digest.replace(':', "/"))
}

/// Writes an OCI layout of one image.
fn write(layout: &Path, stored: Stored, tars: &[PathBuf]) -> Result<()> {
    let blobs = layout.join("blobs/sha256");
    if layout.exists() {
        fs::remove_dir_all(layout)?;
    }
    fs::create_dir_all(&blobs)?;
    let mut layers = Vec::new();
    let mut diff_ids = Vec::new();
    for tar in tars {
        let partial = layout.join("partial");
        match stored {
            Stored::Gzip => pack("gzip", &["-6", "--no-name"], tar, &partial)?,
            Stored::Zstd => pack("zstd", &["-3", "--quiet"], tar, &partial)?,
            // Nothing writes to either of the two.
            Stored::Plain => fs::hard_link(tar, &partial)?,
        }
        diff_ids.push(digest(File::open(tar)?)?);
        let digest = digest(File::open(&partial)?)?;
        layers.push(json!({
            "mediaType": stored.media_type(), "digest": digest, "size": fs::metadata(&partial)?.len(),
        }));
        fs::rename(&partial, blob(layout, &digest))?;
    }
    let document = |media_type: &str, value: &Value| -> Result<Value> {
        let bytes = value.to_string();
        let digest = digest(bytes.as_bytes())?;
        fs::write(blob(layout, &digest), &bytes)?;
        Ok(json!({ "mediaType": media_type, "digest": digest, "size": bytes.len() }))
    };
    let config = json!({
        "architecture": "amd64", "os": "linux", "rootfs": { "type": "layers", "diff_ids": diff_ids },
    });
    let config = document("application/vnd.oci.image.config.v1+json", &config)?;
    let media_type = "application/vnd.oci.image.manifest.v1+json";
    let manifest = json!({
        "schemaVersion": 2, "mediaType": media_type, "config": config, "layers": layers,
    });
    let index = json!({ "schemaVersion": 2, "manifests": [document(media_type, &manifest)?] });
    fs::write(
        layout.join("oci-layout"),
        r#"{"imageLayoutVersion":"1.0.0"}"#,
    )?;
    Ok(fs::write(layout.join("index.json"), index.to_string())?)
}

fn pack(program: &str, arguments: &[&str], from: &Path, to: &Path) -> Result<()> {
    let status = Command::new(program)
        .args(arguments)
        .stdin(File::open(from)?)
        .stdout(File::create(to)?)
        .status()
        .with_context(|| format!("could not start {program}"))?;
    ensure!(status.success(), "{program} ended with {status}");
    Ok(())
}

fn digest(mut from: impl io::Read) -> Result<String> {
    let mut hasher = Sha256::new();
    let mut piece = vec![0; 1 << 20];
    loop {
        let length = from.read(&mut piece)?;
        if length == 0 {
            break;
        }
        hasher.update(&piece[..length]);
    }
    let hex: String = hasher
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    Ok(format!("sha256:{hex}"))
}
