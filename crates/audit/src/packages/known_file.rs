//! Which files belong to a package database, by their paths; and which may do so by another path that leads to them.

/// A file of a package database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KnownFile {
    Release,
    DpkgStatus,
    /// A package of a distroless image.
    DpkgStatusD,
    DpkgList,
    DpkgSums,
    DpkgDiversions,
    /// Which packages APT installed for others.
    AptStates,
    Apk,
    /// Which packages apk was asked for.
    ApkWorld,
    RpmSqlite,
    RpmNdb,
    /// Berkeley DB.
    RpmBerkeley,
    /// Which packages dnf 5 installed for others.
    DnfStates,
    /// Which packages zypper installed for others.
    ZypperStates,
    PythonMetadata,
    PythonRecord,
    PythonInstalledFiles,
    Npm,
    Gem,
    Composer,
    Conda,
    Jar,
}

/// Files and folders of databases that have one place. Programs read them there also where that leads elsewhere.
pub(crate) const FIXED: [&[u8]; 19] = [
    b"/etc/os-release",
    b"/usr/lib/os-release",
    b"/var/lib/dpkg/status",
    b"/var/lib/dpkg/diversions",
    b"/var/lib/dpkg/info",
    b"/var/lib/dpkg/status.d",
    b"/var/lib/apt/extended_states",
    b"/etc/apk/world",
    b"/lib/apk/db/installed",
    b"/usr/lib/apk/db/installed",
    b"/var/lib/rpm/rpmdb.sqlite",
    b"/var/lib/rpm/Packages.db",
    b"/usr/lib/sysimage/rpm/rpmdb.sqlite",
    b"/usr/lib/sysimage/rpm/Packages.db",
    b"/usr/share/rpm/rpmdb.sqlite",
    b"/usr/share/rpm/Packages.db",
    b"/var/lib/rpm/Packages",
    b"/usr/lib/sysimage/libdnf5/packages.toml",
    b"/var/lib/zypp/AutoInstalled",
];

/// The folders that rpm's database has been in.
const RPM: [&[&[u8]]; 3] = [
    &[b"var", b"lib", b"rpm"],
    &[b"usr", b"lib", b"sysimage", b"rpm"],
    &[b"usr", b"share", b"rpm"],
];

impl KnownFile {
    /// What the file at a path, given by its names, is.
    pub(crate) fn of(path: &[&[u8]]) -> Option<Self> {
        let (name, folders) = path.split_last()?;
        let is = |names: &[&[u8]]| {
            folders.len() == names.len() && folders.iter().zip(names).all(|(a, b)| a == b)
        };
        let last = folders.last().copied().unwrap_or_default();
        let in_rpm = || RPM.into_iter().any(is);
        match *name {
            b"os-release" if is(&[b"etc"]) || is(&[b"usr", b"lib"]) => Some(Self::Release),
            b"status" if is(&[b"var", b"lib", b"dpkg"]) => Some(Self::DpkgStatus),
            b"diversions" if is(&[b"var", b"lib", b"dpkg"]) => Some(Self::DpkgDiversions),
            b"extended_states" if is(&[b"var", b"lib", b"apt"]) => Some(Self::AptStates),
            b"world" if is(&[b"etc", b"apk"]) => Some(Self::ApkWorld),
            b"installed"
                if is(&[b"lib", b"apk", b"db"]) || is(&[b"usr", b"lib", b"apk", b"db"]) =>
            {
                Some(Self::Apk)
            }
            b"rpmdb.sqlite" if in_rpm() => Some(Self::RpmSqlite),
            b"Packages.db" if in_rpm() => Some(Self::RpmNdb),
            b"Packages" if in_rpm() => Some(Self::RpmBerkeley),
            b"packages.toml" if is(&[b"usr", b"lib", b"sysimage", b"libdnf5"]) => {
                Some(Self::DnfStates)
            }
            b"AutoInstalled" if is(&[b"var", b"lib", b"zypp"]) => Some(Self::ZypperStates),
            b"METADATA" if last.ends_with(b".dist-info") => Some(Self::PythonMetadata),
            b"RECORD" if last.ends_with(b".dist-info") => Some(Self::PythonRecord),
            b"PKG-INFO" if last.ends_with(b".egg-info") => Some(Self::PythonMetadata),
            b"installed-files.txt" if last.ends_with(b".egg-info") => {
                Some(Self::PythonInstalledFiles)
            }
            b"package.json" if is_module(folders) => Some(Self::Npm),
            b"installed.json" if last == b"composer" => Some(Self::Composer),
            name if name.ends_with(b".list") && is(&[b"var", b"lib", b"dpkg", b"info"]) => {
                Some(Self::DpkgList)
            }
            name if is(&[b"var", b"lib", b"dpkg", b"status.d"]) => {
                Some(match name.ends_with(b".md5sums") {
                    true => Self::DpkgSums,
                    false => Self::DpkgStatusD,
                })
            }
            // distutils wrote a file where setuptools writes a folder.
            name if name.ends_with(b".egg-info") => Some(Self::PythonMetadata),
            name if name.ends_with(b".gemspec") && in_specifications(folders) => Some(Self::Gem),
            name if name.ends_with(b".json") && last == b"conda-meta" => Some(Self::Conda),
            name if is_jar(name) => Some(Self::Jar),
            _ => None,
        }
    }

