//! The part of an address that says which findings are seen.
//!
//! `…?view=waste&path=/app/testdata&find=app&kind=deleted&of=3&sort=compressed&page=2&finding=deleted.3&without=1,4`
//!
//! A finding is named by its kind, the layer at which the tree shows it, its rule, and its number among those that are
//! alike in all this and the path; what it does not have is left out.

use crate::format::visible_text;
use crate::worker::protocol::{FindingName, Kind, Order};

/// Which findings are seen, and the one that is selected, whose path is the address's own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct WastePlace {
    /// Only those of this kind.
    pub(crate) kind: Option<Kind>,
    /// Only those of this layer.
    pub(crate) of: Option<u32>,
    pub(crate) order: Order,
    /// From 1; none is that of the selected finding, or the first.
    pub(crate) page: Option<u32>,
    pub(crate) finding: Option<FindingName>,
    /// The numbers of the findings that the image is weighed without, ascending.
    pub(crate) without: Vec<u32>,
}

/// The orders and their names; the first is not written.
pub(crate) const ORDERS: [(Order, &str, &str); 5] = [
    (Order::Size, "size", "size"),
    (Order::Compressed, "compressed", "share of the download"),
    (Order::Kind, "kind", "kind"),
    (Order::Layer, "layer", "layer"),
    (Order::Path, "path", "path"),
];

/// The order of this name.
pub(crate) fn order(name: &str) -> Option<Order> {
    ORDERS
        .iter()
        .find(|(_, known, _)| *known == name)
        .map(|(order, ..)| *order)
}

impl WastePlace {
    /// What the address says of it.
    pub(crate) fn pairs(&self) -> Vec<(&'static str, String)> {
        let order = ORDERS
            .iter()
            .skip(1)
            .find(|(order, ..)| *order == self.order)
            .map(|(_, name, _)| (*name).to_owned());
        [
            ("kind", self.kind.map(|kind| kind.name().to_owned())),
            ("of", self.of.map(|layer| layer.to_string())),
            ("sort", order),
            ("page", self.page.map(|page| page.to_string())),
            ("finding", self.finding.as_ref().map(written)),
            ("without", self.weighed()),
        ]
        .into_iter()
        .filter_map(|(key, value)| Some((key, value?)))
        .collect()
    }

    /// Whether it is about findings of security and configuration; None where it is about all of a list.
    pub(crate) fn is_of_checks(&self) -> Option<bool> {
        let named = self.finding.as_ref().map(|name| name.kind);
        named.or(self.kind).map(Kind::is_risk)
    }

    fn weighed(&self) -> Option<String> {
        let numbers: Vec<String> = self.without.iter().map(u32::to_string).collect();
        Some(numbers.join(",")).filter(|numbers| !numbers.is_empty())
    }

    /// Takes one pair in.
    pub(crate) fn set(&mut self, key: &str, value: &str) -> Result<(), String> {
        let shown = visible_text(value);
        match key {
            "kind" => {
                let unknown = || format!("There is no kind of finding called “{shown}”.");
                self.kind = Some(kind(value).ok_or_else(unknown)?);
            }
            "of" => {
                let wrong = || format!("“{shown}” is not a layer; layers are numbered from 1.");
                self.of = Some(number(value).ok_or_else(wrong)?);
            }
            "page" => {
                let wrong = || format!("“{shown}” is not a page; pages are numbered from 1.");
                self.page = Some(number(value).ok_or_else(wrong)?);
            }
            "without" => {
                let wrong = || format!("“{shown}” is not a list of numbers of findings.");
                let mut numbers: Vec<u32> = value
                    .split(',')
                    .map(number)
                    .collect::<Option<_>>()
                    .ok_or_else(wrong)?;
                numbers.sort_unstable();
                numbers.dedup();
                self.without = numbers;
            }
            _ => {
                let unknown = || format!("“{shown}” is not the name of a finding.");
                self.finding = Some(read(value).ok_or_else(unknown)?);
            }
        }
        Ok(())
    }
}

