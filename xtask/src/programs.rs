//! The page's programs: built, split into parts that are fetched when they are first needed, and bound to JavaScript.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, ensure};

use crate::bundle::{self, Program};
use crate::work;
use crate::{places, tools};

/// The script that fetches the parts of a program. It becomes a piece of the program's own script.
const PARTS: &str = "./__wasm_split.js";

/// Builds the programs of the page's main thread and of its workers, which have parts, and the one that colours source code,
/// which has none, into the page's folder.
pub(crate) fn build(folders: &[PathBuf], page: &Path) -> Result<BTreeMap<&'static str, Program>> {
    // Each package by itself: of what both need, each has only what it asks for.
    compile("onionskin-web")?;
    compile("onionskin-highlight")?;
    let bound = places::target().join("programs");
    let _ = fs::remove_dir_all(&bound);
    let mut programs = BTreeMap::new();
    for name in ["page", "worker", "highlight"] {
        let folder = bound.join(name);
        fs::create_dir_all(&folder)
            .with_context(|| format!("could not make {}", folder.display()))?;
        let whole = places::target()
            .join(tools::WASM)
            .join("web")
            .join(format!("{name}.wasm"));
        let program = if name == "highlight" {
            bind(folders, &whole, &folder, name, "no-modules")?;
            classic(page, &folder, name)?
        } else {
            let first = folder.join("first.wasm");
            let parts = split(&whole, &folder, &first, name)?;
            bind(folders, &first, &folder, name, "web")?;
            module(page, &folder, name, &parts)?
        };
        programs.insert(name, program);
    }
    Ok(programs)
}

fn compile(package: &str) -> Result<()> {
    let what = ["build", "--locked", "--profile", "web", "--bins"];
    let of = ["--target", tools::WASM, "--package", package];
    work::run(work::cargo().args(what).args(of))
}

/// Splits a program at the functions that say so; the files of its parts.
fn split(whole: &Path, folder: &Path, first: &Path, name: &str) -> Result<Vec<PathBuf>> {
    let program = fs::read(whole).with_context(|| format!("could not read {}", whole.display()))?;
    let script = format!("./{name}.js");
    let mut options = wasm_split_cli_support::Options::new(&program);
    options.output_dir = folder;
    options.main_out_path = first;
    options.link_name = PARTS;
    options.main_module = &script;
    let split = wasm_split_cli_support::transform(options);
    let split = split.map_err(|error| anyhow!("could not split {}: {error:#}", whole.display()))?;
    Ok(split.split_modules)
}

/// Binds a program to JavaScript.
fn bind(folders: &[PathBuf], wasm: &Path, into: &Path, name: &str, target: &str) -> Result<()> {
    let mut bindgen = work::command("wasm-bindgen");
    bindgen.env("PATH", work::path_with(folders)?);
    bindgen.args(["--target", target, "--no-typescript", "--out-name", name]);
    // The table of functions, which parts share with the first one, is an export of the linker's.
    bindgen.arg("--keep-lld-exports");
    work::run(bindgen.arg("--out-dir").arg(into).arg(wasm))
}

/// A program that a classic script loads.
fn classic(page: &Path, folder: &Path, name: &str) -> Result<Program> {
    let script = fs::read_to_string(folder.join(format!("{name}.js")))?;
    Ok(Program {
        wasm: put_wasm(page, &folder.join(format!("{name}_bg.wasm")), name)?,
        script: bundle::put(page, name, "js", script.as_bytes())?,
    })
}

