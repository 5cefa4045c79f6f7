//! Children that read variants, and what becomes of them.
//!
//! The parent never calls libhdf5, and has one thread, so that a child that is made by `fork` can do anything.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use filebacked::ReadOptions;

use crate::mutate::{Random, variant};
use crate::seeds::Seed;
use crate::stack;
use crate::ways::{Input, WAYS};

/// Variants that one child reads.
const BATCH: u64 = 100;
/// Ways in which a variant is read.
const TIMES: usize = 4;
/// What a child may take more than before.
const MEMORY: u64 = 256 << 20;
/// Address space of a child.
const SPACE: u64 = 6 << 30;
/// Bytes that values may have in memory.
const MAX_BYTES: u64 = 64 << 20;

/// What is read.
pub(crate) struct Work<'a> {
    pub(crate) seeds: &'a [Seed],
    pub(crate) seed: u64,
    /// How long a read may take.
    pub(crate) patience: Duration,
    pub(crate) variants: Variants,
    /// Whether libhdf5 is let near all that is damaged, as in a file that somebody trusts.
    pub(crate) trusted: bool,
}

impl Work<'_> {
    fn options(&self) -> ReadOptions {
        ReadOptions::new().max_bytes(MAX_BYTES).trusted(self.trusted)
    }
}

/// What is made of the seeds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Variants {
    /// They are damaged.
    Damaged,
    /// The one seed is read as it is, in all ways.
    One,
    /// Each is read as it is: it was damaged before.
    Files,
}

/// A read that did not end as it should.
pub(crate) struct Found {
    pub(crate) number: u64,
    pub(crate) way: &'static str,
    pub(crate) what: String,
}

pub(crate) struct Run {
    pub(crate) files: u64,
    pub(crate) reads: u64,
    pub(crate) values: u64,
    pub(crate) found: Vec<Found>,
}

/// What a child tells its parent, in memory that both have.
#[repr(C)]
struct Told {
    number: AtomicU64,
    way: AtomicU64,
    /// Milliseconds from [`now`] at which the read began; 0 between two.
    begun: AtomicU64,
    reads: AtomicU64,
    values: AtomicU64,
    len: AtomicU64,
    text: [u8; TEXT],
}

const TEXT: usize = 4096;

/// Where the child that this process is tells.
static TOLD: AtomicPtr<Told> = AtomicPtr::new(ptr::null_mut());

/// How a child ends that met something.
const MET: i32 = 97;

fn now() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: a place for the time.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut time) };
    time.tv_sec as u64 * 1000 + time.tv_nsec as u64 / 1_000_000 + 1
}

fn share() -> *mut Told {
    let (read_write, shared) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED | libc::MAP_ANONYMOUS);
    // SAFETY: new memory, at a place that the system chooses. It is zero, which is good for all fields.
    let place = unsafe { libc::mmap(ptr::null_mut(), size_of::<Told>(), read_write, shared, -1, 0) };
    assert!(place != libc::MAP_FAILED, "no memory to share");
    place.cast()
}

fn fork() -> i32 {
    // SAFETY: this process has one thread.
    let child = unsafe { libc::fork() };
    assert!(child >= 0, "no child could be made");
    child
}

fn exit(code: i32) -> ! {
    // SAFETY: it ends the process.
    unsafe { libc::_exit(code) }
}

/// The status of a child that ended, if it did; `options` say whether it is waited for.
fn status_of(child: i32, options: i32) -> Option<i32> {
    let mut status = 0;
    // SAFETY: a child of this process, and a place for its status.
    match unsafe { libc::waitpid(child, &mut status, options) } {
        0 => None,
        _ => Some(status),
    }
}

/// Does something in a child, which has to end well.
pub(crate) fn in_child(work: &mut dyn FnMut()) {
    let child = fork();
    if child == 0 {
        let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
        exit(done.is_err().into());
    }
    assert_eq!(status_of(child, 0), Some(0), "a child did not do its work");
}

/// Writes down what was met, and ends.
fn met(what: &str) -> ! {
    // SAFETY: the memory stays for as long as the process, and only this thread writes the text.
    if let Some(told) = unsafe { TOLD.load(Ordering::SeqCst).as_mut() } {
        let what = what.as_bytes();
        let len = what.len().min(TEXT);
        told.text[..len].copy_from_slice(&what[..len]);
        told.len.store(len as u64, Ordering::SeqCst);
    }
    exit(MET)
}

/// What is called for a signal. The process is lost, so that it matters little what is done in it.
extern "C" fn on_signal(signal: i32) {
    // SAFETY: what this does waits for a lock, perhaps for ever.
    unsafe {
        libc::signal(libc::SIGALRM, libc::SIG_DFL);
        libc::alarm(5);
    }
    let name = match signal {
        libc::SIGSEGV => "segmentation fault",
        libc::SIGBUS => "bus error",
        libc::SIGFPE => "division by zero",
        libc::SIGABRT => "abort",
        libc::SIGUSR1 => "it hangs",
        _ => "signal",
    };
    met(&format!("{name}: {}", stack::here()))
}

