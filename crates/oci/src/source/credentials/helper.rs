//! Credential helpers: programs that keep secrets and hand them out (docker-credential-helpers, README).

use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::Command;

use super::Credentials;
use super::config::{Helper, of_pair};
use crate::json::Json;

/// Bytes of a helper's answer; tokens of some clouds have a few thousand.
const ANSWER_BYTES: u64 = 1 << 20;

/// Why a helper gave no answer. What it answered is never repeated, as it may hold a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum HelperError {
    /// There is no such program.
    #[error("{0}, which keeps the credentials, is not on PATH")]
    NotInstalled(String),
    /// It did not do its work.
    #[error("{0}")]
    Failed(String),
}

/// Asks a helper, which has `patience` to answer. `None`: it has no credentials for that registry.
pub(super) async fn ask(
    helper: &Helper,
    patience: Duration,
) -> Result<Option<Credentials>, HelperError> {
    let program = format!("docker-credential-{}", helper.name);
    if helper.name.contains(['/', '\\']) {
        let problem = format!("{program} is not the name of a program on PATH");
        return Err(HelperError::Failed(problem));
    }
    answer_of(&program, helper, patience).await
}

/// What the helper that is this program answers.
pub(super) async fn answer_of(
    program: &str,
    helper: &Helper,
    patience: Duration,
) -> Result<Option<Credentials>, HelperError> {
    match tokio::time::timeout(patience, run(program, &helper.key)).await {
        Err(_) => Err(HelperError::Failed(format!(
            "{program} did not answer within {} seconds; check whether it waits to be unlocked",
            patience.as_secs()
        ))),
        Ok(Err(error)) if error.kind() == io::ErrorKind::NotFound => {
            Err(HelperError::NotInstalled(program.to_owned()))
        }
        Ok(Err(error)) => Err(HelperError::Failed(format!(
            "{program} cannot be asked: {error}"
        ))),
        Ok(Ok((status, answer))) if status.success() => credentials(&answer)
            .map(Some)
            .ok_or_else(|| HelperError::Failed(format!("{program} gave an invalid answer"))),
        Ok(Ok((status, answer))) => {
            // Helpers write errors to standard output. Their protocol has no code for "no credentials", only this text, which
            // Docker's own client compares too (docker-credential-helpers, `ErrCredentialsNotFound`).
            let said = String::from_utf8_lossy(&answer);
            let said = said.trim();
            if said.contains("credentials not found") {
                return Ok(None);
            }
            let said: String = said
                .chars()
                .take(200)
                .flat_map(char::escape_debug)
                .collect();
            Err(HelperError::Failed(match said.is_empty() {
                true => format!("{program} failed without a message ({status})"),
                false => format!("{program} failed: {said}"),
            }))
        }
    }
}

/// How it ended, and what it printed.
async fn run(program: &str, key: &str) -> io::Result<(ExitStatus, Vec<u8>)> {
    let mut child = Command::new(program)
        .arg("get")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    if let Some(mut input) = child.stdin.take() {
        // One that knows its answer without reading the key has closed its end by now.
        let _ = input.write_all(key.as_bytes()).await;
    }
    let mut answer = Vec::new();
    if let Some(output) = child.stdout.take() {
        output.take(ANSWER_BYTES).read_to_end(&mut answer).await?;
    }
    Ok((child.wait().await?, answer))
}

fn credentials(answer: &[u8]) -> Option<Credentials> {
    let answer = Json::parse(answer).ok()?;
    let text = |key: &str| answer.as_object()?.get(key)?.as_str();
    Some(of_pair(text("Username")?, text("Secret")?))
}
