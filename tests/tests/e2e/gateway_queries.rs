//! What of a client's request, and of a registry's word, the gateway passes on: what the API knows, and no more.

use std::fs;
use std::time::Duration;

use onionskin_core::digest::Digest;
use onionskin_gateway::{GatewayOptions, StoreOptions, StorePlace};
use onionskin_tests::odd::{CONFIG, LAYER, Odd, ok, sound, status};
use onionskin_tests::{serving, until};
use serde_json::{Value, json};

async fn in_front_of(odd: &Odd, store: Option<StoreOptions>) -> String {
    serving(GatewayOptions {
        store,
        registries: vec![format!("odd=http://{}", odd.address).parse().unwrap()],
        ..GatewayOptions::default()
    })
    .await
}

async fn get(gateway: &str, path: &str) -> reqwest::Response {
    let client = reqwest::Client::builder().tls_certs_only([]);
    let url = format!("http://{gateway}/v2/odd/{path}");
    client.build().unwrap().get(url).send().await.unwrap()
}

#[tokio::test]
async fn only_what_the_api_knows_is_asked_of_a_registry() {
    let index = r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}"#;
    let odd = Odd::new(move |target, _| {
        if target.contains("/referrers/") {
            ok("application/vnd.oci.image.index.v1+json", index)
        } else if target.contains("/manifests/") || target.contains("/blobs/") {
            sound(target)
        } else {
            ok("application/json", r#"{"tags":["1"],"repositories":["a"]}"#)
        }
    })
    .await;
    let gateway = in_front_of(&odd, None).await;
    let blob = format!("app/blobs/{}", Digest::sha256(LAYER));
    let referrers = format!("app/referrers/sha256:{}", "0".repeat(64));
    for (path, reaches) in [
        (
            "app/tags/list?n=2&last=b&evil=1&scope=x",
            "/v2/app/tags/list?n=2&last=b",
        ),
        (
            "app/tags/list?last=b%26evil=1",
            "/v2/app/tags/list?last=b%26evil%3D1",
        ),
        ("app/tags/list?artifactType=x", "/v2/app/tags/list"),
        ("_catalog?n=3&evil=1", "/v2/_catalog?n=3"),
        ("app/manifests/1?evil=1&ns=x", "/v2/app/manifests/1"),
        (
            &format!("{blob}?evil=1&X-Amz-Date=x"),
            &format!("/v2/{blob}"),
        ),
        (
            &format!("{referrers}?artifactType=a/b&evil=1"),
            &format!("/v2/{referrers}?artifactType=a%2Fb"),
        ),
    ] {
        assert_eq!(get(&gateway, path).await.status(), 200, "{path}");
        let last = odd.requests().pop().unwrap();
        assert_eq!(last, format!("GET {reaches}"), "{path}");
    }
    let wrong = get(&gateway, "app/tags/list?n=1;x").await;
    assert_eq!(wrong.status(), 400);
}

