//! Files by name in the browser's IndexedDB: written whole or not at all, and removed when they were not used for
//! longest.

use std::collections::{HashMap, HashSet};

use idb::{
    Database, DatabaseEvent as _, Error, Factory, ObjectStoreParams, Transaction, TransactionMode,
};
use js_sys::{Array, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};

const VERSION: u32 = 1;
/// The files by their names.
const FILES: &str = "files";
/// By the same names, the bytes of each file and when it was used last, in milliseconds.
const USES: &str = "uses";

/// A database of files.
pub(super) struct Files {
    database: Database,
    limit: f64,
}

/// What is known of a file. Browsers count in numbers of 53 bits.
struct Use {
    bytes: f64,
    last: f64,
}

impl Files {
    /// Opens the database of this name, which may grow to `limit` bytes.
    pub(super) async fn open(name: &str, limit: f64) -> Result<Self, Error> {
        let mut request = Factory::new()?.open(name, Some(VERSION))?;
        request.on_upgrade_needed(|event| {
            let Ok(database) = event.database() else {
                return;
            };
            for store in [FILES, USES] {
                // Without it no transaction begins, and nothing is kept.
                let _ = database.create_object_store(store, ObjectStoreParams::new());
            }
        });
        let mut database = request.await?;
        // Another page wants to replace or delete it, and waits until nobody has it open.
        database.on_version_change(|event| {
            if let Ok(database) = event.database() {
                database.close();
            }
        });
        Ok(Self { database, limit })
    }

    /// The names of all files.
    pub(super) async fn names(&self) -> Result<HashSet<String>, Error> {
        let transaction = self
            .database
            .transaction(&[FILES], TransactionMode::ReadOnly)?;
        let names = transaction.object_store(FILES)?.get_all_keys(None, None)?;
        let names = names.await?.into_iter();
        Ok(names.filter_map(|name| name.as_string()).collect())
    }

    /// The file of this name, which counts as used now.
    pub(super) async fn read(&self, name: &str) -> Result<Option<Uint8Array>, Error> {
        let transaction = self
            .database
            .transaction(&[FILES], TransactionMode::ReadOnly)?;
        let found = transaction.object_store(FILES)?.get(JsValue::from(name))?;
        let file = found.await?.and_then(|file| file.dyn_into().ok());
        if let Some(file) = &file {
            let transaction = self
                .database
                .transaction(&[USES], TransactionMode::ReadWrite)?;
            // Nobody waits for it: a use that is not noted only lets the file go sooner.
            let _ = put_use(&transaction, name, file);
        }
        Ok(file)
    }

    /// Keeps a file, in place of one of this name. Where the browser has no room for it, older ones make room.
    pub(super) async fn write(&self, name: &str, file: &Uint8Array) -> Result<(), Error> {
        let bytes = f64::from(file.length());
        if bytes > self.limit {
            return Ok(());
        }
        if self.try_write(name, file).await.is_ok() {
            return Ok(());
        }
        let transaction = self.write_all()?;
        let kept: f64 = uses(&transaction)
            .await?
            .values()
            .map(|file| file.bytes)
            .sum();
        trim(&transaction, kept - bytes, None).await?;
        committed(transaction).await?;
        self.try_write(name, file).await
    }

    async fn try_write(&self, name: &str, file: &Uint8Array) -> Result<(), Error> {
        let transaction = self.write_all()?;
        let key = JsValue::from(name);
        transaction
            .object_store(FILES)?
            .put(file, Some(&key))?
            .await?;
        put_use(&transaction, name, file)?.await?;
        trim(&transaction, self.limit, Some(name)).await?;
        committed(transaction).await
    }

    /// How many files there are, and their bytes.
    pub(super) async fn size(&self) -> Result<(u64, u64), Error> {
        let transaction = self
            .database
            .transaction(&[USES], TransactionMode::ReadOnly)?;
        let uses = uses(&transaction).await?;
        let bytes: f64 = uses.values().map(|file| file.bytes).sum();
        Ok((uses.len() as u64, bytes as u64))
    }

    /// Removes all files.
    pub(super) async fn clear(&self) -> Result<(), Error> {
        let transaction = self.write_all()?;
        for store in [FILES, USES] {
            transaction.object_store(store)?.clear()?.await?;
        }
        committed(transaction).await
    }

    fn write_all(&self) -> Result<Transaction, Error> {
        self.database
            .transaction(&[FILES, USES], TransactionMode::ReadWrite)
    }
}

fn put_use(
    transaction: &Transaction,
    name: &str,
    file: &Uint8Array,
) -> Result<idb::request::PutStoreRequest, Error> {
    let used = Array::of2(&file.length().into(), &js_sys::Date::now().into());
    let key = JsValue::from(name);
    transaction.object_store(USES)?.put(&used, Some(&key))
}

