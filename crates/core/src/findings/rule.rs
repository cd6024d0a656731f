//! The rules that tell findings: which ids there are, and of which kind what they find is.

use super::{Kind, Leftovers, config, empty, modes};
use crate::secrets;

/// Every rule that can find something, where these leftovers are looked for, with the kind of its findings. Wasted bytes
/// and duplicates have none.
pub fn rules(leftovers: &Leftovers) -> impl Iterator<Item = (Kind, &str)> {
    let of = |kind: Kind| move |id: &'static str| (kind, id);
    let secrets = secrets::Rule::all().into_iter().map(secrets::Rule::id);
    let set = [modes::SETUID_RULE, modes::SETGID_RULE].map(of(Kind::Setid));
    set.into_iter()
        .chain([of(Kind::Writable)(modes::WRITABLE_RULE)])
        .chain([of(Kind::Empty)(empty::RULE)])
        .chain(config::RULES.map(of(Kind::Config)))
        .chain(secrets.map(of(Kind::Secret)))
        .chain(leftovers.ids())
}
