//! The guide's recipes: what its Rust blocks write looks as the page shows it, and its Python, R and Octave blocks read it.
//!
//! Each Rust block of `i-have.md` and `elsewhere.md` that writes `NAME.h5` is also `recipes/NAME.rs`, word for word. Here they write to one
//! folder, which stays until the recipes have run.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::common::{self, Packages};

const PACKAGES: Packages = Packages { requirements: "anndata.txt", interpreters: &["python3"] };

/// What the blocks take for the crate `tempfile`: a folder that is the same for all, and is not removed with its handle.
mod tempfile {
    use std::cell::RefCell;
    use std::io;
    use std::path::{Path, PathBuf};

    thread_local! {
        pub(super) static FOLDER: RefCell<PathBuf> = RefCell::default();
    }

    pub(super) struct Folder(PathBuf);

    impl Folder {
        pub(super) fn path(&self) -> &Path {
            &self.0
        }
    }

    pub(super) fn tempdir() -> io::Result<Folder> {
        Ok(Folder(FOLDER.with_borrow(PathBuf::clone)))
    }
}

/// The blocks, each a module with the block's own `main`.
macro_rules! blocks {
    ($($name:ident)*) => {
        $(
            #[allow(dead_code, unused_imports, reason = "fields are written, and not all blocks make folders")]
            mod $name {
                use super::tempfile;

                include!(concat!("recipes/", stringify!($name), ".rs"));

                pub(super) fn run() {
                    main().unwrap_or_else(|error| panic!("{}: {error}", stringify!($name)));
                }
            }
        )*

        /// Name, text and program of each.
        const BLOCKS: &[(&str, &str, fn())] = &[
            $((stringify!($name), include_str!(concat!("recipes/", stringify!($name), ".rs")), $name::run),)*
        ];
    };
}

blocks! { settings arrays sparse tables times maps cases steps field drawing plate readings shared changed model run measured }

/// A block of code on a page: its language, its text, and what the text before it is headed.
struct Block {
    language: String,
    text: String,
    heading: String,
}

fn blocks_of(page: &str) -> Vec<Block> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(page);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut blocks: Vec<Block> = Vec::new();
    let (mut heading, mut is_open) = (String::new(), false);
    for line in text.lines() {
        match line.strip_prefix("```") {
            Some(language) if !is_open => {
                blocks.push(Block { language: language.to_owned(), text: String::new(), heading: heading.clone() });
                is_open = true;
            }
            Some(_) => is_open = false,
            None if is_open => writeln!(blocks.last_mut().unwrap().text, "{line}").unwrap(),
            None => {
                if let Some(title) = line.strip_prefix("## ") {
                    heading = title.to_owned();
                }
            }
        }
    }
    blocks
}

/// The file that a block writes, without its extension.
fn written_by(text: &str) -> Option<&str> {
    let (_, name) = text.split_once(".path().join(\"")?;
    Some(name.split_once(".h5\")")?.0)
}

