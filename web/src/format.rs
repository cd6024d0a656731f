//! How bytes, names and modes are written on the page.

use jiff::Timestamp;
use jiff::tz::Offset;
use onionskin_core::reference::Reference;
use onionskin_core::report::Visible;
pub(crate) use onionskin_core::report::format::{change, share, size};

use onionskin_core::layer::EntryKind;

/// The figure and the unit of [`size`], for where they are drawn apart.
pub(crate) fn size_parts(bytes: u64) -> (String, String) {
    let text = size(bytes);
    match text.split_once(' ') {
        Some((figure, unit)) => (figure.to_owned(), unit.to_owned()),
        None => (text, String::new()),
    }
}

/// The size to the byte, for a title: `31,204,992 bytes`.
pub(crate) fn exact(bytes: u64) -> String {
    format!("{} bytes", count(bytes))
}

/// A number with its thousands apart.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A reference without what is taken for granted: Docker Hub, and its own images there.
pub(crate) fn familiar(reference: &str) -> String {
    let parsed = reference.parse::<Reference>();
    parsed.map_or_else(|_| reference.to_owned(), |reference| reference.familiar())
}

/// A count with its noun: `1 layer`, `16 layers`.
pub(crate) fn counted(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", count(number))
}

/// Layers by their numbers: `layer 2`, `layers 2, 5`.
pub(crate) fn layers(layers: &[u32]) -> String {
    let word = if layers.len() == 1 { "layer" } else { "layers" };
    let numbers: Vec<_> = layers.iter().map(u32::to_string).collect();
    format!("{word} {}", numbers.join(", "))
}

/// The layers from the base up to this one.
pub(crate) fn layers_to(layer: u32) -> String {
    match layer {
        1 => "layer 1".to_owned(),
        layer => format!("layers 1 to {layer}"),
    }
}

