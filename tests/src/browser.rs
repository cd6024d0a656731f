//! A headless browser: Chromium, or Firefox where `ONIONSKIN_BROWSER` says so.

mod chromium;
mod driver;
mod firefox;

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;
use std::{env, fs};

use serde::de::DeserializeOwned;
use serde_json::Value;
use thirtyfour::prelude::*;

use crate::axe;
use driver::Driver;
use firefox::Firefox;

/// How long something that should appear is waited for, in seconds: enough for a slow machine.
const PATIENCE: u64 = 60;

/// A browser with a fresh profile. It ends when this is dropped.
pub struct Browser {
    driver: WebDriver,
    process: Driver,
    /// None for Chromium.
    firefox: Option<Firefox>,
    /// In the order in which they were opened.
    windows: Mutex<Vec<WindowHandle>>,
}

impl Browser {
    /// Starts a browser with a window of 1440 by 900 pixels.
    pub async fn start() -> Self {
        Self::start_behind(None).await
    }

    /// The same, where all that it asks for goes through this proxy.
    pub async fn start_behind(proxy: Option<&str>) -> Self {
        let (process, driver, firefox) = match env::var("ONIONSKIN_BROWSER").as_deref() {
            Ok("firefox") => {
                let (process, driver, firefox) = firefox::start(proxy).await;
                (process, driver, Some(firefox))
            }
            Ok("chromium") | Err(_) => {
                let (process, driver) = chromium::start(proxy).await;
                (process, driver, None)
            }
            Ok(other) => panic!("ONIONSKIN_BROWSER is chromium or firefox, not {other:?}"),
        };
        let patience = Duration::from_secs(PATIENCE + 30);
        driver.set_script_timeout(patience).await.unwrap();
        Self {
            driver,
            process,
            firefox,
            windows: Mutex::default(),
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

    /// Takes an element with the mouse and moves it by so many pixels.
    pub async fn drag(&self, selector: &str, right: i64, down: i64) {
        let element = self.driver.find(By::Css(selector)).await.unwrap();
        let drag = self.driver.action_chain();
        let drag = drag.drag_and_drop_element_by_offset(&element, right, down);
        drag.release().perform().await.unwrap();
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
        match self.firefox {
            Some(_) => firefox::resize(&self.driver, width, height).await,
            None => chromium::resize(&self.driver, width, height).await,
        }
    }

    /// Makes the page believe in a setting of the system, such as `forced-colors`.
    pub async fn emulate(&self, feature: &str, value: &str) {
        match self.firefox {
            Some(_) => firefox::emulate(&self.driver, feature, value).await,
            None => chromium::emulate(&self.driver, feature, value).await,
        }
    }

    /// Ends what [`Self::emulate`] began.
    pub async fn emulate_nothing(&self) {
        match self.firefox {
            Some(_) => firefox::emulate_nothing(&self.driver).await,
            None => chromium::emulate_nothing(&self.driver).await,
        }
    }

    /// Waits until what another size or theme changes is drawn: observers tell of it after a frame, and the next has it.
    pub async fn settled(&self) {
        let frames = "const done = arguments[arguments.length - 1];
            requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(() => done(true))));";
        let _: bool = self.run(frames).await;
    }

    /// What axe-core finds against the page as it is now: rules with the elements that break them.
    pub async fn accessibility(&self) -> Vec<String> {
        if !self.value::<bool>("'axe' in window").await {
            // Not one expression, so that it is not in what a failure prints.
            let load = format!("{}; return true", axe::source());
            self.driver.execute(load, Vec::new()).await.unwrap();
        }
        self.run(
            "const done = arguments[arguments.length - 1];
             axe.run(document).then(found => done(found.violations.map(rule =>
                 `${rule.id}: ${rule.nodes.map(node => node.html.slice(0, 200)).join(' ')}`)));",
        )
        .await
    }

    /// Runs a script in each document that is loaded from now on, before anything of it runs.
    pub async fn in_each_document(&self, script: &str) {
        match &self.firefox {
            Some(firefox) => firefox.in_each_document(&self.driver, script).await,
            None => chromium::in_each_document(&self.driver, script).await,
        }
    }

