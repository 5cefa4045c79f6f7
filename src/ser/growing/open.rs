//! Opening what is stored already, to be added to.

use std::cell::RefCell;
use std::collections::HashSet;

use super::{GrowingColumn, GrowingField, GrowingLayout, GrowingRecords, GrowingUnion, GrowingVariant, STEP_ELEMENTS};
use crate::ground::depth::Depth;
use crate::ground::error::{Error, ErrorKind, Result};
use crate::ground::limits::MAX_COUNT;
use crate::ground::link_name::unescape;
use crate::h5::{Attributes, Dtype, Group, Growing, Identity, Number, Object, Shape, integer};
use crate::layout::path_rules::RulePosition;
use crate::layout::{APPENDED, BYTES, KEYS, Kind, MASK, OFFSETS, TAG, VALUES, escape_variant};
use crate::layout_attributes::LayoutAttributes;

/// Where a part is, and what is known of it.
#[derive(Clone, Copy)]
struct OpenContext<'a> {
    rules: &'a RulePosition,
    depth: Depth,
    /// How many of its elements count, if that is said elsewhere.
    wanted: Option<u64>,
    /// Whether something is stored for each of them elsewhere.
    proved: bool,
    /// All objects that there are so far.
    met: &'a RefCell<HashSet<Identity>>,
}

impl<'a> OpenContext<'a> {
    /// A part of it of which so many elements count, for each of which it has something stored.
    fn part(self, rules: &'a RulePosition, count: u64) -> Self {
        Self { rules, wanted: Some(count), proved: true, ..self }
    }
}

impl GrowingColumn {
    /// Opens a stored sequence to be added to; returns also how many elements it has.
    pub(in crate::ser) fn open(parent: &Group, link: &str, rules: &RulePosition) -> Result<(Self, u64)> {
        let open = || {
            let object = parent.open(link)?;
            let wanted = match object.has_attribute(APPENDED)? {
                true => Some(object.count_of(APPENDED)?),
                false => None,
            };
            let met = RefCell::default();
            let at = OpenContext { rules, depth: Depth::default(), wanted, proved: false, met: &met };
            Self::of_object(parent, link, at, object)
        };
        open().map_err(|error: Error| error.in_link(link))
    }

    fn child(group: &Group, link: &str, at: OpenContext<'_>) -> Result<(Self, u64)> {
        let open = || Self::of_object(group, link, at, group.open(link)?);
        open().map_err(|error: Error| error.in_link(link))
    }

    fn of_object(parent: &Group, link: &str, at: OpenContext<'_>, object: Object) -> Result<(Self, u64)> {
        let wanted = at.wanted;
        // What is added would come in more than one place; and links that lead back have no end.
        if !at.met.borrow_mut().insert(object.summary()?.identity) {
            let message = "an object that is there in more than one place of the sequence cannot be added to";
            return Err(Error::new(ErrorKind::Cycle, message));
        }
        let (shape, count) = match object {
            Object::Dataset(dataset) => match (dataset.kind()?.filter(|kind| !kind.is_array()), dataset.shape()) {
                (Some(Kind::Units), Shape::Scalar) => {
                    let number = match *dataset.dtype() {
                        Dtype::Number(number) if number.is_integer() => number,
                        _ => return Err(Error::corrupt(format!("expected a count, found {}", dataset.words()))),
                    };
                    let stored = u64::try_from(integer(number, dataset.read()?.bytes()));
                    let stored = stored.map_err(|_| Error::corrupt("a negative count"))?;
                    let count = wanted.unwrap_or(stored);
                    (GrowingLayout::Units(count), count)
                }
                (None, Shape::Simple(dims)) if dims[..] == [0] && parent.open_growing(link).is_err() => {
                    let count = wanted.unwrap_or(0);
                    (GrowingLayout::Pending(count), count)
                }
                (None, Shape::Simple(_))
                    if dataset.dtype().has_addresses() || matches!(dataset.dtype(), Dtype::FixedString(_)) =>
                {
                    let message = format!(
                        "{} cannot be added to: strings, and sequences of their own lengths, are added to those that an appender \
                         began; read these and write them again",
                        dataset.words()
                    );
                    return Err(Error::new(ErrorKind::Unsupported, message));
                }
                (None | Some(Kind::I128 | Kind::U128), Shape::Simple(_)) => {
                    let (data, count) = kept(parent.open_growing(link)?, wanted)?;
                    (GrowingLayout::Items(data), count)
                }
                _ => return Err(Error::wrong_type("a sequence that can grow", dataset.words())),
            },
            Object::Group(group) => {
                let depth = at.depth.in_group()?;
                depth.with_stack(|| Self::of_group(&group, OpenContext { depth, ..at }))?
            }
        };
        if !at.proved && !shape.proves() {
            check_count(count)?;
        }
        let (parent, rules) = (parent.clone(), at.rules.clone());
        Ok((Self { parent, link: link.to_owned(), rules, shape, was_there: true }, count))
    }

