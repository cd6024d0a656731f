//! The decoders of the image worker: workers of its own, as many as the machine has cores to spare.
//! Where workers cannot start workers, the image worker decodes the layers itself.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::rc::{Rc, Weak};
use std::sync::Arc;

use js_sys::Uint8Array;
use onionskin_core::cache::{pack_checkpoints, unpack_any_layer};
use onionskin_core::digest::Digest;
use onionskin_core::layer::LayerIndex;
use onionskin_core::layer::table::TableOfContents;
use onionskin_core::source::{BlobId, Layer, NotFetched};
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Blob, MessageEvent, Worker, WorkerOptions, WorkerType};

use super::cache::Cache;
use super::checkpoints;
use super::client::SCRIPT;
use super::decode::{self, Done, News, Report, Room, Threads};
use super::origin::{Job, Missing};
use super::port;
use super::protocol::UserError;
use crate::counts::number;

/// The name that tells a worker what it is.
pub(crate) const DECODER: &str = "onionskin-decoder";

/// Bounds on how many decoders run.
const LEAST: usize = 2;
const MOST: usize = 4;

/// What comes of the layers.
pub(crate) enum Outcome {
    Progress(u32, u64),
    Decoded(u32, Arc<LayerIndex>),
    /// It was not read: this is its table of contents.
    Listed(u32, Arc<TableOfContents>),
    /// Its table cannot be used, for this reason: it is read as a whole.
    Unlisted(u32, String),
    NotFetched(u32, NotFetched),
    Failed(u32, UserError),
}

/// What a decoder tells of its layer.
enum DecoderEvent {
    Outcome(Outcome),
    /// It goes beyond a limit of the image.
    TooMuch(u32, UserError),
}

type Tell = Rc<dyn Fn(Outcome)>;
type OnMessage = Closure<dyn FnMut(MessageEvent)>;
type OnError = Closure<dyn FnMut(web_sys::Event)>;

/// Decoders at work.
pub(crate) struct Pool {
    waiting: RefCell<VecDeque<Job>>,
    /// Layers that list a blob which is decoded for another one, by the number of that one.
    same: BTreeMap<u32, Vec<Layer>>,
    members: RefCell<Vec<Member>>,
    /// The file that the layers are in, if they are in one.
    file: Option<Blob>,
    /// What the layers may still unpack to, and hold.
    room: Room,
    cache: Cache,
    tell: Tell,
}

struct Member {
    worker: Worker,
    ready: bool,
    /// The layer at work, and under which digest its index is to be kept.
    at: Option<u32>,
    keep: Option<Digest>,
    /// What of the layer at work comes next.
    next: Option<Next>,
    /// Its packed checkpoints, once they came.
    checkpoints: Option<Uint8Array>,
    _closures: (OnMessage, OnError),
}

/// What comes as bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    Checkpoints,
    Index,
    Table,
}

impl Pool {
    /// Starts decoders for these layers, all of `file` where there is one, but not for those whose indexes are kept;
    /// `tell` hears what comes of each.
    pub(crate) fn start(
        jobs: Vec<Job>,
        file: Option<Blob>,
        tell: impl Fn(Outcome) + 'static,
    ) -> Rc<Self> {
        let (jobs, same) = once_each(jobs);
        let pool = Rc::new(Pool {
            waiting: RefCell::default(),
            same,
            members: RefCell::default(),
            file,
            room: (Arc::default(), decode::memory()),
            cache: Cache::of_worker(),
            tell: Rc::new(tell),
        });
        let (may_be_kept, others) = jobs
            .into_iter()
            .partition::<Vec<_>, _>(|job| job.may_be_kept() && job.kept_as().is_some());
        pool.decode(others);
        if !may_be_kept.is_empty() {
            let looks = Self::look(Rc::downgrade(&pool), pool.cache.clone(), may_be_kept);
            spawn_local(looks);
        }
        pool
    }

