//! A host that a person allows, beside registries themselves, as the value of a flag.

use std::fmt;
use std::str::FromStr;

use reqwest::Url;

/// Scheme, host and port that a registry may lead to whatever its address: `HOST[:PORT]`, which is https, or a URL.
///
/// ```
/// use onionskin_oci::source::registry::AllowedHost;
/// let store: AllowedHost = "http://10.0.0.7:9000".parse()?;
/// assert_eq!(store.to_string(), "http://10.0.0.7:9000");
/// # Ok::<(), onionskin_oci::source::registry::AllowedHostError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedHost {
    https: bool,
    /// As a URL writes it.
    host: String,
    port: u16,
}

/// Why a text names no host.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a host: {reason}")]
pub struct AllowedHostError {
    text: String,
    reason: &'static str,
}

impl AllowedHost {
    /// The host of a URL.
    #[must_use]
    pub fn of(url: &Url) -> Option<Self> {
        Some(Self {
            https: match url.scheme() {
                "https" => true,
                "http" => false,
                _ => return None,
            },
            host: url.host_str()?.to_owned(),
            port: url.port_or_known_default()?,
        })
    }

    pub(super) fn is(&self, url: &Url) -> bool {
        Self::of(url).as_ref() == Some(self)
    }
}

impl FromStr for AllowedHost {
    type Err = AllowedHostError;

    fn from_str(text: &str) -> Result<Self, AllowedHostError> {
        // What stands before an @ is a secret, which no message repeats.
        let last = text.rsplit('@').next().unwrap_or_default();
        let wrong = |reason| AllowedHostError {
            text: last.chars().take(200).collect(),
            reason,
        };
        let example = "write it as in store.example.com or http://10.0.0.7:9000";
        let (written, url) = match text.split_once("://") {
            Some((_, written)) => (written, Url::parse(text)),
            None => (text, Url::parse(&format!("https://{text}"))),
        };
        let url = url.map_err(|_| wrong(example))?;
        let host =
            Self::of(&url).ok_or_else(|| wrong("only http:// and https:// are supported"))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong("leave the user name and the password out"));
        }
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return Err(wrong("leave the path out"));
        }
        // Otherwise 0177.0.0.1 or 2130706433 would quietly allow a loopback address.
        if host.host.is_empty() || !written.to_ascii_lowercase().starts_with(&host.host) {
            return Err(wrong(example));
        }
        Ok(host)
    }
}

impl fmt::Display for AllowedHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, usual) = if self.https {
            ("https", 443)
        } else {
            ("http", 80)
        };
        write!(f, "{scheme}://{}", self.host)?;
        if self.port == usual {
            return Ok(());
        }
        write!(f, ":{}", self.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_other_scripts_are_refused() {
        for text in ["BÜCHER.example", "http://dé.H:5000", "tp.H\u{fffd}7"] {
            assert!(text.parse::<AllowedHost>().is_err(), "{text}");
        }
    }

    #[test]
    fn hosts_are_written_as_registries_are() {
        for (text, host) in [
            ("store.example.com", "https://store.example.com"),
            ("Store.Example.com:9000", "https://store.example.com:9000"),
            ("http://10.0.0.7:9000/", "http://10.0.0.7:9000"),
            ("https://[fd00::1]:443", "https://[fd00::1]"),
            ("localhost:5001", "https://localhost:5001"),
        ] {
            let allowed: AllowedHost = text.parse().unwrap();
            assert_eq!(allowed.to_string(), host, "{text}");
        }
    }

    #[test]
    fn other_texts_are_refused_without_their_secrets() {
        for text in [
            "",
            "http://",
            "ftp://store.example.com",
            "me:secret@store.example.com",
            "https://me:secret@store.example.com/x",
            "store.example.com/bucket",
            "store.example.com?x",
            "2130706433",
            "http://0x7f.1:80",
            "127.1:9000",
        ] {
            let error = text.parse::<AllowedHost>().unwrap_err();
            assert!(!error.to_string().contains("secret"), "{text}: {error}");
        }
    }
}
