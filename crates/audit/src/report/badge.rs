//! A badge: one number of an image as a small picture (SVG) for a README, in the flat form that people know from shields.io.
//!
//! It has no script, no style sheet and no font of its own. Its text is also its accessible name.

use std::str::FromStr;

use maud::html;

use super::Visible;
use super::format::{percent, share, size};
use crate::inspection::Inspection;

/// Characters of a label or a value; what is longer is cut.
const LONGEST: usize = 60;
/// Pixels on each side of a text.
const GAP: usize = 6;

/// What a badge tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Metric {
    /// Bytes of all layers' tars.
    Size,
    /// Bytes of all layers' blobs.
    Download,
    /// File content that the final filesystem does not reach.
    #[default]
    Wasted,
    /// Used bytes as a share of all.
    Efficiency,
}

/// How good a number is, where it has a good and a bad end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Grade {
    Good,
    Fair,
    Poor,
    None,
}

impl Grade {
    /// From this wasted share on, a number is fair, and poor.
    const FAIR: f64 = 0.05;
    const POOR: f64 = 0.2;

    fn of(wasted_share: f64) -> Self {
        match wasted_share {
            share if share >= Self::POOR => Self::Poor,
            share if share >= Self::FAIR => Self::Fair,
            _ => Self::Good,
        }
    }

    /// White text on each has a contrast of 4.5 at least (WCAG 2.2, 1.4.3).
    const fn color(self) -> &'static str {
        match self {
            Self::Good => "#2f7d4f",
            Self::Fair => "#8a6500",
            Self::Poor => "#b23c17",
            Self::None => "#2b6a9e",
        }
    }
}

impl Metric {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Size, Self::Download, Self::Wasted, Self::Efficiency];

    /// Its name in flags and addresses.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Size => "size",
            Self::Download => "download",
            Self::Wasted => "wasted",
            Self::Efficiency => "efficiency",
        }
    }

    /// What it tells, for a list of all.
    #[must_use]
    pub const fn description(self) -> &'static str {
        match self {
            Self::Size => "Size of all layers, unpacked",
            Self::Download => "What a pull downloads",
            Self::Wasted => "Wasted bytes, and their share",
            Self::Efficiency => "Used bytes as a share of the stored bytes",
        }
    }

    const fn label(self) -> &'static str {
        match self {
            Self::Size => "image size",
            Self::Download => "download",
            Self::Wasted => "wasted",
            Self::Efficiency => "efficiency",
        }
    }
}

impl FromStr for Metric {
    type Err = UnknownMetric;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut all = Self::ALL.into_iter();
        all.find(|metric| metric.name() == text)
            .ok_or(UnknownMetric)
    }
}

/// A text that is no metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a metric is size, download, wasted or efficiency")]
pub struct UnknownMetric;

/// The numbers of an image that badges tell.
#[derive(Clone, Debug)]
pub struct BadgeNumbers {
    size: Option<u64>,
    download: Option<u64>,
    stored: u64,
    wasted: u64,
    efficiency: f64,
    /// Whether all layers were read: what one that was not wastes is in no sum.
    whole: bool,
}

impl BadgeNumbers {
    /// Those of this image.
    #[must_use]
    pub fn of(image: &Inspection) -> Self {
        Self {
            size: image.image.size,
            download: image.image.compressed_size,
            stored: image.bytes.stored,
            wasted: image.bytes.wasted,
            efficiency: image.efficiency,
            whole: (image.layers.iter()).all(|layer| layer.not_fetched.is_none()),
        }
    }

    /// The badge that tells one of them; `label` in place of the metric's own.
    #[must_use]
    pub fn badge(&self, metric: Metric, label: Option<&str>) -> String {
        let (value, grade) = self.value(metric);
        draw(label.unwrap_or(metric.label()), &value, grade)
    }

