//! `onionskin serve IMAGE…`: saved images as repositories, pulled by skopeo and opened by the command itself.

use std::fs;
use std::process::Stdio;

use onionskin_core::digest::Digest;
use onionskin_fixtures::write::{Generation, docker_archive, oci_archive, oci_layout};
use onionskin_fixtures::{Image, Packed, bytes, layer};
use onionskin_tests::binary::onionskin;
use reqwest::Client;
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

fn app() -> Packed {
    Image::new()
        .layer(layer("COPY one").file("/app/run", bytes(300_000)))
        .layer(
            layer("COPY two")
                .file("/app/data", bytes(5_000))
                .whiteout("/app/run"),
        )
        .pack()
}

/// A server with these images; `127.0.0.1:PORT`, and what it says on the lines after its address.
async fn served(images: &[&str]) -> (Child, String, Vec<String>) {
    let mut server = Command::new(onionskin())
        .args(["serve", "--listen", "127.0.0.1:0"])
        .args(images)
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut says = BufReader::new(server.stdout.take().unwrap()).lines();
    let first = says.next_line().await.unwrap().expect("the server started");
    let address = first.split('/').nth(2).unwrap().to_owned();
    let mut rest = Vec::new();
    for _ in images {
        rest.push(says.next_line().await.unwrap().unwrap());
    }
    (server, address, rest)
}

async fn printed(arguments: &[&str]) -> Vec<u8> {
    let output = Command::new(onionskin())
        .args(arguments)
        .output()
        .await
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {errors}");
    output.stdout
}

/// Pulls an image with skopeo, all its platforms, into a folder of the form `dir:`.
async fn pull(reference: &str, into: &TempDir) -> Value {
    let folder = into.path().join("pulled");
    let _ = fs::remove_dir_all(&folder);
    let output = Command::new("skopeo")
        .args([
            "copy",
            "--quiet",
            "--all",
            "--preserve-digests",
            "--src-tls-verify=false",
        ])
        .arg(format!("docker://{reference}"))
        .arg(format!("dir:{}", folder.display()))
        .output()
        .await
        .expect("skopeo is installed");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{reference}: {errors}");
    serde_json::from_slice(&fs::read(folder.join("manifest.json")).unwrap()).unwrap()
}

/// The names under which [`every_form`] is served.
const NAMES: [&str; 5] = [
    "saved/app:0",
    "saved/app:1",
    "saved/app:2",
    "saved/quay.io/team/app:3",
    "saved/my-layout:4",
];

/// The image in every form in which images are saved.
fn every_form(packed: &Packed, folder: &TempDir) -> Vec<String> {
    let at = |name: &str| folder.path().join(name).display().to_string();
    let mut images = Vec::new();
    for (number, generation) in [Generation::Folders, Generation::Skopeo, Generation::Blobs]
        .into_iter()
        .enumerate()
    {
        let file = at(&format!("{number}.tar"));
        fs::write(
            &file,
            docker_archive(generation, &[(&format!("app:{number}"), packed)]),
        )
        .unwrap();
        images.push(file);
    }
    fs::write(
        at("oci.tar"),
        oci_archive(&[("quay.io/team/app:3", packed)]),
    )
    .unwrap();
    images.push(at("oci.tar"));
    oci_layout(folder.path().join("my-layout").as_path(), &[("4", packed)]).unwrap();
    images.push(format!("oci:{}", at("my-layout")));
    images
}

#[tokio::test]
async fn every_form_can_be_pulled_and_is_the_same_image() {
    let folder = TempDir::new().unwrap();
    let packed = app();
    let images = every_form(&packed, &folder);
    let images: Vec<&str> = images.iter().map(String::as_str).collect();
    let (_server, address, says) = served(&images).await;
    let listed = printed(&["ls", images[0], "--format", "json"]).await;
    for ((name, image), line) in NAMES.iter().zip(&images).zip(says) {
        assert!(line.contains(&format!("#/image/{name}")), "{line}");
        let reference = format!("{address}/{name}");
        assert_pulled(&reference, &packed, &folder).await;
        let same = printed(&["ls", &reference, "--format", "json"]).await;
        assert!(same == listed, "{name}");
        assert!(
            printed(&["ls", image, "--format", "json"]).await == listed,
            "{image}"
        );
        let content = printed(&["cat", &reference, "/app/data"]).await;
        assert!(content == bytes(5_000), "{name}");
    }
    // What has a digest of its own keeps it.
    let manifest = pull(
        &format!("{address}/saved/app@{}", packed.manifest.digest),
        &folder,
    )
    .await;
    assert_eq!(manifest["config"]["digest"], packed.config.digest.as_str());
    assert_blobs_are_where_they_belong(&address, &packed).await;
}

