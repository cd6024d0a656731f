//! One image being read or looked at: its worker, and what that has told so far.

use std::collections::{BTreeMap, HashSet};
use std::rc::Rc;

use web_sys::Blob;
use yew::Callback;

use crate::counts::number;
use crate::route::ImageRoute;
use crate::worker::client::WorkerClient;
use crate::worker::protocol::{
    ArchiveImage, Artifact, AuditFacts, Comparing, Continue, DecodedLayer, Differences, Event,
    ImageFacts, Layer, NotFetched, Numbers, Open, ReadLayers, Subject, UserError,
};

/// An image and the worker that reads it. Dropping it ends the work.
#[derive(Clone, PartialEq)]
pub(crate) struct Session {
    pub(crate) id: u32,
    pub(crate) worker: WorkerClient,
    /// The reference, the file and the platform as they were asked for.
    pub(crate) asked: String,
    pub(crate) file: Option<String>,
    pub(crate) platform: Option<String>,
    /// The image's documents, once they are read.
    facts: Option<Rc<ImageFacts>>,
    pub(crate) state: State,
}

/// How far a session is.
#[derive(Clone, PartialEq)]
pub(crate) enum State {
    /// The documents of the image are asked for.
    Opening,
    /// The file is compressed as a whole, and is unpacked.
    Unpacking(Unpacking),
    /// A saved analysis is fetched: so many bytes are here, and of how many, where that is known.
    Fetching(u64, Option<u64>),
    /// The file holds these images, of which one has to be chosen.
    Choosing(Rc<Vec<ArchiveImage>>),
    /// What is there is no image.
    Artifact(Rc<Artifact>),
    /// The image is shown, as far as it is read.
    Image(Image),
    /// There is no image, or its worker ended.
    Failed(UserError),
}

/// How far a file is unpacked, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unpacking {
    pub(crate) done: u64,
    /// Of the compressed file.
    pub(crate) whole: u64,
    /// What came of it.
    pub(crate) size: u64,
}

/// How an image is begun to be read.
pub(crate) struct Opening<'f> {
    /// The file that it is in, if it is in one.
    pub(crate) file: Option<&'f Blob>,
    /// The ticket of that file, where it is only kept.
    pub(crate) kept: Option<String>,
    /// Past the browser's cache.
    pub(crate) fresh: bool,
    /// Paths of the folders that are open in its tree.
    pub(crate) open: Vec<Vec<u8>>,
}

/// What a visitor can do about an image that is not whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Again {
    /// Read all of it again.
    Retry,
    /// Read the layers that are not read yet.
    Continue,
    /// Read the layers that are listed from their tables of contents: this one, or all.
    Read(Option<u32>),
}

/// Why what is known of an image is not all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Partial {
    /// Layers are still being read.
    Loading,
    /// The visitor stopped that.
    Stopped,
    /// This layer, the lowest of such, could not be read.
    Broken(u32),
    /// These layers are listed from their tables of contents.
    Listed(Vec<u32>),
    /// These layers are not available.
    Unavailable(Vec<u32>),
}

impl Partial {
    /// What can be done about it.
    pub(crate) fn again(&self) -> Option<Again> {
        match self {
            Partial::Stopped => Some(Again::Continue),
            Partial::Broken(_) => Some(Again::Retry),
            Partial::Listed(_) => Some(Again::Read(None)),
            Partial::Loading | Partial::Unavailable(_) => None,
        }
    }
}

/// What is known of an image.
#[derive(Clone, PartialEq)]
pub(crate) struct Image {
    pub(crate) facts: Rc<ImageFacts>,
    pub(crate) layers: Rc<Vec<LayerState>>,
    /// What the tables of contents of layers are not, that were read.
    pub(crate) tables: Rc<BTreeMap<u32, TableRemark>>,
    pub(crate) numbers: Rc<Numbers>,
    /// None until the findings are gathered.
    pub(crate) audit: Option<Rc<AuditFacts>>,
    /// The image that growth is measured against, while it is read.
    pub(crate) comparing: Option<Comparing>,
    /// Everything that can be read is, or reading was stopped.
    pub(crate) finished: bool,
    /// Reading was stopped before all was read.
    pub(crate) stopped: bool,
}