fn prepare(told: *mut Told) {
    const STACK: usize = 4 << 20;
    TOLD.store(told, Ordering::SeqCst);
    let stack = Box::leak(vec![0_u8; STACK].into_boxed_slice());
    let limit = libc::rlimit { rlim_cur: SPACE, rlim_max: SPACE };
    // SAFETY: the stack stays for as long as the process; the handler is a function of the kind that is asked for.
    unsafe {
        let stack = libc::stack_t { ss_sp: stack.as_mut_ptr().cast(), ss_flags: 0, ss_size: STACK };
        libc::sigaltstack(&stack, ptr::null_mut());
        for signal in [libc::SIGSEGV, libc::SIGBUS, libc::SIGFPE, libc::SIGILL, libc::SIGABRT, libc::SIGUSR1] {
            let mut action: libc::sigaction = std::mem::zeroed();
            action.sa_sigaction = on_signal as extern "C" fn(i32) as usize;
            action.sa_flags = libc::SA_ONSTACK;
            libc::sigaction(signal, &action, ptr::null_mut());
        }
        libc::setrlimit(libc::RLIMIT_AS, &limit);
    }
    std::panic::set_hook(Box::new(|panic| met(&format!("{panic}: {}", stack::here()))));
}

/// The most memory that this process had, in bytes.
fn peak() -> u64 {
    // SAFETY: zero is good for all fields, and the place is one for what is asked for.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_SELF, &mut usage);
        usage
    };
    usage.ru_maxrss as u64 * 1024
}

/// The ways in which a variant is read.
fn ways_of(work: &Work<'_>, number: u64) -> Vec<usize> {
    if work.variants == Variants::One {
        return (0..WAYS.len()).collect();
    }
    let mut random = Random::new(work.seed ^ 0x5eed, number);
    (0..TIMES).map(|_| random.below(WAYS.len())).collect()
}

/// The name of a child under which a variant is read.
pub(crate) fn name_of<'a>(work: &Work<'_>, number: u64, seed: &'a Seed) -> &'a str {
    let mut random = Random::new(work.seed ^ 0xface, number);
    seed.names.get(random.below(seed.names.len())).map_or("node", String::as_str)
}

/// Reads a variant in some ways. Shows what comes of each.
fn read(
    work: &Work<'_>,
    number: u64,
    path: &Path,
    told: &Told,
    show: &mut dyn FnMut(&str, filebacked::Result<()>, u64),
) {
    let (image, seed) = variant(work, number);
    let name = name_of(work, number, seed);
    let options = work.options();
    told.number.store(number, Ordering::SeqCst);
    for way in ways_of(work, number) {
        std::fs::write(path, &image).expect("a file in memory");
        let before = peak();
        told.way.store(way as u64, Ordering::SeqCst);
        let begin = now();
        told.begun.store(begin, Ordering::SeqCst);
        let result = WAYS[way].1(&options, &Input { image: &image, path, name });
        told.begun.store(0, Ordering::SeqCst);
        told.reads.fetch_add(1, Ordering::SeqCst);
        told.values.fetch_add(result.is_ok().into(), Ordering::SeqCst);
        let taken = peak().saturating_sub(before);
        show(WAYS[way].0, result, now() - begin);
        if taken > MEMORY {
            met(&format!("it takes {} MiB", taken >> 20));
        }
    }
}

fn path_of(slot: usize) -> PathBuf {
    let folder = if Path::new("/dev/shm").is_dir() { "/dev/shm".into() } else { std::env::temp_dir() };
    folder.join(format!("filebacked-fuzz-{}-{slot}.h5", std::process::id()))
}

/// A child, and what it reads.
struct Child {
    process: i32,
    end: u64,
    /// When it was told to stop.
    stopped: Option<Instant>,
}

