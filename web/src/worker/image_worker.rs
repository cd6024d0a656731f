//! The image worker: keeps the image that is read, and answers what the page asks of it.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;

use onionskin_core::layer::LayerIndex;
use onionskin_core::ledger::{Ledger, Wasted};
use onionskin_core::link::InFile;
use onionskin_core::platform::Platform;
use onionskin_core::report::map::Map;
use onionskin_core::rules::{GrowthLimits, Rules};
use onionskin_core::source::{Image, NotFetched};
use onionskin_core::stack::view::View;
use onionskin_core::stack::{NodeId, Stack};
use wasm_bindgen_futures::spawn_local;
use web_sys::{Blob, DedicatedWorkerGlobalScope};

use super::browsing;
use super::cache::Cache;
use super::comparison::{self, Comparison};
use super::content::{self, Reader};
use super::document;
use super::growth::{self, Other};
use super::largest;
use super::listing::{At, Listing, WastedBelow, number};
use super::opening::{self, Reading};
use super::packages::{self, OwnedFiles};
use super::path_history;
use super::place::Gateway;
use super::pool::Pool;
use super::port;
use super::protocol::{
    Both, Catalog, ClearCache, Compare, ComparisonReport, ContentBytes, ContentLines,
    ContentProgress, Continue, Event, Expand, FilesOfPackage, FindReferrers, Findings,
    FindingsPage, Found, HistoryOf, HoldFile, Judge, KeepLogins, LargestFiles, LargestOf,
    LayerNumbers, MapFacts, MapOf, Message, Names, Numbered, Numbers, Open, OpenFolders,
    PackageFiles, PackagesFacts, PackagesOf, Parent, PathHistory, PathVersions, Question,
    ReadContent, ReadDocument, Report, ReportForm, Request, Row, Rows, RulesFile, RulesFileError,
    Seek, Show, Showing, Shown, SizeOfCache, Stop, StopContent, Subject, Toggle, UserError,
    VersionsOf,
};
use super::waste::{self, Waste};
use crate::login;

/// Open folders that the page is told, to remember them.
const OPEN_FOLDERS: usize = 2_000;

/// What is known of the image.
#[derive(Default)]
pub(crate) struct ImageWorker {
    /// The layers from the base up to the first that is missing.
    pub(crate) main: Ground,
    /// Layers that are decoded, while one below them is missing.
    pub(crate) waiting: BTreeMap<u32, Arc<LayerIndex>>,
    /// Layers that are not available, with the reasons, while one below them is missing.
    pub(crate) not_fetched: BTreeMap<u32, NotFetched>,
    /// What the image runs on, as its configuration says.
    pub(crate) os: Option<String>,
    /// Of those, the ones that are looked at, each on its own.
    alone: BTreeMap<u32, Ground>,
    listing: Option<Listing>,
    /// What is wasted, the largest first.
    largest: Vec<Wasted>,
    pub(crate) costs: Costs,
    /// The final stack as a tree, once something needs its sums.
    top: Option<View>,
    /// What was asked for.
    pub(crate) subject: Option<Subject>,
    pub(crate) image: Option<Image>,
    /// The platform that was asked for.
    pub(crate) platform: Option<Platform>,
    rules: Rules,
    /// How many rules files came.
    pub(crate) round: u32,
    /// The image that growth is measured against.
    pub(crate) other: Other,
    /// Those that decode it.
    pub(crate) comparing: Option<Rc<Pool>>,
    /// Once the layers are all there.
    waste: Option<Waste>,
    /// Once they were asked for.
    packages: Option<OwnedFiles>,
    /// No more layers will come, unless reading goes on after it was stopped.
    pub(crate) finished: bool,
    pub(crate) pool: Option<Rc<Pool>>,
    /// Where the layers come from, once that is known.
    pub(crate) reading: Option<Reading>,
    /// Folders to open once the layers that have them are here.
    pub(crate) to_open: Vec<Vec<u8>>,
    /// The file that the visitor chose.
    pub(crate) file: Option<Blob>,
    /// The content that is looked at.
    pub(crate) reader: Reader,
    /// The files of images to compare.
    pub(crate) compared_files: Both<Option<Blob>>,
    /// Two images in place of one.
    pub(crate) comparison: Option<Comparison>,
}

/// Layers that stand on each other, and which of their folders are open.
#[derive(Default)]
pub(crate) struct Ground {
    pub(crate) stack: Stack,
    open: HashSet<NodeId>,
    /// How much higher layers are numbered in the image.
    offset: usize,
}

