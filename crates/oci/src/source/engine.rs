//! Images of an engine on this machine, over its socket: Docker's and podman's, which speak one API.
//!
//! `GET /images/NAME/get` streams what `docker save` writes (Docker Engine API, "Export an image"); it is kept in a
//! temporary file, as a tar's members can only be found from its start.

mod daemon_address;

use std::env;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures::lock::Mutex;
use reqwest::{Client, Response, Url};

use super::SourceError;
use super::archive::{Archive, Form, Spool};
use crate::json::Json;
use crate::reference::Reference;
use daemon_address::{DaemonAddress, Surroundings};

/// An engine writes an image to its own disk before it sends the first byte.
const PATIENCE: Duration = Duration::from_secs(600);
/// Bytes of an error message that are looked at.
const MESSAGE_BYTES: usize = 64 << 10;

/// Which engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EngineKind {
    /// Docker, at `$DOCKER_HOST`, where its context leads, or its usual sockets.
    Docker,
    /// podman, at `$CONTAINER_HOST` or its usual sockets.
    Podman,
}

/// An image that an engine has.
#[derive(Clone, Debug)]
pub struct Engine {
    kind: EngineKind,
    image: String,
    saved: Arc<Mutex<Option<Archive>>>,
}

impl EngineKind {
    const fn name(self) -> &'static str {
        match self {
            Self::Docker => "the Docker daemon",
            Self::Podman => "podman",
        }
    }

    const fn prefix(self) -> &'static str {
        match self {
            Self::Docker => "docker-daemon:",
            Self::Podman => "podman:",
        }
    }

    /// The variable that says where it is.
    const fn variable(self) -> &'static str {
        match self {
            Self::Docker => "DOCKER_HOST",
            Self::Podman => "CONTAINER_HOST",
        }
    }

    /// What to do where the socket is no way in.
    const fn instead(self) -> &'static str {
        match self {
            Self::Docker => "`docker save IMAGE` can be sent to `-` instead",
            Self::Podman => "`podman save IMAGE` can be sent to `-` instead",
        }
    }
}

impl Engine {
    /// The image of this name or ID; nothing is requested yet.
    #[must_use]
    pub fn new(kind: EngineKind, image: String) -> Self {
        Self {
            kind,
            image,
            saved: Arc::default(),
        }
    }

    /// The image as the engine saves it, fetched once.
    pub(super) async fn archive(&self) -> Result<Archive, SourceError> {
        let mut saved = self.saved.lock().await;
        if let Some(archive) = &*saved {
            return Ok(archive.clone());
        }
        let archive = self.save().await?;
        *saved = Some(archive.clone());
        Ok(archive)
    }

