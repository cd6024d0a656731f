//! Who may use the gateway: tokens, or what a trusted proxy says of a user, and the registries that each may see.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::extract::{Extension, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use onionskin_core::digest::{Algorithm, Digest};

use crate::client::Client;
use crate::error::Refused;
use crate::followed::Followed;
use crate::policy;
use crate::route::is_health;

/// The users of a gateway, as a file lists them, which may change while it runs.
///
/// One user a line: a name, the digest of a token (`sha256:…`, or `-` for none), and the registries, separated by
/// blanks; `*` means all of them. Empty lines and what follows `#` are comments.
#[derive(Debug)]
pub struct Access {
    users: Followed<Users, 1>,
    /// The header in which trusted proxies name the user.
    identity: Option<HeaderName>,
}

/// The users of a file.
#[derive(Debug, Default)]
struct Users {
    by_name: HashMap<String, Arc<User>>,
    by_token: HashMap<Digest, Arc<User>>,
}

/// Why a file lists no users.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// It cannot be read.
    #[error("cannot read {}: {problem}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        problem: io::Error,
    },
    /// A line of it is wrong.
    #[error("{}:{line}: {problem}", .path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
        /// What is wrong.
        problem: &'static str,
    },
}

/// Somebody who may use the gateway.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct User {
    pub(crate) name: String,
    /// `None`: all.
    registries: Option<Vec<String>>,
}

impl User {
    /// Whether the user may see what is under names that begin so.
    pub(crate) fn sees(&self, registry: &str) -> bool {
        let named = |registries: &Vec<String>| {
            let mut registries = registries.iter();
            registries.any(|named| named.eq_ignore_ascii_case(registry))
        };
        self.registries.as_ref().is_none_or(named)
    }
}

impl Access {
    /// Reads the file; `identity` is the header in which trusted proxies name the user, if they do.
    ///
    /// # Errors
    /// When it cannot be read, or a line of it is wrong.
    pub fn load(path: &Path, identity: Option<HeaderName>) -> Result<Self, AccessError> {
        let users = Followed::load([path.to_owned()], Users::read)?;
        Ok(Self { users, identity })
    }

    /// Reads the file again. While it cannot be used, what was read before is.
    ///
    /// # Errors
    /// As [`Access::load`].
    pub fn reload(&self) -> Result<(), AccessError> {
        self.users.reload(Users::read)
    }

    /// Reads the file again if it has changed. To be called again and again.
    pub(crate) fn follow(&self) {
        self.users.follow("the access file", Users::read);
    }

    /// Whose request it is, if somebody's.
    fn user(&self, headers: &HeaderMap, client: Option<Client>) -> Option<Arc<User>> {
        let is_proxied = client.is_some_and(|client| client.proxied);
        let identity = self.identity.as_ref().filter(|_| is_proxied);
        self.users.current().user(headers, identity)
    }
}

impl Users {
    fn read([path]: &[PathBuf; 1]) -> Result<Self, AccessError> {
        let text = fs::read_to_string(path).map_err(|problem| AccessError::File {
            path: path.clone(),
            problem,
        })?;
        let mut users = Self::default();
        for (at, line) in text.lines().enumerate() {
            let line = line.split('#').next().unwrap_or_default();
            users.add(line).map_err(|problem| AccessError::Line {
                path: path.clone(),
                line: at + 1,
                problem,
            })?;
        }
        Ok(users)
    }

    fn add(&mut self, line: &str) -> Result<(), &'static str> {
        let mut words = line.split_whitespace();
        let Some(name) = words.next() else {
            return Ok(());
        };
        let token = words.next().ok_or("it has no token; write sha256:… or -")?;
        let registries: Vec<String> = words.map(str::to_owned).collect();
        if registries.is_empty() {
            return Err("it names no registries; write * for all");
        }
        let user = Arc::new(User {
            name: name.to_owned(),
            registries: (!registries.iter().any(|one| one == "*")).then_some(registries),
        });
        if token != "-" {
            let digest = token.parse::<Digest>().ok();
            // Tokens that come are looked up by no other digest.
            let digest = digest.filter(|digest| digest.algorithm() == Algorithm::Sha256);
            let digest = digest.ok_or(
                "the token is not a digest; write sha256: and the SHA-256 of the token in hex",
            )?;
            if self.by_token.insert(digest, Arc::clone(&user)).is_some() {
                return Err("another user has the same token");
            }
        }
        match self.by_name.insert(name.to_owned(), user) {
            Some(_) => Err("the user is listed twice"),
            None => Ok(()),
        }
    }

    /// Whose request it is, if somebody's; `identity` is the header in which a trusted proxy names the user, if it came
    /// from one.
    fn user(&self, headers: &HeaderMap, identity: Option<&HeaderName>) -> Option<Arc<User>> {
        if let Some(identity) = identity {
            let mut names = headers.get_all(identity).iter();
            match (names.next(), names.next()) {
                (Some(name), None) => return self.by_name.get(name.to_str().ok()?).cloned(),
                // One of them may be the client's own, so nothing of this request is believed.
                (Some(_), Some(_)) => return None,
                (None, _) => {}
            }
        }
        let mut sent = headers.get_all(header::AUTHORIZATION).iter();
        let (Some(sent), None) = (sent.next(), sent.next()) else {
            return None;
        };
        // The digest is looked up, so that how long it takes says nothing of the token.
        self.by_token.get(&Digest::sha256(&token(sent)?)).cloned()
    }
}

