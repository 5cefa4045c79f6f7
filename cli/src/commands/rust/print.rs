//! Types as source.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt::Write;

use super::look::SERDE_ARRAY;
use super::names::{self, Names};
use super::types::{Body, Field, Form, Id, Item, Rank, Type, Types, Variant};

/// How wide a line is at the most, as rustfmt has it.
const WIDTH: usize = 100;
/// How wide what stands in an attribute is, as rustfmt has it.
const ATTRIBUTE_WIDTH: usize = 70;
/// The same of a tuple.
const TUPLE_WIDTH: usize = 60;

/// What to print.
pub(super) struct Source<'a> {
    pub(super) types: &'a Types,
    /// What the whole is read as.
    pub(super) root: &'a Type,
    pub(super) name: &'a str,
    pub(super) file: &'a str,
    /// The path of what is read, if it is not all of the file.
    pub(super) object: Option<&'a str>,
    pub(super) derives: &'a [String],
    /// What is said about how to write: paths, and calls.
    pub(super) settings: &'a [(String, String)],
    pub(super) python: Option<&'a str>,
}

/// A helper that the source has only if it is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Helper {
    /// Fields that can be left out.
    LeftOut,
    /// Arrays that are longer than serde's.
    Array,
    /// A point in time that is no field.
    Time,
    /// Many of them.
    Times,
}

struct Printer<'a> {
    source: &'a Source<'a>,
    names: HashMap<Id, String>,
    order: Vec<Id>,
    /// Types that are keys of maps.
    keys: HashSet<Id>,
    imports: BTreeMap<&'static str, BTreeSet<&'static str>>,
    helpers: BTreeSet<Helper>,
    helper_names: BTreeMap<Helper, String>,
    /// What is being printed has a tuple that rustfmt has on several lines.
    is_long: bool,
}

/// A field's type, and the attributes by which it is read.
struct Rendered {
    ty: String,
    attributes: Vec<String>,
}

/// The source of the types.
pub(super) fn print(source: &Source<'_>) -> String {
    let (names, order, keys, imports, helpers) = Default::default();
    let mut printer =
        Printer { source, names, order, keys, imports, helpers, helper_names: BTreeMap::new(), is_long: false };
    printer.name_all();
    printer.print()
}

