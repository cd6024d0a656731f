//! What refers to an image, as registries with and without the list of it tell.
//!
//! Source: OCI distribution specification 1.1, Listing Referrers and Referrers Tag Schema.

use axum::response::Response;
use onionskin_core::digest::Digest;
use onionskin_core::manifest::ManifestError;
use onionskin_core::manifest::media_type::{OCI_EMPTY, OCI_INDEX, OCI_MANIFEST};
use onionskin_core::source::SourceError;
use onionskin_core::source::registry::http_client;
use onionskin_fixtures::{Image, Packed, attestation, bytes, index, layer};
use onionskin_tests::command::{json, run, stopped};
use onionskin_tests::odd::{Odd, ok, status};
use onionskin_tests::{Registry, through_gateway};
use serde_json::{Value, json};

const SBOM: &str = "application/spdx+json";
const SIGNATURE: &str = "application/vnd.dev.cosign.artifact.sig.v1+json";

fn image(content: usize) -> Packed {
    Image::new()
        .layer(layer("COPY app /app").file("/app", bytes(content)))
        .pack()
}

/// A manifest of an artifact that is about `subject`.
fn artifact(kind: &str, subject: &Packed) -> Vec<u8> {
    let empty =
        json!({"mediaType": OCI_EMPTY, "digest": Digest::sha256(b"{}").to_string(), "size": 2});
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "artifactType": kind,
        "config": empty,
        "layers": [empty],
        "subject": {
            "mediaType": subject.manifest.media_type,
            "digest": subject.manifest.digest,
            "size": subject.manifest.bytes.len(),
        },
        "annotations": {"org.opencontainers.image.created": "2026-01-01T00:00:00Z"},
    });
    manifest.to_string().into_bytes()
}

fn descriptor(kind: &str, manifest: &[u8]) -> Value {
    json!({
        "mediaType": OCI_MANIFEST,
        "digest": Digest::sha256(manifest).to_string(),
        "size": manifest.len(),
        "artifactType": kind,
        "annotations": {"org.opencontainers.image.created": "2026-01-01T00:00:00Z"},
    })
}

fn index_of(manifests: &[Value]) -> String {
    json!({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": manifests}).to_string()
}

/// Puts documents into a real registry, which are no images, so that skopeo would not.
struct Pusher<'a> {
    registry: &'a Registry,
    http: reqwest::Client,
}

impl Pusher<'_> {
    async fn blob(&self, name: &str, content: &'static [u8]) {
        let root = format!("http://{}", self.registry.address());
        let begun = self
            .http
            .post(format!("{root}/v2/{name}/blobs/uploads/"))
            .send()
            .await
            .unwrap();
        let place = begun.headers()["location"].to_str().unwrap();
        let digest = Digest::sha256(content);
        let place = format!("{place}&digest={digest}");
        let done = self.http.put(place).body(content).send().await.unwrap();
        assert_eq!(done.status(), 201);
    }

    async fn manifest(&self, name: &str, tag: &str, kind: &str, content: Vec<u8>) {
        let url = format!(
            "http://{}/v2/{name}/manifests/{tag}",
            self.registry.address()
        );
        let put = self
            .http
            .put(url)
            .header("content-type", kind)
            .body(content);
        let done = put.send().await.unwrap();
        assert_eq!(done.status(), 201, "{}", done.text().await.unwrap());
    }
}

