//! Opening an image: its documents, then all layers at once, stacked in order as they come.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use gloo::timers::callback::{Interval, Timeout};
use onionskin_core::platform::Platform;
use onionskin_core::source::{Layer, Source, SourceError};
use web_sys::DedicatedWorkerGlobalScope;

use super::image_worker::{ImageWorker, Reading};
use super::origin::{Job, LayerSource, Opened, Origin, ReadMode};
use super::pool::{Outcome, Pool};
use super::port;
use super::protocol::{DecodedLayer, Event, ImageFacts, Message, Open, Subject, UserError};
use super::registries::{Registries, repository};
use super::saved_reader::{self, SavedImage};
use super::whole::LayerResult;
use crate::counts::number;

/// Between two rounds of telling how far everything is, in milliseconds.
const PAUSE: u32 = 100;
/// Between two ledgers while layers come, in milliseconds: each is drawn up from the start.
const COUNT_PAUSE: f64 = 300.0;

type Shared = Rc<RefCell<ImageWorker>>;

/// The worker whose image is read, who is told of it, and what follows once no more layers come.
#[derive(Clone)]
pub(crate) struct ReadContext {
    pub(crate) worker: Shared,
    pub(crate) scope: DedicatedWorkerGlobalScope,
    pub(crate) finished: fn(&Shared, &DedicatedWorkerGlobalScope),
}

/// Opens an image and tells what happens until everything is there.
pub(crate) async fn open(context: ReadContext, wanted: Open) {
    let ReadContext { worker, scope, .. } = &context;
    let opened = match begin(worker, scope, &wanted).await {
        Ok(Some(opened)) => opened,
        // There is a choice to make first, or no image.
        Ok(None) => return,
        Err(problem) => return port::tell(scope, &Message::Event(Event::Failed(problem))),
    };
    worker.borrow_mut().subject = Some(wanted.subject);
    decode(&context, opened);
}

/// Stops to read layers. What is read stays.
pub(crate) fn stop(worker: &Shared) {
    let reading = worker.borrow().reading.clone();
    if let Some(reading) = reading {
        (reading.stop)();
    }
}

/// Reads the layers that are not read yet.
pub(crate) fn resume(context: &ReadContext) {
    let (layers, reading) = {
        let mut worker = context.worker.borrow_mut();
        let (Some(image), Some(reading)) = (worker.image.clone(), worker.reading.clone()) else {
            return;
        };
        if !worker.finished {
            return;
        }
        worker.reopen();
        let is_missing = |layer: &Layer| {
            let shown = number(layer.number);
            layer.number > worker.main.stack.depth()
                && !worker.waiting.contains_key(&shown)
                && !worker.not_fetched.contains_key(&shown)
        };
        let layers = image.layers.into_iter().filter(is_missing).collect();
        (layers, reading)
    };
    read(context, layers, reading.source, ReadMode::Table);
}

/// Reads layers that are listed from their tables of contents: this one, or all.
pub(crate) fn read_listed(context: &ReadContext, one: Option<u32>) {
    let (layers, reading) = {
        let mut worker = context.worker.borrow_mut();
        let (Some(image), Some(reading)) = (worker.image.clone(), worker.reading.clone()) else {
            return;
        };
        if !worker.finished {
            return;
        }
        let layers = worker.tables.want(&image.layers, one);
        if layers.is_empty() {
            return;
        }
        worker.finished = false;
        (layers, reading)
    };
    let numbers = layers.iter().map(|layer| number(layer.number)).collect();
    port::tell(&context.scope, &Message::Event(Event::Reading(numbers)));
    read(context, layers, reading.source, ReadMode::Whole);
}

async fn begin(
    worker: &Shared,
    scope: &DedicatedWorkerGlobalScope,
    wanted: &Open,
) -> Result<Option<Opened>, UserError> {
    let platform: Option<Platform> = match wanted.platform.as_deref().map(str::parse).transpose() {
        Ok(platform) => platform,
        Err(error) => return Err(UserError::of_platform(&error)),
    };
    worker.borrow_mut().platform.clone_from(&platform);
    match &wanted.subject {
        Subject::Reference(typed) => find(scope, typed, wanted.fresh, platform.as_ref()).await,
        Subject::Index(_) | Subject::File { .. } => {
            // It waited for what opens these (see `requests`).
            let open = saved_reader::reader()
                .ok_or_else(|| UserError::of_worker(0))?
                .open;
            let image = SavedImage {
                subject: wanted.subject.clone(),
                file: worker.borrow().file.clone(),
                kept: wanted.kept.clone(),
                platform,
            };
            open(scope.clone(), image).await
        }
    }
}

