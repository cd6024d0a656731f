//! What counts as a change of an image, and that a report is about the image of its run.

use std::fs;

use onionskin_fixtures::write::{Generation, docker_archive};
use onionskin_fixtures::{Image, Packed, bytes, layer, seeded};
use onionskin_tests::Ground;
use onionskin_tests::binary::onionskin;

use super::{images, review, script};

const FILES: [&str; 7] = [
    "audit.json",
    "audit.md",
    "audit.sarif",
    "diff.json",
    "diff.md",
    "diff.html",
    "comment.md",
];

fn base() -> Image {
    Image::new().layer(layer("RUN base").file("/lib", bytes(9_000)))
}

/// The same final filesystem, with a file that one layer adds and the next one deletes.
fn heavier() -> Packed {
    base()
        .layer(layer("RUN make").file("/big", seeded(1, 100_000)))
        .layer(layer("RUN rm /big").whiteout("/big"))
        .pack()
}

#[tokio::test]
async fn bytes_that_no_file_shows_are_a_change() {
    let ground = Ground::default();
    ground.save("old.tar", "app:1", &base().pack());
    ground.save("new.tar", "app:2", &heavier());
    let images = [("IMAGE", "new.tar"), ("BASE", "old.tar")];
    let told = review(&ground, &images).await;
    let diff = fs::read_to_string(ground.path().join("reports/diff.json")).unwrap();
    let diff: serde_json::Value = serde_json::from_str(&diff).unwrap();
    assert_eq!(diff["files"], serde_json::json!([]));
    assert_eq!((&*told["changed"], &*told["comment-new"]), ("true", "true"));
    let change: u64 = told["download-change"].parse().unwrap();
    assert!(change > 90_000, "{change}");
    // The same files at other times are compressed to other bytes, and are no change.
    let again = layer("RUN base")
        .file("/lib", bytes(9_000))
        .mtime(1_234_567_890);
    ground.save("again.tar", "app:3", &Image::new().layer(again).pack());
    let images = [("IMAGE", "again.tar"), ("BASE", "old.tar")];
    let told = review(&ground, &images).await;
    let told = (&*told["changed"], &*told["comment-new"]);
    assert_eq!(told, ("false", "false"));
}

#[tokio::test]
async fn stored_bytes_count_for_the_threshold_where_the_download_is_not_known() {
    let ground = Ground::default();
    for (file, image) in [("old.tar", base().pack()), ("new.tar", heavier())] {
        let archive = docker_archive(Generation::Folders, &[("app:1", &image)]);
        ground.write(file, archive);
    }
    ground.save("known.tar", "app:1", &base().pack());
    for (image, base, threshold, changed, new) in [
        ("new.tar", "old.tar", "100001", "true", "false"),
        ("new.tar", "old.tar", "100000", "true", "true"),
        // Less is a change too.
        ("old.tar", "new.tar", "100001", "true", "false"),
        ("old.tar", "new.tar", "100000", "true", "true"),
        // That one of both sources tells more is no change.
        ("old.tar", "known.tar", "0", "false", "false"),
    ] {
        let variables = [
            ("IMAGE", image),
            ("BASE", base),
            ("COMMENT_THRESHOLD", threshold),
        ];
        let told = review(&ground, &variables).await;
        assert_eq!(
            (&*told["changed"], &*told["comment-new"]),
            (changed, new),
            "{variables:?}"
        );
        assert_eq!(told["download-change"], "", "{variables:?}");
    }
}

#[tokio::test]
async fn no_report_of_an_earlier_run_is_left() {
    let ground = images();
    review(&ground, &[("IMAGE", "new.tar"), ("BASE", "old.tar")]).await;
    let here = |name: &&str| ground.path().join("reports").join(name).exists();
    assert!(FILES.iter().all(here));
    // What somebody else keeps there stays.
    ground.write("reports/mine.txt", "mine");
    review(&ground, &[("IMAGE", "new.tar")]).await;
    let left: Vec<&str> = FILES.into_iter().filter(here).collect();
    assert_eq!(
        left,
        ["audit.json", "audit.md", "audit.sarif", "comment.md"]
    );
    let command = onionskin().to_str().unwrap();
    let variables = [
        ("ONIONSKIN", command),
        ("IMAGE", "missing.tar"),
        ("REPORTS", "reports"),
    ];
    let output = script(&ground, "review.sh", &variables).await;
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(!FILES.iter().any(here));
    assert!(here(&"mine.txt"));
}
