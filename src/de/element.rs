//! Elements of sequences, and parts of items: what is asked for most is read by the shortest way, the rest by way of a
//! [`View`].

use serde::de::{Deserializer, Visitor};

use super::access::{BlockSeq, Named, OrderedRecord, Payload};
use super::array::Array;
use super::column::{Branch, Column};
use super::forward_all;
use super::known::array_of;
use super::row::CompoundSeq;
use super::view::{Form, View, check_len, visit_block, visit_grid, visit_range};
use super::words;
use crate::depth::Depth;
use crate::error::{Error, Result};
use crate::format::VALUES;
use crate::item::{Block, Item, Part};

/// An element of a sequence, which is looked at when it is asked for.
pub(super) struct Element<'a> {
    pub(super) column: &'a mut Column,
    pub(super) index: u64,
    pub(super) depth: Depth,
}

/// What is asked for most goes the shortest way; the rest by way of a [`View`].
macro_rules! look {
    (deserialize_seq()) => {
        #[inline]
        fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
            self.sequence(None, visitor)
        }
    };
    (deserialize_tuple(len: usize)) => {
        #[inline]
        fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value> {
            self.sequence(Some(len), visitor)
        }
    };
    (deserialize_tuple_struct(name: &'static str, len: usize)) => {
        #[inline]
        fn deserialize_tuple_struct<V: Visitor<'de>>(self, _: &'static str, len: usize, visitor: V) -> Result<V::Value> {
            self.sequence(Some(len), visitor)
        }
    };
    (deserialize_struct($($name:ident: $type:ty),*)) => {
        #[inline]
        fn deserialize_struct<V: Visitor<'de>>(self, $($name: $type,)* visitor: V) -> Result<V::Value> {
            self.structure($($name,)* visitor)
        }
    };
    (deserialize_option()) => {
        #[inline]
        fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
            self.option(visitor)
        }
    };
    (deserialize_enum($($name:ident: $type:ty),*)) => {
        #[inline]
        fn deserialize_enum<V: Visitor<'de>>(self, $($name: $type,)* visitor: V) -> Result<V::Value> {
            self.enumeration($($name,)* visitor)
        }
    };
    (deserialize_string()) => {
        #[inline]
        fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
            self.string(visitor)
        }
    };
    ($method:ident($($name:ident: $type:ty),*)) => {
        #[inline]
        fn $method<V: Visitor<'de>>(self, $($name: $type,)* visitor: V) -> Result<V::Value> {
            self.look(|view| view.$method($($name,)* visitor))
        }
    };
}

/// Numbers of the very type that asks, by the shortest way.
macro_rules! look_at_number {
    ($method:ident $visit:ident $type:ty) => {
        #[inline]
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
            if let Column::Array(array) = self.column
                && array.dims().len() == 1
                && let Some(value) = array.number::<$type>(self.index)?
            {
                return visitor.$visit(value);
            }
            self.look(|view| view.$method(visitor))
        }
    };
}

impl Element<'_> {
    /// Hands what is there to `read`, apart from the code of the short ways, so that these are inlined.
    #[inline(never)]
    fn look<R>(self, read: impl FnOnce(View<'_>) -> Result<R>) -> Result<R> {
        let view = self.column.view(self.index, self.depth);
        let result = view.and_then(|view| self.depth.with_stack(|| read(view)));
        result.map_err(|error| match self.column.words() {
            Some(words) => error.stored_as(|| words),
            None => error,
        })
    }
}

impl<'a> Element<'a> {
    #[inline]
    fn sequence<'de, V: Visitor<'de>>(self, len: Option<usize>, visitor: V) -> Result<V::Value> {
        let Self { column, index, depth } = self;
        match column {
            Column::Array(array) if array.dims().len() > 1 && array.fits(array.stride(0)) => {
                let inner = depth.in_record()?;
                let row = array.row(index).and_then(|row| {
                    check_len(len, row.len as u64)?;
                    visit_row(row, len, inner, visitor)
                });
                row.map_err(|error| error.stored_as(|| array.words()))
            }
            Column::Ragged { offsets, values } => {
                let (start, end) = offsets.get(index)?;
                check_len(len, end - start)?;
                let list = depth.with_stack(|| visit_range(values, start, end, depth, visitor));
                list.map_err(|error| error.in_link(VALUES))
            }
            column => Element { column, index, depth }.look(|view| view.sequence_of(len, visitor)),
        }
    }

