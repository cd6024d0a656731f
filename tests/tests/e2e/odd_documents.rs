//! Manifests and indexes that are not the usual ones, from a registry through the command to what is told.

use std::collections::HashMap;
use std::sync::Arc;

use onionskin_core::digest::{Algorithm, Digest};
use onionskin_core::manifest::media_type::{
    OCI_CONFIG, OCI_EMPTY, OCI_INDEX, OCI_LAYER, OCI_MANIFEST,
};
use onionskin_core::source::registry::{Client, ClientOptions, Url, http_client};
use onionskin_fixtures::{Image, attestation, bytes, index, layer};
use onionskin_gateway::{Gateway, GatewayOptions};
use onionskin_tests::Registry;
use onionskin_tests::command::{json, run};
use onionskin_tests::odd::{Odd, ok, serve, status};
use serde_json::{Value, json};

fn is_of_schema(report: &Value, schema: &str) -> bool {
    let schema: Value = serde_json::from_str(schema).unwrap();
    jsonschema::validator_for(&schema).unwrap().is_valid(report)
}

/// Contents under the digests of one algorithm, and what some tags name.
struct Store {
    algorithm: Algorithm,
    by_name: HashMap<String, (String, Vec<u8>)>,
}

impl Store {
    fn new(algorithm: Algorithm) -> Self {
        Self {
            algorithm,
            by_name: HashMap::new(),
        }
    }

    /// Keeps a content and returns its descriptor.
    fn put(&mut self, kind: &str, content: &[u8]) -> Value {
        let digest = Digest::of(self.algorithm, content).to_string();
        let kept = (kind.to_owned(), content.to_vec());
        self.by_name.insert(digest.clone(), kept);
        json!({"mediaType": kind, "digest": digest, "size": content.len()})
    }

    fn tag(&mut self, tag: &str, descriptor: &Value) {
        let kept = self.by_name[descriptor["digest"].as_str().unwrap()].clone();
        self.by_name.insert(tag.to_owned(), kept);
    }

    fn document(&mut self, kind: &str, mut document: Value) -> Value {
        document["schemaVersion"] = 2.into();
        document["mediaType"] = kind.into();
        self.put(kind, document.to_string().as_bytes())
    }

    fn image(&mut self, content: usize, architecture: &str) -> Value {
        let packed = Image::new()
            .layer(layer("COPY app /app").file("/app", bytes(content)))
            .pack();
        let diff_id = Digest::of(self.algorithm, &packed.tars[0]).to_string();
        let config = json!({
            "os": "linux",
            "architecture": architecture,
            "rootfs": {"type": "layers", "diff_ids": [diff_id]},
        });
        let layer = self.put(&format!("{OCI_LAYER}+gzip"), &packed.layers[0].bytes);
        let config = self.put(OCI_CONFIG, config.to_string().as_bytes());
        let manifest = json!({"config": config, "layers": [layer]});
        let mut descriptor = self.document(OCI_MANIFEST, manifest);
        descriptor["platform"] = json!({"os": "linux", "architecture": architecture});
        descriptor
    }

    async fn serve(self) -> Odd {
        let by_name = Arc::new(self.by_name);
        Odd::new(move |target, _| {
            let wanted = target.rsplit('/').next().unwrap_or_default();
            match by_name.get(&wanted.replace("%3A", ":")) {
                Some((kind, content)) => ok(kind, content.clone()),
                None => status(404, &[], ""),
            }
        })
        .await
    }
}

