//! What every report on an image begins with: its bytes in a few sentences and as bars.

use std::fmt::{self, Write as _};

use crate::findings::Kind;
use crate::inspection::{ByteTotals, ImageFacts, LayerFacts};
use crate::report::format::{not_available, share, size};
use crate::stack::Cause;
use anstyle::{AnsiColor, Style};
use unicode_width::UnicodeWidthStr as _;

use super::wrapped;
use crate::report::Visible;

/// Columns of the bar for everything, where there is room.
const BAR: usize = 30;
/// Columns before a bar.
const BEFORE_BAR: usize = 2 + NAME + 1 + 9 + 1 + 8 + 2;
/// Columns of the longest name of a cause.
const NAME: usize = 13;

/// What a line is about.
pub const STRONG: Style = Style::new().bold();
/// What is beside it.
pub const QUIET: Style = Style::new().dimmed();
const LIVE: Style = AnsiColor::Cyan.on_default();

/// Which image.
pub fn image(out: &mut String, image: &ImageFacts, columns: usize) -> fmt::Result {
    let reference = Visible(&image.reference).to_string();
    write!(out, "{STRONG}{reference}{STRONG:#}")?;
    if let Some(platform) = &image.platform {
        let platform = Visible(platform).to_string();
        match reference.width() + 2 + platform.width() <= columns {
            true => write!(out, "  {platform}")?,
            false => write!(out, "\n{platform}")?,
        }
    }
    writeln!(out)?;
    if let Some(digest) = &image.digest {
        writeln!(out, "{QUIET}{digest}{QUIET:#}")?;
    }
    Ok(())
}

/// Its bytes.
pub fn bytes(
    out: &mut String,
    image: &ImageFacts,
    bytes: &ByteTotals,
    layers: &[LayerFacts],
    columns: usize,
) -> fmt::Result {
    let sentences = sentences(image, bytes, layers).into_iter();
    for sentence in sentences.chain(not_available(layers)) {
        let sentence = Visible(&sentence).to_string();
        for line in wrapped(&sentence, columns) {
            writeln!(out, "{line}")?;
        }
    }
    writeln!(out)?;
    causes(out, bytes, columns)
}

/// The numbers that people look for, in words.
fn sentences(image: &ImageFacts, bytes: &ByteTotals, layers: &[LayerFacts]) -> Vec<String> {
    let all = layers.len();
    let read = all - not_available(layers).count();
    let layers = |count| match count {
        1 => "1 layer".to_owned(),
        count => format!("{count} layers"),
    };
    let store = if read == 1 { "stores" } else { "store" };
    let download = match image.compressed_size {
        Some(compressed) => format!("; a pull downloads {}", size(compressed)),
        None => String::new(),
    };
    let which = match read {
        _ if read == all => format!("{} {store}", layers(all)),
        _ => format!("The {read} available of {} {store}", layers(all)),
    };
    let stored = size(bytes.stored);
    let mut told = vec![format!("{which} {stored} of file data{download}.")];
    match bytes.wasted {
        0 if read == all => told.push("Nothing is wasted.".to_owned()),
        0 => {}
        wasted => told.push(format!(
            "{} of it ({}) is wasted: it is not in the final filesystem.",
            size(wasted),
            share(wasted, bytes.stored)
        )),
    }
    if let (Some(wasted @ 1..), Some(all)) = (bytes.wasted_compressed, image.compressed_size) {
        told.push(format!(
            "{} of each {} pull is wasted.",
            size(wasted),
            size(all)
        ));
    }
    told
}

fn causes(out: &mut String, bytes: &ByteTotals, columns: usize) -> fmt::Result {
    let room = columns.saturating_sub(BEFORE_BAR).min(BAR);
    let wasted = Cause::ALL.into_iter().map(|cause| {
        let (name, style, why) = described(cause);
        (name, style, bytes.causes[cause], Some(why))
    });
    let wasted = wasted.into_iter().filter(|(_, _, of, _)| *of > 0);
    let used = ("used", LIVE, bytes.live, None);
    for (name, style, of, why) in [used].into_iter().chain(wasted) {
        let bar = bar(of, bytes.stored, room);
        let share = share(of, bytes.stored);
        // What has no room for a number has none for a bar either.
        let share = match share.len() {
            0..=8 => share,
            _ => "<0.1 %".to_owned(),
        };
        writeln!(
            out,
            "  {name:NAME$} {:>9} {share:>8}  {style}{bar}{style:#}",
            size(of),
        )?;
        if let Some(why) = why {
            for line in wrapped(why, columns.saturating_sub(2 + NAME + 1)) {
                writeln!(out, "  {:NAME$} {QUIET}{line}{QUIET:#}", "")?;
            }
        }
    }
    Ok(())
}

/// A cause's name, colour and meaning.
pub fn described(cause: Cause) -> (&'static str, Style, &'static str) {
    let color = match cause {
        Cause::Deleted => AnsiColor::Red,
        Cause::Overwritten => AnsiColor::Yellow,
        Cause::MetadataOnly => AnsiColor::Magenta,
        Cause::Repeated => AnsiColor::Blue,
    };
    let meaning = Kind::from(cause).meaning();
    (cause.name(), color.on_default(), meaning)
}

/// A bar of at most so many columns, as long as the part is of the whole; a part that is there shows.
fn bar(part: u64, whole: u64, columns: usize) -> String {
    let length = u128::from(part) * columns as u128 / u128::from(whole.max(1));
    let least = usize::from(part > 0 && columns > 0);
    "█".repeat(usize::try_from(length).unwrap_or(0).max(least))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_that_is_there_shows() {
        assert_eq!(bar(1, u64::MAX, 30), "█");
        assert_eq!(bar(0, 0, 30), "");
        assert_eq!(bar(1, 1, 0), "");
        assert_eq!(bar(u64::MAX, u64::MAX, 30).chars().count(), 30);
    }
}
