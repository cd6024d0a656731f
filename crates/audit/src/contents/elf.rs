//! ELF: what a program, a library or an object file is built for, what it needs, and its sections. Only headers, notes and
//! names are read.
//!
//! Source: System V Application Binary Interface, chapters 4 and 5.

use std::io::{Read, Seek};

use object::elf::{self, FileHeader32, FileHeader64};
use object::read::elf::{FileHeader, ProgramHeader as _, SectionHeader as _};
use object::{Endianness, FileKind, ReadCache};
use serde::{Deserialize, Serialize};

use super::ContentsError;
use crate::limits::{ELF_HEADERS, ELF_LIBRARIES, ELF_TABLE_BYTES, LISTED_NAME_BYTES};

/// An ELF file. All of it is the file's own word.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Elf {
    /// Bits of an address.
    pub bits: u32,
    /// The least significant byte comes first.
    pub little_endian: bool,
    /// What it is: an executable, a shared object …
    pub kind: String,
    /// What it runs on, in the words of `uname -m`, or the number of an unknown machine.
    pub machine: String,
    /// The loader that it asks for.
    pub interpreter: Option<Vec<u8>>,
    /// Its own name as a library.
    pub soname: Option<Vec<u8>>,
    /// The libraries that it needs.
    pub needed: Vec<Vec<u8>>,
    /// The build ID of the GNU linker's note, in hexadecimal.
    pub build_id: Option<String>,
    /// It has no symbol table.
    pub stripped: bool,
    /// It has DWARF debug information.
    pub debug_info: bool,
    /// Its sections in their order.
    pub sections: Vec<Section>,
}

/// A section of an ELF file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Section {
    /// Its name.
    pub name: Vec<u8>,
    /// Where it begins in the file.
    pub offset: u64,
    /// Bytes of it; of a section without contents (`.bss`), bytes of memory.
    pub size: u64,
    /// It takes room in the file.
    pub in_file: bool,
}

/// Reads what an ELF file tells of itself.
///
/// # Errors
/// It is not an ELF file, it is damaged, or it has more headers than are read.
pub fn elf<R: Read + Seek>(file: R) -> Result<Elf, ContentsError> {
    let data = ReadCache::new(file);
    let failed = |error: object::read::Error| ContentsError::Elf(error.to_string());
    match FileKind::parse(&data).map_err(failed)? {
        FileKind::Elf32 => read::<FileHeader32<Endianness>, R>(&data),
        FileKind::Elf64 => read::<FileHeader64<Endianness>, R>(&data),
        _ => Err(ContentsError::Elf("it is of another format".to_owned())),
    }
}

