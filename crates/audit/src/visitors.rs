//! The visitors whose findings stack, findings and reports need: every layer that is decoded for them is seen by all.

use crate::accounts;
use crate::layer::{Expected, LayerDecoder};
use crate::packages::PackageReader;
use crate::secrets::SecretScanner;

/// A decoder with all visitors. Indexes that are kept for later are made by it, so that one that was kept is as good as
/// one that is decoded.
#[must_use]
pub fn decoder(expected: Expected) -> LayerDecoder {
    LayerDecoder::new(expected)
        .visit(SecretScanner::default())
        .visit(PackageReader::default())
        .visit(accounts::reader())
}

/// The tables that decide what is found. Indexes that were decoded by other ones are not of use.
pub const TABLES: [&str; 2] = [
    include_str!("secrets/places.json"),
    include_str!("secrets/tokens.json"),
];
