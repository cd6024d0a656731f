//! The reports of `onionskin audit` in every form: those of the demo images stay the same to the byte, and each
//! is what the tools that read its form take.

mod dive;
pub(crate) mod ground;
mod html;
mod junit;
mod sarif;

use std::fs;

use onionskin_fixtures::write::oci_archive;
use onionskin_fixtures::{Image, layer, seeded};
use onionskin_tests::Ground;
use serde_json::Value;

use ground::{golden, ground, printed};

/// The images that have golden reports, by what their reports are called.
const GOLDEN: [(&str, &str); 3] = [
    ("webapp-1.0", "oci:demo:demo/webapp:1.0"),
    ("webapp-1.1", "oci:demo:demo/webapp:1.1"),
    ("hello", "oci:demo:demo/hello:latest"),
];
/// Each form, and how its files are called.
const FORMATS: [(&str, &str); 8] = [
    ("text", "txt"),
    ("json", "json"),
    ("ndjson", "ndjson"),
    ("markdown", "md"),
    ("sarif", "sarif"),
    ("junit", "xml"),
    ("html", "html"),
    ("dive-json", "dive.json"),
];
/// Rules of which the demo's first release keeps one, and its second all.
const RULES: [&str; 7] = [
    "--min-efficiency",
    "90%",
    "--max-wasted-bytes",
    "1MB",
    "--max-layers",
    "40",
    "--link-base=https://onionskin.example.com/",
];

#[test]
fn reports_of_the_demo_images_are_the_golden_ones_to_the_byte() {
    let ground = ground();
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    for (name, image) in GOLDEN {
        for (format, extension) in FORMATS {
            let arguments = [&[image, "--format", format][..], &RULES].concat();
            let report = printed(&ground, &arguments);
            let file = golden(name, extension);
            if update {
                fs::create_dir_all(file.parent().unwrap()).unwrap();
                fs::write(&file, &report).unwrap();
            }
            let expected = fs::read_to_string(&file).unwrap_or_default();
            assert!(
                report == expected,
                "{} is not what is written; UPDATE_GOLDEN=1 cargo nextest run -p onionskin-tests audit_reports writes it anew, to be read before it is kept",
                file.display()
            );
        }
    }
}

#[test]
fn the_same_image_gives_the_same_bytes_whatever_the_machine() {
    let (ground, elsewhere) = (ground(), ground());
    for (format, _) in FORMATS {
        let arguments = [
            &[
                "oci:demo:demo/webapp:1.0",
                "oci:demo:demo/hello:latest",
                "--format",
                format,
            ][..],
            &RULES,
        ]
        .concat();
        let run = |ground: &Ground, variables: &[(&str, &str)]| {
            let mut command = ground.command(&arguments);
            command.envs(variables.iter().copied());
            let output = command.output().unwrap();
            assert_eq!(output.status.code(), Some(1));
            output.stdout
        };
        let one = run(
            &ground,
            &[
                ("TOKIO_WORKER_THREADS", "1"),
                ("TZ", "UTC"),
                ("LC_ALL", "C.UTF-8"),
            ],
        );
        let many = run(
            &elsewhere,
            &[
                ("TOKIO_WORKER_THREADS", "8"),
                ("TZ", "Asia/Tokyo"),
                ("LC_ALL", "de_DE.UTF-8"),
                ("HOME", "/nowhere"),
            ],
        );
        assert!(one == many, "{format}");
        let text = String::from_utf8(one).unwrap();
        let folder = ground.path().to_str().unwrap();
        assert!(
            !text.contains(folder),
            "{format} names a folder of this machine"
        );
    }
}

#[test]
fn a_comment_has_room_for_every_markdown_report() {
    let ground = ground();
    // Each file is a finding of its own: other layers store them, and others replace them. Names are of characters that take
    // more room than they have, or of several bytes each.
    let names = [
        ("signs", "|`@<".repeat(60)),
        ("漢字", "漢字".repeat(150)),
        ("onions", "🧅é".repeat(150)),
        ("hidden", "\u{e0041}".repeat(300)),
    ];
    let files = names.map(|(file, name)| {
        let mut image = Image::new();
        for at in 0..55 {
            let path = format!("/d{at}/{name}");
            image = image
                .layer(layer("COPY a /").file(&path, seeded(at, 100)))
                .layer(layer("COPY b /").file(&path, seeded(at + 100, 100)));
        }
        let file = format!("{file}.tar");
        ground.write(&file, oci_archive(&[("many:1", &image.pack())]));
        file
    });
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let mut all: Vec<Vec<&str>> = files.iter().map(|file| vec![*file]).collect();
    all.extend([
        files,
        vec!["signs.tar"; 3],
        vec!["漢字.tar"; 10],
        vec!["oci:demo:demo/hello:latest"; 300],
    ]);
    for images in all {
        let output = ground.run(&[&images[..], &["--format", "markdown"], &RULES].concat());
        let text = String::from_utf8(output.stdout).unwrap();
        let length = text.len();
        assert!(length < 60_000, "{length} bytes of {}", images[0]);
        let of = |part: &str| text.matches(part).count();
        assert_eq!(of("<details>"), of("</details>"));
        assert!(length > 40_000 && of("\nand ") > 0, "{text}");
    }
}

#[test]
fn each_form_has_a_place_for_every_image_and_an_error() {
    let ground = ground();
    let images = [
        "oci:demo:demo/webapp:1.1",
        "./missing.tar",
        "oci:demo:demo/hello:latest",
    ];
    let report = |format: &str| {
        let output = ground.run(&[&images[..], &["--format", format]].concat());
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8(output.stdout).unwrap()
    };
    for format in ["ndjson", "json"] {
        let text = report(format);
        let lines: Vec<Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(lines.len(), 3);
        assert!(lines[1]["error"].as_str().unwrap().contains("missing.tar"));
    }
    let markdown = report("markdown");
    assert_eq!(markdown.matches("### Onionskin: ").count(), 3);
    assert!(markdown.contains("**Could not be read:**"), "{markdown}");
    assert_eq!(report("html").matches("<section").count(), 3);
    assert_eq!(report("junit").matches("<testsuite ").count(), 3);
    let one = printed(
        &ground,
        &["oci:demo:demo/hello:latest", "--format", "ndjson"],
    );
    assert_eq!(one.lines().count(), 1);
    // Alone, an image that cannot be read has a report where its form has a place for errors.
    for (format, written) in [
        ("sarif", true),
        ("junit", true),
        ("json", false),
        ("ndjson", false),
        ("markdown", false),
        ("html", false),
    ] {
        let output = ground.run(&["./missing.tar", "--format", format]);
        assert_eq!(output.status.code(), Some(2));
        assert_eq!(!output.stdout.is_empty(), written, "{format}");
    }
}
