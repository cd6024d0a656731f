//! The page without a mouse and with other senses: axe-core over every view in both themes, keys, a clean console.

use std::io;
use std::sync::Arc;

use axum::body::Body;
use futures::stream;
use onionskin_fixtures::{Image, bytes, estargz, layer};
use onionskin_tests::counting::Counting;
use onionskin_tests::odd::{Odd, holding, ok};
use onionskin_tests::{Browser, Exported, Served};
use serde_json::Value;
use thirtyfour::Key;
use tokio::sync::Notify;

use super::page_lazy;

/// A view: its address, what shows that it is there, and a script that leads on from there.
pub(super) struct View {
    pub(super) name: &'static str,
    pub(super) place: String,
    pub(super) shown: &'static str,
    pub(super) then: Option<(&'static str, &'static str)>,
}

impl View {
    /// Opens it in a document of its own.
    pub(super) async fn open(&self, browser: &Browser, served: &Served) {
        let seen = |part: &str| format!("!!document.querySelector({})", Value::from(part));
        browser.goto("about:blank").await;
        let address = match self.place.as_str() {
            place if place.starts_with("http") => place.to_owned(),
            place if place.starts_with('?') => format!("http://{}/{place}", served.address()),
            place => served.page(place),
        };
        browser.goto(&address).await;
        let _: bool = browser.until(&seen(self.shown)).await;
        if let Some((script, shown)) = self.then {
            let _: bool = browser.until(script).await;
            let _: bool = browser.until(&seen(shown)).await;
        }
    }
}

fn view(name: &'static str, place: impl Into<String>, shown: &'static str) -> View {
    View {
        name,
        place: place.into(),
        shown,
        then: None,
    }
}

const RULES: &str = "(() => { const data = new DataTransfer();
    data.items.add(new File(['rules:\\n  maxLayers: 1\\nignore:\\n  - kind: secret\\n    reason: known\\n'], 'onionskin.yaml'));
    document.querySelector('.rules').dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));
    return true })()";

/// A page that opened this one hands a file over.
const HAND_OVER: &str = "(() => { window.opener = window;
    const data = { type: 'onionskin:open', name: 'app.onionskin', file: new Blob([new Uint8Array(1_240_000)]) };
    dispatchEvent(new MessageEvent('message', { source: window, origin: 'https://ci.example.com', data }));
    return true })()";

