//! Hashing beside decoding: a worker of a decoder's own takes the bytes of a blob and of its tar, and tells what they are
//! hashed to.

use std::cell::{Cell, RefCell};
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use futures::channel::oneshot;
use futures::future::{Either, select};
use js_sys::{Array, Uint8Array};
use onionskin_core::layer::{HashPlan, StreamHash, StreamHasher};
use serde::{Deserialize, Serialize};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent, Worker, WorkerOptions, WorkerType};

use super::client::SCRIPT;
use super::port;

/// The name that tells a worker what it is.
pub(crate) const HASHER: &str = "onionskin-hasher";
/// Bytes that are handed over at once.
const PIECE: usize = 512 << 10;
/// Bytes that wait to be hashed at most, before decoding goes on.
const WAITING: u64 = 32 << 20;
/// How long is waited for a worker to start, before hashing is done in place.
const PATIENCE: Duration = Duration::from_secs(3);
/// How long is waited for a word of a worker that runs. A browser that ends one for want of memory may not say so.
const SILENCE: Duration = Duration::from_secs(30);
/// Streams of a layer: its blob, and its tar.
const STREAMS: usize = 2;

type OnMessage = Closure<dyn FnMut(MessageEvent)>;
type OnError = Closure<dyn FnMut(web_sys::Event)>;

/// What a decoder asks.
#[derive(Serialize, Deserialize)]
enum Order {
    /// To hash two streams like this.
    Begin([HashPlan; STREAMS]),
    /// All bytes were handed over.
    End,
}

/// What a hasher tells.
#[derive(Serialize, Deserialize)]
enum Reply {
    Ready,
    Hashed([StreamHash; STREAMS]),
    /// It was not told how.
    Lost,
}

/// Waits for streams.
pub(crate) fn serve(scope: &DedicatedWorkerGlobalScope) {
    let answers = scope.clone();
    let mut hashers: Vec<StreamHasher> = Vec::new();
    let mut buffer = vec![0; PIECE];
    port::listen(scope, move |data| {
        if let Some((stream, length, piece)) = piece(&data) {
            let taken = buffer.get_mut(..length);
            if let (Some(taken), Some(hasher)) = (taken, hashers.get_mut(stream)) {
                piece.subarray(0, taken.len() as u32).copy_to(taken);
                hasher.update(taken);
            }
            // It is filled again.
            port::tell_bytes(&answers, &piece);
            return;
        }
        match port::unpack(&data) {
            Some(Order::Begin(plans)) => hashers = plans.map(HashPlan::hasher).into(),
            Some(Order::End) => {
                let hashed = std::mem::take(&mut hashers).into_iter();
                let hashed: Vec<StreamHash> = hashed.map(StreamHasher::finish).collect();
                tell(
                    &answers,
                    &hashed.try_into().map_or(Reply::Lost, Reply::Hashed),
                );
            }
            None => {}
        }
    });
    tell(scope, &Reply::Ready);
}

/// Tells what is no piece: it comes in an array.
fn tell(scope: &DedicatedWorkerGlobalScope, reply: &Reply) {
    // Nobody is there who would hear of an error.
    let _ = scope.post_message(&Array::of1(&port::pack(reply).into()));
}

/// A piece of a stream: which one, how many bytes, and a buffer with them.
fn piece(data: &JsValue) -> Option<(usize, usize, Uint8Array)> {
    let parts = data.dyn_ref::<Array>()?;
    let number = |at| parts.get(at).as_f64().map(|number| number as usize);
    Some((number(0)?, number(1)?, parts.get(2).dyn_into().ok()?))
}

/// The hasher of a layer that is being decoded.
pub(crate) struct Hasher {
    worker: Worker,
    state: Rc<State>,
    _closures: (OnMessage, OnError),
}

#[derive(Default)]
struct State {
    ready: Cell<bool>,
    failed: Cell<bool>,
    /// Bytes that were handed over and are not hashed yet.
    under_way: Cell<u64>,
    /// Buffers that came back.
    emptied: RefCell<Vec<Uint8Array>>,
    hashed: RefCell<Option<[StreamHash; STREAMS]>>,
    /// Is told when something came.
    waiter: RefCell<Option<oneshot::Sender<()>>>,
}

/// The worker ended before all was hashed.
#[derive(Debug)]
pub(crate) struct Ended;

impl Hasher {
    /// Starts a worker; none where that cannot be, or takes long.
    pub(crate) async fn start() -> Option<Self> {
        let options = WorkerOptions::new();
        options.set_name(HASHER);
        options.set_type(WorkerType::Module);
        let worker = Worker::new_with_options(SCRIPT, &options).ok()?;
        let state = Rc::new(State::default());
        let hears = Rc::clone(&state);
        let heard = OnMessage::new(move |event: MessageEvent| hears.hear(&event.data()));
        let fails = Rc::clone(&state);
        let failed = OnError::new(move |event: web_sys::Event| {
            // Else it counts as an error of the decoder too.
            event.prevent_default();
            fails.fail();
        });
        worker.set_onmessage(Some(heard.as_ref().unchecked_ref()));
        worker.set_onmessageerror(Some(failed.as_ref().unchecked_ref()));
        worker.set_onerror(Some(failed.as_ref().unchecked_ref()));
        let hasher = Self {
            worker,
            state,
            _closures: (heard, failed),
        };
        let is_ready = async {
            let ready = hasher.state.until(|state| state.ready.get()).await;
            ready.is_ok()
        };
        let patience = gloo_timers::future::sleep(PATIENCE);
        let started = match select(pin!(is_ready), pin!(patience)).await {
            Either::Left((started, _)) => started,
            Either::Right(_) => false,
        };
        started.then_some(hasher)
    }

