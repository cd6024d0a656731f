//! The ledger: which bytes are live and which are wasted, why, and what the wasted ones cost every pull.
//!
//! All sizes are bytes of file content as stored in the layers' tars, unless they are called
//! compressed: then they are bytes of the blobs.

mod costs;
pub mod dive;

use std::ops::{AddAssign, Index};

use self::costs::Costs;
use crate::layer::{EntryId, EntryKind, LayerIndex};
use crate::stack::{Cause, Stack};

/// Wasted bytes by cause.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Causes {
    /// Hidden by a whiteout, or by something other than a folder in the place of a parent folder.
    pub deleted: u64,
    /// The same path stored again with other content or as something else.
    pub overwritten: u64,
    /// The same path stored again with the same content.
    pub metadata_only: u64,
    /// Stored again by a later entry of the same layer.
    pub repeated: u64,
}

impl Causes {
    fn of_mut(&mut self, cause: Cause) -> &mut u64 {
        match cause {
            Cause::Deleted => &mut self.deleted,
            Cause::Overwritten => &mut self.overwritten,
            Cause::MetadataOnly => &mut self.metadata_only,
            Cause::Repeated => &mut self.repeated,
        }
    }

    /// The sum over all causes.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.deleted + self.overwritten + self.metadata_only + self.repeated
    }
}

impl AddAssign for Causes {
    fn add_assign(&mut self, other: Self) {
        for cause in Cause::ALL {
            *self.of_mut(cause) += other[cause];
        }
    }
}

impl Index<Cause> for Causes {
    type Output = u64;

    fn index(&self, cause: Cause) -> &u64 {
        match cause {
            Cause::Deleted => &self.deleted,
            Cause::Overwritten => &self.overwritten,
            Cause::MetadataOnly => &self.metadata_only,
            Cause::Repeated => &self.repeated,
        }
    }
}

/// What one layer holds, or all layers together. `stored` is `live` plus `wasted`, to the byte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LedgerTotals {
    /// Bytes of file content of all regular-file entries, as their tars store it.
    pub stored: u64,
    /// Of these, bytes that the final stack does not reach, by cause.
    pub causes: Causes,
    /// Bytes of the blobs that the wasted entries cost; a blob that several layers list counts once.
    pub wasted_compressed: u64,
    /// Bytes of the tars that are not file content.
    pub overhead: u64,
}

impl LedgerTotals {
    /// Bytes that the final stack does not reach.
    #[must_use]
    pub fn wasted(&self) -> u64 {
        self.causes.total()
    }

    /// Bytes that the final stack reaches.
    #[must_use]
    pub fn live(&self) -> u64 {
        self.stored - self.wasted()
    }

    /// Live bytes as a share of all; 1 where there are none.
    #[must_use]
    pub fn efficiency(&self) -> f64 {
        if self.stored == 0 {
            return 1.0;
        }
        self.live() as f64 / self.stored as f64
    }
}

impl AddAssign for LedgerTotals {
    fn add_assign(&mut self, other: Self) {
        self.stored += other.stored;
        self.overhead += other.overhead;
        self.wasted_compressed += other.wasted_compressed;
        for cause in Cause::ALL {
            *self.causes.of_mut(cause) += other.causes[cause];
        }
    }
}

/// A file that is stored and is not in the final filesystem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wasted {
    /// The layer that stores it, from 1.
    pub added_by: usize,
    /// Its entry there.
    pub entry: EntryId,
    /// Why.
    pub cause: Cause,
    /// The layer that hid it, from 1.
    pub hidden_by: usize,
    /// Bytes of its content.
    pub bytes: u64,
    /// Bytes of the download that it costs: none where its blob is listed again and paid for there.
    pub compressed: u64,
}

/// The ledger of a stack.
pub struct Ledger {
    /// All layers together.
    pub total: LedgerTotals,
    /// Each layer by what it stores, the base first.
    pub layers: Vec<LedgerTotals>,
    /// Wasted files with content, layer by layer in the order of the tars.
    pub wasted: Vec<Wasted>,
    costs: Costs,
}

impl Ledger {
    /// Draws up the ledger of all layers stacked so far.
    #[must_use]
    pub fn of(stack: &Stack) -> Self {
        let mut ledger = Self {
            total: LedgerTotals::default(),
            layers: Vec::new(),
            wasted: Vec::new(),
            costs: Costs::of(stack),
        };
        for (number, index) in (1..).zip(stack.layers()) {
            let account = ledger.layer(stack, number, index);
            ledger.total += account;
            ledger.layers.push(account);
        }
        ledger
    }

    fn layer(&mut self, stack: &Stack, number: usize, index: &LayerIndex) -> LedgerTotals {
        let mut account = LedgerTotals {
            stored: index.stored(),
            overhead: index.overhead(),
            ..LedgerTotals::default()
        };
        for entry in index.entries() {
            if index.kind(entry) != EntryKind::File {
                continue;
            }
            let Some(waste) = stack.waste(number, entry) else {
                continue;
            };
            let bytes = index.size(entry);
            let compressed = self.costs.entry(stack, number, entry);
            *account.causes.of_mut(waste.cause) += bytes;
            account.wasted_compressed += compressed;
            if bytes > 0 {
                self.wasted.push(Wasted {
                    added_by: number,
                    entry,
                    cause: waste.cause,
                    hidden_by: waste.hidden_by,
                    bytes,
                    compressed,
                });
            }
        }
        account
    }

    /// Bytes of the download that an entry costs. A blob that several layers list is downloaded once: an entry of it costs
    /// something in one of them only, the first where it is live, else the first of all.
    #[must_use]
    pub fn cost(&self, stack: &Stack, layer: usize, entry: EntryId) -> u64 {
        self.costs.entry(stack, layer, entry)
    }

    /// Bytes of the download that a layer is: of its blob where it is the first to list it, else none.
    #[must_use]
    pub fn layer_cost(&self, stack: &Stack, layer: usize) -> u64 {
        self.costs.layer(stack, layer)
    }

    /// Wasted files, the largest first; of equal ones the earlier layer's and entry's.
    #[must_use]
    pub fn largest(&self) -> Vec<Wasted> {
        let mut wasted = self.wasted.clone();
        wasted.sort_by_key(|wasted| {
            (
                std::cmp::Reverse(wasted.bytes),
                wasted.added_by,
                wasted.entry,
            )
        });
        wasted
    }
}