/// Every view of the page, and every state that looks different. `exported` is where the exported page is.
pub(super) fn views(stalling: &str, broken: &str, exported: &str, listed: &str) -> Vec<View> {
    let demo = |rest: &str| format!("/image/demo/webapp:1.0{rest}");
    let compared = |rest: &str| format!("/compare/demo/webapp:1.0...demo/webapp:1.1{rest}");
    let app = |address: &str, rest: &str| format!("/image/{address}/app:1{rest}");
    vec![
        view("start", "/", ".card"),
        view("repositories", "/repositories", ".names a"),
        view("tags", "/tags/demo/webapp", ".names a"),
        view("list that failed", "/tags/registry.invalid/app", ".problem"),
        view("file to choose", "/file/app.tar", ".file-wanted"),
        view("image not found", "/image/demo/webapp:9", ".problem"),
        view("filesystem", demo(""), "#tab-waste .beside"),
        view("changes", demo("?layer=12&view=changes"), ".row[data-row]"),
        view(
            "details",
            demo("?layer=12&view=changes&path=/app/build"),
            ".path-history li",
        ),
        view(
            "path that is not there",
            demo("?path=/app/none"),
            ".details .absent",
        ),
        view("layer that is not there", demo("?layer=99"), ".remarks"),
        view("search", demo("?find=js"), ".toolbar [role=status]"),
        view(
            "search that is no query",
            demo("?find=size:big"),
            "#find-problem",
        ),
        view(
            "content",
            demo("?view=content&path=/app/package.json&lines=L2-L4"),
            ".code .chosen [class^=syntax-]",
        ),
        view(
            "content as bytes",
            demo("?view=content&path=/app/package.json&as=hex"),
            ".code.hex .line",
        ),
        view(
            "content that is not there",
            demo("?view=content&path=/app"),
            ".problem",
        ),
        view(
            "two versions of a file",
            compared("?path=/app/package.json&diff=unified"),
            ".difference-rows .plus [class^=syntax-]",
        ),
        view(
            "two versions side by side",
            compared("?path=/app/package.json&diff=split"),
            ".difference-rows .side .plus",
        ),
        view(
            "two equal versions",
            demo("?layer=15&from=6&view=diff&path=/app/package.json"),
            ".difference .nothing h2",
        ),
        view(
            "search without a match",
            demo("?find=nothing-is-called-so"),
            ".nothing button",
        ),
        view("waste", demo("?view=waste"), ".finding"),
        View {
            then: Some((RULES, ".ignores")),
            ..view("rules", demo("?view=waste"), ".finding")
        },
        View {
            then: Some((
                "(document.querySelector('.finding .more').click(), true)",
                ".finding.selected",
            )),
            ..view("finding", demo("?view=waste"), ".finding")
        },
        View {
            then: Some((
                "(document.querySelector('.choice input').click(), true)",
                ".without",
            )),
            ..view("without a finding", demo("?view=waste"), ".finding")
        },
        view("checks", demo("?view=checks"), ".finding"),
        view(
            "no finding",
            demo("?view=waste&find=nothing-is-called-so"),
            ".nothing button",
        ),
        view("packages", demo("?view=packages"), ".packages table"),
        view(
            "package",
            demo("?view=packages&package=deb/curl@8.10.1-1"),
            ".packages table",
        ),
        view("config", demo("?view=config"), ".config .dockerfile"),
        View {
            then: Some((
                "(document.querySelector('.documents li:last-child a').click(), true)",
                ".code .line code",
            )),
            ..view("document", demo("?view=config"), ".documents a")
        },
        view(
            "map",
            demo("?view=map"),
            "#map[data-parts]:not([data-parts='0'])",
        ),
        view(
            "map of waste by layer",
            demo("?view=map&by=wasted&color=layer&zoom=/app"),
            "#map[data-parts]:not([data-parts='0'])",
        ),
        view("platforms", "/image/demo/hello", "select.platform"),
        view(
            "history",
            "/history/demo/webapp",
            ".history-table tr:nth-child(2)",
        ),
        view(
            "history of no tag",
            "/history/demo/webapp?tags=none-is-called-so",
            ".history .nothing",
        ),
        view(
            "history that failed",
            "/history/registry.invalid/app",
            ".problem",
        ),
        view(
            "history that is loading",
            format!("/history/{stalling}/app"),
            ".history-state .progress",
        ),
        view(
            "comparison to choose",
            "/compare/...demo/webapp:1.1",
            ".offers-of-side .names a",
        ),
        view(
            "comparison with a file to choose",
            "/compare/./app.tar...demo/webapp:1.1",
            ".file-wanted",
        ),
        view("comparison", compared(""), ".row[data-row]"),
        view(
            "comparison, path",
            compared("?path=/app/package.json"),
            ".version .facts",
        ),
        view(
            "comparison, map",
            compared("?view=map"),
            "#map[data-parts]:not([data-parts='0'])",
        ),
        view(
            "comparison, map of all files",
            compared("?view=map&area=all&slide=100&path=/app/package.json"),
            "#map[data-parts]:not([data-parts='0'])",
        ),
        view(
            "comparison without a match",
            compared("?find=nothing-is-called-so"),
            ".nothing button",
        ),
        view(
            "comparison, configuration",
            compared("?view=config"),
            ".diff",
        ),
        view(
            "comparison, build history",
            compared("?view=history"),
            ".history-lines",
        ),
        view(
            "comparison, packages",
            compared("?view=packages"),
            ".compare .panel table, .compare .nothing",
        ),
        view(
            "comparison, layers",
            compared("?view=layers"),
            "[data-state]",
        ),
        view(
            "comparison of the same",
            "/compare/demo/webapp:1.1...demo/webapp:1.1",
            ".compare .nothing",
        ),
        view(
            "comparison that failed",
            "/compare/demo/webapp:9...demo/webapp:1.1",
            ".compare-problems .problem",
        ),
        view(
            "comparison that is loading",
            format!("/compare/demo/webapp:1.0...{stalling}/app:1"),
            ".compare .progress",
        ),
        view(
            "loading",
            app(stalling, ""),
            ".layer[data-layer='1'] .progress",
        ),
        view(
            "waste while loading",
            app(stalling, "?view=waste"),
            ".summary",
        ),
        View {
            then: Some((
                "(document.querySelector('.cancel').click(), true)",
                ".band .again",
            )),
            ..view(
                "stopped",
                app(stalling, ""),
                ".layer[data-layer='1'] .progress",
            )
        },
        view(
            "embed, filesystem",
            "?embed#/image/demo/webapp:1.0?path=/app",
            ".path-history li",
        ),
        view(
            "embed, waste",
            "?embed#/image/demo/webapp:1.0?view=waste",
            ".finding",
        ),
        view(
            "embed, map",
            "?embed#/image/demo/webapp:1.0?view=map",
            "#map[data-parts]:not([data-parts='0'])",
        ),
        view(
            "embed, comparison",
            "?embed#/compare/demo/webapp:1.0...demo/webapp:1.1",
            ".row[data-row]",
        ),
        view(
            "embed, not found",
            "?embed#/image/demo/webapp:9",
            ".problem",
        ),
        view("embed, nothing", "?embed#/", ".message h1"),
        View {
            then: Some((HAND_OVER, "dialog.hand-over[open]")),
            ..view("file handed over", "?handover#/", ".card")
        },
        view("exported page", format!("{exported}/#/"), ".gateway"),
        view(
            "saved analysis",
            format!("{exported}/#/index/app.onionskin?path=/two"),
            ".of-analysis ~ .columns .no-contents",
        ),
        view(
            "saved analysis, content",
            format!("{exported}/#/index/app.onionskin?view=content&path=/two"),
            ".problem",
        ),
        view("listed layers", app(listed, "?layer=1"), ".read-layer"),
        view(
            "waste of listed layers",
            app(listed, "?view=waste"),
            ".unread .again",
        ),
        view("broken layer", app(broken, "?layer=2"), ".problem"),
        view(
            "waste of a part",
            app(broken, "?view=waste"),
            ".summary .again",
        ),
    ]
}