    async fn save(&self) -> Result<Archive, SourceError> {
        let variable = |name: &str| env::var(name).ok();
        let place = self.kind.place(&Surroundings(&variable), &self.name());
        let place = place.map_err(|problem| self.wrong(problem))?;
        let mut response = self.ask(&place).await?;
        let mut spool = Spool::new().map_err(|problem| self.wrong(problem))?;
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) => spool.push(&chunk).map_err(|problem| self.wrong(problem))?,
                Ok(None) => break,
                Err(error) => {
                    return Err(SourceError::Cut {
                        what: self.called(),
                        received: spool.size(),
                        size: None,
                        reason: innermost(&error),
                    });
                }
            }
        }
        let file = spool.finish().map_err(|problem| self.wrong(problem))?;
        Ok(Archive::new(self.called(), Arc::new(file), Form::Docker, None).by_engine())
    }

    async fn ask(&self, place: &DaemonAddress) -> Result<Response, SourceError> {
        let (client, mut url, shown) = match place {
            DaemonAddress::Socket(path) => {
                let root =
                    Url::parse("http://localhost/").map_err(|e| self.wrong(e.to_string()))?;
                (over(path), root, path.display().to_string())
            }
            DaemonAddress::Tcp(url, None) => (plain().build(), url.clone(), url.to_string()),
            DaemonAddress::Tcp(url, Some(certificates)) => {
                let client = certificates.apply(client());
                let client = client.map_err(|problem| self.wrong(problem))?;
                (client.build(), url.clone(), url.to_string())
            }
        };
        let client = client.map_err(|error| self.wrong(innermost(&error)))?;
        url.set_path(&format!("/images/{}/get", self.name()));
        let mut response = client.get(url).send().await.map_err(|error| {
            self.wrong(format!(
                "{} cannot be asked at {shown}: {}; is it running, and may you use it? {} can say where else it listens, and {}",
                self.kind.name(),
                innermost(&error),
                self.kind.variable(),
                self.kind.instead()
            ))
        })?;
        let status = response.status().as_u16();
        if status == 200 {
            return Ok(response);
        }
        let reason = message(&mut response).await;
        if status == 404 {
            return Err(SourceError::NotFound {
                what: self.image.clone(),
                place: format!("{} at {shown}", self.kind.name()),
                reason,
            });
        }
        Err(SourceError::Answer {
            what: self.image.clone(),
            registry: format!("{} at {shown}", self.kind.name()),
            status,
            reason,
        })
    }

    /// The name to ask for: with a tag, as engines save all tags of a name that has none. An ID stays one.
    fn name(&self) -> String {
        let hex = self.image.strip_prefix("sha256:").unwrap_or(&self.image);
        let is_id = hex.len() >= 12 && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
        match self.image.parse::<Reference>() {
            Ok(reference) if !is_id => reference.familiar(),
            _ => self.image.clone(),
        }
    }

    fn called(&self) -> String {
        format!("{}{}", self.kind.prefix(), self.image)
    }

    fn wrong(&self, problem: String) -> SourceError {
        SourceError::Archive {
            path: self.called(),
            problem,
        }
    }
}

/// An engine is no registry: no proxy leads to it, and without TLS there is nobody to trust but who owns the socket.
fn plain() -> reqwest::ClientBuilder {
    client().tls_certs_only([])
}

fn client() -> reqwest::ClientBuilder {
    Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(Duration::from_secs(15))
        .read_timeout(PATIENCE)
}

#[cfg(unix)]
fn over(socket: &Path) -> reqwest::Result<Client> {
    plain().unix_socket(socket).build()
}

#[cfg(not(unix))]
fn over(_: &Path) -> reqwest::Result<Client> {
    plain().build()
}

/// What an engine says went wrong.
async fn message(response: &mut Response) -> String {
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        body.extend_from_slice(&chunk);
        if body.len() > MESSAGE_BYTES {
            break;
        }
    }
    let json = Json::parse(&body).ok();
    let text = json
        .as_ref()
        .and_then(|json| json.as_object()?.get("message")?.as_str());
    let text = text.unwrap_or_default().trim().chars().take(300);
    text.flat_map(char::escape_debug).collect()
}

fn innermost(error: &reqwest::Error) -> String {
    let mut error: &dyn std::error::Error = error;
    while let Some(cause) = error.source() {
        error = cause;
    }
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_get_a_tag_and_ids_do_not() {
        let id = "ab".repeat(32);
        for (image, asked) in [
            ("nginx", "nginx:latest"),
            ("docker.io/library/nginx:1", "nginx:1"),
            ("localhost/app", "localhost/app:latest"),
            (
                "registry.example.com:5000/a/b:1",
                "registry.example.com:5000/a/b:1",
            ),
            (&id, &id),
            (&format!("sha256:{id}"), &format!("sha256:{id}")),
            ("0123456789ab", "0123456789ab"),
            ("cafe", "cafe:latest"),
        ] {
            let engine = Engine::new(EngineKind::Docker, image.to_owned());
            assert_eq!(engine.name(), *asked, "{image}");
        }
    }
}