    /// Takes the layers from the cache, and decodes those that it does not have.
    async fn look(pool: Weak<Self>, cache: Cache, jobs: Vec<Job>) {
        let digests: Vec<&Digest> = jobs.iter().filter_map(Job::kept_as).collect();
        let known = cache.known(&digests).await;
        let is_known = |job: &Job| job.kept_as().is_some_and(|digest| known.contains(digest));
        let (kept, others) = jobs.into_iter().partition::<Vec<_>, _>(is_known);
        if let Some(pool) = pool.upgrade() {
            pool.decode(others);
        }
        for job in kept {
            let index = match job.kept_as() {
                Some(digest) => cache.layer(digest).await,
                None => None,
            };
            let Some(pool) = pool.upgrade() else {
                // It was stopped.
                return;
            };
            // Where it is not what is expected, decoding says what is wrong.
            match index.filter(|index| decode::check(&job.layer, index).is_ok()) {
                Some(index) => pool.read(number(job.layer.number), Arc::new(index)),
                None => pool.decode(vec![job]),
            }
        }
    }

    /// Sets decoders to work on these layers.
    fn decode(self: &Rc<Self>, jobs: Vec<Job>) {
        if jobs.is_empty() {
            return;
        }
        let count = cores().clamp(LEAST, MOST).min(jobs.len());
        self.waiting.borrow_mut().extend(jobs);
        let mut hired = false;
        for _ in 0..count {
            let at = self.members.borrow().len();
            if let Some(member) = self.hire(at) {
                self.members.borrow_mut().push(member);
                hired = true;
            }
        }
        if !hired {
            self.alone();
        }
    }

    /// Lets all decoders go. Whatever is under way is lost.
    pub(crate) fn stop(&self) {
        self.waiting.borrow_mut().clear();
        self.members.borrow_mut().clear();
    }

    fn hire(self: &Rc<Self>, at: usize) -> Option<Member> {
        let options = WorkerOptions::new();
        options.set_name(DECODER);
        options.set_type(WorkerType::Module);
        let worker = Worker::new_with_options(SCRIPT, &options).ok()?;
        let pool = Rc::downgrade(self);
        let heard = OnMessage::new(move |event: MessageEvent| {
            if let Some(pool) = pool.upgrade() {
                pool.hear(at, &event);
            }
        });
        let pool = Rc::downgrade(self);
        let failed = OnError::new(move |event: web_sys::Event| {
            // Else it counts as an error of the image worker too.
            event.prevent_default();
            if let Some(pool) = pool.upgrade() {
                pool.lose(at);
            }
        });
        worker.set_onmessage(Some(heard.as_ref().unchecked_ref()));
        worker.set_onerror(Some(failed.as_ref().unchecked_ref()));
        Some(Member {
            worker,
            ready: false,
            at: None,
            keep: None,
            next: None,
            checkpoints: None,
            _closures: (heard, failed),
        })
    }

    fn hear(&self, at: usize, event: &MessageEvent) {
        let heard = {
            let mut members = self.members.borrow_mut();
            let Some(member) = members.get_mut(at) else {
                return;
            };
            member.hear(event, &self.cache)
        };
        match heard {
            Some(DecoderEvent::Outcome(Outcome::Decoded(layer, index))) => self.read(layer, index),
            Some(DecoderEvent::Outcome(outcome)) => self.tell_all(outcome),
            Some(DecoderEvent::TooMuch(layer, problem)) => self.refuse(layer, problem),
            None => {}
        }
        self.give(at);
    }

    /// A layer was read, by a decoder or earlier: what it takes counts against the limits of the image.
    fn read(&self, layer: u32, mut index: Arc<LayerIndex>) {
        let (budget, memory) = &self.room;
        let at = layer as usize;
        let kept = budget.kept(at, &index);
        match kept.and_then(|()| memory.kept(at, Arc::make_mut(&mut index))) {
            Ok(()) => self.tell_all(Outcome::Decoded(layer, index)),
            Err(error) => self.refuse(layer, UserError::of_layer(layer, &error)),
        }
    }

