//! `onionskin index`, and the commands on what it writes: they say what they say of the image itself.

use std::fs;
use std::path::Path;

use onionskin_fixtures::write::{Generation, docker_archive, oci_archive};
use onionskin_fixtures::{Image, Layer, Packed, bytes, layer, planted, seeded};
use onionskin_tests::Registry;
use onionskin_tests::command::{printed, run, stopped};
use tempfile::TempDir;

/// Waste, a secret, packages, a link and a layer that cannot be read.
fn app() -> Packed {
    let status = "Package: curl\nStatus: install ok installed\nVersion: 8.1\n\n";
    Image::new()
        .layer(
            layer("RUN apt-get install curl")
                .file("/var/lib/dpkg/status", status)
                .file(
                    "/var/lib/dpkg/info/curl.list",
                    "/.\n/usr\n/usr/bin\n/usr/bin/curl\n",
                )
                .file("/usr/bin/curl", bytes(90_000))
                .file("/var/cache/apt/pkgcache.bin", bytes(30_000)),
        )
        .layer(
            layer("COPY . /app")
                .file("/app/.env", "DB_PASSWORD=hunter2\n")
                .file("/app/run", bytes(400_000))
                .symlink("/run", "app/run"),
        )
        .layer(
            Layer::new()
                .stored(seeded(3, 2_000))
                .media_type("application/vnd.oci.image.layer.v1.squashfs"),
        )
        .layer(layer("RUN rm -rf /app").whiteout("/app"))
        .pack()
}

fn file(folder: &TempDir, name: &str, content: Vec<u8>) -> String {
    let file = folder.path().join(name);
    fs::write(&file, content).unwrap();
    file.to_str().unwrap().to_owned()
}

/// The saved analysis of an image.
async fn index(folder: &TempDir, name: &str, image: &[&str]) -> String {
    let analysis = folder.path().join(format!("{name}.onionskin"));
    let analysis = analysis.to_str().unwrap();
    printed(&[&["index", "-o", analysis], image].concat()).await;
    analysis.to_owned()
}

/// The reports that need no contents of files.
const REPORTS: [&[&str]; 9] = [
    &["inspect", "--json"],
    &["inspect"],
    &["audit", "--json"],
    &["audit", "--all"],
    &["audit", "--format", "html"],
    &["ls", "--json"],
    &["ls", "--layer", "2"],
    &["du"],
    &["packages", "--json"],
];

async fn compare(image: &[&str], analysis: &str) {
    for report in REPORTS {
        let of_image = printed(&[report, image].concat()).await;
        let of_analysis = printed(&[report, &[analysis]].concat()).await;
        assert!(of_image.len() > 20, "{report:?}: {of_image}");
        assert_eq!(of_analysis, of_image, "{report:?} {image:?}");
    }
}

#[tokio::test]
async fn every_report_is_that_of_the_image() {
    let folder = TempDir::new().unwrap();
    let packed = app();
    for (name, saved) in [
        ("oci", oci_archive(&[("team/app:1", &packed)])),
        (
            "planted",
            docker_archive(Generation::Folders, &[("planted:1", &planted::image())]),
        ),
    ] {
        let saved = file(&folder, &format!("{name}.tar"), saved);
        let analysis = index(&folder, name, &[&saved]).await;
        let size = |path: &str| Path::new(path).metadata().unwrap().len();
        assert!(size(&analysis) < size(&saved) / 2);
        compare(&[&saved], &analysis).await;
    }
}

#[tokio::test]
async fn an_image_of_a_registry_keeps_its_name_and_digest() {
    let registry = Registry::start();
    let folder = TempDir::new().unwrap();
    let reference = registry.push("team/app:1", &app());
    let image = ["--tls-verify=false", &reference];
    let analysis = index(&folder, "app", &image).await;
    compare(&image, &analysis).await;
    let report = printed(&["inspect", "--json", &analysis]).await;
    assert!(report.contains(&format!("\"{reference}\"")), "{report}");
}

#[tokio::test]
async fn two_analyses_are_compared_like_their_images() {
    let folder = TempDir::new().unwrap();
    let newer = Image::new()
        .layer(layer("COPY run").file("/run", bytes(500)))
        .pack();
    let old = file(&folder, "old.tar", oci_archive(&[("app:1", &app())]));
    let new = file(&folder, "new.tar", oci_archive(&[("app:2", &newer)]));
    let saved = [
        index(&folder, "old", &[&old]).await,
        index(&folder, "new", &[&new]).await,
    ];
    let of_images = printed(&["diff", "--json", &old, &new]).await;
    for (old, new) in [(&saved[0], &saved[1]), (&saved[0], &new), (&old, &saved[1])] {
        assert_eq!(printed(&["diff", "--json", old, new]).await, of_images);
    }
}

#[tokio::test]
async fn contents_are_told_not_to_be_in_it() {
    let folder = TempDir::new().unwrap();
    let saved = file(&folder, "app.tar", oci_archive(&[("app:1", &app())]));
    let analysis = index(&folder, "app", &[&saved]).await;
    for command in ["cat", "extract"] {
        let into = folder.path().join("out");
        let into = into.to_str().unwrap();
        let arguments: &[&str] = match command {
            "cat" => &["cat", &analysis, "/usr/bin/curl"],
            _ => &["extract", &analysis, "/usr/bin/curl", "-o", into],
        };
        let error = stopped(arguments).await;
        assert!(
            error.contains("is a saved analysis, which has no contents of files"),
            "{error}"
        );
    }
    let error = stopped(&["serve", "--listen", "127.0.0.1:0", &analysis]).await;
    assert!(error.contains("saved analysis"), "{error}");
}

#[tokio::test]
async fn a_damaged_file_is_refused_and_nothing_is_half_shown() {
    let folder = TempDir::new().unwrap();
    let saved = file(&folder, "app.tar", oci_archive(&[("app:1", &app())]));
    let analysis = fs::read(index(&folder, "app", &[&saved]).await).unwrap();
    let mut changed = analysis.clone();
    *changed.last_mut().unwrap() ^= 1;
    let mut newer = analysis.clone();
    newer[8] += 1;
    let cut = analysis[..analysis.len() - 1].to_vec();
    for (name, content, says) in [
        ("changed", changed, "does not match its digest"),
        ("newer", newer, "update Onionskin"),
        ("cut", cut, "it is cut off"),
    ] {
        let path = file(&folder, name, content);
        let error = stopped(&["inspect", "--json", &path]).await;
        assert!(error.contains(says) && error.contains(&path), "{error}");
    }
}

#[tokio::test]
async fn it_is_of_one_platform_and_goes_to_a_file() {
    let folder = TempDir::new().unwrap();
    let saved = file(&folder, "app.tar", oci_archive(&[("app:1", &app())]));
    let analysis = index(&folder, "app", &[&saved]).await;
    let error = stopped(&["inspect", &analysis, "--platform", "linux/s390x"]).await;
    assert!(error.contains("has no image for linux/s390x"), "{error}");
    printed(&["inspect", &analysis, "--platform", "amd64"]).await;
    let error = stopped(&["inspect", &format!("{analysis}:app")]).await;
    assert!(error.contains("write its path without a name"), "{error}");
    let output = run(&["index", "-o", "-", &saved]).await;
    assert_eq!(output.stdout, fs::read(&analysis).unwrap());
}