#[tokio::test]
async fn sha512_is_as_good_as_sha256() {
    let mut store = Store::new(Algorithm::Sha512);
    let image = store.image(1_000, "amd64");
    store.tag("1", &image);
    let digest = image["digest"].as_str().unwrap().to_owned();
    let odd = store.serve().await;
    let reference = format!("{}/app@{digest}", odd.address);
    let report = json(&["inspect", &reference]).await;
    assert_eq!(report["image"]["digest"], digest);
    let layer = &report["layers"][0];
    assert!(layer["digest"].as_str().unwrap().starts_with("sha512:"));
    assert!(layer["diffId"].as_str().unwrap().starts_with("sha512:"));
    assert_eq!(layer["stored"], 1_000);
    let content = run(&["cat", &reference, "/app"]).await;
    assert_eq!(content.stdout, bytes(1_000));
    // By its tag too, of which only sha256 is known where the registry says nothing else.
    let tagged = json(&["ls", &format!("{}/app:1", odd.address)]).await;
    assert_eq!(tagged[0]["path"], "/app");

    // And through a gateway, which checks what passes.
    let options = GatewayOptions {
        registries: vec![format!("http://{}", odd.address).parse().unwrap()],
        ..GatewayOptions::default()
    };
    let gateway = serve(Gateway::new(&options).unwrap().router()).await;
    let options = ClientOptions {
        gateway: Some(Url::parse(&format!("http://{gateway}/")).unwrap()),
        ..ClientOptions::default()
    };
    let client = Client::new(http_client().build().unwrap(), options);
    let remote = client.open(&reference.parse().unwrap()).unwrap();
    let image = remote.image(None).await.unwrap();
    let blob = remote.layer(&image.layers[0]).await.unwrap();
    let mut blob = blob.verified(image.layers[0].digest.clone().unwrap());
    while blob.next_chunk().await.unwrap().is_some() {}
    assert_eq!(Some(blob.received()), image.layers[0].compressed_size);
}

#[tokio::test]
async fn sha512_that_does_not_fit_is_seen() {
    let mut store = Store::new(Algorithm::Sha512);
    let image = store.image(1_000, "amd64");
    let digest = image["digest"].as_str().unwrap().to_owned();
    // Another time in gzip's header (RFC 1952), so that only the digest tells.
    for (kind, content) in store.by_name.values_mut() {
        if kind.starts_with(OCI_LAYER) {
            content[4] ^= 1;
        }
    }
    let odd = store.serve().await;
    let output = run(&["ls", &format!("{}/app@{digest}", odd.address)]).await;
    assert_eq!(output.status.code(), Some(2));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(errors.contains("sha512:"), "{errors}");
}

/// OCI image specification, image-index.md: an index may list indexes.
#[tokio::test]
async fn indexes_inside_indexes_offer_their_images() {
    let mut store = Store::new(Algorithm::Sha256);
    let (arm, s390x) = (store.image(2_000, "arm64"), store.image(3_000, "s390x"));
    let inner = store.document(OCI_INDEX, json!({"manifests": [arm, s390x]}));
    let amd = store.image(1_000, "amd64");
    let outer = store.document(OCI_INDEX, json!({"manifests": [inner, amd]}));
    store.tag("1", &outer);
    let odd = store.serve().await;
    let reference = format!("{}/app:1", odd.address);
    for (platform, size) in [
        ("linux/arm64", 2_000),
        ("linux/s390x", 3_000),
        ("linux/amd64", 1_000),
    ] {
        let report = json(&["inspect", &reference, "--platform", platform]).await;
        assert_eq!(report["bytes"]["stored"], size, "{platform}");
        assert_eq!(report["index"]["digest"], outer["digest"]);
        assert_eq!(
            report["index"]["platforms"],
            json!(["linux/arm64", "linux/s390x", "linux/amd64"])
        );
    }
    let report = json(&["inspect", &reference]).await;
    assert_eq!(report["image"]["platform"], "linux/amd64");
}

