//! Operations that are all or nothing.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use filebacked::hdf5::{Error, File, Group};
use filebacked::{LazyMap, Result, Strings, WriteOptions};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::child::{Call, names};
use super::values::{Encoded, OLD, OTHER, SAME, noise, step, word};

/// The file that all of them write to.
pub(crate) const FILE: &str = "run.h5";

/// What is written, and what is there before and after.
pub(crate) trait Operation {
    fn name(&self) -> String;
    /// Makes the values, once for all children.
    fn ready(&self);
    /// Makes what is there before.
    fn prepare(&self, folder: &Path);
    /// Makes the call in a child.
    fn run(&self, folder: &Path, call: &mut Call<'_>);
    /// In which state it is: old or new, or what else.
    fn state(&self, folder: &Path) -> String;
    /// In which it is before.
    fn before(&self) -> String {
        word(OLD).to_owned()
    }
    /// In which it is to be afterwards.
    fn after(&self) -> String;
}

/// The free functions and methods that write a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    FileNew,
    FileOver,
    Write,
    ToGroup,
    OverwriteSame,
    OverwriteOther,
    OverwriteGroup,
}

pub(crate) struct Writing<'a> {
    pub(crate) way: Way,
    pub(crate) value: &'a dyn Encoded,
}

/// What others have in the file: numbers in chunks and not, an attribute, strings.
pub(crate) fn others(file: &File) -> Result<(), Error> {
    let others = file.create_group("others")?;
    let numbers: Vec<f64> = (0..900).map(|index| noise(9, index) as f64).collect();
    others.new_dataset_builder().with_data(&numbers).create("numbers")?;
    others.new_dataset_builder().with_data(&numbers).chunk(100).deflate(2).create("chunks")?;
    others.new_attr::<u32>().create("mark")?.write_scalar(&17)?;
    let words: Vec<_> = (0..90).map(|index| format!("word {index}")).collect();
    WriteOptions::new().strings(Strings::Variable).write(&others, "words", &words).unwrap();
    Ok(())
}

/// Whether that is as it was, or what is wrong with it.
pub(crate) fn others_are_there(file: &File) -> std::result::Result<(), String> {
    let look = || -> Result<bool, Error> {
        let others = file.group("others")?;
        let numbers: Vec<f64> = (0..900).map(|index| noise(9, index) as f64).collect();
        Ok(others.dataset("numbers")?.read_raw::<f64>()? == numbers
            && others.dataset("chunks")?.read_raw::<f64>()? == numbers
            && others.attr("mark")?.read_scalar::<u32>()? == 17
            && others.member_names()?.len() == 3)
    };
    let words = || filebacked::read::<Vec<String>>(&file.group("others").unwrap(), "words");
    match look() {
        Ok(true) => match words() {
            Ok(words) if words.len() == 90 && words[89] == "word 89" => Ok(()),
            Ok(_) => Err("other strings in the file are others".to_owned()),
            Err(error) => Err(format!("other strings in the file are unreadable: {error}")),
        },
        Ok(false) => Err("other objects in the file are changed".to_owned()),
        Err(error) => Err(format!("other objects in the file are unreadable: {error}")),
    }
}

/// Looks into the file, if that opens.
pub(crate) fn opened(folder: &Path, look: impl FnOnce(&File) -> String) -> String {
    match File::open(folder.join(FILE)) {
        Ok(file) => match others_are_there(&file) {
            Ok(()) => look(&file),
            Err(fault) => fault,
        },
        Err(error) => format!("the file does not open: {}", error.to_string().replace('\n', " ")),
    }
}

/// What is in a group that was empty: nothing, or a whole value.
fn in_empty(value: &dyn Encoded, group: &Group) -> String {
    match (group.member_names(), group.attr_names()) {
        (Ok(members), Ok(attributes)) if members.is_empty() && attributes.is_empty() => word(OLD).to_owned(),
        (Err(error), _) | (_, Err(error)) => format!("unreadable: {error}"),
        _ => value.in_group(group),
    }
}

