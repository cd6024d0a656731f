//! What the page shows of registries: their lists, what is beside an image, what is no image, what is not to be had.

use std::collections::HashMap;

use axum::http::HeaderValue;
use axum::response::Response;
use onionskin_core::digest::Digest;
use onionskin_core::manifest::media_type::{OCI_EMPTY, OCI_INDEX, OCI_MANIFEST};
use onionskin_fixtures::{Family, Image, Packed, attestation, bytes, index, layer};
use onionskin_tests::odd::{Odd, ok, status};
use onionskin_tests::{Browser, Registry, Served};
use serde_json::{Value, json};
use thirtyfour::Key;

const SIGNATURE: &str = "application/vnd.dev.cosign.artifact.sig.v1+json";
const FOREIGN: &str = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";

fn app() -> Packed {
    Image::new()
        .layer(layer("COPY app /app").file("/app", bytes(700)))
        .pack()
}

/// A server of the page that may reach a registry, and a browser.
async fn in_front_of(address: &str) -> (Served, Browser) {
    let served = Served::start(&[format!("http://{address}")]);
    (served, Browser::start().await)
}

/// A registry that answers with documents, by the end of what is asked for.
async fn answering(answers: HashMap<String, (String, Vec<u8>)>) -> Odd {
    Odd::new(move |target, _| {
        let found = answers.iter().find(|(end, _)| target.ends_with(*end));
        match found {
            Some((_, (kind, bytes))) => ok(kind, bytes.clone()),
            None => status(404, &[], "{}"),
        }
    })
    .await
}

/// What a registry answers with for these images.
fn documents(images: &[&Packed]) -> HashMap<String, (String, Vec<u8>)> {
    let mut answers = HashMap::new();
    for image in images {
        let manifest = &image.manifest;
        let document = (manifest.media_type.clone(), manifest.bytes.clone());
        answers.insert(format!("/manifests/{}", manifest.digest), document);
        for blob in image.blobs() {
            let kind = "application/octet-stream".to_owned();
            answers.insert(blob.digest.clone(), (kind, blob.bytes.clone()));
        }
    }
    answers
}

#[tokio::test]
async fn a_visitor_walks_from_a_registry_to_an_image() {
    let registry = Registry::start();
    for name in ["team/app:1.0", "team/app:1.1", "team/other:2"] {
        registry.push(name, &app());
    }
    let (served, browser) = in_front_of(registry.address()).await;
    browser.goto(&served.page("/")).await;
    let typed = format!("{}/", registry.address());
    browser.fill(".start input[name=reference]", typed).await;
    browser.press(Key::Enter).await;
    browser.until_text(".names a", "team/other").await;
    assert_eq!(browser.texts(".names a").await, ["team/app", "team/other"]);
    let address = browser.address().await;
    assert!(
        address.ends_with(&format!("#/repositories/{}", registry.address())),
        "{address}"
    );
    browser.click(".names li:first-child a").await;
    browser.until_text(".names a", "1.1").await;
    // In the registry's order, whatever that is.
    let mut tags = browser.texts(".names a").await;
    tags.sort();
    assert_eq!(tags, ["1.0", "1.1"]);
    browser.fill(".page-list .find input", "1.1").await;
    browser.until_text(".toolbar", "1 of 2").await;
    // What is searched for is in the address, and comes back with it.
    let place = browser.address().await;
    assert!(place.ends_with("/team/app?find=1.1"), "{place}");
    browser.reload().await;
    browser.until_text(".toolbar", "1 of 2").await;
    browser.click(".names a").await;
    browser.until_text(".row .label", "app").await;
    let address = browser.address().await;
    assert!(address.ends_with("/team/app:1.1"), "{address}");
    // From the image to its other tags, and back.
    browser.click(".header .tags").await;
    browser.until_text(".names a", "1.0").await;
    browser.back().await;
    browser.until_text(".row .label", "app").await;
    // What the server has itself is listed too.
    browser.goto(&served.page("/repositories")).await;
    browser.until_text(".names a", "demo/webapp").await;
    browser.click(".names li:last-child a").await;
    browser.until_text(".names a", "1.1").await;
    browser.click(".tags tbody tr:first-child a").await;
    browser.until_text(".row .label", "app").await;
}

/// A registry with a repository of so many tags, a hundred a page.
async fn of_many_tags(count: usize) -> Odd {
    Odd::new(move |target, _| {
        let Some((_, query)) = target.split_once("/tags/list") else {
            return status(404, &[], "{}");
        };
        let from = query
            .rsplit_once("from=")
            .map_or(0, |(_, from)| from.parse().unwrap());
        let to = (from + 100).min(count);
        let tags: Vec<_> = (from..to).map(|tag| format!("v{tag:05}")).collect();
        let mut response: Response = ok(
            "application/json",
            json!({"name": "app", "tags": tags}).to_string(),
        );
        if to < count {
            let link = format!("</v2/app/tags/list?from={to}>; rel=\"next\"");
            let link = HeaderValue::try_from(link).unwrap();
            response.headers_mut().insert("link", link);
        }
        response
    })
    .await
}