/// Runs a page's programs, then compares what they wrote with what the page shows, then runs its recipes.
fn check(page: &str, counts: &[(&str, usize)]) {
    let folder = ::tempfile::tempdir().unwrap();
    tempfile::FOLDER.set(folder.path().to_owned());
    let mut file = String::new();
    let mut wrong = String::new();
    let mut seen: Vec<&str> = Vec::new();
    let blocks = blocks_of(page);
    for Block { language, text, heading } in &blocks {
        match language.as_str() {
            "rust" => {
                let Some(name) = written_by(text) else { continue };
                let Some((_, kept, run)) = BLOCKS.iter().find(|(block, ..)| *block == name) else {
                    panic!(
                        "{page}, {heading}: the block that writes `{name}.h5` is to be copied to tests/interop/recipes/{name}.rs"
                    )
                };
                if kept != text {
                    writeln!(wrong, "{page}, {heading}: the block is not tests/interop/recipes/{name}.rs").unwrap();
                }
                run();
                file = format!("{name}.h5");
            }
            "text" if !file.is_empty() => {
                let tree = filebacked::tree_file(folder.path().join(&file)).unwrap().to_string();
                if tree != *text {
                    writeln!(wrong, "{page}, {heading}: {file} is\n\n{tree}").unwrap();
                }
            }
            "python" => {
                if let Err(error) = PACKAGES.run_in(folder.path(), text) {
                    writeln!(wrong, "{page}, {heading}: {error}").unwrap();
                }
            }
            "octave" => drop(common::octave(&format!("cd {:?}\n{text}", folder.path()))),
            "r" => drop(common::r(&format!("setwd({:?})\n{text}", folder.path()))),
            _ => continue,
        }
        seen.push(language);
    }
    assert!(wrong.is_empty(), "{wrong}");
    for (language, count) in counts {
        let found = seen.iter().filter(|seen| *seen == language).count();
        assert_eq!(found, *count, "{page}: blocks of {language}");
    }
}

#[test]
fn i_have() {
    check("i-have.md", &[("rust", 16), ("text", 15), ("python", 15)]);
}

#[test]
fn elsewhere() {
    check("elsewhere.md", &[("rust", 1), ("text", 1), ("python", 7), ("octave", 1), ("r", 2)]);
}

/// Links between pages, to files and to headings lead somewhere; so do those that `src/guide.rs` turns into links between modules.
#[test]
fn links_lead_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let guide = fs::read_to_string(root.join("src/guide.rs")).unwrap();
    let mut pages = vec![root.join("README.md"), root.join("FORMAT.md")];
    pages.extend(fs::read_dir(root.join("docs")).unwrap().map(|entry| entry.unwrap().path()));
    for page in pages {
        let text = fs::read_to_string(&page).unwrap();
        let shown = page.strip_prefix(root).unwrap().display().to_string();
        for (label, target) in links(&text) {
            if target.contains("://") {
                continue;
            }
            let (file, heading) = target.split_once('#').unwrap_or((target, ""));
            let led = if file.is_empty() { page.clone() } else { page.parent().unwrap().join(file) };
            assert!(led.exists(), "{shown}: there is no `{file}`");
            if !heading.is_empty() {
                let there = headings(&fs::read_to_string(&led).unwrap());
                assert!(
                    there.iter().any(|there| there == heading),
                    "{shown}: `{target}` has no such heading: {there:#?}"
                );
            }
            if !file.is_empty() && shown.starts_with("docs") {
                let label = label.unwrap_or_else(|| panic!("{shown}: `{target}` needs a label, for rustdoc"));
                let (_, module) =
                    guide.split_once(&format!("{:?}", format!("../{shown}"))).expect("the page is a module");
                let module = module.split_once('}').unwrap().0;
                assert!(module.contains(&format!("{label:?}: ")), "src/guide.rs leads `{label}` of {shown} nowhere");
            }
        }
    }
}

/// The targets of a page's links, with the labels of those that have one.
fn links(text: &str) -> Vec<(Option<&str>, &str)> {
    let mut links = Vec::new();
    let mut is_code = false;
    for line in text.lines() {
        is_code ^= line.starts_with("```");
        if is_code {
            continue;
        }
        if let Some((label, target)) = line.strip_prefix('[').and_then(|line| line.split_once("]: ")) {
            links.push((Some(label), target));
        }
        links.extend(line.split("](").skip(1).map(|rest| (None, rest.split(')').next().unwrap())));
    }
    links
}

/// A page's headings as links name them.
fn headings(text: &str) -> Vec<String> {
    let lines = text.lines().filter(|line| line.starts_with('#'));
    let titles = lines.map(|line| line.trim_start_matches('#').trim().to_lowercase().replace(' ', "-"));
    titles.map(|title| title.chars().filter(|c| c.is_alphanumeric() || "-_".contains(*c)).collect()).collect()
}
