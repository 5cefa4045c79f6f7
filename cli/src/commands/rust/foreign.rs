//! What other programs mark by attributes.

use filebacked::objects::{Dataset, Group, Link, LinkKind, Object, Scalar, TypeClass};

use super::datasets::{integer, is_number};
use super::facts::Facts;
use super::look::{Look, Seen};
use super::names;
use super::types::{Form, Rank, Type};
use crate::failure::why;

/// The attributes by which MATLAB says what a dataset is.
const MATLAB: [&str; 5] = ["MATLAB_class", "MATLAB_empty", "MATLAB_int_decode", "MATLAB_fields", "H5PATH"];
/// The groups of what MATLAB's cells refer to.
const MATLAB_HIDDEN: [&str; 2] = ["#refs#", "#subsystem#"];
/// What is left of the attributes of a sparse matrix.
const SPARSE: [&str; 8] =
    ["format", "m", "n", "shape", "encoding-type", "encoding-version", "h5sparse_format", "h5sparse_shape"];

/// The text of an attribute.
pub(super) fn text(object: &Object, name: &str) -> Option<String> {
    let attribute = object.attribute(name).ok()??;
    match attribute.items().iter().next()? {
        Ok(Scalar::Text(text)) => Some(text.to_owned()),
        _ => None,
    }
}

impl Look {
    /// A group that others mark as something.
    pub(super) fn foreign_group(&mut self, group: &Group) -> Seen<Option<Type>> {
        let object = Object::Group(group.clone());
        if let Some(matrix) = self.sparse(&object, group)? {
            return Ok(Some(matrix));
        }
        if text(&object, "encoding-type").is_some_and(|encoding| encoding.starts_with("nullable-")) {
            let attributes = group.attribute_names().map_err(|error| why(&error))?;
            let is_all = attributes.iter().all(|name| ["encoding-type", "encoding-version"].contains(&name.as_str()));
            if is_all {
                let values = group.open("values").map_err(|error| why(&error))?;
                let inner = self.element(&values)?;
                return Ok(Some(Type::List(Type::Option(inner.into()).into())));
            }
        }
        if text(&object, "MATLAB_class").as_deref() == Some("struct") {
            return self.matlab_structs(group);
        }
        Ok(None)
    }

    /// A sequence in a group without a mark: what others have for options and categories.
    pub(super) fn element_of_others(&mut self, group: &Group) -> Seen {
        let object = Object::Group(group.clone());
        let encoding = text(&object, "encoding-type").unwrap_or_default();
        let child = |look: &mut Self, name: &str| {
            let child = group.open(name).map_err(|error| why(&error))?;
            look.element(&child)
        };
        if encoding.starts_with("nullable-") {
            return Ok(Type::Option(child(self, "values")?.into()));
        }
        if encoding == "categorical" {
            let inner = child(self, "categories")?;
            let Ok(Object::Dataset(codes)) = group.open("codes") else { return Err("it has no codes".to_owned()) };
            let has_none = codes
                .read_all()
                .map_err(|error| why(&error))?
                .iter()
                .any(|code| matches!(code, Ok(Scalar::Integer(code)) if code < 0));
            return Ok(if has_none { Type::Option(inner.into()) } else { inner });
        }
        Err("a group is no sequence".to_owned())
    }

    /// A sparse matrix, if a group is one and nothing else.
    fn sparse(&mut self, object: &Object, group: &Group) -> Seen<Option<Type>> {
        let format = text(object, "format")
            .or_else(|| text(object, "h5sparse_format"))
            .or_else(|| text(object, "encoding-type").and_then(|word| word.strip_suffix("_matrix").map(str::to_owned)));
        let has = |name: &str| object.attribute(name).is_ok_and(|attribute| attribute.is_some());
        let has_shape = has("shape") || has("h5sparse_shape") || has("m") && has("n");
        let is_matlabs = has("MATLAB_sparse");
        let wanted: &[&str] = match format.as_deref() {
            Some("csr" | "csc") if has_shape => &["data", "indices", "indptr"],
            Some("coo") if has_shape => &["data", "row", "col"],
            _ if is_matlabs => &["data", "ir", "jc"],
            _ => return Ok(None),
        };
        let links = group.links().map_err(|error| why(&error))?;
        if !links.iter().all(|link| wanted.contains(&link.name.as_str()) && link.kind == LinkKind::Hard) {
            return Ok(None);
        }
        // MATLAB's matrices without entries have no data.
        let element = match group.open("data") {
            Ok(Object::Dataset(data)) if data.dims().is_some_and(|dims| dims.len() == 1) => {
                let facts = Facts::of(&data)?;
                match text(object, "MATLAB_class").as_deref() {
                    Some("logical") => Type::Plain("bool"),
                    _ => self.type_of(data.element_type(), &facts)?,
                }
            }
            Err(_) if is_matlabs => Type::Plain("f64"),
            _ => return Ok(None),
        };
        if !is_number(&element) {
            return Ok(None);
        }
        let ty = if wanted[1] == "row" { Type::Triplets(element.into()) } else { Type::Sparse(element.into()) };
        let skipped = if is_matlabs { vec!["MATLAB_sparse", "MATLAB_class", "H5PATH"] } else { SPARSE.to_vec() };
        self.with_attributes(ty, Object::Group(group.clone()), &skipped).map(Some)
    }

