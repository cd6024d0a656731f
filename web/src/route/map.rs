//! The part of an address that says how the map is seen:
//! `…?view=map&zoom=/usr/lib&by=download&color=layer&of=changes&layout=icicle`.

use percent_encoding::percent_decode_str;

use crate::format::visible_text;
use crate::worker::protocol::{MapLayout, Measure};

/// How the map is seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct MapPlace {
    /// The folder that fills it; empty for the root.
    pub(crate) zoom: Vec<u8>,
    pub(crate) by: Measure,
    pub(crate) color: Color,
    /// It is of what layers changed, not of the filesystem.
    pub(crate) changes: bool,
    pub(crate) layout: MapLayout,
}

/// What addresses call the changes of layers.
const CHANGES: &str = "changes";

/// What the colours of a map mean.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Color {
    #[default]
    Cause,
    Layer,
    Type,
    Package,
}

impl Color {
    /// With the names that addresses and the page have for them.
    pub(crate) const NAMED: [(Color, &'static str, &'static str); 4] = [
        (Color::Cause, "cause", "cause of waste"),
        (Color::Layer, "layer", "layer"),
        (Color::Type, "type", "file type"),
        (Color::Package, "package", "package"),
    ];

    /// The colours of this name.
    pub(crate) fn of(name: &str) -> Option<Self> {
        let mut named = Self::NAMED.iter();
        named
            .find(|(_, known, _)| *known == name)
            .map(|(color, ..)| *color)
    }

    pub(crate) fn name(self) -> &'static str {
        let named = Self::NAMED.iter().find(|(color, ..)| *color == self);
        named.map_or("", |(_, name, _)| name)
    }
}

impl MapPlace {
    /// What the address says of it.
    pub(crate) fn pairs(&self) -> Vec<(&'static str, &[u8])> {
        let mut pairs = Vec::new();
        if !self.zoom.is_empty() {
            pairs.push(("zoom", self.zoom.as_slice()));
        }
        if self.by != Measure::default() {
            pairs.push(("by", self.by.name().as_bytes()));
        }
        if self.color != Color::default() {
            pairs.push(("color", self.color.name().as_bytes()));
        }
        if self.changes {
            pairs.push(("of", CHANGES.as_bytes()));
        }
        if self.layout != MapLayout::default() {
            pairs.push(("layout", self.layout.name().as_bytes()));
        }
        pairs
    }

    /// Takes one pair in.
    pub(crate) fn set(&mut self, key: &str, value: &str) -> Result<(), String> {
        let shown = || visible_text(value);
        match key {
            "by" => {
                let unknown = || format!("A map has no measure called “{}”.", shown());
                self.by = Measure::of(value).ok_or_else(unknown)?;
            }
            "color" => {
                let unknown = || format!("A map has no colors called “{}”.", shown());
                self.color = Color::of(value).ok_or_else(unknown)?;
            }
            "layout" => {
                let unknown = || format!("A map has no layout called “{}”.", shown());
                self.layout = MapLayout::of(value).ok_or_else(unknown)?;
            }
            "of" if value == CHANGES => self.changes = true,
            "of" => return Err(format!("There is no map of “{}”.", shown())),
            _ => {
                let bytes: Vec<u8> = percent_decode_str(value).collect();
                if bytes.first() != Some(&b'/') {
                    return Err(format!(
                        "“{}” is not a path; paths begin with a slash.",
                        shown()
                    ));
                }
                self.zoom = if bytes == b"/" { Vec::new() } else { bytes };
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::route::{ImageRoute, Route, View};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_map_survives_the_address() {
        let route = Route::Image(ImageRoute {
            view: View::Map,
            path: Some(b"/usr/lib/a b".to_vec()),
            find: "*.so".to_owned(),
            map: MapPlace {
                zoom: b"/usr/lib".to_vec(),
                by: Measure::Wasted,
                color: Color::Layer,
                changes: true,
                layout: MapLayout::Icicle,
            },
            ..ImageRoute::of("demo/webapp:1.0")
        });
        let fragment = route.to_fragment();
        assert!(
            fragment.ends_with(
                "?view=map&path=/usr/lib/a%20b&find=*.so&zoom=/usr/lib&by=wasted&color=layer&of=changes&layout=icicle"
            ),
            "{fragment}"
        );
        assert_eq!(Route::parse(&fragment), (route, Vec::new()));
        let (_, remarks) =
            Route::parse("#/image/a?view=map&zoom=usr&by=weight&color=red&of=3&layout=sunburst");
        assert_eq!(remarks.len(), 5, "{remarks:?}");
    }
}
