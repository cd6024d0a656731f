//! The media types of both families, OCI and Docker, and what each stands for.

/// An OCI image index.
pub const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
/// An OCI image manifest.
pub const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// An OCI image configuration.
pub const OCI_CONFIG: &str = "application/vnd.oci.image.config.v1+json";
/// The start of every OCI layer type; `+gzip` or `+zstd` may follow.
pub const OCI_LAYER: &str = "application/vnd.oci.image.layer.v1.tar";
/// A Docker manifest list, that family's index.
pub const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
/// A Docker manifest, schema 2.
pub const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
/// A Docker image configuration.
pub const DOCKER_CONFIG: &str = "application/vnd.docker.container.image.v1+json";
/// A gzip layer of Docker's family.
pub const DOCKER_LAYER: &str = "application/vnd.docker.image.rootfs.diff.tar.gzip";
/// A document of no kind in particular.
pub(super) const JSON: &str = "application/json";
/// Docker's schema 1, signed.
pub(super) const DOCKER_SCHEMA_1: &str =
    "application/vnd.docker.distribution.manifest.v1+prettyjws";
/// What stands where an artifact has no config or no layers.
pub const OCI_EMPTY: &str = "application/vnd.oci.empty.v1+json";

/// What a manifest request says it takes: all four kinds, so that a registry converts nothing.
pub const ACCEPT: &str = concat!(
    "application/vnd.oci.image.index.v1+json, ",
    "application/vnd.oci.image.manifest.v1+json, ",
    "application/vnd.docker.distribution.manifest.list.v2+json, ",
    "application/vnd.docker.distribution.manifest.v2+json",
);

/// Which kind of document a media type announces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DocumentKind {
    /// One image.
    Manifest,
    /// A list of images, one a platform.
    Index,
    /// Docker's schema 1, which nobody should use any more.
    Schema1,
}

impl DocumentKind {
    /// The kind that `media_type` announces; `None` where it announces none that we know.
    #[must_use]
    pub fn of(media_type: &str) -> Option<Self> {
        match media_type {
            OCI_MANIFEST | DOCKER_MANIFEST => Some(Self::Manifest),
            OCI_INDEX | DOCKER_LIST => Some(Self::Index),
            "application/vnd.docker.distribution.manifest.v1+json" | DOCKER_SCHEMA_1 => {
                Some(Self::Schema1)
            }
            _ => None,
        }
    }
}

/// The media type of a `Content-Type`: without parameters, lower case.
#[must_use]
pub fn of_content_type(content_type: &str) -> String {
    let bare = content_type.split(';').next().unwrap_or_default();
    bare.trim().to_ascii_lowercase()
}

/// Whether a text is the type of a JSON document, such as no browser runs or shows.
#[must_use]
pub fn is_document(media_type: &str) -> bool {
    let in_type = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$&^_.+-".contains(&byte);
    let Some(subtype) = media_type.strip_prefix("application/") else {
        return false;
    };
    subtype.len() <= 127
        && subtype.bytes().all(in_type)
        && match subtype.strip_prefix("vnd.") {
            Some(vendor) => vendor.ends_with("+json") || vendor.ends_with("+prettyjws"),
            None => subtype == "json",
        }
}

/// Whether a config of this type describes a file system for containers.
///
/// Early Docker registries stored configs as plain bytes or with no type at all.
#[must_use]
pub fn is_image_config(media_type: &str) -> bool {
    matches!(
        media_type,
        OCI_CONFIG | DOCKER_CONFIG | "application/octet-stream" | ""
    )
}

/// Whether a blob of this type is a layer of a file system, whatever its compression, encryption and format.
#[must_use]
pub fn is_layer(media_type: &str) -> bool {
    media_type.is_empty()
        || media_type.starts_with("application/vnd.oci.image.layer.")
        || media_type.starts_with("application/vnd.docker.image.rootfs.")
        || words(media_type).any(|word| FILE_SYSTEMS.contains(&word.as_str()))
}

/// What a layer's media type says of the format of its blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LayerFormat {
    /// A tar, or nothing in particular, as the types of real layers are often wrong: its first bytes decide.
    Tar,
    /// A type that is not known. It is a tar if its first bytes are one.
    Unknown,
    /// Something else than a tar.
    Other,
    /// Encrypted, whatever is inside (`+encrypted` of ocicrypt, `+enc` of its first version).
    Encrypted,
}

