//! Keys of the map: parts are walked, and folders fill it and are left.

use thirtyfour::Key;

use super::{COMPARED, Case, IMAGE, case, key};

/// The map, as the page has it once it is drawn.
const MAP: &str = "#map[data-parts]:not([data-parts='0'])";
/// Whether the keyboard is on a part of the map.
const ON_PART: &str = "document.querySelector('#map-told').textContent.startsWith('/')";

/// Whether a folder fills the map.
fn zoomed(folder: &str) -> String {
    format!("document.querySelector('#map').dataset.zoom === '{folder}'")
}

/// Parts of the map are walked, and folders of it fill it.
pub(super) fn in_the_map() -> Vec<Case> {
    let (up, down) = (key(Key::Up), key(Key::Down));
    let (left, right) = (key(Key::Left), key(Key::Right));
    let in_root = zoomed("/");
    let in_folder = format!("!({in_root})");
    let mapped = format!("{IMAGE}?view=map");
    let arrows = [&right, &down, &left, &up].map(|key| (key.as_str(), ON_PART));
    let mut cases = vec![
        case("← ↑ ↓ →", &mapped, MAP, &arrows),
        // The first of an icicle is the largest folder.
        case(
            "Enter",
            &format!("{mapped}&layout=icicle"),
            MAP,
            &[(&right, ON_PART), (&key(Key::Enter), &in_folder)],
        ),
    ];
    for place in [&mapped, &format!("{COMPARED}?view=map&area=all")] {
        cases.push(case("+", place, MAP, &[("+", &in_folder)]));
        let escape = key(Key::Escape);
        let steps = [("+", &*in_folder), (&*escape, &*in_root)];
        cases.push(case("- Backspace Esc", place, MAP, &steps));
    }
    cases
}

/// A folder that fills the map is left for the one above it.
pub(super) fn out_of_the_map() -> [Case; 5] {
    let (left, right) = (key(Key::Left), key(Key::Right));
    let in_root = zoomed("/");
    let mapped = format!("{IMAGE}?view=map");
    [
        case(
            "- Backspace Esc",
            &format!("{mapped}&zoom=/app/node_modules"),
            MAP,
            &[
                ("-", &zoomed("/app")),
                (&key(Key::Backspace), &in_root),
                // What the keyboard is on is a file of the root, in no folder that could fill the map.
                (&right, ON_PART),
                ("+", &in_root),
                (&left, ON_PART),
            ],
        ),
        // What is selected is closed first, and the keyboard stays on the map.
        case(
            "- Backspace Esc",
            &format!("{mapped}&zoom=/app&path=/app/package.json"),
            MAP,
            &[
                (
                    &key(Key::Escape),
                    "!location.hash.includes('path=') && document.activeElement.id === 'map'",
                ),
                (&key(Key::Escape), &in_root),
            ],
        ),
        // So does it where it was on a folder above the map, whose name goes.
        case(
            "- Backspace Esc",
            &format!("{mapped}&zoom=/app/node_modules"),
            ".map-crumbs button:nth-of-type(3)",
            &[(
                &key(Key::Escape),
                &format!("{} && document.activeElement.id === 'map'", zoomed("/app")),
            )],
        ),
        // What is looked for is not in the folder of the address: the way out begins at the folder that is shown.
        out_of_hidden(&mapped),
        out_of_hidden(&format!("{COMPARED}?view=map")),
    ]
}

/// Out of a map whose address names a folder that is not drawn.
fn out_of_hidden(map: &str) -> Case {
    let hidden = format!("{map}&zoom=/app/node_modules&find=app/src/");
    case(
        "- Backspace Esc",
        &hidden,
        MAP,
        &[(&key(Key::Escape), &zoomed("/"))],
    )
}
