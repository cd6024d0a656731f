//! Every view of the page, and every state that looks different: for tests that go through all of them.

use onionskin_fixtures::{Image, bytes, estargz, layer};
use onionskin_tests::counting::Counting;
use onionskin_tests::odd::{Odd, holding};
use onionskin_tests::{Browser, Exported, Served};
use serde_json::Value;

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

/// Servers with whatever the views need, and a browser.
pub(super) struct Ground {
    pub(super) served: Served,
    pub(super) browser: Browser,
    exported: Exported,
    stalling: Odd,
    broken: Odd,
    listed: Counting,
}

impl Ground {
    pub(super) async fn open() -> Self {
        let image = Image::new()
            .layer(layer("COPY one /").file("/one", bytes(60_000)))
            .layer(
                layer("RUN rm /one")
                    .whiteout("/one")
                    .file("/two", bytes(60_000)),
            )
            .pack();
        let torn = Image::new()
            .layer(layer("COPY one /").file("/one", bytes(60_000)))
            .layer(layer("RUN two").stored(vec![0x1f; 4_096]))
            .pack();
        let stalling = Odd::stalling(&image).await;
        let broken = Odd::new(holding(&torn)).await;
        let listed = Counting::new(&page_lazy::image(estargz)).await;
        let registries = [&stalling.address, &broken.address, &listed.address];
        let registries = registries.map(|address| format!("http://{address}"));
        Self {
            served: Served::start(&registries),
            browser: Browser::start().await,
            exported: Exported::new(&image).await,
            stalling,
            broken,
            listed,
        }
    }
}

fn demo(rest: &str) -> String {
    format!("/image/demo/webapp:1.0{rest}")
}

fn compared(rest: &str) -> String {
    format!("/compare/demo/webapp:1.0...demo/webapp:1.1{rest}")
}

fn app(address: &str, rest: &str) -> String {
    format!("/image/{address}/app:1{rest}")
}

/// The start, lists of registries, and the files of an image.
pub(super) fn of_lists_and_files() -> Vec<View> {
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
    ]
}

/// The other views of an image, and those of many.
pub(super) fn of_findings_and_history(ground: &Ground) -> Vec<View> {
    let stalling = &ground.stalling.address;
    vec![
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
    ]
}

pub(super) fn of_comparisons(ground: &Ground) -> Vec<View> {
    let stalling = &ground.stalling.address;
    vec![
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
            "comparison with nothing",
            "/compare/demo/webapp:1.1...demo/webapp:1.1?old-stack=0",
            ".row[data-row]",
        ),
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
    ]
}

/// An image that is not whole, and the page in other pages.
pub(super) fn of_parts_and_embedded(ground: &Ground) -> Vec<View> {
    let (stalling, broken) = (&ground.stalling.address, &ground.broken.address);
    let (listed, exported) = (&ground.listed.address, &ground.exported.origin);
    vec![
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
