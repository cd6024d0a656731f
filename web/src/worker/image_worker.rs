//! The image that the image worker keeps: its layers as they come, and what is known of them.

use std::collections::{BTreeMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;

use onionskin_core::accounts::Accounts;
use onionskin_core::layer::LayerIndex;
use onionskin_core::ledger::{Ledger, Wasted};
use onionskin_core::platform::Platform;
use onionskin_core::rules::Rules;
use onionskin_core::source::{Image, NotFetched};
use onionskin_core::stack::view::View;
use onionskin_core::stack::{NodeId, Stack};
use onionskin_core::steps::Steps;
use web_sys::Blob;

use super::comparison::answers::ComparisonAnswers;
use super::content::opened::Content;
use super::difference::rows::FileDifference;
use super::folder::saved::Saved;
use super::listing::{Listing, StackPosition, WastedBelow};
use super::origin::LayerSource;
use super::other_image::OtherImage;
use super::owned_files::OwnedFiles;
use super::pool::Pool;
use super::protocol::{
    Both, Causes, DecodedLayer, Event, LayerNumbers, Numbers, Subject, UserError,
};
use super::reader::Reader;
use super::tables::{EndedReading, Tables};
use super::waste::Waste;
use super::whole::LayerResult;
use crate::counts::number;

/// What is known of the image.
#[derive(Default)]
pub(crate) struct ImageWorker {
    /// The layers from the base up to the first that is missing.
    pub(crate) main: LayerStack,
    /// Layers that are decoded, while one below them is missing.
    pub(crate) waiting: BTreeMap<u32, Arc<LayerIndex>>,
    /// Layers that are not available, with the reasons, while one below them is missing.
    pub(crate) not_fetched: BTreeMap<u32, NotFetched>,
    /// Of the layers that were not read, what lists them.
    pub(crate) tables: Tables,
    /// What the image runs on, as its configuration says.
    pub(crate) os: Option<String>,
    /// Of those, the ones that are looked at, each on its own.
    pub(super) alone: BTreeMap<u32, LayerStack>,
    pub(super) listing: Option<Listing>,
    /// What is wasted, the largest first.
    pub(super) largest: Vec<Wasted>,
    pub(crate) costs: Costs,
    /// The final stack as a tree, once something needs its sums.
    pub(super) top: Option<View>,
    /// What was asked for.
    pub(crate) subject: Option<Subject>,
    pub(crate) image: Option<Image>,
    /// The platform that was asked for.
    pub(crate) platform: Option<Platform>,
    pub(super) rules: Rules,
    /// How many rules files came.
    pub(crate) round: u32,
    /// The image that growth is measured against.
    pub(crate) other: OtherImage,
    /// Those that decode it.
    pub(crate) comparing: Option<Rc<Pool>>,
    /// Once the layers are all there.
    pub(super) waste: Option<Waste>,
    /// What is left to do for that.
    pub(super) auditing: Option<Steps<'static, Waste>>,
    /// How many audits began.
    pub(super) audits: u32,
    /// How many questions came.
    pub(super) questions: u32,
    /// Once they were asked for.
    pub(super) packages: Option<OwnedFiles>,
    /// No more layers will come, unless reading goes on after it was stopped.
    pub(crate) finished: bool,
    pub(crate) pool: Option<Rc<Pool>>,
    /// Where the layers come from, once that is known.
    pub(crate) reading: Option<Reading>,
    /// Folders to open once the layers that have them are here.
    pub(crate) to_open: Vec<Vec<u8>>,
    /// The file that the visitor chose.
    pub(crate) file: Option<Blob>,
    /// What is being read for the page.
    pub(crate) reader: Reader,
    /// The content that is looked at.
    pub(crate) content: Option<Content>,
    /// Two versions of a path in place of one.
    pub(crate) difference: Option<FileDifference>,
    /// A folder that was written.
    pub(crate) saved: Option<Saved>,
    /// The files of images to compare.
    pub(crate) compared_files: Both<Option<Blob>>,
    /// Two images in place of one.
    pub(crate) comparison: Option<Box<dyn ComparisonAnswers>>,
}

/// Where the layers of the image come from, and what ends their reading.
#[derive(Clone)]
pub(crate) struct Reading {
    pub(crate) source: LayerSource,
    pub(super) stop: Rc<dyn Fn()>,
}

/// Layers that stand on each other, and which of their folders are open.
#[derive(Default)]
pub(crate) struct LayerStack {
    /// An audit has it too.
    pub(crate) stack: Rc<Stack>,
    pub(super) open: HashSet<NodeId>,
    /// How much higher layers are numbered in the image.
    pub(super) offset: usize,
}

/// What the bytes of the stack cost, as of its last count.
#[derive(Default)]
pub(crate) struct Costs {
    ledger: Option<Rc<Ledger>>,
    wasted: WastedBelow,
    /// Names of users and groups, and the layer of the image that they are of.
    accounts: (u32, Accounts),
    /// Whether the source tells compressed sizes, and all layers were read.
    pub(crate) compressed_known: bool,
    /// Layers of the image are listed and not read.
    pub(crate) unread: bool,
}

impl Costs {
    /// The ledger of all layers of a stack, if they are counted.
    pub(super) fn ledger_of(&self, stack: &Stack) -> Option<Rc<Ledger>> {
        let ledger = self.ledger.as_ref();
        ledger
            .filter(|ledger| ledger.layers.len() == stack.depth())
            .cloned()
    }

    /// Reads the names of users and groups at a layer of the image, unless that was done already.
    pub(super) fn name_owners(&mut self, stack: &Stack, offset: usize, layer: u32) {
        if self.accounts.0 != layer {
            let at = (layer as usize).saturating_sub(offset);
            self.accounts = (layer, Accounts::at(stack, at));
        }
    }

    /// The layer of the image with this number in a stack whose layers are numbered `offset` higher there.
    pub(super) fn at<'s>(
        &'s self,
        stack: &'s Stack,
        offset: usize,
        layer: u32,
    ) -> StackPosition<'s> {
        let whole = offset == 0;
        StackPosition {
            stack,
            layer: (layer as usize).saturating_sub(offset),
            offset,
            ledger: self.ledger.as_deref().filter(|_| whole),
            wasted: Some(&self.wasted).filter(|_| whole),
            compressed_known: self.compressed_known,
            unread: self.unread,
            accounts: Some(&self.accounts.1).filter(|_| self.accounts.0 == layer),
        }
    }
}

