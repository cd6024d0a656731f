//! Secrets in files: each published form is found, and what is nearly one is not.

// Where a test's ground gives way, the test has failed.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod forms;
#[path = "../support/mod.rs"]
mod support;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use forms::*;
use onionskin_audit::secrets::SecretScanner;
use onionskin_fixtures::{Layer, seeded};
use proptest::prelude::*;

/// `rule:line` of all that is found in a file.
fn found_at(path: &str, content: impl AsRef<[u8]>) -> Vec<String> {
    let index = support::index(&Layer::new().file(path, content.as_ref()));
    let spots = index
        .found::<SecretScanner>()
        .unwrap()
        .into_iter()
        .map(|(_, spot)| format!("{}:{}", spot.rule.id(), spot.line));
    spots.collect()
}

fn found(content: impl AsRef<[u8]>) -> Vec<String> {
    found_at("/app/settings.txt", content)
}

#[test]
fn every_form_is_found_wherever_it_may_stand() {
    for (seed, (rule, form)) in (1..).zip(FORMS) {
        let token = made(seed, form);
        for text in [
            token.clone(),
            format!("key={token}\n"),
            format!("{{\"key\": \"{token}\"}}"),
            format!("key: '{token}';"),
            format!("x {token} y"),
            format!("export KEY={token}; y"),
            format!("<key>{token}</key>"),
            format!("x: {token}.\n"),
            format!("(`{token}`)"),
            format!("\u{fc}{token}\r\n"),
        ] {
            assert_eq!(found(&text), [format!("{rule}:1")], "{text}");
        }
    }
    for (seed, (rule, before, form, after)) in (1000..).zip(NAMED) {
        let text = format!("x\n{before}{}{after}", made(seed, form));
        let line = if before.contains('\n') { 3 } else { 2 };
        assert_eq!(found(&text), [format!("{rule}:{line}")], "{text}");
    }
}

#[test]
fn what_is_nearly_a_form_is_none() {
    for (seed, (rule, form)) in (1..).zip(FORMS) {
        let token = made(seed, form);
        let last = token.len() - 1;
        let mut other = token.clone().into_bytes();
        other[0] = if other[0] == b'z' { b'y' } else { b'z' };
        let other = String::from_utf8(other).unwrap();
        let begins_free = matches!(form[0], Of(..));
        let mut near = vec![
            format!("x{token}"),
            format!("{token}x"),
            format!("{token}0"),
            format!("_{token}"),
            format!("{token}_"),
            token[..last].to_owned(),
            token[1..].to_owned(),
            format!("{}!{}", &token[..last / 2], &token[last / 2 + 1..]),
            // A token in the middle of encoded bytes.
            format!(
                "{}{token}{}",
                letters(1, BASE64, 40),
                letters(2, BASE64, 40)
            ),
        ];
        if !begins_free && !token.starts_with("http") {
            near.push(other);
        }
        let typed: String = form
            .iter()
            .map(|part| match part {
                Is(text) => (*text).to_owned(),
                Of(_, n) => "x".repeat(*n),
                Sum => "xxxxxx".to_owned(),
            })
            .collect();
        near.push(typed);
        for text in near {
            // An address may have anything before it, and some forms have more than one length.
            let same_end = token.ends_with(&text) || text.ends_with(&token);
            let address = token.starts_with("http") && same_end;
            let lengths = [
                "azure-client-secret",
                "pypi-token",
                "mailchimp-key",
                "telegram-bot-token",
                "vault-token",
                "terraform-cloud-token",
                "doppler-token",
            ]
            .contains(rule);
            if address || (lengths && text.len() != token.len()) {
                continue;
            }
            assert_eq!(
                found(format!("key = \"{text}\"")),
                [""; 0],
                "{rule}: {text}"
            );
        }
        if form.contains(&Sum) {
            let (prefix, drawn) = token.split_once('_').unwrap();
            // Where the sum is wrong, letters that somebody typed are none; drawn ones are told.
            for typed in ["abcdefghijklmnopqrstuvwxyz", ALNUM, "0123456789aB"] {
                let typed: String = typed.chars().cycle().take(drawn.len()).collect();
                assert_eq!(found(format!("{prefix}_{typed}")), [""; 0], "{rule}");
            }
            let mangled: String = drawn.chars().rev().collect();
            let told = [format!("{rule}:1")];
            assert_eq!(found(format!("{prefix}_{mangled}")), told);
        }
    }
    for (seed, (rule, before, form, after)) in (1000..).zip(NAMED) {
        let token = made(seed, form);
        for text in [
            &token[1..],
            &format!("x{token}"),
            &token[..token.len() - 1],
            &format!("{}!{}", &token[..9], &token[10..]),
        ] {
            assert_eq!(
                found(format!("{before}{text}{after}")),
                [""; 0],
                "{rule}: {text}"
            );
        }
    }
}

