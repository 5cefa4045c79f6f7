//! `report`: a page for a browser, also of files whose names and values are attacks on it.

mod common;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use common::{make_files, shell};
use filebacked::hdf5;
use filebacked::hdf5::types::{CompoundField, CompoundType, EnumMember, EnumType, FixedAscii, IntSize, TypeDescriptor};
use filebacked::hdf5::types::{FloatSize, VarLenUnicode};
use filebacked::ndarray::{Array1, Array2, arr0};

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

/// Names and values that would be scripts if they were markup. Each says so, if it runs.
fn attacks() -> Vec<String> {
    let run = "document.documentElement.dataset.hit=1";
    [
        format!("<script>{run}</script>"),
        format!("\"><img src=x onerror=\"{run}\">"),
        format!("'><img src=x onerror='{run}'>"),
        format!("]]><svg onload={run}>"),
        format!("-->--!><script>{run}</script><!--"),
        format!("</style></title></textarea></script><script>{run}</script>"),
        format!("\" onmouseover={run} autofocus onfocus={run} x=\""),
        format!("&lt;script&gt;&#60;script>{run}&#60;/script>"),
        format!("javascript:{run}"),
        format!("`${{{run}}}`"),
        format!("\u{202e}{run}\u{2066}\u{200f}<b>"),
        format!("\u{1}\u{1b}[31m\u{2400}%00\u{feff}\u{fffe}\r\n<b>{run}"),
    ]
    .into()
}

/// A file in which everything that has a name or a text is an attack.
fn hostile(path: &Path) {
    let file = hdf5::File::create(path).unwrap();
    let text = |text: &str| text.parse::<VarLenUnicode>().unwrap();
    for (number, attack) in attacks().iter().enumerate() {
        // `/` would be a group within a group: both are there.
        let plain = attack.replace('/', "\u{2215}");
        let group = file.create_group(&plain).unwrap();
        group.new_attr::<VarLenUnicode>().create(attack.as_str()).unwrap().write_scalar(&text(attack)).unwrap();
        let set = |dataset: &hdf5::Dataset| {
            let units = dataset.new_attr::<VarLenUnicode>().create("units").unwrap();
            units.write_scalar(&text(attack)).unwrap();
            let labels: Array1<VarLenUnicode> = [text(attack), text(attack)].into_iter().collect();
            dataset.new_attr_builder().with_data(&labels).create("DIMENSION_LABELS").unwrap();
        };
        let values: Vec<f64> = (0..20).map(f64::from).collect();
        set(&group.new_dataset_builder().with_data(&values).create(plain.as_str()).unwrap());
        set(&group.new_dataset_builder().with_data(&Array2::<f64>::eye(4)).create("matrix").unwrap());
        group.new_dataset_builder().with_data(&arr0(text(&attack.repeat(3)))).create("text").unwrap();
        let words: Array1<VarLenUnicode> = (0..20).map(|_| text(attack)).collect();
        group.new_dataset_builder().with_data(&words).create("words").unwrap();
        // With NUL within.
        let fixed = FixedAscii::<120>::from_ascii(
            format!("a\0{}", attack.replace(|char: char| !char.is_ascii(), "?")).as_bytes(),
        );
        group.new_dataset_builder().with_data(&[fixed.unwrap(); 3]).create("fixed").unwrap();
        let members =
            vec![EnumMember { name: attack.clone(), value: 0 }, EnumMember { name: "b".to_owned(), value: 1 }];
        let kind = TypeDescriptor::Enum(EnumType { size: IntSize::U1, signed: true, members });
        group.new_dataset_builder().empty_as(&kind).shape(4).create("enum").unwrap();
        let fields = vec![
            CompoundField::new(attack, TypeDescriptor::Float(FloatSize::U8), 0, 0),
            CompoundField::new("b", kind, 8, 1),
        ];
        let kind = TypeDescriptor::Compound(CompoundType { fields, size: 9 });
        group.new_dataset_builder().empty_as(&kind).shape(5).create("records").unwrap();
        file.link_soft(attack, &format!("soft {number} {plain}")).unwrap();
        file.link_external(attack, attack, &format!("external {number} {plain}")).unwrap();
    }
    // As this crate has them: a list of records as columns.
    let records = serde_json::json!([{attacks()[1].as_str(): attacks()[0].as_str(), "n": 1}, {attacks()[1].as_str(): "b", "n": 2}]);
    filebacked::WriteOptions::new().write(&file, "columns", &records).unwrap();
}

