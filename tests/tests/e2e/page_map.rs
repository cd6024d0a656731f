//! The map of the page in a real browser: what it draws, how it is walked, what its address keeps.

use onionskin_fixtures::{Image, Packed, bytes, layer};
use onionskin_tests::{Browser, Served};
use thirtyfour::Key;

/// An image whose sizes and wasted bytes are in other folders.
fn image() -> Image {
    Image::new()
        .layer(
            layer("COPY . /")
                .file("/usr/lib/big/core.so", bytes(600_000))
                .file("/usr/lib/small.so", bytes(60_000))
                .file("/opt/cache/archive.tar", bytes(300_000))
                .file("/etc/app.json", bytes(20_000)),
        )
        .layer(layer("RUN rm -rf /opt/cache").whiteout("/opt/cache"))
}

fn app() -> Packed {
    image().pack()
}

/// The same, with a later version of a file.
fn changed() -> Packed {
    let update = layer("COPY app.json /etc/").file("/etc/app.json", bytes(30_000));
    image().layer(update).pack()
}

/// What the table behind the map has: names and bytes.
async fn table(browser: &Browser) -> Vec<(String, String)> {
    browser
        .value(
            "[...document.querySelectorAll('#map-table tbody tr')].map(row =>
                [row.querySelector('th').textContent, row.querySelector('td').textContent])",
        )
        .await
}

/// True once the map shows this folder.
fn zoomed(folder: &str) -> String {
    format!("document.querySelector('#map')?.dataset.zoom === '{folder}'")
}

/// Clicks on the map, at a place in parts of its sides.
fn click_at(x: f64, y: f64) -> String {
    format!(
        "(map => {{ const r = map.getBoundingClientRect();
            map.dispatchEvent(new MouseEvent('click', {{ bubbles: true, clientX: r.left + r.width * {x}, clientY: r.top + r.height * {y} }}));
            return true }})(document.querySelector('#map'))"
    )
}

#[tokio::test]
async fn a_map_is_as_large_as_what_is_measured() {
    let (_registry, served, reference) = Served::in_front_of(&app());
    let browser = Browser::start().await;
    for (by, expected) in [
        (
            "size",
            vec![("/usr", 660_000), ("/opt", 300_000), ("/etc", 20_000)],
        ),
        ("wasted", vec![("/opt", 300_000)]),
    ] {
        browser
            .goto(&served.page(&format!("/image/{reference}?view=map&by={by}")))
            .await;
        let total: u64 = expected.iter().map(|(_, bytes)| bytes).sum();
        let _: bool = browser
            .until(&format!(
                "document.querySelector('#map')?.dataset.total === '{total}'"
            ))
            .await;
        let rows = table(&browser).await;
        let names: Vec<&str> = rows.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(
            names,
            expected.iter().map(|(name, _)| *name).collect::<Vec<_>>()
        );
        // It is drawn, in more than one colour.
        let colors: usize = browser
            .until(
                "(map => { const data = map.getContext('2d').getImageData(0, 0, map.width, map.height).data;
                    const seen = new Set(); for (let at = 0; at < data.length; at += 4 * 97) seen.add(data.slice(at, at + 4).join());
                    return seen.size > 2 && seen.size })(document.querySelector('#map'))",
            )
            .await;
        assert!(colors > 2);
    }
    // What a query does not find is not drawn.
    browser
        .goto(&served.page(&format!("/image/{reference}?view=map&find=*.json")))
        .await;
    let _: bool = browser
        .until("document.querySelector('#map')?.dataset.total === '20000'")
        .await;
}

