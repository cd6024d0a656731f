//! The tree grid: rows of a tree that lives in the image worker. Only those in view are asked for and
//! drawn. The grid itself keeps the keyboard's focus and points at its active row, so the focus
//! stays where it is when rows come and go.

mod cells;
pub(crate) mod columns;
pub(crate) mod compared;
mod drawn_rows;
mod head;
mod input;
mod keys;
mod load;
mod pages;
mod row;
mod separator;
mod widths;

use std::rc::Rc;

use gloo::timers::callback::Timeout;
use web_sys::Element;
use yew::prelude::*;

use self::columns::{Chosen, Columns};
use self::drawn_rows::DrawnRows;
use self::keys::Typed;
use self::load::{Fresh, Why};
use self::pages::{PAGE, Pages};
use self::row::{TreeRow, element_id};
use crate::browser;
use crate::navigate::History;
use crate::parts::panel;
use crate::parts::watch::{self, Watch};
use crate::parts::window::{ROW, Window};
use crate::worker::client::WorkerClient;
use crate::worker::protocol::{Expand, Row, Rows, Showing, Shown, Sort};

/// The identifier of the tree's element, which has the keyboard's focus.
pub(crate) const ID: &str = "tree";

/// A path was chosen.
pub(crate) struct Select {
    pub(crate) path: Vec<u8>,
    pub(crate) history: History,
}

/// What [`Tree`] shows.
#[derive(PartialEq, Properties)]
pub(crate) struct Props {
    pub(crate) worker: WorkerClient,
    pub(crate) showing: Rc<Showing>,
    /// Changes when the same question may have another answer.
    pub(crate) version: (u32, bool),
    pub(crate) path: Option<Vec<u8>>,
    /// Names the image in what this browser remembers of open folders.
    pub(crate) place: String,
    /// The columns that the visitor wants.
    pub(crate) columns: Chosen,
    /// How many folders deep the tree is to be opened, once this changes.
    pub(crate) expansion: Expansion,
    pub(crate) on_columns: Callback<Chosen>,
    pub(crate) on_select: Callback<Select>,
    pub(crate) on_sort: Callback<Sort>,
    pub(crate) on_shown: Callback<Shown>,
}

/// A wish to open all folders down to a depth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Expansion {
    /// Counts the wishes.
    pub(crate) number: u32,
    pub(crate) depth: u32,
}

/// What can happen to the tree.
pub(crate) enum Msg {
    Scrolled,
    Resized,
    Key(KeyboardEvent),
    Click(MouseEvent),
    DoubleClick(MouseEvent),
    /// Another tree, or the same with other folders open.
    Fresh(u32, Box<Fresh>),
    /// The folders that are open.
    Open(Vec<Vec<u8>>),
    Rows(u32, u32, Vec<Row>),
    /// The row that a key asked for.
    Reached(u32, Option<u32>),
    /// The keyboard rested on a row.
    Rested,
    /// The rows in view do not come: their places are drawn.
    Late,
}

/// The tree grid.
pub(crate) struct Tree {
    grid: NodeRef,
    scroller: NodeRef,
    space: NodeRef,
    rows_box: NodeRef,
    window: Window,
    rows_drawn: DrawnRows,
    /// In pixels.
    width: f64,
    columns: Rc<Columns>,
    /// Answers to questions about former trees carry an older number and are dropped.
    epoch: u32,
    /// A tree was asked for and did not come yet.
    asking: bool,
    /// Meanwhile something else was typed, which is to be searched for then: the worker is not to search for each of the
    /// letters that come in the time of one search.
    again: bool,
    pages: Pages,
    active: Option<u32>,
    /// The path that the tree was brought to, or that was chosen in it.
    placed: Option<Vec<u8>>,
    /// How far the tree was scrolled before a search.
    before_search: Option<f64>,
    /// How far it is to be scrolled, after a search.
    return_to: Option<f64>,
    /// The active row is to be selected once it is here.
    select_when_here: bool,
    rest: Option<Timeout>,
    typed: Typed,
    watch: Option<Watch>,
}

