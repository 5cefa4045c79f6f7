//! Ranks that write one file together, and are killed, or find the disk full.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use filebacked::dist::{self, Block, Comm, List, Threads};
use filebacked::ndarray::Array2;
use filebacked::{NdArray, Result, from_file};

use crate::common::{output, start_program, test_alone};
use crate::full_disk::child::{fork, names, rooms};

/// Where a child writes, in its environment; and that it is to find the disk full.
const PATH: &str = "FILEBACKED_RANKS";
const FULL: &str = "FILEBACKED_RANKS_FULL";

const SIZE: usize = 3;
const ROWS: usize = 300;

type Parts = (u64, Block<f64, filebacked::ndarray::Ix2>, List<(u64, [f64; 9])>);
type Whole = (u64, NdArray<f64, filebacked::ndarray::Ix2>, Vec<(u64, [f64; 9])>);

/// What a rank has of a value, all numbers of which are `step`.
fn part(step: u64, rank: usize) -> Parts {
    let rows = ROWS * rank / SIZE..ROWS * (rank + 1) / SIZE;
    let values = Array2::from_elem((rows.len(), 500), step as f64);
    let list = rows.clone().map(|row| (row as u64, [step as f64; 9])).collect::<Vec<_>>().repeat(10);
    (step, Block::new([ROWS, 500], [rows.start, 0], values).unwrap(), List(list))
}

/// Which step a file has: all of it is of one.
fn step_of(path: &Path) -> u64 {
    let (step, field, list) = from_file::<Whole>(path).unwrap();
    assert_eq!((field.dim(), list.len()), ((ROWS, 500), 10 * ROWS));
    assert!(field.iter().chain(list.iter().flat_map(|(_, numbers)| numbers)).all(|number| *number == step as f64));
    step
}

fn write(path: &Path, step: u64) -> Vec<Result<()>> {
    Threads::run(SIZE, |comm| dist::to_file(&comm, path, &part(step, comm.rank())))
}

/// Not a test by itself: writes until it is killed.
#[test]
fn child() {
    let Some(path) = std::env::var_os(PATH).map(PathBuf::from) else { return };
    for step in 1.. {
        write(&path, step).into_iter().for_each(|result| result.unwrap());
    }
}

#[test]
fn killed_ranks_leave_the_old_file_or_the_new_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.h5");
    write(&path, 0).into_iter().for_each(|result| result.unwrap());
    let mut left = 0;
    for time in 0..25 {
        let mut alone = test_alone(child);
        alone.env(PATH, &path).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = start_program(&mut alone).unwrap();
        std::thread::sleep(Duration::from_micros(20_000 + time * 1713 % 30_000));
        child.kill().unwrap();
        child.wait().unwrap();
        step_of(&path);
        left += fs::read_dir(folder.path()).unwrap().count() - 1;
    }
    // The next call removes what those that were killed have left.
    assert!(left > 0, "none was killed while it wrote");
    write(&path, 7).into_iter().for_each(|result| result.unwrap());
    assert_eq!((step_of(&path), fs::read_dir(folder.path()).unwrap().count()), (7, 1));
}

/// Not a test by itself: it has a disk of its own, as far as the system lets it.
#[test]
fn full_child() {
    if std::env::var_os(FULL).is_none() {
        return;
    }
    // The thread that waits for this one is none in a forked process.
    let ended = fork(|said| {
        use std::io::Write as _;

        let folder = tempfile::tempdir().unwrap();
        for room in rooms(folder.path()) {
            let path = room.folder().join("run.h5");
            write(&path, 1).into_iter().for_each(|result| result.unwrap());
            let pages = fs::metadata(&path).unwrap().len() / 4096;
            let mut fills = 0;
            for left in (0..pages + 40).step_by(23) {
                room.leave(left, 0);
                let start = Instant::now();
                let results = write(&path, 2);
                // It comes at once; other tests may take the processors meanwhile.
                assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
                room.lift();
                assert_eq!(names(room.folder()), ["run.h5"], "{}, {left} pages", room.name());
                if results.iter().all(Result::is_ok) {
                    assert!(left >= pages, "{} of {pages} pages", left);
                    assert_eq!(step_of(&path), 2);
                    continue;
                }
                assert_eq!(step_of(&path), 1, "{}, {left} pages", room.name());
                for error in results.into_iter().map(Result::unwrap_err) {
                    let text = error.to_string();
                    assert!(text.contains(" of 3 failed: ") && text.contains(room.reason()), "{left} pages: {text}");
                    fills += usize::from(text.contains("could not write to the file"));
                }
            }
            writeln!(said, "{}: {fills} errors of ranks that put their part into the file", room.name()).unwrap();
        }
    });
    let said = ended.said.join("\n");
    assert_eq!((ended.signal, ended.code, ended.death()), (None, 0, None), "{said}");
    println!("{said}\nthe end");
}

#[test]
fn full_disks_are_errors_on_all_ranks() {
    let output = output(test_alone(full_child).env(FULL, "1")).unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    println!("{text}");
    assert!(text.contains("the end\n"), "{text}{}", String::from_utf8_lossy(&output.stderr));
    assert!(!text.contains("a disk that fills up: 0 errors"), "no rank failed when it put its part into the file");
}
