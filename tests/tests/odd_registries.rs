//! The registry client against registries that are hostile, broken or busy.

// Where a test's ground gives way, the test has failed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use futures::future::join_all;
use futures::stream;
use onionskin_core::digest::Digest;
use onionskin_core::manifest::media_type::{OCI_CONFIG, OCI_INDEX, OCI_LAYER, OCI_MANIFEST};
use onionskin_core::reference::Reference;
use onionskin_core::source::registry::{
    Client, Options, Policy, Purpose, Remote, Url, http_client,
};
use onionskin_core::source::{Credentials, Image, RetryAfter, SourceError};
use onionskin_tests::serve;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

const LAYER: &[u8] = b"a layer";
const CONFIG: &[u8] = br#"{"os":"linux","architecture":"amd64"}"#;

/// A request that came: method and path with its query, and its Authorization.
type Seen = Arc<Mutex<Vec<(String, Option<String>)>>>;

/// A server that answers as a function says, and remembers what came.
struct Odd {
    address: String,
    seen: Seen,
}

impl Odd {
    async fn new(
        answer: impl Fn(&str, Option<&str>) -> Response + Clone + Send + Sync + 'static,
    ) -> Self {
        let seen = Seen::default();
        let log = Arc::clone(&seen);
        let router = Router::new().fallback(move |request: Request| async move {
            let target = request.uri().to_string();
            let authorization = request.headers().get("authorization");
            let authorization = authorization.map(|value| value.to_str().unwrap().to_owned());
            let line = format!("{} {target}", request.method());
            let body = axum::body::to_bytes(request.into_body(), 10_000)
                .await
                .unwrap();
            let line = format!("{line}{}", String::from_utf8_lossy(&body));
            log.lock().unwrap().push((line, authorization.clone()));
            answer(&target, authorization.as_deref())
        });
        Self {
            address: serve(router).await,
            seen,
        }
    }

    /// How often a request whose line holds `part` came.
    fn count(&self, part: &str) -> usize {
        let seen = self.seen.lock().unwrap();
        seen.iter().filter(|(line, _)| line.contains(part)).count()
    }

    /// The Authorization headers that came, each once.
    fn authorizations(&self) -> Vec<String> {
        let seen = self.seen.lock().unwrap();
        let mut all: Vec<_> = seen.iter().filter_map(|(_, value)| value.clone()).collect();
        all.sort();
        all.dedup();
        all
    }

    fn remote(&self, credentials: Option<Credentials>) -> Remote {
        self.remote_with(Options {
            credentials: credentials
                .map(|known| (self.address.clone(), known))
                .into_iter()
                .collect(),
            ..Options::default()
        })
    }

    fn remote_with(&self, options: Options) -> Remote {
        let reference: Reference = format!("{}/app:1", self.address).parse().unwrap();
        Client::new(http_client().build().unwrap(), options)
            .open(&reference)
            .unwrap()
    }

    async fn image(&self) -> Result<Image, SourceError> {
        self.remote(None).image(None).await
    }

    async fn error(&self) -> SourceError {
        self.image().await.unwrap_err()
    }
}

fn password() -> Option<Credentials> {
    Some(Credentials::Password {
        user: "me".to_owned(),
        password: "hunter2".to_owned(),
    })
}

fn status(status: u16, headers: &[(&str, &str)], body: &'static str) -> Response {
    let mut response = (StatusCode::from_u16(status).unwrap(), body).into_response();
    for (name, value) in headers {
        let name: axum::http::HeaderName = name.parse().unwrap();
        response.headers_mut().append(name, value.parse().unwrap());
    }
    response
}

fn ok(content_type: &str, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    response
        .headers_mut()
        .insert("content-type", content_type.parse().unwrap());
    response
}

fn manifest() -> String {
    let part = |media_type: &str, bytes: &[u8]| {
        format!(
            r#"{{"mediaType":"{media_type}","digest":"{}","size":{}}}"#,
            Digest::sha256(bytes),
            bytes.len()
        )
    };
    format!(
        r#"{{"schemaVersion":2,"mediaType":"{OCI_MANIFEST}","config":{},"layers":[{}]}}"#,
        part(OCI_CONFIG, CONFIG),
        part(OCI_LAYER, LAYER)
    )
}

