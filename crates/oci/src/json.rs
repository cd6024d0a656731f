//! JSON as the tools that write and read image documents take it, which is as Go's `encoding/json` does.
//!
//! A field is found by its name in any case (older Jib wrote `config` for `Config`), and of a field that stands
//! several times the last one counts, whatever its case (`encoding/json`, "Unmarshal"). Keys that are data, such as
//! the names of labels, keep their case.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Number, Value};

use crate::limits;

/// A JSON value whose objects keep the order of the document.
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, as it is written.
    Number(Number),
    /// A string, its escapes resolved.
    Text(String),
    /// An array.
    List(Vec<Json>),
    /// An object.
    Object(Object),
}

/// A JSON object: its fields in the order of the document, repeated ones too.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Object(Vec<(String, Json)>);

impl Json {
    /// Reads a whole document. How deep it may nest is serde_json's own limit.
    ///
    /// # Errors
    /// It is not JSON, or something follows it.
    pub fn parse(bytes: &[u8]) -> serde_json::Result<Self> {
        Self::of_at_most(usize::MAX, bytes)
    }

    /// Reads a whole document that describes an image.
    ///
    /// # Errors
    /// As [`Json::parse`], and it has more values than [`limits::DOCUMENT_VALUES`], which is an error of data.
    pub(crate) fn document(bytes: &[u8]) -> serde_json::Result<Self> {
        Self::of_at_most(limits::DOCUMENT_VALUES, bytes)
    }

    fn of_at_most(values: usize, bytes: &[u8]) -> serde_json::Result<Self> {
        let left = Cell::new(values);
        let mut document = serde_json::Deserializer::from_slice(bytes);
        let json = Reader { left: &left }.deserialize(&mut document)?;
        document.end()?;
        Ok(json)
    }

    /// The object, if it is one.
    #[must_use]
    pub const fn as_object(&self) -> Option<&Object> {
        match self {
            Self::Object(object) => Some(object),
            _ => None,
        }
    }

    /// The items, if it is an array.
    #[must_use]
    pub fn as_list(&self) -> Option<&[Self]> {
        match self {
            Self::List(items) => Some(items),
            _ => None,
        }
    }

    /// The text, if it is a string.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The value, if it is `true` or `false`.
    #[must_use]
    pub const fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(truth) => Some(*truth),
            _ => None,
        }
    }

    /// The number, if it is a whole one of at most 64 bits without sign.
    #[must_use]
    pub fn as_u64(&self) -> Option<u64> {
        match self {
            Self::Number(number) => number.as_u64(),
            _ => None,
        }
    }

    /// Whether it is `null`.
    #[must_use]
    pub const fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    fn to_value(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(truth) => Value::Bool(*truth),
            Self::Number(number) => Value::Number(number.clone()),
            Self::Text(text) => Value::String(text.clone()),
            Self::List(items) => Value::Array(items.iter().map(Self::to_value).collect()),
            Self::Object(object) => {
                let fields = object.entries();
                Value::Object(
                    fields
                        .map(|(key, value)| (key.to_owned(), value.to_value()))
                        .collect(),
                )
            }
        }
    }
}

impl Object {
    /// The field of this name, which is written as the specification has it; the last one where there are several.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Json> {
        self.all(name).last()
    }

    /// All fields of this name, in the order of the document.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &Json> {
        let named = self.0.iter().filter(move |(key, _)| is_named(key, name));
        named.map(|(_, value)| value)
    }

    /// All fields, where their names are data.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &Json)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value))
    }
}

/// Whether a key of a document is the field `name`. Go folds letters by Unicode's rules: two letters beyond ASCII fold
/// to one of it, the long s and the Kelvin sign.
fn is_named(key: &str, name: &str) -> bool {
    let fold = |letter: char| match letter {
        'ſ' => 's',
        '\u{212a}' => 'k',
        letter => letter.to_ascii_lowercase(),
    };
    key.chars().map(fold).eq(name.chars().map(fold))
}

/// As JSON is written, without spaces.
impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_value().fmt(f)
    }
}

/// Reads values, each of which is counted before it is held.
#[derive(Clone, Copy)]
struct Reader<'a> {
    /// How many more there may be.
    left: &'a Cell<usize>,
}

impl<'de> DeserializeSeed<'de> for Reader<'_> {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        let Some(left) = self.left.get().checked_sub(1) else {
            return Err(D::Error::custom("it has too many values"));
        };
        self.left.set(left);
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reader<'_> {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Json, E> {
        Ok(Json::Bool(truth))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Json, E> {
        Ok(Json::Number(number.into()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Json, E> {
        Ok(Json::Number(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Json, E> {
        Ok(Number::from_f64(number).map_or(Json::Null, Json::Number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Json, E> {
        Ok(Json::Text(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Json, E> {
        Ok(Json::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            list.push(item);
        }
        Ok(Json::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Json, A::Error> {
        let mut object = Object::default();
        while let Some(name) = fields.next_key()? {
            object.0.push((name, fields.next_value_seed(self)?));
        }
        Ok(Json::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(text: &str) -> Object {
        match Json::parse(text.as_bytes()) {
            Ok(Json::Object(object)) => object,
            other => panic!("{text}: {other:?}"),
        }
    }

    fn read(text: &str, name: &str) -> Option<String> {
        object(text).get(name).map(ToString::to_string)
    }

    #[test]
    fn fields_are_found_in_any_case_and_the_last_one_counts() {
        for (text, found) in [
            (r#"{"Layers":1}"#, Some("1")),
            (r#"{"layers":1}"#, Some("1")),
            (r#"{"LAYERS":1}"#, Some("1")),
            // Both fold to ASCII in Go (encoding/json, fold.go).
            (r#"{"layer\u017f":1}"#, Some("1")),
            (r#"{"Layers":1,"layers":2}"#, Some("2")),
            (r#"{"layers":2,"Layers":1}"#, Some("1")),
            (r#"{"Layers":1,"layers":2,"Layers":3}"#, Some("3")),
            (r#"{"Layer":1,"Layers ":2}"#, None),
        ] {
            assert_eq!(read(text, "Layers").as_deref(), found, "{text}");
        }
        assert_eq!(read("{\"\u{212a}ey\":1}", "key").as_deref(), Some("1"));
    }

    #[test]
    fn names_that_are_data_keep_their_case() {
        let object = object(r#"{"a":1,"A":2}"#);
        let entries: Vec<_> = object.entries().map(|(key, _)| key).collect();
        assert_eq!(entries, ["a", "A"]);
    }

    #[test]
    fn values_are_written_as_they_were_read() {
        let text = r#"{"a":[null,true,-1,1.5,"x\ny",{}],"b":18446744073709551615}"#;
        let parsed = Json::parse(text.as_bytes());
        assert_eq!(
            parsed.map(|json| json.to_string()).ok().as_deref(),
            Some(text)
        );
    }
}
