//! Numbers of a file that are drawn: datasets, fields of records, and columns, of which some values may be missing.

use std::rc::Rc;

use filebacked::objects::{Attribute, Dataset, Elements, Group, Object, Scalar, Times, TypeClass};

use crate::blocks::{Block, Blocks};
use crate::failure::{Failure, Outcome};
use crate::figure::dates::Dates;
use crate::output::one_line;
use crate::slice::{Part, Slice};
use crate::target::{Found, Target};

/// A part of a dataset that is drawn.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub(crate) name: String,
    pub(crate) units: Option<String>,
    /// What the numbers stand for, if they are times.
    pub(crate) dates: Option<Dates>,
    dataset: Rc<Dataset>,
    pub(crate) part: Part,
    /// Where one of these is true, the value is missing.
    masks: Vec<Rc<Dataset>>,
    /// Values that stand for missing ones: the attributes `_FillValue` and `missing_value` of netCDF.
    fill: Vec<f64>,
}

/// The groups whose `values` are missing where their `mask` is true.
const MASKED: [&str; 3] = ["nullable", "masked", "nulls"];
/// How AnnData's groups of that sort are marked.
const MASKED_ANNDATA: &str = "nullable-";

/// Whether values of a type are drawn: real numbers, bools, times, and the numbers of enums; of complex numbers the magnitude.
pub(crate) fn is_drawn(class: &TypeClass) -> bool {
    matches!(
        class,
        TypeClass::Bool
            | TypeClass::Integer { .. }
            | TypeClass::Float { .. }
            | TypeClass::WideInteger { .. }
            | TypeClass::WideFloat
            | TypeClass::Enum(_)
            | TypeClass::Time(_)
            | TypeClass::Complex(_)
    )
}

impl Source {
    /// What a path of the file names: one source, or one for each column of a table that holds numbers, of which there may be `most`.
    pub(crate) fn find(root: &Group, target: Target, most: usize) -> Outcome<Vec<Self>> {
        let (target, found) = target.find(root)?;
        if let Some(attribute) = &target.attribute {
            return Err(Failure::error(format!("`@{attribute}` is an attribute, and only datasets are drawn")));
        }
        let name = match target.path.trim_matches('/') {
            "" => "/".to_owned(),
            path => path.to_owned(),
        };
        let slice = target.slice.as_ref();
        match found {
            Found::Dataset(dataset) => Self::of_dataset(&name, (*dataset).into(), slice, most),
            Found::Group(group) => {
                if is_masked(&group) {
                    return Ok(vec![Self::masked(&name, &group, slice, Vec::new())?]);
                }
                if group.rows()?.is_none() {
                    let message = format!("`{}` is a group: name what of it to draw", group.path());
                    return Err(Failure::error(message));
                }
                let mut sources = Vec::new();
                for link in group.links()? {
                    if sources.len() == most {
                        break;
                    }
                    let name = format!("{}/{}", name.trim_end_matches('/'), link.name);
                    match group.open_link(&link)? {
                        Object::Dataset(dataset) if is_drawn(&dataset.element_type().class()) => {
                            sources.push(Self::new(&name, dataset.into(), slice, Vec::new())?);
                        }
                        Object::Group(column) if is_masked(&column) => {
                            // A column of strings is no error where there are others.
                            sources.extend(Self::masked(&name, &column, slice, Vec::new()).ok());
                        }
                        _ => {}
                    }
                }
                some(&name, sources)
            }
        }
    }

    /// A dataset, or the fields of its records that are numbers, up to `most`.
    pub(crate) fn of_dataset(
        name: &str,
        dataset: Rc<Dataset>,
        slice: Option<&Slice>,
        most: usize,
    ) -> Outcome<Vec<Self>> {
        let TypeClass::Record(fields) = dataset.element_type().class() else {
            return Ok(vec![Self::new(name, dataset, slice, Vec::new())?]);
        };
        let drawn = fields.iter().filter(|(_, field)| is_drawn(&field.class())).take(most);
        let fields = drawn.map(|(field, _)| Ok((field, dataset.field(&[field.as_str()])?.into())));
        let fields: Vec<(&String, Rc<Dataset>)> = fields.collect::<Outcome<_>>()?;
        let source = |(field, dataset)| Self::new(&format!("{name}/{field}"), dataset, slice, Vec::new());
        some(name, fields.into_iter().map(source).collect::<Outcome<_>>()?)
    }

