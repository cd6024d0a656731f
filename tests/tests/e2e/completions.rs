//! `onionskin completions`: shells accept the scripts, and the one for bash completes.

use std::process::Command;

use onionskin_tests::command::printed;

/// What each shell checks a script with, without running it.
const SHELLS: [(&str, &[&str]); 5] = [
    ("bash", &["-n"]),
    ("elvish", &["-compileonly"]),
    ("fish", &["--no-execute"]),
    ("powershell", &[]),
    ("zsh", &["-n"]),
];

#[tokio::test]
async fn shells_accept_the_scripts() {
    let folder = tempfile::tempdir().unwrap();
    let mut accepted = Vec::new();
    for (shell, check) in SHELLS {
        let script = printed(&["completions", shell]).await;
        for command in ["inspect", "audit", "completions", "--format"] {
            // fish writes flags without their dashes.
            let name = command.trim_start_matches('-');
            assert!(script.contains(name), "{shell}: {command}");
        }
        let file = folder.path().join(shell);
        std::fs::write(&file, &script).unwrap();
        if check.is_empty() {
            continue;
        }
        // Shells that are not installed are left out.
        let Ok(output) = Command::new(shell).args(check).arg(&file).output() else {
            continue;
        };
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success() && errors.is_empty(),
            "{shell}: {errors}"
        );
        accepted.push(shell);
    }
    assert!(accepted.contains(&"bash"), "{accepted:?}");
}

#[tokio::test]
async fn bash_completes_commands_and_flags() {
    let script = printed(&["completions", "bash"]).await;
    for (words, completed) in [
        ("onionskin insp", "inspect"),
        ("onionskin diff --reprod", "--reproducible"),
    ] {
        let (before, word) = words.rsplit_once(' ').unwrap();
        let previous = before.rsplit(' ').next().unwrap();
        let at = before.split(' ').count();
        let ask = format!(
            "{script}\nCOMP_WORDS=({words}); COMP_CWORD={at}\n_onionskin onionskin '{word}' '{previous}'\nprintf '%s\\n' \"${{COMPREPLY[@]}}\""
        );
        let output = Command::new("bash").args(["--norc", "-c", &ask]).output();
        let output = output.unwrap();
        let replies = String::from_utf8(output.stdout).unwrap();
        assert_eq!(replies.trim(), completed, "{:?}", output.stderr);
    }
}
