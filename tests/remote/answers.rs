//! What servers answer, and what becomes of it.

use std::error::Error as StdError;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use filebacked::object_store::{self, ObjectStoreExt};
use filebacked::remote::{self, Opening, traffic};
use filebacked::{Error, ErrorKind, Lazy};
use serde::{Deserialize, Serialize};

use crate::server::{Manner, Server};
use crate::store::{Counting, opening, wait};

/// More than comes with the first request.
#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Long {
    title: String,
    values: Vec<f64>,
}

fn long(factor: f64) -> Long {
    Long { title: "long".to_owned(), values: (0..1_000_000).map(|number| f64::from(number) * factor).collect() }
}

fn image(factor: f64) -> Vec<u8> {
    filebacked::to_vec(&long(factor)).unwrap()
}

/// Without the pauses between tries that a test would wait for.
fn quick() -> Opening {
    Opening::new().timeout(Duration::from_secs(30))
}

fn io_kind(error: &Error) -> Option<io::ErrorKind> {
    error.source()?.downcast_ref::<io::Error>().map(io::Error::kind)
}

#[test]
fn ranges_are_read() {
    let server = Server::new(image(1.0), Manner::default());
    let file = remote::open(&server.url()).unwrap();
    assert_eq!(server.requests(), 1);
    assert_eq!(filebacked::from_group::<Long>(&file).unwrap(), long(1.0));
    assert_eq!(server.requests(), traffic(&file).unwrap().requests);
    assert_eq!(filebacked::read::<String>(&file, "title").unwrap(), "long");
}

#[test]
fn servers_without_ranges_give_all() {
    let server = Server::new(image(1.0), Manner { no_ranges: true, ..Manner::default() });
    let file = quick().open(&server.url()).unwrap();
    assert_eq!(filebacked::from_group::<Long>(&file).unwrap(), long(1.0));
    let error = quick().cache(1 << 20).open(&server.url()).unwrap_err();
    assert_eq!(io_kind(&error), Some(io::ErrorKind::InvalidData));
    let text = error.to_string();
    assert!(text.contains("gives no parts of it") && text.contains("`Opening::cache`"), "{text}");
}

#[test]
fn refusals_are_said() {
    for (status, kind, words) in [
        ("404 Not Found", io::ErrorKind::NotFound, "there is no such object"),
        ("403 Forbidden", io::ErrorKind::PermissionDenied, "access is denied"),
        ("401 Unauthorized", io::ErrorKind::PermissionDenied, "does not accept the credentials"),
    ] {
        let server = Server::new(Vec::new(), Manner { status: Some(status), ..Manner::default() });
        let error = quick().open(&server.url()).unwrap_err();
        assert_eq!((error.kind(), io_kind(&error)), (ErrorKind::Io, Some(kind)), "{error}");
        let text = error.to_string();
        assert!(text.contains(words) && text.contains(&server.url()), "{text}");
        let source = error.source().and_then(|source| source.downcast_ref::<io::Error>()).unwrap();
        assert!(source.get_ref().unwrap().is::<object_store::Error>(), "{source:?}");
    }
}

#[test]
fn refusals_meanwhile_are_said() {
    let server = Server::new(image(1.0), Manner::default());
    let file = quick().open(&server.url()).unwrap();
    server.set(|manner| manner.status = Some("403 Forbidden"));
    let error = filebacked::from_group::<Long>(&file).unwrap_err();
    assert_eq!((error.kind(), io_kind(&error)), (ErrorKind::Io, Some(io::ErrorKind::PermissionDenied)), "{error}");
    assert_eq!(error.path(), "values");
    // It was of that moment.
    server.set(|manner| manner.status = None);
    assert_eq!(filebacked::from_group::<Long>(&file).unwrap(), long(1.0));
}

#[test]
fn nobody_there() {
    // A port that was just let go of.
    let port = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
    let opening = Opening::new().timeout(Duration::from_millis(300));
    let error = opening.open(&format!("http://127.0.0.1:{port}/run.h5")).unwrap_err();
    let kind = io_kind(&error);
    assert!(matches!(kind, Some(io::ErrorKind::NotConnected | io::ErrorKind::TimedOut)), "{error}: {kind:?}");
}

#[test]
fn slow_answers_are_given_up() {
    let server = Server::new(image(1.0), Manner { delay: Duration::from_secs(5), ..Manner::default() });
    let error = Opening::new().timeout(Duration::from_millis(200)).open(&server.url()).unwrap_err();
    assert_eq!((error.kind(), io_kind(&error)), (ErrorKind::Io, Some(io::ErrorKind::TimedOut)), "{error}");
    assert!(error.to_string().contains("`Opening::timeout` sets the limit"), "{error}");
    // The client's own limit for each try.
    let opening = Opening::new().option("timeout", "100ms").timeout(Duration::from_secs(1));
    let error = opening.open(&server.url()).unwrap_err();
    assert_eq!(io_kind(&error), Some(io::ErrorKind::TimedOut), "{error}");
}

#[test]
fn short_answers_and_busy_servers_are_asked_again() {
    for etag in [true, false] {
        let server = Server::new(image(1.0), Manner { no_etag: !etag, short: 1, ..Manner::default() });
        let file = quick().open(&server.url()).unwrap();
        server.set(|manner| (manner.short, manner.failing) = (2, 1));
        assert_eq!(filebacked::from_group::<Long>(&file).unwrap(), long(1.0));
    }
    let server = Server::new(image(1.0), Manner { no_etag: true, ..Manner::default() });
    let file = quick().open(&server.url()).unwrap();
    server.set(|manner| manner.short = u64::MAX);
    let error = filebacked::from_group::<Long>(&file).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io, "{error}");
}