/// Reads variants for so long, or so many times.
pub(crate) fn run(work: &Work<'_>, jobs: usize, time: Duration, reads: u64) -> Run {
    let (begin, mut next) = (Instant::now(), 0);
    let mut run = Run { files: 0, reads: 0, values: 0, found: Vec::new() };
    let mut slots: Vec<(*mut Told, PathBuf, Option<Child>, u64)> =
        (0..jobs).map(|slot| (share(), path_of(slot), None, 0)).collect();
    let mut said = Instant::now();
    loop {
        let mut is_idle = true;
        for (told_at, path, child, rest) in &mut slots {
            // SAFETY: memory that was mapped, and stays so.
            let told = unsafe { &**told_at };
            if child.is_none() {
                // What a child left that crashed goes first.
                let first = if *rest > 0 { told.number.load(Ordering::SeqCst) + 1 } else { next };
                let last = if work.variants == Variants::Files { work.seeds.len() as u64 } else { u64::MAX };
                let end = if *rest > 0 { *rest } else { (next + BATCH).min(last) };
                if *rest == 0 && (begin.elapsed() > time || run.reads >= reads || next >= last) {
                    continue;
                }
                *rest = 0;
                next = next.max(end);
                if first >= end {
                    continue;
                }
                told.len.store(0, Ordering::SeqCst);
                told.begun.store(0, Ordering::SeqCst);
                let process = fork();
                if process == 0 {
                    prepare(*told_at);
                    (first..end).for_each(|number| read(work, number, path, told, &mut |_, _, _| ()));
                    exit(0);
                }
                run.files += end - first;
                *child = Some(Child { process, end, stopped: None });
            }
            is_idle = false;
            let Some(Child { process, end, stopped }) = child else { continue };
            let begun = told.begun.load(Ordering::SeqCst);
            let hangs = begun > 0 && now().saturating_sub(begun) > work.patience.as_millis() as u64;
            if hangs || stopped.is_some() {
                let signal = match stopped {
                    Some(since) if since.elapsed() > Duration::from_secs(10) => libc::SIGKILL,
                    Some(_) => 0,
                    None => libc::SIGUSR1,
                };
                stopped.get_or_insert_with(Instant::now);
                // SAFETY: a child of this process, which was not waited for.
                unsafe { libc::kill(*process, signal) };
            }
            let Some(status) = status_of(*process, libc::WNOHANG) else { continue };
            run.reads += told.reads.swap(0, Ordering::SeqCst);
            run.values += told.values.swap(0, Ordering::SeqCst);
            if status != 0 {
                let len = told.len.load(Ordering::SeqCst) as usize;
                let text = String::from_utf8_lossy(&told.text[..len.min(TEXT)]).into_owned();
                let what = if text.is_empty() { format!("it ended with status {status}") } else { text };
                let (number, way) = (told.number.load(Ordering::SeqCst), told.way.load(Ordering::SeqCst) as usize);
                run.files -= end.saturating_sub(number + 1);
                println!("found: variant {number}, {}: {what}", WAYS[way].0);
                run.found.push(Found { number, way: WAYS[way].0, what });
                *rest = *end;
            }
            *child = None;
        }
        if is_idle {
            break;
        }
        if said.elapsed() > Duration::from_secs(60) {
            said = Instant::now();
            println!("{} s: {} reads, {} found", begin.elapsed().as_secs(), run.reads, run.found.len());
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    slots.iter().for_each(|(_, path, _, _)| drop(std::fs::remove_file(path)));
    run
}

/// Reads one variant, and says what comes of it.
pub(crate) fn one(work: &Work<'_>, number: u64, folder: &Path) -> ExitCode {
    let (told_at, path) = (share(), path_of(0));
    if work.variants == Variants::Damaged {
        let file = folder.join(format!("{}-{number}.h5", work.seed));
        std::fs::create_dir_all(folder).expect("a folder for what is found");
        std::fs::write(&file, variant(work, number).0).expect("the file of a variant");
        println!("{}", file.display());
    }
    let mut code = ExitCode::SUCCESS;
    // Each way in a child of its own.
    for way in ways_of(work, number) {
        // SAFETY: memory that was mapped, and stays so.
        let told = unsafe { &*told_at };
        told.len.store(0, Ordering::SeqCst);
        let process = fork();
        if process == 0 {
            prepare(told_at);
            let (image, seed) = variant(work, number);
            let name = name_of(work, number, seed);
            std::fs::write(&path, &image).expect("a file in memory");
            let (before, begin) = (peak(), now());
            // SAFETY: an alarm for this process, which is then told that it hangs.
            unsafe {
                libc::signal(libc::SIGALRM, on_signal as extern "C" fn(i32) as usize);
                libc::alarm(20);
            }
            let options = work.options();
            let result = WAYS[way].1(&options, &Input { image: &image, path: &path, name });
            let (time, taken) = (now() - begin, peak().saturating_sub(before) >> 20);
            let said = result.err().map_or("a value".to_owned(), |error| error.to_string());
            println!("{}: {time} ms, {taken} MiB: {said}", WAYS[way].0);
            exit(i32::from(time > work.patience.as_millis() as u64 || taken > MEMORY >> 20));
        }
        if status_of(process, 0) != Some(0) {
            let len = told.len.load(Ordering::SeqCst) as usize;
            println!("{}: {}", WAYS[way].0, String::from_utf8_lossy(&told.text[..len.min(TEXT)]));
            code = ExitCode::FAILURE;
        }
    }
    drop(std::fs::remove_file(&path));
    code
}
