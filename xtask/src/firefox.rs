//! The page in Firefox: which end-to-end tests run in it, and what they need.

use std::env;
use std::process::Command;

use anyhow::Result;

use crate::{debian, runner, tools, work};

/// Says to the tests which browser to start.
const BROWSER: &str = "ONIONSKIN_BROWSER";

/// What a whole run tries in Firefox too: each thing that browsers do in ways of their own, once.
const FEW: [&str; 10] = [
    "page::names_are_text_whatever_they_say",
    "page_access::the_list_of_keys_takes_the_focus_and_gives_it_back",
    "page_cache::nothing_of_a_chosen_file_is_kept",
    "page_compare::map::the_map_goes_from_the_old_image_to_the_new_one",
    "page_content::the_content_is_for_everybody",
    "page_files::every_form_shows_what_ls_prints",
    "page_files::a_file_is_dropped_anywhere",
    "page_find::qualifiers_are_offered_and_taken_with_the_keyboard_or_the_mouse",
    "page_keys::letters_are_text_in_a_field_and_within_a_name",
    "page_waste::the_image_is_weighed_without_the_findings_that_are_chosen",
];

/// Tests that cannot run in Firefox, and why. Others measure long tasks beside what they test: of these Firefox tells nothing.
const CHROMIUM_ONLY: [(&str, &str); 2] = [
    (
        "page_files::the_folder_of_a_layout_is_dropped_like_a_file",
        "only Chromium's driver drops a folder",
    ),
    (
        "page_layout::nothing_moves_while_an_image_is_read",
        "Firefox does not measure how far things move",
    ),
];

/// Whether the developer asks for Firefox.
pub(crate) fn is_asked() -> bool {
    env::var_os(BROWSER).is_some_and(|browser| browser == "firefox")
}

/// Firefox and its driver.
fn ensure(tests: &mut Command) -> Result<()> {
    debian::firefox()?;
    if let Some(folder) = tools::geckodriver().ensure()? {
        tests.env("PATH", work::path_with(&[folder])?);
    }
    tests.env(BROWSER, "firefox");
    Ok(())
}

/// The tests whose names hold one of the filters, but for those that need Chromium.
pub(crate) fn tests(filters: &[&str]) -> Result<Command> {
    let skipped = CHROMIUM_ONLY.iter().flat_map(|(test, why)| {
        work::say(&format!("{test} is left out: {why}"));
        ["--skip", test]
    });
    let skipped: Vec<_> = skipped.collect();
    let mut tests = runner::nextest(&[&["-p", runner::E2E], filters, &["--"], &skipped].concat())?;
    ensure(&mut tests)?;
    Ok(tests)
}

/// Those of a whole run.
pub(crate) fn few() -> Result<Command> {
    let mut tests = runner::nextest(&[&["-p", runner::E2E, "--", "--exact"], &FEW[..]].concat())?;
    ensure(&mut tests)?;
    Ok(tests)
}
