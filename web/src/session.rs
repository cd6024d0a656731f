//! One image being read or looked at: its engine, and what that has told so far.

use std::collections::HashSet;
use std::rc::Rc;

use web_sys::Blob;
use yew::Callback;

use crate::route::ImageRoute;
use crate::worker::client::WorkerClient;
use crate::worker::protocol::{
    ArtifactFacts, AuditFacts, Comparing, Event, Held, ImageFacts, LayerFacts, LayerHead,
    NotFetched, Numbers, Request, Subject, UserError,
};

/// An image and the engine that reads it. Dropping it ends the work.
#[derive(Clone, PartialEq)]
pub(crate) struct Session {
    pub(crate) id: u32,
    pub(crate) engine: WorkerClient,
    /// The reference, the file and the platform as they were asked for.
    pub(crate) asked: String,
    pub(crate) file: Option<String>,
    pub(crate) platform: Option<String>,
    /// None until the manifest is read.
    pub(crate) image: Option<Image>,
    /// How far the file is unpacked, where that takes its time: bytes done, of the whole, and what came of them.
    pub(crate) unpacked: Option<(u64, u64, u64)>,
    /// The images that the file holds, where one has to be chosen.
    pub(crate) several: Option<Rc<Vec<Held>>>,
    /// What is there, where that is no image.
    pub(crate) artifact: Option<Rc<ArtifactFacts>>,
    /// Why there is no image.
    pub(crate) problem: Option<UserError>,
}

/// How an image is begun to be read.
pub(crate) struct Opening<'f> {
    /// The file that it is in, if it is in one.
    pub(crate) file: Option<&'f Blob>,
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
    /// These layers are not available.
    Unavailable(Vec<u32>),
}

impl Partial {
    /// What can be done about it.
    pub(crate) fn again(&self) -> Option<Again> {
        match self {
            Partial::Stopped => Some(Again::Continue),
            Partial::Broken(_) => Some(Again::Retry),
            Partial::Loading | Partial::Unavailable(_) => None,
        }
    }
}

/// What is known of an image.
#[derive(Clone, PartialEq)]
pub(crate) struct Image {
    pub(crate) facts: Rc<ImageFacts>,
    pub(crate) layers: Rc<Vec<LayerState>>,
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
    Decoded(LayerFacts),
    /// It is not available, for this reason: the stack goes on without what it does.
    NotFetched(NotFetched),
    Broken(UserError),
}

impl Session {
    /// Begins to read an image; `events` gets what happens.
    pub(crate) fn open(
        id: u32,
        engine: WorkerClient,
        route: &ImageRoute,
        opening: Opening<'_>,
        events: Callback<Event>,
    ) -> Self {
        let Opening { file, fresh, open } = opening;
        engine.listen(events);
        if let Some(file) = file {
            engine.give(file);
        }
        let subject = match &route.file {
            Some(name) => Subject::File {
                name: name.clone(),
                image: Some(route.reference.clone()).filter(|image| !image.is_empty()),
            },
            None => Subject::Reference(route.reference.clone()),
        };
        // The answer is empty: what comes of it is told by events.
        drop(engine.ask(Request::Open {
            subject,
            platform: route.platform.clone(),
            fresh,
            open,
        }));
        Session {
            id,
            engine,
            asked: route.reference.clone(),
            file: route.file.clone(),
            platform: route.platform.clone(),
            image: None,
            unpacked: None,
            several: None,
            artifact: None,
            problem: None,
        }
    }

