//! Packages of the system that only builds need: compilers, headers, and what was installed for nothing else.

use super::live::Live;
use super::{Finding, Kind, Location, Subject};
use crate::ownership::{self, Build, Owned, Packages};
use crate::packages::Type;
use crate::stack::NodeId;

/// What finds them.
pub(super) const RULE: &str = "build-packages";

/// Packages that an advice names.
const NAMED: usize = 3;

/// One for each package manager, in no order. Those of the base are left to it.
pub(super) fn of(subject: &Subject<'_>, live: &Live<'_>) -> Vec<Finding> {
    let Subject { stack, ledger, .. } = *subject;
    let base = subject.base.and_then(|base| base.layers).unwrap_or(0);
    if !ownership::has_build_tools(stack) {
        return Vec::new();
    }
    let packages = Packages::of(stack, stack.depth(), ledger);
    let own = |package: &Owned| {
        package.build.is_some() && package.layers.iter().any(|layer| *layer > base)
    };
    let findings = ownership::BUILD_KINDS.into_iter().filter_map(|kind| {
        let is_one = |at: &usize| {
            (packages.packages.get(*at)).is_some_and(|package| package.kind == kind && own(package))
        };
        let of_kind: Vec<&Owned> = (packages.packages.iter())
            .filter(|package| package.kind == kind && own(package))
            .collect();
        let files = live.files.iter().filter(|file| {
            file.layer() > base
                && packages
                    .owner(file.node)
                    .is_some_and(|owner| is_one(&owner))
        });
        let groups = files.map(|file| live.group(file, file.node));
        let all = groups.reduce(|mut all, group| {
            all.node = common(subject, all.node, group.node);
            all.take(group);
            all
        })?;
        let mut finding = all.told(stack, Kind::Optional, RULE, advice(kind, &of_kind)?);
        if let Location::Path { layer, path } = finding.location {
            finding.location = Location::Packages { kind, layer, path };
        }
        finding.packages = of_kind.iter().map(|package| package.name.clone()).collect();
        Some(finding)
    });
    findings.collect()
}

/// The folder that both are in.
fn common(subject: &Subject<'_>, mut a: NodeId, mut b: NodeId) -> NodeId {
    // A parent has a lower number than what it holds.
    while a != b {
        if a > b {
            a = subject.stack.parent(a);
        } else {
            b = subject.stack.parent(b);
        }
    }
    a
}

/// What to do; None where there is no tool.
fn advice(kind: Type, packages: &[&Owned]) -> Option<String> {
    let is_tool = |package: &&&Owned| matches!(package.build, Some(Build::Tool { .. }));
    let tools: Vec<&str> = packages
        .iter()
        .filter(is_tool)
        .map(|package| package.name.as_str())
        .collect();
    let what = what(&tools, packages.len() - tools.len())?;
    let chosen = packages
        .iter()
        .filter(|package| matches!(package.build, Some(Build::Tool { is_chosen: true })));
    let chosen: Vec<&str> = chosen
        .map(|package| package.name.as_str())
        .filter(|name| is_plain(name))
        .take(NAMED)
        .collect();
    let is_suse = |package: &&Owned| {
        let purl = package.purl.as_deref().unwrap_or_default();
        purl.starts_with("pkg:rpm/opensuse") || purl.starts_with("pkg:rpm/sle")
    };
    let command = match kind {
        Type::Apk => "apk del",
        Type::Rpm if packages.iter().any(is_suse) => "zypper remove -y --clean-deps",
        Type::Rpm => "dnf remove -y",
        _ => "apt-get purge -y --auto-remove",
    };
    let remove = match chosen.is_empty() {
        true => String::new(),
        false => format!(
            ", or remove them in the RUN that installs them ({command} {} …)",
            chosen.join(" ")
        ),
    };
    Some(format!(
        "Build in an earlier stage and COPY --from only what is needed{remove}: {what}"
    ))
}

/// What there is, in a few words.
fn what(tools: &[&str], others: usize) -> Option<String> {
    let (first, rest) = tools.split_first()?;
    let named: Vec<&str> = rest.iter().take(NAMED - 1).copied().collect();
    let more = rest.len() - named.len();
    let names = [&[*first][..], &named].concat();
    let names = match (names.as_slice(), more) {
        ([one], 0) => (*one).to_owned(),
        ([first @ .., last], 0) => format!("{} and {last}", first.join(", ")),
        (names, 1) => format!("{} and 1 more build tool", names.join(", ")),
        (names, more) => format!("{} and {more} more build tools", names.join(", ")),
    };
    let they = if tools.len() == 1 {
        "it needs"
    } else {
        "they need"
    };
    Some(match others {
        0 => format!(
            "{names} {}",
            if tools.len() == 1 {
                "is used only to build"
            } else {
                "are used only to build"
            }
        ),
        1 => format!("{names}, and 1 package that only {they}"),
        others => format!("{names}, and {others} packages that only {they}"),
    })
}

/// A name that a shell takes as it is: those of packages are the image's own words.
fn is_plain(name: &str) -> bool {
    let is_plain =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"+-.".contains(&byte);
    name.bytes().all(is_plain) && !name.starts_with('-')
}
