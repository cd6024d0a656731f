//! The part of a map that the pointer or the keyboard is on.

use std::cell::RefCell;
use std::rc::Rc;

use yew::prelude::*;

use crate::worker::protocol::MapPart;

/// A part, which stays the one that is meant where another answer has it too.
#[derive(Clone)]
pub(in crate::views) struct Under {
    at: UseStateHandle<Option<usize>>,
    /// The path of the part. Answers arrive later than what they were asked in is drawn, so it is read when they do.
    path: Rc<RefCell<Vec<u8>>>,
}

#[hook]
pub(in crate::views) fn use_under() -> Under {
    Under {
        at: use_state_eq(|| None),
        path: use_mut_ref(Vec::new),
    }
}

impl Under {
    /// Its place among the parts.
    pub(in crate::views) fn at(&self) -> Option<usize> {
        *self.at
    }

    /// The pointer or the keyboard went to another of these parts.
    pub(in crate::views) fn set(&self, at: Option<usize>, parts: &[MapPart]) {
        let part = at.and_then(|at| parts.get(at));
        let path = part.map(|part| part.path.clone());
        self.path.replace(path.unwrap_or_default());
        self.at.set(at);
    }

    /// Other parts are shown.
    pub(in crate::views) fn keep<'p>(&self, mut parts: impl Iterator<Item = &'p MapPart>) {
        let path = self.path.borrow();
        // What is too small for a rectangle has no path, and may be something else now.
        let at = match path.is_empty() {
            true => None,
            false => parts.position(|part| part.path == *path),
        };
        self.at.set(at);
    }
}
