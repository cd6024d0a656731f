//! What the page asks of the browser around it: address, storage, clipboard.

use js_sys::Array;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, percent_encode};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{
    Blob, BlobPropertyBag, FocusOptions, HtmlAnchorElement, HtmlDocument, HtmlElement,
    HtmlInputElement, HtmlTextAreaElement, Storage, Url,
};

use crate::navigate::History;

const THEME: &str = "onionskin.theme";
const RECENT: &str = "onionskin.recent";
const RECENT_MOST: usize = 8;
const COLUMNS: &str = "onionskin.columns";
const WIDTHS: &str = "onionskin.widths";
const DIFFERENCE: &str = "onionskin.difference";
const OPEN: &str = "onionskin.open";
/// What begins the keys of files that are kept, by their names.
const FILE: &str = "onionskin.file.";
const GATEWAY: &str = "onionskin.gateway";
/// Open folders that are remembered.
const OPEN_MOST: usize = 2_000;

/// The fragment of the address, with its `#`; empty without one.
pub(crate) fn fragment() -> String {
    gloo::utils::window().location().hash().unwrap_or_default()
}

/// Asks for the embed view in the query of the address. It is not in the fragment, as a gateway lets no other document be
/// framed.
const EMBED: &str = "embed";

/// Lets the window that opened the page, or the page around it, hand a file over. A gateway keeps all other documents apart
/// from their openers.
const HAND_OVER: &str = "handover";

/// Names an image in the query of the address, and a web page or saved analysis, for pages that link here without knowing our
/// fragments.
pub(crate) const IMAGE: &str = "image";
pub(crate) const URL: &str = "url";

/// Whether one view is to be shown, without the rest of the page.
pub(crate) fn is_embedded() -> bool {
    asks_for(EMBED)
}

/// Whether files are taken that other windows hand over.
pub(crate) fn takes_hand_over() -> bool {
    asks_for(HAND_OVER)
}

fn asks_for(mark: &str) -> bool {
    query().split('&').any(is(mark))
}

/// The query of the address, without its `?`.
pub(crate) fn query() -> String {
    let query = gloo::utils::window().location().search();
    query.unwrap_or_default().trim_start_matches('?').to_owned()
}

/// Puts this fragment in the place of what the query names.
pub(crate) fn answer_query(fragment: &str) {
    let query = without(&query(), &[IMAGE, URL]);
    let address = match query.is_empty() {
        true => format!("{}{fragment}", path()),
        false => format!("{}?{query}{fragment}", path()),
    };
    if let Ok(history) = gloo::utils::window().history() {
        let state = wasm_bindgen::JsValue::NULL;
        // A browser that refuses shows the same by another address.
        let _ = history.replace_state_with_url(&state, "", Some(&address));
    }
}

fn path() -> String {
    gloo::utils::window()
        .location()
        .pathname()
        .unwrap_or_default()
}

/// A query without the parts of these keys.
fn without(query: &str, keys: &[&str]) -> String {
    let parts = query.split('&');
    let others = parts.filter(|part| !keys.iter().any(|key| is(key)(part)));
    others.collect::<Vec<_>>().join("&")
}

/// Whether a part of a query has this key.
fn is(mark: &str) -> impl Fn(&str) -> bool {
    move |part| part.split('=').next() == Some(mark)
}

/// The address of the whole page, without its fragment.
pub(crate) fn base() -> String {
    let href = gloo::utils::window().location().href().unwrap_or_default();
    whole_page(href.split('#').next().unwrap_or_default())
}

/// An address without what makes it that of the embed view, or of a page that takes a file, and without what it was opened with.
fn whole_page(address: &str) -> String {
    let Some((page, query)) = address.split_once('?') else {
        return address.to_owned();
    };
    let query = without(query, &[EMBED, HAND_OVER, IMAGE, URL]);
    match query.is_empty() {
        true => page.to_owned(),
        false => format!("{page}?{query}"),
    }
}

/// Shows this fragment in the address.
pub(crate) fn set_fragment(fragment: &str, step: History) {
    if fragment == self::fragment() {
        return;
    }
    let Ok(history) = gloo::utils::window().history() else {
        return;
    };
    let state = wasm_bindgen::JsValue::NULL;
    // Browsers refuse too many changes a second; the address then follows with the next one.
    let _ = match step {
        History::Push => history.push_state_with_url(&state, "", Some(fragment)),
        History::Replace => history.replace_state_with_url(&state, "", Some(fragment)),
    };
}

/// Whether the page came from a gateway, which says so in the document.
pub(crate) fn came_from_gateway() -> bool {
    is_marked("gateway")
}

/// Whether that gateway says more in `config.json`.
pub(crate) fn has_config() -> bool {
    is_marked("config")
}

fn is_marked(mark: &str) -> bool {
    let mark = format!("meta[name=onionskin][content~={mark}]");
    let found = gloo::utils::document().query_selector(&mark);
    found.is_ok_and(|found| found.is_some())
}

