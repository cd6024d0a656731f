//! The report as text: the verdict first, and nothing in it is an image's own.

use onionskin_tests::on_terminal;

use super::*;

#[test]
fn names_and_commands_of_an_image_cannot_act_on_the_terminal() {
    let ground = ground();
    let hostile = Image::new()
        .layer(layer("COPY \u{1b}[2J /").file("/\u{1b}]0;x\u{7}\nz", "12345"))
        .layer(layer("RUN chown -R \u{9b}2J\u{202e} /").file("/\u{1b}]0;x\u{7}\nz", "12345"))
        .layer(Layer::new().whiteout("/\u{1b}]0;x\u{7}\nz"))
        .pack();
    ground.write("hostile.tar", oci_archive(&[("a:1", &hostile)]));
    let text = ground.ends(0, &["hostile.tar"]);
    let acts = |c: char| c.is_control() && c != '\n' || ('\u{202a}'..='\u{202e}').contains(&c);
    assert!(!text.contains(acts), "{text:?}");
    assert!(text.contains("\\x1b]0;x\\x07\\nz"), "{text}");
}

#[test]
fn the_verdict_comes_first_then_the_largest_findings() {
    let ground = ground();
    ground.write("onionskin.yaml", "rules:\n  maxWastedShare: 10%\n");
    let mut image = Image::new();
    for at in 1..=7_u64 {
        let name = format!("/srv/{}/file-{at}", "long-folder-name/".repeat(9));
        image = image
            .layer(layer("COPY a /").file(&name, seeded(at, 1_000 * at as usize)))
            .layer(Layer::new().whiteout(&name));
    }
    let image = image
        .layer(layer("COPY . /").file("/used", seeded(9, 100)))
        .env("API_TOKEN=mV7pL2sDq9");
    ground.save("many.tar", "many:1", &image.pack());
    let text = ground.ends(1, &["many.tar"]);
    let first = text.lines().next().unwrap();
    for says in [
        "FAIL: ",
        "99.6 % wasted",
        "1 possible secret",
        "the rule failed",
    ] {
        assert!(first.contains(says), "{says}: {first}");
    }
    assert!(text.contains("Rules (onionskin.yaml)"), "{text}");
    assert!(text.contains("99.6 %, at most 10 %"), "{text}");
    assert!(text.contains("config.env.API_TOKEN"), "{text}");
    // The five largest.
    let shown = |text: &str, file: u64| text.contains(&format!("/file-{file}\n"));
    assert!((3..=7).all(|file| shown(&text, file)), "{text}");
    assert!(!(1..=2).any(|file| shown(&text, file)), "{text}");
    assert!(text.contains("--all"), "{text}");
    // All, with both ends of their paths, in lines that fit.
    let all = on_terminal(ground.command(&["many.tar", "--all"]), 60);
    let all = String::from_utf8(all.stdout).unwrap();
    assert!((1..=7).all(|file| shown(&all, file)), "{all}");
    let wide = |line: &&str| line.chars().count() > 60 && !line.contains("sha256:");
    let wide: Vec<&str> = all.lines().filter(wide).collect();
    assert!(wide.is_empty(), "{wide:?}");
    // Nothing but the verdict and what failed.
    let summary = ground.ends(1, &["many.tar", "--summary"]);
    assert!(
        summary.starts_with(first) && summary.lines().count() < 8,
        "{summary}"
    );
}

#[test]
fn several_images_end_with_a_table() {
    let ground = ground();
    let output = ground.run(&[
        "app.tar",
        "./missing.tar",
        "saved.tar",
        "--max-wasted-bytes",
        "1",
    ]);
    let text = String::from_utf8(output.stdout).unwrap();
    let end: Vec<&str> = text.lines().rev().take(4).collect();
    for (line, says) in end.iter().zip([
        ["app:1.0", "340.0 kB", "FAIL"],
        ["missing.tar", "", "ERROR"],
        ["app:1.0", "89.5 %", "FAIL"],
        ["image", "wasted", "verdict"],
    ]) {
        assert!(says.iter().all(|says| line.contains(says)), "{line}");
    }
    let rules = [
        "app.tar",
        "saved.tar",
        "--max-wasted-bytes",
        "1",
        "--summary",
    ];
    assert_eq!(ground.ends(1, &rules).lines().count(), 3);
}

#[test]
fn a_key_in_a_packages_tests_is_a_note_and_not_the_first_thing() {
    let ground = ground();
    let planted = planted::secrets().into_iter();
    let mut keys = planted.filter(|plant| plant.rule == "private-key");
    let key = keys.next().unwrap().content;
    let image = Image::new()
        .layer(
            layer("RUN install")
                .file("/usr/lib/python3/test/keycert.pem", key)
                .file("/srv/large", seeded(1, 9_000)),
        )
        .layer(Layer::new().whiteout("/srv/large"))
        .pack();
    ground.save("packaged.tar", "packaged:1", &image);
    let text = ground.ends(0, &["packaged.tar"]);
    let first = text.lines().next().unwrap();
    assert!(
        first.contains("1 possible secret in package files"),
        "{first}"
    );
    let report = ground.json(0, &["packaged.tar"]);
    let findings = report["findings"].as_array().unwrap();
    let secret = findings.iter().find(|one| one["kind"] == "secret").unwrap();
    assert_eq!(secret["packaged"], true);
    let markdown = ground.ends(0, &["packaged.tar", "--format", "markdown"]);
    assert!(!markdown.contains("possible secret"), "{markdown}");
    let place = |path: &str| markdown.find(path).unwrap();
    assert!(place("/srv/large") < place("keycert.pem"), "{markdown}");
    let sarif: Value =
        serde_json::from_str(&ground.ends(0, &["packaged.tar", "--format", "sarif"])).unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap().iter();
    let mut secrets = results.filter(|result| result["ruleId"] == "secret/private-key");
    assert_eq!(secrets.next().unwrap()["level"], "note");
}
