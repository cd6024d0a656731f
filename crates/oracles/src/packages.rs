//! Packages: whatever a package database holds, reading it comes to an end and says the same in pieces of any size, and
//! packages with what belongs to none are all that is live.

use onionskin_fixtures::Layer;

use crate::layer::checked_tar;

/// Files of each kind of database, a program, and lists of files beside a package.
const PLACES: [&str; 17] = [
    "/etc/os-release",
    "/var/lib/dpkg/status",
    "/var/lib/dpkg/diversions",
    "/var/lib/dpkg/info/a.list",
    "/var/lib/dpkg/status.d/a.md5sums",
    "/lib/apk/db/installed",
    "/var/lib/rpm/rpmdb.sqlite",
    "/var/lib/rpm/Packages.db",
    "/usr/lib/a.dist-info/METADATA",
    "/usr/lib/a.dist-info/RECORD",
    "/usr/lib/a.egg-info/installed-files.txt",
    "/app/node_modules/a/package.json",
    "/usr/lib/gems/specifications/a-1.gemspec",
    "/app/vendor/composer/installed.json",
    "/opt/conda/conda-meta/a-1-0.json",
    "/app/a.jar",
    "/usr/bin/program",
];

/// The first byte chooses the file; the rest is in it.
pub(crate) fn packages(data: &[u8]) {
    let Some((place, content)) = data.split_first() else {
        return;
    };
    let place = PLACES[usize::from(*place) % PLACES.len()];
    let layer = Layer::new()
        .file("/var/lib/dpkg/status", "Package: a\nVersion: 1\n")
        .file("/usr/lib/a.dist-info/METADATA", "Name: a\n")
        .file(place, content);
    checked_tar(&layer.tar());
}
