//! JSON in which no text from an image acts on a terminal or a pipeline that prints it.
//!
//! Every character has more than one form in JSON (RFC 8259, section 7): those that would act are written as `\uXXXX`, so
//! what is read is the same.

use std::io;

use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter};

use super::visible::acts;

/// A document over several indented lines, without a newline at its end.
///
/// # Errors
/// It cannot be written as JSON, which no content can cause.
pub fn pretty(document: &impl Serialize) -> serde_json::Result<String> {
    written(document, PrettyFormatter::new())
}

/// A document in one line, without a newline at its end.
///
/// # Errors
/// As for [`pretty`].
pub fn compact(document: &impl Serialize) -> serde_json::Result<String> {
    written(document, CompactFormatter)
}

fn written(document: &impl Serialize, formatter: impl Formatter) -> serde_json::Result<String> {
    let mut json = Vec::new();
    let mut serializer = serde_json::Serializer::with_formatter(&mut json, Escaped(formatter));
    document.serialize(&mut serializer)?;
    // Only text is written.
    Ok(String::from_utf8(json).unwrap_or_default())
}

/// A formatter whose strings hold only what cannot act.
struct Escaped<F>(F);

/// Writes parts as the formatter inside does.
macro_rules! as_inside {
    ($($name:ident($($argument:ident: $type:ty),*)),* $(,)?) => {
        $(fn $name<W: ?Sized + io::Write>(&mut self, writer: &mut W $(, $argument: $type)*) -> io::Result<()> {
            self.0.$name(writer $(, $argument)*)
        })*
    };
}

impl<F: Formatter> Formatter for Escaped<F> {
    as_inside!(
        begin_array(),
        end_array(),
        begin_array_value(first: bool),
        end_array_value(),
        begin_object(),
        end_object(),
        begin_object_key(first: bool),
        end_object_key(),
        begin_object_value(),
        end_object_value(),
    );

    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut plain = 0;
        for (at, c) in fragment.char_indices() {
            // The second of two, as in `##vso[` and `::error::`.
            let doubled = matches!(c, '#' | ':')
                && fragment.get(..at).is_some_and(|before| before.ends_with(c));
            if c != '\u{7f}' && !acts(c) && !doubled {
                continue;
            }
            writer.write_all(fragment.get(plain..at).unwrap_or_default().as_bytes())?;
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
            plain = at + c.len_utf8();
        }
        writer.write_all(fragment.get(plain..).unwrap_or_default().as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_would_act_is_escaped_and_reads_the_same() {
        let text = "a\u{9b}31m \u{202e}txt ##vso[x] ::error::y \u{e0041} \n \u{7f} ok:# ü";
        for json in [compact(&text).unwrap(), pretty(&[text]).unwrap()] {
            assert!(
                json.contains("a\\u009b31m \\u202etxt #\\u0023vso[x] :\\u003aerror:\\u003ay"),
                "{json}"
            );
            assert!(json.contains("\\udb40\\udc41 \\n \\u007f ok:# ü"), "{json}");
        }
    }

    proptest! {
        #[test]
        fn any_text_reads_back(text in "(\\PC|[\u{0}-\u{a0}#:]|[\u{2000}-\u{2070}]|[\u{e0000}-\u{e00ff}]){0,20}", numbers in any::<Vec<i64>>()) {
            let document = serde_json::json!({ "a": text, "b": [numbers, { text.clone(): null }] });
            for json in [compact(&document).unwrap(), pretty(&document).unwrap()] {
                let read: serde_json::Value = serde_json::from_str(&json).unwrap();
                prop_assert_eq!(&read, &document);
                prop_assert!(!json.contains("##") && !json.contains("::"));
            }
            let usual = serde_json::json!({ "a": [1, { "b": "c" }, []], "d": {} });
            prop_assert_eq!(pretty(&usual).unwrap(), serde_json::to_string_pretty(&usual).unwrap());
            prop_assert_eq!(compact(&usual).unwrap(), serde_json::to_string(&usual).unwrap());
        }
    }
}