/// A program that is a module, with its parts, each of which its script names.
fn module(page: &Path, folder: &Path, name: &str, parts: &[PathBuf]) -> Result<Program> {
    let script = fs::read_to_string(folder.join(format!("{name}.js")))?;
    let loader = fs::read_to_string(folder.join(PARTS))?;
    let mut script = with_parts(&script, &loader)
        .with_context(|| format!("the script of {name} is not what it was expected to be"))?;
    let wasm = put_wasm(page, &folder.join(format!("{name}_bg.wasm")), name)?;
    let mut names = vec![(format!("{name}_bg.wasm"), wasm.clone())];
    for part in parts {
        let file = part.file_name().unwrap_or_default().to_string_lossy();
        let stem = file.trim_end_matches(".wasm");
        let called = match stem.split_once('_') {
            Some(("split", called)) => called.to_owned(),
            _ => stem.replace("chunk_", "shared-"),
        };
        let put = put_wasm(page, part, &format!("{name}-part-{called}"))?;
        names.push((format!("./{file}"), format!("./{put}")));
    }
    for (known, put) in names {
        let (known, put) = (format!("\"{known}\""), format!("\"{put}\""));
        script = script.replace(&known.replace('"', "'"), &put);
        // A part of which nothing is left is not fetched.
        script = script.replace(&known, &put);
    }
    Ok(Program {
        script: bundle::put(page, name, "js", script.as_bytes())?,
        wasm,
    })
}

/// The script of a program with the one that fetches its parts: as two modules that import each other they would be two
/// requests more for each worker.
fn with_parts(script: &str, loader: &str) -> Option<String> {
    let from = format!(" from \"{PARTS}\"");
    // One for each function that fetches a part, of which each would have them all.
    let (imports, script): (Vec<&str>, Vec<&str>) =
        script.lines().partition(|line| line.contains(&from));
    let called: Option<Vec<&str>> = imports
        .iter()
        .map(|import| Some(import.strip_prefix("import * as ")?.split_once(' ')?.0))
        .collect();
    let called = called.filter(|called| !called.is_empty())?;
    let (_, loader) = loader.split_once(";\n")?;
    let names = loader
        .lines()
        .filter_map(|line| line.strip_prefix("export const ")?.split_once(' '));
    let names: Vec<&str> = names.map(|(name, _)| name).collect();
    let loader = loader.replace("export const ", "const ");
    let streaming = "WebAssembly.instantiateStreaming(src, imports)";
    let loader = loader.replace(streaming, "instantiatePart(src, imports)");
    let of_imports: String = called
        .iter()
        .map(|import| format!("const {import} = parts;\n"))
        .collect();
    Some(format!(
        "{}\n{INSTANTIATE}{loader}\nconst parts = {{ {} }};\n{of_imports}",
        script.join("\n"),
        names.join(", ")
    ))
}

/// Hosts may send parts with another type than that of WebAssembly, as they may the program itself.
const INSTANTIATE: &str = "\
async function instantiatePart(fetched, imports) {
    const answer = await fetched;
    if (!answer.ok) throw new Error(`${answer.url}: ${answer.status}`);
    return WebAssembly.instantiate(await answer.arrayBuffer(), imports);
}
";

/// Puts a program into the page's folder, without its custom sections; its name there.
fn put_wasm(page: &Path, file: &Path, name: &str) -> Result<String> {
    let program = fs::read(file).with_context(|| format!("could not read {}", file.display()))?;
    let program =
        without_names(&program).with_context(|| format!("{} is no WebAssembly", file.display()))?;
    ensure!(!program.is_empty(), "{} is empty", file.display());
    bundle::put(page, name, "wasm", &program)
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

#[cfg(test)]
mod tests {
    use super::{with_parts, without_names};

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

    #[test]
    fn the_script_of_a_program_fetches_its_parts() {
        let script = "import * as import1 from \"./__wasm_split.js\"\nimport * as import2 from \"./__wasm_split.js\"\nlet wasm;\nfunction initSync() {}\n";
        let loader = "import { initSync } from \"./page.js\";\n\nlet sharedImports = undefined;\nexport const __wasm_split_load_a = wrapAsyncCb(makeLoad(() => 1, []));\nexport const __wasm_split_load_b = wrapAsyncCb(makeLoad(() => 2, []));\n";
        let joined = with_parts(script, loader).unwrap();
        assert!(!joined.contains("export const") && !joined.contains("from \""));
        let parts = "const parts = { __wasm_split_load_a, __wasm_split_load_b };\nconst import1 = parts;\nconst import2 = parts;\n";
        assert!(joined.ends_with(parts), "{joined}");
        assert_eq!(with_parts("let wasm;", loader), None);
    }
}
