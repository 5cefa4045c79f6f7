//! Heat that spreads in a plate, on several ranks: they write one file now and then, are stopped, and go on from it with another number
//! of ranks.
//!
//! `cargo run --example ranks` has threads as ranks: three, and then five, in a folder that is removed. With MPI,
//! `cargo build --features mpi --example ranks` makes a program of one rank each:
//! `mpirun -n 3 target/debug/examples/ranks plate.h5 50` does 50 steps, and goes on from what is in the file.

use std::ops::Range;
use std::path::Path;

use filebacked::WriteOptions;
#[cfg(not(feature = "mpi"))]
use filebacked::dist::Threads;
use filebacked::dist::{self, Block, Comm};
use filebacked::ndarray::{Array2, Ix2, s};
use serde::{Deserialize, Serialize};

/// What goes wrong on a rank, or between ranks.
type Result<T, E = Box<dyn std::error::Error + Send + Sync>> = std::result::Result<T, E>;

const ROWS: usize = 240;
const COLUMNS: usize = 160;
const WRITE_EVERY: u64 = 10;

/// What the ranks have together.
#[derive(Serialize, Deserialize)]
struct Plate {
    step: u64,
    /// Each rank has some rows.
    temperature: Block<f64, Ix2>,
    /// Each rank has the sensors on its rows.
    #[serde(with = "filebacked::dist::list")]
    sensors: Vec<Sensor>,
}

#[derive(Serialize, Deserialize, Clone, PartialEq, Debug)]
struct Sensor {
    name: String,
    row: usize,
    highest: Option<f64>,
}

/// The rows of a rank.
fn rows_of(comm: &impl Comm) -> Range<usize> {
    let start = |rank: usize| ROWS * rank / comm.size();
    start(comm.rank())..start(comm.rank() + 1)
}

impl Plate {
    fn new(comm: &impl Comm) -> filebacked::Result<Self> {
        let rows = rows_of(comm);
        let is_hot = |row: usize, column: usize| (100..140).contains(&row) && (20..60).contains(&column);
        let values =
            Array2::from_shape_fn(
                (rows.len(), COLUMNS),
                |(row, column)| {
                    if is_hot(rows.start + row, column) { 100.0 } else { 20.0 }
                },
            );
        let sensors = rows.clone().filter(|row| row % 50 == 7);
        let sensors = sensors.map(|row| Sensor { name: format!("row {row}"), row, highest: None }).collect();
        Ok(Self { step: 0, temperature: Block::new([ROWS, COLUMNS], [rows.start, 0], values)?, sensors })
    }

    /// Has all ranks go a step on: each needs a row of both neighbours.
    fn advance(&mut self, comm: &impl Comm) -> std::io::Result<()> {
        let own = &self.temperature.values;
        let bytes = |row: usize| own.row(row).iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<_>>();
        let borders = comm.all_gather(&[bytes(0), bytes(own.nrows() - 1)].concat())?;
        let half = COLUMNS * size_of::<f64>();
        let row = |bytes: &[u8]| bytes.as_chunks().0.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect::<Vec<_>>();
        let above = comm.rank().checked_sub(1).map(|rank| row(&borders[rank][half..]));
        let below = borders.get(comm.rank() + 1).map(|border| row(&border[..half]));
        let at = |row: isize, column: usize| match usize::try_from(row) {
            Err(_) => above.as_ref().map_or(own[[0, column]], |above| above[column]),
            Ok(row) if row == own.nrows() => below.as_ref().map_or(own[[row - 1, column]], |below| below[column]),
            Ok(row) => own[[row, column]],
        };
        let next = Array2::from_shape_fn(own.raw_dim(), |(row, column)| {
            let (left, right) = (column.saturating_sub(1), (column + 1).min(COLUMNS - 1));
            let around =
                at(row as isize - 1, column) + at(row as isize + 1, column) + own[[row, left]] + own[[row, right]];
            own[[row, column]] + 0.2 * (around - 4.0 * own[[row, column]])
        });
        let start = self.temperature.start[0];
        for sensor in &mut self.sensors {
            let here = next.slice(s![sensor.row - start, ..]).fold(f64::MIN, |highest, value| highest.max(*value));
            sensor.highest = Some(sensor.highest.map_or(here, |highest| highest.max(here)));
        }
        self.temperature.values = next;
        self.step += 1;
        Ok(())
    }
}

/// Goes on from the file, or begins, and does so many steps.
fn simulate(comm: &impl Comm, path: &Path, steps: u64) -> Result<()> {
    let mut plate = if path.exists() {
        let mut plate: Plate = dist::from_file(comm, path)?;
        // The file does not know on which rows a sensor is: its rank is the one that has them.
        let all = filebacked::ReadOptions::new().share(|len, _, _| 0..len).dist(comm).from_file::<Plate>(path)?;
        let rows = rows_of(comm);
        plate.sensors = all.sensors.into_iter().filter(|sensor| rows.contains(&sensor.row)).collect();
        plate
    } else {
        Plate::new(comm)?
    };
    for _ in 0..steps {
        plate.advance(comm)?;
        if plate.step.is_multiple_of(WRITE_EVERY) {
            // Without a wait for the disk: a crash of the machine may take the last file.
            WriteOptions::new().sync(false).dist(comm).to_file(path, &plate)?;
        }
    }
    if comm.rank() == 0 {
        println!("step {} on {} ranks", plate.step, comm.size());
    }
    Ok(())
}

#[cfg(feature = "mpi")]
fn main() -> Result<()> {
    use mpi::traits::Communicator;

    let universe = mpi::initialize().ok_or("MPI does not start")?;
    let world = universe.world().duplicate();
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().unwrap_or_else(|| "plate.h5".to_owned());
    let steps = arguments.next().map_or(Ok(100), |steps| steps.parse())?;
    simulate(&world, Path::new(&path), steps)?;
    Ok(())
}

#[cfg(not(feature = "mpi"))]
fn main() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let on = |size: usize, name: &str, steps: u64| -> Result<()> {
        Threads::run(size, |comm| simulate(&comm, &folder.path().join(name), steps)).into_iter().collect()
    };
    // Stopped at step 57, of which the file has 50.
    on(3, "plate.h5", 57)?;
    on(5, "plate.h5", 50)?;

    // One rank that was never stopped has the same.
    on(1, "whole.h5", 100)?;
    let [found, expected] = ["plate.h5", "whole.h5"].map(|name| std::fs::read(folder.path().join(name)));
    assert!(found? == expected?);

    let plate: Plate = filebacked::from_file(folder.path().join("plate.h5"))?;
    for sensor in &plate.sensors {
        println!("{}: at most {:.1} degrees", sensor.name, sensor.highest.unwrap_or(f64::NAN));
    }
    assert_eq!((plate.step, plate.sensors.len()), (100, 5));
    Ok(())
}