#[tokio::test]
async fn the_map_is_walked_by_click_wheel_and_keys_and_the_address_follows() {
    let (_registry, served, reference) = Served::in_front_of(&app());
    let browser = Browser::start().await;
    browser
        .goto(&served.page(&format!("/image/{reference}?view=map")))
        .await;
    let _: bool = browser.until(&zoomed("/")).await;
    let _: bool = browser
        .until("document.querySelector('#map').dataset.parts > 3")
        .await;
    // The head of the largest folder, at the upper left.
    let _: bool = browser.value(&click_at(0.02, 0.01)).await;
    let _: bool = browser.until(&zoomed("/usr")).await;
    let _: bool = browser.until("location.hash.includes('zoom=/usr')").await;
    // One step of the wheel leads into the folder under the pointer, one back leads out.
    for (delta, folder) in [(-100, "/usr/lib"), (100, "/usr"), (100, "/")] {
        let _: bool = browser
            .until(&format!(
                "{} || (map => {{ const r = map.getBoundingClientRect();
                    map.dispatchEvent(new WheelEvent('wheel', {{ bubbles: true, cancelable: true, deltaY: {delta}, clientX: r.left + 30, clientY: r.top + 60 }}));
                    return false }})(document.querySelector('#map'))",
                zoomed(folder)
            ))
            .await;
    }
    // Keys: the first part, into it, out again.
    let _: bool = browser
        .until("(map => { map.focus(); return document.activeElement === map })(document.querySelector('#map'))")
        .await;
    for _ in 0..3 {
        browser.press(Key::Right).await;
    }
    browser.write("-").await;
    browser.click(".map-crumbs button").await;
    let _: bool = browser.until(&zoomed("/")).await;
    // A file is selected, with its details, and the tree has the same selection.
    browser
        .goto(&served.page(&format!("/image/{reference}?view=map&zoom=/usr/lib/big")))
        .await;
    let _: bool = browser.until(&zoomed("/usr/lib/big")).await;
    let _: bool = browser
        .until("document.querySelector('#map').dataset.parts === '1'")
        .await;
    let _: bool = browser.value(&click_at(0.5, 0.5)).await;
    browser.until_text(".details h2", "core.so").await;
    let _: bool = browser
        .until("location.hash.includes('path=/usr/lib/big/core.so')")
        .await;
    browser.write("f").await;
    browser.until_text(".row.selected .label", "core.so").await;
    browser.write("m").await;
    let _: bool = browser.until(&zoomed("/usr/lib/big")).await;
    browser
        .until_text("#map-told", "/usr/lib/big/core.so: 600.0 kB")
        .await;

    // Measure and colours are kept by the address.
    for (name, value) in [("by", "download"), ("color", "layer")] {
        let _: bool = browser
            .value(&format!(
                "(s => {{ s.value = '{value}'; s.dispatchEvent(new Event('change', {{ bubbles: true }})); return true }})(document.querySelector('select[name={name}]'))"
            ))
            .await;
        let _: bool = browser
            .until(&format!("location.hash.includes('{name}={value}')"))
            .await;
    }
    let _: bool = browser
        .until("[...document.querySelectorAll('.map-legend li')].map(e => e.textContent).join() === '1,2'")
        .await;
    let address = browser.address().await;
    browser.goto("about:blank").await;
    browser.goto(&address).await;
    let _: bool = browser.until(&zoomed("/usr/lib/big")).await;
    let _: bool = browser
        .until("document.querySelector('select[name=by]').value === 'download' && !!document.querySelector('.of-layer-0')")
        .await;
}

