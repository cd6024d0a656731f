//! The finders: what each looks for, and which rules it has. A finder has one row here; audits, rules files and ignored
//! findings derive from it.

use super::leftovers::Marks;
use super::live::Live;
use super::{Finding, Kind, Leftovers, Subject};
use super::{build_packages, config, duplicates, empty, leftovers, modes, secrets, wasted};
use crate::secrets::SecretRule;
use crate::stack::Names;

/// What finders look at.
pub(super) struct Material<'a> {
    pub(super) subject: Subject<'a>,
    /// The name by which each file goes in the final stack.
    pub(super) names: &'a Names,
    /// The files that are there.
    pub(super) live: &'a Live<'a>,
    /// Which paths are leftovers.
    pub(super) marks: &'a Marks,
}

/// A rule, and the kind of what it finds.
type Rule<'a> = (Kind, &'a str);

/// A finder.
pub(super) struct Finder {
    /// Its rules; none where the kind says it all. Their names do not change between versions.
    rules: for<'l> fn(&'l Leftovers) -> Vec<Rule<'l>>,
    /// What it finds, in no order.
    pub(super) find: fn(&Material<'_>) -> Vec<Finding>,
}

/// All finders. Each looks at all paths once at most: whoever audits in steps takes one for each.
pub(super) const FINDERS: [Finder; 10] = [
    Finder {
        rules: |_| Vec::new(),
        find: |on| wasted::of(&on.subject),
    },
    Finder {
        rules: |_| Vec::new(),
        find: |on| duplicates::of(on.subject.stack, on.live),
    },
    Finder {
        rules: |table| table.ids().collect(),
        find: |on| leftovers::of(&on.subject, on.live, on.marks),
    },
    Finder {
        rules: |_| vec![(Kind::Optional, build_packages::RULE)],
        find: |on| build_packages::of(&on.subject, on.live),
    },
    Finder {
        rules: |_| vec![(Kind::Empty, empty::RULE)],
        find: |on| empty::of(&on.subject),
    },
    Finder {
        rules: |_| vec![modes::SETUID_RULE],
        find: |on| modes::setuid(&on.subject, on.names),
    },
    Finder {
        rules: |_| vec![modes::SETGID_RULE],
        find: |on| modes::setgid(&on.subject, on.names),
    },
    Finder {
        rules: |_| vec![modes::WRITABLE_RULE],
        find: |on| modes::writable(&on.subject, on.names),
    },
    Finder {
        rules: |_| config::RULES.map(|id| (Kind::Config, id)).to_vec(),
        find: |on| config::of(&on.subject),
    },
    Finder {
        rules: |_| {
            let rules = SecretRule::all().into_iter();
            rules.map(|rule| (Kind::Secret, rule.id())).collect()
        },
        find: |on| secrets::of(&on.subject, on.names),
    },
];

/// Every rule that can find something, where these leftovers are looked for, with the kind of its findings. Wasted bytes
/// and duplicates have none.
pub fn rules(leftovers: &Leftovers) -> impl Iterator<Item = (Kind, &str)> {
    FINDERS.iter().flat_map(|finder| (finder.rules)(leftovers))
}
