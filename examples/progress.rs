//! A line that says how far a call is, and a call that is cancelled.
//!
//! `cargo run --release --example progress` writes `progress.h5` into the current folder.

use std::collections::BTreeMap;
use std::io::{Write, stdout};
use std::ops::ControlFlow;
use std::time::Instant;

use filebacked::{ErrorKind, Progress, ReadOptions, WriteOptions};

/// Prints over the line from before.
fn print_line(what: &str, progress: &Progress, begun: Instant) {
    let seconds = begun.elapsed().as_secs_f64();
    let speed = progress.bytes() as f64 / 1e6 / seconds.max(1e-3);
    print!("\r{what}: {progress}, {speed:.0} MB/s        ");
    stdout().flush().unwrap_or_default();
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let wave = |field: u32| (0..1_000_000).map(move |step| (f64::from(step) * 1e-5 * f64::from(field)).sin());
    let fields: BTreeMap<String, Vec<f64>> =
        (1..=5).map(|field| (format!("wave {field}"), wave(field).collect())).collect();

    let begun = Instant::now();
    let options = WriteOptions::new().deflate(4);
    options.clone().progress(move |p| print_line("written", p, begun)).to_file("progress.h5", &fields)?;
    println!();

    let begun = Instant::now();
    let reading = ReadOptions::new().progress(move |p| print_line("read", p, begun));
    let back: BTreeMap<String, Vec<f64>> = reading.from_file("progress.h5")?;
    println!();
    assert_eq!(back, fields);

    // Whoever wants no more than half of it says so. A program would look whether a button was pressed.
    let half = options.progress(|p| match p.bytes() {
        0..20_000_000 => ControlFlow::Continue(()),
        _ => ControlFlow::Break(()),
    });
    let error = half.to_file("progress.h5", &BTreeMap::from([("other", &fields)])).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled);
    println!("{error}");
    // The file is as it was.
    assert_eq!(filebacked::from_file::<BTreeMap<String, Vec<f64>>>("progress.h5")?, fields);
    Ok(())
}
