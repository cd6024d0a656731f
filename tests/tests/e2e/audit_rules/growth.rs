//! Rules about the growth of paths and packages.

use onionskin_fixtures::{Image, Layer, bytes, layer};

use super::*;

/// A release with packages of these sizes, and files of an application.
fn release(packages: &[(&str, usize)], files: &[(&str, usize)]) -> Packed {
    let status: String = packages
        .iter()
        .map(|(name, _)| {
            format!(
                "Package: {name}\nStatus: install ok installed\nArchitecture: all\nVersion: 1\n\n"
            )
        })
        .collect();
    let mut system = layer("RUN apt-get install").file("/var/lib/dpkg/status", status);
    for (name, size) in packages {
        let file = format!("/usr/lib/{name}");
        system = system
            .file(
                format!("/var/lib/dpkg/info/{name}.list"),
                format!("{file}\n"),
            )
            .file(file, bytes(*size));
    }
    let application = files
        .iter()
        .fold(layer("COPY . /app"), |layer, (path, size)| {
            layer.file(*path, bytes(*size))
        });
    Image::new()
        .layer(Layer::new().symlink("/lib", "usr/lib"))
        .layer(system)
        .layer(application)
        .pack()
}

fn ground() -> Ground {
    let ground = Ground::default();
    let old = release(
        &[("a", 1_000), ("b", 5_000), ("c", 700)],
        &[("/app/x.js", 300), ("/app/lib/y.js", 200)],
    );
    let new = release(
        &[("a", 1_900), ("b", 4_000), ("d", 830)],
        &[("/app/x.js", 350), ("/app/lib/z.js", 600)],
    );
    ground.save("old.tar", "app:1", &old);
    ground.save("new.tar", "app:2", &new);
    ground
}

#[test]
fn growth_is_limited_at_paths_and_in_packages() {
    let ground = ground();
    let judge = |code, limits: &str| {
        let rules = format!("growth:\n  against: old.tar\n{limits}");
        ground.write("onionskin.yaml", rules);
        ground.json(code, &["new.tar"])["rules"].clone()
    };
    let rules = judge(
        1,
        "  paths:\n\
         \x20 - { path: /app, maxBytes: 450 }\n\
         \x20 - { path: '*.js', maxBytes: 449 }\n\
         \x20 - { path: /app/lib/z.js, maxBytes: 600 }\n\
         \x20 - { path: /lib, maxBytes: 30 }\n\
         \x20 - { path: /nothing, maxBytes: 0 }\n\
         \x20 packages:\n\
         \x20 - { package: '*', maxBytes: 850 }\n\
         \x20 - { package: 'deb:b', maxBytes: 0 }\n\
         \x20 - { package: '[cd]', maxBytes: 799 }\n",
    );
    let told: Vec<(&str, u64, bool)> = rules
        .as_array()
        .unwrap()
        .iter()
        .map(|rule| {
            (
                rule["name"].as_str().unwrap(),
                rule["actual"].as_u64().unwrap(),
                rule["passed"].as_bool().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("growth.paths /app", 450, true),
            ("growth.paths *.js", 450, false),
            ("growth.paths /app/lib/z.js", 600, true),
            // What the link leads to.
            ("growth.paths /lib", 30, true),
            ("growth.paths /nothing", 0, true),
            ("growth.packages *", 900, false),
            ("growth.packages deb:b", 0, true),
            ("growth.packages [cd]", 830, false),
        ]
    );
    assert_eq!(rules[5]["met"], serde_json::json!(["deb:a"]));
    assert_eq!(rules[7]["met"], serde_json::json!(["deb:d"]));
    // What the other image has and this one has not has not grown.
    let swapped = "growth: { against: new.tar, paths: [{ path: /lib, maxBytes: 1 }], packages: [{ package: c, maxBytes: 699 }] }";
    ground.write("onionskin.yaml", swapped);
    let rules = &ground.json(1, &["old.tar"])["rules"];
    assert_eq!(
        (&rules[0]["actual"], &rules[1]["actual"]),
        (&0.into(), &700.into())
    );
}

/// A package whose database was not read before has not grown from nothing.
#[test]
fn packages_are_not_judged_where_those_of_before_were_not_all_read() {
    let ground = Ground::default();
    let readable: &[(&str, usize)] = &[];
    let unread: &[(&str, usize)] = &[("/var/lib/rpm/Packages", 10)];
    for (before, now, limit, code, passed) in [
        (readable, readable, 850, 1, Some(false)),
        (readable, readable, 900, 0, Some(true)),
        (unread, readable, 850, 2, None),
        (unread, readable, 900, 2, None),
        // What is over the limit is so whatever else there is now.
        (readable, unread, 850, 1, Some(false)),
        (readable, unread, 900, 2, None),
    ] {
        ground.save("old.tar", "app:1", &release(&[("a", 1_000)], before));
        ground.save("new.tar", "app:2", &release(&[("a", 1_900)], now));
        let rules = format!(
            "growth: {{ against: old.tar, packages: [{{ package: '*', maxBytes: {limit} }}] }}"
        );
        ground.write("onionskin.yaml", rules);
        let rule = &ground.json(code, &["new.tar"])["rules"][0];
        assert_eq!(rule["passed"].as_bool(), passed, "{rule}");
        assert_eq!(rule["reason"].is_string(), passed.is_none(), "{rule}");
    }
}