    #[inline]
    fn structure<'de, V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        let Self { column, index, depth } = self;
        match column {
            Column::Array(array) if array.dims().len() == 1 && array.keeps_order::<V>(fields) => {
                let inner = depth.in_record()?;
                let record = array.item(index).and_then(|(dtype, bytes, items)| {
                    let record = Item { dtype, bytes, items }.record().ok_or_else(|| Error::corrupt("no record"))?;
                    depth.with_stack(|| visitor.visit_seq(CompoundSeq::of_struct(record, inner)))
                });
                record.map_err(|error| error.stored_as(|| array.words()))
            }
            Column::Records(records) if records.keep_order::<V>(fields) => {
                let inner = depth.in_record()?;
                depth.with_stack(|| visitor.visit_seq(OrderedRecord::new(&mut records.fields, index, inner)))
            }
            column => {
                if let Column::Records(records) = &*column {
                    records.route.know(fields);
                }
                Element { column, index, depth }.look(|view| view.deserialize_struct(name, fields, visitor))
            }
        }
    }

    #[inline]
    fn option<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let Self { column, index, depth } = self;
        match column {
            Column::Nullable { mask, values, units: false } => {
                if mask.get(index)? {
                    return visitor.visit_none();
                }
                let element = Element { column: values, index, depth: depth.in_sequence()? };
                depth.with_stack(|| visitor.visit_some(element)).map_err(|error| error.in_link(VALUES))
            }
            column => Element { column, index, depth }.look(|view| view.deserialize_option(visitor)),
        }
    }

    #[inline]
    fn enumeration<'de, V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        let Self { column, index, depth } = self;
        match column {
            Column::Variants(parted) => {
                let (Branch { name: variant, link, column, .. }, index) = parted.part(index)?;
                let variant = match column {
                    Some(column) => Named::new(variant, link, Element { column, index, depth: depth.in_record()? }),
                    None => Named::unit(variant),
                };
                let read = depth.with_stack(|| visitor.visit_enum(variant));
                read.map_err(|error| error.of_type(name).stored_here(|| words::variants(parted)))
            }
            column => Element { column, index, depth }.look(|view| view.deserialize_enum(name, variants, visitor)),
        }
    }

    #[inline]
    fn string<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        if let Column::Array(array) = &mut *self.column
            && array.dims().len() == 1
        {
            if let Some(text) = array.text(self.index)? {
                return visitor.visit_str(text);
            }
            let (dtype, bytes, items) = array.item(self.index)?;
            if let Some(text) = (Item { dtype, bytes, items }).text()? {
                return visitor.visit_str(text);
            }
        }
        self.look(|view| view.deserialize_string(visitor))
    }
}

impl Payload for Element<'_> {
    fn depth(&mut self) -> &mut Depth {
        &mut self.depth
    }
}

impl Payload for PartOfItem<'_> {
    fn depth(&mut self) -> &mut Depth {
        &mut self.depth
    }
}

impl<'de> Deserializer<'de> for Element<'_> {
    type Error = Error;

    forward_all!(look, look_at_number);

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_unit()
    }
}

/// An element of a part of a dataset.
pub(super) struct GridElement<'a> {
    pub(super) array: &'a mut Array,
    pub(super) level: usize,
    pub(super) start: u64,
    pub(super) depth: Depth,
}

impl GridElement<'_> {
    fn view(&mut self) -> Result<View<'_>> {
        let form = if self.level == self.array.dims().len() {
            let (dtype, bytes, items) = self.array.item(self.start)?;
            Form::of_item(Item { dtype, bytes, items }, self.depth)?
        } else {
            Form::Grid { array: self.array, level: self.level, start: self.start }
        };
        Ok(View { form, depth: self.depth })
    }
}

macro_rules! look_into_grid {
    (deserialize_seq()) => {
        #[inline]
        fn deserialize_seq<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value> {
            if self.level < self.array.dims().len() {
                return visit_grid(self.array, self.level, self.start, self.depth, visitor);
            }
            self.view()?.deserialize_seq(visitor)
        }
    };
    ($method:ident($($name:ident: $type:ty),*)) => {
        #[inline]
        fn $method<V: Visitor<'de>>(mut self, $($name: $type,)* visitor: V) -> Result<V::Value> {
            self.view()?.$method($($name,)* visitor)
        }
    };
}

