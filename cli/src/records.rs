//! Records of which no Rust type is known: their fields get one type each, from what there is.

use std::cell::RefCell;
use std::collections::HashMap;

use filebacked::objects::{Group, Object, TypeClass};
use serde::ser::{Error as _, SerializeStruct};
use serde::{Serialize, Serializer};
use serde_json::Value as Json;

use crate::failure::{Failure, Outcome};

/// A record as it comes: names and values.
pub(crate) type Row = serde_json::Map<String, Json>;

/// What a field is stored as.
#[derive(Clone, Debug, PartialEq, Eq)]
enum FieldType {
    Bool,
    Signed(usize),
    Unsigned(usize),
    Float(usize),
    Text,
    /// Whatever JSON has.
    Any,
}

#[derive(Clone, Debug)]
struct Field {
    name: &'static str,
    field_type: FieldType,
    /// Whether it may be missing.
    is_optional: bool,
}

/// The fields of records.
#[derive(Clone, Debug)]
pub(crate) struct Schema(Vec<Field>);

/// A record of a schema, to be written as a struct.
pub(crate) struct Record<'a> {
    schema: &'a Schema,
    row: Row,
}

/// serde takes names that last as long as the program: each is kept once.
pub(crate) fn lasting(name: &str) -> &'static str {
    thread_local! {
        static NAMES: RefCell<HashMap<String, &'static str>> = RefCell::default();
    }
    NAMES.with_borrow_mut(|names| {
        *names.entry(name.to_owned()).or_insert_with(|| Box::leak(name.to_owned().into_boxed_str()))
    })
}

impl Schema {
    /// What suits all of some records. A field that one of them lacks, or has as null, may be missing.
    pub(crate) fn of_rows(rows: &[Row]) -> Self {
        let mut fields: Vec<Field> = Vec::new();
        let mut counts: HashMap<&'static str, usize> = HashMap::new();
        for row in rows {
            for (name, value) in row {
                let name = lasting(name);
                *counts.entry(name).or_default() += 1;
                let found = match value {
                    Json::Null => None,
                    Json::Bool(_) => Some(FieldType::Bool),
                    Json::Number(number) if number.is_i64() => Some(FieldType::Signed(64)),
                    Json::Number(number) if number.is_u64() => Some(FieldType::Unsigned(64)),
                    Json::Number(_) => Some(FieldType::Float(64)),
                    Json::String(_) => Some(FieldType::Text),
                    _ => Some(FieldType::Any),
                };
                match fields.iter_mut().find(|field| field.name == name) {
                    Some(field) => match found {
                        None => field.is_optional = true,
                        Some(found) => field.field_type = common(&field.field_type, &found),
                    },
                    None => {
                        let (field_type, is_optional) = (found.unwrap_or(FieldType::Any), value.is_null());
                        fields.push(Field { name, field_type, is_optional });
                    }
                }
            }
        }
        for field in &mut fields {
            field.is_optional |= counts.get(field.name).copied() != Some(rows.len());
        }
        Self(fields)
    }

    /// That of the records in a list of a file: of a dataset of records, or of a group with a column for each field.
    pub(crate) fn of_list(object: &Object) -> Outcome<Option<Self>> {
        let field = |name: &str, class: &TypeClass, is_optional: bool| {
            let field_type = match class {
                TypeClass::Bool => FieldType::Bool,
                TypeClass::Integer { bits, signed: true } => FieldType::Signed(*bits),
                TypeClass::Integer { bits, .. } => FieldType::Unsigned(*bits),
                TypeClass::Float { bits } => FieldType::Float(*bits),
                TypeClass::String | TypeClass::FixedString(_) => FieldType::Text,
                _ => FieldType::Any,
            };
            Field { name: lasting(&name.replace("%2F", "/").replace("%25", "%")), field_type, is_optional }
        };
        match object {
            Object::Dataset(dataset) => Ok(match dataset.element_type().class() {
                TypeClass::Record(fields) => {
                    Some(Self(fields.iter().map(|(name, part)| field(name, &part.class(), false)).collect()))
                }
                _ => None,
            }),
            Object::Group(group) if group.encoding()? == Some("columns") => {
                let mut fields = Vec::new();
                for link in group.links()? {
                    fields.push(match group.open(&link.name)? {
                        Object::Dataset(column) => {
                            let is_list =
                                column.dims().is_some_and(|dims| dims.len() > 1) || column.encoding()?.is_some();
                            match is_list {
                                true => field(&link.name, &TypeClass::Reference, false),
                                false => field(&link.name, &column.element_type().class(), false),
                            }
                        }
                        Object::Group(column) => nullable(&column, &link.name, &field)?,
                        _ => return Ok(None),
                    });
                }
                Ok(Some(Self(fields)))
            }
            _ => Ok(None),
        }
    }

    /// The record of a row.
    pub(crate) fn record(&self, row: Row) -> Outcome<Record<'_>> {
        if let Some(name) = row.keys().find(|name| self.0.iter().all(|field| field.name != **name)) {
            let there: Vec<&str> = self.0.iter().map(|field| field.name).collect();
            return Err(Failure::error(format!(
                "a record has a field `{name}`, and the list has `{}`",
                there.join("`, `")
            )));
        }
        Ok(Record { schema: self, row })
    }
}

/// A column that is a group: of options, or of anything else.
fn nullable(column: &Group, name: &str, field: &dyn Fn(&str, &TypeClass, bool) -> Field) -> Outcome<Field> {
    let encoding = column.encoding()?;
    let of = |object: filebacked::Result<Object>| match object {
        Ok(Object::Dataset(values)) if values.encoding()?.is_none() => Ok(values.element_type().class()),
        Ok(Object::Group(values)) if values.encoding()? == Some("text") => Ok(TypeClass::String),
        // Whatever it is.
        _ => Ok::<_, Failure>(TypeClass::Reference),
    };
    match encoding {
        Some("nullable" | "masked" | "nulls") => Ok(field(name, &of(column.open("values"))?, true)),
        Some("text") => Ok(field(name, &TypeClass::String, false)),
        _ => Ok(field(name, &TypeClass::Reference, false)),
    }
}

