//! Names of a file as identifiers, literals and comments of Rust.

use std::collections::HashSet;

/// What no field or variant can be called without more ado.
const KEYWORDS: [&str; 52] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn", "else", "enum",
    "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match", "mod", "move",
    "mut", "override", "priv", "pub", "ref", "return", "safe", "static", "struct", "trait", "true", "try", "type",
    "typeof", "union", "unsafe", "unsized", "use", "virtual", "where", "while", "yield", "raw", "auto",
];

/// Of these not even the raw form is an identifier.
const NEVER_RAW: [&str; 5] = ["self", "Self", "super", "crate", "_"];

/// Types that the source speaks of: no type of the file gets such a name.
const TAKEN: [&str; 60] = [
    "Array0",
    "Array1",
    "Array2",
    "Array3",
    "Array4",
    "Array5",
    "Array6",
    "ArrayD",
    "BTreeMap",
    "Box",
    "ByteBuf",
    "Clone",
    "Complex32",
    "Complex64",
    "Copy",
    "CsMat",
    "DMatrix",
    "DVector",
    "Debug",
    "Default",
    "Deserialize",
    "Deserializer",
    "Drop",
    "Eq",
    "Err",
    "Fn",
    "FnMut",
    "FnOnce",
    "From",
    "Hash",
    "Into",
    "Iterator",
    "Ix0",
    "Ix1",
    "Ix2",
    "Ix3",
    "Ix4",
    "Ix5",
    "Ix6",
    "IxDyn",
    "NdArray",
    "None",
    "Ok",
    "Option",
    "Ord",
    "PartialEq",
    "PartialOrd",
    "Result",
    "SMatrix",
    "Self",
    "Serialize",
    "Shared",
    "Some",
    "Sparse",
    "String",
    "SystemTime",
    "TriMat",
    "Triplets",
    "Value",
    "Vec",
];
/// The same, of which there was no room above.
const TAKEN_TOO: [&str; 9] =
    ["WithAttrs", "WriteOptions", "Maps", "Records", "Strings", "Send", "Sync", "Sized", "ToString"];

/// How long an identifier is at the most.
const LONGEST: usize = 40;

/// The words that a name consists of, in small letters.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    let chars: Vec<char> = name.chars().collect();
    for (at, &char) in chars.iter().enumerate() {
        let greek = greek(char);
        if !is_letter(char) && greek.is_none() {
            words.extend((!word.is_empty()).then(|| std::mem::take(&mut word)));
            continue;
        }
        let before = at.checked_sub(1).map(|at| chars[at]);
        let is_new = greek.is_some()
            || before.is_some_and(is_greek)
            || char.is_uppercase()
                && before.is_some_and(|before| {
                    before.is_lowercase()
                        || before.is_ascii_digit()
                        || before.is_uppercase() && chars.get(at + 1).is_some_and(|next| next.is_lowercase())
                });
        if is_new {
            words.extend((!word.is_empty()).then(|| std::mem::take(&mut word)));
        }
        match greek {
            Some(name) => word.push_str(name),
            None => word.extend(char.to_lowercase().filter(|char| is_letter(*char))),
        }
    }
    words.extend((!word.is_empty()).then_some(word));
    words
}

fn is_greek(char: char) -> bool {
    greek(char).is_some()
}

/// Whether a character stays in an identifier: letters and digits of ASCII, and the letters of Latin scripts that no lint minds.
fn is_letter(char: char) -> bool {
    char.is_ascii_alphanumeric()
        || matches!(char, 'À'..='ÿ' | 'Ā'..='ž')
            && !matches!(char, '×' | '÷' | 'ĸ' | 'ŉ' | 'İ' | 'ı' | 'Ĳ' | 'ĳ' | 'Ŀ' | 'ŀ')
}

/// What a Greek letter is called.
fn greek(char: char) -> Option<&'static str> {
    const NAMES: [&str; 25] = [
        "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu",
        "xi", "omicron", "pi", "rho", "sigma", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega",
    ];
    let at = match char {
        'α'..='ω' => char as usize - 'α' as usize,
        'Α'..='Ω' => char as usize - 'Α' as usize,
        // As an own character, the sign of a millionth.
        'µ' => return Some("mu"),
        _ => return None,
    };
    NAMES.get(at).copied()
}

