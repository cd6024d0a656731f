//! The keyboard among the numbers of lines: one of them is a tab stop, keys go from one to the other, and a line that is
//! scrolled out of the document does not take the focus with it.

use std::cell::Cell;

use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};
use yew::prelude::*;

use super::{Lines, Msg};
use crate::browser;
use crate::parts::drawn_rows::DrawnRows;
use crate::parts::window::Window;
use crate::worker::protocol::{ContentLine, Fold};

/// Where the keyboard is among the rows.
#[derive(Default)]
pub(super) struct Keyboard {
    /// The row that has it, or had it last.
    active: u32,
    /// The number of that row takes it as soon as it is drawn; until then what is scrolled has it.
    waits: bool,
    /// A key went to that row, and nothing was drawn since.
    moved: bool,
    /// The row whose number had it when the rows were last about to be drawn.
    before: Cell<Option<u32>>,
}

impl Keyboard {
    /// Looks where the focus is before rows are drawn, and tells the row whose number is the tab stop: the one that has the
    /// focus, or had it last; where that is not drawn, the first in view.
    pub(super) fn stop(&self, list: &DrawnRows<ContentLine>) -> u32 {
        let focused = focused_row(list);
        self.before.set(focused);
        let row = focused.filter(|_| !self.waits).unwrap_or(self.active);
        let is_drawn = list.window.drawn().contains(&row) && list.row(row).is_some();
        match is_drawn {
            true => row,
            false => list.window.first(),
        }
    }

    /// The next way in leads to this row.
    pub(super) fn begin_at(&mut self, row: u32) {
        if !self.waits {
            self.active = row;
        }
    }

    fn go(&mut self, row: u32) {
        self.active = row;
        self.waits = true;
        self.moved = true;
    }

    /// Puts the focus where it belongs after rows were drawn.
    pub(super) fn follow(&mut self, list: &DrawnRows<ContentLine>) {
        let moved = std::mem::take(&mut self.moved);
        let focused = gloo::utils::document().active_element();
        let is_nowhere = focused
            .as_ref()
            .is_none_or(|focused| focused.tag_name() == "BODY");
        let lost = self.before.take().filter(|_| is_nowhere);
        if let Some(row) = lost.filter(|_| !self.waits) {
            self.active = row;
            self.waits = true;
        }
        let Some(scroller) = list.scroller.cast::<HtmlElement>() else {
            return;
        };
        if !self.waits {
            return;
        }
        let holds = focused.is_some_and(|focused| *scroller == focused);
        if !(moved || holds || lost.is_some()) {
            // The visitor went elsewhere meanwhile.
            self.waits = false;
            return;
        }
        match number(list, self.active) {
            Some(number) => {
                browser::focus_in_place(&number);
                self.waits = false;
            }
            None if holds => {}
            None => browser::focus_in_place(&scroller),
        }
    }
}

impl Lines {
    /// A key was pressed on a number, or on what is scrolled.
    pub(super) fn key(&mut self, ctx: &Context<Self>, event: &KeyboardEvent) -> bool {
        if event.ctrl_key() || event.alt_key() || event.meta_key() {
            return false;
        }
        // Of keys that come faster than rows, each goes on from where the one before led.
        let pressed_on = pressed_on(event).filter(|_| !self.keyboard.moved);
        let waiting = Some(self.keyboard.active).filter(|_| self.keyboard.waits);
        let here = pressed_on.or(waiting);
        let key = event.key();
        if let Some(msg) = here.and_then(|row| self.asked_by(row, &key, event.shift_key())) {
            event.prevent_default();
            ctx.link().send_message(msg);
            return false;
        }
        let stop = self.keyboard.stop(&self.list);
        let to = reached(&key, here, stop, &self.list.window);
        let Some(row) = to.filter(|_| !event.shift_key()) else {
            return false;
        };
        event.prevent_default();
        self.keyboard.go(row);
        self.list.show(row);
        self.fetch(ctx);
        self.colour(ctx);
        true
    }