    /// The fields of MATLAB's array of structs: references to the values of each struct.
    fn matlab_structs(&mut self, group: &Group) -> Seen<Option<Type>> {
        let links = group.links().map_err(|error| why(&error))?;
        let mut fields = Vec::new();
        for link in &links {
            match group.open_link(link) {
                Ok(Object::Dataset(field))
                    if field.element_type().class() == TypeClass::Reference
                        && field.attribute("MATLAB_class").is_ok_and(|class| class.is_none()) =>
                {
                    fields.push((link.name.clone(), field));
                }
                _ => return Ok(None),
            }
        }
        if fields.is_empty() {
            return Ok(None);
        }
        let (mut all, mut about, mut notes) = (Vec::new(), Vec::new(), Vec::new());
        for (link, field) in fields {
            let name = names::key(&link);
            let seen = Facts::of(&field)
                .and_then(|facts| self.inside(None, &name, |look| look.type_of(field.element_type(), &facts)));
            match seen {
                Ok(ty) => {
                    all.push(super::types::Field { name, ty, can_lack: false });
                    about.push(vec![format!("{}: what references lead to", names::code(field.path()))]);
                }
                Err(why) => notes.push(super::look::left_out(field.path(), &why)),
            }
        }
        let words = format!("A struct of {}.", names::code(group.path()));
        let id = self.item(super::types::Body::Struct(all), words, about, notes);
        Ok(Some(Type::List(Type::Own(id).into())))
    }

    /// A dataset that others mark as something.
    pub(super) fn foreign_dataset(&mut self, dataset: &Dataset, facts: &Facts) -> Seen<Option<Type>> {
        let object = Object::Dataset(dataset.field(&[]).map_err(|error| why(&error))?);
        if let Some(ty) = self.old_categories(dataset, &object)? {
            return Ok(Some(ty));
        }
        if let Some(sort) = text(&object, "str_type")
            && dataset.element_type().class() == TypeClass::FixedString(1)
        {
            let ty = if sort == "str" { Type::Plain("String") } else { Type::Bytes };
            return self.with_attributes(ty, object, &[]).map(Some);
        }
        let Some(class) = text(&object, "MATLAB_class") else { return Ok(None) };
        if object.attribute("MATLAB_object_decode").is_ok_and(|mark| mark.is_some()) {
            return Err("how MATLAB stores objects is written down nowhere".to_owned());
        }
        let is_empty = object.attribute("MATLAB_empty").is_ok_and(|mark| {
            mark.is_some_and(|mark| !matches!(mark.items().iter().next(), Some(Ok(Scalar::Integer(0)))))
        });
        let Some(dims) = dataset.dims() else { return Err("MATLAB stores nothing so".to_owned()) };
        let element = match class.as_str() {
            "char" => Type::Plain("String"),
            "logical" => Type::Plain("bool"),
            "single" => Type::Plain("f32"),
            "double" => Type::Plain("f64"),
            "cell" if is_empty => Type::Unknown,
            "cell" => self.type_of(dataset.element_type(), facts)?,
            "struct" if is_empty => Type::Unknown,
            number => {
                let bits = number.trim_start_matches(|char: char| char.is_ascii_alphabetic()).parse();
                match (bits, number.contains("int")) {
                    (Ok(bits), true) => Type::Plain(integer(bits, !number.starts_with('u'))),
                    _ => return Err(format!("`{number}` of MATLAB is not read")),
                }
            }
        };
        let element = match dataset.element_type().class() {
            TypeClass::Complex(_) => self.type_of(dataset.element_type(), facts)?,
            _ => element,
        };
        let list = |inner: Type| Type::List(inner.into());
        let ty = match (class.as_str(), dims) {
            ("char", _) if is_empty => Type::Plain("String"),
            ("char", [_, 1] | [_]) => element,
            ("char", [_, _]) => list(element),
            ("char", dims) => (1..dims.len()).fold(element, |inner, _| list(inner)),
            _ if is_empty => list(element),
            (_, [1, 1]) if is_number(&element) => element,
            (_, [1, _] | [_, 1] | [_]) => list(element),
            (_, dims) if is_number(&element) => {
                let rank = if dims.len() > 6 { Rank::Any } else { Rank::Of(dims.len()) };
                Type::Array { element: element.into(), rank, form: Form::Wrapper }
            }
            (_, dims) => dims.iter().fold(element, |inner, _| list(inner)),
        };
        self.with_attributes(ty, object, &MATLAB).map(Some)
    }

