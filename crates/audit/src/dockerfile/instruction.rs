//! Instructions as a Dockerfile has them, from the forms that builders record.

use crate::manifest::Config;

/// The instructions that a Dockerfile may have.
const INSTRUCTIONS: [&str; 17] = [
    "RUN",
    "COPY",
    "ADD",
    "ENV",
    "ARG",
    "CMD",
    "ENTRYPOINT",
    "LABEL",
    "EXPOSE",
    "VOLUME",
    "USER",
    "WORKDIR",
    "STOPSIGNAL",
    "HEALTHCHECK",
    "SHELL",
    "ONBUILD",
    "MAINTAINER",
];

/// Characters of a hash that tell it from others.
const HASH: usize = 12;

/// An instruction as a Dockerfile has it; what is none becomes a comment, with the builder's note on it.
pub(super) fn written(command: &str, note: Option<&str>, config: &Config) -> String {
    let (verb, rest) = command
        .split_once(char::is_whitespace)
        .unwrap_or((command, ""));
    let rest = rest.trim_start();
    if !INSTRUCTIONS.contains(&verb) || rest.is_empty() {
        let text = match (command.trim_start_matches('#').trim(), note) {
            ("", None) => "no command recorded".to_owned(),
            ("", Some(note)) => note.to_owned(),
            (text, None) => text.to_owned(),
            (text, Some(note)) => format!("{text}: {note}"),
        };
        return text
            .lines()
            .map(|line| format!("# {line}"))
            .collect::<Vec<_>>()
            .join("\n");
    }
    let rest = match verb {
        "RUN" => run(rest),
        "COPY" | "ADD" => copied(rest),
        "CMD" | "ENTRYPOINT" | "SHELL" | "VOLUME" if rest.starts_with('[') => list(&words(rest)),
        "EXPOSE" => exposed(rest),
        "HEALTHCHECK" => healthcheck(rest).unwrap_or_else(|| rest.to_owned()),
        "ENV" => pair(rest, config.env.iter().map(String::as_str)),
        "LABEL" => {
            let labels = config.labels.iter();
            let labels: Vec<String> = labels
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            pair(rest, labels.iter().map(String::as_str))
        }
        _ => rest.to_owned(),
    };
    // Only a shell command has lines that belong together.
    let rest = match verb {
        "RUN" => rest,
        _ => rest.lines().collect::<Vec<_>>().join(" "),
    };
    format!("{verb} {rest}")
}

/// Whether a line declares this build argument.
pub(super) fn declares(line: &str, name: &str) -> bool {
    let declared = line.strip_prefix("ARG ");
    declared.is_some_and(|rest| {
        rest.split('=')
            .next()
            .is_some_and(|declared| declared == name)
    })
}

/// `ARG NAME=value`.
pub(super) fn argument(name: &str, value: &str) -> String {
    format!("ARG {name}={}", quoted(value))
}

/// The words of a list: in JSON, or as Go prints it, `["a" "b"]` or `[a b]`.
pub(super) fn words(list: &str) -> Vec<String> {
    if let Ok(words) = serde_json::from_str(list) {
        return words;
    }
    let inner = list.trim().trim_start_matches('[');
    let inner = inner.strip_suffix(']').unwrap_or(inner);
    let mut words = Vec::new();
    let mut rest = inner.trim_start();
    while !rest.is_empty() {
        let (word, after) = word(rest);
        words.push(word);
        rest = after.trim_start_matches([' ', ',']);
    }
    words
}

/// The first word of Go's form, without its quotes, and what follows it.
fn word(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([' ', ',']).unwrap_or(text.len());
        return (
            text.get(..end).unwrap_or(text).to_owned(),
            text.get(end..).unwrap_or_default(),
        );
    };
    let mut escaped = false;
    let end = quoted.find(|c| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    });
    let end = end.unwrap_or(quoted.len());
    let inner = quoted.get(..end).unwrap_or_default();
    let plain = serde_json::from_str(&format!("\"{inner}\"")).unwrap_or_else(|_| inner.to_owned());
    (plain, quoted.get(end + 1..).unwrap_or_default())
}

fn list(words: &[String]) -> String {
    let words: Vec<String> = words.iter().map(|word| json(word)).collect();
    format!("[{}]", words.join(", "))
}

fn json(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}

/// A value that needs quotes, with them.
fn quoted(value: &str) -> String {
    let plain = |c: char| !c.is_whitespace() && !"\"'\\#".contains(c);
    match !value.is_empty() && value.chars().all(plain) {
        true => value.to_owned(),
        false => format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"")),
    }
}

