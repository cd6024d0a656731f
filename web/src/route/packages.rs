//! The part of an address that says which packages are seen: `…?view=packages&type=deb&package=deb/libc6@2.36-9`.

use onionskin_core::packages::Type;

use crate::worker::protocol::PackageFacts;

/// Which packages are seen, and the one whose files are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct PackagesPlace {
    /// Only those of this type.
    pub(crate) kind: Option<Type>,
    /// As [`name_of`] calls it.
    pub(crate) package: Option<String>,
}

/// What addresses call a package.
pub(crate) fn name_of(package: &PackageFacts) -> String {
    let PackageFacts { name, version, .. } = package;
    format!("{}/{name}@{version}", package.kind.name())
}

impl PackagesPlace {
    /// What the address says of it.
    pub(crate) fn pairs(&self) -> Vec<(&'static str, String)> {
        let kind = self.kind.map(|kind| ("type", kind.name().to_owned()));
        let package = self.package.clone().map(|package| ("package", package));
        [kind, package].into_iter().flatten().collect()
    }

    /// Reads a part of an address that is about it.
    pub(crate) fn set(&mut self, key: &str, value: &str) -> Result<(), String> {
        match key {
            "type" => {
                let known = Type::ALL.into_iter().find(|kind| kind.name() == value);
                let unknown = || {
                    let shown = crate::format::visible_text(value);
                    format!("There is no type of package called “{shown}”.")
                };
                self.kind = Some(known.ok_or_else(unknown)?);
            }
            _ => self.package = Some(value.to_owned()),
        }
        Ok(())
    }
}
