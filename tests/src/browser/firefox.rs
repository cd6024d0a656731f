//! Firefox, driven by geckodriver, and what is done to it by scripts that run with the browser's own rights.

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;

use axum::http::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use thirtyfour::common::capabilities::firefox::FirefoxPreferences;
use thirtyfour::common::command::FormatRequestData;
use thirtyfour::extensions::addons::firefox::FirefoxTools;
use thirtyfour::prelude::*;
use thirtyfour::{RequestData, SessionId};

use super::driver::Driver;

/// What is Firefox's own of a running browser.
pub(super) struct Firefox {
    /// What pages and workers wrote with `console.warn` and `console.error`: the browser prints it.
    written: Arc<Mutex<Vec<String>>>,
    /// Extensions that run scripts in documents; each is a folder.
    extensions: Mutex<Vec<TempDir>>,
}

/// Starts it with a window of 1440 by 900 pixels; where it goes through a proxy, loopback addresses do too.
pub(super) async fn start(proxy: Option<&str>) -> (Driver, WebDriver, Firefox) {
    let arguments = ["--port=0", "--allow-system-access"];
    let (driver, printed) = Driver::start("geckodriver", &arguments, "Listening on 127.0.0.1:");
    let written = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&written);
    // It also keeps the pipe empty, which the browser would wait for.
    thread::spawn(move || {
        for line in printed.map_while(Result::ok) {
            if is_of_a_page(&line) {
                log.lock().unwrap().push(line);
            }
        }
    });
    let mut preferences = FirefoxPreferences::new();
    for (name, value) in [
        ("devtools.console.stdout.content", json!(true)),
        ("devtools.console.stdout.chrome", json!(false)),
        // Pages over plain http are read as they are.
        ("dom.security.https_first", json!(false)),
        ("dom.security.https_only_mode", json!(false)),
    ] {
        preferences.set(name, value).unwrap();
    }
    if let Some((host, port)) = proxy.and_then(|proxy| proxy.rsplit_once(':')) {
        let port: u16 = port.parse().unwrap();
        for (name, value) in [
            ("network.proxy.type", json!(1)),
            ("network.proxy.http", json!(host)),
            ("network.proxy.http_port", json!(port)),
            ("network.proxy.ssl", json!(host)),
            ("network.proxy.ssl_port", json!(port)),
            ("network.proxy.allow_hijacking_localhost", json!(true)),
            ("network.captive-portal-service.enabled", json!(false)),
            ("network.connectivity-service.enabled", json!(false)),
        ] {
            preferences.set(name, value).unwrap();
        }
    }
    let mut firefox = DesiredCapabilities::firefox();
    firefox.set_headless().unwrap();
    for argument in ["--width=1440", "--height=900"] {
        firefox.add_arg(argument).unwrap();
    }
    firefox.set_preferences(preferences).unwrap();
    let session = WebDriver::new(driver.address(), firefox).await;
    let firefox = Firefox {
        written,
        extensions: Mutex::default(),
    };
    (driver, session.expect("Firefox starts"), firefox)
}

/// Whether a line tells what a page wrote with `console.warn` or `console.error`. Parts of the browser write there too, with
/// their names first; what a page writes begins with a quotation mark or a bracket.
fn is_of_a_page(line: &str) -> bool {
    let kinds = ["console.warn: ", "console.error: "];
    let mut told = kinds.iter().filter_map(|kind| line.strip_prefix(kind));
    told.any(|text| !text.starts_with(char::is_alphabetic))
}

/// Whether this is the command line of a tab; its parts end with zeros.
pub(super) fn is_tab(command: &str) -> bool {
    command.contains("-contentproc") && command.trim_end_matches('\0').ends_with("tab")
}

