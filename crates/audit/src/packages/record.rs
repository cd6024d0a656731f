//! What one file of a package database says, in a form that is kept with its layer's index.

use serde::{Deserialize, Serialize};

/// The type of a package, as in its package URL (<https://github.com/package-url/purl-spec>).
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Type {
    /// Alpine and what uses its apk.
    Apk,
    /// Rust, from what `cargo auditable` puts into programs.
    Cargo,
    /// PHP.
    Composer,
    /// Conda.
    Conda,
    /// Debian and what uses its dpkg.
    Deb,
    /// Ruby.
    Gem,
    /// Go, from what its linker puts into programs.
    Golang,
    /// Java, from what Maven puts into jars.
    Maven,
    /// JavaScript.
    Npm,
    /// Python.
    Pypi,
    /// Fedora, SUSE, and what uses rpm.
    Rpm,
}

impl Type {
    /// All types, in the order of their names.
    pub const ALL: [Self; 11] = [
        Self::Apk,
        Self::Cargo,
        Self::Composer,
        Self::Conda,
        Self::Deb,
        Self::Gem,
        Self::Golang,
        Self::Maven,
        Self::Npm,
        Self::Pypi,
        Self::Rpm,
    ];

    /// The name in a package URL and in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Apk => "apk",
            Self::Cargo => "cargo",
            Self::Composer => "composer",
            Self::Conda => "conda",
            Self::Deb => "deb",
            Self::Gem => "gem",
            Self::Golang => "golang",
            Self::Maven => "maven",
            Self::Npm => "npm",
            Self::Pypi => "pypi",
            Self::Rpm => "rpm",
        }
    }

    /// Its database is the operating system's.
    #[must_use]
    pub const fn is_system(self) -> bool {
        matches!(self, Self::Apk | Self::Deb | Self::Rpm)
    }
}

/// A package as its database tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Package {
    /// The package manager that it is of.
    pub kind: Type,
    /// Its name: with its scope for npm, `group:artifact` for Maven, the module's path for Go.
    pub name: String,
    /// Its version, with epoch and release where there are any; empty where it has none.
    pub version: String,
    /// Its licence in the words of the database, where that has one.
    pub license: Option<String>,
    /// The qualifiers of its package URL that the database tells, such as `arch`.
    pub qualifiers: Vec<(String, String)>,
    /// Which files are its own.
    pub files: Files,
    /// What it needs of other packages.
    pub relations: Relations,
}

/// What a package needs of others and gives to them, where its database is read for that (dpkg's, apk's and rpm's).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Relations {
    /// What it needs, by name: each is met by any of its alternatives.
    pub needs: Vec<Vec<String>>,
    /// What it meets beside its own name.
    pub provides: Vec<String>,
    /// No system works without it.
    pub is_essential: bool,
}

impl Relations {
    /// Bytes that they take beside themselves.
    fn bytes(&self) -> usize {
        let needs = self.needs.iter().flatten().chain(&self.provides);
        let names: usize = needs.map(|name| size_of::<String>() + name.len()).sum();
        names + self.needs.len() * size_of::<Vec<String>>()
    }
}

/// Which packages were installed only because others need them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Chosen {
    /// APT's, dnf's and zypper's, of packages of this type: these were not asked for; all others were.
    AllBut(Type, Vec<String>),
    /// apk's: these were asked for, and no others.
    Only(Vec<String>),
}

impl Chosen {
    fn names(&self) -> &[String] {
        match self {
            Self::AllBut(_, names) | Self::Only(names) => names,
        }
    }
}

/// Which files a package has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Files {
    /// None, or none that is known.
    None,
    /// Those of a list, which is in another file of the database.
    Elsewhere,
    /// Those of this list.
    Listed(Paths),
    /// All in these folders but those in folders of other packages.
    Folders(Paths),
    /// The file that tells of it.
    Itself,
}

/// Paths that a database lists, in one buffer: a list of a million short ones takes no more memory than its file.
///
/// They say nothing of where the database itself is, which may have several names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paths {
    /// How many names have to be taken off the path of the database's file to get the folder that they start at; None
    /// where that is the root.
    up: Option<u8>,
    /// The paths, each with a NUL behind it.
    text: Vec<u8>,
}

impl Paths {
    /// No paths; later ones start at a folder above the file of the database: with 1 at the one that it is in.
    pub(super) const fn above(up: u8) -> Self {
        Self {
            up: Some(up),
            text: Vec::new(),
        }
    }

