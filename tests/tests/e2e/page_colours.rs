//! Source code in colours on the page: which come after the text, change nothing else of it, and are given up where they take
//! too long or cannot come.

use std::fs;

use onionskin_fixtures::{Image, Packed, layer};
use onionskin_tests::files::choose;
use onionskin_tests::{Browser, Exported, Served};

/// True once the image is read to its end.
const WHOLE: &str = "!!document.querySelector('.band') && !document.querySelector('.band.partial')";

/// The coloured parts of the lines in view, each as its class and its text.
const COLOURED: &str = "[...document.querySelectorAll('.code code [class^=syntax-]')].map(part => part.className.slice(7) + ' ' + part.textContent)";

const SCRIPT: &str =
    "#!/bin/sh\n# Starts it.\nif [ \"$1\" = app ]; then\n\texec app --port 80\nfi\n";
const PYTHON: &str = "import os\n\nclass App:\n    \"\"\"The\n    app.\"\"\"\n    def run(self):\n        return 1\n";

fn story(port: u32) -> Packed {
    let hostile = "<script>window.ran = 1</script>\n<img class=\"a\" src=x onerror=\"window.ran = 2\">\n\u{202e}<b>\u{1b}[31m\n";
    let long: String = (0..3_000)
        .map(|line| format!("x{line} = \"{line}\"\n"))
        .collect();
    Image::new()
        .layer(
            layer("COPY . /")
                .file("/entrypoint", SCRIPT)
                .file("/app/a.json", r#"{"key":"value","list":[1.50,true]}"#)
                .file("/app/a.py", PYTHON)
                .file("/app/long.py", long)
                .file("/app/page.html", hostile)
                .file("/app/notes.txt", "if then else\n")
                .file("/app/large.js", b"let a = 1;\n".repeat(5_000_000))
                .file("/app/large.py", b"a = 'text'  # comment\n".repeat(600_000))
                .file(
                    "/app/line.json",
                    [b"[\n", &b"1, ".repeat(3_500_000)[..], b"2\n]\n"].concat(),
                ),
        )
        .layer(layer("RUN configure").file("/entrypoint", SCRIPT.replace("80", &port.to_string())))
        .pack()
}

async fn open(rest: &str) -> (impl Sized, Browser, String) {
    let (registry, served, reference) = Served::in_front_of(&story(8080));
    let browser = Browser::start().await;
    let image = served.page(&format!("/image/{reference}"));
    browser.goto(&format!("{image}{rest}")).await;
    let _: bool = browser.until(WHOLE).await;
    ((registry, served), browser, image)
}

/// Waits for a coloured part.
async fn coloured(browser: &Browser, part: &str) {
    let found = format!("{COLOURED}.includes({})", serde_json::json!(part));
    let _: bool = browser.until(&found).await;
}

/// What the page has asked its host for, of the program that colours.
const LOADED: &str = "performance.getEntriesByType('resource').filter(file => file.name.includes('highlight')).length";

#[tokio::test]
async fn scripts_json_and_python_are_coloured_once_the_program_is_there() {
    let (_ground, browser, image) = open("?path=/app/notes.txt").await;
    let at = |path: &str| format!("{image}?view=content&path={path}");
    // Neither an image nor a text without a language loads the program.
    browser.goto(&at("/app/notes.txt")).await;
    browser.until_text(".code", "if then else").await;
    assert_eq!(browser.value::<usize>(LOADED).await, 0);
    browser
        .goto(&format!("{}&layer=1", at("/entrypoint")))
        .await;
    for part in [
        "comment # Starts it.",
        "keyword if",
        "function exec",
        "string \"",
        "variable $1",
    ] {
        coloured(&browser, part).await;
    }
    assert_eq!(browser.value::<usize>(LOADED).await, 1);
    let lines = "[...document.querySelectorAll('.code code')].map(line => line.textContent).join('\\n') + '\\n'";
    assert_eq!(browser.value::<String>(lines).await, SCRIPT);
    browser.goto(&at("/app/a.py")).await;
    for part in [
        "keyword class",
        "type App",
        "comment     app.\"\"\"",
        "number 1",
    ] {
        coloured(&browser, part).await;
    }
    assert_eq!(browser.value::<String>(lines).await, PYTHON);
    browser
        .goto(&format!("{}&as=json", at("/app/a.json")))
        .await;
    for part in ["attribute \"key\"", "string \"value\"", "number 1.50"] {
        coloured(&browser, part).await;
    }
    // A collapsed list keeps the colours of what is left.
    browser.click("[aria-label='Lines 3 to 6']").await;
    browser.until_text(".code .left-out", "2 lines").await;
    coloured(&browser, "attribute \"list\"").await;
    assert_eq!(browser.console().await, [] as [String; 0]);
}

#[tokio::test]
async fn colours_move_nothing_and_wait_for_a_selection() {
    let (_ground, browser, image) = open("?path=/app/long.py").await;
    // The program is held back until the text is looked at and selected.
    browser
        .in_each_document(
            "const Real = window.Worker;
             window.late = [];
             window.heard = 0;
             window.Worker = class extends Real {
                 constructor(script, ...rest) { super(script, ...rest); this.isLate = script.includes('highlight'); }
                 set onmessage(heard) {
                     super.onmessage = !this.isLate || !heard ? heard : event => {
                         const hear = () => { heard(event); window.heard += 1; };
                         if (window.open_now) hear();
                         else window.late.push(hear);
                     };
                 }
             };",
        )
        .await;
    browser.reload().await;
    browser
        .goto(&format!(
            "{image}?view=content&path=/app/long.py&lines=L1500-L1502"
        ))
        .await;
    browser.until_text(".code", "x1500 = \"1500\"").await;
    let _: bool = browser.until("window.late.length > 0").await;
    let measured = "JSON.stringify([...document.querySelectorAll('.code .line')].map(line => {
        const code = line.querySelector('code').getBoundingClientRect();
        return [line.querySelector('.number').textContent, line.className, line.textContent, ...[code.x, code.y, code.width, code.height].map(Math.round)];
    }))";
    let _: bool = browser
        .until("document.querySelectorAll('.code .chosen').length === 3")
        .await;
    let before: String = browser.value(measured).await;
    assert_eq!(
        browser.value::<usize>(&format!("{COLOURED}.length")).await,
        0
    );
    // What is selected stays selected, and its line plain.
    let select = "(() => {
        const text = document.querySelector('.code .chosen code').firstChild;
        getSelection().setBaseAndExtent(text, 1, text, 5);
        window.open_now = true;
        window.late.forEach(hear => hear());
        return true;
    })()";
    let _: bool = browser.value(select).await;
    // That the program runs, and the colours of the first lines up to those in view.
    let _: bool = browser.until("window.heard > 2").await;
    let _: bool = browser
        .run("requestAnimationFrame(() => requestAnimationFrame(() => arguments[0](true)))")
        .await;
    assert_eq!(
        browser.value::<String>("String(getSelection())").await,
        "1499"
    );
    assert_eq!(
        browser.value::<usize>(&format!("{COLOURED}.length")).await,
        0
    );
    let _: bool = browser
        .value("(getSelection().removeAllRanges(), true)")
        .await;
    coloured(&browser, "string \"1500\"").await;
    let after: String = browser.value(measured).await;
    assert_eq!(before, after);
    let address: String = browser.value("location.hash").await;
    assert!(address.contains("lines=L1500-L1502"), "{address}");
}

