//! Types of the core's reports as JSON within a message. They leave keys out, which only a form with keys can have.

use std::marker::PhantomData;

use serde::de::{DeserializeOwned, Error as _};
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// For fields: `#[serde(with = "as_json")]`.
pub(super) fn serialize<T: Serialize, S: Serializer>(
    value: &T,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let text = serde_json::to_string(value).map_err(S::Error::custom)?;
    serializer.serialize_str(&text)
}

pub(super) fn deserialize<'de, T: DeserializeOwned, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    let text = String::deserialize(deserializer)?;
    serde_json::from_str(&text).map_err(D::Error::custom)
}

/// What is read where it is shown, so that the first part of the program has nothing of what reads it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AsJson<T>(String, PhantomData<T>);

impl<T: Serialize> AsJson<T> {
    /// None where the type cannot be JSON, which those of the core can.
    pub(crate) fn of(value: &T) -> Option<Self> {
        let text = serde_json::to_string(value).ok()?;
        Some(AsJson(text, PhantomData))
    }
}

impl<T: DeserializeOwned> AsJson<T> {
    pub(crate) fn read(&self) -> Option<T> {
        serde_json::from_str(&self.0).ok()
    }
}

#[cfg(test)]
mod tests {
    use onionskin_core::rules::{Amount, Rules, RulesError};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::worker::port::{pack_bytes, unpack_bytes};

    /// With a key that may be left out, and one with several forms.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Reported {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        limit: Amount,
    }

    #[test]
    fn what_leaves_keys_out_crosses_as_json() {
        let reported = Reported {
            reason: None,
            limit: Amount::Share(0.5),
        };
        let json = AsJson::of(&reported).unwrap();
        let crossed: AsJson<Reported> = unpack_bytes(&pack_bytes(&json).unwrap()).unwrap();
        assert_eq!(crossed.read(), Some(reported));
    }

    #[test]
    fn what_is_wrong_with_a_rules_file_crosses() {
        let error = Rules::from_yaml(b"rules:\n  maxx: 1\n").unwrap_err();
        let crossed: Option<RulesError> = unpack_bytes(&pack_bytes(&error).unwrap());
        assert_eq!(crossed, Some(error));
    }
}
