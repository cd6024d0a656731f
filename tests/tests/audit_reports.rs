//! The reports of `onionskin audit` in every form: those of the demo images stay the same to the byte, and each
//! is what the tools that read its form take.

// Where a test's ground gives way, the test has failed.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use onionskin_fixtures::write::{Generation, docker_archive, oci_archive};
use onionskin_fixtures::{Image, Layer, Packed, Repository, demo, layer, seeded};
use onionskin_tests::Browser;
use onionskin_tests::binary::onionskin;
use serde_json::{Value, json};
use tempfile::TempDir;

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
    "--max-dead-bytes",
    "1MB",
    "--max-layers",
    "40",
    "--link-base=https://onionskin.example.com/",
];

/// A folder in which the command runs, with the demo images as the layout `demo`.
struct Ground(TempDir);

impl Ground {
    fn new() -> Self {
        let ground = Self(tempfile::tempdir().unwrap());
        layout(&ground.path().join("demo"), &demo::images());
        ground
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path().join(name), content).unwrap();
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(onionskin());
        command
            .arg("audit")
            .args(arguments)
            .current_dir(self.path());
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// What the command prints, however it ends.
    fn prints(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(!output.stdout.is_empty(), "{arguments:?}: {errors}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.prints(arguments)).unwrap()
    }
}

/// Writes what registries hold as an OCI image layout, each image under its name.
fn layout(folder: &Path, repositories: &[Repository]) {
    let blobs = folder.join("blobs/sha256");
    fs::create_dir_all(&blobs).unwrap();
    let mut manifests = Vec::new();
    for repository in repositories {
        for blob in repository.manifests.iter().chain(&repository.blobs) {
            let name = blob.digest.strip_prefix("sha256:").unwrap();
            fs::write(blobs.join(name), &blob.bytes).unwrap();
        }
        for (tag, digest) in &repository.tags {
            let found = |manifest: &&onionskin_fixtures::Blob| manifest.digest == *digest;
            let manifest = repository.manifests.iter().find(found).unwrap();
            let name = format!("{}:{tag}", repository.name);
            manifests.push(json!({
                "mediaType": manifest.media_type,
                "digest": digest,
                "size": manifest.bytes.len(),
                "annotations": { "org.opencontainers.image.ref.name": name },
            }));
        }
    }
    let index = json!({ "schemaVersion": 2, "manifests": manifests });
    fs::write(folder.join("index.json"), index.to_string()).unwrap();
    fs::write(
        folder.join("oci-layout"),
        r#"{"imageLayoutVersion":"1.0.0"}"#,
    )
    .unwrap();
}

fn golden(name: &str, extension: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden");
    folder.join(format!("{name}.{extension}"))
}

/// A file of `tests/data`.
fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("data")
        .join(name)
}

/// An image of which every part tries to be more than text.
const HOSTILE: &str = "/<img src=x onerror=document.title='hit'>\"'&]]>`@team|#1 [x](javascript:x)\u{1b}[2J\u{202e}\n";

fn hostile() -> Packed {
    Image::new()
        .layer(
            layer("COPY <script>document.title='hit'</script> ]]> /")
                .file(HOSTILE, "12345")
                .file("/\u{fffe}[a](b)", seeded(1, 500)),
        )
        .layer(
            layer("RUN \u{1b}]0;x\u{7} -->")
                .file(HOSTILE, "12345")
                .mode(0o600),
        )
        .layer(Layer::new().whiteout(HOSTILE).whiteout("/\u{fffe}[a](b)"))
        .pack()
}

#[test]
fn reports_of_the_demo_images_are_the_golden_ones_to_the_byte() {
    let ground = Ground::new();
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    for (name, image) in GOLDEN {
        for (format, extension) in FORMATS {
            let arguments = [&[image, "--format", format][..], &RULES].concat();
            let report = ground.prints(&arguments);
            let file = golden(name, extension);
            if update {
                fs::create_dir_all(file.parent().unwrap()).unwrap();
                fs::write(&file, &report).unwrap();
            }
            let expected = fs::read_to_string(&file).unwrap_or_default();
            assert!(
                report == expected,
                "{} is not what is written; UPDATE_GOLDEN=1 cargo test -p onionskin-tests --test audit_reports golden writes it anew, to be read before it is kept",
                file.display()
            );
        }
    }
}

