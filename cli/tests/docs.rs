//! What the documentation shows is what there is: each command in it is run, and its output compared.
//!
//! `BLESS=1 cargo test -p filebacked-cli --test docs` puts what there is into the pages.

mod common;

use std::path::Path;

use common::{make_files, shell};

/// Whether a text is as a pattern says, in which `[..]` stands for anything within a line.
fn matches(pattern: &str, text: &str) -> bool {
    let line = |pattern: &str, text: &str| {
        let mut parts = pattern.split("[..]");
        let first = parts.next().unwrap_or_default();
        let Some(mut rest) = text.strip_prefix(first) else { return false };
        let mut parts: Vec<&str> = parts.collect();
        let Some(last) = parts.pop() else { return rest.is_empty() };
        for part in parts {
            let Some(at) = rest.find(part) else { return false };
            rest = &rest[at + part.len()..];
        }
        rest.ends_with(last)
    };
    pattern.lines().count() == text.lines().count()
        && pattern.lines().zip(text.lines()).all(|(pattern, text)| line(pattern, text.trim_end()))
}

/// Runs the blocks of a page that are marked as `console`, in one folder, and returns the page with what came out.
fn run_page(page: &str, folder: &Path, failures: &mut Vec<String>) -> String {
    let mut lines = page.lines().peekable();
    let mut new = String::new();
    while let Some(line) = lines.next() {
        new.push_str(line);
        new.push('\n');
        if line != "```console" {
            continue;
        }
        while let Some(command) = lines.next_if(|line| *line != "```") {
            let Some(shown) = command.strip_prefix("$ ") else {
                failures.push(format!("no command: {command}"));
                continue;
            };
            new.push_str(command);
            new.push('\n');
            let mut expected = String::new();
            while let Some(line) = lines.next_if(|line| *line != "```" && !line.starts_with("$ ")) {
                expected.push_str(line);
                expected.push('\n');
            }
            let (mut found, code) = shell(folder, shown);
            if code > 0 {
                found.push_str(&format!("[exit code {code}]\n"));
            }
            if matches(&expected, &found) {
                new.push_str(&expected);
            } else {
                let found: String = found.lines().map(|line| format!("{}\n", line.trim_end())).collect();
                new.push_str(&found);
                failures.push(format!("$ {shown}\nexpected:\n{expected}found:\n{found}"));
            }
        }
    }
    new
}

#[test]
fn pages_show_what_there_is() {
    for page in ["../docs/command.md", "README.md"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(page);
        let text = std::fs::read_to_string(&path).unwrap();
        let folder = tempfile::tempdir().unwrap();
        make_files(folder.path());
        let mut failures = Vec::new();
        let new = run_page(&text, folder.path(), &mut failures);
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(&path, new).unwrap();
        } else {
            assert!(failures.is_empty(), "{page}:\n{}", failures.join("\n"));
        }
    }
}

/// The examples of each command's help are commands that work.
#[test]
fn examples_of_the_help_run() {
    let folder = tempfile::tempdir().unwrap();
    let (help, code) = shell(folder.path(), "filebacked --help");
    assert_eq!(code, 0, "{help}");
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let names: Vec<&str> = commands
        .filter_map(|line| line.strip_prefix("  ").filter(|line| !line.starts_with(' '))?.split_whitespace().next())
        .collect();
    assert!(names.len() >= 3, "{help}");
    let mut count = 0;
    for name in names.into_iter().filter(|name| *name != "help") {
        let (help, code) = shell(folder.path(), &format!("filebacked {name} --help"));
        assert_eq!(code, 0, "{help}");
        let examples =
            help.lines().skip_while(|line| *line != "Examples:").skip(1).take_while(|line| line.starts_with("  "));
        // What is said of one may go on on a line of its own.
        let mut examples: Vec<&str> = examples.filter(|line| !line.starts_with("   ")).map(str::trim).collect();
        assert!(!examples.is_empty(), "`{name}` has no examples:\n{help}");
        // What is said of one stands behind it.
        for example in &mut examples {
            *example = example.split("   ").next().unwrap_or_default().trim();
            // It need not be there.
            *example = example.split(" | jq").next().unwrap_or_default();
            let folder = tempfile::tempdir().unwrap();
            make_files(folder.path());
            let (output, code) = shell(folder.path(), example);
            let allowed = if name == "diff" { 0..=1 } else { 0..=0 };
            assert!(allowed.contains(&code), "{example} ends with {code}:\n{output}");
            count += 1;
        }
    }
    assert!(count > 10);
}

/// Nobody reads on.
#[test]
fn closed_pipes_are_no_error() {
    let folder = tempfile::tempdir().unwrap();
    make_files(folder.path());
    for command in [
        "tree run.h5",
        "get run.h5 field",
        "get run.h5 field --json",
        "get run.h5 particles --csv",
        "plot run.h5 field",
        "plot run.h5 field --png -",
        "report run.h5",
        "diff a.h5 b.h5 -n 9",
    ] {
        let (output, _) =
            shell(folder.path(), &format!("filebacked {command} | true; filebacked {command} | head -c 1 >/dev/null"));
        assert_eq!(output, "", "{command}");
    }
}