/// What a sound registry would answer for the image `app:1`.
fn sound(target: &str) -> Response {
    let blob = |bytes: &'static [u8]| ok("application/octet-stream", bytes);
    if target.contains("/manifests/") {
        ok(OCI_MANIFEST, manifest())
    } else if target.ends_with(&Digest::sha256(CONFIG).to_string()) {
        blob(CONFIG)
    } else if target.ends_with(&Digest::sha256(LAYER).to_string()) {
        blob(LAYER)
    } else {
        status(404, &[], "")
    }
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
    // Our own scope, and no parameter that the challenge smuggles in.
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
        let options = Options {
            credentials: password()
                .map(|known| (odd.address.clone(), known))
                .into_iter()
                .collect(),
            ..Options::default()
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

#[tokio::test]
async fn every_address_passes_the_policy_first() {
    struct Only(String, Mutex<Vec<Purpose>>);
    impl Policy for Only {
        fn check(&self, url: &Url, purpose: Purpose) -> Result<(), String> {
            self.1.lock().unwrap().push(purpose);
            let port = url.port().map(|port| port.to_string()).unwrap_or_default();
            if self.0.ends_with(&port) {
                Ok(())
            } else {
                Err("not on the list".to_owned())
            }
        }
    }
    let secret = Odd::new(|target, _| sound(target)).await;
    for (header, purpose) in [
        ("location", Purpose::Redirect),
        ("www-authenticate", Purpose::Token),
    ] {
        let place = match header {
            "location" => format!("http://{}/x", secret.address),
            _ => format!("Bearer realm=\"http://{}/x\"", secret.address),
        };
        let code = if header == "location" { 307 } else { 401 };
        let odd = Odd::new(move |_, _| status(code, &[(header, &place)], "")).await;
        let policy = Arc::new(Only(odd.address.clone(), Mutex::default()));
        let remote = odd.remote_with(Options {
            policy: Some(Arc::clone(&policy) as Arc<dyn Policy>),
            ..Options::default()
        });
        let error = remote.image(None).await.unwrap_err();
        assert!(
            matches!(&error, SourceError::Forbidden { reason, .. } if reason == "not on the list"),
            "{error:?}"
        );
        assert_eq!(*policy.1.lock().unwrap(), [Purpose::Registry, purpose]);
    }
    assert_eq!(secret.count(""), 0);
}

#[tokio::test]
async fn busy_registries_say_when_to_come_back() {
    for (headers, expected, text) in [
        (
            &[("retry-after", "30")][..],
            Some(RetryAfter::Seconds(30)),
            "try again in 30 seconds",
        ),
        (
            &[
                ("retry-after", "600"),
                ("ratelimit-limit", "100;w=21600"),
                ("ratelimit-remaining", "0;w=21600"),
            ],
            Some(RetryAfter::Seconds(600)),
            "(it allows 100 pulls in 6 hours, 0 left); try again in 10 minutes",
        ),
        (
            &[("retry-after", "Wed, 25 Nov 2026 07:28:00 GMT")],
            Some(RetryAfter::At("Wed, 25 Nov 2026 07:28:00 GMT".to_owned())),
            "try again after Wed, 25 Nov 2026 07:28:00 GMT",
        ),
        (&[], None, "try again later"),
    ] {
        let odd = Odd::new(move |_, _| status(429, headers, "")).await;
        let error = odd.error().await;
        assert!(error.to_string().contains(text), "{error}");
        let SourceError::TooManyRequests { retry, .. } = error else {
            panic!("{error:?}")
        };
        assert_eq!(retry, expected);
    }
}

#[tokio::test]
async fn errors_are_quoted_and_pages_are_not() {
    for (code, content_type, body, says) in [
        (
            404,
            "application/json",
            r#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}"#,
            "was not found in 127.0.0.1",
        ),
        (
            403,
            "application/json",
            r#"{"errors":[{"code":"DENIED","message":"no pull for you"}]}"#,
            "(no pull for you)",
        ),
        (401, "application/json", "{}", "no access"),
        (
            502,
            "text/html",
            "<html><h1>Bad \u{1b}[31mgateway</h1></html>",
            "answered 502",
        ),
        (500, "text/plain", "<b>stack trace</b>", "answered 500"),
    ] {
        let odd = Odd::new(move |_, _| status(code, &[("content-type", content_type)], body)).await;
        let error = odd.error().await;
        assert!(error.to_string().contains(says), "{error}");
        assert!(!error.to_string().contains(['<', '\u{1b}']), "{error}");
    }
}

#[tokio::test]
async fn what_is_not_what_was_promised_is_not_used() {
    // A tag whose bytes are not what its own header says.
    let other = Digest::sha256(b"other").to_string();
    let promised = other.clone();
    let odd = Odd::new(move |target, _| {
        let mut response = sound(target);
        response
            .headers_mut()
            .insert("docker-content-digest", promised.parse().unwrap());
        response
    })
    .await;
    assert!(matches!(odd.error().await, SourceError::Mismatch { .. }));

    // A digest that is answered with other bytes.
    let odd = Odd::new(|target, _| sound(target)).await;
    let pinned: Reference = format!("{}/app@{other}", odd.address).parse().unwrap();
    let client = Client::new(http_client().build().unwrap(), Options::default());
    let error = client.open(&pinned).unwrap().image(None).await.unwrap_err();
    assert!(
        matches!(&error, SourceError::Mismatch { promised, .. } if *promised == other),
        "{error:?}"
    );

    // Blobs with other bytes of the same size, and of other sizes.
    for (bytes, says) in [
        (&b"A layer"[..], "sha256"),
        (b"a layer and more", "7 bytes"),
    ] {
        let odd =
            Odd::new(
                move |target, _| match target.ends_with(&Digest::sha256(LAYER).to_string()) {
                    true => ok("application/octet-stream", bytes),
                    false => sound(target),
                },
            )
            .await;
        let remote = odd.remote(None);
        let image = remote.image(None).await.unwrap();
        let mut stream = remote
            .layer(&image.layers[0])
            .await
            .unwrap()
            .verified(Digest::sha256(LAYER));
        let error = loop {
            match stream.next_chunk().await {
                Ok(chunk) => assert!(chunk.is_some(), "the end came without an error"),
                Err(error) => break error,
            }
        };
        assert!(
            matches!(&error, SourceError::Mismatch { promised, .. } if promised.contains(says)),
            "{error:?}"
        );
        assert!(
            matches!(stream.next_chunk().await, Ok(None)),
            "nothing follows an error"
        );
    }

    // A configuration with other bytes.
    let odd = Odd::new(|target, _| match target.contains("/blobs/") {
        true => ok(
            "application/json",
            r#"{"os":"linux","architecture":"arm64"}"#,
        ),
        false => sound(target),
    })
    .await;
    assert!(matches!(odd.error().await, SourceError::Mismatch { .. }));
}

/// A server that sends these bytes to whoever comes, and hangs up.
async fn hangs_up_after(answer: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                request.push(connection.read_u8().await.unwrap());
            }
            connection.write_all(answer).await.unwrap();
        }
    });
    address
}

