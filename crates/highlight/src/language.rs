//! Languages, as the names and the first lines of files tell them.

use serde::{Deserialize, Serialize};

/// A language whose grammar the program has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Language(u8);

/// What is known of a language; names are separated by spaces.
struct Known {
    /// What the grammars call it.
    grammar: &'static str,
    /// Names of files.
    names: &'static str,
    /// What names of files end in, behind a dot, in lower case.
    extensions: &'static str,
    /// Programs that a first line with `#!` names, without their versions.
    interpreters: &'static str,
}

const fn known(
    grammar: &'static str,
    names: &'static str,
    extensions: &'static str,
    interpreters: &'static str,
) -> Known {
    Known {
        grammar,
        names,
        extensions,
        interpreters,
    }
}

/// Those that images have, the most frequent first.
const LANGUAGES: &[Known] = &[
    known(
        "JSON",
        "composer.lock Pipfile.lock .babelrc .eslintrc .prettierrc",
        "json jsonc json5 ipynb map webmanifest geojson har jsonl ndjson spdx",
        "",
    ),
    known(
        "Bourne Again Shell (bash)",
        ".bashrc .bash_profile .bash_logout .bash_aliases .profile .zshrc .zshenv .zprofile profile bash.bashrc zshrc os-release lsb-release APKBUILD PKGBUILD",
        "sh bash zsh ash ksh ebuild bats env",
        "sh bash dash ash zsh ksh mksh busybox",
    ),
    known(
        "Python",
        "SConstruct wscript",
        "py pyi pyw pyx pxd gyp bzl bazel",
        "python pypy",
    ),
    known("JavaScript", "", "js mjs cjs jsx", "node nodejs deno bun"),
    known("TypeScript", "", "ts mts cts", "ts-node"),
    known("TypeScriptReact", "", "tsx", ""),
    known("YAML", ".clang-format .clang-tidy", "yaml yml", ""),
    known(
        "TOML",
        "Cargo.lock Pipfile poetry.lock uv.lock pdm.lock",
        "toml",
        "",
    ),
    known(
        "INI",
        ".editorconfig .npmrc .pylintrc .coveragerc pip.conf my.cnf php.ini gitconfig",
        "ini cfg cnf conf inf desktop service socket timer target mount path slice preset repo properties-ini",
        "",
    ),
    known(
        "nginx",
        "nginx.conf mime.types fastcgi_params fastcgi.conf scgi_params uwsgi_params",
        "nginx",
        "",
    ),
    known(
        "XML",
        "",
        "xml xsd xsl xslt rng svg rss atom plist pom wsdl xhtml csproj nuspec resx",
        "",
    ),
    known("HTML", "", "html htm shtml", ""),
    known("CSS", "", "css", ""),
    known("SCSS", "", "scss", ""),
    known("Less", "", "less", ""),
    known("Markdown", "README", "md markdown mdown", ""),
    known("Perl", "", "pl pm pod t", "perl"),
    known(
        "Ruby",
        "Gemfile Rakefile Vagrantfile Guardfile Podfile Brewfile config.ru",
        "rb rake gemspec ru",
        "ruby jruby rake",
    ),
    known("PHP", "", "php php3 php4 php5 php7 phtml phps", "php"),
    known("Lua", "", "lua", "lua luajit"),
    known("Tcl", "", "tcl tm", "tclsh wish expect"),
    known("AWK", "", "awk", "awk gawk mawk nawk"),
    known(
        "Makefile",
        "Makefile makefile GNUmakefile Makefile.am Makefile.in",
        "mk mak make",
        "make",
    ),
    known("CMake", "CMakeLists.txt", "cmake", ""),
    known(
        "Dockerfile",
        "Dockerfile Containerfile dockerfile",
        "dockerfile containerfile",
        "",
    ),
    known("C", "", "c h", ""),
    known("C++", "", "cc cpp cxx c++ hh hpp hxx inl ipp", ""),
    known("Objective-C", "", "m mm", ""),
    known("C#", "", "cs csx", "dotnet-script"),
    known("F#", "", "fs fsi fsx", ""),
    known("Go", "", "go", ""),
    known("Gomod", "go.mod go.work", "", ""),
    known("Rust", "", "rs", ""),
    known("Java", "", "java", ""),
    known("Java Properties", "", "properties", ""),
    known("Kotlin", "", "kt kts", "kotlin"),
    known("Scala", "", "scala sbt", "scala"),
    known("Groovy", "Jenkinsfile", "groovy gradle gvy", "groovy"),
    known("Clojure", "", "clj cljs cljc edn", "clojure"),
    known("Erlang", "", "erl hrl", "escript"),
    known("Elixir", "mix.lock", "ex exs", "elixir"),
    known("Haskell", "", "hs", "runhaskell stack"),
    known("OCaml", "", "ml mli", "ocaml"),
    known("Lisp", "", "lisp el scm ss lsp", "guile sbcl"),
    known("R", ".Rprofile Rprofile", "r rprofile", "rscript"),
    known("Julia", "", "jl", "julia"),
    known("Swift", "", "swift", "swift"),
    known("Dart", "", "dart", "dart"),
    known("Zig", "", "zig zon", ""),
    known("Nim", "", "nim nims nimble", "nim"),
    known("Nix", "", "nix", ""),
    known("Terraform", "", "tf tfvars hcl", ""),
    known("Protocol Buffer", "", "proto", ""),
    known("GraphQL", "", "graphql gql graphqls", ""),
    known("SQL", "", "sql ddl dml", ""),
    known("Diff", "", "diff patch", ""),
    known("VimL", ".vimrc vimrc", "vim", ""),
    known("Fish", "", "fish", "fish"),
    known("Batch File", "", "bat cmd", ""),
    known("jsonnet", "", "jsonnet libsonnet", ""),
    known("JQ", "", "jq", "jq"),
    known("fstab", "fstab", "", ""),
    known("passwd", "passwd passwd-", "", ""),
    known("group", "group group-", "", ""),
    known("debsources", "sources.list", "", ""),
    known("SSH Config", "ssh_config", "", ""),
    known("SSHD Config", "sshd_config", "", ""),
    known("Apache Conf", ".htaccess apache2.conf httpd.conf", "", ""),
    known("Crontab", "crontab", "crontab", ""),
    known("Vue Component", "", "vue", ""),
    known("Svelte", "", "svelte", ""),
    known("Jinja2", "", "j2 jinja jinja2", ""),
    known("reStructuredText", "", "rst", ""),
    known("LaTeX", "", "tex ltx", ""),
    known("Groff/troff", "", "man groff roff 1 2 3 4 5 6 7 8 9", ""),
];

