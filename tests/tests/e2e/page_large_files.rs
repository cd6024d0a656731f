//! Files that are larger than memory or packed tight, given to the page.

use std::fs::{self, File};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::Path;

use onionskin_fixtures::write::{Generation, docker_archive};
use onionskin_fixtures::{Image, Packed, bytes, layer};
use onionskin_tests::files::{at_start, choose, listed, shown, whole, zstd};
use tempfile::TempDir;

fn app() -> Packed {
    Image::new()
        .layer(
            layer("COPY one")
                .dir("/app")
                .file("/app/run", bytes(300_000))
                .file("/app/old", bytes(1_000)),
        )
        .layer(layer("COPY two").whiteout("/app/old"))
        .pack()
}

/// Writes a tar header for a file of `size` bytes.
fn header(name: &str, size: u64) -> [u8; 512] {
    let mut header = [0; 512];
    let mut put =
        |at: usize, text: &str| header[at..at + text.len()].copy_from_slice(text.as_bytes());
    put(0, name);
    put(100, "0000644\0");
    put(108, "0000000\0");
    put(116, "0000000\0");
    put(124, &format!("{size:011o}\0"));
    put(136, "00000000000\0");
    put(148, "        ");
    put(156, "0");
    put(257, "ustar\x0000");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    header
}

/// Writes an archive with an image behind `size` bytes of zeros that nobody asks for.
fn behind_zeros(file: &Path, size: u64) {
    let mut writer = File::create(file).unwrap();
    writer.write_all(&header("big.bin", size)).unwrap();
    writer.seek(SeekFrom::Current(size as i64)).unwrap();
    let saved = docker_archive(Generation::Folders, &[("app:1", &app())]);
    writer.write_all(&saved).unwrap();
}

#[tokio::test]
async fn unpacking_is_told_while_it_goes_on_and_done_once() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("big.tar");
    behind_zeros(&file, 512 << 20);
    let packed = zstd(&file);
    let (served, browser) = at_start().await;
    let _: bool = browser
        .run(
            "window.told = [];
            new MutationObserver(() => {
                const text = document.querySelector('.waiting')?.innerText;
                if (text) told.push(text);
            }).observe(document.body, { subtree: true, childList: true, characterData: true });
            arguments[0](true);",
        )
        .await;
    choose(&browser, &packed).await;
    whole(&browser, "big.tar.zst").await;
    let told: Vec<String> = browser.value("window.told").await;
    let unpacked = |text: &String| text.contains("Unpacking") && text.contains("MB unpacked");
    assert!(told.iter().any(unpacked), "{told:?}");
    assert_eq!(shown(&browser).await, listed(&packed));
    // What is unpacked is kept: on the way back it is not done again.
    browser.goto(&served.page("/image/demo/hello")).await;
    browser.until_text(".row .label", "hello").await;
    let _: bool = browser.value("(told.length = 0, true)").await;
    browser.back().await;
    whole(&browser, "big.tar.zst").await;
    let told: Vec<String> = browser.value("window.told").await;
    assert!(
        !told.iter().any(|text| text.contains("Unpacking")),
        "{told:?}"
    );
}

#[tokio::test]
async fn a_file_of_more_than_4_gib_is_read_where_it_lies() {
    const BIG: u64 = 5 << 30;
    const ROOM: u64 = 256 << 20;
    let folder = TempDir::new().unwrap();
    // The image lies behind something that nobody asks for.
    let file = folder.path().join("big.tar");
    behind_zeros(&file, BIG);
    assert!(file.metadata().unwrap().len() > 4 << 30);
    let (_served, browser) = at_start().await;
    let small = folder.path().join("small.tar");
    let saved = docker_archive(Generation::Folders, &[("app:1", &app())]);
    fs::write(&small, saved).unwrap();
    choose(&browser, &small).await;
    whole(&browser, "small.tar").await;
    let before = browser.memory();
    choose(&browser, &file).await;
    whole(&browser, "big.tar").await;
    let expected = listed(&small);
    assert_eq!(shown(&browser).await, expected);
    let after = browser.memory();
    assert!(before > 1 << 20, "{before}");
    assert!(after < before + ROOM, "from {before} to {after} bytes");
}