/// What the bytes of the stack cost, as of its last count.
#[derive(Default)]
pub(crate) struct Costs {
    ledger: Option<Ledger>,
    wasted: WastedBelow,
    /// Whether the source tells compressed sizes.
    pub(crate) compressed_known: bool,
}

impl Costs {
    /// The layer of the image with this number in a stack whose layers are numbered `offset` higher there.
    fn at<'s>(&'s self, stack: &'s Stack, offset: usize, layer: u32) -> At<'s> {
        let whole = offset == 0;
        At {
            stack,
            layer: (layer as usize).saturating_sub(offset),
            offset,
            ledger: self.ledger.as_ref().filter(|_| whole),
            wasted: Some(&self.wasted).filter(|_| whole),
            compressed_known: self.compressed_known,
        }
    }
}

/// Waits for questions.
pub(crate) fn serve(scope: &DedicatedWorkerGlobalScope) {
    let engine = Rc::new(RefCell::new(ImageWorker::default()));
    let answers = scope.clone();
    port::listen(scope, move |data| {
        if let Some(file) = port::file(&data) {
            engine.borrow_mut().file = Some(file);
            return;
        }
        let Some(Numbered { id, request }) = port::unpack(&data) else {
            return;
        };
        let asker = Asker {
            engine: Rc::clone(&engine),
            scope: answers.clone(),
            id,
        };
        asker.hear(request);
    });
    port::tell(scope, &Message::Ready);
}

/// Whoever asked a question, and whom.
struct Asker {
    engine: Rc<RefCell<ImageWorker>>,
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
            Request::FindReferrers(asked) => {
                self.answer_later::<FindReferrers>(browsing::referrers(asked));
            }
            Request::Open(asked) => self.open(asked),
            Request::Stop(Stop) => {
                opening::stop(&self.engine);
                self.answer::<Stop>(&());
            }
            Request::Continue(Continue) => {
                opening::resume(&self.engine, &self.scope);
                self.answer::<Continue>(&());
            }
            Request::Judge(asked) => self.judge(&asked),
            Request::Show(asked) => self.of_image(asked),
            Request::Rows(asked) => self.of_image(asked),
            Request::MapOf(asked) => self.of_image(asked),
            Request::Toggle(asked) => self.of_image(asked),
            Request::Expand(asked) => self.of_image(asked),
            Request::OpenFolders(asked) => self.of_image(asked),
            Request::Parent(asked) => self.of_image(asked),
            Request::Seek(asked) => self.of_image(asked),
            Request::HistoryOf(asked) => self.of_image(asked),
            Request::LargestOf(asked) => self.of_image(asked),
            Request::ReadContent(asked) => {
                let read = content::read(Rc::clone(&self.engine), asked);
                self.answer_later::<ReadContent>(read);
            }
            Request::ReadDocument(asked) => {
                let read = document::read(Rc::clone(&self.engine), asked);
                self.answer_later::<ReadDocument>(read);
            }
            Request::StopContent(asked) => self.of_image(asked),
            Request::ContentProgress(asked) => self.of_image(asked),
            Request::ContentLines(asked) => self.of_image(asked),
            Request::ContentBytes(asked) => self.of_image(asked),
            Request::FindingsPage(asked) => self.of_image(asked),
            Request::Report(asked) => self.of_image(asked),
            Request::PackagesOf(asked) => self.of_image(asked),
            Request::PackageFiles(asked) => self.of_image(asked),
            Request::HoldFile(asked) => self.of_image(asked),
            Request::Compare(asked) => {
                self.answer::<Compare>(&());
                spawn_local(comparison::run(self.engine, self.scope, asked));
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
        let answer = self.engine.borrow_mut().answer(question);
        self.answer::<Q>(&answer);
    }

    fn open(self, mut asked: Open) {
        self.engine.borrow_mut().to_open = std::mem::take(&mut asked.open);
        self.answer::<Open>(&());
        spawn_local(opening::open(self.engine, self.scope, asked));
    }

    fn judge(&self, asked: &Judge) {
        let judged = self.engine.borrow_mut().judge(asked.0.as_ref());
        let (event, judged) = match judged {
            Ok(event) => (event, Ok(())),
            Err(problem) => (None, Err(problem)),
        };
        let ended = Event::Comparing(None);
        for event in [Some(ended), event].into_iter().flatten() {
            port::tell(&self.scope, &Message::Event(event));
        }
        growth::begin(&self.engine, &self.scope);
        self.answer::<Judge>(&judged);
    }
}

