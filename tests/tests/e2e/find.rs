//! `ls --find`: what queries find on the command line, and what is said of those that are none.

use onionskin_fixtures::{Image, Packed, bytes, layer};
use onionskin_tests::Ground;
use onionskin_tests::command::{json, printed, stopped};
use serde_json::Value;

fn image() -> Packed {
    Image::new()
        .layer(
            layer("COPY . /app")
                .dir("/app")
                .file("/app/main.py", bytes(2_000))
                .file("/app/cache/a b.bin", bytes(70_000))
                .file("/usr/bin/su", bytes(10))
                .mode(0o4755)
                .symlink("/bin", "usr/bin"),
        )
        .layer(
            layer("RUN make && rm -r /app/cache")
                .whiteout("/app/cache")
                .file("/app/main.py", bytes(3_000)),
        )
        .layer(layer("RUN chmod u-s /usr/bin/su").file("/usr/bin/su", bytes(10)))
        .pack()
}

/// The image as a file, and the folder that it is in.
fn saved() -> (Ground, String) {
    let ground = Ground::default();
    ground.save("app.tar", "app:1", &image());
    let file = ground.path().join("app.tar").display().to_string();
    (ground, file)
}

fn paths(lines: &Value) -> Vec<String> {
    let lines = lines.as_array().unwrap().iter();
    let path = |line: &Value| format!("{}@{}", line["path"].as_str().unwrap(), line["layer"]);
    lines.map(path).collect()
}

#[tokio::test]
async fn queries_look_through_all_layers() {
    let (_ground, file) = saved();
    for (query, found) in [
        ("size:>50kB", &["/app/cache/a b.bin@1"][..]),
        ("*.py", &["/app/main.py@1", "/app/main.py@2"]),
        ("*.py layer:2", &["/app/main.py@2"]),
        ("/^.bin$/ -kind:file", &["/bin@1"]),
        ("\"A B\"", &["/app/cache/a b.bin@1"]),
        ("mark:deleted kind:dir", &["/app/cache@1"]),
        ("mode:setuid", &["/usr/bin/su@1"]),
        ("nothing", &[]),
    ] {
        let lines = json(&["ls", &file, "--find", query]).await;
        assert_eq!(paths(&lines), found, "{query}");
    }
    let lines = json(&["ls", &file, "--find", "a.*"]).await;
    assert_eq!(paths(&lines), [] as [&str; 0]);
    let hidden = json(&["ls", &file, "--find", "su layer:1"]).await;
    assert_eq!(hidden[0]["hiddenBy"], 3);
    assert_eq!(hidden[0]["cause"], "metadata-only");
    // Without a query the lines are what they were.
    let listed = json(&["ls", &file, "/app/main.py"]).await;
    assert!(listed[0].get("hiddenBy").is_none() && listed[0].get("cause").is_none());
}

#[tokio::test]
async fn text_says_which_layer_has_what_and_which_hides_it() {
    let (_ground, file) = saved();
    let text = printed(&["ls", &file, "--find", "main.py", "--sort", "size"]).await;
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].ends_with(" /app/main.py (layer 2)"), "{text}");
    assert!(
        lines[1].ends_with(" /app/main.py (layer 1, overwritten in layer 2)"),
        "{text}"
    );
    let text = printed(&["ls", &file, "--find", "ext:bin"]).await;
    assert!(text.ends_with("(layer 1, deleted in layer 2)\n"), "{text}");
}

#[tokio::test]
async fn a_folder_and_a_stack_narrow_it_down() {
    let (_ground, file) = saved();
    let found = async |arguments: &[&str]| {
        let arguments = [&["ls", &file, "--find", "kind:file"], arguments].concat();
        paths(&json(&arguments).await)
    };
    assert_eq!(found(&["/app/cache"]).await, ["/app/cache/a b.bin@1"]);
    assert_eq!(found(&["/bin"]).await, ["/usr/bin/su@1", "/usr/bin/su@3"]);
    assert_eq!(
        found(&["/app", "--stack", "1"]).await,
        ["/app/cache/a b.bin@1", "/app/main.py@1"]
    );
}

#[tokio::test]
async fn what_is_no_query_stops_and_says_why() {
    let (_ground, file) = saved();
    for (arguments, says) in [
        (
            &["--find", "size:big"][..],
            "--find: `size:big` is not valid; size: takes a number of bytes",
        ),
        (&["--find", "knd:dir"], "did you mean `kind:`?"),
        (&["--find", "/a(/"], "is not a valid regular expression"),
        (&["--find", "a", "/none"], "/none is not in the filesystem"),
        (&["--find", "a", "*.py"], "write the glob into the query"),
        (
            &["--find", "a", "--layer", "1"],
            "write layer:N in the query instead of --layer N",
        ),
    ] {
        let said = stopped(&[&["ls", &file], arguments].concat()).await;
        assert!(said.contains(says), "{arguments:?}: {said}");
    }
}
