//! The `onionskin` command as Cargo builds it for tests.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::{env, str};

use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{self, Child};

/// Builds the command, which takes no time where it is built already, and returns where it is.
pub fn onionskin() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(build)
}

fn build() -> PathBuf {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["build", "--locked", "--quiet", "--package", "onionskin"])
        .args(["--message-format", "json"])
        .output()
        .expect("cargo can be run");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let messages = str::from_utf8(&output.stdout).unwrap();
    let executable = messages.lines().find_map(|line| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        message["executable"].as_str().map(PathBuf::from)
    });
    executable.expect("cargo says where the command is")
}

/// `onionskin serve` with metrics and these arguments, on ports of its own, and the URLs that it prints: the page's, and
/// that of the metrics.
pub async fn serve(arguments: &[&str]) -> (Child, [String; 2]) {
    let mut child = process::Command::new(onionskin())
        .args(["serve", "--listen", "127.0.0.1:0"])
        .args(["--metrics-listen", "127.0.0.1:0"])
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut urls = [String::new(), String::new()];
    for url in &mut urls {
        let line = lines.next_line().await.unwrap().unwrap();
        let mut words = line.split_whitespace();
        url.push_str(words.find(|word| word.starts_with("http")).unwrap());
    }
    (child, urls)
}

/// The host and port of a URL.
pub fn host(url: &str) -> &str {
    let (_, rest) = url.split_once("://").unwrap();
    rest.split('/').next().unwrap()
}
