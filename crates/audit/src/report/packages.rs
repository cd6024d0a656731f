//! `onionskin packages`: what each package takes of the final filesystem.

use std::borrow::Cow;

use csv::Writer;
use serde::{Deserialize, Serialize};

use super::unavailable::UnavailableLayer;
use super::{Visible, text};
use crate::inspection::SCHEMA_VERSION;
use crate::inspection::{ImageFacts, Inspection};
use crate::ownership::{Owned, Packages, WastedPackage};
use crate::packages::{Type, Unreadable};

/// What `packages --format json` prints.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PackagesReport {
    /// The version of this form.
    pub schema_version: u32,
    /// The image.
    pub image: ImageFacts,
    /// The layers that are not available. Their packages and files are in no number below. There is such a key only
    /// where there are some.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_fetched: Vec<UnavailableLayer>,
    /// Bytes of file content in the final filesystem: those of all packages and `unowned`.
    pub live: u64,
    /// Of these, bytes of files that belong to no package.
    pub unowned: u64,
    /// The packages, the largest first, then by type and name.
    pub packages: Vec<PackageFacts>,
    /// Wasted bytes by the package that had the path in the layer that added them, the most first.
    pub wasted: Vec<WastedFacts>,
    /// Files of package databases that could not be read, in byte order of their paths. What they tell of is missing above,
    /// and its files are counted as `unowned`.
    pub unread: Vec<UnreadFacts>,
}

/// A package and what is its own.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PackageFacts {
    /// The type, as in its package URL.
    #[serde(rename = "type")]
    pub kind: Type,
    /// The name: with its scope for npm, `group:artifact` for Maven, the module's path for Go.
    pub name: String,
    /// The version; empty where it has none.
    pub version: String,
    /// The package URL. None where its words cannot be put into one.
    pub purl: Option<String>,
    /// The licence in the words of its database. None where that has none.
    pub license: Option<String>,
    /// Bytes of its files in the final filesystem, as stored; a file with several names once.
    pub bytes: u64,
    /// Bytes of the download that these files cost. None where the source does not tell.
    pub compressed_bytes: Option<u64>,
    /// Number of these files.
    pub files: u64,
    /// The layers that store them; of a package without files, the layer that tells of it.
    pub layers: Vec<usize>,
}

/// What of a package is wasted: files that a later layer deleted or stored again.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WastedFacts {
    /// The type, as in its package URL.
    #[serde(rename = "type")]
    pub kind: Type,
    /// The name.
    pub name: String,
    /// The version that was installed when the files were added.
    pub version: String,
    /// Wasted bytes.
    pub bytes: u64,
    /// Bytes of the download that they cost. None where the source does not tell.
    pub compressed_bytes: Option<u64>,
    /// The layers that added them.
    pub added_by: Vec<usize>,
    /// The layers that hid them.
    pub hidden_by: Vec<usize>,
}

/// A file of a package database that could not be read.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UnreadFacts {
    /// Its path.
    pub path: String,
    /// Why: `format`, it has a format that is not supported; `tooLarge`, it is larger than the limit; `damaged`, it is not
    /// what its name says.
    pub reason: Unreadable,
}

impl PackagesReport {
    /// The report on the packages of an image.
    #[must_use]
    pub fn new(inspection: Inspection, packages: &Packages, wasted: &[WastedPackage]) -> Self {
        let not_fetched = UnavailableLayer::of(&inspection.layers);
        let image = inspection.image;
        // Where the blobs are not known, neither is what of them a package costs.
        let is_known = image.compressed_size.is_some();
        let facts = |package: &Owned| PackageFacts {
            kind: package.kind,
            name: package.name.clone(),
            version: package.version.clone(),
            purl: package.purl.clone(),
            license: package.license.clone(),
            bytes: package.bytes,
            compressed_bytes: is_known.then_some(package.compressed),
            files: package.files,
            layers: package.layers.clone(),
        };
        let wasted_facts = |package: &WastedPackage| WastedFacts {
            kind: package.kind,
            name: package.name.clone(),
            version: package.version.clone(),
            bytes: package.bytes,
            compressed_bytes: is_known.then_some(package.compressed),
            added_by: package.added_by.clone(),
            hidden_by: package.hidden_by.clone(),
        };
        Self {
            schema_version: SCHEMA_VERSION,
            image,
            not_fetched,
            wasted: wasted.iter().map(wasted_facts).collect(),
            live: packages.live,
            unowned: packages.unowned,
            packages: packages.packages.iter().map(facts).collect(),
            unread: (packages.unread.iter())
                .map(|unread| UnreadFacts {
                    path: text(&unread.path).into_owned(),
                    reason: unread.reason,
                })
                .collect(),
        }
    }

