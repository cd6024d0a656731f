//! What the command says and how it ends, for good images and for everything that can be wrong with one.

mod input;

use std::convert::Infallible;
use std::process::Stdio;

use axum::Router;
use axum::body::Body;
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use onionskin_fixtures::{Blob, Image, Layer, Packed, bytes, layer, seeded};
use onionskin_tests::Registry;
use onionskin_tests::binary::onionskin;
use onionskin_tests::command::{json, printed, run, stopped};
use onionskin_tests::odd::serve;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

/// A registry with one image, whose last layer's blob is sent by `layer`; returns the image's reference.
async fn registry(image: Packed, layer: fn(&Blob) -> Response) -> String {
    let router = Router::new().fallback(move |uri: Uri| {
        let path = uri.path();
        let response = if path.starts_with("/v2/app/manifests/") {
            let kind = [(header::CONTENT_TYPE, image.manifest.media_type.clone())];
            (kind, image.manifest.bytes.clone()).into_response()
        } else {
            match image
                .blobs()
                .enumerate()
                .find(|(_, blob)| path.ends_with(&blob.digest))
            {
                Some((at, blob)) if at == image.layers.len() => layer(blob),
                Some((_, blob)) => blob.bytes.clone().into_response(),
                None => StatusCode::NOT_FOUND.into_response(),
            }
        };
        async { response }
    });
    format!("{}/app:1", serve(router).await)
}

fn whole(blob: &Blob) -> Response {
    blob.bytes.clone().into_response()
}

fn image(layers: impl IntoIterator<Item = Layer>) -> Packed {
    layers.into_iter().fold(Image::new(), Image::layer).pack()
}

/// Two layers, the second one large enough to be cut anywhere.
fn app() -> Packed {
    image([
        layer("COPY app /app")
            .dir("/app")
            .file("/app/bin", bytes(70_000)),
        layer("RUN make && rm /app/bin")
            .file("/app/new", seeded(1, 200_000))
            .whiteout("/app/bin"),
    ])
}

#[tokio::test]
async fn inspect_tells_the_same_in_text_and_json() {
    let registry = Registry::start();
    let reference = registry.push("team/app:1", &app());
    let report = json(&["inspect", &reference]).await;
    assert_eq!(report["schemaVersion"], 1);
    assert_eq!(report["image"]["platform"], "linux/amd64");
    assert_eq!(report["bytes"]["stored"], 270_000);
    assert_eq!(report["bytes"]["wasted"], 70_000);
    assert_eq!(report["bytes"]["causes"]["deleted"], 70_000);
    assert_eq!(report["layers"][1]["createdBy"], "RUN make && rm /app/bin");
    let text = printed(&["inspect", &reference]).await;
    for says in [
        "70.0 kB",
        "25.9 %",
        "2 layers",
        "/app/bin",
        "added in layer 1, deleted in layer 2",
    ] {
        assert!(text.contains(says), "{says}: {text}");
    }
    assert!(!text.contains('\x1b'), "no colours in a pipe: {text}");
}

#[tokio::test]
async fn ls_lists_a_stack_or_a_layer() {
    let reference = registry(app(), whole).await;
    let paths = async |arguments: &[&str]| -> Vec<(String, String)> {
        let lines = json(&[&["ls", &reference], arguments].concat()).await;
        let text = |line: &Value, key: &str| line[key].as_str().unwrap().to_owned();
        let lines = lines.as_array().unwrap().iter();
        lines
            .map(|line| (text(line, "type"), text(line, "path")))
            .collect()
    };
    let pairs = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
        pairs
            .iter()
            .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()))
            .collect()
    };
    let last = pairs(&[("file", "/app/new")]);
    assert_eq!(paths(&["/app"]).await, last);
    assert_eq!(paths(&["/app", "--stack", "2"]).await, last);
    let first = pairs(&[("file", "/app/bin")]);
    assert_eq!(paths(&["/app", "--stack", "1"]).await, first);
    let second = pairs(&[("whiteout", "/app/bin"), ("file", "/app/new")]);
    assert_eq!(paths(&["/app", "--layer", "2"]).await, second);

    let text = printed(&["ls", &reference, "/app/new"]).await;
    assert!(
        text.starts_with("-rw-r--r-- 0 0 200000 ") && text.ends_with(" /app/new\n"),
        "{text}"
    );
}

