//! Reports as text fit the terminal that they are printed on. In a pipe and in a file all lines are whole.

use std::fs;
use std::process::{Command, Output};

use onionskin_fixtures::{Image, Packed, layer, seeded};
use onionskin_tests::binary::onionskin;
use onionskin_tests::{Ground, on_terminal};

const REPORTS: [&[&str]; 6] = [
    &["inspect", "new.tar"],
    &["diff", "old.tar", "new.tar"],
    &["diff", "old.tar", "new.tar", "--all"],
    &["audit", "new.tar"],
    &["audit", "new.tar", "--all"],
    &["audit", "old.tar", "new.tar", "--summary"],
];

/// A path that fits into no terminal.
fn long(name: &str) -> String {
    format!("/{}/{name}", ["a-folder-with-a-long-name"; 6].join("/"))
}

/// An image with everything that may be long.
fn image(end: &str) -> Packed {
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

/// The images, saved.
fn ground() -> Ground {
    let ground = Ground::default();
    ground.save("old.tar", "registry.example.com/team/app:1", &image("old"));
    ground.save("new.tar", "registry.example.com/team/app:2", &image("new"));
    ground
}

/// The command, of which no variable says anything about where it prints.
fn command(ground: &Ground, arguments: &[&str]) -> Command {
    let mut command = Command::new(onionskin());
    command.args(arguments).current_dir(ground.path());
    for name in ["COLUMNS", "LC_ALL", "LC_CTYPE", "LANG"] {
        command.env_remove(name);
    }
    command
}

/// What was printed, by a command that ended well.
fn text(output: Output) -> String {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn every_report_fits_the_terminal() {
    let ground = ground();
    for arguments in REPORTS {
        for (terminal, variable, width) in [
            (80, None, 80),
            (60, Some("200"), 60),
            // It does not say how wide it is.
            (0, None, 80),
            (0, Some("60"), 60),
            (0, Some("0"), 80),
        ] {
            let mut command = command(&ground, arguments);
            command.envs(variable.map(|columns| ("COLUMNS", columns)));
            let shown = text(on_terminal(command, terminal));
            // Digests are never cut.
            let wide = |line: &&str| line.chars().count() > width && !line.contains("sha256:");
            let wide: Vec<&str> = shown.lines().filter(wide).collect();
            assert!(
                wide.is_empty(),
                "{arguments:?} {terminal} {variable:?}: {wide:#?}"
            );
        }
        let all = text(on_terminal(command(&ground, arguments), 1_000));
        assert!(!all.contains('…'), "{arguments:?}: {all}");
    }
    // What differs is at the end of a long value.
    let diff = command(&ground, &["diff", "old.tar", "new.tar"]);
    let shown = text(on_terminal(diff, 80));
    let folded: String = shown.split_whitespace().collect();
    assert!(folded.contains("/a/long/folder:new"), "{shown}");
}

/// Programs and people read it later, elsewhere: nothing may be missing, and it has the same bytes on every machine.
#[test]
fn without_a_terminal_a_report_is_whole_whatever_the_variables() {
    let ground = ground();
    for arguments in REPORTS {
        let piped = text(command(&ground, arguments).output().unwrap());
        let path = match arguments {
            [.., "--summary"] => String::new(),
            ["diff", ..] => long("only-in-new"),
            _ => long("file-3"),
        };
        assert!(
            piped.contains(&path) && !piped.contains('…'),
            "{arguments:?}: {piped}"
        );
        for variable in [("COLUMNS", "200"), ("COLUMNS", "20"), ("LC_ALL", "C")] {
            let mut command = command(&ground, arguments);
            command.envs([variable]);
            let same = text(command.output().unwrap());
            assert_eq!(same, piped, "{arguments:?} {variable:?}");
        }
        // A terminal that does not show the report says nothing about it.
        let file = [arguments, &["--output", "report.txt"]].concat();
        let mut command = command(&ground, &file);
        command.env("LC_ALL", "C");
        assert_eq!(text(on_terminal(command, 60)), "");
        let written = fs::read_to_string(ground.path().join("report.txt")).unwrap();
        assert_eq!(written, piped, "{arguments:?}");
    }
}
