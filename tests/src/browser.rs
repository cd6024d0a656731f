//! A headless Chromium, driven by `chromedriver` on a free port.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use std::{env, fs};

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use thirtyfour::prelude::*;

use crate::axe;

/// How long something that should appear is waited for, in seconds: enough for a slow machine.
const PATIENCE: u64 = 60;

/// Starts a driver and reads the port that it takes; None where it ended before it had one.
fn chromedriver() -> Option<(Child, String)> {
    let mut driver = Command::new("chromedriver")
        .arg("--port=0")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("chromedriver can be run");
    let lines = BufReader::new(driver.stdout.take().unwrap()).lines();
    let port = lines.map_while(Result::ok).find_map(|line| {
        let (_, port) = line.split_once("successfully on port ")?;
        Some(port.trim_end_matches('.').to_owned())
    });
    match port {
        Some(port) => Some((driver, port)),
        None => {
            driver.wait().expect("chromedriver ended");
            None
        }
    }
}

/// A browser with a fresh profile. It ends when this is dropped.
pub struct Browser {
    driver: WebDriver,
    chromedriver: Child,
    port: String,
}

impl Browser {
    /// Starts a browser with a window of 1440 by 900 pixels.
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// The same, with more arguments for Chromium.
    pub async fn start_with(arguments: &[&str]) -> Self {
        // The port that it takes for IPv4 may be another's for IPv6: then it ends, and takes another.
        let (chromedriver, port) = (0..5)
            .find_map(|_| chromedriver())
            .expect("chromedriver says its port");
        let mut chrome = DesiredCapabilities::chrome();
        // Containers have no room in /dev/shm and no user namespaces for Chromium's sandbox.
        for argument in [
            "--headless=new",
            "--no-sandbox",
            "--disable-dev-shm-usage",
            "--disable-gpu",
            "--no-first-run",
            "--window-size=1440,900",
        ]
        .iter()
        .chain(arguments)
        {
            chrome.add_arg(argument).unwrap();
        }
        let driver = WebDriver::new(format!("http://127.0.0.1:{port}"), chrome)
            .await
            .expect("Chromium starts");
        let patience = Duration::from_secs(PATIENCE + 30);
        driver.set_script_timeout(patience).await.unwrap();
        Self {
            driver,
            chromedriver,
            port,
        }
    }

    /// Goes to an address; one that differs in its fragment only does not load the page again.
    pub async fn goto(&self, address: &str) {
        self.goto_document(address).await;
        self.ready().await;
    }

    /// The same, without waiting for the program of the page.
    pub async fn goto_document(&self, address: &str) {
        self.driver.goto(address).await.unwrap();
    }

    /// Loads the page again.
    pub async fn reload(&self) {
        self.driver.refresh().await.unwrap();
        self.ready().await;
    }

    /// One step back in the browser's history.
    pub async fn back(&self) {
        self.driver.back().await.unwrap();
        self.ready().await;
    }

    /// Waits until what is shown is drawn by the program, not by the document.
    async fn ready(&self) {
        let _: bool = self.until("!document.querySelector('.unready')").await;
    }

    /// The address.
    pub async fn address(&self) -> String {
        self.driver.current_url().await.unwrap().to_string()
    }

    /// The value of a JavaScript expression.
    pub async fn value<T: DeserializeOwned>(&self, expression: &str) -> T {
        let returned = self
            .driver
            .execute(format!("return {expression}"), Vec::new())
            .await;
        returned.unwrap().convert().unwrap()
    }

    /// Waits until a JavaScript expression is true, looking at every frame, and returns its value.
    pub async fn until<T: DeserializeOwned>(&self, expression: &str) -> T {
        let script = format!(
            "const done = arguments[arguments.length - 1], end = performance.now() + {PATIENCE}000;
            (function look() {{
                let value;
                try {{ value = ({expression}); }} catch (error) {{ value = null; }}
                if (value) done(['here', value]);
                else if (performance.now() > end) done(['late', document.body.innerText]);
                else requestAnimationFrame(look);
            }})();"
        );
        let (word, value): (String, Value) = self.run(&script).await;
        assert_eq!(
            word, "here",
            "`{expression}` did not come; the page shows:\n{value}"
        );
        serde_json::from_value(value).unwrap()
    }

    /// Runs a script that calls its last argument with the result.
    pub async fn run<T: DeserializeOwned>(&self, script: &str) -> T {
        let returned = self.driver.execute_async(script, Vec::new()).await;
        returned.unwrap().convert().unwrap()
    }

