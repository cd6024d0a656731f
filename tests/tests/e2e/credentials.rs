//! Logging in with what Docker and podman keep: files and helpers, for the command and for the gateway.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Output, Stdio};
use std::sync::{Arc, Mutex};

use onionskin_core::source::Keychain;
use onionskin_fixtures::{Image, Packed, bytes, gzip, layer};
use onionskin_gateway::{Gateway, GatewayOptions};
use onionskin_tests::binary::onionskin;
use onionskin_tests::odd::{Odd, ok, serve, sound, status};
use onionskin_tests::{PASSWORD, Registry, USER};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// A home with no credentials in it but those that a test puts there.
struct Home(TempDir);

impl Home {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn file(&self, path: &str, content: &str) {
        let path = self.0.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// A helper that knows one registry.
    fn helper(&self, name: &str, key: &str) {
        let script = format!(
            "#!/bin/sh\nread key\nif [ \"$1\" = get ] && [ \"$key\" = '{key}' ]; then\n\
             echo '{{\"ServerURL\":\"x\",\"Username\":\"{USER}\",\"Secret\":\"{PASSWORD}\"}}'\n\
             else echo 'credentials not found in native keychain'; exit 1; fi\n"
        );
        let name = format!("bin/docker-credential-{name}");
        self.file(&name, &script);
        let program = self.0.path().join(name);
        fs::set_permissions(program, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// A helper for all registries, which writes down what it is asked for, and then does what `script` says. The file is
    /// `$log` there.
    fn noting_helper(&self, script: &str) -> PathBuf {
        let log = self.0.path().join("log");
        let script = format!(
            "#!/bin/sh\nlog='{}'\nread key\necho \"$key\" >> \"$log\"\n{script}\n",
            log.display()
        );
        self.file("bin/docker-credential-counted", &script);
        let program = self.0.path().join("bin/docker-credential-counted");
        fs::set_permissions(program, fs::Permissions::from_mode(0o755)).unwrap();
        self.file(".docker/config.json", r#"{"credsStore":"counted"}"#);
        log
    }

    async fn run(&self, arguments: &[&str]) -> Output {
        self.run_with(arguments, &[]).await
    }

    async fn run_with(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
        let mut command = self.command(arguments);
        command.envs(environment.iter().copied());
        command.output().await.unwrap()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let path = std::env::var("PATH").unwrap();
        let mut command = Command::new(onionskin());
        for variable in [
            "DOCKER_AUTH_CONFIG",
            "DOCKER_CONFIG",
            "REGISTRY_AUTH_FILE",
            "XDG_CONFIG_HOME",
        ] {
            command.env_remove(variable);
        }
        command
            .args(arguments)
            .env("HOME", self.0.path())
            .env("XDG_RUNTIME_DIR", self.0.path().join("run"))
            .env(
                "PATH",
                format!("{}:{path}", self.0.path().join("bin").display()),
            )
            .kill_on_drop(true);
        command
    }

    /// A server with the credentials of this home, for as long as what comes first is there; its address.
    async fn serve(&self, registries: &[String]) -> (Child, String) {
        let mut arguments = vec!["serve", "--listen", "127.0.0.1:0"];
        for registry in registries {
            arguments.extend(["--registry", registry]);
        }
        let mut command = self.command(&arguments);
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let line = lines.next_line().await.unwrap().unwrap();
        let address = line.split("http://").nth(1).unwrap();
        let address = address.split('/').next().unwrap().to_owned();
        (process, address)
    }

    /// Asserts whether the command gets at the image, and returns what it says on standard error.
    async fn opens(&self, reference: &str, opens: bool) -> String {
        let output = self.run(&["ls", reference]).await;
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.success(), opens, "{errors}");
        assert!(!errors.contains(PASSWORD), "{errors}");
        errors
    }
}

fn app() -> Packed {
    let layer = layer("COPY . /app").file("/app/run", bytes(4_000));
    Image::new().layer(layer).pack()
}

/// `{"auth": …}` of the user of the tests' registry.
fn auth(password: &str) -> String {
    use std::io::Write as _;
    let mut base64 = std::process::Command::new("base64")
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let pair = format!("{USER}:{password}");
    let mut input = base64.stdin.take().unwrap();
    input.write_all(pair.as_bytes()).unwrap();
    drop(input);
    let output = base64.wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    format!(r#"{{"auth":"{}"}}"#, text.trim())
}

#[tokio::test]
async fn files_and_helpers_let_the_command_in() {
    let registry = Registry::with_password();
    let reference = registry.push("team/app:1", &app());
    let address = registry.address();

    let nobody = Home::new();
    let error = nobody.opens(&reference, false).await;
    assert!(error.contains("log-in"), "{error}");

    let good = auth(PASSWORD);
    for (file, key) in [
        (".docker/config.json", address.to_owned()),
        (".docker/config.json", format!("https://{address}/v1/")),
        (".config/containers/auth.json", format!("{address}/team")),
        ("run/containers/auth.json", format!("{address}/team/app")),
    ] {
        let home = Home::new();
        home.file(file, &format!(r#"{{"auths":{{"{key}":{good}}}}}"#));
        home.opens(&reference, true).await;
    }

    let home = Home::new();
    let (wrong, right) = (auth("wrong"), auth(PASSWORD));
    let both = format!(r#"{{"auths":{{"{address}":{wrong},"{address}/team":{right}}}}}"#);
    home.file("run/containers/auth.json", &both);
    home.opens(&reference, true).await;
    home.file(
        ".docker/config.json",
        &format!(r#"{{"auths":{{"{address}":{wrong}}}}}"#),
    );
    let error = home.opens(&reference, false).await;
    assert!(error.contains("credentials given may not read"), "{error}");

    for config in [
        format!(r#"{{"credHelpers":{{"{address}":"known"}},"credsStore":"other"}}"#),
        format!(r#"{{"credsStore":"known","auths":{{"{address}":{{}}}}}}"#),
    ] {
        let home = Home::new();
        home.helper("known", address);
        home.file(".docker/config.json", &config);
        home.opens(&reference, true).await;
    }
}

#[tokio::test]
async fn credentials_that_cannot_be_had_are_told() {
    let registry = Registry::with_password();
    let reference = registry.push("team/app:1", &app());
    let home = Home::new();
    home.helper("known", "another.example.com");
    let tell = async |config: &str, says: &str| {
        home.file(".docker/config.json", config);
        let error = home.opens(&reference, false).await;
        assert!(error.contains(says), "{says}: {error}");
    };
    tell(r#"{"credsStore":"known"}"#, "needs a log-in").await;
    tell(r#"{"credsStore":"../known"}"#, "not the name of a program").await;
    tell("{", ".docker/config.json: it is not a JSON object").await;
    for (name, script, says) in [
        (
            "locked",
            "echo 'the keychain is locked'; exit 1",
            "docker-credential-locked failed: the keychain is locked",
        ),
        (
            "silent",
            "exit 3",
            "docker-credential-silent failed without a message (exit status: 3)",
        ),
    ] {
        let program = format!("bin/docker-credential-{name}");
        home.file(&program, &format!("#!/bin/sh\n{script}\n"));
        let program = home.0.path().join(program);
        fs::set_permissions(program, fs::Permissions::from_mode(0o755)).unwrap();
        tell(&format!(r#"{{"credsStore":"{name}"}}"#), says).await;
    }
}

/// Pipelines have it in a variable (GitLab's documentation, "Use a private registry"; Docker CLI 28).
#[tokio::test]
async fn a_variable_with_the_content_of_such_a_file_comes_first() {
    let registry = Registry::with_password();
    let reference = registry.push("team/app:1", &app());
    let address = registry.address();
    let home = Home::new();
    let with = |password: &str| format!(r#"{{"auths":{{"{address}":{}}}}}"#, auth(password));
    home.file(".docker/config.json", &with("wrong"));
    let opened = async |content: &str| {
        let variable = [("DOCKER_AUTH_CONFIG", content)];
        let output = home.run_with(&["ls", &reference], &variable).await;
        let errors = String::from_utf8(output.stderr).unwrap();
        assert!(!errors.contains(PASSWORD), "{errors}");
        (output.status.success(), errors)
    };
    let (opens, errors) = opened(&with(PASSWORD)).await;
    assert!(opens, "{errors}");
    // One about another registry leaves this one to the files, and an empty one is none.
    home.file(".docker/config.json", &with(PASSWORD));
    for other in [
        r#"{"auths":{"registry.example.com":{"auth":"dTpw"}}}"#,
        "",
        " ",
    ] {
        let (opens, errors) = opened(other).await;
        assert!(opens, "{errors}");
    }
    let (opens, errors) = opened(&format!("{{{PASSWORD}")).await;
    assert!(!opens && errors.contains("DOCKER_AUTH_CONFIG"), "{errors}");
}

#[tokio::test]
async fn a_helper_that_is_not_installed_is_a_warning_and_no_end() {
    let registry = Registry::with_password();
    let reference = registry.push("team/app:1", &app());
    let address = registry.address();
    let missing = r#""credsStore":"none""#;
    let warning = "onionskin: warning: ";
    let names = "docker-credential-none, which keeps the credentials, is not on PATH";

    // Another file has them.
    let home = Home::new();
    home.file(".docker/config.json", &format!("{{{missing}}}"));
    let known = format!(r#"{{"auths":{{"{address}":{}}}}}"#, auth(PASSWORD));
    home.file("run/containers/auth.json", &known);
    let errors = home.opens(&reference, true).await;
    assert!(
        errors.starts_with(warning) && errors.contains(names),
        "{errors}"
    );
    assert_eq!(errors.lines().count(), 1, "{errors}");

    // Nobody has them: then it is asked without, which this registry does not let in.
    let home = Home::new();
    home.file(".docker/config.json", &format!("{{{missing}}}"));
    let errors = home.opens(&reference, false).await;
    assert!(
        errors.contains(names) && errors.contains("needs a log-in"),
        "{errors}"
    );
}

/// A registry that gives tokens to anybody, in the newer of the two fields only.
#[tokio::test]
async fn an_empty_token_beside_a_filled_one_is_passed_over() {
    let own = Arc::new(Mutex::new(String::new()));
    let address = Arc::clone(&own);
    let odd = Odd::new(move |target, authorization| {
        if target.starts_with("/token") {
            // Compressed unasked, as some do with all that is text.
            let token = gzip(br#"{"token":"","access_token":"sesame"}"#);
            let mut response = ok("application/json", token);
            let coding = "gzip".parse().unwrap();
            response.headers_mut().insert("content-encoding", coding);
            return response;
        }
        if authorization == Some("Bearer sesame") {
            return sound(target);
        }
        let realm = format!("http://{}/token", address.lock().unwrap());
        let challenge = format!("Bearer realm=\"{realm}\",service=\"s\"");
        status(401, &[("www-authenticate", &challenge)], "")
    })
    .await;
    own.lock().unwrap().clone_from(&odd.address);
    odd.remote(None).image(None).await.unwrap();
}

#[tokio::test]
async fn the_gateway_asks_as_its_operator_and_only_the_registry_that_it_is_for() {
    let registry = Registry::with_password();
    let image = app();
    registry.push("team/app:1", &image);
    let home = Home::new();
    let file = |key: &str, name: &str| {
        let content = format!(r#"{{"auths":{{"{key}":{}}}}}"#, auth(PASSWORD));
        home.file(name, &content);
        Keychain::of_files(vec![home.0.path().join(name)])
    };
    let asked = async |keychain, registries: &str| {
        let options = GatewayOptions {
            registries: vec![registries.parse().unwrap()],
            keychain,
            ..GatewayOptions::default()
        };
        let gateway = serve(Gateway::new(&options).unwrap().router()).await;
        let name = registries.split('=').next().unwrap();
        let digest = &image.manifest.digest;
        let url = format!("http://{gateway}/v2/{name}/team/app/manifests/{digest}");
        let client = reqwest::Client::builder()
            .tls_certs_only([])
            .build()
            .unwrap();
        let response = client.get(url).send().await.unwrap();
        let caching = response.headers().get("cache-control").cloned();
        (response.status().as_u16(), caching)
    };
    let status = async |keychain, registries: &str| asked(keychain, registries).await.0;
    let team = format!("team=http://{}", registry.address());
    let right = file(registry.address(), "right.json");
    let (found, caching) = asked(Some(right), &team).await;
    assert_eq!(found, 200);
    // What took credentials is not for caches that others share.
    assert!(
        caching
            .unwrap()
            .to_str()
            .unwrap()
            .starts_with("private, max-age=")
    );
    assert_eq!(status(None, &team).await, 403);
    let other = file("registry.example.com", "other.json");
    assert_eq!(status(Some(other), &team).await, 403);
    // A mirror under Docker Hub's name is not Docker Hub.
    let mirror = format!("docker.io=http://{}", registry.address());
    let hub = file("https://index.docker.io/v1/", "hub.json");
    assert_eq!(status(Some(hub), &mirror).await, 403);
}

/// A registry that lets in only those who are `u` with the password `p`.
async fn closed() -> Odd {
    Odd::new(|_, authorization| match authorization {
        Some("Basic dTpw") => ok("application/json", r#"{"tags":["1"]}"#),
        _ => status(401, &[("www-authenticate", "Basic realm=\"x\"")], ""),
    })
    .await
}

/// The status of the answer to a request for the tags of each repository, all at the same time.
async fn statuses(address: &str, names: &[String]) -> Vec<u16> {
    let client = reqwest::Client::builder().tls_certs_only([]);
    let client = client.build().unwrap();
    let asked = names.iter().map(|name| {
        let asked = client.get(format!("http://{address}/v2/{name}/tags/list"));
        async { asked.send().await.unwrap().status().as_u16() }
    });
    futures::future::join_all(asked).await
}

/// A helper is a process: visitors who think of names must not be able to start one for each.
#[tokio::test]
async fn a_helper_is_asked_once_for_a_registry_and_not_for_each_name() {
    let home = Home::new();
    let script = r#"sleep 0.5; echo '{"Username":"u","Secret":"p"}'"#;
    let log = home.noting_helper(script);
    let (one, other) = (closed().await, closed().await);
    let registries = [
        format!("one=http://{}", one.address),
        format!("other=http://{}", other.address),
    ];
    let (_serving, address) = home.serve(&registries).await;
    let names: Vec<_> = (0..20)
        .flat_map(|at| [format!("one/app{at}"), format!("other/app{at}")])
        .collect();
    assert_eq!(statuses(&address, &names).await, [200; 40]);
    let mut keys: Vec<_> = fs::read_to_string(&log)
        .unwrap()
        .lines()
        .map(str::to_owned)
        .collect();
    keys.sort();
    let mut registries = vec![one.address.clone(), other.address.clone()];
    registries.sort();
    assert_eq!(keys, registries);
}

#[tokio::test]
async fn helpers_of_two_registries_are_asked_at_the_same_time() {
    let home = Home::new();
    // Each waits for the other.
    home.noting_helper(
        r#"for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  if [ "$(wc -l < "$log")" -ge 2 ]; then
    echo '{"Username":"u","Secret":"p"}'
    exit 0
  fi
  sleep 0.5
done
exit 1"#,
    );
    let (one, other) = (closed().await, closed().await);
    let registries = [
        format!("one=http://{}", one.address),
        format!("other=http://{}", other.address),
    ];
    let (_serving, address) = home.serve(&registries).await;
    let names = ["one/app", "other/app"].map(str::to_owned);
    assert_eq!(statuses(&address, &names).await, [200, 200]);
}

#[tokio::test]
async fn a_helper_that_failed_is_not_asked_again_at_once() {
    let home = Home::new();
    let log = home.noting_helper("echo 'the keys are locked'; exit 1");
    let one = closed().await;
    let (_serving, address) = home.serve(&[format!("one=http://{}", one.address)]).await;
    for name in ["one/app", "one/app", "one/other"] {
        let status = statuses(&address, &[name.to_owned()]).await;
        assert!(status[0] >= 400, "{status:?}");
    }
    assert_eq!(fs::read_to_string(log).unwrap().lines().count(), 1);
}
