//! What people try who know other tools: their flags, commands and ways to write things.

use std::process::{Command, Output};

use onionskin_fixtures::{Image, Packed, layer, seeded};
use onionskin_tests::binary::onionskin;
use onionskin_tests::{Ground, on_terminal};
use serde_json::Value;

fn image() -> Packed {
    Image::new()
        .layer(
            layer("COPY . /")
                .dir("/usr/lib")
                .symlink("/lib", "usr/lib")
                .file("/usr/lib/large.so", seeded(1, 30_000))
                .file("/usr/lib/small.so", seeded(2, 100))
                .file("/usr/lib/deep/er/b.so", seeded(3, 2_000))
                .file("/etc/a.conf", "a")
                .file("/etc/ssl/b.conf", "b")
                .file("/etc/[a].conf", "c"),
        )
        .layer(layer("RUN rm /etc/a.conf").whiteout("/etc/a.conf"))
        .healthcheck("curl -f http://localhost/")
        .stop_signal("SIGQUIT")
        .pack()
}

fn ground() -> Ground {
    let ground = Ground::default();
    ground.save("app.tar", "app:1", &image());
    ground
}

fn run(ground: &Ground, arguments: &[&str]) -> Output {
    let mut command = Command::new(onionskin());
    command.args(arguments).current_dir(ground.path());
    command.output().unwrap()
}

