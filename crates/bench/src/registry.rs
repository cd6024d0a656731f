//! An image as a registry has it, that tells when the last byte of a layer was sent.

use std::fs::File;
use std::io::{self, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};

use crate::http::Request;
use crate::packed::Image;

/// The registry; every name is the image.
pub(crate) struct Registry {
    /// `127.0.0.1:PORT`.
    pub address: String,
    last: Arc<Mutex<f64>>,
}

impl Registry {
    /// Serves an image for as long as this program runs.
    pub(crate) fn start(image: &Image) -> Result<Self> {
        let listener =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no port to listen on")?;
        let address = listener.local_addr().context("no address to listen on")?;
        let layout = PathBuf::from(&image.layout);
        let last = Arc::new(Mutex::new(0.0));
        let sent = Arc::clone(&last);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (layout, sent) = (layout.clone(), Arc::clone(&sent));
                // A request that breaks off is the gateway's to repeat.
                thread::spawn(move || serve(stream, &layout, &sent));
            }
        });
        Ok(Self {
            address: address.to_string(),
            last,
        })
    }

    /// When the last byte of a blob was sent, in milliseconds since 1970.
    pub(crate) fn last_byte(&self) -> f64 {
        self.last.lock().map_or(f64::NAN, |last| *last)
    }
}

fn serve(stream: TcpStream, layout: &Path, sent: &Mutex<f64>) -> io::Result<()> {
    let request = Request::read(&stream)?;
    let mut stream = &stream;
    let (_, digest) = request.path.rsplit_once('/').unwrap_or_default();
    let blob = layout.join("blobs").join(digest.replace(':', "/"));
    let Ok(mut blob) = File::open(blob) else {
        return write!(
            stream,
            "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        );
    };
    let is_manifest = request.path.contains("/manifests/");
    let kind = match is_manifest {
        true => "application/vnd.oci.image.manifest.v1+json",
        false => "application/octet-stream",
    };
    let length = blob.metadata()?.len();
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    )?;
    if request.method != "HEAD" {
        io::copy(&mut blob, &mut stream)?;
    }
    if !is_manifest
        && let (Ok(mut sent), Ok(now)) = (sent.lock(), SystemTime::now().duration_since(UNIX_EPOCH))
    {
        *sent = now.as_secs_f64() * 1e3;
    }
    Ok(())
}
