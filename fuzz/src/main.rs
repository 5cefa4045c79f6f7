//! Reads damaged files in processes that may crash. See the README.

mod mutate;
mod seeds;
mod server;
mod stack;
mod ways;

#[path = "../../tests/common/checksums.rs"]
mod checksums;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use server::{Found, Variants, Work};

/// What the command line asks for.
struct Asked {
    seed: u64,
    seconds: u64,
    reads: u64,
    patience: u64,
    jobs: usize,
    found: PathBuf,
    one: Option<u64>,
    read: Option<PathBuf>,
    corpus: Option<PathBuf>,
    files: Option<PathBuf>,
    trusted: bool,
}

fn asked() -> Result<Asked, String> {
    let mut asked = Asked {
        seed: 1,
        seconds: 120,
        reads: u64::MAX,
        patience: 5,
        jobs: std::thread::available_parallelism().map_or(1, usize::from),
        found: PathBuf::from("target/fuzz"),
        one: None,
        read: None,
        corpus: None,
        files: None,
        trusted: false,
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let value = arguments.next().ok_or_else(|| format!("{name}: its value is missing"))?;
        let number = || value.parse::<u64>().map_err(|error| format!("{name} {value}: {error}"));
        match &*name {
            "--seed" => asked.seed = number()?,
            "--seconds" => asked.seconds = number()?,
            "--reads" => (asked.reads, asked.seconds) = (number()?, u64::MAX >> 1),
            "--patience" => asked.patience = number()?,
            "--jobs" => asked.jobs = number()?.max(1) as usize,
            "--found" => asked.found = PathBuf::from(&value),
            "--one" => asked.one = Some(number()?),
            "--read" => asked.read = Some(PathBuf::from(&value)),
            "--corpus" => asked.corpus = Some(PathBuf::from(&value)),
            "--trusted" => asked.trusted = value.parse().map_err(|error| format!("{name} {value}: {error}"))?,
            "--files" => asked.files = Some(PathBuf::from(&value)),
            _ => return Err(format!("{name}: there is no such option")),
        }
    }
    Ok(asked)
}

fn main() -> ExitCode {
    let asked = match asked() {
        Ok(asked) => asked,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(2);
        }
    };
    let seeds = match (&asked.read, &asked.files) {
        (Some(path), _) => vec![seeds::Seed::of_file(path)],
        (None, Some(folder)) => seeds::of_corpus(folder),
        (None, None) => seeds::all(),
    };
    let patience = Duration::from_secs(asked.patience);
    let variants = match (&asked.read, &asked.files) {
        (Some(_), _) => Variants::One,
        (None, Some(_)) => Variants::Files,
        (None, None) => Variants::Damaged,
    };
    let work = Work { seeds: &seeds, seed: asked.seed, patience, variants, trusted: asked.trusted };
    if let Some(folder) = &asked.corpus {
        return write_corpus(&work, asked.reads.min(100_000), folder);
    }
    if let Some(number) = asked.one.or(asked.read.is_some().then_some(0)) {
        return server::one(&work, number, &asked.found);
    }
    println!("{} seeds, {} bytes", seeds.len(), seeds.iter().map(|seed| seed.image.len()).sum::<usize>());
    let run = server::run(&work, asked.jobs, Duration::from_secs(asked.seconds), asked.reads);
    println!("{} reads of {} files: {} gave a value", run.reads, run.files, run.values);
    report(&work, &run.found, &asked.found)
}

/// Writes so many variants into a folder, and the names under which they are read: for other programs.
fn write_corpus(work: &Work<'_>, count: u64, folder: &std::path::Path) -> ExitCode {
    let written = std::fs::create_dir_all(folder).and_then(|()| {
        let mut names = String::new();
        for number in 0..count {
            let (image, seed) = mutate::variant(work, number);
            std::fs::write(folder.join(format!("{number:06}.h5")), image)?;
            names += &format!("{}\n", server::name_of(work, number, seed));
        }
        std::fs::write(folder.join("names"), names)
    });
    match written {
        Ok(()) => {
            println!("{count} files in {}", folder.display());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{}: {error}", folder.display());
            ExitCode::FAILURE
        }
    }
}

/// Prints what was found, by its stack, and writes one file of each, and up to two more.
fn report(work: &Work<'_>, found: &[Found], folder: &std::path::Path) -> ExitCode {
    let mut kinds: Vec<(&str, Vec<&Found>)> = Vec::new();
    for one in found {
        match kinds.iter_mut().find(|(what, _)| *what == one.what) {
            Some((_, all)) => all.push(one),
            None => kinds.push((&one.what, vec![one])),
        }
    }
    kinds.sort_by_key(|(_, all)| std::cmp::Reverse(all.len()));
    for (what, all) in &kinds {
        println!("\n{} times: {what}", all.len());
        for one in all.iter().take(3) {
            let image = mutate::variant(work, one.number).0;
            let path = folder.join(format!("{}-{}.h5", work.seed, one.number));
            let written = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&path, image));
            let of = &work.seeds[mutate::seed_of(work, one.number)].name;
            println!("  --seed {} --one {} ({}, of {of}): {}", work.seed, one.number, one.way, path.display());
            if let Err(error) = written {
                println!("  it could not be written: {error}");
            }
        }
    }
    println!("\n{} found, of {} kinds", found.len(), kinds.len());
    if found.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
