//! The same work in headless Chromium: a server of four files that waits for the page's answer.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::http::Request;

/// Longer than any machine takes; the browser may have crashed.
const PATIENCE: Duration = Duration::from_secs(600);

/// Seconds that a worker in Chromium takes to decode the blob in this file. `folder` holds what
/// wasm-bindgen wrote.
pub(crate) fn seconds(folder: &Path, blob: &Path) -> Result<f64> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no port to listen on")?;
    let address = listener.local_addr().context("no address to listen on")?;
    let (sender, answer) = mpsc::channel();
    let (page, layer) = (folder.to_owned(), blob.to_owned());
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // A request that breaks off is the browser's to repeat.
            let _ = serve(stream, &page, &layer, &sender);
        }
    });
    let profile = folder.join("profile");
    let mut browser = Command::new("chromium")
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
        ])
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg(format!("http://{address}/"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .context("could not start chromium")?;
    let answer = answer.recv_timeout(PATIENCE);
    // It may be gone already, which is what is wanted.
    let _ = browser.kill();
    let _ = browser.wait();
    let _ = fs::remove_dir_all(profile);
    let answer = answer.context("the browser gave no answer")?;
    match answer.trim().parse() {
        Ok(seconds) => Ok(seconds),
        Err(_) => bail!("in the browser: {answer}"),
    }
}

fn serve(stream: TcpStream, page: &Path, layer: &Path, answer: &Sender<String>) -> io::Result<()> {
    let request = Request::read(&stream)?;
    let (kind, mut content): (_, Box<dyn Read>) = match request.path.as_str() {
        "/" => (
            "text/html",
            Box::new(&include_bytes!("page/index.html")[..]),
        ),
        "/worker.js" => (
            "text/javascript",
            Box::new(&include_bytes!("page/worker.js")[..]),
        ),
        "/bench.js" => (
            "text/javascript",
            Box::new(File::open(page.join("bench.js"))?),
        ),
        "/bench_bg.wasm" => (
            "application/wasm",
            Box::new(File::open(page.join("bench_bg.wasm"))?),
        ),
        "/layer" => ("application/octet-stream", Box::new(File::open(layer)?)),
        "/answer" => {
            // The receiver may have lost its patience.
            let _ = answer.send(request.body);
            ("text/plain", Box::new(io::empty()))
        }
        _ => ("text/plain", Box::new(io::empty())),
    };
    let mut stream = &stream;
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nConnection: close\r\n\r\n"
    )?;
    io::copy(&mut content, &mut stream)?;
    Ok(())
}
