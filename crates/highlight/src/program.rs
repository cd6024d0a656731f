//! The program: parses the lines that the page sends, and answers with their spans.

use std::collections::HashMap;

use js_sys::{Array, Date, Uint8Array};
use syntect::parsing::SyntaxSet;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

use crate::classes::Classes;
use crate::protocol::{Message, Request, Span};
use crate::text::Text;

/// Milliseconds after which an answer tells of fewer lines than came.
const ANSWER: f64 = 500.0;

struct Program {
    grammars: SyntaxSet,
    classes: Classes,
    /// By the page's numbers; those without a grammar stay plain.
    texts: HashMap<u32, Text>,
}

impl Program {
    fn hear(&mut self, request: Request) -> Option<Message> {
        match request {
            Request::Begin(number, language) => {
                let text = Text::new(&self.grammars, language)?;
                self.texts.insert(number, text);
                None
            }
            Request::Lines(number, lines) => {
                Some(Message::Spans(number, self.lines(number, &lines)))
            }
        }
    }

    fn lines(&mut self, number: u32, lines: &[Option<String>]) -> Vec<Vec<Span>> {
        let begun = Date::now();
        let mut spans = Vec::with_capacity(lines.len());
        for line in lines {
            spans.push(match (line, self.texts.get_mut(&number)) {
                (Some(line), Some(text)) => text.line(&self.grammars, &mut self.classes, line),
                _ => Vec::new(),
            });
            if Date::now() - begun > ANSWER {
                break;
            }
        }
        spans
    }
}

/// Answers the page, for as long as the worker lives.
pub fn serve() {
    let Ok(scope) = js_sys::global().dyn_into::<DedicatedWorkerGlobalScope>() else {
        return;
    };
    let mut program = Program {
        grammars: two_face::syntax::extra_newlines(),
        classes: Classes::new(),
        texts: HashMap::new(),
    };
    let answers = scope.clone();
    let heard = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        let data = event.data();
        let bytes = data.dyn_ref::<Uint8Array>().map(Uint8Array::to_vec);
        let ask = bytes.and_then(|bytes| postcard::from_bytes(&bytes).ok());
        if let Some(told) = ask.and_then(|ask| program.hear(ask)) {
            tell(&answers, &told);
        }
    });
    scope.set_onmessage(Some(heard.as_ref().unchecked_ref()));
    heard.forget();
    tell(&scope, &Message::Ready);
}

fn tell(scope: &DedicatedWorkerGlobalScope, message: &Message) {
    let Ok(bytes) = postcard::to_allocvec(message) else {
        return;
    };
    let bytes = Uint8Array::from(bytes.as_slice());
    // The page may have gone; then nobody waits for this.
    let _ = scope.post_message_with_transfer(&bytes, &Array::of1(&bytes.buffer()));
}