impl ImageWorker {
    /// The layers that a showing stands on; for a layer above a broken one, that layer alone.
    pub(super) fn ground(&mut self, layer: u32) -> Option<u32> {
        if layer >= 1 && layer as usize <= self.main.stack.depth() {
            return None;
        }
        if self.finished
            && !self.alone.contains_key(&layer)
            && let Some(index) = self.waiting.remove(&layer)
        {
            let mut stack = Stack::new();
            if stack.push(index).is_ok() {
                let ground = LayerStack {
                    stack: Rc::new(stack),
                    offset: (layer as usize).saturating_sub(1),
                    ..LayerStack::default()
                };
                self.alone.insert(layer, ground);
            }
        }
        Some(layer)
    }

    /// The stack that a layer is in, and how much higher its layers are numbered in the image.
    pub(crate) fn ground_of(&self, layer: u32) -> Option<(&Stack, usize)> {
        let LayerStack { stack, offset, .. } = match layer as usize <= self.main.stack.depth() {
            true => &self.main,
            false => self.alone.get(&layer)?,
        };
        Some((&**stack, *offset))
    }

    /// Prepares for layers that are read after reading was stopped. What was shown of layers apart from the others is
    /// read again.
    pub(crate) fn reopen(&mut self) {
        self.finished = false;
        self.alone.clear();
        self.costs.accounts = <(u32, Accounts)>::default();
        self.listing = None;
        self.top = None;
        (self.waste, self.auditing) = (None, None);
        self.packages = None;
    }

    /// Counts a question.
    pub(super) fn hear(&mut self) {
        self.questions = self.questions.wrapping_add(1);
    }

    /// Ends what is being read, and forgets what was; the answer numbers what begins.
    pub(super) fn begin_reading(&mut self) -> u32 {
        self.content = None;
        self.difference = None;
        self.saved = None;
        self.reader.begin()
    }

    /// Ends what is being read, and forgets the content that is looked at.
    pub(super) fn stop_reading(&mut self) {
        self.reader.stop();
        self.content = None;
        self.difference = None;
    }

