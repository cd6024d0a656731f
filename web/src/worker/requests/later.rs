//! Questions that parts of the program answer: they wait, in their order, until their part is here.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use wasm_bindgen_futures::spawn_local;

use super::RequestContext;
use crate::part::{Fetch, NotFetched, Part};
use crate::worker::listing;
use crate::worker::port;
use crate::worker::protocol::{Compare, Message, Request, Show, Subject, UseRules};
use crate::worker::saved_reader;
use crate::worker::tables::ReadTable;

/// What a part hands over: it answers its questions.
pub type Answer = fn(Asked);

/// A question, and who asked it.
pub struct Asked {
    pub(super) context: RequestContext,
    pub(super) request: Request,
}

/// The parts of the workers' program.
pub struct WorkerParts {
    /// The contents of files and folders, and documents.
    pub contents: Fetch<Answer>,
    /// Findings, rules and reports.
    pub audit: Fetch<Answer>,
    /// What looks at whole images: packages, maps, comparisons.
    pub images: Fetch<Answer>,
    /// Lists of registries, and what is read of all images of one.
    pub lists: Fetch<Answer>,
    /// What a tree is searched by.
    pub find: Fetch<Answer>,
    /// What opens files and saved analyses.
    pub files: Fetch<Answer>,
    /// What reads tables of contents.
    pub tables: Fetch<ReadTable>,
}

/// A part, and the questions that wait for it.
struct Later {
    part: Part<Answer>,
    waiting: RefCell<VecDeque<Asked>>,
    fetching: Cell<bool>,
}

/// All of them.
struct Parts {
    contents: Rc<Later>,
    audit: Rc<Later>,
    images: Rc<Later>,
    lists: Rc<Later>,
    find: Rc<Later>,
    files: Rc<Later>,
    tables: Rc<Part<ReadTable>>,
}

thread_local! {
    static PARTS: OnceCell<Parts> = const { OnceCell::new() };
}

/// Says where the parts come from.
pub(crate) fn use_parts(parts: &WorkerParts) {
    let later = |fetch| {
        Rc::new(Later {
            part: Part::new(fetch),
            waiting: RefCell::default(),
            fetching: Cell::default(),
        })
    };
    let parts = Parts {
        contents: later(parts.contents),
        audit: later(parts.audit),
        images: later(parts.images),
        lists: later(parts.lists),
        find: later(parts.find),
        files: later(parts.files),
        tables: Rc::new(Part::new(parts.tables)),
    };
    // A worker starts once.
    let _ = PARTS.with(|here| here.set(parts));
}

/// Hands a question to the part that answers it, at once where that is here; gives it back where none does. `finds` where it
/// waited for what finds already.
pub(super) fn ask(asked: Asked, finds: bool) -> Option<Asked> {
    PARTS.with(|parts| {
        let later = parts.get().and_then(|parts| match &asked.request {
            request if !finds && parts.needs_find(request) => Some(&parts.find),
            request if needs_files(request) => Some(&parts.files),
            request => parts.of(request),
        });
        let Some(later) = later else {
            return Some(asked);
        };
        let here = later.part.here();
        match here.filter(|_| later.waiting.borrow().is_empty()) {
            Some(answer) => answer(asked),
            None => {
                later.waiting.borrow_mut().push_back(asked);
                Rc::clone(later).fetch();
            }
        }
        None
    })
}

/// Fetches what opens files, for who decodes layers that are in one.
pub(crate) async fn fetch_files() -> Result<(), NotFetched> {
    if saved_reader::reader().is_some() {
        return Ok(());
    }
    let files = PARTS.with(|parts| parts.get().map(|parts| Rc::clone(&parts.files)));
    match files {
        Some(files) => files.part.fetched().await.map(drop),
        None => Err(NotFetched),
    }
}

/// Fetches what reads tables of contents.
pub(crate) async fn fetch_tables() -> Result<ReadTable, NotFetched> {
    let tables = PARTS.with(|parts| parts.get().map(|parts| Rc::clone(&parts.tables)));
    match tables {
        Some(tables) => tables.fetched().await,
        None => Err(NotFetched),
    }
}

