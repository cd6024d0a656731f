//! The examples of docs/operations.md: nginx and Caddy in front of a server, and the systemd unit, run as they are written.

use std::collections::BTreeMap;
use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE;
use onionskin_core::digest::Digest;
use onionskin_tests::binary::{host, onionskin, serve};
use onionskin_tests::odd::{Odd, ok, status};
use tokio::process::{Child, Command};

/// What stands in the document, and is replaced by what there is here.
const NAME: &str = "onionskin.example.com";
const SERVER: &str = "127.0.0.1:8080";

fn document() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/operations.md");
    fs::read_to_string(path).unwrap()
}

/// The block of code below a heading, and what follows it up to the next heading.
fn example(document: &str, heading: &str) -> (String, String) {
    let (_, section) = document.split_once(&format!("\n## {heading}\n")).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let (_, block) = section.split_once("```").unwrap();
    let (_, block) = block.split_once('\n').unwrap();
    let (block, rest) = block.split_once("\n```").unwrap();
    (format!("{block}\n"), rest.to_owned())
}

/// Replaces what has to be there exactly once.
fn with(text: &str, from: &str, to: &str) -> String {
    assert_eq!(text.matches(from).count(), 1, "{from} in {text}");
    text.replace(from, to)
}

/// A server as the document starts it behind a proxy, in front of `odd`.
async fn behind(rest: &str, odd: &Odd) -> (Child, String) {
    let (_, command) = rest.split_once("`onionskin serve ").unwrap();
    let command = command.split('`').next().unwrap();
    let registry = format!("odd=http://{}", odd.address);
    let mut arguments: Vec<&str> = command.split(' ').collect();
    arguments.extend(["--no-credentials", "--registry", &registry]);
    let (child, [address, _]) = serve(&arguments).await;
    (child, host(&address).to_owned())
}

/// A program in front of the server, with the certificate of its name.
struct Proxy {
    address: SocketAddr,
    certificate: String,
    folder: tempfile::TempDir,
}

impl Proxy {
    /// A port that was free a moment ago, and files for the proxy.
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let made = rcgen::generate_simple_self_signed([NAME.to_owned()]).unwrap();
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("cert.pem"), made.cert.pem()).unwrap();
        fs::write(
            folder.path().join("key.pem"),
            made.signing_key.serialize_pem(),
        )
        .unwrap();
        Self {
            address: listener.local_addr().unwrap(),
            certificate: made.cert.pem(),
            folder,
        }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    /// Starts a program, which Debian has in a package.
    fn start(&self, program: &str, package: &str, arguments: &[&str]) -> Child {
        // Where Debian keeps servers is not on everybody's PATH.
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
        folders.push("/usr/sbin".into());
        let mut paths = folders.iter().map(|folder| folder.join(program));
        let Some(found) = paths.find(|path| path.is_file()) else {
            panic!("{program} is not installed; on Debian: apt-get install {package}");
        };
        Command::new(found)
            .args(arguments)
            .env("HOME", self.folder.path())
            .env("XDG_DATA_HOME", self.folder.path())
            .env("XDG_CONFIG_HOME", self.folder.path())
            .current_dir(self.folder.path())
            .stdout(Stdio::null())
            .stderr(fs::File::create(self.path("log")).unwrap())
            .kill_on_drop(true)
            .spawn()
            .unwrap()
    }

    fn client(&self) -> reqwest::Client {
        let known = reqwest::Certificate::from_pem(self.certificate.as_bytes()).unwrap();
        let client = reqwest::Client::builder().tls_certs_only([known]);
        let client = client.no_proxy().resolve(NAME, self.address);
        client.timeout(Duration::from_secs(20)).build().unwrap()
    }

    fn url(&self, path: &str) -> String {
        format!("https://{NAME}:{}{path}", self.address.port())
    }

    /// Waits until it answers.
    async fn is_up(&self, child: &mut Child) {
        let log = || fs::read_to_string(self.path("log")).unwrap_or_default();
        let up = async {
            while self
                .client()
                .get(self.url("/healthz"))
                .send()
                .await
                .is_err()
            {
                if let Some(ended) = child.try_wait().unwrap() {
                    panic!("it ended with {ended}: {}", log());
                }
                tokio::task::yield_now().await;
            }
        };
        let up = tokio::time::timeout(Duration::from_secs(30), up).await;
        up.unwrap_or_else(|_| panic!("it does not answer: {}", log()));
    }
}

