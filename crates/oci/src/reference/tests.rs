//! References as people write them, and as they get them wrong.

use super::*;
use proptest::prelude::*;

const HEX: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

fn full(text: &str) -> String {
    text.parse::<Reference>()
        .map_or_else(|error| format!("{text}: {error:?}"), |r| r.to_string())
}

#[test]
fn short_names_are_written_out() {
    for (text, expected) in [
        ("nginx", "docker.io/library/nginx:latest"),
        ("docker.io/nginx", "docker.io/library/nginx:latest"),
        (
            "index.docker.io/library/nginx",
            "docker.io/library/nginx:latest",
        ),
        ("foo/bar", "docker.io/foo/bar:latest"),
        ("foo.io/bar", "foo.io/bar:latest"),
        ("localhost/bar", "localhost/bar:latest"),
        ("localhost", "docker.io/library/localhost:latest"),
        ("localhost:5000", "docker.io/library/localhost:5000"),
        ("foo:5000/bar", "foo:5000/bar:latest"),
        ("Foo/bar", "Foo/bar:latest"),
        ("[::1]:5000/a/b:c", "[::1]:5000/a/b:c"),
        ("[2001:db8::1]/a", "[2001:db8::1]/a:latest"),
        ("a__b/c---d/e.f_g", "docker.io/a__b/c---d/e.f_g:latest"),
        ("127.0.0.1:80/x:V1.0-_", "127.0.0.1:80/x:V1.0-_"),
    ] {
        assert_eq!(full(text), expected, "{text}");
    }
}

#[test]
fn a_digest_needs_no_tag_and_decides_over_one() {
    let pinned: Reference = format!("nginx@sha256:{HEX}").parse().unwrap();
    assert_eq!(pinned.tag(), None);
    assert_eq!(pinned.familiar(), format!("nginx@sha256:{HEX}"));
    let both: Reference = format!("nginx:1.27@sha256:{HEX}").parse().unwrap();
    assert_eq!(both.tag(), Some("1.27"));
    assert_eq!(both.wanted(), format!("sha256:{HEX}"));
    assert_eq!(
        both.to_string(),
        format!("docker.io/library/nginx:1.27@sha256:{HEX}")
    );
}

#[test]
fn errors_say_what_is_wrong_where() {
    use ReferenceError as E;
    let bad_digest = DigestError::BadHex(crate::digest::Algorithm::Sha256);
    for (text, expected) in [
        ("", E::Empty),
        (HEX, E::ImageId),
        (
            "https://nginx",
            E::Scheme {
                scheme: "https".into(),
            },
        ),
        ("foo/Bar", E::UpperCase { at: 5, found: 'B' }),
        ("nginx/", E::EmptyPart { at: 7 }),
        ("quay.io//x", E::EmptyPart { at: 9 }),
        ("/x", E::EmptyPart { at: 1 }),
        ("ngi nx", E::NameCharacter { at: 4, found: ' ' }),
        ("quay.io/é", E::NameCharacter { at: 9, found: 'é' }),
        ("a___b", E::Separator { at: 4, found: '_' }),
        ("a..b", E::Separator { at: 3, found: '.' }),
        ("a.-b", E::Separator { at: 3, found: '-' }),
        ("-a", E::Separator { at: 1, found: '-' }),
        ("a-", E::Separator { at: 2, found: '-' }),
        ("nginx:", E::EmptyTag { at: 6 }),
        ("nginx:-a", E::TagCharacter { at: 7, found: '-' }),
        ("nginx:a:b", E::TagCharacter { at: 8, found: ':' }),
        (
            "nginx@sha256:12",
            E::Digest {
                at: 6,
                reason: bad_digest,
            },
        ),
        (
            "foo:99999/bar",
            E::Port {
                port: "99999".into(),
                at: 5,
            },
        ),
        (
            "foo:/bar",
            E::Port {
                port: String::new(),
                at: 5,
            },
        ),
        (
            "foo:1a/bar",
            E::Port {
                port: "1a".into(),
                at: 5,
            },
        ),
        (
            "[::g]/bar",
            E::Ipv6 {
                domain: "[::g]".into(),
            },
        ),
        (
            "[::1/bar",
            E::Ipv6 {
                domain: "[::1".into(),
            },
        ),
        (
            "a..b/c",
            E::DomainPart {
                domain: "a..b".into(),
                at: 3,
            },
        ),
        (
            "-a.b/c",
            E::DomainPart {
                domain: "-a.b".into(),
                at: 1,
            },
        ),
        (
            "a_b.c/d",
            E::DomainCharacter {
                domain: "a_b.c".into(),
                at: 2,
                found: '_',
            },
        ),
    ] {
        assert_eq!(text.parse::<Reference>(), Err(expected), "{text}");
    }
}

#[test]
fn lengths_are_limited() {
    let path = |n: usize| format!("quay.io/{}", "a".repeat(n));
    assert!(path(255).parse::<Reference>().is_ok());
    assert_eq!(
        path(256).parse::<Reference>(),
        Err(ReferenceError::NameTooLong { length: 256 })
    );
    // `library/` counts.
    assert_eq!(
        "a".repeat(248).parse::<Reference>(),
        Err(ReferenceError::NameTooLong { length: 256 })
    );
    let tag = |n: usize| format!("a:{}", "1".repeat(n));
    assert!(tag(128).parse::<Reference>().is_ok());
    assert_eq!(
        tag(129).parse::<Reference>(),
        Err(ReferenceError::TagTooLong { length: 129 })
    );
}

#[test]
fn docker_hub_is_served_elsewhere() {
    let api = |text: &str| text.parse::<Reference>().unwrap().api_host().to_owned();
    assert_eq!(api("nginx"), "registry-1.docker.io");
    assert_eq!(api("ghcr.io/a/b"), "ghcr.io");
    assert_eq!(api("localhost:5000/a"), "localhost:5000");
}

proptest! {
    #[test]
    fn no_text_panics_and_display_parses_to_itself(
        text in prop_oneof![".{0,40}", "[a-zA-Z0-9.:/@_\\[\\]-]{0,40}", "[a-c]{1,2}([./:_-][a-c]{1,2}){0,5}"]
    ) {
        if let Ok(reference) = text.parse::<Reference>() {
            prop_assert_eq!(&reference.to_string().parse::<Reference>(), &Ok(reference.clone()));
            prop_assert_eq!(reference.familiar().parse::<Reference>(), Ok(reference));
        }
    }
}
