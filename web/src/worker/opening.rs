//! Opening an image: its documents, then all layers at once, stacked in order as they come.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use gloo::timers::callback::Interval;
use onionskin_core::platform::Platform;
use onionskin_core::source::{Image, SourceError};
use web_sys::DedicatedWorkerGlobalScope;

use super::decode::Job;
use super::engine::Engine;
use super::facts;
use super::place::{Gateway, Place};
use super::pool::{Outcome, Pool};
use super::port;
use super::protocol::{Event, Told, Trouble};

/// Between two rounds of telling how far everything is, in milliseconds.
const PAUSE: u32 = 100;
/// Between two ledgers while layers come, in milliseconds: each is drawn up from the start.
const COUNT_PAUSE: f64 = 300.0;

type Shared = Rc<RefCell<Engine>>;

/// What is to be opened.
pub(crate) struct Wanted {
    /// The reference as it was typed, or as the address has it.
    pub(crate) typed: String,
    pub(crate) platform: Option<String>,
    /// Past the browser's cache.
    pub(crate) fresh: bool,
}

/// Opens an image and tells what happens until everything is there.
pub(crate) async fn open(engine: Shared, scope: DedicatedWorkerGlobalScope, wanted: Wanted) {
    let progress = match begin(&engine, &scope, &wanted).await {
        Ok(progress) => progress,
        Err(trouble) => return port::tell(&scope, &Told::Event(Event::Failed(trouble))),
    };
    progress.tick();
    if progress.open_layers.get() > 0 {
        let ticking = Rc::clone(&progress);
        let ticks = Interval::new(PAUSE, move || ticking.tick());
        progress.ticks.replace(Some(ticks));
    }
}

async fn begin(
    engine: &Shared,
    scope: &DedicatedWorkerGlobalScope,
    wanted: &Wanted,
) -> Result<Rc<Progress>, Trouble> {
    let gateway = Gateway::here().ok_or_else(|| Trouble::of_worker(0))?;
    let platform: Option<Platform> = match wanted.platform.as_deref().map(str::parse).transpose() {
        Ok(platform) => platform,
        Err(error) => return Err(Trouble::of_platform(&error)),
    };
    let (place, image) = find(&gateway, wanted, platform.as_ref()).await?;
    let name = gateway.shown(&place, &image.reference);
    let name = name.split('@').next().unwrap_or(name);
    let without_tag = match name.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => name,
        _ => name,
    };
    let reference = gateway.shown(&place, &image.reference).to_owned();
    let facts = facts::of_image(&image, reference, without_tag.to_owned());
    port::tell(scope, &Told::Event(Event::Image(Box::new(facts))));

    engine.borrow_mut().compressed_known = image.compressed_size().is_some();
    let progress = Rc::new(Progress {
        engine: Rc::clone(engine),
        scope: scope.clone(),
        received: RefCell::default(),
        open_layers: Cell::new(image.layers.len()),
        grown: Cell::new(false),
        counted: Cell::new(0.0),
        ticks: RefCell::default(),
    });
    let jobs = image
        .layers
        .into_iter()
        .map(|layer| Job {
            layer,
            place: place.clone(),
        })
        .collect();
    let hears = Rc::clone(&progress);
    let pool = Pool::start(jobs, move |outcome| hears.take(outcome));
    engine.borrow_mut().pool = Some(pool);
    Ok(progress)
}

/// Looks where the image may be. What the first place says is told, unless it has no such name.
async fn find(
    gateway: &Gateway,
    wanted: &Wanted,
    platform: Option<&Platform>,
) -> Result<(Place, Image), Trouble> {
    let mut places = gateway
        .places(&wanted.typed, wanted.fresh)
        .await?
        .into_iter()
        .peekable();
    while let Some(place) = places.next() {
        match gateway.remote(&place)?.image(platform).await {
            Ok(image) => return Ok((place, image)),
            Err(
                SourceError::NotFound { .. }
                | SourceError::NoAccess { .. }
                | SourceError::Forbidden { .. },
            ) if places.peek().is_some() => {}
            Err(error) => return Err(Trouble::of_image(&error)),
        }
    }
    Err(Trouble::of_worker(0))
}

/// How far the layers are.
struct Progress {
    engine: Shared,
    scope: DedicatedWorkerGlobalScope,
    /// Bytes received by layer, where that changed since it was told.
    received: RefCell<BTreeMap<u32, u64>>,
    /// Layers of which nothing final is known yet.
    open_layers: Cell<usize>,
    /// The stack has layers that are not counted yet.
    grown: Cell<bool>,
    counted: Cell<f64>,
    ticks: RefCell<Option<Interval>>,
}

impl Progress {
    fn tell(&self, event: Event) {
        port::tell(&self.scope, &Told::Event(event));
    }

    fn take(&self, outcome: Outcome) {
        match outcome {
            Outcome::Progress(layer, bytes) => {
                self.received.borrow_mut().insert(layer, bytes);
                return;
            }
            Outcome::Decoded(layer, index) => {
                self.tell(Event::Decoded {
                    layer,
                    facts: facts::of_layer(&index),
                });
                self.engine.borrow_mut().waiting.insert(layer, *index);
                let grown = self.engine.borrow_mut().grow();
                match grown {
                    Ok(grown) => self.grown.set(self.grown.get() || grown),
                    Err((layer, trouble)) => self.tell(Event::Broken { layer, trouble }),
                }
            }
            Outcome::Failed(layer, trouble) => self.tell(Event::Broken { layer, trouble }),
        }
        self.open_layers
            .set(self.open_layers.get().saturating_sub(1));
        if self.open_layers.get() == 0 {
            self.tick();
        }
    }

    /// Tells what gathered since the last time.
    fn tick(&self) {
        let received = std::mem::take(&mut *self.received.borrow_mut());
        if !received.is_empty() {
            self.tell(Event::Progress(received.into_iter().collect()));
        }
        let done = self.open_layers.get() == 0;
        let now = js_sys::Date::now();
        if self.grown.get() && (done || now - self.counted.get() >= COUNT_PAUSE) {
            self.grown.set(false);
            let counted = self.engine.borrow_mut().count();
            self.tell(counted);
            // From the end of the count, so that long ones leave room for questions.
            self.counted.set(js_sys::Date::now());
        }
        if done && !self.engine.borrow().finished {
            self.engine.borrow_mut().finished = true;
            self.tell(Event::Finished);
        }
        if done {
            self.ticks.replace(None);
        }
    }
}
