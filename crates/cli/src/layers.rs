//! Which of an image's layers a command is about (`--layer` and `--stack`), and which of them were read.

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::{bail, ensure};
use onionskin_core::digest::Digest;
use onionskin_core::layer::LayerIndex;
use onionskin_core::source::{Image, Layer};
use onionskin_core::stack::Stack;

/// The flags of commands that look at a stack or at one layer.
#[derive(clap::Args)]
pub(crate) struct LayerArguments {
    /// Only what layer N itself contains; layers are numbered from 1, the base
    #[arg(long, value_name = "N", conflicts_with = "stack")]
    layer: Option<usize>,

    /// The filesystem up to layer N [default: all layers]
    #[arg(long, value_name = "N")]
    stack: Option<usize>,
}

/// What of an image is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// One layer by itself.
    Layer(usize),
    /// The layers up to this one.
    Stack(usize),
}

impl LayerArguments {
    /// What is wanted of `image`, which has to have it.
    pub(crate) fn of(&self, image: &Image) -> anyhow::Result<Wanted> {
        let depth = image.layers.len();
        match (self.layer, self.stack) {
            (Some(number), _) => {
                ensure!(
                    (1..=depth).contains(&number),
                    "--layer {number}: {}",
                    has(depth)
                );
                Ok(Wanted::Layer(number))
            }
            (None, Some(last)) if last > depth => bail!("--stack {last}: {}", has(depth)),
            (None, last) => Ok(Wanted::Stack(last.unwrap_or(depth))),
        }
    }
}

impl Wanted {
    /// The layers that have to be decoded for it.
    pub(crate) fn decoded(self, image: &Image) -> &[Layer] {
        let range = match self {
            Self::Layer(number) => number.saturating_sub(1)..number,
            Self::Stack(last) => 0..last,
        };
        image.layers.get(range).unwrap_or_default()
    }

    /// Layers below the first of those.
    pub(crate) const fn below(self) -> usize {
        match self {
            Self::Layer(number) => number.saturating_sub(1),
            Self::Stack(_) => 0,
        }
    }

    /// The flag that asks for a layer, with a space before it, in commands that messages suggest.
    pub(crate) fn flag(self) -> String {
        match self {
            Self::Layer(number) => format!(" --layer {number}"),
            Self::Stack(_) => String::new(),
        }
    }

    /// Its name in messages.
    pub(crate) fn name(self) -> String {
        match self {
            Self::Layer(number) => format!("layer {number}"),
            Self::Stack(last) => format!("the filesystem up to layer {last}"),
        }
    }
}

fn has(depth: usize) -> String {
    match depth {
        1 => "the image has one layer, number 1".to_owned(),
        _ => format!("the image has {depth} layers, numbered from 1"),
    }
}

/// The layers of a stack that are not available, and why, for messages; `None` where all are.
pub(crate) fn not_fetched(stack: &Stack) -> Option<String> {
    let layers = stack.not_fetched().iter();
    let told: Vec<String> = layers
        .map(|(layer, reason)| format!("layer {layer}, which is not available ({reason})"))
        .collect();
    (!told.is_empty()).then(|| told.join(" and "))
}

/// The layers of a stack that were read, by the digests of their blobs: another image may list them too.
pub(crate) fn known_layers(stack: &Stack) -> HashMap<&Digest, &Arc<LayerIndex>> {
    (1..)
        .zip(stack.layers())
        .filter(|(number, _)| !stack.not_fetched().contains_key(number))
        .map(|(_, index)| (&index.digest, index))
        .collect()
}
