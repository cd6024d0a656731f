//! Log-ins of the visitor at registries: in memory while the page is open, and nowhere else.
//!
//! The page has them all, and its workers have copies. They are sent to the gateway that the page came from and to nobody
//! else, each with requests for its own registry.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use onionskin_core::source::registry::reqwest::Client;
use onionskin_core::source::registry::reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};

/// The header that takes a log-in to the gateway: Docker's, in which an engine is told one.
const REGISTRY_AUTH: HeaderName = HeaderName::from_static("x-registry-auth");

/// What a visitor logs in with.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Login {
    pub(crate) username: String,
    pub(crate) password: String,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Login(…)")
    }
}

/// Log-ins by registry, as names of images begin here.
pub(crate) type Logins = BTreeMap<String, Login>;

thread_local! {
    static LOGINS: RefCell<Logins> = RefCell::default();
    static CHANGES: Cell<u32> = const { Cell::new(0) };
}

/// Keeps a log-in in place of the one before.
pub(crate) fn keep(registry: &str, login: Login) {
    LOGINS.with_borrow_mut(|logins| logins.insert(registry.to_owned(), login));
    CHANGES.set(CHANGES.get().wrapping_add(1));
}

/// The log-in for a registry.
pub(crate) fn of(registry: &str) -> Option<Login> {
    LOGINS.with_borrow(|logins| logins.get(registry).cloned())
}

/// All of them, for a worker.
pub(crate) fn all() -> Logins {
    LOGINS.with_borrow(Clone::clone)
}

/// Takes those of the page, in a worker.
pub(crate) fn replace(logins: Logins) {
    LOGINS.set(logins);
}

/// How often they changed.
pub(crate) fn changes() -> u32 {
    CHANGES.get()
}

/// Whether the page came in a way that nobody on the network could read: then a password may be sent back.
pub(crate) fn is_possible() -> bool {
    gloo::utils::window().is_secure_context()
}

/// An HTTP client for requests for a registry, and for no others.
pub(crate) fn client(registry: &str, login: Option<&Login>) -> Client {
    let header = login.and_then(|login| header(registry, login));
    let Some(header) = header else {
        return Client::new();
    };
    let headers = HeaderMap::from_iter([(REGISTRY_AUTH, header)]);
    let client = Client::builder().default_headers(headers).build();
    client.unwrap_or_default()
}

fn header(registry: &str, login: &Login) -> Option<HeaderValue> {
    let sent = serde_json::json!({
        "username": login.username,
        "password": login.password,
        "serveraddress": registry,
    });
    let mut header = HeaderValue::try_from(URL_SAFE_NO_PAD.encode(sent.to_string())).ok()?;
    header.set_sensitive(true);
    Some(header)
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_log_in_is_not_shown() {
        let login = Login {
            username: "me".to_owned(),
            password: "hunter2".to_owned(),
        };
        assert_eq!(format!("{login:?}"), "Login(…)");
        assert_eq!(format!("{:?}", header("r", &login)), "Some(Sensitive)");
    }
}