/// A share of 1 to six places, without the zeros at its end.
pub(crate) fn fraction(share: f64) -> String {
    let text = format!("{share:.6}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A name or path of an image as text that cannot play tricks: what is not UTF-8 becomes `\xNN`,
/// and so does each character that is invisible or turns the direction of writing become an escape.
pub(crate) fn visible(bytes: &[u8]) -> String {
    visible_text(&onionskin_core::report::text(bytes))
}

/// [`visible`] for a line of a text, in which tabs stay.
pub(crate) fn visible_line(line: &[u8]) -> String {
    let parts = line.split(|byte| *byte == b'\t').map(visible);
    parts.collect::<Vec<_>>().join("\t")
}

/// [`visible`] for text.
pub(crate) fn visible_text(text: &str) -> String {
    Visible(text).to_string()
}

/// The core's words begin in lower case, as parts of a line; here they stand alone.
pub(crate) fn capital(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(chars).collect()
}

/// A user and a group, each with its number: by name, where the image's own files have one.
pub(crate) fn owner([user, group]: [(Option<&str>, u64); 2]) -> String {
    let of = |(name, id): (Option<&str>, u64)| {
        let name = name.map(visible_text);
        name.unwrap_or_else(|| id.to_string())
    };
    format!("{}:{}", of(user), of(group))
}

/// Type and permissions as `ls -l` writes them.
pub(crate) fn mode(kind: EntryKind, mode: u32) -> String {
    let mut text = String::with_capacity(10);
    text.push(match kind {
        EntryKind::File | EntryKind::Hardlink | EntryKind::Whiteout | EntryKind::Opaque => '-',
        EntryKind::Dir => 'd',
        EntryKind::Symlink => 'l',
        EntryKind::Char => 'c',
        EntryKind::Block => 'b',
        EntryKind::Fifo => 'p',
    });
    for (shift, special, both, alone) in [
        (6, 0o4000, 's', 'S'),
        (3, 0o2000, 's', 'S'),
        (0, 0o1000, 't', 'T'),
    ] {
        let bits = mode >> shift;
        text.push(if bits & 4 != 0 { 'r' } else { '-' });
        text.push(if bits & 2 != 0 { 'w' } else { '-' });
        text.push(match (bits & 1 != 0, mode & special != 0) {
            (true, true) => both,
            (false, true) => alone,
            (true, false) => 'x',
            (false, false) => '-',
        });
    }
    text
}

/// The word for a kind of node.
pub(crate) fn kind(kind: EntryKind) -> &'static str {
    match kind {
        EntryKind::File => "file",
        EntryKind::Dir => "folder",
        EntryKind::Symlink => "symbolic link",
        EntryKind::Hardlink => "hard link",
        EntryKind::Char => "character device",
        EntryKind::Block => "block device",
        EntryKind::Fifo => "named pipe",
        EntryKind::Whiteout | EntryKind::Opaque => "whiteout",
    }
}

/// The last part of a path.
pub(crate) fn file_name(path: &[u8]) -> &[u8] {
    path.rsplit(|byte| *byte == b'/').next().unwrap_or(path)
}

/// A digest short enough to stand beside other things: `sha256:9f2c41…`.
pub(crate) fn short_digest(digest: &str) -> String {
    match digest.split_once(':') {
        Some((algorithm, hex)) if hex.len() > 12 => {
            format!("{algorithm}:{}…", hex.chars().take(6).collect::<String>())
        }
        _ => digest.to_owned(),
    }
}

/// Seconds since 1970 as `2026-11-24 22:47:09 UTC`; of times that no calendar has, the seconds.
pub(crate) fn time(seconds: i64) -> String {
    let Ok(time) = Timestamp::from_second(seconds) else {
        return format!("{seconds} s since 1970");
    };
    // Written out, as `strftime` brings all of its forms along.
    let time = Offset::UTC.to_datetime(time);
    format!(
        "{:04}-{:02}-{:02} {:02}:{:02}:{:02} UTC",
        time.year(),
        time.month(),
        time.day(),
        time.hour(),
        time.minute(),
        time.second()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn sizes_are_decimal_and_exact_beside() {
        assert_eq!(size(571), "571 B");
        assert_eq!(size(1_000), "1.0 kB");
        assert_eq!(size(314_200_000), "314.2 MB");
        assert_eq!(
            size_parts(314_200_000),
            ("314.2".to_owned(), "MB".to_owned())
        );
        assert_eq!(exact(1_234_567), "1,234,567 bytes");
        assert_eq!(counted(1, "layer"), "1 layer");
        assert_eq!(counted(1_600, "layer"), "1,600 layers");
        assert_eq!(share(356, 754), "47.2 %");
        assert_eq!(share(0, 0), "0 %");
        assert_eq!(fraction(0.95), "0.95");
        assert_eq!(fraction(1.0), "1");
        assert_eq!(fraction(0.0), "0");
        assert_eq!(fraction(1.0 / 3.0), "0.333333");
    }

    #[test]
    fn names_cannot_play_tricks() {
        assert_eq!(visible("café".as_bytes()), "café");
        assert_eq!(visible(b"caf\xc3\xa9 \xff"), "caf\\xc3\\xa9 \\xff");
        assert_eq!(visible(b"a\nb\x1b[31m\x7f"), "a\\nb\\x1b[31m\\x7f");
        assert_eq!(
            visible("txt.\u{202e}gpj\u{200b}".as_bytes()),
            "txt.\\u{202e}gpj\\u{200b}"
        );
        assert_eq!(visible(b"<img onerror=alert(1)>"), "<img onerror=alert(1)>");
    }

    #[test]
    fn a_line_plays_no_tricks() {
        assert_eq!(visible_line(b"a\t<b>\x1b"), "a\t<b>\\x1b");
        assert_eq!(visible_line("\u{202e}x".as_bytes()), "\\u{202e}x");
    }

    #[test]
    fn modes_read_like_ls() {
        assert_eq!(mode(EntryKind::Dir, 0o755), "drwxr-xr-x");
        assert_eq!(mode(EntryKind::File, 0o4755), "-rwsr-xr-x");
        assert_eq!(mode(EntryKind::Dir, 0o1777), "drwxrwxrwt");
        assert_eq!(mode(EntryKind::File, 0o2640), "-rw-r-S---");
    }

    #[test]
    fn times_are_right_around_leap_days_and_before_1970() {
        assert_eq!(time(0), "1970-01-01 00:00:00 UTC");
        assert_eq!(time(951_827_696), "2000-02-29 12:34:56 UTC");
        assert_eq!(time(-1), "1969-12-31 23:59:59 UTC");
    }

    #[test]
    fn paths_split_at_the_last_slash() {
        assert_eq!(file_name(b"/usr/lib"), b"lib");
        assert_eq!(file_name(b"/"), b"");
    }
}
