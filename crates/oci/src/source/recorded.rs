//! An image's documents in a file that has no contents of files: made from an opened image, and checked when they are read.

use super::Image;
use crate::digest::Digest;
use crate::limits::IMAGE_LAYERS;
use crate::manifest::{Config, ManifestError};
use crate::reference::{Reference, ReferenceError};

/// Why the documents of a recorded image are not used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// More layers than any engine takes.
    #[error("it lists {0} layers, more than any engine takes")]
    TooManyLayers(usize),
    /// Layers are numbered from 1, in order.
    #[error("layer {expected} has the number {found}")]
    Number {
        /// The number that the layer should have.
        expected: usize,
        /// The number that it has.
        found: usize,
    },
    /// The configuration is not the one that the image names.
    #[error("the configuration has the digest {found} instead of {expected}")]
    ConfigDigest {
        /// The digest that the image names.
        expected: Digest,
        /// The digest of what is there.
        found: Digest,
    },
    /// The configuration cannot be read.
    #[error("the configuration cannot be read: {0}")]
    Config(#[from] ManifestError),
    /// The image is said to be in a registry, under a name that no image there can have.
    #[error("{name:?} is not a valid image reference: {reason}")]
    Reference {
        /// The name.
        name: String,
        /// What is wrong with it.
        #[source]
        reason: ReferenceError,
    },
}

impl Image {
    /// The image without bytes of its layers: without blobs that its manifest embeds, and without the parts of sparse files.
    /// Where a layer lies in an archive is kept, as that tells which layers are the same blob.
    #[must_use]
    pub fn without_contents(mut self) -> Self {
        for layer in &mut self.layers {
            layer.data = None;
            layer.runs = Vec::new();
        }
        self
    }

    /// Checks documents that come from outside in the form of this type. What the configuration says is read from its bytes
    /// again, and they have to be those of its digest.
    ///
    /// # Errors
    /// The documents contradict each other.
    pub fn checked(self) -> Result<Self, RecordError> {
        let mut image = self.without_contents();
        if image.layers.len() > IMAGE_LAYERS {
            return Err(RecordError::TooManyLayers(image.layers.len()));
        }
        for (expected, layer) in (1..).zip(&image.layers) {
            if layer.number != expected {
                return Err(RecordError::Number {
                    expected,
                    found: layer.number,
                });
            }
        }
        if image.names_registry
            && let Err(reason) = image.reference.parse::<Reference>()
        {
            return Err(RecordError::Reference {
                name: image.reference,
                reason,
            });
        }
        let raw = image.raw_config.as_bytes();
        let found = Digest::of(image.config_digest.algorithm(), raw);
        // What was not UTF-8 cannot be hashed again.
        let is_as_it_was = !image.raw_config.contains(char::REPLACEMENT_CHARACTER);
        if is_as_it_was && found != image.config_digest {
            return Err(RecordError::ConfigDigest {
                expected: image.config_digest,
                found,
            });
        }
        image.config = Config::parse(raw)?;
        // It has remarked on them already.
        let remarks = std::mem::take(&mut image.remarks);
        image.join_config();
        image.remarks = remarks;
        Ok(image)
    }
}
