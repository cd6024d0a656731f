//! YAML as people write it into rules files, and what is wrong with it in their words.

use serde::de::DeserializeOwned;
use serde_saphyr::granit_parser::ErrorKind;
use serde_saphyr::localizer::ExternalMessageSource;
use serde_saphyr::{Error, Options};

use super::RulesError;
use super::quantity::shown;
use crate::limits::{RULES_BYTES, RULES_DEPTH, RULES_NODES};

/// How alike two words are, from 0 to 1, for one to be taken for a slip of the other.
const ALIKE: f64 = 0.8;

/// Reads a file of one document; one of comments alone says nothing.
pub(super) fn read<T: DeserializeOwned + Default>(file: &[u8]) -> Result<T, RulesError> {
    if file.len() > RULES_BYTES {
        return Err(RulesError {
            line: 1,
            problem: format!("larger than {RULES_BYTES} bytes, the limit for a rules file"),
        });
    }
    let text = std::str::from_utf8(file).map_err(|error| {
        let before = file.get(..error.valid_up_to()).unwrap_or_default();
        let breaks = before.iter().filter(|byte| **byte == b'\n').count();
        RulesError {
            line: breaks as u64 + 1,
            problem: "not UTF-8; save the file as UTF-8".to_owned(),
        }
    })?;
    let options: Options = serde_saphyr::options! {
        with_snippet: false,
        strict_booleans: true,
        reject_unsupported_tags: true,
        budget: serde_saphyr::budget! { max_nodes: RULES_NODES, max_depth: RULES_DEPTH },
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: RULES_NODES },
    };
    let document: Result<Option<T>, Error> = serde_saphyr::from_str_with_options(text, options);
    match document {
        Ok(document) => Ok(document.unwrap_or_default()),
        Err(error) => Err(RulesError {
            line: error
                .location()
                .map_or(1, |location| location.line())
                .max(1),
            problem: problem(&error),
        }),
    }
}

/// ` (did you mean "…"?)`, where a known word is like one that is not.
pub(super) fn meant<'w>(word: &str, known: impl IntoIterator<Item = &'w str>) -> String {
    let word = word.to_lowercase();
    let alike = known.into_iter().map(|known| {
        let alike = strsim::jaro_winkler(&word, &known.to_lowercase());
        (alike, known)
    });
    let nearest = alike.max_by(|(a, _), (b, _)| a.total_cmp(b));
    match nearest.filter(|(alike, _)| *alike >= ALIKE) {
        Some((_, known)) => format!(" (did you mean {known:?}?)"),
        None => String::new(),
    }
}

/// What is wrong, in one line, without the words of the libraries that found it.
fn problem(error: &Error) -> String {
    match error {
        Error::AliasError { error, .. } | Error::WithSnippet { error, .. } => problem(error),
        // Our own.
        Error::Message { msg, .. } => msg.clone(),
        Error::ExternalMessage { source, .. } => match source.as_ref() {
            ExternalMessageSource::Parser(error) => syntax(error.kind()).to_owned(),
            _ => NO_YAML.to_owned(),
        },
        Error::SerdeUnknownField {
            field, expected, ..
        } => unknown(
            &format!("there is no key {:?} here", shown(field)),
            field,
            expected,
            "keys",
        ),
        Error::SerdeUnknownVariant {
            variant, expected, ..
        } => unknown(
            &format!("there is no kind of findings {:?}", shown(variant)),
            variant,
            expected,
            "kinds",
        ),
        Error::SerdeMissingField { field, .. } => format!("the key {field:?} is missing"),
        Error::DuplicateMappingKey { key: Some(key), .. } => {
            let key = shown(key);
            format!("duplicate key {key:?}; write it only once")
        }
        Error::DuplicateMappingKey { key: None, .. } => {
            "duplicate key; write it only once".to_owned()
        }
        Error::MultipleDocuments { .. } => {
            "a second document begins here; a rules file has only one, without `---`".to_owned()
        }
        Error::Unexpected { expected, .. } => wanted(expected).to_owned(),
        Error::SerdeInvalidType {
            unexpected,
            expected,
            ..
        }
        | Error::SerdeInvalidValue {
            unexpected,
            expected,
            ..
        } => mistaken(unexpected, expected),
        Error::NullIntoString { .. } => {
            "no value; write one, or remove the key or the entry".to_owned()
        }
        Error::ExternallyTaggedEnumExpectedScalarOrMapping { .. }
        | Error::UnexpectedValueForUnitEnumVariant { .. }
        | Error::ExpectedStringKeyForExternallyTaggedEnum { .. }
        | Error::ExpectedMappingEndAfterEnumVariantValue { .. } => VALUE.to_owned(),
        Error::InvalidScalar { ty, .. } if ty.contains("bool") => BOOLEAN.to_owned(),
        Error::InvalidBooleanStrict { .. } => BOOLEAN.to_owned(),
        Error::UnknownAnchor { .. } => {
            "`*` begins a reference to an anchor that does not exist; put a glob in quotation marks, such as \"*.pem\"".to_owned()
        }
        Error::Budget { .. }
        | Error::AliasReplayCounterOverflow { .. }
        | Error::AliasReplayLimitExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. }
        | Error::RecursiveReferencesRequireWeakTypes { .. } => {
            "too deeply nested, or too many references; write plain keys, lists and values".to_owned()
        }
        Error::MergeValueNotMapOrSeqOfMaps { .. } => {
            "`<<` must be followed by a reference to keys".to_owned()
        }
        Error::UnsupportedTag { .. } | Error::TaggedScalarCannotDeserializeIntoString { .. } => {
            "`!` begins a tag, which rules files do not support; put text in quotation marks".to_owned()
        }
        Error::Eof { .. } => "the file ends too early".to_owned(),
        _ => NO_YAML.to_owned(),
    }
}

