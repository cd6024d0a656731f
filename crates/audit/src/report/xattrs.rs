//! Extended attributes as text: capabilities and access control lists by name, as their tools print
//! them, all else as the bytes that it is.

use std::fmt::Write as _;

use super::text;

/// The value of an extended attribute as text.
///
/// `security.capability` is written as `getcap` does (capabilities(7), "File capabilities"), POSIX
/// access control lists as `getfacl` does in short form (acl(5)), with users and groups by number.
/// A value that its kernel would not read is shown as bytes, as every other attribute.
#[must_use]
pub fn value(name: &[u8], value: &[u8]) -> String {
    let told = match name {
        b"security.capability" => capabilities(value),
        b"system.posix_acl_access" | b"system.posix_acl_default" => access_list(value),
        _ => None,
    };
    told.unwrap_or_else(|| text(value).into_owned())
}

/// Capabilities by number (linux/capability.h).
const NAMES: [&str; 41] = [
    "cap_chown",
    "cap_dac_override",
    "cap_dac_read_search",
    "cap_fowner",
    "cap_fsetid",
    "cap_kill",
    "cap_setgid",
    "cap_setuid",
    "cap_setpcap",
    "cap_linux_immutable",
    "cap_net_bind_service",
    "cap_net_broadcast",
    "cap_net_admin",
    "cap_net_raw",
    "cap_ipc_lock",
    "cap_ipc_owner",
    "cap_sys_module",
    "cap_sys_rawio",
    "cap_sys_chroot",
    "cap_sys_ptrace",
    "cap_sys_pacct",
    "cap_sys_admin",
    "cap_sys_boot",
    "cap_sys_nice",
    "cap_sys_resource",
    "cap_sys_time",
    "cap_sys_tty_config",
    "cap_mknod",
    "cap_lease",
    "cap_audit_write",
    "cap_audit_control",
    "cap_setfcap",
    "cap_mac_override",
    "cap_mac_admin",
    "cap_syslog",
    "cap_wake_alarm",
    "cap_block_suspend",
    "cap_audit_read",
    "cap_perfmon",
    "cap_bpf",
    "cap_checkpoint_restore",
];

/// `struct vfs_ns_cap_data`: a word of magic and flags, then permitted and inheritable sets of 32
/// in turn: one pair in revision 1, two in 2 and 3, and in 3 the root user of its name space.
fn capabilities(value: &[u8]) -> Option<String> {
    let (words, []) = value.as_chunks::<4>() else {
        return None;
    };
    let words: Vec<u32> = words.iter().map(|word| u32::from_le_bytes(*word)).collect();
    let (magic, sets) = words.split_first()?;
    let (sets, root) = match (magic & 0xff00_0000, sets) {
        (0x0100_0000, [permitted, inheritable]) => ([*permitted, *inheritable, 0, 0], None),
        (0x0200_0000, [a, b, c, d]) => ([*a, *b, *c, *d], None),
        (0x0300_0000, [a, b, c, d, root]) => ([*a, *b, *c, *d], Some(*root)),
        _ => return None,
    };
    let wide = |low: u32, high: u32| u64::from(high) << 32 | u64::from(low);
    let permitted = wide(sets[0], sets[2]);
    let inheritable = wide(sets[1], sets[3]);
    // One bit of the file makes all that it permits or inherits effective.
    let effective = magic & 1 == 1;
    let state = |number: u32| {
        let p = (permitted >> number & 1) as usize;
        let i = (inheritable >> number & 1) as usize;
        p << 1 | i << 2 | usize::from(effective && p | i == 1)
    };
    Some(clauses(&state, root.filter(|root| *root != 0)))
}

/// States from 0 to 7: effective 1, permitted 2, inheritable 4.
const STATES: usize = 8;

/// libcap's `cap_to_text`: the commonest state as a base, and by state what differs from it.
fn clauses(state: &dyn Fn(u32) -> usize, root: Option<u32>) -> String {
    let known = NAMES.len() as u32;
    let count = |wanted| (0..known).filter(|number| state(*number) == wanted).count();
    let base = (0..STATES)
        .rev()
        .max_by_key(|wanted| count(*wanted))
        .unwrap_or(0);
    let mut clauses = Vec::new();
    if base != 0 {
        clauses.push(format!("={}", letters(base)));
    }
    for (numbers, base) in [(0..known, base), (known..64, 0)] {
        for wanted in (0..STATES).rev().filter(|wanted| *wanted != base) {
            let of = numbers.clone().filter(|number| state(*number) == wanted);
            let mut clause = of.map(name).collect::<Vec<_>>().join(",");
            if clause.is_empty() {
                continue;
            }
            for (sign, which) in [('+', wanted & !base), ('-', base & !wanted)] {
                if which != 0 {
                    clause.push(if clauses.is_empty() { '=' } else { sign });
                    clause.push_str(letters(which));
                }
            }
            clauses.push(clause);
        }
    }
    if clauses.is_empty() {
        clauses.push("=".to_owned());
    }
    clauses.extend(root.map(|root| format!("[rootid={root}]")));
    clauses.join(" ")
}