#[test]
fn sarif_is_what_the_standards_schema_and_code_scanning_take() {
    let ground = Ground::new();
    ground.write("hostile.tar", oci_archive(&[("a:1", &hostile())]));
    let saved = docker_archive(Generation::Folders, &[("a:1", &hostile())]);
    ground.write("saved.tar", saved);
    let schema = fs::read_to_string(data("sarif-schema-2.1.0.json")).unwrap();
    let mut schema: Value = serde_json::from_str(&schema).unwrap();
    // Its pattern of a key that we do not write is no regular expression to all.
    for definition in ["run", "toolComponent"] {
        let language = &mut schema["definitions"][definition]["properties"]["language"];
        assert!(
            language
                .as_object_mut()
                .unwrap()
                .remove("pattern")
                .is_some()
        );
    }
    let schema = jsonschema::options()
        .should_validate_formats(true)
        .build(&schema)
        .unwrap();
    assert!(!schema.is_valid(&json!({ "version": "2.1.0" })));
    let unjudged = ["saved.tar", "--max-compressed-size", "1GB"];
    let several = [
        "./missing.tar",
        "hostile.tar",
        "oci:demo:demo/webapp:1.0",
        "oci:demo:demo/webapp:1.1",
        "hostile.tar",
    ];
    for (arguments, runs, successful) in [
        (
            &[&["oci:demo:demo/webapp:1.0"], &RULES[..]].concat()[..],
            1,
            1,
        ),
        (
            &[
                "hostile.tar",
                "--max-layers",
                "1",
                "--link-base",
                "http://localhost/ ü",
            ],
            1,
            1,
        ),
        (&unjudged, 1, 0),
        (&["./missing.tar"], 1, 0),
        (&several, 5, 4),
    ] {
        let report = ground.json(&[arguments, &["--format", "sarif"]].concat());
        let errors: Vec<String> = schema
            .iter_errors(&report)
            .map(|error| error.to_string())
            .collect();
        assert!(errors.is_empty(), "{arguments:?}: {errors:?}");
        let all = report["runs"].as_array().unwrap();
        assert_eq!(all.len(), runs, "{arguments:?}");
        let worked = all
            .iter()
            .filter(|run| run["invocations"][0]["executionSuccessful"] == true);
        assert_eq!(worked.count(), successful, "{arguments:?}");
        // GitHub refuses runs that it cannot tell apart.
        let ids: BTreeSet<&str> = all
            .iter()
            .map(|run| run["automationDetails"]["id"].as_str().unwrap())
            .collect();
        assert_eq!(ids.len(), runs, "{ids:?}");
        for run in all {
            taken(run);
        }
    }
}

/// What GitHub's documentation of code scanning demands of each result.
fn taken(run: &Value) {
    let mut prints = BTreeSet::new();
    for result in run["results"].as_array().unwrap() {
        let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
        let rule = &rules[usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()];
        assert_eq!(rule["id"], result["ruleId"]);
        let place = &result["locations"][0]["physicalLocation"];
        assert!(place["region"]["startLine"].as_u64() >= Some(1));
        let uri = place["artifactLocation"]["uri"].as_str().unwrap();
        let plain = |c: char| c.is_ascii_alphanumeric() || "/-._~+@=%".contains(c);
        assert!(
            !uri.is_empty() && !uri.starts_with('/') && uri.chars().all(plain),
            "{uri}"
        );
        let text = result["message"]["text"].as_str().unwrap();
        let acts = |c: char| c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c);
        // Nothing of an image is a link.
        assert!(
            !text.is_empty() && !text.contains(acts) && !text.replace("\\]", "").contains("]("),
            "{text}"
        );
        assert!(prints.insert(result["partialFingerprints"]["primaryLocationLineHash"].as_str()));
    }
}

