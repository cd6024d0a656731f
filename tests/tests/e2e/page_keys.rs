//! The keys of the page: each of those that `?` lists does what the list says, and the list has no other.

mod map;

use onionskin_tests::{Browser, Served};
use serde_json::Value;
use thirtyfour::Key;

const IMAGE: &str = "/image/demo/webapp:1.0";
const COMPARED: &str = "/compare/demo/webapp:1.0...demo/webapp:1.1";
const TREE: &str = "#tree:has(.row[data-row])";

/// What is pressed, one after the other, with what is true then.
type Steps = Vec<(String, String)>;

/// A key as it is listed, a place where it does something, and what it does with the focus on a part.
struct Case {
    listed: &'static str,
    place: String,
    focus: &'static str,
    steps: Steps,
}

impl Case {
    /// Presses the keys in a page that is opened for it.
    async fn is_so(&self, served: &Served, browser: &Browser) {
        browser.goto("about:blank").await;
        browser.goto(&served.page(&self.place)).await;
        // What has keys is here, the rows are those of all layers, and what the audit tells is told.
        let whole = "!!document.querySelector('.band, .compare .tabs, .names a, .history-table tr:nth-child(2)') && !document.querySelector('.band.partial') && (!document.querySelector('#tab-waste') || !!document.querySelector('#tab-waste .beside'))";
        let _: bool = browser.until(whole).await;
        let focus = format!(
            "(part => {{ if (!part) return false; part.focus(); return document.activeElement === part }})(document.querySelector({}))",
            Value::from(self.focus)
        );
        let _: bool = browser.until(&focus).await;
        for (keys, then) in &self.steps {
            browser.write(keys).await;
            let _: bool = browser.until(then).await;
        }
    }
}

fn case(listed: &'static str, place: &str, focus: &'static str, steps: &[(&str, &str)]) -> Case {
    let steps = steps.iter();
    Case {
        listed,
        place: place.to_owned(),
        focus,
        steps: steps
            .map(|(keys, then)| ((*keys).to_owned(), (*then).to_owned()))
            .collect(),
    }
}

fn with_control(letter: &str) -> String {
    format!("{}{letter}{}", Key::Control.value(), Key::Null.value())
}

/// Whether the keyboard is on this row of the tree.
fn at(row: &str) -> String {
    format!("document.querySelector('#tree').getAttribute('aria-activedescendant') === 'row-{row}'")
}

/// Whether the keyboard is on the row of this name.
fn at_name(name: &str) -> String {
    format!("document.querySelector('.row.active .label')?.textContent === '{name}'")
}

fn address_has(part: &str) -> String {
    format!("location.hash.includes('{part}')")
}

fn view(listed: &'static str, place: &str, from: &str, name: &str) -> Case {
    let then = address_has(&format!("view={name}"));
    case(
        listed,
        &format!("{place}{from}"),
        "body",
        &[(listed, &then)],
    )
}

/// A key as browsers are told of it.
fn key(key: Key) -> String {
    key.value().to_string()
}

fn cases() -> Vec<Case> {
    let mut cases = in_the_tree();
    cases.extend(in_names());
    cases.extend(of_filters());
    cases.extend(between_changes());
    cases.extend(between_layers());
    cases.extend(of_the_page());
    cases.extend(between_views());
    cases.extend(of_chips());
    cases.extend(of_lines());
    cases.extend(what_escape_closes());
    cases.extend(map::in_the_map());
    cases.extend(map::out_of_the_map());
    cases.extend(links_and_fields());
    cases
}

