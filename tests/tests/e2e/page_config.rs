//! The configuration view in a real browser: the build history as a Dockerfile, and the documents of saved images.

use std::fs;

use onionskin_fixtures::write::{Generation, docker_archive};
use onionskin_fixtures::{Family, Image, Layer, Packed, attestation, bytes, index, layer};
use onionskin_tests::files::{at_start, choose, whole};
use onionskin_tests::{Browser, Ground, Served};
use serde_json::{Value, json};
use tempfile::TempDir;

#[tokio::test]
async fn the_history_is_a_dockerfile_whose_lines_lead_to_their_layers() {
    let served = Served::start(&[]);
    let browser = Browser::start().await;
    browser
        .goto(&served.page("/image/demo/webapp:1.0?view=config"))
        .await;
    browser
        .until_text(
            ".dockerfile .step[data-layer='9'] .instruction",
            "RUN npm ci",
        )
        .await;
    let text = browser.texts(".dockerfile .instruction").await.join("\n");
    for noise in ["/bin/sh -c", "#(nop)", "# buildkit"] {
        assert!(!text.contains(noise), "{noise} in {text}");
    }
    assert!(text.contains("# bazel build //web:assets.tar"), "{text}");
    // What each line costs is what its layer has.
    let _: bool = browser
        .until("document.querySelector('.step[data-layer=\"9\"] .number .size').textContent.endsWith('MB')")
        .await;
    let wasted: Vec<String> = browser.texts(".step[data-layer='9'] .number").await;
    assert_eq!(wasted.len(), 3);
    browser.click(".history-head button").await;
    browser
        .until_text(".history-head [role=status]", "Copied")
        .await;
    browser.click(".step[data-layer='9'] .where a").await;
    let _: bool = browser
        .until("location.hash.includes('view=changes') && location.hash.includes('layer=9')")
        .await;
}

const DOCKERFILE: &str = "FROM golang AS tools
RUN make tools

FROM debian:12
ENV KEY=1
# <b>What</b> the server needs.
RUN --mount=type=cache,target=/var/cache/apt \\
    apt-get update && \\
    apt-get install -y curl
COPY --chown=1000 . /app
RUN echo never built
CMD [\"/app/server\"]
";

#[tokio::test]
async fn the_visitors_own_dockerfile_is_shown_with_the_costs_of_its_lines() {
    let image = Image::new()
        .layer(layer("# debian.sh out/").file("/etc/debian", bytes(500)))
        .layer(
            layer("RUN /bin/sh -c apt-get update &&     apt-get install -y curl # buildkit")
                .file("/usr/bin/curl", bytes(40_000)),
        )
        .layer(layer("RUN /bin/sh -c of another file # buildkit").file("/other", bytes(7_000)))
        .layer(layer("COPY . /app # buildkit").file("/app/testdata", bytes(30_000)))
        .pack();
    let (_registry, served, reference) = Served::in_front_of(&image);
    let ground = Ground::default();
    ground.write("Dockerfile.release", DOCKERFILE);
    ground.write("Dockerfile.broken", "FROM");
    let browser = Browser::start().await;
    browser
        .goto(&served.page(&format!("/image/{reference}?view=waste")))
        .await;
    let _: bool = browser
        .until("!!document.querySelector('.band') && !document.querySelector('.band.partial')")
        .await;
    // Wherever it is dropped, it is no image.
    browser
        .drop_on_page(&ground.path().join("Dockerfile.release"))
        .await;
    browser
        .until_text(".dockerfile.own", "apt-get update")
        .await;
    let _: bool = browser.until("location.hash.includes('view=config')").await;
    let rows = "[...document.querySelectorAll('.dockerfile.own .step:not(.head)')].map(row =>
        `${row.dataset.layer ?? ''}|${row.querySelector('.instruction').textContent.split('\\n')[0]}|${row.querySelector('.number')?.textContent ?? ''}`)";
    let told: Vec<String> = browser.value(rows).await;
    assert_eq!(
        told,
        [
            "|FROM golang AS tools|",
            "|RUN make tools|",
            "1|FROM debian:12|500 B",
            "|ENV KEY=1not in the build history|",
            "|# <b>What</b> the server needs.|",
            "2|RUN --mount=type=cache,target=/var/cache/apt \\|40.0 kB",
            "4|COPY --chown=1000 . /app|30.0 kB",
            "|RUN echo never builtnot in the build history|",
            "|CMD [\"/app/server\"]not in the build history|",
        ]
    );
    // What no line made is not left out.
    let missing = browser
        .texts("[aria-label='Layers without a line'] .instruction")
        .await;
    assert_eq!(missing, ["RUN of another file"]);
    for theme in ["light", "dark"] {
        browser.emulate("prefers-color-scheme", theme).await;
        assert_eq!(browser.accessibility().await, [] as [String; 0], "{theme}");
    }
    browser.look("own-dockerfile").await;
    browser
        .click(".dockerfile.own .step[data-layer='4'] .where a")
        .await;
    let _: bool = browser
        .until("location.hash.includes('view=changes') && location.hash.includes('layer=4')")
        .await;
    browser.back().await;
    browser
        .until_text(".dockerfile.own", "apt-get update")
        .await;
    // Another one, which is none; then none.
    let broken = ground.path().join("Dockerfile.broken");
    browser
        .fill(".history-head input", broken.to_str().unwrap())
        .await;
    browser
        .until_text(".remark[role=alert]", "This file is not a Dockerfile")
        .await;
    browser.click(".history-head button").await;
    browser
        .until_text(".history-head", "Reconstructed from the build history")
        .await;
}

