//! The Onionskin page and its worker: [`page`] draws, [`worker`] fetches, decodes and answers.
//!
//! Both are programs of their own (see `src/main.rs` and `src/bin/worker.rs`) that share this
//! library, so that what they say to each other is written down once, in `worker::protocol`.

mod app;
mod browser;
mod compare_session;
mod counts;
mod format;
mod handover;
mod history_session;
mod login;
mod navigate;
mod own_dockerfile;
pub mod part;
mod parts;
mod route;
mod rules_input;
mod session;
mod share;
mod views;
mod worker;

pub use parts::folder::MakeFile;
pub use views::later::{Draw, Drawn, PageParts};
pub use worker::requests::later::{Answer, Asked, WorkerParts};
pub use worker::tables::ReadTable;

/// Starts the page in the document's body.
pub fn page(parts: &PageParts) {
    views::later::use_parts(parts);
    yew::Renderer::<app::App>::new().render();
}

/// Starts what runs inside a Web Worker: the image worker, or a decoder that it started.
pub fn worker(parts: &WorkerParts) {
    worker::start(parts);
}

/// What the parts of the page's program hand over.
pub mod page_parts {
    pub use crate::parts::folder::as_file as folder;
    pub use crate::views::later::{contents, files, findings, images, lists, paths};
}

/// What the parts of the workers' program hand over.
pub mod worker_parts {
    pub use crate::worker::requests::audit::answer as audit;
    pub use crate::worker::requests::contents::answer as contents;
    pub use crate::worker::requests::files::files;
    pub use crate::worker::requests::find::find;
    pub use crate::worker::requests::images::answer as images;
    pub use crate::worker::requests::lists::answer as lists;
    pub use crate::worker::tables::read as tables;
}