    /// Waits until there is an element with this text.
    pub async fn until_text(&self, selector: &str, text: &str) {
        let (selector, text) = (Value::from(selector), Value::from(text));
        let found = format!(
            "[...document.querySelectorAll({selector})].some(e => e.textContent.includes({text}))"
        );
        let _: bool = self.until(&found).await;
    }

    /// The texts of all elements that match.
    pub async fn texts(&self, selector: &str) -> Vec<String> {
        let selector = Value::from(selector);
        self.value(&format!(
            "[...document.querySelectorAll({selector})].map(e => e.textContent)"
        ))
        .await
    }

    /// Waits for an element and clicks on it as a visitor would.
    pub async fn click(&self, selector: &str) {
        let _: bool = self
            .until(&format!(
                "!!document.querySelector({})",
                Value::from(selector)
            ))
            .await;
        self.driver
            .find(By::Css(selector))
            .await
            .unwrap()
            .click()
            .await
            .unwrap();
    }

    /// Waits for an element and types into it.
    pub async fn fill(&self, selector: &str, text: impl Into<TypingData>) {
        let _: bool = self
            .until(&format!(
                "!!document.querySelector({})",
                Value::from(selector)
            ))
            .await;
        let element = self.driver.find(By::Css(selector)).await.unwrap();
        element.send_keys(text).await.unwrap();
    }

    /// Gives the page another size, in its own pixels: those of a screen at 200 % zoom are half as many.
    pub async fn resize(&self, width: u32, height: u32) {
        let size =
            json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.tool("Emulation.setDeviceMetricsOverride", size).await;
    }

    /// Makes the page believe in a setting of the system, such as `forced-colors`.
    pub async fn emulate(&self, feature: &str, value: &str) {
        let media = json!({"features": [{"name": feature, "value": value}]});
        self.tool("Emulation.setEmulatedMedia", media).await;
    }

    /// What axe-core finds against the page as it is now: rules with the elements that break them.
    pub async fn accessibility(&self) -> Vec<String> {
        // Not one expression, so that it is not in what a failure prints.
        let load = format!("{}; return true", axe::source());
        self.driver.execute(load, Vec::new()).await.unwrap();
        self.run(
            "const done = arguments[arguments.length - 1];
             axe.run(document).then(found => done(found.violations.map(rule =>
                 `${rule.id}: ${rule.nodes.map(node => node.html.slice(0, 200)).join(' ')}`)));",
        )
        .await
    }

    /// Runs a script in each document that is loaded from now on, before anything of it runs.
    pub async fn in_each_document(&self, script: &str) {
        let source = json!({"source": script});
        self.tool("Page.addScriptToEvaluateOnNewDocument", source)
            .await;
    }

    /// Looks at the window that was opened last from now on.
    pub async fn go_to_newest_window(&self) {
        let windows = self.driver.windows().await.unwrap();
        let newest = windows.last().unwrap().clone();
        self.driver.switch_to_window(newest).await.unwrap();
    }

    /// Looks at the window that was opened first from now on.
    pub async fn go_to_oldest_window(&self) {
        let windows = self.driver.windows().await.unwrap();
        let oldest = windows.first().unwrap().clone();
        self.driver.switch_to_window(oldest).await.unwrap();
    }

    /// Looks into the first frame of the page from now on.
    pub async fn enter_frame(&self) {
        self.driver.enter_frame(0).await.unwrap();
    }

    /// Looks at the whole page again.
    pub async fn leave_frame(&self) {
        self.driver.enter_default_frame().await.unwrap();
    }

    /// Empties what the browser keeps of answers to requests; not what pages keep themselves.
    pub async fn clear_http_cache(&self) {
        self.tool("Network.clearBrowserCache", json!({})).await;
    }

    /// Lets pages of an origin keep at most so many bytes.
    pub async fn limit_storage(&self, origin: &str, bytes: u64) {
        let quota = json!({"origin": origin, "quotaSize": bytes});
        self.tool("Storage.overrideQuotaForOrigin", quota).await;
    }

    /// Saves what pages download into a folder from now on.
    pub async fn download_to(&self, folder: &Path) {
        let allow = json!({"behavior": "allow", "downloadPath": folder});
        self.tool("Browser.setDownloadBehavior", allow).await;
    }

    async fn tool(&self, command: &str, parameters: Value) {
        let sent = self.driver.cdp().send_raw(command, parameters).await;
        sent.unwrap();
    }

    /// Presses a key where the focus is.
    pub async fn press(&self, key: Key) {
        let focused = self.driver.active_element().await.unwrap();
        focused.send_keys("" + key).await.unwrap();
    }