/// Debian's docker-registry is one without the API.
#[tokio::test]
async fn of_a_registry_without_the_list_the_tag_is_read() {
    let registry = Registry::start();
    let image = image(1_000);
    let reference = registry.push("team/app:1", &image);
    let none = json(&["referrers", &reference]).await;
    assert_eq!(none["referrers"], json!([]));
    assert_eq!(none["image"]["digest"], image.manifest.digest.as_str());

    let pusher = Pusher {
        registry: &registry,
        http: http_client().build().unwrap(),
    };
    pusher.blob("team/app", b"{}").await;
    let (sbom, signature) = (artifact(SBOM, &image), artifact(SIGNATURE, &image));
    let listed = index_of(&[descriptor(SBOM, &sbom), descriptor(SIGNATURE, &signature)]);
    for (manifest, tag) in [(&sbom, "sbom"), (&signature, "signature")] {
        let manifest = manifest.clone();
        pusher
            .manifest("team/app", tag, OCI_MANIFEST, manifest)
            .await;
    }
    let tag = format!("sha256-{}", image.manifest.hex());
    pusher
        .manifest("team/app", &tag, OCI_INDEX, listed.into_bytes())
        .await;

    let report = json(&["referrers", &reference]).await;
    let kinds = |report: &Value| -> Vec<String> {
        let all = report["referrers"].as_array().unwrap().iter();
        all.map(|one| one["artifactType"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(kinds(&report), [SBOM, SIGNATURE]);
    let first = &report["referrers"][0];
    assert_eq!(first["digest"], Digest::sha256(&sbom).to_string());
    assert_eq!(first["size"], sbom.len());
    assert_eq!(first["by"], "tag");
    assert_eq!(first["subject"], image.manifest.digest.as_str());
    assert_eq!(
        first["annotations"]["org.opencontainers.image.created"],
        "2026-01-01T00:00:00Z"
    );
    let schema: Value =
        serde_json::from_str(include_str!("../../../schemas/referrers.json")).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    assert!(schema.is_valid(&report) && !schema.is_valid(&json!({})));

    let signatures = json(&["referrers", &reference, "--artifact-type", SIGNATURE]).await;
    assert_eq!(kinds(&signatures), [SIGNATURE]);
    let text = run(&["referrers", &reference]).await.stdout;
    let text = String::from_utf8(text).unwrap();
    assert!(text.contains(SBOM) && text.contains(&Digest::sha256(&sbom).to_string()));

    // The same through a gateway, which invents nothing.
    let (client, _) = through_gateway(&[format!("http://{}", registry.address())]).await;
    let remote = client.open(&reference.parse().unwrap()).unwrap();
    let digest = image.manifest.digest.parse().unwrap();
    let found = remote.referrers(&digest, None).await.unwrap();
    assert!(found.by_tag);
    assert_eq!(found.referrers.len(), 2);

    // What is listed is no image, and is told by its name.
    let sbom = format!("{}/team/app:sbom", registry.address());
    let error = stopped(&["ls", &sbom]).await;
    assert!(
        error.contains(SBOM) && error.contains("not an image"),
        "{error}"
    );
    let about = json(&["referrers", &sbom]).await;
    assert_eq!(about["referrers"], json!([]));
}

/// cosign's SIGNATURE_SPEC.md: an image manifest whose layers are signatures, under a tag made of the digest.
#[tokio::test]
async fn signatures_under_cosigns_tags_are_found() {
    const SIMPLE: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
    let registry = Registry::start();
    let image = image(1_000);
    let reference = registry.push("team/app:1", &image);
    let pusher = Pusher {
        registry: &registry,
        http: http_client().build().unwrap(),
    };
    pusher.blob("team/app", b"{}").await;
    let part = |kind: &str| json!({"mediaType": kind, "digest": Digest::sha256(b"{}").to_string(), "size": 2});
    let signature = json!({
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": part("application/vnd.oci.image.config.v1+json"),
        "layers": [part(SIMPLE)],
    });
    let signature = signature.to_string().into_bytes();
    let tag = format!("sha256-{}.sig", image.manifest.hex());
    pusher
        .manifest("team/app", &tag, OCI_MANIFEST, signature.clone())
        .await;
    // Under a tag that looks so may be anything.
    let tag = format!("team/app:sha256-{}.att", image.manifest.hex());
    registry.push(&tag, &image);

    let report = json(&["referrers", &reference]).await;
    let found = report["referrers"].as_array().unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["by"], "cosign");
    assert_eq!(found[0]["artifactType"], SIMPLE);
    assert_eq!(found[0]["digest"], Digest::sha256(&signature).to_string());
    assert_eq!(found[0]["subject"], image.manifest.digest.as_str());
    let none = json(&["referrers", &reference, "--artifact-type", SBOM]).await;
    assert_eq!(none["referrers"], json!([]));
}

/// A registry with the API, which gives a referrer a page and knows the filter if `filters`.
async fn with_api(image: Packed, filters: bool) -> Odd {
    let listed = [
        descriptor(SBOM, b"sbom"),
        descriptor(SIGNATURE, b"signature"),
        descriptor(SBOM, b"second sbom"),
    ];
    Odd::new(move |target, _| {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        if path.ends_with("/manifests/1") {
            return ok(OCI_MANIFEST, image.manifest.bytes.clone());
        }
        if !path.ends_with(&format!("/referrers/{}", image.manifest.digest)) {
            return status(404, &[], "");
        }
        let of = |key: &str| query.split('&').find_map(|pair| pair.strip_prefix(key));
        let filter = of("artifactType=").filter(|_| filters);
        let kind = filter.map(|kind| kind.replace("%2F", "/").replace("%2B", "+"));
        let all: Vec<&Value> = listed
            .iter()
            .filter(|one| {
                kind.as_deref()
                    .is_none_or(|kind| one["artifactType"] == kind)
            })
            .collect();
        let at: usize = of("page=").map_or(0, |at| at.parse().unwrap());
        let page = all.get(at).map(|one| (*one).clone());
        let mut response = ok(OCI_INDEX, index_of(page.as_slice()));
        let mut header = |name: &'static str, value: String| {
            response.headers_mut().insert(name, value.parse().unwrap());
        };
        if let Some(filter) = filter {
            header("oci-filters-applied", "artifactType".to_owned());
            if at + 1 < all.len() {
                header(
                    "link",
                    format!(
                        "<{path}?artifactType={filter}&page={}>; rel=\"next\"",
                        at + 1
                    ),
                );
            }
        } else if at + 1 < all.len() {
            header("link", format!("<{path}?page={}>; rel=\"next\"", at + 1));
        }
        response
    })
    .await
}

#[tokio::test]
async fn the_list_is_read_page_by_page_and_filtered_by_whom_it_may() {
    for filters in [true, false] {
        let image = image(100);
        let digest: Digest = image.manifest.digest.parse().unwrap();
        let odd = with_api(image, filters).await;
        let reference = format!("{}/app:1", odd.address);
        let (client, _) = through_gateway(&[format!("http://{}", odd.address)]).await;
        let through = client.open(&reference.parse().unwrap()).unwrap();
        for remote in [odd.remote(None), through] {
            let found = remote.referrers(&digest, None).await.unwrap();
            assert!(!found.by_tag && !found.cut);
            let sizes: Vec<u64> = found.referrers.iter().map(|one| one.size).collect();
            assert_eq!(sizes, [4, 9, 11]);
            let sboms = remote.referrers(&digest, Some(SBOM)).await.unwrap();
            let sizes: Vec<u64> = sboms.referrers.iter().map(|one| one.size).collect();
            assert_eq!(sizes, [4, 11], "{filters}");
            let none = remote.referrers(&digest, Some("x/y")).await.unwrap();
            assert_eq!(none.referrers, []);
        }
        let report = json(&["referrers", &reference]).await;
        assert_eq!(report["referrers"][1]["by"], "registry");
    }
}

#[tokio::test]
async fn a_list_of_referrers_that_leads_round_or_elsewhere_ends() {
    let elsewhere = Odd::new(|_, _| status(404, &[], "")).await;
    let image = image(100);
    let digest: Digest = image.manifest.digest.parse().unwrap();
    for link in [
        "<?page=1>; rel=\"next\"".to_owned(),
        format!(
            "<http://{}/v2/app/referrers/{digest}?page=2>; rel=\"next\"",
            elsewhere.address
        ),
    ] {
        let odd = Odd::new(move |_, _| {
            let mut response = ok(OCI_INDEX, index_of(&[descriptor(SBOM, b"sbom")]));
            response.headers_mut().insert("link", link.parse().unwrap());
            response
        })
        .await;
        let error = odd.remote(None).referrers(&digest, None).await;
        let error = error.unwrap_err();
        assert!(matches!(error, SourceError::Incomplete { .. }), "{error:?}");
        assert!(
            odd.count("/referrers/") <= 3,
            "{}",
            odd.count("/referrers/")
        );
    }
    assert_eq!(elsewhere.count(""), 0);
}

/// An index of images may not be as long as a list of referrers.
#[tokio::test]
async fn a_page_may_list_more_referrers_than_an_index_has_images() {
    for (count, kept) in [(5_000, 5_000), (10_001, 10_000)] {
        let descriptors: Vec<String> = (0..count)
            .map(|at| {
                let digest = Digest::sha256(format!("{at}").as_bytes());
                format!(r#"{{"mediaType":"{OCI_MANIFEST}","digest":"{digest}","size":2}}"#)
            })
            .collect();
        let list = format!(
            r#"{{"schemaVersion":2,"mediaType":"{OCI_INDEX}","manifests":[{}]}}"#,
            descriptors.join(",")
        );
        let odd = Odd::new(move |target, _| match target {
            _ if target.contains("/referrers/") || target.ends_with("/manifests/1") => {
                ok(OCI_INDEX, list.clone())
            }
            _ => status(404, &[], ""),
        })
        .await;
        let digest = Digest::sha256(b"image");
        let found = odd.remote(None).referrers(&digest, None).await.unwrap();
        assert_eq!(found.referrers.len(), kept);
        assert_eq!(found.cut, kept < count);
        let error = odd.error().await;
        let SourceError::Document { problem, .. } = &error else {
            panic!("{error:?}");
        };
        assert_eq!(*problem, ManifestError::TooMany(count, "manifests"));
    }
}

/// How registries without the API say so: GHCR leads to a web page, which has rules of its own.
#[tokio::test]
async fn however_a_registry_says_that_it_has_no_list_the_tag_is_read() {
    const PAGE: &str = "<!DOCTYPE html><title>Not here</title>";
    const HTML: (&str, &str) = ("content-type", "text/html");
    let image = image(100);
    for (code, text, page) in [
        (404, PAGE, 0),
        (400, PAGE, 0),
        (405, PAGE, 0),
        (406, PAGE, 0),
        (501, PAGE, 0),
        (200, PAGE, 0),
        (200, "", 0),
        (204, "", 0),
        (303, PAGE, 200),
        (303, PAGE, 403),
        (303, PAGE, 404),
        (303, PAGE, 429),
    ] {
        let packed = image.clone();
        let listed = index_of(&[descriptor(SBOM, b"sbom")]);
        let odd = Odd::new(move |target, _| {
            let tag = format!("/manifests/sha256-{}", packed.manifest.hex());
            if target.ends_with("/manifests/1") {
                ok(OCI_MANIFEST, packed.manifest.bytes.clone())
            } else if target.ends_with(&tag) {
                ok(OCI_INDEX, listed.clone())
            } else if target.contains("/referrers/") {
                status(code, &[HTML, ("location", "/-/packages/app")], text)
            } else if target.starts_with("/-/") {
                status(page, &[HTML], PAGE)
            } else {
                status(404, &[], "")
            }
        })
        .await;
        let reference = format!("{}/app:1", odd.address);
        let report = json(&["referrers", &reference]).await;
        assert_eq!(report["referrers"][0]["by"], "tag", "{code} {page}");
        let (client, _) = through_gateway(&[format!("http://{}", odd.address)]).await;
        let remote = client.open(&reference.parse().unwrap()).unwrap();
        let digest = image.manifest.digest.parse().unwrap();
        let found = remote.referrers(&digest, None).await.unwrap();
        assert!(found.by_tag, "{code} {page}");
        assert_eq!(found.referrers.len(), 1, "{code} {page}");
    }
}

/// GHCR's web pages are on the same host; others lead to a site that the rules do not let anybody ask for a registry.
#[tokio::test]
async fn where_the_list_leads_to_a_forbidden_place_the_tag_is_read() {
    let elsewhere = Odd::new(|_, _| status(200, &[], "")).await;
    let image = image(100);
    for (code, place) in [
        (302, format!("http://{}/packages/app", elsewhere.address)),
        (307, "https://169.254.169.254/packages".to_owned()),
        (301, "ftp://example.com/".to_owned()),
    ] {
        let packed = image.clone();
        let listed = index_of(&[descriptor(SBOM, b"sbom")]);
        let odd = Odd::new(move |target, _| {
            let tag = format!("/manifests/sha256-{}", packed.manifest.hex());
            if target.ends_with("/manifests/1") {
                ok(OCI_MANIFEST, packed.manifest.bytes.clone())
            } else if target.ends_with(&tag) {
                ok(OCI_INDEX, listed.clone())
            } else if target.contains("/referrers/") {
                status(code, &[("location", &place)], "")
            } else {
                status(404, &[], "")
            }
        })
        .await;
        let report = json(&["referrers", &format!("{}/app:1", odd.address)]).await;
        assert_eq!(report["referrers"][0]["by"], "tag", "{code}");
        let reference = format!("{}/app:1", odd.address);
        let (client, _) = through_gateway(&[format!("http://{}", odd.address)]).await;
        let remote = client.open(&reference.parse().unwrap()).unwrap();
        let digest = image.manifest.digest.parse().unwrap();
        let found = remote.referrers(&digest, None).await.unwrap();
        assert!(found.by_tag && found.referrers.len() == 1, "{code}");
    }
    assert_eq!(elsewhere.count(""), 0);
}

/// No list and a tag that cannot be read are not the same as no referrers.
#[tokio::test]
async fn a_tag_that_cannot_be_read_is_an_error() {
    let digest = Digest::sha256(b"");
    let odd = Odd::new(|target, _| match target.contains("/referrers/") {
        true => status(404, &[], ""),
        false => status(500, &[], ""),
    })
    .await;
    let error = odd.remote(None).referrers(&digest, None).await.unwrap_err();
    assert!(
        matches!(error, SourceError::Answer { status: 500, .. }),
        "{error:?}"
    );
}

/// What answers anything with 200 is no list, and what keeps people out is no empty one.
#[tokio::test]
async fn an_answer_that_is_no_list_is_an_error() {
    let digest = Digest::sha256(b"");
    for (response, says) in [
        (ok as fn(&str, &'static str) -> Response, "cannot be shown"),
        (|_, _| status(403, &[], ""), "no access"),
        (|_, _| status(500, &[], ""), "answered 500"),
    ] {
        let odd = Odd::new(move |_, _| response("application/json", r#"{"manifest":[]}"#)).await;
        let error = odd.remote(None).referrers(&digest, None).await.unwrap_err();
        assert!(error.to_string().contains(says), "{error}");
    }
}

/// BuildKit's attestations are in the image's own index.
#[tokio::test]
async fn attestations_of_the_index_refer_to_the_image_too() {
    let registry = Registry::start();
    let images = [image(1_000), image(2_000)];
    let arm = Image::new()
        .platform("linux/arm64")
        .layer(layer("COPY app /app").file("/app", bytes(2_000)))
        .pack();
    let amd = images.into_iter().next().unwrap();
    let all = [
        amd.clone(),
        attestation(&amd),
        arm.clone(),
        attestation(&arm),
    ];
    let top = index(amd.family, &all);
    let reference = registry.push_index("app:1", &top, &all);
    let report = json(&["referrers", &reference]).await;
    assert_eq!(report["image"]["digest"], top.digest.as_str());
    assert_eq!(report["referrers"].as_array().unwrap().len(), 2);
    let of_arm = json(&["referrers", &reference, "--platform", "linux/arm64"]).await;
    assert_eq!(of_arm["image"]["digest"], arm.manifest.digest.as_str());
    let one = &of_arm["referrers"][0];
    assert_eq!(one["by"], "index");
    assert_eq!(one["subject"], arm.manifest.digest.as_str());
    assert_eq!(one["digest"], all[3].manifest.digest.as_str());
    assert_eq!(of_arm["referrers"].as_array().unwrap().len(), 1);
}