    /// The values of a group that has a mask for them, which are missing where that is true.
    pub(crate) fn masked(
        name: &str,
        group: &Group,
        slice: Option<&Slice>,
        mut masks: Vec<Rc<Dataset>>,
    ) -> Outcome<Self> {
        let Object::Dataset(mask) = group.open("mask")? else {
            return Err(Failure::error(format!("`{}/mask` is no dataset", group.path())));
        };
        masks.push(mask.into());
        match group.open("values")? {
            Object::Dataset(values) => {
                let mut source = Self::new(name, values.into(), slice, masks)?;
                if source.units.is_none() {
                    source.units = units(group.attribute("units"));
                    let calendar = text(group.attribute("calendar"));
                    source.dates = source.dates.or_else(|| dates(source.units.as_deref()?, calendar.as_deref()));
                }
                Ok(source)
            }
            Object::Group(inner) if is_masked(&inner) && masks.len() < 4 => Self::masked(name, &inner, slice, masks),
            _ => Err(Failure::error(format!("`{}/values` is no dataset", group.path()))),
        }
    }

    fn new(name: &str, dataset: Rc<Dataset>, slice: Option<&Slice>, masks: Vec<Rc<Dataset>>) -> Outcome<Self> {
        let class = dataset.element_type().class();
        if !is_drawn(&class) {
            let element_type = one_line(&dataset.element_type().to_string()).into_owned();
            return Err(Failure::error(format!("`{name}` is of type `{element_type}`: only numbers are drawn")));
        }
        let Some(dims) = dataset.dims() else { return Err(Failure::error(format!("`{name}` is null"))) };
        if masks.iter().any(|mask| mask.dims() != Some(dims)) {
            return Err(Failure::error(format!("the mask of `{name}` is of another shape")));
        }
        let part = match slice {
            Some(slice) => slice.part(dims).map_err(Failure::Error)?,
            None => Part::all(dims),
        };
        let units = units(dataset.attribute("units"));
        let dates = match &class {
            TypeClass::Time(name) => Times::of_numpy(name).map(Dates::new),
            TypeClass::Bool | TypeClass::Enum(_) | TypeClass::Complex(_) => None,
            _ => units.as_deref().and_then(|units| dates(units, text(dataset.attribute("calendar")).as_deref())),
        };
        let fill = ["_FillValue", "missing_value"].map(|name| fill(dataset.attribute(name)));
        let part_of = slice.map_or_else(String::new, |slice| format!("[{slice}]"));
        let name = format!("{name}{part_of}");
        let name = if matches!(class, TypeClass::Complex(_)) { format!("|{name}|") } else { name };
        // numpy's time that is none.
        let no_time = matches!(class, TypeClass::Time(_)).then_some(i64::MIN as f64);
        let fill = fill.into_iter().flatten().chain(no_time).collect();
        Ok(Self { name, units, dates, dataset, part, masks, fill })
    }

    /// Whether the values are bools or names, which make no picture that says much.
    pub(crate) fn is_flag(&self) -> bool {
        matches!(self.dataset.element_type().class(), TypeClass::Bool | TypeClass::Enum(_))
    }