/// A finding as an address names it: `KIND[.LAYER][.RULE][~NTH]`.
fn written(name: &FindingName) -> String {
    let layer = name.layer.map(|layer| layer.to_string());
    let parts = [
        Some(name.kind.name()),
        layer.as_deref(),
        name.rule.as_deref(),
    ];
    let text = parts.into_iter().flatten().collect::<Vec<_>>().join(".");
    match name.nth {
        1 => text,
        nth => format!("{text}~{nth}"),
    }
}

/// Reads what [`written`] wrote.
fn read(text: &str) -> Option<FindingName> {
    let (text, nth) = match text.rsplit_once('~') {
        Some((text, nth)) => (text, number(nth)?),
        None => (text, 1),
    };
    let (name, rest) = text.split_once('.').unwrap_or((text, ""));
    let (layer, rule) = match rest.split_once('.') {
        Some((layer, rule)) if number(layer).is_some() => (number(layer), rule),
        _ if number(rest).is_some() => (number(rest), ""),
        _ => (None, rest),
    };
    Some(FindingName {
        kind: kind(name)?,
        layer,
        rule: Some(rule.to_owned()).filter(|rule| !rule.is_empty()),
        nth,
    })
}

/// A number of those that count from 1.
fn number(text: &str) -> Option<u32> {
    text.parse().ok().filter(|number| *number > 0)
}

/// The kind of this name.
fn kind(name: &str) -> Option<Kind> {
    Kind::ALL.into_iter().find(|kind| kind.name() == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::route::{ImageRoute, Route, View};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn route(waste: WastePlace) -> Route {
        Route::Image(ImageRoute {
            view: View::Waste,
            path: Some(b"/app/a b".to_vec()),
            find: "app".to_owned(),
            waste,
            ..ImageRoute::of("demo/webapp:1.0")
        })
    }

    #[test]
    fn what_is_seen_of_the_findings_survives_the_address() {
        for ((order, ..), (layer, rule, nth)) in ORDERS.into_iter().zip([
            (Some(12), None, 1),
            (Some(12), Some("apt-lists"), 3),
            (None, Some("runs-as-root"), 1),
            (None, None, 2),
            (Some(1), Some("a & b.12.c"), 1),
        ]) {
            let route = route(WastePlace {
                kind: Some(Kind::Deleted),
                of: Some(3),
                order,
                page: Some(2),
                finding: Some(FindingName {
                    kind: Kind::Leftover,
                    layer,
                    rule: rule.map(str::to_owned),
                    nth,
                }),
                without: vec![1, 12],
            });
            let fragment = route.to_fragment();
            assert_eq!(Route::parse(&fragment), (route, Vec::new()), "{fragment}");
        }
        let plain = route(WastePlace::default()).to_fragment();
        assert!(
            plain.ends_with("?view=waste&path=/app/a%20b&find=app"),
            "{plain}"
        );
    }

    #[test]
    fn findings_that_moved_to_the_checks_are_found_by_old_links() {
        for (query, view) in [
            ("view=waste&kind=secret", View::Checks),
            (
                "view=waste&path=/app/.env&finding=secret.3.env-file",
                View::Checks,
            ),
            ("finding=config.runs-as-root&view=waste", View::Checks),
            ("view=waste&kind=deleted", View::Waste),
            ("view=checks&kind=deleted", View::Waste),
            ("view=checks", View::Checks),
            ("view=waste", View::Waste),
        ] {
            let (Route::Image(route), remarks) = Route::parse(&format!("#/image/a?{query}")) else {
                panic!("no image")
            };
            assert_eq!((route.view, remarks), (view, Vec::new()), "{query}");
        }
    }

    #[test]
    fn what_means_nothing_is_told() {
        let (route, remarks) = Route::parse(
            "#/image/a?view=waste&kind=dusty&of=0&page=x&finding=dusty.1&sort=colour&without=1,x",
        );
        assert_eq!(remarks.len(), 6, "{remarks:?}");
        let Route::Image(route) = route else {
            panic!("no image")
        };
        assert_eq!(route.waste, WastePlace::default());
    }
}
