//! Platforms (`linux/arm64/v8`): parsing, the many names of one architecture, and which image of an
//! index suits.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What an image runs on, in normal form: Go's names, and no variant where it is the architecture's usual one.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Platform {
    /// The operating system: `linux`, `windows` …
    pub os: String,
    /// The processor: `amd64`, `arm64` …
    pub architecture: String,
    /// Its variant where it is not the usual one: `v6`, `v7` for arm, `v2` and up for amd64 …
    #[serde(default)]
    pub variant: Option<String>,
    /// The system's version, which matters on Windows only.
    #[serde(default)]
    pub os_version: Option<String>,
}

/// Why a text is no platform.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlatformError {
    /// No known architecture, and not two or three parts with something in each.
    #[error(
        "{0:?} is not a platform; write os/architecture or os/architecture/variant, such as linux/arm64 or linux/arm/v7, or an architecture such as arm64, which means linux"
    )]
    Form(String),
}

impl Platform {
    /// A platform from names as they are found, brought into normal form.
    #[must_use]
    pub fn new(os: &str, architecture: &str, variant: Option<&str>) -> Self {
        let os = match os.trim().to_ascii_lowercase().as_str() {
            "macos" => "darwin".to_owned(),
            other => other.to_owned(),
        };
        let architecture = architecture.trim().to_ascii_lowercase();
        let variant = variant
            .map(|variant| variant.trim().to_ascii_lowercase())
            .filter(|variant| !variant.is_empty());
        let (architecture, variant) = normal(architecture, variant);
        Self {
            os,
            architecture,
            variant,
            os_version: None,
        }
    }

    /// What is chosen where nobody says otherwise, on every machine.
    #[must_use]
    pub fn default_choice() -> Self {
        Self::new("linux", "amd64", None)
    }

    /// BuildKit gives its attestations a platform that nothing runs on.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        self.os == "unknown" || self.architecture == "unknown"
    }

    /// Whether an image for `offered` is for this system and architecture, whatever the variant.
    fn has(&self, offered: &Self) -> bool {
        let has_version = self.os_version.as_ref().is_none_or(|wanted| {
            let version = offered.os_version.as_deref();
            let rest = version.and_then(|version| version.strip_prefix(wanted.as_str()));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        });
        self.os == offered.os && self.architecture == offered.architecture && has_version
    }

    /// Whether this is what is wanted, or without a wish the usual one.
    pub(crate) fn is_exactly(&self, wanted: Option<&Self>) -> bool {
        let usual = Self::default_choice();
        wanted.unwrap_or(&usual).distance(self) == Some(0)
    }

    /// How well an image for `offered` serves one who wants `self`: 0 is exact, more is worse, `None` not at all.
    fn distance(&self, offered: &Self) -> Option<u32> {
        if !self.has(offered) {
            return None;
        }
        if self.variant == offered.variant {
            return Some(0);
        }
        // Newer processors run what was built for older ones of the same family.
        let (wanted, offered) = (self.variant_level()?, offered.variant_level()?);
        wanted.checked_sub(offered)
    }

    /// How much an image for `offered` asks of a processor, if nobody said which variant they want: not every machine of
    /// this architecture runs it, but it can be looked at.
    fn any_variant(&self, offered: &Self) -> Option<u32> {
        (self.variant.is_none() && self.has(offered))
            .then(|| offered.variant_level().unwrap_or(u32::MAX))
    }

    /// The variant as a number that grows with the processor's abilities.
    fn variant_level(&self) -> Option<u32> {
        let usual = match self.architecture.as_str() {
            "amd64" => 1,
            "arm" => 7,
            "arm64" => 8,
            _ => return None,
        };
        match &self.variant {
            None => Some(usual),
            Some(variant) => variant.strip_prefix('v')?.parse().ok(),
        }
    }
}

/// Go's name for an architecture, and the variant unless it is the usual one.
fn normal(architecture: String, variant: Option<String>) -> (String, Option<String>) {
    let (architecture, variant) = match architecture.as_str() {
        "x86_64" | "x86-64" => ("amd64".to_owned(), variant),
        "i386" | "i486" | "i586" | "i686" => ("386".to_owned(), None),
        "aarch64" => ("arm64".to_owned(), variant),
        "armhf" => ("arm".to_owned(), Some("v7".to_owned())),
        "armel" => ("arm".to_owned(), Some("v6".to_owned())),
        "armv5" | "armv6" | "armv7" | "armv7l" | "armv6l" => {
            let level = architecture
                .trim_end_matches('l')
                .trim_start_matches("arm")
                .to_owned();
            ("arm".to_owned(), Some(level))
        }
        _ => (architecture, variant),
    };
    let variant = variant.map(|variant| match variant.bytes().next() {
        Some(b'0'..=b'9') => format!("v{variant}"),
        _ => variant,
    });
    let usual = match architecture.as_str() {
        "amd64" => Some("v1"),
        "arm" => Some("v7"),
        "arm64" => Some("v8"),
        _ => None,
    };
    let variant = variant.filter(|variant| Some(variant.as_str()) != usual);
    (architecture, variant)
}

