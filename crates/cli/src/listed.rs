//! What `ls` and `du` list: the paths below a folder, a file, or what matches a glob.

use std::sync::Arc;

use anyhow::bail;
use onionskin_core::find::Query;
use onionskin_core::layer::LayerIndex;
use onionskin_core::report::listing::{self, Line};
use onionskin_core::report::{bytes, text};
use onionskin_core::rules::PathGlob;
use onionskin_core::stack::{ResolveError, Stack};

use crate::image::Opened;
use crate::layers::{LayerArguments, Wanted, not_fetched};
use crate::output::note;

/// Paths, and the folder that they are below.
pub(crate) struct Listed {
    /// In byte order.
    pub(crate) lines: Vec<Line>,
    /// The folder or file that was asked for, links followed; the root for a glob.
    pub(crate) top: String,
}

/// Lists `path` of an image, which messages call `image`. Layers without a tar are told as missing.
pub(crate) async fn list(
    opened: &Opened,
    layers: &LayerArguments,
    path: &[u8],
    image: &str,
) -> anyhow::Result<Listed> {
    let wanted = layers.of(&opened.image)?;
    let place = wanted.name();
    match wanted {
        Wanted::Layer(number) => {
            let index = opened.decode_one(number).await?;
            let mut stack = Stack::new();
            stack.push_alone(Arc::clone(&index))?;
            // Where such links lead is known only with the layers below.
            if stack.has_open_links() {
                stack = alone(opened, index, number).await?;
            }
            match of_layer(&stack, number, path)? {
                Some(listed) => Ok(listed),
                None => bail!(
                    "{} is not in {place}; `onionskin ls {image} --layer {number}` lists the layer",
                    text(path)
                ),
            }
        }
        Wanted::Stack(last) => {
            let stack = opened.stack(wanted.decoded(&opened.image)).await?;
            let without = not_fetched(&stack);
            match (of_stack(&stack, last, path)?, without) {
                (Ok(listed), None) => Ok(listed),
                (Ok(listed), Some(without)) => {
                    note(format_args!("the list is incomplete, without {without}"));
                    Ok(listed)
                }
                (Err(error), None) => bail!("{}", missing(&error, path, wanted, image)),
                (Err(error), Some(without)) => bail!(
                    "{} (incomplete, without {without})",
                    missing(&error, path, wanted, image)
                ),
            }
        }
    }
}

/// Lists what a query finds below `path`, in all layers that are looked at.
pub(crate) async fn find(
    opened: &Opened,
    layers: &LayerArguments,
    path: &[u8],
    image: &str,
    query: &Query,
) -> anyhow::Result<Vec<Line>> {
    let wanted = layers.of(&opened.image)?;
    let Wanted::Stack(last) = wanted else {
        bail!("--find looks through all layers: write layer:N in the query instead of --layer N");
    };
    let stack = opened.stack(wanted.decoded(&opened.image)).await?;
    let without = not_fetched(&stack);
    match (listing::found(&stack, last, path, query), without) {
        (Ok(lines), without) => {
            if let Some(without) = without {
                note(format_args!("the list is incomplete, without {without}"));
            }
            Ok(lines)
        }
        (Err(_), _) if glob(path).is_some() => {
            bail!("with --find, PATH is a folder or a file: write the glob into the query")
        }
        (Err(error), None) => bail!("{}", missing(&error, path, wanted, image)),
        (Err(error), Some(without)) => bail!(
            "{} (incomplete, without {without})",
            missing(&error, path, wanted, image)
        ),
    }
}

/// Why `asked` is not in `place`, and what to do.
pub(crate) fn missing(error: &ResolveError, asked: &[u8], wanted: Wanted, image: &str) -> String {
    let place = wanted.name();
    let asked_text = text(asked);
    match error {
        ResolveError::Missing { path, deleted_by } => {
            let start = match clean(asked) == *path {
                true => format!("{asked_text} is not in {place}"),
                false => format!(
                    "{asked_text} resolves to {}, which is not in {place}",
                    text(path)
                ),
            };
            match deleted_by {
                Some(layer) => format!(
                    "{start}: layer {layer} deleted it; `--stack {}` shows it as it was before",
                    layer.saturating_sub(1)
                ),
                None => format!(
                    "{start}; `onionskin ls {image}{}` lists what is there",
                    wanted.flag()
                ),
            }
        }
        ResolveError::NotAFolder { path, deleted_by } => {
            let start = format!(
                "{asked_text} is not in {place}: {} is not a folder",
                text(path)
            );
            match deleted_by {
                Some(layer) => format!(
                    "{start}. Layer {layer} deleted {asked_text}; `--stack {}` shows it as it was before",
                    layer.saturating_sub(1)
                ),
                None => start,
            }
        }
        ResolveError::Loop { path } => format!(
            "{asked_text} cannot be resolved: the symbolic links at {} form a loop",
            text(path)
        ),
    }
}

/// The path as a stack writes it.
fn clean(path: &[u8]) -> Vec<u8> {
    let names = path.split(|byte| *byte == b'/');
    names
        .filter(|name| !matches!(*name, b"" | b"."))
        .flat_map(|name| [b"/", name].concat())
        .collect()
}