    /// A layer goes beyond a limit of the image: those that wait are not read either, as each could do so again.
    fn refuse(&self, layer: u32, problem: UserError) {
        let waiting = std::mem::take(&mut *self.waiting.borrow_mut());
        self.tell_all(Outcome::Failed(layer, problem));
        for job in waiting {
            let layer = number(job.layer.number);
            self.tell_all(Outcome::Failed(layer, UserError::of_limit(layer)));
        }
    }

    /// Tells what came of a layer, for all that have the same blob.
    fn tell_all(&self, outcome: Outcome) {
        let (Outcome::Progress(layer, _)
        | Outcome::Decoded(layer, _)
        | Outcome::Listed(layer, _)
        | Outcome::Unlisted(layer, _)
        | Outcome::NotFetched(layer, _)
        | Outcome::Failed(layer, _)) = &outcome;
        let same = self.same.get(layer).map_or(&[][..], Vec::as_slice);
        let others: Vec<Outcome> = same
            .iter()
            .filter_map(|other| {
                let layer = number(other.number);
                let failed = |error| Outcome::Failed(layer, UserError::of_layer(layer, &error));
                match &outcome {
                    Outcome::Progress(..) => None,
                    Outcome::Unlisted(_, reason) => Some(Outcome::Unlisted(layer, reason.clone())),
                    Outcome::Listed(_, table) => Some(match decode::check(other, table.index()) {
                        Ok(()) => Outcome::Listed(layer, Arc::clone(table)),
                        Err(error) => failed(error),
                    }),
                    Outcome::NotFetched(_, reason) => Some(Outcome::NotFetched(layer, *reason)),
                    Outcome::Failed(_, problem) => Some(Outcome::Failed(layer, problem.clone())),
                    Outcome::Decoded(_, index) => Some(match decode::check(other, index) {
                        Ok(()) => Outcome::Decoded(layer, Arc::clone(index)),
                        Err(error) => failed(error),
                    }),
                }
            })
            .collect();
        (self.tell)(outcome);
        others.into_iter().for_each(|other| (self.tell)(other));
    }

    /// Gives a decoder that has nothing to do the next layer, or lets it go.
    fn give(&self, at: usize) {
        let mut members = self.members.borrow_mut();
        let at_work = members.iter().filter(|member| member.at.is_some()).count();
        let waiting = self.waiting.borrow().len();
        // Itself, and those that will be at work with it.
        let busy = (at_work + waiting).min(members.len()).max(1);
        let threads = match cores() > busy {
            true => Threads::Two,
            false => Threads::One,
        };
        let Some(member) = members
            .get_mut(at)
            .filter(|member| member.ready && member.at.is_none())
        else {
            return;
        };
        match self.waiting.borrow_mut().pop_front() {
            Some(job) => {
                member.at = Some(number(job.layer.number));
                member.keep = job.kept_as().cloned();
                let worker = &member.worker;
                // A worker that is gone says so by its own error.
                if let Some(file) = &self.file {
                    let _ = worker.post_message(file);
                }
                let (budget, _) = &self.room;
                if let Some(message) = port::pack(&(job, budget.left(), threads)) {
                    let _ = port::transfer(&message, |message, list| {
                        worker.post_message_with_transfer(message, list)
                    });
                }
            }
            None => member.worker.terminate(),
        }
    }

    /// A decoder ended. Its layer is lost, but one that never began is no loss: another does it.
    fn lose(self: &Rc<Self>, at: usize) {
        let (layer, none_left) = {
            let mut members = self.members.borrow_mut();
            let Some(member) = members.get_mut(at) else {
                return;
            };
            member.ready = false;
            member.worker.terminate();
            let layer = member.at.take();
            member.next = None;
            // Those that are still starting may yet work.
            member.worker.set_onerror(None);
            member.worker.set_onmessage(None);
            (
                layer,
                members
                    .iter()
                    .all(|member| member.worker.onmessage().is_none()),
            )
        };
        if let Some(layer) = layer {
            self.tell_all(Outcome::Failed(layer, UserError::of_worker(layer)));
        }
        if none_left {
            self.alone();
        }
    }

