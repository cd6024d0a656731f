//! The registry client against a real registry, with images that real tools pushed.

use std::process::Command;

use futures::TryStreamExt as _;
use onionskin_core::manifest::media_type;
use onionskin_core::platform::Platform;
use onionskin_core::reference::Reference;
use onionskin_core::source::registry::{Client, ClientOptions, Method, http_client};
use onionskin_core::source::{BlobStream, Credentials, Image, SourceError, Unreachable};
use onionskin_fixtures::{self as fixtures, Family, Packed, bytes, layer};
use onionskin_tests::{PASSWORD, Registry, USER};

fn client(options: ClientOptions) -> Client {
    Client::new(http_client().build().unwrap(), options)
}

fn parse(reference: &str) -> Reference {
    reference.parse().unwrap()
}

async fn open(reference: &str, platform: Option<&str>) -> Result<Image, SourceError> {
    let platform: Option<Platform> = platform.map(|text| text.parse().unwrap());
    let remote = client(ClientOptions::default()).open(&parse(reference))?;
    remote.image(platform.as_ref()).await
}

async fn all(stream: BlobStream) -> Result<Vec<u8>, SourceError> {
    let chunks: Vec<_> = stream.try_collect().await?;
    Ok(chunks.concat())
}

fn app() -> fixtures::Image {
    fixtures::Image::new()
        .layer(
            layer("RUN make")
                .dir("/app")
                .file("/app/core.o", bytes(300_000)),
        )
        .step("ENV A=b")
        .layer(layer("COPY . /app").file("/app/run", bytes(10)))
        .env("A=b")
}

fn platform(platform: &str) -> Packed {
    app().platform(platform).pack()
}

#[tokio::test]
async fn images_of_both_families_come_as_they_were_pushed() {
    let registry = Registry::start();
    for (packed, manifest_type) in [
        (app().pack(), media_type::OCI_MANIFEST),
        (app().docker().pack(), media_type::DOCKER_MANIFEST),
    ] {
        let reference = registry.push("team/app:1", &packed);
        let image = open(&reference, None).await.unwrap();
        assert_eq!(image.reference, reference);
        assert_eq!(
            image.digest.as_ref().unwrap().to_string(),
            packed.manifest.digest
        );
        assert_eq!(image.media_type.as_deref(), Some(manifest_type));
        assert_eq!(image.config_digest.to_string(), packed.config.digest);
        assert_eq!(image.raw_config.as_bytes(), packed.config.bytes);
        assert_eq!(image.config.env, ["A=b"]);
        assert_eq!(image.remarks, Vec::<String>::new());
        assert_eq!(image.layers.len(), 2);
        assert_eq!(image.layers[1].created_by.as_deref(), Some("COPY . /app"));
        let remote = client(ClientOptions::default())
            .open(&parse(&reference))
            .unwrap();
        for ((layer, blob), diff_id) in image
            .layers
            .iter()
            .zip(&packed.layers)
            .zip(&packed.diff_ids)
        {
            assert_eq!(layer.compressed_size, Some(blob.bytes.len() as u64));
            assert_eq!(&layer.diff_id.as_ref().unwrap().to_string(), diff_id);
            let stream = remote.layer(layer).await.unwrap();
            let got = all(stream.verified(layer.digest.clone().unwrap()))
                .await
                .unwrap();
            assert_eq!(got, blob.bytes);
        }
        let pinned = format!("{reference}@{}", packed.manifest.digest);
        assert_eq!(open(&pinned, None).await.unwrap().digest, image.digest);
    }
}

