//! Every bound on what a layer, or the layers of one image, may make us hold.
//!
//! Sizes that a header claims are counted against these, never allocated. How much memory one entry, folder or byte of a name
//! is counted as stands in `layer::memory`: these are measurements, not bounds.

/// Bytes of the extension records (PAX, GNU long names) before one tar header.
pub const EXTENSION_BYTES: u64 = 1 << 20;
/// Parts of one sparse file that its tar stores; a map of them takes sixteen bytes for each.
pub const SPARSE_SEGMENTS: u64 = 1 << 20;
/// Bytes of a zstd frame's window. containers/storage reads layers that `zstd --long=28` wrote; in browsers the decoder takes
/// windows that every decoder takes unasked.
pub const ZSTD_WINDOW: u64 = if cfg!(target_arch = "wasm32") {
    128
} else {
    256
} << 20;
/// Bytes of the dictionary of an archive that is compressed as a whole with xz. `xz -9` takes 64 MiB.
pub const XZ_DICTIONARY: u64 = 128 << 20;
/// Bytes of one path or link target: PATH_MAX of Linux, beyond which no runtime unpacks.
pub const PATH_BYTES: usize = 4096;
/// Links followed on the way to one path; beyond as many, Linux fails with ELOOP (path_resolution(7)).
pub const LINKS: usize = 40;
/// Entries of all layers of an image; the largest images that people have hold three million files.
pub const IMAGE_ENTRIES: usize = 8 << 20;
/// Folders that entries are in, summed over the layers of an image; a path can imply two thousand of them.
pub const IMAGE_FOLDERS: usize = 4 << 20;
/// Bytes of all names, link targets and attributes that the indexes of an image's layers hold.
pub const IMAGE_NAME_BYTES: usize = 256 << 20;
/// Bytes of the paths of all entries of an image. They are held only where they are listed.
pub const IMAGE_PATH_BYTES: u64 = 512 << 20;
/// Bytes of the paths of the folders above.
pub const IMAGE_FOLDER_PATH_BYTES: u64 = 256 << 20;
/// Bytes of what visitors find in all layers of an image: package data, mostly.
pub const IMAGE_FOUND_BYTES: u64 = 256 << 20;
/// Layers of one image; engines stop at 127.
pub const IMAGE_LAYERS: usize = 4096;
/// Bytes of a layer's table of contents, compressed and not; containers/storage reads none larger
/// (pkg/chunked/compression_linux.go, maxTocSize). A layer with a larger one is read as a whole.
pub const TABLE_BYTES: u64 = 150 << 20;
/// Remarks kept of one layer.
pub const LAYER_REMARKS: usize = 100;
/// Bytes that all layers of an image may unpack to; the largest images that are known have about 100 GB.
pub const UNPACKED_BYTES: u64 = 256 << 30;
/// How many times the bytes of its blob a layer may unpack to: real ones reach 10, disks of virtual machines with
/// little on them 200.
pub const UNPACKED_RATIO: u64 = 200;
/// Bytes that the layers of an image may unpack to beyond [`UNPACKED_RATIO`]: a file of zeros shrinks to a thousandth
/// with gzip and to a thirty-thousandth with zstd.
pub const UNPACKED_FREE: u64 = 8 << 30;
/// Bytes of a block of deflate, compressed, that is decoded again to make a checkpoint of it; a later block will do.
pub const GZIP_BLOCK_BYTES: usize = 1 << 20;
/// Bytes that such a block decodes to.
pub const GZIP_BLOCK_DECODED_BYTES: usize = 8 << 20;
