//! A log that is the whole file, and goes on after each start; and a list that is read in pieces within limits.

use filebacked::{Appender, ErrorKind, FileLocking, ReadOptions, from_file, hdf5};
use serde::{Deserialize, Serialize};

use super::place;

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Entry {
    seconds: f64,
    level: Level,
    message: String,
    value: Option<f64>,
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
enum Level {
    Info,
    Warning,
}

#[test]
fn log_that_goes_on() {
    let (_folder, path) = place();
    for start in 0..3_u64 {
        let mut log = Appender::open_or_create_file(&path, "/").unwrap();
        assert_eq!(log.len(), 100 * start);
        for n in 0..100_u32 {
            let level = if n == 99 { Level::Warning } else { Level::Info };
            let message = format!("start {start}, step {n}");
            log.push(&Entry { seconds: f64::from(n), level, message, value: Some(0.5) }).unwrap();
        }
        log.finish().unwrap();
    }
    let entries: Vec<Entry> = from_file(&path).unwrap();
    assert_eq!(entries.len(), 300);
    assert_eq!((entries[299].message.as_str(), &entries[299].level), ("start 2, step 99", &Level::Warning));
    // For h5py, the list is `f["value"]`.
    assert_eq!(hdf5::File::open(&path).unwrap().dataset("value/seconds").unwrap().shape(), [300]);
}

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
struct Hit {
    time: f64,
    channel: u16,
}

#[test]
fn limits_are_about_each_element() {
    let (_folder, path) = place();
    let hits: Vec<Hit> = (0..100_000_u32).map(|n| Hit { time: f64::from(n), channel: (n % 64) as u16 }).collect();
    filebacked::write_at(&path, "hits", &hits).unwrap();
    let options = ReadOptions::new().max_bytes(500_000);
    assert_eq!(options.read_at::<Vec<Hit>>(&path, "hits").unwrap_err().kind(), ErrorKind::Limit);

    let mut reader = options.reader_file::<Hit>(&path, "hits").unwrap();
    assert_eq!(reader.get(77_777).unwrap(), hits[77_777]);
    for start in (0..reader.len()).step_by(30_000) {
        let piece: Vec<Hit> = reader.range(start..start + 30_000).collect::<Result<_, _>>().unwrap();
        assert_eq!(piece, hits[start as usize..][..piece.len()]);
    }

    drop(reader);
    filebacked::write_at(&path, "notes", &["short".to_owned(), "long".repeat(1000)]).unwrap();
    let file = hdf5::File::open(&path).unwrap();
    let mut notes = ReadOptions::new().max_bytes(2000).reader::<String>(&file, "notes").unwrap();
    assert_eq!(notes.get(0).unwrap(), "short");
    let error = notes.get(1).unwrap_err();
    assert_eq!((error.kind(), error.path().as_str()), (ErrorKind::Limit, "[1]"), "{error}");
    assert!(error.to_string().contains("`ReadOptions::max_bytes` sets the limit"), "{error}");
    assert_eq!(notes.range(..).filter(Result::is_ok).count(), 1);
}

#[test]
fn options_of_readers() {
    let (_folder, path) = place();
    filebacked::write_at(&path, "energies", &[0.1, 0.2]).unwrap();
    let rounded = |options: ReadOptions| -> filebacked::Result<Vec<f32>> {
        options.reader_file(&path, "energies")?.collect::<filebacked::Result<_>>()
    };
    assert_eq!(rounded(ReadOptions::new()).unwrap_err().kind(), ErrorKind::OutOfRange);
    let options = ReadOptions::new().allow_rounding(true).file_locking(FileLocking::Off);
    assert_eq!(rounded(options).unwrap(), [0.1, 0.2]);
    let error = rounded(ReadOptions::new().skip(["*/notes"])).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("`skip` is not for sequences that are read element by element"), "{error}");
}
