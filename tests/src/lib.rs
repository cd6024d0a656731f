//! What the tests that cross crates stand on: a real registry, and odd ones made of a few lines.

// Where a test's ground gives way, the test has failed.
#![allow(clippy::unwrap_used, clippy::expect_used)]

pub mod binary;
pub mod odd;
mod registry;

pub use registry::{PASSWORD, Registry, USER};