/// skopeo gets the image's configuration and its layers, packed or as they are.
async fn assert_pulled(reference: &str, packed: &Packed, folder: &TempDir) {
    let manifest = pull(reference, folder).await;
    assert_eq!(
        manifest["config"]["digest"],
        packed.config.digest.as_str(),
        "{reference}"
    );
    let layers = manifest["layers"].as_array().unwrap();
    assert_eq!(layers.len(), 2);
    for (layer, diff_id) in layers.iter().zip(&packed.diff_ids) {
        let plain = layer["mediaType"] == "application/vnd.oci.image.layer.v1.tar";
        assert_eq!(layer["digest"] == diff_id.as_str(), plain, "{reference}");
    }
}

/// The status of an answer, and its body.
async fn get(client: &Client, url: &str, range: &str) -> (u16, Vec<u8>) {
    let response = client.get(url).header("range", range).send();
    let response = response.await.unwrap();
    let status = response.status().as_u16();
    (status, response.bytes().await.unwrap().to_vec())
}

/// The catalog lists what is served; blobs come whole, in part or with their length only, and from no other repository.
async fn assert_blobs_are_where_they_belong(address: &str, packed: &Packed) {
    let client = client();
    let v2 = format!("http://{address}/v2");
    let (_, catalog) = get(&client, &format!("{v2}/_catalog"), "").await;
    let catalog = String::from_utf8_lossy(&catalog).into_owned();
    assert!(
        catalog.contains(r#""demo/webapp","saved/app","saved/my-layout""#),
        "{catalog}"
    );
    let blob = format!("{v2}/saved/app/blobs/{}", packed.diff_ids[0]);
    let (status, part) = get(&client, &blob, "bytes=512-1023").await;
    assert_eq!((status, &part[..]), (206, &packed.tars[0][512..1024]));
    let (status, whole) = get(&client, &blob, "").await;
    assert_eq!((status, &whole[..]), (200, &packed.tars[0][..]));
    let head = client.head(&blob).send().await.unwrap();
    let length = packed.tars[0].len().to_string();
    assert_eq!(head.headers()["content-length"], length.as_str());
    for path in [
        format!("saved/my-layout/blobs/{}", packed.diff_ids[0]),
        format!("saved/app/blobs/{}", Digest::sha256(b"none")),
        format!("saved/app/manifests/{}", packed.config.digest),
        "saved/app/manifests/9".to_owned(),
        "saved/none/manifests/1".to_owned(),
    ] {
        let url = format!("{v2}/{path}");
        assert_eq!(get(&client, &url, "").await.0, 404, "{path}");
    }
}

/// A client that needs no certificates.
fn client() -> Client {
    Client::builder().tls_certs_only([]).build().unwrap()
}

#[tokio::test]
async fn all_platforms_of_a_layout_are_served() {
    let folder = TempDir::new().unwrap();
    let amd = app();
    let arm = Image::new()
        .platform("linux/arm64")
        .layer(layer("x").file("/arm", "arm"))
        .pack();
    let layout = folder.path().join("multi");
    oci_layout(&layout, &[("app:1", &amd), ("app:1", &arm)]).unwrap();
    let (_server, address, _) = served(&[&format!("oci:{}", layout.display())]).await;
    let reference = format!("{address}/saved/app:1");
    let index = pull(&reference, &folder).await;
    assert_eq!(index["manifests"].as_array().unwrap().len(), 2);
    let content = printed(&["cat", &reference, "/arm", "--platform", "linux/arm64"]).await;
    assert_eq!(content, b"arm");
}

/// A folder of skopeo's `dir:` has no name for its image; it is served under that of the folder.
#[tokio::test]
async fn a_folder_that_skopeo_wrote_is_served() {
    let folder = TempDir::new().unwrap();
    let packed = app();
    let layout = folder.path().join("layout");
    oci_layout(&layout, &[("app:1", &packed)]).unwrap();
    let copied = folder.path().join("copied");
    let status = Command::new("skopeo")
        .args(["copy", "--quiet"])
        .arg(format!("oci:{}:app:1", layout.display()))
        .arg(format!("dir:{}", copied.display()))
        .status()
        .await;
    assert!(status.expect("skopeo is installed").success());
    let (_server, address, _) = served(&[&format!("dir:{}", copied.display())]).await;
    let reference = format!("{address}/saved/copied:latest");
    let manifest = pull(&reference, &folder).await;
    assert_eq!(manifest["config"]["digest"], packed.config.digest.as_str());
    let content = printed(&["cat", &reference, "/app/data"]).await;
    assert!(content == bytes(5_000));
}

#[tokio::test]
async fn what_cannot_be_served_is_told_before_anything_listens() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("a.tar").display().to_string();
    fs::write(
        &file,
        docker_archive(Generation::Skopeo, &[("app:1", &app())]),
    )
    .unwrap();
    let no_image = folder.path().join("b.tar").display().to_string();
    fs::write(&no_image, bytes(5000)).unwrap();
    for (images, says) in [
        (
            &[file.as_str(), file.as_str()][..],
            "two of the images are called saved/app:1",
        ),
        (&["nginx:1"], "nginx:1 is not a saved image"),
        (&[no_image.as_str()], "b.tar: not a tar"),
        (&["./no/such.tar"], "there is no file"),
    ] {
        let output = Command::new(onionskin())
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(images)
            .output()
            .await
            .unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{errors}");
        assert!(errors.contains(says), "{errors}");
    }
}