/// Images of file systems that tools put into the place of tars.
const FILE_SYSTEMS: [&str; 17] = [
    "squashfs",
    "erofs",
    "nydus",
    "rafs",
    "sif",
    "cvmfs",
    "cramfs",
    "romfs",
    "composefs",
    "qcow",
    "qcow2",
    "vhd",
    "vhdx",
    "vmdk",
    "ext4",
    "iso",
    "ostree",
];
/// Formats of documents, programs and archives of other kinds.
const OTHERS: [&str; 14] = [
    "json", "yaml", "xml", "html", "text", "image", "wasm", "zip", "cpio", "rpm", "deb", "gguf",
    "sqlite", "pdf",
];
/// Names of tars, and of bytes of no particular kind.
const TARS: [&str; 6] = ["tar", "gtar", "ustar", "tgz", "octet", "rootfs"];

impl LayerFormat {
    /// The format that `media_type` says.
    #[must_use]
    pub fn of(media_type: &str) -> Self {
        let bare = of_content_type(media_type);
        if bare
            .split('+')
            .skip(1)
            .any(|suffix| matches!(suffix, "encrypted" | "enc"))
        {
            return Self::Encrypted;
        }
        let is_one = |known: &[&str]| words(&bare).any(|word| known.contains(&word.as_str()));
        let first = bare.split('/').next().unwrap_or_default();
        // OCI's own layer types have `image` in their names.
        let is_other = is_one(&FILE_SYSTEMS)
            || words(bare.rsplit(['/', '.', '+']).next().unwrap_or_default())
                .any(|word| OTHERS.contains(&word.as_str()))
            || matches!(first, "text" | "image" | "audio" | "video" | "font");
        match (bare.is_empty() || is_one(&TARS), is_other) {
            (true, false) => Self::Tar,
            (false, true) => Self::Other,
            _ => Self::Unknown,
        }
    }
}

/// The words of a media type, in lower case.
fn words(media_type: &str) -> impl Iterator<Item = String> + '_ {
    media_type
        .split(|c: char| !c.is_ascii_alphanumeric())
        .map(str::to_ascii_lowercase)
}

/// Whether a layer of this type is to be fetched from its `urls`, as its licence forbids to push it elsewhere.
#[must_use]
pub fn is_foreign_layer(media_type: &str) -> bool {
    media_type.starts_with("application/vnd.oci.image.layer.nondistributable.v1.tar")
        || media_type.starts_with("application/vnd.docker.image.rootfs.foreign.")
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn odd_types_of_tars_are_read_and_others_are_told_apart() {
        for (format, types) in [
            (
                LayerFormat::Tar,
                &[
                    "",
                    OCI_LAYER,
                    "application/vnd.oci.image.layer.v1.tar+gzip",
                    "application/vnd.oci.image.layer.v1.tar+zstd; charset=utf-8",
                    "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
                    "application/vnd.docker.container.image.rootfs.diff+x-gtar",
                    DOCKER_LAYER,
                    "application/octet-stream",
                    "application/x-tar",
                    "Application/X-GTAR",
                ][..],
            ),
            (
                LayerFormat::Other,
                &[
                    "application/vnd.oci.image.layer.v1.squashfs",
                    "application/vnd.stacker.image.layer.squashfs+zstd+verity",
                    "application/vnd.oci.image.layer.nydus.blob.v1",
                    "application/vnd.erofs.layer.v1",
                    "application/vnd.oci.image.layer.v1.erofs+zstd",
                    "application/vnd.sylabs.sif.layer.v1.sif",
                    "application/vnd.in-toto+json",
                    "application/vnd.module.wasm.content.layer.v1+wasm",
                    "application/zip",
                    "text/plain",
                    "image/png",
                ],
            ),
            (
                LayerFormat::Encrypted,
                &[
                    "application/vnd.oci.image.layer.v1.tar+gzip+encrypted",
                    "application/vnd.oci.image.layer.v1.tar+encrypted",
                    "application/vnd.oci.image.layer.v1.tar+ZSTD+Encrypted",
                    "application/vnd.docker.image.rootfs.diff.tar.gzip+enc",
                    "application/vnd.oci.image.layer.nondistributable.v1.tar+encrypted",
                ],
            ),
            (
                LayerFormat::Unknown,
                &[
                    "application/vnd.acme.layer.v1",
                    "application/gzip",
                    "application/vnd.oci.image.layer.v1.tar+squashfs",
                ],
            ),
        ] {
            for media_type in types {
                assert_eq!(LayerFormat::of(media_type), format, "{media_type}");
            }
        }
    }

    #[test]
    fn signatures_and_attestations_are_no_layers() {
        for media_type in [
            "application/vnd.dev.cosign.simplesigning.v1+json",
            "application/vnd.in-toto+json",
            "application/vnd.dsse.envelope.v1+json",
            "text/spdx",
            OCI_EMPTY,
        ] {
            assert!(!is_layer(media_type), "{media_type}");
        }
        assert!(is_layer("application/vnd.erofs.layer.v1"));
        assert!(is_layer("application/vnd.oci.image.layer.v1.squashfs"));
    }
}
