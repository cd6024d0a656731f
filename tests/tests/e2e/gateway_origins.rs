//! Pages of other origins that the operator allows: they read what everybody may, and what the operator may only where a
//! flag says so.

use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use onionskin_core::source::Keychain;
use onionskin_fixtures::{Image, layer};
use onionskin_gateway::{GatewayOptions, StoreOptions, StorePlace};
use onionskin_tests::{PASSWORD, Registry, USER, serving};
use tempfile::TempDir;

const PAGE: &str = "https://pages.example.com";

/// What a gateway answers to a page of this origin; the gateway's own page has none.
async fn status(gateway: &str, path: &str, origin: Option<&str>) -> u16 {
    let client = reqwest::Client::builder().tls_certs_only([]).no_proxy();
    let mut request = client
        .build()
        .unwrap()
        .get(format!("http://{gateway}/v2/{path}"));
    if let Some(origin) = origin {
        request = request
            .header("origin", origin)
            .header("sec-fetch-site", "cross-site");
    }
    let answer = request.send().await.unwrap();
    let allowed = answer.headers().get("access-control-allow-origin");
    assert_eq!(
        allowed.map(|allowed| allowed.to_str().unwrap()),
        origin.filter(|origin| *origin == PAGE)
    );
    answer.status().as_u16()
}

#[tokio::test]
async fn a_page_elsewhere_has_the_operators_credentials_only_where_a_flag_says_so() {
    let registry = Registry::with_password();
    let image = Image::new().layer(layer("COPY a /").file("/a", "a")).pack();
    registry.push("team/app:1", &image);
    let home = TempDir::new().unwrap();
    let pair = STANDARD.encode(format!("{USER}:{PASSWORD}"));
    let auths = format!(
        r#"{{"auths":{{"{}":{{"auth":"{pair}"}}}}}}"#,
        registry.address()
    );
    fs::write(home.path().join("config.json"), auths).unwrap();
    let manifest = format!("team/team/app/manifests/{}", image.manifest.digest);
    let blob = format!("team/team/app/blobs/{}", image.layers[0].digest);
    for with_store in [false, true] {
        for with_credentials in [false, true] {
            let store = TempDir::new().unwrap();
            let gateway = serving(GatewayOptions {
                registries: vec![
                    format!("team=http://{}", registry.address())
                        .parse()
                        .unwrap(),
                ],
                keychain: Some(Keychain::of_files(vec![home.path().join("config.json")])),
                allowed_origins: vec![PAGE.parse().unwrap()],
                credentials_for_origins: with_credentials,
                store: with_store.then(|| StoreOptions {
                    place: StorePlace::Folder(store.path().to_owned()),
                    limit: 1 << 30,
                    grace: std::time::Duration::from_secs(3600),
                }),
                ..GatewayOptions::default()
            })
            .await;
            for path in [&manifest, &blob, "team/team/app/tags/list"] {
                // The gateway's own page comes first, so that all of it may be in the store.
                assert_eq!(status(&gateway, path, None).await, 200, "{path}");
                let expected = if with_credentials { 200 } else { 403 };
                assert_eq!(status(&gateway, path, Some(PAGE)).await, expected, "{path}");
                let other = Some("https://evil.example.com");
                assert_eq!(status(&gateway, path, other).await, 403, "{path}");
            }
        }
    }
}
