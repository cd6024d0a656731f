//! The program of the page's main thread, and the functions at which it is split.

#![allow(
    unsafe_code,
    reason = "the functions at which the program is split are linked by their names"
)]

use onionskin_web::part::NotFetched;
use onionskin_web::{Draw, MakeFile, PageParts, page_parts};
use wasm_split_helpers::wasm_split;

fn main() {
    onionskin_web::page(&PageParts {
        contents: || Box::pin(contents()),
        findings: || Box::pin(findings()),
        images: || Box::pin(images()),
        lists: || Box::pin(lists()),
        paths: || Box::pin(paths()),
        files: || Box::pin(files()),
        folder: || Box::pin(folder()),
    });
}

#[wasm_split(contents, fallible)]
fn contents() -> Result<Draw, NotFetched> {
    Ok(page_parts::contents)
}

#[wasm_split(findings, fallible)]
fn findings() -> Result<Draw, NotFetched> {
    Ok(page_parts::findings)
}

#[wasm_split(images, fallible)]
fn images() -> Result<Draw, NotFetched> {
    Ok(page_parts::images)
}

#[wasm_split(lists, fallible)]
fn lists() -> Result<Draw, NotFetched> {
    Ok(page_parts::lists)
}

#[wasm_split(paths, fallible)]
fn paths() -> Result<Draw, NotFetched> {
    Ok(page_parts::paths)
}

#[wasm_split(files, fallible)]
fn files() -> Result<Draw, NotFetched> {
    Ok(page_parts::files)
}

#[wasm_split(folder, fallible)]
fn folder() -> Result<MakeFile, NotFetched> {
    Ok(page_parts::folder)
}
