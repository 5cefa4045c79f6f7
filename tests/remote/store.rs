//! A store in memory that counts what it is asked for, and does what tests want.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use filebacked::object_store::memory::InMemory;
use filebacked::object_store::path::Path;
use filebacked::object_store::{
    self, CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, ObjectStoreExt,
    PutMultipartOptions, PutOptions, PutPayload, PutResult,
};
use filebacked::remote::Opening;
use futures_util::stream::BoxStream;

/// A store in memory that counts.
#[derive(Debug, Default)]
pub(crate) struct Counting {
    pub inner: InMemory,
    pub requests: AtomicU64,
    pub bytes: AtomicU64,
    /// How long each request takes.
    pub delay: Duration,
    /// The request of that number fails.
    pub failing: AtomicU64,
}

impl fmt::Display for Counting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "counting")
    }
}

/// Waits for a store.
pub(crate) fn wait<F: Future>(work: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

impl Counting {
    /// A store with one object, `run.h5`.
    pub(crate) fn with(image: Vec<u8>) -> Arc<Self> {
        let store = Arc::new(Self::default());
        store.put_image(image);
        store
    }

    pub(crate) fn put_image(&self, image: Vec<u8>) {
        wait(self.inner.put(&Path::from("run.h5"), image.into())).unwrap();
    }

    /// Requests and bytes up to now.
    pub(crate) fn counts(&self) -> (u64, u64) {
        (self.requests.load(Ordering::Relaxed), self.bytes.load(Ordering::Relaxed))
    }
}

/// What opens a file in that store.
pub(crate) fn opening(store: &Arc<Counting>) -> Opening {
    Opening::new().store(Arc::clone(store) as Arc<dyn ObjectStore>)
}

#[async_trait]
impl ObjectStore for Counting {
    async fn put_opts(&self, to: &Path, payload: PutPayload, options: PutOptions) -> object_store::Result<PutResult> {
        self.inner.put_opts(to, payload, options).await
    }

    async fn put_multipart_opts(
        &self,
        to: &Path,
        options: PutMultipartOptions,
    ) -> object_store::Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(to, options).await
    }

    async fn get_opts(&self, from: &Path, options: GetOptions) -> object_store::Result<GetResult> {
        if self.requests.fetch_add(1, Ordering::Relaxed) + 1 == self.failing.load(Ordering::Relaxed) {
            let source = "a test has it fail".into();
            return Err(object_store::Error::PermissionDenied { path: from.to_string(), source });
        }
        if !self.delay.is_zero() {
            tokio::time::sleep(self.delay).await;
        }
        let found = self.inner.get_opts(from, options).await?;
        let Range { start, end } = found.range;
        self.bytes.fetch_add(end - start, Ordering::Relaxed);
        Ok(found)
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, object_store::Result<Path>>,
    ) -> BoxStream<'static, object_store::Result<Path>> {
        self.inner.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, object_store::Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> object_store::Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> object_store::Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}
