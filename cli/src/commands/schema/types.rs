//! Types of elements in a schema: words, and objects for those with parts.

use filebacked::objects::{ElementType, TypeClass};
use serde_json::{Map, Value, json};

/// Words that are types.
const WORDS: [&str; 17] = [
    "bool",
    "i8",
    "i16",
    "i32",
    "i64",
    "u8",
    "u16",
    "u32",
    "u64",
    "f32",
    "f64",
    "string",
    "reference",
    "i128",
    "u128",
    "bytes",
    "any",
];
/// Words before a number in brackets.
const SIZED: [&str; 4] = ["string", "bitfield", "opaque", "float"];
/// Types whose only part is another type.
const WITH_ONE: [&str; 2] = ["complex", "list"];

/// A type as a schema has it. Of strings the length is no part.
pub(super) fn of(ty: &ElementType) -> Value {
    match ty.class() {
        TypeClass::FixedString(_) | TypeClass::String => json!("string"),
        TypeClass::Bitfield { bits } => json!(format!("bitfield({bits})")),
        TypeClass::Opaque(size) => json!(format!("opaque({size})")),
        TypeClass::Enum(members) => {
            let members: Map<String, Value> =
                members.into_iter().map(|(name, number)| (name, number_of(number))).collect();
            json!({ "enum": members })
        }
        TypeClass::Record(fields) => {
            let fields: Map<String, Value> = fields.iter().map(|(name, ty)| (name.clone(), of(ty))).collect();
            json!({ "record": fields })
        }
        TypeClass::Complex(part) => json!({ "complex": of(&part) }),
        TypeClass::Array(dims, inner) => json!({ "array": of(&inner), "shape": dims }),
        TypeClass::List(inner) => json!({ "list": of(&inner) }),
        TypeClass::Reference => json!("reference"),
        _ => json!(ty.to_string()),
    }
}

fn number_of(number: i128) -> Value {
    match (i64::try_from(number), u64::try_from(number)) {
        (Ok(number), _) => json!(number),
        (_, Ok(number)) => json!(number),
        _ => json!(number.to_string()),
    }
}

/// An error if a value is no type.
pub(super) fn check(ty: &Value) -> Result<(), String> {
    match ty {
        Value::String(word) => {
            let sized = word.strip_suffix(')').and_then(|word| word.split_once('('));
            let is_sized = sized.is_some_and(|(word, _)| SIZED.contains(&word));
            let is_time = word.starts_with("datetime64[") || word.starts_with("timedelta64[");
            // What the crate does not read has other words.
            let is_other =
                ["HDF5 time", "region reference"].contains(&word.as_str()) || word.starts_with("reference (");
            match WORDS.contains(&word.as_str()) || is_sized || is_time || is_other {
                true => Ok(()),
                false => Err(format!("`{word}` is no type")),
            }
        }
        Value::Object(parts) => {
            let keys: Vec<&str> = parts.keys().map(String::as_str).collect();
            match (&keys[..], parts.values().next()) {
                (["record"], Some(Value::Object(fields))) => fields.values().try_for_each(check),
                (["enum"], Some(Value::Object(_))) => Ok(()),
                ([word], Some(inner)) if WITH_ONE.contains(word) => check(inner),
                (["array", "shape"], Some(inner)) if parts["shape"].is_array() => check(inner),
                _ => Err(format!("`{ty}` is no type")),
            }
        }
        _ => Err(format!("`{ty}` is no type")),
    }
}

/// Whether elements of a type are what a schema says.
pub(super) fn is_such(wanted: &Value, ty: &ElementType) -> bool {
    let class = ty.class();
    match (wanted, &class) {
        (Value::String(word), _) if word == "any" => true,
        (Value::String(word), TypeClass::FixedString(size)) => word == "string" || *word == format!("string({size})"),
        (Value::String(word), TypeClass::Opaque(_)) if word == "bytes" => true,
        (Value::Object(wanted), TypeClass::Record(fields)) => match wanted.get("record") {
            // By their names, as they are read.
            Some(Value::Object(wanted)) => {
                wanted.len() == fields.len()
                    && fields.iter().all(|(name, ty)| wanted.get(name).is_some_and(|wanted| is_such(wanted, ty)))
            }
            _ => false,
        },
        (Value::Object(wanted), TypeClass::Complex(part)) => {
            wanted.get("complex").is_some_and(|wanted| is_such(wanted, part))
        }
        (Value::Object(wanted), TypeClass::List(inner)) => {
            wanted.get("list").is_some_and(|wanted| is_such(wanted, inner))
        }
        (Value::Object(wanted), TypeClass::Array(dims, inner)) => {
            wanted.get("array").is_some_and(|wanted| is_such(wanted, inner))
                && wanted.get("shape") == Some(&json!(dims))
        }
        (wanted, _) => *wanted == of(ty),
    }
}

/// A type in words.
pub(super) fn words(ty: &Value) -> String {
    match ty {
        Value::String(word) => word.clone(),
        other => other.to_string(),
    }
}
