//! The rows of two versions of a text, which live in the image worker: one under the other, or side by side. Only those in
//! view are asked for and drawn.

use gloo::events::EventListener;
use web_sys::Element;
use yew::prelude::*;

use crate::format;
use crate::parts::lines::visible;
use crate::parts::tree::window::Window;
use crate::parts::watch::{self, Watch};
use crate::worker::client::WorkerClient;
use crate::worker::protocol::{
    DifferenceForm, DifferenceLine, DifferenceRow, DifferenceRows, Layout, Side,
};

/// Height of a row, as in the style sheet, in pixels.
const ROW: f64 = 20.0;
/// Rows asked for at a time.
const CHUNK: u32 = 256;

/// What [`Difference`] shows.
#[derive(PartialEq, Properties)]
pub(crate) struct Props {
    pub(crate) worker: WorkerClient,
    pub(crate) form: DifferenceForm,
    pub(crate) layout: Layout,
    /// The row that is to be in view, and how often that was wished.
    pub(crate) reveal: Option<(u32, u32)>,
    pub(crate) on_unfold: Callback<u32>,
    /// The first row in view.
    pub(crate) on_move: Callback<u32>,
}

/// What can happen to the rows.
pub(crate) enum Msg {
    Moved,
    Here(u32, u32, Vec<DifferenceRow>),
    /// One side was scrolled to here.
    Sideways(Side),
}

/// The rows.
pub(crate) struct Difference {
    scroller: NodeRef,
    space: NodeRef,
    rows: NodeRef,
    sides: [NodeRef; 2],
    window: Window,
    /// Answers about a former layout carry an older number.
    epoch: u32,
    /// The rows that are here, and the number of the first.
    here: (u32, Vec<DifferenceRow>),
    /// The first that is asked for.
    asked: Option<u32>,
    watch: Option<Watch>,
    _sideways: Vec<EventListener>,
}

impl Component for Difference {
    type Message = Msg;
    type Properties = Props;

    fn create(ctx: &Context<Self>) -> Self {
        Difference {
            scroller: NodeRef::default(),
            space: NodeRef::default(),
            rows: NodeRef::default(),
            sides: Default::default(),
            window: Window {
                total: ctx.props().layout.rows,
                view: 600.0,
                row: ROW,
                ..Window::default()
            },
            epoch: 0,
            here: (0, Vec::new()),
            asked: None,
            watch: None,
            _sideways: Vec::new(),
        }
    }

    fn changed(&mut self, ctx: &Context<Self>, old: &Props) -> bool {
        let new = ctx.props();
        if new.layout != old.layout {
            self.epoch += 1;
            self.here = (0, Vec::new());
            self.asked = None;
            self.window.total = new.layout.rows;
            self.fetch(ctx);
        }
        if new.reveal != old.reveal {
            self.reveal(ctx);
        }
        true
    }

    fn rendered(&mut self, ctx: &Context<Self>, first: bool) {
        if first {
            let moved = ctx.link().callback(|()| Msg::Moved);
            self.watch = Watch::of(&self.scroller, moved.clone(), moved);
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
                ctx.props().on_move.emit(self.window.first());
                self.fetch(ctx);
                true
            }
            Msg::Here(epoch, from, rows) if epoch == self.epoch => {
                self.here = (from, rows);
                self.asked = None;
                self.fetch(ctx);
                true
            }
            Msg::Here(..) => false,
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
            let rows = self.window.drawn();
            rows.map(|row| (row, self.row(row)))
        };
        html! {
            <div
                class={classes!("code", "difference-rows", form.name())}
                ref={self.scroller.clone()}
                role="region"
                aria-label="Changed lines"
                tabindex="0"
            >
                <div class="space" ref={self.space.clone()}>
                    <div class="lines" ref={self.rows.clone()}>
                        if *form == DifferenceForm::Unified {
                            for (number, row) in drawn() {
                                { for unified(ctx, number, row) }
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
                                            { split(ctx, number, row, side) }
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

impl Difference {
    fn row(&self, row: u32) -> Option<&DifferenceRow> {
        let at = row.checked_sub(self.here.0)?;
        self.here.1.get(at as usize)
    }

    /// Asks for the rows in view, where they are not here.
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
        let (epoch, form, worker) = (self.epoch, ctx.props().form, ctx.props().worker.clone());
        ctx.link().send_future(async move {
            let rows = worker.ask(DifferenceRows { form, from, count }).await;
            Msg::Here(epoch, from, rows.unwrap_or_default())
        });
    }

    fn reveal(&self, ctx: &Context<Self>) {
        let row = ctx.props().reveal.map(|(row, _)| row);
        let to = row.filter(|row| *row < self.window.total);
        if let Some(top) = to.and_then(|row| self.window.top_at(row))
            && let Some(scroller) = self.scroller.cast::<Element>()
        {
            scroller.set_scroll_top(top as i32);
        }
    }

    fn place(&self) {
        watch::place(&self.space, &self.rows, &self.window);
    }
}

/// A row with the old lines above the new ones.
fn unified(ctx: &Context<Difference>, number: u32, row: Option<&DifferenceRow>) -> Option<Html> {
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
                { text(line) }
            </div>
        },
        DifferenceRow::Changed(both) => match (&both.old, &both.new) {
            (Some(line), _) => html! {
                <div key={number} class="line minus">
                    <span class="number">{ line.number }</span>
                    <span class="number"></span>
                    <span class="edge">{ "−" }</span>
                    { text(line) }
                </div>
            },
            (None, Some(line)) => html! {
                <div key={number} class="line plus">
                    <span class="number"></span>
                    <span class="number">{ line.number }</span>
                    <span class="edge">{ "+" }</span>
                    { text(line) }
                </div>
            },
            (None, None) => return None,
        },
    })
}

/// One side of a row.
fn split(ctx: &Context<Difference>, number: u32, row: Option<&DifferenceRow>, side: Side) -> Html {
    let none = html! { <div key={number} class="line none"></div> };
    let (line, at, class, sign) = match row {
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
            (line, at, None, " ")
        }
        Some(DifferenceRow::Changed(both)) => {
            let (class, sign) = match side {
                Side::Old => ("minus", "−"),
                Side::New => ("plus", "+"),
            };
            match both.of(side) {
                Some(line) => (line, line.number, Some(class), sign),
                None => return none,
            }
        }
    };
    html! {
        <div key={number} class={classes!("line", class)}>
            <span class="number">{ at }</span>
            <span class="edge">{ sign }</span>
            { text(line) }
        </div>
    }
}

fn folded(ctx: &Context<Difference>, number: u32, fold: u32, lines: u32) -> Html {
    let unfold = ctx.props().on_unfold.reform(move |_: MouseEvent| fold);
    let lines = format::counted(lines.into(), "unchanged line");
    html! {
        <div key={number} class="line fold">
            <button type="button" class="quiet" onclick={unfold}>{ format!("Show {lines}") }</button>
        </div>
    }
}

fn text(line: &DifferenceLine) -> Html {
    html! {
        <code>
            { visible(&line.text) }
            if line.left_out > 0 {
                <span class="left-out">{ format!("… {} more", format::counted(line.left_out.into(), "byte")) }</span>
            }
            if line.unended {
                <span class="left-out">{ "no newline at the end" }</span>
            }
        </code>
    }
}