/// Rows are walked, opened and closed.
fn in_the_tree() -> Vec<Case> {
    let (up, down) = (key(Key::Up), key(Key::Down));
    let (left, right) = (key(Key::Left), key(Key::Right));
    let all_closed = "!document.querySelector('.row[aria-expanded=true]')";
    let open = "document.querySelector('.row.active').getAttribute('aria-expanded') === 'true'";
    let first_open = format!("{open} && {}", at("0"));
    let at_first = at("0");
    let beyond = "(active => active !== null && active !== 'row-0')(document.querySelector('#tree').getAttribute('aria-activedescendant'))";
    vec![
        case(
            "↑ ↓",
            IMAGE,
            TREE,
            &[(&down, &at_first), (&down, &at("1")), (&up, &at_first)],
        ),
        case(
            "Home End",
            IMAGE,
            TREE,
            &[(&key(Key::End), beyond), (&key(Key::Home), &at_first)],
        ),
        case(
            "PgUp PgDn",
            IMAGE,
            TREE,
            &[
                (&key(Key::PageDown), beyond),
                (&key(Key::PageUp), &at_first),
            ],
        ),
        case(
            "→ ←",
            IMAGE,
            TREE,
            &[
                (&down, &at_first),
                (&right, &first_open),
                (&left, all_closed),
            ],
        ),
        case(
            "Ctrl+Space",
            IMAGE,
            TREE,
            &[
                (&down, &at_first),
                (&right, &first_open),
                (&with_control(" "), all_closed),
            ],
        ),
        case(
            "Enter",
            IMAGE,
            TREE,
            &[
                (&down, &at_first),
                (
                    &key(Key::Enter),
                    &format!("{open} && location.hash.includes('path=')"),
                ),
            ],
        ),
    ]
}

/// A row is gone to by its name.
fn in_names() -> [Case; 3] {
    [
        case("Shift+letter", IMAGE, TREE, &[("Etc", &at_name("etc"))]),
        // `w` is a key of the page, but not within a name.
        case("Shift+letter", IMAGE, TREE, &[("Ap", &at_name("app"))]),
        case(
            "Shift+letter",
            COMPARED,
            TREE,
            &[("Package.", &at_name("package.json"))],
        ),
    ]
}

/// Rows are hidden by what happened to them.
fn of_filters() -> [Case; 3] {
    [
        case(
            "Ctrl+A r Ctrl+M o Ctrl+U",
            &format!("{IMAGE}?layer=12&view=changes"),
            TREE,
            &[
                (&with_control("a"), &address_has("hide=added")),
                (&with_control("a"), "!location.hash.includes('hide=')"),
                ("r", &address_has("hide=deleted")),
            ],
        ),
        case(
            "Ctrl+A r Ctrl+M o Ctrl+U",
            IMAGE,
            TREE,
            &[
                (&with_control("m"), &address_has("hide=overwritten")),
                (
                    &with_control("u"),
                    &address_has("hide=unchanged,overwritten"),
                ),
                (
                    "o",
                    &address_has("hide=unchanged,overwritten,metadata-only"),
                ),
            ],
        ),
        case(
            "Ctrl+A r Ctrl+M o Ctrl+U",
            COMPARED,
            TREE,
            &[
                (&with_control("a"), &address_has("hide=added")),
                ("r", &address_has("hide=added,removed")),
                (
                    &with_control("m"),
                    &address_has("hide=added,removed,changed"),
                ),
                ("o", &address_has("hide=added,removed,changed,moved")),
            ],
        ),
    ]
}

/// Of the lines of a file, those that changed.
fn between_changes() -> [Case; 1] {
    // The change is a few rows below the first.
    let rows = |expression: &str| {
        format!("(rows => {expression})(document.querySelector('.difference-rows'))")
    };
    let at_change = rows("rows.scrollTop > 0 && rows.scrollTop < 200");
    // From there to the end, until the page has seen it.
    let to_end = rows(
        "rows.scrollTop > 200 ? !rows.querySelector('.fold') : (rows.scrollTop > 0 && (rows.scrollTop = rows.scrollHeight), false)",
    );
    [
        // The second half of the file is gone: one change, above which lines are folded.
        case(
            "n p",
            &format!("{IMAGE}?layer=14&from=10&view=diff&path=/app/dist/server.js&as=unified"),
            ".difference-rows:has(.fold):has(.minus)",
            &[("n", &to_end), ("p", &at_change)],
        ),
    ]
}