macro_rules! look_at_grid_number {
    ($method:ident $visit:ident $type:ty) => {
        #[inline]
        fn $method<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value> {
            if self.level == self.array.dims().len()
                && let Some(value) = self.array.number::<$type>(self.start)?
            {
                return visitor.$visit(value);
            }
            self.view()?.$method(visitor)
        }
    };
}

impl<'de> Deserializer<'de> for GridElement<'_> {
    type Error = Error;

    forward_all!(look_into_grid, look_at_grid_number);

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_unit()
    }
}

/// A part of an item: a field of a compound, or an element of an array within it.
pub(super) struct PartOfItem<'a> {
    pub(super) part: Part<'a>,
    pub(super) depth: Depth,
}

impl<'a> PartOfItem<'a> {
    fn view(self) -> Result<View<'a>> {
        let form = match (self.part.item(), self.part.block()) {
            (None, Some(block)) => Form::Block(block?),
            (Some(item), _) => Form::of_item(item, self.depth)?,
            (None, None) => return Err(Error::corrupt("an array without dimensions")),
        };
        Ok(View { form, depth: self.depth })
    }

    /// The array of `len` numbers that a visitor makes of it, if it is known how.
    #[inline]
    fn array<'de, V: Visitor<'de>>(&self, len: usize) -> Option<V::Value> {
        let (number, width, bytes) = self.part.numbers()?;
        if width != len as u64 || self.depth.in_record().is_err() {
            return None;
        }
        array_of::<V>(number, len, bytes)
    }

    #[inline]
    fn sequence<'de, V: Visitor<'de>>(self, len: Option<usize>, visitor: V) -> Result<V::Value> {
        match len.and_then(|len| self.array::<V>(len)) {
            Some(array) => Ok(array),
            None => self.other_sequence(len, visitor),
        }
    }

    /// Apart from the code of the short way, so that this is inlined.
    #[inline(never)]
    fn other_sequence<'de, V: Visitor<'de>>(self, len: Option<usize>, visitor: V) -> Result<V::Value> {
        match self.part.block() {
            Some(block) => {
                let block = block?;
                check_len(len, block.len as u64)?;
                visit_row(block, len, self.depth.in_record()?, visitor)
            }
            None => self.look(|view| view.sequence_of(len, visitor)),
        }
    }

    #[inline]
    fn string<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.part.item().map(Item::text).transpose()?.flatten() {
            Some(text) => visitor.visit_str(text),
            None => self.look(|view| view.deserialize_string(visitor)),
        }
    }

    /// Hands what is there to `read`, apart from the code of the short ways, so that these are inlined.
    #[inline(never)]
    fn look<R>(self, read: impl FnOnce(View<'a>) -> Result<R>) -> Result<R> {
        let depth = self.depth;
        self.view().and_then(|view| depth.with_stack(|| read(view)))
    }
}

macro_rules! look_into_item {
    (deserialize_seq()) => {
        look!(deserialize_seq());
    };
    (deserialize_tuple(len: usize)) => {
        look!(deserialize_tuple(len: usize));
    };
    (deserialize_string()) => {
        look!(deserialize_string());
    };
    (deserialize_tuple_struct(name: &'static str, len: usize)) => {
        look!(deserialize_tuple_struct(name: &'static str, len: usize));
    };
    ($method:ident($($name:ident: $type:ty),*)) => {
        #[inline]
        fn $method<V: Visitor<'de>>(self, $($name: $type,)* visitor: V) -> Result<V::Value> {
            self.look(|view| view.$method($($name,)* visitor))
        }
    };
}

macro_rules! look_at_item_number {
    ($method:ident $visit:ident $type:ty) => {
        #[inline]
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
            match self.part.number::<$type>() {
                Some(value) => visitor.$visit(value),
                None => self.look(|view| view.$method(visitor)),
            }
        }
    };
}

impl<'de> Deserializer<'de> for PartOfItem<'_> {
    type Error = Error;

    forward_all!(look_into_item, look_at_item_number);

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_unit()
    }
}

/// Hands the elements of an array to `visitor`, which asks for `len` if it asks for a tuple.
#[inline]
fn visit_row<'de, V: Visitor<'de>>(block: Block<'_>, len: Option<usize>, depth: Depth, visitor: V) -> Result<V::Value> {
    match len {
        Some(_) => visitor.visit_seq(BlockSeq::new(block, depth)),
        None => visit_block(block, depth, visitor),
    }
}