#[tokio::test]
async fn a_list_of_many_pages_is_searched_and_shown_in_parts() {
    let odd = of_many_tags(1_234).await;
    let (served, browser) = in_front_of(&odd.address).await;
    browser
        .goto(&served.page(&format!("/tags/{}/app", odd.address)))
        .await;
    let _: bool = browser
        .until(
            "document.querySelector('.page-list .toolbar [role=status]')?.textContent === '1,234'",
        )
        .await;
    assert_eq!(browser.texts(".names a").await.len(), 200);
    for shown in [400, 600, 800, 1_000, 1_200, 1_234] {
        browser.click(".page-list > button").await;
        let _: bool = browser
            .until(&format!(
                "document.querySelectorAll('.names a').length === {shown}"
            ))
            .await;
    }
    let _: bool = browser
        .until("!document.querySelector('.page-list > button')")
        .await;
    browser.fill(".page-list .find input", "v0123").await;
    browser.until_text(".toolbar", "4 of 1,234").await;
    let _: bool = browser
        .until("document.querySelectorAll('.names a').length === 4")
        .await;
    assert_eq!(
        browser.texts(".names a").await,
        ["v01230", "v01231", "v01232", "v01233"]
    );
}

#[tokio::test]
async fn what_a_registry_does_not_list_is_told() {
    let odd = Odd::new(|_, _| status(404, &[], "{}")).await;
    let (served, browser) = in_front_of(&odd.address).await;
    browser
        .goto(&served.page(&format!("/repositories/{}", odd.address)))
        .await;
    browser
        .until_text(".problem h2", "does not list its repositories")
        .await;
    browser
        .goto(&served.page("/repositories/registry.invalid"))
        .await;
    browser
        .until_text(
            ".problem h2",
            "This server has no access to registry.invalid",
        )
        .await;
    browser
        .goto(&served.page("/image/registry.invalid/app:1"))
        .await;
    browser
        .until_text(
            ".problem h1",
            "This server has no access to registry.invalid",
        )
        .await;
}

#[tokio::test]
async fn a_layer_that_is_not_to_be_had_is_shown_so() {
    let base = layer("Apply image 10.0")
        .file("/windows/system", bytes(5_000))
        .media_type(FOREIGN);
    let image = Image::new()
        .docker()
        .layer(base)
        .layer(layer("COPY app /app").file("/app/bin", bytes(700)))
        .edit_manifest(|manifest| {
            manifest["layers"][0]["urls"] = json!(["https://layers.elsewhere.test/base"]);
        })
        .pack();
    let mut answers = documents(&[&image]);
    answers.remove(&image.layers[0].digest);
    let manifest = &image.manifest;
    answers.insert(
        "/manifests/1".to_owned(),
        (manifest.media_type.clone(), manifest.bytes.clone()),
    );
    let odd = answering(answers).await;
    let (served, browser) = in_front_of(&odd.address).await;
    browser
        .goto(&served.page(&format!("/image/{}/app:1", odd.address)))
        .await;
    browser
        .until_text(
            ".band .state.missing",
            "Not counted: layer 1, not available.",
        )
        .await;
    browser
        .until_text(".layer[data-layer='1']", "not available: foreign")
        .await;
    // What is above it is there.
    browser.until_text(".row .label", "app").await;
    browser.click(".layer[data-layer='1']").await;
    browser
        .until_text(
            ".details",
            "https://layers.elsewhere.test/base, which is not contacted",
        )
        .await;
    browser.click(".switch button:last-child").await;
    browser
        .until_text(".nothing h2", "Layer 1 is not available")
        .await;
    browser.click(".layer[data-layer='2']").await;
    browser.until_text(".row .label", "app").await;
}