/// Looks where the image may be.
async fn find(
    scope: &DedicatedWorkerGlobalScope,
    typed: &str,
    fresh: bool,
    platform: Option<&Platform>,
) -> Result<Option<Opened>, UserError> {
    let registries = Registries::find().await?;
    match registries.ask(typed, fresh, platform).await? {
        (place, Ok(mut image)) => {
            let source = Source::Registry(place.documents()?);
            source.add_tables(&mut image).await;
            let reference = image.reference.clone();
            // Reports name an image as everybody can ask for it, and links need its registry.
            image.reference = registries.in_full(&place, &reference);
            Ok(Some(Opened {
                name: repository(&reference).to_owned(),
                reference,
                image,
                origin: Origin::Registry(place),
                file: None,
                analysis: None,
                top_documents: Vec::new(),
            }))
        }
        (_, Err(SourceError::Artifact(artifact))) => {
            port::tell(scope, &Message::Event(Event::Artifact(artifact)));
            Ok(None)
        }
        (_, Err(error)) => Err(UserError::of_image(&error)),
    }
}

/// Tells of the image and sets the decoders to work.
fn decode(context: &ReadContext, opened: Opened) {
    let image = opened.image;
    let facts = ImageFacts {
        reference: opened.reference,
        name: opened.name,
        image: image.clone(),
        analysis: opened.analysis,
        top_documents: opened.top_documents,
    };
    port::tell(
        &context.scope,
        &Message::Event(Event::Image(Box::new(facts))),
    );
    {
        let mut worker = context.worker.borrow_mut();
        worker.os = image.platform.as_ref().map(|platform| platform.os.clone());
        worker.image = Some(image.clone());
        worker.see_costs();
    }
    let source = LayerSource {
        origin: opened.origin,
        file: opened.file,
    };
    read(context, image.layers, source, ReadMode::Table);
}

/// Reads layers, and tells how far they are until all of them are here.
fn read(context: &ReadContext, layers: Vec<Layer>, source: LayerSource, how: ReadMode) {
    let progress = Rc::new(Progress {
        context: context.clone(),
        received: RefCell::default(),
        open_layers: Cell::new(layers.len()),
        grown: Cell::new(false),
        counted: Cell::new(0.0),
        ticks: RefCell::default(),
        stopped: Cell::new(false),
    });
    let stops = Rc::clone(&progress);
    context.worker.borrow_mut().reading = Some(Reading {
        source: source.clone(),
        stop: Rc::new(move || stops.stop()),
    });
    let job = |layer| Job {
        layer,
        origin: source.origin.clone(),
        how,
    };
    let jobs = layers.into_iter().map(job).collect();
    let hears = Rc::clone(&progress);
    let pool = Pool::start(jobs, source.file, move |outcome| hears.take(outcome));
    context.worker.borrow_mut().pool = Some(pool);
    progress.tick();
    if progress.open_layers.get() > 0 {
        let ticking = Rc::clone(&progress);
        let ticks = Interval::new(PAUSE, move || ticking.tick());
        progress.ticks.replace(Some(ticks));
    }
}

/// How far the layers are.
struct Progress {
    context: ReadContext,
    /// Bytes received by layer, where that changed since it was told.
    received: RefCell<BTreeMap<u32, u64>>,
    /// Layers of which nothing final is known yet.
    open_layers: Cell<usize>,
    /// The stack has layers that are not counted yet.
    grown: Cell<bool>,
    counted: Cell<f64>,
    ticks: RefCell<Option<Interval>>,
    stopped: Cell<bool>,
}

impl Progress {
    fn tell(&self, event: Event) {
        port::tell(&self.context.scope, &Message::Event(event));
    }

