//! Registries that answer as no real one should, each a function from request to answer.

use std::io;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use futures::{StreamExt as _, stream};
use onionskin_core::digest::Digest;
use onionskin_core::manifest::media_type::{OCI_CONFIG, OCI_LAYER, OCI_MANIFEST};
use onionskin_core::reference::Reference;
use onionskin_core::source::registry::{Client, ClientOptions, Remote, http_client};
use onionskin_core::source::{Credentials, SourceError};
use onionskin_fixtures::Packed;
use tokio::net::TcpListener;

/// The content of the one layer of the [`sound`] image; it is no tar.
pub const LAYER: &[u8] = b"a layer";
/// The configuration of the [`sound`] image.
pub const CONFIG: &[u8] = br#"{"os":"linux","architecture":"amd64"}"#;

/// A request that came: method and path with its query, and its Authorization.
type Seen = Arc<Mutex<Vec<(String, Option<String>)>>>;

/// A server that answers as a function says, and remembers what came.
pub struct Odd {
    /// `127.0.0.1:PORT`.
    pub address: String,
    seen: Seen,
}

impl Odd {
    /// Starts a server; `answer` gets a request's target and its Authorization.
    pub async fn new(
        answer: impl Fn(&str, Option<&str>) -> Response + Clone + Send + Sync + 'static,
    ) -> Self {
        let seen = Seen::default();
        let log = Arc::clone(&seen);
        let router = Router::new().fallback(move |request: Request| async move {
            let target = request.uri().to_string();
            let authorization = request.headers().get("authorization");
            let authorization = authorization.map(|value| value.to_str().unwrap().to_owned());
            let line = format!("{} {target}", request.method());
            let body = axum::body::to_bytes(request.into_body(), 10_000)
                .await
                .unwrap();
            let line = format!("{line}{}", String::from_utf8_lossy(&body));
            log.lock().unwrap().push((line, authorization.clone()));
            answer(&target, authorization.as_deref())
        });
        Self {
            address: serve(router).await,
            seen,
        }
    }

