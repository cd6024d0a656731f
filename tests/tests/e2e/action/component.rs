//! The component for GitLab: its script as a runner runs it, and its inputs beside those of the action.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Output;

use axum::Router;
use axum::body::Bytes;
use axum::routing::get;
use onionskin_tests::Ground;
use onionskin_tests::forge::{Forge, TOKEN};
use onionskin_tests::odd::serve;
use serde_json::Value;
use tokio::process::Command;

use super::{MARK, images, pack, root};

/// The inputs of the component, and its job.
fn template() -> (Value, Value) {
    let text = fs::read_to_string(root().join("templates/onionskin.yml")).unwrap();
    let (spec, job) = text.split_once("\n---\n").unwrap();
    let spec: Value = serde_saphyr::from_str(spec).unwrap();
    let job: Value = serde_saphyr::from_str(job).unwrap();
    (spec["spec"]["inputs"].clone(), job["onionskin"].clone())
}

/// The variables whose value is an input, with its name, which is written between `before` and `after`.
fn handed_over(variables: &Value, before: &str, after: &str) -> BTreeMap<String, String> {
    let variables = variables.as_object().into_iter().flatten();
    let inputs = variables.filter_map(|(variable, value)| {
        let input = value.as_str()?.strip_prefix(before)?.strip_suffix(after)?;
        Some((variable.clone(), input.to_owned()))
    });
    inputs.collect()
}