/// Something that can answer a question at once.
trait Answers<Q: Question> {
    fn answer(&mut self, question: Q) -> Q::Answer;
}

impl Answers<Show> for ImageWorker {
    fn answer(&mut self, Show(showing): Show) -> Shown {
        match &mut self.comparison {
            Some(comparison) => comparison.show(showing),
            None => self.show(showing),
        }
    }
}

impl Answers<Rows> for ImageWorker {
    fn answer(&mut self, Rows { from, count }: Rows) -> Vec<Row> {
        if let Some(comparison) = &self.comparison {
            return comparison.rows(from, count);
        }
        let listed = self.listed();
        let rows = listed.map(|(listing, open, at)| listing.rows(at, open, from, count));
        rows.unwrap_or_default()
    }
}

impl Answers<MapOf> for ImageWorker {
    fn answer(&mut self, asked: MapOf) -> Option<Box<MapFacts>> {
        if self.show(asked.showing.clone()).missing {
            return Some(Box::new(MapFacts {
                missing: true,
                ..MapFacts::default()
            }));
        }
        let (listing, _, at) = self.listed()?;
        Some(Box::new(listing.map(at, &asked)))
    }
}

impl Answers<Toggle> for ImageWorker {
    fn answer(&mut self, asked: Toggle) -> Option<Shown> {
        if let Some(comparison) = &mut self.comparison {
            return Some(comparison.toggle(&asked));
        }
        let (listing, open, at) = self.listed()?;
        if let Some(row) = listing.row_number(at, &asked.path, asked.row) {
            listing.toggle(at, open, row, asked.open);
        }
        Some(listing.shown(at))
    }
}

impl Answers<Expand> for ImageWorker {
    fn answer(&mut self, asked: Expand) -> Option<Shown> {
        if let Some(comparison) = &mut self.comparison {
            return Some(comparison.expand(&asked));
        }
        let Expand { depth } = asked;
        let (listing, open, at) = self.listed()?;
        listing.expand(at, open, depth);
        Some(listing.shown(at))
    }
}

impl Answers<OpenFolders> for ImageWorker {
    fn answer(&mut self, _: OpenFolders) -> Vec<Vec<u8>> {
        self.open_folders()
    }
}

impl Answers<Parent> for ImageWorker {
    fn answer(&mut self, Parent { row }: Parent) -> Option<u32> {
        if let Some(comparison) = &self.comparison {
            return comparison.parent(row);
        }
        self.listing.as_ref()?.parent(row)
    }
}

impl Answers<Seek> for ImageWorker {
    fn answer(&mut self, asked: Seek) -> Option<Found> {
        if let Some(comparison) = &mut self.comparison {
            return Some(comparison.seek(&asked));
        }
        let Seek { path } = asked;
        let (listing, open, at) = self.listed()?;
        Some(listing.seek(at, open, &path))
    }
}

impl Answers<LargestOf> for ImageWorker {
    fn answer(&mut self, LargestOf { layer }: LargestOf) -> LargestFiles {
        largest::of(&self.main.stack, &self.largest, layer as usize)
    }
}

impl Answers<HistoryOf> for ImageWorker {
    fn answer(&mut self, HistoryOf { path }: HistoryOf) -> Option<Box<PathHistory>> {
        self.path_history(&path).map(Box::new)
    }
}

impl Answers<StopContent> for ImageWorker {
    fn answer(&mut self, _: StopContent) {
        self.reader.stop();
        self.reader.content = None;
    }
}

impl Answers<ContentProgress> for ImageWorker {
    fn answer(&mut self, _: ContentProgress) -> Option<(u64, u64)> {
        self.reader.progress
    }
}

impl Answers<ContentLines> for ImageWorker {
    fn answer(&mut self, asked: ContentLines) -> Vec<Vec<u8>> {
        let ContentLines { form, from, count } = asked;
        let content = self.reader.content.as_ref();
        content.map_or_else(Vec::new, |content| content.lines(form, from, count))
    }
}

impl Answers<ContentBytes> for ImageWorker {
    fn answer(&mut self, ContentBytes { from, count }: ContentBytes) -> Vec<u8> {
        let content = self.reader.content.as_ref();
        content.map_or_else(Vec::new, |content| content.bytes(from, count))
    }
}

impl Answers<FindingsPage> for ImageWorker {
    fn answer(&mut self, FindingsPage(asked): FindingsPage) -> Option<Box<Findings>> {
        Some(Box::new(self.waste.as_ref()?.findings(&asked)))
    }
}

