//! Two images being compared: their worker, and what that has told so far.

use std::rc::Rc;

use web_sys::Blob;
use yew::Callback;

use crate::format::counted;
use crate::route::comparison::SideRoute;
use crate::worker::client::WorkerClient;
use crate::worker::protocol::{
    ArchiveImage, Both, Compare, Compared, ComparisonEvent, ComparisonFacts, Event, HoldFile,
    ImageFacts, ReadSoFar, Side, Subject, UserError,
};

/// A comparison and the worker that makes it. Dropping it ends the work.
#[derive(Clone, PartialEq)]
pub(crate) struct CompareSession {
    pub(crate) id: u32,
    pub(crate) worker: WorkerClient,
    /// The images as they were asked for.
    asked: Both<SideRoute>,
    /// Their documents, once they are read.
    pub(crate) facts: Both<Option<Rc<ImageFacts>>>,
    /// Bytes of the files that are unpacked, and all of those.
    pub(crate) unpacked: Both<Option<(u64, u64)>>,
    /// The images of files that hold several, of which one has to be chosen.
    pub(crate) several: Both<Option<Rc<Vec<ArchiveImage>>>>,
    pub(crate) problems: Both<Option<UserError>>,
    pub(crate) progress: Option<ReadSoFar>,
    /// The paths of both that are compared, once all is read.
    pub(crate) comparing: Option<u64>,
    pub(crate) done: Option<Rc<ComparisonFacts>>,
}

impl CompareSession {
    /// Begins to compare; `files` are those of the sides that are in one, and `events` gets what happens.
    pub(crate) fn open(
        id: u32,
        worker: WorkerClient,
        sides: &Both<SideRoute>,
        files: Both<Option<&Blob>>,
        fresh: bool,
        events: Callback<Event>,
    ) -> Self {
        worker.listen(events);
        for side in Side::BOTH {
            if let Some(file) = files.of(side) {
                worker.give(file);
                worker.tell(HoldFile(side));
            }
        }
        worker.tell(Compare {
            sides: Both {
                old: asked(&sides.old),
                new: asked(&sides.new),
            },
            fresh,
        });
        CompareSession {
            id,
            worker,
            asked: sides.clone(),
            facts: Both::default(),
            unpacked: Both::default(),
            several: Both::default(),
            problems: Both::default(),
            progress: None,
            comparing: None,
            done: None,
        }
    }

    /// Whether it is of these images, each under the tag that was asked for or pinned.
    pub(crate) fn shows(&self, sides: &Both<SideRoute>) -> bool {
        Side::BOTH.into_iter().all(|side| {
            let (route, asked) = (sides.of(side), self.asked.of(side));
            let facts = self
                .facts
                .of(side)
                .as_ref()
                .filter(|_| route.file.is_none());
            let pinned = |facts: &Rc<ImageFacts>| route.reference == facts.pinned();
            let named = route.reference == asked.reference || facts.is_some_and(pinned);
            let platform = route.platform == asked.platform
                || facts.is_some_and(|facts| {
                    asked.platform.is_none()
                        && route.platform.as_deref() == Some(&*facts.platform())
                });
            named && platform && (&route.file, route.stack) == (&asked.file, asked.stack)
        })
    }

    /// Whether there is still something to come.
    pub(crate) fn loading(&self) -> bool {
        let waits =
            |side: Side| self.problems.of(side).is_some() || self.several.of(side).is_some();
        self.done.is_none() && !Side::BOTH.into_iter().any(waits)
    }

    /// Takes in what the worker told.
    pub(crate) fn take(&mut self, event: Event) {
        match event {
            Event::Compared(event) => self.take_own(event),
            // The worker ended, which is of neither side.
            Event::Failed(problem) if self.done.is_none() => {
                self.problems.old = Some(match self.comparing {
                    Some(paths) => too_many(paths, problem),
                    None => problem,
                });
            }
            _ => {}
        }
    }

    fn take_own(&mut self, event: ComparisonEvent) {
        match event {
            ComparisonEvent::Image(side, facts) => {
                *self.facts.of_mut(side) = Some(Rc::new(*facts));
                *self.unpacked.of_mut(side) = None;
            }
            ComparisonEvent::Unpacked { side, done, whole } => {
                *self.unpacked.of_mut(side) = Some((done, whole));
            }
            ComparisonEvent::Several(side, images) => {
                *self.several.of_mut(side) = Some(Rc::new(images));
            }
            ComparisonEvent::Progress(progress) => self.progress = Some(progress),
            ComparisonEvent::Comparing { paths } => self.comparing = Some(paths),
            ComparisonEvent::Failed(side, problem) => {
                *self.problems.of_mut(side) = Some(problem);
            }
            ComparisonEvent::Done(facts) => self.done = Some(Rc::new(*facts)),
        }
    }
}

/// The worker ended while it compared: nearly always for want of memory.
fn too_many(paths: u64, problem: UserError) -> UserError {
    UserError {
        detail: format!(
            "Both images have {} together, most likely more than the memory of the page's worker holds.",
            counted(paths, "path")
        ),
        advice:
            "Compare them with the `onionskin diff` command, or close other tabs and try again."
                .to_owned(),
        ..problem
    }
}

fn asked(side: &SideRoute) -> Compared {
    Compared {
        subject: Subject::of(side.file.as_deref(), &side.reference),
        platform: side.platform.clone(),
        stack: side.stack,
    }
}
