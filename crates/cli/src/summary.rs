//! What every report on an image begins with: the live and dead bytes in a sentence and as bars.

use std::fmt::{self, Write as _};

use anstyle::{AnsiColor, Style};
use bytesize::ByteSize;
use onionskin_core::report::inspection::{ByteTotals, ImageFacts, LayerFacts};
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
    for line in not_covered(layers) {
        writeln!(out, "{}", Visible(&line))?;
    }
    writeln!(out)?;
    causes(out, bytes)
}

/// Which layers the numbers of files do not cover, a sentence each.
pub(crate) fn not_covered(layers: &[LayerFacts]) -> impl Iterator<Item = String> + '_ {
    layers.iter().filter_map(|layer| {
        let reason = layer.not_fetched.as_deref()?;
        let number = layer.layer;
        Some(format!(
            "Not counted: layer {number}, which was not fetched ({reason})."
        ))
    })
}

/// What a reader came for, in words.
fn sentence(image: &ImageFacts, bytes: &ByteTotals, layers: &[LayerFacts]) -> String {
    let all = layers.len();
    let read = all - not_covered(layers).count();
    let number = |n| match n {
        1 => "1 layer".to_owned(),
        n => format!("{n} layers"),
    };
    let hold = if read == 1 { "holds" } else { "hold" };
    let which = match read {
        _ if read == all => format!(", which {hold}"),
        _ => format!("; the {read} that could be fetched {hold}"),
    };
    let holds = match image.compressed_size {
        Some(compressed) => format!(
            "A pull downloads {STRONG}{}{STRONG:#} in {}{which} {} of files.",
            size(compressed),
            number(all),
            size(bytes.retained)
        ),
        None => format!(
            "{} {hold} {STRONG}{}{STRONG:#} of files.",
            number(read),
            size(bytes.retained)
        ),
    };
    if bytes.dead == 0 {
        return match read == all {
            true => format!("{holds}\nA container sees all of it."),
            false => holds,
        };
    }
    let cost = match bytes.dead_compressed {
        Some(dead) => format!(
            ";\n{STRONG}{}{STRONG:#} of every download is for nothing",
            size(dead)
        ),
        None => String::new(),
    };
    format!(
        "{holds}\n{STRONG}{}{STRONG:#} of them ({}) no container ever sees{cost}.",
        size(bytes.dead),
        share(bytes.dead, bytes.retained)
    )
}

fn causes(out: &mut String, bytes: &ByteTotals) -> fmt::Result {
    let dead = Cause::ALL.into_iter().map(|cause| {
        let (name, style, why) = told(cause);
        (name, style, bytes.causes[cause], why)
    });
    let dead = dead.into_iter().filter(|(_, _, of, _)| *of > 0);
    let all = [("live", LIVE, bytes.live, "")].into_iter().chain(dead);
    let bars: Vec<_> = all
        .map(|(name, style, of, why)| (name, style, of, bar(of, bytes.retained), why))
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
            share(of, bytes.retained),
            "",
        )?;
    }
    Ok(())
}

/// A cause's name, colour and meaning.
pub(crate) fn told(cause: Cause) -> (&'static str, Style, &'static str) {
    let style = |color: AnsiColor| color.on_default();
    match cause {
        Cause::Deleted => ("deleted", style(AnsiColor::Red), "removed by a later layer"),
        Cause::Replaced => (
            "replaced",
            style(AnsiColor::Yellow),
            "stored again with other content",
        ),
        Cause::Restated => (
            "restated",
            style(AnsiColor::Magenta),
            "stored again, only mode, owner or time changed",
        ),
        Cause::Repeated => (
            "repeated",
            style(AnsiColor::Blue),
            "stored twice in one layer",
        ),
    }
}

/// Bytes as people read them: 1 kB is 1000 B.
pub(crate) fn size(bytes: u64) -> String {
    ByteSize::b(bytes).display().si().to_string()
}

/// A share in per cent; nothing that is there is 0 %, and nothing less than all is 100 %.
pub(crate) fn share(part: u64, whole: u64) -> String {
    let percent = part as f64 * 100.0 / whole.max(1) as f64;
    match percent {
        _ if part > 0 && percent < 0.1 => "<0.1 %".to_owned(),
        _ if part < whole && percent > 99.9 => ">99.9 %".to_owned(),
        _ => format!("{percent:.1} %"),
    }
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
    fn shares_never_round_something_to_nothing() {
        for (part, whole, text) in [
            (0, 100, "0.0 %"),
            (1, 1_000_000, "<0.1 %"),
            (1, 3, "33.3 %"),
            (999_999, 1_000_000, ">99.9 %"),
            (5, 5, "100.0 %"),
            (0, 0, "0.0 %"),
        ] {
            assert_eq!(share(part, whole), text);
        }
        assert_eq!(bar(1, u64::MAX), "█");
        assert_eq!(bar(0, 0), "");
        assert_eq!(bar(u64::MAX, u64::MAX).chars().count(), 40);
    }

    #[test]
    fn sizes_are_decimal() {
        assert_eq!(size(999), "999 B");
        assert_eq!(size(1_000), "1.0 kB");
        assert_eq!(size(31_400_000), "31.4 MB");
    }
}
