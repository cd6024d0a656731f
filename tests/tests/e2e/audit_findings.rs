//! `onionskin audit`: what is told as one finding.

use onionskin_fixtures::{Image, layer, seeded};
use onionskin_tests::Ground;
use serde_json::{Value, json};

#[test]
fn what_one_command_deletes_below_a_known_place_is_one_finding() {
    let ground = Ground::default();
    let image = Image::new()
        .layer(
            layer("RUN apt-get update")
                .file("/var/lib/apt/lists/one", seeded(1, 500))
                .file("/var/lib/apt/lists/partial/two", seeded(2, 600))
                .file("/srv/one", seeded(3, 70))
                .file("/srv/two", seeded(4, 80)),
        )
        .layer(
            layer("RUN rm -rf /var/lib/apt/lists/* /srv/*")
                .whiteout("/var/lib/apt/lists/one")
                .whiteout("/var/lib/apt/lists/partial")
                .whiteout("/srv/one")
                .whiteout("/srv/two"),
        )
        .user("1")
        .healthcheck("true")
        .pack();
    ground.save("lists.tar", "lists:1", &image);
    let report = ground.json(0, &["lists.tar"]);
    let findings = report["findings"].as_array().unwrap().iter();
    let findings: Vec<(&Value, &Value)> = findings
        .map(|finding| (&finding["path"], &finding["bytes"]))
        .collect();
    assert_eq!(
        findings,
        [
            (&json!("/var/lib/apt/lists"), &json!(1_100)),
            (&json!("/srv/two"), &json!(80)),
            (&json!("/srv/one"), &json!(70)),
        ]
    );
}

#[test]
fn layers_that_replace_each_other_are_told_as_pairs() {
    let ground = Ground::default();
    let mut image = Image::new().user("1").healthcheck("true");
    for at in 1..=4 {
        image = image.layer(layer(&format!("RUN step {at}")).file("/db", seeded(at, 100)));
    }
    ground.save("db.tar", "db:1", &image.pack());
    let report = ground.json(0, &["db.tar"]);
    let finding = &report["findings"][0];
    let pair = |added: u64| json!({ "addedBy": added, "hiddenBy": added + 1, "bytes": 100 });
    assert_eq!(finding["pairs"], json!([pair(1), pair(2), pair(3)]));
    let text = ground.ends(0, &["db.tar"]);
    for says in [
        "added in layer 1, overwritten in layer 2",
        "added in layer 3, overwritten in layer 4",
        "layer 4: RUN step 4",
        "the steps of layers 1, 2, 3 and 4",
    ] {
        assert!(text.contains(says), "{says}: {text}");
    }
    let markdown = ground.ends(0, &["db.tar", "--format", "markdown"]);
    assert!(markdown.contains("| 1 → 2, 2 → 3, 3 → 4 |"), "{markdown}");
}
