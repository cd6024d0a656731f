//! `cargo xtask bench`: one table of ratios from one run.

use anyhow::Result;

pub(crate) fn run() -> Result<()> {
    Ok(())
}
