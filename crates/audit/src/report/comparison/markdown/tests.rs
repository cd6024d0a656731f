//! The comment on a pull request stays one, whatever the images say.

use proptest::collection::vec;
use proptest::prelude::*;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use serde_json::json;

use super::report;
use crate::compare::{
    Change, FieldChange, FileChange, FolderChange, HistoryChange, HistoryLine, LayerFile,
    LineState, NewLayer, PackageChange, Update, WastedPackageChange, What,
};
use crate::digest::Digest;
use crate::inspection::SCHEMA_VERSION;
use crate::inspection::{ImageFacts, LayerFacts};
use crate::link::Links;
use crate::manifest::Config;
use crate::packages::Type;
use crate::report::comparison::{
    Compared, ComparedBytes, ComparedLayers, ComparedStacks, ComparisonReport, Side, SideBytes,
    UncomparedLayers, html,
};
use crate::report::unavailable::UnavailableLayer;

/// Stands in every text of an image, so that it can be found wherever it comes out.
const MARK: char = '☢';
const BASE: &str = "https://onionskin.example.com/";

/// The texts of images, each in its turn.
struct Texts<'a> {
    texts: &'a [String],
    at: usize,
}

impl Texts<'_> {
    fn text(&mut self) -> String {
        self.at += 1;
        let text = self.texts.get(self.at % self.texts.len().max(1)).cloned();
        text.unwrap_or_else(|| MARK.to_string())
    }

    fn image(&mut self) -> ImageFacts {
        ImageFacts {
            reference: self.text(),
            digest: Some(Digest::sha256(b"x")),
            media_type: Some(self.text()),
            platform: Some(self.text()),
            compressed_size: None,
            size: None,
        }
    }

    fn files(&mut self, files: usize) -> Vec<FileChange> {
        let changes = [
            Change::Added,
            Change::Removed,
            Change::Changed,
            Change::Moved,
        ];
        let mut paths: Vec<String> = (0..files)
            .map(|at| format!("/{}/{}{at}", at % 70, self.text().replace('/', "_")))
            .collect();
        paths.sort();
        let files = paths.into_iter().zip(changes.into_iter().cycle());
        let files = files.map(|(path, change)| FileChange {
            path,
            change,
            what: vec![What::Content, What::Mode, What::Xattrs],
            xattrs: vec![self.text()],
            old_size: (change != Change::Added).then_some(u64::MAX),
            new_size: (change != Change::Removed).then_some(7),
            from: (change == Change::Moved).then(|| self.text()),
            layer: 2,
        });
        files.collect()
    }

    fn config(&mut self) -> Vec<FieldChange> {
        let fields = ["env", "user", "cmd", "labels"].map(|field| FieldChange {
            field: field.to_owned(),
            old: json!([self.text(), self.text()]),
            new: match field {
                "labels" => json!({ self.text(): self.text() }),
                "user" => json!(self.text()),
                _ => json!(self.texts),
            },
        });
        fields.to_vec()
    }

    fn history(&mut self, lines: usize) -> Vec<HistoryChange> {
        let states = [LineState::Unchanged, LineState::Removed, LineState::Added];
        let lines = states.into_iter().cycle().take(lines);
        // Lines of a Dockerfile do not hold ends of lines.
        let lines = lines.map(|change| HistoryLine {
            change,
            text: self.text().replace('\n', ""),
            layer: None,
        });
        vec![HistoryChange {
            old_line: 1,
            new_line: 1,
            lines: lines.collect(),
        }]
    }

    fn new_layers(&mut self, depth: usize) -> Vec<NewLayer> {
        let layers = (1..=depth).map(|layer| NewLayer {
            layer,
            files: vec![LayerFile {
                path: self.text(),
                bytes: u64::MAX,
                compressed_bytes: None,
            }],
        });
        layers.collect()
    }

    fn layers(&mut self, depth: usize) -> Vec<LayerFacts> {
        let layers = (1..=depth).map(|layer| LayerFacts {
            layer,
            digest: Some(Digest::sha256(self.text().as_bytes())),
            diff_id: None,
            media_type: None,
            compressed_size: Some(9),
            size: Some(9),
            entries: Some(1),
            created_by: Some(self.text()),
            stored: Some(u64::MAX),
            wasted: Some(9),
            causes: None,
            not_fetched: (layer % 2 == 1).then_some(crate::source::NotFetched::Foreign),
            urls: Vec::new(),
        });
        layers.collect()
    }

    fn package_sizes(&mut self, depth: usize) -> Vec<PackageChange> {
        let packages = (0..depth).map(|_| PackageChange {
            kind: Type::Npm,
            name: self.text(),
            old: Some(self.text()),
            new: None,
            bytes: i64::MIN,
            old_bytes: Some(u64::MAX),
            new_bytes: None,
            old_compressed_bytes: None,
            new_compressed_bytes: None,
        });
        packages.collect()
    }

    fn wasted_by_package(&mut self, depth: usize) -> Vec<WastedPackageChange> {
        let packages = (0..depth).map(|_| WastedPackageChange {
            kind: Type::Deb,
            name: self.text(),
            old_bytes: 0,
            new_bytes: u64::MAX,
        });
        packages.collect()
    }

    fn folders(&mut self, depth: usize) -> Vec<FolderChange> {
        let folders = (0..depth).map(|_| FolderChange {
            path: self.text(),
            old_size: None,
            new_size: Some(u64::MAX),
            old_download: Some(0),
            new_download: Some(u64::MAX),
            old_wasted: u64::MAX,
            new_wasted: 0,
        });
        folders.collect()
    }
}