    /// The packages as CSV (RFC 4180), with a line of names first. Text that a spreadsheet would take for a formula has an
    /// apostrophe before it.
    ///
    /// # Errors
    /// It cannot be written, which no content can cause.
    pub fn csv(&self) -> csv::Result<String> {
        let mut rows = Writer::from_writer(Vec::new());
        rows.write_record([
            "type",
            "name",
            "version",
            "purl",
            "license",
            "bytes",
            "compressedBytes",
            "files",
            "layers",
        ])?;
        for package in &self.packages {
            let layers: Vec<String> = package.layers.iter().map(usize::to_string).collect();
            rows.write_record([
                package.kind.name(),
                &cell(&package.name),
                &cell(&package.version),
                // It is encoded: it begins with `pkg:`, and nothing in it acts.
                package.purl.as_deref().unwrap_or_default(),
                &cell(package.license.as_deref().unwrap_or_default()),
                &package.bytes.to_string(),
                &package
                    .compressed_bytes
                    .map_or_else(String::new, |bytes| bytes.to_string()),
                &package.files.to_string(),
                &layers.join(" "),
            ])?;
        }
        let rows = rows.into_inner().map_err(csv::IntoInnerError::into_error)?;
        // Only text was written.
        Ok(String::from_utf8(rows).unwrap_or_default())
    }
}

/// Text that neither a terminal nor a spreadsheet obeys (OWASP, "CSV Injection").
fn cell(text: &str) -> Cow<'_, str> {
    let visible = Visible(text).to_string();
    match visible.starts_with(['=', '+', '-', '@']) {
        true => Cow::Owned(format!("'{visible}")),
        false => Cow::Owned(visible),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_is_text_and_nothing_that_is_run() {
        let package = |name: &str, version: &str| PackageFacts {
            kind: Type::Npm,
            name: name.to_owned(),
            version: version.to_owned(),
            purl: None,
            license: Some("a,\"b\"".to_owned()),
            bytes: 3,
            compressed_bytes: None,
            files: 1,
            layers: vec![1, 2],
        };
        let report = PackagesReport {
            schema_version: SCHEMA_VERSION,
            image: ImageFacts {
                reference: "a".to_owned(),
                digest: None,
                media_type: None,
                platform: None,
                compressed_size: None,
                size: None,
            },
            not_fetched: Vec::new(),
            live: 3,
            unowned: 0,
            packages: vec![
                package("=cmd|' /C calc'!A0", "\t=1"),
                package("@a/b", "\u{1b}[2J"),
                PackageFacts {
                    purl: Some("pkg:npm/c@1:2.3~::d::".to_owned()),
                    ..package("c", "1:2.3~::d::")
                },
            ],
            wasted: Vec::new(),
            unread: Vec::new(),
        };
        let csv = report.csv().unwrap();
        let expected = "type,name,version,purl,license,bytes,compressedBytes,files,layers\n\
            npm,'=cmd|' /C calc'!A0,\\t=1,,\"a,\"\"b\"\"\",3,,1,1 2\n\
            npm,'@a/b,\\x1b[2J,,\"a,\"\"b\"\"\",3,,1,1 2\n\
            npm,c,1:2.3~:\\x3ad::,pkg:npm/c@1:2.3~::d::,\"a,\"\"b\"\"\",3,,1,1 2\n";
        assert_eq!(csv, expected);
    }
}