#[tokio::test]
async fn a_layout_gives_out_its_blobs_through_links_and_no_other_files() {
    let folder = TempDir::new().unwrap();
    let layout = folder.path().join("layout");
    let packed = app();
    oci_layout(&layout, &[("app:1", &packed)]).unwrap();
    let blobs = layout.join("blobs/sha256");
    let link = |target: &std::path::Path, hex: &str| {
        let _ = fs::remove_file(blobs.join(hex));
        std::os::unix::fs::symlink(target, blobs.join(hex)).unwrap();
    };
    let good = folder.path().join("good");
    fs::write(&good, &packed.layers[0].bytes).unwrap();
    link(&good, packed.layers[0].hex());
    let secret = folder.path().join("secret");
    fs::write(&secret, "secret").unwrap();
    let hex = "0".repeat(64);
    link(&secret, &hex);
    let (_server, address, _) = served(&[&format!("oci:{}", layout.display())]).await;
    pull(&format!("{address}/saved/app:1"), &folder).await;
    let client = client();
    for kind in ["blobs", "manifests"] {
        let url = format!("http://{address}/v2/saved/app/{kind}/sha256:{hex}");
        let response = client.get(url).send().await.unwrap();
        assert!(!response.status().is_success(), "{kind}");
        assert!(!response.text().await.unwrap().contains("secret"), "{kind}");
    }
}

/// Changes the byte at the end of where these bytes stand in a file.
fn damage(file: &mut [u8], content: &[u8]) {
    let end = &content[content.len() - 64..];
    let at = file.windows(64).position(|bytes| bytes == end).unwrap();
    file[at + 63] ^= 1;
}

