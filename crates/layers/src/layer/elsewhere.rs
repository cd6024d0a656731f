//! Decoding a layer while somebody else hashes it: in a browser, a worker beside the one that decodes.

use super::hashing::{HashPlan, Hashing, StreamHash, TakesBytes};
use super::{Checkpoints, EndedLayer, LayerDecoder, LayerError, LayerIndex, algorithm};

/// A decoder that hands on what is to be hashed. What it makes is worth nothing before the hashes are known.
///
/// ```
/// use std::sync::{Arc, Mutex};
/// use onionskin_layers::layer::{Expected, LayerDecoder};
/// let hashers = Arc::new(Mutex::new(Vec::new()));
/// let taker = |which: usize| {
///     let hashers = Arc::clone(&hashers);
///     move |data: &[u8]| if let Some(hasher) = hashers.lock().unwrap().get_mut(which) {
///         onionskin_layers::layer::StreamHasher::update(hasher, data);
///     }
/// };
/// let decoder = LayerDecoder::new(Expected::default());
/// let (mut decoder, plans) = decoder.hash_elsewhere(taker(0), taker(1));
/// *hashers.lock().unwrap() = plans.map(|plan| plan.hasher()).into();
/// decoder.push(&[0; 1024])?; // an empty tar: two blocks of zeros
/// let ended = decoder.end()?;
/// let mut hashes = std::mem::take(&mut *hashers.lock().unwrap()).into_iter().map(|hasher| hasher.finish());
/// let [blob, tar] = [hashes.next().unwrap(), hashes.next().unwrap()];
/// assert_eq!(ended.finish(blob, tar)?.0.len(), 0);
/// # Ok::<(), onionskin_layers::layer::LayerError>(())
/// ```
pub struct UnhashedDecoder(LayerDecoder);

impl LayerDecoder {
    /// Hands the bytes of the blob, and those of the uncompressed tar, to others that hash them as the plans say, first that of
    /// the blob, then that of the tar. Before anything is pushed.
    #[must_use]
    pub fn hash_elsewhere(
        mut self,
        blob: impl TakesBytes,
        tar: impl TakesBytes,
    ) -> (UnhashedDecoder, [HashPlan; 2]) {
        let plans = [&self.expected.digest, &self.expected.diff_id].map(|digest| HashPlan {
            algorithm: algorithm(digest.as_ref()),
            marks: self.checks,
        });
        self.blob = Hashing::Remote(Box::new(blob));
        self.tar.diff_id = Hashing::Remote(Box::new(tar));
        (UnhashedDecoder(self), plans)
    }
}

impl UnhashedDecoder {
    /// As [`LayerDecoder::push`].
    ///
    /// # Errors
    /// As [`LayerDecoder::push`].
    pub fn push(&mut self, data: &[u8]) -> Result<(), LayerError> {
        self.0.push(data)
    }

    /// Bytes of the blob taken so far.
    #[must_use]
    pub const fn blob_bytes(&self) -> u64 {
        self.0.blob_bytes()
    }

    /// The blob is complete: what is to be hashed was handed on.
    ///
    /// # Errors
    /// The blob was cut.
    pub fn end(self) -> Result<UnhashedLayer, LayerError> {
        let layer = self.0.expected.layer;
        let ended = self.0.end().map_err(|error| error.of_layer(layer))?;
        Ok(UnhashedLayer(Box::new(ended.layer)))
    }
}

/// A layer whose blob is complete, and whose hashes are not known yet.
pub struct UnhashedLayer(Box<EndedLayer>);

impl UnhashedLayer {
    /// Checks size and digests, as [`LayerDecoder::finish_with_checkpoints`] does.
    ///
    /// # Errors
    /// The blob is not what was expected.
    pub fn finish(
        self,
        blob: StreamHash,
        tar: StreamHash,
    ) -> Result<(LayerIndex, Option<Checkpoints>), LayerError> {
        let layer = self.0.expected.layer;
        self.0
            .checked(Some(blob), tar)
            .map_err(|error| error.of_layer(layer))
    }
}
