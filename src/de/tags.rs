//! Tags: what tells which part of a sequence of enums, or of unlike elements, an element is in.

use super::column::Column;
use crate::ground::depth::Depth;
use crate::ground::error::{Error, ErrorKind, Result};
use crate::ground::ledger;
use crate::h5::{Dtype, EnumType, integer};

/// The tags of a sequence of enums or of mixed types.
pub(super) struct Tags {
    pub(super) names: Vec<String>,
    /// Positions in `names`.
    pub(super) tags: Vec<u32>,
}

impl Tags {
    /// The tags that are written out as names.
    fn of_names(mut column: Column) -> Result<Self> {
        let (mut names, mut tags) = (Vec::<String>::new(), Vec::new());
        let mut positions = std::collections::HashMap::new();
        ledger::made(column.len().saturating_mul(size_of::<u32>() as u64))?;
        for index in 0..column.len() {
            let name = column.view(index, Depth::default())?.into_text()?;
            let tag = *positions.entry(name.clone()).or_insert_with(|| {
                names.push(name);
                names.len() as u32 - 1
            });
            tags.push(tag);
        }
        Ok(Self { names, tags })
    }

    pub(super) fn read(column: Column) -> Result<Self> {
        let mut array = match column {
            Column::Array(array) if array.dims().len() == 1 => array,
            names @ Column::Parts { text: true, .. } => return Self::of_names(names),
            other => {
                let found = other.words().unwrap_or_else(|| "something else".to_owned());
                return Err(Error::corrupt(format!("expected a list of tags, found {found}")));
            }
        };
        match array.dtype().clone() {
            Dtype::Enum(enumeration) => {
                let (mut tags, members) = (Vec::new(), Members::of(&enumeration));
                ledger::made(array.len().saturating_mul(size_of::<u32>() as u64))?;
                array.each_window(|bytes| {
                    for tag in bytes.chunks_exact(enumeration.base.size()) {
                        tags.push(members.position(tag)?);
                    }
                    Ok(())
                })?;
                Ok(Self { names: enumeration.members.iter().map(|(name, _)| name.clone()).collect(), tags })
            }
            Dtype::FixedString(_) | Dtype::VarString(_) => Self::of_names(Column::Array(array)),
            // No element has shown which variant it is: none is there.
            _ if array.len() == 0 => Ok(Self { names: Vec::new(), tags: Vec::new() }),
            _ => Err(Error::corrupt(format!("expected a list of tags, found {}", array.words()))),
        }
    }
}

/// What finds the members of an enum.
#[derive(Debug)]
pub(super) struct Members<'a> {
    enumeration: &'a EnumType,
    /// For each byte the position of that member, or [`NONE`](Self::NONE), where the values are bytes.
    of_bytes: Option<Box<[u32; 256]>>,
}

impl<'a> Members<'a> {
    const NONE: u32 = u32::MAX;

    pub(super) fn of(enumeration: &'a EnumType) -> Self {
        let mut of_bytes = None;
        if enumeration.base.size() == 1 {
            let mut positions = Box::new([Self::NONE; 256]);
            for (position, (_, value)) in enumeration.members.iter().enumerate().rev() {
                // As it is stored, with its sign.
                positions[usize::from(*value as u8)] = position as u32;
            }
            of_bytes = Some(positions);
        }
        Self { enumeration, of_bytes }
    }

    /// The position of the member whose value these bytes are.
    #[inline]
    pub(super) fn position(&self, bytes: &[u8]) -> Result<u32> {
        if let (Some(positions), [byte]) = (&self.of_bytes, bytes)
            && positions[usize::from(*byte)] != Self::NONE
        {
            return Ok(positions[usize::from(*byte)]);
        }
        member(self.enumeration, integer(self.enumeration.base, bytes))
    }
}

pub(super) fn member(enumeration: &EnumType, value: i128) -> Result<u32> {
    let guess = usize::try_from(value).ok().filter(|at| enumeration.members.get(*at).is_some_and(|m| m.1 == value));
    guess
        .or_else(|| enumeration.members.iter().position(|(_, member)| *member == value))
        .map(|position| position as u32)
        .ok_or_else(|| Error::new(ErrorKind::Corrupt, format!("the tag {value} has no name")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::h5::Number;

    fn enumeration(base: Number, members: &[(&str, i128)]) -> EnumType {
        EnumType::new(base, members.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect())
    }

    #[test]
    fn members_are_found_by_their_values() {
        let signed = enumeration(Number::I8, &[("late", 7), ("lost", -1), ("early", 0)]);
        let members = Members::of(&signed);
        for (position, value) in [7i8, -1, 0].into_iter().enumerate() {
            assert_eq!(members.position(&value.to_ne_bytes()).unwrap(), position as u32);
        }
        let error = members.position(&[1]).unwrap_err();
        assert!(error.to_string().contains("the tag 1 has no name"), "{error}");
        let wide = enumeration(Number::U16, &[("a", 300), ("b", 44)]);
        let members = Members::of(&wide);
        assert_eq!(members.position(&300u16.to_ne_bytes()).unwrap(), 0);
        assert_eq!(members.position(&44u16.to_ne_bytes()).unwrap(), 1);
    }

    /// Of two names of one value, it is the first.
    #[test]
    fn members_of_one_value_are_the_first_of_them() {
        let twice = enumeration(Number::U8, &[("none", 0), ("one", 1), ("uno", 1)]);
        assert_eq!(Members::of(&twice).position(&[1]).unwrap(), 1);
    }
}
