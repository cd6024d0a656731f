//! A Dockerfile from its first line to its last, with the layers that its instructions made.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Dockerfile, Line, Matched};

/// A Dockerfile beside an image.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layered {
    /// All of its lines, in their order.
    pub passages: Vec<Passage>,
    /// Layers that no line made, as far as they are not the base image's; from 1.
    pub without_line: Vec<usize>,
}

/// Lines that belong together: an instruction, or what stands between two.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passage {
    /// From 1.
    pub first: usize,
    /// From 1.
    pub last: usize,
    /// What these lines made.
    pub made: Made,
}

/// What lines of a Dockerfile made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Made {
    /// Nothing of the image: comments, blank lines, and stages that it was not built from.
    Nothing,
    /// A step of the build history that has no layer.
    Step,
    /// These layers, the first and the last, from 1: several where they came with the base image.
    Layers(usize, usize),
    /// A step that the image's build history does not have: it was built from another file, or the step was not recorded.
    NotFound,
}

impl Dockerfile {
    /// Its lines, with what they made of an image of `depth` layers whose history, as [`super::lines`] has it, is `history`.
    #[must_use]
    pub fn beside(&self, history: &[Line], depth: usize) -> Layered {
        let matched = self.find(history);
        let below = base_layers(history, &matched, depth);
        let made = made(&matched, below);
        let mut passages = Vec::new();
        let mut next = 1;
        let between = |passages: &mut Vec<Passage>, next: usize, end: usize| {
            if next < end {
                passages.push(Passage {
                    first: next,
                    last: end - 1,
                    made: Made::Nothing,
                });
            }
        };
        for (first, last) in &self.instructions {
            between(&mut passages, next, *first);
            passages.push(Passage {
                first: *first,
                last: *last,
                made: made.get(first).copied().unwrap_or(Made::Nothing),
            });
            next = last + 1;
        }
        between(&mut passages, next, self.lines + 1);
        let without_line = (below + 1..=depth).filter(|layer| !matched.layers.contains_key(layer));
        Layered {
            passages,
            without_line: without_line.collect(),
        }
    }
}

/// How many layers came with the base image: those that are known to, else those before the first that a line made.
fn base_layers(history: &[Line], matched: &Matched, depth: usize) -> usize {
    let known = history.iter().filter(|line| line.of_base);
    let known = known.filter_map(|line| line.layer).max();
    let first = matched.layers.keys().next();
    match (known, first) {
        (Some(known), _) => known,
        (None, Some(first)) => first - 1,
        // Nothing is known of a file of which no step is found.
        (None, None) if matched.steps.is_empty() => 0,
        (None, None) => depth,
    }
}

/// What is made, by the line that an instruction begins in.
fn made(matched: &Matched, below: usize) -> BTreeMap<usize, Made> {
    let mut made: BTreeMap<usize, Made> = BTreeMap::new();
    made.extend(matched.not_found.iter().map(|line| (*line, Made::NotFound)));
    made.extend(matched.steps.values().map(|line| (*line, Made::Step)));
    let layers = matched.layers.iter();
    made.extend(layers.map(|(layer, line)| (*line, Made::Layers(*layer, *layer))));
    if below > 0 && !matched.steps.is_empty() {
        made.insert(matched.stage, Made::Layers(1, below));
    }
    made
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dockerfile::lines;
    use crate::manifest::{Config, Step};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const FILE: &str = "\
# syntax=docker/dockerfile:1
FROM golang AS build
RUN go build

FROM debian:12
ENV A=1
# the tools
RUN apt-get update \\
    # a comment within
    && apt-get install -y curl

# comments
COPY --from=build /app /app
RUN never built
CMD [\"/app\"]
";

    fn history(steps: &[(&str, bool)]) -> Config {
        Config {
            history: steps
                .iter()
                .map(|(command, layer)| Step {
                    created_by: Some((*command).to_owned()),
                    empty_layer: !layer,
                    ..Step::default()
                })
                .collect(),
            ..Config::default()
        }
    }

    fn told(steps: &[(&str, bool)], depth: usize) -> Layered {
        let file = Dockerfile::parse(FILE).unwrap();
        file.beside(&lines(&history(steps), depth, None), depth)
    }

    #[test]
    fn every_line_is_there_once_with_what_it_made() {
        let layered = told(
            &[
                ("ADD rootfs.tar / # buildkit", true),
                ("CMD [\"bash\"]", false),
                ("ENV A=1", false),
                (
                    "RUN /bin/sh -c apt-get update     && apt-get install -y curl # buildkit",
                    true,
                ),
                ("RUN /bin/sh -c echo of another file # buildkit", true),
                ("COPY /app /app # buildkit", true),
                ("CMD [\"/app\"]", false),
            ],
            4,
        );
        let told: Vec<_> = layered
            .passages
            .iter()
            .map(|passage| (passage.first, passage.last, passage.made))
            .collect();
        assert_eq!(
            told,
            [
                (1, 1, Made::Nothing),
                (2, 2, Made::Nothing),
                (3, 3, Made::Nothing),
                (4, 4, Made::Nothing),
                (5, 5, Made::Layers(1, 1)),
                (6, 6, Made::Step),
                (7, 7, Made::Nothing),
                (8, 10, Made::Layers(2, 2)),
                (11, 12, Made::Nothing),
                (13, 13, Made::Layers(4, 4)),
                (14, 14, Made::NotFound),
                (15, 15, Made::Step),
            ]
        );
        assert_eq!(layered.without_line, [3]);
    }

    #[test]
    fn of_another_image_every_layer_is_without_a_line() {
        let layered = told(&[("RUN one", true), ("RUN two", true)], 2);
        assert_eq!(layered.without_line, [1, 2]);
        let made = layered.passages.iter().map(|passage| passage.made);
        assert!(
            made.into_iter()
                .all(|made| matches!(made, Made::Nothing | Made::NotFound))
        );
    }
}
