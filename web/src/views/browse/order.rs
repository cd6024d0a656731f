//! The order of tags: by name, as people count versions; by date; by size. What is not known stands last.

use std::cmp::Ordering;

use crate::route::{TagColumn, TagSort};
use crate::worker::protocol::TagFacts;

/// Sorts names. `facts` tells what is known of a tag.
pub(super) fn sort<'t>(
    names: &mut [&'t String],
    sort: TagSort,
    facts: impl Fn(&'t String) -> Option<&'t TagFacts>,
) {
    let turned = |order: Ordering| match sort.reversed {
        true => order.reverse(),
        false => order,
    };
    names.sort_by(|a, b| {
        let known = match sort.column {
            TagColumn::Name => return turned(natural(a, b)),
            TagColumn::Created => {
                let of = |name| facts(name).and_then(|facts| facts.created.as_deref());
                first_known(of(a), of(b), |a, b| turned(b.cmp(a)))
            }
            TagColumn::Size => {
                let of = |name| facts(name).and_then(|facts| facts.size);
                first_known(of(a), of(b), |a, b| turned(b.cmp(&a)))
            }
        };
        known.then_with(|| natural(a, b))
    });
}

fn first_known<T>(a: Option<T>, b: Option<T>, order: impl Fn(T, T) -> Ordering) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) => order(a, b),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => Ordering::Equal,
    }
}

/// Compares texts so that numbers in them count as numbers: 1.9 stands before 1.27.
pub(super) fn natural(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a.as_bytes(), b.as_bytes());
    loop {
        let (digits, others) = (number(left), number(right));
        let order = match (digits, others) {
            (Some((a, rest_a)), Some((b, rest_b))) => {
                (left, right) = (rest_a, rest_b);
                // Without zeros in front, the longer number is the larger one.
                a.len().cmp(&b.len()).then_with(|| a.cmp(b))
            }
            _ => match (left.split_first(), right.split_first()) {
                (Some((a, rest_a)), Some((b, rest_b))) => {
                    (left, right) = (rest_a, rest_b);
                    a.cmp(b)
                }
                (Some(_), None) => Ordering::Greater,
                (None, Some(_)) => Ordering::Less,
                // 1.01 and 1.1 are the same numbers.
                (None, None) => return a.cmp(b),
            },
        };
        if order.is_ne() {
            return order;
        }
    }
}

/// The number that a text begins with, without zeros in front, and what follows.
fn number(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = text.split_at_checked(end).filter(|_| end > 0)?;
    let zeros = digits.iter().take_while(|byte| **byte == b'0').count();
    Some((digits.get(zeros..).unwrap_or_default(), rest))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn names(of: &[&str]) -> Vec<String> {
        of.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn versions_are_counted_as_people_do() {
        let sorted = names(&[
            "1.2",
            "1.9",
            "1.9.1",
            "1.9.10",
            "1.27",
            "1.27-alpine",
            "1.27.0",
            "2.01",
            "2.1",
            "99999999999999999999999",
            "100000000000000000000000",
            "latest",
            "v1.9",
            "v1.10",
        ]);
        let mut shuffled: Vec<&String> = sorted.iter().rev().collect();
        shuffled.swap(2, 9);
        let by_name = TagSort::default();
        sort(&mut shuffled, by_name, |_| None);
        assert_eq!(shuffled, sorted.iter().collect::<Vec<_>>());
    }

    #[test]
    fn what_is_not_known_stands_last_in_both_directions() {
        let facts = |created: &str, size| TagFacts {
            created: Some(created.to_owned()),
            size: Some(size),
            ..TagFacts::default()
        };
        let known = HashMap::from([
            ("a".to_owned(), facts("2024-01-01T00:00:00Z", 30)),
            ("b".to_owned(), facts("2025-01-01T00:00:00Z", 10)),
        ]);
        let all = names(&["c", "a", "b"]);
        for (column, reversed, expected) in [
            (TagColumn::Created, false, ["b", "a", "c"]),
            (TagColumn::Created, true, ["a", "b", "c"]),
            (TagColumn::Size, false, ["a", "b", "c"]),
            (TagColumn::Size, true, ["b", "a", "c"]),
        ] {
            let mut sorted: Vec<&String> = all.iter().collect();
            sort(&mut sorted, TagSort { column, reversed }, |name| {
                known.get(name)
            });
            assert_eq!(sorted, expected, "{column:?} {reversed}");
        }
    }
}