/// The tree and the map show the same: the changes of a range, the kinds that are not hidden, the selected path. As an icicle
/// the map is walked alike.
#[tokio::test]
async fn a_map_is_of_what_the_tree_shows_in_either_layout() {
    let (_registry, served, reference) = Served::in_front_of(&changed());
    let browser = Browser::start().await;
    let total = |bytes: u64| format!("document.querySelector('#map')?.dataset.total === '{bytes}'");
    browser
        .goto(&served.page(&format!("/image/{reference}?layer=3&from=2&view=changes")))
        .await;
    browser
        .until_text(".foot", "changed by layers 2 to 3")
        .await;
    browser.write("m").await;
    let _: bool = browser.until(&total(330_000)).await;
    let rows = table(&browser).await;
    let names: Vec<&str> = rows.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["/opt", "/etc"]);
    let address = browser.address().await;
    assert!(
        address.ends_with("?layer=3&from=2&view=map&of=changes"),
        "{address}"
    );
    browser.click(".map-view .chip[data-kind=deleted]").await;
    let _: bool = browser.until(&total(30_000)).await;
    browser.write("f").await;
    browser
        .until_text(".foot", "changed by layers 2 to 3")
        .await;
    let address = browser.address().await;
    assert!(
        address.ends_with("?layer=3&from=2&view=changes&hide=deleted"),
        "{address}"
    );
    // The switch beside the layers stays on the map.
    browser.write("m").await;
    let _: bool = browser.until(&total(30_000)).await;
    browser.click(".layers .switch button").await;
    let _: bool = browser.until(&total(690_000)).await;

    browser.click(".map-layout button:last-child").await;
    let _: bool = browser
        .until("location.hash.includes('view=map&layout=icicle&hide=deleted')")
        .await;
    // Files are in the last of four columns. The treemap has a smaller one there.
    let click = click_at(0.92, 0.4);
    let _: bool = browser
        .until(&format!(
            "location.hash.includes('path=/usr/lib/big/core.so') || ({click}, false)"
        ))
        .await;
    browser.until_text(".details h2", "core.so").await;
    let _: bool = browser
        .until("(map => { map.focus(); return document.activeElement === map })(document.querySelector('#map'))")
        .await;
    browser.press(Key::Left).await;
    browser
        .until_text("#map-told", "/usr/lib/big: 600.0 kB")
        .await;
    browser.press(Key::Enter).await;
    let _: bool = browser.until(&zoomed("/usr/lib/big")).await;
    browser.write("-").await;
    let _: bool = browser.until(&zoomed("/usr/lib")).await;
    browser.reload().await;
    let _: bool = browser.until(&zoomed("/usr/lib")).await;
    let _: bool = browser
        .until("!!document.querySelector('.map-layout [aria-pressed=true]:last-child')")
        .await;
    browser.look("map-as-icicle").await;
    assert_eq!(browser.accessibility().await, Vec::<String>::new());
}

/// The largest packages have colours of their own, and each part tells whose it is.
#[tokio::test]
async fn packages_are_the_colours_of_the_map() {
    let status = |name: &str| {
        format!(
            "Package: {name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.0-1\n\n"
        )
    };
    let names: Vec<String> = (0..13).map(|at| format!("lib{at}")).collect();
    let database: String = names.iter().map(|name| status(name)).collect();
    let mut rootfs = layer("ADD rootfs /")
        .file("/var/lib/dpkg/status", database)
        .file("/app/own", bytes(900_000));
    for (at, name) in names.iter().enumerate() {
        let file = format!("/usr/lib/lib{at}.so");
        rootfs = rootfs
            .file(
                format!("/var/lib/dpkg/info/{name}.list"),
                format!("{file}\n"),
            )
            .file(&file, bytes(200_000 - 10_000 * at));
    }
    let (_registry, served, reference) = Served::in_front_of(&Image::new().layer(rootfs).pack());
    let browser = Browser::start().await;
    let place = format!("/image/{reference}?view=map&color=package");
    browser.goto(&served.page(&place)).await;
    browser.until_text(".map-legend", "other packages").await;
    let legend = browser.texts(".map-legend li").await;
    let mut expected = names[..11].to_vec();
    expected.extend(["other packages", "no package"].map(str::to_owned));
    assert_eq!(legend, expected);
    // Each of these colours is drawn.
    let drawn = "(map => {
        const { width, height } = map, data = map.getContext('2d').getImageData(0, 0, width, height).data, seen = new Set();
        for (let at = 0; at < data.length; at += 4) seen.add(data.slice(at, at + 3).join());
        const [, ...ground] = getComputedStyle(map).backgroundColor.match(/(\\d+), (\\d+), (\\d+)/);
        const mixed = color => color.map((part, at) => Math.round(part * 0.38 + ground[at] * 0.62));
        const near = color => [...seen].some(one => one.split(',').every((part, at) => Math.abs(part - color[at]) <= 2));
        return [...document.querySelectorAll('.map-legend .swatch')].filter(swatch => {
            const [, ...color] = getComputedStyle(swatch).backgroundColor.match(/(\\d+), (\\d+), (\\d+)/);
            return !near(mixed(color.map(Number)));
        }).map(swatch => swatch.dataset.color);
    })(document.querySelector('#map'))";
    let _: bool = browser.until(&format!("{drawn}.length === 0")).await;
    browser.look("map-of-packages").await;
    assert_eq!(browser.accessibility().await, Vec::<String>::new());
    for (path, package) in [
        ("/usr/lib/lib0.so", "of lib0 1.0-1"),
        ("/usr/lib/lib12.so", "of lib12 1.0-1"),
        ("/app/own", "of no package"),
    ] {
        browser
            .goto(&served.page(&format!("{place}&path={path}")))
            .await;
        browser.until_text("#map-told", &format!("{path}: ")).await;
        browser.until_text("#map-told", package).await;
    }
    let _: bool = browser
        .until("document.querySelector('select[name=color]').value === 'package'")
        .await;
}

