//! Names of users and groups: `/etc/passwd` and `/etc/group` of an image, read while its layers are decoded.
//!
//! Sources: passwd(5), group(5).

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::layer::{Entry, FileReader, WholeFiles};
use crate::limits::{ACCOUNT_FILE_BYTES, ACCOUNT_NAME_BYTES, ACCOUNTS};
use crate::stack::Stack;

/// A line of one of the two files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// It is a group, else a user.
    pub is_group: bool,
    /// Its number.
    pub id: u64,
    /// Its name; the image's own word.
    pub name: String,
}

/// The visitor that reads the two files of a layer.
pub type AccountReader = WholeFiles<AccountFiles>;

/// A visitor that reads files of at most [`ACCOUNT_FILE_BYTES`].
#[must_use]
pub fn reader() -> AccountReader {
    WholeFiles::new(AccountFiles::default(), ACCOUNT_FILE_BYTES)
}

/// Knows the two files.
#[derive(Default)]
pub struct AccountFiles {
    /// The file that is read is that of groups.
    is_group: bool,
}

impl FileReader for AccountFiles {
    const NAME: &'static str = "accounts";
    type Found = Account;

    fn wants(&mut self, entry: &Entry<'_>) -> bool {
        self.is_group = entry.names.last() == Some(&&b"group"[..]);
        matches!(entry.names, [b"etc", b"passwd" | b"group"])
    }

    fn read(&mut self, content: &[u8]) -> Vec<Account> {
        let lines = content.split(|byte| *byte == b'\n');
        let accounts = lines.filter_map(|line| account(line, self.is_group));
        accounts.take(ACCOUNTS).collect()
    }
}

/// The name and the number of a line `NAME:PASSWORD:NUMBER:…`.
fn account(line: &[u8], is_group: bool) -> Option<Account> {
    let mut fields = line.split(|byte| *byte == b':');
    let (name, id) = (fields.next()?, fields.nth(1)?);
    let name = std::str::from_utf8(name).ok()?;
    // `+name` asks a directory service.
    if name.is_empty() || name.len() > ACCOUNT_NAME_BYTES || name.starts_with(['+', '-', '#']) {
        return None;
    }
    Some(Account {
        is_group,
        id: std::str::from_utf8(id).ok()?.parse().ok()?,
        name: name.to_owned(),
    })
}

/// The names of users and groups in the stack at one layer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accounts {
    users: HashMap<u64, String>,
    groups: HashMap<u64, String>,
}

impl Accounts {
    /// Of the files that a container sees if `layer` is the last.
    #[must_use]
    pub fn at(stack: &Stack, layer: usize) -> Self {
        let mut accounts = Self::default();
        for path in [&b"/etc/passwd"[..], b"/etc/group"] {
            let Some(found) = found(stack, layer, path) else {
                continue;
            };
            for Account { is_group, id, name } in found {
                let names = match is_group {
                    true => &mut accounts.groups,
                    false => &mut accounts.users,
                };
                // Of several names for a number, the first counts, as for programs.
                names.entry(id).or_insert(name);
            }
        }
        accounts
    }

    /// The name of a user.
    #[must_use]
    pub fn user(&self, id: u64) -> Option<&str> {
        self.users.get(&id).map(String::as_str)
    }

    /// The name of a group.
    #[must_use]
    pub fn group(&self, id: u64) -> Option<&str> {
        self.groups.get(&id).map(String::as_str)
    }
}

fn found(stack: &Stack, layer: usize, path: &[u8]) -> Option<Vec<Account>> {
    let node = stack.resolve(path, layer).ok()?;
    let (stored_in, entry) = stack.stored_by(stack.at(node, layer)?)?;
    let all = stack.layer(stored_in)?.found::<AccountReader>()?;
    let of_file = all.into_iter().filter(|(of, _)| *of == entry);
    Some(of_file.map(|(_, account)| account).collect())
}

#[cfg(test)]
mod tests {
    use onionskin_fixtures::layer;
    use proptest::prelude::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::layer::Expected;
    use crate::visitors;

    fn stack(layers: &[onionskin_fixtures::Layer]) -> Stack {
        let mut stack = Stack::new();
        for layer in layers {
            let mut decoder = visitors::decoder(Expected::default());
            decoder.push(&layer.tar()).unwrap();
            stack.push(decoder.finish().unwrap()).unwrap();
        }
        stack
    }

    #[test]
    fn names_are_those_of_the_files_at_a_layer() {
        let stack = stack(&[
            layer("FROM base")
                .file(
                    "/etc/passwd",
                    "root:x:0:0:root:/root:/bin/sh\ntoor:x:0:0::/:\n+nis::::::\nbad:x:y\n\n",
                )
                .file("/etc/group", "root:x:0:\nadm:x:4:syslog\n")
                .file("/home/etc/passwd", "other:x:0:0"),
            layer("RUN adduser app").file(
                "/etc/passwd",
                "root:x:0:0::/root:/bin/sh\napp:x:1000:1000::/:\n",
            ),
            layer("RUN rm").whiteout("/etc/passwd"),
        ]);
        let first = Accounts::at(&stack, 1);
        assert_eq!((first.user(0), first.user(1000)), (Some("root"), None));
        assert_eq!((first.group(4), first.group(1000)), (Some("adm"), None));
        assert_eq!(Accounts::at(&stack, 2).user(1000), Some("app"));
        let last = Accounts::at(&stack, 3);
        assert_eq!((last.user(0), last.group(0)), (None, Some("root")));
    }

    proptest! {
        #[test]
        fn any_file_is_read(content in prop::collection::vec(any::<u8>(), 0..300), text in "[a:0-9\n]{0,100}") {
            for content in [&content[..], text.as_bytes()] {
                let mut files = AccountFiles::default();
                for account in files.read(content) {
                    prop_assert!(!account.name.is_empty() && account.name.len() <= ACCOUNT_NAME_BYTES);
                }
            }
        }
    }
}