/// The type of a field that has values of both.
fn common(one: &FieldType, other: &FieldType) -> FieldType {
    use FieldType::{Any, Float, Signed, Unsigned};
    match (one, other) {
        (one, other) if one == other => one.clone(),
        (Signed(_) | Unsigned(_) | Float(_), Float(_)) | (Float(_), Signed(_) | Unsigned(_)) => Float(64),
        (Signed(_), Unsigned(_)) | (Unsigned(_), Signed(_)) => Unsigned(64),
        _ => Any,
    }
}

impl Serialize for Record<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Record", self.schema.0.len())?;
        for field in &self.schema.0 {
            let value = self.row.get(field.name).unwrap_or(&Json::Null);
            let cell = Cell { field, value };
            match (field.is_optional, value) {
                (true, Json::Null) => fields.serialize_field(field.name, &None::<Cell<'_>>)?,
                (true, _) => fields.serialize_field(field.name, &Some(cell))?,
                (false, _) => fields.serialize_field(field.name, &cell)?,
            }
        }
        fields.end()
    }
}

struct Cell<'a> {
    field: &'a Field,
    value: &'a Json,
}

impl Serialize for Cell<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { field, value } = self;
        let wrong = || {
            let expected = match &field.field_type {
                FieldType::Bool => "a bool".to_owned(),
                FieldType::Signed(bits) => format!("an `i{bits}`"),
                FieldType::Unsigned(bits) => format!("an `u{bits}`"),
                FieldType::Float(bits) => format!("an `f{bits}`"),
                _ => "a string".to_owned(),
            };
            S::Error::custom(format_args!("the field `{}` is {expected}, and not {value}", field.name))
        };
        macro_rules! integer {
            ($method:ident, $value:expr) => {
                serializer.$method($value.and_then(|value| value.try_into().ok()).ok_or_else(wrong)?)
            };
        }
        match &field.field_type {
            FieldType::Bool => serializer.serialize_bool(value.as_bool().ok_or_else(wrong)?),
            FieldType::Signed(8) => integer!(serialize_i8, value.as_i64()),
            FieldType::Signed(16) => integer!(serialize_i16, value.as_i64()),
            FieldType::Signed(32) => integer!(serialize_i32, value.as_i64()),
            FieldType::Signed(_) => integer!(serialize_i64, value.as_i64()),
            FieldType::Unsigned(8) => integer!(serialize_u8, value.as_u64()),
            FieldType::Unsigned(16) => integer!(serialize_u16, value.as_u64()),
            FieldType::Unsigned(32) => integer!(serialize_u32, value.as_u64()),
            FieldType::Unsigned(_) => integer!(serialize_u64, value.as_u64()),
            FieldType::Float(bits) => {
                let float = match value {
                    // JSON has no others.
                    Json::Null => f64::NAN,
                    Json::String(text) => match text.as_str() {
                        "NaN" => f64::NAN,
                        "Infinity" => f64::INFINITY,
                        "-Infinity" => f64::NEG_INFINITY,
                        _ => return Err(wrong()),
                    },
                    value => value.as_f64().filter(|float| is_exact(value, *float)).ok_or_else(wrong)?,
                };
                if *bits == 32 && float.is_finite() && (float as f32).is_infinite() {
                    return Err(wrong());
                }
                if *bits == 32 { serializer.serialize_f32(float as f32) } else { serializer.serialize_f64(float) }
            }
            FieldType::Text => serializer.serialize_str(value.as_str().ok_or_else(wrong)?),
            FieldType::Any => value.serialize(serializer),
        }
    }
}

/// The same, where numbers of one list, or of one field of its records, are floats if one of them is.
pub(crate) fn unified(mut value: Json) -> Outcome<Json> {
    unify(vec![&mut value])?;
    Ok(value)
}

/// Whether a float is what an integer is. Other numbers are floats.
fn is_exact(value: &Json, float: f64) -> bool {
    let integer = value.as_i64().map(i128::from).or_else(|| value.as_u64().map(i128::from));
    integer.is_none_or(|integer| float as i128 == integer)
}

/// Makes values that stand in one place of one sort.
fn unify(values: Vec<&mut Json>) -> Outcome {
    let (mut numbers, mut elements, mut fields) = (Vec::new(), Vec::new(), Vec::<(String, Vec<&mut Json>)>::new());
    let mut places = HashMap::new();
    for value in values {
        match value {
            Json::Number(_) => numbers.push(value),
            Json::Array(list) => elements.extend(list.iter_mut()),
            Json::Object(map) => {
                for (name, value) in map.iter_mut() {
                    let place = *places.entry(name.clone()).or_insert(fields.len());
                    if place == fields.len() {
                        fields.push((name.clone(), Vec::new()));
                    }
                    fields[place].1.push(value);
                }
            }
            _ => {}
        }
    }
    if numbers.iter().any(|number| number.is_f64()) {
        for number in numbers {
            let Some(float) = number.as_f64() else { continue };
            if !is_exact(number, float) {
                let message = format!("the integer {number} is among floats, and `f64` does not hold it exactly");
                return Err(Failure::error(message));
            }
            *number = float.into();
        }
    }
    if !elements.is_empty() {
        unify(elements)?;
    }
    fields.into_iter().try_for_each(|(_, values)| unify(values))
}