/// OCI image specification, image-index.md: `platform` is optional.
#[tokio::test]
async fn platforms_that_an_index_does_not_name_are_read_from_the_configurations() {
    let mut store = Store::new(Algorithm::Sha256);
    let [arm, amd] = [(2_000, "arm64"), (1_000, "amd64")].map(|(content, architecture)| {
        let mut listed = store.image(content, architecture);
        listed.as_object_mut().unwrap().remove("platform");
        listed
    });
    let both = store.document(OCI_INDEX, json!({"manifests": [arm, amd]}));
    store.tag("both", &both);
    let alone = store.document(OCI_INDEX, json!({"manifests": [arm]}));
    store.tag("alone", &alone);
    let odd = store.serve().await;
    let reference = format!("{}/app:both", odd.address);
    for (platform, size) in [
        (None, 1_000),
        (Some("linux/amd64"), 1_000),
        (Some("linux/arm64"), 2_000),
    ] {
        let mut arguments = vec!["inspect", reference.as_str()];
        if let Some(platform) = platform {
            arguments.extend(["--platform", platform]);
        }
        let report = json(&arguments).await;
        assert_eq!(report["bytes"]["stored"], size, "{platform:?}");
        assert_eq!(
            report["index"]["platforms"],
            json!(["linux/arm64", "linux/amd64"])
        );
    }
    // As the same image is without an index.
    let reference = format!("{}/app:alone", odd.address);
    let output = run(&["inspect", &reference, "--platform", "linux/amd64"]).await;
    assert_eq!(output.status.code(), Some(2));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        errors.contains("has no image for linux/amd64; it has linux/arm64"),
        "{errors}"
    );
}

/// As `soci convert` writes them: of the platform of the image that they are about. Here they come first.
#[tokio::test]
async fn artifacts_of_an_index_are_not_taken_for_images() {
    const SOCI: &str = "application/vnd.amazon.soci.index.v2+json";
    let mut store = Store::new(Algorithm::Sha256);
    let config = store.put(SOCI, b"{}");
    let tables = json!({"artifactType": SOCI, "config": config, "layers": []});
    let mut tables = store.document(OCI_MANIFEST, tables);
    tables["artifactType"] = SOCI.into();
    tables["platform"] = json!({"os": "linux", "architecture": "amd64"});
    let amd = store.image(1_000, "amd64");
    let both = store.document(OCI_INDEX, json!({"manifests": [tables, amd]}));
    store.tag("1", &both);
    let alone = store.document(OCI_INDEX, json!({"manifests": [tables]}));
    store.tag("alone", &alone);
    let odd = store.serve().await;
    let report = json(&["inspect", &format!("{}/app:1", odd.address)]).await;
    assert_eq!(report["bytes"]["stored"], 1_000);
    assert_eq!(report["index"]["platforms"], json!(["linux/amd64"]));
    // Where there is nothing else, it is told what that is.
    let report = json(&["inspect", &format!("{}/app:alone", odd.address)]).await;
    assert_eq!(report["artifact"]["artifactType"], SOCI);
}

/// BuildKit, attestation storage: platform unknown/unknown and annotations that name the image.
#[tokio::test]
async fn attestations_stand_beside_the_platforms() {
    let registry = Registry::start();
    let image = |platform: &str, content| {
        Image::new()
            .platform(platform)
            .layer(layer("COPY app /app").file("/app", bytes(content)))
            .pack()
    };
    let (amd, arm) = (image("linux/amd64", 1_000), image("linux/arm64", 2_000));
    let all = [
        amd.clone(),
        attestation(&amd),
        arm.clone(),
        attestation(&arm),
    ];
    let reference = registry.push_index("app:1", &index(amd.family, &all), &all);
    let report = json(&["inspect", &reference, "--platform", "linux/arm64"]).await;
    assert_eq!(
        report["index"]["platforms"],
        json!(["linux/amd64", "linux/arm64"])
    );
    let attestations = report["index"]["attestations"].as_array().unwrap();
    assert_eq!(attestations.len(), 1);
    assert_eq!(attestations[0]["digest"], all[3].manifest.digest.as_str());
    assert!(is_of_schema(
        &report,
        include_str!("../../../schemas/inspect.json")
    ));
    let text = String::from_utf8(run(&["inspect", &reference]).await.stdout).unwrap();
    assert!(text.contains("linux/amd64 linux/arm64"), "{text}");
    assert!(text.contains(&all[1].manifest.digest), "{text}");
    // A single image has none.
    let single = registry.push("single:1", &amd);
    assert_eq!(json(&["inspect", &single]).await["index"], Value::Null);
}

