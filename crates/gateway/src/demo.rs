//! The demo images, as the build script made them.

/// A repository of images that were written at build time.
pub(crate) struct Repository {
    /// `demo/webapp`
    pub(crate) name: &'static str,
    /// Tag, and digest of its manifest.
    pub(crate) tags: &'static [(&'static str, &'static str)],
    /// Digest, media type, content.
    pub(crate) manifests: &'static [(&'static str, &'static str, &'static [u8])],
    /// Digest, content.
    pub(crate) blobs: &'static [(&'static str, &'static [u8])],
}

include!(concat!(env!("OUT_DIR"), "/demo.rs"));
