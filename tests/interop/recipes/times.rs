use std::time::Duration;

use filebacked::WithAttrs;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Log {
    started: String,
    took: Duration,
    events: WithAttrs<Vec<i64>, Units>,
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Units {
    units: String,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("times.h5");
    let log = Log {
        started: "2026-11-30T12:00:00Z".to_owned(),
        took: Duration::from_millis(1500),
        events: WithAttrs {
            value: vec![1_796_040_000_000_000_000, 1_796_040_000_500_000_000],
            attrs: Units { units: "nanoseconds since 1970-01-01".to_owned() },
        },
    };
    filebacked::to_file(&path, &log)?;
    assert_eq!(filebacked::from_file::<Log>(&path)?, log);
    Ok(())
}
