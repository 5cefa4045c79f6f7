//! Pages in a real browser.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use serde_json::{Value, json};

use crate::common::shell;
use crate::files::{self, attacks};
use crate::page;

fn browser() -> Option<PathBuf> {
    let named = std::env::var_os("CHROMIUM").map(PathBuf::from);
    let folders: Vec<PathBuf> = std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).collect();
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let found = names.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    named.into_iter().chain(found).find(|path| path.is_file())
}

/// A page without its own rule that no script but its own runs.
fn without_rule(page: &str) -> String {
    let (before, rest) = page.split_once("<meta http-equiv=\"Content-Security-Policy\"").unwrap();
    let bare = format!("{before}{}", rest.split_once('>').unwrap().1);
    assert!(!bare.contains("Content-Security-Policy"));
    bare
}

/// Does with pages in a browser what `harness.js` says, and returns what became of them.
fn in_browser(browser: &Path, folder: &Path, given: &Value) -> Value {
    let given = given.to_string().replace('<', "\\u003c");
    let harness = format!(
        "<!doctype html><meta charset=\"utf-8\"><body><script>const given = {given};</script><script>{}</script>",
        include_str!("harness.js")
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
    serde_json::from_str(&said).unwrap()
}

/// In a real browser, no name and no value of a file is anything but text: with and without the page's own rule that no script
/// but its own runs, and also in what the script makes later. A page of 10,000 objects is small, begins with few elements, and
/// has all objects after they are opened, printed or waited for, and without scripts.
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
    files::hostile(&folder.join(&name));
    std::fs::write(folder.join("name"), &name).unwrap();
    let guarded = page(folder, "\"$(cat name)\"");
    assert!(guarded.len() < 5_000_000);
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
    files::large(&folder.join("large.h5"));
    let start = Instant::now();
    let large = page(folder, "large.h5");
    println!("a page of 10,000 objects has {} bytes and takes {:?}", large.len(), start.elapsed());
    assert!(large.len() < 5_000_000 && large.len() > 1_000_000, "{}", large.len());
    assert_eq!(large.matches("<li id=\"o").count(), 10_002);
    files::long(&folder.join("long.h5"));
    let long = page(folder, "long.h5");
    assert!(long.len() < 5_000_000, "{}", long.len());
    // The root, what is in it, one group more, and what is in that.
    assert_eq!(long.matches("<li id=\"o").count(), 10_005);
    assert!(long.contains("and 9800 more attributes") && long.contains("16 of 500 fields"));
    let number = |page: &str, words: &str| {
        let (before, _) = page.split_once(words).unwrap();
        let (_, id) = before.rsplit_once("<li id=\"").unwrap();
        id.split_once('"').unwrap().0.to_owned()
    };
    let in_list = number(&long, "<span class=\"n\">9753 ");
    let (before, _) = large.split_once("\">group 77/dataset 5</a>").unwrap();
    let (_, in_group) = before.rsplit_once("href=\"#").unwrap();
    let act = |name: &str, page: &str, act: &str| json!({"name": name, "page": page, "act": act});
    let said = in_browser(
        &browser,
        folder,
        &json!({
            "pages": {
                "hostile": guarded, "large": large, "long": long,
                "bare": without_rule(&guarded), "bare long": without_rule(&long),
                "forbidden": long.replace("script-src '", "script-src 'none'; font-src '"),
            },
            // The large one is first, so that its time is its own.
            "acts": [
                {"name": "large", "page": "large", "act": "read", "target": in_group},
                {"name": "long", "page": "long", "act": "read", "target": in_list},
                {"name": "bare long", "page": "bare long", "act": "read", "target": in_list},
                act("hostile", "hostile", "read"), act("bare", "bare", "read"),
                act("printed", "long", "print"), act("waited", "long", "wait"), act("waited bare", "bare long", "wait"),
                act("plain hostile", "bare", "plain"), act("plain large", "large", "plain"), act("plain long", "long", "plain"),
                act("forbidden", "forbidden", "forbidden"),
            ],
            "svgs": pictures,
        }),
    );
    println!("{said:#}");
    assert_eq!(said["hit"], false);
    for name in said.as_object().unwrap().keys().filter(|name| !["hit", "svgs"].contains(&name.as_str())) {
        let page = &said[name];
        assert_eq!(page["error"], Value::Null, "page {name}: {page}");
        let has_script = !name.starts_with("plain") && name != "forbidden";
        assert_eq!(page["ready"], has_script, "the script of page {name}: {page}");
        assert_eq!(page["hit"], false, "a script ran in page {name}: {page}");
        assert_eq!((&page["scripts"], &page["styles"]), (&1.into(), &1.into()), "page {name}: {page}");
        for kind in ["events", "images", "links", "others"] {
            assert_eq!(page[kind], 0, "{kind} in page {name}: {page}");
        }
    }
    // All that is in a file is in its page, once: after all is opened, after the browser had time, and without scripts.
    let pages = [("hostile", &guarded), ("bare", &guarded), ("large", &large), ("long", &long), ("bare long", &long)];
    let made = pages.map(|(name, page)| (name, &said[name]["all"], page));
    let others = [("printed", &long), ("waited", &long), ("waited bare", &long)];
    let plain = [("plain hostile", &guarded), ("plain large", &large), ("plain long", &long)];
    let rest = others.iter().chain(&plain).map(|(name, page)| (*name, &said[*name], *page));
    for (name, all, page) in made.into_iter().chain(rest) {
        let items = page.matches("<li id=\"o").count();
        assert_eq!((&all["items"], &all["names"]), (&items.into(), &items.into()), "page {name}: {all}");
        if name.starts_with("plain") || pages.iter().any(|(opened, _)| *opened == name) {
            assert_eq!((&all["seen"], &all["closed"]), (&items.into(), &0.into()), "page {name}: {all}");
        }
        if !name.starts_with("plain") {
            assert_eq!(all["waiting"], 0, "page {name}: {all}");
        }
    }
    // The script shows the same as browsers without scripts do.
    for (name, plain) in [("bare", "plain hostile"), ("large", "plain large"), ("long", "plain long")] {
        assert_eq!(said[name]["text"], said[plain]["text"], "page {name}");
    }
    assert!(said["forbidden"]["note"].as_str().unwrap().contains("script of this page"), "{}", said["forbidden"]);
    // What it takes to open a page goes with how many elements it has. The time itself is for those who look.
    for name in ["large", "long", "bare long"] {
        let page = &said[name];
        let nodes = |at: &str| page[at]["nodes"].as_u64().unwrap();
        assert!(nodes("start") < 8000, "{} elements, which open in {} ms: {name}", nodes("start"), page["time"]);
        // Nor does it take all to go to an object.
        assert!(nodes("target") < 16_000 && page["target"]["isSeen"] == true, "page {name}: {page}");
        assert!(page["start"]["waiting"].as_u64() > Some(0), "page {name}: {page}");
        assert!(page["fold"]["waits"] == false && page["fold"]["parts"].as_u64() > Some(1), "page {name}: {page}");
        assert_eq!(page["cleared"], json!({"said": "", "seen": page["all"]["seen"]}), "page {name}: {page}");
    }
    assert!(said["large"]["target"]["text"].as_str().unwrap().starts_with("dataset 5 "), "{}", said["large"]);
    assert!(said["long"]["target"]["text"].as_str().unwrap().starts_with("9753 "), "{}", said["long"]);
    // The root and the groups are seen, too.
    assert_eq!(said["large"]["found"], json!({"said": "100 matches", "seen": 201}));
    let svgs = said["svgs"].as_array().unwrap();
    assert_eq!(svgs.len(), attacks().len());
    for svg in svgs {
        assert!(svg["errors"] == 0 && svg["scripts"] == 0 && svg["events"] == 0 && svg["others"] == 0, "{svg}");
        assert!(svg["texts"].as_u64().unwrap() > 3, "{svg}");
    }
}