impl Answers<Report> for ImageWorker {
    fn answer(&mut self, Report(form): Report) -> Option<String> {
        self.report(form)
    }
}

impl Answers<PackagesOf> for ImageWorker {
    fn answer(&mut self, _: PackagesOf) -> Option<Box<PackagesFacts>> {
        if !self.finished {
            return None;
        }
        let (owned, facts) = packages::of(self.image.as_ref()?, &self.main.stack);
        self.packages = Some(owned);
        Some(Box::new(facts))
    }
}

impl Answers<PackageFiles> for ImageWorker {
    fn answer(&mut self, asked: PackageFiles) -> Box<FilesOfPackage> {
        let owned = self.packages.as_ref();
        let files = owned.map(|owned| owned.files(&self.main.stack, asked.package, asked.count));
        Box::new(files.unwrap_or_default())
    }
}

impl Answers<HoldFile> for ImageWorker {
    fn answer(&mut self, HoldFile(side): HoldFile) {
        *self.compared_files.of_mut(side) = self.file.take();
    }
}

impl Answers<VersionsOf> for ImageWorker {
    fn answer(&mut self, VersionsOf { path }: VersionsOf) -> Option<Box<PathVersions>> {
        self.comparison.as_ref()?.versions(&path).map(Box::new)
    }
}

impl Answers<ComparisonReport> for ImageWorker {
    fn answer(&mut self, ComparisonReport(form): ComparisonReport) -> Option<String> {
        self.comparison.as_ref()?.report(form)
    }
}

impl ImageWorker {
    /// The layers that a showing stands on; for a layer above a broken one, that layer alone.
    fn ground(&mut self, layer: u32) -> Option<u32> {
        if layer >= 1 && layer as usize <= self.main.stack.depth() {
            return None;
        }
        if self.finished
            && !self.alone.contains_key(&layer)
            && let Some(index) = self.waiting.remove(&layer)
        {
            let mut ground = Ground {
                offset: (layer as usize).saturating_sub(1),
                ..Ground::default()
            };
            if ground.stack.push(index).is_ok() {
                self.alone.insert(layer, ground);
            }
        }
        Some(layer)
    }

    /// The stack that a layer is in, and how much higher its layers are numbered in the image.
    pub(crate) fn ground_of(&self, layer: u32) -> Option<(&Stack, usize)> {
        let Ground { stack, offset, .. } = match layer as usize <= self.main.stack.depth() {
            true => &self.main,
            false => self.alone.get(&layer)?,
        };
        Some((stack, *offset))
    }

    fn show(&mut self, mut showing: Showing) -> Shown {
        self.open_again();
        let alone = self.ground(showing.layer);
        // Alone, a layer has changed nothing: it is shown as what it holds.
        if alone.is_some() {
            showing.changes_from = None;
        }
        let ground = match alone {
            Some(layer) => self.alone.get(&layer),
            None => Some(&self.main),
        };
        let Some(ground) = ground.filter(|ground| ground.stack.depth() > 0) else {
            self.listing = None;
            return Shown {
                missing: true,
                ..Shown::default()
            };
        };
        let Ground {
            stack,
            open,
            offset,
        } = ground;
        let at = self.costs.at(stack, *offset, showing.layer);
        match &mut self.listing {
            Some(listing) if listing.showing == showing => {}
            Some(listing) if listing.is_of(&showing) => listing.reshow(at, showing, open),
            _ => self.listing = Some(Listing::new(at, showing, open)),
        }
        let listing = self.listing.as_ref();
        listing.map(|listing| listing.shown(at)).unwrap_or_default()
    }

    /// Opens the folders that were open before the page was loaded again, as far as they are here.
    fn open_again(&mut self) {
        let Ground { stack, open, .. } = &mut self.main;
        self.to_open.retain(|path| match stack.find(path) {
            Some(node) => {
                open.insert(node);
                false
            }
            None => true,
        });
    }

    /// The paths of the open folders, and of those that are still to be opened.
    fn open_folders(&self) -> Vec<Vec<u8>> {
        let Ground { stack, open, .. } = &self.main;
        let open = open.iter().map(|node| stack.path(*node));
        let paths = open.chain(self.to_open.iter().cloned());
        paths.take(OPEN_FOLDERS).collect()
    }

    /// Prepares for layers that are read after reading was stopped. What was shown of layers apart from the others is
    /// read again.
    pub(crate) fn reopen(&mut self) {
        self.finished = false;
        self.alone.clear();
        self.listing = None;
        self.top = None;
        self.waste = None;
        self.packages = None;
    }

