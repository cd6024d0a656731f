//! What the tests that cross crates stand on: a real registry, and odd ones made of a few lines.

// Where a test's ground gives way, the test has failed.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod axe;
pub mod binary;
mod browser;
pub mod command;
pub mod counting;
pub mod disk;
pub mod files;
pub mod forge;
mod gateway;
mod ground;
mod host;
pub mod odd;
pub mod proxy;
pub mod raw;
mod registry;
mod served;
mod terminal;
pub mod tls;

pub use browser::Browser;
pub use gateway::{serving, through_gateway, until};
pub use ground::{Ground, archive};
pub use host::{Exported, hosting};
pub use registry::{PASSWORD, Registry, USER};
pub use served::Served;
pub use terminal::on_terminal;
