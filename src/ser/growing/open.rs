//! Opening what is stored already, to be added to.

use super::{Columns, Field, Name, Part, Parted, STEP, Shape};
use crate::error::{Error, Result};
use crate::format::{APPENDED, BYTES, KEYS, Kind, MASK, OFFSETS, TAG, VALUES, escape_variant, unescape};
use crate::storage::{Attributes, Dtype, Group, Growing, Number, Object, Shape as Space, integer};

impl Part {
    /// Opens a stored sequence to be added to; returns also how many elements it has.
    pub(in crate::ser) fn open(parent: &Group, link: &str) -> Result<(Self, u64)> {
        let open = || {
            let object = parent.open(link)?;
            let wanted = match object.has_attribute(APPENDED)? {
                true => Some(object.count_of(APPENDED)?),
                false => None,
            };
            Self::of_object(parent, link, object, wanted)
        };
        open().map_err(|error: Error| error.in_link(link))
    }

    fn child(group: &Group, link: &str, wanted: Option<u64>) -> Result<(Self, u64)> {
        let open = || Self::of_object(group, link, group.open(link)?, wanted);
        open().map_err(|error: Error| error.in_link(link))
    }

    fn of_object(parent: &Group, link: &str, object: Object, wanted: Option<u64>) -> Result<(Self, u64)> {
        let (shape, count) = match object {
            Object::Dataset(dataset) => match (dataset.kind()?, dataset.shape()) {
                (Some(Kind::Units), Space::Scalar) => {
                    let Dtype::Number(number) = *dataset.dtype() else { return Err(Error::corrupt("no count")) };
                    let stored = u64::try_from(integer(number, dataset.read()?.bytes())).unwrap_or(0);
                    let count = wanted.unwrap_or(stored);
                    (Shape::Units(count), count)
                }
                (None, Space::Simple(dims)) if dims[..] == [0] && parent.open_growing(link).is_err() => {
                    let count = wanted.unwrap_or(0);
                    (Shape::Pending(count), count)
                }
                (None | Some(Kind::I128 | Kind::U128), Space::Simple(_)) => {
                    let (data, count) = kept(parent.open_growing(link)?, wanted)?;
                    (Shape::Items(data), count)
                }
                _ => return Err(Error::wrong_type("a sequence that can grow", dataset.words())),
            },
            Object::Group(group) => Self::of_group(&group, wanted)?,
        };
        Ok((Self { parent: parent.clone(), link: link.to_owned(), shape }, count))
    }

    fn of_group(group: &Group, wanted: Option<u64>) -> Result<(Shape, u64)> {
        let Some(kind) = group.kind()? else { return Err(Error::wrong_type("a sequence that can grow", "a group")) };
        let boxed = |link, wanted| Self::child(group, link, Some(wanted)).map(|(part, _)| Box::new(part));
        Ok(match kind {
            Kind::Text | Kind::Blobs => {
                let text = kind == Kind::Text;
                let (offsets, end, count) = open_offsets(group, wanted)?;
                let (bytes, _) = growing(group, if text { BYTES } else { VALUES }, Some(end))?;
                (Shape::Parts { offsets, bytes, text }, count)
            }
            Kind::Ragged => {
                let (offsets, end, count) = open_offsets(group, wanted)?;
                (Shape::Ragged { offsets, end, values: boxed(VALUES, end)? }, count)
            }
            Kind::Maps => {
                let (offsets, end, count) = open_offsets(group, wanted)?;
                (Shape::Maps { offsets, end, keys: boxed(KEYS, end)?, values: boxed(VALUES, end)? }, count)
            }
            Kind::Nullable => {
                let (mask, count) = growing(group, MASK, wanted)?;
                (Shape::Nullable { mask, values: boxed(VALUES, count)? }, count)
            }
            Kind::Columns => {
                let count = match wanted {
                    Some(wanted) => wanted,
                    None => group.length()?,
                };
                let mut fields = Vec::new();
                for link in group.links()? {
                    let name = unescape(&link.name).into_owned();
                    let (mask, part) = match group.open(&link.name)? {
                        Object::Group(masked) if masked.kind()? == Some(Kind::Masked) => {
                            let (mask, _) = growing(&masked, MASK, Some(count))?;
                            (Some(mask), Self::child(&masked, VALUES, Some(count))?.0)
                        }
                        object => (None, Self::of_object(group, &link.name, object, Some(count))?.0),
                    };
                    fields.push(Field { name, mask, part });
                }
                let masked = !fields.is_empty() && fields.iter().all(|field: &Field| field.mask.is_some());
                (Shape::Columns(Columns { group: group.clone(), count, masked, fields }), count)
            }
            Kind::Variants | Kind::Mixed => {
                let (tag, count) = growing(group, TAG, wanted)?;
                let Dtype::Enum(enumeration) = tag.dtype().clone() else {
                    return Err(Error::wrong_type("tags of an HDF5 enum", tag.words()));
                };
                if enumeration.base != Number::U8 {
                    return Err(Error::wrong_type("tags of one byte", tag.words()));
                }
                let mut counts = [0u64; 256];
                for start in (0..count).step_by(STEP as usize) {
                    tag.read(start, STEP.min(count - start))?.iter().for_each(|code| counts[usize::from(*code)] += 1);
                }
                let mixed = kind == Kind::Mixed;
                let mut names = Vec::new();
                for (name, code) in &enumeration.members {
                    let code = u8::try_from(*code).map_err(|_| Error::corrupt("a tag of more than a byte"))?;
                    let count = counts[usize::from(code)];
                    let link = if mixed { name.into() } else { escape_variant(name) };
                    let payload = match group.has_link(&link)? {
                        true => Some(Self::child(group, &link, Some(count))?.0),
                        false => None,
                    };
                    // What no element has yet is as good as new.
                    if count > 0 || payload.is_some() {
                        names.push(Name { name: name.clone(), code, count, payload });
                    }
                }
                (Shape::Parted(Parted { group: group.clone(), mixed, tag, names }), count)
            }
            kind => {
                let found = format!("a group of kind `{}`", kind.as_str());
                return Err(Error::wrong_type("a sequence that can grow", found));
            }
        })
    }
}

/// Opens a dataset of which `wanted` rows count.
fn growing(group: &Group, link: &str, wanted: Option<u64>) -> Result<(Growing, u64)> {
    let open = || kept(group.open_growing(link)?, wanted);
    open().map_err(|error: Error| error.in_link(link))
}

fn kept(mut growing: Growing, wanted: Option<u64>) -> Result<(Growing, u64)> {
    let count = wanted.unwrap_or(growing.rows());
    growing.keep(count)?;
    Ok((growing, count))
}

/// Opens offsets; returns also the last, and how many elements there are.
fn open_offsets(group: &Group, wanted: Option<u64>) -> Result<(Growing, u64, u64)> {
    let (offsets, rows) = growing(group, OFFSETS, wanted.map(|wanted| wanted.saturating_add(1)))?;
    if *offsets.dtype() != Dtype::Number(Number::U64) || rows == 0 || !offsets.inner().is_empty() {
        return Err(Error::corrupt(format!("expected offsets, found {}", offsets.words())).in_link(OFFSETS));
    }
    let last = offsets.read(rows - 1, 1)?;
    let end = u64::try_from(integer(Number::U64, &last)).unwrap_or(0);
    Ok((offsets, end, rows - 1))
}
