//! What to change in a Dockerfile so that a finding goes away, chosen by its kind and the commands
//! that made its layers.

use std::collections::BTreeSet;

use super::{Finding, Kind, Leftovers};
use crate::manifest::history;

/// The advice for a finding; `commands` are those that made the layers, base first.
pub(super) fn of(finding: &Finding, commands: &[Option<&str>], leftovers: &Leftovers) -> String {
    let of = |layers: &[usize]| -> Vec<String> {
        let command = |layer: &usize| commands.get(layer.checked_sub(1)?).copied().flatten();
        let commands = layers.iter().filter_map(command);
        commands
            .map(|command| history::clean(command).into_owned())
            .collect()
    };
    let (adders, hiders) = (of(&finding.added_by), of(&finding.hidden_by));
    match finding.kind {
        Kind::Deleted => deleted(finding, &adders, leftovers),
        Kind::Overwritten => overwritten(finding, &hiders),
        Kind::MetadataOnly => metadata_only(finding, &adders, &hiders),
        Kind::Repeated => {
            "The layer stores this path more than once: have the tool that writes the layer's tar add each path only once"
                .to_owned()
        }
        // Those who find them know what to do.
        _ => finding.advice.clone(),
    }
}

fn deleted(finding: &Finding, adders: &[String], leftovers: &Leftovers) -> String {
    if let Some(leftover) = leftovers.of_path(finding.path()) {
        return format!("{} ({})", leftover.advice(), layers(&finding.added_by));
    }
    if !adders.is_empty() && adders.iter().all(|command| copies(command)) {
        return format!(
            "Do not copy it ({}): add it to .dockerignore, mount it in the step that needs it with RUN --mount=type=bind, or copy it in an earlier stage of a multi-stage build",
            layers(&finding.added_by)
        );
    }
    format!(
        "Delete it in the RUN that creates it ({}), or create it in an earlier stage of a multi-stage build and COPY --from only what is needed",
        layers(&finding.added_by)
    )
}

fn overwritten(finding: &Finding, hiders: &[String]) -> String {
    if hiders.iter().any(|command| installs(command)) {
        return format!(
            "Install and upgrade packages in one RUN ({}), or use a newer base image",
            layers(&all(finding))
        );
    }
    if !hiders.is_empty() && hiders.iter().all(|command| copies(command)) {
        return format!(
            "Copy the final content only: it is copied in {}",
            layers(&all(finding))
        );
    }
    format!(
        "Write it once: combine the steps of {} into one RUN, or create the file in an earlier stage of a multi-stage build",
        layers(&all(finding))
    )
}

/// The layers that store it and those that hide it, each once.
pub(super) fn all(finding: &Finding) -> Vec<usize> {
    let layers = finding.added_by.iter().chain(&finding.hidden_by);
    let layers: BTreeSet<usize> = layers.copied().collect();
    layers.into_iter().collect()
}

fn metadata_only(finding: &Finding, adders: &[String], hiders: &[String]) -> String {
    let copied = !adders.is_empty() && adders.iter().all(|command| copies(command));
    let change = |program: &str| {
        hiders.iter().find_map(|command| {
            argument(command, program).or(command.contains(program).then_some("…"))
        })
    };
    for (program, flag) in [("chown", "--chown"), ("chmod", "--chmod")] {
        let Some(value) = change(program) else {
            continue;
        };
        return if copied {
            format!(
                "Use COPY {flag}={value} where the files are copied ({}), and remove the {program} in {}, which stores every file again",
                layers(&finding.added_by),
                layers(&finding.hidden_by)
            )
        } else {
            format!(
                "Run {program} in the RUN that creates the files ({}), or COPY {flag}={value} them from an earlier stage; the {program} in {} stores every file again",
                layers(&finding.added_by),
                layers(&finding.hidden_by)
            )
        };
    }
    if !hiders.is_empty() && hiders.iter().all(|command| copies(command)) {
        return format!(
            "Copy these files once: {} stores again what {} has; use COPY --chown or --chmod to set owner or mode",
            layers(&finding.hidden_by),
            layers(&finding.added_by)
        );
    }
    format!(
        "Set mode, owner and time in the step that stores the files ({}): {} stores them again only to change these",
        layers(&finding.added_by),
        layers(&finding.hidden_by)
    )
}

