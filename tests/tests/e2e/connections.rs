//! The way to a registry: whose certificates are believed, and which proxies stand between.

use std::fs;
use std::process::{Output, Stdio};

use axum::Router;
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use onionskin_fixtures::{Image, Packed, bytes, layer};
use onionskin_tests::odd::serve;
use onionskin_tests::proxy::{Proxy, command};
use onionskin_tests::tls::Tls;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};

async fn run(environment: &[(&str, &str)], arguments: &[&str]) -> Output {
    command(environment).args(arguments).output().await.unwrap()
}

/// Runs the command, which has to end well, and returns what it prints.
async fn printed(environment: &[(&str, &str)], arguments: &[&str]) -> String {
    let output = run(environment, arguments).await;
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

/// Runs the command, which has to stop with code 2, and returns its error.
async fn stopped(environment: &[(&str, &str)], arguments: &[&str]) -> String {
    let output = run(environment, arguments).await;
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {errors}");
    errors
}

fn image() -> Packed {
    Image::new()
        .layer(layer("COPY app /app").file("/app", bytes(1_000)))
        .pack()
}

/// A registry that has the image under every name; blobs are `elsewhere`, where that is said.
fn registry(elsewhere: Option<String>) -> Router {
    let image = image();
    let answer = move |uri: &Uri| -> Response {
        let path = uri.path();
        if path.contains("/manifests/") {
            let kind = [(header::CONTENT_TYPE, image.manifest.media_type.clone())];
            return (kind, image.manifest.bytes.clone()).into_response();
        }
        let found = image.blobs().find(|blob| path.ends_with(&blob.digest));
        match (found, &elsewhere) {
            (Some(_), Some(elsewhere)) => {
                let place = format!("{elsewhere}{path}");
                (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, place)]).into_response()
            }
            (Some(blob), None) => blob.bytes.clone().into_response(),
            (None, _) => StatusCode::NOT_FOUND.into_response(),
        }
    };
    Router::new().fallback(move |uri: Uri| {
        let response = answer(&uri);
        async { response }
    })
}

/// A file with a certificate, and the folder that it lies in.
fn file(certificate: &str) -> (TempDir, String) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("ca.pem");
    fs::write(&path, certificate).unwrap();
    let path = path.to_str().unwrap().to_owned();
    (folder, path)
}

#[tokio::test]
async fn a_certificate_has_to_be_trusted_or_not_to_matter() {
    let tls = Tls::serve(&["127.0.0.1"], registry(None)).await;
    let other = Tls::serve(&["127.0.0.1"], registry(None)).await;
    let reference = format!("{}/app:1", tls.address);
    let (_folder, ca_file) = file(&tls.certificate);
    let (_other_folder, other_file) = file(&other.certificate);
    for arguments in [
        &["ls", &reference][..],
        &["ls", &reference, "--ca-file", &other_file],
        &["ls", &reference, "--tls-verify=true"],
    ] {
        let error = stopped(&[], arguments).await;
        assert!(error.contains("no secure connection"), "{error}");
    }
    for arguments in [
        &["ls", &reference, "--ca-file", &ca_file][..],
        &["ls", &reference, "--tls-verify=false"],
    ] {
        assert!(printed(&[], arguments).await.ends_with("/app\n"));
    }
    let (_empty_folder, empty) = file("no certificate\n");
    let error = stopped(&[], &["ls", &reference, "--ca-file", &empty]).await;
    assert!(error.contains("no certificate in PEM format"), "{error}");
}

#[tokio::test]
async fn trust_without_proof_ends_at_the_registry_that_it_was_given_for() {
    let store = Tls::serve(&["localhost"], registry(None)).await;
    let port = store.address.rsplit(':').next().unwrap();
    let elsewhere = format!("https://localhost:{port}");
    let tls = Tls::serve(&["127.0.0.1"], registry(Some(elsewhere.clone()))).await;
    let reference = format!("{}/app:1", tls.address);
    let ls = ["ls", &reference, "--allow-host", &elsewhere];
    let error = stopped(&[], &[&ls[..], &["--tls-verify=false"]].concat()).await;
    assert!(
        error.contains("localhost") && error.contains("no secure connection"),
        "{error}"
    );
    // Who is trusted by proof may be anywhere.
    let both = format!("{}{}", tls.certificate, store.certificate);
    let (_folder, both) = file(&both);
    let listed = printed(&[], &[&ls[..], &["--ca-file", &both]].concat()).await;
    assert!(listed.ends_with("/app\n"));
}

#[tokio::test]
async fn what_speaks_no_tls_on_this_machine_is_asked_without() {
    let address = serve(registry(None)).await;
    let reference = format!("{address}/app:1");
    for flag in ["--tls-verify=true", "--tls-verify=false"] {
        assert!(
            printed(&[], &["ls", &reference, flag])
                .await
                .ends_with("/app\n")
        );
    }
}