impl Component for Tree {
    type Message = Msg;
    type Properties = Props;

    fn create(ctx: &Context<Self>) -> Self {
        let mut tree = Tree {
            grid: NodeRef::default(),
            scroller: NodeRef::default(),
            space: NodeRef::default(),
            rows_box: NodeRef::default(),
            window: Window {
                view: 600.0,
                ..Window::default()
            },
            rows_drawn: DrawnRows::default(),
            width: 0.0,
            columns: Rc::new(Columns(ctx.props().columns.fitting(0.0))),
            epoch: 0,
            asking: false,
            again: false,
            pages: Pages::default(),
            active: None,
            placed: None,
            before_search: None,
            return_to: None,
            select_when_here: false,
            rest: None,
            typed: Typed::default(),
            watch: None,
        };
        tree.reshow(ctx, Why::Asked);
        tree
    }

    fn changed(&mut self, ctx: &Context<Self>, old: &Props) -> bool {
        let new = ctx.props();
        let moved = new.path != old.path && new.path != self.placed;
        let searches = |props: &Props| !props.showing.find.is_empty();
        match (searches(old), searches(new)) {
            (false, true) => self.before_search = Some(self.window.scrolled),
            (true, false) => self.return_to = self.before_search.take(),
            _ => {}
        }
        if new.columns != old.columns {
            self.fit(ctx);
        }
        if new.expansion != old.expansion {
            let expand = Expand {
                depth: new.expansion.depth,
            };
            self.show(ctx, expand, std::convert::identity, Why::Toggled);
        }
        let typed = new.worker == old.worker && new.showing.find != old.showing.find;
        if typed && self.asking {
            // What comes is not what the address names any more.
            self.epoch += 1;
            self.again = true;
        } else if new.worker != old.worker || new.showing != old.showing || moved {
            self.reshow(ctx, Why::Asked);
        } else if new.version != old.version {
            self.reshow(ctx, Why::Grown);
        }
        true
    }

    fn rendered(&mut self, ctx: &Context<Self>, first: bool) {
        if first {
            self.watch(ctx);
            panel::hand_on(&self.grid);
        }
        self.place(ctx);
    }

    fn update(&mut self, ctx: &Context<Self>, msg: Msg) -> bool {
        match msg {
            Msg::Scrolled | Msg::Resized => {
                let (before, drawn) = (self.window, self.rows_drawn.at.drawn());
                self.measure();
                let fitted = self.fit(ctx);
                if self.window == before && !fitted {
                    return false;
                }
                self.fetch(ctx);
                if self.rows_drawn.at.drawn() == drawn && !fitted {
                    self.place(ctx);
                    return false;
                }
                true
            }
            Msg::Fresh(epoch, fresh) => {
                self.asking = false;
                let fits = epoch == self.epoch && self.refresh(ctx, *fresh);
                if self.again {
                    self.reshow(ctx, Why::Asked);
                }
                fits
            }
            Msg::Rows(epoch, from, rows) if epoch == self.epoch => {
                self.pages.keep(from, rows, self.window.first());
                self.fetch(ctx);
                if self.select_when_here {
                    self.select_active(ctx, History::Replace);
                }
                true
            }
            Msg::Reached(epoch, row) if epoch == self.epoch => {
                row.is_some_and(|row| self.walk(ctx, row))
            }
            Msg::Open(folders) => {
                browser::keep_open_folders(&ctx.props().place, &folders);
                false
            }
            Msg::Rows(..) | Msg::Reached(..) => false,
            Msg::Rested => {
                self.select_active(ctx, History::Replace);
                false
            }
            Msg::Late => {
                self.rows_drawn.release(self.window);
                true
            }
            Msg::Key(event) => self.key(ctx, &event),
            Msg::Click(event) => self.click(ctx, &event),
            Msg::DoubleClick(event) => {
                if let Some((index, false)) = self.target(&event) {
                    self.toggle(ctx, index, None);
                }
                false
            }
        }
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let link = ctx.link();
        let drawn = self.rows_drawn.at.drawn();
        let pool = self.window.most_drawn();
        let active = self
            .active
            .filter(|active| drawn.contains(active) && self.row(*active).is_some());
        html! {
            <div
                class="tree"
                id={ID}
                ref={self.grid.clone()}
                role="treegrid"
                tabindex="0"
                aria-label="Files"
                aria-rowcount={(self.window.total + 1).to_string()}
                aria-activedescendant={active.map(element_id)}
                onkeydown={link.callback(Msg::Key)}
            >
                <div
                    class="scroller"
                    ref={self.scroller.clone()}
                    role="presentation"
                    onclick={link.callback(Msg::Click)}
                    ondblclick={link.callback(Msg::DoubleClick)}
                >
                    <div role="rowgroup" class="heads-box">{ head::head(ctx.props(), &self.columns) }</div>
                    <div class="space" role="presentation" ref={self.space.clone()}>
                        <div class="rows" role="rowgroup" ref={self.rows_box.clone()}>
                            for index in drawn {
                                // Rows that leave on one side are drawn again on the other.
                                <TreeRow
                                    key={index % pool}
                                    {index}
                                    row={self.row(index).cloned()}
                                    active={self.active == Some(index)}
                                    columns={self.columns.clone()}
                                    selected={self.row(index).is_some_and(|row| ctx.props().path.as_ref() == Some(&row.path))}
                                />
                            }
                        </div>
                    </div>
                </div>
            </div>
        }
    }
}