    /// Types a text where the focus is.
    pub async fn write(&self, text: &str) {
        let focused = self.driver.active_element().await.unwrap();
        focused.send_keys(text).await.unwrap();
    }

    /// Drops a file or a folder on the page, as a visitor does with the mouse.
    pub async fn drop_on_page(&self, path: &Path) {
        let tools = self.driver.cdp();
        for kind in ["dragEnter", "dragOver", "drop"] {
            let held = json!({"items": [], "files": [path], "dragOperationsMask": 1});
            let event = json!({"type": kind, "x": 700, "y": 450, "data": held});
            let sent = tools.send_raw("Input.dispatchDragEvent", event).await;
            sent.unwrap();
        }
    }

    /// Bytes of memory that the browser's processes use together, the page's and its workers' among them.
    pub fn memory(&self) -> u64 {
        self.family().iter().map(|(_, bytes)| bytes).sum()
    }

    /// The processes of the driver and its browser, with the bytes that each uses.
    fn family(&self) -> Vec<(u32, u64)> {
        let mut parents = vec![self.chromedriver.id()];
        let processes: Vec<(u32, u32, u64)> = fs::read_dir("/proc")
            .unwrap()
            .filter_map(|entry| process(&entry.ok()?.path()))
            .collect();
        let mut family = Vec::new();
        while let Some(parent) = parents.pop() {
            for (id, _, bytes) in processes.iter().filter(|(_, of, _)| *of == parent) {
                parents.push(*id);
                family.push((*id, *bytes));
            }
        }
        family
    }

    /// Bytes of memory that the largest tab uses, its workers among them.
    pub fn tab_memory(&self) -> u64 {
        let is_tab = |id: u32| {
            let command = fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
            String::from_utf8_lossy(&command).contains("--type=renderer")
        };
        let family = self.family().into_iter();
        let tabs = family.filter(|(id, _)| is_tab(*id));
        tabs.map(|(_, bytes)| bytes).max().unwrap_or_default()
    }

    /// What the page's console has of warnings and errors since it was last asked.
    pub async fn console(&self) -> Vec<String> {
        let (session, body) = (self.driver.session_id(), r#"{"type":"browser"}"#);
        let request = format!(
            "POST /session/{session}/se/log HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let mut stream = TcpStream::connect(format!("127.0.0.1:{}", self.port)).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
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

    /// Chooses a theme, as the page's own button does.
    pub async fn theme(&self, theme: &str) {
        let choose = format!("!!(document.documentElement.dataset.theme = '{theme}')");
        let _: bool = self.value(&choose).await;
    }

    /// Saves what is seen in both themes and on screens of several sizes, where `ONIONSKIN_LOOK` names a folder for it.
    pub async fn look(&self, name: &str) {
        let Some(folder) = env::var_os("ONIONSKIN_LOOK").map(PathBuf::from) else {
            return;
        };
        for (width, height) in [(1920, 1080), (1024, 768), (390, 844), (1440, 900)] {
            self.resize(width, height).await;
            for theme in ["light", "dark"] {
                self.theme(theme).await;
                let file = format!("{name}-{width}-{theme}.png");
                self.screenshot(&folder.join(file)).await;
            }
        }
    }

    /// Saves what is seen.
    pub async fn screenshot(&self, path: &std::path::Path) {
        self.driver.screenshot(path).await.unwrap();
    }
}

/// A process in `/proc`: its number, its parent's, and the bytes that are its own.
fn process(folder: &Path) -> Option<(u32, u32, u64)> {
    let status = fs::read_to_string(folder.join("status")).ok()?;
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse::<u64>().ok()
    };
    let number = |name| u32::try_from(field(name)?).ok();
    Some((number("Pid:")?, number("PPid:")?, field("RssAnon:")? << 10))
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Asked to, chromedriver ends the browser, which would outlive it. The WebDriver itself can do so
        // only where its runtime still runs, and that may be the one that a failed test is leaving.
        let session = self.driver.session_id();
        let request = format!(
            "DELETE /session/{session} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
        );
        if let Ok(mut stream) = TcpStream::connect(format!("127.0.0.1:{}", self.port)) {
            let _ = stream.set_read_timeout(Some(Duration::from_secs(10)));
            let _ = stream.write_all(request.as_bytes());
            // It answers when the browser has ended.
            let _ = stream.read(&mut [0; 64]);
        }
        let _ = self.driver.clone().leak();
        let _ = self.chromedriver.kill();
        let _ = self.chromedriver.wait();
    }
}