impl Operation for Writing<'_> {
    fn name(&self) -> String {
        let way = match self.way {
            Way::FileNew => "to_file, a new file",
            Way::FileOver => "to_file over a file",
            Way::Write => "write",
            Way::ToGroup => "to_group",
            Way::OverwriteSame => "overwrite, same shape",
            Way::OverwriteOther => "overwrite, another shape",
            Way::OverwriteGroup => "overwrite by to_group",
        };
        format!("{way}: {}", self.value.name())
    }

    fn ready(&self) {
        self.value.ready();
    }

    fn prepare(&self, folder: &Path) {
        let path = folder.join(FILE);
        match self.way {
            Way::FileNew => {}
            Way::FileOver => self.value.to_file(&path, OLD).unwrap(),
            way => {
                let file = File::create(path).unwrap();
                others(&file).unwrap();
                match way {
                    Way::OverwriteSame | Way::OverwriteOther => self.value.write(&file, "x", OLD, false).unwrap(),
                    Way::OverwriteGroup => {
                        self.value.to_group(&file.create_group("x").unwrap(), OLD, false).unwrap();
                    }
                    Way::ToGroup => drop(file.create_group("x").unwrap()),
                    _ => {}
                }
                file.close().unwrap();
            }
        }
    }

    fn run(&self, folder: &Path, call: &mut Call<'_>) {
        let path = folder.join(FILE);
        if matches!(self.way, Way::FileNew | Way::FileOver) {
            return call.make(|| self.value.to_file(&path, SAME));
        }
        let file = File::open_rw(&path).unwrap();
        match self.way {
            Way::ToGroup | Way::OverwriteGroup => {
                let group = file.group("x").unwrap();
                call.make(|| self.value.to_group(&group, OTHER, self.way == Way::OverwriteGroup));
            }
            Way::OverwriteSame => call.make(|| self.value.write(&file, "x", SAME, true)),
            Way::OverwriteOther => call.make(|| self.value.write(&file, "x", OTHER, true)),
            _ => call.make(|| self.value.write(&file, "x", SAME, false)),
        }
        call.closes(file);
    }

    fn state(&self, folder: &Path) -> String {
        match self.way {
            Way::FileNew if names(folder).is_empty() => word(OLD).to_owned(),
            Way::FileNew | Way::FileOver => self.value.in_file(&folder.join(FILE)),
            Way::Write => opened(folder, |file| match file.link_exists("x") {
                false => word(OLD).to_owned(),
                true => self.value.at(file, "x"),
            }),
            Way::ToGroup => opened(folder, |file| in_empty(self.value, &file.group("x").unwrap())),
            Way::OverwriteGroup => opened(folder, |file| self.value.in_group(&file.group("x").unwrap())),
            Way::OverwriteSame | Way::OverwriteOther => opened(folder, |file| self.value.at(file, "x")),
        }
    }

    fn after(&self) -> String {
        // What differs by its contents alone is of the same shape, too.
        match self.way {
            Way::ToGroup | Way::OverwriteOther | Way::OverwriteGroup => word(OTHER).to_owned(),
            _ => word(SAME).to_owned(),
        }
    }
}

/// A map that is saved where it was read.
pub(crate) struct Saving<V> {
    pub(crate) name: &'static str,
    pub(crate) options: WriteOptions,
    pub(crate) make: fn(u32, usize) -> V,
}

impl<V: Serialize + DeserializeOwned + PartialEq> Saving<V> {
    fn map(&self, is_new: bool) -> BTreeMap<u32, V> {
        match is_new {
            false => (1..7).map(|key| (key, (self.make)(OLD, key as usize))).collect(),
            // One is gone, one is another, two are new.
            true => (2..9)
                .map(|key| (key, (self.make)(if matches!(key, 2 | 3 | 5 | 6) { OLD } else { SAME }, key as usize)))
                .collect(),
        }
    }
}

impl<V: Serialize + DeserializeOwned + PartialEq> Operation for Saving<V> {
    fn name(&self) -> String {
        format!("LazyMap::save: {}", self.name)
    }

    fn ready(&self) {}

    fn prepare(&self, folder: &Path) {
        let file = File::create(folder.join(FILE)).unwrap();
        others(&file).unwrap();
        self.options.write(&file, "cases", &self.map(false)).unwrap();
        file.close().unwrap();
    }

    fn run(&self, folder: &Path, call: &mut Call<'_>) {
        let file = File::open_rw(folder.join(FILE)).unwrap();
        let mut cases: LazyMap<u32, V> = filebacked::read(&file, "cases").unwrap();
        cases.remove(&1);
        for key in [4, 7, 8] {
            cases.insert(key, (self.make)(SAME, key as usize));
        }
        call.make(|| cases.save());
        drop(cases);
        call.closes(file);
    }

    fn state(&self, folder: &Path) -> String {
        opened(folder, |file| match filebacked::read::<BTreeMap<u32, V>>(file, "cases") {
            Ok(found) if found == self.map(false) => word(OLD).to_owned(),
            Ok(found) if found == self.map(true) => word(SAME).to_owned(),
            Ok(found) => format!("another map, with {:?}", found.keys()),
            Err(error) => format!("unreadable: {}", error.to_string().replace('\n', " ")),
        })
    }

    fn after(&self) -> String {
        word(SAME).to_owned()
    }
}

/// Maps of values of some kinds.
pub(crate) fn savings() -> Vec<Box<dyn Operation>> {
    let plain = WriteOptions::new;
    let filtered = || plain().above(0).deflate(1).shuffle(true).fletcher32(true);
    let numbers = |state: u32, key: usize| -> Vec<f64> {
        (0..600).map(|index| noise(state, key * 1000 + index) as f64).collect()
    };
    let words = |state: u32, key: usize| -> Vec<String> {
        (0..150).map(|index| format!("{:x}", noise(state, key * 1000 + index)).repeat(1 + index % 3)).collect()
    };
    let steps = |state: u32, key: usize| (0..80).map(|index| step(state, key * 100 + index)).collect::<Vec<_>>();
    let name = |state: u32, key: usize| format!("{:x}", noise(state, key)).repeat(600);
    vec![
        Box::new(Saving { name: "numbers", options: plain(), make: numbers }),
        Box::new(Saving { name: "numbers, deflated", options: filtered(), make: numbers }),
        Box::new(Saving { name: "strings", options: plain(), make: words }),
        Box::new(Saving { name: "variable strings", options: plain().strings(Strings::Variable), make: words }),
        Box::new(Saving { name: "long strings", options: plain(), make: name }),
        Box::new(Saving { name: "records", options: plain(), make: steps }),
        Box::new(Saving { name: "records, deflated", options: filtered(), make: steps }),
    ]
}

/// The bytes of all files.
pub(crate) fn bytes(folder: &Path) -> u64 {
    names(folder).iter().map(|name| fs::metadata(folder.join(name)).unwrap().len()).sum()
}
