//! Colours of texts that live in the image worker. A text is drawn without them at once; its lines are handed to the program
//! that colours them in their order, as far as they are in view, and drawn again when their spans have come.

mod program;
mod spans;

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use futures::future::{Either, select};
use gloo::events::EventListener;
use gloo_timers::future::TimeoutFuture;
use js_sys::Date;
use onionskin_highlight::{Language, Span};
use yew::platform::spawn_local;
use yew::prelude::*;

use self::program::Program;
use self::spans::Spans;
use crate::worker::client::WorkerClient;
use crate::worker::protocol::{TextLines, TextOf};

/// Milliseconds that one text may take. Lines behind those that were coloured by then stay plain.
const BUDGET: f64 = 10_000.0;
/// Milliseconds that the program may be silent: it is at a line on which its grammar does not end.
const STUCK: u32 = 5_000;
/// Lines below those in view that are coloured along with them.
const AHEAD: u32 = 100;

/// The colours of texts that are shown together. Dropped, all work on them ends.
pub(crate) struct Colours {
    feed: Rc<Feed>,
    _selected: EventListener,
}

struct Feed {
    worker: WorkerClient,
    program: Program,
    texts: Vec<RefCell<Text>>,
    /// The program is at work, or has failed.
    busy: Cell<bool>,
    /// Spans that came are not drawn while text is selected: their elements take the place of what is selected.
    held: Cell<bool>,
    came: Callback<()>,
}

/// A text as far as it is coloured.
struct Text {
    of: TextOf,
    spans: Spans,
    /// Lines whose spans may be drawn.
    drawn: u32,
    wanted: u32,
    spent: f64,
    ended: bool,
}

impl Colours {
    /// Begins with these texts, all in one language; `came` is told when there are more colours.
    pub(crate) fn start(
        worker: WorkerClient,
        language: Language,
        texts: &[TextOf],
        came: Callback<()>,
    ) -> Self {
        let program = Program::start();
        let text = |of: &TextOf| Text {
            of: *of,
            spans: Spans::default(),
            drawn: 0,
            wanted: 0,
            spent: 0.0,
            ended: false,
        };
        let feed = Rc::new(Feed {
            worker,
            program,
            texts: texts.iter().map(text).map(RefCell::new).collect(),
            busy: Cell::new(true),
            held: Cell::new(false),
            came,
        });
        let document = gloo::utils::document();
        let weak = Rc::downgrade(&feed);
        let selected = EventListener::new(&document, "selectionchange", move |_| {
            if let Some(feed) = weak.upgrade().filter(|feed| feed.held.get()) {
                feed.show();
            }
        });
        let weak = Rc::downgrade(&feed);
        let runs = feed.program.runs();
        spawn_local(async move {
            if runs.await.is_err() {
                return;
            }
            if let Some(feed) = weak.upgrade() {
                for number in (0..).take(feed.texts.len()) {
                    feed.program.begin(number, language);
                }
            }
            Feed::work(weak).await;
        });
        Colours {
            feed,
            _selected: selected,
        }
    }

    /// Lines of a text up to this one are in view.
    pub(crate) fn want(&self, of: TextOf, lines: u32) {
        if let Some(text) = self.feed.text(of) {
            let mut text = text.borrow_mut();
            text.wanted = text.wanted.max(lines.saturating_add(AHEAD));
        }
        if !self.feed.busy.replace(true) {
            spawn_local(Feed::work(Rc::downgrade(&self.feed)));
        }
    }

    /// A line as it is shown, from 0: in colours where there are any.
    pub(crate) fn draw(&self, of: TextOf, line: u32, shown: String) -> Html {
        let Some(text) = self.feed.text(of) else {
            return html! { { shown } };
        };
        let text = text.borrow();
        let spans = match line < text.drawn {
            true => text.spans.of(line),
            false => &[],
        };
        match parts(&shown, spans) {
            Some(parts) => html! {
                <>
                    for (class, part) in parts {
                        if let Some(class) = class {
                            <span class={class}>{ part.to_owned() }</span>
                        } else {
                            { part.to_owned() }
                        }
                    }
                </>
            },
            None => html! { { shown } },
        }
    }
}