/// `NAME=a b` where the configuration has just this pair: then its value has spaces.
fn pair<'c>(text: &str, known: impl IntoIterator<Item = &'c str>) -> String {
    let is_known = known.into_iter().any(|known| known == text);
    match text.split_once('=') {
        Some((name, value)) if is_known && !name.contains(char::is_whitespace) => {
            format!("{name}={}", quoted(value))
        }
        _ => text.to_owned(),
    }
}

/// `map[80/tcp:{} 443/tcp:{}]` as `80/tcp 443/tcp`.
fn exposed(text: &str) -> String {
    let inner = text
        .strip_prefix("map[")
        .and_then(|text| text.strip_suffix(']'));
    let Some(inner) = inner else {
        return text.trim_matches(['[', ']']).to_owned();
    };
    let ports: Vec<&str> = inner
        .split(' ')
        .map(|port| port.trim_end_matches(":{}"))
        .collect();
    ports.join(" ")
}

/// `file:b52b… in /app/ ` as `file:b52b28c2a8d2 /app/`: by its hash a copied file can be told from others, no more.
fn copied(text: &str) -> String {
    let Some((what, to)) = text.rsplit_once(" in ") else {
        return text.to_owned();
    };
    let short = |word: &str| match word.split_once(':') {
        Some((kind @ ("file" | "dir" | "multi"), hash)) if hash.len() > HASH && hash.is_ascii() => {
            format!("{kind}:{}", hash.get(..HASH).unwrap_or(hash))
        }
        _ => word.to_owned(),
    };
    let what: Vec<String> = what.split(' ').map(short).collect();
    format!("{} {}", what.join(" "), to.trim())
}

/// `&{["CMD-SHELL" "curl -f http://localhost/"] "30s" "3s" "0s" "0s" '\x03'}` as options and a command.
fn healthcheck(text: &str) -> Option<String> {
    let inner = text.strip_prefix("&{")?.strip_suffix('}')?;
    let end = inner.rfind(']')?;
    let test = words(inner.get(..=end)?);
    let mut times = inner.get(end + 1..)?.split_whitespace();
    let names: &[&str] = match times.clone().count() {
        5.. => &["interval", "timeout", "start-period", "start-interval"],
        _ => &["interval", "timeout", "start-period"],
    };
    let mut options = Vec::new();
    for name in names {
        let time = times.next()?.trim_matches('"');
        if time != "0s" {
            options.push(format!("--{name}={time}"));
        }
    }
    let retries = times.next().map(|text| text.trim_matches('\''));
    if let Some(retries) = retries.and_then(number).filter(|retries| *retries > 0) {
        options.push(format!("--retries={retries}"));
    }
    let command = match test.split_first()? {
        (kind, _) if kind == "NONE" => return Some("NONE".to_owned()),
        (kind, words) if kind == "CMD" => format!("CMD {}", list(words)),
        (kind, [command]) if kind == "CMD-SHELL" => format!("CMD {command}"),
        _ => return None,
    };
    options.push(command);
    Some(options.join(" "))
}

/// A number as Go prints a rune or an integer: `\x03`, `3`.
fn number(text: &str) -> Option<u32> {
    match text.strip_prefix("\\x") {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

/// A shell command: its lines are continued as they were, and a script keeps its lines.
fn run(text: &str) -> String {
    if text.starts_with('[') {
        return list(&words(text));
    }
    if text.contains('\n') {
        return script(text);
    }
    continued(text)
}

/// A command of several lines that are not continued was a here-document, or has one.
fn script(text: &str) -> String {
    let is_continued = text
        .lines()
        .rev()
        .skip(1)
        .all(|line| line.trim_end().ends_with('\\'));
    if is_continued
        || text
            .lines()
            .next()
            .is_some_and(|first| first.contains("<<"))
    {
        return text.trim_end().to_owned();
    }
    let ends = |mark: &str| text.lines().any(|line| line.trim() == mark);
    let marks = ["EOF", "EOT", "END_OF_RUN"];
    let mark = marks.into_iter().find(|mark| !ends(mark));
    match mark {
        Some(mark) => format!("<<{mark}\n{}\n{mark}", text.trim_end()),
        None => text.trim_end().to_owned(),
    }
}

/// Builders join continued lines and keep the blanks at their starts: where two or more stand outside quotes, a line began.
fn continued(text: &str) -> String {
    let mut out = String::new();
    let mut quote = None;
    let mut blanks = 0;
    for c in text.chars() {
        if matches!(c, ' ' | '\t') && quote.is_none() {
            blanks += if c == '\t' { 2 } else { 1 };
            continue;
        }
        match blanks {
            0 => {}
            1 => out.push(' '),
            _ => out.push_str(" \\\n    "),
        }
        blanks = 0;
        match quote {
            Some(open) if open == c => quote = None,
            None if matches!(c, '"' | '\'') => quote = Some(c),
            _ => {}
        }
        out.push(c);
    }
    out
}
