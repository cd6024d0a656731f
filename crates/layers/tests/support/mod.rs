//! What the tests of this folder share.

// Where a test's ground gives way, the test has failed.
#![allow(clippy::unwrap_used)]
#![allow(
    dead_code,
    unused_imports,
    reason = "each test binary uses its own part"
)]

mod decoding;
pub(crate) mod listing;

use onionskin_layers::layer::{Expected, LayerDecoder};

pub(crate) use self::decoding::{cost_at, decode, decode_in, index, ledger, stack};

fn decoder() -> LayerDecoder {
    LayerDecoder::new(Expected::default())
}
