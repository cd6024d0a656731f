//! Blocks decoded by the C library.

use zstd::stream::raw::{DParameter, Decoder, InBuffer, Operation as _, OutBuffer};

use super::blocks::{BLOCK_MAX, Blocks, Fault, header};
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
        let header = header(window);
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

/// The framing has checked all else that the library complains of.
fn damaged(_: std::io::Error) -> Fault {
    Fault::Damaged
}
