//! Parts of the page's programs, which are fetched when they are first needed: what works without them, what is said where they
//! cannot be fetched, and that another try helps.

use std::fs;
use std::path::PathBuf;

use onionskin_fixtures::{Image, Packed, bytes, layer};
use onionskin_tests::{Browser, Exported};
use tempfile::TempDir;

fn app() -> Packed {
    Image::new()
        .layer(
            layer("COPY one")
                .dir("/app")
                .file("/app/run", bytes(300_000))
                .file("/app/old", bytes(200_000)),
        )
        .layer(layer("RUN rm").whiteout("/app/old"))
        .pack()
}

/// The parts of a page, moved away so that nobody can fetch them.
struct Away {
    folder: TempDir,
    names: Vec<String>,
    from: PathBuf,
}

impl Away {
    fn of(page: &Exported) -> Self {
        let (from, folder) = (page.folder.path().to_owned(), TempDir::new().unwrap());
        let entries = fs::read_dir(&from).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        // An analysis is opened by a part too, which stays.
        let away = ["page-part-", "worker-part-audit-", "worker-part-find-"];
        let is_away = |name: &String| away.iter().any(|start| name.starts_with(start));
        let names: Vec<String> = names.filter(is_away).collect();
        assert!(!names.is_empty(), "the page has parts");
        for name in &names {
            fs::rename(from.join(name), folder.path().join(name)).unwrap();
        }
        Self {
            folder,
            names,
            from,
        }
    }

    fn put_back(&self) {
        for name in &self.names {
            fs::rename(self.folder.path().join(name), self.from.join(name)).unwrap();
        }
    }
}

/// True once the image is read to its end.
const WHOLE: &str = "!!document.querySelector('.band') && !document.querySelector('.band.partial')";

#[tokio::test]
async fn the_tree_needs_no_part_and_another_try_fetches_what_is_missing() {
    let page = Exported::new(&app()).await;
    let away = Away::of(&page);
    let browser = Browser::start().await;
    browser
        .goto(&format!("{}/#/index/app.onionskin", page.origin))
        .await;
    let _: bool = browser.until(WHOLE).await;
    browser.until_text(".row .label", "app").await;
    browser.click(".row[data-row]").await;
    browser.until_text(".details h2", "app").await;
    browser
        .until_text(".details .problem h2", "This view could not be loaded")
        .await;
    // The findings are asked for once the image is here.
    let notice = ".missing-part";
    browser.until_text(notice, "could not be fetched").await;
    assert_eq!(browser.accessibility().await, Vec::<String>::new());
    browser.click("#tab-waste").await;
    browser
        .until_text(".problem h2", "This view could not be loaded")
        .await;
    assert_eq!(browser.accessibility().await, Vec::<String>::new());
    // Another try that fails says the same again.
    browser.click(".problem button").await;
    browser
        .until_text(".problem h2", "This view could not be loaded")
        .await;
    away.put_back();
    browser.click(".problem button").await;
    let _: bool = browser
        .until("!!document.querySelector('.panel') && !document.querySelector('.panel .problem')")
        .await;
    browser.click(&format!("{notice} button")).await;
    browser.until_text(".finding", "/app/old").await;
    let _: bool = browser
        .until("!document.querySelector('.missing-part')")
        .await;
}

#[tokio::test]
async fn a_query_waits_for_its_part_and_so_does_what_is_asked_behind_it() {
    let page = Exported::new(&app()).await;
    let away = Away::of(&page);
    let browser = Browser::start().await;
    browser
        .goto(&format!(
            "{}/#/index/app.onionskin?find=size:%3E250kB",
            page.origin
        ))
        .await;
    browser
        .until_text(".missing-part", "could not be fetched")
        .await;
    away.put_back();
    browser.click(".missing-part button").await;
    browser.until_text(".row .label", "run").await;
    let labels = browser.texts(".row[data-row] .label").await;
    assert_eq!(labels.len(), 2, "{labels:?}");
}

#[tokio::test]
async fn a_part_is_fetched_once() {
    let page = Exported::new(&app()).await;
    let browser = Browser::start().await;
    browser
        .goto(&format!("{}/#/index/app.onionskin", page.origin))
        .await;
    let _: bool = browser.until(WHOLE).await;
    let fetched = "performance.getEntriesByType('resource').map(entry => entry.name).filter(name => name.includes('/page-part-findings'))";
    let before: Vec<String> = browser.value(fetched).await;
    assert_eq!(before, Vec::<String>::new());
    for _ in 0..2 {
        browser.click("#tab-waste").await;
        browser.until_text(".finding", "/app/old").await;
        browser.click("#tab-files").await;
        browser.until_text(".row .label", "app").await;
    }
    let after: Vec<String> = browser.value(fetched).await;
    assert_eq!(after.len(), 1, "{after:?}");
    assert_eq!(browser.console().await, Vec::<String>::new());
}