/// Whether a text is an architecture that Linux runs on, by one of its names, so that it needs no system in front of it.
fn is_architecture(text: &str) -> bool {
    const KNOWN: [&str; 13] = [
        "386", "amd64", "arm", "arm64", "loong64", "mips", "mips64", "mips64le", "mipsle",
        "ppc64le", "riscv64", "s390x", "ppc64",
    ];
    let normal = normal(text.to_ascii_lowercase(), None).0;
    KNOWN.contains(&normal.as_str())
}

/// Whether a text can be one of a platform's names.
pub(crate) fn is_part(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    !text.is_empty() && text.chars().all(fits)
}

impl FromStr for Platform {
    type Err = PlatformError;

    fn from_str(text: &str) -> Result<Self, PlatformError> {
        let form = || PlatformError::Form(text.chars().take(80).collect());
        let parts: Vec<&str> = text.split('/').collect();
        let (os, architecture, variant) = match parts.as_slice() {
            [architecture] if is_architecture(architecture) => ("linux", *architecture, None),
            [architecture, variant] if is_architecture(architecture) => {
                ("linux", *architecture, Some(*variant))
            }
            [os, architecture] => (*os, *architecture, None),
            [os, architecture, variant] => (*os, *architecture, Some(*variant)),
            _ => return Err(form()),
        };
        // Windows images differ by version: `windows(10.0.17763.1)/amd64`, as containerd writes it.
        let (os, os_version) = match os.strip_suffix(')').and_then(|os| os.split_once('(')) {
            Some((os, version)) => (os, Some(version)),
            None => (os, None),
        };
        if ![Some(os), Some(architecture), variant, os_version]
            .into_iter()
            .flatten()
            .all(is_part)
        {
            return Err(form());
        }
        Ok(Self {
            os_version: os_version.map(str::to_owned),
            ..Self::new(os, architecture, variant)
        })
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.os)?;
        if let Some(version) = &self.os_version {
            write!(f, "({version})")?;
        }
        write!(f, "/{}", self.architecture)?;
        if let Some(variant) = &self.variant {
            write!(f, "/{variant}")?;
        }
        Ok(())
    }
}

/// Which of the platforms on offer serves `wanted`: the index into `offered`.
///
/// The best is what runs on `wanted`: of several variants the newest that it has (OCI image specification, image-index.md;
/// containerd, platforms/compare.go). Without a variant, linux/amd64 say, others of the architecture are better than none.
/// Without a wish it is linux/amd64, or the first that is on offer where that is not. What has no platform
/// (`None`) is taken only if nothing else is there. Attestations are never taken.
#[must_use]
pub fn choose(wanted: Option<&Platform>, offered: &[Option<Platform>]) -> Option<usize> {
    let known = || {
        let known = |(at, platform): (usize, &'_ Option<Platform>)| {
            platform.clone().map(|platform| (at, platform))
        };
        offered
            .iter()
            .enumerate()
            .filter_map(known)
            .filter(|(_, platform)| !platform.is_unknown())
    };
    let least = |measure: &dyn Fn(&Platform) -> Option<u32>| {
        known()
            .filter_map(|(at, platform)| Some((measure(&platform)?, at)))
            .min()
            .map(|(_, at)| at)
    };
    let nearest = |wanted: &Platform| {
        least(&|offered| wanted.distance(offered))
            .or_else(|| least(&|offered| wanted.any_variant(offered)))
    };
    match wanted {
        Some(wanted) => nearest(wanted).or(matches!(offered, [None]).then_some(0)),
        None => nearest(&Platform::default_choice())
            .or_else(|| known().next().map(|(at, _)| at))
            .or_else(|| offered.iter().position(Option::is_none)),
    }
}