/// The gateway that the visitor named in this browser, for a page that came from none.
pub(crate) fn gateway() -> Option<String> {
    stored(GATEWAY).filter(|gateway| !gateway.is_empty())
}

/// Loads the page again.
pub(crate) fn reload() {
    // A browser that refuses leaves the page as it is.
    let _ = gloo::utils::window().location().reload();
}

/// Remembers the gateway that the visitor names; an empty one is none.
pub(crate) fn keep_gateway(gateway: &str) {
    store(GATEWAY, gateway);
}

/// What this browser keeps for the page; none where the visitor blocks it.
fn storage() -> Option<Storage> {
    gloo::utils::window().local_storage().ok().flatten()
}

fn stored(key: &str) -> Option<String> {
    storage()?.get_item(key).ok().flatten()
}

fn store(key: &str, value: &str) {
    if let Some(storage) = storage() {
        // A full storage forgets; nothing that is looked at depends on it.
        let _ = storage.set_item(key, value);
    }
}

/// The columns that the visitor chose for the tree, if any were chosen.
pub(crate) fn columns() -> Option<String> {
    stored(COLUMNS)
}

/// Remembers the columns of the tree.
pub(crate) fn keep_columns(names: &str) {
    store(COLUMNS, names);
}

/// The widths that the visitor gave to columns, if any were given.
pub(crate) fn column_widths() -> Option<String> {
    stored(WIDTHS)
}

/// Remembers the widths of columns.
pub(crate) fn keep_column_widths(widths: &str) {
    store(WIDTHS, widths);
}

/// The name of the form in which two versions of a file were shown last.
pub(crate) fn difference_form() -> Option<String> {
    stored(DIFFERENCE)
}

/// Remembers the form in which two versions of a file are shown, by its name.
pub(crate) fn keep_difference_form(name: &str) {
    store(DIFFERENCE, name);
}

/// Names the browser's tab.
pub(crate) fn set_title(title: &str) {
    gloo::utils::document().set_title(title);
}

/// Light or dark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Theme {
    Light,
    Dark,
}

impl Theme {
    /// The one in use: chosen by the visitor, else the system's.
    pub(crate) fn current() -> Self {
        match stored(THEME).as_deref() {
            Some("light") => Theme::Light,
            Some("dark") => Theme::Dark,
            _ => Theme::system(),
        }
    }

    fn system() -> Self {
        let dark = gloo::utils::window()
            .match_media("(prefers-color-scheme: dark)")
            .ok()
            .flatten()
            .is_some_and(|query| query.matches());
        if dark { Theme::Dark } else { Theme::Light }
    }

    /// The other one.
    pub(crate) fn other(self) -> Self {
        match self {
            Theme::Light => Theme::Dark,
            Theme::Dark => Theme::Light,
        }
    }

    /// Shows it, and remembers it in this browser.
    pub(crate) fn choose(self) {
        let name = match self {
            Theme::Light => "light",
            Theme::Dark => "dark",
        };
        if let Some(root) = gloo::utils::document().document_element() {
            let _ = root.set_attribute("data-theme", name);
        }
        store(THEME, name);
    }
}

/// The references opened last in this browser, the last one first.
pub(crate) fn recent() -> Vec<String> {
    let text = stored(RECENT).unwrap_or_default();
    text.lines()
        .filter(|line| !line.is_empty())
        .take(RECENT_MOST)
        .map(str::to_owned)
        .collect()
}

/// Puts a reference first among the recent ones.
pub(crate) fn remember(reference: &str) {
    let mut list = recent();
    list.retain(|other| other != reference);
    list.insert(0, reference.to_owned());
    list.truncate(RECENT_MOST);
    store(RECENT, &list.join("\n"));
}

/// Forgets one of the recent references; without one, all of them.
pub(crate) fn forget(reference: Option<&str>) {
    let mut list = recent();
    list.retain(|other| reference.is_some_and(|reference| other != reference));
    store(RECENT, &list.join("\n"));
}

/// Puts the keyboard on the element with this identifier.
pub(crate) fn focus(id: &str) {
    let element = gloo::utils::document().get_element_by_id(id);
    if let Some(element) = element.and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
        // Where it cannot go, the focus stays where it is.
        let _ = element.focus();
    }
}

/// Puts the keyboard on the first element that a selector finds; tells whether there is one.
pub(crate) fn focus_first(selector: &str) -> bool {
    // Where it cannot go, the focus stays where it is.
    first(selector).is_some_and(|element| element.focus().is_ok())
}

/// Puts the keyboard on an element and scrolls nothing.
pub(crate) fn focus_in_place(element: &HtmlElement) {
    let options = FocusOptions::new();
    options.set_prevent_scroll(true);
    // Where it cannot go, the focus stays where it is.
    let _ = element.focus_with_options(&options);
}

