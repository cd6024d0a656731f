//! The page's folder: its document, its style sheet, its scripts and its programs, each under a name that changes with what it
//! holds, and under the page's policy.

use std::collections::BTreeMap;
use std::fs;
use std::hash::{DefaultHasher, Hasher as _};
use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::places;

/// The policy of the page for hosts that send no headers of ours: what the gateway sends (`policy` there), as far as an
/// element can say it.
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types default";

/// How a link to a style sheet begins, in `static/index.html`.
const STYLE: &str = "<link rel=\"stylesheet\" href=\"";
/// How another file of the folder `static` is named there.
const STATIC: &str = "\"./";
/// What stands there for the script that starts the page.
const START: &str = "<script type=\"module\" src=\"start.js\"></script>";
/// The charset stands first in the document, and the policy before all that it is about.
const CHARSET: &str = "<meta charset=\"utf-8\">";

/// A program whose files lie in the page's folder.
pub(crate) struct Program {
    /// Its script, and its WebAssembly.
    pub(crate) script: String,
    pub(crate) wasm: String,
}

/// Writes all but the programs, which lie in the folder already.
pub(crate) fn write(page: &Path, programs: &BTreeMap<&'static str, Program>) -> Result<()> {
    let folder = places::root().join("static");
    let index = folder.join("index.html");
    let html = fs::read_to_string(&index)
        .with_context(|| format!("could not read {}", index.display()))?;
    let html = static_files(page, &folder, &html)?;
    let html = one_style_sheet(page, &folder, &html)?;
    let named = |name| programs.get(name).context("a program is missing");
    let html = start_script(page, &html, named("page")?)?;
    for name in ["worker", "highlight"] {
        loader(page, &folder, name, named(name)?)?;
    }
    ensure!(html.contains(CHARSET), "the page says no charset");
    let policy = format!(
        "{CHARSET}\n    <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">"
    );
    fs::write(page.join("index.html"), html.replacen(CHARSET, &policy, 1))
        .context("could not write the page's document")
}

/// Puts a file into the page's folder; its name there.
pub(crate) fn put(page: &Path, name: &str, end: &str, content: &[u8]) -> Result<String> {
    let mut hasher = DefaultHasher::new();
    hasher.write(content);
    let name = format!("{name}-{:016x}.{end}", hasher.finish());
    fs::write(page.join(&name), content).with_context(|| format!("could not write {name}"))?;
    Ok(name)
}

/// Joins the style sheets, in their order: the first paint waits for all of them, and one is compressed better.
fn one_style_sheet(page: &Path, folder: &Path, html: &str) -> Result<String> {
    let mut joined = String::new();
    let mut parts = html.split(STYLE);
    let mut document = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once('"').context("a link without its end")?;
        let (_, rest) = rest.split_once('>').context("a link without its end")?;
        let sheet = folder.join(name);
        joined += &fs::read_to_string(&sheet)
            .with_context(|| format!("could not read {}", sheet.display()))?;
        document += rest.trim_start();
    }
    ensure!(!joined.is_empty(), "the page has no style sheet");
    let name = put(page, "style", "css", joined.as_bytes())?;
    let end = "</head>";
    ensure!(document.contains(end), "the page has no head");
    Ok(document.replacen(end, &format!("{STYLE}./{name}\">{end}"), 1))
}

/// Puts the files into the page's folder that the document names, but for style sheets.
fn static_files(page: &Path, folder: &Path, html: &str) -> Result<String> {
    let mut parts = html.split(STATIC);
    let mut document = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (file, rest) = part.split_once('"').context("a name without its end")?;
        let (name, end) = file.rsplit_once('.').context("a name without an end")?;
        let file = folder.join(file);
        let content =
            fs::read(&file).with_context(|| format!("could not read {}", file.display()))?;
        document += &format!("\"./{}\"{rest}", put(page, name, end, &content)?);
    }
    Ok(document)
}

/// The script that starts the page is a file, as the policy allows none in the document. What it loads is fetched beside it.
fn start_script(page: &Path, html: &str, program: &Program) -> Result<String> {
    let Program { script, wasm } = program;
    let start = format!("import start from \"./{script}\";\nawait start();\n");
    let name = put(page, "start", "js", start.as_bytes())?;
    ensure!(html.contains(START), "the page does not start");
    let loads = format!(
        "<link rel=\"modulepreload\" href=\"./{script}\" crossorigin>\
         <link rel=\"preload\" href=\"./{wasm}\" as=\"fetch\" type=\"application/wasm\" crossorigin>\
         <script type=\"module\" src=\"./{name}\"></script>"
    );
    Ok(html.replacen(START, &loads, 1))
}

/// What loads a worker's program keeps the name that the page knows. Browsers ask for it again for each worker, and keep the
/// program.
fn loader(page: &Path, folder: &Path, name: &str, program: &Program) -> Result<()> {
    let file = format!("{name}_loader.js");
    let mut text = fs::read_to_string(folder.join(&file))
        .with_context(|| format!("could not read static/{file}"))?;
    let Program { script, wasm } = program;
    for (known, put) in [
        (format!("\"./{name}.js\""), script),
        (format!("\"./{name}_bg.wasm\""), wasm),
    ] {
        ensure!(
            text.matches(&known).count() == 1,
            "static/{file} does not name {known} once"
        );
        text = text.replace(&known, &format!("\"./{put}\""));
    }
    fs::write(page.join(&file), text).with_context(|| format!("could not write {file}"))
}