fn read<H: FileHeader<Endian = Endianness>, R: Read + Seek>(
    data: &ReadCache<R>,
) -> Result<Elf, ContentsError> {
    let failed = |error: object::read::Error| ContentsError::Elf(error.to_string());
    let many = |what: &str| ContentsError::Elf(format!("it has more than {ELF_HEADERS} {what}"));
    let header = H::parse(data).map_err(failed)?;
    let endian = header.endian().map_err(failed)?;
    let mut told = Elf {
        bits: if header.is_class_64() { 64 } else { 32 },
        little_endian: endian == Endianness::Little,
        kind: kind(header.e_type(endian)).to_owned(),
        machine: machine(header.e_machine(endian)),
        stripped: true,
        ..Elf::default()
    };
    // What the headers announce is checked before it is read.
    if header.phnum(endian, data).map_err(failed)? > ELF_HEADERS {
        return Err(many("segments"));
    }
    if header.shnum(endian, data).map_err(failed)? > ELF_HEADERS {
        return Err(many("sections"));
    }
    let is_small = |size: u64| size <= ELF_TABLE_BYTES;
    for segment in header.program_headers(endian, data).map_err(failed)? {
        if !is_small(segment.p_filesz(endian).into()) {
            continue;
        }
        if let Ok(Some(name)) = segment.interpreter(endian, data) {
            told.interpreter = Some(cut(name));
        }
        if let Ok(Some(mut notes)) = segment.notes(endian, data) {
            while let Ok(Some(note)) = notes.next() {
                if note.name() == elf::ELF_NOTE_GNU
                    && note.n_type(endian) == elf::NT_GNU_BUILD_ID
                    && note.desc().len() <= 64
                {
                    told.build_id = Some(hex(note.desc()));
                }
            }
        }
    }
    let sections = header.sections(endian, data).map_err(failed)?;
    for section in sections.iter() {
        let name = sections.section_name(endian, section).unwrap_or_default();
        let kind = section.sh_type(endian);
        told.stripped &= kind != elf::SHT_SYMTAB;
        told.debug_info |= matches!(name, b".debug_info" | b".zdebug_info");
        if kind == elf::SHT_NULL {
            continue;
        }
        told.sections.push(Section {
            name: cut(name),
            offset: section.sh_offset(endian).into(),
            size: section.sh_size(endian).into(),
            in_file: kind != elf::SHT_NOBITS,
        });
    }
    let dynamic = sections
        .iter()
        .find(|section| section.sh_type(endian) == elf::SHT_DYNAMIC);
    if dynamic.is_some_and(|section| is_small(section.sh_size(endian).into())) {
        let table = sections.dynamic_table(endian, data).map_err(failed)?;
        for entry in table.iter() {
            let name = || table.string(entry).map(cut).ok();
            match entry.tag {
                elf::DT_NEEDED if told.needed.len() < ELF_LIBRARIES => told.needed.extend(name()),
                elf::DT_SONAME => told.soname = name(),
                _ => {}
            }
        }
    }
    Ok(told)
}

fn cut(name: &[u8]) -> Vec<u8> {
    name.get(..LISTED_NAME_BYTES).unwrap_or(name).to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn kind(kind: elf::FileType) -> &'static str {
    match kind {
        elf::ET_REL => "object file",
        elf::ET_EXEC => "executable",
        // Executables that can be loaded anywhere have the type of libraries.
        elf::ET_DYN => "shared object or position-independent executable",
        elf::ET_CORE => "core dump",
        _ => "unknown",
    }
}

