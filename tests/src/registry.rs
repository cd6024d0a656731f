//! Debian's `docker-registry` (distribution) on a free loopback port, filled by `skopeo`.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use onionskin_fixtures::{Blob, Packed};
use tempfile::TempDir;

/// The user that a registry with a password lets in.
pub const USER: &str = "reader";
/// That user's password.
pub const PASSWORD: &str = "wordpass";
/// bcrypt of it, at the lowest cost.
const HTPASSWD: &str = "reader:$2b$04$onionskinonionskinonieEMeAqgVnvPqdoPLLlukex3lSTF9ZiZ.\n";

/// The file of the requests that came.
const REQUESTS: &str = "requests.log";

/// A running registry. It ends, and its storage goes, when this is dropped.
pub struct Registry {
    process: Child,
    address: String,
    folder: TempDir,
    password: bool,
}

impl Registry {
    /// Starts an empty registry that lets everybody in.
    pub fn start() -> Self {
        Self::run(false, "")
    }

    /// Starts an empty registry that lets everybody in, and pages of this origin read its answers.
    pub fn for_pages(origin: &str) -> Self {
        let headers = format!(
            ", headers: {{Access-Control-Allow-Origin: ['{origin}'], Access-Control-Allow-Methods: ['GET, HEAD'], \
             Access-Control-Allow-Headers: ['Accept, Authorization, Range'], \
             Access-Control-Expose-Headers: ['Docker-Content-Digest, Link, WWW-Authenticate']}}"
        );
        Self::run(false, &headers)
    }

    /// Starts an empty registry that lets only [`USER`] with [`PASSWORD`] in.
    pub fn with_password() -> Self {
        Self::run(true, "")
    }

    fn run(password: bool, headers: &str) -> Self {
        // It waits for its disk after every blob, so it is given memory for one where there is any.
        let folder = TempDir::new_in("/dev/shm").or_else(|_| TempDir::new());
        let folder = folder.unwrap();
        let htpasswd = folder.path().join("htpasswd");
        fs::write(&htpasswd, HTPASSWD).unwrap();
        let auth = if password {
            format!(
                "auth: {{htpasswd: {{realm: tests, path: {}}}}}\n",
                htpasswd.display()
            )
        } else {
            String::new()
        };
        let storage = folder.path().join("storage");
        let config = format!(
            "version: 0.1\nstorage: {{filesystem: {{rootdirectory: {}}}}}\nhttp: {{addr: '127.0.0.1:0', secret: tests{headers}}}\n{auth}",
            storage.display()
        );
        let file = folder.path().join("config.yml");
        fs::write(&file, config).unwrap();
        let mut process = Command::new("docker-registry")
            .arg("serve")
            .arg(&file)
            .stdout(fs::File::create(folder.path().join(REQUESTS)).unwrap())
            .stderr(Stdio::piped())
            .spawn()
            .expect("docker-registry is installed");
        let log = BufReader::new(process.stderr.take().unwrap());
        Self {
            address: listening_address(log),
            process,
            folder,
            password,
        }
    }

    /// `127.0.0.1:PORT`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The requests that came so far, a line each, as the registry logs them.
    pub fn requests(&self) -> Vec<String> {
        let log = fs::read_to_string(self.folder.path().join(REQUESTS));
        log.unwrap().lines().map(str::to_owned).collect()
    }

    /// Gives what a tag of a repository names a second tag, in the registry's storage.
    pub fn tag(&self, repository: &str, tag: &str, second: &str) {
        let repositories = "storage/docker/registry/v2/repositories";
        let tags = self.folder.path().join(repositories).join(repository);
        let tags = tags.join("_manifests/tags");
        let to = tags.join(second).join("current");
        fs::create_dir_all(&to).unwrap();
        fs::copy(tags.join(tag).join("current/link"), to.join("link")).unwrap();
    }

    /// Pushes an image made by us as `NAME:TAG`, by skopeo; returns the reference with the registry's address.
    pub fn push(&self, name: &str, image: &Packed) -> String {
        self.push_folder(name, &image.manifest, std::slice::from_ref(image))
    }

    /// Pushes an index, as `NAME:TAG`, with the images that it lists; returns the reference with the registry's
    /// address.
    pub fn push_index(&self, name: &str, index: &Blob, images: &[Packed]) -> String {
        self.push_folder(name, index, images)
    }

    /// By way of a folder in the form that skopeo calls `dir:`, which holds documents of either family as they are.
    fn push_folder(&self, name: &str, top: &Blob, images: &[Packed]) -> String {
        let folder = TempDir::new_in(self.folder.path()).unwrap();
        let write = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
        write("version", b"Directory Transport Version: 1.1\n");
        write("manifest.json", &top.bytes);
        for image in images {
            write(
                &format!("{}.manifest.json", image.manifest.hex()),
                &image.manifest.bytes,
            );
            image
                .blobs()
                .for_each(|blob| write(blob.hex(), &blob.bytes));
        }
        let reference = format!("{}/{name}", self.address);
        self.skopeo_copy(&format!("dir:{}", folder.path().display()), &reference);
        reference
    }

    /// Pushes the image `tag` of an OCI layout folder as `NAME:TAG`; returns the reference with the registry's
    /// address.
    pub fn push_layout(&self, layout: &Path, tag: &str, name: &str) -> String {
        let reference = format!("{}/{name}", self.address);
        self.skopeo_copy(&format!("oci:{}:{tag}", layout.display()), &reference);
        reference
    }

    /// Copies an image from anywhere that skopeo knows, byte for byte, to `reference` in this registry.
    pub fn skopeo_copy(&self, from: &str, reference: &str) {
        let mut skopeo = Command::new("skopeo");
        skopeo.args([
            "copy",
            "--quiet",
            "--all",
            "--preserve-digests",
            "--dest-tls-verify=false",
        ]);
        if self.password {
            skopeo.arg(format!("--dest-creds={USER}:{PASSWORD}"));
        }
        let output = skopeo
            .arg(from)
            .arg(format!("docker://{reference}"))
            .output()
            .expect("skopeo is installed");
        assert!(
            output.status.success(),
            "skopeo: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to do.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The address in the log's line `listening on 127.0.0.1:PORT`. The rest of the log is read and dropped, lest the
/// registry waits for room to write it.
fn listening_address(mut log: impl BufRead + Send + 'static) -> String {
    let mut seen = String::new();
    loop {
        let start = seen.len();
        let read = log.read_line(&mut seen).unwrap();
        assert!(read > 0, "docker-registry ended: {seen}");
        let line = seen.get(start..).unwrap_or_default();
        if let Some((_, rest)) = line.split_once("listening on ") {
            let is_address = |c: char| c.is_ascii_digit() || matches!(c, '.' | ':');
            let address: String = rest.chars().take_while(|c| is_address(*c)).collect();
            std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
            return address;
        }
    }
}
