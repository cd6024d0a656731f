//! How large the action's comment may become.

use std::fs;

use onionskin_fixtures::{Image, Packed, layer, seeded};
use onionskin_tests::Ground;

use super::review;

/// An image of many files whose names are long in bytes, and longer as they are shown.
fn image(part: &str, seed: u64) -> Packed {
    let mut image = Image::new();
    for at in 0..60 {
        let path = format!("/d{at}/{}", part.repeat(300));
        let content = |more| seeded(seed + at + more, 100);
        image = image
            .layer(layer(&format!("RUN {part}")).file(&path, content(1_000)))
            .layer(layer("COPY . /").file(&path, content(0)));
    }
    image.pack()
}

/// GitHub takes 65,536 characters, others count bytes: docs/review.md promises 60 kB of whatever the images are.
#[tokio::test]
async fn a_comment_is_smaller_than_60_kb_whatever_the_names_are() {
    for part in ["漢", "🧅", "\u{e0041}", "`|"] {
        let ground = Ground::default();
        ground.save("old.tar", "app:1", &image(part, 1));
        ground.save("new.tar", "app:2", &image(part, 2));
        ground.write("rules.yaml", "rules:\n  maxWastedBytes: 1\n");
        let key = "k".repeat(64);
        for base in ["old.tar", ""] {
            let variables = [
                ("IMAGE", "new.tar"),
                ("BASE", base),
                ("RULES", "rules.yaml"),
                ("COMMENT_KEY", &key),
                ("LINK_BASE", "https://onionskin.example.com/"),
            ];
            review(&ground, &variables).await;
            let text = fs::read_to_string(ground.path().join("reports/comment.md")).unwrap();
            let bytes = text.len();
            assert!(bytes < 60_000, "{bytes} bytes of {part:?} and {base:?}");
            assert!(bytes > 30_000, "{bytes} bytes of {part:?} and {base:?}");
            assert_eq!(
                text.matches("<details>").count(),
                text.matches("</details>").count()
            );
        }
    }
}
