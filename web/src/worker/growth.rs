//! The image that growth is measured against: asked of the gateway, and of its layers those read that the image that
//! is shown does not have.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use futures::channel::oneshot;
use onionskin_core::digest::Digest;
use onionskin_core::layer::LayerIndex;
use onionskin_core::platform::Platform;
use onionskin_core::rules::{Against, GrowthContents, GrowthLimits};
use onionskin_core::source::{Image, Layer, Locator};
use onionskin_core::stack::{Stack, StackError};
use wasm_bindgen_futures::spawn_local;
use web_sys::DedicatedWorkerGlobalScope;

use super::audit;
use super::image_worker::ImageWorker;
use super::origin::{Job, Origin, ReadMode};
use super::other_image::OtherImage;
use super::pool::{Outcome, Pool};
use super::port;
use super::protocol::{Comparing, Event, Message, UserError};
use super::registries::Registries;

type Shared = Rc<RefCell<ImageWorker>>;

/// Begins to read the other image, where the rules need one and the findings of this one are there. Other rules, or
/// none, end it.
pub(crate) fn begin(worker: &Shared, scope: &DedicatedWorkerGlobalScope) {
    let wanted = {
        let mut worker = worker.borrow_mut();
        let wanted = worker.growth();
        if wanted.is_some() {
            worker.other = OtherImage::Coming;
        }
        wanted
    };
    let Some((limits, platform)) = wanted else {
        return;
    };
    let round = worker.borrow().round;
    let reading = Reading {
        worker: Rc::clone(worker),
        scope: scope.clone(),
        round,
        reference: limits.against.clone().unwrap_or_default(),
    };
    reading.tell(0, None);
    spawn_local(async move {
        let other = match reading.read(&limits, platform.as_ref()).await {
            Ok(against) => OtherImage::Read(against),
            Err(reason) => OtherImage::Missing(reason),
        };
        reading.settle(other).await;
    });
}

/// The other image while it is read.
#[derive(Clone)]
struct Reading {
    worker: Shared,
    scope: DedicatedWorkerGlobalScope,
    /// Of how many rules files this is one.
    round: u32,
    /// What the rules call it.
    reference: String,
}

impl Reading {
    /// Whether the rules that asked for it still hold.
    fn holds(&self) -> bool {
        self.worker.borrow().round == self.round
    }

    fn tell(&self, received: u64, whole: Option<u64>) {
        let comparing = Comparing {
            reference: self.reference.clone(),
            received,
            whole,
        };
        let event = Event::Comparing(Some(comparing));
        port::tell(&self.scope, &Message::Event(event));
    }

    async fn settle(&self, other: OtherImage) {
        if !self.holds() {
            return;
        }
        {
            let mut worker = self.worker.borrow_mut();
            worker.other = other;
            worker.comparing = None;
        }
        let audited = audit::run(&self.worker).await;
        if !self.holds() {
            return;
        }
        for event in [Some(Event::Comparing(None)), audited]
            .into_iter()
            .flatten()
        {
            port::tell(&self.scope, &Message::Event(event));
        }
    }

    async fn read(
        &self,
        limits: &GrowthLimits,
        platform: Option<&Platform>,
    ) -> Result<Against, String> {
        let name = &self.reference;
        if name.is_empty() {
            return Err(
                "the rules do not name the image to compare with; set `against`".to_owned(),
            );
        }
        if !matches!(name.parse(), Ok(Locator::Registry(_))) {
            return Err(format!(
                "{name} is not an image in a registry; this page compares only with those"
            ));
        }
        let failed = |problem: UserError| format!("{name}: {}", problem.detail);
        let registries = Registries::find().await.map_err(failed)?;
        let (place, answer) = registries
            .ask(name, false, platform)
            .await
            .map_err(failed)?;
        let image = answer.map_err(|error| failed(UserError::of_image(&error)))?;
        let mut layers = BTreeMap::new();
        if limits.need_sizes() || limits.need_contents() {
            let unread = Against::unread(&image, &self.worker.borrow().main.stack);
            layers = self.layers(unread, &place).await?;
        }
        let worker = self.worker.borrow();
        let here = &worker.main.stack;
        let read = |layer: &Layer| layers.get(&layer.number).map(|index| index.size);
        let mut against = Against::of(&image, here, read);
        if limits.need_contents() {
            let other =
                stacked(&image, here, &layers).map_err(|error| format!("{name}: {error}"))?;
            against.contents = other.and_then(|other| GrowthContents::of_whole(limits, &other));
        }
        // As the command tells it: only where a rule asks for it.
        against.size = against.size.filter(|_| limits.need_sizes());
        Ok(against)
    }

