//! Numbered lines of a content that lives in the image worker: text, JSON whose objects and arrays can be collapsed, or
//! sixteen bytes each. Only those in view are asked for and drawn.

mod keys;

use std::fmt::Write as _;

use yew::prelude::*;

use self::keys::{Keyboard, key_up};
use crate::format;
use crate::parts::colours::Colours;
use crate::parts::drawn_rows::{Arrived, DrawnRows};
use crate::parts::panel;
use crate::worker::client::WorkerClient;
use crate::worker::protocol::{
    ContentBytes, ContentForm, ContentLine, ContentLines, ContentRows, Fold, FoldLines, Folded,
    Language, OpensLines, TextOf,
};

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
    /// What it is written in, where that is known.
    pub(crate) language: Option<Language>,
    /// The lines that the address names, from 1.
    pub(crate) chosen: Option<(u32, u32)>,
    pub(crate) on_choose: Callback<(u32, u32)>,
}

/// What can happen to the lines.
pub(crate) enum Msg {
    Moved,
    /// Rows, and how many there are of all where that can change.
    Here(Option<u32>, Arrived<ContentLine>),
    /// The line of a row, by its number from 1, alone or with those that the address names.
    Chosen(u32, u32, bool),
    Key(KeyboardEvent),
    Fold(Fold),
    /// What was asked for is done.
    Folded(Fold, Folded),
    /// There are more colours.
    Coloured,
}

/// The lines.
pub(crate) struct Lines {
    list: DrawnRows<ContentLine>,
    colours: Option<Colours>,
    keyboard: Keyboard,
    /// The lines that were chosen here last.
    picked: Option<(u32, u32)>,
}

impl Component for Lines {
    type Message = Msg;
    type Properties = Props;

    fn create(ctx: &Context<Self>) -> Self {
        Lines {
            list: DrawnRows::new(ctx.props().total),
            colours: colours(ctx),
            keyboard: Keyboard::default(),
            picked: None,
        }
    }

    fn changed(&mut self, ctx: &Context<Self>, old: &Props) -> bool {
        let new = ctx.props();
        if (new.form, new.total, &new.path) != (old.form, old.total, &old.path) {
            self.list.restart(new.total);
            self.colours = colours(ctx);
            self.keyboard = Keyboard::default();
            self.picked = None;
            self.fetch(ctx);
        }
        // What was chosen here is where the visitor is.
        if new.chosen != old.chosen && new.chosen != self.picked {
            self.reveal(ctx);
        }
        true
    }

    fn rendered(&mut self, ctx: &Context<Self>, first: bool) {
        if first {
            self.list.follow(&ctx.link().callback(|()| Msg::Moved));
            self.list.place();
            self.reveal(ctx);
            panel::hand_on(&self.list.scroller);
            ctx.link().send_message(Msg::Moved);
        }
        self.list.place();
        self.keyboard.follow(&self.list);
    }