/// How far a layer is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LayerState {
    /// So many bytes of the blob are here.
    Receiving(u64),
    Decoded(DecodedLayer),
    /// It was not read: this is what its table of contents lists.
    Listed(DecodedLayer),
    /// It is not available, for this reason: the stack goes on without what it does.
    NotFetched(NotFetched),
    Broken(UserError),
}

/// What there is to say of the table of contents of a layer that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TableRemark {
    /// It cannot be used, for this reason.
    Unusable(String),
    /// It lists something else than the layer has.
    Differs(Differences),
}

impl Session {
    /// Begins to read an image; `events` gets what happens.
    pub(crate) fn open(
        id: u32,
        worker: WorkerClient,
        route: &ImageRoute,
        opening: Opening<'_>,
        events: Callback<Event>,
    ) -> Self {
        let Opening {
            file,
            kept,
            fresh,
            open,
        } = opening;
        worker.listen(events);
        if let Some(file) = file {
            worker.give(file);
        }
        worker.tell(Open {
            subject: Subject::of(route.file.as_deref(), &route.reference),
            platform: route.platform.clone(),
            kept,
            fresh,
            open,
        });
        Session {
            id,
            worker,
            asked: route.reference.clone(),
            file: route.file.clone(),
            platform: route.platform.clone(),
            facts: None,
            state: State::Opening,
        }
    }

    /// The image, once its documents are read, unless it failed since.
    pub(crate) fn image(&self) -> Option<&Image> {
        match &self.state {
            State::Image(image) => Some(image),
            _ => None,
        }
    }

    /// Whether the route shows this image, under the tag that was asked for or pinned.
    pub(crate) fn shows(&self, route: &ImageRoute) -> bool {
        let facts = self.facts.as_ref();
        if route.file != self.file {
            return false;
        }
        let named = route.reference == self.asked
            || facts.filter(|_| self.file.is_none()).is_some_and(|facts| {
                route.reference == facts.reference || route.reference == facts.pinned()
            });
        let platform = route.platform == self.platform
            || facts.is_some_and(|facts| {
                route
                    .platform
                    .as_deref()
                    .is_none_or(|platform| platform == facts.platform())
                    && self.platform.is_none()
            });
        named && platform
    }

    /// Whether there is still something to come.
    pub(crate) fn loading(&self) -> bool {
        match &self.state {
            State::Opening | State::Unpacking(_) | State::Fetching(..) => true,
            State::Image(image) => !image.finished,
            State::Choosing(_) | State::Artifact(_) | State::Failed(_) => false,
        }
    }

    /// What can be done about something that is missing.
    pub(crate) fn missing(&self) -> Option<Again> {
        match &self.state {
            State::Failed(_) => Some(Again::Retry),
            // What is listed is all there.
            State::Image(image) => image
                .partial()?
                .again()
                .filter(|again| !matches!(again, Again::Read(_))),
            _ => None,
        }
    }

    /// Goes on after reading was stopped.
    pub(crate) fn resume(&mut self) {
        let State::Image(image) = &mut self.state else {
            return;
        };
        if image.stopped {
            image.resume();
            self.worker.tell(Continue);
        }
    }

    /// Reads layers that are listed from their tables of contents: this one, or all.
    pub(crate) fn read_layers(&self, one: Option<u32>) {
        self.worker.tell(ReadLayers(one));
    }