#[tokio::test]
async fn an_image_that_umoci_made_is_read() {
    let registry = Registry::start();
    let folder = tempfile::tempdir().unwrap();
    let layout = folder.path().join("layout");
    let image = format!("{}:it", layout.display());
    std::fs::write(folder.path().join("hello"), "hello").unwrap();
    let umoci = |arguments: &[&str]| {
        let status = Command::new("umoci").args(arguments).status();
        assert!(
            status.expect("umoci is installed").success(),
            "umoci {arguments:?}"
        );
    };
    umoci(&["init", "--layout", layout.to_str().unwrap()]);
    umoci(&["new", "--image", &image]);
    let hello = folder.path().join("hello");
    umoci(&[
        "insert",
        "--rootless",
        "--image",
        &image,
        hello.to_str().unwrap(),
        "/hello",
    ]);
    umoci(&[
        "config",
        "--image",
        &image,
        "--config.user",
        "1000",
        "--config.cmd",
        "/hello",
    ]);
    let reference = registry.push_layout(&layout, "it", "umoci:1");
    let opened = open(&reference, None).await.unwrap();
    assert_eq!(opened.layers.len(), 1);
    assert_eq!(opened.config.user.as_deref(), Some("1000"));
    assert_eq!(opened.config.cmd, Some(vec!["/hello".to_owned()]));
    assert!(opened.layers[0].diff_id.is_some());
}

#[tokio::test]
async fn an_index_gives_the_platform_that_is_asked_for() {
    let registry = Registry::start();
    let images = [
        platform("linux/arm64"),
        platform("linux/amd64"),
        fixtures::attestation(&platform("linux/amd64")),
    ];
    let index = fixtures::index(Family::Oci, &images);
    let reference = registry.push_index("multi:1", &index, &images);

    let chosen = open(&reference, None).await.unwrap();
    assert_eq!(
        chosen.digest.unwrap().to_string(),
        images[1].manifest.digest
    );
    assert_eq!(chosen.index_digest.unwrap().to_string(), index.digest);
    let platforms: Vec<_> = chosen.platforms.iter().map(Platform::to_string).collect();
    assert_eq!(platforms, ["linux/arm64", "linux/amd64"]);
    assert_eq!(chosen.platform.unwrap().to_string(), "linux/amd64");

    let arm = open(&reference, Some("linux/arm64/v8")).await.unwrap();
    assert_eq!(arm.digest.unwrap().to_string(), images[0].manifest.digest);
    let error = open(&reference, Some("linux/s390x")).await.unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("has no image for linux/s390x; it has linux/arm64, linux/amd64"),
        "{error}"
    );

    let attestation = format!(
        "{}@{}",
        reference.trim_end_matches(":1"),
        images[2].manifest.digest
    );
    let error = open(&attestation, None).await.unwrap_err();
    assert!(
        error
            .to_string()
            .contains("artifact of type application/vnd.in-toto+json"),
        "{error}"
    );

    let only = registry.push("single:1", &platform("linux/arm64"));
    assert_eq!(
        open(&only, None)
            .await
            .unwrap()
            .platform
            .unwrap()
            .to_string(),
        "linux/arm64"
    );
    assert!(matches!(
        open(&only, Some("linux/amd64")).await,
        Err(SourceError::NoPlatform { .. })
    ));
}

#[tokio::test]
async fn what_is_not_there_is_told_apart_from_what_is_not_reached() {
    let registry = Registry::start();
    let reference = registry.push("app:1", &app().pack());
    let missing = open(&format!("{}/app:2", registry.address()), None).await;
    let error = missing.unwrap_err();
    assert!(matches!(error, SourceError::NotFound { .. }), "{error:?}");
    assert!(
        error
            .to_string()
            .contains("app:2 was not found in 127.0.0.1:"),
        "{error}"
    );
    let error = open(&format!("{}/nobody/here", registry.address()), None)
        .await
        .unwrap_err();
    assert!(matches!(error, SourceError::NotFound { .. }), "{error:?}");

    drop(registry);
    let error = open(&reference, None).await.unwrap_err();
    assert!(
        matches!(
            error,
            SourceError::Unreachable {
                problem: Unreachable::Refused,
                ..
            }
        ),
        "{error:?}"
    );
    let error = open("registry.invalid/app", None).await.unwrap_err();
    assert!(
        matches!(
            error,
            SourceError::Unreachable {
                problem: Unreachable::Name,
                ..
            }
        ),
        "{error:?}"
    );
}