#[tokio::test]
async fn the_usual_variables_name_the_proxy() {
    let tls = Tls::serve(&["registry.test"], registry(None)).await;
    let proxy = Proxy::to(tls.address.clone()).await;
    let (_folder, ca_file) = file(&tls.certificate);
    let arguments = ["ls", "registry.test/app:1", "--ca-file", &ca_file];
    let address = format!("http://{}", proxy.address);
    for variable in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        let listed = printed(&[(variable, &address)], &arguments).await;
        assert!(listed.ends_with("/app\n"), "{variable}");
        let seen = proxy.take();
        assert!(!seen.is_empty(), "{variable}");
        assert!(
            seen.iter()
                .all(|line| line.starts_with("CONNECT registry.test:443")),
            "{seen:?}"
        );
    }
    // Without a scheme, and with a password.
    let environment = [("HTTPS_PROXY", proxy.address.as_str())];
    printed(&environment, &arguments).await;
    assert!(!proxy.take().is_empty());
    let with_password = format!("http://me:pass@{}", proxy.address);
    printed(&[("HTTPS_PROXY", &with_password)], &arguments).await;
    // me:pass
    assert!(
        proxy
            .take()
            .iter()
            .all(|line| line.ends_with("bWU6cGFzcw=="))
    );

    for except in ["registry.test", ".test", "*"] {
        for variable in ["NO_PROXY", "no_proxy"] {
            let environment = [("HTTPS_PROXY", address.as_str()), (variable, except)];
            let error = stopped(&environment, &arguments).await;
            assert!(error.contains("registry.test cannot be reached"), "{error}");
            assert_eq!(proxy.take(), Vec::<String>::new(), "{except}");
        }
    }
    // HTTP_PROXY is for http alone.
    stopped(&[("HTTP_PROXY", &address)], &arguments).await;
    assert_eq!(proxy.take(), Vec::<String>::new());
}

#[tokio::test]
async fn plain_registries_are_reached_through_the_proxy_for_http() {
    let proxy = Proxy::to(serve(registry(None)).await).await;
    let address = format!("http://{}", proxy.address);
    let environment = [("HTTP_PROXY", address.as_str()), ("HTTPS_PROXY", &address)];
    let arguments = ["ls", "registry.test/app:1", "--tls-verify=false"];
    let listed = printed(&environment, &arguments).await;
    assert!(listed.ends_with("/app\n"));
    let seen = proxy.take();
    assert!(
        seen.iter()
            .any(|line| line.starts_with("GET http://registry.test/v2/app/manifests/1")),
        "{seen:?}"
    );
}

#[tokio::test]
async fn no_proxy_leads_to_this_machine() {
    let address = serve(registry(None)).await;
    let proxy = Proxy::to(address.clone()).await;
    let place = format!("http://{}", proxy.address);
    let environment = [("ALL_PROXY", place.as_str())];
    let reference = format!("{address}/app:1");
    printed(&environment, &["ls", &reference]).await;
    let reference = format!("{}/app:1", address.replace("127.0.0.1", "localhost"));
    printed(&environment, &["ls", &reference]).await;
    assert_eq!(proxy.take(), Vec::<String>::new());
}

#[tokio::test]
async fn a_proxy_that_is_none_or_does_not_answer_is_told() {
    let arguments = ["ls", "registry.test/app:1"];
    let error = stopped(&[("HTTPS_PROXY", "ftp://me:secret@x")], &arguments).await;
    assert!(error.contains("HTTPS_PROXY is not a proxy URL"), "{error}");
    assert!(!error.contains("secret"), "{error}");
    let error = stopped(
        &[("https_proxy", "http://me:secret@127.0.0.1:1")],
        &arguments,
    )
    .await;
    assert!(
        error.contains("through the proxy in https_proxy"),
        "{error}"
    );
    assert!(!error.contains("secret"), "{error}");
}

/// Only who runs a gateway can let it go through a proxy, which then looks names up in its place.
#[tokio::test]
async fn a_gateway_uses_a_proxy_only_when_it_is_told_to() {
    let tls = Tls::serve(&["registry.test"], registry(None)).await;
    let proxy = Proxy::to(tls.address.clone()).await;
    let (_folder, ca_file) = file(&tls.certificate);
    let address = format!("http://{}", proxy.address);
    for told in [false, true] {
        let mut gateway = command(&[("HTTPS_PROXY", &address)]);
        gateway.args(["serve", "--listen", "127.0.0.1:0"]);
        gateway.args(["--registry", "registry.test", "--ca-file", &ca_file]);
        if told {
            gateway.arg("--proxy");
        }
        let mut gateway = gateway.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(gateway.stdout.take().unwrap()).lines();
        let line = lines.next_line().await.unwrap().unwrap();
        let root = line
            .split_whitespace()
            .find(|word| word.starts_with("http://"));
        let url = format!("{}v2/registry.test/app/manifests/1", root.unwrap());
        let response = reqwest::Client::builder()
            .no_proxy()
            .tls_certs_only([])
            .build()
            .unwrap()
            .get(url)
            .send()
            .await
            .unwrap();
        assert_eq!(response.status().is_success(), told);
        assert_eq!(!proxy.take().is_empty(), told);
    }
}
