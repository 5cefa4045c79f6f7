//! `rust`: the types that a file is read into, as source.

mod datasets;
mod facts;
mod foreign;
mod look;
mod names;
mod print;
mod python;
mod sequences;
mod types;

use std::io::Write;
use std::path::PathBuf;

use clap_complete::ArgValueCompleter;
use filebacked::objects::Object;

use self::look::Look;
use self::print::{Source, print};
use self::types::Type;
use crate::commands::completions;
use crate::failure::{Failure, Outcome};
use crate::limits::Limits;
use crate::output::{Color, Output};
use crate::read_file::ReadFile;

const EXAMPLES: &str = "\
Examples:
  filebacked rust run.h5                          types for all of the file
  filebacked rust run.h5 > src/run.rs             as a module of a program
  filebacked rust run.h5 particles --name Cloud   types for a part of it
  filebacked rust run.h5 --derive Clone,Debug     with other traits

The types read the file with `filebacked::from_file`, and what they write is equal to it; a function `options` is among them if the
file is not stored as the crate does it by itself. What no type holds is named in a comment. Types follow what is stored: what a file
does not tell, such as that a group came from a map, or a string from an enum, is the simplest type that fits.";

/// Prints Rust types that read a file, and write it back
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Rust {
    /// An HDF5 file
    #[arg(add = ArgValueCompleter::new(completions::files_and_paths))]
    file: PathBuf,
    /// The path of the group or dataset to be read, if it is not all of the file
    #[arg(value_name = "OBJECT", add = ArgValueCompleter::new(completions::paths))]
    object: Option<String>,
    /// What the type of the whole is called [default: the name of the file or object]
    #[arg(long, value_name = "NAME", value_parser = type_name)]
    name: Option<String>,
    /// Traits that are derived beside serde's
    #[arg(long, value_name = "TRAITS", value_delimiter = ',', default_value = "Clone,Debug,PartialEq", value_parser = derive_path)]
    derive: Vec<String>,
    #[command(flatten)]
    limits: Limits,
}

/// A name that a type can have.
fn type_name(text: &str) -> Result<String, String> {
    match text.starts_with(|char: char| char.is_ascii_uppercase()) && names::camel(text, "") == text {
        true => Ok(text.to_owned()),
        false => Err("a type has a name such as `RunState`".to_owned()),
    }
}

/// The path of a trait.
fn derive_path(text: &str) -> Result<String, String> {
    let is_name = |name: &str| {
        name.starts_with(|char: char| char.is_ascii_alphabetic() || char == '_')
            && name.chars().all(|char| char.is_ascii_alphanumeric() || char == '_')
    };
    match text.trim() {
        "Serialize" | "Deserialize" => Err("serde's traits are derived in any case".to_owned()),
        text if text.split("::").all(is_name) => Ok(text.to_owned()),
        _ => Err("a trait has a name such as `Clone` or `some_crate::Trait`".to_owned()),
    }
}

impl Rust {
    pub(crate) fn run(self, color: Color) -> Outcome {
        let root = self.limits.options().objects_of(&self.file)?;
        let object = match &self.object {
            Some(path) => root.open_path(path)?,
            None => Object::Group(root.clone()),
        };
        let is_root = object.path() == "/";
        let path = object.path().to_owned();
        // Types are called by the way to what they are of.
        let names = || path.split('/').filter(|name| !name.is_empty()).map(names::key).collect::<Vec<_>>();
        let mut look = Look::new(root.clone(), names(), self.limits.depth());
        let mut ty = None;
        if let Object::Group(group) = &object
            && let Some(module) = python::module_of(group)
        {
            look.python = Some(module);
            // What the package does not write so is read as any other file.
            ty = look.object(Object::Group(group.clone())).ok().filter(|ty| !look.types.has_any(ty));
            if ty.is_none() {
                look = Look::new(root, names(), self.limits.depth());
            }
        }
        let ty = match ty {
            Some(ty) => ty,
            None => look
                .object(object)
                .map_err(|why| Failure::error(format!("no type reads `{path}`: {why}")).in_file(&self.file))?,
        };
        // A link that leads back to the whole shares nothing that is read.
        let ty = match ty {
            Type::Shared(inner) => *inner,
            ty => ty,
        };
        let own = match &self.object {
            Some(path) if !is_root => path.rsplit('/').find(|name| !name.is_empty()).unwrap_or_default().to_owned(),
            _ => self.file.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
        };
        let is_name = own.starts_with(|char: char| char.is_alphabetic());
        let name = self.name.unwrap_or_else(|| if is_name { names::camel(&own, "Root") } else { "Root".to_owned() });
        let mut settings: Vec<(usize, String, String)> =
            look.settings.iter().map(|(steps, call)| (steps.len(), steps.join("/"), call.clone())).collect();
        settings.sort();
        settings.dedup();
        let settings: Vec<(String, String)> = settings.into_iter().map(|(_, path, call)| (path, call)).collect();
        let source = Source {
            types: &look.types,
            root: &ty,
            name: &name,
            file: &self.file.display().to_string(),
            object: (!is_root).then_some(&*path),
            derives: &self.derive,
            settings: &settings,
            python: look.python.as_deref(),
        };
        let text = print(&source);
        let mut output = Output::stdout(color);
        output.write_all(text.as_bytes())?;
        output.finish()
    }
}