    /// Decodes what waits in this very worker, one layer after the other.
    fn alone(self: &Rc<Self>) {
        let pool = Rc::clone(self);
        spawn_local(async move {
            loop {
                let job = pool.waiting.borrow_mut().pop_front();
                let Some(job) = job else { return };
                let layer = number(job.layer.number);
                let tell = Rc::clone(&pool.tell);
                let hear = |news| {
                    tell(match news {
                        News::Received(bytes) => Outcome::Progress(layer, bytes),
                        News::Unlisted(reason) => Outcome::Unlisted(layer, reason),
                    });
                };
                let (file, room) = (pool.file.as_ref(), pool.room.clone());
                let outcome = decode::run(&job, file, room, Threads::One, hear).await;
                pool.tell_all(match outcome {
                    Ok(Done::Listed(table)) => Outcome::Listed(layer, Arc::new(table)),
                    Ok(Done::Read(index, made)) => {
                        if let Some(made) = made {
                            let packed = Uint8Array::from(pack_checkpoints(&made).as_slice());
                            checkpoints::keep(&index.digest, &packed, job.kept_as().is_some());
                        }
                        if let Some(digest) = job.kept_as() {
                            pool.cache.keep_index(digest, &index);
                        }
                        Outcome::Decoded(layer, Arc::from(index))
                    }
                    Err(Missing::NotFetched(reason)) => Outcome::NotFetched(layer, reason),
                    Err(Missing::Failed(problem)) => Outcome::Failed(layer, problem),
                    Err(Missing::TooMuch(problem)) => {
                        pool.refuse(layer, problem);
                        continue;
                    }
                });
            }
        });
    }
}

/// Processors, as far as the browser tells.
fn cores() -> usize {
    port::scope().map_or(LEAST, |scope| {
        scope.navigator().hardware_concurrency() as usize
    })
}

/// One job for each blob, and the further layers that list it.
fn once_each(jobs: Vec<Job>) -> (Vec<Job>, BTreeMap<u32, Vec<Layer>>) {
    let mut first: HashMap<BlobId, u32> = HashMap::new();
    let mut same: BTreeMap<u32, Vec<Layer>> = BTreeMap::new();
    let mut jobs = jobs;
    jobs.retain(|job| {
        let layer = number(job.layer.number);
        // Media types may differ: as one of them a blob is not even fetched.
        let blob = job.layer.blob();
        let blob = blob.filter(|_| job.layer.not_readable().is_none());
        let known = blob.map(|blob| *first.entry(blob).or_insert(layer));
        match known.filter(|known| *known != layer) {
            Some(known) => {
                same.entry(known).or_default().push(job.layer.clone());
                false
            }
            None => true,
        }
    });
    (jobs, same)
}

impl Drop for Member {
    fn drop(&mut self) {
        // What it said last may still be on its way, when nobody is there to hear it.
        self.worker.set_onmessage(None);
        self.worker.set_onerror(None);
        self.worker.terminate();
    }
}