/// 10,000 datasets in 100 groups, with attributes.
fn large(path: &Path) {
    let file = hdf5::File::create(path).unwrap();
    for outer in 0..100 {
        let group = file.create_group(&format!("group {outer}")).unwrap();
        for inner in 0..99 {
            let values: Vec<f64> = (0..20).map(|at| f64::from(at * inner)).collect();
            let dataset =
                group.new_dataset_builder().with_data(&values).create(format!("dataset {inner}").as_str()).unwrap();
            dataset.new_attr::<f64>().create("scale").unwrap().write_scalar(&f64::from(outer)).unwrap();
        }
    }
}

fn browser() -> Option<PathBuf> {
    let named = std::env::var_os("CHROMIUM").map(PathBuf::from);
    let folders: Vec<PathBuf> = std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).collect();
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let found = names.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    named.into_iter().chain(found).find(|path| path.is_file())
}

/// In a real browser, no name and no value of a file is anything but text: with and without the page's own rule that no script but
/// its own runs. A page of 10,000 objects is small, and opens at once.
#[test]
fn nothing_of_a_file_is_run_by_a_browser() {
    let Some(browser) = browser() else {
        let is_ci = std::env::var_os("CI").is_some();
        assert!(!is_ci, "there is no browser: apt-get install --no-install-recommends chromium");
        eprintln!("left out: there is no browser, such as Debian's chromium; `CHROMIUM` may name one");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    // No name of a file has a `/`.
    let name = format!("{}.h5", attacks()[1]);
    hostile(&folder.join(&name));
    std::fs::write(folder.join("name"), &name).unwrap();
    let guarded = page(folder, "\"$(cat name)\"");
    assert!(guarded.len() < 5_000_000);
    let rule = guarded.split_once("<meta http-equiv=\"Content-Security-Policy\"").unwrap().1.split_once('>').unwrap().0;
    let bare = guarded.replace(&format!("<meta http-equiv=\"Content-Security-Policy\"{rule}>"), "");
    assert!(!bare.contains("Content-Security-Policy"));
    // Pictures of the worst names, as files of their own.
    let pictures: Vec<String> = attacks()
        .iter()
        .map(|attack| {
            // `@` and `[` have a meaning in paths.
            let name = attack.replace('/', "\u{2215}");
            let path = format!("/{name}/{name}").replace('@', "%40").replace('[', "%5B");
            std::fs::write(folder.join("path"), path).unwrap();
            // The shell would take line ends at the end away.
            let command = "path=$(cat path; printf .); filebacked plot \"$(cat name)\" \"${path%.}\" --title=\"${path%.}\" --svg -";
            let (svg, code) = shell(folder, command);
            assert_eq!(code, 0, "{svg}");
            svg
        })
        .collect();
    large(&folder.join("large.h5"));
    let start = Instant::now();
    let large = page(folder, "large.h5");
    println!("a page of 10,000 objects has {} bytes and takes {:?}", large.len(), start.elapsed());
    assert!(large.len() < 5_000_000 && large.len() > 1_000_000, "{}", large.len());
    assert_eq!(large.matches("<li id=").count(), 10_001);
    // A page that opens the others, and says what became of them.
    let json = |text: &str| serde_json::to_string(text).unwrap().replace('<', "\\u003c");
    let svgs: Vec<String> = pictures.iter().map(|svg| json(svg)).collect();
    let harness = format!(
        r#"<!doctype html><meta charset="utf-8"><body><script>
        const pages = [{}, {}, {}], svgs = [{}], said = {{}};
        // One after the other, all before the page that has them is loaded. The large one is first, so that its time is its own.
        const frames = [], times = [];
        const open = ([at, ...rest]) => {{
            if (at === undefined) return;
            const frame = document.createElement("iframe"), start = performance.now();
            frame.style.cssText = "width:1200px;height:900px";
            frame.srcdoc = pages[at];
            frame.onload = () => {{
                frame.contentDocument.documentElement.getBoundingClientRect();
                times[at] = performance.now() - start;
                open(rest);
            }};
            frames[at] = frame;
            document.body.append(frame);
        }};
        const look = root => ({{
            scripts: root.querySelectorAll("script").length,
            events: [...root.querySelectorAll("*")].filter(node => [...node.attributes].some(one => /^on/i.test(one.name))).length,
            images: [...root.querySelectorAll("img,image")].filter(node => !/^data:image\/png;base64,[A-Za-z0-9+/=]*$/.test(node.getAttribute("href"))).length,
            links: [...root.querySelectorAll("a")].filter(node => !/^#o[0-9]+$/.test(node.getAttribute("href"))).length,
            others: root.querySelectorAll("b,iframe,object,embed,link,base,form,textarea,foreignObject").length,
        }});
        open([2, 0, 1]);
        onload = () => {{
            for (const [at, frame] of frames.entries()) {{
                const shown = frame.contentDocument;
                // What waits for the mouse or the keyboard.
                if (at < 2) shown.querySelectorAll("*").forEach(node => ["mouseover", "focus"].forEach(name => node.dispatchEvent(new Event(name))));
                const root = shown.documentElement;
                said[at] = {{ ready: "ready" in root.dataset, hit: "hit" in root.dataset, time: times[at], styles: shown.querySelectorAll("style").length, items: shown.querySelectorAll("li[id]").length, nodes: shown.querySelectorAll("*").length, ...look(shown) }};
                const field = shown.getElementById("find");
                field.value = "dataset 77";
                field.dispatchEvent(new frame.contentWindow.Event("change"));
                said[at].found = shown.getElementById("said").textContent;
            }}
            said.svgs = svgs.map(svg => {{
                const shown = new DOMParser().parseFromString(svg, "image/svg+xml");
                return {{ errors: shown.querySelectorAll("parsererror").length, texts: shown.querySelectorAll("text").length, ...look(shown) }};
            }});
            const hit = "hit" in document.documentElement.dataset;
            document.title = "done";
            const out = document.createElement("pre");
            out.id = "out";
            out.textContent = btoa(unescape(encodeURIComponent(JSON.stringify({{ ...said, hit }}))));
            document.body.replaceChildren(out);
        }};
        </script>"#,
        json(&guarded),
        json(&bare),
        json(&large),
        svgs.join(",")
    );
    std::fs::write(folder.join("harness.html"), harness).unwrap();
    let output = Command::new(browser)
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
            "--disable-extensions",
            "--disable-dev-shm-usage",
        ])
        .arg(format!("--user-data-dir={}", folder.join("profile").display()))
        .arg("--dump-dom")
        .arg(format!("file://{}", folder.join("harness.html").display()))
        .output()
        .unwrap();
    let dom = String::from_utf8_lossy(&output.stdout);
    let out = dom.split_once("<pre id=\"out\">").and_then(|(_, rest)| rest.split_once("</pre>"));
    let Some((encoded, _)) = out else {
        panic!(
            "the browser did not end: {}\n{}",
            String::from_utf8_lossy(&output.stderr),
            dom.chars().take(500).collect::<String>()
        )
    };
    std::fs::write(folder.join("out"), encoded).unwrap();
    let (said, _) = shell(folder, "base64 -d out");
    let said: serde_json::Value = serde_json::from_str(&said).unwrap();
    println!("{said:#}");
    assert_eq!(said["hit"], false);
    for at in ["0", "1", "2"] {
        let page = &said[at];
        assert_eq!(page["ready"], true, "the script of page {at} did not run: {page}");
        assert_eq!(page["hit"], false, "a script ran in page {at}: {page}");
        assert_eq!((&page["scripts"], &page["styles"]), (&1.into(), &1.into()), "page {at}: {page}");
        for kind in ["events", "images", "links", "others"] {
            assert_eq!(page[kind], 0, "{kind} in page {at}: {page}");
        }
    }
    // All that is in the file is in the page, once.
    assert_eq!(said["0"]["items"], guarded.matches("<li id=").count());
    assert_eq!(said["2"]["found"], "100 matches");
    // What it takes to open it goes with how many elements it has: 130,000 take half a second. The time itself is for those who look.
    let nodes = said["2"]["nodes"].as_u64().unwrap();
    assert!(nodes < 150_000, "{nodes} elements, which open in {} ms", said["2"]["time"]);
    let svgs = said["svgs"].as_array().unwrap();
    assert_eq!(svgs.len(), attacks().len());
    for svg in svgs {
        assert!(svg["errors"] == 0 && svg["scripts"] == 0 && svg["events"] == 0 && svg["others"] == 0, "{svg}");
        assert!(svg["texts"].as_u64().unwrap() > 3, "{svg}");
    }
}
