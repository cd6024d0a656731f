//! The reports of a comparison: those of the demo images stay the same to the byte, and HTML opens without a network.

use std::fs;
use std::process::Command;

use onionskin_fixtures::write::oci_archive;
use onionskin_fixtures::{Image, layer};
use onionskin_tests::binary::onionskin;
use onionskin_tests::{Browser, Ground};

use crate::audit_reports::ground::{HOSTILE, golden, ground, hostile};

/// What `onionskin diff` prints in a folder.
fn diff(ground: &Ground, arguments: &[&str]) -> String {
    let mut command = Command::new(onionskin());
    command
        .arg("diff")
        .args(arguments)
        .current_dir(ground.path());
    let output = command.output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

const DEMO: [&str; 3] = [
    "oci:demo:demo/webapp:1.0",
    "oci:demo:demo/webapp:1.1",
    "--link-base=https://onionskin.example.com/",
];

#[test]
fn comparisons_of_the_demo_images_are_the_golden_ones_to_the_byte() {
    let ground = ground();
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    for (format, extension) in [("markdown", "md"), ("html", "html")] {
        let report = diff(&ground, &[&DEMO[..], &["--format", format]].concat());
        let file = golden("webapp-1.0...1.1", extension);
        if update {
            fs::write(&file, &report).unwrap();
        }
        let expected = fs::read_to_string(&file).unwrap_or_default();
        assert!(
            report == expected,
            "{} is not what is written; UPDATE_GOLDEN=1 cargo nextest run -p onionskin-tests diff::reports writes it anew, to be read before it is kept",
            file.display()
        );
    }
}

#[test]
fn an_image_against_itself_has_a_comment_that_says_so() {
    let ground = ground();
    let text = diff(&ground, &[DEMO[0], DEMO[0], "--format", "markdown"]);
    assert_eq!(text.lines().count(), 3, "{text}");
    assert!(
        text.contains("**Files** unchanged") && text.contains("(unchanged)"),
        "{text}"
    );
}

#[tokio::test]
async fn html_opens_without_a_network_and_runs_nothing_of_an_image() {
    let ground = ground();
    ground.save("hostile.tar", "a:1", &hostile());
    let other = Image::new()
        .layer(layer("COPY . /").file("/x", "x"))
        .label(HOSTILE, HOSTILE);
    ground.write(
        "other.tar",
        oci_archive(&[("b:1", &other.env(&format!("A={HOSTILE}")).pack())]),
    );
    for (file, images) in [
        ("demo.html", [DEMO[0], DEMO[1], "--stack=8"]),
        ("hostile.html", ["hostile.tar", "other.tar", "--stack=1"]),
        ("back.html", ["other.tar", "hostile.tar", "--stack=1"]),
    ] {
        diff(
            &ground,
            &[&images[..], &DEMO[2..], &["--format=html", "-o", file]].concat(),
        );
        let browser = Browser::start().await;
        let address = format!("file://{}", ground.path().join(file).display());
        browser.goto(&address).await;
        let title: String = browser.value("document.title").await;
        assert!(title.starts_with("Onionskin diff: "), "{title}");
        let active = "document.querySelectorAll('script,img,iframe,object,embed,link,form,b b,[onerror],[onload]').length";
        assert_eq!(browser.value::<u32>(active).await, 0);
        let fetched: u32 = browser
            .value("performance.getEntriesByType('resource').length")
            .await;
        assert_eq!(fetched, 0);
        let fits: bool = browser
            .value("document.documentElement.scrollWidth <= innerWidth")
            .await;
        assert!(fits, "nothing is wider than the window");
        let rows: u32 = browser
            .value("document.querySelectorAll('.places tr').length")
            .await;
        assert!(rows > 0, "{file}");
    }
}
