//! What page and worker say about the map.

use serde::{Deserialize, Serialize};

use super::{Cause, Showing, Shown};

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

/// How the rectangles of a map lie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum MapLayout {
    /// What is in a folder lies in its rectangle.
    #[default]
    Treemap,
    /// What is in a folder lies beside it, in the next column.
    Icicle,
}

impl MapLayout {
    /// With the names that addresses and the page have for them.
    pub(crate) const NAMED: [(MapLayout, &'static str, &'static str); 2] = [
        (MapLayout::Treemap, "treemap", "Treemap"),
        (MapLayout::Icicle, "icicle", "Icicle"),
    ];

    /// The layout of this name.
    pub(crate) fn of(name: &str) -> Option<Self> {
        let mut named = Self::NAMED.iter();
        named
            .find(|(_, known, _)| *known == name)
            .map(|(layout, ..)| *layout)
    }

    pub(crate) fn name(self) -> &'static str {
        let named = Self::NAMED.iter().find(|(layout, ..)| *layout == self);
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
    pub(crate) layout: MapLayout,
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
    /// See [`Shown::kinds`].
    pub(crate) kinds: [u32; 5],
    /// See [`Shown::copies_unknown`].
    pub(crate) copies_unknown: bool,
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
    /// The height of the room for that name, in pixels.
    pub(crate) head: f32,
    pub(crate) shade: Shade,
}

/// What the colour of a rectangle can mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Shade {
    /// Of the largest file in it.
    Stored {
        /// How its bytes end; None of live ones.
        cause: Option<Cause>,
        /// The layer that stored it.
        layer: u32,
        /// What it is.
        kind: FileType,
        /// The place of its package among the largest; None of what no package has, and until packages are asked for.
        package: Option<u32>,
    },
    /// Of two images.
    Compared {
        growth: Growth,
        /// Bytes in both.
        old: u64,
        new: u64,
    },
}

/// What became of bytes from one image to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Growth {
    Added,
    Removed,
    Grown,
    Shrunk,
    /// Something changed, and there are as many.
    Even,
    /// Nothing changed.
    Same,
}

impl Growth {
    pub(crate) const ALL: [Growth; 6] = [
        Growth::Added,
        Growth::Removed,
        Growth::Grown,
        Growth::Shrunk,
        Growth::Even,
        Growth::Same,
    ];

    /// Of what is in both images and changed.
    pub(crate) fn of(old: u64, new: u64) -> Self {
        match new.cmp(&old) {
            std::cmp::Ordering::Less => Growth::Shrunk,
            std::cmp::Ordering::Equal => Growth::Even,
            std::cmp::Ordering::Greater => Growth::Grown,
        }
    }

    /// The sign beside its colour, its name there, and the word for it.
    pub(crate) fn told(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Growth::Added => ("A", "added", "added"),
            Growth::Removed => ("D", "removed", "removed"),
            Growth::Grown => ("+", "grown", "grown"),
            Growth::Shrunk => ("-", "shrunk", "shrunk"),
            Growth::Even => ("M", "even", "changed or moved, same size"),
            Growth::Same => ("=", "same", "unchanged"),
        }
    }
}

/// The map of a folder of a comparison, for a room of this size in pixels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct ComparedMapOf {
    pub(crate) showing: Showing,
    /// The folder that fills the map; where nothing differs in it, the nearest above it does.
    pub(crate) zoom: Vec<u8>,
    /// With the files that do not differ.
    pub(crate) all: bool,
    pub(crate) width: f32,
    pub(crate) height: f32,
}

/// A map of two images.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct ComparedMap {
    pub(crate) shown: Shown,
    /// The folder that fills it.
    pub(crate) zoom: Vec<u8>,
    /// What that comes to in both.
    pub(crate) old: u64,
    pub(crate) new: u64,
    pub(crate) parts: Vec<ComparedPart>,
}

/// A rectangle of such a map, as it is for the new image, and where it is for the old one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct ComparedPart {
    pub(crate) new: MapPart,
    pub(crate) old: OldPlace,
}

/// Where a rectangle is for the old image.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct OldPlace {
    pub(crate) x: f32,
    pub(crate) y: f32,
    pub(crate) width: f32,
    pub(crate) height: f32,
    pub(crate) head: f32,
}

impl ComparedMap {
    /// The map between both images: 0 is the old one, 1 the new one.
    pub(crate) fn between(&self, at: f32) -> MapFacts {
        let between = |old: f32, new: f32| old + (new - old) * at;
        let bytes = |old: u64, new: u64| {
            (old as f64 + (new as f64 - old as f64) * f64::from(at)).round() as u64
        };
        let part = |part: &ComparedPart| {
            let ComparedPart { old, new } = part;
            let value = match new.shade {
                Shade::Compared { old, new, .. } => bytes(old, new),
                Shade::Stored { .. } => new.value,
            };
            MapPart {
                x: between(old.x, new.x),
                y: between(old.y, new.y),
                width: between(old.width, new.width),
                height: between(old.height, new.height),
                head: between(old.head, new.head),
                value,
                ..new.clone()
            }
        };
        MapFacts {
            matches: self.shown.matches,
            zoom: self.zoom.clone(),
            total: bytes(self.old, self.new),
            parts: self.parts.iter().map(part).collect(),
            ..MapFacts::default()
        }
    }
}
