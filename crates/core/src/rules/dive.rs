//! dive's three rules with its meanings: thresholds that may be met, and be written as `disabled`.

use super::Verdict;
use super::quantity::{Bytes, QuantityError};
use crate::ledger::dive::Dive;

/// dive's thresholds; None is disabled.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct DiveRules {
    /// Fails where dive's efficiency is less.
    pub lowest_efficiency: Option<f64>,
    /// Fails where dive's wasted bytes are more.
    pub highest_wasted_bytes: Option<u64>,
    /// Fails where they are a larger share of all layers but the first.
    pub highest_user_wasted_percent: Option<f64>,
}

impl DiveRules {
    /// What dive asks for where nothing is said.
    pub const DEFAULT: Self = Self {
        lowest_efficiency: Some(0.9),
        highest_wasted_bytes: None,
        highest_user_wasted_percent: Some(0.1),
    };

    pub(super) fn judge(&self, dive: &Dive) -> Vec<Verdict> {
        let efficiency = self.lowest_efficiency.map(|limit| {
            let failed = limit > dive.efficiency;
            Verdict::share("lowestEfficiency", limit, dive.efficiency, !failed)
        });
        let limit = self.highest_wasted_bytes.map(Bytes);
        let wasted = Verdict::at_most("highestWastedBytes", limit, Some(dive.wasted_bytes));
        let share = self.highest_user_wasted_percent.map(|limit| {
            // What is not a number is not larger, and so passes.
            let failed = dive.user_wasted > limit;
            Verdict::share("highestUserWastedPercent", limit, dive.user_wasted, !failed)
        });
        [efficiency, wasted, share].into_iter().flatten().collect()
    }
}

fn is_disabled(text: &str) -> bool {
    let text = text.trim().to_lowercase();
    ["", "disabled", "off", "false"].contains(&text.as_str())
}

/// A threshold as dive reads it from 0 to 1; None if it is disabled.
pub(super) fn share(text: &str) -> Result<Option<f64>, QuantityError> {
    if is_disabled(text) {
        return Ok(None);
    }
    match text.parse::<f64>() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(Some(share)),
        _ => Err(QuantityError::Share(text.to_owned())),
    }
}

/// A threshold in bytes; None if it is disabled.
pub(super) fn bytes(text: &str) -> Result<Option<u64>, QuantityError> {
    if is_disabled(text) {
        return Ok(None);
    }
    let Bytes(bytes) = text.parse()?;
    Ok(Some(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: DiveRules = DiveRules {
        lowest_efficiency: Some(0.9),
        highest_wasted_bytes: Some(100),
        highest_user_wasted_percent: Some(0.1),
    };

    fn judged(efficiency: f64, wasted_bytes: u64, user_wasted: f64) -> Vec<Option<bool>> {
        let verdicts = RULES.judge(&Dive {
            efficiency,
            wasted_bytes,
            user_wasted,
        });
        verdicts.iter().map(|verdict| verdict.passed).collect()
    }

    #[test]
    fn a_threshold_that_is_met_passes_and_so_does_what_is_no_number() {
        let (yes, no) = (Some(true), Some(false));
        assert_eq!(judged(0.9, 100, 0.1), [yes, yes, yes]);
        assert_eq!(judged(0.899, 101, 0.101), [no, no, no]);
        assert_eq!(judged(1.0, 0, f64::NAN), [yes, yes, yes]);
        assert_eq!(judged(1.0, 5, f64::INFINITY), [yes, yes, no]);
    }

    #[test]
    fn thresholds_are_read_as_dive_reads_them() {
        assert_eq!(share("0.95"), Ok(Some(0.95)));
        assert_eq!(bytes("20Mb"), Ok(Some(20_000_000)));
        for text in ["", "disabled", "OFF", " false "] {
            assert_eq!((share(text), bytes(text)), (Ok(None), Ok(None)), "{text}");
        }
        assert!(share("1.5").is_err() && share("10%").is_err());
        assert!(bytes("much").is_err());
    }
}