/// A registry whose link to the second page of tags says more than the API knows.
async fn paged() -> Odd {
    Odd::new(|target, _| {
        let (link, tags) = match target {
            "/v2/app/tags/list" => (Some("page=xyz%3D&n=1"), r#"{"tags":["a"]}"#),
            "/v2/app/tags/list?page=xyz%3D&n=1" => (None, r#"{"tags":["b"]}"#),
            _ => return sound(target),
        };
        let link = link.map(|query| format!("</v2/app/tags/list?{query}>; rel=\"next\""));
        let headers = link.iter().map(|link| ("link", link.as_str()));
        status(200, &headers.collect::<Vec<_>>(), tags)
    })
    .await
}

/// Where the first page of tags leads.
async fn link(gateway: &str) -> String {
    let first = get(gateway, "app/tags/list").await;
    let link = first.headers()["link"].to_str().unwrap();
    let link = link.trim_start_matches("</v2/odd/");
    link.split('>').next().unwrap().to_owned()
}

async fn tags(gateway: &str, path: &str) -> Value {
    let page: Value = get(gateway, path).await.json().await.unwrap();
    page["tags"].clone()
}

#[tokio::test]
async fn the_next_page_of_a_registry_with_words_of_its_own_is_found() {
    let odd = paged().await;
    let gateway = in_front_of(&odd, None).await;
    let next = link(&gateway).await;
    assert_eq!(tags(&gateway, &next).await, json!(["b"]));
    // What a client makes up is not what a registry wrote.
    let count = odd.count("/tags/list");
    let forged = format!("app/tags/list?next={}page%3Dxyz", "0".repeat(43));
    assert_eq!(get(&gateway, &forged).await.status(), 400);
    assert_eq!(odd.count("/tags/list"), count);
}

/// As behind a load balancer.
#[tokio::test]
async fn any_gateway_of_a_store_has_the_next_page() {
    let folder = tempfile::tempdir().unwrap();
    let store = || StoreOptions {
        place: StorePlace::Folder(folder.path().to_owned()),
        // Too little for more than one object.
        limit: CONFIG.len() as u64,
        grace: Duration::ZERO,
    };
    let odd = paged().await;
    let one = in_front_of(&odd, Some(store())).await;
    let two = in_front_of(&odd, Some(store())).await;
    // Both need a key at once, and there is none yet.
    let links = tokio::join!(link(&one), link(&two));
    assert_eq!(links.0, links.1);
    for gateway in [&one, &two] {
        assert_eq!(tags(gateway, &links.0).await, json!(["b"]));
    }
    // What the store deletes to stay within its limit is not the key.
    let key = folder.path().join("keys/pages");
    let before = fs::read(&key).unwrap();
    let stored = |content: &[u8]| {
        let digest = Digest::sha256(content);
        let name = format!("v1/sha256/{}/{}", &digest.hex()[..2], digest.hex());
        folder.path().join(name).exists()
    };
    for (content, deleted) in [(CONFIG, None), (LAYER, Some(CONFIG))] {
        let path = format!("app/blobs/{}", Digest::sha256(content));
        let answer = get(&one, &path).await;
        assert_eq!(answer.bytes().await.unwrap(), content);
        until(|| stored(content) && deleted.is_none_or(|deleted| !stored(deleted))).await;
    }
    assert_eq!(fs::read(&key).unwrap(), before);
    let later = in_front_of(&odd, Some(store())).await;
    assert_eq!(tags(&later, &links.0).await, json!(["b"]));
    // Whoever has another store, or none, has another key.
    let other = in_front_of(&odd, None).await;
    assert_eq!(get(&other, &links.0).await.status(), 400);
}

#[tokio::test]
async fn when_to_come_back_is_passed_on() {
    for code in [429, 503] {
        let odd = Odd::new(move |_, _| status(code, &[("retry-after", "17")], "")).await;
        let gateway = in_front_of(&odd, None).await;
        let digest = format!("sha256:{}", "0".repeat(64));
        for path in [
            "app/manifests/1".to_owned(),
            "app/tags/list".to_owned(),
            format!("app/blobs/{digest}"),
            format!("app/referrers/{digest}"),
        ] {
            let answer = get(&gateway, &path).await;
            assert_eq!(answer.status(), code, "{path}");
            assert_eq!(answer.headers()["retry-after"], "17", "{path}");
        }
    }
}

/// Lists as large as they may be, one of names and one of manifests, keep nobody else waiting.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_lists_keep_nobody_waiting() {
    let names: Vec<String> = (0..150_000).map(|at| format!("\"{at}\"")).collect();
    let tags = format!("{{\"tags\":[{}]}}", names.join(","));
    let catalog = tags.replace("tags", "repositories");
    let descriptor = format!(
        r#"{{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:{}","size":1}}"#,
        "0".repeat(64)
    );
    let manifests = vec![descriptor; 4_000].join(",");
    let index = format!(
        r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{manifests}]}}"#
    );
    assert!(
        [&tags, &catalog, &index]
            .iter()
            .all(|list| list.len() < 4 << 20)
    );
    let odd = Odd::new(move |target, _| match target {
        _ if target.contains("/referrers/") => {
            ok("application/vnd.oci.image.index.v1+json", index.clone())
        }
        "/v2/_catalog" => ok("application/json", catalog.clone()),
        _ => ok("application/json", tags.clone()),
    })
    .await;
    let gateway = in_front_of(&odd, None).await;
    let digest = "0".repeat(64);
    let lists = (0..9).map(|at| {
        let gateway = gateway.clone();
        let path = match at % 3 {
            0 => "app/tags/list".to_owned(),
            1 => "_catalog".to_owned(),
            _ => format!("app/referrers/sha256:{digest}"),
        };
        tokio::spawn(async move {
            let answer = get(&gateway, &path).await;
            let status = answer.status();
            let bytes = answer.bytes().await.unwrap();
            assert_eq!(status, 200, "{path}: {bytes:?}");
            bytes.len()
        })
    });
    let lists: Vec<_> = lists.collect();
    let client = reqwest::Client::builder().tls_certs_only([]);
    let client = client.build().unwrap();
    let mut others = 0;
    while !lists.iter().all(tokio::task::JoinHandle::is_finished) {
        let url = format!("http://{gateway}/v2/demo/webapp/manifests/1.0");
        assert_eq!(client.get(url).send().await.unwrap().status(), 200);
        others += 1;
    }
    for list in lists {
        assert!(list.await.unwrap() > 500_000);
    }
    // Where lists are read on the threads that answer, there are a few between them.
    assert!(others > 30, "{others}");
}
