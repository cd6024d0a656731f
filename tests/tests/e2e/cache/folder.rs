//! The folder of the cache: who may read it, what is in it, and what is removed from it.

use super::*;

#[tokio::test]
async fn without_a_cache_nothing_is_kept() {
    let ground = Ground::new();
    let file = ground.save("app.tar", oci_archive(&[("app:1", &small(1))]));
    ground.printed(&["audit", &file, "--no-cache"]).await;
    let mut command = ground.in_cache(Command::new(onionskin()));
    command.env("ONIONSKIN_NO_CACHE", "1");
    let output = command.args(["ls", &file]).output().await.unwrap();
    assert!(output.status.success());
    let kept_for_none = ["ls", &file, "--cache-limit=0"];
    ground.printed(&kept_for_none).await;
    assert!(!ground.root().exists());
}

#[tokio::test]
async fn only_the_user_can_read_the_cache_and_nobody_else_can_write_it() {
    let ground = Ground::new();
    let file = ground.save("app.tar", oci_archive(&[("app:1", &small(1))]));
    let said = ground.printed(&["ls", &file]).await;
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let layers = ground.root().join("layers");
    assert_eq!((mode(&ground.root()), mode(&layers)), (0o700, 0o700));
    for file in ground.files("layers") {
        assert_eq!(mode(&file), 0o600);
    }
    fs::set_permissions(&layers, PermissionsExt::from_mode(0o770)).unwrap();
    let warned = ground.run(&["ls", &file]).await;
    assert_eq!((warned.code, &warned.out), (Some(0), &said));
    assert_eq!(warned.errors.lines().count(), 1, "{}", warned.errors);
    assert!(
        warned.errors.contains("other users can write into it"),
        "{}",
        warned.errors
    );
}

/// Root believes folders of every owner, so another user runs the command.
#[tokio::test]
async fn a_folder_of_another_user_is_said_to_be_that() {
    let ground = Ground::new();
    let file = ground.save("app.tar", oci_archive(&[("app:1", &small(1))]));
    for folder in [ground.root(), ground.root().join("layers")] {
        fs::create_dir(folder).unwrap();
    }
    let opened = ground.root().parent().unwrap().to_owned();
    for path in [&opened, &ground.root(), &ground.root().join("layers")] {
        fs::set_permissions(path, PermissionsExt::from_mode(0o755)).unwrap();
    }
    // The command is copied to where that user may go.
    let command = opened.join("onionskin");
    fs::copy(onionskin(), &command).unwrap();
    let mut other = ground.in_cache(Command::new("setpriv"));
    other.args(["--reuid=65534", "--regid=65534", "--clear-groups"]);
    let output = other.arg(&command).args(["ls", &file]).output().await;
    let said = Said::from(output.expect("setpriv is installed"));
    assert_eq!(said.code, Some(0), "{}", said.errors);
    assert!(
        said.errors
            .contains("it belongs to user 0, and this is user 65534"),
        "{}",
        said.errors
    );
}

/// Something else in the place of the cache is an error of the command that is about it.
#[tokio::test]
async fn the_command_names_what_is_no_folder() {
    let ground = Ground::new();
    fs::write(ground.root(), "").unwrap();
    let said = ground.run(&["cache"]).await;
    let root = ground.root().display().to_string();
    assert_eq!(said.code, Some(2), "{}", said.out);
    assert!(said.errors.contains(&root), "{}", said.errors);
    assert_eq!(ground.run(&["cache", "--clear"]).await.code, Some(2));
    fs::remove_file(ground.root()).unwrap();
    fs::create_dir(ground.root()).unwrap();
    fs::write(ground.root().join("layers"), "").unwrap();
    let said = ground.run(&["cache"]).await;
    assert_eq!(said.code, Some(2), "{}", said.out);
    assert!(said.errors.contains("layers"), "{}", said.errors);
}

#[tokio::test]
async fn where_nothing_can_be_kept_the_work_goes_on() {
    let ground = Ground::new();
    let image = all_cases();
    let file = ground.save("app.tar", oci_archive(&[("app:1", &image)]));
    let expected = ground.printed(&["ls", &file, "--no-cache"]).await;
    // A file in the place of the folder.
    fs::write(ground.root(), "").unwrap();
    let said = ground.run(&["ls", &file]).await;
    assert_eq!((said.code, &said.out), (Some(0), &expected));
    assert_eq!(said.errors.lines().count(), 1, "{}", said.errors);
    assert!(said.errors.contains("--no-cache"), "{}", said.errors);
    fs::remove_file(ground.root()).unwrap();
    // A disk with room for some of the layers.
    fs::create_dir(ground.root()).unwrap();
    let mut full = ground.in_cache(Command::new("unshare"));
    full.args(["--mount", "sh", "-c"]).arg(
        r#"mount -t tmpfs -o size=64k none "$ONIONSKIN_CACHE" || exit 9
           for run in 1 2; do "$0" ls "$1" || exit; done
           find "$ONIONSKIN_CACHE" -name '.new-*' >&2"#,
    );
    let output = full.arg(onionskin()).arg(&file).output().await;
    let said = Said::from(output.expect("unshare is installed"));
    assert_eq!(said.code, Some(0), "{}", said.errors);
    assert_eq!(said.out, expected.repeat(2));
    // A line for each run, and nothing left that is half.
    assert_eq!(said.errors.lines().count(), 2, "{}", said.errors);
    assert!(said.errors.contains("No space left"), "{}", said.errors);
}

