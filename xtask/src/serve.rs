//! `cargo xtask run`: Onionskin, built and started.

use std::net::{Ipv4Addr, TcpListener};

use anyhow::{Context, Result};

use crate::build;
use crate::work;

pub(crate) fn run(options: &[&str]) -> Result<()> {
    let binary = build::binary()?;
    let mut serve = work::command(binary);
    serve.arg("serve").args(options);
    if !options.iter().any(|option| option.starts_with("--listen")) {
        let port =
            free_port().context("no port from 8080 to 8179 is free: say --listen ADDRESS")?;
        serve.args(["--listen", &format!("127.0.0.1:{port}")]);
    }
    work::run(&mut serve)
}

/// 8080, or the next that nobody listens on.
fn free_port() -> Option<u16> {
    (8080..8180).find(|&port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok())
}