/// A file that is replaced while it is open is an error, whatever the server has to tell it by.
#[test]
fn replaced_files_are_never_mixed() {
    for manner in [
        Manner::default(),
        Manner { weak_etag: true, ..Manner::default() },
        Manner { no_etag: true, ..Manner::default() },
        Manner { ignores_match: true, ..Manner::default() },
    ] {
        let server = Server::new(image(1.0), manner.clone());
        let file = quick().open(&server.url()).unwrap();
        let title: String = filebacked::read(&file, "title").unwrap();
        assert_eq!(title, "long");
        server.replace(image(2.0));
        let error = filebacked::from_group::<Long>(&file).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Gone, "{manner:?}: {error}");
        assert!(error.to_string().contains("was replaced or removed after it was opened"), "{error}");
        let file = quick().open(&server.url()).unwrap();
        assert_eq!(filebacked::from_group::<Long>(&file).unwrap(), long(2.0));
    }
}

#[test]
fn removed_files_are_gone() {
    let store = Counting::with(image(1.0));
    let file = opening(&store).open("run.h5").unwrap();
    wait(store.inner.delete(&"run.h5".into())).unwrap();
    let error = filebacked::from_group::<Long>(&file).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Gone, "{error}");
    let error = opening(&store).open("run.h5").unwrap_err();
    assert_eq!((error.kind(), io_kind(&error)), (ErrorKind::Io, Some(io::ErrorKind::NotFound)), "{error}");
}

#[test]
fn what_is_no_hdf5_file() {
    for (file, kind, words) in [
        (Vec::new(), ErrorKind::Hdf5, "it is empty"),
        (b"no HDF5".to_vec(), ErrorKind::Hdf5, "could not open"),
        (vec![1; 1_000_000], ErrorKind::Hdf5, "could not open"),
        (image(1.0)[..500_000].to_vec(), ErrorKind::Hdf5, "truncated"),
    ] {
        let len = file.len();
        let store = Counting::with(file.clone());
        let error = opening(&store).open("run.h5").unwrap_err();
        assert_eq!(error.kind(), kind, "{len}: {error}");
        assert!(error.to_string().contains(words), "{len}: {error}");
        let server = Server::new(file, Manner::default());
        let error = quick().open(&server.url()).unwrap_err();
        assert_eq!(error.kind(), kind, "{len}: {error}");
    }
}

/// A stranger's file is looked at before libhdf5 sees it, as one on a disk is.
#[test]
fn damaged_files_are_found_out() {
    let image =
        filebacked::to_vec(&std::collections::BTreeMap::from([("a", vec![1.5; 100]), ("b", vec![2.5; 100])])).unwrap();
    let mut kinds = std::collections::BTreeMap::new();
    for at in (0..image.len()).step_by(7) {
        let mut damaged = image.clone();
        damaged[at] ^= 0x55;
        let local = filebacked::from_slice::<filebacked::Value>(&damaged).map_err(|error| error.kind());
        let store = Counting::with(damaged);
        let remote = opening(&store).open("run.h5").and_then(|file| filebacked::from_group::<filebacked::Value>(&file));
        let remote = remote.map_err(|error| error.kind());
        assert_eq!(remote, local, "{at}");
        *kinds.entry(format!("{:?}", local.as_ref().err())).or_insert(0) += 1;
    }
    assert!(kinds.contains_key("Some(Corrupt)") && kinds.contains_key("None"), "{kinds:?}");
}

#[test]
fn what_cannot_work() {
    let store: Arc<dyn object_store::ObjectStore> = Counting::with(Vec::new());
    for (opening, url, words) in [
        (Opening::new(), "run.h5", "is no URL"),
        (Opening::new(), "ftp://host/run.h5", "leads to no store that is known here"),
        (Opening::new(), "memory:///run.h5", "each `memory://` is a new, empty store"),
        (Opening::new(), "https://host/run.h5?signature=secret", "`https://host/run.h5` has a query"),
        (Opening::new().option("colour", "red"), "s3://bucket/run.h5", "`colour` is no option"),
        (Opening::new().option("region", "here"), "file:///run.h5", "`region` is no option of files"),
        (Opening::new().store(Arc::clone(&store)).option("region", "here"), "run.h5", "the store was given"),
        (Opening::new().block(0), "file:///run.h5", "512 bytes at least"),
        (Opening::new().block(u64::MAX), "file:///run.h5", "1 GiB at most"),
        (Opening::new().concurrency(0), "file:///run.h5", "without a request"),
        (Opening::new().timeout(Duration::ZERO), "file:///run.h5", "within no time"),
    ] {
        let error = opening.open(url).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        assert!(error.to_string().contains(words) && !error.to_string().contains("secret"), "{error}");
    }
}

/// In a task of either kind of runtime, and on any thread.
#[test]
fn within_runtimes() {
    let store = Counting::with(image(1.0));
    let work = move || {
        let file = opening(&store).open("run.h5").unwrap();
        let title = filebacked::read::<Lazy<String>>(&file, "title").unwrap();
        drop(file);
        assert_eq!(title.get().unwrap(), "long");
    };
    work();
    let (one, other) = (work.clone(), work.clone());
    std::thread::spawn(one).join().unwrap();
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async { other() });
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
        tokio::task::spawn_blocking(work).await.unwrap();
    });
}
