//! Where output goes: no file is lost or half replaced, and output that nobody receives is an error.

use std::fs;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::process::{Command, Output, Stdio};

use onionskin_fixtures::write::oci_layout;
use onionskin_fixtures::{Image, Packed, layer, seeded};
use onionskin_tests::Ground;
use onionskin_tests::binary::onionskin;

fn image() -> Packed {
    Image::new()
        .layer(layer("COPY data /").file("/data", seeded(1, 700_000)))
        .layer(layer("RUN rm /data").whiteout("/data"))
        .pack()
}

fn ground() -> Ground {
    let ground = Ground::default();
    ground.save("app.tar", "app:1", &image());
    ground
}

/// Runs a line of shell in the folder, in which `onionskin` is the command.
fn shell(ground: &Ground, line: &str) -> Output {
    Command::new("bash")
        .args([
            "-c",
            &format!("onionskin() {{ {:?} \"$@\"; }}; {line}", onionskin()),
        ])
        .current_dir(ground.path())
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// The line has to end with code 2 and one line of error, which is returned.
fn refused(ground: &Ground, line: &str) -> String {
    let output = shell(ground, line);
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{line}: {errors}");
    assert_eq!(errors.lines().count(), 1, "{line}: {errors}");
    errors
}

fn fine(ground: &Ground, line: &str) -> String {
    let output = shell(ground, line);
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{line}: {errors}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// What is in the folder beside the image.
fn files(ground: &Ground) -> Vec<String> {
    let entries = fs::read_dir(ground.path()).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| name != "app.tar").collect();
    names.sort();
    names
}

#[test]
fn an_input_is_never_overwritten_whatever_it_is_called() {
    let ground = ground();
    let path = |name: &str| ground.path().join(name);
    std::os::unix::fs::symlink("app.tar", path("link.tar")).unwrap();
    fs::hard_link(path("app.tar"), path("hard.tar")).unwrap();
    ground.write("onionskin.yaml", "rules:\n  maxLayers: 9\n");
    ground.save("base.tar", "base:1", &image());
    oci_layout(&path("layout"), &[("latest", &image())]).unwrap();
    let blob = fs::read_dir(path("layout/blobs/sha256")).unwrap().next();
    let blob = blob.unwrap().unwrap().file_name().into_string().unwrap();
    fine(&ground, "skopeo copy oci:layout:latest dir:saved");
    let digits = blob.as_str();
    // As the manifests of an image for several platforms are called there.
    ground.write(&format!("saved/{digits}.manifest.json"), "{}");
    let before = fs::read(path("app.tar")).unwrap();
    for line in [
        "onionskin inspect app.tar -o app.tar",
        "onionskin inspect app.tar -o link.tar",
        "onionskin inspect link.tar -o ./app.tar",
        "onionskin ls hard.tar -o app.tar",
        "onionskin du app.tar --json -o hard.tar",
        "onionskin cat app.tar /data --stack 1 -o app.tar",
        "onionskin inspect - -o app.tar < app.tar",
        "onionskin inspect app.tar >> app.tar",
        "onionskin inspect app.tar -o /dev/stdout >> app.tar",
        "onionskin audit docker-archive:app.tar -o app.tar",
        "onionskin audit app.tar -o onionskin.yaml",
        "onionskin audit app.tar --base base.tar -o base.tar",
        "onionskin diff app.tar base.tar -o base.tar",
        "onionskin audit app.tar --growth-against base.tar --max-growth 1 -o base.tar",
        "onionskin inspect oci:layout -o layout/index.json",
        &format!("onionskin inspect oci:layout -o layout/blobs/sha256/{blob}"),
        "onionskin inspect dir:saved -o saved/manifest.json",
        "onionskin ls saved -o saved/version",
        "onionskin diff app.tar dir:saved -o saved/manifest.json",
        "onionskin diff dir:saved app.tar --exit-code -o app.tar",
        &format!("onionskin du dir:saved -o saved/{digits}"),
        &format!("onionskin inspect dir:saved -o saved/{digits}.manifest.json"),
    ] {
        let error = refused(&ground, line);
        assert!(
            error.contains("is an input of this command"),
            "{line}: {error}"
        );
    }
    assert!(fs::read(path("app.tar")).unwrap() == before);
    // Other files in the folder of an image are not inputs.
    fine(&ground, "onionskin inspect dir:saved -o saved/report.txt");
    fine(&ground, "onionskin inspect dir:saved -o saved/report.txt");
    fine(&ground, "onionskin inspect oci:layout -o layout/report.txt");
    fine(&ground, "onionskin inspect oci:layout -o layout/report.txt");
}

#[test]
fn a_file_is_replaced_by_a_whole_one_or_not_at_all() {
    let ground = ground();
    ground.write("old", "old");
    // Files larger than this cannot be written, as on a disk that is full.
    let full = "ulimit -f 100; trap '' XFSZ;";
    let cat = "onionskin cat app.tar /data --stack 1";
    for line in [
        format!("{full} {cat} -o old"),
        format!("{full} {cat} -o new"),
    ] {
        let error = refused(&ground, &line);
        let file = line.rsplit(' ').next().unwrap();
        assert!(error.contains(&format!("cannot write {file}")), "{error}");
    }
    assert_eq!(
        fs::read_to_string(ground.path().join("old")).unwrap(),
        "old"
    );
    // A file that is not in the image replaces nothing either.
    refused(&ground, "onionskin cat app.tar /none -o old");
    assert_eq!(files(&ground), ["old"]);

    let old = ground.path().join("old");
    fs::set_permissions(&old, fs::Permissions::from_mode(0o640)).unwrap();
    std::os::unix::fs::symlink("old", ground.path().join("link")).unwrap();
    std::os::unix::fs::symlink("made", ground.path().join("dangling")).unwrap();
    fine(
        &ground,
        &format!("{cat} -o link; umask 027; {cat} -o dangling"),
    );
    assert!(fs::read(&old).unwrap() == seeded(1, 700_000));
    assert!(fs::read(ground.path().join("made")).unwrap() == seeded(1, 700_000));
    let mode = |name: &str| {
        let facts = fs::symlink_metadata(ground.path().join(name)).unwrap();
        (facts.is_symlink(), facts.permissions().mode() & 0o777)
    };
    assert_eq!(mode("old"), (false, 0o640));
    assert_eq!(mode("made"), (false, 0o640));
    assert!(mode("link").0 && mode("dangling").0);
    assert_eq!(files(&ground), ["dangling", "link", "made", "old"]);
}

#[test]
fn devices_and_pipes_are_written_through_and_stay() {
    let ground = ground();
    let cat = "onionskin cat app.tar /data --stack 1";
    for command in [cat, "onionskin inspect app.tar", "onionskin audit app.tar"] {
        let error = refused(&ground, &format!("{command} -o /dev/full"));
        assert!(
            error.contains("cannot write /dev/full: No space left"),
            "{error}"
        );
        let facts = fs::metadata("/dev/full").unwrap();
        assert!(facts.file_type().is_char_device());
    }
    let read = fine(
        &ground,
        &format!("mkfifo pipe; {cat} -o pipe & wc -c < pipe; wait"),
    );
    assert_eq!(read.trim(), "700000");
    let facts = fs::metadata(ground.path().join("pipe")).unwrap();
    assert!(facts.file_type().is_fifo());
    let read = fine(
        &ground,
        &format!("{cat} -o /dev/stdout | wc -c; {cat} -o - | wc -c"),
    );
    assert_eq!(
        read.split_whitespace().collect::<Vec<_>>(),
        ["700000", "700000"]
    );
    assert_eq!(files(&ground), ["pipe"]);
    let error = refused(&ground, "onionskin inspect app.tar -o .");
    assert!(error.contains("it is a folder"), "{error}");
    let error = refused(&ground, "onionskin inspect app.tar -o no/such/file");
    assert!(
        error.contains("no/such/file: the folder no/such does not exist"),
        "{error}"
    );
}

#[test]
fn output_that_nobody_receives_is_an_error() {
    let ground = ground();
    for command in [
        "inspect app.tar",
        "inspect app.tar --json",
        "ls app.tar --stack 1",
        "du app.tar",
        "packages app.tar",
        "packages app.tar --format csv",
        "cat app.tar /data --stack 1",
        "audit app.tar",
        "audit app.tar --format sarif",
        "diff app.tar app.tar",
        "--help",
        "audit --help",
        "--version",
    ] {
        for to in [">&-", "> /dev/full"] {
            let error = refused(&ground, &format!("onionskin {command} {to}"));
            assert!(error.contains("standard output"), "{command} {to}: {error}");
        }
        // What is thrown away on purpose is received, whichever way the device is opened.
        fine(&ground, &format!("onionskin {command} > /dev/null"));
        fine(&ground, &format!("onionskin {command} 1<> /dev/null"));
    }
    // Whoever has seen enough is no error, and nothing has to be received where nothing is printed.
    for line in [
        "set -o pipefail; onionskin cat app.tar /data --stack 1 | head -c 10",
        "set -o pipefail; onionskin --help | head -n 1",
        "onionskin audit app.tar --quiet >&-",
        "onionskin inspect app.tar -o report >&-",
    ] {
        assert!(shell(&ground, line).stderr.is_empty(), "{line}");
        fine(&ground, line);
    }
}

#[test]
fn rules_that_failed_are_told_where_the_report_goes_to_a_file() {
    let ground = ground();
    let output = ground.run(&["app.tar", "--max-layers", "1", "-o", "report.txt"]);
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        errors.contains("app:1: the rule failed; see report.txt"),
        "{errors}"
    );
    // A quiet one says it by its exit code.
    for arguments in [&["-o", "quiet.txt"][..], &[]] {
        let all = [&["app.tar", "--max-layers", "1", "--quiet"], arguments].concat();
        let output = ground.run(&all);
        assert_eq!(output.status.code(), Some(1));
        assert!(output.stdout.is_empty() && output.stderr.is_empty());
    }
    let written = |name: &str| fs::read_to_string(ground.path().join(name)).unwrap();
    assert_eq!(written("quiet.txt"), written("report.txt"));
}