/// The answer for another size is another list of parts.
#[tokio::test]
async fn the_part_that_the_keyboard_is_on_stays_in_a_window_of_another_size() {
    // In a smaller map more of them are too small for a rectangle.
    let files = (0..150).fold(layer("COPY . /srv"), |layer, file| {
        layer.file(format!("/srv/f{file}"), bytes(100 + 20 * file * file))
    });
    let image = Image::new().layer(files.file("/srv/large", bytes(3_000_000)));
    let (_registry, served, reference) = Served::in_front_of(&image.pack());
    let browser = Browser::start().await;
    browser.resize(1200, 800).await;
    browser
        .goto(&served.page(&format!("/image/{reference}?view=map&zoom=/srv")))
        .await;
    let parts = "document.querySelector('#map').dataset.parts";
    let before: String = browser
        .until(&format!(
            "document.querySelector('#map')?.dataset.parts > 1 && {parts}"
        ))
        .await;
    let _: bool = browser
        .until("(map => { map.focus(); return document.activeElement === map })(document.querySelector('#map'))")
        .await;
    browser.press(Key::Right).await;
    browser.until_text("#map-told", "/srv/large: ").await;
    browser.resize(700, 500).await;
    let _: bool = browser.until(&format!("{parts} !== '{before}'")).await;
    let told: String = browser
        .value("document.querySelector('#map-told').textContent")
        .await;
    assert!(told.starts_with("/srv/large: "), "{told}");
}

/// The limits have room for a slow machine: a zoom is built for a tenth of them.
#[tokio::test]
async fn many_files_are_few_rectangles() {
    const FILES: usize = 60_000;
    let files = (0..FILES).fold(layer("COPY . /srv"), |layer, file| {
        let path = format!("/srv/d{}/f{}", file / 3_000, file % 3_000);
        layer.file(path, format!("{file}"))
    });
    let (_registry, served, reference) = Served::in_front_of(&Image::new().layer(files).pack());
    let browser = Browser::start().await;
    browser
        .goto(&served.page(&format!("/image/{reference}?view=map")))
        .await;
    let parts: String = browser
        .until("document.querySelector('#map')?.dataset.parts > 10 && document.querySelector('#map').dataset.parts")
        .await;
    assert!(parts.parse::<usize>().unwrap() < 2_000, "{parts}");
    // The table behind the map is not seen, and neither is its caption.
    let covered: bool = browser
        .value(
            "(box => document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2).closest('table') === null)(
                document.querySelector('#map-table caption').getBoundingClientRect())",
        )
        .await;
    assert!(covered);
    let _: bool = browser.value(&click_at(0.05, 0.01)).await;
    let _: bool = browser.until(&zoomed("/srv")).await;
    let rows = table(&browser).await;
    assert!(rows.len() <= 100);
}