    /// As what a file at a path is read.
    pub(crate) fn read_as(path: &[&[u8]]) -> Option<Self> {
        Self::of(path).or_else(|| Self::elsewhere(path))
    }

    /// What a file that is none by its path may be by another one: a hard link, or a link to its folder. Stores of npm
    /// packages (pnpm's and Yarn's) call a file by its hash, in folders called by the first two digits.
    pub(super) fn elsewhere(path: &[&[u8]]) -> Option<Self> {
        let (name, folders) = path.split_last()?;
        let last = folders.last().copied().unwrap_or_default();
        match *name {
            b"package.json" => Some(Self::Npm),
            b"status" => Some(Self::DpkgStatus),
            b"diversions" => Some(Self::DpkgDiversions),
            b"extended_states" => Some(Self::AptStates),
            b"installed" if last == b"db" => Some(Self::Apk),
            b"world" if last == b"apk" => Some(Self::ApkWorld),
            b"rpmdb.sqlite" => Some(Self::RpmSqlite),
            b"Packages.db" => Some(Self::RpmNdb),
            b"packages.toml" => Some(Self::DnfStates),
            b"AutoInstalled" => Some(Self::ZypperStates),
            b"METADATA" | b"PKG-INFO" => Some(Self::PythonMetadata),
            b"RECORD" => Some(Self::PythonRecord),
            b"installed.json" => Some(Self::Composer),
            name if name.starts_with(b"os-release") => Some(Self::Release),
            name if name.ends_with(b".list") && last == b"info" => Some(Self::DpkgList),
            name if last == b"status.d" => Some(match name.ends_with(b".md5sums") {
                true => Self::DpkgSums,
                false => Self::DpkgStatusD,
            }),
            _ if last.len() == 2 && last.iter().all(u8::is_ascii_hexdigit) => Some(Self::Npm),
            _ => None,
        }
    }

    /// Whether a file that begins with this byte may be one.
    pub(super) const fn begins_with(self, first: u8) -> bool {
        match self {
            Self::Npm | Self::Conda => first == b'{',
            Self::DpkgStatus | Self::DpkgStatusD => first == b'P',
            _ => true,
        }
    }

    /// A folder of this path, given by its names, may be where files are that belong to a database by its name.
    pub(crate) fn is_folder(path: &[&[u8]]) -> bool {
        let Some((name, folders)) = path.split_last() else {
            return false;
        };
        let is_named = matches!(*name, b"node_modules" | b"composer" | b"specifications");
        let is_python = [&b".dist-info"[..], b".egg-info"]
            .iter()
            .any(|end| name.ends_with(end));
        let is_scope = name.starts_with(b"@") && folders.last() == Some(&&b"node_modules"[..]);
        is_named || is_python || is_scope || is_module(path)
    }

    /// Bytes of such a file that are read at most. The largest that are known have a quarter of that.
    pub(super) const fn most(self) -> usize {
        const MIB: usize = 1 << 20;
        match self {
            Self::Release => MIB / 16,
            Self::Npm | Self::Gem | Self::DpkgStatusD => MIB,
            // What is read of JSON takes up to twenty times its bytes.
            Self::Conda | Self::Composer => 8 * MIB,
            Self::DpkgDiversions
            | Self::AptStates
            | Self::ApkWorld
            | Self::DnfStates
            | Self::ZypperStates
            | Self::PythonMetadata
            | Self::PythonInstalledFiles
            | Self::PythonRecord
            | Self::DpkgList
            | Self::DpkgSums => 16 * MIB,
            Self::DpkgStatus | Self::Apk | Self::Jar => 64 * MIB,
            Self::RpmSqlite | Self::RpmNdb => 128 * MIB,

            Self::RpmBerkeley => 0,
        }
    }
}

