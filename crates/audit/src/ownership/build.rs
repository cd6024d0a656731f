//! Packages that only builds need: compilers, headers, and what was installed for nothing else.
//!
//! A package counts as needed by all that could use it, and by a person unless the package manager knows that nobody asked
//! for it. That is how `apt-get autoremove`, `apk del` and `dnf autoremove` see it (apt-mark(8), apk-world(5), dnf5(8)).

use std::collections::{HashMap, HashSet};

use super::claims::Claims;
use crate::packages::{Chosen, Files, Package, Record, Type};
use crate::stack::Stack;

/// Why only builds need a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Build {
    /// It is a compiler, has headers, or is another tool of builds.
    Tool {
        /// A person asked for it.
        is_chosen: bool,
    },
    /// It was installed only because a tool needs it.
    OnlyForTools,
}

/// The package managers whose databases tell what packages need.
pub(crate) const KINDS: [Type; 3] = [Type::Deb, Type::Apk, Type::Rpm];

/// Names of tools in Debian, in Alpine, and in distributions of rpm. Versions behind a hyphen (`gcc-12`) or at once (`clang17`) are left out.
const TOOLS: [&str; 43] = [
    "autoconf",
    "automake",
    "binutils",
    "bison",
    "build-base",
    "build-essential",
    "cargo",
    "clang",
    "cmake",
    "cpp",
    "default-jdk",
    "default-jdk-headless",
    "dpkg-dev",
    "flex",
    "g++",
    "gcc",
    "gcc-c++",
    "gcc-gfortran",
    "gfortran",
    "go",
    "golang",
    "golang-bin",
    "golang-go",
    "golang-src",
    "libtool",
    "libtool-bin",
    "linux-headers",
    "lld",
    "llvm",
    "make",
    "meson",
    "mold",
    "nasm",
    "ninja-build",
    "pkg-config",
    "pkgconf",
    "pkgconf-pkg-config",
    "redhat-rpm-config",
    "rpm-build",
    "rust",
    "rust-std-static",
    "rustc",
    "yasm",
];

/// Ends of names of packages with headers and other files for compilers.
const HEADERS: [&str; 3] = ["-dev", "-devel", "-headers"];

/// Whether a layer has a tool of builds at all, which most have not.
#[must_use]
pub fn has_build_tools(stack: &Stack) -> bool {
    let records = super::records(stack, stack.depth());
    records.iter().any(|(_, _, record)| match record {
        Record::Packages(packages) => packages.iter().any(is_tool),
        _ => false,
    })
}

/// By package why only builds need it.
pub(super) fn of(claims: &Claims<'_>) -> Vec<Option<Build>> {
    let mut build = vec![None; claims.packages.len()];
    for kind in KINDS {
        Needed::of(claims, kind).mark(&mut build);
    }
    build
}

/// The packages of one package manager, and what they need of each other, by their places among all.
struct Needed<'c> {
    packages: Vec<(usize, &'c Package)>,
    /// By package those that it needs.
    needs: Vec<Vec<usize>>,
    is_tool: Vec<bool>,
    is_chosen: Vec<bool>,
}

impl<'c> Needed<'c> {
    fn of(claims: &'c Claims<'_>, kind: Type) -> Self {
        let all = claims.packages.iter().map(|claimed| claimed.package);
        let packages: Vec<(usize, &Package)> = (all.enumerate())
            .filter(|(_, package)| package.kind == kind)
            .collect();
        let mut is_tool: Vec<bool> = packages
            .iter()
            .map(|(_, package)| is_tool(package))
            .collect();
        // Most images have none; there is nothing to look for.
        if !is_tool.contains(&true) {
            return Self {
                packages: Vec::new(),
                needs: Vec::new(),
                is_tool: Vec::new(),
                is_chosen: Vec::new(),
            };
        }
        let mut by_name: HashMap<&str, Vec<usize>> = HashMap::new();
        for (at, (_, package)) in packages.iter().enumerate() {
            let provides = package.relations.provides.iter();
            for name in provides.map(String::as_str).chain([package.name.as_str()]) {
                by_name.entry(name).or_default().push(at);
            }
        }
        let by_path = owners(&packages);
        let needs: Vec<Vec<usize>> = packages
            .iter()
            .map(|(_, package)| {
                let names = package.relations.needs.iter().flatten();
                let of_name = |name: &String| by_name.get(name.as_str()).into_iter().flatten();
                let of_path = |name: &String| by_path.get(name.as_bytes()).into_iter().flatten();
                let mut needs: Vec<usize> = names
                    .flat_map(|name| of_name(name).chain(of_path(name)))
                    .copied()
                    .collect();
                needs.sort_unstable();
                needs.dedup();
                needs
            })
            .collect();
        // `apk add --virtual .build-deps gcc` makes a package that is nothing but its needs.
        for at in 0..packages.len() {
            let is_virtual = kind == Type::Apk
                && packages
                    .get(at)
                    .is_some_and(|(_, package)| package.name.starts_with('.'));
            let of_tools = needs
                .get(at)
                .is_some_and(|needs| needs.iter().any(|need| is_tool.get(*need) == Some(&true)));
            if let Some(is_tool) = is_tool.get_mut(at) {
                *is_tool |= is_virtual && of_tools;
            }
        }
        let is_chosen = chosen(claims, kind, &packages);
        Self {
            packages,
            needs,
            is_tool,
            is_chosen,
        }
    }