fn side(bytes: u64) -> SideBytes {
    SideBytes {
        stored: bytes,
        live: bytes / 2,
        wasted: bytes / 2,
        wasted_compressed: None,
        compressed_size: Some(bytes),
    }
}

/// A comparison of images all of whose texts are these, each in its turn.
struct Case {
    report: ComparisonReport,
    update: Update,
    layers: [Vec<LayerFacts>; 2],
    config: Config,
}

impl Case {
    fn new(texts: &[String], files: usize, depth: usize) -> Self {
        let mut texts = Texts { texts, at: 0 };
        let (old, new) = (texts.image(), texts.image());
        let files = texts.files(files);
        let config = texts.config();
        let history = texts.history(3 + depth);
        let new_layers = texts.new_layers(depth);
        let layers = [texts.layers(depth), texts.layers(depth)];
        Self {
            report: ComparisonReport {
                schema_version: SCHEMA_VERSION,
                old,
                new,
                stacks: ComparedStacks {
                    old: depth,
                    new: depth,
                },
                bytes: ComparedBytes {
                    old: side(1_000),
                    new: side(u64::MAX),
                    update: None,
                },
                layers: ComparedLayers {
                    shared: 0,
                    new: new_layers,
                    sizes: Vec::new(),
                },
                not_fetched: UncomparedLayers {
                    old: UnavailableLayer::of(&layers[0]),
                    new: UnavailableLayer::of(&layers[1]),
                },
                files,
                packages: Vec::new(),
                package_sizes: texts.package_sizes(depth),
                wasted_by_package: texts.wasted_by_package(depth),
                folders: texts.folders(depth),
                config,
                history,
            },
            update: Update {
                bytes: Some(7),
                shared: Vec::new(),
                new: (1..=depth).collect(),
            },
            layers,
            config: Config::parse(b"{}").unwrap(),
        }
    }

