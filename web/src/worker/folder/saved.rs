//! A folder that was written, as the browser has it.

use web_sys::Url;

/// Where the browser has a tar, until something else is read.
pub(crate) struct Saved {
    url: String,
}

impl Saved {
    pub(super) const fn at(url: String) -> Self {
        Self { url }
    }
}

impl Drop for Saved {
    fn drop(&mut self) {
        // What is gone need not be revoked.
        let _ = Url::revoke_object_url(&self.url);
    }
}
