//! Secrets: whatever a file, a variable or a command holds, looking for secrets comes to an end, finds the same in pieces
//! of any size, and what is found shows in no text.

use onionskin_core::manifest::Config;
use onionskin_core::secrets::{Mask, in_config};
use onionskin_fixtures::Layer;
use serde_json::json;

use crate::layer::checked_tar;

/// Files that are looked into in ways of their own, and one that is like any other.
const PLACES: [&str; 12] = [
    "/app/settings.py",
    "/app/.env",
    "/root/.aws/credentials",
    "/root/.npmrc",
    "/root/.docker/config.json",
    "/root/.netrc",
    "/root/.kube/config",
    "/root/.bash_history",
    "/root/.ssh/id_rsa",
    "/etc/shadow",
    "/app/release.jks",
    "/usr/share/doc/tool/README.md",
];

/// The first byte chooses the file; the rest is in it, and in a variable, a label and a command.
pub(crate) fn secrets(data: &[u8]) {
    let Some((place, content)) = data.split_first() else {
        return;
    };
    let place = PLACES[usize::from(*place) % PLACES.len()];
    checked_tar(&Layer::new().file(place, content).tar());
    let Ok(text) = std::str::from_utf8(content) else {
        return;
    };
    let config = json!({
        "config": {"Env": [text, format!("TOKEN={text}")], "Labels": {"a.token": text}, "Cmd": ["sh", "-c", text]},
        "history": [{"created_by": text}, {"created_by": "RUN make", "comment": text}],
    });
    let config = Config::parse(config.to_string().as_bytes()).expect("an object");
    let found = in_config(&config, 2);
    let mask = Mask::of(&config);
    let masked = mask.text(text);
    if !found.is_empty() {
        assert!(!format!("{found:?}").is_empty());
    }
    // What nothing was found in stays as it is.
    assert!(masked == text || !found.is_empty(), "{masked:?}");
}
