//! What the page and the program say to each other, packed with postcard.

use serde::{Deserialize, Serialize};

use crate::language::Language;

/// What a part of a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Class {
    /// What is meant for people.
    Comment,
    /// A string, or text that is to be taken as it is.
    String,
    /// A word of the language.
    Keyword,
    /// A number or another constant.
    Number,
    /// The name of a type, of a module or of a section.
    Type,
    /// The name of a function or a command.
    Function,
    /// The name of a variable or a parameter.
    Variable,
    /// What separates and joins.
    Punctuation,
    /// The name of an attribute, of a tag, or the key of a value.
    Attribute,
    /// A line that a patch inserts.
    Inserted,
    /// A line that a patch deletes.
    Deleted,
}

impl Class {
    /// The class of the style sheet.
    pub fn name(self) -> &'static str {
        match self {
            Class::Comment => "syntax-comment",
            Class::String => "syntax-string",
            Class::Keyword => "syntax-keyword",
            Class::Number => "syntax-number",
            Class::Type => "syntax-type",
            Class::Function => "syntax-function",
            Class::Variable => "syntax-variable",
            Class::Punctuation => "syntax-punctuation",
            Class::Attribute => "syntax-attribute",
            Class::Inserted => "syntax-inserted",
            Class::Deleted => "syntax-deleted",
        }
    }
}

/// A part of a line. The spans of a line cover it to its end, each from where the one before ends; a line without spans is
/// plain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// None for plain text.
    pub class: Option<Class>,
    /// Bytes of UTF-8.
    pub length: u16,
}

/// From the page to the program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Request {
    /// Lines of a text in this language come, from the first one on. Texts are numbered by the page.
    Begin(u32, Language),
    /// The next lines of a text; None for one that is too long, which stays plain.
    Lines(u32, Vec<Option<String>>),
}

/// From the program to the page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Message {
    /// The program runs and can be asked.
    Ready,
    /// The spans of the next lines of the text: not of all that came where these took long, so that the page can give up.
    Spans(u32, Vec<Vec<Span>>),
}