const NO_YAML: &str = "invalid YAML";
const BOOLEAN: &str = "expected true or false";
const KEYS: &str = "expected keys, each with a colon and a value";
const LIST: &str = "expected a list, such as [a, b]";
const VALUE: &str = "expected one value, not a list or keys";

fn unknown(told: &str, word: &str, known: &[&'static str], what: &str) -> String {
    let meant = meant(word, known.iter().copied());
    format!("{told}{meant}; {what} are {}", known.join(", "))
}

/// What belongs where something else was found.
fn wanted(expected: &str) -> &'static str {
    match expected {
        _ if expected.contains("mapping") => KEYS,
        _ if expected.contains("sequence") => LIST,
        _ => VALUE,
    }
}

fn mistaken(found: &str, expected: &str) -> String {
    let found = match found {
        "unit value" | "Option value" => "nothing",
        "sequence" | "tuple struct" => "a list",
        "map" => "keys",
        _ => "this",
    };
    match expected {
        // Our own words for it.
        _ if expected.starts_with("a number of findings") => {
            format!("found {found}; expected {expected}")
        }
        _ if expected.starts_with("struct") || expected.contains("map") => KEYS.to_owned(),
        _ if expected.contains("sequence") => LIST.to_owned(),
        _ if expected.contains("bool") => BOOLEAN.to_owned(),
        _ => VALUE.to_owned(),
    }
}

/// What the parser did not get past.
const fn syntax(kind: &ErrorKind) -> &'static str {
    use ErrorKind as Kind;
    match kind {
        Kind::TabNotAllowed
        | Kind::TabInBlockIndentation
        | Kind::TabInIndentation
        | Kind::TabAtBlockScalarStart
        | Kind::TabInPlainScalar => "indented with a tab; use spaces",
        Kind::UnclosedQuotedScalar | Kind::DocumentIndicatorInQuotedScalar => {
            "a quotation mark is not closed"
        }
        Kind::InvalidTrailingSingleQuotedScalar | Kind::InvalidTrailingDoubleQuotedScalar => {
            "unexpected text after a closing quotation mark"
        }
        Kind::UnknownQuotedScalarEscape
        | Kind::InvalidQuotedScalarHexEscape
        | Kind::InvalidUnicodeEscape => {
            "`\\` between double quotation marks begins an escape, and this one does not exist; use single quotation marks, such as '\\*.pem'"
        }
        Kind::UnclosedFlowCollection { .. }
        | Kind::UnexpectedEofFlowSequence
        | Kind::UnexpectedEofFlowMapping
        | Kind::UnexpectedEofImplicitFlowMapping
        | Kind::ExpectedFlowMappingSeparator
        | Kind::ExpectedFlowSequenceSeparator => "a bracket or brace is not closed",
        Kind::MisplacedFlowCollectionEnd | Kind::MismatchedFlowCollectionEnd { .. } => {
            "a bracket or brace is closed that is not open"
        }
        Kind::UnknownAnchor | Kind::MissingAnchorOrAliasName => {
            "`*` and `&` begin references; put a glob in quotation marks, such as \"*.pem\""
        }
        Kind::UnexpectedCharacter { .. } => {
            "no value begins with this character; put it in quotation marks"
        }
        Kind::ExpectedTagBang
        | Kind::UndeclaredTagHandle
        | Kind::InvalidTagTerminator
        | Kind::MissingTagUri
        | Kind::InvalidGlobalTagCharacter => {
            "`!` begins a tag, which rules files do not support; put text in quotation marks"
        }
        Kind::SimpleKeyExpected | Kind::InvalidSimpleKey | Kind::ExpectedBlockMappingKey => {
            "expected a key followed by a colon, or the indentation does not match the line before"
        }
        Kind::MappingValueNotAllowed | Kind::InvalidColonPlacement | Kind::MappingKeyNotAllowed => {
            "unexpected colon: a bracket or quotation mark before it is open, or text with a colon needs quotation marks"
        }
        Kind::InvalidIndentation
        | Kind::ExpectedBlockSequenceEntry
        | Kind::BlockSequenceEntryNotAllowed
        | Kind::InvalidBlockEntryWhitespace
        | Kind::InvalidQuotedScalarIndent
        | Kind::InvalidFlowScalarIndent
        | Kind::InvalidBlockScalarIndent => "the indentation does not match the lines around it",
        Kind::RecursionLimitExceeded => "too deeply nested",
        Kind::UnexpectedEof
        | Kind::UnexpectedEofBlockSequence
        | Kind::UnexpectedEofBlockMapping => "the file ends too early",
        _ => NO_YAML,
    }
}
