//! Command lines that are not understood: what was meant, and what there is instead.

use std::ffi::OsString;
use std::path::Path;

use clap::error::{ContextKind, ContextValue, ErrorKind};

/// Commands of other tools, and what does the same here.
const ELSEWHERE: [(&[&str], &str); 17] = [
    (
        &[
            "layers", "layer", "show", "info", "analyze", "analyse", "size", "sizes",
        ],
        "`onionskin inspect IMAGE` lists the layers with their sizes",
    ),
    (
        &["config", "manifest", "env", "labels"],
        "`onionskin inspect IMAGE` shows the configuration; `--json` has all of it",
    ),
    (
        &["find", "search", "grep", "glob"],
        "`onionskin ls IMAGE --find '*.conf'` lists the paths that match a query, in all layers",
    ),
    (
        &["files", "tree", "list", "dir"],
        "`onionskin ls IMAGE [PATH]` lists files, `onionskin du IMAGE` folders by size",
    ),
    (
        &["cp", "copy", "export", "get", "save", "unpack"],
        "`onionskin extract IMAGE PATH -o DIR` writes a file or a folder of an image to a folder",
    ),
    (
        &["compare", "changes", "cmp"],
        "`onionskin diff OLD NEW` compares two images; `onionskin ls IMAGE --layer N` lists what layer N changed",
    ),
    (
        &[
            "scan",
            "secrets",
            "lint",
            "check",
            "ci",
            "test",
            "waste",
            "efficiency",
        ],
        "`onionskin audit IMAGE` finds waste and secrets, and checks rules",
    ),
    (
        &["platforms", "index", "manifests"],
        "`onionskin inspect IMAGE` lists the platforms of an image",
    ),
    (
        &[
            "sbom",
            "signatures",
            "attestations",
            "attest",
            "verify",
            "discover",
        ],
        "`onionskin referrers IMAGE` lists signatures, SBOMs and attestations",
    ),
    (
        &["pkgs", "pkg", "licenses", "dependencies", "deps"],
        "`onionskin packages IMAGE` lists packages by size, with their licences",
    ),
    (
        &["repos", "repo", "catalog", "registry"],
        "`onionskin repositories REGISTRY` lists the repositories of a registry",
    ),
    (
        &["tag", "list-tags", "versions"],
        "`onionskin tags REPOSITORY` lists tags",
    ),
    (
        &["login", "auth"],
        "log in with `docker login REGISTRY` or `podman login REGISTRY`; onionskin uses the same credentials",
    ),
    (
        &["web", "ui", "server", "gateway", "open", "gui"],
        "`onionskin serve` starts the web page",
    ),
    (
        &["pull", "fetch", "download"],
        "nothing has to be pulled; `onionskin inspect IMAGE` reads an image from its registry",
    ),
    (&["version"], "`onionskin --version` prints the version"),
    (
        &["head", "less", "more", "print", "read", "view"],
        "`onionskin cat IMAGE PATH` prints a file of an image",
    ),
];

/// Flags of other tools, without their dashes, and what does the same here.
const OTHER_FLAGS: [(&[&str], &str); 9] = [
    (
        &[
            "insecure",
            "tls",
            "skip-tls-verify",
            "insecure-skip-tls-verify",
            "plain-http",
            "no-tls",
        ],
        "--tls-verify=false",
    ),
    (
        &[
            "username",
            "user",
            "password",
            "creds",
            "credentials",
            "token",
            "authfile",
            "auth",
        ],
        "`docker login` or `podman login` before the command",
    ),
    (
        &["arch", "os", "architecture", "variant"],
        "--platform OS/ARCH",
    ),
    (
        &["out", "file", "outfile", "output-file", "report"],
        "--output FILE",
    ),
    (&["yaml", "output-format", "type"], "--format"),
    (
        &["source"],
        "a prefix of IMAGE: docker-daemon:, podman:, docker-archive:",
    ),
    (
        &["ci", "fail-on"],
        "a rule, such as --max-wasted-bytes 20MB",
    ),
    (&["config", "policy"], "--rules FILE"),
    (&["cacert", "ca-cert", "cert"], "--ca-file FILE"),
];

/// Flags that `ls` has on Unix, and what does the same here.
const SHORT_FLAGS: [(char, &str); 6] = [
    ('l', "the long format is always used"),
    ('a', "hidden files are always listed"),
    ('A', "hidden files are always listed"),
    ('R', "files below folders are always listed"),
    ('S', "use --sort size"),
    ('t', "use --sort mtime"),
];