    /// Looks at the window that was opened last from now on.
    pub async fn go_to_newest_window(&self) {
        let newest = self.windows().await.pop().unwrap();
        self.driver.switch_to_window(newest).await.unwrap();
    }

    /// Looks at the window that was opened first from now on.
    pub async fn go_to_oldest_window(&self) {
        let oldest = self.windows().await.swap_remove(0);
        self.driver.switch_to_window(oldest).await.unwrap();
    }

    /// All windows in the order in which they were opened, if this is asked after each: Firefox tells them in the order of
    /// their tabs.
    async fn windows(&self) -> Vec<WindowHandle> {
        let open = self.driver.windows().await.unwrap();
        let mut known = self.windows.lock().unwrap();
        known.retain(|window| open.contains(window));
        let new = open.into_iter().filter(|window| !known.contains(window));
        let new: Vec<_> = new.collect();
        known.extend(new);
        known.clone()
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
        match self.firefox {
            Some(_) => firefox::clear_http_cache(&self.driver).await,
            None => chromium::clear_http_cache(&self.driver).await,
        }
    }

    /// Lets pages of an origin keep at most so many bytes; before the first of them is opened.
    pub async fn limit_storage(&self, origin: &str, bytes: u64) {
        match self.firefox {
            Some(_) => firefox::limit_storage(&self.driver, bytes).await,
            None => chromium::limit_storage(&self.driver, origin, bytes).await,
        }
    }

    /// Saves what pages download into a folder from now on.
    pub async fn download_to(&self, folder: &Path) {
        match self.firefox {
            Some(_) => firefox::download_to(&self.driver, folder).await,
            None => chromium::download_to(&self.driver, folder).await,
        }
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

    /// Waits until a file is saved to its end: until then Chromium calls it otherwise, and Firefox leaves it empty and has a
    /// part of it beside it.
    pub async fn downloaded(&self, file: &Path) {
        let is_whole = || fs::metadata(file).is_ok_and(|file| file.len() > 0);
        let has_part = || {
            let entries = fs::read_dir(file.parent().unwrap()).unwrap();
            let mut names = entries.map(|entry| entry.unwrap().file_name());
            names.any(|name| name.to_string_lossy().ends_with(".part"))
        };
        while !is_whole() || has_part() {
            let _: bool = self.value("true").await;
        }
    }

    /// Drops a file on the page, as a visitor does with the mouse; into Chromium also a folder.
    pub async fn drop_on_page(&self, path: &Path) {
        match self.firefox {
            Some(_) => firefox::drop_on_page(&self.driver, path).await,
            None => chromium::drop_on_page(&self.driver, path).await,
        }
    }

    /// Bytes of memory that the browser's processes use together, the page's and its workers' among them.
    pub fn memory(&self) -> u64 {
        self.family().iter().map(|(_, bytes)| bytes).sum()
    }

    /// The processes of the driver and its browser, with the bytes that each uses.
    fn family(&self) -> Vec<(u32, u64)> {
        let mut parents = vec![self.process.id()];
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
            let command = String::from_utf8_lossy(&command);
            match self.firefox {
                Some(_) => firefox::is_tab(&command),
                None => chromium::is_tab(&command),
            }
        };
        let family = self.family().into_iter();
        let tabs = family.filter(|(id, _)| is_tab(*id));
        tabs.map(|(_, bytes)| bytes).max().unwrap_or_default()
    }

    /// What the page's console has of warnings and errors since it was last asked.
    pub async fn console(&self) -> Vec<String> {
        match &self.firefox {
            Some(firefox) => firefox.console(&self.driver).await,
            None => chromium::console(&self.process, &self.driver),
        }
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
    async fn screenshot(&self, path: &std::path::Path) {
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
        // The WebDriver itself can end the browser only where its runtime still runs, and that may be the one that a
        // failed test is leaving.
        self.process.end(self.driver.session_id());
        let _ = self.driver.clone().leak();
    }
}