#[tokio::test]
async fn an_artifact_is_told_as_what_it_is() {
    const CHART: &str = "application/vnd.cncf.helm.config.v1+json";
    const SBOM: &str = "application/spdx+json";
    let mut store = Store::new(Algorithm::Sha256);
    let mut chart = store.put(
        "application/vnd.cncf.helm.chart.content.v1.tar+gzip",
        b"chart",
    );
    chart["annotations"] = json!({"org.opencontainers.image.title": "app-1.0\u{1b}[2J.tgz"});
    let config = store.put(CHART, b"{\"name\":\"app\"}");
    let helm = json!({
        "config": config,
        "layers": [chart],
        "annotations": {"org.opencontainers.image.description": "A chart"},
    });
    let helm = store.document(OCI_MANIFEST, helm);
    store.tag("chart", &helm);
    let image = store.image(1_000, "amd64");
    let empty = store.put(OCI_EMPTY, b"{}");
    let sbom = json!({
        "artifactType": SBOM,
        "config": empty,
        "layers": [empty],
        "subject": image,
    });
    let sbom = store.document(OCI_MANIFEST, sbom);
    store.tag("sbom", &sbom);
    let odd = store.serve().await;

    let reference = format!("{}/app:chart", odd.address);
    let report = json(&["inspect", &reference]).await;
    let artifact = &report["artifact"];
    assert_eq!(artifact["artifactType"], CHART);
    assert_eq!(artifact["digest"], helm["digest"]);
    assert_eq!(artifact["files"][0]["size"], 5);
    assert_eq!(
        artifact["annotations"]["org.opencontainers.image.description"],
        "A chart"
    );
    assert!(is_of_schema(
        &report,
        include_str!("../../../schemas/artifact.json")
    ));
    assert!(!is_of_schema(
        &report,
        include_str!("../../../schemas/inspect.json")
    ));
    let text = String::from_utf8(run(&["inspect", &reference]).await.stdout).unwrap();
    assert!(
        text.contains(CHART) && text.contains("app-1.0\\x1b[2J.tgz"),
        "{text}"
    );

    let sbom = format!("{}/app:sbom", odd.address);
    let report = json(&["inspect", &sbom]).await;
    assert_eq!(report["artifact"]["artifactType"], SBOM);
    assert_eq!(report["artifact"]["subject"], image["digest"]);

    // Nothing else can be done with it, and says why.
    for command in [
        &["ls", &reference][..],
        &["cat", &reference, "/app"],
        &["audit", &reference, "--no-rules"],
    ] {
        let output = run(command).await;
        assert_eq!(output.status.code(), Some(2), "{command:?}");
        let errors = String::from_utf8(output.stderr).unwrap();
        assert!(
            errors.contains(CHART) && errors.contains("not an image") && errors.contains("app-1.0"),
            "{errors}"
        );
        assert!(!errors.contains('\u{1b}'), "{errors}");
    }
}

/// Docker's schema 1 (distribution, manifest-v2-1.md), which was signed JSON.
#[tokio::test]
async fn schema_1_is_refused_by_name() {
    for kind in [
        "application/vnd.docker.distribution.manifest.v1+prettyjws",
        "application/vnd.docker.distribution.manifest.v1+json",
        "application/json",
    ] {
        let odd = Odd::new(move |_, _| {
            let document = r#"{"schemaVersion":1,"name":"app","tag":"1","architecture":"amd64","fsLayers":[{"blobSum":"sha256:0"}],"history":[]}"#;
            ok(kind, document)
        })
        .await;
        let output = run(&["inspect", &format!("{}/app:1", odd.address)]).await;
        assert_eq!(output.status.code(), Some(2));
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(
            errors.contains("schema 1") && errors.contains("push"),
            "{errors}"
        );
    }
}
