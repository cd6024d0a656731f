//! What Trunk wrote, in fewer files, each under a name that changes with what it holds, and under the page's policy.

use std::fs;
use std::hash::{DefaultHasher, Hasher as _};
use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::work;

/// The policy of the page for hosts that send no headers of ours: what the gateway sends (`policy` there), as far as an
/// element can say it.
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types default";

/// How a link to a style sheet begins, as Trunk writes it.
const STYLE: &str = "<link rel=\"stylesheet\" href=\"./";

/// Finishes the page in this folder.
pub(crate) fn finish(page: &Path) -> Result<()> {
    let index = page.join("index.html");
    let html = fs::read_to_string(&index)?;
    let html = one_style_sheet(page, &html)?;
    let html = start_script(page, &html)?;
    for file in work::files(page)? {
        if file.extension().is_some_and(|end| end == "wasm") {
            let program = without_names(&fs::read(&file)?)
                .with_context(|| format!("{} is no WebAssembly", file.display()))?;
            fs::write(&file, program)?;
        }
    }
    for program in ["worker", "highlight"] {
        name_worker(page, program)?;
    }
    let charset = "<meta charset=\"utf-8\">";
    ensure!(html.contains(charset), "the page says no charset");
    let policy = format!(
        "{charset}\n    <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">"
    );
    fs::write(&index, html.replacen(charset, &policy, 1))
        .with_context(|| format!("could not write {}", index.display()))
}

/// Joins the style sheets, in their order: the first paint waits for all of them, and one is compressed better.
fn one_style_sheet(page: &Path, html: &str) -> Result<String> {
    let mut joined = String::new();
    let mut parts = html.split(STYLE);
    let mut document = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once('"').context("a link without its end")?;
        let (_, rest) = rest.split_once('>').context("a link without its end")?;
        let sheet = page.join(name);
        joined += &fs::read_to_string(&sheet)
            .with_context(|| format!("could not read {}", sheet.display()))?;
        fs::remove_file(sheet)?;
        document += rest.trim_start();
    }
    ensure!(!joined.is_empty(), "Trunk wrote no style sheet");
    let name = format!("style-{}.css", hash(joined.as_bytes()));
    fs::write(page.join(&name), joined)?;
    let end = "</head>";
    ensure!(document.contains(end), "the page has no head");
    Ok(document.replacen(end, &format!("{STYLE}{name}\">{end}"), 1))
}

/// The policy allows no inline script, so that the one with which Trunk starts the page becomes a file.
fn start_script(page: &Path, html: &str) -> Result<String> {
    let begin = "<script type=\"module\">";
    let parts = html.split_once(begin).and_then(|(before, rest)| {
        let (script, after) = rest.split_once("</script>")?;
        Some((before, script.trim(), after))
    });
    let (before, script, after) = parts.context("Trunk wrote no script that starts the page")?;
    let name = format!("start-{}.js", hash(script.as_bytes()));
    fs::write(page.join(&name), script)?;
    Ok(format!(
        "{before}<script type=\"module\" src=\"./{name}\"></script>{after}"
    ))
}

/// Trunk gives a worker's program a name without a hash. With one, browsers keep it, and need not ask for it again for each
/// worker; only its loader keeps the name that the page knows.
fn name_worker(page: &Path, program: &str) -> Result<()> {
    let loader = page.join(format!("{program}_loader.js"));
    let mut text = fs::read_to_string(&loader)?;
    for end in [".js", "_bg.wasm"] {
        let name = format!("{program}{end}");
        let known = format!("\"./{name}\"");
        ensure!(
            text.matches(&known).count() == 1,
            "{} does not name {name} once",
            loader.display()
        );
        let content = fs::read(page.join(&name))?;
        let named = format!("{program}-{}{end}", hash(&content));
        fs::rename(page.join(&name), page.join(&named))?;
        text = text.replace(&known, &format!("\"./{named}\""));
    }
    fs::write(loader, text).context("could not write the loader of the workers")
}

/// A program without its custom sections: names of functions and of tools, which are a seventh of what is downloaded and tell
/// a browser nothing. The compiler's own `strip` leaves some of them.
fn without_names(program: &[u8]) -> Option<Vec<u8>> {
    let (head, mut rest) = program.split_at_checked(8)?;
    let mut kept = head.to_vec();
    while let Some((id, after)) = rest.split_first() {
        // The size, in LEB128.
        let end = after.iter().position(|byte| byte & 0x80 == 0)?;
        let digits = after.get(..=end)?.iter().rev();
        let size = digits.fold(0_usize, |size, byte| size << 7 | usize::from(byte & 0x7f));
        let section = rest.get(..1 + end + 1 + size)?;
        if *id != 0 {
            kept.extend_from_slice(section);
        }
        rest = rest.get(section.len()..)?;
    }
    Some(kept)
}

fn hash(content: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    hasher.write(content);
    format!("{:016x}", hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::without_names;

    #[test]
    fn only_custom_sections_go() {
        let head = b"\0asm\x01\0\0\0";
        let types = [b"\x01\x81\x01".as_slice(), &[7; 129]].concat();
        let names = b"\0\x05\x04name";
        let program = [head, names.as_slice(), &types, names].concat();
        assert_eq!(
            without_names(&program),
            Some([head.as_slice(), &types].concat())
        );
        assert_eq!(without_names(&program[..program.len() - 1]), None);
    }
}