/// The command's arguments, with a value that belongs to a flag joined to it: `--tls-verify false`.
pub(crate) fn arguments(given: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = Vec::new();
    let mut flags = true;
    for argument in given {
        flags &= argument != "--";
        let value = argument == "true" || argument == "false";
        match arguments.last_mut() {
            Some(last) if flags && value && last == "--tls-verify" => {
                last.push("=");
                last.push(argument);
            }
            _ => arguments.push(argument),
        }
    }
    // `help audit --help` asks for what `help audit` prints, and `help --help` for help on `help`.
    if let [_, command, asked @ ..] = arguments.as_mut_slice()
        && command == "help"
        && let Some(first) = asked
            .iter()
            .position(|argument| argument == "--help" || argument == "-h")
    {
        match first {
            0 => arguments.splice(2.., ["help".into()]).for_each(drop),
            first => arguments.truncate(2 + first),
        }
    }
    // `-h` is for sizes, as in `du -h`; alone it can only ask for help.
    if let [_, command, help] = arguments.as_mut_slice()
        && (command == "ls" || command == "du")
        && help == "-h"
    {
        *help = "--help".into();
    }
    arguments
}

/// What to say of a command line that clap does not understand, in one line; None where clap says it well.
pub(crate) fn tip(
    error: &clap::Error,
    command: &clap::Command,
    arguments: &[OsString],
) -> Option<String> {
    let invalid = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.as_str()),
        _ => None,
    };
    match error.kind() {
        ErrorKind::InvalidSubcommand => {
            let name = invalid(ContextKind::InvalidSubcommand)?;
            Some(unknown_command(name, command))
        }
        ErrorKind::UnknownArgument => {
            let flag = invalid(ContextKind::InvalidArg)?;
            // What stands before the command belongs to none.
            let first = arguments.get(1)?;
            let sub = command.find_subcommand(first);
            match flag.starts_with("--") {
                true => unknown_flag(flag, command, sub),
                false => unknown_short(flag, command, sub?, arguments),
            }
        }
        _ => None,
    }
}

fn unknown_command(name: &str, command: &clap::Command) -> String {
    let lower = name.to_ascii_lowercase();
    if let Some((_, instead)) = ELSEWHERE
        .iter()
        .find(|(names, _)| names.contains(&lower.as_str()))
    {
        return format!("there is no command {name:?}; {instead}");
    }
    let is_image = name.contains([':', '/', '@', '.']) || Path::new(name).exists();
    if is_image {
        return format!(
            "{name:?} is not a command; to look into an image, write `onionskin inspect {name}`"
        );
    }
    let names = command.get_subcommands().map(clap::Command::get_name);
    match likely(&lower, names).first() {
        Some(meant) => format!("there is no command {name:?}; did you mean `onionskin {meant}`?"),
        None => {
            let names: Vec<&str> = command
                .get_subcommands()
                .map(clap::Command::get_name)
                .collect();
            format!(
                "there is no command {name:?}; the commands are {}. To look into an image: `onionskin inspect IMAGE`",
                names.join(", ")
            )
        }
    }
}

fn unknown_flag(
    flag: &str,
    command: &clap::Command,
    sub: Option<&clap::Command>,
) -> Option<String> {
    let name = flag.strip_prefix("--")?;
    let name = name.split_once('=').map_or(name, |(name, _)| name);
    let Some(sub) = sub else {
        return Some(format!(
            "--{name} must come after the command, as in `onionskin inspect IMAGE --{name}`; `onionskin COMMAND --help` lists the flags of a command"
        ));
    };
    let called = sub.get_name();
    let start = format!("`onionskin {called}` has no flag --{name}");
    if let Some((_, instead)) = OTHER_FLAGS.iter().find(|(names, _)| names.contains(&name)) {
        // Not every command has the flag that does the same.
        let fits = match instead.strip_prefix("--") {
            Some(flag) => {
                let flag = flag.split(['=', ' ']).next().unwrap_or(flag);
                flags(sub).any(|known| known == flag)
            }
            None => flags(sub).any(|known| known == "tls-verify"),
        };
        if fits {
            return Some(format!("{start}; use {instead}"));
        }
    }
    let meant = likely(name, flags(sub));
    if !meant.is_empty() {
        let meant: Vec<String> = meant.iter().map(|flag| format!("--{flag}")).collect();
        return Some(format!("{start}; did you mean {}?", listed(&meant, "or")));
    }
    let others = command.get_subcommands();
    let others = others.filter(|other| flags(other).any(|flag| flag == name));
    Some(elsewhere(&start, called, others))
}