    fn update(&mut self, ctx: &Context<Self>, msg: Msg) -> bool {
        match msg {
            Msg::Moved => {
                self.list.measure();
                self.fetch(ctx);
                self.colour(ctx);
                true
            }
            Msg::Coloured => true,
            Msg::Here(total, rows) => {
                let taken = self.list.take(rows);
                if taken {
                    if let Some(total) = total {
                        self.list.window.total = total;
                    }
                    self.fetch(ctx);
                    self.colour(ctx);
                }
                taken
            }
            Msg::Chosen(row, line, extends) => {
                let (first, last) = match ctx.props().chosen.filter(|_| extends) {
                    Some((first, last)) => (first.min(line), last.max(line)),
                    None => (line, line),
                };
                self.keyboard.begin_at(row);
                self.picked = Some((first, last));
                ctx.props().on_choose.emit((first, last));
                false
            }
            Msg::Key(event) => self.key(ctx, &event),
            Msg::Fold(fold) => {
                let folded = ctx.props().worker.ask(FoldLines(fold));
                ctx.link().send_future_batch(async move {
                    let folded = folded.await.flatten();
                    folded.map(|folded| Msg::Folded(fold, folded))
                });
                false
            }
            Msg::Folded(fold, Folded { total, row }) => {
                self.list.refresh(total);
                self.keyboard.begin_at(row);
                // The browser scrolls only as far as there is room.
                self.list.place();
                match fold {
                    Fold::Reveal(_) => self.centre(row),
                    Fold::CollapseAll => self.list.scroll_to(0.0),
                    Fold::Toggle(_) | Fold::ExpandAll => {}
                }
                self.list.measure();
                self.fetch(ctx);
                true
            }
        }
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let Props { form, path, .. } = ctx.props();
        let label = format!("Content of {}", format::visible(path));
        let kind = match form {
            ContentForm::Hex => Some("hex"),
            ContentForm::Json => Some("json"),
            _ => None,
        };
        let fold = |fold| ctx.link().callback(move |_: MouseEvent| Msg::Fold(fold));
        let stop = self.keyboard.stop(&self.list);
        // Without a line to go to, what is scrolled is the way in.
        let tab_index = match self.list.row(stop) {
            Some(_) => "-1",
            None => "0",
        };
        html! {
            <>
                if *form == ContentForm::Json {
                    <div class="fold-all" role="group" aria-label="Objects and arrays">
                        <button type="button" class="quiet" onclick={fold(Fold::CollapseAll)}>{ "Collapse all" }</button>
                        <button type="button" class="quiet" onclick={fold(Fold::ExpandAll)}>{ "Expand all" }</button>
                    </div>
                }
                <div
                    class={classes!("code", kind)}
                    ref={self.list.scroller.clone()}
                    role="region"
                    aria-label={label}
                    tabindex={tab_index}
                    onkeydown={ctx.link().callback(Msg::Key)}
                    onkeyup={Callback::from(|event: KeyboardEvent| key_up(&event))}
                >
                    <div class="space" ref={self.list.space.clone()}>
                        <div class="lines" ref={self.list.rows.clone()}>
                            for row in self.list.window.drawn() {
                                { self.row(ctx, row, row == stop) }
                            }
                        </div>
                    </div>
                </div>
            </>
        }
    }
}

impl Lines {
    fn row(&self, ctx: &Context<Self>, row: u32, is_stop: bool) -> Html {
        let Some(line) = self.list.row(row) else {
            return html! { <div key={format!("row {row}")} class="line"></div> };
        };
        let number = line.number;
        let chosen = ctx.props().chosen;
        let is_chosen = chosen.is_some_and(|(first, last)| (first..=last).contains(&(number + 1)));
        let choose = ctx
            .link()
            .callback(move |event: MouseEvent| Msg::Chosen(row, number + 1, event.shift_key()));
        let form = ctx.props().form;
        let (told, link, text) = match form {
            ContentForm::Hex => {
                let told = format!("{:08x}", u64::from(number) * WIDTH);
                let link = format!("Link to line {}, from byte {told}", number + 1);
                (told, link, html! { { hex(&line.text) } })
            }
            _ => {
                let text = format::visible_line(&line.text);
                let text = match &self.colours {
                    Some(colours) => colours.draw(TextOf::Content(form), number, text),
                    None => html! { { text } },
                };
                let told = (number + 1).to_string();
                let link = format!("Link to line {told}");
                (told, link, text)
            }
        };
        let opens = line.opens.as_ref();
        html! {
            <div key={number.to_string()} class={classes!("line", is_chosen.then_some("chosen"))}>
                <button
                    type="button"
                    class="number"
                    data-row={row.to_string()}
                    tabindex={if is_stop { "0" } else { "-1" }}
                    aria-label={link}
                    aria-current={is_chosen.then_some("true")}
                    onclick={choose}
                >
                    { told }
                </button>
                if form == ContentForm::Json {
                    <span class="fold">
                        if let Some(opens) = opens {
                            { toggle(ctx, number, opens) }
                        }
                    </span>
                }
                <code>
                    { text }
                    if let Some(opens) = opens.filter(|opens| opens.collapsed) {
                        <span class="left-out">{ format!(" … {} ", format::counted((opens.last - number - 1).into(), "line")) }</span>
                        { format::visible_line(&opens.end) }
                    }
                </code>
            </div>
        }
    }

