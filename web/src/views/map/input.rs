//! What pointer, wheel and keys do to a map.

use std::rc::Rc;

use web_sys::Element;
use yew::prelude::*;

use super::moves::{Toward, above, next, outermost};
use super::paint::{holder, part_at};
use crate::worker::protocol::{MapFacts, MapPart};

/// Between two steps of the wheel, in milliseconds.
const WHEEL: f64 = 250.0;

/// A map as it is drawn, and what is told of it.
pub(super) struct Input {
    pub(super) shown: Rc<MapFacts>,
    pub(super) canvas: NodeRef,
    pub(super) selected: Option<Vec<u8>>,
    /// The part under the pointer or the keyboard.
    pub(super) under: Option<usize>,
    pub(super) on_under: Callback<Option<usize>>,
    pub(super) on_zoom: Callback<Vec<u8>>,
    pub(super) on_select: Callback<Vec<u8>>,
}

impl Input {
    /// What is clicked on is opened.
    pub(super) fn click(&self, event: &MouseEvent) {
        if let Some(part) = self.at_pointer(event) {
            self.choose(part);
        }
    }

    /// The pointer is over a part, or over none.
    pub(super) fn hover(&self, event: &MouseEvent) {
        self.on_under.emit(self.place_at_pointer(event));
    }

    /// A step of the wheel leads into the folder under the pointer, or out; `last` is when the one before was.
    pub(super) fn wheel(&self, event: &WheelEvent, last: &mut f64) {
        event.prevent_default();
        let now = js_sys::Date::now();
        if now - *last < WHEEL || event.delta_y() == 0.0 {
            return;
        }
        *last = now;
        if event.delta_y() > 0.0 {
            return self.out();
        }
        let part = self.at_pointer(event);
        self.zoom(part.and_then(|part| outermost(&self.shown, &part.path)));
    }

    /// Keys move on the map, open what they are on, and lead out.
    pub(super) fn key(&self, event: &KeyboardEvent) {
        if event.ctrl_key() || event.alt_key() || event.meta_key() {
            return;
        }
        match event.key().as_str() {
            "ArrowLeft" => self.step(Toward::Left),
            "ArrowRight" => self.step(Toward::Right),
            "ArrowUp" => self.step(Toward::Up),
            "ArrowDown" => self.step(Toward::Down),
            "Enter" => {
                if let Some(part) = self.part(self.under) {
                    self.choose(part);
                }
            }
            // Without Shift, the key of Plus is often this.
            "+" | "=" => self.zoom(match self.part(self.under) {
                Some(part) => outermost(&self.shown, &part.path),
                None => self.shown.parts.iter().find(|part| part.folder),
            }),
            "-" | "Backspace" => self.out(),
            _ => return,
        }
        event.prevent_default();
    }

    /// A folder fills the map, and anything else is selected.
    fn choose(&self, part: &MapPart) {
        match part.folder {
            _ if part.path.is_empty() => {}
            true => self.on_zoom.emit(part.path.clone()),
            false => self.on_select.emit(part.path.clone()),
        }
    }

    fn zoom(&self, folder: Option<&MapPart>) {
        if let Some(folder) = folder {
            self.on_zoom.emit(folder.path.clone());
        }
    }

    /// The folder above fills the map.
    fn out(&self) {
        if self.shown.zoom.len() > 1 {
            self.on_zoom.emit(above(&self.shown.zoom));
        }
    }

    fn step(&self, toward: Toward) {
        let parts = &self.shown.parts;
        let from = self.under.or_else(|| {
            let held = holder(&self.shown, self.selected.as_deref()?)?;
            parts.iter().position(|part| std::ptr::eq(part, held))
        });
        self.on_under.emit(next(parts, from, toward).or(from));
    }

    fn part(&self, at: Option<usize>) -> Option<&MapPart> {
        self.shown.parts.get(at?)
    }

    fn at_pointer(&self, event: &MouseEvent) -> Option<&MapPart> {
        self.part(self.place_at_pointer(event))
    }

    fn place_at_pointer(&self, event: &MouseEvent) -> Option<usize> {
        let rect = self.canvas.cast::<Element>()?.get_bounding_client_rect();
        let x = f64::from(event.client_x()) - rect.left();
        let y = f64::from(event.client_y()) - rect.top();
        part_at(&self.shown, x as f32, y as f32)
    }
}
