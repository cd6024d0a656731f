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
            "application/vnd.docker.distribution.manifest.v1+json"
            | "application/vnd.docker.distribution.manifest.v1+prettyjws" => Some(Self::Schema1),
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

/// Whether a blob of this type is a layer of a file system, whatever its compression.
#[must_use]
pub fn is_layer(media_type: &str) -> bool {
    media_type.is_empty()
        || media_type.starts_with(OCI_LAYER)
        || media_type.starts_with("application/vnd.docker.image.rootfs.")
        || is_foreign_layer(media_type)
}

/// Whether a layer of this type is to be fetched from its `urls`, as its licence forbids to push it elsewhere.
#[must_use]
pub fn is_foreign_layer(media_type: &str) -> bool {
    media_type.starts_with("application/vnd.oci.image.layer.nondistributable.v1.tar")
        || media_type.starts_with("application/vnd.docker.image.rootfs.foreign.")
}