fn letters(state: usize) -> &'static str {
    ["", "e", "p", "ep", "i", "ei", "ip", "eip"]
        .get(state)
        .copied()
        .unwrap_or_default()
}

/// A capability that is newer than the table is its number, as in `getcap`.
fn name(number: u32) -> String {
    NAMES
        .get(number as usize)
        .map_or_else(|| number.to_string(), |name| (*name).to_owned())
}

/// `struct posix_acl_xattr_header` and its entries: tag, permissions and, for named ones, an id.
fn access_list(value: &[u8]) -> Option<String> {
    let (version, entries) = value.split_first_chunk::<4>()?;
    let (entries, []) = entries.as_chunks::<8>() else {
        return None;
    };
    if u32::from_le_bytes(*version) != 2 || entries.is_empty() {
        return None;
    }
    let mut list = String::new();
    for [t0, t1, p0, p1, id @ ..] in entries {
        let id = u32::from_le_bytes(*id);
        let who = match u16::from_le_bytes([*t0, *t1]) {
            0x01 => "user:".to_owned(),
            0x02 => format!("user:{id}"),
            0x04 => "group:".to_owned(),
            0x08 => format!("group:{id}"),
            0x10 => "mask:".to_owned(),
            0x20 => "other:".to_owned(),
            _ => return None,
        };
        let permissions = u16::from_le_bytes([*p0, *p1]);
        let may = |bit: u16, letter| if permissions & bit == 0 { '-' } else { letter };
        let comma = if list.is_empty() { "" } else { "," };
        // Writing to a String cannot fail.
        let _ = write!(
            list,
            "{comma}{who}:{}{}{}",
            may(4, 'r'),
            may(2, 'w'),
            may(1, 'x')
        );
    }
    Some(list)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn capability(magic: u32, words: &[u32]) -> String {
        let bytes: Vec<u8> = std::iter::once(&magic)
            .chain(words)
            .flat_map(|word| word.to_le_bytes())
            .collect();
        value(b"security.capability", &bytes)
    }

    /// What `setcap` 2.66 stored, and `getcap` printed of it; the last four cases it cannot make here.
    #[test]
    fn capabilities_read_as_getcap_prints_them() {
        let ep = 0x0200_0001;
        let cases: [(&str, u32, &[u32]); 11] = [
            ("cap_net_bind_service=ep", ep, &[0x400, 0, 0, 0]),
            ("cap_net_admin,cap_net_raw=eip", ep, &[0x3000, 0x3000, 0, 0]),
            (
                "cap_setuid=i cap_net_raw+p",
                0x0200_0000,
                &[0x2000, 0x80, 0, 0],
            ),
            ("cap_bpf=ep", ep, &[0, 0, 0x80, 0]),
            ("=ep", ep, &[u32::MAX, 0, 0x1ff, 0]),
            ("=ep cap_sys_admin-ep", ep, &[0xffdf_ffff, 0, 0x1ff, 0]),
            (
                "cap_setuid=eip cap_fowner+ei cap_chown,cap_kill+ep",
                ep,
                &[0xa1, 0x88, 0, 0],
            ),
            (
                "cap_chown=ep [rootid=100000]",
                0x0300_0001,
                &[1, 0, 0, 0, 100_000],
            ),
            ("cap_chown=ep", 0x0100_0001, &[1, 0]),
            ("52=ep", ep, &[0, 0, 1 << 20, 0]),
            ("=", 0x0200_0000, &[0, 0, 0, 0]),
        ];
        for (expected, magic, words) in cases {
            assert_eq!(capability(magic, words), expected);
        }
    }

    #[test]
    fn what_no_kernel_reads_stays_bytes() {
        assert_eq!(value(b"security.capability", b"abc"), "abc");
        assert_eq!(
            value(b"security.capability", &[1, 0, 0, 9]),
            "\u{1}\0\0\t",
            "an unknown revision"
        );
        assert_eq!(value(b"security.capability", b""), "");
        assert_eq!(value(b"user.capability", b"\xff"), "\\xff");
        let short = [1, 0, 0, 2, 0, 4, 0, 0];
        assert!(!value(b"security.capability", &short).contains("cap_"));
    }

    #[test]
    fn access_lists_read_as_getfacl_prints_them() {
        let mut list = 2u32.to_le_bytes().to_vec();
        for (tag, permissions, id) in [
            (1u16, 6u16, u32::MAX),
            (2, 7, 1000),
            (4, 4, u32::MAX),
            (16, 7, u32::MAX),
            (32, 4, u32::MAX),
        ] {
            list.extend(tag.to_le_bytes());
            list.extend(permissions.to_le_bytes());
            list.extend(id.to_le_bytes());
        }
        assert_eq!(
            value(b"system.posix_acl_access", &list),
            "user::rw-,user:1000:rwx,group::r--,mask::rwx,other::r--"
        );
        list.pop();
        assert!(!value(b"system.posix_acl_access", &list).contains("user:"));
        assert_eq!(
            value(b"system.posix_acl_access", &[2, 0, 0, 0]),
            "\u{2}\0\0\0"
        );
    }
}
