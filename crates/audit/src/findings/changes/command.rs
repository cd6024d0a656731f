//! Commands of a Dockerfile, read as far as a line of them can be changed safely. What is not understood is None.

use crate::findings::leftovers::Fix;

/// Whether a path or a word stands for itself in a shell and in `.dockerignore`.
pub(super) fn plain(word: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+@=:,%".contains(c);
    !word.is_empty() && word.chars().all(plain)
}

/// Whether a mode is one that `COPY --chmod` takes everywhere.
pub(super) fn octal(mode: &str) -> bool {
    matches!(mode.len(), 3 | 4) && mode.bytes().all(|digit| matches!(digit, b'0'..=b'7'))
}

/// What a step gives to the shell.
pub(super) fn shell(command: &str) -> Option<&str> {
    let shell = command.strip_prefix("RUN ")?.trim();
    (!shell.starts_with(['[', '<']) && !shell.is_empty()).then_some(shell)
}

/// Both commands in one step.
pub(super) fn with(shell: &str, more: &str) -> Option<String> {
    // What follows a comment, a background job or a document would not be a command of its own.
    let open = shell.contains(['#', '\n']) || shell.ends_with(['&', ';', '\\']);
    (!open).then(|| format!("RUN {shell} && {more}"))
}

/// The commands that `&&` joins, where that is all that the shell has to do.
fn parts(shell: &str) -> Option<Vec<&str>> {
    let other = |c: char| "\"'`;|()<>{}#\\\n$".contains(c);
    let parts: Vec<&str> = shell.split("&&").map(str::trim).collect();
    let whole = !shell.contains(other) && parts.iter().all(|part| !part.is_empty());
    (whole && parts.iter().all(|part| !part.contains('&'))).then_some(parts)
}

fn joined(parts: &[String]) -> Option<String> {
    (!parts.is_empty()).then(|| parts.join(" && "))
}

/// The shell's commands without those of one program; inside, None where nothing is left. None where it has no such
/// command of its own.
pub(super) fn without(shell: &str, program: &str) -> Option<Option<String>> {
    let all = parts(shell)?;
    let is_of = |part: &&&str| part.split_whitespace().next() == Some(program);
    let left = all.iter().filter(|part| !is_of(part));
    let left: Vec<String> = left.map(|part| (*part).to_owned()).collect();
    (left.len() < all.len()).then(|| joined(&left))
}

/// The shell's commands without the deletion of a path and what is below it, and that deletion. Of several paths that one
/// `rm` deletes, the others stay.
pub(super) fn without_deletion(
    shell: &str,
    path: &str,
    folder: &str,
) -> Option<(Option<String>, String)> {
    let mut left = Vec::new();
    let mut deletion = None;
    for part in parts(shell)? {
        let mut words = part.split_whitespace();
        if words.next() != Some("rm") {
            left.push(part.to_owned());
            continue;
        }
        let (options, paths): (Vec<&str>, Vec<&str>) =
            words.partition(|word| word.starts_with('-'));
        let (gone, stay): (Vec<&str>, Vec<&str>) = paths
            .into_iter()
            .partition(|word| is_at_or_below(&resolved(word, folder), path));
        let rm = |paths: &[&str]| {
            let words = ["rm"].iter().chain(&options).chain(paths);
            words.copied().collect::<Vec<_>>().join(" ")
        };
        if !gone.is_empty() && deletion.replace(rm(&gone)).is_some() {
            return None;
        }
        if !stay.is_empty() || gone.is_empty() {
            left.push(rm(&stay));
        }
    }
    Some((joined(&left), deletion?))
}

/// A path from the root, without dots at its start.
fn resolved(word: &str, folder: &str) -> String {
    let word = word.trim_end_matches('/');
    if word.starts_with('/') {
        return word.to_owned();
    }
    match word.strip_prefix("./").unwrap_or(word) {
        "." | "" => folder.to_owned(),
        below => format!("{folder}/{below}"),
    }
}

fn is_at_or_below(path: &str, top: &str) -> bool {
    let rest = path.strip_prefix(top.trim_end_matches('/'));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// A shell command with the fix of a leftover at a path.
pub(super) fn cleaned(shell: &str, path: &str, fix: &Fix) -> Option<String> {
    match fix {
        Fix::Delete(_) | Fix::Run(_) => {
            let command = fix.to_string();
            let changed = (!shell.contains(&command)).then(|| with(shell, &command))??;
            changed.strip_prefix("RUN ").map(str::to_owned)
        }
        Fix::Flag { command, flag } => {
            let changed = shell.contains(&format!("{command} ")) && !shell.contains(flag.as_str());
            changed.then(|| shell.replace(&format!("{command} "), &format!("{command} {flag} ")))
        }
        Fix::MountCache(folder) => {
            let option = format!("target={folder}");
            let fits = plain(folder) && is_at_or_below(path, folder) && !shell.contains(&option);
            fits.then(|| format!("--mount=type=cache,{option} {shell}"))
        }
    }
}

/// A `COPY` or `ADD` from the build context.
pub(super) struct Copy<'a> {
    source: &'a str,
    target: &'a str,
}

impl<'a> Copy<'a> {
    /// Whether a step copies.
    pub(super) fn copies(command: &str) -> bool {
        super::advice::copies(command)
    }

    /// One that copies one thing, by its name.
    pub(super) fn read(command: &'a str) -> Option<Self> {
        let (verb, rest) = command.split_once(' ')?;
        let (options, words): (Vec<&str>, Vec<&str>) = rest
            .split_whitespace()
            .partition(|word| word.starts_with("--"));
        let [source, target] = words.as_slice() else {
            return None;
        };
        let of_context = !options.iter().any(|option| option.starts_with("--from"));
        // A hash, an address or an archive tells nothing of the files in it.
        let named = |word: &str| plain(word) && !word.contains([':', '%', '@']);
        let is_copy = verb == "COPY" && of_context && named(source) && plain(target);
        is_copy.then_some(Self { source, target })
    }

    /// What of the build context stands at a path.
    pub(super) fn source_of(&self, path: &str, folder: &str) -> Option<Source> {
        let source = self.source.trim_start_matches("./").trim_end_matches('/');
        let target = resolved(self.target, folder);
        let name = source.rsplit('/').next().unwrap_or(source);
        let within = format!("{}/{name}", target.trim_end_matches('/'));
        if target == path || (within == path && !matches!(source, "." | "")) {
            return Some(Source::All);
        }
        let below = path.strip_prefix(target.trim_end_matches('/'))?;
        let below = below.strip_prefix('/').filter(|below| !below.is_empty())?;
        Some(Source::Part(match source {
            "." | "" => below.to_owned(),
            folder => format!("{folder}/{below}"),
        }))
    }

    /// The step with an option that sets owner or mode, as `chown` or `chmod` would.
    pub(super) fn with_option(command: &str, program: &str, value: &str) -> Option<String> {
        let option = format!("--{program}=");
        let (verb, rest) = command.split_once(' ')?;
        (!rest.contains(&option)).then(|| format!("{verb} {option}{value} {rest}"))
    }
}

/// What a step copies to a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// All that it copies.
    All,
    /// This path of the build context.
    Part(String),
}
