//! A page of another site hands a file over by `postMessage`: the visitor is asked, and only then is it read.

use std::fs;
use std::path::PathBuf;

use onionskin_fixtures::write::oci_archive;
use onionskin_fixtures::{Image, bytes, layer};
use onionskin_tests::command::printed;
use onionskin_tests::odd::{Odd, ok, status};
use onionskin_tests::{Browser, Served};
use serde_json::{Value, json};
use tempfile::TempDir;
use thirtyfour::Key;

/// True once the image is read to its end.
const WHOLE: &str = "!!document.querySelector('.band') && !document.querySelector('.band.partial')";
const ASKED: &str = "dialog.hand-over[open]";

/// What the page of the giver does: it remembers what it hears.
const GIVER: &str = "<!DOCTYPE html><title>Reviews</title><link rel=icon href=data:,><script>
    window.heard = [];
    addEventListener('message', event => heard.push([event.origin, event.data]));
    window.hear = at => new Promise(resolve => {
        const look = () => heard[at] ? resolve(heard[at]) : addEventListener('message', look, { once: true });
        look();
    });
    window.give = async (name, message) => {
        const file = await (await fetch(name)).blob();
        child.postMessage({ type: 'onionskin:open', file, ...message }, '*');
        return true;
    };
</script><iframe width=900 height=600></iframe>";

/// A site that has private artifacts, and Onionskin elsewhere.
struct Handing {
    giver: Odd,
    served: Served,
    browser: Browser,
    _folder: TempDir,
}

impl Handing {
    async fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let image = Image::new()
            .layer(layer("COPY one").file("/app/run", bytes(9_000)))
            .layer(layer("COPY two").file("/app/data", "text\n"))
            .pack();
        let saved = folder.path().join("app.tar");
        fs::write(&saved, oci_archive(&[("app:1", &image)])).unwrap();
        let analysis: PathBuf = folder.path().join("app.onionskin");
        let arguments = ["index", saved.to_str().unwrap(), "-o"];
        printed(&[&arguments[..], &[analysis.to_str().unwrap()]].concat()).await;
        let held = [&saved, &analysis].map(|path| fs::read(path).unwrap());
        let giver = Odd::new(move |target, _| match target {
            "/app.tar" => ok("application/x-tar", held[0].clone()),
            "/app.onionskin" => ok("application/octet-stream", held[1].clone()),
            "/" => ok("text/html", GIVER),
            _ => status(404, &[], ""),
        })
        .await;
        let served = Served::start_with(&["--frame-ancestors", &origin(&giver)]);
        let browser = Browser::start().await;
        browser.goto(&format!("{}/", origin(&giver))).await;
        Self {
            giver,
            served,
            browser,
            _folder: folder,
        }
    }

    fn address(&self, query: &str, fragment: &str) -> String {
        format!("http://{}/?{query}#{fragment}", self.served.address())
    }

    /// The giver's page opens Onionskin, and waits until it is ready.
    async fn open(&self, address: &str) {
        self.browser.go_to_oldest_window().await;
        let open = format!("(heard.length = 0, !!(window.child = window.open('{address}')))");
        assert!(self.browser.value::<bool>(&open).await);
        self.hears(0, json!({"type": "onionskin:ready", "version": 1}))
            .await;
        self.browser.go_to_newest_window().await;
    }

    /// The giver hears this message. Its window is in the background, where nothing is drawn.
    async fn hears(&self, at: usize, message: Value) {
        let expected = json!([format!("http://{}", self.served.address()), message]);
        let heard = format!("hear({at}).then(arguments[arguments.length - 1])");
        let heard: Value = self.browser.run(&heard).await;
        assert_eq!(heard, expected);
    }

    async fn answered(&self, at: usize, answer: &str) {
        self.hears(at, json!({"type": "onionskin:answer", "answer": answer}))
            .await;
    }

    /// The giver runs a script with the window that it opened.
    async fn gives(&self, script: &str) {
        self.browser.go_to_oldest_window().await;
        let script = format!(
            "const done = arguments[arguments.length - 1]; (async () => {{ {script} }})().then(() => done(true));"
        );
        let _: bool = self.browser.run(&script).await;
    }

    async fn is_asked(&self) {
        let _: bool = self
            .browser
            .until(&format!("!!document.querySelector('{ASKED}')"))
            .await;
    }
}

