//! What limits look at: the numbers of an image, and of the layers that are on top of its base.

use std::collections::BTreeMap;

use crate::findings::{Finding, Kind, LayerBytes};
use crate::ledger::dive::Dive;
use crate::ledger::{Ledger, LedgerTotals};
use crate::ownership::Packages;
use crate::source::Image;
use crate::stack::Stack;

use super::growth::Against;

/// A finding, and whether a rules file ignores it.
#[derive(Clone, Copy)]
pub struct Weighed<'a> {
    /// The finding.
    pub finding: &'a Finding,
    /// It is told, and not counted.
    pub ignored: bool,
}

/// The numbers of the layers above some base; those of the whole image above none. Wasted bytes of ignored findings are
/// in none of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PartTotals {
    /// File content in these layers, in bytes.
    pub stored: u64,
    /// Of it, what the final stack does not reach.
    pub wasted: u64,
    /// What that costs in the blobs; None where the source does not tell their sizes.
    pub wasted_compressed: Option<u64>,
    /// Wasted bytes that layers of the base add and layers above it hide; None where the base is not known.
    pub base_wasted: Option<u64>,
    /// The layers' tars, in bytes.
    pub size: u64,
    /// The layers' blobs, in bytes, each once; without those that layers below list too.
    pub compressed_size: Option<u64>,
    /// The largest of the layers' tars, in bytes.
    pub largest_layer: u64,
    /// Number of layers.
    pub layers: u64,
    /// The findings of these layers and of the configuration.
    pub findings: BTreeMap<Kind, Tally>,
}

/// How much was found of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Findings that these layers have a part in.
    pub count: u64,
    /// Bytes that these layers add of them.
    pub bytes: u64,
}

/// All that is judged.
#[derive(Clone)]
pub struct Measured<'a> {
    /// The layers.
    pub stack: &'a Stack,
    /// The whole image.
    pub image: PartTotals,
    /// Layers of the base; None where it is not known.
    pub base: Option<usize>,
    /// The layers above it.
    pub own: Option<PartTotals>,
    /// dive's numbers.
    pub dive: Dive,
    /// The packages of the final stack; None where no limit needs them.
    pub packages: Option<&'a Packages>,
    /// The image that this one is compared with.
    pub against: Option<&'a Against>,
}

impl PartTotals {
    /// The numbers of the layers of `image` above the first `below`, of which `base` are the base's.
    #[must_use]
    pub fn of(
        (image, stack, ledger): (&Image, &Stack, &Ledger),
        findings: &[Weighed<'_>],
        below: usize,
        base: Option<usize>,
    ) -> Self {
        let mut total = LedgerTotals::default();
        for account in ledger.layers.iter().skip(below) {
            total += *account;
        }
        let layers = || image.layers.iter().skip(below);
        // A pull with the base at hand does not fetch its blobs again.
        let compressed_size = image.compressed_size_above(below);
        let tars = || stack.layers().iter().skip(below).map(|index| index.size);
        let mut part = Self {
            stored: total.stored,
            wasted: total.wasted(),
            // Where the blobs are not known, neither is what of them is wasted.
            wasted_compressed: compressed_size.map(|_| total.wasted_compressed),
            base_wasted: base.map(|base| base_wasted(ledger, base)),
            size: tars().sum(),
            compressed_size,
            largest_layer: tars().max().unwrap_or(0),
            layers: layers().count() as u64,
            findings: BTreeMap::new(),
        };
        for weighed in findings {
            if weighed.ignored {
                part.excuse(weighed.finding, below, base);
            } else {
                part.count(weighed.finding, below);
            }
        }
        part
    }

    /// Live bytes as a share of all, ignored wasted ones among them; 1 where there are none.
    #[must_use]
    pub fn efficiency(&self) -> f64 {
        match self.stored {
            0 => 1.0,
            stored => (stored - self.wasted) as f64 / stored as f64,
        }
    }

    /// Wasted bytes as a share of all; 0 where there are none.
    #[must_use]
    pub fn wasted_share(&self) -> f64 {
        match self.stored {
            0 => 0.0,
            stored => self.wasted as f64 / stored as f64,
        }
    }

    fn count(&mut self, finding: &Finding, below: usize) {
        let own = || finding.by_layer.iter().filter(|part| part.added_by > below);
        // What no layer adds is in the configuration, which is the image's own.
        if finding.by_layer.is_empty() || own().next().is_some() {
            let tally = self.findings.entry(finding.kind).or_default();
            tally.count += 1;
            tally.bytes += own().map(|part| part.bytes).sum::<u64>();
        }
    }

    /// Takes an ignored finding's wasted bytes out of those that are counted.
    fn excuse(&mut self, finding: &Finding, below: usize, base: Option<usize>) {
        if finding.kind.cause().is_none() {
            return;
        }
        for part in finding.by_layer.iter().filter(|part| part.added_by > below) {
            self.wasted = self.wasted.saturating_sub(part.bytes);
            let compressed = self.wasted_compressed;
            self.wasted_compressed =
                compressed.map(|wasted| wasted.saturating_sub(part.compressed));
        }
        let hidden = |part: &&LayerBytes| {
            base.is_some_and(|base| {
                part.added_by <= base && part.hidden_by.is_some_and(|layer| layer > base)
            })
        };
        let excused: u64 = finding
            .by_layer
            .iter()
            .filter(hidden)
            .map(|part| part.bytes)
            .sum();
        self.base_wasted = self
            .base_wasted
            .map(|wasted| wasted.saturating_sub(excused));
    }
}

fn base_wasted(ledger: &Ledger, base: usize) -> u64 {
    let hidden = ledger
        .wasted
        .iter()
        .filter(|wasted| wasted.added_by <= base && wasted.hidden_by > base);
    hidden.map(|wasted| wasted.bytes).sum()
}
