//! The engine: keeps the image that is read, and answers what the page asks of it.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;

use onionskin_core::layer::LayerIndex;
use onionskin_core::ledger::{Ledger, Wasted};
use onionskin_core::platform::Platform;
use onionskin_core::report::link::InFile;
use onionskin_core::report::map::Map;
use onionskin_core::rules::{GrowthLimits, Rules};
use onionskin_core::source::{Image, NotFetched};
use onionskin_core::stack::view::View;
use onionskin_core::stack::{NodeId, Stack};
use wasm_bindgen_futures::spawn_local;
use web_sys::{Blob, DedicatedWorkerGlobalScope};

use super::browsing;
use super::growth::{self, Other};
use super::listing::{At, Listing, number};
use super::opening::{self, Reading};
use super::path_history;
use super::place::Gateway;
use super::pool::Pool;
use super::port;
use super::protocol::{
    Event, Found, LayerNumbers, Message, Numbers, Question, ReportForm, Request, Response,
    RulesFile, RulesFileError, Showing, Shown, Subject, UserError,
};
use super::waste::{self, Waste};

/// What the engine knows.
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
    largest: Vec<Wasted>,
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
    /// Whether the source tells compressed sizes.
    pub(crate) compressed_known: bool,
    /// No more layers will come, unless reading goes on after it was stopped.
    pub(crate) finished: bool,
    pub(crate) pool: Option<Rc<Pool>>,
    /// Where the layers come from, once that is known.
    pub(crate) reading: Option<Reading>,
    /// Folders to open once the layers that have them are here.
    pub(crate) to_open: Vec<Vec<u8>>,
    /// The file that the visitor chose.
    pub(crate) file: Option<Blob>,
}

/// Layers that stand on each other, and which of their folders are open.
#[derive(Default)]
pub(crate) struct Ground {
    pub(crate) stack: Stack,
    open: HashSet<NodeId>,
    /// How much higher layers are numbered in the image.
    offset: usize,
}

impl Ground {
    fn at(&self, layer: u32) -> At<'_> {
        At {
            stack: &self.stack,
            layer: (layer as usize).saturating_sub(self.offset),
            offset: self.offset,
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
        let Some(Question { id, ask }) = port::unpack(&data) else {
            return;
        };
        let (engine, scope) = (Rc::clone(&engine), answers.clone());
        match ask {
            ask @ (Request::Catalog | Request::List { .. } | Request::Referrers { .. }) => {
                spawn_local(async move {
                    let answer = browsing::answer(ask).await;
                    port::tell(&scope, &Message::Response { id, answer });
                });
            }
            Request::Open {
                subject,
                platform,
                fresh,
                open,
            } => {
                engine.borrow_mut().to_open = open;
                port::tell(
                    &scope,
                    &Message::Response {
                        id,
                        answer: Response::Nothing,
                    },
                );
                spawn_local(opening::open(
                    engine,
                    scope,
                    opening::Wanted {
                        subject,
                        platform,
                        fresh,
                    },
                ));
            }
            ask @ (Request::Stop | Request::Continue) => {
                match ask {
                    Request::Stop => opening::stop(&engine),
                    _ => opening::resume(&engine, &scope),
                }
                let answer = Response::Nothing;
                port::tell(&scope, &Message::Response { id, answer });
            }
            Request::Judge(file) => {
                let judged = engine.borrow_mut().judge(file.as_ref());
                let (event, judged) = match judged {
                    Ok(event) => (event, Ok(())),
                    Err(problem) => (None, Err(problem)),
                };
                let ended = Event::Comparing(None);
                for event in [Some(ended), event].into_iter().flatten() {
                    port::tell(&scope, &Message::Event(event));
                }
                growth::begin(&engine, &scope);
                let answer = Response::Judged(judged);
                port::tell(&scope, &Message::Response { id, answer });
            }
            ask => {
                let answer = engine.borrow_mut().answer(ask);
                port::tell(&scope, &Message::Response { id, answer });
            }
        }
    });
    port::tell(scope, &Message::Ready);
}

