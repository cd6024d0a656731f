//! Images of engines: a small server that speaks their API on a socket, and the command that asks it.

use std::path::{Path, PathBuf};
use std::process::Output;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use onionskin_core::digest::Digest;
use onionskin_fixtures::write::{Generation, docker_archive};
use onionskin_fixtures::{Image, Packed, bytes, layer};
use onionskin_tests::binary::onionskin;
use onionskin_tests::tls::Tls;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::UnixListener;
use tokio::process::Command;

fn app() -> Packed {
    let layer = layer("COPY . /app").file("/app/run", bytes(400_000));
    Image::new().layer(layer).pack()
}

/// What Docker and podman answer: an archive in chunks for the image `app:1`, else an error document.
fn answer(target: &str) -> Response {
    let error = |status: StatusCode, message: &str| {
        let document = json!({"message": message, "cause": "no such image", "response": 404});
        let json = [(header::CONTENT_TYPE, "application/json")];
        (status, json, document.to_string()).into_response()
    };
    match target {
        "/images/app:1/get" => {
            let archive = docker_archive(Generation::Folders, &[("app:1", &app())]);
            let chunks: Vec<Vec<u8>> = archive.chunks(30_000).map(<[u8]>::to_vec).collect();
            let chunks = futures::stream::iter(chunks.into_iter().map(Ok::<_, std::io::Error>));
            let tar = [(header::CONTENT_TYPE, "application/x-tar")];
            (tar, Body::from_stream(chunks)).into_response()
        }
        "/images/cut:1/get" => {
            let archive = docker_archive(Generation::Folders, &[("cut:1", &app())]);
            let half = archive.get(..archive.len() / 2).unwrap().to_vec();
            half.into_response()
        }
        "/images/broken:1/get" => error(
            StatusCode::INTERNAL_SERVER_ERROR,
            "layer \u{1b}[31m does not exist",
        ),
        _ => error(StatusCode::NOT_FOUND, "No such image"),
    }
}

fn router() -> Router {
    Router::new().fallback(|request: Request| async move { answer(request.uri().path()) })
}

/// An engine that listens at this path for as long as the test runs.
fn engine(socket: &Path) {
    std::fs::create_dir_all(socket.parent().unwrap()).unwrap();
    let listener = UnixListener::bind(socket).unwrap();
    let router = router();
    tokio::spawn(async move { axum::serve(listener, router).await });
}

/// Every variable that leads to Docker.
const DOCKERS: [&str; 5] = [
    "DOCKER_HOST",
    "DOCKER_CONTEXT",
    "DOCKER_CONFIG",
    "DOCKER_TLS_VERIFY",
    "DOCKER_CERT_PATH",
];

/// A folder that stands for a user's home and runtime folder.
struct User(TempDir);

