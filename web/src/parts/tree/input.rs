//! What pointer and keys do to the tree.

use gloo::timers::callback::Timeout;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};
use yew::prelude::*;

use super::keys::{self, Walk};
use super::{Msg, Select, Tree, Why};
use crate::navigate::History;
use crate::worker::protocol::{Expand, Parent, Question, Toggle};

/// How long the keyboard rests on a row before it is selected, in milliseconds.
const REST: u32 = 120;

impl Tree {
    /// The row under the pointer, and whether it is on the sign that opens it.
    pub(super) fn target(&self, event: &MouseEvent) -> Option<(u32, bool)> {
        let element: Element = event.target()?.dyn_into().ok()?;
        let row = element.closest("[data-row]").ok()??;
        let index = row.get_attribute("data-row")?.parse().ok()?;
        Some((index, element.class_list().contains("twisty")))
    }

    pub(super) fn click(&mut self, ctx: &Context<Self>, event: &MouseEvent) -> bool {
        let Some((index, twisty)) = self.target(event) else {
            return false;
        };
        if let Some(grid) = self.grid.cast::<HtmlElement>() {
            // Without focus the keys would not follow the pointer; the click works all the same.
            let _ = grid.focus();
        }
        self.active = Some(index);
        if twisty && self.row(index).is_some_and(|row| row.open.is_some()) {
            self.toggle(ctx, index, None);
        } else {
            self.select_active(ctx, History::Push);
        }
        true
    }

    pub(super) fn toggle(&mut self, ctx: &Context<Self>, row: u32, to: Option<bool>) {
        if let Some((path, open)) = self
            .row(row)
            .and_then(|row| Some((row.path.clone(), row.open?)))
            && to != Some(open)
        {
            let open = !open;
            let toggle = Toggle { path, row, open };
            self.show(ctx, toggle, std::convert::identity, Why::Toggled);
        }
    }

    pub(super) fn key(&mut self, ctx: &Context<Self>, event: &KeyboardEvent) -> bool {
        // The heads have keys of their own.
        let ours = event.target() == self.grid.cast::<Element>().map(Into::into);
        let with_others = event.alt_key() || event.meta_key();
        if self.window.total == 0 || !ours || with_others {
            return false;
        }
        if event.ctrl_key() {
            if event.key() == " " {
                event.prevent_default();
                let none = Expand { depth: 0 };
                self.show(ctx, none, std::convert::identity, Why::Toggled);
            }
            return false;
        }
        if let Some(asked) = self
            .typed
            .press(&event.key(), event.time_stamp(), self.active)
        {
            event.prevent_default();
            self.ask_for_row(ctx, asked);
            return false;
        }
        let here = keys::Here {
            row: self.active,
            open: self
                .active
                .and_then(|active| self.row(active))
                .and_then(|row| row.open),
            last: self.window.total - 1,
            leap: self.window.visible().saturating_sub(1).max(1),
        };
        let Some(walk) = here.press(&event.key()) else {
            return false;
        };
        event.prevent_default();
        self.typed = keys::Typed::default();
        match walk {
            Walk::To(row) => self.walk(ctx, row),
            Walk::Toggle(row, open) => {
                self.toggle(ctx, row, Some(open));
                false
            }
            Walk::Choose(row) => {
                self.select_active(ctx, History::Push);
                self.toggle(ctx, row, None);
                false
            }
            Walk::Up(row) => {
                self.ask_for_row(ctx, Parent { row });
                false
            }
        }
    }

    /// Moves the keyboard to the row that the worker answers.
    fn ask_for_row<Q>(&self, ctx: &Context<Self>, question: Q)
    where
        Q: Question<Answer = Option<u32>> + 'static,
    {
        let (epoch, answer) = (self.epoch, ctx.props().worker.ask(question));
        ctx.link()
            .send_future(async move { Msg::Reached(epoch, answer.await.flatten()) });
    }

    /// Moves the keyboard to a row and selects it once it rests there.
    pub(super) fn walk(&mut self, ctx: &Context<Self>, to: u32) -> bool {
        self.active = Some(to);
        self.scroll(self.window.reveal(to));
        self.fetch(ctx);
        let rested = ctx.link().callback(|()| Msg::Rested);
        self.rest = Some(Timeout::new(REST, move || rested.emit(())));
        true
    }

    pub(super) fn select_active(&mut self, ctx: &Context<Self>, history: History) {
        self.rest = None;
        let path = self
            .active
            .and_then(|active| self.row(active))
            .map(|row| row.path.clone());
        self.select_when_here = path.is_none();
        if let Some(path) = path {
            self.placed = Some(path.clone());
            ctx.props().on_select.emit(Select { path, history });
        }
    }
}
