//! What a visitor's browser downloads of the page.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::table::Table;

/// The server of the page. It ends when this is dropped.
struct Server {
    process: Child,
    address: String,
}

/// Adds what all files of the page weigh as the server sends them, and what the first paint waits for.
pub(crate) fn measure(onionskin: &str, folder: &Path, table: &mut Table) -> Result<()> {
    let exported = folder.join("page");
    let _ = fs::remove_dir_all(&exported);
    let export = Command::new(onionskin)
        .arg("export")
        .arg(&exported)
        .output()
        .context("could not export the page")?;
    let what = "page and worker until the first rows, as served, Brotli";
    if !export.status.success() {
        table.missing(what, "the command was built without the page", 900.0);
        return Ok(());
    }
    let server = Server::start(onionskin)?;
    let (mut first, mut later, mut paint) = (0, 0, 0);
    for entry in fs::read_dir(&exported).context("could not list the page")? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        // A server sends none.
        if name == "config.json" {
            continue;
        }
        let bytes = server.get(&name)?;
        eprintln!("{bytes:>9} {name}");
        // What colours source code comes with the first such text, and parts of the programs when they are first needed.
        if name.starts_with("highlight") || name.contains("-part-") {
            later += bytes;
            continue;
        }
        first += bytes;
        let waited_for = ["page-", "start-", "worker"]
            .iter()
            .all(|begin| !name.starts_with(begin));
        if waited_for {
            paint += bytes;
        }
    }
    let _ = fs::remove_dir_all(exported);
    table.figure(what, "", first as f64 / 1e3, 900.0, " kB");
    table.figure(
        "what comes later, when it is needed",
        "",
        later as f64 / 1e3,
        None,
        " kB",
    );
    table.figure(
        "of them before the first paint",
        "",
        paint as f64 / 1e3,
        None,
        " kB",
    );
    Ok(())
}

impl Server {
    fn start(onionskin: &str) -> Result<Self> {
        let mut process = Command::new(onionskin)
            .args(["serve", "--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("could not start the server")?;
        let out = process.stdout.take().context("the server says nothing")?;
        let mut line = String::new();
        BufReader::new(out).read_line(&mut line)?;
        let url = line
            .split_whitespace()
            .find_map(|word| word.strip_prefix("http://"));
        let address = url.unwrap_or_default().trim_end_matches('/').to_owned();
        Ok(Self { process, address })
    }

    /// How many bytes come for a file.
    fn get(&self, name: &str) -> Result<usize> {
        let mut stream = TcpStream::connect(&self.address).context("could not reach the server")?;
        write!(
            stream,
            "GET /{name} HTTP/1.1\r\nHost: {}\r\nAccept-Encoding: br, gzip\r\nConnection: close\r\n\r\n",
            self.address
        )?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        ensure!(
            answer.starts_with(b"HTTP/1.1 200"),
            "the server has no {name}"
        );
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n");
        Ok(answer.len() - end.context("an answer without its head")? - 4)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
