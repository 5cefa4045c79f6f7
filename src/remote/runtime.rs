//! Where requests are made: on a thread of this crate's own, as those who wait for them may be on one of another runtime's.

use std::future::{Future, pending};
use std::sync::{LazyLock, mpsc};
use std::thread;

use tokio::runtime::{Builder, Handle};

use crate::ground::error::{Error, Result};

/// The runtime that serves the requests of all files, from the first on.
fn handle() -> Result<&'static Handle> {
    static RUNTIME: LazyLock<std::io::Result<Handle>> = LazyLock::new(|| {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        // It waits until the program ends.
        thread::Builder::new().name("filebacked remote".to_owned()).spawn(move || runtime.block_on(pending::<()>()))?;
        Ok(handle)
    });
    let failed = |error: &std::io::Error| {
        Error::io("could not start a thread for requests", std::io::Error::new(error.kind(), error.to_string()))
    };
    RUNTIME.as_ref().map_err(failed)
}

/// Does some work there, which sends what it finds one by one, and takes these here until there are no more. It waits as one waits
/// for a file: a task of a runtime that does so keeps its thread.
pub(super) fn each<T: Send + 'static, F: Future<Output = ()> + Send + 'static>(
    work: impl FnOnce(mpsc::Sender<T>) -> F,
    mut take: impl FnMut(T) -> Result<()>,
) -> Result<()> {
    let (sender, receiver) = mpsc::channel();
    let task = handle()?.spawn(work(sender));
    let taken = receiver.iter().try_for_each(&mut take);
    // Nobody waits for the rest.
    task.abort();
    taken
}

/// Does some work there, and waits for what comes of it.
pub(super) fn wait<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> Result<T> {
    let mut found = None;
    let send = |sender: mpsc::Sender<T>| async move {
        // Whoever waits has not gone.
        drop(sender.send(work.await));
    };
    each(send, |done| {
        found = Some(done);
        Ok(())
    })?;
    found.ok_or_else(|| Error::io("could not make a request", std::io::Error::other("the task ended early")))
}
