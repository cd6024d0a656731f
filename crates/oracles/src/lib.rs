//! What has to hold for any bytes whatever that come from outside: the bodies of the fuzz targets.
//!
//! A [`Target`] takes bytes and panics where Onionskin does, or where what it makes of them contradicts itself, another
//! reader or the way in which they came. `cargo xtask fuzz` looks for such bytes under libFuzzer; this crate's test
//! tries the same targets with what [`mutation`] makes of their seeds, on every machine.
//!
//! ```
//! let reference = onionskin_oracles::target("reference").unwrap();
//! (reference.check)(b"nginx:1.27@");
//! ```

// A target tells what it found by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod analysis;
mod archive;
mod checksums;
mod compression;
mod documents;
mod gateway;
mod index;
mod invariants;
mod layer;
pub mod mutation;
mod network;
mod packages;
mod report;
mod secrets;
mod seeds;
mod stack;
mod table;

/// One thing that reads bytes from outside.
pub struct Target {
    /// What it is called on the command line.
    pub name: &'static str,
    /// Panics where something that has to hold does not.
    pub check: fn(&[u8]),
    /// Inputs to begin with: each takes another way through the code.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// All of them.
pub const TARGETS: [Target; 24] = [
    Target {
        name: "reference",
        check: documents::reference,
        seeds: seeds::references,
    },
    Target {
        name: "manifest",
        check: documents::manifest,
        seeds: seeds::manifests,
    },
    Target {
        name: "config",
        check: documents::config,
        seeds: seeds::configs,
    },
    Target {
        name: "rules",
        check: documents::rules,
        seeds: seeds::rules,
    },
    Target {
        name: "secrets",
        check: secrets::secrets,
        seeds: seeds::secrets,
    },
    Target {
        name: "packages",
        check: packages::packages,
        seeds: seeds::packages,
    },
    Target {
        name: "gzip",
        check: compression::gzip,
        seeds: seeds::gzip,
    },
    Target {
        name: "zstd",
        check: compression::zstd,
        seeds: seeds::zstd,
    },
    Target {
        name: "tar",
        check: layer::tar,
        seeds: seeds::tars,
    },
    Target {
        name: "pax",
        check: layer::pax,
        seeds: seeds::pax_records,
    },
    Target {
        name: "layer",
        check: layer::layer,
        seeds: seeds::layers,
    },
    Target {
        name: "table",
        check: table::table,
        seeds: seeds::tables,
    },
    Target {
        name: "index",
        check: index::index,
        seeds: seeds::indexes,
    },
    Target {
        name: "analysis",
        check: analysis::analysis,
        seeds: seeds::analyses,
    },
    Target {
        name: "stack",
        check: stack::stack,
        seeds: seeds::stacks,
    },
    Target {
        name: "archive",
        check: archive::archive,
        seeds: seeds::archives,
    },
    Target {
        name: "challenge",
        check: network::challenge,
        seeds: seeds::challenges,
    },
    Target {
        name: "link",
        check: network::link,
        seeds: seeds::links,
    },
    Target {
        name: "realm",
        check: network::realm,
        seeds: seeds::realms,
    },
    Target {
        name: "guard",
        check: network::guard,
        seeds: seeds::guards,
    },
    Target {
        name: "credentials",
        check: network::credentials,
        seeds: seeds::credentials,
    },
    Target {
        name: "route",
        check: gateway::route,
        seeds: seeds::routes,
    },
    Target {
        name: "badge",
        check: gateway::badge,
        seeds: seeds::badges,
    },
    Target {
        name: "report",
        check: report::report,
        seeds: seeds::reports,
    },
];

/// The target of this name.
#[must_use]
pub fn target(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}