/// Where scripts run from now on: in the page or in the browser around it.
#[derive(Debug)]
struct Context(&'static str);

impl FormatRequestData for Context {
    fn format_request(&self, session: &SessionId) -> RequestData {
        let address = format!("/session/{session}/moz/context");
        RequestData::new(Method::POST, address).add_body(json!({"context": self.0}))
    }
}

/// Runs a script in the browser's own window.
async fn privileged(session: &WebDriver, script: &str) -> Value {
    session.handle().cmd(Context("chrome")).await.unwrap();
    let returned = session.execute(script, Vec::new()).await;
    session.handle().cmd(Context("content")).await.unwrap();
    returned.unwrap().json().clone()
}

/// Sets a preference.
async fn prefer(session: &WebDriver, name: &str, value: Value) {
    let kind = match &value {
        Value::Bool(_) => "Bool",
        Value::Number(_) => "Int",
        _ => "String",
    };
    let set = format!("Services.prefs.set{kind}Pref({}, {value})", json!(name));
    privileged(session, &set).await;
}

impl Firefox {
    /// What pages and workers wrote to the console, and what went wrong in them, since it was last asked.
    pub(super) async fn console(&self, session: &WebDriver) -> Vec<String> {
        let errors = privileged(
            session,
            "const all = Services.console.getMessageArray(); Services.console.reset();
             return all.filter(one => one instanceof Ci.nsIScriptError && !(one.flags & Ci.nsIScriptError.infoFlag)
                     && /^(https?|blob):/.test(one.sourceName)
                     // What a frame of another origin stores is apart: a note, and no fault.
                     && one.category !== 'cookiePartitionedForeign')
                 .map(one => `${one.category}: ${one.errorMessage} (${one.sourceName}:${one.lineNumber})`)",
        )
        .await;
        let mut console: Vec<String> = serde_json::from_value(errors).unwrap();
        console.append(&mut self.written.lock().unwrap());
        console
    }

    /// An extension may run scripts in documents before their own; the tools of developers may not.
    pub(super) async fn in_each_document(&self, session: &WebDriver, script: &str) {
        let folder = TempDir::new().unwrap();
        let number = self.extensions.lock().unwrap().len();
        let manifest = json!({
            "manifest_version": 2,
            "name": "script",
            "version": "1",
            "browser_specific_settings": {"gecko": {"id": format!("script{number}@onionskin.invalid")}},
            "content_scripts": [{
                "matches": ["http://*/*"],
                "js": ["script.js"],
                "run_at": "document_start",
                "all_frames": true,
                "world": "MAIN",
            }],
        });
        fs::write(folder.path().join("manifest.json"), manifest.to_string()).unwrap();
        fs::write(folder.path().join("script.js"), script).unwrap();
        let tools = FirefoxTools::new(session.handle().clone());
        let path = folder.path().to_str().unwrap();
        tools.install_addon(path, Some(true)).await.unwrap();
        self.extensions.lock().unwrap().push(folder);
    }
}

/// Windows are no narrower than their buttons need, so that it is the part with the page that gets the size.
pub(super) async fn resize(session: &WebDriver, width: u32, height: u32) {
    let size = format!(
        "window.resizeTo(Math.max({width}, 500), {height} + 200);
         const browser = gBrowser.selectedBrowser;
         browser.style.setProperty('width', '{width}px');
         browser.style.setProperty('height', '{height}px');
         document.synchronouslyUpdateRemoteBrowserDimensions(true);"
    );
    privileged(session, &size).await;
    let script = format!(
        "const done = arguments[0];
         (function look() {{ innerWidth === {width} && innerHeight === {height} ? done() : requestAnimationFrame(look); }})();"
    );
    session.execute_async(script, Vec::new()).await.unwrap();
}

pub(super) async fn emulate(session: &WebDriver, feature: &str, value: &str) {
    let (name, value) = match (feature, value) {
        ("prefers-color-scheme", "dark") => ("layout.css.prefers-color-scheme.content-override", 0),
        ("prefers-color-scheme", "light") => {
            ("layout.css.prefers-color-scheme.content-override", 1)
        }
        ("forced-colors", "active") => ("browser.display.document_color_use", 2),
        ("prefers-reduced-motion", "reduce") => ("ui.prefersReducedMotion", 1),
        _ => panic!("no preference is known for {feature}: {value}"),
    };
    prefer(session, name, json!(value)).await;
}

pub(super) async fn emulate_nothing(session: &WebDriver) {
    for name in [
        "layout.css.prefers-color-scheme.content-override",
        "browser.display.document_color_use",
        "ui.prefersReducedMotion",
    ] {
        privileged(session, &format!("Services.prefs.clearUserPref('{name}')")).await;
    }
}

pub(super) async fn clear_http_cache(session: &WebDriver) {
    privileged(session, "Services.cache2.clear()").await;
}

/// The limit is for all pages together, and is read when storage is first used.
pub(super) async fn limit_storage(session: &WebDriver, bytes: u64) {
    let limit = json!(bytes.div_ceil(1024));
    prefer(
        session,
        "dom.quotaManager.temporaryStorage.fixedLimit",
        limit,
    )
    .await;
    privileged(session, "Services.qms.reset()").await;
}

pub(super) async fn download_to(session: &WebDriver, folder: &Path) {
    prefer(session, "browser.download.folderList", json!(2)).await;
    prefer(session, "browser.download.dir", json!(folder)).await;
}

/// Drops a file on the page. The file is given to a field that nobody sees, and dropped from there: only a visitor
/// drags files into this browser, or folders.
pub(super) async fn drop_on_page(session: &WebDriver, path: &Path) {
    assert!(path.is_file(), "only Chromium lets tests drop a folder");
    let field =
        "const field = document.createElement('input'); field.type = 'file'; field.id = 'dropped';
        field.hidden = true; document.documentElement.append(field);";
    session.execute(field, Vec::new()).await.unwrap();
    let element = session.find(By::Id("dropped")).await.unwrap();
    element.send_keys(path.to_str().unwrap()).await.unwrap();
    let drop = "const field = document.getElementById('dropped'), dataTransfer = new DataTransfer();
        dataTransfer.items.add(field.files[0]);
        field.remove();
        for (const kind of ['dragenter', 'dragover', 'drop']) {
            const on = document.elementFromPoint(innerWidth / 2, innerHeight / 2);
            on.dispatchEvent(new DragEvent(kind, { dataTransfer, bubbles: true, cancelable: true }));
        }";
    session.execute(drop, Vec::new()).await.unwrap();
}
