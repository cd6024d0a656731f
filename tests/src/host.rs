//! A static web server on a free loopback port: the files of a folder, and nothing that knows of them; and the exported page
//! on one.

use std::fs;
use std::path::PathBuf;

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use onionskin_fixtures::Packed;
use onionskin_fixtures::write::oci_archive;
use tempfile::TempDir;

use crate::command::printed;
use crate::odd;

/// The page that `onionskin export` wrote, on a static host, and beside it `app.onionskin`, the analysis of an image.
pub struct Exported {
    /// `http://127.0.0.1:PORT`.
    pub origin: String,
    /// What is served.
    pub folder: TempDir,
}

impl Exported {
    /// Exports the page, analyzes the image, and serves both.
    pub async fn new(image: &Packed) -> Self {
        let folder = TempDir::new().unwrap();
        let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        printed(&["export", folder.path().to_str().unwrap()]).await;
        let saved = path("app.tar");
        fs::write(&saved, oci_archive(&[("app:1", image)])).unwrap();
        printed(&["index", &saved, "-o", &path("app.onionskin")]).await;
        Self {
            origin: hosting(folder.path(), None).await,
            folder,
        }
    }
}

/// Serves a folder; returns `http://127.0.0.1:PORT`. Pages of the origin `allows` may read its answers.
pub async fn hosting(folder: impl Into<PathBuf>, allows: Option<&str>) -> String {
    let (folder, allows) = (folder.into(), allows.map(str::to_owned));
    let answer = move |request: Request| {
        let path = request.uri().path().trim_start_matches('/').to_owned();
        let path = match path.is_empty() || path.ends_with('/') {
            true => format!("{path}index.html"),
            false => path,
        };
        let mut response = file(&folder.join(path));
        if let Some(origin) = &allows {
            let origin = origin.parse().unwrap();
            let name: HeaderName = header::ACCESS_CONTROL_ALLOW_ORIGIN;
            response.headers_mut().insert(name, origin);
        }
        std::future::ready(response)
    };
    let address = odd::serve(Router::new().fallback(answer)).await;
    format!("http://{address}")
}

fn file(path: &PathBuf) -> Response {
    let Ok(content) = fs::read(path) else {
        return (StatusCode::NOT_FOUND, "not found").into_response();
    };
    let extension = path.extension().and_then(|extension| extension.to_str());
    let media_type = match extension.unwrap_or_default() {
        "html" => "text/html",
        "js" => "text/javascript",
        "css" => "text/css",
        "svg" => "image/svg+xml",
        "wasm" => "application/wasm",
        "json" => "application/json",
        _ => "application/octet-stream",
    };
    ([(header::CONTENT_TYPE, media_type)], content).into_response()
}
