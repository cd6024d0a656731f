//! Stacks of any layers: few names, so that entries meet, and every sort of entry.

use onionskin_core::stack::Stack;
use onionskin_fixtures::{Layer, bytes};

use crate::invariants;
use crate::layer::decoded;

/// Layers at most, so that one input does not take all the time.
const LAYERS: usize = 12;

/// The sums hold for layers whose entries three bytes each choose: what it is, where, and of what or to where.
pub(crate) fn stack(data: &[u8]) {
    let mut stack = Stack::new();
    for layer in layers(data) {
        let index = decoded(&layer.tar(), &[usize::MAX]).expect("a layer of our own making");
        invariants::of_index(&index);
        stack.push(index).expect("a small layer");
    }
    invariants::of_stack(&stack);
}

fn layers(data: &[u8]) -> Vec<Layer> {
    let mut layers = vec![Layer::new()];
    for entry in data.chunks_exact(3) {
        let [kind, place, other] = *entry else {
            continue;
        };
        if kind & 0x0f == 0x0f {
            layers.push(Layer::new());
        }
        if layers.len() > LAYERS {
            break;
        }
        let layer = layers.pop().unwrap_or_default();
        let (path, target) = (path(place), path(other));
        layers.push(match kind >> 4 {
            0..=4 => layer.file(path, bytes(usize::from(other & 3))),
            5..=6 => layer.dir(path).mode(u32::from(other)),
            7 => layer.symlink(path, target),
            8 => layer.symlink(path, target.trim_start_matches('/')),
            9..=10 => layer.hardlink(path, target),
            11..=12 => layer.whiteout(path),
            13 => layer.opaque(path),
            14 => layer.sparse(path, 4096, &[(512, &b"data"[..])]),
            _ => layer.char_device(path, 1, u32::from(other)),
        });
    }
    layers
}

/// One to four names, each of four.
fn path(byte: u8) -> String {
    let depth = usize::from(byte >> 6) + 1;
    let names =
        (0..depth).map(|at| ["a", "b", "-x", ".."][usize::from(byte >> (2 * at).min(6) & 3)]);
    names.fold(String::new(), |path, name| path + "/" + name)
}
