//! numpy's file format: its types, and the header.

use filebacked::objects::{ElementType, TypeClass};

/// The byte order of this machine, as numpy has it.
const ORDER: char = if cfg!(target_endian = "little") { '<' } else { '>' };

/// What numpy calls a type, as its header has it.
pub(crate) fn dtype(element_type: &ElementType) -> Result<String, String> {
    let (name, dims) = base(element_type)?;
    if dims.is_empty() { Ok(name) } else { Err(format!("numpy's format has no arrays of `{element_type}`")) }
}

/// A type, and the dimensions of the array that it is of that.
fn base(element_type: &ElementType) -> Result<(String, Vec<u64>), String> {
    let simple = |code: char, size: usize| {
        let order = if size == 1 { '|' } else { ORDER };
        Ok((format!("'{order}{code}{size}'"), Vec::new()))
    };
    match element_type.class() {
        TypeClass::Bool => Ok(("'|b1'".to_owned(), Vec::new())),
        TypeClass::Integer { bits, signed } => simple(if signed { 'i' } else { 'u' }, bits / 8),
        TypeClass::Bitfield { bits } => simple('u', bits / 8),
        TypeClass::Float { bits } => simple('f', bits / 8),
        // Names are lost, and numbers stay.
        TypeClass::Enum(_) => {
            let is_signed = !matches!(element_type.enum_base(), Some(TypeClass::Integer { signed: false, .. }));
            simple(if is_signed { 'i' } else { 'u' }, element_type.size())
        }
        TypeClass::FixedString(size) => Ok((format!("'|S{size}'"), Vec::new())),
        TypeClass::Opaque(size) => Ok((format!("'|V{size}'"), Vec::new())),
        TypeClass::Time(name) => {
            // As the file has it.
            let code = name.replace("datetime64", "<M8").replace("timedelta64", "<m8");
            Ok((format!("'{code}'"), Vec::new()))
        }
        TypeClass::Complex(part) => complex(&part, element_type),
        TypeClass::Record(fields) => {
            let mut words = Vec::new();
            for (name, field) in fields {
                let (dtype, dims) = base(&field)?;
                let dims = match &dims[..] {
                    [] => String::new(),
                    dims => format!(", {}", tuple(dims)),
                };
                words.push(format!("({}, {dtype}{dims})", literal(&name)));
            }
            Ok((format!("[{}]", words.join(", ")), Vec::new()))
        }
        TypeClass::Array(mut dims, inner) => {
            let (dtype, inner) = base(&inner)?;
            dims.extend(inner);
            Ok((dtype, dims))
        }
        _ => Err(format!("numpy's format has no `{element_type}`: use `--csv` or `--json`")),
    }
}

fn complex(part: &ElementType, whole: &ElementType) -> Result<(String, Vec<u64>), String> {
    match part.class() {
        TypeClass::Float { .. } => Ok((format!("'{ORDER}c{}'", whole.size()), Vec::new())),
        _ => Err(format!("numpy's format has no `{whole}`")),
    }
}

/// A string of Python's.
fn literal(text: &str) -> String {
    let mut quoted = String::from("'");
    for char in text.chars() {
        match char {
            '\'' | '\\' => quoted.extend(['\\', char]),
            char if char.is_control() => quoted.push_str(&format!("\\U{:08x}", u32::from(char))),
            char => quoted.push(char),
        }
    }
    quoted.push('\'');
    quoted
}

fn tuple(dims: &[u64]) -> String {
    match dims {
        [dim] => format!("({dim},)"),
        dims => format!("({})", dims.iter().map(u64::to_string).collect::<Vec<_>>().join(", ")),
    }
}

/// What a file of numpy's begins with.
pub(crate) fn header(dtype: &str, dims: &[u64]) -> Vec<u8> {
    let mut text = format!("{{'descr': {dtype}, 'fortran_order': False, 'shape': {}, }}", tuple(dims));
    // Version 3 is version 2 in UTF-8. What follows begins at a multiple of 64 bytes.
    let version = if text.is_ascii() { 2 } else { 3 };
    let start = 12;
    let total = (start + text.len() + 1).next_multiple_of(64);
    text.push_str(&" ".repeat(total - start - text.len() - 1));
    text.push('\n');
    let mut bytes = b"\x93NUMPY".to_vec();
    bytes.extend([version, 0]);
    bytes.extend((text.len() as u32).to_le_bytes());
    bytes.extend(text.as_bytes());
    bytes
}