/// What is known of each file. What cannot be read counts as not used for longest.
async fn uses(transaction: &Transaction) -> Result<HashMap<String, Use>, Error> {
    let store = transaction.object_store(USES)?;
    let (names, values) = (store.get_all_keys(None, None)?, store.get_all(None, None)?);
    let (names, values) = (names.await?, values.await?);
    let number = |value: &JsValue, at| {
        let array: Option<&Array> = value.dyn_ref();
        let number = array.and_then(|array| array.get(at).as_f64());
        number.filter(|number| number.is_finite()).unwrap_or(0.0)
    };
    let file = |(name, value): (JsValue, JsValue)| {
        let (bytes, last) = (number(&value, 0).max(0.0), number(&value, 1));
        Some((name.as_string()?, Use { bytes, last }))
    };
    Ok(names.into_iter().zip(values).filter_map(file).collect())
}

/// Removes what was not used for longest until at most `limit` bytes are left, and what nothing is known of; but not
/// `but`.
async fn trim(transaction: &Transaction, limit: f64, but: Option<&str>) -> Result<(), Error> {
    let known = uses(transaction).await?;
    let files = transaction.object_store(FILES)?.get_all_keys(None, None)?;
    let is_known = |name: &JsValue| {
        name.as_string()
            .is_some_and(|name| known.contains_key(&name))
    };
    for name in files.await?.into_iter().filter(|name| !is_known(name)) {
        transaction.object_store(FILES)?.delete(name)?.await?;
    }
    let mut bytes: f64 = known.values().map(|file| file.bytes).sum();
    let mut oldest: Vec<(&String, &Use)> = known.iter().collect();
    oldest.sort_by(|(_, one), (_, other)| one.last.total_cmp(&other.last));
    for (name, file) in oldest {
        if bytes <= limit {
            break;
        }
        if Some(name.as_str()) != but {
            for store in [FILES, USES] {
                let name = JsValue::from(name.as_str());
                transaction.object_store(store)?.delete(name)?.await?;
            }
            bytes -= file.bytes;
        }
    }
    Ok(())
}

/// Waits until a transaction is done. One that is not leaves everything as it was.
async fn committed(transaction: Transaction) -> Result<(), Error> {
    match transaction.commit()?.await?.is_committed() {
        true => Ok(()),
        false => Err(Error::DomExceptionNotFound),
    }
}

#[cfg(test)]
#[cfg(target_arch = "wasm32")]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn bytes(length: u32, value: u8) -> Uint8Array {
        Uint8Array::new_with_length(length).fill(value, 0, length)
    }

    async fn names(files: &Files) -> Vec<String> {
        let mut names: Vec<_> = files.names().await.unwrap().into_iter().collect();
        names.sort();
        names
    }

    /// Waits until the clock shows another millisecond.
    async fn tick() {
        let now = js_sys::Date::now();
        while js_sys::Date::now() <= now {
            gloo_timers::future::sleep(std::time::Duration::from_millis(1)).await;
        }
    }

    #[test]
    async fn what_was_not_used_for_longest_goes() {
        let files = Files::open("test-oldest", 300.0).await.unwrap();
        files.clear().await.unwrap();
        for name in ["a", "b", "c"] {
            files.write(name, &bytes(100, 1)).await.unwrap();
            tick().await;
        }
        assert_eq!(files.size().await.unwrap(), (3, 300));
        assert!(files.read("a").await.unwrap().is_some());
        // Two pages may have it open.
        let other = Files::open("test-oldest", 300.0).await.unwrap();
        other.write("d", &bytes(150, 2)).await.unwrap();
        assert_eq!(names(&files).await, ["a", "d"]);
        assert_eq!(files.size().await.unwrap(), (2, 250));
        // What can never fit is not tried.
        files.write("e", &bytes(301, 3)).await.unwrap();
        assert_eq!(names(&files).await, ["a", "d"]);
        files.write("d", &bytes(20, 4)).await.unwrap();
        let read = files.read("d").await.unwrap().unwrap();
        assert_eq!((read.length(), read.get_index(0)), (20, 4));
        assert_eq!(files.size().await.unwrap(), (2, 120));
        files.clear().await.unwrap();
        assert_eq!(files.size().await.unwrap(), (0, 0));
        assert!(files.read("a").await.unwrap().is_none());
    }

    #[test]
    async fn what_others_left_there_is_not_taken_for_a_file() {
        let files = Files::open("test-foreign", 300.0).await.unwrap();
        files.clear().await.unwrap();
        let transaction = files.write_all().unwrap();
        for (store, name) in [(FILES, "a"), (FILES, "b"), (USES, "a"), (USES, "c")] {
            let (text, name) = (JsValue::from("text"), JsValue::from(name));
            let store = transaction.object_store(store).unwrap();
            store.put(&text, Some(&name)).unwrap().await.unwrap();
        }
        committed(transaction).await.unwrap();
        assert!(files.read("a").await.unwrap().is_none());
        files.write("d", &bytes(300, 1)).await.unwrap();
        assert_eq!(files.size().await.unwrap().1, 300);
        assert_eq!(names(&files).await, ["a", "d"]);
        files.write("a", &bytes(10, 1)).await.unwrap();
        assert_eq!(names(&files).await, ["a"]);
    }
}
