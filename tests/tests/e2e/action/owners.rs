//! Whose comments the action edits.

use onionskin_tests::forge::{BOT, Forge, Owner, RUNNER};

use super::{MARK, comment, images, review};

/// Whose token it is decides whose comment is edited; a stranger's is not, whatever it begins with and whatever the token may.
#[tokio::test]
async fn a_comment_is_edited_if_whoever_owns_the_token_wrote_it() {
    let ground = images();
    review(&ground, &[("IMAGE", "new.tar"), ("BASE", "old.tar")]).await;
    let old = format!("{MARK}\nold");
    let old = old.as_str();
    let robot = "release-robot";
    let app = "review-app[bot]";
    let is_new = "POST";
    let is_edited = "PATCH";
    for (owner, authors, requests, at) in [
        (Owner::Person(robot), &["mallory", robot][..], is_edited, 1),
        (Owner::Person(robot), &["mallory"], is_new, 1),
        // Its own comes first, wherever it is.
        (Owner::Person(robot), &[BOT, "mallory", robot], is_edited, 2),
        // The pipeline had another token before.
        (Owner::Person(robot), &["mallory", BOT], is_edited, 1),
        (Owner::Guest(robot), &["mallory", BOT], is_new, 2),
        (Owner::Guest(robot), &["mallory", robot], is_edited, 1),
        (Owner::App(app), &["mallory", app], is_edited, 1),
        (Owner::App(app), &["mallory", BOT], is_edited, 1),
        (Owner::App(BOT), &["mallory", robot], is_new, 2),
        // Names of pipelines' accounts on other forges, which anybody may have here.
        (Owner::App(BOT), &["gitea-actions"], is_new, 1),
        (Owner::Runner, &["mallory", RUNNER], is_edited, 1),
        (Owner::Runner, &["mallory", "gitea-actions"], is_new, 2),
    ] {
        let comments: Vec<(&str, &str)> = authors.iter().map(|author| (*author, old)).collect();
        let forge = Forge::of(owner, &comments).await;
        comment(&ground, &forge, "org/app", "true").await;
        assert_eq!(
            forge.requests().last().unwrap(),
            requests,
            "{owner:?} {authors:?}"
        );
        let after = forge.comments();
        let count = comments.len() + usize::from(requests == is_new);
        assert_eq!(after.len(), count, "{owner:?} {authors:?}");
        for (place, comment) in after.iter().enumerate() {
            let is_changed = comment.body != old;
            assert_eq!(is_changed, place == at, "{owner:?} {authors:?} {place}");
        }
    }
}
