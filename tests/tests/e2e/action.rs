//! The action's scripts, as a pipeline runs them, with a forge that speaks its API's shapes.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Output;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use flate2::read::GzDecoder;
use onionskin_fixtures::{Image, bytes, layer};
use onionskin_tests::Ground;
use onionskin_tests::binary::onionskin;
use onionskin_tests::forge::{BOT, Forge, TOKEN};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::audit_reports::ground::hostile;

mod changes;
mod component;
mod owners;
mod release;
mod size;
mod steps;

const MARK: &str = "<!-- onionskin:image -->";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

async fn script_with(ground: &Ground, name: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new("bash");
    command
        .arg(root().join("action").join(name))
        .args(arguments)
        .current_dir(ground.path());
    command.output().await.unwrap()
}

/// Runs a script of the action in a folder, with these variables.
async fn script(ground: &Ground, name: &str, variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new("bash");
    command
        .arg(root().join("action").join(name))
        .current_dir(ground.path())
        .env("RUNNER_TEMP", ground.path())
        .env("NO_PROXY", "127.0.0.1")
        .envs(variables.iter().copied());
    command.output().await.unwrap()
}

/// Packs a command that runs the one that is tested, which is large where it is built for tests.
async fn pack(ground: &Ground, folder: &str) -> String {
    let command = onionskin().to_str().unwrap();
    ground.write("command", format!("#!/bin/sh\nexec '{command}' \"$@\"\n"));
    let machine = format!("linux-{}", std::env::consts::ARCH);
    let output = script_with(ground, "pack.sh", &["command", &machine, folder]).await;
    assert!(output.status.success(), "{output:?}");
    format!("onionskin-{machine}.tar.gz")
}

/// Two images, of which the new one has a larger file.
fn images() -> Ground {
    let image = |size| {
        let image = Image::new().layer(layer("RUN base").file("/lib", bytes(9_000)));
        image
            .layer(layer("COPY . /app").file("/app/server", bytes(size)))
            .pack()
    };
    let ground = Ground::default();
    ground.save("old.tar", "app:1", &image(500));
    ground.save("new.tar", "app:2", &image(90_000));
    ground
}

/// What a script wrote into `GITHUB_OUTPUT`, read as the runner reads it.
fn outputs(ground: &Ground) -> BTreeMap<String, String> {
    let text = fs::read_to_string(ground.path().join("output")).unwrap();
    let mut found = BTreeMap::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        match (line.split_once("<<"), line.split_once('=')) {
            (Some((key, end)), _) if !key.contains('=') => {
                let value: Vec<&str> = lines.by_ref().take_while(|line| *line != end).collect();
                found.insert(key.to_owned(), value.join("\n"));
            }
            (_, Some((key, value))) => {
                found.insert(key.to_owned(), value.to_owned());
            }
            _ => unreachable!("{line}"),
        }
    }
    found
}

/// Audits and compares, and returns the outputs.
async fn review(ground: &Ground, variables: &[(&str, &str)]) -> BTreeMap<String, String> {
    let _ = fs::remove_file(ground.path().join("output"));
    let command = onionskin().to_str().unwrap();
    let all = [
        &[
            ("ONIONSKIN", command),
            ("GITHUB_OUTPUT", "output"),
            ("GITHUB_STEP_SUMMARY", "summary"),
            ("REPORTS", "reports"),
        ],
        variables,
    ];
    let output = script(ground, "review.sh", &all.concat()).await;
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    outputs(ground)
}

