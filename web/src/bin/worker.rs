//! The program of every Web Worker of the page, and the functions at which it is split.

#![allow(
    unsafe_code,
    reason = "the functions at which the program is split are linked by their names"
)]

use onionskin_web::part::NotFetched;
use onionskin_web::{Answer, ReadTable, WorkerParts, worker_parts};
use wasm_split_helpers::wasm_split;

fn main() {
    onionskin_web::worker(&WorkerParts {
        contents: || Box::pin(contents()),
        audit: || Box::pin(audit()),
        images: || Box::pin(images()),
        lists: || Box::pin(lists()),
        find: || Box::pin(find()),
        files: || Box::pin(files()),
        tables: || Box::pin(tables()),
    });
}

#[wasm_split(contents, fallible)]
fn contents() -> Result<Answer, NotFetched> {
    Ok(worker_parts::contents)
}

#[wasm_split(audit, fallible)]
fn audit() -> Result<Answer, NotFetched> {
    Ok(worker_parts::audit)
}

#[wasm_split(images, fallible)]
fn images() -> Result<Answer, NotFetched> {
    Ok(worker_parts::images)
}

#[wasm_split(lists, fallible)]
fn lists() -> Result<Answer, NotFetched> {
    Ok(worker_parts::lists)
}

#[wasm_split(find, fallible)]
fn find() -> Result<Answer, NotFetched> {
    Ok(worker_parts::find())
}

#[wasm_split(files, fallible)]
fn files() -> Result<Answer, NotFetched> {
    Ok(worker_parts::files())
}

#[wasm_split(tables, fallible)]
fn tables() -> Result<ReadTable, NotFetched> {
    Ok(worker_parts::tables)
}
