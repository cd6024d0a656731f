//! Paths through linked folders, and names as they are printed, on the command line.

use onionskin_fixtures::{Image, layer};
use onionskin_tests::archive;
use onionskin_tests::command::{json, printed, run, stopped};
use serde_json::Value;
use tempfile::TempDir;

fn saved() -> (TempDir, String) {
    let image = Image::new()
        .layer(
            layer("base")
                .symlink("/bin", "usr/bin")
                .file("/usr/bin/sh", "12")
                .file("/usr/bin/old", "1234")
                .file(b"/caf\xe9/tab\there".as_slice(), "odd"),
        )
        .layer(
            layer("own")
                .file("/usr/bin/old", "5")
                .file("/var/lib/apt/lists/x_Packages", "1")
                .symlink("/var/apt", "lib/apt"),
        )
        .pack();
    archive(&image)
}

fn paths(lines: &Value) -> Vec<&str> {
    let lines = lines.as_array().unwrap().iter();
    lines.map(|line| line["path"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn ls_and_cat_follow_links_to_folders() {
    let (_folder, image) = saved();
    let below = json(&["ls", &image, "/bin"]).await;
    assert_eq!(paths(&below), ["/usr/bin/old", "/usr/bin/sh"]);
    assert_eq!(
        paths(&json(&["ls", &image, "/bin/sh"]).await),
        ["/usr/bin/sh"]
    );
    assert_eq!(printed(&["cat", &image, "/bin/sh"]).await, "12");
    for command in ["ls", "cat"] {
        let error = stopped(&[command, &image, "/bin/sh/"]).await;
        assert!(error.contains("/usr/bin/sh is not a folder"), "{error}");
    }
}

/// The parts of a glob before its first wildcard are a path.
#[tokio::test]
async fn globs_begin_through_the_links_of_a_stack_or_of_a_layer() {
    let image = Image::new()
        .layer(
            layer("base")
                .symlink("/bin", "usr/bin")
                .file("/usr/bin/sh", "12")
                .file("/usr/bin/[", "1"),
        )
        .layer(layer("own").file("/usr/bin/new", "1").whiteout("/srv/old"))
        .pack();
    let (_folder, image) = archive(&image);
    for (glob, layer, found) in [
        ("/bin/s*", None, &["/usr/bin/sh"][..]),
        ("/bin/s*", Some("1"), &["/usr/bin/sh"]),
        ("/usr/../bin/{sh,new}", Some("1"), &["/usr/bin/sh"]),
        ("/usr/bin/*", Some("2"), &["/usr/bin/new"]),
        ("s?", Some("1"), &["/usr/bin/sh"]),
        ("/srv/*", Some("2"), &["/srv/old"]),
    ] {
        let mut arguments = vec!["ls", &image, glob];
        arguments.extend(layer.iter().flat_map(|layer| ["--layer", layer]));
        assert_eq!(paths(&json(&arguments).await), found, "{arguments:?}");
    }
    // The second layer itself has no such link.
    let error = stopped(&["ls", &image, "/bin/*", "--layer", "2"]).await;
    assert!(error.contains("no path matches /bin/*"), "{error}");
}

#[tokio::test]
async fn a_printed_name_finds_its_file() {
    let (_folder, image) = saved();
    let list = printed(&["ls", &image, r"/caf\xe9"]).await;
    let name = list.trim_end().rsplit(' ').next().unwrap();
    assert_eq!(name, r"/caf\xe9/tab\there");
    assert_eq!(printed(&["cat", &image, name]).await, "odd");
}

#[tokio::test]
async fn what_is_forbidden_or_ignored_may_be_named_through_links() {
    let (folder, image) = saved();
    let verdict = async |arguments: &[&str]| {
        let arguments = [&["audit", &image][..], arguments].concat();
        run(&arguments).await.status.code()
    };
    assert_eq!(
        verdict(&["--no-rules", "--forbid", "/bin/sh"]).await,
        Some(1)
    );
    assert_eq!(
        verdict(&["--no-rules", "--forbid", "/bin/s*"]).await,
        Some(1)
    );
    assert_eq!(
        verdict(&["--no-rules", "--forbid", "/bin/no*"]).await,
        Some(0)
    );
    let rules = folder.path().join("rules.yaml");
    let limit = "rules:\n  findings:\n    leftover: { maxCount: 0 }\n";
    std::fs::write(&rules, limit).unwrap();
    let rules = rules.to_str().unwrap();
    assert_eq!(verdict(&["--rules", rules]).await, Some(1));
    let ignore = "ignore:\n  - { path: /var/apt/lists, reason: known }\n";
    std::fs::write(rules, format!("{limit}{ignore}")).unwrap();
    assert_eq!(verdict(&["--rules", rules]).await, Some(0));
}
