//! The requests of the page: each is handed to what answers it, at once from the image that is kept, or later.

use std::cell::RefCell;
use std::rc::Rc;

use wasm_bindgen_futures::spawn_local;
use web_sys::DedicatedWorkerGlobalScope;

use super::browsing;
use super::cache::Cache;
use super::comparison;
use super::content;
use super::difference;
use super::document;
use super::folder;
use super::growth;
use super::history;
use super::image_worker::ImageWorker;
use super::opening;
use super::port;
use super::protocol::{
    AboutTag, Catalog, ClearCache, Compare, Continue, Event, FindReferrers, KeepLogins, Message,
    Names, Numbered, Open, Question, ReadContent, ReadDifference, ReadDocument, ReadFolder,
    ReadHistory, ReadLayers, Request, SizeOfCache, Stop, UseRules,
};
use crate::login;

/// Something that can answer a question at once.
pub(super) trait Answers<Q: Question> {
    fn answer(&mut self, question: Q) -> Q::Answer;
}

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
        let asker = Asker {
            worker: Rc::clone(&worker),
            scope: answers.clone(),
            id,
        };
        asker.hear(request);
    });
    port::tell(scope, &Message::Ready);
}

/// Whoever asked a question, and whom.
struct Asker {
    worker: Rc<RefCell<ImageWorker>>,
    scope: DedicatedWorkerGlobalScope,
    id: u32,
}

impl Asker {
    fn hear(self, request: Request) {
        match request {
            Request::KeepLogins(KeepLogins(logins)) => {
                login::replace(logins);
                self.answer::<KeepLogins>(&());
            }
            Request::Catalog(Catalog) => self.answer_later::<Catalog>(browsing::catalog()),
            Request::SizeOfCache(SizeOfCache) => {
                self.answer_later::<SizeOfCache>(async { Cache::of_worker().size().await });
            }
            Request::ClearCache(ClearCache) => {
                self.answer_later::<ClearCache>(async { Cache::of_worker().clear().await });
            }
            Request::Names(asked) => self.answer_later::<Names>(browsing::names(asked)),
            Request::AboutTag(asked) => self.answer_later::<AboutTag>(browsing::about_tag(asked)),
            Request::FindReferrers(asked) => {
                self.answer_later::<FindReferrers>(browsing::referrers(asked));
            }
            Request::Open(asked) => self.open(asked),
            Request::Stop(Stop) => {
                opening::stop(&self.worker);
                self.answer::<Stop>(&());
            }
            Request::Continue(Continue) => {
                opening::resume(&self.worker, &self.scope);
                self.answer::<Continue>(&());
            }
            Request::ReadLayers(ReadLayers(one)) => {
                opening::read_listed(&self.worker, &self.scope, one);
                self.answer::<ReadLayers>(&());
            }
            Request::UseRules(asked) => self.use_rules(&asked),
            Request::Show(asked) => self.of_image(asked),
            Request::Rows(asked) => self.of_image(asked),
            Request::MapOf(asked) => self.of_image(asked),
            Request::ComparedMapOf(asked) => self.of_image(asked),
            Request::Toggle(asked) => self.of_image(asked),
            Request::Expand(asked) => self.of_image(asked),
            Request::OpenFolders(asked) => self.of_image(asked),
            Request::Parent(asked) => self.of_image(asked),
            Request::Seek(asked) => self.of_image(asked),
            Request::HistoryOf(asked) => self.of_image(asked),
            Request::LargestOf(asked) => self.of_image(asked),
            Request::ReadContent(asked) => {
                let read = content::read(Rc::clone(&self.worker), asked);
                self.answer_later::<ReadContent>(read);
            }
            Request::ReadFolder(asked) => {
                let read = folder::read(Rc::clone(&self.worker), asked);
                self.answer_later::<ReadFolder>(read);
            }
            Request::ReadDifference(asked) => {
                let read = difference::read(Rc::clone(&self.worker), asked);
                self.answer_later::<ReadDifference>(read);
            }
            Request::Unfold(asked) => self.of_image(asked),
            Request::DifferenceRows(asked) => self.of_image(asked),
            Request::ReadDocument(asked) => {
                let read = document::read(Rc::clone(&self.worker), asked);
                self.answer_later::<ReadDocument>(read);
            }
            Request::StopContent(asked) => self.of_image(asked),
            Request::ContentProgress(asked) => self.of_image(asked),
            Request::ContentLines(asked) => self.of_image(asked),
            Request::TextLines(asked) => self.of_image(asked),
            Request::BesideDockerfile(asked) => self.of_image(asked),
            Request::FoldLines(asked) => self.of_image(asked),
            Request::ContentBytes(asked) => self.of_image(asked),
            Request::ContentParts(asked) => self.of_image(asked),
            Request::FindingsPage(asked) => self.of_image(asked),
            Request::Report(asked) => self.of_image(asked),
            Request::PackagesOf(asked) => self.of_image(asked),
            Request::PackageFiles(asked) => self.of_image(asked),
            Request::HoldFile(asked) => self.of_image(asked),
            Request::Compare(asked) => {
                self.answer::<Compare>(&());
                spawn_local(comparison::run(self.worker, self.scope, asked));
            }
            Request::ReadHistory(asked) => {
                self.answer::<ReadHistory>(&());
                spawn_local(history::run(self.scope, asked));
            }
            Request::VersionsOf(asked) => self.of_image(asked),
            Request::ComparisonReport(asked) => self.of_image(asked),
        }
    }

    fn answer<Q: Question>(&self, answer: &Q::Answer) {
        let answer = port::pack_bytes(answer);
        port::tell(&self.scope, &Message::Answer(self.id, answer));
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

    fn open(self, mut asked: Open) {
        self.worker.borrow_mut().to_open = std::mem::take(&mut asked.open);
        self.answer::<Open>(&());
        spawn_local(opening::open(self.worker, self.scope, asked));
    }

    fn use_rules(&self, asked: &UseRules) {
        let judged = self.worker.borrow_mut().use_rules(asked.0.as_ref());
        let (event, judged) = match judged {
            Ok(event) => (event, Ok(())),
            Err(problem) => (None, Err(problem)),
        };
        let ended = Event::Comparing(None);
        for event in [Some(ended), event].into_iter().flatten() {
            port::tell(&self.scope, &Message::Event(event));
        }
        growth::begin(&self.worker, &self.scope);
        self.answer::<UseRules>(&judged);
    }
}
