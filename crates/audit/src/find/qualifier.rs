//! The qualifiers that a word of a query may begin with.

/// What a word of a query may begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Qualifier {
    /// What stands before its colon.
    pub name: &'static str,
    /// What stands behind it, in words.
    pub takes: &'static str,
    /// A word with it.
    pub example: &'static str,
    /// All values, where there are few.
    pub values: &'static [&'static str],
}

/// All qualifiers, in the order in which they are offered.
pub const QUALIFIERS: [Qualifier; 10] = [
    Qualifier {
        name: "size",
        takes: "a number of bytes, as in >10MB, <=512KiB or 1MB..20MB",
        example: "size:>10MB",
        values: &[],
    },
    Qualifier {
        name: "kind",
        takes: "file, dir, symlink, hardlink, char, block or fifo; several with commas",
        example: "kind:symlink",
        values: &[
            "file", "dir", "symlink", "hardlink", "char", "block", "fifo",
        ],
    },
    Qualifier {
        name: "layer",
        takes: "numbers of layers from 1, as in 3, 3..5, >7 or 1,4",
        example: "layer:3..5",
        values: &[],
    },
    Qualifier {
        name: "mark",
        takes: "added, overwritten, metadata-only or deleted; several with commas",
        example: "mark:deleted",
        values: &["added", "overwritten", "metadata-only", "deleted"],
    },
    Qualifier {
        name: "owner",
        takes: "a user, or a user and a group, by number or by name, as in 0, 1000:1000, >=1000 or www-data",
        example: "owner:0",
        values: &[],
    },
    Qualifier {
        name: "mode",
        takes: "setuid, setgid, sticky, executable, world-writable or permission bits in octal, as in 644",
        example: "mode:setuid",
        values: &["setuid", "setgid", "sticky", "executable", "world-writable"],
    },
    Qualifier {
        name: "ext",
        takes: "an extension, as in py or tar.gz; several with commas",
        example: "ext:py",
        values: &[],
    },
    Qualifier {
        name: "modified",
        takes: "a year, month, day or time (UTC), as in 2024, >2024-05, <=2024-05-01 or 2023..2024",
        example: "modified:>2024",
        values: &[],
    },
    Qualifier {
        name: "sha256",
        takes: "hexadecimal digits that the digest or diff ID of a layer begins with",
        example: "sha256:9f2c41",
        values: &[],
    },
    Qualifier {
        name: "re",
        takes: "a regular expression",
        example: "re:\\.py[co]$",
        values: &[],
    },
];
