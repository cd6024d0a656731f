//! The page's end of the line to its image worker.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::{Rc, Weak};

use futures::channel::oneshot;
use js_sys::Uint8Array;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Blob, MessageEvent, Worker, WorkerOptions, WorkerType};
use yew::Callback;

use super::port;
use super::protocol::{Event, FetchAgain, KeepLogins, Message, Numbered, Question, UserError};
use super::registry_access;
use crate::login;

/// How often a worker is started that does not come to run.
const STARTS: u32 = 3;

/// The script that loads a worker, beside the page.
pub(crate) const SCRIPT: &str = "worker_loader.js";

/// An image worker. The last clone that goes takes the worker and all its work along.
#[derive(Clone)]
pub(crate) struct WorkerClient(Rc<Line>);

struct Line {
    worker: RefCell<Option<Worker>>,
    /// How often it was started.
    starts: Cell<u32>,
    next: Cell<u32>,
    /// How often log-ins had changed when the worker last got them.
    logins: Cell<u32>,
    /// Where packed answers go, by the numbers of the questions.
    waiting: RefCell<HashMap<u32, oneshot::Sender<Option<Vec<u8>>>>>,
    /// What was to be sent before the worker could hear it; none once it can.
    early: RefCell<Option<Vec<Sent>>>,
    /// What the file that was handed over holds, where that was unpacked.
    unpacked: RefCell<Option<Blob>>,
    events: RefCell<Callback<Event>>,
    itself: Weak<Line>,
    heard: Closure<dyn FnMut(MessageEvent)>,
    failed: Closure<dyn FnMut(web_sys::Event)>,
}

/// What is sent to a worker.
enum Sent {
    Bytes(Uint8Array),
    File(Blob),
}

impl PartialEq for WorkerClient {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl WorkerClient {
    /// Starts a worker; what goes wrong on the way comes as an [`Event::Failed`].
    pub(crate) fn start() -> Self {
        let line = Rc::new_cyclic(|line: &Weak<Line>| {
            let hear = line.clone();
            let heard = Closure::new(move |event: MessageEvent| {
                if let Some(line) = hear.upgrade() {
                    line.hear(&event);
                }
            });
            let fail = line.clone();
            let failed = Closure::new(move |event: web_sys::Event| {
                if let Some(line) = fail.upgrade() {
                    line.fail(&event);
                }
            });
            Line {
                worker: RefCell::default(),
                starts: Cell::new(0),
                next: Cell::new(0),
                logins: Cell::new(0),
                waiting: RefCell::default(),
                early: RefCell::new(Some(Vec::new())),
                unpacked: RefCell::default(),
                events: RefCell::new(Callback::noop()),
                itself: line.clone(),
                heard,
                failed,
            }
        });
        line.start();
        WorkerClient(line)
    }

    /// Where events go from now on.
    pub(crate) fn listen(&self, events: Callback<Event>) {
        self.0.events.replace(events);
        if self.0.worker.borrow().is_none() {
            self.0.tell(Event::Failed(no_worker("")));
        }
    }

    /// Asks; there is no answer where the worker ended before it had one.
    pub(crate) fn ask<Q: Question>(
        &self,
        question: Q,
    ) -> impl Future<Output = Option<Q::Answer>> + use<Q> {
        if self.0.logins.replace(login::changes()) != login::changes() {
            self.tell(KeepLogins(login::all()));
        }
        let (sender, answer) = oneshot::channel();
        let id = self.0.next.get();
        self.0.next.set(id.wrapping_add(1));
        self.0.waiting.borrow_mut().insert(id, sender);
        let request = question.into();
        if let Some(question) = port::pack(&Numbered { id, request }) {
            self.0.send(Sent::Bytes(question));
        }
        async move { port::unpack_bytes(&answer.await.ok()??) }
    }

    /// Asks for something of which events tell what comes of it.
    pub(crate) fn tell(&self, question: impl Question) {
        drop(self.ask(question));
    }

    /// Hands over the file that the next question is about.
    pub(crate) fn give(&self, file: &Blob) {
        self.0.send(Sent::File(file.clone()));
    }