    /// Asks for the lines in view, where they are not here.
    fn fetch(&mut self, ctx: &Context<Self>) {
        let Some(wanted) = self.list.wanted() else {
            return;
        };
        let (form, worker) = (ctx.props().form, ctx.props().worker.clone());
        ctx.link().send_future(async move {
            let (from, count) = (wanted.from, wanted.count);
            let ContentRows { total, rows } = match form {
                ContentForm::Hex => {
                    let ask = ContentBytes {
                        from: u64::from(from) * WIDTH,
                        count: count * WIDTH as u32,
                    };
                    let bytes = worker.ask(ask).await.unwrap_or_default();
                    let lines = bytes.chunks(WIDTH as usize).zip(from..);
                    let line = |(bytes, number): (&[u8], u32)| ContentLine {
                        number,
                        text: bytes.to_vec(),
                        opens: None,
                    };
                    ContentRows {
                        total: 0,
                        rows: lines.map(line).collect(),
                    }
                }
                form => {
                    let ask = ContentLines { form, from, count };
                    worker.ask(ask).await.unwrap_or_default()
                }
            };
            let total = (form == ContentForm::Json).then_some(total);
            Msg::Here(total, wanted.are(rows))
        });
    }

    /// Wants colours for the lines in view.
    fn colour(&self, ctx: &Context<Self>) {
        let Some(colours) = &self.colours else { return };
        let rows = self.list.window.drawn();
        let lines = rows.filter_map(|row| Some(self.list.row(row)?.number));
        if let Some(last) = lines.max() {
            colours.want(TextOf::Content(ctx.props().form), last + 1);
        }
    }

    /// Brings the lines that the address names into view.
    fn reveal(&mut self, ctx: &Context<Self>) {
        let Props {
            form,
            total,
            chosen,
            ..
        } = ctx.props();
        let first = chosen.map(|(first, _)| first - 1);
        match first.filter(|line| line < total) {
            Some(line) if *form == ContentForm::Json => {
                ctx.link().send_message(Msg::Fold(Fold::Reveal(line)));
            }
            Some(line) => {
                self.keyboard.begin_at(line);
                self.centre(line);
            }
            None => {}
        }
    }

    fn centre(&self, row: u32) {
        if let Some(top) = self.list.window.centre(row) {
            self.list.scroll_to(top);
        }
    }
}

/// What collapses and expands the object or array that a line opens.
fn toggle(ctx: &Context<Lines>, number: u32, opens: &OpensLines) -> Html {
    let fold = ctx
        .link()
        .callback(move |_: MouseEvent| Msg::Fold(Fold::Toggle(number)));
    html! {
        <button
            type="button"
            tabindex="-1"
            aria-expanded={(!opens.collapsed).to_string()}
            aria-label={format!("Lines {} to {}", number + 1, opens.last + 1)}
            onclick={fold}
        >
            <span class={classes!("twisty", if opens.collapsed { "closed" } else { "open" })} aria-hidden="true"></span>
        </button>
    }
}

/// The colours of the text that is shown, where its language is known.
fn colours(ctx: &Context<Lines>) -> Option<Colours> {
    let Props {
        worker,
        form,
        language,
        ..
    } = ctx.props();
    let language = match form {
        ContentForm::Text => *language,
        ContentForm::Json => Some(Language::JSON),
        _ => None,
    };
    let came = ctx.link().callback(|()| Msg::Coloured);
    let texts = [TextOf::Content(*form)];
    Some(Colours::start(worker.clone(), language?, &texts, came))
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
}
