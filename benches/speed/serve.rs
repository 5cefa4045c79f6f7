//! This crate as a side of a comparison that another program runs: `peers.py` starts it and alternates with its own.
//!
//! It reads lines `write` or `read`, a case and a path, separated by tabs, and answers each with seconds and the bytes of
//! the value by itself. A read checks what it reads, and needs a write of the same case before it.

use std::io::{BufRead, Write};
use std::path::Path;

use crate::cases;

pub(crate) fn run() {
    let mut lines = std::io::stdin().lock().lines().map(Result::unwrap);
    let mut pending = lines.next();
    while let Some(line) = pending.take() {
        let case_of = |line: &str| line.split('\t').nth(1).unwrap_or_default().to_owned();
        let wanted = case_of(&line);
        let mut first = Some(line);
        // A case's value is made once, and serves for as long as the lines are about that case.
        cases::each(&|name| name == wanted, &mut |mut case| {
            let own = &mut case.sides[0];
            while let Some(line) = first.take().or_else(|| lines.next()) {
                if case_of(&line) != wanted {
                    pending = Some(line);
                    return;
                }
                let path = Path::new(line.split('\t').nth(2).expect("a path"));
                let took = match line.split('\t').next() {
                    Some("write") => (own.write)(path),
                    Some("read") => own.read.as_mut().unwrap()(path),
                    _ => panic!("no such direction: {line}"),
                };
                println!("{}\t{}", took.as_secs_f64(), case.bytes);
                std::io::stdout().flush().unwrap();
            }
        });
        assert!(first.is_none(), "no such case: {wanted}");
    }
}
