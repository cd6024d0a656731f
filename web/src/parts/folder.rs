//! A folder that was dropped, such as an OCI layout, as one file: a tar whose members are the folder's files where
//! they lie. Nothing of them is read or copied for it.

use std::io;

use futures::future::LocalBoxFuture;
use js_sys::{Array, Function, Promise, Uint8Array};
use onionskin_core::limits;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    Blob, DataTransfer, File, FileSystemDirectoryEntry, FileSystemEntry, FileSystemFileEntry,
};

/// Members begin and end at multiples of this.
const BLOCK: u64 = 512;

/// The folder among what was dropped, if the first of it is one. Known only while the event is handled.
pub(crate) fn dropped(held: &DataTransfer) -> Option<FileSystemDirectoryEntry> {
    let entry = held.items().get(0)?.webkit_get_as_entry().ok()??;
    // Chromium has no classes for these, so that nothing can be asked of them but what they say.
    entry.is_directory().then(|| entry.unchecked_into())
}

/// Makes one file of a folder; none where the browser gives out no part of it, or it has too many.
pub type MakeFile = fn(FileSystemDirectoryEntry) -> LocalBoxFuture<'static, Option<File>>;

/// Makes the file. What it takes is a part of the program, because few visitors drop a folder.
pub fn as_file(folder: FileSystemDirectoryEntry) -> LocalBoxFuture<'static, Option<File>> {
    Box::pin(packed(folder))
}

async fn packed(folder: FileSystemDirectoryEntry) -> Option<File> {
    let parts = Array::new();
    let mut waiting = vec![(String::new(), folder.clone())];
    let mut members = 0;
    while let Some((below, folder)) = waiting.pop() {
        for entry in entries(&folder).await? {
            members += 1;
            if members > limits::ARCHIVE_MEMBERS {
                return None;
            }
            let path = format!("{below}{}", entry.name());
            if entry.is_directory() {
                waiting.push((format!("{path}/"), entry.unchecked_into()));
            } else {
                add(&parts, &path, &file(entry.unchecked_ref()).await?)?;
            }
        }
    }
    File::new_with_blob_sequence(&parts, &folder.name()).ok()
}

/// All that lies in a folder; browsers give it out in batches.
async fn entries(folder: &FileSystemDirectoryEntry) -> Option<Vec<FileSystemEntry>> {
    let reader = folder.create_reader();
    let mut all = Vec::new();
    loop {
        let batch =
            asked(|done, failed| reader.read_entries_with_callback_and_callback(done, failed));
        let batch: Array = batch.await?.dyn_into().ok()?;
        if batch.length() == 0 || all.len() > limits::ARCHIVE_MEMBERS {
            return Some(all);
        }
        all.extend(batch.iter().map(JsCast::unchecked_into::<FileSystemEntry>));
    }
}

async fn file(entry: &FileSystemFileEntry) -> Option<File> {
    let file = asked(|done, failed| {
        entry.file_with_callback_and_callback(done, failed);
        Ok(())
    });
    file.await?.dyn_into().ok()
}

/// What a function gives its callback.
async fn asked(ask: impl Fn(&Function, &Function) -> Result<(), JsValue>) -> Option<JsValue> {
    let promise = Promise::new(&mut |done, failed| {
        if let Err(error) = ask(&done, &failed) {
            // Whoever waits has to hear of it.
            let _ = failed.call1(&JsValue::NULL, &error);
        }
    });
    JsFuture::from(promise).await.ok()
}

/// Adds a member: its header, the file, and what fills its last block.
fn add(parts: &Array, path: &str, file: &File) -> Option<()> {
    let size = file.size() as u64;
    let mut header = tar::Header::new_gnu();
    header.set_mode(0o644);
    header.set_size(size);
    let mut builder = tar::Builder::new(Vec::new());
    builder.append_data(&mut header, path, io::empty()).ok()?;
    parts.push(&Uint8Array::from(builder.get_ref().as_slice()));
    let whole: &Blob = file;
    parts.push(whole);
    let padding = (BLOCK - size % BLOCK) % BLOCK;
    parts.push(&Uint8Array::from(vec![0; padding as usize].as_slice()));
    Some(())
}