    /// Whether the route shows this image, under the tag that was asked for or pinned.
    pub(crate) fn shows(&self, route: &ImageRoute) -> bool {
        let facts = self.image.as_ref().map(|image| &image.facts);
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
                    .is_none_or(|platform| platform == facts.platform)
                    && self.platform.is_none()
            });
        named && platform
    }

    /// Whether there is still something to come.
    pub(crate) fn loading(&self) -> bool {
        self.problem.is_none()
            && self.several.is_none()
            && self.artifact.is_none()
            && self.image.as_ref().is_none_or(|image| !image.finished)
    }

    /// What can be done about something that is missing.
    pub(crate) fn missing(&self) -> Option<Again> {
        if self.problem.is_some() {
            return Some(Again::Retry);
        }
        self.image.as_ref()?.partial()?.again()
    }

    /// Goes on after reading was stopped.
    pub(crate) fn resume(&mut self) {
        let Some(image) = self.image.as_mut().filter(|image| image.stopped) else {
            return;
        };
        (image.finished, image.stopped) = (false, false);
        image.audit = None;
        for state in Rc::make_mut(&mut image.layers) {
            if matches!(state, LayerState::Broken(_)) {
                *state = LayerState::Receiving(0);
            }
        }
        // What comes of it is told by events.
        drop(self.engine.ask(Request::Continue));
    }

    /// Takes in what the engine told.
    pub(crate) fn take(&mut self, event: Event) {
        match (event, self.image.as_mut()) {
            (Event::Image(facts), _) => {
                self.image = Some(Image {
                    layers: Rc::new(vec![LayerState::Receiving(0); facts.layers.len()]),
                    facts: Rc::new(*facts),
                    numbers: Rc::default(),
                    audit: None,
                    comparing: None,
                    finished: false,
                    stopped: false,
                });
            }
            (Event::Unpacked { done, whole, size }, _) => {
                self.unpacked = Some((done, whole, size));
            }
            (Event::Artifact(facts), _) => self.artifact = Some(Rc::new(*facts)),
            (Event::Several(held), _) => self.several = Some(Rc::new(held)),
            (Event::Failed(problem), _) => self.problem = Some(problem),
            (Event::Progress(received), Some(image)) => {
                for (layer, bytes) in received {
                    if let Some(state @ LayerState::Receiving(_)) = image.layer_mut(layer) {
                        *state = LayerState::Receiving(bytes);
                    }
                }
            }
            (Event::Decoded { layer, facts }, Some(image)) => {
                if let Some(state) = image.layer_mut(layer) {
                    *state = LayerState::Decoded(facts);
                }
            }
            (Event::NotFetched { layer, reason }, Some(image)) => {
                if let Some(state) = image.layer_mut(layer) {
                    *state = LayerState::NotFetched(reason);
                }
            }
            (Event::Broken { layer, problem }, Some(image)) => {
                if let Some(state) = image.layer_mut(layer) {
                    *state = LayerState::Broken(problem);
                }
            }
            (Event::Stacked(numbers), Some(image)) => image.numbers = Rc::new(*numbers),
            (Event::Audited(facts), Some(image)) => image.audit = Some(Rc::new(*facts)),
            (Event::Comparing(comparing), Some(image)) => image.comparing = comparing,
            (Event::Finished, Some(image)) => image.finished = true,
            (Event::Stopped, Some(image)) => (image.finished, image.stopped) = (true, true),
            (_, None) => {}
        }
    }
}

impl Image {
    /// How many layers it has.
    pub(crate) fn depth(&self) -> u32 {
        self.facts.layers.len() as u32
    }

    /// Whether the whole stack is read, so that its numbers are the image's.
    pub(crate) fn whole(&self) -> bool {
        self.finished && self.numbers.depth == self.depth() && self.not_fetched().is_empty()
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
        let numbered = (1..).zip(self.layers.iter());
        numbered
            .filter(|(_, state)| matches!(state, LayerState::NotFetched(_)))
            .map(|(layer, _)| layer)
            .collect()
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
        self.blobs().map(|(_, head)| head.compressed).sum()
    }

    /// Bytes received of all blobs.
    pub(crate) fn received(&self) -> u64 {
        self.blobs()
            .map(|(state, head)| match state {
                LayerState::Receiving(bytes) => *bytes,
                LayerState::NotFetched(_) => 0,
                LayerState::Decoded(_) | LayerState::Broken(_) => head.compressed.unwrap_or(0),
            })
            .sum()
    }

    /// The first layer of each blob.
    fn blobs(&self) -> impl Iterator<Item = (&LayerState, &LayerHead)> {
        let mut known = HashSet::new();
        let layers = self.layers.iter().zip(&self.facts.layers);
        layers.filter(move |(_, head)| head.digest.is_empty() || known.insert(head.digest.as_str()))
    }
}

impl ImageFacts {
    /// The reference that always means this very image.
    pub(crate) fn pinned(&self) -> String {
        format!("{}@{}", self.name, self.pin)
    }
}