    fn of_group(group: &Group, at: OpenContext<'_>) -> Result<(GrowingLayout, u64)> {
        let OpenContext { rules, wanted, .. } = at;
        let Some(kind) = group.kind()? else { return Err(Error::wrong_type("a sequence that can grow", "a group")) };
        let boxed = |link, at| Self::child(group, link, at).map(|(part, _)| Box::new(part));
        // The last of the offsets says how many elements there are of what they point into, and nothing else does.
        let inside = |rules, end| OpenContext { proved: false, ..at.part(rules, end) };
        Ok(match kind {
            Kind::Text | Kind::Blobs => {
                let text = kind == Kind::Text;
                let (offsets, end, count) = open_offsets(group, wanted)?;
                let (bytes, _) = part_of(group, if text { BYTES } else { VALUES }, Number::U8, Some(end))?;
                (GrowingLayout::Parts { offsets, bytes, text }, count)
            }
            Kind::Ragged => {
                let (offsets, end, count) = open_offsets(group, wanted)?;
                (GrowingLayout::Ragged { offsets, end, values: boxed(VALUES, inside(rules.element(), end))? }, count)
            }
            Kind::Maps => {
                let (offsets, end, count) = open_offsets(group, wanted)?;
                (
                    GrowingLayout::Maps {
                        offsets,
                        end,
                        keys: boxed(KEYS, inside(rules, end))?,
                        values: boxed(VALUES, inside(rules.element(), end))?,
                    },
                    count,
                )
            }
            Kind::Nullable => {
                let (mask, count) = part_of(group, MASK, Number::Bool, wanted)?;
                (GrowingLayout::Nullable { mask, values: boxed(VALUES, at.part(rules, count))? }, count)
            }
            Kind::Columns => {
                let count = match wanted {
                    Some(wanted) => wanted,
                    None => group.length()?,
                };
                let mut fields = Vec::new();
                for link in group.links()? {
                    let name = unescape(&link.name).into_owned();
                    let rules = rules.field(&name);
                    let (mask, part) = match group.open(&link.name)? {
                        Object::Group(masked) if masked.kind()? == Some(Kind::Masked) => {
                            let (mask, _) = part_of(&masked, MASK, Number::Bool, Some(count))?;
                            (Some(mask), Self::child(&masked, VALUES, at.part(rules, count))?.0)
                        }
                        object => (None, Self::of_object(group, &link.name, at.part(rules, count), object)?.0),
                    };
                    fields.push(GrowingField { name, mask, part });
                }
                let masked = !fields.is_empty() && fields.iter().all(|field: &GrowingField| field.mask.is_some());
                (
                    GrowingLayout::Columns(GrowingRecords {
                        group: group.clone(),
                        count,
                        masked,
                        rules: rules.clone(),
                        fields,
                    }),
                    count,
                )
            }
            Kind::Variants | Kind::Mixed => {
                let (tag, count) = growing(group, TAG, wanted)?;
                let Dtype::Enum(enumeration) = tag.dtype().clone() else {
                    return Err(Error::wrong_type("tags of an HDF5 enum", tag.words()));
                };
                if enumeration.base != Number::U8 || !tag.inner().is_empty() {
                    return Err(Error::wrong_type("tags of one byte", tag.words()));
                }
                let mut counts = [0u64; 256];
                for start in (0..count).step_by(STEP_ELEMENTS as usize) {
                    tag.read(start, STEP_ELEMENTS.min(count - start))?
                        .iter()
                        .for_each(|code| counts[usize::from(*code)] += 1);
                }
                let mixed = kind == Kind::Mixed;
                let mut names = Vec::new();
                for (name, code) in &enumeration.members {
                    let code = u8::try_from(*code).map_err(|_| Error::corrupt("a tag of more than a byte"))?;
                    let count = counts[usize::from(code)];
                    let link = if mixed { name.into() } else { escape_variant(name) };
                    let payload = match group.has_link(&link)? {
                        true => {
                            let rules = if mixed { rules } else { rules.field(name) };
                            Some(Self::child(group, &link, at.part(rules, count))?.0)
                        }
                        false => None,
                    };
                    // What no element has yet is as good as new.
                    if count > 0 || payload.is_some() {
                        names.push(GrowingVariant { name: name.clone(), code, count, payload });
                    }
                }
                (
                    GrowingLayout::Parted(GrowingUnion {
                        group: group.clone(),
                        mixed,
                        rules: rules.clone(),
                        tag,
                        names,
                    }),
                    count,
                )
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

/// The same of a list of such numbers.
fn part_of(group: &Group, link: &str, number: Number, wanted: Option<u64>) -> Result<(Growing, u64)> {
    let (growing, count) = growing(group, link, wanted)?;
    if *growing.dtype() == Dtype::Number(number) && growing.inner().is_empty() {
        return Ok((growing, count));
    }
    let expected = Dtype::Number(number);
    Err(Error::corrupt(format!("expected a list of `{expected}`, found {}", growing.words())).in_link(link))
}

/// Opens offsets; returns also the last, and how many elements there are.
fn open_offsets(group: &Group, wanted: Option<u64>) -> Result<(Growing, u64, u64)> {
    let (offsets, rows) = part_of(group, OFFSETS, Number::U64, wanted.map(|wanted| wanted.saturating_add(1)))?;
    if rows == 0 {
        return Err(Error::corrupt("there are no offsets").in_link(OFFSETS));
    }
    let last = offsets.read(rows - 1, 1)?;
    let end = u64::try_from(integer(Number::U64, &last)).map_err(|_| Error::corrupt("a negative offset"))?;
    Ok((offsets, end, rows - 1))
}

impl GrowingLayout {
    /// Whether something is stored for each element.
    fn proves(&self) -> bool {
        match self {
            Self::Pending(_) | Self::Units(_) => false,
            Self::Columns(columns) => {
                columns.fields.iter().any(|field| field.mask.is_some() || field.part.shape.proves())
            }
            _ => true,
        }
    }
}

/// Refuses more elements than anyone has who stores nothing for each: what they lack may have to be written for all of them.
fn check_count(count: u64) -> Result<()> {
    if count <= MAX_COUNT {
        return Ok(());
    }
    let message = format!("{count} elements for which nothing is stored are more than the limit of {MAX_COUNT}");
    Err(Error::new(ErrorKind::Limit, message))
}
