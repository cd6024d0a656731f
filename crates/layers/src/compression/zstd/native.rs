//! Blocks decoded by the C library.

use zstd::stream::raw::{DParameter, Decoder, InBuffer, Operation as _, OutBuffer};

use super::MAGIC;
use super::blocks::{BLOCK_MAX, Blocks, Fault};
use crate::compression::Sink;
use crate::limits::ZSTD_WINDOW;

/// What the library holds beside its window: its tables, and a block before and after it is decoded.
const BESIDE: u64 = 1 << 20;

#[derive(Default)]
pub(super) struct Native {
    decoder: Option<Decoder<'static>>,
    output: Vec<u8>,
}

impl Blocks for Native {
    fn memory(&self, window: u64) -> u64 {
        window + BESIDE
    }

    fn begin(&mut self, window: u64) -> Result<(), Fault> {
        let decoder = match &mut self.decoder {
            Some(decoder) => decoder,
            none => {
                let mut decoder = Decoder::new().map_err(damaged)?;
                let largest = DParameter::WindowLogMax(ZSTD_WINDOW.ilog2());
                decoder.set_parameter(largest).map_err(damaged)?;
                self.output = vec![0; BLOCK_MAX];
                none.insert(decoder)
            }
        };
        decoder.reinit().map_err(damaged)?;
        // A header of our own, which says nothing but the window, so that all else is checked in one place.
        let [a, b, c, d] = MAGIC.to_le_bytes();
        let header = [a, b, c, d, 0, descriptor(window)];
        let begun = decoder.run_on_buffers(&header, &mut []).map_err(damaged)?;
        match begun.bytes_read == header.len() {
            true => Ok(()),
            false => Err(Fault::Damaged),
        }
    }

    fn decode(&mut self, block: &[u8], _: bool, sink: Sink<'_>) -> Result<u64, Fault> {
        let decoder = self.decoder.as_mut().ok_or(Fault::Damaged)?;
        let mut input = InBuffer::around(block);
        let mut decoded = 0;
        loop {
            let mut output = OutBuffer::around(self.output.as_mut_slice());
            decoder.run(&mut input, &mut output).map_err(damaged)?;
            let new = output.as_slice();
            decoded += new.len() as u64;
            let full = new.len() == BLOCK_MAX;
            let stuck = new.is_empty() && input.pos() < block.len();
            if !new.is_empty() {
                sink(new)?;
            }
            if input.pos() == block.len() && !full {
                return Ok(decoded);
            }
            if stuck {
                return Err(Fault::Damaged);
            }
        }
    }
}

/// The byte that describes the smallest window of at least so many bytes (RFC 8878, 3.1.1.1.2).
fn descriptor(window: u64) -> u8 {
    let bytes = |descriptor: u8| {
        let base = 1 << (10 + (descriptor >> 3));
        base + base / 8 * u64::from(descriptor & 7)
    };
    let mut all = 0..=u8::MAX;
    all.find(|descriptor| bytes(*descriptor) >= window)
        .unwrap_or(u8::MAX)
}

/// The framing has checked all else that the library complains of.
fn damaged(_: std::io::Error) -> Fault {
    Fault::Damaged
}