/// Comments as the action does behind a review, and returns what the script said.
async fn comment(ground: &Ground, forge: &Forge, head: &str, new: &str) -> String {
    let event = json!({ "pull_request": {
        "number": 7,
        "head": { "repo": { "full_name": head } },
        "base": { "repo": { "full_name": "org/app" } },
    } });
    ground.write("event.json", event.to_string());
    let output = script(
        ground,
        "comment.sh",
        &[
            ("COMMENT_FILE", "reports/comment.md"),
            ("COMMENT_NEW", new),
            ("TOKEN", TOKEN),
            ("GITHUB_API_URL", &forge.api),
            ("GITHUB_GRAPHQL_URL", &format!("{}/graphql", forge.api)),
            ("GITHUB_REPOSITORY", "org/app"),
            ("GITHUB_EVENT_PATH", "event.json"),
        ],
    )
    .await;
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    assert!(!said.contains(TOKEN), "{said}");
    said
}

#[tokio::test]
async fn a_pull_request_has_one_comment_that_is_kept_up_to_date() {
    let ground = images();
    ground.write("Dockerfile", "FROM base\nCOPY . /app\n");
    let built = [
        ("IMAGE", "new.tar"),
        ("BASE", "old.tar"),
        ("DOCKERFILE", "Dockerfile"),
    ];
    let told = review(&ground, &built).await;
    assert_eq!((&*told["code"], &*told["passed"]), ("0", "true"));
    assert_eq!((&*told["changed"], &*told["comment-new"]), ("true", "true"));
    let text = fs::read_to_string(ground.path().join("reports/comment.md")).unwrap();
    assert_eq!(told["comment"], text.trim_end());
    assert!(
        text.starts_with(&format!("{MARK}\n### Onionskin: ")),
        "{text}"
    );
    let sarif = fs::read_to_string(ground.path().join(&told["sarif"])).unwrap();
    let sarif: Value = serde_json::from_str(&sarif).unwrap();
    assert_eq!(sarif["version"], "2.1.0");
    assert!(sarif.to_string().contains("%SRCROOT%"), "{sarif}");
    let diff = fs::read_to_string(ground.path().join("reports/diff.json")).unwrap();
    let diff: Value = serde_json::from_str(&diff).unwrap();
    let size = |side: &str| diff["bytes"][side]["compressedSize"].as_i64().unwrap();
    assert_eq!(told["download"], size("new").to_string());
    assert_eq!(
        told["download-change"],
        (size("new") - size("old")).to_string()
    );
    assert!(ground.path().join(&told["html"]).exists());
    let summary = fs::read_to_string(ground.path().join("summary")).unwrap();
    assert!(summary.contains("/app/server"), "{summary}");

    let forge = Forge::new(&[("somebody", "Looks good."), ("mallory", &text)], false).await;
    comment(&ground, &forge, "org/app", "true").await;
    let comments = forge.comments();
    assert_eq!(comments.len(), 3);
    assert_eq!(
        (comments[2].author.as_str(), &comments[2].body),
        (BOT, &text)
    );
    // The next push changes it, and nobody else's, whatever that begins with.
    review(&ground, &[("IMAGE", "old.tar"), ("BASE", "old.tar")]).await;
    comment(&ground, &forge, "org/app", "false").await;
    let after = forge.comments();
    assert_eq!(after[..2], comments[..2]);
    assert!(
        after[2].body.contains("**Files** unchanged"),
        "{}",
        after[2].body
    );
    assert_eq!(forge.requests(), ["GET", "POST", "GET", "PATCH"]);
}

#[tokio::test]
async fn a_comment_is_found_behind_hundreds_of_others_and_where_there_are_no_pages() {
    let ground = images();
    review(&ground, &[("IMAGE", "new.tar"), ("BASE", "old.tar")]).await;
    let ours = format!("{MARK}\r\nold");
    for unpaged in [false, true] {
        let mut comments = vec![("somebody", "text"); 230];
        comments.push((BOT, &ours));
        let forge = Forge::new(&comments, unpaged).await;
        comment(&ground, &forge, "org/app", "true").await;
        assert_eq!(forge.comments().len(), 231);
        assert_eq!(forge.requests().last().unwrap(), "PATCH");
        assert!(forge.comments()[230].body.contains("/app/server"));
        // One of another image is not ours.
        comments.pop();
        let other = "<!-- onionskin:other -->\nold";
        comments.push((BOT, other));
        let forge = Forge::new(&comments, unpaged).await;
        comment(&ground, &forge, "org/app", "true").await;
        assert_eq!(forge.comments().len(), 232);
    }
}