/// Another site than that of `127.0.0.1`.
fn origin(giver: &Odd) -> String {
    giver.address.replace("127.0.0.1", "http://localhost")
}

#[tokio::test]
async fn a_file_is_read_once_the_visitor_agrees() {
    let handing = Handing::new().await;
    let browser = &handing.browser;
    let buffer = "child.postMessage({ type: 'onionskin:open', name: 'app.tar', file: await (await fetch('/app.tar')).arrayBuffer() }, '*')";
    let file = "const blob = await (await fetch('/app.tar')).blob();
        child.postMessage({ type: 'onionskin:open', file: new File([blob], 'app.tar') }, '*')";
    for (script, name) in [
        ("await give('/app.tar', { name: 'app.tar' })", "app.tar"),
        (buffer, "app.tar"),
        (file, "app.tar"),
        (
            "await give('/app.onionskin', { name: 'app.onionskin' })",
            "app.onionskin",
        ),
    ] {
        handing.open(&handing.address("handover", "/")).await;
        handing.gives(script).await;
        browser.go_to_newest_window().await;
        handing.is_asked().await;
        let said = browser.texts(ASKED).await.concat();
        assert!(said.contains(&origin(&handing.giver)), "{said}");
        assert!(said.contains(&format!("hands over {name} (")), "{said}");
        assert!(browser.value::<bool>("location.hash === '#/'").await);
        browser.click("dialog.hand-over .primary").await;
        let _: bool = browser.until(WHOLE).await;
        browser.until_text(".row .label", "app").await;
        let hash = format!("location.hash === '#/file/{name}'");
        assert!(browser.value::<bool>(&hash).await);
        browser.go_to_oldest_window().await;
        handing.answered(1, "opened").await;
    }
    // The address keeps the place, for an analysis in the tab too: it is only asked for again once the tab has forgotten it.
    handing
        .open(&handing.address("handover", "/file/app.onionskin?view=waste"))
        .await;
    browser.until_text("h1", "Choose this file again").await;
    let ticket = "sessionStorage.getItem('onionskin.file.app.onionskin')";
    for again in [false, true] {
        if again {
            let _: bool = browser.until(&format!("!!{ticket}")).await;
            browser.reload().await;
            let _: bool = browser.until(WHOLE).await;
            browser.until_text(".panel h2", "wasted").await;
            assert!(browser.value("(sessionStorage.clear(), true)").await);
            browser.reload().await;
            browser.until_text("h1", "Choose this file again").await;
            browser.go_to_oldest_window().await;
            // After the answer: nothing was asked for while the tab had the file.
            handing
                .hears(2, json!({"type": "onionskin:ready", "version": 1}))
                .await;
        }
        handing
            .gives("await give('/app.onionskin', { name: 'app.onionskin' })")
            .await;
        browser.go_to_newest_window().await;
        handing.is_asked().await;
        browser.click("dialog.hand-over .primary").await;
        let _: bool = browser.until(WHOLE).await;
        browser.until_text(".panel h2", "wasted").await;
    }
}

#[tokio::test]
async fn what_the_visitor_refuses_is_not_read() {
    let handing = Handing::new().await;
    let browser = &handing.browser;
    for refuse in ["button", "escape"] {
        handing.open(&handing.address("handover", "/")).await;
        handing
            .gives("await give('/app.tar', { name: 'app.tar' })")
            .await;
        browser.go_to_newest_window().await;
        handing.is_asked().await;
        // No key that is pressed just then agrees.
        browser.press(Key::Enter).await;
        browser.press(Key::Space).await;
        browser.write("w").await;
        handing.is_asked().await;
        match refuse {
            "button" => browser.click("dialog.hand-over button:not(.primary)").await,
            _ => browser.press(Key::Escape).await,
        }
        let _: bool = browser
            .until("!document.querySelector('dialog') && !!document.querySelector('.start')")
            .await;
        browser.go_to_oldest_window().await;
        handing.answered(1, "refused").await;
        // Nobody is asked again and again.
        handing
            .gives("await give('/app.tar', { name: 'app.tar' })")
            .await;
        handing.answered(2, "refused").await;
        browser.go_to_newest_window().await;
        assert!(
            browser
                .value::<bool>("!document.querySelector('dialog')")
                .await
        );
    }
}

