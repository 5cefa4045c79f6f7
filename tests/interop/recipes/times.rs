use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Log {
    #[serde(with = "filebacked::timestamp")]
    started: SystemTime,
    took: Duration,
    #[serde(with = "filebacked::timestamp")]
    samples: Vec<SystemTime>,
    events: Vec<Event>,
    note: String,
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Event {
    #[serde(with = "filebacked::timestamp")]
    time: SystemTime,
    level: u8,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("times.h5");
    let started = SystemTime::UNIX_EPOCH + Duration::from_secs(1_796_040_000);
    let after = |milliseconds| started + Duration::from_millis(milliseconds);
    let log = Log {
        started,
        took: Duration::from_millis(1500),
        samples: vec![after(0), after(500)],
        events: vec![Event { time: after(250), level: 1 }, Event { time: after(1250), level: 2 }],
        note: "2026-11-30T12:00:00Z".to_owned(),
    };
    filebacked::to_file(&path, &log)?;
    assert_eq!(filebacked::from_file::<Log>(&path)?, log);
    Ok(())
}