impl Language {
    /// JSON, which is known by what it is.
    pub const JSON: Language = Language(0);

    /// The language of a file, by its name, by what that ends in, or by how its content begins.
    pub fn of(path: &[u8], start: &[u8]) -> Option<Language> {
        let name = path.rsplit(|byte| *byte == b'/').next();
        let name = str::from_utf8(name.unwrap_or_default()).unwrap_or_default();
        Self::of_name(name).or_else(|| Self::of_start(start))
    }

    fn of_name(name: &str) -> Option<Language> {
        let named = Self::find(|known| is_one(known.names, name));
        if named.is_some() {
            return named;
        }
        // `Dockerfile.alpine`, `Makefile.inc`.
        let (first, last) = (name.split('.').next()?, name.rsplit_once('.'));
        let extension = last.map(|(_, extension)| extension.to_ascii_lowercase());
        let by_extension = extension
            .and_then(|extension| Self::find(|known| is_one(known.extensions, &extension)));
        by_extension.or_else(|| {
            ["Dockerfile", "Containerfile", "Makefile"]
                .contains(&first)
                .then(|| Self::find(|known| is_one(known.names, first)))?
        })
    }

    fn of_start(start: &[u8]) -> Option<Language> {
        let line = start.split(|byte| *byte == b'\n').next()?;
        let line = str::from_utf8(line.get(..200).unwrap_or(line))
            .ok()?
            .trim_end();
        if let Some(command) = line.strip_prefix("#!") {
            let program = interpreter(command)?;
            return Self::find(|known| is_one(known.interpreters, program));
        }
        let lower = line.trim_start_matches('\u{feff}').to_ascii_lowercase();
        let grammar = if lower.starts_with("<?xml") {
            "XML"
        } else if lower.starts_with("<?php") {
            "PHP"
        } else if lower.starts_with("<!doctype html") || lower.starts_with("<html") {
            "HTML"
        } else {
            return None;
        };
        Self::find(|known| known.grammar == grammar)
    }

    fn find(is: impl Fn(&Known) -> bool) -> Option<Language> {
        let at = LANGUAGES.iter().position(is)?;
        u8::try_from(at).ok().map(Language)
    }

    /// What the grammars call it.
    pub fn grammar(self) -> &'static str {
        let known = LANGUAGES.get(usize::from(self.0));
        known.map_or("Plain Text", |known| known.grammar)
    }
}

fn is_one(words: &str, word: &str) -> bool {
    words
        .split(' ')
        .any(|known| !known.is_empty() && known == word)
}

/// The program that runs a script, without its folder and its version.
fn interpreter(command: &str) -> Option<&str> {
    let mut words = command.split_ascii_whitespace();
    let mut program = words.next()?;
    if program.ends_with("/env") {
        program = words.find(|word| !word.starts_with('-') && !word.contains('='))?;
    }
    let name = program.rsplit('/').next()?;
    Some(name.trim_end_matches(|end: char| end.is_ascii_digit() || end == '.' || end == '-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grammar(path: &str, start: &str) -> Option<&'static str> {
        Language::of(path.as_bytes(), start.as_bytes()).map(Language::grammar)
    }

    #[test]
    fn names_and_first_lines_tell_the_language() {
        for (path, start, expected) in [
            ("/app/main.py", "", "Python"),
            ("/app/MAIN.PY", "", "Python"),
            ("/app/Dockerfile", "", "Dockerfile"),
            ("/app/Dockerfile.alpine", "", "Dockerfile"),
            ("/app/Makefile.inc", "", "Makefile"),
            ("/etc/os-release", "", "Bourne Again Shell (bash)"),
            ("/root/.bashrc", "", "Bourne Again Shell (bash)"),
            ("/usr/bin/pip", "#!/usr/bin/python3.11\nimport", "Python"),
            ("/usr/bin/x", "#!/usr/bin/env -S A=1 node --x", "JavaScript"),
            (
                "/docker-entrypoint",
                "#! /bin/sh -e\n",
                "Bourne Again Shell (bash)",
            ),
            ("/etc/x", "<?xml version=\"1.0\"?>", "XML"),
            ("/srv/index", "\u{feff}<!DOCTYPE html>\r\n", "HTML"),
        ] {
            assert_eq!(grammar(path, start), Some(expected), "{path} {start}");
        }
        for (path, start) in [
            ("/app/log", "text"),
            ("/app/notes.txt", "text"),
            ("/app/a.", ""),
            ("/app/.", "#!"),
            ("", "#! /usr/bin/env"),
            ("/app/a", "#!/opt/own"),
        ] {
            assert_eq!(grammar(path, start), None, "{path} {start}");
        }
        assert_eq!(Language::JSON.grammar(), "JSON");
        assert_eq!(Language::of(b"\xff.py\xff", b"\xff"), None);
    }
}