/// Writes a text into the first field that a selector finds, and puts the keyboard there.
pub(crate) fn fill_first(selector: &str, text: &str) {
    let field = first(selector).and_then(|element| element.dyn_into::<HtmlInputElement>().ok());
    if let Some(field) = field {
        field.set_value(text);
        // Where it cannot go, the focus stays where it is.
        let _ = field.focus();
    }
}

/// Clicks on the first element that a selector finds; tells whether there is one.
pub(crate) fn click_first(selector: &str) -> bool {
    let element = first(selector);
    if let Some(element) = &element {
        element.click();
    }
    element.is_some()
}

fn first(selector: &str) -> Option<HtmlElement> {
    let document = gloo::utils::document();
    let element = document.query_selector(selector).ok().flatten();
    element.and_then(|element| element.dyn_into().ok())
}

/// What this tab keeps until it is closed; none where the visitor blocks it.
fn tab_storage() -> Option<Storage> {
    gloo::utils::window().session_storage().ok().flatten()
}

/// The paths of the folders that were open at this place when the page was loaded last.
pub(crate) fn open_folders(place: &str) -> Vec<Vec<u8>> {
    let text = tab_storage().and_then(|storage| storage.get_item(OPEN).ok().flatten());
    let text = text.unwrap_or_default();
    let mut lines = text.lines();
    if lines.next() != Some(place) {
        return Vec::new();
    }
    lines
        .map(|line| percent_decode_str(line).collect())
        .collect()
}

/// Remembers the open folders of a place, instead of those of any other.
pub(crate) fn keep_open_folders(place: &str, folders: &[Vec<u8>]) {
    let mut text = place.to_owned();
    for folder in folders.iter().take(OPEN_MOST) {
        text.push('\n');
        text.extend(percent_encode(folder, NON_ALPHANUMERIC));
    }
    if let Some(storage) = tab_storage() {
        // A full storage forgets: then folders are closed after loading.
        let _ = storage.set_item(OPEN, &text);
    }
}

/// The ticket of the file of this name that is kept for this tab, if one is.
pub(crate) fn kept_file(name: &str) -> Option<String> {
    tab_storage()?.get_item(&format!("{FILE}{name}")).ok()?
}

/// Remembers the ticket of a file of this name, or that none is kept.
pub(crate) fn keep_file(name: &str, ticket: Option<&str>) {
    let Some(storage) = tab_storage() else { return };
    let key = format!("{FILE}{name}");
    // A full storage forgets: then the file is asked for.
    let _ = match ticket {
        Some(ticket) => storage.set_item(&key, ticket),
        None => storage.remove_item(&key),
    };
}

/// Gives the visitor a file to keep.
pub(crate) fn save(name: &str, media_type: &str, text: &str) {
    // A browser that refuses has told so itself.
    let _ = offer(name, media_type, text);
}

fn offer(name: &str, media_type: &str, text: &str) -> Result<(), JsValue> {
    let options = BlobPropertyBag::new();
    options.set_type(media_type);
    let blob = Blob::new_with_str_sequence_and_options(&Array::of1(&text.into()), &options)?;
    let url = Url::create_object_url_with_blob(&blob)?;
    let link: HtmlAnchorElement = gloo::utils::document().create_element("a")?.dyn_into()?;
    link.set_href(&url);
    link.set_download(name);
    link.click();
    // The download has begun by then.
    gloo::timers::callback::Timeout::new(60_000, move || {
        let _ = Url::revoke_object_url(&url);
    })
    .forget();
    Ok(())
}

/// Puts text on the clipboard; says whether that worked.
pub(crate) async fn copy(text: &str) -> bool {
    let window = gloo::utils::window();
    if window.is_secure_context() {
        let written = window.navigator().clipboard().write_text(text);
        if wasm_bindgen_futures::JsFuture::from(written).await.is_ok() {
            return true;
        }
    }
    copy_by_selection(text).unwrap_or(false)
}

/// The way for pages over plain http, which have no clipboard of their own.
fn copy_by_selection(text: &str) -> Option<bool> {
    let document = gloo::utils::document();
    let area: HtmlTextAreaElement = document.create_element("textarea").ok()?.dyn_into().ok()?;
    area.set_class_name("off-screen");
    area.set_value(text);
    document.body()?.append_child(&area).ok()?;
    area.select();
    let copied = document
        .clone()
        .dyn_into::<HtmlDocument>()
        .ok()?
        .exec_command("copy")
        .ok();
    area.remove();
    copied
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn the_whole_page_is_where_the_embed_view_is_without_its_mark() {
        for (address, whole) in [
            ("https://a.example/", "https://a.example/"),
            ("https://a.example/?embed", "https://a.example/"),
            (
                "https://a.example/p/?embed=1&a=b",
                "https://a.example/p/?a=b",
            ),
            ("https://a.example/?embed&handover", "https://a.example/"),
            ("https://a.example/?a=embed", "https://a.example/?a=embed"),
        ] {
            assert_eq!(whole_page(address), whole);
        }
    }
}
