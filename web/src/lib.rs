//! The Onionskin page and its worker: [`page`] draws, [`worker`] fetches, decodes and answers.
//!
//! Both are programs of their own (see `src/main.rs` and `src/bin/worker.rs`) that share this
//! library, so that what they say to each other is written down once, in `worker::protocol`.

mod app;
mod browser;
mod compare_session;
mod format;
mod handover;
mod history_session;
mod login;
mod navigate;
mod own_dockerfile;
mod parts;
mod route;
mod rules_input;
mod session;
mod views;
mod worker;

/// Starts the page in the document's body.
pub fn page() {
    yew::Renderer::<app::App>::new().render();
}

/// Starts what runs inside a Web Worker: the image worker, or a decoder that it started.
pub fn worker() {
    worker::start();
}
