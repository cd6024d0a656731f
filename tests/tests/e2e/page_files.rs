//! Saved images that are given to the page, dropped or chosen: every form, read in the browser.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use onionskin_fixtures::write::{Generation, docker_archive, oci_archive, oci_layout};
use onionskin_fixtures::{Image, Packed, bytes, gzip, layer};
use onionskin_tests::files::{at_start, choose, listed, saved_by, shown, whole, zstd};
use onionskin_tests::{Ground, Registry};
use serde_json::Value;
use tempfile::TempDir;

fn app() -> Packed {
    Image::new()
        .layer(
            layer("COPY one")
                .dir("/app")
                .file("/app/run", bytes(300_000))
                .mode(0o755)
                .file("/app/old", bytes(1_000))
                .dir("/etc")
                .symlink("/etc/run", "../app/run"),
        )
        .layer(
            layer("COPY two")
                .file("/app/data", bytes(5_000))
                .owner(1000, 1000)
                .whiteout("/app/old"),
        )
        .pack()
}

/// Runs a tool to its success.
fn run(program: &str, arguments: &[&str]) {
    let output = Command::new(program).args(arguments).output();
    let output = output.unwrap_or_else(|error| panic!("{program}: {error}"));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?}: {errors}");
}

/// The same image in every form that people have, written by us and by real tools.
fn every_form(folder: &Path) -> Vec<PathBuf> {
    let packed = app();
    let mut files = Vec::new();
    let mut write = |name: &str, bytes: &[u8]| {
        let file = folder.join(name);
        fs::write(&file, bytes).unwrap();
        files.push(file);
    };
    for generation in [Generation::Folders, Generation::Skopeo, Generation::Blobs] {
        let saved = docker_archive(generation, &[("app:1", &packed)]);
        write(&format!("{generation:?}.tar"), &saved);
        write(&format!("{generation:?}.tar.gz"), &gzip(&saved));
    }
    write("oci.tar", &oci_archive(&[("app:1", &packed)]));
    for name in ["Folders.tar", "oci.tar"] {
        files.push(zstd(&folder.join(name)));
    }
    let registry = Registry::start();
    let reference = format!("docker://{}", registry.push("team/app:1", &packed));
    for form in ["docker-archive", "oci-archive"] {
        let file = folder.join(format!("skopeo-{form}.tar"));
        let to = format!("{form}:{}:app:2", file.display());
        run(
            "skopeo",
            &["copy", "--quiet", "--src-tls-verify=false", &reference, &to],
        );
        files.push(file);
    }
    // umoci writes a layout, which tar makes an archive of.
    let layout = folder.join("layout");
    oci_layout(&layout, &[("one", &packed)]).unwrap();
    let image = layout.display().to_string();
    run(
        "umoci",
        &[
            "config",
            "--image",
            &format!("{image}:one"),
            "--tag",
            "two",
            "--config.user",
            "app",
        ],
    );
    run("umoci", &["rm", "--image", &format!("{image}:one")]);
    run("umoci", &["gc", "--layout", &image]);
    let file = folder.join("umoci.tar");
    run("tar", &["-C", &image, "-cf", file.to_str().unwrap(), "."]);
    files.push(file);
    files
}

#[tokio::test]
async fn every_form_shows_what_ls_prints() {
    let folder = TempDir::new().unwrap();
    let files = every_form(folder.path());
    let (_served, browser) = at_start().await;
    for file in &files {
        let name = file.file_name().unwrap().to_str().unwrap();
        choose(&browser, file).await;
        whole(&browser, name).await;
        let expected = listed(file);
        assert_eq!(expected.len(), 5, "{expected:?}");
        assert_eq!(shown(&browser).await, expected, "{name}");
        let address = browser.address().await;
        assert!(address.ends_with(&format!("#/file/{name}")), "{address}");
        // What the form does not tell is not told: an engine's archive has no compressed sizes.
        let download: Option<String> = browser
            .value("document.querySelector('.figure dd').dataset.bytes ?? null")
            .await;
        let plain = name.starts_with("Folders")
            || name.starts_with("Skopeo")
            || name == "skopeo-docker-archive.tar";
        assert_eq!(download.is_none(), plain, "{name}: {download:?}");
        if plain {
            browser.until_text(".figure", "not known").await;
        }
    }
    // Each is a step back.
    browser.back().await;
    whole(&browser, "skopeo-oci-archive.tar").await;
}