/// An OCI layout of this image, in an index beside an attestation.
fn with_attestation(image: &Packed) -> (Vec<u8>, Packed) {
    let proof = attestation(image);
    let top = index(Family::Oci, &[image.clone(), proof.clone()]);
    let listed = json!({"schemaVersion": 2, "manifests": [
        {"mediaType": top.media_type, "digest": top.digest, "size": top.bytes.len()}
    ]});
    let tar = Layer::new()
        .file("oci-layout", r#"{"imageLayoutVersion":"1.0.0"}"#)
        .file("index.json", listed.to_string());
    let blobs = [image, &proof]
        .into_iter()
        .flat_map(|packed| std::iter::once(&packed.manifest).chain(packed.blobs()));
    let tar = blobs.chain([&top]).fold(tar, |tar, blob| {
        let place = format!("blobs/{}", blob.digest.replace(':', "/"));
        tar.file(place, blob.bytes.clone())
    });
    (tar.tar(), proof)
}

#[tokio::test]
async fn documents_of_a_saved_image_are_shown_as_they_are_and_not_where_they_are_others() {
    let image = Image::new()
        .layer(layer("COPY a /a").file("/a", bytes(900)))
        .pack();
    let manifest = &image.manifest;
    let saved = docker_archive(Generation::Blobs, &[("app:1", &image)]);
    let mut forged = saved.clone();
    let length = manifest.bytes.len();
    let at = saved
        .windows(length)
        .position(|part| part == manifest.bytes);
    forged[at.unwrap() + length - 1] = b' ';
    let folder = TempDir::new().unwrap();
    let [whole_file, forged_file] =
        [("app.tar", &saved), ("forged.tar", &forged)].map(|(name, bytes)| {
            let file = folder.path().join(name);
            fs::write(&file, bytes).unwrap();
            file
        });

    let (served, browser) = at_start().await;
    choose(&browser, &whole_file).await;
    whole(&browser, "app.tar").await;
    browser.click("#tab-config").await;
    browser.until_text(".documents", "Configuration").await;
    let names = browser.texts(".documents a").await;
    assert_eq!(
        names,
        ["index.json", "manifest.json", "Manifest", "Configuration"]
    );
    // From what no digest names to what one does.
    browser.click(".documents a").await;
    browser
        .until_text(".content-head", "no digest names it")
        .await;
    browser.until_text(".code", &manifest.digest).await;
    assert_eq!(browser.accessibility().await, [] as [String; 0]);
    browser.download_to(folder.path()).await;
    browser.click(".content-head a.button").await;
    let index = folder.path().join("index.json");
    browser.downloaded(&index).await;
    let index: Value = serde_json::from_slice(&fs::read(&index).unwrap()).unwrap();
    assert_eq!(index["manifests"][0]["digest"], manifest.digest.as_str());
    browser.click(".document-parts a").await;
    browser
        .until_text(".document-digest", &manifest.digest)
        .await;
    browser.until_text(".content-head", "digest verified").await;
    browser.until_text(".code", &image.config.digest).await;

    // A layout with an index has that, and what it holds on how the image was built.
    let (saved, proof) = with_attestation(&image);
    let file = folder.path().join("layout.tar");
    fs::write(&file, saved).unwrap();
    choose(&browser, &file).await;
    whole(&browser, "layout.tar").await;
    browser.click("#tab-config").await;
    browser.until_text(".documents", "Index").await;
    browser.click(".documents ~ .things a").await;
    browser
        .until_text(".document-digest", &proof.manifest.digest)
        .await;
    browser.until_text(".content-head", "digest verified").await;

    // Other bytes under the digest are not shown.
    browser.goto(&served.page("/")).await;
    choose(&browser, &forged_file).await;
    whole(&browser, "forged.tar").await;
    let place = format!(
        "/file/forged.tar?view=document&document={}",
        manifest.digest
    );
    browser.goto(&served.page(&place)).await;
    browser.until_text(".problem", &manifest.digest).await;
    let given: usize = browser
        .value("document.querySelectorAll('.code, .content-head a, .verified').length")
        .await;
    assert_eq!(given, 0);
}