/// A setting of the system, and a script that tells what is wrong with a view under it.
struct Setting {
    feature: &'static str,
    value: &'static str,
    /// The first view that is not looked at.
    before: Option<&'static str>,
    wrong: &'static str,
}

/// Who asks for more contrast gets 7:1 for each text.
const MORE_CONTRAST: Setting = Setting {
    feature: "prefers-contrast",
    value: "more",
    before: Some("waste"),
    wrong: "const done = arguments[arguments.length - 1];
        axe.run(document, { runOnly: { type: 'rule', values: ['color-contrast-enhanced'] } }).then(found => done(
            found.violations.flatMap(rule => rule.nodes.map(node => `${node.failureSummary} ${node.html.slice(0, 200)}`))));",
};

/// Under the system's colours, what is chosen differs from what is not, each mark is there, and the parts of a bar can be
/// told apart.
const FORCED_COLOURS: Setting = Setting {
    feature: "forced-colors",
    value: "active",
    before: None,
    wrong: "const done = arguments[arguments.length - 1], found = [];
        const is_seen = part => part.getClientRects().length > 0;
        const seen = parts => [...document.querySelectorAll(parts)].filter(is_seen);
        const style = part => getComputedStyle(part);
        const look = part => (s => [s.backgroundColor, s.borderColor, s.color, s.outlineStyle].join(' '))(style(part));
        for (const [chosen, other] of [
            ['[role=tab][aria-selected=true]', '[role=tab][aria-selected=false]'],
            ['.switch [aria-pressed=true]', '.switch [aria-pressed=false]'],
            ['.chip[aria-pressed=true]', '.chip[aria-pressed=false]'],
            ['.by-layer [aria-pressed=true]', '.by-layer [aria-pressed=false]'],
            ['.map-slider [aria-pressed=true]', '.map-slider [aria-pressed=false]'],
            ['.layer[aria-selected=true]', '.layer[aria-selected=false]'],
            ['.row.selected', '.row[data-row]:not(.selected)'],
            ['.finding.selected', '.finding:not(.selected)'],
            ['.history-table tr.chosen', '.history-table tbody tr:not(.chosen)'],
            ['.code .line.chosen', '.code .line:not(.chosen)'],
        ]) {
            const [one, another] = [seen(chosen)[0], seen(other)[0]];
            if (one && another && look(one) === look(another)) found.push(`${chosen} looks like ${other}`);
        }
        const ground = style(document.body).backgroundColor;
        for (const mark of seen('.sign, .dot, .swatch')) {
            const { backgroundColor, boxShadow, color } = style(mark);
            const filled = ![ground, 'rgba(0, 0, 0, 0)'].includes(backgroundColor);
            if (!filled && boxShadow === 'none') found.push(`${mark.className} is not to be seen`);
            if (mark.matches('.sign') && [ground, backgroundColor].includes(color) && !filled) found.push(`${mark.className} has no letter`);
        }
        for (const bar of seen('svg.bar')) {
            const parts = [...bar.querySelectorAll('rect')].map(part => [part.getAttribute('class'), style(part).fill]);
            const [classes, fills] = [0, 1].map(at => new Set(parts.map(part => part[at])).size);
            if (fills < classes || parts.some(part => part[1] === ground)) found.push(`bar of ${parts.join(', ')}`);
        }
        done(found);",
};

