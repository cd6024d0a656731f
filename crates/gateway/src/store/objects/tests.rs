//! The size of the store and what goes first, while objects are added, counted and used at the same time.

use super::marks::path_of_mark;
use super::*;

fn objects(limit: u64) -> Arc<Objects> {
    let options = StoreOptions {
        place: StorePlace::Memory,
        limit,
        grace: Duration::ZERO,
    };
    Arc::new(Objects::open(&options, Metrics::new().unwrap()).unwrap())
}

/// A document of so many bytes, and its digest.
fn document(name: u64, size: usize) -> (Digest, Bytes) {
    let mut bytes = name.to_le_bytes().to_vec();
    bytes.resize(size, 0);
    (Digest::sha256(&bytes), bytes.into())
}

async fn keep(objects: &Objects, (digest, bytes): (Digest, Bytes)) -> Digest {
    objects.keep(&digest, bytes).await;
    digest
}

/// Bytes that are in the store.
async fn stored(objects: &Objects) -> u64 {
    let (_counting, all) = objects.list().await.unwrap();
    all.iter().map(|one| one.size).sum()
}

#[tokio::test]
async fn what_is_added_while_the_store_is_counted_is_not_missed() {
    let objects = objects(1_000);
    let old = keep(&objects, document(0, 400)).await;
    let (counting, all) = objects.list().await.unwrap();
    // Another request is answered meanwhile.
    let new = keep(&objects, document(1, 500)).await;
    objects.make_room(&counting, all, &path(&old)).await;
    drop(counting);
    assert_eq!(objects.tally.bytes(), 900);
    // So the next one finds the store full.
    let last = keep(&objects, document(2, 300)).await;
    assert!(objects.find(&old).await.is_none());
    assert!(objects.find(&new).await.is_some() && objects.find(&last).await.is_some());
    assert_eq!(objects.tally.bytes(), stored(&objects).await);
}

#[tokio::test]
async fn what_is_used_while_room_is_made_stays() {
    let objects = objects(1_000);
    let mut kept = Vec::new();
    for name in 0..3 {
        kept.push(keep(&objects, document(name, 300)).await);
    }
    let (counting, mut all) = objects.list().await.unwrap();
    // What was just added leaves no room for any of them.
    let (added, _) = document(9, 2_000);
    all.push(ObjectMeta {
        location: path(&added),
        size: 2_000,
        ..all[2].clone()
    });
    let future = SystemTime::now() + Duration::from_secs(3600);
    let found = objects.find(&kept[0]).await.unwrap();
    assert!(objects.is_sound(&kept[0], &found).await);
    // It is asked for behind the moment at which deleting begins.
    objects
        .known
        .lock()
        .unwrap()
        .get_mut(&kept[0])
        .unwrap()
        .used = future;
    let deleted = objects.make_room(&counting, all, &path(&added)).await;
    assert_eq!(deleted, 2);
    assert!(objects.find(&kept[0]).await.is_some());
}

#[test]
fn a_mark_is_for_one_registry_and_goes_with_its_object() {
    let digest = Digest::sha256(b"a");
    let mark = |registry| path_of_mark(registry, &digest);
    assert_ne!(
        mark("https://a.example.com/"),
        mark("https://b.example.com/")
    );
    let one = mark("https://a.example.com/");
    assert_eq!(digest_of(&one), Some(digest.clone()));
    assert_eq!(digest_of(&path(&digest)), Some(digest.clone()));
    assert_eq!(digest_of(&path_of_index("", &digest)), None);
}

/// Many at once, so that counts and writes meet wherever they can.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_store_that_many_write_to_keeps_its_limit_and_knows_its_size() {
    let objects = objects(20_000);
    let mut tasks = Vec::new();
    for task in 0..8 {
        let objects = Arc::clone(&objects);
        tasks.push(tokio::spawn(async move {
            for at in 0..200 {
                // Some of them twice, by two tasks.
                keep(&objects, document(task / 2 * 200 + at, 500)).await;
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    let stored = stored(&objects).await;
    assert!(stored <= 20_000, "{stored}");
    let counted = objects.tally.bytes();
    assert!(counted >= stored, "{counted} for {stored}");
}