    /// The listing, the folders that are open in it, and what it stands on.
    pub(super) fn listed(
        &mut self,
    ) -> Option<(&mut Listing, &mut HashSet<NodeId>, StackPosition<'_>)> {
        let listing = self.listing.as_mut()?;
        let layer = listing.showing.layer;
        let ground = self.alone.get_mut(&layer).unwrap_or(&mut self.main);
        let LayerStack {
            stack,
            open,
            offset,
        } = ground;
        Some((listing, open, self.costs.at(stack, *offset, layer)))
    }

    /// Stacks what can be; tells which layer could not.
    pub(crate) fn grow(&mut self) -> Result<bool, (u32, UserError)> {
        let mut grown = false;
        // An audit of fewer layers ends.
        self.auditing = None;
        let Some(stack) = Rc::get_mut(&mut self.main.stack) else {
            return Ok(grown);
        };
        loop {
            let next = number(stack.depth() + 1);
            let pushed = match (self.waiting.remove(&next), self.not_fetched.remove(&next)) {
                (Some(index), _) => stack.push(index),
                (None, Some(reason)) => stack.push_not_fetched(reason),
                (None, None) => return Ok(grown),
            };
            pushed.map_err(|error| (next, UserError::of_stack(next, &error)))?;
            grown = true;
        }
    }

    /// Reading listed layers ended: those that came take the places of what was listed. Tells of those that did not.
    pub(super) fn restack(&mut self) -> Vec<(u32, DecodedLayer)> {
        let EndedReading { came, left } = self.tables.end();
        if came.is_empty() {
            return left;
        }
        let before = std::mem::take(&mut self.main);
        let open = before.open.iter().map(|node| before.stack.path(*node));
        self.to_open.extend(open);
        for (layer, index) in (1..).zip(before.stack.layers()) {
            let came = match before.stack.not_fetched().get(&layer) {
                Some(reason) => LayerResult::NotFetched(*reason),
                None => LayerResult::Read(Arc::clone(index)),
            };
            self.put(number(layer), came);
        }
        for (layer, LayerStack { stack, .. }) in std::mem::take(&mut self.alone) {
            let index = stack.layers().first().cloned();
            self.waiting.extend(index.map(|index| (layer, index)));
        }
        for (layer, what) in came {
            self.waiting.remove(&layer);
            self.put(layer, what);
        }
        self.reopen();
        self.see_costs();
        left
    }

    /// Keeps what came of a layer until all below it are here.
    pub(super) fn put(&mut self, layer: u32, came: LayerResult) {
        match came {
            LayerResult::Read(index) => {
                self.waiting.insert(layer, index);
            }
            LayerResult::NotFetched(reason) => {
                self.not_fetched.insert(layer, reason);
            }
            LayerResult::Failed(_) => {}
        }
    }

    /// What bytes cost is known where the source tells sizes and all layers were read.
    pub(super) fn see_costs(&mut self) {
        let has_sizes =
            (self.image.as_ref()).is_some_and(|image| image.compressed_size().is_some());
        self.costs.unread = !self.tables.is_empty();
        self.costs.compressed_known = has_sizes && !self.costs.unread;
    }

    /// Draws up the ledger of what is stacked.
    pub(crate) fn count(&mut self) -> Event {
        let stack = &self.main.stack;
        let ledger = Ledger::of(stack);
        self.largest = ledger.largest();
        self.costs.wasted = WastedBelow::of(stack, &ledger);
        let is_listed = stack.listed().next().is_some();
        let copies_unknown =
            |causes: &Causes| is_listed && causes.overwritten + causes.metadata_only > 0;
        let numbers = Numbers {
            depth: number(stack.depth()),
            stored: ledger.total.stored,
            live: ledger.total.live(),
            wasted: ledger.total.wasted(),
            wasted_compressed: self
                .costs
                .compressed_known
                .then_some(ledger.total.wasted_compressed),
            paths: paths(stack),
            causes: ledger.total.causes,
            copies_unknown: copies_unknown(&ledger.total.causes),
            layers: ledger
                .layers
                .iter()
                .map(|account| LayerNumbers {
                    stored: account.stored,
                    causes: account.causes,
                    copies_unknown: copies_unknown(&account.causes),
                })
                .collect(),
        };
        self.costs.ledger = Some(Rc::new(ledger));
        Event::Stacked(Box::new(numbers))
    }
}

/// How many paths a container sees.
fn paths(stack: &Stack) -> u64 {
    let depth = stack.depth();
    // The root is in every stack and is no path to count.
    (1..number(stack.nodes()))
        .filter(|node| stack.at(NodeId(*node), depth).is_some())
        .count() as u64
}
