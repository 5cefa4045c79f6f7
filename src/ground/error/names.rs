//! Names, as errors have them: an error is one line.

/// The name of a type without the modules that the types in it are in.
pub(super) fn rust_name(name: &str) -> String {
    let (mut short, mut start) = (String::new(), 0);
    let mut rest = name;
    while let Some(char) = rest.chars().next() {
        rest = &rest[char.len_utf8()..];
        if char == ':' && rest.starts_with(':') {
            rest = &rest[1..];
            short.truncate(start);
        } else {
            short.push(char);
            if !char.is_alphanumeric() && char != '_' {
                start = short.len();
            }
        }
    }
    shorten(&short)
}

/// Long names are cut: an error is one line.
pub(super) fn shorten(name: &str) -> String {
    if name.chars().count() <= 80 { name.to_owned() } else { name.chars().take(77).chain("...".chars()).collect() }
}

/// Names, in backticks; of many, the first.
pub(crate) fn names<N: AsRef<str>>(names: &[N]) -> String {
    const SHOWN: usize = 8;
    let mut words: Vec<_> = names.iter().take(SHOWN).map(|name| format!("`{}`", shorten(name.as_ref()))).collect();
    if names.len() > SHOWN {
        words.push(format!("{} more", names.len() - SHOWN));
    }
    if words.is_empty() { "none".to_owned() } else { words.join(", ") }
}
