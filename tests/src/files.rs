//! The page as a visitor with files uses it: what is chosen, what the tree then shows, and what `ls` says of the same.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::binary::onionskin;
use crate::{Browser, Served};

/// A browser at the start of a page.
pub async fn at_start() -> (Served, Browser) {
    let served = Served::start(&[]);
    let browser = Browser::start().await;
    browser.goto(&served.page("/")).await;
    // Those that `ls` tells of, for which the tree has room.
    let columns = "localStorage.setItem('onionskin.columns', 'size,mode,owner,layer') ?? true";
    let _: bool = browser.value(columns).await;
    (served, browser)
}

/// Packs a file, beside it, and returns where.
pub fn zstd(file: &Path) -> PathBuf {
    let status = Command::new("zstd")
        .args(["--quiet", "--force"])
        .arg(file)
        .status();
    assert!(status.expect("zstd is installed").success());
    PathBuf::from(format!("{}.zst", file.display()))
}

/// Chooses a file as a visitor does with the button.
pub async fn choose(browser: &Browser, file: &Path) {
    browser
        .fill("input[type=file]", file.to_str().unwrap())
        .await;
}

/// Waits until the file of this name is read to its end.
pub async fn whole(browser: &Browser, name: &str) {
    let _: bool = browser
        .until(&format!(
            "document.querySelector('.header .pretty .main')?.textContent === {} && !!document.querySelector('.band') && !document.querySelector('.band.partial')",
            Value::from(name)
        ))
        .await;
}

/// What a button of the page saves: "Save as JSON" or "Save as HTML".
pub async fn saved_by(browser: &Browser, button: &str) -> String {
    let script = format!(
        "const done = arguments[0], make = URL.createObjectURL;
         URL.createObjectURL = blob => {{ URL.createObjectURL = make; blob.text().then(done); return make.call(URL, blob) }};
         [...document.querySelectorAll('button')].find(e => e.textContent == '{button}').click();",
    );
    browser.run(&script).await
}

/// One line for each path of an image: path, mode, owner, layer, and the size of files.
pub type Lines = BTreeSet<String>;

/// What `ls` prints of it.
pub fn listed(file: &Path) -> Lines {
    let output = Command::new(onionskin())
        .args(["ls", "--format", "json"])
        .arg(file)
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let told: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    let line = |entry: &Value| {
        let text = |key: &str| entry[key].as_str().unwrap().to_owned();
        let size = if entry["type"] == "file" {
            entry["size"].to_string()
        } else {
            String::new()
        };
        format!(
            "{} {} {}:{} {} {size}",
            text("path"),
            text("mode"),
            entry["uid"],
            entry["gid"],
            entry["layer"]
        )
    };
    told.iter().map(line).collect()
}

/// What the tree shows with all folders open, without what is deleted.
pub async fn shown(browser: &Browser) -> Lines {
    let lines: Vec<String> = browser
        .run(
            "const done = arguments[arguments.length - 1];
            const next = () => new Promise(next => requestAnimationFrame(next));
            (async () => {
                while (!document.querySelector('.row[data-row]')) await next();
                for (;;) {
                    const closed = document.querySelector('.row .twisty.closed');
                    if (!closed) break;
                    closed.click();
                    while (closed.isConnected && closed.classList.contains('closed')) await next();
                    while (document.querySelector('.row.pending')) await next();
                }
                done([...document.querySelectorAll('.row[data-row]:not(.gone)')].map(row => {
                    const text = part => row.querySelector(part)?.textContent;
                    const mode = row.querySelector('[data-column=mode] span');
                    const size = mode.textContent.startsWith('-') ? row.querySelector('span.size').title.replace(/\\D/g, '') : '';
                    return [row.querySelector('.label').title, mode.title, text('[data-column=owner]'), text('[data-column=layer]'), size].join(' ');
                }));
            })();",
        )
        .await;
    lines.into_iter().collect()
}
