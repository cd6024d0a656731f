//! Names in letters that are written from right to left, and names as long as filesystems have them.

use onionskin_fixtures::{Image, Packed, bytes, layer};
use onionskin_tests::{Browser, Served};
use serde_json::Value;

/// “report 2024 (copy).pdf”, “folder”, and “data” with marks that turn the direction.
const HEBREW: &str = "דוח 2024 (העתק).pdf";
const ARABIC: &str = "مجلد";
const MARKED: &str = "\u{200f}data\u{200e}.7z";

/// Folders with the longest names that there are, to a path of 4,095 bytes.
fn long() -> String {
    let folder = |letter: char| format!("/{}", letter.to_string().repeat(254));
    let mut path: String = ('a'..='o').map(folder).collect();
    while path.len() + 1 < 4_095 {
        let room = (4_095 - path.len() - 1).min(255);
        path.push('/');
        path.push_str(&"z".repeat(room));
    }
    assert_eq!(path.len(), 4_095);
    path
}

fn image() -> Packed {
    let name = "n".repeat(255);
    Image::new()
        .layer(
            layer("COPY . /")
                .file(format!("/{HEBREW}"), bytes(50_000))
                .file(format!("/{ARABIC}/{HEBREW}"), bytes(40_000))
                .file(format!("/{MARKED}"), bytes(30_000))
                .file(format!("/{name}"), bytes(20_000))
                .file(long(), bytes(10_000))
                .symlink("/link", format!("{ARABIC}/{HEBREW}"))
                .symlink(format!("/{}", "ש".repeat(127)), "link"),
        )
        .layer(layer("RUN rm").whiteout(format!("/{ARABIC}/{HEBREW}")))
        .pack()
}

/// What stands in the wrong place: nothing scrolls sideways, and in each row the columns stand as in the heads, one after
/// the other, whatever the names are.
const DISPLACED: &str = "(() => {
    const found = [], root = document.documentElement;
    if (root.scrollWidth > innerWidth) found.push(`the page is ${root.scrollWidth} wide`);
    for (const part of document.querySelectorAll('main *')) {
        const style = getComputedStyle(part), scrolls = ['auto', 'scroll'].includes(style.overflowX);
        if (scrolls && part.scrollWidth > part.clientWidth && !part.matches('.layers ol, .code, .tabs, .data-table, .code *')) found.push(`${part.className} scrolls sideways`);
    }
    const heads = [...document.querySelectorAll('.heads .cell')].map(cell => cell.getBoundingClientRect());
    for (const row of document.querySelectorAll('.row[data-row]')) {
        const cells = [...row.querySelectorAll('.cell')];
        cells.forEach((cell, at) => {
            const box = cell.getBoundingClientRect(), text = document.createRange();
            text.selectNodeContents(cell);
            const drawn = [...text.getClientRects()].filter(rect => rect.width > 1);
            if (Math.abs(box.left - heads[at].left) > 1) found.push(`${cell.textContent} is in another column`);
            if (at > 0 && drawn.some(rect => rect.left < box.left - 1)) found.push(`${cell.textContent} is left of its column`);
        });
        const [sign, label, note] = ['.sign', '.label', '.note'].map(part => row.querySelector(part)?.getBoundingClientRect());
        if (sign && label && label.width > 0 && sign.right > label.left) found.push('a sign is right of its name');
        if (note && label && label.right > note.left + 1) found.push(`${row.textContent}: the note is left of its name`);
    }
    return found;
})()";

/// Whether what does not fit is cut with an ellipsis at the end of the name.
fn is_cut(name: &str) -> String {
    let name = Value::from(name);
    format!(
        "(label => !!label && label.scrollWidth > label.clientWidth && getComputedStyle(label).textOverflow === 'ellipsis')
            ([...document.querySelectorAll('.row .label')].find(label => label.textContent === {name}))"
    )
}

#[tokio::test]
async fn names_from_right_to_left_and_long_ones_move_nothing_beside_them() {
    let (_registry, served, reference) = Served::in_front_of(&image());
    let browser = Browser::start().await;
    let whole = "!!document.querySelector('.band') && !document.querySelector('.band.partial') && !!document.querySelector('.row[data-row]')";
    let (long, hebrew) = (long(), "ש".repeat(127));
    for (width, height) in [(1440, 900), (390, 844)] {
        browser.resize(width, height).await;
        for rest in ["", "?view=changes&layer=1", "?layer=2"] {
            browser.goto("about:blank").await;
            browser
                .goto(&served.page(&format!("/image/{reference}{rest}")))
                .await;
            let _: bool = browser.until(whole).await;
            let displaced: Vec<String> = browser.value(DISPLACED).await;
            assert!(displaced.is_empty(), "{width}, {rest}: {displaced:#?}");
        }
        let _: bool = browser.until(&is_cut(&"n".repeat(255))).await;
        if width < 1_000 {
            break;
        }
        let _: bool = browser.until(&is_cut(&hebrew)).await;
        browser.look("names").await;
        browser.resize(width, height).await;
        // The details have the whole of it.
        let (_, last) = long.rsplit_once('/').unwrap();
        for (path, name) in [
            (long.as_str(), last),
            (&format!("/{ARABIC}/{HEBREW}"), HEBREW),
            (&format!("/{}", "n".repeat(255)), &"n".repeat(255)),
        ] {
            browser.goto("about:blank").await;
            browser
                .goto(&served.page(&format!("/image/{reference}?layer=1&path={path}")))
                .await;
            let _: bool = browser.until(whole).await;
            let found = format!(
                "document.querySelector('.details h2')?.textContent === {}",
                Value::from(name)
            );
            let _: bool = browser.until(&found).await;
            let way: Vec<String> = browser.texts(".details .crumbs > button").await;
            let way: String = way.iter().map(|folder| format!("/{folder}")).collect();
            assert_eq!(format!("{way}/{name}"), path);
            let displaced: Vec<String> = browser.value(DISPLACED).await;
            assert!(displaced.is_empty(), "{width}, {name}: {displaced:#?}");
            let seen: bool = browser
                .value("(h2 => h2.scrollWidth <= h2.clientWidth + 1)(document.querySelector('.details h2'))")
                .await;
            assert!(seen, "{name} is cut in its details at {width}");
        }
        browser.look("long-path").await;
        browser.resize(width, height).await;
    }
    // A name is drawn in its own direction, and the marks that would turn what is beside it are written out.
    browser.resize(1440, 900).await;
    browser.goto("about:blank").await;
    browser
        .goto(&served.page(&format!("/image/{reference}")))
        .await;
    let _: bool = browser.until(whole).await;
    let direction = |name: &str| {
        let name = Value::from(name);
        format!(
            "getComputedStyle([...document.querySelectorAll('.row .label')].find(label => label.textContent === {name})).direction"
        )
    };
    for (name, expected) in [
        (HEBREW, "rtl"),
        (ARABIC, "rtl"),
        ("\\u{200f}data\\u{200e}.7z", "ltr"),
    ] {
        let found: String = browser.value(&direction(name)).await;
        assert_eq!(found, expected, "{name}");
    }
}