impl Printer<'_> {
    /// Gives all structs and enums names, in the order in which they are met.
    fn name_all(&mut self) {
        let mut names = Names::of_types();
        let root = names.take(&[self.source.name.to_owned()]);
        let types = self.source.types;
        if let Type::Own(id) = self.source.root {
            self.names.insert(*id, root.clone());
        }
        for (helper, name) in [(Helper::Time, "Timestamp"), (Helper::Times, "Timestamps")] {
            self.helper_names.insert(helper, names.take(&[name.to_owned()]));
        }
        let mut stack = vec![(self.source.root, false)];
        let mut met = HashSet::new();
        while let Some((ty, is_key)) = stack.pop() {
            match ty {
                Type::Option(inner) | Type::List(inner) | Type::Fixed(inner, _) | Type::Shared(inner) => {
                    stack.push((inner, is_key));
                }
                Type::Tuple(all) => stack.extend(all.iter().rev().map(|ty| (ty, is_key))),
                Type::Map(key, value) => stack.extend([(&**value, is_key), (&**key, true)]),
                Type::Attributes(inner, id) => {
                    self.order_of(*id, &mut names, &mut met);
                    for ty in parts(types.body(*id)).into_iter().rev() {
                        stack.push((ty, false));
                    }
                    stack.push((inner, false));
                }
                Type::Own(id) => {
                    let is_new_key = is_key && self.keys.insert(*id);
                    if self.order_of(*id, &mut names, &mut met) || is_new_key {
                        stack.extend(parts(types.body(*id)).into_iter().rev().map(|ty| (ty, is_key)));
                    }
                }
                _ => {}
            }
        }
        if !matches!(self.source.root, Type::Own(_)) {
            self.names.insert(Id(usize::MAX), root);
        }
    }

    /// Takes note of a struct or enum; whether it is met for the first time.
    fn order_of(&mut self, id: Id, names: &mut Names, met: &mut HashSet<Id>) -> bool {
        if !met.insert(id) {
            return false;
        }
        self.order.push(id);
        if !self.names.contains_key(&id) {
            let item = &self.source.types.items[id.0];
            let name = names.take(&wanted(item));
            self.names.insert(id, name);
        }
        true
    }

    fn print(mut self) -> String {
        let mut items = String::new();
        if let Some(alias) = self.names.get(&Id(usize::MAX)).cloned() {
            let ty = self.inner(self.source.root);
            let doc = match self.source.object {
                Some(path) => format!("/// What is at {}.\n", names::code(path)),
                None => "/// What the file holds.\n".to_owned(),
            };
            let is_long = std::mem::take(&mut self.is_long);
            items.push_str(&skipped(&format!("pub type {alias} = {ty};\n"), &doc, is_long));
        }
        for id in self.order.clone() {
            if !items.is_empty() {
                items.push('\n');
            }
            let item = self.item(id);
            items.push_str(&item);
        }
        let options = self.options();
        let helpers = self.helpers();
        let mut text = self.head(&options);
        let uses = self.uses();
        text.push_str(&uses);
        if !uses.is_empty() {
            text.push('\n');
        }
        text.push_str(&items);
        for part in [options, helpers] {
            if !part.is_empty() {
                text.push('\n');
                text.push_str(&part);
            }
        }
        text
    }

    /// What the source is, and how it is used.
    fn head(&self, options: &str) -> String {
        let Source { file, object, name: _, .. } = self.source;
        let root = self.root_name();
        let variable = names::raw(&names::field(&root));
        let literal = names::literal(file);
        let mut lines = vec![
            match object {
                Some(path) => {
                    format!("The types of {} in {}, by `filebacked rust`.", names::code(path), names::code(file))
                }
                None => format!("The types of {}, by `filebacked rust`.", names::code(file)),
            },
            String::new(),
            "    fn main() -> filebacked::Result<()> {".to_owned(),
        ];
        let writer = if options.is_empty() { "filebacked::".to_owned() } else { "options().".to_owned() };
        match object {
            Some(path) => {
                let path = names::literal(path.trim_matches('/'));
                lines.push(format!("        let {variable}: {root} = filebacked::read_at({literal}, {path})?;"));
                lines.push(format!("        {writer}write_at(\"copy.h5\", {path}, &{variable})"));
            }
            None => {
                lines.push(format!("        let {variable}: {root} = filebacked::from_file({literal})?;"));
                lines.push(format!("        {writer}to_file(\"copy.h5\", &{variable})"));
            }
        }
        lines.push("    }".to_owned());
        lines.push(String::new());
        lines.push("In Cargo.toml, below `[dependencies]`:".to_owned());
        lines.push(String::new());
        let version = env!("CARGO_PKG_VERSION");
        let version = version.rsplit_once('.').map_or(version, |(minor, _)| minor);
        if self.imports.contains_key("nalgebra") {
            lines.push(format!("    filebacked = {{ version = \"{version}\", features = [\"nalgebra\"] }}"));
            lines.push("    nalgebra = \"0.34\"".to_owned());
        } else {
            lines.push(format!("    filebacked = \"{version}\""));
        }
        lines.push("    serde = { version = \"1\", features = [\"derive\"] }".to_owned());
        let mut head = String::new();
        for line in lines {
            head.push_str("//");
            if !line.is_empty() {
                head.push(' ');
                head.push_str(&line);
            }
            head.push('\n');
        }
        head.push('\n');
        head
    }

    fn root_name(&self) -> String {
        match self.source.root {
            Type::Own(id) => self.names[id].clone(),
            _ => self.names.get(&Id(usize::MAX)).cloned().unwrap_or_default(),
        }
    }

    /// The imports, in the order of rustfmt.
    fn uses(&self) -> String {
        const STD: [&str; 2] = ["std::collections", "std::time"];
        const MODULES: [&str; 4] =
            ["filebacked::ndarray", "filebacked::num_complex", "filebacked::serde_bytes", "filebacked::sprs"];
        let mut imports = self.imports.clone();
        if !self.order.is_empty() || self.helpers.contains(&Helper::Time) || self.helpers.contains(&Helper::Times) {
            imports.entry("serde").or_default().extend(["Deserialize", "Serialize"]);
        }
        let line = |path: &&str| {
            let names: Vec<&str> = imports.get(path)?.iter().copied().collect();
            Some(match names[..] {
                [name] => format!("use {path}::{name};\n"),
                _ => format!("use {path}::{{{}}};\n", names.join(", ")),
            })
        };
        let lines = |paths: &[&str]| paths.iter().filter_map(line).collect::<String>();
        let (modules, mut rest) = (lines(&MODULES), lines(&["filebacked", "nalgebra", "serde"]));
        // Of a module and a single item beside it, rustfmt's editions have another first.
        let is_single = imports.get("filebacked").is_some_and(|names| names.len() == 1);
        if is_single && !modules.is_empty() {
            rest.insert(0, '\n');
        }
        let own = modules + &rest;
        [lines(&STD), own].into_iter().filter(|group| !group.is_empty()).collect::<Vec<_>>().join("\n")
    }

    fn import(&mut self, path: &'static str, name: &'static str) -> &'static str {
        self.imports.entry(path).or_default().insert(name);
        name
    }

    /// A struct or enum.
    fn item(&mut self, id: Id) -> String {
        let types = self.source.types;
        let item = &types.items[id.0];
        let name = self.names[&id].clone();
        let mut derives: Vec<String> = self.source.derives.to_vec();
        if self.keys.contains(&id) {
            for derive in ["Eq", "Ord", "PartialEq", "PartialOrd"] {
                if !derives.iter().any(|known| known == derive) {
                    derives.push(derive.to_owned());
                }
            }
        }
        derives.extend(["Deserialize", "Serialize"].map(str::to_owned));
        let derives = derives.join(", ");
        let mut doc = format!("/// {}\n", item.about);
        if item.count > 1 {
            let (count, end) = (item.count - 1, if item.count > 2 { "s" } else { "" });
            doc.pop();
            let _ = writeln!(doc, " The same type serves {count} more place{end}.");
        }
        let mut head = format!("#[derive({derives})]\n");
        if derives.chars().count() > ATTRIBUTE_WIDTH {
            head = derives_in_lines(&derives);
        }
        if let Some(class) = self.renamed(item, &name) {
            let _ = writeln!(head, "#[serde(rename = {})]", names::literal(class));
        }
        let body = match &item.body {
            Body::Struct(fields) => self.structure(&name, fields, item),
            Body::Tuple(all) => {
                let mut text = format!("pub struct {name}(\n");
                for (at, ty) in all.iter().enumerate() {
                    let field = Field { name: at.to_string(), ty: ty.clone(), can_lack: false };
                    let Rendered { ty, attributes } = self.field(&field);
                    attributes.iter().for_each(|attribute| {
                        let _ = writeln!(text, "    {attribute}");
                    });
                    let _ = writeln!(text, "    pub {ty},");
                }
                text.push_str(");\n");
                text
            }
            Body::Enum(variants) => self.enumeration(&name, variants, item),
        };
        let is_long = std::mem::take(&mut self.is_long);
        skipped(&format!("{head}{body}"), &doc, is_long)
    }

    /// The name of a class of Python's, where a type is called otherwise.
    fn renamed<'b>(&self, item: &'b Item, name: &str) -> Option<&'b str> {
        self.source.python?;
        let class = item.names.last()?;
        (matches!(item.body, Body::Struct(_)) && class != name).then_some(class)
    }

    fn structure(&mut self, name: &str, fields: &[Field], item: &Item) -> String {
        if fields.is_empty() && item.notes.is_empty() {
            return format!("pub struct {name} {{}}\n");
        }
        let mut text = format!("pub struct {name} {{\n");
        let mut idents = Names::default();
        for (field, about) in fields.iter().zip(&item.fields) {
            for line in about {
                let _ = writeln!(text, "    /// {line}");
            }
            let ident = idents.take_field(names::field(&field.name));
            if ident != field.name {
                let _ = writeln!(text, "    #[serde(rename = {})]", names::literal(&field.name));
            }
            let Rendered { ty, attributes } = self.field(field);
            for attribute in attributes {
                let _ = writeln!(text, "    {attribute}");
            }
            let _ = writeln!(text, "    pub {}: {ty},", names::raw(&ident));
        }
        for note in &item.notes {
            let _ = writeln!(text, "    // {note}");
        }
        text.push_str("}\n");
        text
    }

    fn enumeration(&mut self, name: &str, variants: &[Variant], item: &Item) -> String {
        let mut text = format!("pub enum {name} {{\n");
        let mut idents = Names::default();
        for (at, variant) in variants.iter().enumerate() {
            for line in item.fields.get(at).into_iter().flatten() {
                let _ = writeln!(text, "    /// {line}");
            }
            let Some(own) = &variant.name else {
                let ident = idents.take(&[format!("Unknown{at}")]);
                let _ = writeln!(text, "    /// The file does not name number {at}.\n    {ident},");
                continue;
            };
            let mut wanted = names::camel(own, "Variant");
            if wanted == "Self" {
                wanted = "SelfVariant".to_owned();
            }
            let ident = idents.take(&[wanted]);
            if ident != *own {
                let _ = writeln!(text, "    #[serde(rename = {})]", names::literal(own));
            }
            match &variant.payload {
                Some(payload) => {
                    let field = Field { name: own.clone(), ty: payload.clone(), can_lack: false };
                    let ty = self.inner(&field.ty);
                    let _ = writeln!(text, "    {ident}({ty}),");
                }
                None => {
                    let _ = writeln!(text, "    {ident},");
                }
            }
        }
        text.push_str("}\n");
        text
    }

    /// The type of a field, with `with` where that serves.
    fn field(&mut self, field: &Field) -> Rendered {
        if field.can_lack && self.source.python.is_some() {
            return Rendered { ty: format!("Option<{}>", self.inner(&field.ty)), attributes: Vec::new() };
        }
        if field.can_lack {
            self.helpers.insert(Helper::LeftOut);
            let ty = format!("Option<{}>", self.inner(&field.ty));
            let attributes = vec![
                "#[serde(default, with = \"left_out\")]".to_owned(),
                "#[serde(skip_serializing_if = \"Option::is_none\")]".to_owned(),
            ];
            return Rendered { ty, attributes };
        }
        let with = |module: &str| vec![format!("#[serde(with = \"{module}\")]")];
        let (is_option, ty) = match &field.ty {
            Type::Option(inner) => (true, &**inner),
            ty => (false, ty),
        };
        let option = |ty: String| if is_option { format!("Option<{ty}>") } else { ty };
        match ty {
            Type::Array { element, rank, form: Form::Wrapper } => {
                let ty = self.array(element, *rank);
                Rendered { ty: option(ty), attributes: with("filebacked::array") }
            }
            Type::Array { form: Form::Bare, .. } => Rendered { ty: self.inner(&field.ty), attributes: Vec::new() },
            Type::Sparse(element) => {
                self.import("filebacked::sprs", "CsMat");
                let ty = format!("CsMat<{}>", self.inner(element));
                Rendered { ty: option(ty), attributes: with("filebacked::sparse") }
            }
            Type::Time => {
                let ty = self.import("std::time", "SystemTime").to_owned();
                Rendered { ty: option(ty), attributes: with("filebacked::timestamp") }
            }
            Type::List(inner) if **inner == Type::Time => {
                self.import("std::time", "SystemTime");
                Rendered { ty: option("Vec<SystemTime>".to_owned()), attributes: with("filebacked::timestamp") }
            }
            Type::Times if !is_option => {
                self.import("std::time", "SystemTime");
                Rendered { ty: "Vec<Option<SystemTime>>".to_owned(), attributes: with("filebacked::timestamp") }
            }
            Type::Fixed(inner, len) if *len > SERDE_ARRAY && !is_option => {
                self.helpers.insert(Helper::Array);
                let ty = format!("[{}; {len}]", self.inner(inner));
                Rendered { ty, attributes: vec!["#[serde(with = \"long_array\")]".to_owned()] }
            }
            _ => Rendered { ty: self.inner(&field.ty), attributes: Vec::new() },
        }
    }

    /// An array of `ndarray`.
    fn array(&mut self, element: &Type, rank: Rank) -> String {
        const ARRAYS: [&str; 7] = ["Array0", "Array1", "Array2", "Array3", "Array4", "Array5", "Array6"];
        let name = match rank {
            Rank::Of(rank) => ARRAYS.get(rank).copied().unwrap_or("ArrayD"),
            Rank::Any => "ArrayD",
        };
        self.import("filebacked::ndarray", name);
        format!("{name}<{}>", self.inner(element))
    }

    /// A type that stands within others.
    fn inner(&mut self, ty: &Type) -> String {
        const DIMENSIONS: [&str; 7] = ["Ix0", "Ix1", "Ix2", "Ix3", "Ix4", "Ix5", "Ix6"];
        match ty {
            Type::Plain(name) => (*name).to_owned(),
            Type::Bytes => self.import("filebacked::serde_bytes", "ByteBuf").to_owned(),
            Type::Complex(32) => self.import("filebacked::num_complex", "Complex32").to_owned(),
            Type::Complex(_) => self.import("filebacked::num_complex", "Complex64").to_owned(),
            Type::Value | Type::Unknown => self.import("filebacked", "Value").to_owned(),
            Type::Time => {
                self.helpers.insert(Helper::Time);
                self.helper_names[&Helper::Time].clone()
            }
            Type::Times => {
                self.helpers.insert(Helper::Times);
                self.helper_names[&Helper::Times].clone()
            }
            Type::Option(inner) => format!("Option<{}>", self.inner(inner)),
            Type::List(inner) => format!("Vec<{}>", self.inner(inner)),
            // serde has no longer ones; in a list, both are laid out alike.
            Type::Fixed(inner, len) if *len > SERDE_ARRAY => format!("Vec<{}>", self.inner(inner)),
            Type::Fixed(inner, len) => format!("[{}; {len}]", self.inner(inner)),
            Type::Tuple(all) => {
                let all: Vec<String> = all.iter().map(|ty| self.inner(ty)).collect();
                self.is_long |= all.join(", ").chars().count() > TUPLE_WIDTH;
                if let [one] = &all[..] { format!("({one},)") } else { format!("({})", all.join(", ")) }
            }
            Type::Map(key, value) => {
                self.import("std::collections", "BTreeMap");
                format!("BTreeMap<{}, {}>", self.inner(key), self.inner(value))
            }
            Type::Array { element, rank, form: Form::Wrapper } => {
                let dimension = match rank {
                    Rank::Of(rank) => DIMENSIONS.get(*rank).copied().unwrap_or("IxDyn"),
                    Rank::Any => "IxDyn",
                };
                self.import("filebacked::ndarray", dimension);
                self.import("filebacked", "NdArray");
                format!("NdArray<{}, {dimension}>", self.inner(element))
            }
            Type::Array { element, rank, form: Form::Bare } => self.array(element, *rank),
            Type::Array { element, form: Form::FixedMatrix(rows, columns), .. } => {
                self.import("nalgebra", "SMatrix");
                format!("SMatrix<{}, {rows}, {columns}>", self.inner(element))
            }
            Type::Array { element, rank, form: Form::Matrix } => {
                let name = if *rank == Rank::Of(1) { "DVector" } else { "DMatrix" };
                self.import("nalgebra", name);
                format!("{name}<{}>", self.inner(element))
            }
            Type::Sparse(element) => {
                self.import("filebacked", "Sparse");
                format!("Sparse<{}>", self.inner(element))
            }
            Type::Triplets(element) => {
                self.import("filebacked", "Triplets");
                format!("Triplets<{}>", self.inner(element))
            }
            Type::Own(id) => self.names[id].clone(),
            Type::Attributes(inner, id) => {
                self.import("filebacked", "WithAttrs");
                let inner = self.inner(inner);
                format!("WithAttrs<{inner}, {}>", self.names[id])
            }
            Type::Shared(inner) => {
                self.import("filebacked", "Shared");
                format!("Shared<{}>", self.inner(inner))
            }
        }
    }

    /// The function that says how to write the file, if that is not as usual.
    fn options(&mut self) -> String {
        let Source { settings, python, .. } = self.source;
        if settings.is_empty() && python.is_none() {
            return String::new();
        }
        self.import("filebacked", "WriteOptions");
        for (word, name) in [("Maps::", "Maps"), ("Records::", "Records"), ("Strings::", "Strings")] {
            if settings.iter().any(|(_, call)| call.contains(word)) {
                self.import("filebacked", name);
            }
        }
        let mut text = "/// How the file is stored.\n#[rustfmt::skip]\npub fn options() -> WriteOptions {\n    WriteOptions::new()\n".to_owned();
        if let Some(module) = python {
            let _ = writeln!(text, "        .python({})", names::literal(module));
        }
        for (path, call) in *settings {
            let _ = writeln!(text, "        .at({}, |value| value.{call})", names::literal(path));
        }
        if !settings.is_empty() {
            text.push_str("        .lenient()\n");
        }
        text.push_str("}\n");
        text
    }

    /// What serde lacks for some of the fields.
    fn helpers(&mut self) -> String {
        let mut parts = Vec::new();
        for helper in self.helpers.clone() {
            let name = self.helper_names.get(&helper).cloned().unwrap_or_default();
            let derives = format!("{}, Deserialize, Serialize", self.source.derives.join(", "));
            let derives = derives.trim_start_matches(", ").to_owned();
            let time = |ty: &str| {
                let mut head = format!("#[derive({derives})]\n");
                if derives.chars().count() > ATTRIBUTE_WIDTH {
                    head = derives_in_lines(&derives);
                }
                format!(
                    "{head}#[serde(transparent)]\npub struct {name}(#[serde(with = \"filebacked::timestamp\")] pub {ty});\n"
                )
            };
            match helper {
                Helper::LeftOut => parts.push(LEFT_OUT.to_owned()),
                Helper::Array => parts.push(LONG_ARRAY.to_owned()),
                Helper::Time => {
                    self.import("std::time", "SystemTime");
                    parts.push(format!("/// A point in time.\n{}", time("SystemTime")));
                }
                Helper::Times => {
                    self.import("std::time", "SystemTime");
                    parts.push(format!(
                        "/// Points in time, of which some may be missing.\n{}",
                        time("Vec<Option<SystemTime>>")
                    ));
                }
            }
        }
        parts.join("\n")
    }
}