#[tokio::test]
async fn there_is_no_comment_where_nothing_is_to_tell_and_none_from_forks() {
    let ground = images();
    let same = review(&ground, &[("IMAGE", "old.tar"), ("BASE", "old.tar")]).await;
    assert_eq!(
        (&*same["changed"], &*same["comment-new"]),
        ("false", "false")
    );
    let forge = Forge::new(&[], false).await;
    let said = comment(&ground, &forge, "org/app", &same["comment-new"]).await;
    assert!(said.contains("nothing to report") && forge.comments().is_empty());
    let images = [("IMAGE", "new.tar"), ("BASE", "old.tar")];
    let threshold = |bytes| [&images[..], &[("COMMENT_THRESHOLD", bytes)]].concat();
    let small = review(&ground, &threshold("100000000")).await;
    assert_eq!(
        (&*small["changed"], &*small["comment-new"]),
        ("true", "false")
    );
    let large = review(&ground, &threshold("1")).await;
    assert_eq!(large["comment-new"], "true");
    // A failed rule is always told, and ends the job.
    ground.write("rules.yaml", "rules:\n  maxCompressedSize: 1\n");
    let rules = [&threshold("100000000")[..], &[("RULES", "rules.yaml")]].concat();
    let failed = review(&ground, &rules).await;
    assert_eq!((&*failed["code"], &*failed["passed"]), ("1", "false"));
    assert_eq!(failed["comment-new"], "true");
    assert!(failed["comment"].contains("**FAIL**: 1 of 1 rules failed."));
    // The token of a fork's pull request cannot write: nothing is tried.
    let said = comment(&ground, &forge, "stranger/app", "true").await;
    assert!(said.contains("from a fork"), "{said}");
    assert_eq!(forge.requests(), ["GET"]);
}

#[tokio::test]
async fn without_a_base_the_audit_is_the_comment() {
    let ground = images();
    for base in ["", "missing.tar"] {
        let told = review(&ground, &[("IMAGE", "new.tar"), ("BASE", base)]).await;
        assert!(told["comment"].starts_with(&format!("{MARK}\n### Onionskin: ")));
        assert_eq!((&*told["html"], &*told["download-change"]), ("", ""));
    }
    let command = onionskin().to_str().unwrap();
    let output = script(
        &ground,
        "review.sh",
        &[("ONIONSKIN", command), ("IMAGE", "missing.tar")],
    )
    .await;
    assert_eq!(output.status.code(), Some(2));
}

#[tokio::test]
async fn findings_are_uploaded_to_code_scanning() {
    let ground = images();
    let told = review(&ground, &[("IMAGE", "new.tar")]).await;
    let forge = Forge::new(&[], false).await;
    let commit = "a".repeat(40);
    let scan = async |token: &str, event: &str| {
        let variables = [
            ("SARIF", told["sarif"].as_str()),
            ("TOKEN", token),
            ("GITHUB_API_URL", &forge.api),
            ("GITHUB_REPOSITORY", "org/app"),
            ("GITHUB_SHA", &commit),
            ("GITHUB_REF", "refs/pull/7/merge"),
            ("GITHUB_EVENT_PATH", event),
        ];
        let output = script(&ground, "scan.sh", &variables).await;
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!said.contains(token), "{said}");
        (output.status.code(), said)
    };
    assert_eq!(scan(TOKEN, "").await.0, Some(0));
    let uploads = forge.scanned();
    assert_eq!(uploads.len(), 1);
    assert_eq!(uploads[0]["commit_sha"], commit);
    assert_eq!(uploads[0]["ref"], "refs/pull/7/merge");
    let sarif = BASE64_STANDARD.decode(uploads[0]["sarif"].as_str().unwrap());
    let mut text = String::new();
    let sarif = sarif.unwrap();
    GzDecoder::new(&*sarif).read_to_string(&mut text).unwrap();
    let report = fs::read_to_string(ground.path().join(&told["sarif"])).unwrap();
    assert_eq!(text, report);
    // Who asks for it learns that it did not work, but a fork's token cannot be given more.
    let (code, said) = scan("other", "").await;
    assert_eq!(code, Some(2));
    assert!(said.contains("security-events: write"), "{said}");
    let fork = json!({ "pull_request": {
        "head": { "repo": { "full_name": "stranger/app" } },
        "base": { "repo": { "full_name": "org/app" } },
    } });
    ground.write("fork.json", fork.to_string());
    let (code, said) = scan("other", "fork.json").await;
    assert_eq!(code, Some(0));
    assert!(said.contains("from a fork"), "{said}");
    assert_eq!(forge.scanned().len(), 1);
}