    /// The listing, the folders that are open in it, and what it stands on.
    fn listed(&mut self) -> Option<(&mut Listing, &mut HashSet<NodeId>, At<'_>)> {
        let listing = self.listing.as_mut()?;
        let layer = listing.showing.layer;
        let ground = self.alone.get_mut(&layer).unwrap_or(&mut self.main);
        let Ground {
            stack,
            open,
            offset,
        } = ground;
        Some((listing, open, self.costs.at(stack, *offset, layer)))
    }

    fn path_history(&mut self, path: &[u8]) -> Option<PathHistory> {
        if self.top.is_none() && self.finished {
            let stack = &self.main.stack;
            self.top = Some(View::stack(stack, stack.depth()));
        }
        let (top, wasted) = (self.top.take(), std::mem::take(&mut self.largest));
        let os = self.os.clone();
        let history = self.listed().and_then(|(listing, _, at)| {
            path_history::of(at, listing, top.as_ref(), &wasted, path, os.as_deref())
        });
        (self.top, self.largest) = (top, wasted);
        history
    }

    /// Judges by a rules file from now on, or by none. A file that cannot be used changes nothing.
    fn judge(&mut self, file: Option<&RulesFile>) -> Result<Option<Event>, RulesFileError> {
        self.rules = file.map(waste::rules).transpose()?.unwrap_or_default();
        self.round = self.round.wrapping_add(1);
        self.other = Other::Unasked;
        self.comparing = None;
        Ok(self.audit())
    }

    /// The limits of growth that want for another image, and its platform.
    pub(crate) fn growth(&self) -> Option<(GrowthLimits, Option<Platform>)> {
        let wanted = self.rules.growth.are_set()
            && matches!(self.other, Other::Unasked)
            && self.waste.is_some()
            && self.main.stack.depth() == self.image.as_ref()?.layers.len();
        wanted.then(|| (self.rules.growth.clone(), self.platform.clone()))
    }

    /// The report in a form of the command's.
    fn report(&self, form: ReportForm) -> Option<String> {
        let waste = self.waste.as_ref()?;
        match form {
            ReportForm::Json => waste.json(),
            ReportForm::Html => {
                let remarks = &self.image.as_ref()?.remarks;
                Some(waste.html(&Map::of(&self.main.stack), remarks))
            }
        }
    }

    /// Audits what is stacked, once no more layers come.
    pub(crate) fn audit(&mut self) -> Option<Event> {
        let image = self.image.as_ref()?;
        let page = Gateway::here()?.base();
        let stack = &self.main.stack;
        if !self.finished || stack.depth() == 0 {
            return None;
        }
        let file = match &self.subject {
            Some(Subject::File { name, image }) => Some(InFile {
                name,
                image: image.as_deref(),
            }),
            _ => None,
        };
        let waste = Waste::of(image, stack, &self.rules, &self.other, &page, file);
        let facts = waste.facts();
        self.waste = Some(waste);
        Some(Event::Audited(Box::new(facts)))
    }

    /// Stacks what can be; tells which layer could not.
    pub(crate) fn grow(&mut self) -> Result<bool, (u32, UserError)> {
        let mut grown = false;
        loop {
            let next = number(self.main.stack.depth() + 1);
            let stack = &mut self.main.stack;
            let pushed = match (self.waiting.remove(&next), self.not_fetched.remove(&next)) {
                (Some(index), _) => stack.push(index),
                (None, Some(reason)) => stack.push_not_fetched(reason),
                (None, None) => return Ok(grown),
            };
            pushed.map_err(|error| (next, UserError::of_stack(next, &error)))?;
            grown = true;
        }
    }

    /// Draws up the ledger of what is stacked.
    pub(crate) fn count(&mut self) -> Event {
        let stack = &self.main.stack;
        let ledger = Ledger::of(stack);
        self.largest = ledger.largest();
        self.costs.wasted = WastedBelow::of(stack, &ledger);
        let numbers = Numbers {
            depth: number(stack.depth()),
            stored: ledger.total.stored,
            live: ledger.total.live(),
            wasted: ledger.total.wasted(),
            wasted_compressed: self
                .costs
                .compressed_known
                .then_some(ledger.total.wasted_compressed),
            paths: path_history::paths(stack),
            causes: ledger.total.causes,
            layers: ledger
                .layers
                .iter()
                .map(|account| LayerNumbers {
                    stored: account.stored,
                    causes: account.causes,
                })
                .collect(),
        };
        self.costs.ledger = Some(ledger);
        Event::Stacked(Box::new(numbers))
    }
}