    /// Marks tools and what was installed for them, but for what something else needs.
    fn mark(&self, build: &mut [Option<Build>]) {
        let mut only: Vec<bool> = self.is_tool.clone();
        let mut next: Vec<usize> = (0..only.len())
            .filter(|at| only.get(*at) == Some(&true))
            .collect();
        while let Some(at) = next.pop() {
            for need in self.needs.get(at).into_iter().flatten() {
                if let Some(only) = only.get_mut(*need)
                    && !*only
                    && self.is_chosen.get(*need) == Some(&false)
                {
                    *only = true;
                    next.push(*need);
                }
            }
        }
        let mut others: Vec<usize> = (0..only.len())
            .filter(|at| only.get(*at) == Some(&false))
            .collect();
        while let Some(at) = others.pop() {
            for need in self.needs.get(at).into_iter().flatten() {
                if let Some(only) = only.get_mut(*need)
                    && std::mem::take(only)
                {
                    others.push(*need);
                }
            }
        }
        for (at, (place, _)) in self.packages.iter().enumerate() {
            let is = |flags: &[bool]| flags.get(at) == Some(&true);
            if let Some(build) = build.get_mut(*place)
                && is(&only)
            {
                *build = Some(match is(&self.is_tool) {
                    true => Build::Tool {
                        is_chosen: is(&self.is_chosen),
                    },
                    false => Build::OnlyForTools,
                });
            }
        }
    }
}

/// Which packages have the files that others need by path, as packages of rpm do (`/usr/bin/perl`).
fn owners<'c>(packages: &[(usize, &'c Package)]) -> HashMap<&'c [u8], Vec<usize>> {
    let needs = packages
        .iter()
        .flat_map(|(_, package)| package.relations.needs.iter().flatten());
    let paths = needs.filter(|name| name.starts_with('/'));
    let mut owners: HashMap<&[u8], Vec<usize>> =
        paths.map(|path| (path.as_bytes(), Vec::new())).collect();
    if !owners.is_empty() {
        for (at, (_, package)) in packages.iter().enumerate() {
            let Files::Listed(paths) = &package.files else {
                continue;
            };
            for path in paths.texts() {
                if let Some(of_path) = owners.get_mut(path) {
                    of_path.push(at);
                }
            }
        }
    }
    owners
}

/// Which packages a person asked for; all where the package manager does not say.
fn chosen(claims: &Claims<'_>, kind: Type, packages: &[(usize, &Package)]) -> Vec<bool> {
    let of_kind = claims.chosen.iter().find(|chosen| match chosen {
        Chosen::AllBut(of, _) => *of == kind,
        Chosen::Only(_) => kind == Type::Apk,
    });
    let (names, named) = match of_kind {
        Some(Chosen::AllBut(_, names)) => (names.as_slice(), false),
        Some(Chosen::Only(names)) => (names.as_slice(), true),
        None => (&[][..], false),
    };
    let names: HashSet<&str> = names.iter().map(String::as_str).collect();
    let is_chosen = |package: &Package| {
        names.contains(package.name.as_str()) == named || package.relations.is_essential
    };
    packages
        .iter()
        .map(|(_, package)| is_chosen(package))
        .collect()
}

fn is_tool(package: &Package) -> bool {
    if !KINDS.contains(&package.kind) {
        return false;
    }
    let name = package.name.as_str();
    let is_one = |name: &str| TOOLS.binary_search(&name).is_ok();
    // gcc-12, golang-1.22-go, clang17; not gcc-12-base, which programs need.
    let versioned = |name: &str| {
        let stem = name.trim_end_matches(|digit: char| digit.is_ascii_digit() || digit == '.');
        is_one(stem.trim_end_matches('-')) && stem != name
    };
    let java = name
        .strip_prefix("openjdk")
        .is_some_and(|name| name.ends_with("-jdk") || name.ends_with("-jdk-headless"));
    let go = name.strip_suffix("-go").is_some_and(versioned);
    HEADERS.iter().any(|end| name.ends_with(end)) || is_one(name) || versioned(name) || java || go
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packages::{Files, Relations};

    fn package(kind: Type, name: &str) -> Package {
        Package {
            kind,
            name: name.to_owned(),
            version: String::new(),
            license: None,
            qualifiers: Vec::new(),
            files: Files::None,
            relations: Relations::default(),
        }
    }

    #[test]
    fn tools_are_known_by_their_names() {
        assert!(TOOLS.is_sorted());
        for (name, expected) in [
            ("gcc", true),
            ("gcc-12", true),
            ("gcc-12-base", false),
            ("libgcc-s1", false),
            ("libgcc-12-dev", true),
            ("g++-12", true),
            ("clang17", true),
            ("golang-1.22-go", true),
            ("golang-1.22-doc", false),
            ("openjdk-17-jdk-headless", true),
            ("openjdk-17-jre-headless", false),
            ("openjdk17-jdk", true),
            ("linux-headers", true),
            ("python3", false),
            ("devel", false),
            ("glibc-devel", true),
            ("gcc-c++", true),
            ("gcc13-c++", false),
            ("1.2-", false),
            ("", false),
        ] {
            assert_eq!(is_tool(&package(Type::Deb, name)), expected, "{name}");
            assert!(!is_tool(&package(Type::Npm, name)), "{name}");
        }
    }
}