#[tokio::test]
async fn of_several_images_in_a_file_one_is_chosen() {
    let folder = TempDir::new().unwrap();
    let one = app();
    let other = Image::new()
        .layer(layer("COPY other").file("/other", "other"))
        .pack();
    let third = Image::new()
        .layer(layer("COPY third").file("/third", "third"))
        .pack();
    let saved = docker_archive(
        Generation::Folders,
        &[("app:1", &one), ("team/other:2", &other), ("", &third)],
    );
    let file = folder.path().join("several.tar.gz");
    fs::write(&file, gzip(&saved)).unwrap();
    let (_served, browser) = at_start().await;
    choose(&browser, &file).await;
    browser.until_text(".several h1", "3 images").await;
    assert_eq!(
        browser.texts(".several .title").await,
        ["app:1", "team/other:2", "Image 3, untagged"]
    );
    browser.click(".several li:nth-child(2) button").await;
    whole(&browser, "several.tar.gz").await;
    browser.until_text(".row .label", "other").await;
    let address = browser.address().await;
    assert!(
        address.ends_with("#/file/several.tar.gz?image=team/other:2"),
        "{address}"
    );
    // Back is the choice; the third is as good as the second.
    browser.back().await;
    browser.click(".several li:nth-child(3) button").await;
    whole(&browser, "several.tar.gz").await;
    let address = browser.address().await;
    assert!(address.ends_with("?image=@2"), "{address}");
    browser.back().await;
    browser.click(".several li:nth-child(1) button").await;
    whole(&browser, "several.tar.gz").await;
    browser.until_text(".row .label", "app").await;
}

#[tokio::test]
async fn loaded_again_the_page_asks_for_the_file_and_shows_the_same_place() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("my app.tar");
    fs::write(&file, oci_archive(&[("app:1", &app())])).unwrap();
    let (served, browser) = at_start().await;
    choose(&browser, &file).await;
    whole(&browser, "my app.tar").await;
    browser.click(".layer[data-layer='1']").await;
    let _: bool = browser.until("location.hash.includes('layer=1')").await;
    // A link to a file leads nowhere but here.
    let copy: bool = browser
        .value("document.querySelector('button.copy').disabled")
        .await;
    assert!(copy);
    let markdown: bool = browser
        .value("document.querySelector('button.as-markdown').disabled")
        .await;
    assert!(markdown);
    let place = format!("{}&view=changes&path=/app/old", browser.address().await);
    browser.goto(&place).await;
    browser.until_text(".details h2", "old").await;
    browser.reload().await;
    browser
        .until_text(".file-wanted", "Choose this file again")
        .await;
    browser.until_text(".file-wanted .mono", "my app.tar").await;
    assert_eq!(browser.address().await, place);
    browser
        .fill(".file-wanted input[type=file]", file.to_str().unwrap())
        .await;
    browser.until_text(".details h2", "old").await;
    browser
        .until_text(".path-history", "Deleted in layer 2")
        .await;
    assert_eq!(browser.address().await, place);

    // Something else under its name, given where it is open already, is read anew.
    let other = Image::new()
        .layer(layer("COPY other").file("/other", "other"))
        .pack();
    fs::write(&file, oci_archive(&[("app:1", &other)])).unwrap();
    choose(&browser, &file).await;
    browser.until_text(".row .label", "other").await;

    // From elsewhere the way leads back to it without being given again.
    browser.goto(&served.page("/image/demo/hello")).await;
    browser.until_text(".row .label", "hello").await;
    browser.back().await;
    browser.until_text(".row .label", "other").await;
}

