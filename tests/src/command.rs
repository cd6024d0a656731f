//! Runs the `onionskin` command, and says how it has to end.

use std::process::Output;

use serde_json::Value;
use tokio::process::Command;

use crate::binary::onionskin;

/// Runs the command, however it ends.
pub async fn run(arguments: &[&str]) -> Output {
    Command::new(onionskin())
        .args(arguments)
        .output()
        .await
        .unwrap()
}

/// Runs the command, which has to end well, and returns what it prints.
pub async fn printed(arguments: &[&str]) -> String {
    let output = run(arguments).await;
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

/// The same, as JSON.
pub async fn json(arguments: &[&str]) -> Value {
    serde_json::from_str(&printed(&[arguments, &["--format", "json"]].concat()).await).unwrap()
}

/// Runs the command, which has to stop with code 2 and nothing half-shown, and returns its one line of error.
pub async fn stopped(arguments: &[&str]) -> String {
    let output = run(arguments).await;
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {errors}");
    assert!(output.stdout.is_empty(), "{arguments:?}");
    assert!(errors.starts_with("onionskin: "), "{errors}");
    assert_eq!(errors.lines().count(), 1, "{errors}");
    errors
}
