//! What was looked for in each view of a comparison, for whoever comes back to it. It is no part of an address: a link says
//! what is shown.

use super::CompareView;

/// The queries of views; the tree and the map have one together, and others than the packages have none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ComparedFinds {
    paths: String,
    packages: String,
}

impl ComparedFinds {
    /// Remembers what is looked for in a view.
    pub(super) fn keep(&mut self, view: CompareView, find: &str) {
        match view {
            CompareView::Packages => find.clone_into(&mut self.packages),
            view if view.is_of_paths() => find.clone_into(&mut self.paths),
            _ => {}
        }
    }

    /// What was looked for in a view last.
    pub(super) fn of(&self, view: CompareView) -> &str {
        match view {
            CompareView::Packages => &self.packages,
            view if view.is_of_paths() => &self.paths,
            _ => "",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::route::Route;
    use crate::route::comparison::CompareRoute;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn at(fragment: &str) -> CompareRoute {
        let (Route::Compare(route), _) = Route::parse(fragment) else {
            panic!("no comparison")
        };
        route
    }

    #[test]
    fn tabs_lead_back_to_what_was_looked_for() {
        let mut packages = at("#/compare/a...b?find=so").in_view(CompareView::Packages);
        assert_eq!(packages.find, "");
        packages.find = "libc".to_owned();
        let config = packages.in_view(CompareView::Config);
        let fragment = Route::Compare(config.clone()).to_fragment();
        assert_eq!(fragment, "#/compare/a...b?view=config");
        for (view, find) in [
            (CompareView::Files, "so"),
            (CompareView::Map, "so"),
            (CompareView::Packages, "libc"),
            (CompareView::Layers, ""),
        ] {
            assert_eq!(config.in_view(view).find, find, "{view:?}");
        }
        // What was cleared stays so.
        let mut cleared = config.in_view(CompareView::Map);
        cleared.find.clear();
        let back = cleared.in_view(CompareView::Packages);
        assert_eq!(back.in_view(CompareView::Files).find, "");
    }

    #[test]
    fn a_step_back_forgets_no_query_and_other_images_have_none() {
        let files = at("#/compare/a...b?find=so");
        for (fragment, find) in [
            ("#/compare/a...b?view=config", "so"),
            ("#/compare/a...c?view=config", ""),
        ] {
            let mut back = at(fragment);
            back.remember(&files);
            assert_eq!(back.in_view(CompareView::Files).find, find, "{fragment}");
        }
    }
}
