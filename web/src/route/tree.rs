//! What of the layers the tree and the map show: the filesystem at a layer, or what layers changed.

use super::image::ImageRoute;
use super::view::View;
use crate::worker::protocol::{ChangeKind, Changes, Showing};

impl ImageRoute {
    /// Whether it shows what layers changed.
    pub(crate) fn is_of_changes(&self) -> bool {
        match self.view {
            View::Changes => true,
            View::Map => self.map.changes,
            _ => false,
        }
    }

    /// Whether a tree or a map is shown that can have paths of this kind.
    pub(crate) fn can_show(&self, kind: ChangeKind) -> bool {
        let never = match self.is_of_changes() {
            true => ChangeKind::Unchanged,
            false => ChangeKind::Added,
        };
        self.view.shows_details() && kind != never
    }

    /// What the tree and the map show of a layer.
    pub(crate) fn showing(&self, layer: u32) -> Showing {
        let first = self.from.unwrap_or(layer).min(layer);
        Showing {
            layer,
            changes_from: self.is_of_changes().then_some(first),
            hidden: self.hidden,
            hidden_changes: Changes::default(),
            sort: self.sort,
            find: self.find.clone(),
        }
    }

    /// The filesystem, or what layers changed: as a map where that is shown, else as a tree.
    pub(crate) fn of_changes(&self, changes: bool) -> Self {
        if self.view == View::Map {
            let mut route = self.clone();
            route.map.changes = changes;
            return route;
        }
        self.in_view(match changes {
            true => View::Changes,
            false => View::Stack,
        })
    }

    /// What a tab or its key leads to: the view with what was looked for in it last, and from a map of changes the tree of
    /// the same.
    pub(crate) fn in_tab(&self, view: View) -> Self {
        let view = match view {
            View::Stack if self.view == View::Map && self.map.changes => View::Changes,
            view => view,
        };
        let mut route = self.in_view(view);
        route.find = route.finds.of(view).to_owned();
        route
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::route::Route;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn at(place: &str) -> ImageRoute {
        let (Route::Image(route), remarks) = Route::parse(&format!("#/image/a{place}")) else {
            panic!("no image")
        };
        assert_eq!(remarks, [] as [String; 0], "{place}");
        route
    }

    #[test]
    fn tree_and_map_show_the_same() {
        for (tree, map) in [
            ("?find=x&hide=deleted", "?view=map&find=x&hide=deleted"),
            ("?layer=3&view=changes", "?layer=3&view=map&of=changes"),
            ("?view=changes", "?view=map&of=changes"),
            (
                "?layer=5&from=3&view=changes&path=/a",
                "?layer=5&from=3&view=map&path=/a&of=changes",
            ),
        ] {
            let (of_tree, of_map) = (at(tree), at(map));
            assert_eq!(
                of_tree.in_tab(View::Map).to_fragment(),
                of_map.to_fragment()
            );
            assert_eq!(
                of_map.in_tab(View::Stack).to_fragment(),
                of_tree.to_fragment()
            );
            assert_eq!(of_tree.showing(7), of_map.showing(7));
        }
        let range = at("?layer=5&from=3&view=map&of=changes");
        assert_eq!(range.showing(5).changes_from, Some(3));
        assert_eq!(at("?layer=5&view=map&from=3").showing(5).changes_from, None);
    }

    #[test]
    fn the_switch_of_the_layers_stays_on_the_map() {
        let map = at("?layer=3&view=map&zoom=/usr");
        let changes = map.of_changes(true);
        let fragment = "#/image/a?layer=3&view=map&zoom=/usr&of=changes";
        assert_eq!(changes.to_fragment(), fragment);
        assert_eq!(changes.of_changes(false), map);
        let tree = at("?layer=3").of_changes(true);
        assert_eq!(tree.to_fragment(), "#/image/a?layer=3&view=changes");
    }

    #[test]
    fn a_map_of_changes_is_none_after_another_view() {
        let map = at("?layer=5&from=3&view=map&of=changes");
        for view in [View::Waste, View::Config] {
            let back = map.in_tab(view).in_tab(View::Map);
            assert_eq!(back.to_fragment(), "#/image/a?layer=5&view=map");
        }
        // A content leads back to it.
        let content = map.in_view(View::Content);
        assert_eq!(content.back_to_files().to_fragment(), map.to_fragment());
    }
}
