//! The steps of the action, as `action.yml` has them.

use std::fs;

use onionskin_fixtures::write::{Generation, docker_archive};
use onionskin_fixtures::{Image, bytes, layer};
use serde_json::Value;
use tokio::process::Command;

use super::{images, review, root};

/// The document as text, and read.
fn action() -> (String, Value) {
    let text = fs::read_to_string(root().join("action.yml")).unwrap();
    let action = serde_saphyr::from_str(&text).unwrap();
    (text, action)
}

/// The last step ends the job with the code of the review, once all has been reported.
#[tokio::test]
async fn the_job_ends_as_the_audit_did() {
    let (_, action) = action();
    let steps = action["runs"]["steps"].as_array().unwrap();
    let verdict = steps.last().unwrap();
    assert_eq!(verdict["env"]["CODE"], "${{ steps.review.outputs.code }}");
    assert_eq!(verdict["shell"], "bash");
    let script = verdict["run"].as_str().unwrap();
    let ground = images();
    // How large a download of it is, an engine's archive does not tell.
    let image = Image::new().layer(layer("COPY a /a").file("/a", bytes(9)));
    let unknown = docker_archive(Generation::Folders, &[("app:1", &image.pack())]);
    ground.write("unknown.tar", unknown);
    ground.write("rules.yaml", "rules:\n  maxCompressedSize: 1\n");
    for (image, rules, code) in [
        ("new.tar", "", 0),
        ("new.tar", "rules.yaml", 1),
        ("unknown.tar", "rules.yaml", 2),
    ] {
        let told = review(&ground, &[("IMAGE", image), ("RULES", rules)]).await;
        // As runners start a script whose shell is bash.
        let mut command = Command::new("bash");
        command
            .args(["--noprofile", "--norc", "-eo", "pipefail", "-c", script])
            .env("CODE", &told["code"]);
        let status = command.status().await.unwrap();
        assert_eq!(status.code(), Some(code), "{image} {rules}");
    }
}

/// A value of a workflow that stands in a script would be run.
#[test]
fn the_action_hands_values_over_as_variables_only() {
    let (text, action) = action();
    let steps = action["runs"]["steps"].as_array().unwrap();
    for step in steps {
        let run = step["run"].as_str().unwrap();
        assert!(!run.contains("${{"), "{run}");
    }
    // The reference by which the action is used is known where its values are evaluated.
    let install = steps.iter().find(|step| step["id"] == "install").unwrap();
    let variable = "${{ github.action_ref }}";
    assert_eq!(install["env"]["ONIONSKIN_ACTION"], variable);
    assert_eq!(action["inputs"]["version"]["default"], "");
    for input in action["inputs"].as_object().unwrap().keys() {
        assert!(text.contains(&format!("inputs.{input}")), "{input} is used");
    }
    let review = fs::read_to_string(root().join("action/review.sh")).unwrap();
    for output in action["outputs"].as_object().unwrap().keys() {
        assert!(
            review.contains(&format!("'{output}")),
            "{output} is written"
        );
    }
}
