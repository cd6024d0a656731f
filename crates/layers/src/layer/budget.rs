//! How much the layers of an image may unpack to. A megabyte of zstd can hold 32 GiB.

use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};

use super::{LayerError, LayerIndex, Problem};
use crate::limits::{UNPACKED_BYTES, UNPACKED_FREE, UNPACKED_RATIO};

/// The bytes that the layers of one image may still unpack to, whichever of them comes first.
///
/// Without a limit of the user's own, each layer may unpack to [`UNPACKED_RATIO`] times the bytes of its blob that have
/// come; what is beyond that is taken from [`UNPACKED_FREE`] bytes for the whole image, as files of zeros compress
/// to almost nothing. All layers together may unpack to [`UNPACKED_BYTES`]. Whether an image keeps within these does
/// not depend on the order in which its layers are decoded.
#[derive(Debug)]
pub struct Budget {
    limit: u64,
    total: AtomicU64,
    free: AtomicU64,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            limit: UNPACKED_BYTES,
            total: AtomicU64::new(UNPACKED_BYTES),
            free: AtomicU64::new(UNPACKED_FREE),
        }
    }
}

impl Budget {
    /// All layers together may unpack to so many bytes, from however few.
    #[must_use]
    pub const fn of(bytes: u64) -> Self {
        Self {
            limit: bytes,
            total: AtomicU64::new(bytes),
            free: AtomicU64::new(bytes),
        }
    }

    /// What is left of it.
    #[must_use]
    pub fn left(&self) -> BudgetLeft {
        BudgetLeft {
            limit: self.limit,
            total: self.total.load(Ordering::Relaxed),
            free: self.free.load(Ordering::Relaxed),
        }
    }

    /// Layer `layer` was decoded earlier, and its index kept: what it unpacks to is taken now.
    ///
    /// # Errors
    /// There is less left.
    pub fn kept(&self, layer: usize, index: &LayerIndex) -> Result<(), LayerError> {
        self.unpacks(layer, index.size, index.blob_size)
    }

    /// So many bytes of the blob of layer `layer` unpack to `unpacked` bytes: that is taken now.
    ///
    /// # Errors
    /// There is less left.
    pub fn unpacks(&self, layer: usize, unpacked: u64, blob: u64) -> Result<(), LayerError> {
        Taken::default()
            .take(self, unpacked, blob)
            .map_err(|problem| LayerError::at_blob(blob, problem).of_layer(layer))
    }
}

/// What is left of a [`Budget`], for a decoder that cannot share it, as in another Web Worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BudgetLeft {
    limit: u64,
    total: u64,
    free: u64,
}

impl From<BudgetLeft> for Budget {
    fn from(left: BudgetLeft) -> Self {
        Self {
            limit: left.limit,
            total: AtomicU64::new(left.total),
            free: AtomicU64::new(left.free),
        }
    }
}

/// What one layer took of a [`Budget`].
#[derive(Debug, Default)]
pub(super) struct Taken {
    unpacked: u64,
    /// The most by which it was ahead of its ratio.
    ahead: u64,
}

impl Taken {
    /// `more` bytes were unpacked, of the `blob` bytes that came so far.
    pub(super) fn take(&mut self, budget: &Budget, more: u64, blob: u64) -> Result<(), Problem> {
        self.unpacked = self.unpacked.saturating_add(more);
        let allowed = blob.saturating_mul(UNPACKED_RATIO);
        let ahead = self.unpacked.saturating_sub(allowed).max(self.ahead);
        if !spend(&budget.total, more) {
            return Err(Problem::UnpacksTooMuch {
                limit: budget.limit,
            });
        }
        if !spend(&budget.free, ahead - self.ahead) {
            return Err(match budget.limit {
                UNPACKED_BYTES => Problem::UnpacksTooFar {
                    unpacked: self.unpacked,
                },
                limit => Problem::UnpacksTooMuch { limit },
            });
        }
        self.ahead = ahead;
        Ok(())
    }
}

fn spend(left: &AtomicU64, bytes: u64) -> bool {
    bytes == 0
        || left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                left.checked_sub(bytes)
            })
            .is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const GIB: u64 = 1 << 30;

    /// Takes the layers, each as bytes of its blob and of its tar, in steps of a sixteenth.
    fn fit(budget: &Budget, layers: &[(u64, u64)]) -> Result<(), Problem> {
        let mut all: Vec<Taken> = layers.iter().map(|_| Taken::default()).collect();
        for step in 1..=16 {
            for ((blob, tar), taken) in layers.iter().zip(&mut all) {
                taken.take(budget, tar / 16, blob * step / 16)?;
            }
        }
        Ok(())
    }

    #[test]
    fn large_images_and_files_of_zeros_fit_and_bombs_do_not() {
        for layers in [
            // 50 GB of files, compressed to a third, in ten layers.
            &[(1_700_000_000, 5_000_000_000); 10][..],
            // A disk of zeros.
            &[(6_000_000, 6 * GIB)],
            // A disk of 40 GiB with little on it.
            &[(200_000_000, 40 * GIB)],
            &[(0, 0), (135, 10_240)],
        ] {
            assert_eq!(fit(&Budget::default(), layers), Ok(()), "{layers:?}");
        }
        for layers in [
            &[(1_100_000, 34 * GIB)][..],
            // Each alone would do.
            &[(6_000_000, 6 * GIB), (6_000_000, 6 * GIB)],
            &[(500_000, GIB); 127],
        ] {
            let done = fit(&Budget::default(), layers);
            assert!(
                matches!(done, Err(Problem::UnpacksTooFar { .. })),
                "{layers:?}"
            );
        }
        let much = fit(&Budget::default(), &[(200 * GIB, 300 * GIB)]);
        assert!(matches!(much, Err(Problem::UnpacksTooMuch { .. })));
    }

    #[test]
    fn what_is_left_goes_on_elsewhere() {
        let budget = Budget::default();
        assert_eq!(fit(&budget, &[(6_000_000, 6 * GIB)]), Ok(()));
        let elsewhere = Budget::from(budget.left());
        assert_eq!(elsewhere.left(), budget.left());
        let done = fit(&elsewhere, &[(6_000_000, 6 * GIB)]);
        assert!(matches!(done, Err(Problem::UnpacksTooFar { .. })));
    }

    #[test]
    fn a_limit_of_the_users_own_is_all_that_counts() {
        assert_eq!(fit(&Budget::of(40 * GIB), &[(1_100_000, 34 * GIB)]), Ok(()));
        let limit = 1000;
        assert_eq!(
            fit(&Budget::of(limit), &[(800, 800), (800, 800)]),
            Err(Problem::UnpacksTooMuch { limit })
        );
    }
}
