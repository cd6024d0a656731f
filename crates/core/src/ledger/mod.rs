//! The ledger: which bytes are live and which are dead, why, and what the dead ones cost every pull.
//!
//! All sizes are bytes of file content as stored in the layers' tars, unless they are called
//! compressed: then they are bytes of the blobs.

pub mod dive;

use std::ops::{AddAssign, Index};

use crate::layer::{EntryId, EntryKind, LayerIndex};
use crate::stack::{Cause, Stack};

/// Dead bytes by cause.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Causes {
    /// Hidden by a whiteout, or by something that is no folder in a parent's place.
    pub deleted: u64,
    /// The same path stored again with other content or as something else.
    pub replaced: u64,
    /// The same path stored again with the same content.
    pub restated: u64,
    /// Lost to a later entry of its own layer.
    pub repeated: u64,
}

impl Causes {
    fn of_mut(&mut self, cause: Cause) -> &mut u64 {
        match cause {
            Cause::Deleted => &mut self.deleted,
            Cause::Replaced => &mut self.replaced,
            Cause::Restated => &mut self.restated,
            Cause::Repeated => &mut self.repeated,
        }
    }

    /// The sum over all causes.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.deleted + self.replaced + self.restated + self.repeated
    }
}

impl Index<Cause> for Causes {
    type Output = u64;

    fn index(&self, cause: Cause) -> &u64 {
        match cause {
            Cause::Deleted => &self.deleted,
            Cause::Replaced => &self.replaced,
            Cause::Restated => &self.restated,
            Cause::Repeated => &self.repeated,
        }
    }
}

/// What one layer, or all of them, hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// Bytes of all regular-file entries.
    pub retained: u64,
    /// Of these, bytes that the final stack does not reach, by cause.
    pub causes: Causes,
    /// Bytes of blobs that the dead entries cost.
    pub dead_compressed: u64,
    /// Bytes of the tars that are no file content.
    pub overhead: u64,
}

impl Account {
    /// Bytes that the final stack does not reach.
    #[must_use]
    pub fn dead(&self) -> u64 {
        self.causes.total()
    }

    /// Bytes that the final stack reaches.
    #[must_use]
    pub fn live(&self) -> u64 {
        self.retained - self.dead()
    }

    /// Live bytes as a share of all; 1 where there are none.
    #[must_use]
    pub fn efficiency(&self) -> f64 {
        if self.retained == 0 {
            return 1.0;
        }
        self.live() as f64 / self.retained as f64
    }
}

impl AddAssign for Account {
    fn add_assign(&mut self, other: Self) {
        self.retained += other.retained;
        self.overhead += other.overhead;
        self.dead_compressed += other.dead_compressed;
        for cause in Cause::ALL {
            *self.causes.of_mut(cause) += other.causes[cause];
        }
    }
}

/// A file that is stored and never seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dead {
    /// The layer that ships it, from 1.
    pub added_by: usize,
    /// Its entry there.
    pub entry: EntryId,
    /// Why.
    pub cause: Cause,
    /// The layer that hid it, from 1.
    pub killed_by: usize,
    /// Bytes of its content.
    pub bytes: u64,
    /// Bytes of the blob that it costs.
    pub compressed: u64,
}

/// The ledger of a stack.
pub struct Ledger {
    /// All layers together.
    pub total: Account,
    /// Each layer by what it ships, the base first.
    pub layers: Vec<Account>,
    /// Dead files with content, layer by layer in the order of the tars.
    pub dead: Vec<Dead>,
}

impl Ledger {
    /// Draws up the ledger of all layers stacked so far.
    #[must_use]
    pub fn of(stack: &Stack) -> Self {
        let mut ledger = Self {
            total: Account::default(),
            layers: Vec::new(),
            dead: Vec::new(),
        };
        for (number, index) in (1..).zip(stack.layers()) {
            let account = ledger.layer(stack, number, index);
            ledger.total += account;
            ledger.layers.push(account);
        }
        ledger
    }

    fn layer(&mut self, stack: &Stack, number: usize, index: &LayerIndex) -> Account {
        let mut account = Account {
            retained: index.retained(),
            overhead: index.overhead(),
            ..Account::default()
        };
        for entry in index.entries() {
            if index.kind(entry) != EntryKind::File {
                continue;
            }
            let Some(death) = stack.death(number, entry) else {
                continue;
            };
            let bytes = index.size(entry);
            let compressed = index.cost(entry);
            *account.causes.of_mut(death.cause) += bytes;
            account.dead_compressed += compressed;
            if bytes > 0 {
                self.dead.push(Dead {
                    added_by: number,
                    entry,
                    cause: death.cause,
                    killed_by: death.killed_by,
                    bytes,
                    compressed,
                });
            }
        }
        account
    }

    /// Dead files, the largest first; of equal ones the earlier layer's and entry's.
    #[must_use]
    pub fn largest(&self) -> Vec<Dead> {
        let mut dead = self.dead.clone();
        dead.sort_by_key(|dead| (std::cmp::Reverse(dead.bytes), dead.added_by, dead.entry));
        dead
    }
}
