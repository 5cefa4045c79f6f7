//! `report`: a page for a browser, also of files whose names and values are attacks on it.

#[path = "../common/mod.rs"]
mod common;

mod browser;
mod files;

use std::path::Path;

use common::{make_files, shell};
use filebacked::hdf5;

fn page(folder: &Path, arguments: &str) -> String {
    let (output, code) = shell(folder, &format!("filebacked report {arguments} -o page.html"));
    assert_eq!((output.as_str(), code), ("", 0));
    std::fs::read_to_string(folder.join("page.html")).unwrap()
}

#[test]
fn a_page_has_what_a_file_has() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    make_files(folder);
    // A program that another test starts may have inherited the file while it was open here, with its lock.
    let open = |_| {
        let file = hdf5::File::open_rw(folder.join("run.h5")).ok();
        if file.is_none() {
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        file
    };
    let file = (0..200).find_map(open).unwrap();
    file.link_soft("/nowhere", "dangling").unwrap();
    file.link_soft("settings/seed", "good").unwrap();
    file.link_hard("settings/seed", "again").unwrap();
    file.link_external("other.h5", "/x", "outside").unwrap();
    file.commit_datatype("kind", &hdf5::Datatype::from_type::<f32>().unwrap()).unwrap();
    drop(file);
    let html = page(folder, "run.h5");
    for expected in [
        "<title>run.h5</title>",
        "4 groups · 9 datasets · 4 links",
        "<dt>units</dt><dd><span class=\"y\">string</span> &quot;K&quot;</dd>",
        "chunks (10, 100), shuffle, deflate(6), of 48 kB",
        "aria-label=\"Heat map of field (K), 0 to 749.9, over row and column\"",
        "href=\"data:image/png;base64,",
        "<caption>all 3 records</caption>",
        "<td class=\"w\">p</td>",
        "<caption>all 5 records</caption>",
        "aria-label=\"Line chart of count, 0 to 8, over index, 0 to 4\"",
        "→ /nowhere</span> <span class=\"bad\">the link leads to `/nowhere`, where nothing is",
        ">settings/seed</a>",
        "<span class=\"y\">= <a href=\"#o2\">/settings/seed</a>",
        "<span class=\"y\">→ /x in other.h5</span> <span class=\"bad\">the link leads to another file",
        "(`--allow-external-links` allows it)",
        "<span class=\"n\">kind</span> <span class=\"y\">named type f32</span>",
        "Not all could be read",
    ] {
        assert!(html.contains(expected), "{expected}");
    }
    // It loads nothing.
    for word in ["http:", "https:", "src=", "@import", "url(", "<link"] {
        assert!(!html.contains(word), "{word}");
    }
    assert_eq!(shell(folder, "filebacked report run.h5 | sha256sum").0, shell(folder, "sha256sum < page.html").0);
}

/// Browsers run the script alone that has this hash.
#[test]
fn the_page_names_its_script() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    make_files(folder);
    let html = page(folder, "run.h5");
    let script = html.split_once("<script>").unwrap().1.split_once("</script>").unwrap().0;
    std::fs::write(folder.join("script.js"), script).unwrap();
    let (sum, code) = shell(folder, "sha256sum script.js");
    assert_eq!(code, 0, "{sum}");
    let bytes = |at: usize| u8::from_str_radix(&sum[2 * at..2 * at + 2], 16).unwrap();
    std::fs::write(folder.join("sum"), (0..32).map(bytes).collect::<Vec<u8>>()).unwrap();
    let (sum, _) = shell(folder, "base64 sum");
    assert!(html.contains(&format!("script-src 'sha256-{}'", sum.trim())), "{sum}");
}

/// What is in the page of a large file is limited, and said.
#[test]
fn what_is_left_out_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let file = hdf5::File::create(folder.join("many.h5")).unwrap();
    for number in 0..200 {
        let values: Vec<f64> = (0..1000).map(|at| f64::from(at * number).sin()).collect();
        file.new_dataset_builder().with_data(&values).create(format!("x{number}").as_str()).unwrap();
    }
    drop(file);
    let all = page(folder, "many.h5");
    assert!(!all.contains("left out") && all.matches("<svg").count() == 200, "{}", all.len());
    let some = page(folder, "many.h5 --max-page 300kB");
    assert!((200_000..300_000).contains(&some.len()), "{}", some.len());
    assert!((5..100).contains(&some.matches("<svg").count()));
    assert!(some.contains("previews or attributes are left out") && some.contains("--max-page"));
    assert!(some.contains("More is left out: the page would become too large."));
    let few = page(folder, "many.h5 --max-objects 50");
    assert!(few.contains("and 151 further names, left out") && few.contains("--max-objects"), "{few}");
    let (output, code) = shell(folder, "filebacked report many.h5 --max-page 1parsec");
    assert!(code == 2 && output.contains("--max-page"), "{output}");
    let (output, code) = shell(folder, "filebacked report many.h5 -o many.h5");
    assert!(code == 2 && output.ends_with("many.h5` is an input, too\n"), "{output}");
}

/// What cannot be read is said in its place, and the rest is shown.
#[test]
fn damage_is_said_in_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let file = hdf5::File::create(folder.join("damaged.h5")).unwrap();
    let values: Vec<f64> = (0..1000).map(f64::from).collect();
    file.new_dataset_builder().with_data(&values).chunk(1000).deflate(6).create("bad").unwrap();
    file.new_dataset_builder().with_data(&values).create("good").unwrap();
    let chunk = file.dataset("bad").unwrap().chunk_info(0).unwrap();
    drop(file);
    let mut bytes = std::fs::read(folder.join("damaged.h5")).unwrap();
    bytes[chunk.addr as usize + 20..][..40].fill(0xaa);
    std::fs::write(folder.join("damaged.h5"), bytes).unwrap();
    let html = page(folder, "damaged.h5");
    assert!(html.contains("<span class=\"n\">bad</span> <span class=\"y\">f64 (1000,)</span> <span class=\"bad\">cannot be read</span>"), "{html}");
    assert!(html.contains("aria-label=\"Line chart of good, 0 to 999"), "{html}");
    assert!(html.contains(">/bad</a>: "), "{html}");
}