/// The command, and what a script does with the reports that it writes.
fn stub(ground: &Ground, cases: &str) -> String {
    let command = onionskin().to_str().unwrap();
    ground.write(
        "stub",
        format!(
            "#!/bin/sh\n'{command}' \"$@\" || exit\nfor argument; do\n  file=${{argument#*=}}\n  case $argument in\n{cases}\n  esac\ndone\n"
        ),
    );
    let stub = ground.path().join("stub");
    fs::set_permissions(&stub, PermissionsExt::from_mode(0o755)).unwrap();
    stub.to_str().unwrap().to_owned()
}

#[tokio::test]
async fn packages_alone_are_a_change() {
    let ground = images();
    let edit = ".files = [] | .config = [] | .packages = [{}]";
    let stub = stub(
        &ground,
        &format!("--output=*diff.json) jq '{edit}' \"$file\" >edited && mv edited \"$file\" ;;"),
    );
    let images = [("IMAGE", "new.tar"), ("BASE", "old.tar")];
    let told = review(&ground, &[&images[..], &[("ONIONSKIN", &stub)]].concat()).await;
    assert_eq!(told["changed"], "true");
}

#[tokio::test]
async fn a_report_that_is_missing_ends_the_job() {
    let ground = images();
    let stub = stub(&ground, "--output=*audit.md) rm \"$file\" ;;");
    let variables = [
        ("ONIONSKIN", stub.as_str()),
        ("IMAGE", "new.tar"),
        ("REPORTS", "reports"),
    ];
    let output = script(&ground, "review.sh", &variables).await;
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{errors}");
    assert!(
        errors.contains("reports/audit.md was not written"),
        "{errors}"
    );
}

/// What images and callers write ends no value and starts no command.
#[tokio::test]
async fn hostile_names_are_data() {
    let ground = images();
    ground.save("$(touch hit);`touch hit`.tar", "a:1", &hostile());
    let image = "$(touch hit);`touch hit`.tar";
    let told = review(&ground, &[("IMAGE", image), ("BASE", "old.tar")]).await;
    let keys: Vec<&str> = told.keys().map(String::as_str).collect();
    assert_eq!(
        keys,
        [
            "changed",
            "code",
            "comment",
            "comment-file",
            "comment-new",
            "download",
            "download-change",
            "html",
            "passed",
            "sarif",
            "wasted"
        ]
    );
    assert!(!ground.path().join("hit").exists());
    for (variable, value) in [
        ("COMMENT_KEY", "a -->\n@team"),
        ("COMMENT_THRESHOLD", "a[$(touch hit)]"),
    ] {
        let output = script(
            &ground,
            "review.sh",
            &[("IMAGE", "new.tar"), (variable, value)],
        )
        .await;
        assert_eq!(output.status.code(), Some(2));
    }
    assert!(!ground.path().join("hit").exists());
}