/// The layer before and the one after.
fn between_layers() -> [Case; 2] {
    [
        case(
            "[ ]",
            &format!("{IMAGE}?layer=2"),
            TREE,
            &[
                ("]", &address_has("layer=3")),
                ("[", &address_has("layer=2")),
                ("[", &address_has("layer=1")),
            ],
        ),
        // Of findings it shows those of the layer, as a click on it does.
        case(
            "[ ]",
            &format!("{IMAGE}?layer=10&view=waste"),
            "body",
            &[
                ("[", &address_has("of=9")),
                (
                    "]",
                    "document.querySelector('.layer[aria-selected=true]').dataset.layer === '10' && location.hash.includes('of=10')",
                ),
            ],
        ),
    ]
}

/// The list of keys, the selection and the tree.
fn of_the_page() -> [Case; 5] {
    [
        case(
            "?",
            IMAGE,
            TREE,
            &[
                ("?", "!!document.querySelector('.keys-list')"),
                ("?", "!document.querySelector('.keys-list')"),
            ],
        ),
        case(
            "Esc",
            &format!("{IMAGE}?path=/etc"),
            TREE,
            &[(&key(Key::Escape), "!location.hash.includes('path=')")],
        ),
        case(
            "f",
            &format!("{IMAGE}?view=waste"),
            "body",
            &[(
                "f",
                "!location.hash.includes('view=') && !!document.querySelector('#tree')",
            )],
        ),
        case(
            "f",
            &format!("{COMPARED}?view=map"),
            "body",
            &[(
                "f",
                "!location.hash.includes('view=') && !!document.querySelector('#tree')",
            )],
        ),
        case(
            "f",
            IMAGE,
            "body",
            &[("f", "document.activeElement.id === 'tree'")],
        ),
    ]
}

/// Each view of an image and of a comparison has a letter.
fn between_views() -> [Case; 10] {
    [
        view("w", IMAGE, "", "waste"),
        view("k", IMAGE, "", "checks"),
        view("a", IMAGE, "", "packages"),
        view("m", IMAGE, "", "map"),
        view("g", IMAGE, "?view=waste", "config"),
        view("a", COMPARED, "", "packages"),
        view("m", COMPARED, "", "map"),
        view("g", COMPARED, "", "config"),
        view("h", COMPARED, "", "history"),
        view("l", COMPARED, "", "layers"),
    ]
}

/// Every view has a link to copy, and a field to type into.
fn links_and_fields() -> Vec<Case> {
    let copied = "document.querySelector('.notice').textContent === 'Link copied'";
    let in_field = "document.activeElement.matches('.find input, .history-form input')";
    let in_reference = "document.activeElement.matches('.header .reference input')";
    let mut cases = Vec::new();
    for place in [
        IMAGE,
        COMPARED,
        "/tags/demo/webapp",
        "/repositories",
        "/history/demo/webapp",
    ] {
        cases.push(case("c", place, "body", &[("c", copied)]));
        cases.push(case("/", place, "body", &[("/", in_field)]));
    }
    for place in ["?view=config", "?view=content&path=/app/package.json"] {
        let place = format!("{IMAGE}{place}");
        cases.push(case("/", &place, "body", &[("/", in_reference)]));
    }
    cases
}

/// The keys of chips work wherever these are shown, not only in the tree.
fn of_chips() -> [Case; 3] {
    let listed = "Ctrl+A r Ctrl+M o Ctrl+U";
    [
        case(
            listed,
            &format!("{IMAGE}?view=map"),
            "body",
            &[
                (&with_control("u"), &address_has("hide=unchanged")),
                ("r", &address_has("hide=unchanged,deleted")),
            ],
        ),
        case(
            listed,
            &format!("{COMPARED}?view=map"),
            "#map",
            &[
                (&with_control("a"), &address_has("hide=added")),
                ("r", &address_has("hide=added,removed")),
            ],
        ),
        case(
            listed,
            IMAGE,
            ".chip[data-kind=overwritten]",
            &[(&with_control("m"), &address_has("hide=overwritten"))],
        ),
    ]
}

