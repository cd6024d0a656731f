//! The page's end of the line to its image worker.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::{Rc, Weak};

use futures::channel::oneshot;
use js_sys::Uint8Array;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Blob, MessageEvent, Worker, WorkerOptions};
use yew::Callback;

use super::port;
use super::protocol::{Event, KeepLogins, Message, Numbered, Question, UserError};
use super::way;
use crate::login;

/// The script that loads a worker, beside the page.
pub(crate) const SCRIPT: &str = "worker_loader.js";

/// An image worker. The last clone that goes takes the worker and all its work along.
#[derive(Clone)]
pub(crate) struct WorkerClient(Rc<Line>);

struct Line {
    worker: Option<Worker>,
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
    _heard: Closure<dyn FnMut(MessageEvent)>,
    _failed: Closure<dyn FnMut(web_sys::Event)>,
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
        WorkerClient(Rc::new_cyclic(|line: &Weak<Line>| {
            let hear = line.clone();
            let heard = Closure::new(move |event: MessageEvent| {
                if let Some(line) = hear.upgrade() {
                    line.hear(&event);
                }
            });
            let fail = line.clone();
            let failed = Closure::new(move |_: web_sys::Event| {
                if let Some(line) = fail.upgrade() {
                    line.tell(Event::Failed(no_worker()));
                }
            });
            let options = WorkerOptions::new();
            options.set_name(&way::worker_name());
            let worker = Worker::new_with_options(SCRIPT, &options).ok();
            if let Some(worker) = &worker {
                worker.set_onmessage(Some(heard.as_ref().unchecked_ref()));
                worker.set_onerror(Some(failed.as_ref().unchecked_ref()));
            }
            Line {
                worker,
                next: Cell::new(0),
                logins: Cell::new(0),
                waiting: RefCell::default(),
                early: RefCell::new(Some(Vec::new())),
                unpacked: RefCell::default(),
                events: RefCell::new(Callback::noop()),
                _heard: heard,
                _failed: failed,
            }
        }))
    }

    /// Where events go from now on.
    pub(crate) fn listen(&self, events: Callback<Event>) {
        self.0.events.replace(events);
        if self.0.worker.is_none() {
            self.0.tell(Event::Failed(no_worker()));
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

impl Line {
    fn send(&self, message: Sent) {
        if let Some(early) = self.early.borrow_mut().as_mut() {
            early.push(message);
            return;
        }
        let Some(worker) = &self.worker else { return };
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
        if let Some(worker) = &self.worker {
            worker.set_onmessage(None);
            worker.set_onerror(None);
            worker.terminate();
        }
    }
}

fn no_worker() -> UserError {
    UserError {
        title: "The image reader stopped".to_owned(),
        detail: "It runs in a Web Worker, which could not start or ran out of memory.".to_owned(),
        advice: "Reload the page; for a very large image, close other tabs first.".to_owned(),
        retry: true,
        missing: false,
        login: None,
    }
}