#[tokio::test]
async fn two_versions_are_coloured_each_as_itself() {
    let (_ground, browser, image) = open("?path=/entrypoint").await;
    for form in ["unified", "split"] {
        browser
            .goto(&format!(
                "{image}?view=diff&path=/entrypoint&layer=2&from=1&as={form}"
            ))
            .await;
        browser.until_text(".difference-rows", "--port 8080").await;
        coloured(&browser, "variable $1").await;
        coloured(&browser, "comment # Starts it.").await;
        let of = |class: &str| {
            format!(
                "[...document.querySelectorAll('.difference-rows .{class} [class^=syntax-]')].some(part => part.textContent === 'exec')"
            )
        };
        let _: bool = browser.until(&of("plus")).await;
        let _: bool = browser.until(&of("minus")).await;
    }
}

#[tokio::test]
async fn hostile_source_is_text_in_colours() {
    let (_ground, browser, _) = open("?view=content&path=/app/page.html").await;
    coloured(&browser, "attribute script").await;
    browser
        .until_text(".code", "<img class=\"a\" src=x onerror=")
        .await;
    browser.until_text(".code", "\\u{202e}<b>\\x1b[31m").await;
    let found: (usize, usize, bool) = browser
        .value("[document.querySelectorAll('.code img, .code b, .code script').length, document.querySelectorAll('.code code span:not([class^=syntax-])').length, 'ran' in window]")
        .await;
    assert_eq!(found, (0, 0, false));
}