/// A registry whose blobs need the log-in of a visitor where their repository is private.
async fn registry(blob: &[u8]) -> Odd {
    let sent = blob.to_vec();
    Odd::new(
        move |target, authorization| match (target.contains("/private/"), authorization) {
            (true, None) => status(401, &[("www-authenticate", "Basic realm=\"tests\"")], ""),
            _ => ok("application/octet-stream", sent.clone()),
        },
    )
    .await
}

/// The page, a blob, a visitor's log-in and the ID of a request come through a proxy.
async fn comes_through(proxy: &Proxy, blob: &[u8]) {
    let get = async |path: &str, headers: &[(&str, &str)]| {
        let mut request = proxy.client().get(proxy.url(path));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.send().await.unwrap();
        let headers = answer.headers().clone();
        let status = answer.status().as_u16();
        (status, headers, answer.bytes().await.unwrap())
    };
    let (status, headers, page) = get("/", &[]).await;
    assert_eq!(status, 200);
    assert!(String::from_utf8_lossy(&page).contains("Onionskin"));
    assert!(headers.contains_key("content-security-policy"));
    assert!(headers.contains_key("x-request-id"));
    let digest = Digest::sha256(blob);
    let path = format!("/v2/odd/app/blobs/{digest}");
    // As browsers and tools ask for it, so that a proxy that compresses would.
    let (status, headers, body) = get(&path, &[("accept-encoding", "gzip, br")]).await;
    assert_eq!(status, 200);
    assert!(body == blob && !headers.contains_key("content-encoding"));
    assert_eq!(headers["content-length"], blob.len().to_string());
    // It came by TLS, as the proxy says, whatever the client says.
    let private = format!("/v2/odd/private/blobs/{digest}");
    let login = serde_json::json!({
        "username": "alice", "password": "secret", "serveraddress": "odd",
    });
    let login = BASE64_URL_SAFE.encode(login.to_string());
    assert_eq!(get(&private, &[]).await.0, 403);
    let headers = [("x-registry-auth", &*login), ("x-forwarded-proto", "http")];
    assert_eq!(get(&private, &headers).await.0, 200);
}

fn large() -> Vec<u8> {
    // Compressible, and more than a proxy buffers.
    b"a layer".repeat(1 << 19)
}

#[tokio::test]
async fn nginx_is_set_up_as_the_document_says() {
    let (block, rest) = example(&document(), "Behind nginx");
    let blob = large();
    let odd = registry(&blob).await;
    let (_server, server) = behind(&rest, &odd).await;
    let proxy = Proxy::new();
    let block = with(
        &block,
        "listen 443 ssl",
        &format!("listen {} ssl", proxy.address),
    );
    let block = with(&block, SERVER, &server);
    let block = with(&block, "/etc/ssl/onionskin.pem", &proxy.path("cert.pem"));
    let block = with(&block, "/etc/ssl/onionskin.key", &proxy.path("key.pem"));
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(|name| {
        let folder = proxy.path(name);
        format!("{name}_temp_path {folder};\n")
    });
    // One process, so that it ends with the test.
    let whole = format!(
        "daemon off;\nmaster_process off;\npid {};\nerror_log stderr;\nevents {{}}\nhttp {{\naccess_log off;\n{}{block}}}\n",
        proxy.path("pid"),
        temporary.concat()
    );
    let config = proxy.path("nginx.conf");
    fs::write(&config, whole).unwrap();
    let prefix = proxy.path("");
    let arguments = ["-p", &prefix, "-c", &config, "-e", "stderr"];
    let mut nginx = proxy.start("nginx", "nginx-light", &arguments);
    proxy.is_up(&mut nginx).await;
    comes_through(&proxy, &blob).await;
}

#[tokio::test]
async fn caddy_is_set_up_as_the_document_says() {
    let (block, rest) = example(&document(), "Behind Caddy");
    let blob = large();
    let odd = registry(&blob).await;
    let (_server, server) = behind(&rest, &odd).await;
    let proxy = Proxy::new();
    let block = with(&block, SERVER, &server);
    // Caddy would get a certificate from an authority.
    let site = format!("{NAME} {{\n");
    let tls = format!("tls {} {}", proxy.path("cert.pem"), proxy.path("key.pem"));
    let block = with(&block, &site, &format!("{site}    {tls}\n"));
    let whole = format!(
        "{{\n    admin off\n    auto_https disable_redirects\n    https_port {}\n    default_bind 127.0.0.1\n}}\n{block}",
        proxy.address.port()
    );
    let config = proxy.path("Caddyfile");
    fs::write(&config, whole).unwrap();
    let arguments = ["run", "--config", &config, "--adapter", "caddyfile"];
    let mut caddy = proxy.start("caddy", "caddy", &arguments);
    proxy.is_up(&mut caddy).await;
    comes_through(&proxy, &blob).await;
}

