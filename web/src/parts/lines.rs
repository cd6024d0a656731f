//! Numbered lines of a content that lives in the image worker: text, or sixteen bytes each. Only those in view are asked
//! for and drawn.

use std::fmt::Write as _;

use web_sys::Element;
use yew::prelude::*;

use crate::format;
use crate::parts::tree::window::Window;
use crate::parts::watch::{self, Watch};
use crate::worker::client::WorkerClient;
use crate::worker::protocol::{ContentBytes, ContentForm, ContentLines};

/// Height of a line, as in the style sheet, in pixels.
const LINE: f64 = 20.0;
/// Lines asked for at a time.
const CHUNK: u32 = 256;
/// Bytes of a line of bytes.
pub(crate) const WIDTH: u64 = 16;

/// What [`Lines`] shows.
#[derive(PartialEq, Properties)]
pub(crate) struct Props {
    pub(crate) worker: WorkerClient,
    pub(crate) form: ContentForm,
    /// Lines of all.
    pub(crate) total: u32,
    /// What it is of.
    pub(crate) path: Vec<u8>,
    /// The lines that the address names, from 1.
    pub(crate) chosen: Option<(u32, u32)>,
    pub(crate) on_choose: Callback<(u32, u32)>,
}

/// What can happen to the lines.
pub(crate) enum Msg {
    Moved,
    Here(u32, u32, Vec<Vec<u8>>),
    Chosen(u32, bool),
}

/// The lines.
pub(crate) struct Lines {
    scroller: NodeRef,
    space: NodeRef,
    rows: NodeRef,
    window: Window,
    /// Answers about a former content carry an older number.
    epoch: u32,
    /// The lines that are here, and the number of the first.
    here: (u32, Vec<Vec<u8>>),
    /// The first that is asked for.
    asked: Option<u32>,
    watch: Option<Watch>,
}

impl Component for Lines {
    type Message = Msg;
    type Properties = Props;

    fn create(ctx: &Context<Self>) -> Self {
        Lines {
            scroller: NodeRef::default(),
            space: NodeRef::default(),
            rows: NodeRef::default(),
            window: Window {
                total: ctx.props().total,
                view: 600.0,
                row: LINE,
                ..Window::default()
            },
            epoch: 0,
            here: (0, Vec::new()),
            asked: None,
            watch: None,
        }
    }

    fn changed(&mut self, ctx: &Context<Self>, old: &Props) -> bool {
        let new = ctx.props();
        if (new.form, new.total, &new.path) != (old.form, old.total, &old.path) {
            self.epoch += 1;
            self.here = (0, Vec::new());
            self.asked = None;
            self.window.total = new.total;
            self.fetch(ctx);
        }
        if new.chosen != old.chosen {
            self.reveal(ctx);
        }
        true
    }

    fn rendered(&mut self, ctx: &Context<Self>, first: bool) {
        if first {
            self.watch(ctx);
            self.place();
            self.reveal(ctx);
            ctx.link().send_message(Msg::Moved);
        }
        self.place();
    }

    fn update(&mut self, ctx: &Context<Self>, msg: Msg) -> bool {
        match msg {
            Msg::Moved => {
                if let Some(scroller) = self.scroller.cast::<Element>() {
                    self.window.scrolled = f64::from(scroller.scroll_top());
                    self.window.view = f64::from(scroller.client_height()).max(1.0);
                }
                self.fetch(ctx);
                true
            }
            Msg::Here(epoch, from, lines) if epoch == self.epoch => {
                self.here = (from, lines);
                self.asked = None;
                self.fetch(ctx);
                true
            }
            Msg::Here(..) => false,
            Msg::Chosen(line, extends) => {
                let (first, last) = match ctx.props().chosen.filter(|_| extends) {
                    Some((first, last)) => (first.min(line), last.max(line)),
                    None => (line, line),
                };
                ctx.props().on_choose.emit((first, last));
                false
            }
        }
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let Props {
            form, path, chosen, ..
        } = ctx.props();
        let label = format!("Content of {}", format::visible(path));
        let hex = *form == ContentForm::Hex;
        html! {
            <div
                class={classes!("code", hex.then_some("hex"))}
                ref={self.scroller.clone()}
                role="region"
                aria-label={label}
                tabindex="0"
            >
                <div class="space" ref={self.space.clone()}>
                    <div class="lines" ref={self.rows.clone()}>
                        for line in self.window.drawn() {
                            { self.line(ctx, line, chosen.is_some_and(|(first, last)| (first..=last).contains(&(line + 1)))) }
                        }
                    </div>
                </div>
            </div>
        }
    }
}

