//! The page that `onionskin export` writes, on a host that is no gateway: what it opens there, and what it says of the rest.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use onionskin_fixtures::write::oci_archive;
use onionskin_fixtures::{Image, Packed, bytes, layer};
use onionskin_tests::binary::onionskin;
use onionskin_tests::command::{printed, stopped};
use onionskin_tests::files::{choose, listed, shown, whole};
use onionskin_tests::{Browser, Registry, Served, hosting};
use serde_json::json;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};

/// True once the image is read to its end.
const WHOLE: &str = "!!document.querySelector('.band') && !document.querySelector('.band.partial')";

fn app() -> Packed {
    Image::new()
        .layer(
            layer("COPY one")
                .dir("/app")
                .file("/app/run", bytes(300_000))
                .file("/app/old", bytes(1_000)),
        )
        .layer(
            layer("COPY two")
                .file("/app/data", "text\n")
                .whiteout("/app/old"),
        )
        .pack()
}

/// A site with the page below a folder, as GitHub Pages has those of projects.
struct Site {
    folder: TempDir,
}

impl Site {
    async fn new(arguments: &[&str]) -> Self {
        let folder = TempDir::new().unwrap();
        fs::create_dir(folder.path().join("project")).unwrap();
        let page = folder.path().join("project/page");
        printed(&[&["export", page.to_str().unwrap()], arguments].concat()).await;
        Self { folder }
    }

    fn page(&self) -> PathBuf {
        self.folder.path().join("project/page")
    }

    /// Writes a saved image, and its analysis beside the page.
    async fn analyze(&self) -> PathBuf {
        let saved = self.folder.path().join("app.tar");
        fs::write(&saved, oci_archive(&[("app:1", &app())])).unwrap();
        let analysis = self.page().join("app.onionskin");
        let arguments = [
            "index",
            saved.to_str().unwrap(),
            "-o",
            analysis.to_str().unwrap(),
        ];
        printed(&arguments).await;
        saved
    }
}

/// Those that `ls` tells of, for which the tree has room.
async fn all_columns(browser: &Browser) {
    let columns = "localStorage.setItem('onionskin.columns', 'size,mode,owner,layer') ?? true";
    let _: bool = browser.value(columns).await;
}

async fn clean(browser: &Browser) {
    assert_eq!(browser.console().await, Vec::<String>::new());
    assert_eq!(browser.accessibility().await, Vec::<String>::new());
}

#[tokio::test]
async fn files_and_analyses_open_below_any_path() {
    let site = Site::new(&[]).await;
    let saved = site.analyze().await;
    let host = hosting(site.folder.path(), None).await;
    let browser = Browser::start().await;
    browser.goto(&format!("{host}/project/page/")).await;
    all_columns(&browser).await;
    browser.until_text("h2", "Gateway").await;
    clean(&browser).await;
    let expected = listed(&saved);
    let analysis = site.page().join("app.onionskin");
    assert_eq!(listed(&analysis), expected);
    for file in [&saved, &analysis] {
        choose(&browser, file).await;
        whole(&browser, file.file_name().unwrap().to_str().unwrap()).await;
        assert_eq!(shown(&browser).await, expected, "{file:?}");
    }
    browser
        .until_text(".of-analysis", "written by onionskin")
        .await;
    clean(&browser).await;
    // Loaded again, the tab shows it again. Nobody else can: the key is the tab's.
    let ticket = "sessionStorage.getItem('onionskin.file.app.onionskin')";
    let _: bool = browser.until(&format!("!!{ticket}")).await;
    for _ in 0..2 {
        browser.reload().await;
        let _: bool = browser.until(WHOLE).await;
        assert_eq!(shown(&browser).await, expected);
    }
    clean(&browser).await;
    let forget = format!("(ticket => {{ sessionStorage.clear(); return ticket }})({ticket})");
    let ticket: String = browser.value(&forget).await;
    browser.reload().await;
    browser.until_text("h1", "Choose this file again").await;
    // Neither can the tab with another key, or without what was kept.
    let (name, key) = ticket.split_once('.').unwrap();
    let other = if key.starts_with('A') { "B" } else { "A" };
    for ticket in [
        format!("{name}.{other}{}", &key[1..]),
        format!("AAAAAAAAAAAAAAAAAAAAAA.{key}"),
        "nonsense".to_owned(),
    ] {
        let keep =
            format!("(sessionStorage.setItem('onionskin.file.app.onionskin', '{ticket}'), true)");
        let _: bool = browser.value(&keep).await;
        browser.reload().await;
        browser.until_text("h1", "Choose this file again").await;
    }
    browser.drop_on_page(&analysis).await;
    whole(&browser, "app.onionskin").await;
    // Beside the page it has an address, which stays good.
    for address in ["app.onionskin", "./app.onionskin", "../page/app.onionskin"] {
        browser.goto("about:blank").await;
        let to =
            format!("{host}/project/page/#/index/{address}?layer=2&view=changes&path=/app/data");
        browser.goto(&to).await;
        let _: bool = browser.until(WHOLE).await;
        browser.reload().await;
        let _: bool = browser.until(WHOLE).await;
        browser.until_text(".row .label", "data").await;
    }
    for view in ["waste", "checks", "packages", "map", "config"] {
        browser
            .goto(&format!(
                "{host}/project/page/#/index/app.onionskin?view={view}"
            ))
            .await;
        let _: bool = browser.until(WHOLE).await;
    }
    let content = "#/index/app.onionskin?layer=2&view=content&path=/app/data";
    browser
        .goto(&format!("{host}/project/page/{content}"))
        .await;
    browser
        .until_text(".problem", "has no contents of files")
        .await;
    clean(&browser).await;
}

