//! Images as a registry has them: `onionskin serve` gives out saved ones.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};

/// A running server. It ends when this is dropped.
pub(crate) struct Served {
    process: Child,
    /// `127.0.0.1:PORT/NAME`.
    pub repository: String,
}

impl Served {
    /// Serves one saved image.
    pub(crate) fn start(onionskin: &str, image: &str) -> Result<Self> {
        let process = Command::new(onionskin)
            .args(["serve", "--listen", "127.0.0.1:0", image])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("could not start the server")?;
        let mut served = Self {
            process,
            repository: String::new(),
        };
        let out = served
            .process
            .stdout
            .take()
            .context("the server says nothing")?;
        let mut lines = BufReader::new(out).lines();
        let line = lines.nth(1).context("the server ended")??;
        // `NAME is at http://ADDRESS/#/image/NAME`
        let (_, url) = line.split_once("http://").context("no address")?;
        let (address, name) = url.split_once("/#/image/").context("no image")?;
        let name = name.split(['@', ':', '?']).next().unwrap_or(name);
        served.repository = format!("{address}/{name}");
        Ok(served)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