#[tokio::test]
async fn a_message_is_not_believed() {
    let handing = Handing::new().await;
    let browser = &handing.browser;
    handing.open(&handing.address("handover", "/")).await;
    handing
        .gives(
            "const send = message => child.postMessage(message, '*');
            const open = more => send({ type: 'onionskin:open', ...more });
            // Not for this page.
            for (const other of [null, 1, 'onionskin:open', [], { type: 1 }, { type: 'onionskin:ready' }, new Map()]) send(other);
            // Without a file.
            for (const file of [undefined, null, 1, 'https://example.com/', {}, { size: 5, name: 'x' }, new Uint8Array(9),
                new Blob([]), new ArrayBuffer(0), [new Blob(['x'])]]) open({ name: 'app.tar', file });",
        )
        .await;
    for at in 1..=10 {
        handing.answered(at, "invalid").await;
    }
    // Names say neither where to fetch from nor where to read.
    handing
        .gives("await give('/app.tar', { name: 'https://example.com/../' + '\\u202e' + 'a\\0'.repeat(9000) }); await give('/app.tar', { name: 'other.tar' })")
        .await;
    // What is asked about stays what it is.
    handing.answered(11, "busy").await;
    browser.go_to_newest_window().await;
    handing.is_asked().await;
    let said = browser.texts(ASKED).await.concat();
    assert!(
        !said.contains("example.com") && !said.contains("other.tar"),
        "{said}"
    );
    assert!(!said.contains('\u{202e}') && said.len() < 3_000, "{said}");
    assert_eq!(browser.accessibility().await, Vec::<String>::new());
    browser.click("dialog.hand-over .primary").await;
    let _: bool = browser.until(WHOLE).await;
    // The second click of a double click agrees to nothing else.
    handing
        .gives("await give('/app.tar', { name: 'other.tar' })")
        .await;
    handing.answered(13, "busy").await;
    browser.go_to_newest_window().await;
    assert!(
        browser
            .value::<bool>("!document.querySelector('dialog')")
            .await
    );
    assert_eq!(browser.console().await, Vec::<String>::new());
}

#[tokio::test]
async fn only_the_opener_and_the_page_around_hand_over() {
    let handing = Handing::new().await;
    let browser = &handing.browser;
    // The page around a frame, where the operator allows it.
    let frame = "document.querySelector('iframe')";
    let embedded = handing.address("embed&handover", "/");
    let load = format!("(window.child = {frame}.contentWindow, !!({frame}.src = '{embedded}'))");
    assert!(browser.value::<bool>(&load).await);
    handing
        .hears(0, json!({"type": "onionskin:ready", "version": 1}))
        .await;
    handing
        .gives("await give('/app.onionskin', { name: 'app.onionskin' })")
        .await;
    browser.enter_frame().await;
    handing.is_asked().await;
    browser.click("dialog.hand-over .primary").await;
    let _: bool = browser.until(WHOLE).await;
    browser.until_text(".embed-bar", "app.onionskin").await;
    assert!(
        browser
            .value::<bool>("!document.querySelector('.embed-bar a')")
            .await
    );
    browser.leave_frame().await;
    // A frame of the giver's page is neither.
    handing.open(&handing.address("handover", "/")).await;
    handing
        .gives(
            "const frame = document.body.appendChild(document.createElement('iframe')).contentWindow;
            frame.child = child;
            const script = frame.document.createElement('script');
            script.textContent = \"child.postMessage({ type: 'onionskin:open', name: 'a', file: new Blob(['x']) }, '*')\";
            frame.document.body.append(script);
            child.postMessage({ type: 'onionskin:open' }, '*');",
        )
        .await;
    // That of the frame came first.
    handing.answered(1, "invalid").await;
    browser.go_to_newest_window().await;
    assert!(
        browser
            .value::<bool>("!document.querySelector('dialog')")
            .await
    );
    // Without its mark the page does not listen, and has no opener.
    browser.go_to_oldest_window().await;
    let plain = handing.served.page("/");
    let open = format!("(heard.length = 0, !!(window.child = window.open('{plain}')))");
    assert!(browser.value::<bool>(&open).await);
    browser.go_to_newest_window().await;
    let _: bool = browser.until("!!document.querySelector('.card')").await;
    browser.go_to_oldest_window().await;
    assert!(
        browser
            .value::<bool>("child.closed && heard.length === 0")
            .await
    );
}
