//! The release that the action downloads.

use std::fs;
use std::path::Path;

use axum::Router;
use axum::body::Bytes;
use axum::http::StatusCode;
use axum::routing::get;
use onionskin_tests::Ground;
use onionskin_tests::odd::serve;

use super::{outputs, pack, script};

#[tokio::test]
async fn a_release_is_packed_downloaded_and_checked() {
    let ground = Ground::default();
    let archive = pack(&ground, "release").await;
    assert_eq!(archive, pack(&ground, "again").await);
    let read = |folder: &str| fs::read(ground.path().join(folder).join(&archive)).unwrap();
    let packed = read("release");
    assert!(packed == read("again"), "the same bytes");
    let sums = fs::read(ground.path().join("release/SHA256SUMS")).unwrap();
    let install = async |packed: Vec<u8>, version: &str, action: &str| {
        let serving = |body: Vec<u8>| get(move || async move { Bytes::from(body) });
        let router = Router::new()
            .route(
                &format!("/download/v0.1.0/{archive}"),
                serving(packed.clone()),
            )
            .route("/download/v0.1.0/SHA256SUMS", serving(sums.clone()))
            .route(&format!("/latest/download/{archive}"), serving(packed))
            .route("/latest/download/SHA256SUMS", serving(sums.clone()));
        let releases = format!("http://{}", serve(router).await);
        let variables = [
            ("ONIONSKIN_RELEASES", releases.as_str()),
            ("ONIONSKIN_VERSION", version),
            ("ONIONSKIN_ACTION", action),
            ("GITHUB_OUTPUT", "output"),
        ];
        script(&ground, "install.sh", &variables).await
    };
    for version in ["0.1.0", "latest"] {
        let output = install(packed.clone(), version, "v9.9.9").await;
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{errors}");
        assert!(output.stdout.starts_with(b"onionskin "));
    }
    assert!(Path::new(&outputs(&ground)["command"]).exists());
    let mut damaged = packed.clone();
    damaged[1000] ^= 1;
    for (archive, version, said) in [
        (damaged, "0.1.0", "checksum"),
        (packed.clone(), "9.9.9", "cannot download"),
        (packed, "../../x", "is not a version"),
    ] {
        let output = install(archive, version, "").await;
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{errors}");
        assert!(errors.contains(said), "{errors}");
    }
}

/// Without a version, the action downloads the release that it belongs to, if its reference says which one that is.
#[tokio::test]
async fn the_release_is_that_of_the_actions_own_tag() {
    let commit = "8f4b7f84864484a7bf31766abe9204da3cbe65b3";
    for (action, from) in [
        ("v0.1.0", "download/v0.1.0"),
        ("0.1.0", "download/v0.1.0"),
        ("v0.2.0-rc.1", "download/v0.2.0-rc.1"),
        ("v0", "latest/download"),
        ("v0.1", "latest/download"),
        ("main", "latest/download"),
        ("v0.1.0/../../x", "latest/download"),
        (commit, "latest/download"),
        ("", "latest/download"),
    ] {
        let ground = Ground::default();
        let router = Router::new().fallback(|| async { StatusCode::NOT_FOUND });
        let releases = format!("http://{}", serve(router).await);
        let variables = [
            ("ONIONSKIN_RELEASES", releases.as_str()),
            ("ONIONSKIN_VERSION", ""),
            ("ONIONSKIN_ACTION", action),
        ];
        let output = script(&ground, "install.sh", &variables).await;
        let errors = String::from_utf8_lossy(&output.stderr);
        let asked = format!("cannot download {releases}/{from}/onionskin-");
        assert!(errors.contains(&asked), "{action}: {errors}");
    }
}
