//! Packages of a real Debian: those that every installation has, as they stand on the machine that runs the tests.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use onionskin_tests::command::json;
use serde_json::{Value, json};
use tempfile::TempDir;

/// A package that the tests themselves need, and that is not among those of every installation.
const ONE_MORE: &str = "zstd";

const DATABASE: &str = "var/lib/dpkg";

/// Runs a tool, which has to end well, and returns what it prints.
fn tool(command: &mut Command) -> String {
    let output = command.stderr(Stdio::inherit()).output().unwrap();
    assert!(output.status.success(), "{command:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn query(arguments: &[&str]) -> String {
    tool(Command::new("dpkg-query").args(arguments))
}

/// Packages as dpkg calls them, with the architecture where it does.
fn of_every_installation() -> Vec<String> {
    let format = "${Essential} ${Priority} ${binary:Package}\n";
    let all = query(&["-W", "-f", format]);
    let words = all.lines().map(|line| line.split(' ').collect::<Vec<_>>());
    let chosen = words.filter(|words| words[0] == "yes" || words[1] == "required");
    chosen.map(|words| words[2].to_owned()).collect()
}

/// Where the files of a package are on this machine, links among their folders followed, as paths below the root. Those
/// that were left out when it was installed are not among them.
fn files(package: &str) -> BTreeSet<PathBuf> {
    let listed = query(&["-L", package]);
    let listed = listed.lines().filter(|path| *path != "/.");
    let real = listed.filter_map(|path| {
        let path = Path::new(path);
        let folder = fs::canonicalize(path.parent()?).ok()?;
        let real = folder.join(path.file_name()?);
        fs::symlink_metadata(&real).ok()?;
        Some(real.strip_prefix("/").unwrap().to_owned())
    });
    real.collect()
}

/// What dpkg keeps of a package beside its status.
fn notes(package: &str) -> BTreeSet<PathBuf> {
    let folder = Path::new(DATABASE).join("info");
    let all = fs::read_dir(Path::new("/").join(&folder)).unwrap();
    let names = all.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let of_package = names.filter(|name| {
        let rest = name.strip_prefix(package);
        rest.and_then(|rest| rest.strip_prefix('.'))
            .is_some_and(|kind| !kind.contains('.'))
    });
    of_package.map(|name| folder.join(name)).collect()
}

/// Saves an image of one layer with these packages, made by tar of this machine's files, and of a database that knows
/// of these packages only.
fn save(folder: &Path, name: &str, packages: &[String]) -> String {
    let work = folder.join(name);
    let database = work.join(DATABASE);
    fs::create_dir_all(&database).unwrap();
    let names: Vec<&str> = packages.iter().map(String::as_str).collect();
    let status = query(&[&["-s"][..], &names].concat());
    fs::write(database.join("status"), status).unwrap();
    let mut paths = BTreeSet::new();
    for package in packages {
        paths.extend(files(package));
        paths.extend(notes(package));
    }
    let list: Vec<String> = (paths.iter())
        .map(|path| format!("{}\n", path.to_str().unwrap()))
        .collect();
    fs::write(work.join("list"), list.concat()).unwrap();
    let layer = work.join("layer.tar");
    let mut tar = Command::new("tar");
    tar.arg("-cf")
        .arg(&layer)
        .args(["--no-recursion", "-C", "/", "-T"]);
    tar.arg(work.join("list")).arg("-C").arg(&work);
    tool(tar.arg(format!("{DATABASE}/status")));
    let digest = tool(Command::new("sha256sum").arg(&layer));
    let diff_id = format!("sha256:{}", digest.split(' ').next().unwrap());
    let config = json!({
        "architecture": "amd64", "os": "linux", "config": {},
        "rootfs": { "type": "layers", "diff_ids": [diff_id] }
    });
    let manifest = json!([
        { "Config": "config.json", "RepoTags": [format!("debian:{name}")], "Layers": ["layer.tar"] }
    ]);
    fs::write(work.join("config.json"), config.to_string()).unwrap();
    fs::write(work.join("manifest.json"), manifest.to_string()).unwrap();
    let file = folder.join(format!("{name}.tar"));
    let mut tar = Command::new("tar");
    tar.arg("-cf").arg(&file).arg("-C").arg(&work);
    tool(tar.args(["manifest.json", "config.json", "layer.tar"]));
    file.to_str().unwrap().to_owned()
}

/// Bytes of the regular files of a package; those with several names count once.
fn bytes(package: &str) -> u64 {
    let mut counted = HashSet::new();
    let standing = files(package)
        .into_iter()
        .map(|path| fs::symlink_metadata(Path::new("/").join(path)).unwrap());
    let regular = standing.filter(fs::Metadata::is_file);
    let once = regular.filter(|file| counted.insert((file.dev(), file.ino())));
    once.map(|file| file.len()).sum()
}

fn version(package: &str) -> String {
    query(&["-W", "-f", "${Version}", package])
}

/// Its name without the architecture.
fn name(package: &str) -> String {
    package.split(':').next().unwrap().to_owned()
}

#[tokio::test]
async fn the_packages_of_every_installation_are_those_of_dpkg() {
    let folder = TempDir::new().unwrap();
    let packages = of_every_installation();
    assert!(packages.len() > 20, "{packages:?}");
    let file = save(folder.path(), "all", &packages);
    let report = json(&["packages", &file]).await;
    let told: BTreeMap<String, Value> = (report["packages"].as_array().unwrap().iter())
        .filter(|package| package["type"] == "deb")
        .map(|package| {
            let facts = json!([package["version"], package["bytes"]]);
            (package["name"].as_str().unwrap().to_owned(), facts)
        })
        .collect();
    let expected: BTreeMap<String, Value> = (packages.iter())
        .map(|package| (name(package), json!([version(package), bytes(package)])))
        .collect();
    assert_eq!(told, expected);
}

/// Two builds, the second with one package more: nothing else is named, but for dpkg's list of packages.
#[tokio::test]
async fn one_package_more_is_all_that_differs() {
    let folder = TempDir::new().unwrap();
    let mut packages = of_every_installation();
    let old = save(folder.path(), "old", &packages);
    packages.push(ONE_MORE.to_owned());
    let new = save(folder.path(), "new", &packages);
    let report = json(&["diff", &old, &new]).await;
    let version = version(ONE_MORE);
    assert_eq!(
        report["packages"],
        json!([{
            "type": "deb", "name": ONE_MORE, "old": null, "new": version, "bytes": bytes(ONE_MORE)
        }])
    );
    assert_eq!(report["config"], json!([]));
    let others: BTreeSet<PathBuf> = (packages.iter())
        .filter(|package| *package != ONE_MORE)
        .flat_map(|package| files(package))
        .collect();
    let mut expected: BTreeSet<(String, PathBuf)> = files(ONE_MORE)
        .difference(&others)
        .chain(&notes(ONE_MORE))
        .map(|path| ("added".to_owned(), Path::new("/").join(path)))
        .collect();
    let status = Path::new("/").join(DATABASE).join("status");
    expected.insert(("changed".to_owned(), status));
    let told: BTreeSet<(String, PathBuf)> = (report["files"].as_array().unwrap().iter())
        .map(|file| {
            let text = |key: &str| file[key].as_str().unwrap().to_owned();
            (text("change"), text("path").into())
        })
        .collect();
    assert_eq!(told, expected);
}
