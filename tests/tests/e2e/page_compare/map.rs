//! The map of a comparison: its parts, its slider, and what its address keeps.

use onionskin_fixtures::{Image, layer};
use onionskin_tests::{Browser, Registry, Served};
use thirtyfour::Key;

use super::Ground;

/// What the table behind the map has: name, change, and the bytes of both images.
async fn table(browser: &Browser) -> Vec<[String; 4]> {
    browser
        .value(
            "[...document.querySelectorAll('#map-table tbody tr')].map(row => [...row.children].map(cell => cell.textContent))",
        )
        .await
}

/// True once the map has this total.
fn total(bytes: u64) -> String {
    format!(
        "document.querySelector('#map')?.dataset.total === '{bytes}' && document.querySelector('#map').dataset.parts > 0"
    )
}

/// Moves the slider, and lets it go.
fn slid(to: u8) -> String {
    format!(
        "(input => {{ input.value = '{to}';
            for (const kind of ['input', 'change']) input.dispatchEvent(new Event(kind, {{ bubbles: true }}));
            return true }})(document.querySelector('.map-slider input'))"
    )
}

#[tokio::test]
async fn the_map_goes_from_the_old_image_to_the_new_one() {
    let ground = Ground::open().await;
    let browser = &ground.browser;
    ground.compared("?view=map").await;
    // What differs: files added, removed, grown, moved, and one of which only the mode did.
    let (old, new) = (
        40_000 + 9_000 + 3 + 700 + 800 + 4,
        9_500 + 11 + 800 + 4 + 60_000,
    );
    let packages = |names: [(&str, &str); 2]| super::installed(&names).len() as u64;
    let old = old + packages([("libold", "1.0"), ("libc6", "2.36-9")]);
    let new = new + packages([("libnew", "3"), ("libc6", "2.36-10")]);
    let _: bool = browser.until(&total((old + new).div_ceil(2))).await;
    let rows = table(browser).await;
    let row = |name: &str| rows.iter().find(|row| row[0] == name).unwrap();
    assert_eq!(row("/bin")[1], "shrunk, 40.0 kB → 0 B, -40.0 kB");
    assert_eq!(
        row("/data")[1..],
        ["added, +60.0 kB", "0 bytes", "60,000 bytes"]
    );
    assert_eq!(row("/usr")[1], "grown, 9.0 kB → 9.5 kB, +500 B");
    let _: bool = browser.value(&slid(0)).await;
    let _: bool = browser.until(&total(old)).await;
    let _: bool = browser.until("location.hash.includes('slide=0')").await;
    browser.click(".map-slider button:last-of-type").await;
    let _: bool = browser.until(&total(new)).await;
    // The slider is one for the keyboard too.
    let _: bool = browser
        .value("(document.querySelector('.map-slider input').focus(), true)")
        .await;
    browser.press(Key::Home).await;
    let _: bool = browser.until(&total(old)).await;
    // Selected in the map, selected in the tree.
    ground.compared("?view=map&slide=100&zoom=/data").await;
    let _: bool = browser.until(&total(60_000)).await;
    let _: bool = browser
        .value(
            "(map => { const r = map.getBoundingClientRect();
                map.dispatchEvent(new MouseEvent('click', { bubbles: true, clientX: r.left + r.width / 2, clientY: r.top + r.height / 2 }));
                return true })(document.querySelector('#map'))",
        )
        .await;
    browser.until_text(".details h2", "<b>&x").await;
    browser.click("#tab-files").await;
    browser.until_text(".row.selected .label", "<b>&x").await;
    browser.write("m").await;
    let _: bool = browser.until(&total(60_000)).await;
    browser
        .until_text("#map-told", "/data/<b>&x: added, +60.0 kB")
        .await;
    // What is not looked for is not drawn; what does not differ is, where that is asked for.
    ground.compared("?view=map&slide=100&find=libc").await;
    let _: bool = browser.until(&total(9_500)).await;
    ground
        .compared("?view=map&slide=100&hide=added&find=data")
        .await;
    browser
        .until_text(".map-frame .nothing", "Clear the search")
        .await;
    ground.compared("?view=map&slide=100").await;
    let _: bool = browser.until(&total(new)).await;
    let _: bool = browser
        .value("(s => { s.value = 'all'; s.dispatchEvent(new Event('change', { bubbles: true })); return true })(document.querySelector('select[name=area]'))")
        .await;
    let whole: u64 = new + 200_000 + 5_000 + packages_list();
    let _: bool = browser.until(&total(whole)).await;
    let address = browser.address().await;
    assert!(
        address.ends_with("view=map&slide=100&area=all"),
        "{address}"
    );
    browser.reload().await;
    let _: bool = browser.until(&total(whole)).await;
    // Swapped sides show the other end.
    browser.click(".swap").await;
    let _: bool = browser
        .until("location.hash.includes('view=map&slide=0&area=all')")
        .await;
    let _: bool = browser.until(&total(whole)).await;
}

/// Bytes of the list of files that both images have.
fn packages_list() -> u64 {
    "/usr/lib/libc.so\n".len() as u64
}

/// The limits have room for a slow machine.
#[tokio::test]
async fn a_hundred_thousand_files_are_few_rectangles_and_slide_at_once() {
    const FILES: usize = 100_000;
    let image = |seed: usize| {
        let files = (0..FILES).fold(layer("COPY . /srv"), |layer, file| {
            let path = format!("/srv/d{}/f{}", file / 1_000, file % 1_000);
            layer.file(path, "x".repeat(1 + (file * seed) % 17))
        });
        Image::new().layer(files).pack()
    };
    let registry = Registry::start();
    registry.push("team/app:1", &image(3));
    registry.push("team/app:2", &image(5));
    let served = Served::start(&[format!("http://{}", registry.address())]);
    let browser = Browser::start().await;
    let name = format!("{}/team/app", registry.address());
    let place = format!("/compare/{name}:1...{name}:2?view=map");
    browser.goto(&served.page(&place)).await;
    let parts: usize = browser
        .until("document.querySelector('#map')?.dataset.parts > 10 && Number(document.querySelector('#map').dataset.parts)")
        .await;
    assert!(parts < 2_000, "{parts}");
    let before: String = browser
        .value("document.querySelector('#map').dataset.total")
        .await;
    // Nothing is asked for a step of the slider: the page has both places of each part.
    let slow: f64 = browser
        .run(&format!(
            "const done = arguments[0], from = performance.now(); {};
             const map = document.querySelector('#map');
             const look = () => map.dataset.total !== '{before}' ? done(performance.now() - from) : requestAnimationFrame(look);
             look();",
            slid(100)
        ))
        .await;
    assert!(slow < 2_000.0, "{slow} ms");
}
