//! Parts of the texts of errors.

use super::RetryAfter;
use crate::platform::Platform;
use crate::reference::Reference;

/// Characters of an image's text that a message shows.
const SHOWN: usize = 200;

pub(super) fn named_urls(urls: &[String]) -> String {
    match urls.first() {
        Some(url) => {
            let url: String = url.chars().take(SHOWN).collect();
            format!("; its manifest names {url}, which is not contacted")
        }
        None => String::new(),
    }
}

/// What to do where something was not found.
pub(super) fn where_to_look(what: &str) -> String {
    match what.parse::<Reference>() {
        Ok(reference) => {
            let name = reference.without_tag().familiar();
            format!("Check the tag, or list the tags with `onionskin tags {name}`")
        }
        Err(_) => "Check the name".to_owned(),
    }
}

pub(super) fn quoted(words: &str) -> String {
    if words.is_empty() {
        String::new()
    } else {
        format!(": {words:?}")
    }
}

pub(super) fn because(reason: &str) -> String {
    if reason.is_empty() {
        String::new()
    } else {
        format!(" ({reason})")
    }
}

pub(super) fn of_size(size: Option<u64>) -> String {
    size.map_or_else(String::new, |size| format!(" of {size}"))
}

pub(super) fn no_access(what: &str, registry: &str, credentials: bool, reason: &str) -> String {
    let needs = match credentials {
        true => "the credentials given may not read it",
        false => "it needs a log-in",
    };
    let reason = because(reason);
    format!("no access to {what}: it does not exist in {registry}, or {needs}{reason}")
}

pub(super) fn no_list(registry: &str, credentials: bool, reason: &str) -> String {
    let whom = if credentials {
        ", or not to whom the credentials belong"
    } else {
        ""
    };
    let reason = because(reason);
    format!("{registry} does not list its repositories{whom}{reason}")
}

pub(super) fn try_again(retry: Option<&RetryAfter>) -> String {
    match retry {
        Some(RetryAfter::Seconds(seconds)) if *seconds >= 120 => {
            format!("try again in {} minutes", seconds.div_ceil(60))
        }
        Some(RetryAfter::Seconds(0)) => "try again".to_owned(),
        Some(RetryAfter::Seconds(1)) => "try again in 1 second".to_owned(),
        Some(RetryAfter::Seconds(seconds)) => format!("try again in {seconds} seconds"),
        Some(RetryAfter::At(time)) => format!("try again after {time}"),
        None => "try again later, or log in, which often raises the limit".to_owned(),
    }
}

pub(super) fn platforms(available: &[Platform]) -> String {
    if available.is_empty() {
        return "none that runs anywhere".to_owned();
    }
    let names: Vec<String> = available.iter().map(Platform::to_string).collect();
    names.join(", ")
}
