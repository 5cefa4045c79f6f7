//! What the elements of a dataset say beyond their type.

use filebacked::objects::{Attribute, Dataset, ElementType, Elements, Scalar, TypeClass};

use crate::blocks::Blocks;
use crate::failure::{Failure, without_place};
use crate::slice::Part;

/// How many bytes of a dataset are looked at, and how many elements. What comes after is taken for what came before.
const MOST_BYTES: u64 = 1 << 28;
const MOST: u64 = 1 << 22;
/// How many references are followed.
const REFERENCES: usize = 256;

/// What is known of the elements of a type, and of the parts of that.
#[derive(Debug, Default)]
pub(super) struct Facts {
    /// Why an element cannot be read, if one cannot.
    pub(super) bad: Option<String>,
    /// Of an enum: a value has no name.
    pub(super) is_unnamed: bool,
    /// Some are negative.
    pub(super) is_negative: bool,
    /// Of strings: how many bytes the longest has, and all of them.
    pub(super) longest: usize,
    pub(super) text: u64,
    pub(super) count: u64,
    /// They are strings.
    is_text: bool,
    /// A string has a NUL in it.
    pub(super) has_nul: bool,
    /// Of logicals and references: some are nothing.
    pub(super) has_none: bool,
    /// Where references lead.
    pub(super) targets: Vec<String>,
    /// Some lead where no path leads, or are too many.
    pub(super) is_lost: bool,
    /// Those of the fields of a record, or of the elements of an array or list.
    pub(super) parts: Vec<Facts>,
}

impl Facts {
    /// Looks at a dataset; why that cannot be read, if it cannot.
    pub(super) fn of(dataset: &Dataset) -> Result<Self, String> {
        let words = |failure: Failure| match failure {
            Failure::Error(why) | Failure::Missing(why) => without_place(&why),
            _ => String::new(),
        };
        let class = dataset.element_type().class();
        let mut facts = Self::new(&class);
        let Some(dims) = dataset.dims() else { return Ok(facts) };
        if let TypeClass::Unsupported(words) = class {
            return Err(format!("elements of type `{words}` are not read"));
        }
        if dataset.is_empty() {
            return Ok(facts);
        }
        if !has_facts(&class) {
            // Whether it can be read at all.
            dataset.read(&vec![0; dims.len()], &vec![1; dims.len()]).map_err(|error| words(error.into()))?;
            return Ok(facts);
        }
        let part = Part::all(dims);
        let mut blocks = Blocks::new(dataset, &part).map_err(words)?;
        let (mut bytes, mut count) = (0, 0);
        while bytes + facts.text < MOST_BYTES
            && count < MOST
            && let Some(block) = blocks.next().map_err(words)?
        {
            let elements = block.items.elements();
            facts.all(elements);
            bytes += elements.bytes().len() as u64;
            count += elements.len() as u64;
        }
        Ok(facts)
    }

    /// Looks at an attribute.
    pub(super) fn of_attribute(attribute: &Attribute) -> Self {
        let mut facts = Self::new(&attribute.element_type().class());
        facts.all(attribute.items().elements());
        facts
    }

    fn new(class: &TypeClass) -> Self {
        let part = |ty: &ElementType| Self::new(&ty.class());
        let parts = match class {
            TypeClass::Record(fields) => fields.iter().map(|(_, ty)| part(ty)).collect(),
            TypeClass::Array(_, inner) | TypeClass::List(inner) | TypeClass::Complex(inner) => vec![part(inner)],
            _ => Vec::new(),
        };
        let is_text = matches!(class, TypeClass::FixedString(_) | TypeClass::String);
        Self { parts, is_text, ..Self::default() }
    }

    fn all(&mut self, elements: Elements<'_>) {
        if elements.element_type().class() == TypeClass::Bool && elements.bytes().iter().all(|byte| *byte < 2) {
            return;
        }
        for element in elements.iter() {
            match element {
                Ok(scalar) => self.see(&scalar),
                Err(error) => self.is_bad(without_place(&error.to_string())),
            }
        }
    }

    fn is_bad(&mut self, why: String) {
        self.bad.get_or_insert(why);
    }

    fn see(&mut self, scalar: &Scalar<'_>) {
        self.count += 1;
        match scalar {
            Scalar::Text(text) => {
                self.longest = self.longest.max(text.len());
                self.text += text.len() as u64;
                self.has_nul |= text.contains('\0');
            }
            Scalar::Integer(value) => {
                self.is_unnamed = true;
                self.is_negative |= *value < 0;
            }
            Scalar::Name(name, value) => {
                self.is_negative |= *value < 0;
                self.has_none |= name.eq_ignore_ascii_case("NA");
            }
            Scalar::Bytes(_) if self.is_text => self.is_bad("a string is no UTF-8".to_owned()),
            Scalar::Record(record) | Scalar::Complex(record) => {
                for (number, (_, value)) in record.fields().enumerate() {
                    let number = number.min(self.parts.len().saturating_sub(1));
                    let Some(part) = self.parts.get_mut(number) else { continue };
                    match value {
                        Ok(value) => part.see(&value),
                        Err(error) => part.is_bad(without_place(&error.to_string())),
                    }
                }
            }
            Scalar::Array(_, elements) | Scalar::List(elements) => {
                if let Some(part) = self.parts.first_mut() {
                    part.all(*elements);
                }
            }
            Scalar::Reference(reference) => {
                if reference.address() == 0 {
                    self.has_none = true;
                } else if self.targets.len() >= REFERENCES {
                    self.is_lost = true;
                } else {
                    match reference.path() {
                        Some(path) if self.targets.contains(&path) => {}
                        Some(path) => self.targets.push(path),
                        None => self.is_lost = true,
                    }
                }
            }
            Scalar::Unreadable(why) => self.is_bad(format!("{why} cannot be read")),
            _ => {}
        }
    }

    /// Those of a part.
    pub(super) fn part(&self, number: usize) -> &Self {
        self.parts.get(number).unwrap_or(self)
    }

    /// Whether a list of such strings has a fixed length unless the writer is told otherwise.
    pub(super) fn is_fixed_by_default(&self) -> bool {
        (self.longest.max(1) as u64).saturating_mul(self.count) <= self.text.saturating_add(32 * self.count)
    }
}

/// Whether elements of that type are to be looked at.
fn has_facts(class: &TypeClass) -> bool {
    match class {
        TypeClass::Bool
        | TypeClass::Enum(_)
        | TypeClass::FixedString(_)
        | TypeClass::String
        | TypeClass::WideInteger { .. }
        | TypeClass::WideFloat
        | TypeClass::Reference => true,
        TypeClass::Record(fields) => fields.iter().any(|(_, ty)| has_facts(&ty.class())),
        TypeClass::Array(_, inner) | TypeClass::List(inner) | TypeClass::Complex(inner) => has_facts(&inner.class()),
        _ => false,
    }
}
