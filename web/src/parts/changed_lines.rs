//! The rows of two versions of a text, which live in the image worker: one under the other, or side by side. Only those in
//! view are asked for and drawn.

use gloo::events::EventListener;
use web_sys::Element;
use yew::prelude::*;

use crate::browser;
use crate::format;
use crate::parts::colours::Colours;
use crate::parts::drawn_rows::{Arrived, DrawnRows};
use crate::parts::panel;
use crate::worker::client::WorkerClient;
use crate::worker::protocol::{
    DifferenceForm, DifferenceLine, DifferenceRow, DifferenceRows, Language, Layout, Side, TextOf,
};

/// The form in which the visitor saw two versions last.
pub(crate) fn last_form() -> DifferenceForm {
    let name = browser::difference_form();
    let form = name.as_deref().and_then(DifferenceForm::of);
    form.unwrap_or_default()
}

/// What [`ChangedLines`] shows.
#[derive(PartialEq, Properties)]
pub(crate) struct Props {
    pub(crate) worker: WorkerClient,
    pub(crate) form: DifferenceForm,
    pub(crate) layout: Layout,
    /// What both are written in, where that is known.
    pub(crate) language: Option<Language>,
    /// The row that is to be in view, and how often that was wished.
    pub(crate) reveal: Option<(u32, u32)>,
    pub(crate) on_unfold: Callback<u32>,
    /// The first row in view.
    pub(crate) on_move: Callback<u32>,
}

/// What can happen to the rows.
pub(crate) enum Msg {
    Moved,
    Here(Arrived<DifferenceRow>),
    /// One side was scrolled to here.
    Sideways(Side),
    /// There are more colours.
    Coloured,
}

/// The rows.
pub(crate) struct ChangedLines {
    list: DrawnRows<DifferenceRow>,
    colours: Option<Colours>,
    sides: [NodeRef; 2],
    _sideways: Vec<EventListener>,
}

impl Component for ChangedLines {
    type Message = Msg;
    type Properties = Props;

    fn create(ctx: &Context<Self>) -> Self {
        ChangedLines {
            list: DrawnRows::new(ctx.props().layout.rows),
            colours: ctx.props().language.map(|language| {
                let texts = Side::BOTH.map(TextOf::Version);
                let came = ctx.link().callback(|()| Msg::Coloured);
                Colours::start(ctx.props().worker.clone(), language, &texts, came)
            }),
            sides: Default::default(),
            _sideways: Vec::new(),
        }
    }

    fn changed(&mut self, ctx: &Context<Self>, old: &Props) -> bool {
        let new = ctx.props();
        if new.layout != old.layout {
            self.list.restart(new.layout.rows);
            self.fetch(ctx);
        }
        if new.reveal != old.reveal {
            self.reveal(ctx);
        }
        true
    }

    fn rendered(&mut self, ctx: &Context<Self>, first: bool) {
        if first {
            self.list.follow(&ctx.link().callback(|()| Msg::Moved));
            let sides = self.sides.iter().zip(Side::BOTH);
            self._sideways = sides
                .filter_map(|(node, side)| {
                    let link = ctx.link().clone();
                    let element = node.cast::<Element>()?;
                    Some(EventListener::new(&element, "scroll", move |_| {
                        link.send_message(Msg::Sideways(side));
                    }))
                })
                .collect();
            self.list.place();
            self.reveal(ctx);
            panel::hand_on(&self.list.scroller);
            ctx.link().send_message(Msg::Moved);
        }
        self.list.place();
    }

    fn update(&mut self, ctx: &Context<Self>, msg: Msg) -> bool {
        match msg {
            Msg::Moved => {
                self.list.measure();
                ctx.props().on_move.emit(self.list.window.first());
                self.fetch(ctx);
                self.colour();
                true
            }
            Msg::Here(rows) => {
                let taken = self.list.take(rows);
                if taken {
                    self.fetch(ctx);
                    self.colour();
                }
                taken
            }
            Msg::Coloured => true,
            Msg::Sideways(side) => {
                let [old, new] = &self.sides;
                let (from, to) = match side {
                    Side::Old => (old, new),
                    Side::New => (new, old),
                };
                if let Some((from, to)) = from.cast::<Element>().zip(to.cast::<Element>())
                    && from.scroll_left() != to.scroll_left()
                {
                    to.set_scroll_left(from.scroll_left());
                }
                false
            }
        }
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let Props { form, .. } = ctx.props();
        let drawn = || {
            let rows = self.list.window.drawn();
            rows.map(|row| (row, self.list.row(row)))
        };
        html! {
            <div
                class={classes!("code", "difference-rows", form.name())}
                ref={self.list.scroller.clone()}
                role="region"
                aria-label="Changed lines"
                tabindex="0"
            >
                <div class="space" ref={self.list.space.clone()}>
                    <div class="lines" ref={self.list.rows.clone()}>
                        if *form == DifferenceForm::Unified {
                            for (number, row) in drawn() {
                                { for self.unified(ctx, number, row) }
                            }
                        } else {
                            for (node, side) in self.sides.iter().zip(Side::BOTH) {
                                <div
                                    class="side"
                                    key={side.name()}
                                    ref={node.clone()}
                                    role="group"
                                    aria-label={format!("{} version", format::capital(side.name()))}
                                    tabindex="0"
                                >
                                    <div class="side-lines">
                                        for (number, row) in drawn() {
                                            { self.split(ctx, number, row, side) }
                                        }
                                    </div>
                                </div>
                            }
                        }
                    </div>
                </div>
            </div>
        }
    }
}

