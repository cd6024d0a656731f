//! A headless Chromium, driven by `chromedriver` on a free port.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use serde::de::DeserializeOwned;
use serde_json::Value;
use tempfile::TempDir;
use thirtyfour::prelude::*;

/// How long something that should appear is waited for, in seconds: enough for a slow machine.
const PATIENCE: u64 = 60;

/// A browser with a fresh profile. It ends when this is dropped.
pub struct Browser {
    /// Dropped first: it asks chromedriver to end the browser, which would outlive chromedriver.
    driver: WebDriver,
    _chromedriver: Chromedriver,
    _profile: TempDir,
}

struct Chromedriver(Child);

impl Drop for Chromedriver {
    fn drop(&mut self) {
        // It may have ended by itself, which a test would have seen.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Browser {
    /// Starts a browser with a window of 1440 by 900 pixels.
    pub async fn start() -> Self {
        let mut process = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver can be run");
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let port = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| {
                Some(
                    line.split_once("successfully on port ")?
                        .1
                        .trim_end_matches('.')
                        .to_owned(),
                )
            })
            .expect("chromedriver says its port");
        let _chromedriver = Chromedriver(process);
        let profile = TempDir::new().unwrap();
        let mut chrome = DesiredCapabilities::chrome();
        let data = format!("--user-data-dir={}", profile.path().display());
        // Containers have no room in /dev/shm and no user namespaces for Chromium's sandbox.
        for argument in [
            "--headless=new",
            "--no-sandbox",
            "--disable-dev-shm-usage",
            "--disable-gpu",
            "--no-first-run",
            "--window-size=1440,900",
            &data,
        ] {
            chrome.add_arg(argument).unwrap();
        }
        let driver = WebDriver::new(format!("http://127.0.0.1:{port}"), chrome)
            .await
            .expect("Chromium starts");
        let patience = std::time::Duration::from_secs(PATIENCE + 30);
        driver.set_script_timeout(patience).await.unwrap();
        Self {
            driver,
            _chromedriver,
            _profile: profile,
        }
    }

    /// Goes to an address; one that differs in its fragment only does not load the page again.
    pub async fn goto(&self, address: &str) {
        self.driver.goto(address).await.unwrap();
    }

    /// Loads the page again.
    pub async fn reload(&self) {
        self.driver.refresh().await.unwrap();
    }

    /// One step back in the browser's history.
    pub async fn back(&self) {
        self.driver.back().await.unwrap();
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

    /// Presses a key where the focus is.
    pub async fn press(&self, key: Key) {
        let focused = self.driver.active_element().await.unwrap();
        focused.send_keys("" + key).await.unwrap();
    }

    /// Saves what is seen.
    pub async fn screenshot(&self, path: &std::path::Path) {
        self.driver.screenshot(path).await.unwrap();
    }
}
