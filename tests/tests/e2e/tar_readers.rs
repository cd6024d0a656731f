//! Headers that readers of tar have disagreed on, so that a scanner saw other files than a container: Onionskin lists what GNU
//! tar unpacks.

use std::process::Command;

use onionskin_fixtures::{Image, Layer, bytes, layer};
use onionskin_tests::Ground;
use onionskin_tests::command::json;

/// A file as it stands in a tar: whoever begins to read in its middle sees an entry.
fn hidden() -> Vec<u8> {
    let mut tar = layer("x").file("/hidden", "1").tar();
    tar.truncate(1024);
    tar
}

/// The paths that `ls` lists, which are those that `tar` lists and these.
async fn lists(layer: Layer, expected: &[&str]) {
    let ground = Ground::default();
    ground.write("layer.tar", layer.tar());
    let tar = Command::new("tar")
        .args(["--list", "--file"])
        .arg(ground.path().join("layer.tar"))
        .output()
        .unwrap();
    assert!(tar.status.success(), "{tar:?}");
    let tar = String::from_utf8(tar.stdout).unwrap();
    assert_eq!(tar.lines().collect::<Vec<_>>(), expected);

    ground.save("app.tar", "app:1", &Image::new().layer(layer).pack());
    let file = ground.path().join("app.tar");
    let listed = json(&["ls", file.to_str().unwrap()]).await;
    let files = listed.as_array().unwrap().iter();
    let files: Vec<&str> = files
        .filter(|line| line["type"] != "dir")
        .map(|line| line["path"].as_str().unwrap().trim_start_matches('/'))
        .collect();
    assert_eq!(files, expected);
}

/// RUSTSEC-2025-0111: a header says that its file is empty, and the PAX records before it say how large it is.
#[tokio::test]
async fn the_size_of_pax_records_counts_where_the_header_has_none() {
    let layer = layer("x").file("/a", hidden());
    let layer = layer.pax("size", "1024").claimed_size(0);
    lists(layer.file("/b", "2"), &["a", "b"]).await;
}

/// RUSTSEC-2026-0068 and RUSTSEC-2026-0112: a header has another size than the PAX records before it.
#[tokio::test]
async fn the_size_of_pax_records_counts_where_the_header_has_another() {
    let content = [bytes(512), hidden()].concat();
    // The size in the header ends before the hidden entry, or behind the next one.
    for claimed in [512, 1536 + 1024] {
        let layer = layer("x").file("/a", content.clone());
        let layer = layer.pax("size", "1536").claimed_size(claimed);
        lists(layer.file("/b", "2").file("/c", "3"), &["a", "b", "c"]).await;
    }
}

/// GHSA-3cv2-h65g-fgmm: the size in PAX records is that of the file, not of the GNU name in between.
#[tokio::test]
async fn pax_records_before_a_gnu_name_are_those_of_the_file() {
    let layer = layer("x")
        .file("/PaxHeaders/x", "13 size=1536\n")
        .typeflag(b'x')
        .file("/@LongLink", "name\0")
        .typeflag(b'L')
        .file("/short", [bytes(512), hidden()].concat())
        .claimed_size(512)
        .file("/z", "2");
    lists(layer, &["name", "z"]).await;
}
