//! Layers that hold nothing, and are stored, listed and downloaded all the same.

use super::gather::Group;
use super::{Finding, Kind, Subject};
use crate::stack::NodeId;

/// What finds them.
pub(super) const RULE: &str = "empty-layer";

/// One for each, in no order; steps of the history that made no layer are none.
pub(super) fn of(subject: &Subject<'_>) -> Vec<Finding> {
    let layers = (1..).zip(subject.stack.layers());
    let unread = subject.stack.not_fetched();
    let empty = layers.filter(|(layer, index)| index.is_empty() && !unread.contains_key(layer));
    empty
        .map(|(layer, _)| {
            let mut group = Group::new(NodeId::ROOT);
            group.touch(layer);
            let advice = format!(
                "Layer {layer} is empty: remove the step that changes no file, or combine it with the next RUN"
            );
            Finding {
                compressed: subject.ledger.layer_cost(subject.stack, layer),
                ..group.told(subject.stack, Kind::Empty, RULE, advice)
            }
        })
        .collect()
}