/// Whether [`choose`] could choose another one if it knew the platforms of those that have none (`None`): there are several,
/// and none of the others is exactly what is wanted.
pub(crate) fn depends_on_unnamed(wanted: Option<&Platform>, offered: &[Option<Platform>]) -> bool {
    let is_exact = |offered: &Platform| offered.is_exactly(wanted);
    offered.len() > 1
        && offered.iter().any(Option::is_none)
        && !offered.iter().flatten().any(is_exact)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn platform(text: &str) -> Platform {
        text.parse().unwrap()
    }

    fn pick(wanted: Option<&str>, offered: &[&str]) -> Option<String> {
        let offered: Vec<_> = offered.iter().map(|text| Some(platform(text))).collect();
        let at = choose(wanted.map(platform).as_ref(), &offered)?;
        offered.get(at)?.as_ref().map(Platform::to_string)
    }

    #[test]
    fn many_names_have_one_normal_form() {
        for (text, normal) in [
            ("linux/aarch64", "linux/arm64"),
            ("linux/arm64/v8", "linux/arm64"),
            ("linux/arm64/8", "linux/arm64"),
            ("Linux/X86_64", "linux/amd64"),
            ("linux/amd64/v1", "linux/amd64"),
            ("linux/amd64/v3", "linux/amd64/v3"),
            ("linux/armhf", "linux/arm"),
            ("linux/arm/v7", "linux/arm"),
            ("linux/armel", "linux/arm/v6"),
            ("linux/i686", "linux/386"),
            ("arm64", "linux/arm64"),
            ("AArch64", "linux/arm64"),
            ("arm/v6", "linux/arm/v6"),
            ("arm64/v8", "linux/arm64"),
            ("armv6", "linux/arm/v6"),
            ("s390x", "linux/s390x"),
            ("macos/arm64", "darwin/arm64"),
            ("windows(10.0.17763.1)/amd64", "windows(10.0.17763.1)/amd64"),
        ] {
            assert_eq!(platform(text).to_string(), normal, "{text}");
            assert_eq!(platform(normal).to_string(), normal);
        }
        for bad in [
            "",
            "linux",
            "amiga",
            "arm64/",
            "linux/",
            "/amd64",
            "a/b/c/d",
            "linux/am d64",
            "linux/arm/",
            "windows(/amd64",
        ] {
            assert_eq!(
                bad.parse::<Platform>(),
                Err(PlatformError::Form(bad.into()))
            );
        }
    }

    #[test]
    fn a_wish_takes_the_best_that_runs_there() {
        let arms = ["linux/arm/v5", "linux/arm/v6", "linux/arm64", "linux/amd64"];
        assert_eq!(
            pick(Some("linux/arm/v7"), &arms).as_deref(),
            Some("linux/arm/v6")
        );
        assert_eq!(
            pick(Some("linux/arm/v5"), &arms).as_deref(),
            Some("linux/arm/v5")
        );
        assert_eq!(
            pick(Some("linux/arm64/v8"), &arms).as_deref(),
            Some("linux/arm64")
        );
        assert_eq!(pick(Some("linux/arm/v6"), &["linux/arm/v7"]), None);
        assert_eq!(
            pick(Some("linux/amd64/v3"), &["linux/amd64", "linux/amd64/v2"]).as_deref(),
            Some("linux/amd64/v2")
        );
        assert_eq!(pick(Some("linux/s390x"), &arms), None);
        assert_eq!(
            pick(
                Some("windows(10.0.2)/amd64"),
                &["windows(10.0.20.1)/amd64", "windows(10.0.2.9)/amd64"]
            )
            .as_deref(),
            Some("windows(10.0.2.9)/amd64")
        );
    }

    #[test]
    fn a_variant_that_nobody_asked_for_is_better_than_none() {
        let offered = [
            "linux/arm64",
            "linux/amd64/v3",
            "linux/amd64/v2",
            "linux/riscv64/rva23u64",
        ];
        for wanted in [None, Some("linux/amd64"), Some("amd64")] {
            assert_eq!(pick(wanted, &offered).as_deref(), Some("linux/amd64/v2"));
        }
        assert_eq!(
            pick(Some("riscv64"), &offered).as_deref(),
            Some("linux/riscv64/rva23u64")
        );
        // The usual one is, where it is there.
        let both = ["linux/amd64/v2", "linux/amd64"];
        assert_eq!(pick(None, &both).as_deref(), Some("linux/amd64"));
        assert_eq!(pick(Some("linux/arm/v6"), &["linux/arm/v7"]), None);
        assert_eq!(pick(Some("windows/amd64"), &offered), None);
    }

    #[test]
    fn without_a_wish_it_is_linux_amd64_unless_only_others_are_there() {
        assert_eq!(
            pick(None, &["linux/arm64", "linux/amd64"]).as_deref(),
            Some("linux/amd64")
        );
        assert_eq!(
            pick(None, &["unknown/unknown", "linux/s390x", "linux/arm64"]).as_deref(),
            Some("linux/s390x")
        );
        assert_eq!(pick(None, &["unknown/unknown"]), None);
        assert_eq!(pick(Some("unknown/unknown"), &["unknown/unknown"]), None);
        assert_eq!(choose(None, &[None]), Some(0));
        assert_eq!(choose(Some(&platform("linux/arm64")), &[None]), Some(0));
        assert_eq!(
            choose(None, &[None, Some(platform("linux/arm64"))]),
            Some(1)
        );
    }

    #[test]
    fn a_platform_that_is_not_known_matters_where_no_other_one_is_just_right() {
        let cases: [(Option<&str>, &[&str], bool); 9] = [
            (None, &["", "linux/arm64"], true),
            (None, &["", "linux/amd64/v2"], true),
            (None, &["", "linux/amd64"], false),
            (Some("linux/arm64"), &["", "linux/amd64"], true),
            (Some("linux/arm64"), &["linux/arm64", ""], false),
            (Some("linux/arm/v7"), &["linux/arm/v6", ""], true),
            (Some("linux/arm64"), &["", ""], true),
            // There is nothing to choose from.
            (Some("linux/arm64"), &[""], false),
            (Some("linux/arm64"), &["linux/amd64", "linux/s390x"], false),
        ];
        for (wanted, offered, depends) in cases {
            let offered = offered.iter().map(|text| text.parse().ok());
            let offered: Vec<Option<Platform>> = offered.collect();
            let wanted = wanted.map(platform);
            let is = depends_on_unnamed(wanted.as_ref(), &offered);
            assert_eq!(is, depends, "{wanted:?} {offered:?}");
        }
    }
}