/// Lets axe-core look at every view at this size, in these themes; the console stays clean.
async fn look_at_every_view(width: u32, height: u32, themes: &[&str]) {
    look_at_every_view_under(width, height, themes, None).await;
}

async fn look_at_every_view_under(
    width: u32,
    height: u32,
    themes: &[&str],
    setting: Option<&Setting>,
) {
    let image = Image::new()
        .layer(layer("COPY one /").file("/one", bytes(60_000)))
        .layer(
            layer("RUN rm /one")
                .whiteout("/one")
                .file("/two", bytes(60_000)),
        )
        .pack();
    let stalling = Odd::stalling(&image).await;
    let torn = Image::new()
        .layer(layer("COPY one /").file("/one", bytes(60_000)))
        .layer(layer("RUN two").stored(vec![0x1f; 4_096]))
        .pack();
    let broken = Odd::new(holding(&torn)).await;
    let listed = Counting::new(&page_lazy::image(estargz)).await;
    let registries = [&stalling.address, &broken.address, &listed.address];
    let registries = registries.map(|address| format!("http://{address}"));
    let served = Served::start(&registries);
    let exported = Exported::new(&image).await;
    let browser = Browser::start().await;
    browser.resize(width, height).await;
    if let Some(setting) = setting {
        browser.emulate(setting.feature, setting.value).await;
    }
    let views = views(
        &stalling.address,
        &broken.address,
        &exported.origin,
        &listed.address,
    );
    let before = setting.and_then(|setting| setting.before);
    for view in views
        .into_iter()
        .take_while(|view| Some(view.name) != before)
    {
        view.open(&browser, &served).await;
        let name = view.name;
        browser.look(&name.replace(' ', "-")).await;
        for theme in themes {
            browser.theme(theme).await;
            let found = browser.accessibility().await;
            assert!(found.is_empty(), "{name}, {theme}: {found:#?}");
            if let Some(setting) = setting {
                let found: Vec<String> = browser.run(setting.wrong).await;
                assert!(found.is_empty(), "{name}, {theme}: {found:#?}");
            }
        }
        let console = browser.console().await;
        assert!(console.is_empty(), "{name}: {console:?}");
    }
}

