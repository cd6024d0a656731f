//! `cargo xtask look`: screenshots of every view and state of the page, in both themes and three widths.

use std::fs;

use anyhow::{Context, Result};

use crate::work::{self, say};
use crate::{axe, build, debian, places, test};

/// The tests that go through every view.
const TESTS: &str = "pass_axe_and_the_policy";

pub(crate) fn run() -> Result<()> {
    debian::ensure()?;
    axe::ensure()?;
    build::page()?;
    let folder = places::target().join("look");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).with_context(|| format!("could not make {}", folder.display()))?;
    let mut tests = test::nextest(&["-p", test::E2E, TESTS])?;
    work::run(tests.env("ONIONSKIN_LOOK", &folder))?;
    say(&format!("the screenshots are in {}", folder.display()));
    Ok(())
}