    /// Layers by their numbers; those that nobody has are left out.
    async fn layers(
        &self,
        layers: Vec<Layer>,
        place: &super::registries::RegistryImage,
    ) -> Result<BTreeMap<usize, Arc<LayerIndex>>, String> {
        if layers.is_empty() || !self.holds() {
            return Ok(BTreeMap::new());
        }
        let whole: Option<u64> = layers.iter().map(|layer| layer.compressed_size).sum();
        let open = Cell::new(layers.len());
        let received: RefCell<BTreeMap<u32, u64>> = RefCell::default();
        let read: RefCell<BTreeMap<usize, Arc<LayerIndex>>> = RefCell::default();
        let (done, all) = oneshot::channel();
        let done = RefCell::new(Some(done));
        let reading = self.clone();
        let hear = move |outcome| {
            let mut failed = None;
            match outcome {
                Outcome::Progress(layer, bytes) => {
                    received.borrow_mut().insert(layer, bytes);
                    let received = received.borrow().values().sum();
                    return reading.tell(received, whole);
                }
                Outcome::Decoded(layer, index) => {
                    read.borrow_mut().insert(layer as usize, index);
                }
                Outcome::NotFetched(..) | Outcome::Listed(..) => {}
                Outcome::Unlisted(..) => return,
                Outcome::Failed(layer, problem) => {
                    failed = Some(format!(
                        "{}, layer {layer}: {}",
                        reading.reference, problem.detail
                    ));
                }
            }
            open.set(open.get().saturating_sub(1));
            let outcome = match failed {
                Some(reason) => Err(reason),
                None if open.get() == 0 => Ok(read.take()),
                None => return,
            };
            if let Some(done) = done.take() {
                // Nobody waits where other rules came.
                let _ = done.send(outcome);
            }
        };
        let job = |layer| Job {
            layer,
            origin: Origin::Registry(place.clone()),
            how: ReadMode::Whole,
        };
        let pool = Pool::start(layers.into_iter().map(job).collect(), None, hear);
        self.worker.borrow_mut().comparing = Some(pool);
        all.await
            .unwrap_or_else(|_| Err("other rules came".to_owned()))
    }
}

/// The layers of another image, stacked: those that this image has too, and those that were read. None where one is
/// missing.
fn stacked(
    image: &Image,
    here: &Stack,
    read: &BTreeMap<usize, Arc<LayerIndex>>,
) -> Result<Option<Stack>, StackError> {
    let known: BTreeMap<&Digest, &Arc<LayerIndex>> = (1..)
        .zip(here.layers())
        .filter(|(number, _)| !here.not_fetched().contains_key(number))
        .map(|(_, index)| (&index.diff_id, index))
        .collect();
    let mut stack = Stack::new();
    for layer in &image.layers {
        let shared = layer.diff_id.as_ref().and_then(|id| known.get(id).copied());
        let Some(index) = read.get(&layer.number).or(shared) else {
            return Ok(None);
        };
        stack.push(Arc::clone(index))?;
    }
    Ok(Some(stack))
}

impl ImageWorker {
    /// The limits of growth that want for another image, and its platform.
    pub(crate) fn growth(&self) -> Option<(GrowthLimits, Option<Platform>)> {
        let wanted = self.rules.growth.are_set()
            && matches!(self.other, OtherImage::Unasked)
            && self.waste.is_some()
            && self.main.stack.depth() == self.image.as_ref()?.layers.len();
        wanted.then(|| (self.rules.growth.clone(), self.platform.clone()))
    }
}
