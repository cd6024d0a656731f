//! `cargo xtask look`: screenshots of every view and state of the page, in both themes and four widths.

use std::fs;

use anyhow::{Context, Result};

use crate::work::{self, say};
use crate::{axe, build, debian, places, runner};

/// The tests that show states of the page: all that call `look` of the browser. The first four go through the list of most states.
const TESTS: [&str; 24] = [
    "page_access::views_of_lists_and_files_pass_axe_and_the_policy",
    "page_access::views_of_findings_and_history_pass_axe_and_the_policy",
    "page_access::views_of_comparisons_pass_axe_and_the_policy",
    "page_access::views_of_parts_and_in_other_pages_pass_axe_and_the_policy",
    "page_access::the_list_of_keys_takes_the_focus_and_gives_it_back",
    "page_columns::columns_are_resized_by_keys_and_mouse_and_remembered",
    "page_compare::opening::an_image_is_compared_with_its_base",
    "page_compare::opening::an_image_is_compared_with_nothing",
    "page_config::the_visitors_own_dockerfile_is_shown_with_the_costs_of_its_lines",
    "page_content::objects_and_arrays_of_json_are_collapsed_and_expanded",
    "page_difference::a_changed_file_of_two_images_is_compared",
    "page_difference::history_leads_to_two_versions_of_a_file",
    "page_find::qualifiers_are_offered_and_taken_with_the_keyboard_or_the_mouse",
    "page_lazy::a_table_that_lies_is_named_with_its_paths",
    "page_lazy::first_rows_cost_the_table_and_what_is_not_known_is_not_guessed",
    "page_lazy::without_parts_or_with_a_changed_table_the_whole_is_read",
    "page_links::repositories_are_sorted_both_ways_and_the_address_remembers_it",
    "page_login::a_visitor_logs_in_and_the_page_forgets_it_when_it_is_loaded_again",
    "page_map::a_map_is_of_what_the_tree_shows_in_either_layout",
    "page_map::packages_are_the_colours_of_the_map",
    "page_names::names_from_right_to_left_and_long_ones_move_nothing_beside_them",
    "page_related::a_finding_on_a_folder_is_told_of_what_is_in_it",
    "page_related::details_lead_to_hard_links_to_copies_and_to_findings",
    "page_tags::only_tags_in_view_are_asked_for",
];

pub(crate) fn run() -> Result<()> {
    debian::ensure()?;
    axe::ensure()?;
    build::page()?;
    let folder = places::target().join("look");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).with_context(|| format!("could not make {}", folder.display()))?;
    let mut tests = runner::nextest(&[&["-p", runner::E2E], &TESTS[..]].concat())?;
    work::run(tests.env("ONIONSKIN_LOOK", &folder))?;
    say(&format!("the screenshots are in {}", folder.display()));
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;

    use super::TESTS;
    use crate::{places, work};

    #[test]
    fn every_test_that_shows_a_state_is_run() {
        let folder = places::root().join("tests/tests/e2e");
        let mut found = BTreeSet::new();
        for file in work::files(&folder).unwrap() {
            let module = file.strip_prefix(&folder).unwrap().with_extension("");
            let module = module.to_string_lossy().replace('/', "::");
            let text = fs::read_to_string(&file).unwrap();
            let mut test = "";
            for line in text.lines() {
                if let Some((_, rest)) = line.split_once("async fn ") {
                    test = rest.split('(').next().unwrap();
                }
                // Views of the list are looked at by the tests that go through it.
                if line.contains(".look(") && test != "look_at" {
                    found.insert(format!("{module}::{test}"));
                }
            }
        }
        let known: BTreeSet<String> = TESTS[4..].iter().map(ToString::to_string).collect();
        assert_eq!(found, known);
    }
}