    /// What a key does with the line of a row: it chooses the line, or collapses or expands what that opens.
    fn asked_by(&self, row: u32, key: &str, with_shift: bool) -> Option<Msg> {
        let line = self.list.row(row)?;
        let expands = match key {
            "Enter" | " " => return Some(Msg::Chosen(row, line.number + 1, with_shift)),
            "ArrowRight" => true,
            "ArrowLeft" => false,
            _ => return None,
        };
        let opens = line.opens.as_ref();
        let can = opens.is_some_and(|opens| opens.collapsed == expands);
        can.then_some(Msg::Fold(Fold::Toggle(line.number)))
    }
}

/// A number is chosen when Space goes down. Browsers that click when it goes up would choose it once more, and with it no
/// range.
pub(super) fn key_up(event: &KeyboardEvent) {
    if event.key() == " " && pressed_on(event).is_some() {
        event.prevent_default();
    }
}

/// The row that a key leads to; from nowhere, the arrows lead to the tab stop.
fn reached(key: &str, here: Option<u32>, stop: u32, window: &Window) -> Option<u32> {
    let last = window.total.checked_sub(1)?;
    let from = here.unwrap_or(stop);
    let row = match key {
        "ArrowUp" | "ArrowDown" if here.is_none() => from,
        "ArrowUp" => from.saturating_sub(1),
        "ArrowDown" => from.saturating_add(1),
        "PageUp" => from.saturating_sub(window.visible()),
        "PageDown" => from.saturating_add(window.visible()),
        "Home" => 0,
        "End" => last,
        _ => return None,
    };
    Some(row.min(last))
}

/// The row on whose number a key was pressed.
fn pressed_on(event: &KeyboardEvent) -> Option<u32> {
    let target = event.target()?.dyn_into::<Element>().ok()?;
    row_of(&target)
}

/// The row whose number has the focus.
fn focused_row(list: &DrawnRows<ContentLine>) -> Option<u32> {
    let rows = list.rows.cast::<Element>()?;
    let focused = gloo::utils::document().active_element()?;
    let is_here = rows.contains(Some(focused.as_ref()));
    row_of(&focused).filter(|_| is_here)
}

/// Only numbers have it.
fn row_of(element: &Element) -> Option<u32> {
    element.get_attribute("data-row")?.parse().ok()
}

/// The number of a row, where it is drawn.
fn number(list: &DrawnRows<ContentLine>, row: u32) -> Option<HtmlElement> {
    let rows = list.rows.cast::<Element>()?;
    let selector = format!(".number[data-row='{row}']");
    let number = rows.query_selector(&selector).ok().flatten()?;
    number.dyn_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn keys_lead_from_row_to_row_and_stay_among_them() {
        let window = Window {
            total: 100,
            view: 200.0,
            row: 20.0,
            ..Window::default()
        };
        for (key, here, to) in [
            ("ArrowDown", Some(5), Some(6)),
            ("ArrowUp", Some(5), Some(4)),
            ("ArrowUp", Some(0), Some(0)),
            ("ArrowDown", Some(99), Some(99)),
            ("PageDown", Some(5), Some(15)),
            ("PageDown", Some(95), Some(99)),
            ("PageUp", Some(5), Some(0)),
            ("Home", Some(50), Some(0)),
            ("End", None, Some(99)),
            // What is scrolled has the focus.
            ("ArrowDown", None, Some(40)),
            ("ArrowUp", None, Some(40)),
            ("PageDown", None, Some(50)),
            ("ArrowRight", Some(5), None),
            ("x", Some(5), None),
        ] {
            assert_eq!(reached(key, here, 40, &window), to, "{key} at {here:?}");
        }
        let none = Window { total: 0, ..window };
        assert_eq!(reached("End", None, 0, &none), None);
    }
}
