//! The page in Firefox: which end-to-end tests run in it, and what they need.

use std::env;
use std::process::Command;

use anyhow::Result;

use crate::{debian, runner, tools, work};

/// Says to the tests which browser to start.
const BROWSER: &str = "ONIONSKIN_BROWSER";

/// What a whole run tries in Firefox too: each view, and each thing that browsers do in ways of their own, once; together they
/// take some three minutes.
const FEW: [&str; 25] = [
    "page::names_are_text_whatever_they_say",
    "page_access::the_list_of_keys_takes_the_focus_and_gives_it_back",
    "page_cache::nothing_of_a_chosen_file_is_kept",
    "page_compare::map::the_map_goes_from_the_old_image_to_the_new_one",
    "page_compare::opening::from_an_image_another_one_is_chosen_by_its_tag",
    "page_config::the_history_is_a_dockerfile_whose_lines_lead_to_their_layers",
    "page_content::json_images_and_bytes_are_shown_as_what_they_are",
    "page_content::the_content_is_for_everybody",
    "page_files::a_file_is_dropped_anywhere",
    "page_files::every_form_shows_what_ls_prints",
    "page_find::a_query_finds_what_any_layer_has_and_has_its_address",
    "page_find::qualifiers_are_offered_and_taken_with_the_keyboard_or_the_mouse",
    "page_history::images_are_walked_by_keys_and_the_address_keeps_the_selected_one",
    "page_keys::letters_are_text_in_a_field_and_within_a_name",
    "page_map::a_map_is_as_large_as_what_is_measured",
    "page_map::the_map_is_walked_by_click_wheel_and_keys_and_the_address_follows",
    "page_packages::a_package_leads_to_its_files_and_each_state_has_its_address",
    "page_places::open_folders_outlive_loading_again_and_a_search",
    "page_states::cancel_keeps_what_is_read_and_offers_to_go_on",
    "page_tags::a_busy_registry_is_left_alone_and_one_bad_tag_fails_alone",
    "page_tree::chips_hide_kinds_and_the_address_remembers_it",
    "page_tree::the_filesystem_shows_what_is_wasted_in_it_the_largest_first",
    "page_waste::rules::what_is_missing_is_told_where_it_is_missed",
    "page_waste::the_image_is_weighed_without_the_findings_that_are_chosen",
    "page_waste::the_largest_waste_is_on_the_first_screen_with_the_lines_to_change",
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

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{CHROMIUM_ONLY, FEW};
    use crate::places;

    /// The runner says nothing of names that no test has.
    #[test]
    fn every_test_that_is_named_is_there() {
        let folder = places::root().join("tests/tests/e2e");
        for name in FEW.into_iter().chain(CHROMIUM_ONLY.map(|(name, _)| name)) {
            let (module, test) = name.rsplit_once("::").unwrap();
            let file = folder.join(module.replace("::", "/")).with_extension("rs");
            let text = fs::read_to_string(file).unwrap();
            assert!(text.contains(&format!("async fn {test}(")), "{name}");
        }
    }
}
