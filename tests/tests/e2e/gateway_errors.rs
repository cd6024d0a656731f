//! Errors of registries through the gateway: they read as they do without it, and say each thing once.

use onionskin_core::digest::Digest;
use onionskin_core::reference::Reference;
use onionskin_core::source::registry::{
    Client, ClientOptions, Guard, PublicAddresses, http_client,
};
use onionskin_core::source::{RetryAfter, SourceError};
use onionskin_fixtures::{Image, bytes, layer};
use onionskin_gateway::{Gateway, GatewayOptions, Limits};
use onionskin_tests::command::run;
use onionskin_tests::odd::{LAYER, Odd, holding, ok, serve, sound, status};
use onionskin_tests::{serving, through_gateway};

/// What is wrong, and how the registry answers. Bodies are as long as the blob that is asked for.
type Case = (&'static str, fn() -> axum::response::Response);

const JSON: (&str, &str) = ("content-type", "application/json");

const ANSWERS: &[Case] = &[
    ("not found", || {
        let body = r#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}"#;
        status(404, &[JSON], body)
    }),
    ("gone", || status(410, &[], "")),
    ("denied", || {
        let body = r#"{"errors":[{"code":"DENIED","message":"no pull for you"}]}"#;
        status(403, &[JSON], body)
    }),
    ("no log-in", || status(401, &[], "{}")),
    ("busy", || status(429, &[("retry-after", "30")], "")),
    ("busy until", || {
        status(429, &[("retry-after", "Wed, 25 Nov 2026 07:28:00 GMT")], "")
    }),
    ("busy at some time", || {
        status(429, &[("retry-after", "soon")], "")
    }),
    ("Docker Hub's limit", || {
        let limit = ("ratelimit-limit", "100;w=21600");
        status(429, &[limit, ("ratelimit-remaining", "0;w=21600")], "")
    }),
    ("not available", || {
        let body = r#"{"errors":[{"code":"UNAVAILABLE","message":"maintenance"}]}"#;
        status(503, &[JSON, ("retry-after", "600")], body)
    }),
    ("broken", || {
        let body = r#"{"errors":[{"code":"UNKNOWN","message":"disk full"}]}"#;
        status(500, &[JSON], body)
    }),
    ("a proxy's page", || {
        let body = "<html><title>Bad gateway</title></html>";
        status(502, &[("content-type", "text/html")], body)
    }),
    ("a log-in page", || {
        ok("text/html", "<!doctype html><title>Sign in</title>")
    }),
    ("no JSON", || ok("text/plain", "log in!")),
    ("a list", || ok("application/json", "[0,1,2]")),
    ("another digest", || {
        let digest = Digest::sha256(b"other").to_string();
        status(
            200,
            &[JSON, ("docker-content-digest", &digest)],
            r#"{"a":1}"#,
        )
    }),
    ("a part", || {
        status(206, &[("content-range", "bytes 0-1/7")], "a ")
    }),
    ("a way to nowhere", || {
        status(302, &[("location", "http://[::")], "")
    }),
    ("too many ways", || status(302, &[("location", "?")], "")),
];

/// As the command asks: by the same rules as the gateway.
fn direct() -> Client {
    let public = http_client().dns_resolver(PublicAddresses::behind_proxies(&[]));
    let options = ClientOptions {
        guard: Some(Guard::of_user(Vec::new(), public.build().unwrap())),
        ..ClientOptions::default()
    };
    Client::new(http_client().build().unwrap(), options)
}

#[tokio::test]
async fn errors_read_the_same_through_a_gateway() {
    let direct = direct();
    for (case, answer) in ANSWERS {
        for part in [
            "/manifests/",
            "/blobs/",
            "/tags/list",
            "/referrers/",
            "/_catalog",
        ] {
            let odd = Odd::new(move |target, _| match target.contains(part) {
                true => answer(),
                false => sound(target),
            })
            .await;
            let (client, _) = through_gateway(&[format!("http://{}", odd.address)]).await;
            let reference: Reference = format!("{}/app:1", odd.address).parse().unwrap();
            let mut told = Vec::new();
            for client in [&direct, &client] {
                let remote = client.open(&reference).unwrap();
                let digest = Digest::sha256(LAYER);
                let error = match part {
                    "/manifests/" => remote.image(None).await.err(),
                    "/tags/list" => remote.tags(None).await.err(),
                    "/referrers/" => remote.referrers(&digest, None).await.err(),
                    "/_catalog" => {
                        let registry = client.registry(&odd.address).unwrap();
                        registry.repositories(None).await.err()
                    }
                    _ => match remote.blob(&digest, Some(LAYER.len() as u64)).await {
                        Err(error) => Some(error),
                        Ok(blob) => {
                            let mut blob = blob.verified(digest);
                            loop {
                                match blob.next_chunk().await {
                                    Ok(Some(_)) => {}
                                    Ok(None) => break None,
                                    Err(error) => break Some(error),
                                }
                            }
                        }
                    },
                };
                told.push(error.map(|error| (error.to_string(), error.advice())));
            }
            assert_eq!(told[0], told[1], "{case} {part}");
            let Some((text, _)) = &told[0] else { continue };
            assert!(
                !text.contains("1 seconds") && !text.contains("soon"),
                "{text}"
            );
        }
    }
}

/// What the command says of `app:1`, or its tags, at a registry and at a gateway in front of it, which it takes for a
/// registry like any other.
async fn commands(address: &str, verb: &str) -> [String; 2] {
    let gateway = serving(GatewayOptions {
        registries: vec![format!("odd=http://{address}").parse().unwrap()],
        ..GatewayOptions::default()
    })
    .await;
    let told = async |registry: &str| {
        let what = match verb {
            "tags" => format!("{registry}/app"),
            _ => format!("{registry}/app:1"),
        };
        let output = run(&[verb, &what]).await;
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8(output.stderr).unwrap()
    };
    let behind = format!("{gateway}/odd");
    let (direct, through) = tokio::join!(told(address), told(&behind));
    [
        direct,
        through.replace(&behind, address).replace(&gateway, address),
    ]
}

#[tokio::test]
async fn the_command_says_the_same_through_a_gateway() {
    for (case, part, verb) in [
        ("not found", "/blobs/", "ls"),
        ("busy", "/manifests/", "ls"),
        ("busy until", "/blobs/", "ls"),
        ("not available", "/tags/list", "tags"),
        ("broken", "/manifests/", "ls"),
        ("a log-in page", "/blobs/", "ls"),
        ("no JSON", "/manifests/", "ls"),
        ("no JSON", "/blobs/", "ls"),
        ("no JSON", "/tags/list", "tags"),
        ("another digest", "/manifests/", "ls"),
        ("a way to nowhere", "/blobs/", "ls"),
        ("a part", "/blobs/", "ls"),
    ] {
        let (_, answer) = ANSWERS.iter().find(|(name, _)| *name == case).unwrap();
        let odd = Odd::new(move |target, _| match target.contains(part) {
            true => answer(),
            false => sound(target),
        })
        .await;
        let [direct, through] = commands(&odd.address, verb).await;
        assert_eq!(through, direct, "{case} {part}");
        assert!(
            !direct.contains(" 0 seconds") && !direct.contains("latest"),
            "{direct}"
        );
    }
}

/// What a registry sends instead of a blob.
type Wrong = fn(&[u8]) -> Vec<u8>;

/// Most of a large layer has been sent when the gateway finds that it is another one.
#[tokio::test]
async fn a_wrong_layer_is_told_as_that_however_much_of_it_was_sent() {
    for size in [1_000, 3_000_000] {
        let image = Image::new().layer(layer("COPY app /app").file("/app", bytes(size)));
        let image = image.pack();
        let wrong: [Wrong; 3] = [
            // The time in the head of the gzip, so that it decodes all the same.
            |bytes| [&bytes[..4], b"x", &bytes[5..]].concat(),
            |bytes| [bytes, b"more"].concat(),
            |bytes| bytes[..bytes.len() - 1].to_vec(),
        ];
        for (at, wrong) in wrong.into_iter().enumerate() {
            let (sound, layer) = (holding(&image), image.layers[0].clone());
            let odd =
                Odd::new(
                    move |target, authorization| match target.ends_with(&layer.digest) {
                        true => ok("application/octet-stream", wrong(&layer.bytes)),
                        false => sound(target, authorization),
                    },
                )
                .await;
            let [direct, through] = commands(&odd.address, "ls").await;
            assert!(through.contains("does not match: expected"), "{through}");
            match at {
                // Who has all the bytes says it of the layer, and not of its transfer.
                0 => assert!(direct.contains("the blob's digest is"), "{direct}"),
                _ => assert_eq!(through, direct, "{size} {at}"),
            }
        }
    }
}

/// A redirect that the rules refuse is no log-in that is missing. (A gateway's rules are stricter, so that its reason may be
/// another.)
#[tokio::test]
async fn a_refused_place_is_told_as_that() {
    const REALM: &str = "Bearer realm=\"http://10.0.0.1/t\"";
    let cases: [fn() -> axum::response::Response; 3] = [
        || status(307, &[("location", "http://10.0.0.1/x")], ""),
        || status(302, &[("location", "http://169.254.169.254/x")], ""),
        || status(401, &[("www-authenticate", REALM)], ""),
    ];
    for answer in cases {
        let odd = Odd::new(move |_, _| answer()).await;
        let (client, _) = through_gateway(&[format!("http://{}", odd.address)]).await;
        let reference: Reference = format!("{}/app:1", odd.address).parse().unwrap();
        for client in [&direct(), &client] {
            let error = client.open(&reference).unwrap().image(None).await;
            let error = error.unwrap_err();
            assert!(matches!(error, SourceError::Forbidden { .. }), "{error:?}");
            let text = error.to_string();
            assert!(text.contains("was not requested from"), "{text}");
            assert!(!text.contains("log-in"), "{text}");
        }
    }
}

#[tokio::test]
async fn a_registry_that_does_not_answer_is_told_the_same_through_a_gateway() {
    let closed = Odd::new(|_, _| status(200, &[], "")).await.address;
    // A port at which nobody listens any more.
    let address = closed.replace("127.0.0.1", "127.0.0.9");
    let (client, _) = through_gateway(&[format!("http://{address}")]).await;
    let reference: Reference = format!("{address}/app:1").parse().unwrap();
    let mut told = Vec::new();
    for client in [&direct(), &client] {
        let error = client.open(&reference).unwrap().image(None).await;
        told.push(error.unwrap_err().to_string());
    }
    assert_eq!(told[0], told[1]);
    assert!(told[0].contains("nothing answers"), "{told:?}");
}

/// What the gateway says for itself is not put into the registry's mouth.
#[tokio::test]
async fn a_busy_gateway_says_so_of_itself() {
    let odd = Odd::new(|target, _| sound(target)).await;
    let options = GatewayOptions {
        registries: vec![format!("http://{}", odd.address).parse().unwrap()],
        limits: Limits {
            documents: 0,
            waiting: 0,
            ..Limits::default()
        },
        ..GatewayOptions::default()
    };
    let gateway = serve(Gateway::new(&options).unwrap().router()).await;
    let options = ClientOptions {
        gateway: Some(format!("http://{gateway}/").parse().unwrap()),
        ..ClientOptions::default()
    };
    let client = Client::new(http_client().build().unwrap(), options);
    let reference: Reference = format!("{}/app:1", odd.address).parse().unwrap();
    let error = client.open(&reference).unwrap().image(None).await;
    let error = error.unwrap_err();
    let text = "this gateway allows no more requests for now; try again in 5 seconds";
    assert_eq!(error.to_string(), text);
    let retry = matches!(
        error,
        SourceError::TooManyRequests {
            retry: Some(RetryAfter::Seconds(5)),
            ..
        }
    );
    assert!(retry);
    assert_eq!(odd.count(""), 0);
}