#[tokio::test]
async fn a_file_is_dropped_anywhere() {
    let saved = oci_archive(&[("app:1", &app())]);
    let (served, browser) = at_start().await;
    let drag = |kind: &str, name: &str| {
        format!(
            "(() => {{ const held = new DataTransfer();
            held.items.add(new File([new Uint8Array(window.saved)], {name:?}));
            const event = new DragEvent({kind:?}, {{ dataTransfer: held, bubbles: true, cancelable: true }});
            document.querySelector('h1, .layers, .message').dispatchEvent(event);
            return event.defaultPrevented; }})()"
        )
    };
    let _: bool = browser
        .run(&format!(
            "window.saved = {}; arguments[0](true)",
            serde_json::to_string(&saved).unwrap()
        ))
        .await;
    for name in ["first.tar", "second.tar", "third.tar"] {
        assert!(browser.value::<bool>(&drag("dragenter", name)).await);
        browser.until_text(".drop-zone", "Drop a saved image").await;
        assert!(browser.value::<bool>(&drag("dragover", name)).await);
        assert!(browser.value::<bool>(&drag("drop", name)).await);
        whole(&browser, name).await;
        let _: bool = browser.until("!document.querySelector('.drop-zone')").await;
    }
    // Also where something is shown that is no file.
    browser.goto(&served.page("/image/team/APP")).await;
    browser
        .until_text(".problem h1", "Invalid image reference")
        .await;
    assert!(browser.value::<bool>(&drag("drop", "fourth.tar")).await);
    whole(&browser, "fourth.tar").await;
}

#[tokio::test]
async fn a_file_is_pasted_anywhere_and_a_text_at_the_start() {
    let saved = oci_archive(&[("app:1", &app())]);
    let (_served, browser) = at_start().await;
    let paste = |on: &str, held: &str| {
        format!(
            "(() => {{ const held = new DataTransfer();
            {held};
            const event = new ClipboardEvent('paste', {{ clipboardData: held, bubbles: true, cancelable: true }});
            document.querySelector({on:?}).dispatchEvent(event);
            return event.defaultPrevented; }})()"
        )
    };
    let text = "held.setData('text/plain', ' docker pull\\nnginx:1.27 ')";
    let field = ".reference input";
    // A field takes a text itself.
    assert!(!browser.value::<bool>(&paste(field, text)).await);
    let blurred = "(document.activeElement.blur(), document.activeElement === document.body)";
    assert!(browser.value::<bool>(blurred).await);
    assert!(browser.value::<bool>(&paste("h1", text)).await);
    let _: bool = browser
        .until("(field => field.value === 'docker pull nginx:1.27' && document.activeElement === field)(document.querySelector('.reference input'))")
        .await;
    let _: bool = browser
        .run(&format!(
            "window.saved = {}; arguments[0](true)",
            serde_json::to_string(&saved).unwrap()
        ))
        .await;
    let file =
        |name: &str| format!("held.items.add(new File([new Uint8Array(window.saved)], {name:?}))");
    // A file is no text, in a field neither.
    for (on, name) in [(field, "first.tar"), ("body", "second.tar")] {
        assert!(browser.value::<bool>(&paste(on, &file(name))).await);
        whole(&browser, name).await;
    }
    // A picture that comes with a text is none to open.
    let picture =
        format!("held.items.add(new File(['x'], 'a.png', {{ type: 'image/png' }})); {text}");
    assert!(!browser.value::<bool>(&paste(field, &picture)).await);
}

#[tokio::test]
async fn the_folder_of_a_layout_is_dropped_like_a_file() {
    let folder = TempDir::new().unwrap();
    let layout = folder.path().join("my layout");
    oci_layout(&layout, &[("app:1", &app())]).unwrap();
    let file = folder.path().join("app.tar");
    fs::write(&file, oci_archive(&[("app:1", &app())])).unwrap();
    let (_served, browser) = at_start().await;
    for _ in 0..2 {
        browser.drop_on_page(&layout).await;
        whole(&browser, "my layout").await;
        assert_eq!(shown(&browser).await, listed(&file));
        browser.drop_on_page(&file).await;
        whole(&browser, "app.tar").await;
    }
    // A folder of something else.
    browser.drop_on_page(folder.path()).await;
    browser.until_text(".problem", "Not a saved image").await;
}