    fn told(&self, form: fn(&Compared<'_>) -> String) -> String {
        let reference = "registry.example.com/app:1".parse().unwrap();
        let links = Links::to_registry(BASE, &reference, None, None);
        form(&Compared {
            report: &self.report,
            link: Some(&format!("{BASE}#/compare/a...b")),
            update: &self.update,
            old: Side::new(&self.layers[0], &self.config, Some(&links)),
            new: Side::new(&self.layers[1], &self.config, Some(&links)),
        })
    }
}

/// Asserts that a text of an image is in code only, and that all else is what we write.
fn assert_harmless(text: &str) {
    let mut in_block = false;
    for event in Parser::new_ext(text, Options::all()) {
        match event {
            Event::Start(Tag::CodeBlock(_)) => in_block = true,
            Event::End(TagEnd::CodeBlock) => in_block = false,
            Event::Start(Tag::Link { dest_url, .. }) => {
                assert!(dest_url.starts_with(BASE), "{dest_url}");
                assert!(
                    !dest_url.contains(['`', '|', '<', '>', ' ', MARK]),
                    "{dest_url}"
                );
            }
            Event::Text(text) if !in_block => {
                assert!(!text.contains([MARK, '@', '#', '`']), "{text}");
            }
            Event::Html(html) | Event::InlineHtml(html) => {
                let ours = ["<details>", "<summary>", "</details>"];
                assert!(ours.iter().any(|tag| html.starts_with(tag)), "{html}");
                assert!(!html.contains(MARK), "{html}");
            }
            Event::Start(
                Tag::Paragraph
                | Tag::Heading { .. }
                | Tag::List(_)
                | Tag::Item
                | Tag::Table(_)
                | Tag::TableHead
                | Tag::TableRow
                | Tag::TableCell
                | Tag::Strong
                | Tag::HtmlBlock,
            )
            | Event::End(_)
            | Event::Text(_)
            | Event::Code(_)
            | Event::SoftBreak => {}
            other => panic!("{other:?} in\n{text}"),
        }
    }
    let visible = |c: char| c == '\n' || !c.is_control() && c != '\u{202e}' && c != '\u{200b}';
    assert!(text.chars().all(visible), "{text}");
    // Pipelines obey these anywhere in a line, and `::name` at its start.
    for command in ["##vso[", "##["] {
        assert!(!text.contains(command), "{text}");
    }
    assert!(!text.lines().any(|line| line.trim_start().starts_with("::")));
    assert_eq!(
        text.matches("\n<details>\n").count(),
        text.matches("\n</details>\n").count()
    );
}

/// What breaks out of Markdown, mentions, links or commands, in any order.
fn hostile() -> impl Strategy<Value = String> {
    const PARTS: [&str; 34] = [
        "`",
        "``",
        "```",
        "~~~",
        "|",
        "\\",
        "\\|",
        "\n",
        "\r\n",
        "\n\n",
        " ",
        "/",
        "a",
        "*",
        "__",
        "<script>",
        "</details>",
        "<!--",
        "-->",
        "@org/team",
        "#123",
        "org/repo#1",
        "GH-1",
        "https://evil.example",
        "www.evil.example",
        "](https://evil.example)",
        "![x](y)",
        "\u{202e}",
        "\u{200b}",
        "\u{1b}[2J",
        "::set-output name=a::b",
        "##vso[task.complete]x",
        "&#64;org",
        "$`x`$",
    ];
    let part = proptest::sample::select(&PARTS[..]);
    vec(part, 0..12).prop_map(|parts| format!("{}{MARK}{}", parts.concat(), parts.concat()))
}

proptest! {
    #[test]
    fn nothing_from_an_image_is_anything_but_code(
        texts in vec(hostile(), 1..9),
        files in 0_usize..90,
        depth in 0_usize..6,
    ) {
        let case = Case::new(&texts, files, depth);
        let text = case.told(report);
        assert_harmless(&text);
        prop_assert!(text.len() < 60_000);
        // The same in HTML: no element but ours.
        let page = case.told(html::report);
        for tag in ["<script", "<img", "<!--", "</details><", "onerror="] {
            let expected = usize::from(tag == "</details><" && files > 0);
            prop_assert!(page.matches(tag).count() <= expected, "{}", tag);
        }
    }
}

#[test]
fn a_comment_has_room_for_images_of_any_size() {
    let long = |part: &str| format!("{MARK}{}", part.repeat(300));
    for (files, depth) in [(2_000, 100), (100, 900), (1, 1)] {
        for part in ["`|@\\", "\u{202e}", "é\u{e0041}", "/x"] {
            let text = Case::new(&[long(part), "short".to_owned()], files, depth).told(report);
            assert!(text.len() < 60_000, "{}", text.len());
            assert_harmless(&text);
        }
    }
    // The lines of the build history are a block of code, whatever they are.
    let fences = ["````", "```", "   ```", "RUN make"].map(str::to_owned);
    for at in 0..4 {
        let mut texts = fences.to_vec();
        texts.rotate_left(at);
        let text = Case::new(&texts, 0, 20).told(report);
        let start = text.find("Build history: 7 lines added, 8 removed");
        let part = &text[start.unwrap()..];
        let part = &part[..part.find("</details>").unwrap()];
        let blocks =
            Parser::new(part).filter(|event| matches!(event, Event::End(TagEnd::CodeBlock)));
        assert_eq!(blocks.count(), 1, "{part}");
        assert!(part.contains("`````diff\n@@ -1,16 +1,15 @@\n"), "{part}");
    }
    // What is left out is counted.
    let text = Case::new(&[long("a")], 3_000, 300).told(report);
    assert!(text.contains("\nand ") && text.len() > 30_000, "{text}");
}

#[test]
fn one_line_tells_each_number_with_its_change() {
    let case = Case::new(&["app".to_owned()], 0, 0);
    let text = case.told(report);
    let line = text.lines().nth(2).unwrap();
    assert!(line.starts_with("**Download** 18.4 EB (+18.4 EB"), "{line}");
    for part in [
        "**Stored in layers**",
        "**Wasted**",
        "**Files** unchanged",
        "**Update** 7 B (0 of 0 layers)",
    ] {
        assert!(line.contains(part), "{line}");
    }
}