#[tokio::test]
async fn an_analysis_elsewhere_opens_where_its_server_allows_it() {
    let site = Site::new(&[]).await;
    site.analyze().await;
    let page = hosting(site.page(), None).await;
    let allowing = hosting(site.page(), Some(&page)).await;
    let browser = Browser::start().await;
    browser
        .goto(&format!("{page}/#/index/{allowing}/app.onionskin"))
        .await;
    let _: bool = browser.until(WHOLE).await;
    clean(&browser).await;
    let other = hosting(site.page(), None).await;
    fs::write(site.page().join("cut.onionskin"), {
        let mut cut = fs::read(site.page().join("app.onionskin")).unwrap();
        cut.pop();
        cut
    })
    .unwrap();
    for (address, says) in [
        (
            format!("{other}/app.onionskin"),
            format!("Access-Control-Allow-Origin for {page}"),
        ),
        (
            format!("{allowing}/gone.onionskin"),
            "the file was not found".to_owned(),
        ),
        (
            format!("{allowing}/index.html"),
            "not a saved analysis".to_owned(),
        ),
        (format!("{allowing}/cut.onionskin"), "cut off".to_owned()),
    ] {
        browser.goto("about:blank").await;
        browser.goto(&format!("{page}/#/index/{address}")).await;
        browser.until_text(".problem", &says).await;
    }
    // The page of a gateway connects to its own origin only, and says so.
    let served = Served::start(&[]);
    browser
        .goto(&served.page(&format!("/index/{allowing}/app.onionskin")))
        .await;
    browser
        .until_text(".problem", "this page connects only to its own")
        .await;
}

#[tokio::test]
async fn registries_that_allow_it_are_asked_directly() {
    let site = Site::new(&[]).await;
    let page = hosting(site.page(), None).await;
    let registry = Registry::for_pages(&page);
    let reference = registry.push("team/app:1.0", &app());
    let browser = Browser::start().await;
    browser.goto(&format!("{page}/#/image/{reference}")).await;
    let _: bool = browser.until(WHOLE).await;
    clean(&browser).await;
    let content = format!("{page}/#/image/{reference}?layer=2&view=content&path=/app/data");
    browser.goto(&content).await;
    browser
        .until_text(".view-content, .content, main", "text")
        .await;
    browser
        .goto(&format!("{page}/#/tags/{}/team/app", registry.address()))
        .await;
    browser.until_text("main", "1.0").await;
    let other = Registry::start();
    let reference = other.push("team/app:1.0", &app());
    browser.goto(&format!("{page}/#/image/{reference}")).await;
    browser
        .until_text(".problem", "The registry cannot be read from this page")
        .await;
    browser
        .until_text(".problem", &format!("CORS headers for {page}"))
        .await;
    // So are those that config.json names, while a gateway is there for the others: this one does not allow the page.
    let (_gateway, refusing) = gateway(&other, &[]).await;
    let config = json!({ "gateway": refusing, "direct": [registry.address()] });
    fs::write(site.page().join("config.json"), config.to_string()).unwrap();
    let direct = registry.push("team/named:1.0", &app());
    browser.goto("about:blank").await;
    browser.goto(&format!("{page}/#/image/{direct}")).await;
    let _: bool = browser.until(WHOLE).await;
    browser.goto(&format!("{page}/#/image/{reference}")).await;
    browser
        .until_text(".problem", "The gateway cannot be used")
        .await;
}

