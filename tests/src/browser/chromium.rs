//! Chromium, driven by chromedriver, and what is done to it by the protocol of its developer tools.

use std::io::{BufRead as _, BufReader};
use std::path::Path;

use serde_json::{Value, json};
use thirtyfour::prelude::*;

use super::driver::Driver;

/// Starts it with a window of 1440 by 900 pixels; where it goes through a proxy, loopback addresses do too.
pub(super) async fn start(proxy: Option<&str>) -> (Driver, WebDriver) {
    let (driver, _) = Driver::start("chromedriver", &["--port=0"], "successfully on port ");
    let mut chrome = DesiredCapabilities::chrome();
    // Containers have no room in /dev/shm and no user namespaces for Chromium's sandbox.
    for argument in [
        "--headless=new",
        "--no-sandbox",
        "--disable-dev-shm-usage",
        "--disable-gpu",
        "--no-first-run",
        "--window-size=1440,900",
    ] {
        chrome.add_arg(argument).unwrap();
    }
    if let Some(proxy) = proxy {
        for argument in [
            &format!("--proxy-server=http://{proxy}"),
            "--proxy-bypass-list=<-loopback>",
            "--disable-background-networking",
            "--disable-component-update",
        ] {
            chrome.add_arg(argument).unwrap();
        }
    }
    let session = WebDriver::new(driver.address(), chrome).await;
    let session = session.expect("Chromium starts");
    (driver, session)
}

/// Whether this is the command line of a tab.
pub(super) fn is_tab(command: &str) -> bool {
    command.contains("--type=renderer")
}

/// What the console has of warnings and errors since it was last asked.
pub(super) fn console(driver: &Driver, session: &WebDriver) -> Vec<String> {
    let request = format!("POST /session/{}/se/log", session.session_id());
    let stream = driver.ask(&request, r#"{"type":"browser"}"#).unwrap();
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    while reader.read_line(&mut line).unwrap() > 2 {
        line.clear();
    }
    // chromedriver leaves the connection open, so what it says ends where its JSON does.
    let mut values = serde_json::Deserializer::from_reader(reader).into_iter::<Value>();
    let answer = values.next().unwrap().unwrap();
    let entries = answer["value"].as_array().unwrap().iter();
    entries.map(|entry| entry["message"].to_string()).collect()
}

/// A command of the developer tools.
async fn tool(session: &WebDriver, command: &str, parameters: Value) {
    let sent = session.cdp().send_raw(command, parameters).await;
    sent.unwrap();
}

pub(super) async fn resize(session: &WebDriver, width: u32, height: u32) {
    let size = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
    tool(session, "Emulation.setDeviceMetricsOverride", size).await;
}

pub(super) async fn emulate(session: &WebDriver, feature: &str, value: &str) {
    let media = json!({"features": [{"name": feature, "value": value}]});
    tool(session, "Emulation.setEmulatedMedia", media).await;
}

pub(super) async fn emulate_nothing(session: &WebDriver) {
    tool(
        session,
        "Emulation.setEmulatedMedia",
        json!({"features": []}),
    )
    .await;
}

pub(super) async fn in_each_document(session: &WebDriver, script: &str) {
    let source = json!({"source": script});
    tool(session, "Page.addScriptToEvaluateOnNewDocument", source).await;
}

pub(super) async fn clear_http_cache(session: &WebDriver) {
    tool(session, "Network.clearBrowserCache", json!({})).await;
}

pub(super) async fn limit_storage(session: &WebDriver, origin: &str, bytes: u64) {
    let quota = json!({"origin": origin, "quotaSize": bytes});
    tool(session, "Storage.overrideQuotaForOrigin", quota).await;
}

pub(super) async fn download_to(session: &WebDriver, folder: &Path) {
    let allow = json!({"behavior": "allow", "downloadPath": folder});
    tool(session, "Browser.setDownloadBehavior", allow).await;
}

/// Drops a file or a folder in the middle of the page.
pub(super) async fn drop_on_page(session: &WebDriver, path: &Path) {
    for kind in ["dragEnter", "dragOver", "drop"] {
        let held = json!({"items": [], "files": [path], "dragOperationsMask": 1});
        let event = json!({"type": kind, "x": 700, "y": 450, "data": held});
        tool(session, "Input.dispatchDragEvent", event).await;
    }
}
