//! The tools that make the page, each in exactly one version, and those that look at the sources: found, fetched or built.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::work::{self, say};
use crate::{places, stamp};

pub(crate) const WASM: &str = "wasm32-unknown-unknown";

/// A program from crates.io.
pub(crate) struct Tool {
    pub(crate) package: &'static str,
    version: String,
    /// Its programs; the first tells its version.
    programs: &'static [&'static str],
    /// Arguments of `cargo install` beside the version.
    install: &'static [&'static str],
    /// Minutes that building takes on two cores.
    minutes: u32,
    /// Its release for this machine, where one is published.
    release: Option<String>,
}

/// Prepares all that building the page needs; the folders that must be on PATH for it.
pub(crate) fn setup() -> Result<Vec<PathBuf>> {
    target()?;
    let folder = wasm_bindgen()?.ensure();
    // What it was built in is no use to anybody once it is there.
    let _ = fs::remove_dir_all(places::tools()?.join("build"));
    Ok(folder?.into_iter().collect())
}

/// The folder of the programs of wasm-bindgen-cli.
pub(crate) fn test_runner() -> Result<PathBuf> {
    target()?;
    let name = Path::new("wasm-bindgen-test-runner");
    Ok(match wasm_bindgen()?.ensure()? {
        Some(folder) => work::executable(&folder.join(name)),
        None => work::executable(name),
    })
}

/// Drives Firefox, in which some of the page's tests run.
pub(crate) fn geckodriver() -> Tool {
    let version = "0.37.1";
    let site = "https://github.com/mozilla/geckodriver/releases/download";
    let system = host().and_then(|host| match host.as_str() {
        "x86_64-unknown-linux-gnu" => Some("linux64"),
        "aarch64-unknown-linux-gnu" => Some("linux-aarch64"),
        "x86_64-apple-darwin" => Some("macos"),
        "aarch64-apple-darwin" => Some("macos-aarch64"),
        _ => None,
    });
    Tool {
        package: "geckodriver",
        version: version.into(),
        programs: &["geckodriver"],
        install: &["--locked"],
        minutes: 2,
        release: system
            .map(|system| format!("{site}/v{version}/geckodriver-v{version}-{system}.tar.gz")),
    }
}

/// Checks licences, sources and advisories of dependencies.
pub(crate) fn deny() -> Tool {
    let version = "0.20.2";
    let site = "https://github.com/EmbarkStudios/cargo-deny/releases/download";
    Tool {
        package: "cargo-deny",
        version: version.into(),
        programs: &["cargo-deny"],
        install: &["--locked"],
        minutes: 6,
        release: musl().map(|host| format!("{site}/{version}/cargo-deny-{version}-{host}.tar.gz")),
    }
}

/// Checks spelling.
pub(crate) fn typos() -> Tool {
    let version = "1.52.0";
    let site = "https://github.com/crate-ci/typos/releases/download";
    Tool {
        package: "typos-cli",
        version: version.into(),
        programs: &["typos"],
        install: &["--locked"],
        minutes: 2,
        release: musl().map(|host| format!("{site}/v{version}/typos-v{version}-{host}.tar.gz")),
    }
}

/// In the version of the library that the page is linked with, as it insists.
fn wasm_bindgen() -> Result<Tool> {
    let version = stamp::locked_version("wasm-bindgen")?;
    let site = "https://github.com/wasm-bindgen/wasm-bindgen/releases/download";
    let release =
        musl().map(|host| format!("{site}/{version}/wasm-bindgen-{version}-{host}.tar.gz"));
    let programs = &["wasm-bindgen", "wasm-bindgen-test-runner"];
    Ok(Tool {
        package: "wasm-bindgen-cli",
        version,
        programs,
        install: &[],
        minutes: 3,
        release,
    })
}

/// This machine, in the words of releases; none where they are packed in another way.
fn host() -> Option<String> {
    let version = work::output(work::command("rustc").arg("-vV"))?;
    let host = version
        .lines()
        .find_map(|line| line.strip_prefix("host: "))?;
    (!host.contains("windows")).then(|| host.to_owned())
}

/// The same, where programs for Linux are linked with musl.
fn musl() -> Option<String> {
    host().map(|host| host.replace("linux-gnu", "linux-musl"))
}

/// The compiler's own libraries for WebAssembly.
fn target() -> Result<()> {
    let query = ["--print", "target-libdir", "--target", WASM];
    let folder = work::output(work::command("rustc").args(query)).unwrap_or_default();
    if Path::new(folder.trim()).is_dir() {
        return Ok(());
    }
    ensure!(
        work::installed("rustup"),
        "this Rust has no {WASM}: install that target with whatever installed Rust, \
         or Rust by https://rustup.rs"
    );
    say(&format!("rustup target add {WASM} (some 20 MB)"));
    work::run(work::command("rustup").args(["target", "add", WASM]))
}

