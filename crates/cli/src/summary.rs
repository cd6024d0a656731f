//! What every report on an image begins with: the live and wasted bytes in a sentence and as bars.

use std::fmt::{self, Write as _};

use anstyle::{AnsiColor, Style};
use onionskin_core::findings::Kind;
use onionskin_core::report::inspection::{ByteTotals, ImageFacts, LayerFacts};
use onionskin_core::report::words::{not_available, share, size};
use onionskin_core::stack::Cause;

use crate::terminal::Visible;

/// Columns of the bar for everything.
const BAR: u64 = 40;

pub(crate) const STRONG: Style = Style::new().bold();
pub(crate) const QUIET: Style = Style::new().dimmed();
const LIVE: Style = AnsiColor::Cyan.on_default();

/// Which image, and its bytes.
pub(crate) fn write(
    out: &mut String,
    image: &ImageFacts,
    bytes: &ByteTotals,
    layers: &[LayerFacts],
) -> fmt::Result {
    write!(out, "{STRONG}{}{STRONG:#}", Visible(&image.reference))?;
    if let Some(platform) = &image.platform {
        write!(out, "  {}", Visible(platform))?;
    }
    writeln!(out)?;
    if let Some(digest) = &image.digest {
        writeln!(out, "{QUIET}{digest}{QUIET:#}")?;
    }
    writeln!(out, "\n{}", sentence(image, bytes, layers))?;
    for line in not_available(layers) {
        writeln!(out, "{}", Visible(&line))?;
    }
    writeln!(out)?;
    causes(out, bytes)
}

/// What a reader came for, in words.
fn sentence(image: &ImageFacts, bytes: &ByteTotals, layers: &[LayerFacts]) -> String {
    let all = layers.len();
    let read = all - not_available(layers).count();
    let number = |n| match n {
        1 => "1 layer".to_owned(),
        n => format!("{n} layers"),
    };
    let hold = if read == 1 { "holds" } else { "hold" };
    let which = match read {
        _ if read == all => format!(", which {hold}"),
        _ => format!("; {read} available, which {hold}"),
    };
    let holds = match image.compressed_size {
        Some(compressed) => format!(
            "A pull downloads {STRONG}{}{STRONG:#} in {}{which} {} of files.",
            size(compressed),
            number(all),
            size(bytes.stored)
        ),
        None => format!(
            "{} {hold} {STRONG}{}{STRONG:#} of files.",
            number(read),
            size(bytes.stored)
        ),
    };
    if bytes.wasted == 0 {
        return match read == all {
            true => format!("{holds}\nA container sees all of it."),
            false => holds,
        };
    }
    let cost = match bytes.wasted_compressed {
        // All of it is needed elsewhere in its blob.
        Some(0) => "; that costs a pull nothing".to_owned(),
        Some(wasted) => format!(
            ";\n{STRONG}{}{STRONG:#} of every download is for nothing",
            size(wasted)
        ),
        None => String::new(),
    };
    format!(
        "{holds}\n{STRONG}{}{STRONG:#} of them ({}) no container ever sees{cost}.",
        size(bytes.wasted),
        share(bytes.wasted, bytes.stored)
    )
}

fn causes(out: &mut String, bytes: &ByteTotals) -> fmt::Result {
    let wasted = Cause::ALL.into_iter().map(|cause| {
        let (name, style, why) = told(cause);
        (name, style, bytes.causes[cause], why)
    });
    let wasted = wasted.into_iter().filter(|(_, _, of, _)| *of > 0);
    let all = [("live", LIVE, bytes.live, "")].into_iter().chain(wasted);
    let bars: Vec<_> = all
        .map(|(name, style, of, why)| (name, style, of, bar(of, bytes.stored), why))
        .collect();
    let widest = bars
        .iter()
        .map(|(.., bar, _)| bar.chars().count())
        .max()
        .unwrap_or(0);
    for (name, style, of, bar, why) in bars {
        let gap = if why.is_empty() {
            0
        } else {
            widest + 2 - bar.chars().count()
        };
        writeln!(
            out,
            "  {name:8} {:>9} {:>7}  {style}{bar}{style:#}{:gap$}{QUIET}{why}{QUIET:#}",
            size(of),
            share(of, bytes.stored),
            "",
        )?;
    }
    Ok(())
}

/// A cause's name, colour and meaning.
pub(crate) fn told(cause: Cause) -> (&'static str, Style, &'static str) {
    let color = match cause {
        Cause::Deleted => AnsiColor::Red,
        Cause::Overwritten => AnsiColor::Yellow,
        Cause::MetadataOnly => AnsiColor::Magenta,
        Cause::Repeated => AnsiColor::Blue,
    };
    let meaning = Kind::from(cause).meaning();
    (cause.name(), color.on_default(), meaning)
}

/// A bar as long as the part is of the whole; a part that is there shows.
fn bar(part: u64, whole: u64) -> String {
    let length = u128::from(part) * u128::from(BAR) / u128::from(whole.max(1));
    let least = usize::from(part > 0);
    "█".repeat(usize::try_from(length).unwrap_or(0).max(least))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_that_is_there_shows() {
        assert_eq!(bar(1, u64::MAX), "█");
        assert_eq!(bar(0, 0), "");
        assert_eq!(bar(u64::MAX, u64::MAX).chars().count(), 40);
    }
}