impl User {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn at(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    async fn run(&self, arguments: &[&str], docker_host: Option<&str>) -> Output {
        let mut command = Command::new(onionskin());
        command
            .args(arguments)
            .env("HOME", self.at("home"))
            .env("XDG_RUNTIME_DIR", self.at("run"))
            .env_remove("CONTAINER_HOST");
        for variable in DOCKERS {
            command.env_remove(variable);
        }
        if let Some(host) = docker_host {
            command.env("DOCKER_HOST", host);
        }
        command.output().await.unwrap()
    }

    async fn stopped(&self, image: &str, docker_host: Option<&str>) -> String {
        let output = self.run(&["inspect", image], docker_host).await;
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{errors}");
        assert!(!errors.contains('\u{1b}'), "{errors:?}");
        errors
    }
}

#[tokio::test]
async fn both_engines_give_the_image_that_was_saved() {
    let user = User::new();
    let docker = user.at("docker.sock");
    engine(&docker);
    engine(&user.at("run/podman/podman.sock"));
    let host = format!("unix://{}", docker.display());
    for (image, host) in [
        ("docker-daemon:app:1", Some(host.as_str())),
        ("podman:app:1", None),
    ] {
        let output = user
            .run(&["inspect", image, "--format", "json"], host)
            .await;
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{errors}");
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(report["bytes"]["stored"], 400_000);
        assert_eq!(report["image"]["reference"], "docker.io/library/app:1");
        assert_eq!(report["image"]["digest"], Value::Null);
        assert_eq!(report["image"]["compressedSize"], Value::Null);
        let output = user.run(&["cat", image, "/app/run"], host).await;
        assert!(output.stdout == bytes(400_000), "{image}");
    }
}

#[tokio::test]
async fn what_an_engine_cannot_give_is_told() {
    let user = User::new();
    let docker = user.at("docker.sock");
    engine(&docker);
    let host = format!("unix://{}", docker.display());
    for (image, says) in [
        (
            "docker-daemon:none",
            "none was not found in the Docker daemon at",
        ),
        ("docker-daemon:none", "(No such image)"),
        ("docker-daemon:broken:1", "answered 500"),
        (
            "docker-daemon:cut:1",
            "docker-daemon:cut:1: it is cut short",
        ),
        ("docker-daemon:", "docker-daemon: needs a name"),
    ] {
        let error = user.stopped(image, Some(&host)).await;
        assert!(error.contains(says), "{says}: {error}");
    }
    let error = user.stopped("podman:app:1", None).await;
    assert!(error.contains("podman cannot be asked at"), "{error}");
    assert!(error.contains("podman save"), "{error}");
    let nowhere = format!("unix://{}", user.at("none.sock").display());
    let error = user.stopped("docker-daemon:app:1", Some(&nowhere)).await;
    assert!(
        error.contains("none.sock") && error.contains("is it running"),
        "{error}"
    );
    let error = user
        .stopped("docker-daemon:app:1", Some("ssh://me@host"))
        .await;
    assert!(error.contains("DOCKER_HOST=ssh://me@host"), "{error}");
}

/// Docker's documentation, "Docker contexts": what Docker Desktop, colima and others set up.
#[tokio::test]
async fn the_context_that_docker_uses_is_used() {
    let user = User::new();
    let socket = user.at("elsewhere/docker.sock");
    engine(&socket);
    let hash = Digest::sha256(b"elsewhere");
    let write = |path: String, content: String| {
        let path = user.at(&path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    };
    let host = format!("unix://{}", socket.display());
    let meta = json!({"Name": "elsewhere", "Endpoints": {"docker": {"Host": host}}});
    let place = format!("home/.docker/contexts/meta/{}/meta.json", hash.hex());
    write(place, meta.to_string());
    let config = json!({"auths": {}, "currentContext": "elsewhere"});
    write("home/.docker/config.json".to_owned(), config.to_string());
    let output = user.run(&["ls", "docker-daemon:app:1", "/app"], None).await;
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    // The variable goes before it.
    let nowhere = format!("unix://{}", user.at("none.sock").display());
    let error = user.stopped("docker-daemon:app:1", Some(&nowhere)).await;
    assert!(error.contains("none.sock"), "{error}");
}

/// Docker's documentation, "Protect the Docker daemon socket": both sides show a certificate.
#[tokio::test]
async fn a_daemon_elsewhere_is_asked_over_tls() {
    let daemon = Tls::serve_visitor(&["127.0.0.1"], router()).await;
    let (certificate, key) = daemon.visitor.clone().unwrap();
    let folder = TempDir::new().unwrap();
    let write =
        |name: &str, content: &str| std::fs::write(folder.path().join(name), content).unwrap();
    let run = async || {
        let mut command = Command::new(onionskin());
        for variable in DOCKERS {
            command.env_remove(variable);
        }
        command
            .args(["ls", "docker-daemon:app:1", "/app"])
            .env("DOCKER_HOST", format!("tcp://{}", daemon.address))
            .env("DOCKER_TLS_VERIFY", "1")
            .env("DOCKER_CERT_PATH", folder.path())
            .output()
            .await
            .unwrap()
    };
    let refused = async |why: &str| {
        let output = run().await;
        assert_eq!(output.status.code(), Some(2), "{why}");
        assert!(output.stdout.is_empty(), "{why}");
        String::from_utf8(output.stderr).unwrap()
    };
    refused("nobody says that the daemon is to be trusted").await;
    write("ca.pem", &daemon.certificate);
    refused("the daemon does not know us").await;
    write("cert.pem", &certificate);
    write("key.pem", &key);
    let output = run().await;
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    write("ca.pem", &certificate);
    refused("somebody else is to be trusted").await;
    write("ca.pem", "nonsense");
    let error = refused("there is no certificate").await;
    assert!(error.contains("ca.pem"), "{error}");
}
