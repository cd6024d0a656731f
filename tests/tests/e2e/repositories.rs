//! Which repositories registries have, where they list them, and which registries a gateway reaches.
//!
//! Source: distribution's documentation, HTTP API V2, Listing Repositories.

use std::sync::{Arc, Mutex};

use onionskin_core::digest::Digest;
use onionskin_core::reference::Reference;
use onionskin_core::source::registry::{Client, ClientOptions, Endpoint, Url, http_client};
use onionskin_core::source::{Credentials, SourceError};
use onionskin_fixtures::{Image, Packed, bytes, layer};
use onionskin_tests::command::{json, run, stopped};
use onionskin_tests::odd::{Odd, ok, status};
use onionskin_tests::{Registry, through_gateway};
use serde_json::{Value, json};
use tokio::process::Command;

fn image(content: usize) -> Packed {
    Image::new()
        .layer(layer("COPY app /app").file("/app", bytes(content)))
        .pack()
}

#[tokio::test]
async fn repositories_are_listed_where_the_registry_lists_them() {
    let registry = Registry::start();
    let image = image(100);
    let names = ["app", "team/app", "team/web"];
    for name in names {
        registry.push(&format!("{name}:1"), &image);
    }
    let address = registry.address();
    let report = json(&["repositories", address]).await;
    let expected = json!({"schemaVersion": 1, "registry": address, "repositories": names});
    assert_eq!(report, expected);
    let schema = include_str!("../../../schemas/repositories.json");
    let schema: Value = serde_json::from_str(schema).unwrap();
    assert!(
        jsonschema::validator_for(&schema)
            .unwrap()
            .is_valid(&report)
    );
    let text = run(&["repositories", &format!("docker://{address}/")]).await;
    assert_eq!(text.stdout, b"app\nteam/app\nteam/web\n");

    // Through a gateway the registry's host comes first, page by page.
    let (client, gateway) = through_gateway(&[format!("team=http://{address}")]).await;
    let http = http_client().build().unwrap();
    let page = http.get(format!("http://{gateway}/v2/team/_catalog?n=2"));
    let page = page.send().await.unwrap();
    let link = page.headers()["link"].to_str().unwrap().to_owned();
    let listed: Value = page.json().await.unwrap();
    assert_eq!(listed["repositories"], json!(["team/app", "team/team/app"]));
    let next = link.trim_start_matches('<').split('>').next().unwrap();
    let rest = http.get(format!("http://{gateway}{next}")).send().await;
    let rest: Value = rest.unwrap().json().await.unwrap();
    assert_eq!(rest["repositories"], json!(["team/team/web"]));
    let page = client.registry(address).unwrap().repositories(None).await;
    assert_eq!(page.unwrap().repositories, names);

    // Its own list stays what it was, and other tools find tags by the names that it gives.
    let own = http
        .get(format!("http://{gateway}/v2/_catalog"))
        .send()
        .await;
    let own: Value = own.unwrap().json().await.unwrap();
    assert_eq!(own["repositories"], json!(["demo/hello", "demo/webapp"]));
    let tags = Command::new("skopeo")
        .args(["list-tags", "--tls-verify=false"])
        .arg(format!("docker://{gateway}/team/team/web"))
        .output()
        .await
        .expect("skopeo is installed");
    let errors = String::from_utf8_lossy(&tags.stderr);
    assert!(tags.status.success(), "{errors}");
    let tags: Value = serde_json::from_slice(&tags.stdout).unwrap();
    assert_eq!(tags["Tags"], json!(["1"]));
}

#[tokio::test]
async fn a_registry_that_lists_nothing_is_said_to() {
    // Docker Hub answers 401, others 404, 403 or 405.
    for code in [401, 403, 404, 405] {
        let odd = Odd::new(move |_, _| status(code, &[], "")).await;
        let error = stopped(&["repositories", &odd.address]).await;
        let says = format!("{} does not list its repositories", odd.address);
        assert!(error.contains(&says), "{code}: {error}");
        // The same through a gateway.
        let (client, _) = through_gateway(&[format!("http://{}", odd.address)]).await;
        let registry = client.registry(&odd.address).unwrap();
        let error = registry.repositories(None).await.unwrap_err();
        assert!(matches!(error, SourceError::NoList { .. }), "{error:?}");
        assert_eq!(error.to_string().matches(&says).count(), 1, "{error}");
    }
    for wrong in ["nginx", "team/app", "quay.io/team", "http://quay.io"] {
        let error = stopped(&["repositories", wrong]).await;
        assert!(error.contains("is not a registry"), "{error}");
    }
}

