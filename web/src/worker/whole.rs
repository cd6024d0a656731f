//! Layers that are wanted all together: a pool reads them, and what came of each is stacked.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::sync::Arc;

use futures::channel::oneshot;
use onionskin_core::layer::LayerIndex;
use onionskin_core::source::{Image, NotFetched};
use onionskin_core::stack::Stack;
use web_sys::Blob;

use super::origin::Job;
use super::pool::{Outcome, Pool};
use super::protocol::UserError;
use crate::counts::number;

/// What came of a layer.
#[derive(Clone)]
pub(crate) enum LayerResult {
    Read(Arc<LayerIndex>),
    NotFetched(NotFetched),
    Failed(UserError),
}

/// What is heard of a layer while it is read.
pub(crate) enum LayerProgress {
    /// So many bytes of its blob are here.
    Received(u64),
    Ended,
}

/// What came of layers, by their numbers.
pub(crate) type Layers = BTreeMap<u32, LayerResult>;

/// Reads layers, all of `file` where there is one; `hear` is told of each. One that fails ends the reading.
pub(crate) async fn read(
    jobs: Vec<Job>,
    file: Option<Blob>,
    hear: impl Fn(u32, LayerProgress) + 'static,
) -> Layers {
    if jobs.is_empty() {
        return Layers::new();
    }
    let open = Cell::new(jobs.len());
    let got: RefCell<Layers> = RefCell::default();
    let (done, all) = oneshot::channel();
    let done = RefCell::new(Some(done));
    let take = move |outcome| {
        let (layer, came) = match outcome {
            Outcome::Progress(layer, bytes) => return hear(layer, LayerProgress::Received(bytes)),
            Outcome::Decoded(layer, index) => (layer, LayerResult::Read(index)),
            Outcome::NotFetched(layer, reason) => (layer, LayerResult::NotFetched(reason)),
            Outcome::Failed(layer, problem) => (layer, LayerResult::Failed(problem)),
            // All is read.
            Outcome::Unlisted(..) => return,
            Outcome::Listed(layer, _) => (layer, LayerResult::Failed(UserError::of_worker(layer))),
        };
        hear(layer, LayerProgress::Ended);
        let failed = matches!(came, LayerResult::Failed(_));
        got.borrow_mut().insert(layer, came);
        open.set(open.get().saturating_sub(1));
        if (failed || open.get() == 0)
            && let Some(done) = done.take()
        {
            // Whoever asked may be gone.
            let _ = done.send(got.take());
        }
    };
    let pool = Pool::start(jobs, file, take);
    let layers = all.await.unwrap_or_default();
    pool.stop();
    layers
}

/// The first layer that could not be read.
pub(crate) fn first_problem(layers: &Layers) -> Option<UserError> {
    layers.values().find_map(|got| match got {
        LayerResult::Failed(problem) => Some(problem.clone()),
        _ => None,
    })
}

/// Puts the layers of an image on each other.
pub(crate) fn stacked(image: &Image, layers: &mut Layers) -> Result<Stack, UserError> {
    let mut stack = Stack::new();
    for layer in &image.layers {
        let layer = number(layer.number);
        let pushed = match layers.remove(&layer) {
            Some(LayerResult::Read(index)) => stack.push(index),
            Some(LayerResult::NotFetched(reason)) => stack.push_not_fetched(reason),
            Some(LayerResult::Failed(problem)) => return Err(problem),
            None => return Err(UserError::of_worker(layer)),
        };
        pushed.map_err(|error| UserError::of_stack(layer, &error))?;
    }
    Ok(stack)
}