#[tokio::test]
async fn what_is_no_image_is_told_and_the_next_file_is_opened() {
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name);
    let saved = docker_archive(Generation::Folders, &[("app:1", &app())]);
    let packed = gzip(&saved);
    fs::write(at("noise"), bytes(5_000)).unwrap();
    fs::write(at("empty.tar"), "").unwrap();
    fs::write(at("cut.tar"), &saved[..saved.len() / 2]).unwrap();
    fs::write(at("cut.tar.gz"), &packed[..packed.len() / 2]).unwrap();
    fs::write(at("other.tar"), layer("x").file("/a", "a").tar()).unwrap();
    fs::write(at("x.tar.xz"), [b"\xfd7zXZ\0", &bytes(600)[..]].concat()).unwrap();
    fs::write(at("good.tar"), &saved).unwrap();
    let (_served, browser) = at_start().await;
    for (name, says) in [
        ("noise", "Not a tar"),
        ("empty.tar", "Not a saved image"),
        ("cut.tar", "cut short"),
        ("cut.tar.gz", "ends in the middle"),
        ("other.tar", "no manifest.json and no index.json"),
        ("x.tar.xz", "xz"),
    ] {
        choose(&browser, &at(name)).await;
        browser.until_text(".problem > .mono", name).await;
        browser.until_text(".problem", says).await;
    }
    choose(&browser, &at("good.tar")).await;
    whole(&browser, "good.tar").await;
}

/// Links of a report on a saved image that no registry knows by its name: whoever opens one is asked for the file,
/// and then is where the link leads.
#[tokio::test]
async fn links_of_a_report_ask_for_the_file_and_lead_to_the_place() {
    let ground = Ground::default();
    let image = Image::new()
        .layer(layer("COPY a /").file("/srv/a", bytes(3_000)))
        .layer(layer("RUN rm /srv/a").whiteout("/srv/a"))
        .layer(layer("COPY b /").file("/etc/b", "b"))
        .pack();
    let other = Image::new().layer(layer("COPY c /").file("/c", "c")).pack();
    ground.write("untagged.tar", oci_archive(&[("", &image)]));
    ground.write("short.tar", oci_archive(&[("1.0", &image)]));
    let podmans = oci_archive(&[("localhost/app:1.0", &image)]);
    ground.write("podman.tar", podmans);
    let several = docker_archive(Generation::Folders, &[("", &other), ("", &image)]);
    ground.write("several.tar", several);
    let (served, browser) = at_start().await;
    let page = served.page("");
    for (name, which) in [
        ("untagged.tar", ""),
        ("short.tar", ""),
        ("podman.tar", ""),
        ("several.tar", ":@1"),
    ] {
        let asked = format!("{name}{which}");
        let report = ground.json(0, &[&asked, "--link-base", page.trim_end_matches('#')]);
        let findings = report["findings"].as_array().unwrap();
        let deleted = findings.iter().find(|finding| finding["kind"] == "deleted");
        let link = deleted.unwrap()["link"].as_str().unwrap();
        assert!(link.contains(&format!("#/file/{name}?")), "{link}");

        browser.goto("about:blank").await;
        browser.goto(link).await;
        browser.until_text("main", name).await;
        choose(&browser, &ground.path().join(name)).await;
        whole(&browser, name).await;
        browser.until_text(".row.selected .label", "a").await;
        assert_eq!(browser.address().await, link);

        browser
            .goto(&link.replace("view=changes", "view=waste"))
            .await;
        let _: bool = browser.until("!!document.querySelector('.finding')").await;
        let saved: Value = serde_json::from_str(&saved_by(&browser, "Save as JSON").await).unwrap();
        assert_eq!(saved["findings"], report["findings"], "{name}");
    }
}