impl ImageWorker {
    fn answer(&mut self, ask: Request) -> Response {
        match ask {
            Request::Show(showing) => Response::Shown(self.show(showing)),
            Request::PathHistory { path } => self.path_history(&path),
            Request::Findings(asked) => match &self.waste {
                Some(waste) => Response::Findings(Box::new(waste.findings(&asked))),
                None => Response::Nothing,
            },
            Request::Report(form) => Response::Report(self.report(form)),
            Request::OpenFolders => Response::Folders(self.open_folders()),
            Request::Stop
            | Request::Continue
            | Request::Catalog
            | Request::List { .. }
            | Request::Referrers { .. }
            | Request::Open { .. }
            | Request::Judge(_) => Response::Nothing,
            Request::Rows { .. }
            | Request::Toggle { .. }
            | Request::Parent { .. }
            | Request::Seek { .. } => self.of_listing(ask).unwrap_or(Response::Nothing),
        }
    }

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

    fn show(&mut self, mut showing: Showing) -> Shown {
        self.open_again();
        let alone = self.ground(showing.layer);
        // Alone, a layer has changed nothing: it is shown as what it holds.
        showing.changes &= alone.is_none();
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
        let (at, is_alone) = (ground.at(showing.layer), alone.is_some());
        match &mut self.listing {
            Some(listing) if listing.showing == showing => {}
            Some(listing) if listing.is_of(&showing) => listing.reshow(at, showing, &ground.open),
            _ => self.listing = Some(Listing::new(at, showing, &ground.open)),
        }
        self.listing
            .as_ref()
            .map(|listing| listing.shown(at, is_alone))
            .unwrap_or_default()
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
        open.chain(self.to_open.iter().cloned()).collect()
    }

    /// Prepares for layers that are read after reading was stopped. What was shown of layers apart from the others is
    /// read again.
    pub(crate) fn reopen(&mut self) {
        self.finished = false;
        self.alone.clear();
        self.listing = None;
        self.top = None;
        self.waste = None;
    }

    /// The listing and what it stands on.
    fn listed(&mut self) -> Option<(&mut Listing, &mut Ground)> {
        let listing = self.listing.as_mut()?;
        let layer = listing.showing.layer;
        let ground = self.alone.get_mut(&layer).unwrap_or(&mut self.main);
        Some((listing, ground))
    }

    fn of_listing(&mut self, ask: Request) -> Option<Response> {
        let (listing, ground) = self.listed()?;
        let alone = ground.offset > 0;
        let Ground {
            stack,
            open,
            offset,
        } = ground;
        let layer = (listing.showing.layer as usize).saturating_sub(*offset);
        let at = At {
            stack,
            layer,
            offset: *offset,
        };
        Some(match ask {
            Request::Rows { from, count } => {
                let rows = listing.rows(at, open, from, count);
                Response::Rows { rows }
            }
            Request::Toggle { row, open: to } => {
                listing.toggle(at, open, row, to);
                Response::Shown(listing.shown(at, alone))
            }
            Request::Parent { row } => Response::Row(listing.parent(row)),
            Request::Seek { path } => Response::Found(listing.seek(at, open, &path)),
            _ => Response::Found(Found {
                row: None,
                exact: false,
                total: 0,
            }),
        })
    }

    fn path_history(&mut self, path: &[u8]) -> Response {
        if self.top.is_none() && self.finished {
            let stack = &self.main.stack;
            self.top = Some(View::stack(stack, stack.depth()));
        }
        let (top, wasted) = (self.top.take(), std::mem::take(&mut self.largest));
        let os = self.os.clone();
        let history = self.listed().and_then(|(listing, ground)| {
            path_history::of(
                ground.at(listing.showing.layer),
                listing,
                top.as_ref(),
                &wasted,
                path,
                os.as_deref(),
            )
        });
        (self.top, self.largest) = (top, wasted);
        history.map_or(Response::Nothing, |history| {
            Response::PathHistory(Box::new(history))
        })
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
        let numbers = Numbers {
            depth: number(stack.depth()),
            stored: ledger.total.stored,
            live: ledger.total.live(),
            wasted: ledger.total.wasted(),
            wasted_compressed: self
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
        Event::Stacked(Box::new(numbers))
    }
}
