//! The part of a comparison's address that says how its map is seen: `…?view=map&zoom=/usr/lib&slide=100&area=all`.

use crate::route::{path, shown, text};

/// How the map of a comparison is seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ComparedMapPlace {
    /// The folder that fills it; empty for the root.
    pub(crate) zoom: Vec<u8>,
    /// How far it is from the old image to the new one, in per cent.
    pub(crate) slide: u8,
    /// With the files that do not differ.
    pub(crate) all: bool,
}

/// What comes and what goes are both seen in the middle.
const MIDDLE: u8 = 50;
/// The new image.
const END: u8 = 100;

impl Default for ComparedMapPlace {
    fn default() -> Self {
        ComparedMapPlace {
            zoom: Vec::new(),
            slide: MIDDLE,
            all: false,
        }
    }
}

impl ComparedMapPlace {
    /// With the old image as the new one.
    pub(super) fn swapped(&self) -> Self {
        ComparedMapPlace {
            slide: END.saturating_sub(self.slide),
            ..self.clone()
        }
    }

    /// What the address says of it.
    pub(super) fn pairs(&self) -> Vec<(&'static str, Vec<u8>)> {
        let mut pairs = Vec::new();
        if !self.zoom.is_empty() {
            pairs.push(("zoom", self.zoom.clone()));
        }
        if self.slide != MIDDLE {
            pairs.push(("slide", self.slide.to_string().into_bytes()));
        }
        if self.all {
            pairs.push(("area", b"all".to_vec()));
        }
        pairs
    }

    /// Takes one pair in.
    pub(super) fn set(&mut self, key: &str, value: &str) -> Result<(), String> {
        match key {
            "zoom" => {
                let path = path(value)?;
                self.zoom = if path == b"/" { Vec::new() } else { path };
            }
            "slide" => {
                let slide = text(value).parse().ok();
                self.slide = slide.filter(|slide| *slide <= END).ok_or_else(|| {
                    format!(
                        "“{}” is not a place between two maps; they are numbered from 0 to {END}.",
                        shown(value)
                    )
                })?;
            }
            _ if value == "all" => self.all = true,
            _ => return Err(format!("A map has no area called “{}”.", shown(value))),
        }
        Ok(())
    }
}
