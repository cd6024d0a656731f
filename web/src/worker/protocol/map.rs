//! What page and worker say about the map.

use serde::{Deserialize, Serialize};

use super::{Cause, Showing};

/// What the rectangles of a map are as large as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Measure {
    #[default]
    Size,
    Download,
    Wasted,
}

impl Measure {
    /// With the names that addresses and the page have for them.
    pub(crate) const NAMED: [(Measure, &'static str, &'static str); 3] = [
        (Measure::Size, "size", "stored size"),
        (Measure::Download, "download", "download"),
        (Measure::Wasted, "wasted", "wasted bytes"),
    ];

    /// The measure of this name.
    pub(crate) fn of(name: &str) -> Option<Self> {
        let mut named = Self::NAMED.iter();
        named
            .find(|(_, known, _)| *known == name)
            .map(|(measure, ..)| *measure)
    }

    pub(crate) fn name(self) -> &'static str {
        let named = Self::NAMED.iter().find(|(measure, ..)| *measure == self);
        named.map_or("", |(_, name, _)| name)
    }
}

/// What a file is, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum FileType {
    Library,
    Script,
    Archive,
    Media,
    Document,
    Data,
    Other,
}

impl FileType {
    pub(crate) const ALL: [FileType; 7] = [
        FileType::Library,
        FileType::Script,
        FileType::Archive,
        FileType::Media,
        FileType::Document,
        FileType::Data,
        FileType::Other,
    ];

    /// The type of a path, by the end of its name.
    pub(crate) fn of(path: &[u8]) -> Self {
        let name = crate::format::file_name(path);
        let name = String::from_utf8_lossy(name).to_ascii_lowercase();
        // `libssl.so.3` is a library.
        if name.contains(".so.") {
            return FileType::Library;
        }
        let Some((_, end)) = name.rsplit_once('.') else {
            return FileType::Other;
        };
        match end {
            "so" | "a" | "o" | "dll" | "exe" | "node" | "wasm" | "ko" => FileType::Library,
            "js" | "mjs" | "cjs" | "ts" | "py" | "pyc" | "rb" | "php" | "pl" | "pm" | "sh"
            | "go" | "rs" | "c" | "h" | "hpp" | "cpp" | "java" | "class" | "lua" | "css"
            | "map" => FileType::Script,
            "gz" | "xz" | "zst" | "bz2" | "zip" | "tar" | "tgz" | "jar" | "war" | "whl" | "deb"
            | "rpm" | "apk" | "gem" | "7z" => FileType::Archive,
            "png" | "jpg" | "jpeg" | "gif" | "webp" | "svg" | "ico" | "woff" | "woff2" | "ttf"
            | "otf" | "mp3" | "mp4" | "webm" | "wav" => FileType::Media,
            "md" | "txt" | "html" | "htm" | "pdf" | "rst" | "mo" | "po" | "1" | "3" | "5" | "8"
            | "info" => FileType::Document,
            "json" | "yaml" | "yml" | "toml" | "xml" | "csv" | "db" | "sqlite" | "dat" | "bin"
            | "parquet" | "onnx" | "pt" | "safetensors" | "conf" | "cfg" | "ini" | "log" => {
                FileType::Data
            }
            _ => FileType::Other,
        }
    }

    /// The word for it, which names its colour too.
    pub(crate) fn name(self) -> &'static str {
        match self {
            FileType::Library => "libraries",
            FileType::Script => "code",
            FileType::Archive => "archives",
            FileType::Media => "media",
            FileType::Document => "documents",
            FileType::Data => "data",
            FileType::Other => "other",
        }
    }
}

/// The map of a folder of what the tree shows, for a room of this size in pixels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct MapOf {
    pub(crate) showing: Showing,
    /// The folder that fills the map; where it is not there, the nearest above it does.
    pub(crate) zoom: Vec<u8>,
    pub(crate) by: Measure,
    pub(crate) width: f32,
    pub(crate) height: f32,
}

/// A map, drawn from its first part to its last.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct MapFacts {
    /// The layer is not read.
    pub(crate) missing: bool,
    /// Why what is looked for is not a query.
    pub(crate) problem: Option<String>,
    /// How many paths match what is looked for.
    pub(crate) matches: Option<u32>,
    /// The folder that fills it.
    pub(crate) zoom: Vec<u8>,
    /// What that comes to.
    pub(crate) total: u64,
    pub(crate) parts: Vec<MapPart>,
}

/// A rectangle of a map. What is in a folder comes after it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct MapPart {
    /// Empty for what is too small to have a rectangle of its own.
    pub(crate) path: Vec<u8>,
    /// How many folders of the map it is in.
    pub(crate) depth: u32,
    pub(crate) x: f32,
    pub(crate) y: f32,
    pub(crate) width: f32,
    pub(crate) height: f32,
    pub(crate) value: u64,
    /// It has something in it.
    pub(crate) folder: bool,
    /// That is drawn in it, below its name.
    pub(crate) open: bool,
    /// How its bytes end, or those of the largest file in it; None of live ones.
    pub(crate) cause: Option<Cause>,
    /// The layer that stored it, or the largest file in it.
    pub(crate) layer: u32,
    /// What that file is.
    pub(crate) kind: FileType,
}
