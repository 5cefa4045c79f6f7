//! One file from several ranks, which are threads here: against one process, and a file for each rank.

use std::path::Path;
use std::time::Instant;

use filebacked::dist::{Block, Comm, List, Threads};
use filebacked::ndarray::{Array2, Axis, Slice};
use filebacked::{NdArray, WriteOptions};
use serde::Serialize;

const RANKS: [usize; 3] = [1, 2, 4];
const TIMES: usize = 7;

#[derive(Serialize, Clone)]
struct Numbers {
    position: [f64; 3],
    mass: f64,
    id: u64,
    charge: i8,
}

#[derive(Serialize, Clone)]
struct Named {
    position: [f64; 3],
    mass: f64,
    id: u64,
    name: Option<String>,
    tags: Vec<u16>,
}

/// The median of several times, in milliseconds.
fn median(mut work: impl FnMut()) -> f64 {
    let mut times: Vec<f64> = (0..TIMES)
        .map(|_| {
            let start = Instant::now();
            work();
            start.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[TIMES / 2]
}

/// Prints a table: what is on each rank is made by `part`, of which `whole` is all.
fn case<W: Serialize, P: Serialize + Sync, E: Serialize + Sync>(
    folder: &Path,
    name: &str,
    whole: &W,
    part: impl Fn(usize, usize) -> P + Sync,
    each: impl Fn(usize, usize) -> E + Sync,
) {
    let (path, options) = (folder.join("ranks.h5"), WriteOptions::new().sync(false));
    let one = median(|| options.to_file(&path, whole).unwrap());
    for size in RANKS {
        let parts: Vec<P> = (0..size).map(|rank| part(rank, size)).collect();
        let ranks = median(|| {
            Threads::run(size, |comm| options.dist(&comm).to_file(&path, &parts[comm.rank()]).unwrap());
        });
        let own: Vec<E> = (0..size).map(|rank| each(rank, size)).collect();
        let files = median(|| {
            Threads::run(size, |comm| {
                options.to_file(folder.join(format!("own-{}.h5", comm.rank())), &own[comm.rank()]).unwrap();
            });
        });
        println!("| {name} | {size} | {ranks:.0} ms | {one:.0} ms | {:.2} | {files:.0} ms |", one / ranks);
    }
}

pub(crate) fn run(folder: &Path) {
    println!("\n| ranks (threads) | how many | together | `to_file` | times as fast | a file each |");
    println!("|---|---|---|---|---|---|");
    let array = Array2::from_shape_fn((32_768, 1024), |(row, column)| (row * 1024 + column) as f64);
    let rows = |rank: usize, size: usize| 32_768 * rank / size..32_768 * (rank + 1) / size;
    let block = |rank: usize, size: usize| array.slice_axis(Axis(0), Slice::from(rows(rank, size))).to_owned();
    case(
        folder,
        "256 MiB of `f64`, rows",
        &NdArray::from(&array),
        |rank, size| Block::new([32_768, 1024], [rows(rank, size).start, 0], block(rank, size)).unwrap(),
        |rank, size| NdArray(block(rank, size)),
    );
    let numbers = |id: u64| Numbers {
        position: [id as f64, 0.5, -(id as f64)],
        mass: 1.0 / (1.0 + id as f64),
        id,
        charge: (id % 3) as i8 - 1,
    };
    let named = |id: u64| Named {
        position: [id as f64, 0.5, -(id as f64)],
        mass: 1.0 / (1.0 + id as f64),
        id,
        name: (!id.is_multiple_of(4)).then(|| format!("particle {id}")),
        tags: vec![id as u16; id as usize % 5],
    };
    records(folder, "a million records of numbers", numbers);
    records(folder, "a million records with strings and lists", named);
}

fn records<T: Serialize + Clone + Sync + Send>(folder: &Path, name: &str, make: impl Fn(u64) -> T) {
    let all: Vec<T> = (0..1_000_000).map(make).collect();
    let part = |rank: usize, size: usize| all[all.len() * rank / size..all.len() * (rank + 1) / size].to_vec();
    case(folder, name, &all, |rank, size| List(part(rank, size)), part);
}
