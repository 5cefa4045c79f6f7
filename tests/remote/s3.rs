//! S3, as moto has it: signed requests, parts, conditions.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Stdio};
use std::time::Duration;

use filebacked::remote::{Opening, Putting, traffic};
use filebacked::{ErrorKind, WriteOptions};

use crate::common::{Packages, start_program};

const PACKAGES: Packages = Packages { requirements: "s3.txt", interpreters: &["python3"] };

struct Server {
    process: Child,
    url: String,
    key: String,
    secret: String,
}

impl Server {
    fn new() -> Self {
        let mut command = PACKAGES.script("s3_server.py");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = start_program(&mut command).unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let words: Vec<&str> = line.split_whitespace().collect();
        let [url, key, secret] = words[..] else {
            let mut why = String::new();
            process.stderr.take().unwrap().read_to_string(&mut why).unwrap();
            panic!("{line:?}: {why}");
        };
        // It would wait for somebody to read what it says of requests.
        let mut said = process.stderr.take().unwrap();
        std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
        Self { url: url.to_owned(), key: key.to_owned(), secret: secret.to_owned(), process }
    }

    fn opening(&self) -> Opening {
        Opening::new()
            .option("endpoint", &self.url)
            .option("allow_http", "true")
            .option("region", "us-east-1")
            .option("access_key_id", &self.key)
            .option("secret_access_key", &self.secret)
            .timeout(Duration::from_secs(60))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        drop(self.process.wait());
    }
}

#[test]
fn a_bucket() {
    let server = Server::new();
    let at = server.opening();
    let url = "s3://bucket/some/run.h5";
    let numbers = |count: u32| (0..count).map(|number| f64::from(number).sqrt()).collect::<Vec<_>>();

    let error = at.open(url).unwrap_err();
    assert!(error.to_string().contains("there is no such object"), "{error}");
    // In three parts, and in one.
    for count in [5_000_000, 100] {
        let put = Putting::new().at(at.clone()).put(url, &numbers(count)).unwrap();
        assert!(put.etag.is_some());
        let file = at.open(url).unwrap();
        assert_eq!(filebacked::from_group::<Vec<f64>>(&file).unwrap(), numbers(count));
        assert!(traffic(&file).unwrap().rounds <= 8, "{:?}", traffic(&file));
    }

    // Conditions.
    let putting = || Putting::new().at(at.clone()).options(WriteOptions::new());
    let error = putting().if_absent().put(url, &1u8).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{error}");
    let first = putting().if_absent().put("s3://bucket/other.h5", &2u8).unwrap().etag.unwrap();
    putting().if_unchanged(&first).put("s3://bucket/other.h5", &3u8).unwrap();
    let error = putting().if_unchanged(&first).put("s3://bucket/other.h5", &4u8).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Gone, "{error}");
    assert_eq!(filebacked::from_group::<u8>(&at.open("s3://bucket/other.h5").unwrap()).unwrap(), 3);

    // A file that is replaced.
    putting().put(url, &numbers(2_000_000)).unwrap();
    let file = at.open(url).unwrap();
    putting().put(url, &numbers(2_000_001)).unwrap();
    let error = filebacked::from_group::<Vec<f64>>(&file).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Gone, "{error}");

    // Somebody else.
    let error = server.opening().option("secret_access_key", "another").open(url).unwrap_err();
    assert!(error.to_string().contains("denied") || error.to_string().contains("credentials"), "{error}");
}
