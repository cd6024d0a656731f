//! What of a client's request, and of a registry's word, the gateway passes on: what the API knows, and no more.

use onionskin_gateway::Options;
use onionskin_tests::odd::{Odd, ok, status};
use onionskin_tests::serving;
use serde_json::Value;

async fn in_front_of(odd: &Odd) -> String {
    serving(Options {
        registries: vec![format!("odd=http://{}", odd.address).parse().unwrap()],
        ..Options::default()
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
    let odd = Odd::new(move |target, _| match target.contains("/referrers/") {
        true => ok("application/vnd.oci.image.index.v1+json", index),
        false => ok("application/json", r#"{"tags":["1"],"repositories":["a"]}"#),
    })
    .await;
    let gateway = in_front_of(&odd).await;
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

#[tokio::test]
async fn the_next_page_of_a_registry_with_words_of_its_own_is_found() {
    let odd = Odd::new(|target, _| {
        let (link, tags) = match target {
            "/v2/app/tags/list" => (Some("page=xyz%3D&n=1"), r#"{"tags":["a"]}"#),
            "/v2/app/tags/list?page=xyz%3D&n=1" => (None, r#"{"tags":["b"]}"#),
            _ => return status(400, &[], ""),
        };
        let link = link.map(|query| format!("</v2/app/tags/list?{query}>; rel=\"next\""));
        let headers = link.iter().map(|link| ("link", link.as_str()));
        status(200, &headers.collect::<Vec<_>>(), tags)
    })
    .await;
    let gateway = in_front_of(&odd).await;
    let first = get(&gateway, "app/tags/list").await;
    let link = first.headers()["link"].to_str().unwrap().to_owned();
    let next = link
        .trim_start_matches("</v2/odd/")
        .split('>')
        .next()
        .unwrap();
    let second: Value = get(&gateway, next).await.json().await.unwrap();
    assert_eq!(second["tags"], serde_json::json!(["b"]));
    // What a client makes up is not what a registry wrote.
    let count = odd.count("/tags/list");
    let forged = get(&gateway, "app/tags/list?next=0000000000000000page%3Dxyz").await;
    assert_eq!(forged.status(), 400);
    assert_eq!(odd.count("/tags/list"), count);
}

#[tokio::test]
async fn when_to_come_back_is_passed_on() {
    for code in [429, 503] {
        let odd = Odd::new(move |_, _| status(code, &[("retry-after", "17")], "")).await;
        let gateway = in_front_of(&odd).await;
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
    let gateway = in_front_of(&odd).await;
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