fn machine(machine: elf::Machine) -> String {
    let name = match machine {
        elf::EM_386 => "i686",
        elf::EM_X86_64 => "x86_64",
        elf::EM_ARM => "arm",
        elf::EM_AARCH64 => "aarch64",
        elf::EM_RISCV => "riscv",
        elf::EM_PPC64 => "ppc64",
        elf::EM_S390 => "s390x",
        elf::EM_MIPS => "mips",
        elf::EM_LOONGARCH => "loongarch64",
        other => return format!("machine {}", other.0),
    };
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use proptest::prelude::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    /// An executable with one section of each sort that matters, written by hand.
    fn program() -> Vec<u8> {
        let strings = b"\0.shstrtab\0.dynamic\0.dynstr\0.debug_info\0";
        let libraries = b"\0libc.so.6\0libown.so\0";
        let loader = b"/lib/ld.so\0";
        let note: Vec<u8> = [
            &4_u32.to_le_bytes()[..],
            &2_u32.to_le_bytes(),
            &3_u32.to_le_bytes(),
            b"GNU\0",
            &[0xab, 0xcd, 0, 0],
        ]
        .concat();
        let dynamic: Vec<u8> = [(1_u64, 1_u64), (14, 11), (0, 0)]
            .iter()
            .flat_map(|(tag, value)| [tag.to_le_bytes(), value.to_le_bytes()].concat())
            .collect();
        let mut bodies: Vec<(u64, Vec<u8>)> = Vec::new();
        let mut at = 64 + 2 * 56;
        for body in [&strings[..], &dynamic, libraries, loader, &note] {
            bodies.push((at, body.to_vec()));
            at += body.len() as u64;
        }
        let place = |which: usize| (bodies[which].0, bodies[which].1.len() as u64);
        let mut file = b"\x7fELF\x02\x01\x01".to_vec();
        file.resize(16, 0);
        for half in [3_u16, 62] {
            file.extend(half.to_le_bytes());
        }
        file.extend(1_u32.to_le_bytes());
        for long in [0, 64, at] {
            file.extend(u64::to_le_bytes(long));
        }
        file.extend(0_u32.to_le_bytes());
        for half in [64_u16, 56, 2, 64, 5, 1] {
            file.extend(half.to_le_bytes());
        }
        for (kind, (offset, size), align) in [(3_u32, place(3), 1), (4, place(4), 4)] {
            file.extend(kind.to_le_bytes());
            file.extend(0_u32.to_le_bytes());
            for long in [offset, 0, 0, size, size, align] {
                file.extend(u64::to_le_bytes(long));
            }
        }
        for (_, body) in &bodies {
            file.extend(body);
        }
        for (name, kind, (offset, size), link) in [
            (0_u32, 0_u32, (0, 0), 0_u32),
            (1, 3, place(0), 0),
            (11, 6, place(1), 3),
            (20, 3, place(2), 0),
            (28, 8, (0, 1 << 40), 0),
        ] {
            file.extend(name.to_le_bytes());
            file.extend(kind.to_le_bytes());
            for long in [0, 0, offset, size] {
                file.extend(u64::to_le_bytes(long));
            }
            file.extend(link.to_le_bytes());
            file.extend(0_u32.to_le_bytes());
            for long in [1, 16] {
                file.extend(u64::to_le_bytes(long));
            }
        }
        file
    }

    #[test]
    fn a_program_tells_what_it_needs() {
        let told = elf(Cursor::new(program())).unwrap();
        assert_eq!((told.bits, told.little_endian), (64, true));
        assert_eq!(told.machine, "x86_64");
        assert_eq!(told.interpreter.as_deref(), Some(&b"/lib/ld.so"[..]));
        assert_eq!(told.needed, [b"libc.so.6".to_vec()]);
        assert_eq!(told.soname.as_deref(), Some(&b"libown.so"[..]));
        assert_eq!(told.build_id.as_deref(), Some("abcd"));
        assert!(told.stripped && told.debug_info);
        let names: Vec<_> = told
            .sections
            .iter()
            .map(|section| String::from_utf8_lossy(&section.name).into_owned())
            .collect();
        assert_eq!(names, [".shstrtab", ".dynamic", ".dynstr", ".debug_info"]);
        assert_eq!(
            told.sections.last().map(|last| (last.size, last.in_file)),
            Some((1 << 40, false))
        );
    }

    #[test]
    fn what_is_none_is_refused() {
        for bytes in [&b""[..], b"\x7fELF", b"MZ", b"\x7fELF\x02\x01\x01"] {
            assert!(elf(Cursor::new(bytes)).is_err());
        }
        // More sections than any linker writes.
        let mut many = program();
        many[60..62].copy_from_slice(&60_000_u16.to_le_bytes());
        let refused = elf(Cursor::new(many)).unwrap_err();
        assert!(refused.to_string().contains("sections"), "{refused}");
    }

    #[cfg(all(target_os = "linux", not(target_arch = "wasm32")))]
    #[test]
    fn the_test_itself_is_a_program() {
        let path = std::env::current_exe().unwrap();
        let told = elf(std::fs::File::open(path).unwrap()).unwrap();
        assert!(told.needed.iter().any(|name| name.starts_with(b"libc.so")));
        assert!(told.sections.iter().any(|section| section.name == b".text"));
        assert!(!told.stripped);
    }

    proptest! {
        #[test]
        fn damaged_programs_are_told_or_refused(
            cut in 0usize..1_000, at in 0usize..1_000, value: u64, random in prop::collection::vec(any::<u8>(), 0..200)
        ) {
            let whole = program();
            let mut damaged = whole.clone();
            let at = at % (damaged.len() - 8);
            damaged[at..at + 8].copy_from_slice(&value.to_le_bytes());
            let _ = elf(Cursor::new(&damaged));
            let _ = elf(Cursor::new(whole.get(..cut).unwrap_or(&whole)));
            let _ = elf(Cursor::new([&b"\x7fELF\x02\x01\x01"[..], &random].concat()));
        }
    }
}