/// The token of a header: a bearer's, or the password of a log-in, as Docker and browsers send it.
fn token(sent: &HeaderValue) -> Option<Vec<u8>> {
    let (scheme, value) = sent.to_str().ok()?.split_once(' ')?;
    let value = value.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(value.as_bytes().to_vec());
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let pair = BASE64.decode(value).ok()?;
    let colon = pair.iter().position(|byte| *byte == b':')?;
    pair.get(colon + 1..).map(<[u8]>::to_vec)
}

/// Lets users through, and asks all others to log in.
pub(crate) async fn admitted(
    State(access): State<Option<Arc<Access>>>,
    client: Option<Extension<Client>>,
    mut request: Request,
    next: Next,
) -> Response {
    let Some(access) = access else {
        return next.run(request).await;
    };
    if is_health(request.uri().path()) {
        return next.run(request).await;
    }
    let client = client.map(|Extension(client)| client);
    match access.user(request.headers(), client) {
        Some(user) => {
            tracing::Span::current().record("user", user.name.as_str());
            request.extensions_mut().insert(user);
            let mut response = next.run(request).await;
            policy::only_for_the_asker(&mut response);
            response
        }
        None => {
            let message =
                "this gateway requires authentication; log in with a token as the password";
            let refused = Refused::new(StatusCode::UNAUTHORIZED, "UNAUTHORIZED", message);
            let mut response = refused.into_response();
            // Docker, podman and browsers log in so; who has a token may send it as a bearer's.
            let challenge =
                HeaderValue::from_static("Basic realm=\"Onionskin\", charset=\"UTF-8\"");
            let headers = response.headers_mut();
            headers.insert(header::WWW_AUTHENTICATE, challenge);
            response
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn users(text: &str) -> Result<Users, &'static str> {
        let mut users = Users::default();
        for line in text.lines() {
            users.add(line)?;
        }
        Ok(users)
    }

    #[test]
    fn each_user_sees_the_registries_of_its_line() {
        let token = Digest::sha256(b"secret");
        let users = users(&format!("\nci {token} docker.io team\nalice - *\n")).unwrap();
        let sent = |value: &str| {
            let value = value.parse().unwrap();
            let headers = HeaderMap::from_iter([(header::AUTHORIZATION, value)]);
            users.user(&headers, None)
        };
        let ci = sent("Bearer secret").unwrap();
        assert!(ci.sees("team") && ci.sees("Docker.io") && !ci.sees("quay.io"));
        let pair = BASE64.encode("anybody:secret");
        assert_eq!(sent(&format!("basic {pair}")), Some(ci));
        for wrong in [
            "Bearer secre",
            "Bearer",
            "Bearer -",
            "secret",
            "Basic c2VjcmV0",
            "Basic !",
        ] {
            assert_eq!(sent(wrong), None, "{wrong}");
        }
        // Her name alone is no log-in.
        assert_eq!(sent("Bearer alice"), None);
    }

    #[test]
    fn only_a_trusted_proxy_names_the_user() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), "alice - *\n").unwrap();
        let name = HeaderName::from_static("x-forwarded-user");
        let access = Access::load(file.path(), Some(name.clone())).unwrap();
        let as_user = |value: &'static str, proxied: bool| {
            let headers = HeaderMap::from_iter([(name.clone(), HeaderValue::from_static(value))]);
            let address = [192, 0, 2, 7].into();
            let client = Client {
                address,
                proxied,
                private: true,
            };
            access.user(&headers, Some(client)).is_some()
        };
        assert!(as_user("alice", true));
        assert!(!as_user("alice", false));
        assert!(!as_user("bob", true));
    }

    #[test]
    fn a_line_that_is_wrong_is_told() {
        let token = Digest::sha256(b"secret");
        for (text, says) in [
            ("ci".to_owned(), "no token"),
            (format!("ci {token}"), "no registries"),
            ("ci secret *".to_owned(), "not a digest"),
            (
                format!("ci {} *", Digest::of(Algorithm::Sha512, b"secret")),
                "write sha256:",
            ),
            (format!("a {token} *\nb {token} *"), "same token"),
            ("a - *\na - *".to_owned(), "twice"),
        ] {
            assert!(users(&text).unwrap_err().contains(says), "{text}");
        }
    }
}