impl Member {
    fn hear(&mut self, event: &MessageEvent, cache: &Cache) -> Option<DecoderEvent> {
        let next = self.next.take();
        if next == Some(Next::Checkpoints) {
            self.checkpoints = event.data().dyn_into().ok();
            return None;
        }
        if next == Some(Next::Index) {
            let layer = self.at.take()?;
            let packed: Option<Uint8Array> = event.data().dyn_into().ok();
            let index = packed
                .as_ref()
                .and_then(|packed| unpack_any_layer(&packed.to_vec()).ok());
            if let (Some(made), Some(index)) = (self.checkpoints.take(), &index) {
                checkpoints::keep(&index.digest, &made, self.keep.is_some());
            }
            if let (Some(digest), Some(packed), true) = (self.keep.take(), packed, index.is_some())
            {
                cache.keep_layer(&digest, packed);
            }
            return Some(DecoderEvent::Outcome(match index {
                Some(index) => Outcome::Decoded(layer, Arc::new(index)),
                None => Outcome::Failed(layer, UserError::of_worker(layer)),
            }));
        }
        if next == Some(Next::Table) {
            let layer = self.at.take()?;
            let packed: Option<Uint8Array> = event.data().dyn_into().ok();
            let table =
                packed.and_then(|packed| TableOfContents::from_bytes(&packed.to_vec()).ok());
            return Some(DecoderEvent::Outcome(match table {
                Some(table) => Outcome::Listed(layer, Arc::new(table)),
                None => Outcome::Failed(layer, UserError::of_worker(layer)),
            }));
        }
        let outcome = match port::unpack::<Report>(&event.data())? {
            Report::Ready => {
                self.ready = true;
                return None;
            }
            Report::Checkpoints => {
                self.next = Some(Next::Checkpoints);
                return None;
            }
            Report::Decoded => {
                self.next = Some(Next::Index);
                return None;
            }
            Report::Listed => {
                self.next = Some(Next::Table);
                return None;
            }
            Report::TooMuch(problem) => {
                return Some(DecoderEvent::TooMuch(self.at.take()?, problem));
            }
            Report::Progress(received) => Outcome::Progress(self.at?, received),
            Report::Unlisted(reason) => Outcome::Unlisted(self.at?, reason),
            Report::NotFetched(reason) => Outcome::NotFetched(self.at.take()?, reason),
            Report::Failed(problem) => Outcome::Failed(self.at.take()?, problem),
        };
        Some(DecoderEvent::Outcome(outcome))
    }
}

#[cfg(test)]
#[cfg(target_arch = "wasm32")]
mod tests {
    use super::*;
    use onionskin_core::layer::{Budget, Expected, MemoryBudget};
    use onionskin_core::visitors;
    use onionskin_fixtures::{bytes, layer};
    use serde_json::json;
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::super::origin::{Origin, ReadMode};

    fn index(number: usize) -> Arc<LayerIndex> {
        let expected = Expected {
            layer: number,
            ..Expected::default()
        };
        let mut decoder = visitors::decoder(expected);
        let content = bytes(2_000 + number);
        decoder
            .push(&layer("COPY a /").file("/a", content).tar())
            .unwrap();
        Arc::new(decoder.finish().unwrap())
    }

    fn job(number: usize) -> Job {
        let layer = json!({ "number": number, "urls": [], "runs": [] });
        Job {
            layer: serde_json::from_value(layer).unwrap(),
            origin: Origin::File("app.tar".to_owned()),
            how: ReadMode::Whole,
        }
    }

    /// Beyond the memory that WebAssembly has, a worker ends without a word.
    #[test]
    fn images_have_less_memory_than_a_worker() {
        let pool = Pool::start(Vec::new(), None, |_| {});
        let (_, memory) = &pool.room;
        assert!(memory.has(2 << 30) && !memory.has(4 << 30));
    }

    /// Each layer alone would do.
    #[test]
    fn beyond_a_limit_of_the_image_nothing_more_is_read() {
        let told = Rc::new(RefCell::new(Vec::new()));
        let heard = Rc::clone(&told);
        let one = index(1);
        let pool = Pool {
            waiting: RefCell::new(VecDeque::from([job(3), job(4)])),
            same: BTreeMap::new(),
            members: RefCell::default(),
            file: None,
            room: (Arc::new(Budget::of(one.size + 1)), MemoryBudget::default()),
            cache: Cache::of_worker(),
            tell: Rc::new(move |outcome| {
                heard.borrow_mut().push(match outcome {
                    Outcome::Decoded(layer, _) => (layer, String::new()),
                    Outcome::Failed(layer, problem) => (layer, problem.detail),
                    _ => (0, String::new()),
                });
            }),
        };
        pool.read(1, one);
        assert_eq!(told.take(), [(1, String::new())]);
        pool.read(2, index(2));
        let told = told.take();
        let layers: Vec<u32> = told.iter().map(|(layer, _)| *layer).collect();
        assert_eq!(layers, [2, 3, 4]);
        assert!(told[0].1.contains("unpack to more than"), "{told:?}");
        assert!(told[1].1.starts_with("Another layer"), "{told:?}");
        assert!(pool.waiting.borrow().is_empty());
    }
}