#[test]
fn a_finding_keeps_its_fingerprint_from_build_to_build() {
    let ground = Ground::new();
    let build = |size: usize, more: bool| {
        let base = if more {
            vec![layer("ADD base /").file("/base", "x")]
        } else {
            Vec::new()
        };
        let layers = base.into_iter().chain([
            layer("COPY . /app")
                .dir("/app")
                .file("/app/data", seeded(1, size)),
            layer("RUN rm /app/data").whiteout("/app/data"),
        ]);
        layers
            .fold(Image::new(), |image, layer| image.layer(layer))
            .pack()
    };
    let prints = |name: &str, image: &Packed| {
        ground.write(name, oci_archive(&[("app:1", image)]));
        let report = ground.json(&[name, "--format", "sarif"]);
        let results = report["runs"][0]["results"].as_array().unwrap().clone();
        assert!(!results.is_empty());
        results
            .iter()
            .map(|result| result["partialFingerprints"].to_string())
            .collect::<BTreeSet<_>>()
    };
    let first = prints("first.tar", &build(1_000, false));
    assert!(first.is_subset(&prints("second.tar", &build(7_000, true))));
}

#[test]
fn junit_is_what_the_schema_of_its_readers_allows() {
    let ground = Ground::new();
    ground.write("hostile.tar", oci_archive(&[("a:1", &hostile())]));
    let saved = docker_archive(Generation::Folders, &[("a:1", &hostile())]);
    ground.write("saved.tar", saved);
    let read = |file: &str, of: &str| {
        let output = Command::new("xmllint")
            .args(["--xpath", of, file])
            .current_dir(ground.path())
            .output();
        String::from_utf8(output.unwrap().stdout)
            .unwrap()
            .trim()
            .to_owned()
    };
    let several = [
        "oci:demo:demo/webapp:1.0",
        "./missing.tar",
        "hostile.tar",
        "--max-dead-bytes",
        "1MB",
        "--max-layers",
        "2",
    ];
    for (arguments, [tests, failures, errors]) in [
        (&["oci:demo:demo/hello:latest"][..], ["1", "0", "0"]),
        (
            &[&["oci:demo:demo/webapp:1.0"], &RULES[..]].concat(),
            ["4", "2", "0"],
        ),
        (
            &["saved.tar", "--max-compressed-size", "1GB"],
            ["2", "0", "1"],
        ),
        (&["./missing.tar"], ["1", "0", "1"]),
        (&several, ["7", "3", "1"]),
    ] {
        ground.run(&[arguments, &["--format", "junit", "-o", "junit.xml"]].concat());
        let valid = Command::new("xmllint")
            .args(["--noout", "--schema"])
            .arg(data("junit-10.xsd"))
            .arg(ground.path().join("junit.xml"))
            .output()
            .unwrap();
        assert!(
            valid.status.success(),
            "{}",
            String::from_utf8_lossy(&valid.stderr)
        );
        let told = ["tests", "failures", "errors"]
            .map(|key| read("junit.xml", &format!("string(/testsuites/@{key})")));
        assert_eq!(told, [tests, failures, errors], "{arguments:?}");
        let counted = ["testcase", "failure", "error"]
            .map(|name| read("junit.xml", &format!("count(//{name})")));
        assert_eq!(counted, told, "{arguments:?}");
    }
    let failure = read(
        "junit.xml",
        "string(//testcase[@name='maxDeadBytes']/failure)",
    );
    assert!(
        failure.contains("deleted /app/node_modules: Delete it"),
        "{failure}"
    );
    let output = read("junit.xml", "string(//testsuite[3]/system-out)");
    assert!(
        output.contains("<img src=x onerror=document.title='hit'>\"'&]]>`@team"),
        "{output}"
    );
}

