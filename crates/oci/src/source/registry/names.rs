//! The names in a registry's list, read without keeping the rest of the document.

use std::fmt;

use serde::de::{
    self, DeserializeSeed, Deserializer as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
};

/// The texts of the list under `key` of a JSON object; `Some(None)` where the object has no such key, `None` where
/// it has something else there, or the document is no object. Registries say null where there are none, some of them
/// in place of the whole object.
pub(super) fn names(document: &[u8], key: &str) -> Option<Option<Vec<String>>> {
    let mut document = serde_json::Deserializer::from_slice(document);
    let names = document.deserialize_any(Object(key)).ok()?;
    document.end().ok()?;
    Some(names)
}

struct Object<'a>(&'a str);

impl<'de> Visitor<'de> for Object<'_> {
    type Value = Option<Vec<String>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an object with a list of {}", self.0)
    }

    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(Some(Vec::new()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut names = None;
        while let Some(key) = map.next_key::<String>()? {
            if key == self.0 {
                names = Some(map.next_value_seed(List)?);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(names)
    }
}

struct List;

impl<'de> DeserializeSeed<'de> for List {
    type Value = Vec<String>;

    fn deserialize<D: serde::Deserializer<'de>>(self, list: D) -> Result<Self::Value, D::Error> {
        list.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for List {
    type Value = Vec<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list or null")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut names = Vec::new();
        while let Some(name) = list.next_element_seed(Name)? {
            names.extend(name);
        }
        Ok(names)
    }
}

/// A text; anything else is passed over.
struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Option<String>;

    fn deserialize<D: serde::Deserializer<'de>>(self, name: D) -> Result<Self::Value, D::Error> {
        name.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Name {
    type Value = Option<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<Self::Value, E> {
        Ok(Some(name.to_owned()))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_texts_under_the_key_are_the_names() {
        let listed = |names: &[&str]| Some(Some(names.iter().map(|n| (*n).to_owned()).collect()));
        for (document, expected) in [
            (r#"{"name":"app","tags":["a","b"]}"#, listed(&["a", "b"])),
            (
                r#" {"tags":["b","a"],"x":{"tags":["c"]}} "#,
                listed(&["b", "a"]),
            ),
            (
                r#"{"tags":["a",1,-1,1.5,null,true,["x"],{"y":["z"]},"\u00e9"]}"#,
                listed(&["a", "é"]),
            ),
            (r#"{"tags":null}"#, listed(&[])),
            (r#"{"tags":[]}"#, listed(&[])),
            (r#"{"name":"app"}"#, Some(None)),
            (r#"{"tags":"a"}"#, None),
            (r#"{"tags":{"a":1}}"#, None),
            (r#"["a"]"#, None),
            ("null", listed(&[])),
            (r#"{"tags":["a"]"#, None),
            (r#"{"tags":["a"]} x"#, None),
            ("<html>", None),
            ("", None),
        ] {
            assert_eq!(names(document.as_bytes(), "tags"), expected, "{document}");
        }
        // What is passed over may be nested deep; it takes no stack.
        let (open, close) = ("[".repeat(999_999), "]".repeat(999_999));
        let deep = format!(r#"{{"x":{open}1{close},"tags":["a",{open}1{close}]}}"#);
        assert_eq!(names(deep.as_bytes(), "tags"), listed(&["a"]));
    }
}