/// A flag of one letter, or a negative number.
fn unknown_short(
    flag: &str,
    command: &clap::Command,
    sub: &clap::Command,
    arguments: &[OsString],
) -> Option<String> {
    let called = sub.get_name();
    let letter = flag.strip_prefix('-')?.chars().next()?;
    // clap names the number by its first digit only.
    let is_number = |given: &OsString| {
        let number = given.to_str().and_then(|given| given.strip_prefix('-'));
        number.is_some_and(|number| number.starts_with(letter) && number.parse::<f64>().is_ok())
    };
    if let Some(at) = arguments.iter().position(is_number) {
        let number = arguments.get(at)?.display();
        let before = arguments.get(at.checked_sub(1)?)?.to_str()?;
        return Some(match takes_value(sub, before) {
            true => format!("{before} must not be negative, but is {number}"),
            false => format!("`onionskin {called}` has no flag {number}"),
        });
    }
    let start = format!("`onionskin {called}` has no flag {flag}");
    if called == "ls"
        && let Some((_, instead)) = SHORT_FLAGS.iter().find(|(short, _)| *short == letter)
    {
        return Some(format!("{start}; {instead}"));
    }
    let has_it = |other: &&clap::Command| {
        let mut arguments = other.get_arguments().filter(|one| !one.is_hide_set());
        arguments.any(|argument| argument.get_short() == Some(letter))
    };
    let others = command.get_subcommands().filter(has_it);
    Some(elsewhere(&start, called, others))
}

/// Whether an argument is a flag of the command behind which a value is expected.
fn takes_value(sub: &clap::Command, flag: &str) -> bool {
    let is_it = |argument: &&clap::Arg| {
        let long = flag
            .strip_prefix("--")
            .is_some_and(|name| argument.get_long() == Some(name));
        let short = flag
            .strip_prefix('-')
            .and_then(|letter| letter.parse().ok());
        long || short.is_some() && argument.get_short() == short
    };
    let mut arguments = sub.get_arguments();
    arguments
        .find(is_it)
        .is_some_and(|argument| argument.get_action().takes_values())
}

/// Which other commands have a flag that `called` does not have.
fn elsewhere<'c>(
    start: &str,
    called: &str,
    others: impl Iterator<Item = &'c clap::Command>,
) -> String {
    let others: Vec<String> = others
        .map(|other| format!("`onionskin {}`", other.get_name()))
        .collect();
    match others.as_slice() {
        [] => format!("{start}; `onionskin {called} --help` lists its flags"),
        [other] => format!("{start}; {other} has it"),
        others => format!("{start}; {} have it", listed(others, "and")),
    }
}

/// The long flags that a command's help shows.
fn flags(command: &clap::Command) -> impl Iterator<Item = &str> {
    command
        .get_arguments()
        .filter(|argument| !argument.is_hide_set())
        .filter_map(clap::Arg::get_long)
}

/// The names that somebody who wrote `name` may have meant: those that it is a part of, else the most similar one.
fn likely<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    const MOST: usize = 4;
    let known: Vec<&str> = known.collect();
    let part = |other: &&&str| name.len() > 3 && (other.starts_with(name) || other.ends_with(name));
    let parts: Vec<&str> = known.iter().filter(part).copied().take(MOST).collect();
    if !parts.is_empty() {
        return parts;
    }
    let likeness = |other: &str| strsim::normalized_damerau_levenshtein(name, other);
    let similar = known.iter().map(|other| (likeness(other), *other));
    let best = similar
        .filter(|(likeness, _)| *likeness >= 0.65)
        .max_by(|a, b| a.0.total_cmp(&b.0));
    best.map(|(_, other)| other).into_iter().collect()
}

/// `a, b and c`.
fn listed(words: &[String], last_joined_by: &str) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [others @ .., last] => format!("{} {last_joined_by} {last}", others.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(words: &[&str]) -> Vec<String> {
        let words = words.iter().map(OsString::from);
        let joined = arguments(words).into_iter();
        joined.map(|word| word.into_string().unwrap()).collect()
    }

    #[test]
    fn a_flag_takes_the_value_behind_it_and_no_image() {
        assert_eq!(
            joined(&["onionskin", "ls", "--tls-verify", "false", "app"]),
            ["onionskin", "ls", "--tls-verify=false", "app"]
        );
        let image = ["onionskin", "ls", "--tls-verify", "app"];
        assert_eq!(joined(&image), image);
        let ended = ["onionskin", "ls", "--", "--tls-verify", "false"];
        assert_eq!(joined(&ended), ended);
    }

    #[test]
    fn h_alone_asks_for_help() {
        assert_eq!(joined(&["onionskin", "ls", "-h"])[2], "--help");
        assert_eq!(joined(&["onionskin", "ls", "-h", "app"])[2], "-h");
    }

    #[test]
    fn a_part_of_a_name_or_a_slip_is_recognised() {
        let known = ["max-wasted-bytes", "max-wasted-share", "output", "platform"];
        for (name, meant) in [
            ("max-wasted", &["max-wasted-bytes", "max-wasted-share"][..]),
            ("platfrom", &["platform"]),
            ("outptu", &["output"]),
            ("verbose", &[]),
        ] {
            assert_eq!(likely(name, known.into_iter()), meant, "{name}");
        }
    }
}