/// The beginning of a text that has at most so many characters.
fn cut(text: String) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => text[..at].trim_end_matches('_').to_owned(),
        None => text,
    }
}

/// A field's name.
pub(super) fn field(name: &str) -> String {
    let mut ident = cut(words(name).join("_"));
    if ident.is_empty() {
        ident = "field".to_owned();
    }
    if ident.starts_with(|char: char| char.is_ascii_digit()) || name.starts_with('_') {
        ident.insert(0, '_');
    }
    if NEVER_RAW.contains(&ident.as_str()) {
        ident.push('_');
    }
    ident
}

/// The same, as the source has it: with `r#` before a keyword.
pub(super) fn raw(ident: &str) -> String {
    if KEYWORDS.contains(&ident) { format!("r#{ident}") } else { ident.to_owned() }
}

/// The name of a type or variant; `other` where nothing is left of the name.
pub(super) fn camel(name: &str, other: &str) -> String {
    let word = |word: String| {
        let mut chars = word.chars();
        let first = chars.next().map(|char| char.to_uppercase().to_string()).unwrap_or_default();
        format!("{first}{}", chars.as_str())
    };
    let mut ident = String::new();
    for part in words(name).into_iter().map(word) {
        // Two numbers side by side would be another.
        if ident.ends_with(|char: char| char.is_ascii_digit()) && part.starts_with(|char: char| char.is_ascii_digit()) {
            ident.push('_');
        }
        ident.push_str(&part);
    }
    let ident = cut(ident);
    if ident.is_empty() {
        return other.to_owned();
    }
    if ident.starts_with(|char: char| char.is_ascii_digit()) { format!("{other}{ident}") } else { ident }
}

/// What one of several things of that name is called: `particles` are each a `particle`.
pub(super) fn one_of(name: &str) -> String {
    let lower = name.to_lowercase();
    let stays = ["ss", "us", "is", "series", "species", "os", "as"].iter().any(|end| lower.ends_with(end));
    if stays || name.len() < 4 || !lower.is_ascii() {
        return name.to_owned();
    }
    if lower.ends_with("ies") {
        return format!("{}y", &name[..name.len() - 3]);
    }
    let two = ["sses", "xes", "ches", "shes"].iter().any(|end| lower.ends_with(end));
    if two {
        return name[..name.len() - 2].to_owned();
    }
    if lower.ends_with('s') { name[..name.len() - 1].to_owned() } else { name.to_owned() }
}

/// Names of which each is given once.
#[derive(Default)]
pub(super) struct Names(HashSet<String>);

impl Names {
    /// For types: those that the source speaks of are given already.
    pub(super) fn of_types() -> Self {
        Self(TAKEN.iter().chain(&TAKEN_TOO).map(|name| (*name).to_owned()).collect())
    }

    /// The first of some names that is free, else one with a number.
    pub(super) fn take(&mut self, wanted: &[String]) -> String {
        for name in wanted {
            if self.0.insert(name.clone()) {
                return name.clone();
            }
        }
        let first = wanted.first().cloned().unwrap_or_default();
        let separator = if first.ends_with(|char: char| char.is_ascii_digit()) { "_" } else { "" };
        let mut numbered = (2..).map(|number| format!("{first}{separator}{number}"));
        let name = numbered.find(|name| self.0.insert(name.clone()));
        name.unwrap_or(first)
    }

    /// The same for fields and functions, whose numbers stand apart.
    pub(super) fn take_field(&mut self, wanted: String) -> String {
        if self.0.insert(wanted.clone()) {
            return wanted;
        }
        let stem = wanted.trim_end_matches('_');
        let mut numbered = (2..).map(|number| format!("{stem}_{number}"));
        numbered.find(|name| self.0.insert(name.clone())).unwrap_or(wanted)
    }
}

/// A string literal.
pub(super) fn literal(text: &str) -> String {
    let mut literal = String::from("\"");
    for char in text.chars() {
        match char {
            '\'' => literal.push(char),
            char => literal.extend(char.escape_debug()),
        }
    }
    literal.push('"');
    literal
}

