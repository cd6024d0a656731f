//! docs/operations.md: the image that it tells how to make is made, runs as nobody, and passes its audit.

use std::fs;
use std::path::Path;
use std::process::Command;

use onionskin_tests::Served;
use onionskin_tests::binary::onionskin;
use onionskin_tests::raw::ask;
use serde_json::Value;

/// Runs the container's command as an engine does that is given `--read-only`: as nobody, where nothing can be written.
const READ_ONLY: &str = r#"
mount --bind "$1" "$1"
mount -o remount,bind,ro "$1"
if touch "$1/x" 2>/dev/null; then exit 1; fi
exec chroot --userspec=65532:65532 "$1" /usr/bin/onionskin serve --listen=127.0.0.1:0 --no-credentials
"#;

#[tokio::test]
async fn the_container_image_of_the_documentation_passes_its_audit() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let text = fs::read_to_string(root.join("docs/operations.md")).unwrap();
    let (_, rest) = text.split_once("## As a container").unwrap();
    let (_, rest) = rest.split_once("```sh\n").unwrap();
    let (script, _) = rest.split_once("```").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let release = folder.path().join("target/release");
    fs::create_dir_all(&release).unwrap();
    std::os::unix::fs::symlink(onionskin(), release.join("onionskin")).unwrap();
    let output = Command::new("sh")
        .args(["-e", "-c", script])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let (said, errors) = (&output.stdout, String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8_lossy(said);
    assert!(output.status.success(), "{said}{errors}");
    let inspected = Command::new(onionskin())
        .args(["inspect", "--format", "json", "oci:onionskin:1.0"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let inspected: Value = serde_json::from_slice(&inspected.stdout).unwrap();
    assert_eq!(inspected["config"]["user"], "65532:65532");
    // With nothing but what is in the image.
    let version = Command::new("chroot")
        .arg(folder.path().join("bundle/rootfs"))
        .args(["/usr/bin/onionskin", "--version"])
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&version.stderr);
    // Only root may do so.
    let is_root = !errors.contains("Operation not permitted");
    assert!(version.status.success() || !is_root, "{errors}");
    let mut unshare = Command::new("unshare");
    let may_mount = unshare.args(["--mount", "true"]).output().unwrap();
    if is_root && may_mount.status.success() {
        let mut command = Command::new("unshare");
        command.args(["--mount", "sh", "-e", "-c", READ_ONLY, "sh"]);
        let served = Served::of(command.arg(folder.path().join("bundle/rootfs")));
        let address = served.address();
        for (path, says) in [("healthz", ""), ("v2/", "{}"), ("", "Onionskin")] {
            let request =
                format!("GET /{path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
            let answer = ask(address, &request).await;
            let body = String::from_utf8_lossy(&answer.body);
            assert!(
                answer.status == 200 && body.contains(says),
                "{path}: {body}"
            );
        }
    }
}