#[tokio::test]
async fn html_opens_without_a_network_and_runs_nothing_of_an_image() {
    let ground = Ground::new();
    ground.write("hostile.tar", oci_archive(&[("a:1", &hostile())]));
    let images = [
        "hostile.tar",
        "oci:demo:demo/webapp:1.0",
        "./<b>missing.tar",
    ];
    ground.run(
        &[
            &images,
            &RULES[..],
            &["--format", "html", "-o", "report.html"],
        ]
        .concat(),
    );
    let browser = Browser::start().await;
    browser
        .goto(&format!(
            "file://{}",
            ground.path().join("report.html").display()
        ))
        .await;
    browser.until_text("h1", "docker.io/demo/webapp:1.0").await;
    let title: String = browser.value("document.title").await;
    assert_eq!(title, "Onionskin audit: 3 images");
    let active = "document.querySelectorAll('script,img,iframe,object,embed,link,form,b b,[onerror],[onload]').length";
    assert_eq!(browser.value::<u32>(active).await, 0);
    let fetched: u32 = browser
        .value("performance.getEntriesByType('resource').length")
        .await;
    assert_eq!(fetched, 0);
    // The favicon that a browser asks for by itself is no part of the page.
    let console = browser.console().await;
    assert!(
        console.iter().all(|line| line.contains("favicon")),
        "{console:?}"
    );
    let paths = browser.texts(".findings .path").await;
    let hostile: String = HOSTILE
        .replace('\u{1b}', "\\x1b")
        .replace('\u{202e}', "\\u{202e}")
        .replace('\n', "\\n");
    assert!(paths.contains(&hostile), "{paths:?}");
    assert_eq!(browser.texts(".error").await.len(), 1);
    let wide: bool = browser
        .value("document.documentElement.scrollWidth <= innerWidth")
        .await;
    assert!(wide, "nothing is wider than the window");
    let boxes: u32 = browser
        .value("document.querySelectorAll('#image-2 .map i.deleted').length")
        .await;
    assert!(boxes > 10, "{boxes}");
    // Every box lies in the one around it.
    let outside: u32 = browser
        .value("[...document.querySelectorAll('.map .folder, .map .leaf')].filter(e => { const a = e.getBoundingClientRect(), b = e.parentElement.getBoundingClientRect(); return a.left < b.left - 2 || a.top < b.top - 2 || a.right > b.right + 2 || a.bottom > b.bottom + 2; }).length")
        .await;
    assert_eq!(outside, 0);
}

#[test]
fn the_same_image_gives_the_same_bytes_whatever_the_machine() {
    let ground = Ground::new();
    let elsewhere = Ground::new();
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
                ("LC_ALL", "C"),
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
    let ground = Ground::new();
    // Each file is a finding of its own: other layers ship them, and others replace them.
    let mut image = Image::new();
    for at in 0..55 {
        let path = format!("/d{at}/{}", "|`@<".repeat(60));
        image = image
            .layer(layer("COPY a /").file(&path, seeded(at, 100)))
            .layer(layer("COPY b /").file(&path, seeded(at + 100, 100)));
    }
    ground.write("many.tar", oci_archive(&[("many:1", &image.pack())]));
    for images in [
        vec!["many.tar"],
        vec!["many.tar"; 3],
        vec!["oci:demo:demo/hello:latest"; 300],
    ] {
        let output = ground.run(&[&images[..], &["--format", "markdown"], &RULES].concat());
        let text = String::from_utf8(output.stdout).unwrap();
        let length = text.chars().count();
        assert!(length < 65_536, "{length}");
        let of = |part: &str| text.matches(part).count();
        assert_eq!(of("<details>"), of("</details>"));
        assert!(length > 40_000 && of("\nand ") > 0, "{text}");
    }
}