impl PartialEq for Part {
    fn eq(&self, other: &Self) -> bool {
        matches!((self, other), (Sum, Sum))
    }
}

#[test]
fn examples_and_placeholders_are_none() {
    let cut = ["AK", "IAIOSFODNN7EXAMPLE"].concat();
    for text in [
        cut.as_str(),
        "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "//registry.npmjs.org/:_authToken=${NPM_TOKEN}",
        "token: changeme",
        "let client_auth = Some(resolver.resolve());",
        "https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX",
        "postgres://user:password@localhost/db",
        "https://${USER}:${TOKEN}@github.com/x/y",
        "{\"auths\": {\"x\": {\"auth\": \"\"}}}",
        "-----BEGIN PRIVATE KEY-----\n<your key>\n-----END PRIVATE KEY-----",
        "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGRldmVsb3BlciBrZXkgZm9yIG5vYm9keSBhdCBhbGw me@host",
        "sha512-9gk3Ydf0ChUCUZ3HFVJB1Q0pJCVbQnAKvPKEmcdDYQ0o1MkGQkHKSPT8Q6Cd3QVrEwUMgJ5yJ2QbQ==",
        "machine example.com login me password ${PASSWORD}",
    ] {
        assert_eq!(found(text), [""; 0], "{text}");
    }
    let login = |text: &str| {
        format!(
            "{{\"auths\": {{\"x\": {{\"auth\": \"{}\"}}}}}}",
            STANDARD.encode(text)
        )
    };
    assert_eq!(found(login("me:Xk29vLqp")), ["docker-auth:1"]);
    assert_eq!(found(login("me:")), [""; 0]);
    assert_eq!(found(login("just text")), [""; 0]);
}

#[test]
fn a_file_of_many_secrets_tells_each_sort_once() {
    let tokens: Vec<String> = (1..)
        .zip(FORMS)
        .map(|(seed, (_, form))| made(seed, form))
        .collect();
    let mut rules: Vec<&str> = FORMS.iter().map(|(rule, _)| *rule).collect();
    rules.sort_unstable();
    rules.dedup();
    let found = found(tokens.join("\n"));
    let found: Vec<&str> = found
        .iter()
        .filter_map(|spot| spot.split(':').next())
        .collect();
    assert_eq!(found, rules);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_of_words_is_a_secret(seed in any::<u64>(), n in 0usize..3000) {
        prop_assert_eq!(found(onionskin_fixtures::text(n)), [""; 0]);
        prop_assert_eq!(found(STANDARD.encode(seeded(seed, n))), [""; 0]);
        let hex: String = seeded(seed, n).iter().map(|byte| format!("{byte:02x} ")).collect();
        prop_assert_eq!(found(hex), [""; 0]);
    }

    #[test]
    fn arbitrary_bytes_are_only_looked_at(parts in prop::collection::vec(prop_oneof![
        prop::sample::select(vec!["-----BEGIN RSA PRIVATE KEY-----", "-----END RSA PRIVATE KEY-----", "LS0tLS1CRUdJTi", "eyJ", ".eyJ", "://", "@", ":",
            "PuTTY-User-Key-File-2", "\nPrivate-Lines: ", "99999999999999", "\"auth\": \"", "Q~", "sig=", "ghp_", "aws_secret_access_key", "=", "\n", "\\n", "\u{fc}"])
            .prop_map(|text| text.as_bytes().to_vec()),
        prop::collection::vec(any::<u8>(), 0..40),
    ], 0..30), place in 0..6usize) {
        let path = ["/app/x", "/root/.netrc", "/app/.env", "/app/k.jks", "/root/.kube/config", "/etc/shadow"][place];
        let _ = found_at(path, parts.concat());
    }
}