    fn take(&self, outcome: Outcome) {
        if self.stopped.get() {
            return;
        }
        match outcome {
            Outcome::Progress(layer, bytes) => {
                self.received.borrow_mut().insert(layer, bytes);
                return;
            }
            Outcome::Unlisted(layer, reason) => {
                return self.tell(Event::Unlisted { layer, reason });
            }
            Outcome::Listed(layer, table) => {
                let facts = DecodedLayer::of(table.index());
                self.tell(Event::Listed { layer, facts });
                {
                    let mut worker = self.context.worker.borrow_mut();
                    worker.waiting.insert(layer, Arc::clone(table.index()));
                    worker.tables.add(layer, table);
                    worker.see_costs();
                }
                self.grow();
            }
            Outcome::Decoded(layer, index) => {
                let differences = self
                    .context
                    .worker
                    .borrow()
                    .tables
                    .differences(layer, &index);
                if let Some(differences) = differences {
                    self.tell(Event::Differs { layer, differences });
                }
                let facts = DecodedLayer::of(&index);
                self.tell(Event::Decoded { layer, facts });
                self.settle(layer, LayerResult::Read(index));
            }
            Outcome::NotFetched(layer, reason) => {
                self.tell(Event::NotFetched { layer, reason });
                self.settle(layer, LayerResult::NotFetched(reason));
            }
            Outcome::Failed(layer, problem) => {
                self.tell(Event::Broken {
                    layer,
                    problem: problem.clone(),
                });
                self.settle(layer, LayerResult::Failed(problem));
            }
        }
        self.open_layers
            .set(self.open_layers.get().saturating_sub(1));
        if self.open_layers.get() == 0 {
            self.tick();
        }
    }

    /// Keeps what came of a layer: of one that was listed until the others are here.
    fn settle(&self, layer: u32, result: LayerResult) {
        {
            let mut worker = self.context.worker.borrow_mut();
            match worker.tables.take(layer, result) {
                Some(result) => worker.put(layer, result),
                None => return,
            }
        }
        self.grow();
    }

    /// Stacks what can be.
    fn grow(&self) {
        let grown = self.context.worker.borrow_mut().grow();
        match grown {
            Ok(grown) => self.grown.set(self.grown.get() || grown),
            Err((layer, problem)) => self.tell(Event::Broken { layer, problem }),
        }
    }

    /// Ends the reading: layers that are not here yet do not come.
    fn stop(&self) {
        if self.open_layers.get() == 0 || self.stopped.replace(true) {
            return;
        }
        let pool = self.context.worker.borrow_mut().pool.take();
        if let Some(pool) = pool {
            pool.stop();
        }
        self.tick();
    }

    /// Tells what gathered since the last time.
    fn tick(&self) {
        let received = std::mem::take(&mut *self.received.borrow_mut());
        if !received.is_empty() {
            self.tell(Event::Progress(received.into_iter().collect()));
        }
        let done = self.open_layers.get() == 0 || self.stopped.get();
        let of_listed = self.context.worker.borrow().tables.is_reading();
        if done && of_listed {
            let left = self.context.worker.borrow_mut().restack();
            for (layer, facts) in left {
                self.tell(Event::Listed { layer, facts });
            }
            self.grow();
            // Of a layer that could not be read, the stack has less than before.
            self.grown.set(true);
        }
        let now = js_sys::Date::now();
        if self.grown.get() && (done || now - self.counted.get() >= COUNT_PAUSE) {
            self.grown.set(false);
            let counted = self.context.worker.borrow_mut().count();
            self.tell(counted);
            // From the end of the count, so that long ones leave room for questions.
            self.counted.set(js_sys::Date::now());
        }
        if done && !self.context.worker.borrow().finished {
            self.context.worker.borrow_mut().finished = true;
            // What was listed is there all the same.
            self.tell(match self.stopped.get() && !of_listed {
                true => Event::Stopped,
                false => Event::Finished,
            });
            let context = self.context.clone();
            // What the page asks of the tree, now that all of it is here, is answered first.
            Timeout::new(PAUSE, move || {
                let ReadContext {
                    worker,
                    scope,
                    finished,
                } = &context;
                if worker.borrow().finished {
                    finished(worker, scope);
                }
            })
            .forget();
        }
        if done {
            self.ticks.replace(None);
        }
    }
}