#[tokio::test]
async fn axe_finds_nothing_in_any_view_and_the_console_is_clean() {
    look_at_every_view(1440, 900, &["light", "dark"]).await;
}

#[tokio::test]
async fn axe_finds_nothing_on_a_phone() {
    look_at_every_view(390, 844, &["dark"]).await;
}

#[tokio::test]
async fn axe_finds_nothing_at_200_percent_zoom() {
    look_at_every_view(720, 450, &["light"]).await;
}

#[tokio::test]
async fn with_more_contrast_every_text_of_files_and_lists_has_seven_to_one() {
    look_at_every_view_under(1440, 900, &["light", "dark"], Some(&MORE_CONTRAST)).await;
}

#[tokio::test]
async fn under_forced_colours_every_view_tells_what_is_chosen_and_marked() {
    look_at_every_view_under(1440, 900, &["light"], Some(&FORCED_COLOURS)).await;
}

/// Whether this part has the keyboard's focus.
fn focused(part: &str) -> String {
    format!(
        "document.activeElement === document.querySelector({})",
        Value::from(part)
    )
}

#[tokio::test]
async fn tabs_are_walked_by_arrow_keys() {
    let served = Served::start(&[]);
    let browser = Browser::start().await;
    browser.goto(&served.page("/image/demo/webapp:1.0")).await;
    browser.click("#tab-files").await;
    for (key, tab, there) in [
        (
            Key::Right,
            "#tab-waste",
            "location.hash.includes('view=waste')",
        ),
        (
            Key::Right,
            "#tab-checks",
            "location.hash.includes('view=checks')",
        ),
        (
            Key::Right,
            "#tab-packages",
            "location.hash.includes('view=packages')",
        ),
        (Key::Right, "#tab-map", "location.hash.includes('view=map')"),
        (
            Key::Right,
            "#tab-config",
            "!!document.querySelector('.config')",
        ),
        (
            Key::Right,
            "#tab-files",
            "!!document.querySelector('.tree')",
        ),
        (
            Key::Left,
            "#tab-config",
            "!!document.querySelector('.config')",
        ),
        (Key::Home, "#tab-files", "!!document.querySelector('.tree')"),
        (
            Key::End,
            "#tab-config",
            "!!document.querySelector('.config')",
        ),
    ] {
        browser.press(key).await;
        let _: bool = browser.until(&format!("{} && {there}", focused(tab))).await;
        // What the tab controls is there and named by it, and only it can be reached by Tab.
        let _: bool = browser
            .until(&format!(
                "(tab => {{ const panel = document.getElementById(tab.getAttribute('aria-controls'));
                    return panel.getAttribute('role') === 'tabpanel' && panel.getAttribute('aria-labelledby') === tab.id
                        && tab.getAttribute('aria-selected') === 'true'
                        && document.querySelectorAll('[role=tab][tabindex=\"0\"]').length === 1 }})(document.querySelector('{tab}'))"
            ))
            .await;
    }
}

