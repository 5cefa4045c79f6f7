//! Values, types and shapes in words.

use std::fmt::Write as _;

use filebacked::objects::{Dataset, Elements, Layout, Scalar, Storage};

use crate::output::{bytes_words, one_line};

/// How wide a type is shown, in characters.
const MAX_TYPE: usize = 44;
/// How many elements of an array or list within an element are shown.
const MAX_INNER: usize = 4;
/// How many bytes of an opaque value are shown.
const MAX_BYTES: usize = 8;

/// A shape, as numpy has it: `(3,)`, `(3, 4)`; nothing for a scalar.
pub(crate) fn shape(dims: Option<&[u64]>) -> String {
    match dims {
        None => "null".to_owned(),
        Some([]) => String::new(),
        Some([dim]) => format!("({dim},)"),
        Some(dims) => format!("({})", dims.iter().map(u64::to_string).collect::<Vec<_>>().join(", ")),
    }
}

/// A type and a shape: `f64 (3,)`.
pub(crate) fn type_and_shape(element_type: &str, dims: Option<&[u64]>) -> String {
    match dims {
        None => "null".to_owned(),
        Some(dims) => {
            let words = cut(&one_line(element_type), MAX_TYPE);
            // What is begun is ended.
            let end = if words.ends_with("...") && words.contains('{') { "}" } else { "" };
            format!("{words}{end} {}", shape(Some(dims))).trim_end().to_owned()
        }
    }
}

/// The type and the shape of a dataset, and what it is in the crate's layout.
pub(crate) fn dataset(dataset: &Dataset) -> String {
    type_and_shape(&dataset.element_type().to_string(), dataset.dims())
}

/// How a dataset is stored, if that is not in one piece.
pub(crate) fn storage(storage: &Storage) -> String {
    let mut parts = Vec::new();
    parts.extend(storage.chunk.as_ref().map(|chunk| format!("chunks {}", shape(Some(chunk)))));
    parts.extend(storage.filters.iter().cloned());
    if !storage.filters.is_empty() && storage.stored_bytes != storage.bytes {
        parts.push(format!("of {}", bytes_words(storage.bytes)));
    }
    if storage.layout == Layout::Virtual {
        parts.push("virtual".to_owned());
    }
    parts.join(", ")
}

/// A float as Rust has it: in as few digits as tell it from all others.
pub(crate) fn float(value: f64) -> String {
    if value.is_finite() { format!("{value:?}") } else { special(value) }
}

fn special(value: f64) -> String {
    match value {
        value if value.is_nan() => "NaN".to_owned(),
        value if value > 0.0 => "inf".to_owned(),
        _ => "-inf".to_owned(),
    }
}

/// A value on one line, of which no more than some characters are shown.
pub(crate) fn short(value: &filebacked::Result<Scalar<'_>>, width: usize) -> String {
    let mut words = String::new();
    add(&mut words, value, width);
    cut(&words, width)
}

/// The first of some values on one line, and `...` if there are more.
pub(crate) fn first(elements: Elements<'_>, count: usize, total: u64, width: usize) -> String {
    let mut words = String::new();
    for (number, value) in elements.iter().take(count).enumerate() {
        words.push_str(if number == 0 { "" } else { ", " });
        add(&mut words, &value, width);
        if words.chars().count() > width {
            break;
        }
    }
    if total > count as u64 {
        words.push_str(if words.is_empty() { "..." } else { ", ..." });
    }
    cut(&words, width)
}

/// The text, or its beginning.
pub(crate) fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    text.chars().take(width.saturating_sub(3)).chain("...".chars()).collect()
}

fn add(words: &mut String, value: &filebacked::Result<Scalar<'_>>, width: usize) {
    let Ok(value) = value else {
        words.push('?');
        return;
    };
    // To a string, nothing fails.
    let _ = match value {
        Scalar::Bool(value) => write!(words, "{value}"),
        Scalar::Integer(value) => write!(words, "{value}"),
        Scalar::Unsigned(value) => write!(words, "{value}"),
        Scalar::F32(value) if value.is_finite() => write!(words, "{value:?}"),
        Scalar::F32(value) => write!(words, "{}", special((*value).into())),
        Scalar::F64(value) => write!(words, "{}", float(*value)),
        Scalar::Text(text) => write!(words, "\"{}\"", one_line(&cut(text, width)).replace('"', "\\\"")),
        Scalar::Name(name, _) => write!(words, "{}", one_line(name)),
        Scalar::Bytes(bytes) => {
            let _ = write!(words, "0x");
            bytes.iter().take(MAX_BYTES).for_each(|byte| {
                let _ = write!(words, "{byte:02x}");
            });
            if bytes.len() > MAX_BYTES { write!(words, "... ({} bytes)", bytes.len()) } else { Ok(()) }
        }
        Scalar::Complex(parts) => {
            let part = |at| {
                let part = short(&parts.get(at), width);
                part.strip_suffix(".0").map_or(part.clone(), str::to_owned)
            };
            let (re, im) = (part(0), part(1));
            write!(words, "{re}{}{im}i", if im.starts_with('-') { "" } else { "+" })
        }
        Scalar::Record(record) => {
            words.push('(');
            for (number, (_, value)) in record.fields().enumerate() {
                words.push_str(if number == 0 { "" } else { ", " });
                if words.len() > width.saturating_mul(4) {
                    words.push_str("...");
                    break;
                }
                add(words, &value, width);
            }
            words.push(')');
            Ok(())
        }
        Scalar::Array(_, elements) | Scalar::List(elements) => {
            words.push('[');
            for (number, value) in elements.iter().take(MAX_INNER).enumerate() {
                words.push_str(if number == 0 { "" } else { ", " });
                add(words, &value, width);
            }
            words.push_str(if elements.len() > MAX_INNER { ", ...]" } else { "]" });
            Ok(())
        }
        Scalar::Reference(reference) => match reference.path() {
            Some(path) => write!(words, "→ {}", one_line(&path)),
            None => write!(words, "→ nothing"),
        },
        _ => write!(words, "?"),
    };
}
