//! Links into the page that are not quite right, and those that the documentation has.

use std::fs;
use std::path::Path;

use onionskin_tests::{Browser, Served};
use serde_json::Value;

/// What a link to a list does not mean is told, and the nearest list is shown.
#[tokio::test]
async fn links_to_lists_show_the_nearest_one_and_what_they_do_not_mean() {
    let served = Served::start(&[]);
    let browser = Browser::start().await;
    for (place, shown, remarks) in [
        (
            "/tags/demo/webapp?sort=dust&colour=red&find=1.1",
            "document.querySelector('.names tbody tr[data-tag]').dataset.tag === '1.1'",
            &["sort order called “dust”", "unknown part, “colour”"][..],
        ),
        (
            "/tags/demo/webapp:1.0",
            "!!document.querySelector('.names tbody tr[data-tag=\"1.1\"]')",
            &["“demo/webapp:1.0” names an image"],
        ),
        (
            "/repositories?sort=size",
            "document.querySelector('.names a').textContent === 'demo/hello'",
            &["sort order called “size”"],
        ),
        (
            "/history/demo/webapp:1.0?limit=many",
            "!!document.querySelector('.history-table tr:nth-child(2)')",
            &[
                "“demo/webapp:1.0” names an image",
                "“many” is not a number of images",
            ],
        ),
    ] {
        browser.goto(&served.page(place)).await;
        let _: bool = browser.until(shown).await;
        for remark in remarks {
            browser.until_text(".remarks p", remark).await;
        }
        let told = browser.texts(".remarks p").await;
        assert_eq!(told.len(), remarks.len(), "{place}: {told:?}");
        // It can be read and dismissed.
        assert_eq!(
            browser.accessibility().await,
            Vec::<String>::new(),
            "{place}"
        );
        browser.click(".remarks button").await;
        let _: bool = browser.until("!document.querySelector('.remarks')").await;
        assert!(browser.value::<bool>(shown).await, "{place}");
    }
}

#[tokio::test]
async fn repositories_are_sorted_both_ways_and_the_address_remembers_it() {
    let served = Served::start(&[]);
    let browser = Browser::start().await;
    browser.goto(&served.page("/repositories")).await;
    let names =
        "[...document.querySelectorAll('.names a')].map(name => name.textContent).join(' ')";
    let is = |shown: &str| format!("{names} === '{shown}'");
    let _: bool = browser.until(&is("demo/hello demo/webapp")).await;
    let choose = |order: &str| {
        format!(
            "(order => {{ order.value = '{order}'; order.dispatchEvent(new Event('change', {{ bubbles: true }})); return true }})(document.querySelector('select[name=sort]'))"
        )
    };
    let _: bool = browser.value(&choose("-name")).await;
    let _: bool = browser.until(&is("demo/webapp demo/hello")).await;
    let _: bool = browser
        .until("location.hash === '#/repositories?sort=-name'")
        .await;
    browser.look("repositories").await;
    browser.reload().await;
    let _: bool = browser.until(&is("demo/webapp demo/hello")).await;
    let chosen: String = browser
        .value("document.querySelector('select[name=sort]').value")
        .await;
    assert_eq!(chosen, "-name");
    let _: bool = browser.value(&choose("name")).await;
    let _: bool = browser.until(&is("demo/hello demo/webapp")).await;
    let _: bool = browser.until("location.hash === '#/repositories'").await;
}

/// The fragments that a text has, without what stands for anything else there.
fn links(text: &str) -> Vec<String> {
    let after = text.match_indices("#/").map(|(at, _)| &text[at..]);
    let links = after.filter_map(|rest| {
        let end = rest.find(|sign: char| sign.is_whitespace() || "`\"'<>|)]".contains(sign));
        let link = &rest[..end.unwrap_or(rest.len())];
        let link = link
            .trim_end_matches(['.', ',', ':', ';'])
            .trim_end_matches("?…");
        (link.len() > 2).then(|| link.to_owned())
    });
    links.collect()
}

#[tokio::test]
async fn links_in_the_documentation_are_understood() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let documents = fs::read_dir(root.join("docs")).unwrap();
    let mut documents: Vec<_> = documents.map(|entry| entry.unwrap().path()).collect();
    documents.retain(|path| path.extension().is_some_and(|end| end == "md"));
    documents.push(root.join("README.md"));
    let texts = documents
        .iter()
        .map(|path| fs::read_to_string(path).unwrap());
    let mut links: Vec<String> = texts.flat_map(|text| self::links(&text)).collect();
    links.sort();
    links.dedup();
    assert!(links.len() > 10, "{links:?}");

    let served = Served::start(&[]);
    let browser = Browser::start().await;
    for link in links {
        // What is told of a wrong link is gone once the page has read a right one.
        browser.goto(&served.page("/nowhere")).await;
        browser.until_text(".remarks", "There is no view").await;
        let to = Value::from(link.as_str());
        let _: bool = browser
            .value(&format!("(location.hash = {to}, true)"))
            .await;
        let _: bool = browser.until("!document.querySelector('.remarks')").await;
    }
}
