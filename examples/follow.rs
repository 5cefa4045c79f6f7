//! A program that measures and appends, and one that follows it while it runs, as h5py can, too.
//!
//! `cargo run --example follow` is both: it starts itself once more, as the one that measures. It writes `measured.h5` into the
//! current folder.

use std::process::Command;
use std::time::Duration;

use filebacked::{ReadOptions, WriteOptions};
use serde::{Deserialize, Serialize};

const PATH: &str = "measured.h5";
const COUNT: u64 = 300;

#[derive(Serialize, Deserialize, Debug)]
struct Measured {
    second: f64,
    volts: [f64; 2],
}

/// The program that writes: another process, here.
fn measure() -> filebacked::Result<()> {
    let mut values = WriteOptions::new().swmr(true).create_appender_file(PATH, "values")?;
    for index in 0..COUNT {
        let second = index as f64 / 100.0;
        values.push(&Measured { second, volts: [second.sin(), second.cos()] })?;
        if index % 20 == 0 {
            // From here on, others find it.
            values.flush()?;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    values.finish()
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    if std::env::args().nth(1).is_some_and(|argument| argument == "measure") {
        return Ok(measure()?);
    }
    drop(std::fs::remove_file(PATH));
    let mut child = Command::new(std::env::current_exe()?).arg("measure").spawn()?;

    // Until the first values are there, the file cannot be opened.
    let options = ReadOptions::new().swmr(true);
    let mut values = loop {
        match options.reader_file::<Measured>(PATH, "values") {
            Ok(values) => break values,
            Err(_) if child.try_wait()?.is_none() => std::thread::sleep(Duration::from_millis(5)),
            Err(error) => return Err(error.into()),
        }
    };
    let (mut seen, mut largest) = (0, 0.0_f64);
    while seen < COUNT {
        for value in values.by_ref() {
            largest = largest.max(value?.volts[0]);
            seen += 1;
        }
        println!("{seen} values, of at most {largest:.3} V");
        std::thread::sleep(Duration::from_millis(100));
        values.refresh()?;
    }
    assert!(child.wait()?.success());
    Ok(())
}
