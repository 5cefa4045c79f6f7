//! Times, as xarray and pandas have them: what is written for them, and what they write.

use std::time::{Duration, SystemTime};

use filebacked::{from_file, read_at, to_file};
use serde::{Deserialize, Serialize};

use crate::common::Packages;

const XARRAY: Packages = Packages { requirements: "xarray.txt", interpreters: &["python3"] };

#[derive(Serialize)]
struct Recording {
    #[serde(with = "filebacked::timestamp")]
    begun: SystemTime,
    #[serde(with = "filebacked::timestamp")]
    time: Vec<SystemTime>,
    #[serde(with = "filebacked::timestamp")]
    gaps: Vec<Option<SystemTime>>,
    temperature: [f64; 4],
    events: Vec<Event>,
    levels: Vec<Level>,
}

#[derive(Serialize)]
struct Event {
    #[serde(with = "filebacked::timestamp")]
    time: SystemTime,
    message: &'static str,
}

/// Of fixed size.
#[derive(Serialize)]
struct Level {
    #[serde(with = "filebacked::timestamp")]
    time: SystemTime,
    #[serde(with = "filebacked::timestamp")]
    end: Option<SystemTime>,
    level: u8,
}

#[test]
fn xarray_reads_times() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("times.h5");
    let begun = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let recording = Recording {
        begun,
        time: (0..4).map(|step| begun + Duration::from_millis(250 * step)).collect(),
        gaps: vec![None, Some(SystemTime::UNIX_EPOCH + Duration::from_nanos(7))],
        temperature: [0.5, 1.5, 2.5, 3.5],
        events: vec![
            Event { time: begun, message: "on" },
            Event { time: begun + Duration::from_secs(1), message: "off and out" },
        ],
        levels: (1..=3)
            .map(|level| Level {
                time: SystemTime::UNIX_EPOCH + Duration::from_nanos(level.into()),
                end: (level == 2).then(|| SystemTime::UNIX_EPOCH + Duration::from_nanos(7)),
                level,
            })
            .collect(),
    };
    to_file(&path, &recording).unwrap();
    assert_eq!(XARRAY.python("times.py", ["read".as_ref(), path.as_os_str()]).trim(), "read");
}

#[test]
fn times_of_xarray_are_read() {
    #[derive(Deserialize)]
    struct Gaps {
        #[serde(with = "filebacked::timestamp")]
        time: Vec<Option<SystemTime>>,
    }
    #[derive(Deserialize)]
    struct List {
        #[serde(with = "filebacked::timestamp")]
        time: Vec<SystemTime>,
    }
    let folder = tempfile::tempdir().unwrap();
    let written = XARRAY.python("times.py", ["write".as_ref(), folder.path().as_os_str()]);
    let nanoseconds = |time: &SystemTime| match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => after.as_nanos() as i64,
        Err(before) => -(before.duration().as_nanos() as i64),
    };
    let mut count = 0;
    for line in written.lines() {
        let (name, expected) = line.split_once('\t').unwrap();
        let expected: Vec<Option<i64>> = serde_json::from_str(expected).unwrap();
        let path = folder.path().join(format!("{name}.nc"));
        let gaps: Gaps = from_file(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
        let found: Vec<_> = gaps.time.iter().map(|time| time.as_ref().map(nanoseconds)).collect();
        assert_eq!(found, expected, "{name}");
        match from_file::<List>(&path) {
            Ok(list) => assert!(list.time.iter().map(|time| Some(nanoseconds(time))).eq(expected), "{name}"),
            Err(error) => assert!(name == "gaps" && error.to_string().contains("missing (`NaT`)"), "{name}: {error}"),
        }
        count += 1;
    }
    assert_eq!(count, 12);

    #[derive(Deserialize, PartialEq, Debug)]
    struct One {
        #[serde(with = "filebacked::timestamp")]
        time: SystemTime,
    }
    let others = folder.path().join("others.h5");
    let records: Vec<One> = read_at(&others, "records").unwrap();
    assert_eq!(records, [One { time: SystemTime::UNIX_EPOCH + Duration::from_secs(2) }]);
    let error = read_at::<One>(&others, "span").unwrap_err();
    assert!(error.to_string().contains("a `timedelta64[s]` is no time"), "{error}");
}
