//! Packages that only builds need: compilers, headers, and what was installed for nothing else.
//!
//! A package counts as needed by all that could use it, and by a person unless the package manager knows that nobody asked
//! for it. That is how `apt-get autoremove` and `apk del` see it (apt-mark(8), apk-world(5)).

use std::collections::{HashMap, HashSet};

use super::claims::Claims;
use crate::packages::{Chosen, Package, Record, Type};
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

/// Names of tools in Debian and in Alpine. Versions behind a hyphen (`gcc-12`) or at once (`clang17`) are left out.
const TOOLS: [&str; 35] = [
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
    "gfortran",
    "go",
    "golang",
    "golang-go",
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
    "rust",
    "rustc",
    "yasm",
];

/// Ends of names of packages with headers and other files for compilers.
const HEADERS: [&str; 2] = ["-dev", "-headers"];

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
    for kind in [Type::Deb, Type::Apk] {
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
        let needs: Vec<Vec<usize>> = packages
            .iter()
            .map(|(_, package)| {
                let names = package.relations.needs.iter().flatten();
                let mut needs: Vec<usize> = names
                    .filter_map(|name| by_name.get(name.as_str()))
                    .flatten()
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

/// Which packages a person asked for; all where the package manager does not say.
fn chosen(claims: &Claims<'_>, kind: Type, packages: &[(usize, &Package)]) -> Vec<bool> {
    let of_kind = claims.chosen.iter().find(|chosen| {
        matches!(
            (kind, chosen),
            (Type::Deb, Chosen::AllBut(_)) | (Type::Apk, Chosen::Only(_))
        )
    });
    let (names, named) = match of_kind {
        Some(Chosen::AllBut(names)) => (names.as_slice(), false),
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
    if !matches!(package.kind, Type::Deb | Type::Apk) {
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
            ("1.2-", false),
            ("", false),
        ] {
            assert_eq!(is_tool(&package(Type::Deb, name)), expected, "{name}");
            assert!(!is_tool(&package(Type::Npm, name)), "{name}");
        }
    }
}
