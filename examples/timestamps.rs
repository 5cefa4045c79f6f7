//! A time series that xarray opens with its times: each is a number of nanoseconds since 1970, and says so.
//!
//! `cargo run --example timestamps` writes `timestamps.h5` into the current folder. In Python:
//!
//! ```python
//! import xarray
//! print(xarray.open_dataset("timestamps.h5", engine="h5netcdf", phony_dims="sort"))
//! ```

use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Recording {
    #[serde(with = "filebacked::timestamp")]
    begun: SystemTime,
    #[serde(with = "filebacked::timestamp")]
    time: Vec<SystemTime>,
    temperature: Vec<f64>,
    /// When the sensor was serviced, as far as that is known.
    #[serde(with = "filebacked::timestamp")]
    serviced: Vec<Option<SystemTime>>,
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Event {
    #[serde(with = "filebacked::timestamp")]
    time: SystemTime,
    message: String,
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Log {
    recording: Recording,
    events: Vec<Event>,
}

fn main() -> filebacked::Result<()> {
    let begun = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let after = |seconds: u64| begun + Duration::from_secs(seconds);
    let recording = Recording {
        begun,
        time: (0..60).map(after).collect(),
        temperature: (0..60).map(|step| 20.0 + f64::from(step) / 10.0).collect(),
        serviced: vec![Some(after(7)), None, Some(after(30))],
    };
    // In a list of structs, times are a column.
    let events = ["on", "warm", "off"].iter().zip([0, 20, 59]);
    let events = events.map(|(message, at)| Event { time: after(at), message: (*message).to_owned() }).collect();
    let log = Log { recording, events };

    filebacked::to_file("timestamps.h5", &log)?;
    print!("{}", filebacked::tree(&filebacked::hdf5::File::open("timestamps.h5")?)?);
    assert_eq!(filebacked::from_file::<Log>("timestamps.h5")?, log);
    Ok(())
}