#[test]
fn each_form_has_a_place_for_every_image_and_an_error() {
    let ground = Ground::new();
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
    let one = ground.prints(&["oci:demo:demo/hello:latest", "--format", "ndjson"]);
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

/// The keys of a JSON object, which may have no others.
fn keys(value: &Value) -> Vec<&str> {
    value
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}

#[test]
fn dives_export_has_the_shape_that_dive_gives_it_and_its_numbers() {
    let ground = Ground::new();
    let app = Image::new()
        .layer(
            layer("/bin/sh -c make")
                .dir("/app")
                .file("/app/a", seeded(1, 1_000))
                .mode(0o4755)
                .symlink("/app/link", "a")
                .hardlink("/app/other", "/app/a")
                .file("/implied/file", seeded(2, 10)),
        )
        .layer(
            layer("COPY a /app")
                .file("/app/a", seeded(3, 3_000))
                .opaque("/implied"),
        )
        .layer(Layer::new().whiteout("/app/link").whiteout("/app/a"))
        .pack();
    ground.write("app.tar", oci_archive(&[("app:1", &app)]));
    for image in ["app.tar", "oci:demo:demo/webapp:1.0"] {
        let export = ground.json(&[image, "--format", "dive-json"]);
        let audit = ground.json(&[image, "--format", "json"]);
        assert_eq!(keys(&export), ["layer", "image"]);
        let whole = &export["image"];
        assert_eq!(
            keys(whole),
            [
                "sizeBytes",
                "inefficientBytes",
                "efficiencyScore",
                "fileReference"
            ]
        );
        assert_eq!(whole["efficiencyScore"], audit["dive"]["efficiency"]);
        assert_eq!(whole["inefficientBytes"], audit["dive"]["wastedBytes"]);
        let references = whole["fileReference"].as_array().unwrap();
        for reference in references {
            assert_eq!(keys(reference), ["count", "sizeBytes", "file"]);
            assert!(reference["count"].as_u64() >= Some(2));
        }
        let bytes = |of: &[Value]| {
            of.iter()
                .map(|one| one["sizeBytes"].as_u64().unwrap())
                .collect::<Vec<_>>()
        };
        assert!(bytes(references).is_sorted_by(|a, b| a >= b));
        assert_eq!(
            bytes(references).iter().sum::<u64>(),
            whole["inefficientBytes"]
        );
        let layers = export["layer"].as_array().unwrap();
        assert_eq!(bytes(layers).iter().sum::<u64>(), whole["sizeBytes"]);
        for (at, layer) in layers.iter().enumerate() {
            assert_eq!(
                keys(layer),
                [
                    "index",
                    "id",
                    "digestId",
                    "sizeBytes",
                    "command",
                    "fileList"
                ]
            );
            assert_eq!(
                (&layer["index"], &layer["digestId"]),
                (&at.into(), &audit["layers"][at]["diffId"])
            );
            for file in layer["fileList"].as_array().unwrap() {
                assert_eq!(
                    keys(file),
                    [
                        "path", "typeFlag", "linkName", "size", "fileMode", "uid", "gid", "isDir"
                    ]
                );
            }
        }
    }
    let export = ground.json(&["app.tar", "--format", "dive-json"]);
    let files = |layer: usize| -> Vec<(String, u64, u64)> {
        let files = export["layer"][layer]["fileList"]
            .as_array()
            .unwrap()
            .iter();
        let file = |file: &Value| {
            let number = |key: &str| file[key].as_u64().unwrap();
            (
                file["path"].as_str().unwrap().to_owned(),
                number("typeFlag"),
                number("size"),
            )
        };
        files.map(file).collect()
    };
    let listed = |of: &[(&str, u64, u64)]| -> Vec<(String, u64, u64)> {
        of.iter()
            .map(|(path, flag, size)| ((*path).to_owned(), *flag, *size))
            .collect()
    };
    // What is in a folder comes before it, and one that no entry announces has no header to tell of.
    let base = [
        ("app/a", 48, 1_000),
        ("app/link", 50, 0),
        ("app/other", 49, 0),
        ("app", 53, 0),
        ("implied/file", 48, 10),
        ("", 0, 0),
    ];
    assert_eq!(files(0), listed(&base));
    assert_eq!(
        files(2),
        listed(&[("app/.wh.a", 48, 0), ("app/.wh.link", 48, 0), ("", 0, 0)])
    );
    assert_eq!(export["layer"][0]["command"], "make");
    assert_eq!(export["layer"][2]["command"], "(missing)");
    let first = &export["layer"][0]["fileList"];
    assert_eq!(
        (&first[0]["fileMode"], &first[3]["fileMode"]),
        (&json!(0o755 | 1 << 23), &json!(0o755_u32 | 1 << 31))
    );
    assert_eq!(
        export["image"]["fileReference"],
        json!([
            { "count": 3, "sizeBytes": 4_000, "file": "/app/a" },
            { "count": 2, "sizeBytes": 0, "file": "/app/link" },
        ])
    );
}
