//! A million records, read in pieces and within a limit.
//!
//! `cargo run --release --example in_pieces`

use filebacked::{ErrorKind, ReadOptions, Reader};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, PartialEq, Clone, Debug)]
struct Hit {
    time: f64,
    channel: u16,
    energy: f32,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("hits.h5");
    let hit = |n: u32| Hit { time: f64::from(n) * 1e-6, channel: (n % 64) as u16, energy: (n % 1000) as f32 };
    filebacked::write_at(&path, "hits", &(0..1_000_000).map(hit).collect::<Vec<_>>())?;

    // Any of them, without those before it.
    let mut hits = Reader::<Hit>::open_file(&path, "hits")?;
    assert_eq!((hits.len(), hits.get(123_456)?), (1_000_000, hit(123_456)));

    // A file of a stranger: no record may take more than so many bytes. All at once would be too much.
    let options = ReadOptions::new().max_bytes(10_000_000);
    let error = options.read_at::<Vec<Hit>>(&path, "hits").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit);
    println!("{error}");

    let mut hits = options.reader_file::<Hit>(&path, "hits")?;
    let mut total = 0.0;
    for start in (0..hits.len()).step_by(250_000) {
        let piece: Vec<Hit> = hits.range(start..start + 250_000).collect::<filebacked::Result<_>>()?;
        let energy: f64 = piece.iter().map(|hit| f64::from(hit.energy)).sum();
        println!("{} hits from {:.2} s on: {energy}", piece.len(), piece[0].time);
        total += energy;
    }
    assert_eq!(total, 499.5e6);

    // Or one by one; the memory that this takes does not depend on how many there are.
    let loud =
        options.reader_file::<Hit>(&path, "hits")?.filter(|hit| hit.as_ref().is_ok_and(|hit| hit.energy > 998.5));
    println!("{} of the highest energy", loud.count());
    Ok(())
}