/// Lines of a file are chosen by their numbers.
fn of_lines() -> [Case; 2] {
    let with_shift = |key: &str| format!("{}{key}{}", Key::Shift.value(), Key::Null.value());
    let (down, enter) = (key(Key::Down), key(Key::Enter));
    let on = |number: &str| {
        format!(
            "document.activeElement.matches('.code .number') && document.activeElement.textContent === '{number}'"
        )
    };
    let is = |lines: &str| {
        format!("new URLSearchParams(location.hash.split('?')[1]).get('lines') === '{lines}'")
    };
    let place = format!("{IMAGE}?view=content&path=/app/package.json");
    let focus = ".code .number[tabindex='0']";
    [
        case(
            "Enter Space",
            &place,
            focus,
            &[
                (&down, &on("2")),
                (&enter, &is("L2")),
                (&down, &on("3")),
                (" ", &is("L3")),
            ],
        ),
        case(
            "Shift+Enter Shift+Space",
            &place,
            focus,
            &[
                (&down, &on("2")),
                (&enter, &is("L2")),
                (&down, &on("3")),
                (&with_shift(&enter), &is("L2-L3")),
                (&down, &on("4")),
                (&with_shift(" "), &is("L2-L4")),
            ],
        ),
    ]
}

/// What is open is closed, and the keyboard goes back to what opened it.
fn what_escape_closes() -> [Case; 2] {
    let (enter, tab, escape) = (key(Key::Enter), key(Key::Tab), key(Key::Escape));
    [
        case(
            "Esc",
            IMAGE,
            ".menu summary",
            &[
                (&enter, "document.querySelector('.menu').open"),
                (&tab, "document.activeElement.matches('.menu-box input')"),
                (
                    &escape,
                    "!document.querySelector('.menu').open && document.activeElement.matches('.menu summary')",
                ),
            ],
        ),
        case(
            "Esc",
            &format!("{IMAGE}?view=packages"),
            ".packages tr[data-package] button",
            &[
                (
                    &enter,
                    "location.hash.includes('package=') && !!document.querySelector('.packages .open + .of-package a')",
                ),
                (&tab, "document.activeElement.matches('.of-package a')"),
                (
                    &escape,
                    "!location.hash.includes('package=') && document.activeElement.matches('.packages tr[data-package] button')",
                ),
            ],
        ),
    ]
}

#[tokio::test]
async fn each_listed_key_does_what_the_list_says() {
    let served = Served::start(&[]);
    let browser = Browser::start().await;
    let cases = cases();
    for case in &cases {
        case.is_so(&served, &browser).await;
    }
    browser.goto("about:blank").await;
    browser.goto(&served.page(IMAGE)).await;
    let _: bool = browser.until("!!document.querySelector('#tree')").await;
    browser.write("?").await;
    browser
        .until_text(".keys-list", "Copy a link to this view")
        .await;
    let mut listed = browser.texts(".keys-list kbd").await;
    listed.sort();
    let mut tried: Vec<&str> = cases.iter().map(|case| case.listed).collect();
    tried.sort_unstable();
    tried.dedup();
    assert_eq!(listed, tried);
    assert_eq!(browser.accessibility().await, Vec::<String>::new());
}

#[tokio::test]
async fn letters_are_text_in_a_field_and_within_a_name() {
    let served = Served::start(&[]);
    let browser = Browser::start().await;
    browser.goto(&served.page(IMAGE)).await;
    let _: bool = browser
        .until(&format!("!!document.querySelector('{TREE}')"))
        .await;
    browser.write("/").await;
    let _: bool = browser
        .until("document.activeElement.type === 'search'")
        .await;
    browser.write("w").await;
    let _: bool = browser.until("location.hash.includes('find=w')").await;
    let waste: bool = browser.value("location.hash.includes('view=waste')").await;
    assert!(!waste);
    browser
        .goto(&served.page(&format!("{IMAGE}?path=/app/node_modules")))
        .await;
    browser
        .until_text(".row.selected .label", "node_modules")
        .await;
    let _: bool = browser.until("(tree => { tree.focus(); return document.activeElement === tree })(document.getElementById('tree'))").await;
    // Typed in one go: letters of the name are no keys of the page, and neither is `w` that no name goes on with.
    browser.write("Srw").await;
    browser.write(Key::Down.value().to_string().as_str()).await;
    let _: bool = browser
        .until("!location.hash.includes('path=/app/node_modules')")
        .await;
    let moved: bool = browser
        .value("location.hash.includes('view=') || location.hash.includes('hide=')")
        .await;
    assert!(!moved);
}
