//! How fast, against peers and against the limit: see `benches/README.md`.
//!
//! `cargo bench` runs every case; `cargo bench -- records` those whose name contains the word.

mod cases;
mod measure;
mod memory;
mod peers;
mod raw;
mod report;
mod scale;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    if let [mode, case, len] = arguments.as_slice()
        && mode == memory::CHILD
    {
        return memory::child(case, len.parse().unwrap());
    }
    let wanted = |name: &str| arguments.is_empty() || arguments.iter().any(|word| name.contains(word.as_str()));
    let folder = tempfile::tempdir_in(std::env::var_os("BENCH_FOLDER").unwrap_or_else(|| ".".into())).unwrap();
    report::header();
    cases::run(folder.path(), &wanted);
    if wanted("memory") {
        memory::run();
    }
    if wanted("scale") {
        scale::run(folder.path());
    }
}
