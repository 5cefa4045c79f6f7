//! URLs: which store each is of, and which object in that.

use std::sync::{Arc, Once};

use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::http::HttpBuilder;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreScheme};
use url::{Position, Url};

use super::failure;
use crate::ground::error::{Error, ErrorKind, Result};

/// An object in a store.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) store: Arc<dyn ObjectStore>,
    pub(super) path: Path,
}

/// Keys of a store's options, and their values.
pub(super) type Options<'a> = &'a [(String, String)];

fn unsupported(message: String) -> Error {
    Error::new(ErrorKind::Unsupported, message)
}

/// Encrypted connections are made by `ring`, unless the program has chosen another provider for all of `rustls`.
fn choose_provider() {
    static CHOOSE: Once = Once::new();
    CHOOSE.call_once(|| {
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            // Where another thread was faster, that is as good.
            drop(rustls::crypto::ring::default_provider().install_default());
        }
    });
}

/// Has a builder take the options, of which it may not know one.
macro_rules! with_options {
    ($builder:expr, $options:expr, $scheme:expr) => {{
        let mut builder = $builder;
        for (key, value) in $options {
            let Ok(known) = key.to_ascii_lowercase().parse() else {
                return Err(unsupported(format!("`{key}` is no option of the store that `{}://` leads to", $scheme)));
            };
            builder = builder.with_config(known, value);
        }
        builder.build()
    }};
}

/// Where a URL leads to. What the options do not say, the environment does, as `object_store` has it for each store.
pub(super) fn of_url(url: &str, options: Options<'_>) -> Result<Place> {
    let parsed =
        Url::parse(url).map_err(|error| unsupported(format!("`{url}` is no URL: {error}")).caused_by(error))?;
    let no_store = |error: &dyn std::fmt::Display| {
        unsupported(format!("`{url}` leads to no store that is known here: {error}"))
            .advised("`s3://`, `gs://`, `az://`, `https://`, `http://` and `file:///` do, or give the store itself: `Opening::store`")
    };
    let (scheme, path) = ObjectStoreScheme::parse(&parsed).map_err(|error| no_store(&error))?;
    if parsed.query().is_some() || parsed.fragment().is_some() {
        // Stores leave it out, and would ask for another object, or without the signature.
        let message =
            format!("`{}` has a query or a fragment, which is sent to no store", &parsed[..Position::AfterPath]);
        return Err(unsupported(message).advised("give what it holds by `Opening::option`"));
    }
    choose_provider();
    let name = parsed.scheme();
    let store: object_store::Result<Arc<dyn ObjectStore>> = match scheme {
        ObjectStoreScheme::Local => {
            if let Some((key, _)) = options.first() {
                return Err(unsupported(format!("`{key}` is no option of files: they have none")));
            }
            Ok(Arc::new(LocalFileSystem::new()))
        }
        ObjectStoreScheme::AmazonS3 => {
            let builder = AmazonS3Builder::from_env().with_url(url);
            with_options!(builder, options, name).map(|store| Arc::new(store) as _)
        }
        ObjectStoreScheme::GoogleCloudStorage => {
            let builder = GoogleCloudStorageBuilder::from_env().with_url(url);
            with_options!(builder, options, name).map(|store| Arc::new(store) as _)
        }
        ObjectStoreScheme::MicrosoftAzure => {
            let builder = MicrosoftAzureBuilder::from_env().with_url(url);
            with_options!(builder, options, name).map(|store| Arc::new(store) as _)
        }
        ObjectStoreScheme::Http => {
            let builder = HttpBuilder::new().with_url(&parsed[..Position::BeforePath]);
            // The URL says whether the connection is encrypted.
            let builder = match name {
                "http" => builder.with_client_options(object_store::ClientOptions::new().with_allow_http(true)),
                _ => builder,
            };
            with_options!(builder, options, name).map(|store| Arc::new(store) as _)
        }
        ObjectStoreScheme::Memory => {
            return Err(no_store(&"each `memory://` is a new, empty store"));
        }
        _ => return Err(no_store(&"a new kind of store")),
    };
    let store = store.map_err(|error| failure::of_store("open the store of", url, error))?;
    Ok(Place { store, path })
}

/// The object of that name in a store that was given.
pub(super) fn in_store(store: Arc<dyn ObjectStore>, path: &str) -> Result<Place> {
    let parsed = Path::parse(path);
    let path =
        parsed.map_err(|error| unsupported(format!("`{path}` is no name in a store: {error}")).caused_by(error))?;
    Ok(Place { store, path })
}
