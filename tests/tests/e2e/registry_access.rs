//! Who the registry client lets in on what: tokens, credentials, redirects and the caller's policy.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use futures::future::join_all;
use onionskin_core::digest::Digest;
use onionskin_core::manifest::media_type::OCI_MANIFEST;
use onionskin_core::reference::Reference;
use onionskin_core::source::registry::{
    AllowedHost, Client, ClientOptions, Guard, PublicAddresses, Url, http_client,
};
use onionskin_core::source::{Credentials, SourceError};
use onionskin_tests::odd::{LAYER, Odd, manifest, ok, sound, status};
use onionskin_tests::proxy::Proxy;
use onionskin_tests::tls::Tls;

fn password() -> Option<Credentials> {
    Some(Credentials::Password {
        user: "me".to_owned(),
        password: "hunter2".to_owned(),
    })
}

/// A sound registry with a token server in it; `lets_in` says which Authorization is good.
async fn with_tokens(lets_in: impl Fn(&str) -> bool + Clone + Send + Sync + 'static) -> Odd {
    let given = Arc::new(Mutex::new(0));
    let own = Arc::new(Mutex::new(String::new()));
    let address = Arc::clone(&own);
    let odd = Odd::new(move |target, authorization| {
        if target.starts_with("/token") {
            let mut given = given.lock().unwrap();
            *given += 1;
            return ok(
                "application/json",
                format!(r#"{{"access_token":"token{given}","expires_in":60}}"#),
            );
        }
        if authorization.is_some_and(&lets_in) {
            return sound(target);
        }
        let realm = format!("http://{}/token?of=us", address.lock().unwrap());
        let realm = format!("{realm}&scope=repository:other:push&service=evil");
        let challenge = format!(
            r#"Bearer service="r&scope=evil",scope="repository:other:push,pull",realm="{realm}""#
        );
        status(
            401,
            &[
                ("www-authenticate", "Basic realm=\"x\""),
                ("www-authenticate", &challenge),
            ],
            "",
        )
    })
    .await;
    own.lock().unwrap().clone_from(&odd.address);
    odd
}

#[tokio::test]
async fn a_token_is_asked_for_once_and_shared_by_parallel_requests() {
    let odd = with_tokens(|authorization| authorization == "Bearer token1").await;
    let remote = odd.remote(None);
    let digest = Digest::sha256(LAYER);
    let streams = join_all((0..8).map(|_| remote.blob(&digest, Some(7)))).await;
    assert!(streams.iter().all(Result::is_ok));
    assert_eq!(odd.count("/token"), 1);
    // Our own scope, and no parameter that the challenge or its realm brings in.
    assert_eq!(
        odd.count("GET /token?of=us&service=r%26scope%3Devil&scope=repository%3Aapp%3Apull"),
        1
    );
    remote.image(None).await.unwrap();
    assert_eq!(odd.count("/token"), 1);
}

#[tokio::test]
async fn an_expired_token_is_renewed_once_and_a_second_no_is_no_access() {
    let limit = Arc::new(Mutex::new("Bearer token1"));
    let good = Arc::clone(&limit);
    let odd = with_tokens(move |authorization| authorization == *good.lock().unwrap()).await;
    let remote = odd.remote(None);
    remote.image(None).await.unwrap();
    *limit.lock().unwrap() = "Bearer token2";
    remote.image(None).await.unwrap();
    assert_eq!(odd.count("/token"), 2);
    *limit.lock().unwrap() = "never";
    let error = remote.image(None).await.unwrap_err();
    assert!(matches!(error, SourceError::NoAccess { .. }), "{error:?}");
    assert_eq!(
        (odd.count("/token"), odd.count("/manifests/")),
        (3, 2 + 2 + 2)
    );
}

#[tokio::test]
async fn credentials_of_each_kind_reach_their_own_token_server() {
    let odd = with_tokens(|authorization| authorization.starts_with("Bearer ")).await;
    odd.remote(password()).image(None).await.unwrap();
    assert!(
        odd.authorizations()
            .contains(&"Basic bWU6aHVudGVyMg==".to_owned())
    );
    let odd = with_tokens(|authorization| authorization.starts_with("Bearer ")).await;
    odd.remote(Some(Credentials::IdentityToken("refresh+me".to_owned())))
        .image(None)
        .await
        .unwrap();
    assert_eq!(odd.count("POST /token"), 1);
    assert_eq!(odd.count("grant_type=refresh_token"), 1);
    assert_eq!(odd.count("refresh_token=refresh%2Bme"), 1);
    let odd = with_tokens(|authorization| authorization == "Bearer direct").await;
    odd.remote(Some(Credentials::RegistryToken("direct".to_owned())))
        .image(None)
        .await
        .unwrap();
    assert_eq!(odd.count("/token"), 0);
}

/// CVE-2020-15157, CVE-2026-33540, CVE-2026-48978.
#[tokio::test]
async fn a_realm_elsewhere_gets_no_credentials() {
    let thief = Odd::new(|_, _| ok("application/json", r#"{"token":"t"}"#)).await;
    let port = thief.address.rsplit(':').next().unwrap().to_owned();
    let http = http_client()
        .resolve("thief.test", thief.address.parse().unwrap())
        .build()
        .unwrap();
    for realm in [
        format!("http://thief.test:{port}/token"),
        "http://169.254.169.254/latest".to_owned(),
    ] {
        let challenge = format!("Bearer realm=\"{realm}\"");
        let odd = Odd::new(move |_, _| status(401, &[("www-authenticate", &challenge)], "")).await;
        let reference: Reference = format!("{}/app:1", odd.address).parse().unwrap();
        let options = ClientOptions {
            credentials: password()
                .map(|known| (odd.address.clone(), known))
                .into_iter()
                .collect(),
            ..ClientOptions::default()
        };
        let error = Client::new(http.clone(), options)
            .open(&reference)
            .unwrap()
            .image(None)
            .await
            .unwrap_err();
        assert!(matches!(error, SourceError::Forbidden { .. }), "{error:?}");
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
    assert_eq!(thief.count(""), 0);
}

/// What a registry writes into its challenge is data in the request for a token.
#[tokio::test]
async fn a_challenge_adds_nothing_to_the_request_for_a_token() {
    for (service, scope) in [
        (
            "x&scope=repository:other:push",
            "repository:other:pull,push",
        ),
        ("x#&account=root", "registry:catalog:*"),
        ("x%26scope=y;account=root", ""),
    ] {
        let own = std::sync::Arc::new(std::sync::OnceLock::<String>::new());
        let address = std::sync::Arc::clone(&own);
        let odd = Odd::new(move |target, authorization| {
            let address = address.get().unwrap();
            let challenge = format!(
                "Bearer realm=\"http://{address}/token?scope={scope}&account=root\",service=\"{service}\",scope=\"{scope}\""
            );
            match authorization {
                _ if target.starts_with("/token") => ok("application/json", r#"{"token":"t"}"#),
                None => status(401, &[("www-authenticate", &challenge)], ""),
                Some(_) => sound(target),
            }
        })
        .await;
        own.set(odd.address.clone()).unwrap();
        odd.remote(None).image(None).await.unwrap();
        let asked = odd.requests();
        let token = asked.iter().find(|line| line.contains("/token")).unwrap();
        let url = format!("http://x{}", token.trim_start_matches("GET "));
        let url: onionskin_core::source::registry::Url = url.parse().unwrap();
        let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        let expected = [
            ("service".to_owned(), service.to_owned()),
            ("scope".to_owned(), "repository:app:pull".to_owned()),
        ];
        assert_eq!(pairs, expected, "{token}");
    }
}

/// GHSA-vh4v-2xq2-g5cg: another port of the same host is another server.
#[tokio::test]
async fn authorization_ends_where_a_redirect_leaves_the_registry() {
    let store = Odd::new(|target, _| sound(target)).await;
    let to = store.address.clone();
    let odd = Odd::new(move |target, authorization| match authorization {
        None => status(401, &[("www-authenticate", "Basic realm=x")], ""),
        Some(_) if target.starts_with("/v2/") && target.contains("/blobs/") => {
            // Another path of the registry first: there it may stay.
            status(307, &[("location", &target.replace("/v2/", "/moved/"))], "")
        }
        Some(_) if target.starts_with("/moved/") => status(
            302,
            &[("location", &format!("http://{to}{target}?signature=secret"))],
            "",
        ),
        Some(_) => sound(target),
    })
    .await;
    let digest = Digest::sha256(LAYER);
    let error = odd
        .remote(password())
        .blob(&digest, None)
        .await
        .unwrap_err();
    // The store knows no path with a query: its answer is an error that keeps the signature to itself.
    assert!(matches!(error, SourceError::NotFound { .. }), "{error:?}");
    assert!(
        !format!("{error} {error:?}").contains("signature"),
        "{error:?}"
    );
    assert_eq!(odd.authorizations(), ["Basic bWU6aHVudGVyMg=="]);
    assert_eq!(
        (store.count("GET /moved/"), store.authorizations()),
        (1, Vec::new())
    );
}

/// GHSA-vh4v-2xq2-g5cg: so is another scheme.
#[tokio::test]
async fn authorization_ends_where_a_redirect_changes_the_scheme() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    let router = Router::new().fallback(move |request: Request| async move {
        let authorization = request.headers().get("authorization").cloned();
        log.lock().unwrap().push(authorization);
        LAYER
    });
    let store = Tls::serve(&["127.0.0.1"], router).await;
    let to = format!("https://{}/layer", store.address);
    let odd = Odd::new(move |_, authorization| match authorization {
        None => status(401, &[("www-authenticate", "Basic realm=x")], ""),
        Some(_) => status(307, &[("location", &to)], ""),
    })
    .await;
    let trusted = reqwest::Certificate::from_pem(store.certificate.as_bytes()).unwrap();
    let options = ClientOptions {
        credentials: [(odd.address.clone(), password().unwrap())].into(),
        ..ClientOptions::default()
    };
    let reference: Reference = format!("{}/app:1", odd.address).parse().unwrap();
    let http = http_client().tls_certs_only([trusted]).build().unwrap();
    let remote = Client::new(http, options).open(&reference).unwrap();
    let mut blob = remote.blob(&Digest::sha256(LAYER), None).await.unwrap();
    assert_eq!(blob.next_chunk().await.unwrap().unwrap(), LAYER);
    assert_eq!(*seen.lock().unwrap(), [None]);
}

#[tokio::test]
async fn a_challenge_from_where_a_redirect_led_is_not_answered() {
    let thief = Odd::new(|_, _| status(401, &[("www-authenticate", "Basic realm=x")], "")).await;
    let to = format!("http://{}/", thief.address);
    let odd = Odd::new(move |_, _| status(307, &[("location", &to)], "")).await;
    let error = odd.remote(password()).image(None).await.unwrap_err();
    assert!(matches!(error, SourceError::NoAccess { .. }), "{error:?}");
    assert_eq!((thief.count(""), thief.authorizations()), (1, Vec::new()));
}

#[tokio::test]
async fn redirects_end() {
    for (location, visits) in [("/again", 6), ("ftp://x/", 1), ("http://[", 1)] {
        let odd = Odd::new(move |_, _| status(307, &[("location", location)], "")).await;
        let error = odd.error().await;
        assert!(matches!(error, SourceError::Forbidden { .. }), "{error:?}");
        assert_eq!(odd.count(""), visits, "{location}");
    }
}

/// A guard for a registry that the operator of a gateway named.
fn guard(registry: &str, allowed: &[&str]) -> Guard {
    let public = http_client().dns_resolver(PublicAddresses::default());
    let registry = Url::parse(&format!("http://{registry}/")).unwrap();
    let allowed = allowed.iter().map(|host| host.parse().unwrap());
    let allowed: Vec<AllowedHost> = allowed.collect();
    Guard::of_operator(&[registry], allowed, public.build().unwrap())
}

#[tokio::test]
async fn every_address_passes_the_guard_first() {
    let inside = Odd::new(|target, _| match target {
        "/x" => ok(OCI_MANIFEST, manifest()),
        target => sound(target),
    })
    .await;
    let place = format!("http://{}/x", inside.address);
    for (header, value, code) in [
        ("location", place.clone(), 307),
        ("www-authenticate", format!("Bearer realm=\"{place}\""), 401),
    ] {
        let odd = Odd::new(move |_, _| status(code, &[(header, &value)], "")).await;
        let remote = odd.remote_with(ClientOptions {
            guard: Some(guard(&odd.address, &[])),
            ..ClientOptions::default()
        });
        let error = remote.image(None).await.unwrap_err();
        assert!(matches!(error, SourceError::Forbidden { .. }), "{error:?}");
        assert_eq!((odd.count(""), inside.count("")), (1, 0));
    }
    // The same redirect to a host that was allowed.
    let to = place.clone();
    let odd = Odd::new(move |target, _| match target.contains("/manifests/") {
        true => status(307, &[("location", &to)], ""),
        false => sound(target),
    })
    .await;
    let remote = odd.remote_with(ClientOptions {
        guard: Some(guard(&odd.address, &[place.trim_end_matches("/x")])),
        ..ClientOptions::default()
    });
    remote.image(None).await.unwrap();
    assert_eq!(inside.count(""), 1);
}

/// Another name of a private host, which a proxy would look up.
#[tokio::test]
async fn what_has_a_private_address_here_is_not_asked_of_a_proxy() {
    let inside = Odd::new(|_, _| ok(OCI_MANIFEST, manifest())).await;
    let proxy = Proxy::to(inside.address.clone()).await;
    let through = reqwest::Proxy::all(format!("http://{}", proxy.address)).unwrap();
    let public = http_client().proxy(through).build().unwrap();
    let led_to = async |place: &str| {
        let place = format!("http://{place}/x");
        let odd = Odd::new(move |_, _| status(307, &[("location", &place)], "")).await;
        let guard = Guard::of_user(Vec::new(), public.clone());
        let guard = guard.behind_proxies(vec!["proxy.test".to_owned()]);
        let remote = odd.remote_with(ClientOptions {
            guard: Some(guard.looking_up()),
            ..ClientOptions::default()
        });
        (remote.image(None).await.unwrap_err(), proxy.take().len())
    };
    let (error, asked) = led_to("localhost").await;
    assert!(matches!(error, SourceError::Forbidden { .. }), "{error:?}");
    assert_eq!((asked, inside.count("")), (0, 0));
    // Only the proxy knows this one.
    let (error, asked) = led_to("registry.test").await;
    assert!(asked > 0, "{error:?}");
}

/// A registry whose tokens come from its own `/token`, which answers so.
async fn giving_tokens(answer: impl Fn() -> Response + Clone + Send + Sync + 'static) -> Odd {
    let own = Arc::new(Mutex::new(String::new()));
    let address = Arc::clone(&own);
    let odd = Odd::new(move |target, authorization| {
        if target.starts_with("/token") {
            return answer();
        }
        if target.starts_with("/moved") {
            return ok("application/json", r#"{"token":"moved"}"#);
        }
        if authorization == Some("Bearer moved") {
            return sound(target);
        }
        let challenge = format!("Bearer realm=\"http://{}/token\"", address.lock().unwrap());
        status(401, &[("www-authenticate", &challenge)], "")
    })
    .await;
    own.lock().unwrap().clone_from(&odd.address);
    odd
}

/// What a server inside answers would go to the registry, as a token.
#[tokio::test]
async fn requests_for_tokens_follow_no_redirect_to_another_host() {
    let inside = Odd::new(|_, _| ok("application/json", r#"{"token":"inside"}"#)).await;
    let port = inside.address.rsplit(':').next().unwrap().to_owned();
    let refresh = || Some(Credentials::IdentityToken("refresh".to_owned()));
    for place in [
        format!("http://{}/latest/meta-data/", inside.address),
        format!("http://localhost:{port}/"),
        "http://169.254.169.254/latest/meta-data/".to_owned(),
    ] {
        for credentials in [None, password(), refresh()] {
            let to = place.clone();
            let odd = giving_tokens(move || status(307, &[("location", &to)], "")).await;
            let error = odd.remote(credentials).image(None).await.unwrap_err();
            assert!(matches!(error, SourceError::Forbidden { .. }), "{error:?}");
            let sent = odd.authorizations();
            assert!(
                sent.iter().all(|sent| !sent.starts_with("Bearer")),
                "{sent:?}"
            );
        }
    }
    assert_eq!(inside.count(""), 0);
    // Another path of the same server is no other host.
    let odd = giving_tokens(|| status(307, &[("location", "/moved")], "")).await;
    odd.remote(password()).image(None).await.unwrap();
}

/// A metadata answer that is taken for a token and sent back.
#[tokio::test]
async fn what_is_no_token_is_not_sent_to_the_registry() {
    for answer in [
        r#"{"Code":"Success","AccessKeyId":"ASIA","SecretAccessKey":"secret","Token":"secret"}"#,
        r#"{"accessKeyId":"ASIA","secretAccessKey":"secret","token":"secret"}"#,
        r#"{"access_token":"secret","resource":"https://management.azure.com/","token_type":"Bearer"}"#,
        r#"{"token":"secret with spaces"}"#,
        r#"{"token":{"secret":"secret"}}"#,
        "secret",
    ] {
        let odd = giving_tokens(move || ok("application/json", answer)).await;
        let error = odd.remote(None).image(None).await.unwrap_err();
        assert!(matches!(error, SourceError::Mismatch { .. }), "{error:?}");
        assert!(!format!("{error} {error:?}").contains("secret"), "{error}");
        assert_eq!(odd.authorizations(), Vec::<String>::new(), "{answer}");
    }
}

/// CVE-2020-15157 on one machine: another port of it is another person's.
#[tokio::test]
async fn a_realm_on_another_port_of_this_machine_gets_no_credentials() {
    let thief = Odd::new(|_, _| ok("application/json", r#"{"token":"t"}"#)).await;
    let port = thief.address.rsplit(':').next().unwrap().to_owned();
    for host in ["127.0.0.1", "localhost", "2130706433", "127.1"] {
        let challenge = format!("Bearer realm=\"http://{host}:{port}/token\"");
        let odd = Odd::new(move |_, _| status(401, &[("www-authenticate", &challenge)], "")).await;
        for credentials in [None, password()] {
            let error = odd.remote(credentials).image(None).await.unwrap_err();
            assert!(matches!(error, SourceError::Forbidden { .. }), "{error:?}");
        }
    }
    assert_eq!(thief.count(""), 0);
}

/// The `Link` of a list that leads elsewhere.
#[tokio::test]
async fn the_next_page_of_tags_is_asked_of_the_registry_itself() {
    let elsewhere = Odd::new(|_, _| ok("application/json", r#"{"tags":["evil"]}"#)).await;
    let link = format!(
        "<http://{}/v2/app/tags/list?last=a>; rel=\"next\"",
        elsewhere.address
    );
    let odd = Odd::new(move |target, _| match target.contains("last=") {
        true => ok("application/json", r#"{"tags":["b"]}"#),
        false => status(200, &[("link", &link)], r#"{"tags":["a"]}"#),
    })
    .await;
    let remote = odd.remote(password());
    if let Ok(page) = remote.tags(None).await
        && let Some(next) = page.next
    {
        // Whether it is an error or the end of the list, nobody else is asked.
        let _ = remote.tags(Some(&next)).await;
    }
    assert_eq!(elsewhere.count(""), 0);
}

#[tokio::test]
async fn a_wrong_password_at_the_token_server_is_no_access() {
    let own = Arc::new(Mutex::new(String::new()));
    let address = Arc::clone(&own);
    let odd = Odd::new(move |target, _| {
        let realm = format!("Bearer realm=\"http://{}/token\"", address.lock().unwrap());
        match target.starts_with("/token") {
            true => status(
                401,
                &[("content-type", "application/json")],
                r#"{"details":"incorrect username or password"}"#,
            ),
            false => status(401, &[("www-authenticate", &realm)], ""),
        }
    })
    .await;
    own.lock().unwrap().clone_from(&odd.address);
    let error = odd.remote(password()).image(None).await.unwrap_err();
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
    assert!(
        error
            .to_string()
            .contains("(incorrect username or password)"),
        "{error}"
    );
    assert_eq!(odd.count(""), 2);
}

/// GHSA-qvqc-4c52-x6qp: where a manifest says that a layer is, anybody may be.
#[tokio::test]
async fn nothing_is_fetched_from_where_a_manifest_says_that_a_layer_is() {
    let elsewhere = Odd::new(|_, _| ok("application/octet-stream", LAYER)).await;
    for place in [
        "http://169.254.169.254/x".to_owned(),
        "https://layers.test/x".to_owned(),
        format!("http://{}/x", elsewhere.address),
    ] {
        let with_urls =
            manifest().replace(r#""size":7"#, &format!(r#""size":7,"urls":["{place}"]"#));
        let odd = Odd::new(move |target, _| match target {
            target if target.contains("/manifests/") => ok(OCI_MANIFEST, with_urls.clone()),
            target if target.ends_with(&Digest::sha256(LAYER).to_string()) => status(404, &[], ""),
            target => sound(target),
        })
        .await;
        let remote = odd.remote(None);
        let image = remote.image(None).await.unwrap();
        let error = remote.layer(&image.layers[0]).await.unwrap_err();
        assert!(matches!(error, SourceError::NotFetched { .. }), "{error:?}");
        assert!(error.to_string().contains(&place), "{error}");
    }
    assert_eq!(elsewhere.count(""), 0);
}
