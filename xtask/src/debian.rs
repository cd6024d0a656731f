//! What the end-to-end tests need from the system: browsers, a registry, tools for images.

use std::path::Path;

use anyhow::{Result, bail};

use crate::work::{self, say};

/// Program, the Debian package that has it, and where others find it.
type Needed = (&'static str, &'static str, &'static str);

const NEEDED: [Needed; 15] = [
    ("chromium", "chromium", "Chromium, https://www.chromium.org"),
    (
        "chromedriver",
        "chromium-driver",
        "ChromeDriver of the same version as Chromium",
    ),
    (
        "docker-registry",
        "docker-registry",
        "registry, https://github.com/distribution/distribution",
    ),
    ("caddy", "caddy", "Caddy, https://caddyserver.com"),
    ("curl", "curl", "curl, https://curl.se"),
    ("jq", "jq", "jq, https://jqlang.org"),
    ("nginx", "nginx-light", "nginx, https://nginx.org"),
    ("npm", "npm", "npm, https://www.npmjs.com"),
    ("pip3", "python3-pip", "pip, https://pip.pypa.io"),
    (
        "skopeo",
        "skopeo",
        "skopeo, https://github.com/containers/skopeo",
    ),
    ("umoci", "umoci", "umoci, https://umo.ci"),
    (
        "xmllint",
        "libxml2-utils",
        "xmllint of libxml2, https://gitlab.gnome.org/GNOME/libxml2",
    ),
    ("xz", "xz-utils", "xz, https://tukaani.org/xz/"),
    ("bzip2", "bzip2", "bzip2, https://sourceware.org/bzip2/"),
    ("zstd", "zstd", "zstd, https://facebook.github.io/zstd"),
];

const FIREFOX: Needed = ("firefox", "firefox-esr", "Firefox, https://www.firefox.com");

/// Installs what is missing where that is possible without asking, else says what to install.
pub(crate) fn ensure() -> Result<()> {
    install(&NEEDED)
}

/// The same for the browser that only some of the tests need.
pub(crate) fn firefox() -> Result<()> {
    install(&[FIREFOX])
}

/// Servers are where only root looks for programs.
fn is_for_root(program: &str) -> bool {
    Path::new("/usr/sbin").join(program).is_file()
}

fn install(needed: &[Needed]) -> Result<()> {
    let missing: Vec<_> = needed
        .iter()
        .filter(|(program, ..)| !work::installed(program) && !is_for_root(program))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let packages: Vec<_> = missing.iter().map(|(_, package, _)| *package).collect();
    if !Path::new("/etc/debian_version").exists() {
        let what = missing
            .iter()
            .map(|(program, _, what)| format!("\n  {program}: {what}"));
        bail!(
            "the end-to-end tests need on PATH:{}",
            what.collect::<String>()
        );
    }
    if work::output(work::command("id").arg("-u")).is_none_or(|user| user.trim() != "0") {
        bail!(
            "the end-to-end tests need: sudo apt-get install {}",
            packages.join(" ")
        );
    }
    say(&format!(
        "apt-get install {} (a minute or two)",
        packages.join(" ")
    ));
    let apt = |arguments: &[&str]| {
        let mut apt = work::command("apt-get");
        apt.env("DEBIAN_FRONTEND", "noninteractive")
            .arg("-qq")
            .args(arguments);
        work::run(&mut apt)
    };
    apt(&["update"])?;
    // Without a font the browser draws no text and lays out no rows.
    let install = [
        "install",
        "--yes",
        "--no-install-recommends",
        "fonts-dejavu-core",
    ];
    apt(&[&install[..], &packages].concat())
}
