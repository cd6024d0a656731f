//! `onionskin serve` on a free loopback port.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use onionskin_fixtures::Packed;

use crate::Registry;
use crate::binary::onionskin;

/// A running server of the page. It ends when this is dropped.
pub struct Served {
    process: Child,
    address: String,
}

impl Served {
    /// Starts a server that may reach these registries beside the public ones.
    pub fn start(registries: &[String]) -> Self {
        let named = registries.iter();
        let named = named.flat_map(|registry| ["--registry", registry]);
        Self::start_with(&named.collect::<Vec<_>>())
    }

    /// Starts a server with these arguments.
    pub fn start_with(arguments: &[&str]) -> Self {
        let mut command = Command::new(onionskin());
        command.args(["serve", "--listen", "127.0.0.1:0"]);
        Self::of(command.args(arguments))
    }

    /// Starts the server that a command line is for.
    pub fn of(command: &mut Command) -> Self {
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let address = line
            .split_whitespace()
            .find_map(|word| word.strip_prefix("http://"));
        let address = address.unwrap_or_else(|| panic!("{line:?} says no address"));
        Self {
            address: address.trim_end_matches('/').to_owned(),
            process,
        }
    }

    /// Starts a registry with one image as `team/app:1.0` and a server that may reach it; the image's reference
    /// comes last.
    pub fn in_front_of(image: &Packed) -> (Registry, Self, String) {
        let registry = Registry::start();
        registry.push("team/app:1.0", image);
        let served = Self::start(&[format!("http://{}", registry.address())]);
        let reference = format!("{}/team/app:1.0", registry.address());
        (registry, served, reference)
    }

    /// Its host and port.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The address of a place in the page; `fragment` goes without its `#`.
    pub fn page(&self, fragment: &str) -> String {
        format!("http://{}/#{fragment}", self.address)
    }

    /// The address of the same in the embed view.
    pub fn embedded(&self, fragment: &str) -> String {
        format!("http://{}/?embed#{fragment}", self.address)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended by itself, which a test would have seen.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