/// Text within a comment: on one line, and without what turns the direction of text.
pub(super) fn comment(text: &str) -> String {
    let mut words = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '"' | '\'' | '\\' => words.push(char),
            char => words.extend(char.escape_debug()),
        }
    }
    words.trim_end().to_owned()
}

/// A name or path of the file within a comment, as code.
pub(super) fn code(text: &str) -> String {
    let words = comment(text).replace('`', "'");
    if words.is_empty() { "``".to_owned() } else { format!("`{words}`") }
}

/// The key that a link's name stands for.
pub(super) fn key(link: &str) -> String {
    filebacked::objects::key_of(link).into_owned()
}

/// The name as a step of a path of the crate's options.
pub(super) fn step(name: &str) -> String {
    let step = match name {
        "" => "%".to_owned(),
        "." => "%2E".to_owned(),
        name => name.replace('%', "%25").replace('/', "%2F").replace('\0', "%00"),
    };
    let step = step.replace('*', "%2A");
    match step.strip_prefix('[') {
        Some(rest) => format!("%5B{rest}"),
        None => step,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_fields() {
        for (name, ident) in [
            ("seed", "seed"),
            ("seedNumber", "seed_number"),
            ("HTTPServer", "http_server"),
            ("X", "x"),
            ("10x", "_10x"),
            ("_index", "_index"),
            ("a b/c", "a_b_c"),
            ("", "field"),
            ("🐧", "field"),
            ("grün", "grün"),
            ("Δt", "delta_t"),
            ("µm", "mu_m"),
            ("a__b", "a_b"),
            ("self", "self_"),
            ("type", "type"),
            ("block0_items", "block0_items"),
            ("@units", "units"),
            ("\"; */ fn", "fn"),
        ] {
            assert_eq!(field(name), ident, "{name}");
        }
        assert_eq!(raw("type"), "r#type");
        assert_eq!(field(&"x".repeat(500)).len(), LONGEST);
    }

    #[test]
    fn names_of_types() {
        for (name, ident) in [
            ("settings", "Settings"),
            ("two words", "TwoWords"),
            ("3d", "Group3d"),
            ("", "Group"),
            ("HTTP", "Http"),
            ("1_2", "Group1_2"),
        ] {
            assert_eq!(camel(name, "Group"), ident, "{name}");
        }
        for (name, one) in [
            ("particles", "particle"),
            ("bodies", "body"),
            ("series", "series"),
            ("axis", "axis"),
            ("boxes", "box"),
            ("xs", "xs"),
            ("mesh", "mesh"),
        ] {
            assert_eq!(one_of(name), one);
        }
    }

    #[test]
    fn no_name_is_given_twice() {
        let mut names = Names::of_types();
        let wanted = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(names.take(&wanted(&["Run"])), "Run");
        assert_eq!(names.take(&wanted(&["Run", "OtherRun"])), "OtherRun");
        assert_eq!(names.take(&wanted(&["Run", "OtherRun"])), "Run2");
        assert_eq!(names.take(&wanted(&["Value"])), "Value2");
        assert_eq!(names.take_field("x".to_owned()), "x");
        assert_eq!(names.take_field("x".to_owned()), "x_2");
    }

    #[test]
    fn hostile_text_stays_text() {
        assert_eq!(literal("a\"\\\n'\u{202e}"), r#""a\"\\\n'\u{202e}""#);
        assert_eq!(comment("a\nb */ \u{202e}"), "a\\nb */ \\u{202e}");
        assert_eq!(code("a`b"), "`a'b`");
    }

    #[test]
    fn keys_and_steps() {
        for (link, name) in [("a%2Fb", "a/b"), ("%", ""), ("100%", "100%"), ("%74ag", "tag"), ("%2E", ".")] {
            assert_eq!(key(link), name);
        }
        for (name, path) in [("a/b", "a%2Fb"), ("", "%"), ("*", "%2A"), ("[0]", "%5B0]")] {
            assert_eq!(step(name), path);
        }
    }
}