/// Whether a question is about files, and what opens them is not here.
fn needs_files(request: &Request) -> bool {
    let is_saved = |subject: &Subject| !matches!(subject, Subject::Reference(_));
    let are_saved = match request {
        Request::Open(asked) => is_saved(&asked.subject),
        Request::Compare(Compare { sides, .. }) => {
            is_saved(&sides.old.subject) || is_saved(&sides.new.subject)
        }
        _ => false,
    };
    are_saved && saved_reader::reader().is_none()
}

/// Fetches the parts again that could not be fetched.
pub(super) fn try_again() {
    PARTS.with(|parts| {
        let Some(parts) = parts.get() else { return };
        for later in parts.all() {
            if !later.waiting.borrow().is_empty() {
                Rc::clone(later).fetch();
            }
        }
    });
}

impl Parts {
    fn all(&self) -> [&Rc<Later>; 6] {
        let Parts {
            contents,
            audit,
            images,
            lists,
            find,
            files,
            tables: _,
        } = self;
        [contents, audit, images, lists, find, files]
    }

    /// The part that answers a question.
    fn of(&self, request: &Request) -> Option<&Rc<Later>> {
        match request {
            // There is nothing to end where nothing was begun.
            Request::StopContent(_) if self.contents.is_untouched() => None,
            Request::UseRules(UseRules(None)) if self.audit.is_untouched() => None,
            Request::ReadContent(_)
            | Request::ReadFolder(_)
            | Request::ReadDifference(_)
            | Request::ReadDocument(_)
            | Request::Unfold(_)
            | Request::DifferenceRows(_)
            | Request::StopContent(_)
            | Request::ContentProgress(_)
            | Request::ContentLines(_)
            | Request::TextLines(_)
            | Request::FoldLines(_)
            | Request::ContentBytes(_)
            | Request::ContentParts(_) => Some(&self.contents),
            Request::BesideDockerfile(_)
            | Request::FindingsPage(_)
            | Request::UseRules(_)
            | Request::Audit(_)
            | Request::RelatedTo(_)
            | Request::Report(_) => Some(&self.audit),
            Request::Catalog(_)
            | Request::Names(_)
            | Request::AboutTag(_)
            | Request::FindReferrers(_)
            | Request::ReadHistory(_) => Some(&self.lists),
            Request::MapOf(_)
            | Request::ComparedMapOf(_)
            | Request::PackagesOf(_)
            | Request::PackageFiles(_)
            | Request::Compare(_)
            | Request::VersionsOf(_)
            | Request::ComparisonReport(_) => Some(&self.images),
            _ => None,
        }
    }

    /// Whether a question about a tree has to wait for what finds in it. While one waits, so do those behind it.
    fn needs_find(&self, request: &Request) -> bool {
        let finds = match request {
            Request::Show(Show(showing)) => !showing.find.is_empty(),
            Request::MapOf(asked) => !asked.showing.find.is_empty(),
            Request::ComparedMapOf(asked) => !asked.showing.find.is_empty(),
            Request::Rows(_)
            | Request::Toggle(_)
            | Request::Expand(_)
            | Request::OpenFolders(_)
            | Request::Parent(_)
            | Request::Seek(_)
            | Request::TypeAhead(_) => false,
            _ => return false,
        };
        !self.find.waiting.borrow().is_empty() || finds && !listing::can_find()
    }
}

impl Later {
    /// Nothing was asked of it so far.
    fn is_untouched(&self) -> bool {
        self.part.here().is_none() && self.waiting.borrow().is_empty()
    }

    fn fetch(self: Rc<Self>) {
        if self.fetching.replace(true) {
            return;
        }
        spawn_local(async move {
            let fetched = self.part.fetched().await;
            self.fetching.set(false);
            match fetched {
                Ok(answer) => loop {
                    let asked = self.waiting.borrow_mut().pop_front();
                    let Some(asked) = asked else { break };
                    answer(asked);
                },
                Err(_) => {
                    let waiting = self.waiting.borrow();
                    if let Some(Asked { context, .. }) = waiting.front() {
                        port::tell(&context.scope, &Message::PartMissing);
                    }
                }
            }
        });
    }
}