/// The parts of a line with the names of their classes; None where the spans are not those of this line.
fn parts<'t>(shown: &'t str, spans: &[Span]) -> Option<Vec<(Option<&'static str>, &'t str)>> {
    let mut end = 0;
    let parts: Option<Vec<_>> = spans
        .iter()
        .map(|span| {
            let start = end;
            end += usize::from(span.length);
            let class = span.class.map(onionskin_highlight::Class::name);
            Some((class, shown.get(start..end)?))
        })
        .collect();
    parts.filter(|parts| !parts.is_empty() && end == shown.len())
}

impl Feed {
    fn text(&self, of: TextOf) -> Option<&RefCell<Text>> {
        self.texts.iter().find(|text| text.borrow().of == of)
    }

    /// Hands over lines until those that are wanted are coloured.
    async fn work(feed: Weak<Self>) {
        // It is not held while it waits, so that all ends with what shows it.
        loop {
            let (lines, number) = {
                let Some(feed) = feed.upgrade() else { return };
                let Some((number, of, from)) = feed.next() else {
                    feed.busy.set(false);
                    return;
                };
                (feed.worker.ask(TextLines { of, from }), number)
            };
            let lines = lines.await.unwrap_or_default();
            let begun = Date::now();
            let answer = {
                let Some(feed) = feed.upgrade() else { return };
                feed.program.ask(number, lines)
            };
            let answer = match select(answer, TimeoutFuture::new(STUCK)).await {
                Either::Left((Ok(spans), _)) => spans,
                // It ended or does not end: all stays as it is.
                _ => return,
            };
            let Some(feed) = feed.upgrade() else { return };
            feed.take(number, answer, Date::now() - begun);
        }
    }

    /// The text that goes on, by its number, and its first line without spans.
    fn next(&self) -> Option<(u32, TextOf, u32)> {
        let texts = (0..).zip(&self.texts);
        texts
            .map(|(number, text)| (number, text.borrow()))
            .find(|(_, text)| !text.ended && text.spans.lines() < text.wanted)
            .map(|(number, text)| (number, text.of, text.spans.lines()))
    }

    fn take(&self, number: u32, lines: Vec<Vec<Span>>, spent: f64) {
        let Some(text) = self.texts.get(number as usize) else {
            return;
        };
        {
            let mut text = text.borrow_mut();
            text.spent += spent;
            text.ended = lines.is_empty() || text.spent > BUDGET;
            for spans in lines {
                text.spans.push(&spans);
            }
        }
        self.show();
    }

    /// Lets what came be drawn, unless text is selected.
    fn show(&self) {
        let selection = gloo::utils::window().get_selection().ok().flatten();
        let selected = selection.is_some_and(|selection| !selection.is_collapsed());
        self.held.set(selected);
        if selected {
            return;
        }
        for text in &self.texts {
            let mut text = text.borrow_mut();
            text.drawn = text.spans.lines();
        }
        self.came.emit(());
    }
}

#[cfg(test)]
mod tests {
    use onionskin_highlight::Class;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn span(class: Option<Class>, length: u16) -> Span {
        Span { class, length }
    }

    #[test]
    fn a_line_is_divided_only_by_its_own_spans() {
        let spans = [span(Some(Class::Keyword), 2), span(None, 3)];
        let divided = Some(vec![(Some("syntax-keyword"), "if"), (None, " é")]);
        assert_eq!(parts("if é", &spans), divided);
        // Shorter, longer, and with a character where a span begins.
        for other in ["if e", "if éé", "iéab", ""] {
            assert_eq!(parts(other, &spans), None, "{other}");
        }
        assert_eq!(parts("if é", &[]), None);
        assert_eq!(parts("", &[]), None);
    }
}
