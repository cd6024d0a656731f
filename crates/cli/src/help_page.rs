//! docs/cli.md: the help of every command, as a page.

use std::fs;
use std::path::Path;

use clap::CommandFactory as _;

/// Columns of the help.
const WIDTH: usize = 100;

/// The whole page, the same on every machine.
fn page() -> String {
    let mut command = crate::Arguments::command().term_width(WIDTH);
    command.build();
    let mut page = String::from(
        "# Commands\n\nThe `--help` of every command. This page is generated: \
         `UPDATE_DOCS=1 cargo nextest run -p onionskin help_page` writes it again.\n",
    );
    let mut section = |name: &str, command: clap::Command| {
        let mut command = command.term_width(WIDTH);
        // The value of a variable is that of whoever runs this.
        command = command.mut_args(|argument| argument.hide_env_values(true));
        let help = command.render_long_help().to_string();
        let lines: Vec<&str> = help.trim_end().lines().map(str::trim_end).collect();
        page += &format!("\n## {name}\n\n```text\n{}\n```\n", lines.join("\n"));
    };
    section("onionskin", command.clone());
    for command in command.get_subcommands() {
        if command.get_name() != "help" {
            section(
                &format!("onionskin {}", command.get_name()),
                command.clone(),
            );
        }
    }
    page
}

#[test]
fn the_page_of_commands_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/cli.md");
    let page = page();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &page).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page,
        "docs/cli.md is stale: UPDATE_DOCS=1 cargo nextest run -p onionskin help_page writes it again"
    );
}