#[tokio::test]
async fn plain_http_where_https_was_meant_is_a_secure_connection_that_fails() {
    let registry = Registry::start();
    // A name that is no loopback host to us, but leads there.
    let port = registry.address().rsplit(':').next().unwrap();
    let reference = parse(&format!("registry.test:{port}/app"));
    let http = http_client().resolve("registry.test", registry.address().parse().unwrap());
    let http = http.build().unwrap();
    let remote = Client::new(http.clone(), ClientOptions::default())
        .open(&reference)
        .unwrap();
    let error = remote.image(None).await.unwrap_err();
    assert!(
        matches!(
            error,
            SourceError::Unreachable {
                problem: Unreachable::NotTls,
                ..
            }
        ),
        "{error:?}"
    );
    let options = ClientOptions {
        plain_http: [reference.domain().to_owned()].into(),
        ..ClientOptions::default()
    };
    let error = Client::new(http, options)
        .open(&reference)
        .unwrap()
        .image(None)
        .await
        .unwrap_err();
    assert!(matches!(error, SourceError::NotFound { .. }), "{error:?}");
}

#[tokio::test]
async fn a_password_lets_in_and_a_wrong_one_does_not() {
    let registry = Registry::with_password();
    let reference = registry.push("app:1", &app().pack());
    let with = |password: Option<&str>| {
        let credentials = password.map(|password| {
            let credentials = Credentials::Password {
                user: USER.to_owned(),
                password: password.to_owned(),
            };
            (registry.address().to_owned(), credentials)
        });
        let options = ClientOptions {
            credentials: credentials.into_iter().collect(),
            ..ClientOptions::default()
        };
        client(options).open(&parse(&reference)).unwrap()
    };
    let remote = with(Some(PASSWORD));
    let image = remote.image(None).await.unwrap();
    assert_eq!(
        all(remote.layer(&image.layers[0]).await.unwrap())
            .await
            .unwrap()
            .len() as u64,
        image.layers[0].compressed_size.unwrap()
    );
    let error = with(Some("wrong")).image(None).await.unwrap_err();
    assert!(
        matches!(
            error,
            SourceError::NoAccess {
                credentials: true,
                ..
            }
        ),
        "{error:?}"
    );
    assert!(!format!("{error} {error:?}").contains("wrong"), "{error:?}");
    let error = with(None).image(None).await.unwrap_err();
    assert!(
        matches!(
            error,
            SourceError::NoAccess {
                credentials: false,
                ..
            }
        ),
        "{error:?}"
    );
    assert!(error.to_string().contains("needs a log-in"), "{error}");
}

#[tokio::test]
async fn all_tags_are_listed() {
    let registry = Registry::start();
    let packed = app().pack();
    for tag in ["a", "b", "c"] {
        registry.push(&format!("app:{tag}"), &packed);
    }
    let reference = parse(&format!("{}/app", registry.address()));
    let remote = client(ClientOptions::default()).open(&reference).unwrap();
    let mut page = remote.tags(None).await.unwrap();
    page.tags.sort();
    assert_eq!(page.tags, ["a", "b", "c"]);
    assert_eq!(page.next, None);
}

#[tokio::test]
async fn part_of_a_blob_can_be_had() {
    let registry = Registry::start();
    let packed = app().pack();
    let reference = registry.push("app:1", &packed);
    let remote = client(ClientOptions::default())
        .open(&parse(&reference))
        .unwrap();
    let digest = packed.layers[0].digest.parse().unwrap();
    let part = remote
        .blob_response(Method::GET, &digest, Some("bytes=10-19"))
        .await
        .unwrap();
    assert_eq!(part.status(), 206);
    assert_eq!(part.bytes().await.unwrap(), packed.layers[0].bytes[10..20]);
    let head = remote
        .blob_response(Method::HEAD, &digest, None)
        .await
        .unwrap();
    assert_eq!(head.status(), 200);
    let size = packed.layers[0].bytes.len().to_string();
    assert_eq!(head.headers()["content-length"], size.as_str());
}
