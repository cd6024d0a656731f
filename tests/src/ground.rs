//! A folder with saved images and rules, in which `onionskin audit` runs.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use onionskin_fixtures::Packed;
use onionskin_fixtures::write::{Generation, docker_archive, oci_archive};
use serde_json::Value;
use tempfile::TempDir;

use crate::binary::onionskin;

/// The folder; it goes when this is dropped.
pub struct Ground(TempDir);

impl Default for Ground {
    fn default() -> Self {
        Self(tempfile::tempdir().unwrap())
    }
}

impl Ground {
    /// Where it is.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Writes a file of it.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path().join(name), content).unwrap();
    }

    /// Writes an image as an OCI archive.
    pub fn save(&self, file: &str, name: &str, image: &Packed) {
        self.write(file, oci_archive(&[(name, image)]));
    }

    /// The command, to be run in the folder.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(onionskin());
        command
            .arg("audit")
            .args(arguments)
            .current_dir(self.path());
        command
    }

    /// Runs the command, however it ends.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs the command, which has to end with this code, and returns what it prints. On standard error there
    /// is something only where it was stopped.
    pub fn ends(&self, code: i32, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {errors}");
        assert_eq!(errors.is_empty(), code != 2, "{arguments:?}: {errors}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// The same, as JSON.
    pub fn json(&self, code: i32, arguments: &[&str]) -> Value {
        let all = [arguments, &["--format", "json"]].concat();
        serde_json::from_str(&self.ends(code, &all)).unwrap()
    }

    /// Runs the command, which has to stop, and returns its line of error.
    pub fn stops(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        String::from_utf8(output.stderr).unwrap()
    }
}

/// The image as `app:1` in a file of `docker save`, and where that is. It goes with the folder.
pub fn archive(image: &Packed) -> (TempDir, String) {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("app.tar");
    let archive = docker_archive(Generation::Blobs, &[("app:1", image)]);
    fs::write(&file, archive).unwrap();
    let path = file.display().to_string();
    (folder, path)
}
