//! The JSON Schemas in `schemas/` are those of the types that are written.

use std::borrow::Cow;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::artifact::ArtifactReport;
use super::cache::CacheReport;
use super::catalog::{RepositoriesReport, TagsReport};
use super::comparison::ComparisonReport;
use super::comparison::reproducible::ReproducibilityReport;
use super::history::HistoryReport;
use super::link::LinkReport;
use super::listing::Line;
use super::packages::PackagesReport;
use super::referrers::ReferrersReport;
use super::usage::Folder;
use crate::audit::Audit;
use crate::inspection::Inspection;
use crate::rules::{
    Bytes, Count, FindingLimit, GrowthShare, RulesFile, Share, WrittenFindingLimit,
};

/// How a quantity of a rules file can be written.
macro_rules! quantity {
    ($type:ident, $schema:tt) => {
        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    };
}

quantity!(Bytes, {
    "description": "A number of bytes: 20000000, 20MB (millions) or 19MiB.",
    "anyOf": [
        { "type": "integer", "minimum": 0, "maximum": u64::MAX },
        {
            "type": "string",
            "pattern": "^\\s*([0-9]+|[0-9]{1,3}(,[0-9]{3})+)(\\s*[bB]?|(\\.[0-9]*)?\\s*[kKmMgGtTpPeE][iI]?[bB]?)\\s*$"
        }
    ]
});
quantity!(Count, {
    "description": "A number of things.",
    "anyOf": [
        { "type": "integer", "minimum": 0, "maximum": u64::MAX },
        { "type": "string", "pattern": "^\\s*[0-9]{1,19}\\s*$" }
    ]
});
quantity!(Share, {
    "description": "A share from 0 to 1, or a percentage such as 10%.",
    "anyOf": [
        { "type": "number", "minimum": 0, "maximum": 1 },
        {
            "type": "string",
            "pattern": "^\\s*(0+\\.?|0*\\.[0-9]+|0*1(\\.0*)?|(0*[0-9]{1,2}(\\.[0-9]*)?|\\.[0-9]+|0*100(\\.0*)?)\\s*%)\\s*$"
        }
    ]
});

quantity!(GrowthShare, {
    "description": "A share, 1 for the whole size, or a percentage such as 150%.",
    "anyOf": [
        { "type": "number", "minimum": 0, "maximum": 10 },
        {
            "type": "string",
            "pattern": "^\\s*(0*[0-9](\\.[0-9]*)?|0*10(\\.0*)?|\\.[0-9]+|([0-9]+(\\.[0-9]*)?|\\.[0-9]+)\\s*%)\\s*$"
        }
    ]
});

impl JsonSchema for FindingLimit {
    fn schema_name() -> Cow<'static, str> {
        "FindingLimit".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let count = generator.subschema_for::<Count>();
        let written = generator.subschema_for::<WrittenFindingLimit>();
        json_schema!({
            "description": "How much may be found of one kind: a number of findings, or more than that.",
            "anyOf": [count, written]
        })
    }
}

/// Compares a schema with its file, which `UPDATE_SCHEMAS=1` writes anew.
fn check(name: &str, settings: SchemaSettings, is: &str, of: fn(&mut SchemaGenerator) -> Schema) {
    let mut schema = of(&mut settings.into_generator());
    schema.insert(
        "$id".to_owned(),
        format!("https://github.com/onionskin/onionskin/schemas/{name}").into(),
    );
    let expected = serde_json::to_string_pretty(&schema).unwrap() + "\n";
    // The types' own words, but for the one that JSON has another name for.
    let expected = expected
        .replace("None where", "null where")
        .replace("None for", "null for");
    #[cfg(not(target_arch = "wasm32"))]
    if std::env::var_os("UPDATE_SCHEMAS").is_some() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../schemas/");
        std::fs::write(format!("{file}{name}"), &expected).unwrap();
        return;
    }
    assert_eq!(
        is, expected,
        "schemas/{name} is stale: UPDATE_SCHEMAS=1 cargo nextest run -p onionskin-audit schemas"
    );
}

macro_rules! schema {
    ($test:ident, $file:literal, $type:ty, $settings:expr) => {
        #[test]
        fn $test() {
            let is = include_str!(concat!("../../../../schemas/", $file));
            check($file, $settings, is, |generator| {
                generator.root_schema_for::<$type>()
            });
        }
    };
}

fn written() -> SchemaSettings {
    SchemaSettings::draft2020_12().for_serialize()
}

schema!(audit_is_as_its_schema_says, "audit.json", Audit, written());
schema!(
    inspect_is_as_its_schema_says,
    "inspect.json",
    Inspection,
    written()
);
schema!(
    inspect_of_an_artifact_is_as_its_schema_says,
    "artifact.json",
    ArtifactReport,
    written()
);
schema!(
    referrers_is_as_its_schema_says,
    "referrers.json",
    ReferrersReport,
    written()
);
schema!(
    diff_is_as_its_schema_says,
    "diff.json",
    ComparisonReport,
    written()
);
schema!(
    diff_reproducible_is_as_its_schema_says,
    "reproducible.json",
    ReproducibilityReport,
    written()
);
schema!(
    tags_is_as_its_schema_says,
    "tags.json",
    TagsReport,
    written()
);
schema!(
    repositories_is_as_its_schema_says,
    "repositories.json",
    RepositoriesReport,
    written()
);
schema!(
    link_is_as_its_schema_says,
    "link.json",
    LinkReport,
    written()
);
schema!(
    cache_is_as_its_schema_says,
    "cache.json",
    CacheReport,
    written()
);
schema!(
    packages_is_as_its_schema_says,
    "packages.json",
    PackagesReport,
    written()
);
schema!(
    history_is_as_its_schema_says,
    "history.json",
    HistoryReport,
    written()
);
schema!(ls_is_as_its_schema_says, "ls.json", Vec<Line>, written());
schema!(du_is_as_its_schema_says, "du.json", Vec<Folder>, written());
schema!(
    a_rules_file_is_as_its_schema_says,
    "rules.json",
    RulesFile,
    SchemaSettings::draft2020_12()
);