/// A registry asks for leave to list in a scope of its own (distribution, docs/spec/auth/scope.md).
#[tokio::test]
async fn leave_to_list_is_asked_for_as_such() {
    let registry = Registry::with_password();
    let client = |credentials| {
        let options = ClientOptions {
            credentials,
            ..ClientOptions::default()
        };
        Client::new(http_client().build().unwrap(), options)
    };
    let nobody = client([].into()).registry(registry.address()).unwrap();
    let error = nobody.repositories(None).await.unwrap_err();
    assert!(matches!(error, SourceError::NoList { .. }), "{error:?}");
    let known = Credentials::Password {
        user: onionskin_tests::USER.to_owned(),
        password: onionskin_tests::PASSWORD.to_owned(),
    };
    let somebody = client([(registry.address().to_owned(), known)].into());
    let somebody = somebody.registry(registry.address()).unwrap();
    assert_eq!(
        somebody.repositories(None).await.unwrap().repositories,
        Vec::<String>::new()
    );

    // The realm is the registry's own host, which is known once it runs.
    let own = Arc::new(Mutex::new(String::new()));
    let address = Arc::clone(&own);
    let odd = Odd::new(move |target, authorization| {
        if target.starts_with("/token") {
            return ok("application/json", r#"{"token":"list"}"#);
        }
        if authorization == Some("Bearer list") {
            let names = r#"{"repositories":["a","../x","UPPER","b:1"]}"#;
            return ok("application/json", names);
        }
        let realm = format!("http://{}/token", address.lock().unwrap());
        let challenge = format!("Bearer realm=\"{realm}\",service=\"s\"");
        status(401, &[("www-authenticate", &challenge)], "")
    })
    .await;
    own.lock().unwrap().clone_from(&odd.address);
    let registry = client([].into()).registry(&odd.address).unwrap();
    // What cannot be a name is none.
    assert_eq!(
        registry.repositories(None).await.unwrap().repositories,
        ["a"]
    );
    assert_eq!(odd.count("scope=registry%3Acatalog%3A*"), 1);
}

/// What a gateway does not reach is another thing than what a registry keeps from people.
#[tokio::test]
async fn a_gateway_says_which_registry_it_does_not_reach() {
    let (client, _) = through_gateway(&[]).await;
    let reference: Reference = "registry.example.com/team/app:1".parse().unwrap();
    let remote = client.open(&reference).unwrap();
    let layer = Digest::sha256(b"");
    for error in [
        remote.image(None).await.unwrap_err(),
        remote.tags(None).await.unwrap_err(),
        remote.blob(&layer, None).await.unwrap_err(),
        remote.referrers(&layer, None).await.unwrap_err(),
        client
            .registry("registry.example.com")
            .unwrap()
            .repositories(None)
            .await
            .unwrap_err(),
    ] {
        let SourceError::NotReached { registry, .. } = &error else {
            panic!("{error:?}")
        };
        assert_eq!(registry, "registry.example.com");
        let text = error.to_string();
        assert!(text.contains("--registry registry.example.com"), "{text}");
    }
    // A registry of itself cannot say so.
    let odd = Odd::new(|_, _| {
        let body = r#"{"errors":[{"code":"DENIED","message":"no","detail":{"notReached":"x"}}]}"#;
        status(403, &[("content-type", "application/json")], body)
    })
    .await;
    assert!(matches!(odd.error().await, SourceError::NoAccess { .. }));
}

/// What begins with a name that the operator gave is asked there and nowhere else, and told under that name.
#[tokio::test]
async fn a_name_that_the_operator_gave_is_that_registry_only() {
    let odd = Odd::new(|target, _| match target {
        "/v2/_catalog" => ok("application/json", r#"{"repositories":["webapp"]}"#),
        _ => {
            let body = r#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}"#;
            status(404, &[("content-type", "application/json")], body)
        }
    })
    .await;
    let (_, gateway) = through_gateway(&[format!("local=http://{}", odd.address)]).await;
    let root = Url::parse(&format!("http://{gateway}/")).unwrap();
    let client = Client::new(http_client().build().unwrap(), ClientOptions::default());
    let error = async |name: &str, rest: &str| {
        let reference: Reference = format!("localhost/{rest}").parse().unwrap();
        let endpoint = Endpoint::named_at(root.clone(), name);
        let remote = client.open_at(endpoint, &reference);
        remote.image(None).await.unwrap_err()
    };
    let missing = error("local", "webapp:nope").await;
    assert_eq!(
        missing.to_string(),
        "local/webapp:nope was not found in local (manifest unknown)"
    );
    // What is kept for the gateway's own images is nowhere else either.
    for own in ["demo", "saved"] {
        let missing = error(own, "nothing:1").await;
        assert!(
            matches!(missing, SourceError::NotFound { .. }),
            "{missing:?}"
        );
    }
    // Only of what it does not know may somebody think that it is Docker Hub's.
    let unknown = error("grafana", "grafana:1").await;
    assert!(
        matches!(unknown, SourceError::NotReached { .. }),
        "{unknown:?}"
    );
    let named = client.registry_at(Endpoint::named_at(root.clone(), "local"), "local");
    let page = named.repositories(None).await.unwrap();
    assert_eq!(page.repositories, ["webapp"]);

    // Other clients get the whole sentence.
    let url = format!("http://{gateway}/v2/local/webapp/manifests/nope");
    let answer = http_client().build().unwrap().get(url).send().await;
    let document: Value = answer.unwrap().json().await.unwrap();
    assert_eq!(
        document["errors"][0]["message"],
        "local/webapp:nope was not found in local (manifest unknown)"
    );
}
