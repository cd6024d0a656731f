//! Drawing the map on a canvas.

use wasm_bindgen::JsCast;
use web_sys::{CanvasRenderingContext2d, Element, HtmlCanvasElement};

use crate::format;
use crate::parts::mark;
use crate::route::map::Color;
use crate::worker::protocol::{Growth, MapFacts, MapPart, Shade};

/// How many colours layers have; then they begin again.
pub(super) const LAYER_COLORS: u32 = 12;
/// How many packages, of the largest, have a colour of their own.
pub(super) const PACKAGE_COLORS: u32 = 11;
/// The colours of what the others have, and of what none has.
pub(super) const OTHER_PACKAGES: &str = "other-packages";
pub(super) const NO_PACKAGE: &str = "no-package";
/// How strongly a rectangle is filled with its colour, so that text on it can be read.
const FILL: f64 = 0.38;
/// The least room for a name, in pixels.
const NAMED: (f32, f32) = (30.0, 15.0);

/// What is drawn beside the rectangles.
pub(super) struct Marks<'a> {
    pub(super) selected: Option<&'a [u8]>,
    pub(super) under: Option<usize>,
}

/// Names the colour of a part in the legend.
pub(super) fn color(part: &MapPart, by: Color) -> String {
    match (part.shade, by) {
        (Shade::Compared { growth, .. }, _) => growth.told().1.to_owned(),
        (Shade::Stored { cause, .. }, Color::Cause) => {
            cause.map_or("live", |cause| cause.name()).to_owned()
        }
        (Shade::Stored { layer, .. }, Color::Layer) => {
            format!("layer-{}", layer.saturating_sub(1) % LAYER_COLORS)
        }
        (Shade::Stored { kind, .. }, Color::Type) => kind.name().to_owned(),
        (Shade::Stored { package, .. }, Color::Package) => match package {
            Some(package) if package < PACKAGE_COLORS => format!("package-{package}"),
            Some(_) => OTHER_PACKAGES.to_owned(),
            None => NO_PACKAGE.to_owned(),
        },
    }
}

/// A colour of the style sheet, as the legend has it.
struct Palette {
    legend: Option<Element>,
    known: std::collections::HashMap<String, String>,
}

impl Palette {
    fn color(&mut self, name: String) -> String {
        if let Some(color) = self.known.get(&name) {
            return color.clone();
        }
        let swatch = self.legend.as_ref().and_then(|legend| {
            let swatch = legend.query_selector(&format!("[data-color='{name}']"));
            swatch.ok().flatten()
        });
        let color = swatch.map(|swatch| style(&swatch, "background-color"));
        let color = color.unwrap_or_else(|| "gray".to_owned());
        self.known.insert(name, color.clone());
        color
    }
}

fn style(element: &Element, property: &str) -> String {
    let style = gloo::utils::window()
        .get_computed_style(element)
        .ok()
        .flatten();
    style
        .and_then(|style| style.get_property_value(property).ok())
        .unwrap_or_default()
}

/// Draws a map; nothing where the browser has no canvas.
pub(super) fn paint(
    canvas: &HtmlCanvasElement,
    legend: Option<Element>,
    facts: &MapFacts,
    by: Color,
    marks: &Marks<'_>,
) {
    let context = canvas.get_context("2d").ok().flatten();
    let Some(context) = context.and_then(|context| context.dyn_into().ok()) else {
        return;
    };
    let context: CanvasRenderingContext2d = context;
    let scale = gloo::utils::window().device_pixel_ratio().clamp(1.0, 3.0);
    let (width, height) = (canvas.client_width(), canvas.client_height());
    let pixels = |side: i32| (f64::from(side) * scale).round() as u32;
    if (canvas.width(), canvas.height()) != (pixels(width), pixels(height)) {
        canvas.set_width(pixels(width));
        canvas.set_height(pixels(height));
    }
    // A transformation of numbers is always taken.
    let _ = context.set_transform(scale, 0.0, 0.0, scale, 0.0, 0.0);
    let (text, panel, line, accent) = (
        style(canvas, "color"),
        style(canvas, "background-color"),
        style(canvas, "border-top-color"),
        style(canvas, "caret-color"),
    );
    let mut palette = Palette {
        legend,
        known: std::collections::HashMap::new(),
    };
    context.set_fill_style_str(&panel);
    context.fill_rect(0.0, 0.0, f64::from(width), f64::from(height));
    context.set_font(&format!("12px {}", style(canvas, "font-family")));
    context.set_text_baseline("middle");
    context.set_line_width(1.0);
    for part in &facts.parts {
        let (x, y) = (f64::from(part.x), f64::from(part.y));
        let (w, h) = (f64::from(part.width), f64::from(part.height));
        if part.open {
            context.set_fill_style_str(&panel);
            context.fill_rect(x, y, w, h);
            context.set_stroke_style_str(&line);
        } else {
            let color = palette.color(color(part, by));
            context.set_global_alpha(FILL);
            context.set_fill_style_str(&color);
            context.fill_rect(x, y, w, h);
            context.set_global_alpha(1.0);
            context.set_stroke_style_str(if w > 6.0 && h > 6.0 { &color } else { &panel });
        }
        context.stroke_rect(x + 0.5, y + 0.5, (w - 1.0).max(0.0), (h - 1.0).max(0.0));
        let has_room = !part.open || part.head >= NAMED.1;
        if has_room && part.width >= NAMED.0 && part.height >= NAMED.1 {
            context.set_fill_style_str(&text);
            name(&context, part, by);
        }
    }
    let frame = |part: &MapPart, width: f64| {
        context.set_stroke_style_str(&accent);
        context.set_line_width(width);
        let edge = width / 2.0;
        context.stroke_rect(
            f64::from(part.x) + edge,
            f64::from(part.y) + edge,
            (f64::from(part.width) - width).max(0.0),
            (f64::from(part.height) - width).max(0.0),
        );
    };
    if let Some(part) = marks.under.and_then(|at| facts.parts.get(at)) {
        frame(part, 2.0);
    }
    if let Some(part) = marks.selected.and_then(|path| holder(facts, path)) {
        frame(part, 3.0);
    }
}

