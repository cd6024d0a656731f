//! What a word of a query asks.

use super::path::PathTest;
use super::version::VersionTest;

/// What a word asks.
pub(super) enum Test {
    Path(PathTest),
    Version(VersionTest),
}
