//! A batch of Arrow's as a value, and a stored table read by columns and in batches.
//!
//! `cargo run --features arrow --example table`. It writes `table.h5` into the current folder.

use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{Array, record_batch};
use filebacked::{Table, WriteOptions, table};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Run {
    title: String,
    penguins: Table,
}

/// A record of the same table.
#[derive(Deserialize)]
struct Penguin {
    species: String,
    mass: Option<f64>,
}

#[derive(Deserialize)]
struct Records {
    penguins: Vec<Penguin>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let penguins = record_batch!(
        ("species", Utf8, ["Adelie", "Chinstrap", "Gentoo", "Gentoo"]),
        ("year", Int16, [2007, 2008, 2008, 2009]),
        ("mass", Float64, [Some(3.7), None, Some(5.1), Some(5.4)])
    )?;
    let run = Run { title: "penguins".to_owned(), penguins: Table(penguins) };
    WriteOptions::new().deflate(4).to_file("table.h5", &run)?;

    // The same value again, and the same table as structs.
    let again: Run = filebacked::from_file("table.h5")?;
    assert_eq!(again.penguins, run.penguins);
    let records: Records = filebacked::from_file("table.h5")?;
    let Penguin { species, mass } = &records.penguins[1];
    println!("{}: {species}, {mass:?}", again.title);

    // One column of some rows.
    let mut reader = table::Reader::open_file("table.h5", "penguins")?.columns(["mass"])?;
    let masses = reader.read(1..)?;
    println!("{:?}", masses["mass"].as_primitive::<Float64Type>());

    // All of it, some rows at a time, in as much memory as these take.
    let reader = table::Reader::open_file("table.h5", "penguins")?;
    println!("{} rows of {}", reader.len(), reader.names().collect::<Vec<_>>().join(", "));
    for batch in reader.batches(3) {
        let batch = batch?;
        println!("{} rows, {} masses", batch.num_rows(), batch.num_rows() - batch["mass"].null_count());
    }
    Ok(())
}
