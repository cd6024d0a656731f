//! The work that is measured, in the form that a browser can call: a layer decoded piece by piece.

#[cfg(not(target_arch = "wasm32"))]
pub mod least;

#[cfg(target_arch = "wasm32")]
use onionskin_core::layer::LayerDecoder;
use onionskin_core::layer::{Expected, LayerError, LayerIndex};
use onionskin_core::visitors;

#[cfg(target_arch = "wasm32")]
use wasm_bindgen::prelude::*;

/// Bytes of a blob handed to a decoder at once, natively and in the browser.
pub const PIECE: usize = 64 * 1024;

/// A layer's index from its blob.
///
/// # Errors
/// The blob is no layer.
pub fn decode(blob: &[u8]) -> Result<LayerIndex, LayerError> {
    let mut decoder = visitors::decoder(Expected::default());
    for piece in blob.chunks(PIECE) {
        decoder.push(piece)?;
    }
    decoder.finish()
}

/// The same for a worker, which holds the blob outside of our memory; with checkpoints, as the page makes them.
#[cfg(target_arch = "wasm32")]
#[wasm_bindgen]
pub struct Decoder(LayerDecoder);

#[cfg(target_arch = "wasm32")]
#[wasm_bindgen]
impl Decoder {
    /// Ready for a layer's first piece.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self(visitors::decoder(Expected::default()).with_checkpoints())
    }

    /// Takes the next piece.
    ///
    /// # Errors
    /// The blob is no layer.
    pub fn push(&mut self, piece: &[u8]) -> Result<(), JsError> {
        self.0.push(piece).map_err(Into::into)
    }

    /// How many entries the layer has.
    ///
    /// # Errors
    /// The blob was cut.
    pub fn finish(self) -> Result<usize, JsError> {
        Ok(self.0.finish_with_checkpoints()?.0.len())
    }
}

#[cfg(target_arch = "wasm32")]
impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}