#[tokio::test]
async fn what_is_asked_wrongly_is_told() {
    for (arguments, says) in [
        (
            &["inspect", "Not An Image"][..],
            "is not a valid image reference",
        ),
        (&["inspect", "https://example.com/app"], "https://"),
        (&["inspect", "./no/such.tar"], "there is no file"),
        (&["inspect", "docker-archive:/no/such.tar"], "/no/such.tar"),
        (&["ls", "app", "--ca-file", "/no/such.pem"], "/no/such.pem"),
        (&["serve", "app.tar"], "app.tar"),
        (
            &["serve", "--listen", "nowhere"],
            "cannot listen on nowhere",
        ),
    ] {
        let error = stopped(arguments).await;
        assert!(error.contains(says), "{error}");
    }
    for arguments in [
        &["frobnicate"][..],
        &["inspect"],
        &["inspect", "app", "--format", "xml"],
        &["inspect", "app", "--platform", "amiga"],
        &["ls", "app", "--layer", "1", "--stack", "1"],
        &["audit", "app", "--no-rules", "--rules", "rules.yaml"],
        &["serve", "--registry", "http://2130706433:5000"],
    ] {
        let output = run(arguments).await;
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(!output.stderr.is_empty(), "{arguments:?}");
    }
}

/// What a command would not look at is refused, so that nobody relies on it.
#[tokio::test]
async fn flags_without_effect_are_refused() {
    for (arguments, says) in [
        (
            &["link", "app", "--unpacked-limit", "1GB"][..],
            "`onionskin link` has no flag --unpacked-limit",
        ),
        (
            &["history", "app", "--temporary-limit", "1GB"],
            "`onionskin history` has no flag --temporary-limit",
        ),
        (
            &["audit", "app", "--wasted-share-floor", "1MB"],
            "add --max-wasted-share",
        ),
        (
            &[
                "audit",
                "app",
                "--own",
                "--max-layers",
                "3",
                "--growth-against",
                "old",
            ],
            "--growth-against needs a limit",
        ),
        (
            &["audit", "app", "--all", "--json"],
            "--all and --summary are for the text report",
        ),
        (
            &["diff", "old", "new", "--all", "--json"],
            "--all is for the text report",
        ),
    ] {
        let error = stopped(arguments).await;
        assert!(error.contains(says), "{arguments:?}: {error}");
    }
}

#[tokio::test]
async fn what_is_not_there_is_told() {
    let registry = Registry::start();
    let reference = registry.push("app:1", &app());
    let address = registry.address();
    let other = format!("{address}/app@sha256:{}", "0".repeat(64));
    for (arguments, says) in [
        (&["inspect", &format!("{address}/app:2")][..], "not found"),
        (&["inspect", &format!("{address}/other:1")], "not found"),
        (&["inspect", &other], "not found"),
        (&["inspect", "127.0.0.1:1/app"], "cannot be reached"),
        (
            &["inspect", &reference, "--platform", "linux/s390x"],
            "linux/amd64",
        ),
        (
            &["ls", &reference, "/nothing"],
            "/nothing is not in the filesystem up to layer 2",
        ),
        (&["ls", &reference, "--layer", "3"], "2 layers"),
        (&["ls", &reference, "--layer", "0"], "2 layers"),
        (&["ls", &reference, "--stack", "3"], "2 layers"),
    ] {
        let error = stopped(arguments).await;
        assert!(error.contains(says), "{error}");
    }
}

