//! Servers that are measured: `onionskin serve` with a saved image, or in front of a registry.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};

/// A running server. It ends when this is dropped.
pub(crate) struct Served {
    process: Child,
    /// `127.0.0.1:PORT/NAME`.
    pub repository: String,
}

impl Served {
    /// Serves one saved image.
    pub(crate) fn start(onionskin: &str, image: &str) -> Result<Self> {
        let (process, lines) = served(onionskin, &[image], 2)?;
        // `NAME is at http://ADDRESS/#/image/NAME`
        let (_, url) = lines.split_once("/#/image/").context("no image")?;
        let name = url.split(['@', ':', '?']).next().unwrap_or(url);
        let address = address(&lines)?;
        Ok(Self {
            process,
            repository: format!("{address}/{name}"),
        })
    }
}

/// The page in front of a registry. It ends when this is dropped.
pub(crate) struct Page {
    process: Child,
    /// `http://127.0.0.1:PORT/`
    pub address: String,
}

impl Page {
    pub(crate) fn start(onionskin: &str, registry: &str) -> Result<Self> {
        let registry = format!("http://{registry}");
        let (process, lines) = served(onionskin, &["--registry", &registry], 1)?;
        let address = format!("http://{}/", address(&lines)?);
        Ok(Self { process, address })
    }

    /// Its process.
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }
}

/// Starts a server, and reads the first lines that it prints.
fn served(onionskin: &str, arguments: &[&str], lines: usize) -> Result<(Child, String)> {
    let mut process = Command::new(onionskin)
        .args(["serve", "--listen", "127.0.0.1:0"])
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .context("could not start the server")?;
    let out = process.stdout.take().context("the server says nothing")?;
    let printed: Result<Vec<String>, _> = BufReader::new(out).lines().take(lines).collect();
    match printed {
        Ok(printed) if printed.len() == lines => Ok((process, printed.join("\n"))),
        _ => {
            let _ = process.kill();
            let _ = process.wait();
            bail!("the server ended")
        }
    }
}

/// The host and port of an address that a server printed.
fn address(lines: &str) -> Result<&str> {
    let (_, url) = lines.split_once("http://").context("no address")?;
    url.split(['/', ' ', '\n']).next().context("no address")
}

impl Drop for Page {
    fn drop(&mut self) {
        // As below.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