impl Tree {
    fn row(&self, index: u32) -> Option<&Rc<Row>> {
        self.pages.row(index)
    }

    /// Chooses the columns for which there is room; tells whether they or their widths changed.
    fn fit(&mut self, ctx: &Context<Self>) -> bool {
        let width = self.scroller.cast::<Element>().map_or(0.0, |scroller| {
            // Without the scroll bar.
            f64::from(scroller.client_width())
        });
        let columns = Rc::new(Columns(ctx.props().columns.fitting(width)));
        let changed = self.width != width || columns != self.columns;
        self.width = width;
        if columns != self.columns {
            self.columns = columns;
        }
        if changed {
            // Cells that were drawn before their tracks are known would move.
            self.place(ctx);
        }
        changed
    }

    fn scroll(&mut self, to: Option<f64>) {
        if let (Some(to), Some(scroller)) = (to, self.scroller.cast::<Element>()) {
            self.window.scrolled = to;
            scroller.set_scroll_top(to as i32);
            self.measure();
        }
    }

    fn measure(&mut self) {
        if let Some(scroller) = self.scroller.cast::<Element>() {
            self.window.scrolled = f64::from(scroller.scroll_top());
            // The heads stay on top of the view.
            self.window.view = (f64::from(scroller.client_height()) - ROW).max(1.0);
        }
    }

    /// Puts the drawn rows where they belong.
    fn place(&self, ctx: &Context<Self>) {
        let tracks = columns::tracks(&self.columns, &ctx.props().columns, self.width);
        watch::set_style(&self.grid, "--tracks", &tracks);
        let offset = self.rows_drawn.at.offset_at(self.window.scrolled);
        watch::place_at(&self.space, &self.rows_box, &self.window, offset);
    }

    /// Asks for the pages in view that are not here, and draws what is.
    fn fetch(&mut self, ctx: &Context<Self>) {
        let late = ctx.link().callback(|()| Msg::Late);
        let draws = move || late.emit(());
        self.rows_drawn.choose(self.window, &self.pages, draws);
        for from in self.pages.ask(self.window.drawn()) {
            self.rows_drawn.ask(self.window);
            let epoch = self.epoch;
            let answer = ctx.props().worker.ask(Rows { from, count: PAGE });
            ctx.link().send_future(async move {
                Msg::Rows(epoch, from, answer.await.unwrap_or_default())
            });
        }
    }

    fn watch(&mut self, ctx: &Context<Self>) {
        let scrolled = ctx.link().callback(|()| Msg::Scrolled);
        let resized = ctx.link().callback(|()| Msg::Resized);
        self.watch = Watch::of(&self.scroller, scrolled, resized);
        ctx.link().send_message(Msg::Resized);
    }
}
