//! Where the keys and the wheel lead on the map.

use crate::worker::protocol::MapFacts;
use crate::worker::protocol::MapPart;

/// Where a key of the keyboard leads.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Toward {
    Left,
    Right,
    Up,
    Down,
}

/// The folder above a path.
pub(super) fn above(path: &[u8]) -> Vec<u8> {
    let slash = path.iter().rposition(|byte| *byte == b'/').unwrap_or(0);
    path.get(..slash.max(1)).unwrap_or(b"/").to_vec()
}

/// The part of the first level that a path is in.
pub(super) fn outermost<'f>(shown: &'f MapFacts, path: &[u8]) -> Option<&'f MapPart> {
    let mut parts = shown
        .parts
        .iter()
        .filter(|part| part.depth == 0 && part.folder);
    parts.find(|part| {
        let rest = path.strip_prefix(part.path.as_slice());
        rest.is_some_and(|rest| rest.is_empty() || rest.first() == Some(&b'/'))
    })
}

/// The nearest part in a direction that is no opened folder; without a part to start from, the first.
pub(super) fn next(parts: &[MapPart], from: Option<usize>, toward: Toward) -> Option<usize> {
    let closed = parts.iter().enumerate().filter(|(_, part)| !part.open);
    let Some(start) = from.and_then(|from| parts.get(from)) else {
        return closed.map(|(at, _)| at).next();
    };
    let middle = |part: &MapPart| (part.x + part.width / 2.0, part.y + part.height / 2.0);
    let (x, y) = middle(start);
    let away = |part: &MapPart| {
        let (to_x, to_y) = middle(part);
        let in_row = (part.y..part.y + part.height).contains(&y);
        let in_column = (part.x..part.x + part.width).contains(&x);
        let (ahead, beside, is_ahead) = match toward {
            Toward::Left => (x - to_x, y - to_y, in_row),
            Toward::Right => (to_x - x, y - to_y, in_row),
            Toward::Up => (y - to_y, x - to_x, in_column),
            Toward::Down => (to_y - y, x - to_x, in_column),
        };
        // A folder of an icicle lies straight ahead of what is in it, however far its middle is.
        let beside = if is_ahead { 0.0 } else { beside.abs() };
        (ahead > 0.5).then_some(ahead + 2.0 * beside)
    };
    let distances = closed.filter_map(|(at, part)| Some((at, away(part)?)));
    let nearest = distances.min_by(|(_, a), (_, b)| a.total_cmp(b));
    nearest.map(|(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::worker::protocol::{FileType, Shade};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn part(x: f32, y: f32, open: bool) -> MapPart {
        MapPart {
            path: b"/a".to_vec(),
            depth: 0,
            x,
            y,
            width: 10.0,
            height: 10.0,
            value: 1,
            folder: open,
            open,
            head: 18.0,
            shade: Shade::Stored {
                cause: None,
                layer: 1,
                kind: FileType::Other,
                package: None,
            },
        }
    }

    #[test]
    fn keys_lead_to_the_nearest_part() {
        let parts = [
            part(0.0, 0.0, true),
            part(0.0, 0.0, false),
            part(20.0, 0.0, false),
            part(20.0, 20.0, false),
        ];
        assert_eq!(next(&parts, None, Toward::Left), Some(1));
        assert_eq!(next(&parts, Some(1), Toward::Right), Some(2));
        assert_eq!(next(&parts, Some(2), Toward::Down), Some(3));
        assert_eq!(next(&parts, Some(3), Toward::Up), Some(2));
        assert_eq!(next(&parts, Some(1), Toward::Left), None);
    }

    #[test]
    fn keys_lead_from_what_is_in_a_folder_of_an_icicle_to_it() {
        let folder = MapPart {
            height: 100.0,
            ..part(0.0, 0.0, false)
        };
        let parts = [folder, part(0.0, 100.0, false), part(10.0, 90.0, false)];
        assert_eq!(next(&parts, Some(2), Toward::Left), Some(0));
        assert_eq!(next(&parts, Some(0), Toward::Right), Some(2));
        assert_eq!(next(&parts, Some(0), Toward::Down), Some(1));
    }

    #[test]
    fn the_folder_above_ends_at_the_root() {
        assert_eq!(above(b"/usr/lib"), b"/usr");
        assert_eq!(above(b"/usr"), b"/");
        assert_eq!(above(b"/"), b"/");
    }
}
