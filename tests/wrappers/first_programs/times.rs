//! Times of chrono, jiff and std beside each other.

use std::time::{Duration, SystemTime};

use filebacked::chrono::{DateTime, Utc};
use filebacked::jiff::Timestamp;
use filebacked::{from_file, read_at, to_file};
use serde::{Deserialize, Serialize};

use super::place;

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Campaign {
    #[serde(with = "filebacked::timestamp")]
    begun: SystemTime,
    samples: Vec<Sample>,
    events: Vec<Event>,
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Sample {
    #[serde(with = "filebacked::timestamp")]
    time: DateTime<Utc>,
    temperature: f64,
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Event {
    #[serde(with = "filebacked::timestamp")]
    at: Timestamp,
    #[serde(with = "filebacked::timestamp")]
    acknowledged: Option<Timestamp>,
}

#[test]
fn times_of_three_crates() {
    let (_folder, path) = place();
    let seconds = 1_796_040_000;
    let at = Timestamp::from_second(seconds).unwrap();
    let campaign = Campaign {
        begun: SystemTime::UNIX_EPOCH + Duration::from_secs(seconds as u64),
        samples: vec![Sample { time: DateTime::from_timestamp(seconds, 500).unwrap(), temperature: 20.5 }],
        events: vec![Event { at, acknowledged: None }, Event { at, acknowledged: Some(at) }],
    };
    to_file(&path, &campaign).unwrap();
    assert_eq!(from_file::<Campaign>(&path).unwrap(), campaign);
    for dataset in ["begun", "samples/time", "events/at", "events/acknowledged/values"] {
        let units: String = read_at(&path, &format!("{dataset}/@units")).unwrap();
        assert_eq!(units, "nanoseconds since 1970-01-01", "{dataset}");
    }
    assert_eq!(read_at::<Vec<i64>>(&path, "samples/time").unwrap(), [seconds * 1_000_000_000 + 500]);
}