#[tokio::test]
async fn a_damaged_layer_stops_the_work_and_is_named() {
    let cut: fn(&Blob) -> Response = |blob| {
        let half = blob.bytes[..blob.bytes.len() / 2].to_vec();
        let broken = futures::stream::unfold(Some(half), async |half| {
            let half = half?;
            if half.is_empty() {
                // What came before has to be on its way first.
                tokio::task::yield_now().await;
                return Some((Err("cut"), None));
            }
            Some((Ok(half), Some(Vec::new())))
        });
        let length = [(header::CONTENT_LENGTH, blob.bytes.len())];
        (length, Body::from_stream(broken)).into_response()
    };
    let short: fn(&Blob) -> Response = |blob| {
        let half = futures::stream::iter([Ok::<_, Infallible>(blob.bytes[..1000].to_vec())]);
        Body::from_stream(half).into_response()
    };
    let other: fn(&Blob) -> Response = |blob| {
        let mut bytes = blob.bytes.clone();
        bytes[5000] ^= 1;
        bytes.into_response()
    };
    let no_tar = || {
        image([
            layer("").file("/a", "a"),
            Layer::new().stored(seeded(2, 5000)),
        ])
    };
    let zstd = || {
        image([
            layer("").file("/a", "a"),
            Layer::new().stored(b"\x28\xb5\x2f\xfd....".repeat(99)),
        ])
    };
    for (image, blob, says) in [
        (app(), cut, "broke off after"),
        (app(), short, "got 1000 bytes"),
        (app(), other, "at byte"),
        (
            app(),
            |_| StatusCode::NOT_FOUND.into_response(),
            "not found",
        ),
        (no_tar(), whole, "not a container layer"),
        (zstd(), whole, "zstd"),
    ] {
        let reference = registry(image, blob).await;
        for arguments in [
            &["inspect", &reference][..],
            &["ls", &reference, "--layer", "2"],
        ] {
            let error = stopped(arguments).await;
            assert!(
                error.contains("layer 2") && error.contains(says),
                "{says}: {error}"
            );
        }
        // The layer that is whole stays usable.
        printed(&["ls", &reference, "--layer", "1"]).await;
    }
}

#[tokio::test]
async fn a_manifest_that_is_another_one_is_not_used() {
    let reference = registry(app(), whole).await;
    let other = format!(
        "{}@sha256:{}",
        reference.trim_end_matches(":1"),
        "0".repeat(64)
    );
    let error = stopped(&["inspect", &other]).await;
    assert!(error.contains("does not match"), "{error}");
}

#[tokio::test]
async fn names_cannot_act_on_the_terminal() {
    let hostile = image([layer("RUN evil \u{1b}[2J\u{202e}")
        .file("/\u{1b}]0;pwned\u{7}\u{1b}[31m", bytes(10))
        .file("/two\nlines", bytes(10))
        .file("/<img src=x onerror=alert(1)>", bytes(10))
        .file(b"/latin-\xe9".as_slice(), bytes(10))
        .file("/\u{202e}gpj.exe", bytes(10))
        .symlink("/link", "\u{1b}[0m")
        .whiteout("/\u{9b}2J")]);
    let reference = registry(hostile, whole).await;
    let commands = [
        &["ls", &reference][..],
        &["ls", &reference, "--layer", "1"],
        &["inspect", &reference],
    ];
    for arguments in commands {
        let text = printed(arguments).await;
        let acts = |c: char| c.is_control() && c != '\n' || ('\u{202a}'..='\u{202e}').contains(&c);
        assert!(!text.contains(acts), "{text:?}");
    }
    let text = printed(&["ls", &reference]).await;
    for says in [
        "\\x1b]0;pwned\\x07",
        "two\\nlines",
        "<img src=x",
        "latin-\\xe9",
        "\\u{202e}gpj",
    ] {
        assert!(text.contains(says), "{says}: {text}");
    }
    assert_eq!(text.lines().count(), 6, "{text}");
    let error = stopped(&["ls", &reference, "/\u{1b}[31m"]).await;
    assert!(!error.contains('\u{1b}'), "{error:?}");
}

#[tokio::test]
async fn a_folder_of_50_000_files_is_listed() {
    let many = (0..50_000).fold(layer("RUN many"), |layer, n| {
        layer.file(format!("/many/{n}"), "")
    });
    let reference = registry(image([many]), whole).await;
    let text = printed(&["ls", &reference, "/many"]).await;
    assert_eq!(text.lines().count(), 50_000);
}