#[test]
fn logins_of_yarn_are_found() {
    for text in [
        "npmAuthToken: Xk29vLqpTz81",
        "npmRegistries:\n  \"//npm.example\":\n    npmAuthIdent: \"YWNtZTpYazI5\"",
    ] {
        let found = found_at("/app/.yarnrc.yml", text);
        assert!(
            found.iter().any(|found| found.starts_with("yarn-auth:")),
            "{text}"
        );
    }
    let reference = found_at("/app/.yarnrc.yml", "npmAuthToken: \"${NPM_TOKEN}\"");
    assert_eq!(reference, [""; 0]);
}

/// Runners leave the job's login in Git's configuration: actions/checkout as `http.<url>.extraheader`, in the
/// repository's own file, in those of its submodules, or in one that it includes.
#[test]
fn logins_that_a_runner_leaves_in_gits_configuration_are_found() {
    let token = letters(7, ALNUM, 36);
    let basic = |login: &str| STANDARD.encode(login);
    let job = basic(&format!("x-access-token:{token}"));
    let nameless = basic(&format!(":{token}"));
    for (at, header) in [
        (
            "/app/.git/config",
            format!("extraheader = AUTHORIZATION: basic {job}"),
        ),
        (
            "/app/.git/modules/lib/config",
            format!("\textraheader = AUTHORIZATION: basic {job}"),
        ),
        (
            "/home/runner/work/_temp/git-credentials-0b1c.config",
            format!("ExtraHeader=Authorization: Basic {job}"),
        ),
        (
            "/root/included.inc",
            format!("EXTRAHEADER = \"authorization: BASIC {job}\""),
        ),
        (
            "/root/.gitconfig",
            format!("extraHeader = Authorization: bearer {token}"),
        ),
        (
            "/root/.gitconfig",
            format!("extraHeader = \"Authorization: Bearer {token}\""),
        ),
        (
            "/app/.git/config",
            format!("extraheader = AUTHORIZATION: basic {nameless}"),
        ),
        (
            "/app/.git/config",
            format!("extraheader = PRIVATE-TOKEN: {token}"),
        ),
        (
            "/app/.git/config",
            format!("extraheader = Authorization: \\\n  Basic {job}"),
        ),
        (
            "/app/vendor/x/.git/config",
            format!("extraheader = Authorization: bearer {token}"),
        ),
    ] {
        let text = format!("[core]\n\tbare = false\n[http \"https://git.example/\"]\n{header}\n");
        let line = 3 + header.lines().count();
        let found = found_at(at, text);
        assert_eq!(found, [format!("git-http-header:{line}")], "{at}: {header}");
    }
    for header in [
        "extraheader = AUTHORIZATION: basic ***",
        "extraheader =",
        "extraheader = AUTHORIZATION: basic ",
        "extraheader = Authorization: Bearer ${GITHUB_TOKEN}",
        "extraheader = Authorization: Bearer <your-token>",
        "extraheader = Accept-Language: en-GB",
        &format!(
            "extraheader = AUTHORIZATION: basic {}",
            basic("x-access-token:***")
        ),
        &format!(
            "extraheader = AUTHORIZATION: basic {}",
            basic("x-access-token:")
        ),
        "fetch = +refs/heads/*:refs/remotes/origin/*",
    ] {
        let text = format!("[http \"https://git.example/\"]\n\t{header}\n");
        assert_eq!(found_at("/app/.git/config", text), [""; 0], "{header}");
    }
}