/// `node_modules/NAME` or `node_modules/@SCOPE/NAME`: other folders in a package have a `package.json` too.
fn is_module(folders: &[&[u8]]) -> bool {
    let modules = &b"node_modules"[..];
    match folders {
        [.., above, name] if *above == modules => !name.starts_with(b"@"),
        [.., above, scope, _] if *above == modules => scope.starts_with(b"@"),
        _ => false,
    }
}

/// `specifications`, or `default` in it.
fn in_specifications(folders: &[&[u8]]) -> bool {
    let specifications = &b"specifications"[..];
    match folders {
        [.., above, default] if *above == specifications => *default == b"default",
        [.., last] => *last == specifications,
        [] => false,
    }
}

fn is_jar(name: &[u8]) -> bool {
    [&b".jar"[..], b".war", b".ear"]
        .iter()
        .any(|end| name.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(path: &str) -> Option<KnownFile> {
        let names: Vec<&[u8]> = path.split('/').map(str::as_bytes).collect();
        KnownFile::of(&names)
    }

    #[test]
    fn databases_are_known_by_their_paths() {
        for (path, place) in [
            ("var/lib/dpkg/status", Some(KnownFile::DpkgStatus)),
            ("opt/root/var/lib/dpkg/status", None),
            ("var/lib/dpkg/status-old", None),
            (
                "var/lib/dpkg/info/libc6:amd64.list",
                Some(KnownFile::DpkgList),
            ),
            ("var/lib/dpkg/status.d/base", Some(KnownFile::DpkgStatusD)),
            (
                "var/lib/dpkg/status.d/base.md5sums",
                Some(KnownFile::DpkgSums),
            ),
            ("var/lib/apt/extended_states", Some(KnownFile::AptStates)),
            ("var/lib/apt/extended_states-old", None),
            ("lib/apk/db/installed", Some(KnownFile::Apk)),
            ("etc/apk/world", Some(KnownFile::ApkWorld)),
            ("srv/world", None),
            (
                "usr/lib/sysimage/libdnf5/packages.toml",
                Some(KnownFile::DnfStates),
            ),
            ("srv/packages.toml", None),
            ("var/lib/zypp/AutoInstalled", Some(KnownFile::ZypperStates)),
            (
                "usr/lib/sysimage/rpm/rpmdb.sqlite",
                Some(KnownFile::RpmSqlite),
            ),
            ("var/lib/rpm/Packages", Some(KnownFile::RpmBerkeley)),
            ("srv/rpm/Packages", None),
            ("v/foo-1.dist-info/RECORD", Some(KnownFile::PythonRecord)),
            ("v/foo.egg-info/PKG-INFO", Some(KnownFile::PythonMetadata)),
            ("v/foo-1.egg-info", Some(KnownFile::PythonMetadata)),
            ("app/package.json", None),
            ("app/node_modules/a/package.json", Some(KnownFile::Npm)),
            ("app/node_modules/@s/a/package.json", Some(KnownFile::Npm)),
            ("app/node_modules/@s/package.json", None),
            ("app/node_modules/a/esm/package.json", None),
            ("node_modules/package.json", None),
            ("gems/specifications/rake-13.gemspec", Some(KnownFile::Gem)),
            (
                "g/specifications/default/json-2.gemspec",
                Some(KnownFile::Gem),
            ),
            ("gems/rake-13/rake.gemspec", None),
            (
                "a/vendor/composer/installed.json",
                Some(KnownFile::Composer),
            ),
            ("opt/conda/conda-meta/zlib-1-0.json", Some(KnownFile::Conda)),
            ("app/lib/a.jar", Some(KnownFile::Jar)),
            ("etc/os-release", Some(KnownFile::Release)),
            ("", None),
        ] {
            assert_eq!(of(path), place, "{path}");
        }
    }

    #[test]
    fn files_that_links_may_make_databases_are_read() {
        let read_as = |path: &str| {
            let names: Vec<&[u8]> = path.split('/').map(str::as_bytes).collect();
            KnownFile::read_as(&names)
        };
        for (path, place) in [
            ("store/v3/files/0a/b1c2", Some(KnownFile::Npm)),
            ("store/v3/files/xy/b1c2", None),
            (
                "root/.bun/install/cache/a@1/package.json",
                Some(KnownFile::Npm),
            ),
            ("usr/lib/sysimage/dpkg/status", Some(KnownFile::DpkgStatus)),
            ("data/info/bash.list", Some(KnownFile::DpkgList)),
            ("data/bash.list", None),
            ("var/lib/apt/lists/Packages", None),
        ] {
            assert_eq!(read_as(path), place, "{path}");
        }
    }
}
