//! What the scopes of grammars mean: of their many names, the few that have a colour.

use std::collections::HashMap;

use syntect::parsing::{Scope, ScopeStack};

use crate::protocol::Class;

/// What begins with the name has the class, the first that fits; with none, it is plain whatever it stands in.
const SCOPES: &[(&str, Option<Class>)] = &[
    ("comment", Some(Class::Comment)),
    ("punctuation.definition.comment", Some(Class::Comment)),
    ("punctuation.definition.string", Some(Class::String)),
    ("punctuation.definition.variable", Some(Class::Variable)),
    ("punctuation.definition.parameter", Some(Class::Variable)),
    ("punctuation.definition.annotation", Some(Class::Attribute)),
    ("punctuation.definition.keyword", Some(Class::Keyword)),
    ("punctuation.definition.inserted", Some(Class::Inserted)),
    ("punctuation.definition.deleted", Some(Class::Deleted)),
    ("punctuation.definition.from-file", Some(Class::Deleted)),
    ("punctuation.definition.to-file", Some(Class::Inserted)),
    ("punctuation.definition.heading", Some(Class::Keyword)),
    ("punctuation.separator.decimal", Some(Class::Number)),
    ("punctuation", Some(Class::Punctuation)),
    ("constant", Some(Class::Number)),
    ("string", Some(Class::String)),
    ("markup.inserted", Some(Class::Inserted)),
    ("markup.deleted", Some(Class::Deleted)),
    ("markup.heading", Some(Class::Keyword)),
    ("markup.quote", Some(Class::Comment)),
    ("markup.raw", Some(Class::String)),
    ("markup.underline.link", Some(Class::String)),
    ("meta.diff.range", Some(Class::Attribute)),
    ("meta.diff.header", Some(Class::Type)),
    ("keyword.operator.assignment", Some(Class::Punctuation)),
    ("keyword", Some(Class::Keyword)),
    ("storage", Some(Class::Keyword)),
    ("variable.language", Some(Class::Keyword)),
    ("variable.function", Some(Class::Function)),
    ("variable.annotation", Some(Class::Attribute)),
    ("variable", Some(Class::Variable)),
    ("entity.name.function", Some(Class::Function)),
    ("entity.name.tag", Some(Class::Attribute)),
    ("entity.name.section", Some(Class::Keyword)),
    ("entity.name", Some(Class::Type)),
    ("entity.section", Some(Class::Type)),
    ("entity.other.inherited-class", Some(Class::Type)),
    ("entity.other", Some(Class::Attribute)),
    ("support.function", Some(Class::Function)),
    ("support.constant", Some(Class::Number)),
    ("support.variable", Some(Class::Variable)),
    ("support.type.property-name", Some(Class::Attribute)),
    ("support", Some(Class::Type)),
    ("meta.mapping.key", Some(Class::Attribute)),
    // Code within a string is no string.
    ("meta.interpolation", None),
    ("source", None),
    ("text", None),
];

/// The classes of scopes, each looked up once.
pub(crate) struct Classes {
    scopes: Vec<(Scope, Option<Class>)>,
    known: HashMap<Scope, Option<Option<Class>>>,
}

impl Classes {
    pub(crate) fn new() -> Self {
        let scopes = SCOPES.iter();
        Classes {
            scopes: scopes
                .filter_map(|(name, class)| Some((Scope::new(name).ok()?, *class)))
                .collect(),
            known: HashMap::new(),
        }
    }

    /// The class of what stands in these scopes: that of the innermost that has one.
    pub(crate) fn of(&mut self, stack: &ScopeStack) -> Option<Class> {
        let mut scopes = stack.as_slice().iter().rev().copied().peekable();
        while let Some(scope) = scopes.next() {
            let class = match self.of_scope(scope) {
                None => continue,
                Some(class) => class,
            };
            if class != Some(Class::String) {
                return class;
            }
            // A string that is a key is in the scope of keys; its quotes have scopes of their own.
            while scopes
                .next_if(|scope| self.of_scope(*scope) == Some(Some(Class::String)))
                .is_some()
            {}
            let around = scopes.next().and_then(|scope| self.of_scope(scope));
            return match around {
                Some(Some(Class::Attribute)) => Some(Class::Attribute),
                _ => class,
            };
        }
        None
    }

    fn of_scope(&mut self, scope: Scope) -> Option<Option<Class>> {
        let scopes = &self.scopes;
        *self.known.entry(scope).or_insert_with(|| {
            let found = scopes.iter().find(|(known, _)| known.is_prefix_of(scope));
            found.map(|(_, class)| *class)
        })
    }
}