    /// The folder above the file that its package is in.
    pub(super) fn folder() -> Self {
        let mut paths = Self::above(1);
        paths.push(b".");
        paths
    }

    /// Adds a path. No file has a NUL in its name.
    pub(super) fn push(&mut self, path: &[u8]) {
        if !path.is_empty() && !path.contains(&0) {
            self.text.extend_from_slice(path);
            self.text.push(0);
        }
    }

    /// Adds a path that is in two parts.
    pub(super) fn push_parts(&mut self, folder: &[u8], name: &[u8]) {
        if !folder.contains(&0) && !name.contains(&0) && !name.is_empty() {
            self.text.extend_from_slice(folder);
            if !folder.is_empty() && !folder.ends_with(b"/") {
                self.text.push(b'/');
            }
            self.text.extend_from_slice(name);
            self.text.push(0);
        }
    }

    /// The paths as they are listed.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &[u8]> {
        let texts = self.text.split(|byte| *byte == 0);
        texts.filter(|text| !text.is_empty())
    }

    /// The paths from the root, where the database has its file at `file`. They may have links and `..` in them.
    pub fn iter<'p>(&'p self, file: &'p [u8]) -> impl Iterator<Item = Vec<u8>> + 'p {
        let names_off = |path: &'p [u8], _| {
            let slash = path.iter().rposition(|byte| *byte == b'/');
            path.get(..slash.unwrap_or(0)).unwrap_or_default()
        };
        let base = self.up.map(|up| (0..up).fold(file, names_off));
        self.texts().map(move |text| match text {
            [b'/', ..] => text.to_vec(),
            text => [base.unwrap_or_default(), b"/", text].concat(),
        })
    }

    /// Bytes that they take.
    pub(super) fn bytes(&self) -> usize {
        self.text.len()
    }
}

/// What `os-release` says of the distribution.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    /// Its name for programs, such as `debian`.
    pub id: String,
    /// Its version, such as `12`.
    pub version: Option<String>,
}

/// Why a file of a package database is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Unreadable {
    /// Its format is not supported.
    Format,
    /// It is larger than the limit, or the layer has too much of them.
    TooLarge,
    /// It is not what its name says.
    Damaged,
}

/// What the entries of a file say that has one for each package.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Entries {
    pub(super) packages: Vec<Package>,
    /// An entry says nothing of a package that it could be of.
    pub(super) is_damaged: bool,
}

impl Entries {
    /// The next entry; None where it is damaged.
    pub(super) fn push(&mut self, package: Option<Package>) {
        self.is_damaged |= package.is_none();
        self.packages.extend(package);
    }
}

/// What one file of a package database says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Record {
    /// These packages are installed.
    Packages(Vec<Package>),
    /// These files are those of the package that the file is about.
    Files(Paths),
    /// dpkg's diversions: a path, where its file really is, and the package whose file stays, again and again.
    Diversions(Paths),
    /// Which packages a person asked for.
    Chosen(Chosen),
    /// The distribution.
    Release(Release),
    /// It is there, and what it says is not known.
    Unreadable(Unreadable),
}

impl Record {
    /// It tells of nothing.
    pub(super) const fn is_empty(&self) -> bool {
        matches!(self, Self::Packages(packages) if packages.is_empty())
    }

    /// Bytes that it takes beside itself.
    pub(super) fn bytes(&self) -> usize {
        let of_package = |package: &Package| {
            let qualifiers = package.qualifiers.iter();
            let qualifiers = qualifiers.map(|(key, value)| key.len() + value.len() + 48);
            let license = package.license.as_ref().map_or(0, String::len);
            let files = match &package.files {
                Files::Listed(paths) | Files::Folders(paths) => paths.bytes(),
                Files::None | Files::Elsewhere | Files::Itself => 0,
            };
            size_of::<Package>()
                + package.name.len()
                + package.version.len()
                + license
                + package.relations.bytes()
                + qualifiers.sum::<usize>()
                + files
        };
        match self {
            Self::Packages(packages) => packages.iter().map(of_package).sum(),
            Self::Files(paths) | Self::Diversions(paths) => paths.bytes(),
            Self::Chosen(chosen) => {
                let names = chosen.names().iter();
                names.map(|name| size_of::<String>() + name.len()).sum()
            }
            Self::Release(_) | Self::Unreadable(_) => 0,
        }
    }
}
