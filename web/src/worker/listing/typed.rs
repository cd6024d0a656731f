//! Which row is meant by the beginning of its name.

use crate::worker::protocol::TypeAhead;

/// The row of `total` rows that is asked for; `has` tells of a row whether its name is one that begins so.
pub(crate) fn row_named(
    asked: &TypeAhead,
    total: u32,
    has: impl Fn(u32, &dyn Fn(&[u8]) -> bool) -> bool,
) -> Option<u32> {
    let first = asked.after.map_or(0, |row| row.saturating_add(1));
    let first = first.min(total);
    let begins = |name: &[u8]| begins(name, &asked.prefix);
    let found = || {
        let rows = (first..total).chain(0..first);
        rows.filter(|row| has(*row, &begins))
    };
    let skip = asked.skip as usize;
    // Whoever passes over all of them begins again.
    found().nth(skip).or_else(|| {
        let skip = skip.checked_rem(found().count())?;
        found().nth(skip)
    })
}

fn begins(name: &[u8], prefix: &str) -> bool {
    match prefix.is_ascii() {
        true => {
            let begin = name.get(..prefix.len());
            begin.is_some_and(|begin| begin.eq_ignore_ascii_case(prefix.as_bytes()))
        }
        false => {
            let name = String::from_utf8_lossy(name).to_lowercase();
            name.starts_with(prefix)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn the_next_name_that_begins_so_is_found_whatever_its_case() {
        let names = ["etc", "bin", "Boot", "büro", "\u{5d0}\u{5d1}", "b"];
        let row = |prefix: &str, after: Option<u32>, skip: u32| {
            let asked = TypeAhead {
                prefix: prefix.to_owned(),
                after,
                skip,
            };
            row_named(&asked, names.len() as u32, |row, begins| {
                begins(names[row as usize].as_bytes())
            })
        };
        assert_eq!(row("b", None, 0), Some(1));
        assert_eq!(row("b", Some(1), 0), Some(2));
        assert_eq!(row("bo", Some(1), 0), Some(2));
        assert_eq!(row("bü", Some(1), 0), Some(3));
        assert_eq!(row("BÜ".to_lowercase().as_str(), None, 0), Some(3));
        assert_eq!(row("\u{5d0}", None, 0), Some(4));
        // After the last row comes the first, and whoever is there stays.
        assert_eq!(row("b", Some(5), 0), Some(1));
        assert_eq!(row("etc", Some(0), 0), Some(0));
        assert_eq!(row("b", Some(1), 1), Some(3));
        assert_eq!(row("b", Some(1), 4), Some(2));
        assert_eq!(row("x", Some(1), 3), None);
        assert_eq!(row("b", Some(u32::MAX), 0), Some(1));
    }
}