/// The settings of a unit, by section and name.
fn settings(unit: &str) -> BTreeMap<(String, String), Vec<String>> {
    let mut section = String::new();
    let mut found = BTreeMap::<_, Vec<String>>::new();
    for line in unit.lines().filter(|line| !line.is_empty()) {
        match line.strip_prefix('[') {
            Some(name) => section = name.trim_end_matches(']').to_owned(),
            None => {
                let (key, value) = line.split_once('=').unwrap();
                let key = (section.clone(), key.to_owned());
                found.entry(key).or_default().push(value.to_owned());
            }
        }
    }
    found
}

/// All settings that the unit may have: systemd only warns of one that it does not know.
const KNOWN: [(&str, &[&str]); 3] = [
    ("Unit", &["Description", "After", "Wants"]),
    (
        "Service",
        &[
            "ExecStart",
            "DynamicUser",
            "CacheDirectory",
            "Environment",
            "LoadCredential",
            "LimitNOFILE",
            "MemoryMax",
            "TimeoutStopSec",
            "Restart",
            "NoNewPrivileges",
            "ProtectSystem",
            "ProtectHome",
            "PrivateTmp",
            "PrivateDevices",
            "ProtectKernelTunables",
            "ProtectControlGroups",
            "RestrictAddressFamilies",
            "RestrictNamespaces",
            "MemoryDenyWriteExecute",
            "SystemCallArchitectures",
            "CapabilityBoundingSet",
        ],
    ),
    ("Install", &["WantedBy"]),
];

#[tokio::test]
async fn the_systemd_unit_is_one_and_starts_the_server() {
    let (unit, rest) = example(&document(), "As a systemd unit");
    // The same with what is added for credentials.
    let mut added = rest.split('`').skip(1).step_by(2);
    let load = added
        .find(|code| code.starts_with("LoadCredential="))
        .unwrap();
    let environment = added.find(|code| code.starts_with("Environment=")).unwrap();
    let with_credentials = with(&unit, " --no-credentials", "");
    let with_credentials = with(
        &with_credentials,
        "DynamicUser=yes\n",
        &format!("DynamicUser=yes\n{load}\n{environment}\n"),
    );
    for unit in [&unit, &with_credentials] {
        let settings = settings(unit);
        for (section, key) in settings.keys() {
            let known = KNOWN.iter().find(|(name, _)| name == section);
            let (_, keys) = known.unwrap_or_else(|| panic!("[{section}]"));
            assert!(keys.contains(&key.as_str()), "[{section}] {key}");
        }
        // systemd has no more time to wait than the server takes.
        let seconds = &settings[&("Service".to_owned(), "TimeoutStopSec".to_owned())];
        assert!(seconds[0].parse::<u64>().unwrap() > 8);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("onionskin.service");
        let here = onionskin().to_str().unwrap();
        fs::write(&file, with(unit, "/usr/local/bin/onionskin", here)).unwrap();
        let verify = Command::new("systemd-analyze")
            .args(["verify", "--man=no", file.to_str().unwrap()])
            .output()
            .await;
        // Not every system has it.
        if let Ok(verify) = verify {
            let said = String::from_utf8_lossy(&verify.stderr).into_owned();
            assert!(verify.status.success(), "{said}");
            assert!(!said.contains("onionskin.service"), "{said}");
        }
    }
    // The command of the unit, on free ports.
    let settings = settings(&unit);
    let command = &settings[&("Service".to_owned(), "ExecStart".to_owned())][0];
    let command = command
        .strip_prefix("/usr/local/bin/onionskin serve ")
        .unwrap();
    let command = with(command, &format!("--listen {SERVER} "), "");
    let command = with(&command, " --metrics-listen 127.0.0.1:9464", "");
    let arguments: Vec<&str> = command.split(' ').collect();
    let (_child, [address, metrics]) = serve(&arguments).await;
    let client = reqwest::Client::builder().tls_certs_only([]).no_proxy();
    let client = client.build().unwrap();
    for url in [format!("{address}readyz"), metrics] {
        assert_eq!(client.get(url).send().await.unwrap().status(), 200);
    }
}