    /// What the file holds, where it was compressed as a whole: to be handed over in its place the next time.
    pub(crate) fn unpacked(&self) -> Option<Blob> {
        self.0.unpacked.borrow().clone()
    }
}

/// The workers that miss parts of their program, and who is told whether there are any.
#[derive(Default)]
struct Missing {
    lines: RefCell<Vec<Weak<Line>>>,
    watcher: RefCell<Option<Callback<bool>>>,
}

thread_local! {
    static MISSING: Missing = Missing::default();
}

/// Whether a part of a worker's program could not be fetched.
pub(crate) fn are_parts_missing() -> bool {
    MISSING.with(Missing::are_any)
}

/// Who is told when that changes.
pub(crate) fn watch_parts(watcher: Option<Callback<bool>>) {
    MISSING.with(|missing| missing.watcher.replace(watcher));
}

/// Fetches the parts again that could not be fetched.
pub(crate) fn fetch_parts_again() {
    let lines = MISSING.with(|missing| missing.lines.take());
    for line in lines.iter().filter_map(Weak::upgrade) {
        WorkerClient(line).tell(FetchAgain);
    }
    MISSING.with(Missing::tell);
}

impl Missing {
    fn add(&self, line: Weak<Line>) {
        self.lines.borrow_mut().push(line);
        self.tell();
    }

    /// Those of workers that are gone are not missed any more.
    fn are_any(&self) -> bool {
        let lines = self.lines.borrow();
        lines.iter().any(|line| line.strong_count() > 0)
    }

    fn tell(&self) {
        let watcher = self.watcher.borrow().clone();
        if let Some(watcher) = watcher {
            watcher.emit(self.are_any());
        }
    }
}

impl Line {
    fn start(&self) {
        self.starts.set(self.starts.get() + 1);
        let options = WorkerOptions::new();
        options.set_name(&registry_access::worker_name());
        options.set_type(WorkerType::Module);
        let worker = Worker::new_with_options(SCRIPT, &options).ok();
        if let Some(worker) = &worker {
            worker.set_onmessage(Some(self.heard.as_ref().unchecked_ref()));
            worker.set_onerror(Some(self.failed.as_ref().unchecked_ref()));
        }
        self.worker.replace(worker);
    }

    /// The worker ended. One that never ran may not have got all files of its program, and is started again.
    fn fail(&self, event: &web_sys::Event) {
        let never_ran = self.early.borrow().is_some();
        if never_ran && self.starts.get() < STARTS {
            event.prevent_default();
            return self.start();
        }
        self.tell(Event::Failed(no_worker(&port::reason(event))));
    }

    fn send(&self, message: Sent) {
        if let Some(early) = self.early.borrow_mut().as_mut() {
            early.push(message);
            return;
        }
        let worker = self.worker.borrow();
        let Some(worker) = &*worker else { return };
        // A worker that is gone says so by its own error.
        let _ = match message {
            Sent::File(file) => worker.post_message(&file),
            Sent::Bytes(bytes) => port::transfer(&bytes, |message, list| {
                worker.post_message_with_transfer(message, list)
            }),
        };
    }

    fn hear(&self, event: &MessageEvent) {
        if let Some(file) = port::file(&event.data()) {
            self.unpacked.replace(Some(file));
            return;
        }
        match port::unpack::<Message>(&event.data()) {
            Some(Message::Ready) => {
                let early = self.early.borrow_mut().take().unwrap_or_default();
                early.into_iter().for_each(|message| self.send(message));
            }
            Some(Message::Event(event)) => self.tell(event),
            Some(Message::PartMissing) => MISSING.with(|missing| missing.add(self.itself.clone())),
            Some(Message::Answer(id, answer)) => {
                let asker = self.waiting.borrow_mut().remove(&id);
                if let Some(asker) = asker {
                    // Whoever asked may be gone from the screen by now.
                    let _ = asker.send(answer);
                }
            }
            None => {}
        }
    }

    fn tell(&self, event: Event) {
        let events = self.events.borrow().clone();
        events.emit(event);
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if let Some(worker) = self.worker.get_mut() {
            worker.set_onmessage(None);
            worker.set_onerror(None);
            worker.terminate();
        }
        // Where the page ends, there may be nobody to tell any more.
        let _ = MISSING.try_with(Missing::tell);
    }
}

/// `reason` is what the browser says, where it says something.
fn no_worker(reason: &str) -> UserError {
    let mut detail =
        "It runs in a Web Worker, which could not start or ran out of memory.".to_owned();
    if !reason.is_empty() {
        detail = format!("{detail} The browser says: {reason}");
    }
    UserError {
        title: "The image reader stopped".to_owned(),
        detail,
        advice: "Reload the page; for a very large image, close other tabs first.".to_owned(),
        retry: true,
        missing: false,
        login: None,
    }
}