#[tokio::test]
async fn what_is_beside_an_image_leads_to_what_it_is() {
    let image = app();
    let proof = attestation(&image);
    let top = index(Family::Oci, &[image.clone(), proof.clone()]);
    let empty =
        json!({"mediaType": OCI_EMPTY, "digest": Digest::sha256(b"{}").to_string(), "size": 2});
    let file = json!({"mediaType": "text/spdx", "digest": Digest::sha256(b"x").to_string(), "size": 1,
        "annotations": {"org.opencontainers.image.title": "<b>sbom</b>.json"}});
    let signature = json!({
        "schemaVersion": 2, "mediaType": OCI_MANIFEST, "artifactType": SIGNATURE, "config": empty,
        "layers": [file], "annotations": {"made.by": "a test"},
        "subject": {"mediaType": OCI_MANIFEST, "digest": image.manifest.digest, "size": image.manifest.bytes.len()},
    })
    .to_string();
    let digest = Digest::sha256(signature.as_bytes()).to_string();
    let listed: Value = json!({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [
        {"mediaType": OCI_MANIFEST, "digest": digest, "size": signature.len(), "artifactType": SIGNATURE},
    ]});
    let mut answers = documents(&[&image, &proof]);
    let json = |kind: &str, text: String| (kind.to_owned(), text.into_bytes());
    answers.insert(
        "/manifests/1".to_owned(),
        (top.media_type.clone(), top.bytes.clone()),
    );
    answers.insert(
        format!("/referrers/{}", image.manifest.digest),
        json(OCI_INDEX, listed.to_string()),
    );
    answers.insert(
        format!("/manifests/{digest}"),
        json(OCI_MANIFEST, signature),
    );
    let odd = answering(answers).await;
    let (served, browser) = in_front_of(&odd.address).await;
    browser
        .goto(&served.page(&format!("/image/{}/app:1?view=config", odd.address)))
        .await;
    browser.until_text(".things a", "attestation").await;
    browser.until_text(".things a", SIGNATURE).await;
    let _: bool = browser
        .until(&format!(
            "[...document.querySelectorAll('.things a')].some(a => a.textContent === {SIGNATURE:?} && (a.click(), true))"
        ))
        .await;
    // The document itself.
    browser
        .until_text(".document-parts", "<b>sbom</b>.json")
        .await;
    browser.until_text(".content-head", "digest verified").await;
    // What it is about, at its own address.
    let artifact = format!("/image/{}/app@{digest}", odd.address);
    browser.goto(&served.page(&artifact)).await;
    browser.until_text(".artifact h1", "Not an image").await;
    browser.until_text(".artifact .facts", SIGNATURE).await;
    browser
        .until_text(".artifact .things", "<b>sbom</b>.json")
        .await;
    browser.until_text(".artifact .facts", "a test").await;
    // From there to what it is about.
    browser.click(".artifact .facts a").await;
    browser.until_text(".row .label", "app").await;
}

#[tokio::test]
async fn documents_are_shown_and_saved_as_they_are_and_not_where_they_are_others() {
    let image = app();
    let proof = attestation(&image);
    let top = index(Family::Oci, &[image.clone(), proof.clone()]);
    let statement = &proof.layers[0].digest;
    let mut answers = documents(&[&image, &proof]);
    for at in ["1", &top.digest] {
        let document = (top.media_type.clone(), top.bytes.clone());
        answers.insert(format!("/manifests/{at}"), document);
    }
    let mut others = answers.clone();
    let forged = others.get_mut(statement).unwrap();
    *forged.1.last_mut().unwrap() = b' ';
    let odd = answering(answers).await;
    let (served, browser) = in_front_of(&odd.address).await;
    browser
        .goto(&served.page(&format!("/image/{}/app:1?view=config", odd.address)))
        .await;
    browser.until_text(".documents", "Configuration").await;
    let names = browser.texts(".documents a").await;
    assert_eq!(names, ["Index", "Manifest", "Configuration"]);
    browser.click(".documents a").await;
    browser.until_text(".content-head", "digest verified").await;
    browser.until_text(".content-head h2", "Index").await;
    browser.until_text(".code", &image.manifest.digest).await;
    let folder = tempfile::tempdir().unwrap();
    browser.download_to(folder.path()).await;
    browser.click(".content-head a.button").await;
    let file = format!("{}.json", top.digest.replace(':', "-"));
    let file = folder.path().join(file);
    browser.downloaded(&file).await;
    assert_eq!(std::fs::read(&file).unwrap(), top.bytes);
    // From the index to the manifest of the attestation, and to its statement.
    for digest in [&proof.manifest.digest, statement] {
        let link = format!(
            "[...document.querySelectorAll('.document-parts a')].some(a => a.href.includes({digest:?}) && (a.click(), true))"
        );
        let _: bool = browser.until(&link).await;
        browser.until_text(".document-digest", digest).await;
        browser.until_text(".content-head", "digest verified").await;
    }
    browser.until_text(".code", "slsa.dev/provenance").await;
    assert_eq!(browser.accessibility().await, Vec::<String>::new());

    // Other bytes are neither shown nor saved.
    let odd = answering(others).await;
    let (served, browser) = in_front_of(&odd.address).await;
    let place = format!(
        "/image/{}/app:1?view=document&document={statement}",
        odd.address
    );
    browser.goto(&served.page(&place)).await;
    let _: bool = browser.until("!!document.querySelector('.problem')").await;
    let given: usize = browser
        .value("document.querySelectorAll('.code, .content-head a, .verified').length")
        .await;
    assert_eq!(given, 0);
}

#[tokio::test]
async fn attributes_and_places_of_formats_are_named() {
    // cap_net_bind_service=ep, version 2 of the kernel's vfs_cap_data.
    let capability = [1, 0, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let image = Image::new()
        .layer(
            layer("COPY server /server")
                .file("/server", bytes(10))
                .xattr("security.capability", capability)
                .file("/stargz.index.json", "{}"),
        )
        .pack();
    let registry = Registry::start();
    registry.push("team/app:1", &image);
    let (served, browser) = in_front_of(registry.address()).await;
    let page = |path: &str| {
        served.page(&format!(
            "/image/{}/team/app:1?path={path}",
            registry.address()
        ))
    };
    browser.goto(&page("/server")).await;
    browser
        .until_text(".details .facts", "cap_net_bind_service=ep")
        .await;
    browser.goto(&page("/stargz.index.json")).await;
    browser
        .until_text(".details .facts", "table of contents of an eStargz layer")
        .await;
}