#[tokio::test]
async fn a_reader_that_goes_away_is_no_error() {
    let reference = registry(app(), whole).await;
    let mut child = Command::new(onionskin())
        .args(["ls", &reference])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().await.unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && errors.is_empty(), "{errors}");
}

#[tokio::test]
async fn a_report_can_go_to_a_file() {
    let reference = registry(app(), whole).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("report.txt");
    let printed_too = printed(&["inspect", &reference, "--output", file.to_str().unwrap()]).await;
    assert_eq!(printed_too, "");
    assert_eq!(
        std::fs::read_to_string(&file).unwrap(),
        printed(&["inspect", &reference]).await
    );
    let nowhere = folder.path().join("no/such/folder");
    let error = stopped(&["inspect", &reference, "-o", nowhere.to_str().unwrap()]).await;
    assert!(error.contains("no/such/folder"), "{error}");
}

#[tokio::test]
async fn a_server_says_where_it_is_and_ends_when_told() {
    let mut server = Command::new(onionskin())
        .args(["serve", "--listen", "127.0.0.1:0"])
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut says = BufReader::new(server.stdout.take().unwrap()).lines();
    let line = says.next_line().await.unwrap().unwrap();
    let address = line.split('/').nth(2).unwrap();

    let report = json(&["inspect", &format!("{address}/demo/webapp:1.0")]).await;
    let causes = report["bytes"]["causes"].as_object().unwrap();
    assert_eq!(causes.len(), 4);
    assert!(
        causes.values().all(|bytes| bytes.as_u64() > Some(0)),
        "{causes:?}"
    );

    let id = server.id().unwrap().to_string();
    let told = Command::new("kill")
        .args(["-TERM", &id])
        .status()
        .await
        .unwrap();
    assert!(told.success());
    assert!(server.wait().await.unwrap().success());
}

#[tokio::test]
async fn tags_are_listed_over_all_pages() {
    let registry = Registry::start();
    let tags: Vec<String> = (0..5).map(|number| format!("1.{number}")).collect();
    for tag in &tags {
        registry.push(&format!("team/app:{tag}"), &app());
    }
    let repository = format!("{}/team/app", registry.address());
    // The registry itself has them in any order.
    let report = json(&["tags", &repository]).await;
    let mut listed: Vec<String> = serde_json::from_value(report["tags"].clone()).unwrap();
    listed.sort();
    assert_eq!(listed, tags);
    assert_eq!(report["schemaVersion"], 1);
    assert_eq!(report["repository"], repository.as_str());
    let schema = include_str!("../../../schemas/tags.json");
    let schema = serde_json::from_str(schema).unwrap();
    assert!(
        jsonschema::validator_for(&schema)
            .unwrap()
            .is_valid(&report)
    );

    // One that gives two names a page, and one that sends round in circles.
    let router = Router::new().fallback(|uri: Uri| async move {
        let (tags, next) = match uri.query() {
            None => (r#"["a","b"]"#, Some("last=b")),
            Some("last=b") => (r#"["c","d"]"#, Some("last=d")),
            _ if uri.path().contains("round") => (r#"["e"]"#, Some("last=d")),
            _ => (r#"["e"]"#, None),
        };
        let body = format!(r#"{{"name":"x","tags":{tags}}}"#);
        let mut response = body.into_response();
        if let Some(next) = next {
            let link = format!("<{}?{next}>; rel=\"next\"", uri.path());
            response
                .headers_mut()
                .insert(header::LINK, link.parse().unwrap());
        }
        response
    });
    let address = serve(router).await;
    let text = printed(&["tags", &format!("{address}/app")]).await;
    assert_eq!(text, "a\nb\nc\nd\ne\n");
    let round = run(&["tags", &format!("{address}/round")]).await;
    assert_eq!(round.status.code(), Some(2));
    assert_eq!(round.stdout, b"a\nb\nc\nd\ne\n");
    for (arguments, says) in [
        (
            ["tags", &format!("{}/none", registry.address())],
            "not found",
        ),
        (["tags", "docker-archive:a.tar"], "saved image"),
    ] {
        let error = stopped(&arguments).await;
        assert!(error.contains(says), "{error}");
    }
}
