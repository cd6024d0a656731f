//! Rules files: what an `onionskin.yaml` may say.

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::ignore::Written as WrittenIgnore;
use super::limits::or_nothing;
use super::{DiveRules, GrowthLimits, Ignore, Limits, Rules, RulesError, yaml};
use crate::findings::{Kind, Leftover, Leftovers, rules};

/// What an `onionskin.yaml` may say.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct File {
    /// Limits on the whole image.
    rules: Option<Limits>,
    /// The same limits on the layers above its base alone.
    own: Option<Limits>,
    /// Limits on how much larger the image is than another one.
    growth: Option<GrowthLimits>,
    /// Findings that are reported but not counted, each with a reason.
    #[cfg_attr(test, schemars(with = "Option<Vec<WrittenIgnore>>"))]
    ignore: Option<Vec<Spanned<WrittenIgnore>>>,
    /// Changes to what is looked for as a leftover.
    leftovers: Option<LeftoverChanges>,
}

/// Changes to what is looked for as a leftover.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct LeftoverChanges {
    /// More leftovers; one with the id of a built-in leftover replaces it.
    #[serde(deserialize_with = "or_nothing")]
    #[cfg_attr(test, schemars(with = "Option<Vec<Leftover>>"))]
    add: Vec<Spanned<Leftover>>,
    /// Ids of leftovers that are not looked for.
    #[serde(deserialize_with = "or_nothing")]
    #[cfg_attr(test, schemars(with = "Option<Vec<String>>", extend("items" = silenceable())))]
    silence: Vec<Spanned<String>>,
}

/// What editors offer where a row is silenced.
#[cfg(test)]
fn silenceable() -> serde_json::Value {
    let ids: Vec<&str> = Leftovers::standard().ids().map(|(_, id)| id).collect();
    serde_json::json!({ "enum": ids })
}

impl Rules {
    /// Reads an `onionskin.yaml`.
    ///
    /// # Errors
    /// It is not YAML, or has an unknown key or an invalid value.
    pub fn from_yaml(text: &[u8]) -> Result<Self, RulesError> {
        let file: File = yaml::read(text)?;
        let leftovers = file.leftovers.map(LeftoverChanges::table).transpose()?;
        let ignore = ignored(
            file.ignore.unwrap_or_default(),
            leftovers.as_ref().unwrap_or(Leftovers::standard()),
        )?;
        Ok(Self {
            limits: file.rules.unwrap_or_default(),
            own: file.own.unwrap_or_default(),
            growth: file.growth.unwrap_or_default(),
            ignore,
            leftovers,
            dive: DiveRules::default(),
        })
    }
}

impl LeftoverChanges {
    /// The table with these changes.
    fn table(self) -> Result<Leftovers, RulesError> {
        let standard = Leftovers::standard();
        for silenced in &self.silence {
            let id = silenced.value.as_str();
            let known = || standard.ids().map(|(_, known)| known);
            if !known().any(|known| known == id) {
                let meant = yaml::meant(id, known());
                let problem = format!(
                    "unknown leftover id {id:?}{meant}; the ids are the `rule` of findings"
                );
                return Err(RulesError::at(silenced, problem));
            }
        }
        let mut add: Vec<Leftover> = Vec::new();
        for row in self.add {
            let checked = row.value.clone().checked();
            let checked = checked.map_err(|problem| RulesError::at(&row, problem))?;
            let problem = if add.iter().any(|other| other.id == checked.id) {
                "is the id of two leftovers of this file; give each its own"
            } else if is_taken(&checked.id) {
                "is the rule of other findings; give the leftover another id"
            } else {
                add.push(checked);
                continue;
            };
            return Err(RulesError::at(&row, format!("{:?} {problem}", checked.id)));
        }
        let silence: Vec<String> = self.silence.into_iter().map(|id| id.value).collect();
        Ok(Leftovers::changed(add, &silence))
    }
}

/// Whether findings of another finder than that of leftovers go by this id.
fn is_taken(id: &str) -> bool {
    rules(&Leftovers::default()).any(|(_, known)| known == id)
}

/// What is ignored, where each entry can meet something.
fn ignored(
    entries: Vec<Spanned<WrittenIgnore>>,
    leftovers: &Leftovers,
) -> Result<Vec<Ignore>, RulesError> {
    let mut ignore = Vec::new();
    for entry in entries {
        let checked = entry.value.clone().checked();
        let checked = checked.map_err(|problem| RulesError::at(&entry, problem))?;
        if let Some(id) = &checked.rule {
            // What is silenced could be found, if it were not.
            let known = || rules(leftovers).chain(Leftovers::standard().ids());
            let kinds: Vec<Kind> = known()
                .filter(|(_, known)| known == id)
                .map(|(kind, _)| kind)
                .collect();
            let problem = match (checked.kind, kinds.first()) {
                (_, None) => {
                    let meant = yaml::meant(id, known().map(|(_, known)| known));
                    format!(
                        "no finding has the rule {id:?}{meant}; the reports tell each finding's"
                    )
                }
                (Some(kind), Some(other)) if !kinds.contains(&kind) => format!(
                    "no finding is of the kind {:?} and has the rule {id:?}, which is one of {:?}",
                    kind.name(),
                    other.name(),
                ),
                _ => {
                    ignore.push(checked);
                    continue;
                }
            };
            return Err(RulesError::at(&entry, problem));
        }
        ignore.push(checked);
    }
    Ok(ignore)
}

#[cfg(test)]
mod tests;