    /// The same, of whose name the beginning is left out.
    pub(crate) fn without_prefix(mut self, prefix: &str) -> Self {
        if let Some(rest) = self.name.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('/')) {
            self.name = rest.to_owned();
        }
        self
    }

    /// The part that another source takes, where this is all of a dataset of the same shape.
    pub(crate) fn in_part_of(&self, other: &Self) -> Self {
        let mut source = self.clone();
        if self.part == Part::all(self.shape()) && self.shape() == other.shape() {
            source.part.clone_from(&other.part);
        }
        source
    }

    /// The sizes of the dataset's dimensions.
    pub(crate) fn shape(&self) -> &[u64] {
        self.dataset.dims().unwrap_or_default()
    }

    /// The sizes of the dimensions that are drawn.
    pub(crate) fn dims(&self) -> Vec<u64> {
        self.part.dims()
    }

    /// How many values are drawn.
    pub(crate) fn len(&self) -> u64 {
        self.part.len()
    }

    /// How many bytes of data one pass reads.
    pub(crate) fn bytes(&self) -> u64 {
        self.len().saturating_mul(self.dataset.element_type().size() as u64)
    }

    /// The bytes of one element.
    pub(crate) fn element_size(&self) -> u64 {
        (self.dataset.element_type().size() as u64).max(1)
    }

    /// How many elements a chunk has along each dimension.
    pub(crate) fn chunk(&self) -> Option<Vec<u64>> {
        self.dataset.storage().ok()?.chunk
    }

    /// The name, with the unit.
    pub(crate) fn label(&self) -> String {
        match &self.units {
            Some(units) if self.dates.is_none() => format!("{} ({units})", self.name),
            _ => self.name.clone(),
        }
    }

    /// The numbers of the dimensions that are drawn.
    pub(crate) fn axes(&self) -> Vec<usize> {
        (0..self.part.count.len()).filter(|axis| !self.part.dropped[*axis]).collect()
    }

    /// The indices in the dataset of the first and the last that are drawn along a dimension.
    pub(crate) fn ends(&self, axis: usize) -> (f64, f64) {
        let Part { start, step, count, reversed, .. } = &self.part;
        let (first, last) = (start[axis], start[axis] + count[axis].saturating_sub(1) * step[axis]);
        if reversed[axis] { (last as f64, first as f64) } else { (first as f64, last as f64) }
    }

    /// What a dimension is called: h5py's labels of dimensions.
    pub(crate) fn dimension(&self, axis: usize) -> Option<String> {
        let labels = self.dataset.attribute("DIMENSION_LABELS").ok()??;
        match labels.items().elements().get(axis) {
            Ok(Scalar::Text(label)) if !label.is_empty() => Some(label.to_owned()),
            _ => None,
        }
    }

    /// The values, from the first on.
    pub(crate) fn values(&self) -> Outcome<Values<'_>> {
        self.values_in(&self.part)
    }

    /// The values of another part.
    pub(crate) fn values_in<'a>(&'a self, part: &'a Part) -> Outcome<Values<'a>> {
        let stream = Stream::new(&self.dataset, part)?;
        let masks = self.masks.iter().map(|mask| Stream::new(mask, part)).collect::<Outcome<_>>()?;
        Ok(Values { stream, masks, fill: &self.fill, mask: Vec::new(), missing: 0 })
    }
}

fn some(name: &str, sources: Vec<Source>) -> Outcome<Vec<Source>> {
    if sources.is_empty() {
        return Err(Failure::error(format!("`{name}` has no column of numbers, and only numbers are drawn")));
    }
    Ok(sources)
}

/// Whether a group has values some of which are missing.
pub(crate) fn is_masked(group: &Group) -> bool {
    if let Ok(Some(encoding)) = group.encoding() {
        return MASKED.contains(&encoding);
    }
    let text = text(group.attribute("encoding-type"));
    text.is_some_and(|encoding| encoding.starts_with(MASKED_ANNDATA))
}

/// What an attribute says that is one string.
pub(crate) fn text(attribute: filebacked::Result<Option<Attribute>>) -> Option<String> {
    let attribute = attribute.ok()??;
    let elements = attribute.items().elements();
    match elements.get(0) {
        Ok(Scalar::Text(text)) if elements.len() == 1 => Some(text.to_owned()),
        _ => None,
    }
}

/// The unit that an attribute names.
pub(crate) fn units(attribute: filebacked::Result<Option<Attribute>>) -> Option<String> {
    text(attribute).map(|units| units.trim().to_owned()).filter(|units| !units.is_empty())
}

/// What numbers of a unit stand for, if that counts from a date.
fn dates(units: &str, calendar: Option<&str>) -> Option<Dates> {
    Times::parse(units, calendar).map(Dates::new)
}

/// The number of an attribute that is one.
fn fill(attribute: filebacked::Result<Option<Attribute>>) -> Option<f64> {
    let attribute = attribute.ok()??;
    let elements = attribute.items().elements();
    if elements.len() == 1 { Some(number(&elements.get(0).ok()?)) } else { None }.filter(|number| !number.is_nan())
}

/// A value as it is drawn; NaN for what is none.
fn number(value: &Scalar<'_>) -> f64 {
    match value {
        Scalar::Bool(value) => f64::from(u8::from(*value)),
        Scalar::Integer(value) | Scalar::Name(_, value) => *value as f64,
        Scalar::Unsigned(value) => *value as f64,
        Scalar::F32(value) => f64::from(*value),
        Scalar::F64(value) => *value,
        Scalar::Complex(parts) => {
            let part = |at| parts.get(at).as_ref().map_or(f64::NAN, number);
            part(0).hypot(part(1))
        }
        _ => f64::NAN,
    }
}

