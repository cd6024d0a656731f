//! A registry that counts the bytes of layers that it sends, and sends parts of them as a test says.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use futures::{StreamExt as _, stream};
use onionskin_fixtures::{Blob, Packed};

use crate::odd::{ok, serve, status};

/// What comes where a part of a layer is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parts {
    /// The part.
    Right,
    /// The part, with a bit in its middle that is another one, and one shortly before its end.
    Changed,
    /// The whole, as from a registry that knows no ranges.
    None,
    /// Half of the part, and nothing more.
    Stalled,
    /// The part; but of a whole, half, and nothing more.
    OfWholesHalf,
    /// Half of the first part, and then the connection ends; from then on they are right.
    Cut,
}

/// The registry; all names are the image.
pub struct Counting {
    /// `127.0.0.1:PORT`.
    pub address: String,
    state: Arc<State>,
}

struct State {
    image: Packed,
    /// Other manifests and blobs of the repository.
    beside: Vec<Blob>,
    /// Paths that were asked for.
    requests: Mutex<Vec<String>>,
    sent: AtomicU64,
    parts: Mutex<Parts>,
}

impl Counting {
    /// A registry with this image.
    pub async fn new(image: &Packed) -> Self {
        Self::beside(image, Vec::new()).await
    }

    /// A registry with this image, and other manifests and blobs in its repository.
    pub async fn beside(image: &Packed, beside: Vec<Blob>) -> Self {
        let state = Arc::new(State {
            image: image.clone(),
            beside,
            requests: Mutex::default(),
            sent: AtomicU64::new(0),
            parts: Mutex::new(Parts::Right),
        });
        let answers = Arc::clone(&state);
        let router = Router::new().fallback(move |request: Request| {
            let answer = answers.answer(&request);
            async move { answer }
        });
        Self {
            address: serve(router).await,
            state,
        }
    }

    /// What comes from now on where a part is asked for.
    pub fn sends(&self, parts: Parts) {
        *self.state.parts.lock().unwrap() = parts;
    }

    /// How often a manifest or blob was asked for.
    pub fn requests_for(&self, blob: &Blob) -> usize {
        let requests = self.state.requests.lock().unwrap();
        let of_it = requests.iter().filter(|path| path.ends_with(&blob.digest));
        of_it.count()
    }

    /// Bytes of layers that were sent since this was asked last.
    pub fn take(&self) -> u64 {
        self.state.sent.swap(0, Ordering::Relaxed)
    }
}

impl State {
    fn answer(&self, request: &Request) -> Response {
        let target = request.uri().path();
        self.requests.lock().unwrap().push(target.to_owned());
        let mut beside = self.beside.iter();
        if let Some(other) = beside.find(|other| target.ends_with(&other.digest)) {
            return ok(&other.media_type, other.bytes.clone());
        }
        if target.contains("/manifests/") {
            let manifest = &self.image.manifest;
            return ok(&manifest.media_type, manifest.bytes.clone());
        }
        let blob = self
            .image
            .blobs()
            .find(|blob| target.ends_with(&blob.digest));
        let Some(blob) = blob else {
            return status(404, &[], "{}");
        };
        let mut parts = self.parts.lock().unwrap();
        let range = request.headers().get("range");
        let range = range.filter(|_| *parts != Parts::None);
        let Some((first, last)) = range.and_then(|range| bounds(range.to_str().ok()?)) else {
            if self.image.layers.contains(blob) {
                self.count(blob.bytes.len());
                if *parts == Parts::OfWholesHalf {
                    let half = blob.bytes[..blob.bytes.len() / 2].to_vec();
                    let half = stream::iter([Ok::<_, io::Error>(half)]);
                    let half = Body::from_stream(half.chain(stream::pending()));
                    return ok("application/octet-stream", half);
                }
            }
            return ok("application/octet-stream", blob.bytes.clone());
        };
        let mut part = blob.bytes[first..=last].to_vec();
        let half = part.len() / 2;
        let body = match *parts {
            Parts::Right | Parts::None | Parts::OfWholesHalf => Body::from(part.clone()),
            Parts::Changed => {
                part[half] ^= 1;
                if let Some(byte) = part.iter_mut().rev().nth(500) {
                    *byte ^= 1;
                }
                Body::from(part.clone())
            }
            Parts::Stalled => {
                part.truncate(half);
                let half = stream::iter([Ok::<_, io::Error>(part.clone())]);
                Body::from_stream(half.chain(stream::pending()))
            }
            Parts::Cut => {
                *parts = Parts::Right;
                part.truncate(half);
                let end = io::Error::from(io::ErrorKind::ConnectionReset);
                Body::from_stream(stream::iter([Ok(part.clone()), Err(end)]))
            }
        };
        self.count(part.len());
        let mut response = ok("application/octet-stream", body);
        *response.status_mut() = axum::http::StatusCode::PARTIAL_CONTENT;
        let whole = blob.bytes.len();
        let range = format!("bytes {first}-{last}/{whole}").parse().unwrap();
        response.headers_mut().insert("content-range", range);
        response
    }

    fn count(&self, bytes: usize) {
        self.sent.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}

/// The first and the last byte of a closed range.
fn bounds(range: &str) -> Option<(usize, usize)> {
    let (first, last) = range.strip_prefix("bytes=")?.split_once('-')?;
    Some((first.parse().ok()?, last.parse().ok()?))
}