    /// The values that a dataset of AnnData's counts: before its version 0.8, an attribute refers to them.
    fn old_categories(&mut self, dataset: &Dataset, object: &Object) -> Seen<Option<Type>> {
        let (TypeClass::Integer { .. }, Some([_])) = (dataset.element_type().class(), dataset.dims()) else {
            return Ok(None);
        };
        let Ok(Some(attribute)) = object.attribute("categories") else { return Ok(None) };
        let Some(Ok(Scalar::Reference(reference))) = attribute.items().iter().next() else { return Ok(None) };
        let Some(categories) = reference.path() else { return Err("its categories are nowhere".to_owned()) };
        let categories = self.target(&categories)?;
        let element = self.element(&categories)?;
        let codes = dataset.read_all().map_err(|error| why(&error))?;
        let has_none = codes.iter().any(|code| matches!(code, Ok(Scalar::Integer(code)) if code < 0));
        let element = if has_none { Type::Option(element.into()) } else { element };
        Ok(Some(Type::List(element.into())))
    }

    /// Whether the names of a group's children are strings of Python's, in quotes, as hickle has them.
    pub(super) fn has_quoted_names(&self, group: &Group, links: &[Link]) -> bool {
        let is_quoted = |link: &&Link| link.name.len() > 1 && link.name.starts_with('"') && link.name.ends_with('"');
        links.iter().find(is_quoted).is_some_and(|link| {
            group.open_link(link).is_ok_and(|object| text(&object, "key_base_type").as_deref() == Some("str"))
        })
    }

    /// Whether a child of a group is only there for others.
    pub(super) fn is_hidden(&self, group: &Group, name: &str) -> bool {
        let is_hickles =
            name == "hickle_types_table" && group.attribute("HICKLE_VERSION").is_ok_and(|mark| mark.is_some());
        is_hickles || MATLAB_HIDDEN.contains(&name)
    }

    /// What else something can be read as.
    pub(super) fn advice(&self, object: &Object) -> Option<String> {
        let sequence = match text(object, "encoding-type").as_deref() {
            Some("categorical") => Some("its values are also read as `Vec<Option<String>>`"),
            Some("dataframe") => Some("its rows are also read as a `Vec` of structs"),
            _ => None,
        };
        let pandas = text(object, "pandas_type").map(|_| "what pandas has in it is also read as a `Vec`");
        let times = match object {
            Object::Dataset(dataset)
                if matches!(dataset.element_type().class(), TypeClass::Integer { .. } | TypeClass::Float { .. }) =>
            {
                text(object, "units").filter(|units| units.contains(" since ")).map(
                    |_| "`#[serde(with = \"filebacked::timestamp\")]` reads its times, and writes them in nanoseconds",
                )
            }
            Object::Dataset(dataset) if matches!(dataset.element_type().class(), TypeClass::Time(_)) => {
                Some("`#[serde(with = \"filebacked::timestamp\")]` reads its times, and writes them in nanoseconds")
            }
            _ => None,
        };
        let matrix = match object {
            Object::Group(group)
                if ["data", "indices", "indptr", "shape"].iter().all(|name| group.open(name).is_ok()) =>
            {
                Some("`filebacked::Sparse` reads the matrix alone")
            }
            _ => None,
        };
        sequence.or(pandas).or(times).or(matrix).map(str::to_owned)
    }
}