impl ChangedLines {
    /// Asks for the rows in view, where they are not here.
    fn fetch(&mut self, ctx: &Context<Self>) {
        let Some(wanted) = self.list.wanted() else {
            return;
        };
        let (form, worker) = (ctx.props().form, ctx.props().worker.clone());
        ctx.link().send_future(async move {
            let asked = DifferenceRows {
                form,
                from: wanted.from,
                count: wanted.count,
            };
            Msg::Here(wanted.are(worker.ask(asked).await.unwrap_or_default()))
        });
    }

    /// Wants colours for the rows in view.
    fn colour(&self) {
        let Some(colours) = &self.colours else { return };
        let rows = self.list.window.drawn();
        for row in rows.filter_map(|row| self.list.row(row)) {
            // A line that both have is drawn as the new one.
            let lines = match row {
                DifferenceRow::Fold { .. } => [None, None],
                DifferenceRow::Same(_, new) => [None, Some(*new)],
                DifferenceRow::Changed(both) => {
                    Side::BOTH.map(|side| both.of(side).as_ref().map(|line| line.number))
                }
            };
            for (side, line) in Side::BOTH.into_iter().zip(lines) {
                if let Some(line) = line {
                    colours.want(TextOf::Version(side), line);
                }
            }
        }
    }

    /// A line of a version, by its number in that.
    fn text(&self, side: Side, number: u32, line: &DifferenceLine) -> Html {
        let text = format::visible_line(&line.text);
        let text = match &self.colours {
            Some(colours) => colours.draw(TextOf::Version(side), number.saturating_sub(1), text),
            None => html! { { text } },
        };
        html! {
            <code>
                { text }
                if line.left_out > 0 {
                    <span class="left-out">{ format!("… {} more", format::counted(line.left_out.into(), "byte")) }</span>
                }
                if line.unended {
                    <span class="left-out">{ "no newline at the end" }</span>
                }
            </code>
        }
    }

    fn reveal(&self, ctx: &Context<Self>) {
        let row = ctx.props().reveal.map(|(row, _)| row);
        if let Some(top) = row.and_then(|row| self.list.window.top_at(row)) {
            self.list.scroll_to(top);
        }
    }

    /// A row with the old lines above the new ones.
    fn unified(
        &self,
        ctx: &Context<Self>,
        number: u32,
        row: Option<&DifferenceRow>,
    ) -> Option<Html> {
        let Some(row) = row else {
            return Some(html! { <div key={number} class="line"></div> });
        };
        Some(match row {
            DifferenceRow::Fold { fold, lines } => folded(ctx, number, *fold, *lines),
            DifferenceRow::Same(line, new) => html! {
                <div key={number} class="line">
                    <span class="number">{ line.number }</span>
                    <span class="number">{ new }</span>
                    <span class="edge">{ " " }</span>
                    { self.text(Side::New, *new, line) }
                </div>
            },
            DifferenceRow::Changed(both) => match (&both.old, &both.new) {
                (Some(line), _) => html! {
                    <div key={number} class="line minus">
                        <span class="number">{ line.number }</span>
                        <span class="number"></span>
                        <span class="edge">{ "−" }</span>
                        { self.text(Side::Old, line.number, line) }
                    </div>
                },
                (None, Some(line)) => html! {
                    <div key={number} class="line plus">
                        <span class="number"></span>
                        <span class="number">{ line.number }</span>
                        <span class="edge">{ "+" }</span>
                        { self.text(Side::New, line.number, line) }
                    </div>
                },
                (None, None) => return None,
            },
        })
    }

    /// One side of a row.
    fn split(
        &self,
        ctx: &Context<Self>,
        number: u32,
        row: Option<&DifferenceRow>,
        side: Side,
    ) -> Html {
        let none = html! { <div key={number} class="line none"></div> };
        let (line, at, text, class, sign) = match row {
            None => return html! { <div key={number} class="line"></div> },
            Some(DifferenceRow::Fold { fold, lines }) => {
                return match side {
                    Side::Old => folded(ctx, number, *fold, *lines),
                    Side::New => html! { <div key={number} class="line fold"></div> },
                };
            }
            Some(DifferenceRow::Same(line, new)) => {
                let at = match side {
                    Side::Old => line.number,
                    Side::New => *new,
                };
                (line, at, (Side::New, *new), None, " ")
            }
            Some(DifferenceRow::Changed(both)) => {
                let (class, sign) = match side {
                    Side::Old => ("minus", "−"),
                    Side::New => ("plus", "+"),
                };
                match both.of(side) {
                    Some(line) => (line, line.number, (side, line.number), Some(class), sign),
                    None => return none,
                }
            }
        };
        html! {
            <div key={number} class={classes!("line", class)}>
                <span class="number">{ at }</span>
                <span class="edge">{ sign }</span>
                { self.text(text.0, text.1, line) }
            </div>
        }
    }
}

fn folded(ctx: &Context<ChangedLines>, number: u32, fold: u32, lines: u32) -> Html {
    let unfold = ctx.props().on_unfold.reform(move |_: MouseEvent| fold);
    let lines = format::counted(lines.into(), "unchanged line");
    html! {
        <div key={number} class="line fold">
            <button type="button" class="quiet" onclick={unfold}>{ format!("Show {lines}") }</button>
        </div>
    }
}
