//! What was looked for in each view, for whoever comes back to it. It is no part of an address: a link says what is shown.

use super::view::View;

/// The queries of views; the tree, the map and contents have one together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Finds {
    files: String,
    waste: String,
    checks: String,
    packages: String,
}

/// The searches that are remembered apart.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Search {
    Files,
    Waste,
    Checks,
    Packages,
}

/// The search of a view; none of a view without one.
fn search(view: View) -> Option<Search> {
    match view {
        View::Waste => Some(Search::Waste),
        View::Checks => Some(Search::Checks),
        View::Packages => Some(Search::Packages),
        view if view.is_of_files() => Some(Search::Files),
        _ => None,
    }
}

/// Whether the same is looked for in both views.
pub(super) fn is_shared(one: View, other: View) -> bool {
    search(one) == search(other)
}

impl Finds {
    /// Remembers what is looked for in a view.
    pub(super) fn keep(&mut self, view: View, find: &str) {
        let kept = match search(view) {
            Some(Search::Files) => &mut self.files,
            Some(Search::Waste) => &mut self.waste,
            Some(Search::Checks) => &mut self.checks,
            Some(Search::Packages) => &mut self.packages,
            None => return,
        };
        find.clone_into(kept);
    }

    /// What was looked for in a view last.
    pub(super) fn of(&self, view: View) -> &str {
        match search(view) {
            Some(Search::Files) => &self.files,
            Some(Search::Waste) => &self.waste,
            Some(Search::Checks) => &self.checks,
            Some(Search::Packages) => &self.packages,
            None => "",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::route::{ImageRoute, Route};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn at(fragment: &str) -> ImageRoute {
        let (Route::Image(route), _) = Route::parse(fragment) else {
            panic!("no image")
        };
        route
    }

    #[test]
    fn tabs_lead_back_to_what_was_looked_for() {
        let mut waste = at("#/image/a?layer=2&view=changes&find=so").in_tab(View::Waste);
        assert_eq!(waste.find, "");
        waste.find = "npm".to_owned();
        let config = waste.in_tab(View::Config);
        assert_eq!(config.to_fragment(), "#/image/a?layer=2&view=config");
        for (view, find) in [
            (View::Stack, "so"),
            (View::Map, "so"),
            (View::Waste, "npm"),
            (View::Checks, ""),
            (View::Packages, ""),
        ] {
            assert_eq!(config.in_tab(view).find, find, "{view:?}");
        }
        // A content has no search of its own.
        let content = config.in_tab(View::Waste).in_view(View::Content);
        assert_eq!(content.in_tab(View::Stack).find, "so");
        assert_eq!(content.in_tab(View::Waste).find, "npm");
        // What leads to one path leads there past any query.
        assert_eq!(config.in_view(View::Stack).find, "");
        // What was cleared stays so.
        let mut cleared = config.in_tab(View::Waste);
        cleared.find.clear();
        assert_eq!(cleared.in_tab(View::Map).in_tab(View::Waste).find, "");
    }

    #[test]
    fn another_address_of_an_image_forgets_no_query() {
        let files = at("#/image/a?find=so");
        let mut linked = at("#/image/a?view=waste");
        linked.remember(&files);
        assert_eq!(linked.to_fragment(), "#/image/a?view=waste");
        assert_eq!(linked.in_tab(View::Stack).find, "so");
        let mut other = at("#/image/b?view=waste");
        other.remember(&files);
        assert_eq!(other.in_tab(View::Stack).find, "");
    }
}
