//! The address of a comparison: `#/compare/OLD...NEW`, each side as the command takes it: a reference, or `./FILE`.

use super::{InFile, REFERENCE, VALUE, encoded, in_registry, page, pinned};
use crate::source::Image;

/// What stands between both sides.
pub const PARTS: &str = "...";
/// What the name of a file begins with; no reference begins so.
pub const FILE: &str = "./";

/// One side of a comparison.
#[derive(Clone, Copy, Debug)]
pub struct ComparedSide<'a> {
    /// The image.
    pub image: &'a Image,
    /// The file that it is in, where it is in one.
    pub file: Option<InFile<'a>>,
    /// The layer whose stack is compared, where that is not the last.
    pub stack: Option<usize>,
}

/// The address at which the page compares two images, each pinned where its digest is known. `base` is where the page
/// lives. None where nothing leads to one of them.
#[must_use]
pub fn comparison(base: &str, old: ComparedSide<'_>, new: ComparedSide<'_>) -> Option<String> {
    let (old_name, new_name) = (name(&old)?, name(&new)?);
    let platform = |side: &ComparedSide<'_>| side.image.platform.as_ref().map(ToString::to_string);
    let stack = |side: &ComparedSide<'_>| side.stack.map(|layer| layer.to_string());
    let image = |side: &ComparedSide<'_>| match in_registry(side.image, side.file) {
        Some(_) => None,
        None => side.file?.image.map(str::to_owned),
    };
    let mut query = Vec::new();
    let mut of_both = |key: &str, old: Option<String>, new: Option<String>| {
        let pair = |key: &str, value: &str| format!("{key}={}", encoded(value.as_bytes(), VALUE));
        match (old, new) {
            (Some(old), Some(new)) if old == new => query.push(pair(key, &old)),
            (old, new) => query.extend(
                [("old", old), ("new", new)]
                    .into_iter()
                    .filter_map(|(side, value)| Some(pair(&format!("{side}-{key}"), &value?))),
            ),
        }
    };
    of_both("image", image(&old), image(&new));
    of_both("platform", platform(&old), platform(&new));
    of_both("stack", stack(&old), stack(&new));
    let mut address = format!(
        "{}#/compare/{}{PARTS}{}",
        page(base),
        side(&old_name),
        side(&new_name)
    );
    if !query.is_empty() {
        address.push('?');
        address.push_str(&query.join("&"));
    }
    Some(address)
}

/// What the address calls a side.
fn name(side: &ComparedSide<'_>) -> Option<String> {
    match in_registry(side.image, side.file) {
        Some(reference) => Some(pinned(&reference, side.image.digest.as_ref())),
        None => side.file.map(|file| format!("{FILE}{}", file.name)),
    }
}

/// A side as the address has it: dots that could be taken for those between both sides are encoded.
#[must_use]
pub fn side(name: &str) -> String {
    let text = encoded(name.as_bytes(), REFERENCE).replace("..", "%2E%2E");
    match text.strip_suffix('.') {
        Some(start) => format!("{start}%2E"),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use percent_encoding::percent_decode_str;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Whatever the sides are called, both are found again.
        #[test]
        fn sides_are_told_apart(old in "(\\./)?[a-c.%/?#&]{0,9}", new in "(\\./)?[a-c.%/?#&]{0,9}") {
            let address = format!("{}{PARTS}{}", side(&old), side(&new));
            prop_assert!(!address.contains(['?', '#', '&']));
            let (before, after) = address.split_once(PARTS).unwrap();
            let read = |text: &str| percent_decode_str(text).decode_utf8().unwrap().into_owned();
            prop_assert_eq!((read(before), read(after)), (old, new));
        }
    }
}
