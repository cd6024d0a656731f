//! Packages: what the databases of package managers in an image say.
//!
//! Each file of a database is read into a [`Record`] while its layer is decoded, by [`PackageReader`]. What they say is the
//! image's own word: nothing is checked but its form. [`crate::ownership`] puts the records of a stack together.

mod apk;
mod cargo;
mod composer;
mod conda;
mod dpkg;
mod fields;
mod gem;
mod go;
mod jar;
mod known_file;
mod npm;
mod purl;
mod python;
mod reader;
mod record;
mod rpm;

pub(crate) use known_file::{FIXED, KnownFile};
pub(crate) use purl::purl;
pub use reader::PackageReader;
pub use record::{Chosen, Files, Package, Paths, Record, Relations, Release, Type, Unreadable};
