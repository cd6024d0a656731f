//! Where a store has its objects, and the clients of clouds that reach them.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
#[cfg(feature = "cloud")]
use std::{env, sync::Arc, time::Duration};

#[cfg(feature = "cloud")]
use object_store::aws::AmazonS3Builder;
#[cfg(feature = "cloud")]
use object_store::azure::MicrosoftAzureBuilder;
#[cfg(feature = "cloud")]
use object_store::gcp::GoogleCloudStorageBuilder;
#[cfg(feature = "cloud")]
use object_store::prefix::PrefixStore;
#[cfg(feature = "cloud")]
use object_store::{ClientOptions, Error, ObjectStore, RetryConfig};
use reqwest::Url;

/// Where a store has its objects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StorePlace {
    /// In the memory of this process.
    Memory,
    /// In a folder, which several gateways may share.
    Folder(PathBuf),
    /// In a bucket of a cloud, which any number of gateways may share.
    Bucket(Bucket),
}

/// A bucket of a service that speaks S3's protocol, of Google Cloud Storage or of Azure, and a prefix in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    service: Service,
    url: Url,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Service {
    S3,
    Google,
    Azure,
}

/// Why a text is no place for a store.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StorePlaceError {
    /// It looks like a URL of a service that is not known.
    #[error(
        "{0:?} is not a store; write a folder, memory, s3://BUCKET/PREFIX, gs://BUCKET/PREFIX or az://CONTAINER/PREFIX"
    )]
    Unknown(String),
    /// The URL says more than where objects are.
    #[error(
        "leave the user name, the password and the query out of the store's URL; credentials are read from the environment"
    )]
    Secrets,
    /// This program was built without clients for clouds.
    #[error("this build supports folders and memory as stores only")]
    NotBuilt,
}

impl FromStr for StorePlace {
    type Err = StorePlaceError;

    /// `memory`, the URL of a bucket, or the path of a folder.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "memory" {
            return Ok(Self::Memory);
        }
        if !text.contains("://") {
            return Ok(Self::Folder(text.into()));
        }
        let scheme = text.split("://").next().unwrap_or_default();
        // What stands before an @ may be a secret, which no message repeats.
        let shown = text.rsplit('@').next().unwrap_or_default();
        let unknown = || StorePlaceError::Unknown(shown.chars().take(200).collect());
        let service = match scheme {
            "s3" => Service::S3,
            "gs" => Service::Google,
            "az" => Service::Azure,
            _ => return Err(unknown()),
        };
        let url = Url::parse(text).map_err(|_| unknown())?;
        if url.host_str().is_none_or(str::is_empty) {
            return Err(unknown());
        }
        let is_plain = url.username().is_empty() && url.password().is_none();
        if !is_plain || url.query().is_some() || url.fragment().is_some() || url.port().is_some() {
            return Err(StorePlaceError::Secrets);
        }
        match cfg!(feature = "cloud") {
            true => Ok(Self::Bucket(Bucket { service, url })),
            false => Err(StorePlaceError::NotBuilt),
        }
    }
}

impl fmt::Display for StorePlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str("memory"),
            Self::Folder(path) => path.display().fmt(f),
            Self::Bucket(bucket) => bucket.url.fmt(f),
        }
    }
}

#[cfg(feature = "cloud")]
impl Bucket {
    /// How long a request may take until it begins to be answered.
    const CONNECT: Duration = Duration::from_secs(5);
    /// How long nothing may come.
    const READ: Duration = Duration::from_secs(30);
    /// How long a request is tried again: who asks for an image waits for it, and can be served without the store.
    const RETRY: Duration = Duration::from_secs(10);

    /// The client, with what the environment has of credentials, regions and endpoints in the variables of `object_store`.
    pub(super) fn open(&self) -> Result<Arc<dyn ObjectStore>, Error> {
        let options = ClientOptions::new()
            .with_connect_timeout(Self::CONNECT)
            .with_read_timeout(Self::READ)
            .with_timeout_disabled();
        let retry = RetryConfig {
            max_retries: 3,
            retry_timeout: Self::RETRY,
            ..RetryConfig::default()
        };
        let bucket = self.url.host_str().unwrap_or_default();
        let prefix = object_store::path::Path::from_url_path(self.url.path())?;
        // A bucket's options of the environment come last, as they are the operator's.
        macro_rules! open {
            ($builder:ty, $named:ident, $variables:literal) => {{
                let builder = <$builder>::new()
                    .$named(bucket)
                    .with_client_options(options)
                    .with_retry(retry);
                let builder = variables($variables).fold(builder, |builder, (name, value)| {
                    match name.to_ascii_lowercase().parse() {
                        Ok(key) => builder.with_config(key, value),
                        Err(_) => builder,
                    }
                });
                Arc::new(PrefixStore::new(builder.build()?, prefix))
            }};
        }
        Ok(match self.service {
            Service::S3 => open!(AmazonS3Builder, with_bucket_name, "AWS_"),
            Service::Google => open!(GoogleCloudStorageBuilder, with_bucket_name, "GOOGLE_"),
            Service::Azure => open!(MicrosoftAzureBuilder, with_container_name, "AZURE_"),
        })
    }
}

/// The variables of the environment whose names begin so.
#[cfg(feature = "cloud")]
fn variables(start: &'static str) -> impl Iterator<Item = (String, String)> {
    let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
        Some((name.into_string().ok()?, value.into_string().ok()?))
    };
    let all = env::vars_os().filter_map(text);
    all.filter(move |(name, _)| name.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_is_a_folder_memory_or_a_bucket() {
        let read = |text: &str| text.parse::<StorePlace>();
        assert_eq!(read("memory"), Ok(StorePlace::Memory));
        assert_eq!(read("./memory"), Ok(StorePlace::Folder("./memory".into())));
        for url in [
            "s3://bucket",
            "s3://bucket/a/b",
            "gs://bucket/a",
            "az://container/a",
        ] {
            match cfg!(feature = "cloud") {
                true => assert_eq!(read(url).unwrap().to_string(), url),
                false => assert_eq!(read(url), Err(StorePlaceError::NotBuilt)),
            }
        }
        for wrong in [
            "s3://",
            "S3//bucket://",
            "https://bucket.example.com",
            "file:///srv",
            "s3:///a",
            "s3://key:secret@bucket/a",
            "az://container/a?sig=secret",
            "s3://bucket:9000/a",
        ] {
            let error = read(wrong).unwrap_err().to_string();
            assert!(!error.contains("secret"), "{wrong}: {error}");
        }
    }
}
