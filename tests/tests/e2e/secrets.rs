//! Secrets in an image are told by `onionskin audit`, and shown by none of its reports.

use onionskin_fixtures::write::{Generation, docker_archive};
use onionskin_fixtures::{Image, Packed, layer, planted};
use onionskin_tests::{Ground, command};
use serde_json::Value;

fn saved(image: &Packed) -> Ground {
    let ground = Ground::default();
    ground.save("app.tar", "app:1.0", image);
    let old = docker_archive(Generation::Folders, &[("app:1.0", image)]);
    ground.write("old.tar", old);
    ground
}

/// What `--format` takes, as the help says.
fn formats(ground: &Ground) -> Vec<String> {
    let help = ground.run(&["--help"]).stdout;
    let help = String::from_utf8(help).unwrap();
    let after = help.split("--format").nth(1).unwrap();
    let format = after.split("\n      --").next().unwrap();
    if let Some(values) = format.split("[possible values: ").nth(1) {
        let values = values.split(']').next().unwrap();
        return values.split(", ").map(str::to_owned).collect();
    }
    let lines = format
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- "));
    lines
        .filter_map(|line| line.split(':').next())
        .map(str::to_owned)
        .collect()
}

#[test]
fn no_report_shows_a_secret() {
    let ground = saved(&planted::image());
    let formats = formats(&ground);
    assert!(formats.len() >= 3, "{formats:?}");
    for archive in ["app.tar", "old.tar"] {
        for format in &formats {
            let output = ground.run(&[archive, "--format", format]);
            assert!(output.status.success(), "{format}: {output:?}");
            let text = String::from_utf8_lossy(&output.stdout);
            let errors = String::from_utf8_lossy(&output.stderr);
            assert!(text.len() > 500, "{format}: {text}");
            for plant in planted::secrets() {
                // Of a key any line would do harm.
                for line in plant
                    .secret
                    .lines()
                    .filter(|line| !line.starts_with("-----"))
                {
                    assert!(
                        !text.contains(line),
                        "{format} shows the {} of {}",
                        plant.rule,
                        plant.path
                    );
                    assert!(!errors.contains(line), "{format}: {}", plant.rule);
                }
            }
        }
    }
}

#[test]
fn every_secret_is_in_the_json_and_none_of_the_twin() {
    let ground = saved(&planted::image());
    let findings = |ground: &Ground| -> Vec<Value> {
        let audit = ground.json(0, &["app.tar", "--link-base", "https://example.org"]);
        audit["findings"].as_array().unwrap().clone()
    };
    let secrets: Vec<Value> = findings(&ground)
        .into_iter()
        .filter(|finding| finding["kind"] == "secret")
        .collect();
    for plant in planted::secrets() {
        let found = secrets.iter().find(|finding| {
            let path = finding["path"].as_str().unwrap();
            let step = plant.path == "history" && path.starts_with("history.");
            finding["rule"] == plant.rule && (path == plant.path || step)
        });
        let found = found.unwrap_or_else(|| panic!("{} at {}", plant.rule, plant.path));
        let link = found["link"].as_str().unwrap();
        let view = if plant.path.starts_with('/') {
            "view=changes"
        } else {
            "view=config"
        };
        assert!(link.contains(view), "{link}");
        assert!(found["advice"].as_str().unwrap().len() > 40);
    }
    let twin = saved(&planted::twin());
    assert_eq!(findings(&twin), [Value::Null; 0]);
}

#[tokio::test]
async fn inspect_shows_the_configuration_as_it_is() {
    let ground = saved(&planted::image());
    let archive = ground.path().join("app.tar");
    let text = command::printed(&["inspect", archive.to_str().unwrap(), "--format", "json"]).await;
    let told = planted::secrets();
    let told = told
        .iter()
        .find(|plant| plant.path.starts_with("config.env"))
        .unwrap();
    assert!(text.contains(&told.secret));
}

/// What an image says of its base, its volumes and its commands goes into reports by other ways.
#[test]
fn no_report_shows_a_secret_of_a_label_or_an_advice() {
    let secret = "Xk29vLqpTz81";
    let image = Image::new()
        .layer(layer("RUN make").file("/a", "x"))
        .env(&format!("DB_PASSWORD={secret}"))
        .volume(&format!("/{secret}"))
        .label(
            "org.opencontainers.image.base.name",
            &format!("https://me:{secret}@registry.example/base"),
        )
        .pack();
    let ground = saved(&image);
    for format in formats(&ground) {
        let output = ground.run(&["app.tar", "--format", &format]);
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(!text.is_empty() && !text.contains(secret), "{format}");
    }
}
