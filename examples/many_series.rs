//! 20,000 series of measurements by the names of their stations: an object in the file for each, or a few for all.
//!
//! `cargo run --release --example many_series` writes `many_series.h5` into the current folder.

use std::collections::BTreeMap;
use std::time::Instant;

use filebacked::{LazyMap, Maps, WriteOptions, hdf5};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Network {
    title: String,
    /// Each station has a series of its own length.
    series: BTreeMap<String, Vec<f64>>,
}

#[derive(Deserialize)]
struct Overview {
    /// The names are read, each series when it is asked for.
    series: LazyMap<String, Vec<f64>>,
}

/// The number of groups and datasets in a group.
fn objects(group: &hdf5::Group) -> filebacked::Result<usize> {
    let mut count = 0;
    for name in group.member_names()? {
        count += 1 + group.group(&name).map_or(Ok(0), |inner| objects(&inner))?;
    }
    Ok(count)
}

fn main() -> filebacked::Result<()> {
    let series =
        (0..20_000_u32).map(|n| (format!("station {n:05}"), (0..40 + n % 21).map(f64::from).collect())).collect();
    let network = Network { title: "rain gauges".to_owned(), series };

    for maps in [Maps::Groups, Maps::Columns] {
        let options = WriteOptions::new().at("series", |series| series.maps(maps)).sync(false);
        let start = Instant::now();
        options.to_file("many_series.h5", &network)?;
        let written = start.elapsed();
        let start = Instant::now();
        let back: Network = filebacked::from_file("many_series.h5")?;
        let read = start.elapsed();
        assert_eq!(back, network);
        let bytes = std::fs::metadata("many_series.h5").map_or(0, |about| about.len());
        let objects = objects(&*hdf5::File::open("many_series.h5")?)?;
        println!("{maps:?}: {objects} objects, {bytes} bytes, written in {written:.1?}, read in {read:.1?}");
    }
    print!("{}", filebacked::tree(&hdf5::File::open("many_series.h5")?)?);

    let overview: Overview = filebacked::from_file("many_series.h5")?;
    let last = overview.series.get("station 19999")?.map(Vec::len);
    println!("{} stations; the last has {last:?} values", overview.series.len());
    Ok(())
}