#[tokio::test]
async fn large_texts_and_lines_stay_quick() {
    let (_ground, browser, image) = open("?path=/app/large.js").await;
    let _: bool = browser
        .value(
            "(window.long = [], new PerformanceObserver(list => window.long.push(...list.getEntries().map(task => task.duration))).observe({ type: 'longtask' }), true)",
        )
        .await;
    // 55 MB: its first lines.
    browser
        .goto(&format!("{image}?view=content&path=/app/large.js"))
        .await;
    browser.until_text(".code:not(.hex)", "let a = 1;").await;
    // 13 MB of text: what is in view has colours; at its end it is read at once, and its colours may stay away.
    browser
        .goto(&format!("{image}?view=content&path=/app/large.py"))
        .await;
    coloured(&browser, "comment # comment").await;
    let end = "(code => { code.scrollTop = code.scrollHeight; return [...code.querySelectorAll('.number')].some(line => line.textContent === '600000'); })(document.querySelector('.code'))";
    let _: bool = browser.until(end).await;
    // One line of 10 MB is plain, and those around it are not.
    browser
        .goto(&format!("{image}?view=content&path=/app/line.json&as=text"))
        .await;
    browser.until_text(".code", "1, 1, 1, 1, ").await;
    coloured(&browser, "punctuation [").await;
    let plain =
        "[...document.querySelectorAll('.code .line')][1].querySelector('code').children.length";
    assert_eq!(browser.value::<usize>(plain).await, 0);
    // The next file does not wait for what is left of this one.
    browser
        .goto(&format!("{image}?view=content&path=/app/a.py"))
        .await;
    coloured(&browser, "keyword class").await;
    let long: Vec<f64> = browser.value("window.long").await;
    assert!(long.iter().all(|task| *task < 500.0), "{long:?}");
}

#[tokio::test]
async fn without_the_program_the_text_stays_plain() {
    let exported = Exported::new(&story(80)).await;
    let mut removed = 0;
    for entry in fs::read_dir(exported.folder.path()).unwrap() {
        let file = entry.unwrap().path();
        let name = file.file_name().unwrap().to_str().unwrap();
        if name.starts_with("highlight") {
            fs::remove_file(&file).unwrap();
            removed += 1;
        }
    }
    assert_eq!(removed, 3);
    let browser = Browser::start().await;
    browser
        .in_each_document(
            "const Real = window.Worker;
             window.Worker = class extends Real {
                 constructor(script, ...rest) {
                     super(script, ...rest);
                     if (script.includes('highlight')) this.addEventListener('error', () => { window.failed = true; });
                 }
             };",
        )
        .await;
    browser
        .goto(&format!("{}/#/file/app.tar", exported.origin))
        .await;
    let saved = exported.folder.path().join("app.tar");
    choose(&browser, &saved).await;
    let _: bool = browser.until(WHOLE).await;
    let address = browser.address().await;
    let (page, fragment) = address.split_once('#').unwrap();
    let fragment = fragment.split('?').next().unwrap();
    browser
        .goto(&format!("{page}#{fragment}?view=content&path=/app/a.py"))
        .await;
    browser.until_text(".code", "class App:").await;
    let _: bool = browser.until("window.failed").await;
    assert_eq!(
        browser.value::<usize>(&format!("{COLOURED}.length")).await,
        0
    );
    assert_eq!(
        browser
            .value::<usize>("document.querySelectorAll('.problem').length")
            .await,
        0
    );
}