fn printed(ground: &Ground, arguments: &[&str]) -> String {
    let output = run(ground, arguments);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

fn stopped(ground: &Ground, arguments: &[&str]) -> String {
    let output = run(ground, arguments);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    assert!(output.stdout.is_empty(), "{arguments:?}");
    String::from_utf8(output.stderr).unwrap()
}

/// The paths that `ls` prints, with these arguments.
fn paths(ground: &Ground, arguments: &[&str]) -> Vec<String> {
    let text = printed(ground, &[&["ls", "app.tar", "--json"], arguments].concat());
    let lines: Vec<Value> = serde_json::from_str(&text).unwrap();
    let paths = lines.iter().map(|line| line["path"].as_str().unwrap());
    paths.map(str::to_owned).collect()
}

#[test]
fn files_are_sorted_and_limited() {
    let ground = ground();
    let of = |arguments: &[&str]| paths(&ground, &[&["/usr"], arguments].concat());
    assert_eq!(
        of(&["--sort", "size", "--limit", "2"]),
        ["/usr/lib/large.so", "/usr/lib/deep/er/b.so"]
    );
    assert_eq!(of(&["-r", "-n", "1"]), ["/usr/lib/small.so"]);
    assert_eq!(of(&["--sort", "name", "--limit", "0"]), [] as [String; 0]);
    assert_eq!(of(&["--sort", "mtime"]).len(), of(&[]).len());
    let text = printed(&ground, &["ls", "app.tar", "-h", "/usr/lib/large.so"]);
    assert!(text.contains(" 30.0 kB "), "{text}");
    // `-h` alone can only ask for help.
    assert!(printed(&ground, &["ls", "-h"]).contains("Usage: onionskin ls"));
}

#[test]
fn a_path_can_be_a_glob() {
    let ground = ground();
    let of = |arguments: &[&str]| paths(&ground, arguments);
    assert_eq!(of(&["/etc/*.conf"]), ["/etc/[a].conf"]);
    assert_eq!(of(&["*.conf"]), ["/etc/[a].conf", "/etc/ssl/b.conf"]);
    // What is there by its own name is no glob.
    assert_eq!(of(&["/etc/[a].conf"]), ["/etc/[a].conf"]);
    // Links before the first wildcard are followed, as in a shell.
    assert_eq!(
        of(&["/lib/*.so"]),
        ["/usr/lib/large.so", "/usr/lib/small.so"]
    );
    assert_eq!(of(&["/etc/a.*", "--stack", "1"]), ["/etc/a.conf"]);
    assert_eq!(of(&["*.conf", "--layer", "2"]), ["/etc/a.conf"]);
    let error = stopped(&ground, &["ls", "app.tar", "*.pem"]);
    assert!(error.contains("no path matches *.pem"), "{error}");
}

#[test]
fn folders_are_listed_by_size() {
    let ground = ground();
    let of = |arguments: &[&str]| -> Vec<(String, u64)> {
        let text = printed(&ground, &[&["du", "app.tar", "--json"], arguments].concat());
        let folders: Vec<Value> = serde_json::from_str(&text).unwrap();
        let folder = |folder: &Value| {
            let path = folder["path"].as_str().unwrap().to_owned();
            (path, folder["size"].as_u64().unwrap())
        };
        folders.iter().map(folder).collect()
    };
    let expected = |pairs: &[(&str, u64)]| -> Vec<(String, u64)> {
        let pairs = pairs.iter();
        pairs
            .map(|(path, size)| ((*path).to_owned(), *size))
            .collect()
    };
    assert_eq!(
        of(&[]),
        expected(&[("/", 32_102), ("/usr", 32_100), ("/etc", 2)])
    );
    assert_eq!(of(&["/etc", "--depth", "0"]), expected(&[("/etc", 2)]));
    assert_eq!(
        of(&["/lib", "-d", "5"]),
        expected(&[
            ("/usr/lib", 32_100),
            ("/usr/lib/deep", 2_000),
            ("/usr/lib/deep/er", 2_000)
        ])
    );
    let text = printed(&ground, &["du", "app.tar", "-h", "--limit", "1"]);
    assert_eq!(text, "32.1 kB  /\n");
    let error = stopped(&ground, &["du", "app.tar", "/etc/[a].conf"]);
    assert!(error.contains("is not a folder"), "{error}");
}

#[test]
fn a_deleted_path_is_told_with_the_layer_that_deleted_it() {
    let ground = ground();
    for command in ["ls", "du", "cat"] {
        let error = stopped(&ground, &[command, "app.tar", "/etc/a.conf"]);
        assert!(
            error.contains("layer 2 deleted it; `--stack 1` shows it"),
            "{command}: {error}"
        );
    }
}

#[test]
fn inspect_shows_the_health_check_and_the_stop_signal() {
    let ground = ground();
    let text = printed(&ground, &["inspect", "app.tar"]);
    assert!(
        text.contains("health      curl -f http://localhost/"),
        "{text}"
    );
    assert!(text.contains("stop        SIGQUIT"), "{text}");
}

#[test]
fn flags_are_written_as_in_other_tools() {
    let ground = ground();
    let json = printed(&ground, &["inspect", "app.tar", "--format", "json"]);
    for arguments in [
        &["inspect", "app.tar", "--json"][..],
        &["inspect", "app.tar", "-f", "json"],
        &["inspect", "app.tar", "--json", "--platform", "amd64"],
        &["inspect", "app.tar", "--json", "--tls-verify", "false"],
        &["inspect", "--tls-verify", "app.tar", "--json"],
        &["inspect", "--tls-verify=false", "app.tar", "--json"],
    ] {
        assert_eq!(printed(&ground, arguments), json, "{arguments:?}");
    }
    let error = stopped(&ground, &["inspect", "app.tar", "--platform", "arm64"]);
    assert!(error.contains("linux/arm64"), "{error}");
    for arguments in [
        ["audit", "app.tar", "--json"],
        ["ls", "app.tar", "--json"],
        ["du", "app.tar", "--json"],
    ] {
        serde_json::from_str::<Value>(&printed(&ground, &arguments)).unwrap();
    }
}

#[test]
fn unknown_commands_and_flags_lead_to_what_there_is() {
    let ground = ground();
    for (arguments, says) in [
        (&["layers"][..], "`onionskin inspect IMAGE`"),
        (&["config"], "`onionskin inspect IMAGE`"),
        (&["compare", "a", "b"], "`onionskin diff OLD NEW`"),
        (&["find", "app.tar"], "`onionskin ls IMAGE"),
        (&["cp"], "`onionskin extract IMAGE PATH -o DIR`"),
        (&["app.tar"], "`onionskin inspect app.tar`"),
        (&["nginx:1.27"], "`onionskin inspect nginx:1.27`"),
        (&["inspct", "app.tar"], "`onionskin inspect`"),
        (&["inspect", "app.tar", "--layer", "1"], "`onionskin ls`"),
        (&["inspect", "app.tar", "--insecure"], "--tls-verify=false"),
        (
            &["audit", "app.tar", "--max-wasted", "1"],
            "--max-wasted-bytes",
        ),
        (&["--json", "inspect", "app.tar"], "after the command"),
        (&["ls", "app.tar", "--outptu", "x"], "--output"),
        (
            &["inspect", "app.tar", "-a"],
            "`onionskin audit` and `onionskin diff` have it",
        ),
        (
            &["inspect", "-x", "app.tar"],
            "`onionskin inspect --help` lists its flags",
        ),
        (&["ls", "-laR", "app.tar"], "the long format is always used"),
        (&["ls", "-aR", "app.tar"], "hidden files are always listed"),
        (
            &["ls", "-R", "app.tar"],
            "files below folders are always listed",
        ),
        (&["ls", "app.tar", "-S"], "--sort size"),
        (
            &["ls", "app.tar", "--layer", "-1"],
            "--layer must not be negative, but is -1",
        ),
        (
            &["ls", "app.tar", "-n", "-20"],
            "-n must not be negative, but is -20",
        ),
        (&["inspect", "app.tar", "-5"], "has no flag -5"),
    ] {
        let error = stopped(&ground, arguments);
        assert!(error.contains(says), "{arguments:?}: {error}");
        assert!(!error.contains("as a value"), "{arguments:?}: {error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
}

#[test]
fn help_says_how_to_log_in_where_an_image_is_taken() {
    let ground = ground();
    for command in [
        "inspect",
        "ls",
        "du",
        "packages",
        "cat",
        "audit",
        "diff",
        "tags",
        "repositories",
        "referrers",
        "serve",
    ] {
        let help = printed(&ground, &[command, "--help"]);
        assert!(help.contains("docker login REGISTRY"), "{command}: {help}");
    }
}

#[test]
fn help_can_be_asked_for_help() {
    let ground = ground();
    let help = printed(&ground, &["help", "help"]);
    assert!(help.contains("Usage: onionskin help"), "{help}");
    assert_eq!(printed(&ground, &["help", "--help"]), help);
    assert_eq!(printed(&ground, &["help", "-h"]), help);
    let audit = printed(&ground, &["help", "audit"]);
    assert_eq!(printed(&ground, &["help", "audit", "--help"]), audit);
    // A manual page has the arguments in their order.
    let page = printed(&ground, &["man", "diff"]);
    assert!(
        page.find("OLD") < page.find("NEW") && page.contains("NEW"),
        "{page}"
    );
    // A width of 0 is none.
    let run = |columns: &str| {
        let mut command = Command::new(onionskin());
        command.args(["cache", "--help"]).env("COLUMNS", columns);
        String::from_utf8(command.output().unwrap().stdout).unwrap()
    };
    assert_eq!(run("0"), run("80"));
}

#[test]
fn a_terminal_without_utf_8_gets_ascii() {
    let ground = ground();
    for command in ["inspect", "audit"] {
        let run = |locale: &str| {
            let mut all = Command::new(onionskin());
            all.args([command, "app.tar"]).current_dir(ground.path());
            all.env("LC_ALL", locale);
            on_terminal(all, 80).stdout
        };
        assert!(run("C").is_ascii(), "{command}");
        let text = String::from_utf8(run("C.UTF-8")).unwrap();
        assert!(text.contains('█'), "{command}: {text}");
    }
}