/// What `chown` sets as owner or `chmod` as mode: the first word after it that is no option.
pub(super) fn argument<'c>(command: &'c str, program: &str) -> Option<&'c str> {
    let mut words = command.split_whitespace();
    words.find(|word| *word == program)?;
    let value = words.find(|word| !word.starts_with('-'))?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "_.:+=,-".contains(c);
    Some(value).filter(|value| value.chars().all(plain))
}

pub(super) fn copies(command: &str) -> bool {
    command.starts_with("COPY ") || command.starts_with("ADD ")
}

fn installs(command: &str) -> bool {
    const PROGRAMS: [&str; 7] = [
        "apt-get ",
        "apt ",
        "apk ",
        "dnf ",
        "microdnf ",
        "yum ",
        "zypper ",
    ];
    PROGRAMS.iter().any(|program| command.contains(program))
}

/// `layer 3`, `layers 3 and 4`, `layers 3, 4 and 7`.
pub(super) fn layers(numbers: &[usize]) -> String {
    let words: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    match words.as_slice() {
        [] => "no layer".to_owned(),
        [one] => format!("layer {one}"),
        [others @ .., last] => format!("layers {} and {last}", others.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::findings::Location;

    fn advice(kind: Kind, path: &str, commands: [&str; 2]) -> String {
        let finding = Finding {
            kind,
            rule: None,
            location: Location::Path {
                layer: 2,
                path: path.into(),
            },
            line: None,
            files: 1,
            bytes: 1,
            compressed: 1,
            added_by: vec![1],
            by_layer: Vec::new(),
            hidden_by: vec![2],
            packaged: false,
            packages: Vec::new(),
            advice: String::new(),
            changes: Vec::new(),
        };
        of(&finding, &commands.map(Some), Leftovers::standard())
    }

    #[test]
    fn advice_fits_cause_path_and_commands() {
        let run = "RUN /bin/sh -c make # buildkit";
        let copy = "COPY . . # buildkit";
        for (kind, path, commands, says) in [
            (Kind::Deleted, "/app/o", [run, run], "multi-stage"),
            (Kind::Deleted, "/app/o", [run, run], "(layer 1)"),
            (Kind::Deleted, "/app/.env", [copy, run], ".dockerignore"),
            (
                Kind::Deleted,
                "/root/.cache/pip",
                [run, run],
                "--mount=type=cache,target=/root/.cache/pip",
            ),
            (
                Kind::MetadataOnly,
                "/app",
                [copy, "RUN chown -R node:node /app"],
                "COPY --chown=node:node",
            ),
            (
                Kind::MetadataOnly,
                "/app",
                [run, "RUN chmod -R a+rX /app"],
                "Run chmod in the RUN",
            ),
            (
                Kind::MetadataOnly,
                "/app",
                [copy, copy],
                "Copy these files once",
            ),
            (
                Kind::Overwritten,
                "/var/lib/dpkg/status",
                [run, "/bin/sh -c apt-get install -y x"],
                "one RUN",
            ),
            (Kind::Overwritten, "/app/c", [copy, copy], "final content"),
            (Kind::Repeated, "/app/c", [copy, copy], "only once"),
        ] {
            let advice = advice(kind, path, commands);
            assert!(advice.contains(says), "{says}: {advice}");
            assert_eq!(advice.lines().count(), 1);
        }
    }

    #[test]
    fn words_of_a_command_that_are_no_plain_value_are_not_repeated() {
        assert_eq!(argument("RUN chown -R a:b /x", "chown"), Some("a:b"));
        assert_eq!(argument("RUN chown -R $(id -u) /x", "chown"), None);
        assert_eq!(argument("RUN chown", "chown"), None);
    }

    #[test]
    fn layers_are_listed_as_in_a_sentence() {
        assert_eq!(layers(&[3]), "layer 3");
        assert_eq!(layers(&[3, 4, 7]), "layers 3, 4 and 7");
    }
}
