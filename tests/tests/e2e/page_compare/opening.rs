//! How two images come to be compared, and what is shown until they are: addresses, files, errors, progress.

use super::*;

#[tokio::test]
async fn each_state_has_its_address_and_the_keyboard_reaches_it() {
    let ground = Ground::open().await;
    let browser = &ground.browser;
    ground.compared("?find=APP/").await;
    // The most bytes first, then by name.
    let found = ["app/", "gone", "readme", "mode", "renamed"];
    until_names(browser, &found).await;
    // What was looked for is there again after a view without a search.
    browser.click("#tab-config").await;
    let _: bool = browser
        .until("location.hash.includes('view=config') && !location.hash.includes('find=')")
        .await;
    browser.click("#tab-files").await;
    let _: bool = browser.until("location.hash.includes('find=')").await;
    until_names(browser, &found).await;
    // Keys walk the tree, and what they rest on is selected.
    let _: bool = browser
        .until("(t => { t.focus(); return document.activeElement === t })(document.getElementById('tree'))")
        .await;
    browser.press(Key::End).await;
    browser.until_text(".details h2", "renamed").await;
    browser
        .until_text("[data-side=old] .differs", "/app/name")
        .await;
    let _: bool = browser
        .until("location.hash.includes('path=/app/renamed')")
        .await;
    browser.reload().await;
    browser.until_text(".details h2", "renamed").await;
    browser.press(Key::Escape).await;
    let _: bool = browser
        .until("!document.querySelector('.details') && !location.hash.includes('path=')")
        .await;
    // What a path is in each image, and the way there.
    ground.compared("?path=/app/mode").await;
    browser.until_text(".what", "Changed: mode, owner").await;
    browser
        .until_text("[data-side=old] .facts", "-rw-r--r--")
        .await;
    browser
        .until_text("[data-side=new] .facts", "-rw-------")
        .await;
    browser.until_text("[data-side=new] .facts", "7:7").await;
    browser.click(".version[data-side=new] a").await;
    browser.until_text(".details h2", "mode").await;
    let _: bool = browser
        .until("location.hash.startsWith('#/image/') && !!document.querySelector('.band')")
        .await;
    browser.back().await;
    browser.until_text(".what", "Changed: mode, owner").await;
    // Chips, heads of columns.
    browser.click(".chip[data-change=added]").await;
    let _: bool = browser.until("location.hash.includes('hide=added')").await;
    let _: bool = browser
        .until("![...document.querySelectorAll('.row[data-row] .sign')].some(e => e.title === 'added')")
        .await;
    browser.click(".heads [data-column=name] button").await;
    let _: bool = browser.until("location.hash.includes('sort=name')").await;
    let sorted = names(browser).await;
    assert_eq!(sorted.first().map(String::as_str), Some("app/"));
    // A stack of one side is compared as the command does it.
    ground.compared("?old-stack=1").await;
    let (old, new) = (ground.reference("1.0"), ground.reference("1.1"));
    let printed = ground
        .diff(&[&old, &new, "--old-stack", "1", "--format", "json"])
        .await;
    assert_eq!(saved_by(browser, "Save as JSON").await, printed);
    browser
        .until_text(".side-box[data-side=old] .stack option:checked", "layer 1")
        .await;
    let _: bool = browser
        .until("(s => { s.value = '2'; s.dispatchEvent(new Event('change', { bubbles: true })); return true })(document.querySelector('.side-box[data-side=old] .stack'))")
        .await;
    let _: bool = browser.until("location.hash.includes('old-stack=2')").await;
    ground.done().await;
    ground.compare(&old, &new, "?old-stack=9").await;
    browser
        .until_text("[data-side=old] .problem", "There is no layer 9")
        .await;
    ground.compare(&old, &new, "?colour=red").await;
    browser.until_text(".remarks", "unknown part").await;
}