/// The types that a struct or enum consists of.
fn parts(body: &Body) -> Vec<&Type> {
    match body {
        Body::Struct(fields) => fields.iter().map(|field| &field.ty).collect(),
        Body::Tuple(all) => all.iter().collect(),
        Body::Enum(variants) => variants.iter().filter_map(|variant| variant.payload.as_ref()).collect(),
    }
}

/// What a struct or enum would be called, the best first.
fn wanted(item: &Item) -> Vec<String> {
    let mut names = item.names.clone();
    let mut end = "";
    if names.last().is_some_and(|name| name == "attrs") {
        names.pop();
        end = "Attrs";
    }
    // What lists and maps are made of has no name of its own.
    let is_own = |name: &String| !["keys", "values", "value"].contains(&name.as_str()) && name.parse::<u64>().is_err();
    let is_element = item.about.starts_with("A record") || names.last().is_some_and(|name| !is_own(name));
    let own: Vec<&String> = names.iter().filter(|name| is_own(name)).collect();
    let Some((last, rest)) = own.split_last() else {
        let other = match item.body {
            Body::Enum(_) => "Kind",
            _ if is_element => "Record",
            _ => "Group",
        };
        return vec![format!("{other}{end}")];
    };
    let last = if is_element && end.is_empty() || matches!(item.body, Body::Enum(_)) {
        names::one_of(last)
    } else {
        (*last).clone()
    };
    let other = if matches!(item.body, Body::Enum(_)) { "Enum" } else { "Group" };
    let last = names::camel(&last, other);
    let mut wanted = vec![format!("{last}{end}")];
    let mut prefix = String::new();
    for name in rest.iter().rev().take(2) {
        prefix = format!("{}{prefix}", names::camel(&names::one_of(name), ""));
        let longer = format!("{prefix}{last}{end}");
        if longer.starts_with(|char: char| char.is_alphabetic()) && longer.chars().count() <= 50 {
            wanted.push(longer);
        }
    }
    wanted
}