#[tokio::test]
async fn a_connection_cut_in_the_middle_of_a_blob_is_an_error_that_says_where() {
    for answer in [
        &b"HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\na l"[..],
        // No length in the answer: only the descriptor tells that something is missing.
        b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\na l",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\na l\r\n",
    ] {
        let address = hangs_up_after(answer).await;
        let reference: Reference = format!("{address}/app:1").parse().unwrap();
        let client = Client::new(http_client().build().unwrap(), Options::default());
        let remote = client.open(&reference).unwrap();
        let mut blob = remote.blob(&Digest::sha256(LAYER), Some(7)).await.unwrap();
        let error = loop {
            match blob.next_chunk().await {
                Ok(chunk) => assert!(chunk.is_some(), "the end came without an error"),
                Err(error) => break error,
            }
        };
        let text = error.to_string();
        assert!(
            text.contains("app:1 broke off after 3 of 7 bytes"),
            "{text}"
        );
        assert!(
            matches!(
                error,
                SourceError::Cut {
                    received: 3,
                    size: Some(7),
                    ..
                }
            ),
            "{text}"
        );
    }
}

#[tokio::test]
async fn documents_that_are_no_image_are_refused_by_name() {
    let both = manifest().replace(r#""layers""#, r#""manifests":[],"layers""#);
    let helm = manifest().replace(OCI_CONFIG, "application/vnd.cncf.helm.config.v1+json");
    for (content_type, body, says) in [
        (OCI_INDEX, manifest(), "it was sent as"),
        (OCI_MANIFEST, both, "both `manifests` and `layers`"),
        (
            "application/vnd.docker.distribution.manifest.v1+prettyjws",
            "{}".to_owned(),
            "schema 1",
        ),
        (
            OCI_MANIFEST,
            helm,
            "artifact of type application/vnd.cncf.helm.config.v1+json",
        ),
        ("text/html", "<html>log in</html>".to_owned(), "no JSON"),
    ] {
        let odd = Odd::new(move |_, _| ok(content_type, body.clone())).await;
        let error = odd.error().await;
        assert!(matches!(error, SourceError::Document { .. }), "{error:?}");
        assert!(error.to_string().contains(says), "{error}");
        assert!(!error.to_string().contains("<html>"), "{error}");
    }
}

#[tokio::test]
async fn an_endless_document_is_given_up() {
    let odd = Odd::new(|_, _| {
        let zeros =
            stream::repeat_with(|| Ok::<_, std::io::Error>(Bytes::from_static(&[b' '; 65536])));
        ok(OCI_MANIFEST, Body::from_stream(zeros))
    })
    .await;
    assert!(matches!(odd.error().await, SourceError::Mismatch { .. }));
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

#[tokio::test]
async fn layers_stored_elsewhere_are_asked_for_without_credentials_and_under_the_policy() {
    struct NotElsewhere;
    impl Policy for NotElsewhere {
        fn check(&self, url: &Url, purpose: Purpose) -> Result<(), String> {
            match purpose {
                Purpose::LayerUrl => Err(format!("not {}", url.host_str().unwrap())),
                _ => Ok(()),
            }
        }
    }
    for (place, says) in [
        ("http://169.254.169.254/x", "no https address"),
        ("https://layers.test/x", "not layers.test"),
    ] {
        let with_urls =
            manifest().replace(r#""size":7"#, &format!(r#""size":7,"urls":["{place}"]"#));
        let odd = Odd::new(move |target, _| match target {
            target if target.contains("/manifests/") => ok(OCI_MANIFEST, with_urls.clone()),
            target if target.ends_with(&Digest::sha256(LAYER).to_string()) => status(404, &[], ""),
            target => sound(target),
        })
        .await;
        let remote = odd.remote_with(Options {
            policy: Some(Arc::new(NotElsewhere)),
            ..Options::default()
        });
        let image = remote.image(None).await.unwrap();
        let error = remote.layer(&image.layers[0]).await.unwrap_err();
        assert!(matches!(error, SourceError::Forbidden { .. }), "{error:?}");
        assert!(error.to_string().contains(says), "{error}");
    }
}

#[tokio::test]
async fn indexes_that_nest_without_end_are_given_up() {
    let own = Arc::new(Mutex::new(String::new()));
    // Each level is known by the digest of the one inside it.
    let mut levels = vec![r#"{"schemaVersion":2,"manifests":[]}"#.to_owned()];
    for _ in 0..20 {
        let inner = levels.last().unwrap();
        let (digest, size) = (Digest::sha256(inner.as_bytes()), inner.len());
        levels.push(format!(
            r#"{{"schemaVersion":2,"manifests":[{{"mediaType":"{OCI_INDEX}","digest":"{digest}","size":{size}}}]}}"#
        ));
    }
    own.lock().unwrap().clone_from(levels.last().unwrap());
    let odd = Odd::new(move |target, _| {
        let wanted = target.rsplit('/').next().unwrap();
        let by_digest = levels
            .iter()
            .find(|level| Digest::sha256(level.as_bytes()).to_string() == wanted);
        ok(
            OCI_INDEX,
            by_digest
                .cloned()
                .unwrap_or_else(|| own.lock().unwrap().clone()),
        )
    })
    .await;
    assert!(matches!(odd.error().await, SourceError::NoPlatform { .. }));
    assert!(odd.count("") <= 9);
}

#[tokio::test]
async fn a_list_of_tags_goes_on_at_the_same_place_only() {
    for (link, next) in [
        (
            "</v2/app/tags/list?last=b&n=2>; rel=\"next\"",
            Some("last=b&n=2"),
        ),
        (
            "<http://169.254.169.254/v2/app/tags/list?last=b>; rel=\"next\"",
            None,
        ),
    ] {
        let odd = Odd::new(move |_, _| {
            let mut response = ok(
                "application/json",
                r#"{"name":"app","tags":["a","../x","b"]}"#,
            );
            response.headers_mut().insert("link", link.parse().unwrap());
            response
        })
        .await;
        let page = odd.remote(None).tags(None).await.unwrap();
        assert_eq!(
            (page.tags, page.next.as_deref()),
            (vec!["a".to_owned(), "b".to_owned()], next)
        );
    }
    let null = Odd::new(|_, _| ok("application/json", r#"{"name":"app","tags":null}"#)).await;
    assert_eq!(
        null.remote(None).tags(None).await.unwrap().tags,
        Vec::<String>::new()
    );
}
