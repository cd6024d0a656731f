//! One tar header of 512 bytes: which fields it has and what its numbers mean.
//!
//! Sources: POSIX pax interchange format (ustar), the GNU tar manual (old GNU format), and
//! Go's archive/tar where writers and readers disagree, because it is what runtimes unpack with.

use ::tar::Header;

use super::{BLOCK, Problem};

/// What a header says, its numbers read; names are as they stand in it.
pub(super) struct Fields {
    pub(super) flag: u8,
    pub(super) name: Vec<u8>,
    pub(super) link: Vec<u8>,
    pub(super) mode: u32,
    pub(super) uid: u64,
    pub(super) gid: u64,
    pub(super) size: u64,
    pub(super) mtime: i64,
    pub(super) device: (u32, u32),
}

/// Reads a header whose checksum fits.
pub(super) fn parse(block: &[u8; BLOCK]) -> Result<Fields, Problem> {
    let header = Header::from_byte_slice(block);
    if !checksum_fits(block, &header.as_old().cksum) {
        return Err(Problem::NoHeader("the checksum does not fit"));
    }
    let old = header.as_old();
    let mut fields = Fields {
        flag: old.linkflag[0],
        name: until_nul(&old.name).to_vec(),
        link: until_nul(&old.linkname).to_vec(),
        mode: (bits(&old.mode, "its mode is not a number")? & 0o7777) as u32,
        uid: bits(&old.uid, "its user is not a number")?,
        gid: bits(&old.gid, "its group is not a number")?,
        size: size(&old.size)?,
        mtime: number(&old.mtime).ok_or(Problem::BadEntry("its time is not a number"))?,
        device: (0, 0),
    };
    if let Some(prefix) = prefix(block, header)
        && !prefix.is_empty()
    {
        fields.name = [prefix, b"/", &fields.name].concat();
    }
    // Char and block devices; other types leave anything they like here.
    if matches!(fields.flag, b'3' | b'4') && &block[257..262] == b"ustar" {
        let part = |field: &[u8]| {
            number(field)
                .and_then(|n| u32::try_from(n).ok())
                .ok_or(Problem::BadEntry("its device is not a number"))
        };
        fields.device = (part(&block[329..337])?, part(&block[337..345])?);
    }
    Ok(fields)
}

/// The first part of a long name, which only POSIX headers have.
fn prefix<'b>(block: &'b [u8; BLOCK], header: &'b Header) -> Option<&'b [u8]> {
    // The version behind the magic differs between writers, and no reader looks at it.
    if &block[257..263] == b"ustar\0" {
        // Jörg Schilling's star keeps times behind a shorter prefix.
        return Some(until_nul(if &block[508..512] == b"tar\0" {
            &block[345..476]
        } else {
            &block[345..500]
        }));
    }
    let gnu = header.as_gnu()?;
    // Go before 1.8 wrote a prefix into GNU headers, where access and change time belong.
    if number(&gnu.atime).is_some() && number(&gnu.ctime).is_some() {
        return None;
    }
    Some(until_nul(&block[345..500])).filter(|prefix| prefix.is_ascii())
}

/// A size field: neither negative nor so large that an offset behind it overflows.
pub(super) fn size(field: &[u8]) -> Result<u64, Problem> {
    number(field)
        .filter(|size| (0..i64::MAX - (1 << 32)).contains(size))
        .map(|size| size as u64)
        .ok_or(Problem::BadEntry("its size is not a valid file size"))
}

/// A number that a kernel takes as 32 bits: a negative one is what those bits are.
fn bits(field: &[u8], what: &'static str) -> Result<u64, Problem> {
    number(field).map(wrap).ok_or(Problem::BadEntry(what))
}

/// A user, group or mode below zero, as a kernel takes it.
pub(crate) fn wrap(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(u64::from(number as u32))
}

/// The body of a GNU long name; None if it is empty.
pub(super) fn long_name(body: &[u8]) -> Option<Vec<u8>> {
    Some(until_nul(body).to_vec()).filter(|name| !name.is_empty())
}

/// A number in octal text or, with the first bit set, in base 256; None if it is neither or too large.
pub(super) fn number(field: &[u8]) -> Option<i64> {
    let (&first, rest) = field.split_first()?;
    if first & 0x80 != 0 {
        // The second bit is the sign of a two's complement number.
        let negative = first & 0x40 != 0;
        let head = i128::from(first & 0x3f) - if negative { 0x40 } else { 0 };
        let mut value = head;
        for byte in rest {
            value = value.checked_mul(256)?.checked_add(i128::from(*byte))?;
        }
        return i64::try_from(value).ok();
    }
    let is_fill = |byte: &u8| matches!(byte, b' ' | 0);
    let Some(start) = field.iter().position(|byte| !is_fill(byte)) else {
        return Some(0);
    };
    let end = field.iter().rposition(|byte| !is_fill(byte))?;
    until_nul(field.get(start..=end)?)
        .iter()
        .try_fold(0i64, |value, byte| match byte {
            b'0'..=b'7' => value.checked_mul(8)?.checked_add(i64::from(byte - b'0')),
            _ => None,
        })
}

/// The sum of the header's bytes, its own field counted as spaces; some old writers summed signed bytes.
fn checksum_fits(block: &[u8; BLOCK], field: &[u8]) -> bool {
    let mut unsigned = 0i64;
    let mut signed = 0i64;
    for (at, byte) in block.iter().enumerate() {
        let byte = if (148..156).contains(&at) {
            b' '
        } else {
            *byte
        };
        unsigned += i64::from(byte);
        signed += i64::from(byte as i8);
    }
    number(field).is_some_and(|sum| sum == unsigned || sum == signed)
}

/// A field up to its first NUL.
pub(super) fn until_nul(field: &[u8]) -> &[u8] {
    field.split(|byte| *byte == 0).next().unwrap_or(field)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_octal_or_base_256() {
        for (field, value) in [
            (&b"0000644\0"[..], Some(0o644)),
            (b"  644 \0", Some(0o644)),
            (b"\0\0\0\0", Some(0)),
            (b"644\x009", Some(0o644)),
            (b"12 34", None),
            (b"0x12", None),
            (b"-1", None),
            (b"\x80\0\0\0\x01\0", Some(256)),
            (b"\xff\xff\xff\xff\xff\xff\xff\xff", Some(-1)),
            (
                b"\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff",
                Some(i64::MAX),
            ),
            (b"\x80\0\0\0\x80\0\0\0\0\0\0\0", None),
            (b"777777777777777777777777", None),
        ] {
            assert_eq!(number(field), value, "{field:?}");
        }
    }

    #[test]
    fn impossible_sizes_are_refused() {
        assert!(size(b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfb").is_err());
        assert!(size(b"\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff").is_err());
        assert_eq!(size(b"00000001000\0"), Ok(512));
    }
}