/// The part of a path, or the smallest that it is in.
pub(in crate::views) fn holder<'f>(facts: &'f MapFacts, path: &[u8]) -> Option<&'f MapPart> {
    let holds = |part: &&MapPart| {
        let rest = (!part.path.is_empty())
            .then(|| path.strip_prefix(part.path.as_slice()))
            .flatten();
        rest.is_some_and(|rest| rest.is_empty() || rest.first() == Some(&b'/'))
    };
    facts
        .parts
        .iter()
        .filter(holds)
        .max_by_key(|part| part.depth)
}

/// The smallest part at a place.
pub(super) fn part_at(facts: &MapFacts, x: f32, y: f32) -> Option<usize> {
    facts.parts.iter().rposition(|part| {
        (part.x..part.x + part.width).contains(&x) && (part.y..part.y + part.height).contains(&y)
    })
}

/// The sign of what the colour of a part means.
fn letter(part: &MapPart, by: Color) -> Option<&'static str> {
    match part.shade {
        Shade::Compared { growth, .. } => Some(growth.told().0),
        Shade::Stored { cause, .. } => cause.filter(|_| by == Color::Cause).map(mark::letter),
    }
}

/// What a part is called.
pub(in crate::views) fn called(part: &MapPart) -> String {
    match (part.path.is_empty(), part.shade) {
        (false, _) => format::visible(format::file_name(&part.path)),
        (
            true,
            Shade::Compared {
                growth: Growth::Same,
                ..
            },
        ) => "unchanged files".to_owned(),
        (true, _) => "smaller files".to_owned(),
    }
}

/// Writes a part's name where it has room, cut where it has not, with the letter of its cause.
fn name(context: &CanvasRenderingContext2d, part: &MapPart, by: Color) {
    let letter = letter(part, by).filter(|_| !part.open);
    let letter = letter.map(|letter| format!("{letter} "));
    let slash = if part.folder { "/" } else { "" };
    let label = format!("{}{}{slash}", letter.unwrap_or_default(), called(part));
    let room = f64::from(part.width) - 8.0;
    let x = f64::from(part.x) + 4.0;
    let y = f64::from(part.y) + 9.0;
    let Some(label) = fitting(context, &label, room) else {
        return;
    };
    // Text that cannot be drawn is missing; the line below the map has it.
    let _ = context.fill_text(&label, x, y);
    let size = match part.shade {
        Shade::Compared { growth, old, new } if growth != Growth::Same => format::change(old, new),
        _ => format::size(part.value),
    };
    let below = !part.open && part.height >= 32.0;
    if below && let Some(size) = fitting(context, &size, room) {
        let _ = context.fill_text(&size, x, y + 15.0);
    } else if part.open {
        let taken = width(context, &label);
        if room - taken > width(context, &size) + 8.0 {
            context.set_global_alpha(0.75);
            let _ = context.fill_text(&size, x + taken + 8.0, y);
            context.set_global_alpha(1.0);
        }
    }
}

fn width(context: &CanvasRenderingContext2d, text: &str) -> f64 {
    context
        .measure_text(text)
        .map_or(f64::MAX, |metrics| metrics.width())
}

/// As much of a text as there is room for; None where that is next to nothing.
fn fitting(context: &CanvasRenderingContext2d, text: &str, room: f64) -> Option<String> {
    // Longer names are cut before they are measured.
    let text: String = text.chars().take(200).collect();
    let whole = width(context, &text);
    if whole <= room {
        return Some(text);
    }
    let count = text.chars().count();
    let mut fits = ((room / whole) * count as f64) as usize;
    while fits > 2 {
        let cut: String = text.chars().take(fits - 1).chain(['…']).collect();
        if width(context, &cut) <= room {
            return Some(cut);
        }
        fits -= 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::worker::protocol::FileType;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn the_smallest_part_is_meant() {
        let part = |path: &str, depth, x, width| MapPart {
            path: path.as_bytes().to_vec(),
            depth,
            x,
            y: 0.0,
            width,
            height: 10.0,
            value: 1,
            folder: true,
            open: depth == 0,
            head: 18.0,
            shade: Shade::Stored {
                cause: None,
                layer: 1,
                kind: FileType::Other,
                package: None,
            },
        };
        let facts = MapFacts {
            parts: vec![
                part("/usr", 0, 0.0, 100.0),
                part("/opt", 0, 100.0, 20.0),
                part("/usr/lib", 1, 0.0, 60.0),
                part("", 1, 60.0, 40.0),
            ],
            ..MapFacts::default()
        };
        assert_eq!(part_at(&facts, 10.0, 5.0), Some(2));
        assert_eq!(part_at(&facts, 70.0, 5.0), Some(3));
        assert_eq!(part_at(&facts, 110.0, 5.0), Some(1));
        assert_eq!(part_at(&facts, 200.0, 5.0), None);
        let held = |path: &str| holder(&facts, path.as_bytes()).map(|part| part.path.clone());
        assert_eq!(held("/usr/lib/x").as_deref(), Some(&b"/usr/lib"[..]));
        assert_eq!(held("/usr/libexec").as_deref(), Some(&b"/usr"[..]));
        assert_eq!(held("/etc"), None);
    }
}
