//! The requests of the page: each is handed to what answers it, at once from the image that is kept, or later, also by a part
//! of the program that is fetched first.

pub(crate) mod audit;
pub(crate) mod contents;
pub(crate) mod files;
pub(crate) mod find;
pub(crate) mod images;
pub(crate) mod later;
pub(crate) mod lists;

use std::cell::RefCell;
use std::rc::Rc;

use wasm_bindgen_futures::spawn_local;
use web_sys::DedicatedWorkerGlobalScope;

use self::later::Asked;
use super::cache::Cache;
use super::image_worker::ImageWorker;
use super::opening::{self, ReadContext};
use super::port;
use super::protocol::{
    Answers, Audit, ClearCache, Continue, FetchAgain, KeepLogins, Message, Numbered, Open,
    Question, ReadLayers, Request, SizeOfCache, Stop, StopContent, UseRules,
};
use crate::login;

/// Waits for questions.
pub(crate) fn serve(scope: &DedicatedWorkerGlobalScope) {
    let worker = Rc::new(RefCell::new(ImageWorker::default()));
    let answers = scope.clone();
    port::listen(scope, move |data| {
        if let Some(file) = port::file(&data) {
            worker.borrow_mut().file = Some(file);
            return;
        }
        let Some(Numbered { id, request }) = port::unpack(&data) else {
            return;
        };
        worker.borrow_mut().hear();
        let context = RequestContext {
            worker: Rc::clone(&worker),
            scope: answers.clone(),
            id: Some(id),
        };
        context.hear(request);
    });
    port::tell(scope, &Message::Ready);
}

/// Audits the image that is kept, once all of it is here; an event tells what comes of it.
fn begin_audit(worker: &Rc<RefCell<ImageWorker>>, scope: &DedicatedWorkerGlobalScope) {
    let context = RequestContext {
        worker: Rc::clone(worker),
        scope: scope.clone(),
        id: None,
    };
    context.hear(Audit.into());
}

/// Whoever asked a question, and whom.
struct RequestContext {
    worker: Rc<RefCell<ImageWorker>>,
    scope: DedicatedWorkerGlobalScope,
    /// The number of the question; none where the worker asks itself.
    id: Option<u32>,
}

impl RequestContext {
    fn hear(self, request: Request) {
        self.ask(request, false);
    }

    /// `finds` where the question waited for what finds in a tree.
    fn ask(self, request: Request, finds: bool) {
        let asked = Asked {
            context: self,
            request,
        };
        if let Some(Asked { context, request }) = later::ask(asked, finds) {
            context.hear_now(request);
        }
    }

    /// What the first part of the program answers.
    fn hear_now(self, request: Request) {
        match request {
            Request::KeepLogins(KeepLogins(logins)) => {
                login::replace(logins);
                self.answer::<KeepLogins>(&());
            }
            Request::FetchAgain(FetchAgain) => {
                later::try_again();
                self.answer::<FetchAgain>(&());
            }
            Request::SizeOfCache(SizeOfCache) => {
                self.answer_later::<SizeOfCache>(async { Cache::of_worker().size().await });
            }
            Request::ClearCache(ClearCache) => {
                self.answer_later::<ClearCache>(async { Cache::of_worker().clear().await });
            }
            Request::Open(asked) => self.open(asked),
            Request::Stop(Stop) => {
                opening::stop(&self.worker);
                self.answer::<Stop>(&());
            }
            Request::Continue(Continue) => {
                opening::resume(&self.reading());
                self.answer::<Continue>(&());
            }
            Request::ReadLayers(ReadLayers(one)) => {
                opening::read_listed(&self.reading(), one);
                self.answer::<ReadLayers>(&());
            }
            Request::Show(asked) => self.of_image(asked),
            Request::Rows(asked) => self.of_image(asked),
            Request::Toggle(asked) => self.of_image(asked),
            Request::Expand(asked) => self.of_image(asked),
            Request::OpenFolders(asked) => self.of_image(asked),
            Request::Parent(asked) => self.of_image(asked),
            Request::Seek(asked) => self.of_image(asked),
            Request::TypeAhead(asked) => self.of_image(asked),
            Request::HistoryOf(asked) => self.of_image(asked),
            Request::LargestOf(asked) => self.of_image(asked),
            Request::HoldFile(asked) => self.of_image(asked),
            Request::StopContent(StopContent) => self.answer::<StopContent>(&()),
            Request::UseRules(UseRules(_)) => self.answer::<UseRules>(&Ok(())),
            // These are answered by parts of the program (see `later`).
            Request::BesideDockerfile(_)
            | Request::FindingsPage(_)
            | Request::Audit(_)
            | Request::RelatedTo(_)
            | Request::Report(_)
            | Request::ReadContent(_)
            | Request::ReadFolder(_)
            | Request::ReadDifference(_)
            | Request::ReadDocument(_)
            | Request::Unfold(_)
            | Request::DifferenceRows(_)
            | Request::ContentProgress(_)
            | Request::ContentLines(_)
            | Request::TextLines(_)
            | Request::FoldLines(_)
            | Request::ContentBytes(_)
            | Request::ContentParts(_)
            | Request::MapOf(_)
            | Request::ComparedMapOf(_)
            | Request::PackagesOf(_)
            | Request::PackageFiles(_)
            | Request::Compare(_)
            | Request::VersionsOf(_)
            | Request::ComparisonReport(_)
            | Request::Catalog(_)
            | Request::Names(_)
            | Request::AboutTag(_)
            | Request::FindReferrers(_)
            | Request::ReadHistory(_) => {}
        }
    }

    fn answer<Q: Question>(&self, answer: &Q::Answer) {
        let Some(id) = self.id else { return };
        let answer = port::pack_bytes(answer);
        port::tell(&self.scope, &Message::Answer(id, answer));
    }

    fn answer_later<Q: Question>(self, answer: impl Future<Output = Q::Answer> + 'static) {
        spawn_local(async move { self.answer::<Q>(&answer.await) });
    }

    fn of_image<Q: Question>(&self, question: Q)
    where
        ImageWorker: Answers<Q>,
    {
        let answer = self.worker.borrow_mut().answer(question);
        self.answer::<Q>(&answer);
    }

    /// For whom layers are read; an audit follows.
    fn reading(&self) -> ReadContext {
        ReadContext {
            worker: Rc::clone(&self.worker),
            scope: self.scope.clone(),
            finished: begin_audit,
        }
    }

    fn open(self, mut asked: Open) {
        self.worker.borrow_mut().to_open = std::mem::take(&mut asked.open);
        self.answer::<Open>(&());
        spawn_local(opening::open(self.reading(), asked));
    }
}