impl Tool {
    /// The folder to put on PATH; none where PATH has the right version already.
    pub(crate) fn ensure(&self) -> Result<Option<PathBuf>> {
        let bin = self.home()?.join("bin");
        if self.is_in(&bin) {
            return Ok(Some(bin));
        }
        if self.is_in(Path::new("")) {
            return Ok(None);
        }
        let partial = self.partial()?;
        if self.download(&partial).is_none() {
            self.build(&partial)?;
        }
        ensure!(
            self.is_in(&partial.join("bin")),
            "{} was installed into {}, but does not run there as version {}",
            self.package,
            partial.display(),
            self.version
        );
        self.put_in_place(&partial)?;
        Ok(Some(bin))
    }

    /// Its first program: the one on PATH in any version, else ours, which is fetched where that is possible.
    pub(crate) fn ready(&self) -> Result<Option<PathBuf>> {
        let Some(program) = self.programs.first().map(Path::new) else {
            return Ok(None);
        };
        if work::installed(&program.to_string_lossy()) {
            return Ok(Some(program.to_owned()));
        }
        let home = self.home()?;
        if !self.is_in(&home.join("bin")) {
            let partial = self.partial()?;
            if self.download(&partial).is_none() {
                let _ = fs::remove_dir_all(&partial);
                return Ok(None);
            }
            self.put_in_place(&partial)?;
        }
        Ok(Some(work::executable(&home.join("bin").join(program))))
    }

    /// Its first program, fetched or built where it is missing.
    pub(crate) fn program(&self) -> Result<PathBuf> {
        let name = Path::new(self.programs.first().copied().unwrap_or(self.package));
        Ok(match self.ensure()? {
            Some(folder) => work::executable(&folder.join(name)),
            None => work::executable(name),
        })
    }

    /// Where it is kept.
    fn home(&self) -> Result<PathBuf> {
        Ok(places::tools()?.join(format!("{}-{}", self.package, self.version)))
    }

    /// An empty folder beside its place. It is moved there whole, so that a broken attempt leaves nothing.
    fn partial(&self) -> Result<PathBuf> {
        let partial = places::tools()?.join(format!("{}-{}.partial", self.package, self.version));
        let _ = fs::remove_dir_all(&partial);
        fs::create_dir_all(partial.join("bin"))
            .with_context(|| format!("could not make {}", partial.display()))?;
        Ok(partial)
    }

    fn put_in_place(&self, partial: &Path) -> Result<()> {
        let home = self.home()?;
        let _ = fs::remove_dir_all(&home);
        fs::rename(partial, &home)
            .with_context(|| format!("could not move {} into place", partial.display()))
    }

    /// Whether all programs are in this folder, or on PATH for the empty one, in our version.
    fn is_in(&self, bin: &Path) -> bool {
        self.programs.iter().all(|program| {
            let program = work::executable(&bin.join(program));
            let version = work::output(work::command(program).arg("--version"));
            version.is_some_and(|text| text.split_whitespace().any(|word| word == self.version))
        })
    }

    /// Fetches the release and unpacks its programs; none where the network does not have it.
    fn download(&self, into: &Path) -> Option<()> {
        let release = self.release.as_deref()?;
        say(&format!(
            "looking for a ready {} {} at {release}",
            self.package, self.version
        ));
        let archive = into.join("release.tar.gz");
        let limits = [
            "--connect-timeout",
            "5",
            "--max-time",
            "180",
            "--retry",
            "1",
        ];
        let mut curl = work::command("curl");
        curl.args([
            "--fail",
            "--silent",
            "--location",
            "--proto",
            "=https",
            "--proto-redir",
            "=https",
        ]);
        work::output(curl.args(limits).arg(release).arg("--output").arg(&archive))?;
        work::output(
            work::command("tar")
                .arg("-xzf")
                .arg(&archive)
                .arg("-C")
                .arg(into),
        )?;
        for path in work::files(into).ok()? {
            let name = path.file_name()?;
            if self.programs.iter().any(|program| *name == **program) {
                fs::rename(&path, into.join("bin").join(name)).ok()?;
            }
        }
        fs::remove_file(archive).ok()?;
        self.is_in(&into.join("bin")).then_some(())
    }

    fn build(&self, into: &Path) -> Result<()> {
        say(&format!(
            "building {} {} from crates.io: about {} minutes on two cores, once for this machine",
            self.package, self.version, self.minutes
        ));
        let tools = places::tools()?;
        let mut install: Command = work::cargo();
        install.current_dir(&tools);
        install.args([
            "install",
            self.package,
            "--version",
            &format!("={}", self.version),
        ]);
        install
            .args(self.install)
            .args(["--force", "--no-track", "--root"])
            .arg(into);
        // They run for seconds: what counts is how long they take to build.
        install.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1");
        install.env("CARGO_PROFILE_RELEASE_LTO", "off");
        install.env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "256");
        // So that Cargo does not advise to put that folder on PATH.
        install.env("PATH", work::path_with(&[into.join("bin")])?);
        // One folder for all of them, since they share most of what they are made of.
        install.env("CARGO_TARGET_DIR", tools.join("build"));
        work::run(&mut install).with_context(|| {
            format!(
                "{} {} could neither be fetched nor built",
                self.package, self.version
            )
        })
    }
}
