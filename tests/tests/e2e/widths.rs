//! Reports as text fit the terminal: they are as wide as it is, else as `COLUMNS` says, else 80 columns.

use std::process::Command;

use onionskin_fixtures::{Image, Packed, layer, seeded};
use onionskin_tests::Ground;
use onionskin_tests::binary::onionskin;

/// An image with everything that may be long.
fn image(end: &str) -> Packed {
    let long = |name: &str| format!("/{}/{name}", ["a-folder-with-a-long-name"; 6].join("/"));
    let command = format!("RUN {}", "make all install ".repeat(20));
    let mut first = layer(&command);
    let mut image = Image::new();
    for file in 1..=3 {
        first = first.file(
            long(&format!("file-{file}")),
            seeded(file, 9_000 * file as usize),
        );
    }
    first = first.file(long(&format!("only-in-{end}")), "x");
    first = first.file(
        format!("/moved-to-{}-{end}", "x".repeat(90)),
        seeded(9, 500),
    );
    let second = layer(&command).whiteout(long("file-3"));
    let second = second.file(long("file-2"), seeded(8, 1_000));
    for _ in 0..10 {
        image = image.layer(layer("RUN true").file("/etc/now", end));
    }
    let path = format!("A_PATH={}{end}", "/a/long/folder:".repeat(12));
    let (image, name) = (image.layer(first).layer(second), "n".repeat(60));
    let image = image
        .env(&path)
        .label(&name, &"words of a label ".repeat(9));
    image
        .label("empty", "")
        .annotation(&name, &"v".repeat(200))
        .pack()
}

/// What the command prints, where no terminal is.
fn printed(ground: &Ground, arguments: &[&str], columns: Option<&str>) -> String {
    let mut command = Command::new(onionskin());
    command.args(arguments).current_dir(ground.path());
    command.env_remove("COLUMNS");
    if let Some(columns) = columns {
        command.env("COLUMNS", columns);
    }
    let output = command.output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn every_report_has_one_rule_for_its_width() {
    let ground = Ground::default();
    ground.save("old.tar", "registry.example.com/team/app:1", &image("old"));
    ground.save("new.tar", "registry.example.com/team/app:2", &image("new"));
    for arguments in [
        &["inspect", "new.tar"][..],
        &["diff", "old.tar", "new.tar"],
        &["diff", "old.tar", "new.tar", "--all"],
        &["audit", "new.tar"],
        &["audit", "new.tar", "--all"],
        &["audit", "old.tar", "new.tar", "--summary"],
    ] {
        for (columns, width) in [
            (None, 80),
            (Some("80"), 80),
            (Some("60"), 60),
            (Some("0"), 80),
        ] {
            let text = printed(&ground, arguments, columns);
            // Digests are never cut.
            let wide = |line: &&str| line.chars().count() > width && !line.contains("sha256:");
            let wide: Vec<&str> = text.lines().filter(wide).collect();
            assert!(wide.is_empty(), "{arguments:?} {columns:?}: {wide:#?}");
        }
        let all = printed(&ground, arguments, Some("1000"));
        assert!(!all.contains('…'), "{arguments:?}: {all}");
    }
    // What differs is at the end of a long value.
    let text = printed(&ground, &["diff", "old.tar", "new.tar"], None);
    let folded: String = text.split_whitespace().collect();
    assert!(folded.contains("/a/long/folder:new"), "{text}");
}