/// A gateway that reaches a registry, and allows the pages of these origins.
async fn gateway(registry: &Registry, origins: &[&str]) -> (tokio::process::Child, String) {
    let registry = format!("http://{}", registry.address());
    let mut arguments = vec!["serve", "--listen", "127.0.0.1:0", "--registry", &registry];
    for origin in origins {
        arguments.extend(["--allow-origin", origin]);
    }
    let mut process = tokio::process::Command::new(onionskin())
        .args(arguments)
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let line = lines.next_line().await.unwrap().unwrap();
    let address = line.split(' ').find(|word| word.starts_with("http://"));
    (process, address.unwrap().to_owned())
}

#[tokio::test]
async fn a_gateway_elsewhere_serves_a_page_that_it_allows() {
    let registry = Registry::start();
    let reference = registry.push("team/app:1.0", &app());
    let site = TempDir::new().unwrap();
    let page = hosting(site.path(), None).await;
    let (_allowing, allowing) = gateway(&registry, &[&page]).await;
    let (_other, other) = gateway(&registry, &[]).await;
    let folder = site.path().to_str().unwrap();
    printed(&["export", folder, "--gateway", &allowing]).await;
    let browser = Browser::start().await;
    for image in [&reference, "demo/webapp:1.1"] {
        browser.goto("about:blank").await;
        browser.goto(&format!("{page}/#/image/{image}")).await;
        let _: bool = browser.until(WHOLE).await;
        clean(&browser).await;
    }
    let error = stopped(&["export", folder, "--gateway", &other]).await;
    assert!(
        error.contains("is not empty") && error.contains("--force"),
        "{error}"
    );
    printed(&["export", folder, "--force", "--gateway", &other]).await;
    browser.goto("about:blank").await;
    browser.goto(&format!("{page}/#/image/{reference}")).await;
    browser
        .until_text(".problem", "The gateway cannot be used")
        .await;
    browser
        .until_text(".problem", &format!("--allow-origin {page}"))
        .await;
    // The visitor names the one that works.
    browser.goto(&format!("{page}/#/")).await;
    browser
        .fill("#gateway-address", "http://gateway.example.com")
        .await;
    browser.click(".gateway button").await;
    browser.until_text("#gateway-problem", "https://").await;
    let _: bool = browser
        .value("(document.querySelector('#gateway-address').value = '', true)")
        .await;
    browser.fill("#gateway-address", allowing.as_str()).await;
    browser.click(".gateway button").await;
    // What the gateway itself has is listed once the page is loaded again.
    browser.until_text(".card", "demo/webapp:1.0").await;
    browser.goto(&format!("{page}/#/image/{reference}")).await;
    let _: bool = browser.until(WHOLE).await;
}

#[tokio::test]
async fn it_is_written_whole_and_over_nothing() {
    let parent = TempDir::new().unwrap();
    let folder = parent.path().join("public");
    let path = folder.to_str().unwrap();
    printed(&["export", path]).await;
    let names = |folder: &Path| {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    };
    assert_eq!(names(parent.path()), ["public"]);
    let written = names(&folder);
    for name in ["index.html", "config.json", "worker-", "worker_loader.js"] {
        let is_there = written.iter().any(|other| other.starts_with(name));
        assert!(is_there, "{name} in {written:?}");
    }
    let html = fs::read_to_string(folder.join("index.html")).unwrap();
    assert!(
        !html.contains("=\"/") && html.contains("src=\"./start-"),
        "{html}"
    );
    assert!(html.contains("trusted-types default"), "{html}");
    // A web server of another user reads it.
    let mode = Command::new("stat")
        .args(["-c", "%a", path])
        .output()
        .unwrap();
    assert_eq!(mode.stdout, b"755\n");
    let error = stopped(&["export", path]).await;
    assert!(error.contains("is not empty"), "{error}");
    fs::write(folder.join("CNAME"), "pages.example.com").unwrap();
    printed(&["export", path, "--force"]).await;
    assert!(folder.join("CNAME").exists());
    let error = stopped(&["export", folder.join("index.html").to_str().unwrap()]).await;
    assert!(error.contains("cannot write"), "{error}");
}