#[tokio::test]
async fn from_an_image_another_one_is_chosen_by_its_tag() {
    let ground = Ground::open().await;
    let browser = &ground.browser;
    let place = format!("/image/{}", ground.reference("1.1"));
    browser.goto(&ground.served.page(&place)).await;
    browser.click(".compare-with").await;
    browser
        .until_text(".offers-of-side h2", "Choose the old image")
        .await;
    browser.until_text(".offers-of-side .names", "1.0").await;
    assert_eq!(browser.accessibility().await, [] as [String; 0]);
    browser.click(".offers-of-side .names a").await;
    ground.done().await;
    let _: bool = browser
        .until("document.querySelector('#compare-old').value.endsWith(':1.0') && document.querySelector('#compare-new').value.endsWith(':1.1')")
        .await;
    // Another reference is typed.
    browser.fill("#compare-old", Key::Control + "a").await;
    browser.fill("#compare-old", ground.reference("1.1")).await;
    browser.press(Key::Enter).await;
    browser.until_text(".nothing", "No file differs.").await;
}

/// The stack at 0 is empty: what is compared with it is all that the other image has.
#[tokio::test]
async fn an_image_is_compared_with_nothing() {
    let ground = Ground::open().await;
    let browser = &ground.browser;
    let new = ground.reference("1.1");
    ground.compare(&new, &new, "?old-stack=0").await;
    ground.done().await;
    let none = "document.querySelector('.remarks, .problem') === null";
    assert!(browser.value::<bool>(none).await);
    browser
        .until_text(
            ".side-box[data-side=old] .stack option:checked",
            "no layers",
        )
        .await;
    let printed = ground
        .diff(&[&new, &new, "--old-stack", "0", "--format", "json"])
        .await;
    assert_eq!(saved_by(browser, "Save as JSON").await, printed);
    browser.look("compared-with-nothing").await;
    assert_eq!(browser.accessibility().await, [] as [String; 0]);
    for view in ["map", "config", "history", "packages", "layers"] {
        ground
            .compare(&new, &new, &format!("?old-stack=0&view={view}"))
            .await;
        let _: bool = browser
            .until(&format!("document.querySelector('.compare .tabs [aria-selected=true]').id.includes('{view}')"))
            .await;
    }
    assert_eq!(browser.console().await, [] as [String; 0]);
    // It is chosen like any other stack.
    let choose = |layers: &str| {
        format!(
            "(s => {{ s.value = '{layers}'; s.dispatchEvent(new Event('change', {{ bubbles: true }})); return true }})(document.querySelector('.side-box[data-side=old] .stack'))"
        )
    };
    let _: bool = browser.until(&choose("")).await;
    let _: bool = browser.until("!location.hash.includes('stack')").await;
    ground.done().await;
    let _: bool = browser.until(&choose("0")).await;
    let _: bool = browser.until("location.hash.includes('old-stack=0')").await;
    ground.done().await;
    ground.compare(&new, &new, "?old-stack=none").await;
    browser
        .until_text(".remarks", "“none” is not a stack")
        .await;
}

/// The base that an image names is offered as it was and as it is now.
#[tokio::test]
async fn an_image_is_compared_with_its_base() {
    let ground = Ground::open().await;
    let browser = &ground.browser;
    let name = format!("{}/team/base:12", ground.registry.address());
    let base = base().pack();
    ground.registry.push("team/base:12", &base);
    let digest = &base.manifest.digest;
    let on_base = base_named(&name, digest);
    ground.registry.push("team/app:2.0", &on_base);
    let place = format!("/image/{}", ground.reference("2.0"));
    browser.goto(&ground.served.page(&place)).await;
    browser.click(".compare-with").await;
    browser.until_text(".offers-of-side h3", "Base image").await;
    browser.until_text(".offers-of-side .names", "1.0").await;
    let offered = "[...document.querySelectorAll('.offers-of-side .names:first-of-type a')].map(a => a.textContent)";
    let offered: Vec<String> = browser.value(offered).await;
    assert_eq!(
        offered,
        [
            format!("{name}, as this image was built on it"),
            format!("{name}, as it is now"),
        ]
    );
    assert_eq!(browser.accessibility().await, [] as [String; 0]);
    browser.look("compare-with-base").await;
    browser.click(".offers-of-side .names a").await;
    ground.done().await;
    let pinned = format!("{}/team/base@{digest}", ground.registry.address());
    let old: String = browser
        .value("document.querySelector('#compare-old').value")
        .await;
    assert_eq!(old, pinned);
    browser.until_text(".row[data-row] .label", "app").await;
    browser.back().await;
    browser
        .click(".offers-of-side .names li:nth-child(2) a")
        .await;
    ground.done().await;
    let old: String = browser
        .value("document.querySelector('#compare-old').value")
        .await;
    assert_eq!(old, name);
}