/// An item as rustfmt leaves it: if it has lines that are too long, that is said.
fn skipped(item: &str, doc: &str, is_long_anyway: bool) -> String {
    let is_long = |line: &str| {
        let trimmed = line.trim_start();
        let is_comment = trimmed.starts_with("//");
        let attribute = trimmed.strip_prefix("#[serde(").and_then(|rest| rest.strip_suffix(")]"));
        !is_comment
            && (line.chars().count() > WIDTH
                || attribute.is_some_and(|inside| inside.chars().count() > ATTRIBUTE_WIDTH))
    };
    let skip = if is_long_anyway || item.lines().any(is_long) { "#[rustfmt::skip]\n" } else { "" };
    format!("{doc}{skip}{item}")
}

/// Derived traits that do not fit into one line, as rustfmt has them.
fn derives_in_lines(derives: &str) -> String {
    let mut lines = vec![String::new()];
    for name in derives.split(", ") {
        let last = lines.last().map_or(0, |line| line.chars().count());
        if last > 0 && 4 + last + 2 + name.chars().count() > WIDTH {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            if !line.is_empty() {
                line.push(' ');
            }
            let _ = write!(line, "{name},");
        }
    }
    if let Some(line) = lines.last_mut() {
        line.pop();
    }
    format!("#[derive(\n{}\n)]\n", lines.iter().map(|line| format!("    {line}")).collect::<Vec<_>>().join("\n"))
}

/// What is printed for fields that can be left out.
const LEFT_OUT: &str = r#"/// Fields that some records lack: they are stored as what they are, without `Some`.
mod left_out {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<T: Serialize, S: Serializer>(
        value: &Option<T>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => value.serialize(serializer),
            None => serializer.serialize_none(),
        }
    }

    pub fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<T>, D::Error> {
        T::deserialize(deserializer).map(Some)
    }
}
"#;

/// What is printed for arrays that are too long for serde.
const LONG_ARRAY: &str = r#"/// Arrays of more than 32 elements, which serde has no own form for.
mod long_array {
    use serde::ser::SerializeTuple;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<T: Serialize, S: Serializer, const N: usize>(
        array: &[T; N],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let mut tuple = serializer.serialize_tuple(N)?;
        for element in array {
            tuple.serialize_element(element)?;
        }
        tuple.end()
    }

    pub fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>, const N: usize>(
        deserializer: D,
    ) -> Result<[T; N], D::Error> {
        let elements = Vec::deserialize(deserializer)?;
        let count = elements.len();
        let error = || serde::de::Error::invalid_length(count, &"an array of a fixed length");
        elements.try_into().map_err(|_: Vec<T>| error())
    }
}
"#;
