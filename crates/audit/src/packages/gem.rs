//! RubyGems: `specifications/NAME-VERSION.gemspec` beside `gems/NAME-VERSION`.
//!
//! Source: RubyGems' `Gem::Specification#to_ruby`, which writes these files: Ruby, one attribute in a line.

use super::fields::{license, lines, package, text};
use super::record::{Files, Package, Paths, Type};

/// The package of a specification; `path` is its path by names.
pub(super) fn specification(content: &[u8], path: &[Vec<u8>]) -> Option<Package> {
    let (mut name, mut version, mut licenses, mut platform) = (None, None, Vec::new(), None);
    for line in lines(content) {
        let Some((attribute, value)) = assignment(line) else {
            continue;
        };
        let value = || strings(value).next().and_then(text);
        match attribute {
            b"name" => name = name.or_else(value),
            b"version" => version = version.or_else(value),
            b"platform" => platform = platform.or_else(value),
            b"license" => licenses.extend(value()),
            b"licenses" => {
                let several = assignment(line).map(|(_, value)| value).unwrap_or_default();
                licenses.extend(strings(several).filter_map(text));
            }
            _ => {}
        }
    }
    let platform = platform.map(|platform| ("platform".to_owned(), platform));
    Some(Package {
        license: license(licenses.join(" OR ").as_bytes()),
        qualifiers: platform.into_iter().collect(),
        files: folder(path).map_or(Files::None, Files::Folders),
        ..package(Type::Gem, name?, version)
    })
}

/// `gems/NAME-VERSION` beside the folder that the specification is in, or the one above that.
fn folder(path: &[Vec<u8>]) -> Option<Paths> {
    let (file, folders) = path.split_last()?;
    let is = |name: &Vec<u8>| name == b"specifications";
    let below = folders.len() - folders.iter().rposition(is)?;
    let mut paths = Paths::above(u8::try_from(below + 1).ok()?);
    paths.push_parts(b"gems", file.strip_suffix(b".gemspec")?);
    Some(paths)
}

/// A line `s.ATTRIBUTE = VALUE`.
fn assignment(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let line = line.trim_ascii().strip_prefix(b"s.")?;
    let equals = line.iter().position(|byte| *byte == b'=')?;
    let (attribute, value) = line.split_at(equals);
    Some((attribute.trim_ascii(), value.get(1..)?))
}

/// The texts in double quotes. What is escaped in them stays so: names and versions have nothing to escape.
fn strings(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|byte| *byte == b'"').skip(1).step_by(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPECIFICATION: &[u8] = br#"# -*- encoding: utf-8 -*-
# stub: nokogiri 1.16.7 x86_64-linux lib

Gem::Specification.new do |s|
  s.name = "nokogiri".freeze
  s.version = "1.16.7"
  s.platform = "x86_64-linux".freeze

  s.required_rubygems_version = Gem::Requirement.new(">= 0".freeze) if s.respond_to? :required_rubygems_version=
  s.licenses = ["MIT".freeze, "Zlib".freeze]
end
"#;

    #[test]
    fn a_specification_is_a_package_with_a_folder() {
        let path = [
            &b"usr"[..],
            b"gems",
            b"specifications",
            b"nokogiri-1.16.7-x86_64-linux.gemspec",
        ];
        let package = specification(SPECIFICATION, &path.map(<[u8]>::to_vec)).unwrap();
        assert_eq!(
            (package.name.as_str(), package.version.as_str()),
            ("nokogiri", "1.16.7")
        );
        assert_eq!(package.license.as_deref(), Some("MIT OR Zlib"));
        assert_eq!(
            package.qualifiers,
            [("platform".to_owned(), "x86_64-linux".to_owned())]
        );
        let Files::Folders(folders) = &package.files else {
            panic!("{package:?}")
        };
        let folders: Vec<_> = folders.iter(b"/usr/gems/specifications/x").collect();
        assert_eq!(folders, [b"/usr/gems/gems/nokogiri-1.16.7-x86_64-linux"]);
        assert_eq!(specification(b"s.name = foo", &[]), None);
    }
}
