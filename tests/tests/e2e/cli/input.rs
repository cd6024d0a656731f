//! Images on standard input, and those that lie in the current folder.

use super::*;

#[tokio::test]
async fn an_image_can_come_on_standard_input() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.tar");
    let packed = app();
    let archive = onionskin_fixtures::write::oci_archive(&[("app:1", &packed)]);
    std::fs::write(&file, onionskin_fixtures::gzip(&archive)).unwrap();
    let output = Command::new(onionskin())
        .args(["inspect", "-", "--format", "json"])
        .stdin(std::fs::File::open(&file).unwrap())
        .output()
        .await
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && errors.is_empty(), "{errors}");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["image"]["digest"], packed.manifest.digest.as_str());
    let same = printed(&["inspect", file.to_str().unwrap(), "--format", "json"]).await;
    assert_eq!(String::from_utf8(output.stdout).unwrap(), same);
}

/// A command before ours that failed sends nothing.
#[tokio::test]
async fn nothing_is_no_image() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.tar");
    std::fs::write(&file, "").unwrap();
    let error = stopped(&["inspect", file.to_str().unwrap()]).await;
    assert!(error.ends_with("a.tar: it is empty\n"), "{error}");
    let mut command = Command::new(onionskin());
    command.args(["inspect", "-"]).stdin(Stdio::null());
    let output = command.output().await.unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(error.contains("standard input: it is empty"), "{error}");
    let error = stopped(&["inspect", "gone.tar"]).await;
    assert!(error.contains("there is no file \"gone.tar\""), "{error}");
}

#[tokio::test]
async fn of_several_images_on_standard_input_one_can_be_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.tar");
    let other = image([layer("COPY b").file("/b", "b")]);
    let images = [("app:1", &app()), ("other:1", &other)];
    let docker = onionskin_fixtures::write::docker_archive(
        onionskin_fixtures::write::Generation::Skopeo,
        &images,
    );
    for (prefix, archive) in [
        (
            "oci-archive",
            onionskin_fixtures::write::oci_archive(&images),
        ),
        ("docker-archive", docker),
    ] {
        std::fs::write(&file, archive).unwrap();
        let cat = async |image: &str| {
            let mut command = Command::new(onionskin());
            command.args(["cat", image, "/b"]);
            command.stdin(std::fs::File::open(&file).unwrap());
            command.output().await.unwrap()
        };
        assert_eq!(cat(&format!("{prefix}:-:other:1")).await.stdout, b"b");
        assert_eq!(cat(&format!("{prefix}:-:@1")).await.stdout, b"b");
        let output = cat("-").await;
        let errors = String::from_utf8_lossy(&output.stderr);
        let says = "standard input: has 2 images; name one with :NAME";
        assert!(
            errors.contains(says) && errors.contains("other:1"),
            "{errors}"
        );
    }
}

#[tokio::test]
async fn standard_input_is_read_as_the_prefix_says() {
    use onionskin_fixtures::write::{Generation, docker_archive, oci_archive};

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.tar");
    let images = [("app:1", &app())];
    let mut failed = 0;
    for archive in [
        docker_archive(Generation::Skopeo, &images),
        // In both forms.
        docker_archive(Generation::Blobs, &images),
        oci_archive(&images),
    ] {
        std::fs::write(&file, archive).unwrap();
        for prefix in ["docker-archive", "oci-archive"] {
            let inspect = async |path: &str| {
                let mut command = Command::new(onionskin());
                command.args(["inspect", "--json", &format!("{prefix}:{path}")]);
                command.stdin(std::fs::File::open(&file).unwrap());
                let output = command.output().await.unwrap();
                let report = serde_json::from_slice::<serde_json::Value>(&output.stdout).ok();
                let report = report
                    .map(|report| (report["image"]["digest"].clone(), report["layers"].clone()));
                (output.status.code(), report)
            };
            let of_input = inspect("-").await;
            assert_eq!(of_input, inspect(file.to_str().unwrap()).await, "{prefix}");
            failed += usize::from(of_input.0 == Some(2));
        }
    }
    // What is in one form only is not read as the other.
    assert!(failed > 0);
}

#[test]
fn a_bare_name_is_that_of_a_saved_image_where_one_lies_there() {
    let folder = tempfile::tempdir().unwrap();
    let image = Image::new().layer(layer("COPY a /").file("/a", "x")).pack();
    let saved = onionskin_fixtures::write::oci_archive(&[("app:1", &image), ("app:2", &image)]);
    std::fs::write(folder.path().join("app.tar"), saved).unwrap();
    std::fs::write(folder.path().join("app.tar.xz"), b"\xfd7zXZ\0\0\0").unwrap();
    let run = |image: &str| {
        let mut command = std::process::Command::new(onionskin());
        let command = command.args(["ls", image]).current_dir(folder.path());
        command.output().unwrap()
    };
    let listed = run("app.tar:app:2");
    assert!(listed.status.success(), "{listed:?}");
    assert!(String::from_utf8_lossy(&listed.stdout).contains("/a"));
    let refused = run("app.tar.xz");
    assert_eq!(refused.status.code(), Some(2));
    assert!(
        String::from_utf8_lossy(&refused.stderr).contains("xz"),
        "{refused:?}"
    );
}
