//! The change of a step that leaves no leftover, from which both an advice and the changed lines are written.

use std::fmt;

use serde::Deserialize;

/// What to change in the step that leaves something behind.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum Fix {
    /// These paths are deleted at its end.
    Delete(String),
    /// This command is run at its end.
    Run(String),
    /// A command in it has one more flag.
    Flag {
        /// The command, as in `apk add`.
        command: String,
        /// The flag that follows it.
        flag: String,
    },
    /// The folder is a cache that is mounted, and no part of the layer.
    MountCache(String),
}

impl Fix {
    /// The same with its texts made one line each.
    pub(super) fn on_one_line(self) -> Self {
        let line = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
        match self {
            Self::Delete(paths) => Self::Delete(line(paths)),
            Self::Run(command) => Self::Run(line(command)),
            Self::Flag { command, flag } => Self::Flag {
                command: line(command),
                flag: line(flag),
            },
            Self::MountCache(folder) => Self::MountCache(line(folder)),
        }
    }
}

/// As an advice names it.
impl fmt::Display for Fix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Delete(paths) => write!(f, "rm -rf {paths}"),
            Self::Run(command) => f.write_str(command),
            Self::Flag { command, flag } => write!(f, "{command} {flag}"),
            Self::MountCache(folder) => write!(f, "RUN --mount=type=cache,target={folder}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::Rules;

    #[test]
    fn a_rules_file_gives_a_fix_in_each_form() {
        for (fix, told) in [
            ("delete: /srv/models/*", "rm -rf /srv/models/*"),
            ("run: make clean", "make clean"),
            (
                "flag: { command: apk add, flag: --no-cache }",
                "apk add --no-cache",
            ),
            (
                "mountCache: /root/.models",
                "RUN --mount=type=cache,target=/root/.models",
            ),
        ] {
            let text = format!(
                "leftovers: {{ add: [{{ id: models, paths: [/srv/models], advice: 'Use {{fix}}', fix: {{ {fix} }} }}] }}"
            );
            let rules = Rules::from_yaml(text.as_bytes()).unwrap();
            let leftovers = rules.leftovers.unwrap();
            let advice = leftovers.of_id("models").unwrap().advice();
            assert_eq!(advice, format!("Use {told}"));
        }
    }
}