#[tokio::test]
async fn several_processes_share_a_cache() {
    let ground = Ground::new();
    let image = all_cases();
    let file = ground.save("app.tar", oci_archive(&[("app:1", &image)]));
    let expected = ground.printed(&["ls", &file, "--no-cache"]).await;
    let arguments = ["ls", file.as_str()];
    let (a, b, c, cleared, d) = tokio::join!(
        ground.run(&arguments),
        ground.run(&arguments),
        ground.run(&arguments),
        ground.run(&["cache", "--clear"]),
        ground.run(&arguments),
    );
    assert_eq!(cleared.code, Some(0), "{cleared:?}");
    for said in [a, b, c, d] {
        assert_eq!((said.errors.as_str(), &said.out), ("", &expected));
    }
    assert_eq!(ground.printed(&arguments).await, expected);
    let is_whole = |file: &PathBuf| {
        let name = file.file_name().and_then(OsStr::to_str).unwrap();
        name.starts_with("sha256-")
    };
    assert!(ground.files("layers").iter().all(is_whole));
}

#[tokio::test]
async fn what_was_not_used_for_longest_goes_first() {
    let ground = Ground::new();
    let image = |content: usize| {
        Image::new()
            .layer(layer("COPY app /app").file("/app/a", bytes(content)))
            .pack()
    };
    let file = |content: usize| {
        let name = format!("{content}.tar");
        ground.save(&name, oci_archive(&[("app:1", &image(content))]))
    };
    let name = |content: usize| image(content).layers[0].digest.replace(':', "-");
    let is_kept = |content: usize| ground.root().join("layers").join(name(content)).exists();
    let (a, b, c) = (file(1), file(2), file(3));
    ground.printed(&["ls", &a]).await;
    let room = ground.report(&[]).await["bytes"].as_u64().unwrap() * 5 / 2;
    let limit = format!("--cache-limit={room}");
    ground.printed(&["ls", &b, &limit]).await;
    assert!(is_kept(1) && is_kept(2));
    // Used again.
    ground.printed(&["ls", &a, &limit]).await;
    ground.printed(&["ls", &c, &limit]).await;
    assert!(is_kept(1) && !is_kept(2) && is_kept(3));
    assert!(ground.report(&[]).await["bytes"].as_u64().unwrap() <= room);
}

#[tokio::test]
async fn the_command_says_what_is_there_and_removes_it() {
    let ground = Ground::new();
    let schema = include_str!("../../../../schemas/cache.json");
    let schema: Value = serde_json::from_str(schema).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    let report = async |arguments: &[&str]| {
        let report = ground.report(arguments).await;
        assert!(schema.is_valid(&report), "{report}");
        let folder = ground.root();
        assert_eq!(report["folder"], folder.to_str().unwrap());
        let limit = &report["limit"];
        (
            report["layers"].clone(),
            report["bytes"].clone(),
            limit.clone(),
        )
    };
    assert_eq!(report(&[]).await, (json!(0), json!(0), json!(1 << 30)));
    let file = ground.save("app.tar", oci_archive(&[("app:1", &small(1))]));
    ground.printed(&["ls", &file]).await;
    let size = |file: &PathBuf| fs::metadata(file).unwrap().len();
    let bytes: u64 = ground.files("layers").iter().map(size).sum();
    let there = (json!(2), json!(bytes), json!(5_000_000));
    assert_eq!(report(&["--cache-limit=5MB"]).await, there);
    let text = ground.printed(&["cache"]).await;
    assert!(text.contains("Layers   2\n"), "{text}");
    // What else is in the folder stays.
    fs::write(ground.root().join("layers/notes"), "mine").unwrap();
    let removed = ground.report(&["--clear"]).await["removed"].clone();
    assert_eq!(removed, json!({"layers": 2, "bytes": bytes}));
    assert_eq!(report(&[]).await, (json!(0), json!(0), json!(1 << 30)));
    assert_eq!(ground.files("layers"), [ground.root().join("layers/notes")]);
}