/// Runs the component's script as GitLab's runner does: line by line, until one fails.
/// `variables` are those that differ from the defaults.
async fn component(
    ground: &Ground,
    forge: &Forge,
    releases: &str,
    variables: &[(&str, &str)],
) -> Output {
    let (inputs, job) = template();
    let default = |input: &str| {
        inputs[input]["default"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    let defaults = handed_over(&job["variables"], "$[[ inputs.", " ]]");
    let defaults = defaults
        .iter()
        .map(|(variable, input)| (variable, default(input)));
    let lines = job["script"].as_array().unwrap();
    let lines: Vec<&str> = lines.iter().map(|line| line.as_str().unwrap()).collect();
    let script = lines.join("\n");
    assert!(!script.contains("$[["), "inputs are variables only");
    let mut command = Command::new("bash");
    command
        .args(["-e", "-o", "pipefail", "-c", &script])
        .current_dir(ground.path())
        .env_remove("ONIONSKIN")
        .envs(defaults)
        .envs([
            ("BASE", "old.tar"),
            ("ONIONSKIN_VERSION", "0.1.0"),
            ("ONIONSKIN_RELEASES", releases),
            ("ONIONSKIN_TOKEN", TOKEN),
            ("CI_API_V4_URL", &forge.api),
            ("CI_PROJECT_ID", "42"),
            ("CI_MERGE_REQUEST_IID", "7"),
            ("NO_PROXY", "127.0.0.1"),
        ])
        .envs(variables.iter().copied());
    command.output().await.unwrap()
}

/// Serves a release of the command that is tested, and returns where.
async fn released(ground: &Ground) -> String {
    let archive = pack(ground, "release").await;
    let mut router = Router::new();
    for name in [archive.as_str(), "SHA256SUMS"] {
        let body = fs::read(ground.path().join("release").join(name)).unwrap();
        let path = format!("/download/v0.1.0/{name}");
        router = router.route(&path, get(move || async move { Bytes::from(body) }));
    }
    format!("http://{}", serve(router).await)
}

#[tokio::test]
async fn the_component_keeps_one_note_on_a_merge_request() {
    let ground = images();
    let releases = released(&ground).await;
    let mark = format!("{MARK}\nmine");
    let forge = Forge::new(&[("mallory", &mark)], false).await;
    for (image, text, requests) in [
        ("new.tar", "/app/server", "POST"),
        ("old.tar", "**Files** unchanged", "PUT"),
    ] {
        let output = component(&ground, &forge, &releases, &[("IMAGE", image)]).await;
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{errors}");
        let comments = forge.comments();
        assert_eq!(
            (comments.len(), comments[0].body.as_str()),
            (2, mark.as_str())
        );
        assert!(comments[1].body.contains(text), "{}", comments[1].body);
        assert_eq!(forge.requests().last().unwrap(), requests);
    }
    // Without a note, the text is in the folder of the reports.
    let asked = forge.requests().len();
    ground.write("Dockerfile", "FROM base\nCOPY . /app\n");
    let variables = [
        ("IMAGE", "new.tar"),
        ("COMMENT", "false"),
        ("REPORTS", "elsewhere"),
        ("DOCKERFILE", "Dockerfile"),
        ("PLATFORM", "linux/amd64"),
    ];
    let output = component(&ground, &forge, &releases, &variables).await;
    assert!(output.status.success(), "{output:?}");
    assert_eq!(forge.requests().len(), asked);
    let read = |name: &str| fs::read_to_string(ground.path().join("elsewhere").join(name));
    assert!(read("comment.md").unwrap().contains("/app/server"));
    assert!(read("audit.sarif").unwrap().contains("Dockerfile"));
    // An image that cannot be read fails the job.
    let output = component(&ground, &forge, &releases, &[("IMAGE", "missing.tar")]).await;
    assert!(!output.status.success());
}

#[tokio::test]
async fn the_component_writes_no_note_without_a_token_or_where_nothing_is_to_tell() {
    let ground = images();
    let releases = released(&ground).await;
    let forge = Forge::new(&[], false).await;
    for (image, token, told, requests) in [
        ("new.tar", "", "ONIONSKIN_TOKEN is not set", 0),
        ("old.tar", TOKEN, "nothing to report; no note is written", 1),
    ] {
        let variables = [("IMAGE", image), ("ONIONSKIN_TOKEN", token)];
        let output = component(&ground, &forge, &releases, &variables).await;
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{errors}");
        assert!(errors.contains(told), "{errors}");
        assert_eq!(forge.comments(), []);
        assert_eq!(forge.requests().len(), requests, "{errors}");
        let text = ground.path().join("onionskin-reports/comment.md");
        let text = fs::read_to_string(text).unwrap();
        assert!(text.starts_with(&format!("{MARK}\n")), "{text}");
    }
}

/// What docs/review.md promises: the component has the inputs of the action, under the same names and with the same meaning.
#[test]
fn the_component_has_the_inputs_of_the_action_and_scripts_read_them() {
    let text = fs::read_to_string(root().join("action.yml")).unwrap();
    let action: Value = serde_saphyr::from_str(&text).unwrap();
    let (component, job) = template();
    let names = |inputs: &Value| -> BTreeSet<String> {
        inputs.as_object().unwrap().keys().cloned().collect()
    };
    let (ours, theirs) = (names(&action["inputs"]), names(&component));
    let only = |one: &BTreeSet<String>, other: &BTreeSet<String>| -> Vec<String> {
        one.difference(other).cloned().collect()
    };
    assert_eq!(only(&ours, &theirs), ["command", "sarif", "token"]);
    assert_eq!(only(&theirs, &ours), ["stage"]);
    for input in ours
        .intersection(&theirs)
        .filter(|input| *input != "version")
    {
        let default = |inputs: &Value| inputs[input]["default"].clone();
        assert_eq!(default(&action["inputs"]), default(&component), "{input}");
    }

    let steps = action["runs"]["steps"].as_array().unwrap();
    let review = steps.iter().find(|step| step["id"] == "review").unwrap();
    let of_action = handed_over(&review["env"], "${{ inputs.", " }}");
    let of_component = handed_over(&job["variables"], "$[[ inputs.", " ]]");
    assert!(of_action.len() > 8, "{of_action:?}");
    for (variable, input) in &of_action {
        assert_eq!(of_component.get(variable), Some(input), "{variable}");
    }
    // What a script reads is said in its first lines, and is read.
    let script = fs::read_to_string(root().join("action/review.sh")).unwrap();
    let (head, body) = script.split_once("set -euo pipefail").unwrap();
    for variable in of_action.keys() {
        assert!(head.contains(variable), "{variable}");
        assert!(body.contains(&format!("${{{variable}:-")), "{variable}");
    }
    for said in head
        .lines()
        .skip_while(|line| *line != "#")
        .take_while(|line| !line.contains("GITHUB_"))
    {
        let words = said.split_whitespace().skip(1);
        let variables =
            words.take_while(|word| word.chars().all(|c| c.is_ascii_uppercase() || c == '_'));
        for variable in variables.filter(|variable| *variable != "ONIONSKIN") {
            assert!(of_action.contains_key(variable), "{variable}");
        }
    }
    // The rest of the component's inputs reach its script, or its job.
    let script = job["script"].to_string();
    for (variable, input) in &of_component {
        let used = of_action.contains_key(variable) || script.contains(&format!("${variable}"));
        assert!(used, "{input}");
    }
    assert_eq!(job["stage"], "$[[ inputs.stage ]]");
    assert_eq!(job["artifacts"]["paths"][0], "$[[ inputs.reports ]]");
}
