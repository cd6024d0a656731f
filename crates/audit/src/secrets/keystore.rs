//! Keystores: whether one holds a private key, or only certificates to trust.

/// Java's own forms, and how they begin.
const JKS: [[u8; 4]; 2] = [[0xfe, 0xed, 0xfe, 0xed], [0xce, 0xce, 0xce, 0xce]];
/// The bags that hold private keys (RFC 7292, section 4.2: keyBag and pkcs8ShroudedKeyBag), as DER
/// writes their object identifiers.
const KEY_BAGS: [[u8; 11]; 2] = [
    [
        0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x0c, 0x0a, 0x01, 0x01,
    ],
    [
        0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x0c, 0x0a, 0x01, 0x02,
    ],
];

/// The file, a keystore by its name, may hold a private key: it does not show that it holds none.
pub(super) fn holds_key(file: &[u8]) -> bool {
    if JKS.iter().any(|magic| file.starts_with(magic)) {
        return java(file.get(8..).unwrap_or_default()).unwrap_or(true);
    }
    let mut bags = KEY_BAGS.iter();
    // What is none of the known forms may be one of others: the name says that it is a keystore.
    file.first() != Some(&0x30) || bags.any(|bag| memchr::memmem::find(file, bag).is_some())
}

/// Walks over Java's entries: kind 1 is a key, 2 a certificate, 3 (of JCEKS) a secret key.
fn java(mut rest: &[u8]) -> Option<bool> {
    let entries = number(&mut rest, 4)?;
    for _ in 0..entries {
        if number(&mut rest, 4)? != 2 {
            return Some(true);
        }
        for width in [2, 8, 2, 4] {
            // Alias, date, the certificate's form, the certificate.
            let length = if width == 8 {
                8
            } else {
                number(&mut rest, width)?
            };
            rest = rest.get(length..)?;
        }
    }
    Some(false)
}

fn number(rest: &mut &[u8], width: usize) -> Option<usize> {
    let (bytes, after) = rest.split_at_checked(width)?;
    *rest = after;
    bytes.iter().try_fold(0_usize, |number, byte| {
        number.checked_mul(256)?.checked_add(usize::from(*byte))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn certificate() -> Vec<u8> {
        let part = |width: usize, bytes: &[u8]| {
            let length = (bytes.len() as u32).to_be_bytes();
            [&length[4 - width..], bytes].concat()
        };
        [
            vec![0, 0, 0, 2],
            part(2, b"alias"),
            vec![0; 8],
            part(2, b"X.509"),
            part(4, &[7; 900]),
        ]
        .concat()
    }

    fn store(entries: &[Vec<u8>]) -> Vec<u8> {
        let count = (entries.len() as u32).to_be_bytes();
        [&JKS[0][..], &[0, 0, 0, 2], &count, &entries.concat()].concat()
    }

    #[test]
    fn stores_of_keys_and_of_certificates() {
        let key = vec![0, 0, 0, 1, 0, 1, b'a'];
        assert!(holds_key(&store(&[certificate(), key])));
        assert!(!holds_key(&store(&[certificate(), certificate()])));
        assert!(!holds_key(&store(&[])));
        let bag = |last| {
            [
                &[0x30, 0x82, 4, 0][..],
                &KEY_BAGS[0][..10],
                &[last],
                &[7; 50],
            ]
            .concat()
        };
        assert!(holds_key(&bag(2)));
        assert!(!holds_key(&bag(3)));
        assert!(holds_key(b"\0another form"));
    }
}