/// The values of a source, one after the other, in memory that does not depend on how many they are.
pub(crate) struct Values<'a> {
    stream: Stream<'a>,
    masks: Vec<Stream<'a>>,
    fill: &'a [f64],
    mask: Vec<f64>,
    /// How many were missing so far.
    pub(crate) missing: u64,
}

impl Values<'_> {
    /// Fills the beginning of a buffer with the next values; how many. What is missing is NaN.
    pub(crate) fn next(&mut self, buffer: &mut [f64]) -> Outcome<usize> {
        let count = self.stream.next(buffer)?;
        if !self.fill.is_empty() {
            for value in buffer[..count].iter_mut().filter(|value| self.fill.contains(value)) {
                *value = f64::NAN;
                self.missing += 1;
            }
        }
        for mask in &mut self.masks {
            self.mask.resize(count, 0.0);
            let mut filled = 0;
            while filled < count {
                let more = mask.next(&mut self.mask[filled..])?;
                if more == 0 {
                    return Err(Failure::error("a mask ends before its values do"));
                }
                filled += more;
            }
            for (value, mask) in buffer.iter_mut().zip(&self.mask) {
                if *mask != 0.0 {
                    *value = f64::NAN;
                    self.missing += 1;
                }
            }
        }
        Ok(count)
    }
}

/// The numbers of a part of a dataset.
struct Stream<'a> {
    blocks: Blocks<'a>,
    class: TypeClass,
    block: Option<Block>,
    /// How many of the block were taken.
    taken: usize,
}

impl<'a> Stream<'a> {
    fn new(dataset: &'a Dataset, part: &'a Part) -> Outcome<Self> {
        Ok(Self { blocks: Blocks::new(dataset, part)?, class: dataset.element_type().class(), block: None, taken: 0 })
    }

    fn next(&mut self, buffer: &mut [f64]) -> Outcome<usize> {
        loop {
            if let Some(block) = &self.block
                && self.taken < block.items.len()
            {
                let count = buffer.len().min(block.items.len() - self.taken);
                let elements = block.items.elements();
                match block.is_in_order() {
                    true => decode(elements.range(self.taken..self.taken + count), &self.class, &mut buffer[..count]),
                    false => {
                        for (value, at) in buffer[..count].iter_mut().zip(self.taken as u64..) {
                            *value = elements.get(block.position(at)).as_ref().map_or(f64::NAN, number);
                        }
                    }
                }
                self.taken += count;
                return Ok(count);
            }
            // The old one makes room before the next is read.
            self.block = None;
            self.taken = 0;
            match self.blocks.next()? {
                Some(block) => self.block = Some(block),
                None => return Ok(0),
            }
        }
    }
}

/// Elements as numbers.
fn decode(elements: Elements<'_>, class: &TypeClass, buffer: &mut [f64]) {
    macro_rules! numbers {
        ($type:ty) => {{
            let numbers = elements.bytes().as_chunks::<{ size_of::<$type>() }>().0;
            for (value, bytes) in buffer.iter_mut().zip(numbers) {
                *value = <$type>::from_ne_bytes(*bytes) as f64;
            }
        }};
    }
    match class {
        TypeClass::Float { bits: 64 } => numbers!(f64),
        TypeClass::Float { bits: 32 } => numbers!(f32),
        TypeClass::Integer { bits: 8, signed: false } => numbers!(u8),
        TypeClass::Integer { bits: 8, signed: true } => numbers!(i8),
        TypeClass::Integer { bits: 16, signed: false } => numbers!(u16),
        TypeClass::Integer { bits: 16, signed: true } => numbers!(i16),
        TypeClass::Integer { bits: 32, signed: false } => numbers!(u32),
        TypeClass::Integer { bits: 32, signed: true } => numbers!(i32),
        TypeClass::Integer { bits: 64, signed: false } => numbers!(u64),
        TypeClass::Integer { bits: 64, signed: true } => numbers!(i64),
        _ => {
            for (value, element) in buffer.iter_mut().zip(elements.iter()) {
                *value = element.as_ref().map_or(f64::NAN, number);
            }
        }
    }
}