    fn value(&self, metric: Metric) -> (String, Grade) {
        let known = |bytes: Option<u64>| bytes.map_or_else(|| "not known".to_owned(), size);
        let not_known = || ("not known".to_owned(), Grade::None);
        let wasted = Grade::of(1.0 - self.efficiency);
        match metric {
            Metric::Size => (known(self.size), Grade::None),
            Metric::Download => (known(self.download), Grade::None),
            Metric::Wasted | Metric::Efficiency if !self.whole => not_known(),
            Metric::Wasted if self.wasted == 0 => ("0 B".to_owned(), wasted),
            Metric::Wasted => {
                let share = share(self.wasted, self.stored);
                (format!("{} ({share})", size(self.wasted)), wasted)
            }
            Metric::Efficiency => (percent(self.efficiency), wasted),
        }
    }
}

/// A badge that tells, in words, why there is no number.
#[must_use]
pub fn badge_without(metric: Metric, label: Option<&str>, why: &str) -> String {
    draw(label.unwrap_or(metric.label()), why, Grade::None)
}

fn draw(label: &str, value: &str, grade: Grade) -> String {
    let cut = |text: &str| -> String { Visible(text).to_string().chars().take(LONGEST).collect() };
    let (label, value) = (cut(label), cut(value));
    let (left, right) = (width(&label), width(&value));
    let (middle, whole) = (left + 2 * GAP, left + right + 4 * GAP);
    let name = format!("{label}: {value}");
    // A text is drawn over its shadow; its length is given, so that it fits whatever font there is.
    let text = |text: &str, start: usize, length: usize| {
        html! {
            text x=(start) y="15" fill="#010101" fill-opacity=".3" textLength=(length) { (text) }
            text x=(start) y="14" textLength=(length) { (text) }
        }
    };
    let svg = html! {
        svg xmlns="http://www.w3.org/2000/svg" width=(whole) height="20" role="img" aria-label=(name) {
            title { (name) }
            clipPath id="r" { rect width=(whole) height="20" rx="3" fill="#fff" {} }
            g clip-path="url(#r)" {
                rect width=(middle) height="20" fill="#555" {}
                rect x=(middle) width=(whole - middle) height="20" fill=(grade.color()) {}
            }
            g fill="#fff" font-family="Verdana,Geneva,DejaVu Sans,sans-serif" font-size="11" aria-hidden="true" {
                (text(&label, GAP, left))
                (text(&value, middle + GAP, right))
            }
        }
    };
    svg.into_string() + "\n"
}

/// Pixels of a text in Verdana at 11 pixels, roughly: narrow letters, wide ones, and the rest.
fn width(text: &str) -> usize {
    let tenths = text.chars().map(|c| match c {
        'i' | 'j' | 'l' | 'I' | '.' | ',' | ':' | ' ' | '\'' | '|' => 38,
        'f' | 'r' | 't' | '(' | ')' | '-' | '/' => 48,
        'm' | 'w' | 'M' | 'W' | '%' | '@' => 108,
        'A'..='Z' => 76,
        c if c.is_ascii() => 69,
        _ => 110,
    });
    (tenths.sum::<usize>() / 10).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_badge_is_one_element_with_a_name_whatever_its_text() {
        for label in [
            "download",
            "<script>alert(1)</script>",
            "\"'&]]>",
            "\u{202e}\u{1b}[2J",
            "",
        ] {
            let svg = draw(label, "31.4 MB", Grade::None);
            let read = roxmltree::Document::parse(&svg).unwrap();
            let root = read.root_element();
            let name = format!("{}: 31.4 MB", Visible(label));
            assert_eq!(root.attribute("aria-label"), Some(name.as_str()));
            let title = root.children().find(|node| node.has_tag_name("title"));
            let title = title.or_else(|| root.first_element_child()).unwrap();
            assert_eq!(title.text(), Some(name.as_str()));
            let known = ["svg", "title", "clipPath", "rect", "g", "text"];
            let elements = read.descendants().filter(|node| node.is_element());
            for element in elements {
                assert!(known.contains(&element.tag_name().name()), "{element:?}");
            }
        }
        assert!(draw(&"w".repeat(10_000), "1", Grade::Good).len() < 2_000);
    }

    #[test]
    fn the_colour_follows_the_wasted_share() {
        for (share, grade) in [
            (0.0, Grade::Good),
            (0.049, Grade::Good),
            (0.05, Grade::Fair),
            (0.2, Grade::Poor),
            (1.0, Grade::Poor),
        ] {
            assert_eq!(Grade::of(share), grade, "{share}");
        }
    }
}