#[tokio::test]
async fn escape_closes_and_the_focus_returns() {
    let served = Served::start(&[]);
    let browser = Browser::start().await;
    browser.goto(&served.page("/image/demo/webapp:1.0")).await;
    let row = "[...document.querySelectorAll('.row[data-row]')].find(r => r.querySelector('.label').textContent === 'etc')";
    let closed =
        "!document.querySelector('.details:not(.none)') && !location.hash.includes('path=')";
    for close in ["escape", "button"] {
        let _: bool = browser
            .until(&format!("!!{row} && ({row}.click(), true)"))
            .await;
        browser.until_text(".details h2", "etc").await;
        if close == "escape" {
            browser.press(Key::Escape).await;
        } else {
            browser.click(".details .close").await;
        }
        let _: bool = browser
            .until(&format!("{closed} && {}", focused(".tree")))
            .await;
    }
    // The keys go on from the row that was selected.
    browser.press(Key::Down).await;
    browser.until_text(".details h2", "bin").await;
    browser.press(Key::Escape).await;
    let _: bool = browser.until(closed).await;

    // A search is cleared before anything is closed, and an open finding is closed too.
    browser
        .goto(&served.page("/image/demo/webapp:1.0?path=/etc"))
        .await;
    browser.until_text(".details h2", "etc").await;
    browser.fill(".find input", "etc").await;
    browser.press(Key::Escape).await;
    let _: bool = browser
        .until("document.querySelector('.find input').value === ''")
        .await;
    browser.until_text(".details h2", "etc").await;
    browser
        .goto(&served.page("/image/demo/webapp:1.0?view=waste"))
        .await;
    browser.click(".finding .more").await;
    let _: bool = browser
        .until("!!document.querySelector('.finding.selected')")
        .await;
    browser.press(Key::Escape).await;
    let _: bool = browser
        .until("!document.querySelector('.finding.selected')")
        .await;
}

#[tokio::test]
async fn the_keys_stay_on_their_row_while_layers_come() {
    let image = Image::new()
        .layer(
            layer("COPY small /")
                .file("/three", bytes(3_000))
                .file("/two", bytes(2_000))
                .file("/one", bytes(1_000)),
        )
        .layer(layer("COPY large /").file("/ten", bytes(10_000)))
        .pack();
    let (held, last) = (holding(&image), image.layers[1].clone());
    let go_on = Arc::new(Notify::new());
    let awaited = Arc::clone(&go_on);
    let odd = Odd::new(move |target, authorization| {
        if !target.ends_with(&last.digest) {
            return held(target, authorization);
        }
        let (awaited, bytes) = (Arc::clone(&awaited), last.bytes.clone());
        let sent = stream::once(async move {
            awaited.notified().await;
            Ok::<_, io::Error>(bytes)
        });
        ok("application/octet-stream", Body::from_stream(sent))
    })
    .await;
    let served = Served::start(&[format!("http://{}", odd.address)]);
    let browser = Browser::start().await;
    let place = served.page(&format!("/image/{}/app:1", odd.address));
    browser.goto(&place).await;
    let row = |name: &str| {
        format!(
            "[...document.querySelectorAll('.row[data-row]')].find(r => r.querySelector('.label').textContent === '{name}')"
        )
    };
    let two = row("two");
    let _: bool = browser
        .until(&format!("!!{two} && ({two}.click(), true)"))
        .await;
    browser.until_text(".details h2", "two").await;
    browser.press(Key::Escape).await;
    let closed =
        "!document.querySelector('.details:not(.none)') && !location.hash.includes('path=')";
    let _: bool = browser.until(closed).await;
    // The larger file comes to stand above it.
    go_on.notify_one();
    let active = format!("{}?.matches('.active') === true", two);
    let _: bool = browser
        .until(&format!("!!{} && {active}", row("ten")))
        .await;
    browser.press(Key::Down).await;
    browser.until_text(".details h2", "one").await;
}

#[tokio::test]
async fn the_list_of_keys_takes_the_focus_and_gives_it_back() {
    let served = Served::start(&[]);
    let browser = Browser::start().await;
    browser.goto(&served.page("/image/demo/webapp:1.0")).await;
    let _: bool = browser
        .until("!!document.querySelector('.row[data-row]')")
        .await;
    let _: bool = browser
        .until("(t => { t.focus(); return document.activeElement === t })(document.getElementById('tree'))")
        .await;
    browser.write("?").await;
    let _: bool = browser
        .until("document.activeElement.closest('[role=dialog]') !== null")
        .await;
    browser.press(Key::Escape).await;
    let _: bool = browser
        .until("!document.querySelector('[role=dialog]') && document.activeElement.id === 'tree'")
        .await;
}