/// What is below a path of a stack; for a glob, the paths that match it.
fn of_stack(
    stack: &Stack,
    last: usize,
    path: &[u8],
) -> anyhow::Result<Result<Listed, ResolveError>> {
    let error = match listing::of_stack(stack, last, path) {
        Ok(lines) => {
            let top = text(&stack.real_path(path, last)).into_owned();
            return Ok(Ok(Listed { lines, top }));
        }
        Err(error) => error,
    };
    let Some((folder, names)) = glob(path) else {
        return Ok(Err(error));
    };
    // The part before the first wildcard is a path, whose links are followed.
    let folder = match stack.resolve(folder, last) {
        Ok(folder) => stack.path(folder),
        Err(error) => return Ok(Err(error)),
    };
    let rooted = path.starts_with(b"/");
    let below = listing::of_stack(stack, last, &folder).unwrap_or_default();
    matching(below, &folder, names, rooted, path).map(Ok)
}

/// What layer `number` itself contains, its hard links leading where they lead on the layers below.
pub(crate) async fn alone(
    opened: &Opened,
    index: Arc<LayerIndex>,
    number: usize,
) -> anyhow::Result<Stack> {
    let below = number.saturating_sub(1);
    let layers = opened.image.layers.get(..below).unwrap_or_default();
    let mut stack = opened.stack(layers).await?;
    stack.push_alone(index)?;
    Ok(stack)
}

/// The same of what one layer itself contains, which is the top of `stack`.
fn of_layer(stack: &Stack, number: usize, path: &[u8]) -> anyhow::Result<Option<Listed>> {
    if let Some(lines) = listing::of_top(stack, number, path) {
        let top = text(&stack.real_path(path, stack.depth())).into_owned();
        return Ok(Some(Listed { lines, top }));
    }
    let Some((folder, names)) = glob(path) else {
        return Ok(None);
    };
    let all = listing::of_top(stack, number, b"/").unwrap_or_default();
    let rooted = path.starts_with(b"/");
    // Links are followed as far as the layer itself has them. A folder that only whiteouts are in is not there.
    let listed = match stack.resolve(folder, stack.depth()) {
        Ok(folder) => matching(all, &stack.path(folder), names, rooted, path),
        Err(_) => matching(all, b"", path, rooted, path),
    };
    listed.map(Some)
}

/// The folder before the first wildcard of a path, and what follows it; None without a wildcard.
fn glob(path: &[u8]) -> Option<(&[u8], &[u8])> {
    let wildcard = path.iter().position(|byte| b"*?[{".contains(byte))?;
    let before = path.get(..wildcard)?;
    let slash = before.iter().rposition(|byte| *byte == b'/');
    match slash.filter(|_| path.starts_with(b"/")) {
        Some(slash) => Some((path.get(..slash)?, path.get(slash + 1..)?)),
        None => Some((b"/", path)),
    }
}

/// The lines that match `names`, a glob below `folder`; `asked` is the whole glob.
fn matching(
    lines: Vec<Line>,
    folder: &[u8],
    names: &[u8],
    rooted: bool,
    asked: &[u8],
) -> anyhow::Result<Listed> {
    let names = text(names);
    let pattern = match rooted {
        true => {
            let folder = escaped(folder);
            let folder = folder.trim_end_matches('/');
            format!("{folder}/{}", names.trim_start_matches('/'))
        }
        false => names.into_owned(),
    };
    let glob: PathGlob = pattern.parse()?;
    let matching = |line: &Line| glob.meets(&bytes(&line.path));
    let lines: Vec<Line> = lines.into_iter().filter(matching).collect();
    if lines.is_empty() {
        bail!(
            "no path matches {}; a glob with a leading slash starts at the root, any other matches at any depth",
            text(asked)
        );
    }
    let top = "/".to_owned();
    Ok(Listed { lines, top })
}

/// A path as a glob that matches only it.
fn escaped(path: &[u8]) -> String {
    let is_text = std::str::from_utf8(path).is_ok();
    let mut glob = String::new();
    for part in path.utf8_chunks() {
        for character in part.valid().chars() {
            if "*?[]{}\\!,".contains(character) {
                glob.push('\\');
            }
            match character.is_ascii() || is_text {
                true => glob.push(character),
                // A name that is not UTF-8 is printed with every byte from 0x80 up escaped.
                false => glob.push_str(&hex(character.to_string().as_bytes())),
            }
        }
        glob.push_str(&hex(part.invalid()));
    }
    glob
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("\\x{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_glob_begins_behind_its_fixed_folders() {
        let of = |path: &'static str| glob(path.as_bytes());
        assert_eq!(
            of("/etc/ssl/*.pem"),
            Some((&b"/etc/ssl"[..], &b"*.pem"[..]))
        );
        assert_eq!(of("/*/x"), Some((&b""[..], &b"*/x"[..])));
        assert_eq!(of("*.pem"), Some((&b"/"[..], &b"*.pem"[..])));
        assert_eq!(of("etc/*.pem"), Some((&b"/"[..], &b"etc/*.pem"[..])));
        assert_eq!(of("/etc/passwd"), None);
    }

    #[test]
    fn a_folder_with_wildcards_in_its_name_is_only_itself() {
        let glob: PathGlob = format!("{}/*", escaped(b"/a[1]{b,c}*")).parse().unwrap();
        assert!(glob.meets(b"/a[1]{b,c}*/x") && !glob.meets(b"/a1b/x"));
        for folder in [
            &b"/\xff\\x41"[..],
            "/ü\n".as_bytes(),
            b"/\xc3\xbc\xff",
            br"/\xff",
        ] {
            let glob: PathGlob = format!("{}/*", escaped(folder)).parse().unwrap();
            assert!(glob.meets(&[folder, b"/x"].concat()), "{folder:?}");
            assert!(!glob.meets(b"/other/x"));
        }
    }
}