/// An image that names its base.
fn base_named(name: &str, digest: &str) -> Packed {
    base()
        .layer(layer("COPY app /app").file("/app/run", seeded(4, 5_000)))
        .annotation("org.opencontainers.image.base.name", name)
        .annotation("org.opencontainers.image.base.digest", digest)
        .pack()
}

#[tokio::test]
async fn saved_images_are_compared_with_each_other_and_with_those_of_a_registry() {
    let ground = Ground::open().await;
    let browser = &ground.browser;
    let saved = ground.file("old.tar.gz", &gzip(&oci_archive(&[("app:1.0", &old())])));
    let several = ground.file(
        "new.tar",
        &docker_archive(
            Generation::Blobs,
            &[("app:1.1", &new()), ("app:1.0", &old())],
        ),
    );
    let reference = ground.reference("1.1");
    // A file on one side.
    ground.compare("", &reference, "").await;
    browser
        .until_text(".offers-of-side h2", "Choose the old image")
        .await;
    browser.drop_on_page(&saved).await;
    ground.done().await;
    let _: bool = browser
        .until("location.hash.startsWith('#/compare/./old.tar.gz...')")
        .await;
    let file = saved.to_str().unwrap();
    let printed = ground.diff(&[file, &reference, "--format", "json"]).await;
    assert_eq!(saved_by(browser, "Save as JSON").await, printed);
    // Files on both, one of which holds several images.
    let chosen = several.to_str().unwrap();
    browser
        .fill(".side-box[data-side=new] input[type=file]", chosen)
        .await;
    browser
        .until_text(".offers-of-side h2", "contains 2 images")
        .await;
    browser.click(".offers-of-side .names a").await;
    ground.done().await;
    let _: bool = browser.until("location.hash.includes('new-image=')").await;
    let image = format!("docker-archive:{chosen}:app:1.1");
    let printed = ground.diff(&[file, &image, "--format", "json"]).await;
    let saved_report: Value =
        serde_json::from_str(&saved_by(browser, "Save as JSON").await).unwrap();
    let told: Value = serde_json::from_str(&printed).unwrap();
    for part in ["bytes", "layers", "files", "config", "packages"] {
        assert_eq!(saved_report[part], told[part], "{part}");
    }
    // The page does not have them after a reload, and says which it needs.
    browser.reload().await;
    browser.until_text(".file-wanted", "old.tar.gz").await;
    browser.until_text(".file-wanted", "new.tar").await;
    browser.drop_on_page(&several).await;
    let _: bool = browser
        .until("document.querySelectorAll('.file-wanted').length === 1")
        .await;
    browser.drop_on_page(&saved).await;
    ground.done().await;
}

#[tokio::test]
async fn what_goes_wrong_is_told_of_its_side() {
    let ground = Ground::open().await;
    let browser = &ground.browser;
    let (image, none) = (ground.reference("1.0"), ground.reference("9"));
    for (old, new, side, says) in [
        (&*image, &*none, "new", "Image not found"),
        (&*none, &*image, "old", "Image not found"),
        ("UPPER", &*image, "old", "Invalid image reference"),
        (
            &*image,
            "docker-daemon:app",
            "new",
            "Not an image in a registry",
        ),
    ] {
        ground.compare(old, new, "").await;
        browser
            .until_text(
                &format!(".compare-problems [data-side={side}] .problem"),
                says,
            )
            .await;
        let others = browser.texts(".compare-problems section").await;
        assert_eq!(others.len(), 1, "{others:?}");
    }
    ground.compare(&none, &none, "").await;
    let _: bool = browser
        .until("document.querySelectorAll('.compare-problems .problem').length === 2")
        .await;
    assert_eq!(browser.accessibility().await, [] as [String; 0]);
}