    /// A registry whose image `app:1` never comes to its end: of its last layer, only half is sent.
    pub async fn stalling(image: &Packed) -> Self {
        let half = image.layers.last().unwrap().clone();
        let blobs: Vec<_> = image.blobs().cloned().collect();
        let manifest = image.manifest.clone();
        Self::new(move |target, _| {
            if target.contains("/manifests/") {
                return ok(&manifest.media_type, manifest.bytes.clone());
            }
            if target.contains("/tags/list") {
                return ok("application/json", r#"{"name":"app","tags":["1"]}"#);
            }
            let blob = blobs.iter().find(|blob| target.ends_with(&blob.digest));
            let blob = blob.unwrap();
            if blob.digest != half.digest {
                return ok("application/octet-stream", blob.bytes.clone());
            }
            let sent = blob.bytes[..blob.bytes.len() / 2].to_vec();
            let sent = stream::iter([Ok::<_, io::Error>(sent)]).chain(stream::pending());
            ok("application/octet-stream", Body::from_stream(sent))
        })
        .await
    }

    /// How often a request whose line holds `part` came.
    pub fn count(&self, part: &str) -> usize {
        let seen = self.seen.lock().unwrap();
        seen.iter().filter(|(line, _)| line.contains(part)).count()
    }

    /// The requests that came, in their order: method and target, and what else was sent.
    pub fn requests(&self) -> Vec<String> {
        let seen = self.seen.lock().unwrap();
        seen.iter().map(|(line, _)| line.clone()).collect()
    }

    /// The Authorization headers that came, each once.
    pub fn authorizations(&self) -> Vec<String> {
        let seen = self.seen.lock().unwrap();
        let mut all: Vec<_> = seen.iter().filter_map(|(_, value)| value.clone()).collect();
        all.sort();
        all.dedup();
        all
    }

    /// The image `app:1` of this registry, as somebody with these credentials sees it.
    pub fn remote(&self, credentials: Option<Credentials>) -> Remote {
        self.remote_with(ClientOptions {
            credentials: credentials
                .map(|known| (self.address.clone(), known))
                .into_iter()
                .collect(),
            ..ClientOptions::default()
        })
    }

    /// The image `app:1` of this registry, through a client with these options.
    pub fn remote_with(&self, options: ClientOptions) -> Remote {
        let reference: Reference = format!("{}/app:1", self.address).parse().unwrap();
        Client::new(http_client().build().unwrap(), options)
            .open(&reference)
            .unwrap()
    }

    /// The error that ends the attempt to open the image `app:1` of this registry.
    pub async fn error(&self) -> SourceError {
        self.remote(None).image(None).await.unwrap_err()
    }
}

/// What a registry answers that has this image as `app:1`.
pub fn holding(image: &Packed) -> impl Fn(&str, Option<&str>) -> Response + Clone + use<> {
    let blobs: Vec<_> = image.blobs().cloned().collect();
    let manifest = image.manifest.clone();
    move |target, _| {
        let found = blobs.iter().find(|blob| target.ends_with(&blob.digest));
        match found {
            Some(blob) => ok("application/octet-stream", blob.bytes.clone()),
            None if target.contains("/manifests/") => {
                ok(&manifest.media_type, manifest.bytes.clone())
            }
            None => status(404, &[], "{}"),
        }
    }
}

/// What a registry answers that has these images, each under its tag.
pub fn holding_tags(
    images: &[(&str, &Packed)],
) -> impl Fn(&str, Option<&str>) -> Response + Clone + use<> {
    let blobs: Vec<_> = (images.iter())
        .flat_map(|(_, image)| image.blobs().cloned())
        .collect();
    let manifests: Vec<_> = (images.iter())
        .map(|(tag, image)| (format!("/manifests/{tag}"), image.manifest.clone()))
        .collect();
    move |target, _| {
        let tagged = manifests.iter().find(|(end, _)| target.ends_with(end));
        if let Some((_, manifest)) = tagged {
            return ok(&manifest.media_type, manifest.bytes.clone());
        }
        match blobs.iter().find(|blob| target.ends_with(&blob.digest)) {
            Some(blob) => ok("application/octet-stream", blob.bytes.clone()),
            None => status(404, &[], "{}"),
        }
    }
}

/// An answer of this status, with these headers.
pub fn status(status: u16, headers: &[(&str, &str)], body: &'static str) -> Response {
    let mut response = (StatusCode::from_u16(status).unwrap(), body).into_response();
    for (name, value) in headers {
        let name: axum::http::HeaderName = name.parse().unwrap();
        response.headers_mut().append(name, value.parse().unwrap());
    }
    response
}

/// An answer that brings something.
pub fn ok(content_type: &str, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    response
        .headers_mut()
        .insert("content-type", content_type.parse().unwrap());
    response
}

/// The manifest of the [`sound`] image.
pub fn manifest() -> String {
    let part = |media_type: &str, bytes: &[u8]| {
        format!(
            r#"{{"mediaType":"{media_type}","digest":"{}","size":{}}}"#,
            Digest::sha256(bytes),
            bytes.len()
        )
    };
    format!(
        r#"{{"schemaVersion":2,"mediaType":"{OCI_MANIFEST}","config":{},"layers":[{}]}}"#,
        part(OCI_CONFIG, CONFIG),
        part(OCI_LAYER, LAYER)
    )
}

/// What a sound registry would answer for the image `app:1`.
pub fn sound(target: &str) -> Response {
    let blob = |bytes: &'static [u8]| ok("application/octet-stream", bytes);
    if target.contains("/manifests/") {
        ok(OCI_MANIFEST, manifest())
    } else if target.ends_with(&Digest::sha256(CONFIG).to_string()) {
        blob(CONFIG)
    } else if target.ends_with(&Digest::sha256(LAYER).to_string()) {
        blob(LAYER)
    } else {
        status(404, &[], "")
    }
}

/// Serves `router` on a free loopback port for as long as the test runs; returns `127.0.0.1:PORT`.
pub async fn serve(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}
