//! A repository's images over time: the worker that reads them, and what that has told so far.

use std::rc::Rc;

use yew::Callback;

use crate::route::history::HistoryRoute;
use crate::worker::client::WorkerClient;
use crate::worker::protocol::{
    Event, HistoryEvent, HistoryImages, HistoryReport, ReadHistory, ReadSoFar, TaggedImage,
    TagsFound, UnreadTag, UserError,
};

/// Images that are read. Dropping it ends the work.
#[derive(Clone, PartialEq)]
pub(crate) struct HistorySession {
    pub(crate) id: u32,
    /// None once it was stopped.
    worker: Option<WorkerClient>,
    /// The images as they were asked for.
    asked: HistoryRoute,
    /// The list of tags, once it is read.
    pub(crate) tags: Option<TagsFound>,
    /// Tags whose documents are read.
    pub(crate) opened: u32,
    /// What there is to read, once all documents are.
    pub(crate) of: Option<Rc<HistoryImages>>,
    /// The image that is being read, by a tag, and how far that is.
    pub(crate) reading: Option<(Rc<str>, ReadSoFar)>,
    pub(crate) images: Rc<Vec<TaggedImage>>,
    pub(crate) not_read: Rc<Vec<UnreadTag>>,
    pub(crate) problem: Option<UserError>,
    pub(crate) done: bool,
}

impl HistorySession {
    /// Begins to read; `events` gets what happens.
    pub(crate) fn open(
        id: u32,
        worker: WorkerClient,
        route: &HistoryRoute,
        fresh: bool,
        events: Callback<Event>,
    ) -> Self {
        worker.listen(events);
        worker.tell(ReadHistory {
            repository: route.repository.clone(),
            tags: route.tags.clone(),
            limit: route.limit,
            platform: route.platform.clone(),
            fresh,
        });
        HistorySession {
            id,
            worker: Some(worker),
            asked: route.images(),
            tags: None,
            opened: 0,
            of: None,
            reading: None,
            images: Rc::default(),
            not_read: Rc::default(),
            problem: None,
            done: false,
        }
    }

    /// Whether it is of these images.
    pub(crate) fn shows(&self, route: &HistoryRoute) -> bool {
        self.asked == route.images()
    }

    /// Whether there is still something to come.
    pub(crate) fn loading(&self) -> bool {
        self.worker.is_some() && !self.done && self.problem.is_none()
    }

    /// Whether the visitor stopped it before all was read.
    pub(crate) fn stopped(&self) -> bool {
        self.worker.is_none() && !self.done
    }

    /// Reads no more. What is read stays.
    pub(crate) fn stop(&mut self) {
        self.worker = None;
        self.reading = None;
    }

    /// Takes in what the worker told.
    pub(crate) fn take(&mut self, event: Event) {
        match event {
            Event::History(event) => self.take_own(event),
            Event::Failed(problem) => self.problem = Some(problem),
            _ => {}
        }
    }

    fn take_own(&mut self, event: HistoryEvent) {
        match event {
            HistoryEvent::Tags(tags) => self.tags = Some(tags),
            HistoryEvent::Opened(opened) => self.opened = opened,
            HistoryEvent::Images(of) => self.of = Some(Rc::new(of)),
            HistoryEvent::Progress(tag, read) => self.reading = Some((tag.into(), read)),
            HistoryEvent::Image(image) => Rc::make_mut(&mut self.images).push(*image),
            HistoryEvent::Unread(tags) => {
                let all = Rc::make_mut(&mut self.not_read);
                all.extend(tags);
                all.sort_by(|a, b| a.tag.cmp(&b.tag));
            }
            HistoryEvent::Failed(problem) => self.problem = Some(problem),
            HistoryEvent::Done => self.done = true,
        }
        if self.done {
            self.reading = None;
        }
    }

    /// The report as the command prints it.
    pub(crate) fn report(&self) -> Option<HistoryReport> {
        Some(HistoryReport::new(
            self.of.as_ref()?.repository.clone(),
            self.tags?.matching as usize,
            self.images.to_vec(),
            self.not_read.to_vec(),
        ))
    }
}