#[tokio::test]
async fn reading_shows_how_far_it_is_and_can_be_cancelled() {
    let odd = Odd::stalling(&new()).await;
    let registry = Registry::start();
    registry.push("team/app:1.0", &old());
    let served = Served::start(&[
        format!("http://{}", odd.address),
        format!("http://{}", registry.address()),
    ]);
    let browser = Browser::start().await;
    let place = format!(
        "/compare/{}/team/app:1.0...{}/app:1",
        registry.address(),
        odd.address
    );
    browser.goto(&served.page(&place)).await;
    browser.until_text(".waiting", "of 7 layers read").await;
    assert_eq!(browser.accessibility().await, [] as [String; 0]);
    browser.click(".sides .cancel").await;
    browser.until_text(".message", "not compared").await;
    browser.click(".message .primary").await;
    browser.until_text(".waiting", "Comparing").await;
}

const FOREIGN: &str = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";

#[tokio::test]
async fn a_layer_of_both_images_is_read_once_and_one_that_is_not_there_is_said() {
    let of = |own: usize| {
        Image::new()
            .docker()
            .layer(layer("RUN base").file("/base", seeded(11, 300_000)))
            .layer(layer("RUN own").file("/own", bytes(own)))
    };
    let (first, second) = (
        of(10).pack(),
        of(20)
            .layer(
                layer("RUN windows")
                    .file("/w", bytes(9))
                    .media_type(FOREIGN),
            )
            .pack(),
    );
    let (shared, own) = (
        first.layers[0].digest.clone(),
        second.layers[1].digest.clone(),
    );
    let images = [("/a/", first), ("/b/", second)];
    let odd = Odd::new(move |target, _| {
        let named = images.iter().find(|(name, _)| target.contains(name));
        let image = &named.unwrap().1;
        let blob = image.blobs().find(|blob| target.ends_with(&blob.digest));
        match blob {
            Some(blob) if blob.media_type != FOREIGN => {
                ok("application/octet-stream", blob.bytes.clone())
            }
            None if target.contains("/manifests/") => {
                ok(&image.manifest.media_type, image.manifest.bytes.clone())
            }
            _ => status(
                404,
                &[],
                r#"{"errors":[{"code":"BLOB_UNKNOWN","message":"blob unknown"}]}"#,
            ),
        }
    })
    .await;
    let served = Served::start(&[format!("http://{}", odd.address)]);
    let browser = Browser::start().await;
    let place = format!("/compare/{0}/a:1...{0}/b:1", odd.address);
    browser.goto(&served.page(&place)).await;
    browser.until_text(".rows", "own").await;
    assert_eq!(odd.count(&shared), 1);
    assert_eq!(odd.count(&own), 1);
    browser
        .until_text(".note-line", "Not available: layer 3 of the new image")
        .await;
    browser.click("#tab-layers").await;
    browser
        .until_text("[data-state=added]", "not available")
        .await;
}

#[tokio::test]
async fn the_image_before_a_comparison_is_still_there_on_the_way_back() {
    let ground = Ground::open().await;
    let browser = &ground.browser;
    let place = format!("/image/{}", ground.reference("1.1"));
    browser.goto(&ground.served.page(&place)).await;
    let whole = "!!document.querySelector('.row[data-row]') && !!document.querySelector('.band') && !document.querySelector('.band.partial')";
    let _: bool = browser.until(whole).await;
    browser.click(".compare-with").await;
    browser.click(".offers-of-side .names a").await;
    ground.done().await;
    assert!(!browser.address().await.contains("/image/"));
    let before = ground.registry.requests().len();
    browser.back().await;
    let _: bool = browser
        .until("!!document.querySelector('.offers-of-side .names a')")
        .await;
    browser.back().await;
    let _: bool = browser.until(whole).await;
    // The list of tags is asked for on the way; no manifest and no blob is.
    let requests = ground.registry.requests();
    let of_images = requests[before..]
        .iter()
        .filter(|line| line.contains("/manifests/") || line.contains("/blobs/"));
    assert_eq!(of_images.count(), 0, "{:?}", &requests[before..]);
    let title: String = browser.value("document.title").await;
    assert!(
        title.contains("team/app:1.1") && !title.contains('…'),
        "{title}"
    );
}
