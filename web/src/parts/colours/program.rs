//! The page's end of the line to the program that colours source code, in a worker of its own.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use futures::channel::oneshot;
use onionskin_highlight::{Language, Message, Request, Span};
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{MessageEvent, Worker};

use crate::worker::port;

/// The script that loads the program, beside the page.
const SCRIPT: &str = "highlight_loader.js";

type Spans = Vec<Vec<Span>>;

/// The program, and what it is asked. Dropped, it ends at once, whatever it is at.
pub(super) struct Program {
    worker: Option<Worker>,
    line: Rc<Line>,
    _heard: Closure<dyn FnMut(MessageEvent)>,
    _failed: Closure<dyn FnMut(web_sys::Event)>,
}

/// Who waits for what.
struct Line {
    ready: RefCell<Option<oneshot::Sender<()>>>,
    is_ready: RefCell<Option<oneshot::Receiver<()>>>,
    answer: RefCell<Option<oneshot::Sender<Spans>>>,
    asked: Cell<u32>,
}

impl Program {
    pub(super) fn start() -> Self {
        let (ready, is_ready) = oneshot::channel();
        let line = Rc::new(Line {
            ready: RefCell::new(Some(ready)),
            is_ready: RefCell::new(Some(is_ready)),
            answer: RefCell::default(),
            asked: Cell::default(),
        });
        let hear = Rc::downgrade(&line);
        let heard = Closure::new(move |event: MessageEvent| {
            if let Some(line) = hear.upgrade() {
                line.hear(&event);
            }
        });
        let fail: Weak<Line> = Rc::downgrade(&line);
        let failed = Closure::new(move |_: web_sys::Event| {
            if let Some(line) = fail.upgrade() {
                line.ready.take();
                line.answer.take();
            }
        });
        let worker = Worker::new(SCRIPT).ok();
        match &worker {
            Some(worker) => {
                worker.set_onmessage(Some(heard.as_ref().unchecked_ref()));
                worker.set_onerror(Some(failed.as_ref().unchecked_ref()));
            }
            None => drop(line.ready.take()),
        }
        Program {
            worker,
            line,
            _heard: heard,
            _failed: failed,
        }
    }

    /// Waits until it runs; an error where it never will. Asked once.
    pub(super) fn runs(&self) -> impl Future<Output = Result<(), oneshot::Canceled>> + use<> {
        let is_ready = self.line.is_ready.take();
        async move {
            match is_ready {
                Some(is_ready) => is_ready.await,
                None => Ok(()),
            }
        }
    }

    /// Lines of a text come in this language.
    pub(super) fn begin(&self, text: u32, language: Language) {
        self.send(&Request::Begin(text, language));
    }

    /// The spans of the next lines of a text, one question at a time; an error where the program has ended.
    pub(super) fn ask(
        &self,
        text: u32,
        lines: Vec<Option<String>>,
    ) -> impl Future<Output = Result<Spans, oneshot::Canceled>> + use<> {
        let (sender, answer) = oneshot::channel();
        self.line.answer.replace(Some(sender));
        self.line.asked.set(text);
        self.send(&Request::Lines(text, lines));
        answer
    }

    fn send(&self, request: &Request) {
        let Some((worker, bytes)) = self.worker.as_ref().zip(port::pack(request)) else {
            return;
        };
        // A worker that is gone says so by its own error.
        let _ = port::transfer(&bytes, |message, list| {
            worker.post_message_with_transfer(message, list)
        });
    }
}

impl Line {
    fn hear(&self, event: &MessageEvent) {
        match port::unpack::<Message>(&event.data()) {
            Some(Message::Ready) => {
                if let Some(ready) = self.ready.take() {
                    // Whoever waits may have gone.
                    let _ = ready.send(());
                }
            }
            Some(Message::Spans(text, spans)) if text == self.asked.get() => {
                if let Some(answer) = self.answer.take() {
                    // As above.
                    let _ = answer.send(spans);
                }
            }
            _ => {}
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if let Some(worker) = &self.worker {
            worker.set_onmessage(None);
            worker.set_onerror(None);
            worker.terminate();
        }
    }
}
