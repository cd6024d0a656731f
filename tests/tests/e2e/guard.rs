//! Which hosts the command contacts, and with which log-in, where registries and images say where to go.

use std::fs;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use onionskin_fixtures::write::oci_archive;
use onionskin_fixtures::{Image, Packed, bytes, layer};
use onionskin_tests::command::{run, stopped};
use onionskin_tests::odd::{Odd, holding, ok, status};
use onionskin_tests::proxy::{Proxy, command};
use onionskin_tests::tls::Tls;
use tempfile::TempDir;

fn base() -> Image {
    Image::new().layer(layer("COPY app /app").file("/app", bytes(1_000)))
}

/// What a registry that has `image` under every name answers.
fn sound(image: &Packed, path: &str) -> Response {
    if path.contains("/manifests/") {
        return ok(&image.manifest.media_type, image.manifest.bytes.clone());
    }
    match image.blobs().find(|blob| path.ends_with(&blob.digest)) {
        Some(blob) => blob.bytes.clone().into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// A registry on the internet, as far as the command knows: `registry.test`, whose name only a proxy resolves.
struct Public {
    folder: TempDir,
    proxy: Proxy,
    seen: Arc<Mutex<Vec<(String, bool)>>>,
}

impl Public {
    /// `answer` gets a request's target and whether it has credentials. Certificates of `others` are trusted too.
    async fn new(
        answer: impl Fn(&str, bool) -> Response + Clone + Send + Sync + 'static,
        others: &[&Tls],
    ) -> Self {
        let seen = Arc::<Mutex<Vec<(String, bool)>>>::default();
        let log = Arc::clone(&seen);
        let router = Router::new().fallback(move |request: Request| async move {
            let target = request.uri().to_string();
            let logged_in = request.headers().contains_key(header::AUTHORIZATION);
            log.lock().unwrap().push((target.clone(), logged_in));
            answer(&target, logged_in)
        });
        let tls = Tls::serve(&["registry.test"], router).await;
        let folder = TempDir::new().unwrap();
        let mut trusted = tls.certificate.clone();
        others
            .iter()
            .for_each(|other| trusted.push_str(&other.certificate));
        fs::write(folder.path().join("ca.pem"), trusted).unwrap();
        let proxy = Proxy::to(tls.address).await;
        Self {
            folder,
            proxy,
            seen,
        }
    }

    /// How the command ends: whether well, and all that it says.
    async fn run(&self, arguments: &[&str]) -> (bool, String) {
        let folder = self.folder.path();
        let proxy = format!("http://{}", self.proxy.address);
        let output = command(&[("ALL_PROXY", &proxy)])
            .args(arguments)
            .arg("--ca-file")
            .arg(folder.join("ca.pem"))
            .env("DOCKER_CONFIG", folder)
            .env("HOME", folder)
            .current_dir(folder)
            .output()
            .await
            .unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8(said).unwrap())
    }

    /// Keeps a log-in for `host`, as `docker login` does.
    fn log_in(&self, host: &str) {
        log_in(&self.folder, host);
    }

    fn was_logged_in(&self) -> bool {
        let seen = self.seen.lock().unwrap();
        assert!(!seen.is_empty());
        seen.iter().any(|(_, logged_in)| *logged_in)
    }
}

fn log_in(folder: &TempDir, host: &str) {
    let pair = base64::engine::general_purpose::STANDARD.encode("me:hunter2");
    let config = format!(r#"{{"auths":{{"{host}":{{"auth":"{pair}"}}}}}}"#);
    fs::write(folder.path().join("config.json"), config).unwrap();
}

/// A server inside, which nobody but a person may have the command contact; and how often it was.
async fn inside() -> (Tls, Arc<Mutex<usize>>) {
    let visits = Arc::<Mutex<usize>>::default();
    let count = Arc::clone(&visits);
    let router = Router::new().fallback(move || async move {
        *count.lock().unwrap() += 1;
        r#"{"token":"inside"}"#
    });
    let names = ["localhost", "127.0.0.1", "::1"];
    (Tls::serve(&names, router).await, visits)
}

/// CVE-2026-33990: a guard on one path only.
#[tokio::test]
async fn nothing_of_a_public_registry_leads_the_command_inside() {
    let (inside, visits) = inside().await;
    let image = base().pack();
    let (config, layer) = (&image.config.digest, &image.layers[0].digest);
    let place = Arc::new(Mutex::new((String::new(), String::new())));
    let told = Arc::clone(&place);
    let answers = image.clone();
    let public = Public::new(
        move |target, _| {
            let (what, to) = told.lock().unwrap().clone();
            match target.contains(&what) {
                true if what == "/v2/token/" => {
                    let realm = format!("Bearer realm=\"{to}\"");
                    status(401, &[("www-authenticate", &realm)], "")
                }
                true => status(307, &[("location", &to)], ""),
                false => sound(&answers, target),
            }
        },
        &[&inside],
    )
    .await;
    let port = inside.address.rsplit(':').next().unwrap();
    let refused = async |what: &str, to: &str, arguments: &[&str]| {
        *place.lock().unwrap() = (what.to_owned(), to.to_owned());
        let (well, said) = public.run(arguments).await;
        assert!(!well, "{what} {to}: {said}");
        assert!(
            said.contains("was not requested from"),
            "{what} {to}: {said}"
        );
    };
    let direct = format!("https://{}/x", inside.address);
    let ls = ["ls", "registry.test/app:1"];
    for (what, arguments) in [
        ("/manifests/", &ls[..]),
        (config, &ls),
        (layer, &ls),
        ("/tags/list", &["tags", "registry.test/app"]),
        ("/_catalog", &["repositories", "registry.test"]),
        ("/v2/token/", &["ls", "registry.test/token/app:1"]),
    ] {
        refused(what, &direct, arguments).await;
    }
    // A list of referrers that leads there is none; the tag in its place is an image here, and no list either.
    *place.lock().unwrap() = ("/referrers/".to_owned(), direct.clone());
    let (well, said) = public.run(&["referrers", "registry.test/app:1"]).await;
    assert!(!well && said.contains("cannot be shown"), "{said}");
    // go-containerregistry#2440: names as well as addresses.
    for to in [
        format!("https://localhost:{port}/x"),
        format!("https://[::1]:{port}/x"),
        format!("https://[::ffff:127.0.0.1]:{port}/x"),
        format!("https://2130706433:{port}/x"),
        format!("http://{}/x", inside.address),
        "https://169.254.169.254/latest/meta-data/".to_owned(),
        "https://10.0.0.1/".to_owned(),
    ] {
        refused("/manifests/", &to, &ls).await;
        refused("/v2/token/", &to, &["ls", "registry.test/token/app:1"]).await;
    }
    assert_eq!(*visits.lock().unwrap(), 0);
    let through = public.proxy.take();
    let elsewhere = |line: &String| !line.contains("registry.test:443");
    assert!(!through.iter().any(elsewhere), "{through:?}");
    // What the user allows is contacted.
    *place.lock().unwrap() = ("/v2/token/".to_owned(), direct.clone());
    let allow = direct.trim_end_matches("/x");
    let arguments = ["ls", "registry.test/token/app:1", "--allow-host", allow];
    public.run(&arguments).await;
    assert_eq!(*visits.lock().unwrap(), 1);
}

/// The log-in for a registry on this machine goes to its own port, or to the token server that the user names.
#[tokio::test]
async fn the_log_in_of_a_local_registry_goes_to_no_other_port() {
    let tokens = Odd::new(|_, _| ok("application/json", r#"{"token":"t"}"#)).await;
    let image = base().pack();
    let realm = format!("Bearer realm=\"http://{}/token\"", tokens.address);
    let odd = Odd::new(move |target, authorization| match authorization {
        Some("Bearer t") => sound(&image, target),
        _ => status(401, &[("www-authenticate", &realm)], ""),
    })
    .await;
    let home = TempDir::new().unwrap();
    log_in(&home, &odd.address);
    let reference = format!("{}/app:1", odd.address);
    let allow = format!("http://{}", tokens.address);
    let run = async |arguments: &[&str]| {
        let mut command = command(&[]);
        command.args(arguments).env("DOCKER_CONFIG", home.path());
        command.output().await.unwrap()
    };
    let refused = run(&["ls", &reference]).await;
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(said.contains(&format!("--allow-host {allow}")), "{said}");
    assert_eq!((refused.status.code(), tokens.count("")), (Some(2), 0));
    let listed = run(&["ls", &reference, "--allow-host", &allow]).await;
    assert!(listed.status.success());
    assert_eq!(tokens.authorizations(), ["Basic bWU6aHVudGVyMg=="]);
}

/// Another port of this machine may be anybody's: a database, an engine, a colleague's program.
#[tokio::test]
async fn a_local_registry_leads_to_no_other_port_or_name_of_this_machine() {
    let image = base().pack();
    let store = Odd::new(holding(&image)).await;
    let told = Arc::new(Mutex::new(String::new()));
    let to = Arc::clone(&told);
    let sent = image.clone();
    let odd = Odd::new(move |target, _| match target.contains("/blobs/") {
        true => status(
            307,
            &[("location", &format!("{}{target}", to.lock().unwrap()))],
            "",
        ),
        false => sound(&sent, target),
    })
    .await;
    let reference = format!("{}/app:1", odd.address);
    let named = |address: &str| address.replace("127.0.0.1", "localhost");
    for place in [
        store.address.clone(),
        named(&store.address),
        named(&odd.address),
    ] {
        let place = format!("http://{place}");
        told.lock().unwrap().clone_from(&place);
        let before = odd.count("/blobs/");
        let error = stopped(&["ls", &reference]).await;
        assert!(error.contains(&format!("--allow-host {place}")), "{error}");
        assert_eq!(store.count(""), 0);
        assert_eq!(odd.count("/blobs/"), before + 1, "{place}");
    }
    let place = format!("http://{}", store.address);
    told.lock().unwrap().clone_from(&place);
    let listed = run(&["ls", &reference, "--allow-host", &place]).await;
    assert!(listed.status.success());
    assert!(store.count("/blobs/") > 0);
    assert_eq!(store.authorizations(), Vec::<String>::new());
}

/// A registry that only an image names gets no log-in, and is not asked where it is not public.
#[tokio::test]
async fn the_base_that_an_image_names_is_public_and_asked_without_log_in() {
    let local = Odd::new(|_, _| status(404, &[], "")).await;
    let answers = base().pack();
    let public = Public::new(
        move |target, logged_in| match logged_in || !target.contains("/private/") {
            true => sound(&answers, target),
            false => status(401, &[("www-authenticate", "Basic realm=x")], ""),
        },
        &[],
    )
    .await;
    public.log_in("registry.test");
    let audit = async |named: &str, flags: &[&str]| {
        let image = base()
            .layer(layer("COPY more /more").file("/more", "more"))
            .annotation("org.opencontainers.image.base.name", named)
            .pack();
        let file = public.folder.path().join("app.tar");
        fs::write(file, oci_archive(&[("app:1", &image)])).unwrap();
        public
            .run(&[&["audit", "app.tar", "--no-rules"], flags].concat())
            .await
    };
    let (well, said) = audit(&format!("{}/base:1", local.address), &["--fetch-base"]).await;
    assert!(well && said.contains("only the image names it"), "{said}");
    let by_name = local.address.replace("127.0.0.1", "localhost");
    let (well, said) = audit(&format!("{by_name}/base:1"), &["--fetch-base"]).await;
    assert!(well && said.contains("only the image names it"), "{said}");
    assert_eq!(local.count(""), 0);

    let (well, said) = audit("registry.test/base:1", &["--fetch-base"]).await;
    assert!(well && !said.contains("note: the base image"), "{said}");
    let (well, said) = audit("registry.test/private/base:1", &["--fetch-base"]).await;
    let words: Vec<&str> = said.split_whitespace().collect();
    let words = words.join(" ");
    assert!(
        well && words.contains("note: the base image that the annotations name could not be used"),
        "{said}"
    );
    // To log in would not help.
    assert!(
        words.contains("add --base registry.test/private/base:1")
            && !words.contains("docker login"),
        "{said}"
    );
    assert!(!public.was_logged_in());
    // The same registry, named by the user.
    let (well, said) = audit("x", &["--base", "registry.test/private/base:1"]).await;
    assert!(well, "{said}");
    assert!(public.was_logged_in());
}

/// The log-in is for what the user named, and not for all that the same registry would show them.
#[tokio::test]
async fn another_repository_that_an_image_names_is_asked_without_log_in() {
    let bases = base().pack();
    let named = base()
        .layer(layer("COPY more /more").file("/more", "more"))
        .annotation(
            "org.opencontainers.image.base.name",
            "registry.test/team/base:1",
        )
        .pack();
    let answer = move |target: &str, logged_in| {
        let is_base = bases.blobs().any(|blob| target.ends_with(&blob.digest));
        match (logged_in, is_base || target.ends_with("/manifests/1")) {
            (false, _) => status(401, &[("www-authenticate", "Basic realm=x")], ""),
            (true, true) => sound(&bases, target),
            (true, false) => sound(&named, target),
        }
    };
    let public = Public::new(answer, &[]).await;
    public.log_in("registry.test");
    let audit = async |image: &str| {
        let arguments = ["audit", image, "--no-rules", "--fetch-base"];
        let (well, said) = public.run(&arguments).await;
        assert!(well, "{said}");
        said.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let said = audit("registry.test/team/app:2").await;
    assert!(
        said.contains("add --base registry.test/team/base:1"),
        "{said}"
    );
    let seen = std::mem::take(&mut *public.seen.lock().unwrap());
    let of_base = seen.iter().filter(|(target, _)| target.contains("/base/"));
    let logged_in: Vec<bool> = of_base.map(|(_, logged_in)| *logged_in).collect();
    assert!(!logged_in.is_empty() && !logged_in.contains(&true));
    // The repository that the user named.
    let said = audit("registry.test/team/base:2").await;
    assert!(!said.contains("note: the base image"), "{said}");
}