    /// What takes the bytes of a stream.
    pub(crate) fn stream(&self, stream: usize) -> Stream {
        Stream {
            worker: self.worker.clone(),
            state: Rc::clone(&self.state),
            stream,
            next: Vec::with_capacity(PIECE),
        }
    }

    /// Says how the streams are hashed; before any bytes come.
    pub(crate) fn begin(&self, plans: [HashPlan; STREAMS]) {
        self.order(&Order::Begin(plans));
    }

    /// Waits until not too much waits to be hashed.
    pub(crate) async fn room(&self) -> Result<(), Ended> {
        let has_room = |state: &State| state.under_way.get() <= WAITING;
        self.state.until(has_room).await
    }

    /// What the streams were hashed to, once all was handed over.
    pub(crate) async fn hashed(&self) -> Result<[StreamHash; STREAMS], Ended> {
        self.order(&Order::End);
        let is_hashed = |state: &State| state.hashed.borrow().is_some();
        self.state.until(is_hashed).await?;
        self.state.hashed.take().ok_or(Ended)
    }

    fn order(&self, order: &Order) {
        let sent = port::pack(order).map(|order| self.worker.post_message(&order));
        if !matches!(sent, Some(Ok(()))) {
            self.state.fail();
        }
    }
}

impl Drop for Hasher {
    fn drop(&mut self) {
        self.worker.set_onmessage(None);
        self.worker.set_onmessageerror(None);
        self.worker.set_onerror(None);
        self.worker.terminate();
    }
}

impl State {
    fn hear(&self, data: &JsValue) {
        match data.dyn_ref::<Uint8Array>() {
            Some(emptied) => {
                let hashed = PIECE as u64;
                self.under_way
                    .set(self.under_way.get().saturating_sub(hashed));
                let mut kept = self.emptied.borrow_mut();
                // What one piece of a blob unpacks to may have been much more.
                if kept.len() as u64 * hashed < WAITING {
                    kept.push(emptied.clone());
                }
            }
            None => match data
                .dyn_ref::<Array>()
                .and_then(|told| port::unpack(&told.get(0)))
            {
                Some(Reply::Ready) => self.ready.set(true),
                Some(Reply::Hashed(hashed)) => drop(self.hashed.replace(Some(hashed))),
                Some(Reply::Lost) => self.failed.set(true),
                None => {}
            },
        }
        self.wake();
    }

    fn fail(&self) {
        self.failed.set(true);
        self.wake();
    }

    fn wake(&self) {
        if let Some(waiter) = self.waiter.take() {
            // Whoever waited may have given up.
            let _ = waiter.send(());
        }
    }

    async fn until(&self, is_so: impl Fn(&Self) -> bool) -> Result<(), Ended> {
        while !self.failed.get() {
            if is_so(self) {
                return Ok(());
            }
            let (waiter, told) = oneshot::channel();
            self.waiter.replace(Some(waiter));
            let silence = gloo_timers::future::sleep(SILENCE);
            // Whatever came, it is looked at.
            if let Either::Right(_) = select(told, pin!(silence)).await {
                self.failed.set(true);
            }
        }
        Err(Ended)
    }
}

/// A stream that a hasher hashes.
pub(crate) struct Stream {
    worker: Worker,
    state: Rc<State>,
    stream: usize,
    next: Vec<u8>,
}

impl Stream {
    /// Takes the next bytes.
    pub(crate) fn take(&mut self, mut data: &[u8]) {
        while !data.is_empty() {
            let room = (PIECE - self.next.len()).min(data.len());
            let (now, rest) = data.split_at(room);
            self.next.extend_from_slice(now);
            data = rest;
            if self.next.len() == PIECE {
                self.hand_over();
            }
        }
    }

    fn hand_over(&mut self) {
        if self.next.is_empty() {
            return;
        }
        let emptied = self.state.emptied.borrow_mut().pop();
        let buffer = emptied.unwrap_or_else(|| Uint8Array::new_with_length(PIECE as u32));
        let length = self.next.len() as u32;
        buffer.subarray(0, length).copy_from(&self.next);
        self.next.clear();
        let message = Array::of3(&self.stream.into(), &length.into(), &buffer);
        let under_way = self.state.under_way.get() + PIECE as u64;
        self.state.under_way.set(under_way);
        let list = Array::of1(&buffer.buffer());
        let sent = self.worker.post_message_with_transfer(&message, &list);
        if sent.is_err() {
            self.state.fail();
        }
    }
}

impl Drop for Stream {
    /// With the decoder that handed bytes on, all of them have come.
    fn drop(&mut self) {
        self.hand_over();
    }
}
