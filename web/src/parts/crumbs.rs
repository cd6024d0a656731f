//! The way to a path: each folder above it leads there.

use yew::prelude::*;

use crate::format;
use crate::parts::copy::Copy;

/// What [`Crumbs`] shows.
#[derive(PartialEq, Properties)]
pub(crate) struct Props {
    pub(crate) path: Vec<u8>,
    /// A folder was chosen.
    pub(crate) on_folder: Callback<Vec<u8>>,
}

/// The folders above a path, and a button that copies the path.
#[component]
pub(crate) fn Crumbs(props: &Props) -> Html {
    html! {
        <nav class="crumbs mono" aria-label="Folders above">
            for above in folders(&props.path) {
                <button
                    type="button"
                    class="quiet"
                    onclick={
                        let above = above.clone();
                        props.on_folder.reform(move |_| above.clone())
                    }
                >
                    <bdi>{ format::visible(format::file_name(&above)) }</bdi>
                </button>
            }
            <Copy text={format::visible(&props.path)} what="path" />
        </nav>
    }
}

/// The folders above a path, the highest first, without the root.
fn folders(path: &[u8]) -> Vec<Vec<u8>> {
    let slashes = path.iter().enumerate().filter(|(_, byte)| **byte == b'/');
    let ends = slashes.map(|(at, _)| at).filter(|at| *at > 0);
    ends.filter_map(|at| path.get(..at).map(<[u8]>::to_vec))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn folders_are_those_above() {
        assert_eq!(
            folders(b"/usr/lib/x"),
            [b"/usr".to_vec(), b"/usr/lib".to_vec()]
        );
        assert!(folders(b"/usr").is_empty());
    }
}
