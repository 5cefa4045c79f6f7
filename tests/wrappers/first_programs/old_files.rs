//! A file of an older program.

use filebacked::{ErrorKind, from_slice, to_vec};
use serde::Deserialize;

mod old {
    #[derive(serde::Serialize)]
    pub(super) struct Experiment {
        pub(super) id: u16,
        pub(super) temp: f32,
        pub(super) method: Method,
        pub(super) samples: Vec<Sample>,
    }

    #[derive(serde::Serialize)]
    pub(super) struct Sample {
        pub(super) mass: f32,
        pub(super) count: i32,
    }

    #[derive(serde::Serialize)]
    pub(super) enum Method {
        Dry { minutes: u32 },
    }
}

#[derive(Deserialize, PartialEq, Debug)]
struct Experiment {
    id: u64,
    #[serde(alias = "temp")]
    temperature: f64,
    #[serde(default)]
    operator: String,
    method: Method,
    samples: Vec<Sample>,
}

#[derive(Deserialize, PartialEq, Debug)]
struct Sample {
    #[serde(alias = "mass")]
    weight: f64,
    count: i64,
    comment: Option<String>,
}

#[derive(Deserialize, PartialEq, Debug)]
enum Method {
    #[allow(dead_code, reason = "no old file has it")]
    Frozen,
    Dry {
        minutes: u64,
        #[serde(default)]
        hot: bool,
    },
}

#[derive(Deserialize, Debug)]
struct Strict {
    #[allow(dead_code, reason = "it is missing")]
    operator: String,
}

#[test]
fn old_file_as_new_types() {
    let samples = vec![old::Sample { mass: 0.5, count: 3 }, old::Sample { mass: 1.5, count: -4 }];
    let file =
        to_vec(&old::Experiment { id: 7, temp: 21.5, method: old::Method::Dry { minutes: 30 }, samples }).unwrap();
    let new: Experiment = from_slice(&file).unwrap();
    let sample = |weight, count| Sample { weight, count, comment: None };
    let expected = Experiment {
        id: 7,
        temperature: 21.5,
        operator: String::new(),
        method: Method::Dry { minutes: 30, hot: false },
        samples: vec![sample(0.5, 3), sample(1.5, -4)],
    };
    assert_eq!(new, expected);
    assert_eq!(from_slice::<Strict>(&file).unwrap_err().kind(), ErrorKind::MissingField);
}