/// Neither the name of a blob nor what a configuration says of a layer proves anything.
#[tokio::test]
async fn what_is_damaged_is_never_a_whole_answer() {
    let folder = TempDir::new().unwrap();
    let packed = app();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let mut oci = oci_archive(&[("oci:1", &packed)]);
    for layer in &packed.layers {
        damage(&mut oci, &layer.bytes);
    }
    fs::write(at("oci.tar"), oci).unwrap();
    let mut docker = docker_archive(Generation::Skopeo, &[("docker:1", &packed)]);
    damage(&mut docker, &bytes(300_000));
    fs::write(at("docker.tar"), docker).unwrap();
    let (_server, address, _) = served(&[&at("oci.tar"), &at("docker.tar")]).await;
    let client = reqwest::Client::builder()
        .tls_certs_only([])
        .build()
        .unwrap();
    let get = async |name: &str, digest: &str, range: &str| {
        let url = format!("http://{address}/v2/saved/{name}/blobs/{digest}");
        let request = client.get(url).header("range", range);
        request.send().await.unwrap()
    };
    // Of a large one the start is sent before the end is known.
    let large = get("oci", &packed.layers[0].digest, "").await;
    assert_eq!(large.status(), 200);
    assert!(large.bytes().await.is_err());
    let part = get("oci", &packed.layers[0].digest, "bytes=0-99").await;
    assert_eq!(part.status(), 206);
    let caching = part.headers()["cache-control"].to_str().unwrap();
    assert!(caching.contains("no-store"), "{caching}");
    for (name, digest, range) in [
        ("oci", &packed.layers[1].digest, ""),
        ("docker", &packed.diff_ids[0], ""),
        ("docker", &packed.diff_ids[0], "bytes=0-99"),
    ] {
        let refused = get(name, digest, range).await;
        assert_eq!(refused.status(), 500, "{name} {range}");
        let says = refused.text().await.unwrap();
        let told = says.contains("is damaged") && says.contains(digest.as_str());
        assert!(told && !says.contains(".tar"), "{says}");
    }
    // What is sound beside it is served.
    let sound = get("docker", &packed.diff_ids[1], "").await;
    assert_eq!(sound.status(), 200);
    assert_eq!(sound.bytes().await.unwrap(), packed.tars[1]);
}

/// The index of such an archive lists more than it holds; what is served is what is there.
#[tokio::test]
async fn an_archive_of_one_platform_is_served_as_that() {
    use onionskin_fixtures::{Family, Layer, index};

    let folder = TempDir::new().unwrap();
    let built_for = |platform: &str| {
        Image::new()
            .platform(platform)
            .layer(layer("COPY own /own").file("/own", platform))
            .pack()
    };
    let images = [built_for("linux/amd64"), built_for("linux/arm64")];
    let index = index(Family::Oci, &images);
    let listed = serde_json::json!({"schemaVersion": 2, "manifests": [{
        "mediaType": index.media_type,
        "digest": index.digest,
        "size": index.bytes.len(),
        "annotations": {"org.opencontainers.image.ref.name": "1"},
    }]});
    let mut tar = Layer::new()
        .file("oci-layout", r#"{"imageLayoutVersion":"1.0.0"}"#)
        .file("index.json", listed.to_string())
        .file(format!("blobs/sha256/{}", index.hex()), index.bytes.clone());
    for blob in images[1].blobs().chain([&images[1].manifest]) {
        tar = tar.file(format!("blobs/sha256/{}", blob.hex()), blob.bytes.clone());
    }
    let file = folder.path().join("tool.tar");
    fs::write(&file, tar.tar()).unwrap();
    let file = file.to_str().unwrap();
    let read = async |image: &str| -> Value {
        serde_json::from_slice(&printed(&["inspect", image, "--format", "json"]).await).unwrap()
    };
    assert_eq!(read(file).await["image"]["platform"], "linux/arm64");
    let output = Command::new(onionskin())
        .args(["inspect", file, "--platform", "linux/amd64"])
        .output()
        .await
        .unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        errors.contains("without linux/amd64") && errors.contains("it has linux/arm64"),
        "{errors}"
    );
    let (_server, address, _) = served(&[file]).await;
    let report = read(&format!("{address}/saved/tool:1")).await;
    assert_eq!(report["image"]["platform"], "linux/arm64");
    assert_eq!(report["layers"][0]["stored"], 11);
    pull(&format!("{address}/saved/tool:1"), &folder).await;
}