impl Lines {
    fn line(&self, ctx: &Context<Self>, line: u32, chosen: bool) -> Html {
        let content = line
            .checked_sub(self.here.0)
            .and_then(|at| self.here.1.get(at as usize));
        let choose = ctx
            .link()
            .callback(move |event: MouseEvent| Msg::Chosen(line + 1, event.shift_key()));
        let (number, text) = match ctx.props().form {
            ContentForm::Hex => (
                format!("{:08x}", u64::from(line) * WIDTH),
                content.map(|bytes| hex(bytes)),
            ),
            _ => ((line + 1).to_string(), content.map(|bytes| visible(bytes))),
        };
        html! {
            <div key={line} class={classes!("line", chosen.then_some("chosen"))}>
                <button
                    type="button"
                    class="number"
                    tabindex="-1"
                    aria-label={format!("Link to line {}", line + 1)}
                    onclick={choose}
                >
                    { number }
                </button>
                <code>{ text.unwrap_or_default() }</code>
            </div>
        }
    }

    /// Asks for the lines in view, where they are not here.
    fn fetch(&mut self, ctx: &Context<Self>) {
        let drawn = self.window.drawn();
        let here = self.here.0..self.here.0.saturating_add(self.here.1.len() as u32);
        let is_here = here.contains(&drawn.start) && here.end >= drawn.end;
        if is_here || self.asked.is_some() || drawn.is_empty() {
            return;
        }
        let spare = CHUNK.saturating_sub(drawn.len() as u32) / 2;
        let from = drawn.start.saturating_sub(spare);
        let count = CHUNK.max(drawn.len() as u32 + spare);
        self.asked = Some(from);
        let (epoch, worker) = (self.epoch, ctx.props().worker.clone());
        let form = ctx.props().form;
        ctx.link().send_future(async move {
            let lines = match form {
                ContentForm::Hex => {
                    let ask = ContentBytes {
                        from: u64::from(from) * WIDTH,
                        count: count * WIDTH as u32,
                    };
                    let bytes = worker.ask(ask).await.unwrap_or_default();
                    bytes.chunks(WIDTH as usize).map(<[u8]>::to_vec).collect()
                }
                form => {
                    let ask = ContentLines { form, from, count };
                    worker.ask(ask).await.unwrap_or_default()
                }
            };
            Msg::Here(epoch, from, lines)
        });
    }

    /// Brings the lines that the address names into view.
    fn reveal(&self, ctx: &Context<Self>) {
        let first = ctx.props().chosen.map(|(first, _)| first - 1);
        let to = first.filter(|line| *line < self.window.total);
        if let Some(top) = to.and_then(|line| self.window.centre(line))
            && let Some(scroller) = self.scroller.cast::<Element>()
        {
            scroller.set_scroll_top(top as i32);
        }
    }

    fn place(&self) {
        watch::place(&self.space, &self.rows, &self.window);
    }

    fn watch(&mut self, ctx: &Context<Self>) {
        let moved = ctx.link().callback(|()| Msg::Moved);
        self.watch = Watch::of(&self.scroller, moved.clone(), moved);
    }
}

/// A line of a text; tabs stay, all else that is invisible is escaped.
pub(crate) fn visible(line: &[u8]) -> String {
    let parts = line.split(|byte| *byte == b'\t').map(format::visible);
    parts.collect::<Vec<_>>().join("\t")
}

/// Bytes in hexadecimal, and as ASCII.
fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(70);
    for at in 0..WIDTH as usize {
        if at == 8 {
            text.push(' ');
        }
        match bytes.get(at) {
            // Writing to a String cannot fail.
            Some(byte) => drop(write!(text, "{byte:02x} ")),
            None => text.push_str("   "),
        }
    }
    text.push(' ');
    text.extend(bytes.iter().map(|byte| match byte {
        0x20..0x7f => char::from(*byte),
        _ => '·',
    }));
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn bytes_are_told_in_columns() {
        assert_eq!(
            hex(b"\x7fELF\x02\x01\x01\0 0123456"),
            "7f 45 4c 46 02 01 01 00  20 30 31 32 33 34 35 36  ·ELF···· 0123456"
        );
        assert_eq!(hex(b"a").len(), 51);
    }

    #[test]
    fn a_line_plays_no_tricks() {
        assert_eq!(visible(b"a\t<b>\x1b"), "a\t<b>\\x1b");
        assert_eq!(visible("\u{202e}x".as_bytes()), "\\u{202e}x");
    }
}