    /// Takes in what the worker told.
    pub(crate) fn take(&mut self, event: Event) {
        let next = match (event, &mut self.state) {
            (Event::Image(facts), _) => {
                let facts = Rc::new(*facts);
                self.facts = Some(Rc::clone(&facts));
                State::Image(Image::of(facts))
            }
            (Event::Unpacked { done, whole, size }, _) => {
                State::Unpacking(Unpacking { done, whole, size })
            }
            (Event::Fetched { done, whole }, _) => State::Fetching(done, whole),
            (Event::Artifact(artifact), _) => State::Artifact(Rc::new(*artifact)),
            (Event::Several(images), _) => State::Choosing(Rc::new(images)),
            (Event::Failed(problem), _) => State::Failed(problem),
            (event, State::Image(image)) => return image.take(event),
            _ => return,
        };
        self.state = next;
    }
}

impl Image {
    /// An image of which only the documents are read.
    fn of(facts: Rc<ImageFacts>) -> Self {
        Image {
            layers: Rc::new(vec![LayerState::Receiving(0); facts.image.layers.len()]),
            facts,
            tables: Rc::default(),
            numbers: Rc::default(),
            audit: None,
            comparing: None,
            finished: false,
            stopped: false,
        }
    }

    fn resume(&mut self) {
        (self.finished, self.stopped) = (false, false);
        self.audit = None;
        for state in Rc::make_mut(&mut self.layers) {
            if matches!(state, LayerState::Broken(_)) {
                *state = LayerState::Receiving(0);
            }
        }
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Progress(received) => {
                for (layer, bytes) in received {
                    if let Some(state @ LayerState::Receiving(_)) = self.layer_mut(layer) {
                        *state = LayerState::Receiving(bytes);
                    }
                }
            }
            Event::Decoded { layer, facts } => self.set(layer, LayerState::Decoded(facts)),
            Event::Listed { layer, facts } => self.set(layer, LayerState::Listed(facts)),
            Event::Unlisted { layer, reason } => self.remark(layer, TableRemark::Unusable(reason)),
            Event::Differs { layer, differences } => {
                self.remark(layer, TableRemark::Differs(differences));
            }
            Event::Reading(layers) => {
                for layer in layers {
                    self.set(layer, LayerState::Receiving(0));
                }
                self.finished = false;
                self.audit = None;
            }
            Event::NotFetched { layer, reason } => self.set(layer, LayerState::NotFetched(reason)),
            Event::Broken { layer, problem } => self.set(layer, LayerState::Broken(problem)),
            Event::Stacked(numbers) => self.numbers = Rc::new(*numbers),
            Event::Audited(facts) => self.audit = Some(Rc::new(*facts)),
            Event::Comparing(comparing) => self.comparing = comparing,
            Event::Finished => self.finished = true,
            Event::Stopped => (self.finished, self.stopped) = (true, true),
            // These are the session's.
            Event::Image(_)
            | Event::Unpacked { .. }
            | Event::Fetched { .. }
            | Event::Several(_)
            | Event::Artifact(_)
            | Event::Kept(_)
            | Event::NotKept
            | Event::Compared(_)
            | Event::History(_)
            | Event::Failed(_) => {}
        }
    }

    fn remark(&mut self, layer: u32, remark: TableRemark) {
        Rc::make_mut(&mut self.tables).insert(layer, remark);
    }

    fn set(&mut self, layer: u32, state: LayerState) {
        if let Some(place) = self.layer_mut(layer) {
            *place = state;
        }
    }

    /// The document's part on a layer.
    pub(crate) fn head(&self, layer: u32) -> Option<&Layer> {
        self.facts.image.layers.get(layer.checked_sub(1)? as usize)
    }

    /// How many leading layers came with its base image, where that is known.
    pub(crate) fn base_layers(&self) -> Option<u32> {
        self.audit.as_ref()?.base.as_ref()?.layers.map(number)
    }

    /// How many layers it has.
    pub(crate) fn depth(&self) -> u32 {
        self.facts.image.layers.len() as u32
    }

    /// Whether the whole stack is read, so that its numbers are the image's.
    pub(crate) fn whole(&self) -> bool {
        self.settled() && self.not_fetched().is_empty() && self.listed().is_empty()
    }

    /// Whether all is read that can be had, so that it is what the command would tell of.
    pub(crate) fn settled(&self) -> bool {
        self.finished && self.numbers.depth == self.depth()
    }

    /// Why the numbers and the findings are not those of the whole image; none where they are.
    pub(crate) fn partial(&self) -> Option<Partial> {
        if self.whole() {
            return None;
        }
        Some(match self.broken() {
            _ if self.stopped => Partial::Stopped,
            Some(layer) => Partial::Broken(layer),
            None if self.settled() && !self.listed().is_empty() => Partial::Listed(self.listed()),
            None if self.settled() => Partial::Unavailable(self.not_fetched()),
            None => Partial::Loading,
        })
    }

    /// How many layers are read.
    pub(crate) fn read(&self) -> usize {
        let is_read = |state: &&LayerState| matches!(state, LayerState::Decoded(_));
        self.layers.iter().filter(is_read).count()
    }

    /// The layers that are not to be had.
    pub(crate) fn not_fetched(&self) -> Vec<u32> {
        self.layers_that(|state| matches!(state, LayerState::NotFetched(_)))
    }

    /// The layers that are listed from their tables of contents.
    pub(crate) fn listed(&self) -> Vec<u32> {
        self.layers_that(|state| matches!(state, LayerState::Listed(_)))
    }

    fn layers_that(&self, is_so: impl Fn(&LayerState) -> bool) -> Vec<u32> {
        let numbered = (1..).zip(self.layers.iter());
        numbered
            .filter(|(_, state)| is_so(state))
            .map(|(layer, _)| layer)
            .collect()
    }

    /// Bytes of the blobs of these layers, each once.
    pub(crate) fn bytes_of(&self, layers: &[u32]) -> u64 {
        let mut known = HashSet::new();
        let heads = layers.iter().filter_map(|layer| self.head(*layer));
        let blobs = heads.filter(|head| head.blob().is_none_or(|blob| known.insert(blob)));
        blobs.filter_map(|head| head.compressed_size).sum()
    }

    /// The lowest layer that could not be read.
    pub(crate) fn broken(&self) -> Option<u32> {
        let index = self
            .layers
            .iter()
            .position(|state| matches!(state, LayerState::Broken(_)))?;
        Some(index as u32 + 1)
    }

    /// The layer that is looked at when the address names none: the last that can be.
    pub(crate) fn top(&self) -> u32 {
        if self.settled() {
            self.depth()
        } else {
            self.numbers.depth.max(1)
        }
    }

    /// The state of a layer.
    pub(crate) fn layer(&self, layer: u32) -> Option<&LayerState> {
        self.layers.get(layer.checked_sub(1)? as usize)
    }

    fn layer_mut(&mut self, layer: u32) -> Option<&mut LayerState> {
        Rc::make_mut(&mut self.layers).get_mut(layer.checked_sub(1)? as usize)
    }

    /// Bytes of all blobs, where the manifest tells them. One that several layers list is downloaded once.
    pub(crate) fn compressed(&self) -> Option<u64> {
        self.facts.image.compressed_size()
    }

    /// Bytes received of all blobs.
    pub(crate) fn received(&self) -> u64 {
        let mut known = HashSet::new();
        let layers = self.layers.iter().zip(&self.facts.image.layers);
        let blobs = layers.filter(|(_, head)| head.blob().is_none_or(|blob| known.insert(blob)));
        blobs
            .map(|(state, head)| match state {
                LayerState::Receiving(bytes) => *bytes,
                LayerState::NotFetched(_) | LayerState::Listed(_) => 0,
                LayerState::Decoded(_) | LayerState::Broken(_) => head.compressed_size.unwrap_or(0),
            })
            .sum()
    }
}
