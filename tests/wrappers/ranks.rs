//! Ranks that write and read one file together: the same bytes as one process, however many ranks there are.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::ops::Range;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use filebacked::dist::{self, Alone, Block, Comm, List, Threads};
use filebacked::ndarray::{Array, Array2, ArrayD, Dimension, Ix1, Ix2, IxDyn, SliceInfoElem};
use filebacked::{Error, ErrorKind, NdArray, ReadOptions, Records, Result, Strings, WriteOptions, from_file, to_file};
use num_complex::Complex64;
use proptest::prelude::*;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize, Serializer};
use serde_bytes::ByteBuf;

/// An error of one rank reaches the others at once. Here, other tests may take the processors meanwhile.
const SOON: Duration = Duration::from_secs(20);

/// Has so many ranks write; what each has is made by `make`.
fn write<T: Serialize>(
    options: &WriteOptions,
    path: &Path,
    size: usize,
    make: impl Fn(usize) -> T + Sync,
) -> Vec<Result<()>> {
    Threads::run(size, |comm| options.dist(&comm).to_file(path, &make(comm.rank())))
}

#[track_caller]
fn written<T: Serialize>(path: &Path, size: usize, make: impl Fn(usize) -> T + Sync) -> Vec<u8> {
    written_as(&WriteOptions::new().sync(false), path, size, make)
}

#[track_caller]
fn written_as<T: Serialize>(
    options: &WriteOptions,
    path: &Path,
    size: usize,
    make: impl Fn(usize) -> T + Sync,
) -> Vec<u8> {
    for result in write(options, path, size, make) {
        result.unwrap_or_else(|error| panic!("{error}"));
    }
    fs::read(path).unwrap()
}

/// What one process writes.
fn whole(options: &WriteOptions, folder: &Path, value: &impl Serialize) -> Vec<u8> {
    let path = folder.join("whole.h5");
    options.clone().sync(false).to_file(&path, value).unwrap();
    fs::read(path).unwrap()
}

fn share(len: usize, rank: usize, size: usize) -> Range<usize> {
    len * rank / size..len * (rank + 1) / size
}

/// A type that has all of serde's data model in it.
#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
enum Any {
    Unit,
    Bool(bool),
    I8(i8),
    I64(i64),
    I128(i128),
    U8(u8),
    U64(u64),
    F64(f64),
    Char(char),
    Str(String),
    Bytes(ByteBuf),
    Option(Option<Box<Any>>),
    Tuple(Box<(Any, Any)>),
    Complex(Vec<Complex64>),
    Numbers(Vec<f64>),
    Matrix(Vec<[u16; 2]>),
    List(Vec<Any>),
    Records(Vec<Record>),
    Map(BTreeMap<String, Any>),
    Pairs(BTreeMap<(i8, String), Any>),
    Fields { one: Box<Any>, two: Vec<String> },
    TupleVariant(u8, String),
}

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
struct Record {
    id: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    value: Option<Any>,
    text: String,
    flag: Option<bool>,
    at: Complex64,
}

fn anything() -> impl Strategy<Value = Any> {
    let leaf = prop_oneof![
        Just(Any::Unit),
        any::<bool>().prop_map(Any::Bool),
        any::<i8>().prop_map(Any::I8),
        any::<i64>().prop_map(Any::I64),
        any::<i128>().prop_map(Any::I128),
        any::<u8>().prop_map(Any::U8),
        any::<u64>().prop_map(Any::U64),
        (-9..9_i8).prop_map(|number| Any::F64(f64::from(number) / 4.0)),
        any::<char>().prop_map(Any::Char),
        "[a-c\\x00]{0,3}".prop_map(Any::Str),
        prop::collection::vec(any::<u8>(), 0..3).prop_map(|bytes| Any::Bytes(ByteBuf::from(bytes))),
        prop::collection::vec(Just(1.5), 0..3).prop_map(Any::Numbers),
        prop::collection::vec(Just(Complex64::new(0.5, 1.5)), 0..3).prop_map(Any::Complex),
        prop::collection::vec(any::<[u16; 2]>(), 0..3).prop_map(Any::Matrix),
        (any::<u8>(), "[a-c]{0,2}").prop_map(|(number, text)| Any::TupleVariant(number, text)),
    ];
    leaf.prop_recursive(3, 16, 3, |inner| {
        let text = "[a-c]{0,2}";
        let record = (0..9_u32, prop::option::of(inner.clone()), text, any::<Option<bool>>()).prop_map(
            |(id, value, text, flag)| Record { id, value, text, flag, at: Complex64::new(f64::from(id), 0.5) },
        );
        prop_oneof![
            prop::option::of(inner.clone()).prop_map(|any| Any::Option(any.map(Box::new))),
            (inner.clone(), inner.clone()).prop_map(|pair| Any::Tuple(Box::new(pair))),
            prop::collection::vec(inner.clone(), 0..3).prop_map(Any::List),
            prop::collection::vec(record, 0..3).prop_map(Any::Records),
            prop::collection::btree_map(text, inner.clone(), 0..3).prop_map(Any::Map),
            prop::collection::btree_map((-2..2_i8, text), inner.clone(), 0..3).prop_map(Any::Pairs),
            (inner, prop::collection::vec(text, 0..3)).prop_map(|(one, two)| Any::Fields { one: Box::new(one), two }),
        ]
    })
}

/// Where a list of so many elements is cut for so many ranks.
fn cuts() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(0..30_usize, 0..7)
}

fn ranges(len: usize, cuts: &[usize]) -> Vec<Range<usize>> {
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| *cut.min(&len)).collect();
    cuts.sort_unstable();
    let starts = std::iter::once(0).chain(cuts.iter().copied());
    starts.zip(cuts.iter().copied().chain([len])).map(|(start, end)| start..end).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn lists_of_anything_are_as_of_one_process(
        list in prop::collection::vec(anything(), 0..20),
        records in prop::collection::vec((0..9_u8, any::<Option<bool>>(), "[a-c]{0,3}", prop::collection::vec(0..3_u16, 0..3)), 0..30),
        cuts in cuts(),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let (anything, rows) = (ranges(list.len(), &cuts), ranges(records.len(), &cuts));
        let expected = whole(&WriteOptions::new(), folder.path(), &("alike", &list, &records));
        let found = written(&folder.path().join("ranks.h5"), rows.len(), |rank| {
            let (list, records) = (list[anything[rank].clone()].to_vec(), records[rows[rank].clone()].to_vec());
            ("alike", List(list), List(records))
        });
        prop_assert!(found == expected);
    }

    #[test]
    fn blocks_of_arrays_are_as_of_one_process(
        dims in prop::collection::vec(1..6_usize, 0..3),
        splits in prop::collection::vec((0..3_usize, 0..6_usize, any::<bool>()), 0..6),
        is_large in any::<bool>(),
        is_reversed in any::<bool>(),
    ) {
        // Those of 64 KiB and more are written by all ranks.
        let dims: Vec<usize> = dims.into_iter().chain([if is_large { 9000 } else { 3 }]).collect();
        let mut blocks = vec![(vec![0; dims.len()], dims.clone(), true)];
        for (axis, at, is_there) in splits {
            let axis = axis % dims.len();
            let (mut start, mut count, _) = blocks.remove(0);
            let at = at.min(count[axis]);
            let (whole, first) = (count[axis], start[axis]);
            count[axis] = at;
            blocks.push((start.clone(), count.clone(), is_there));
            (count[axis], start[axis]) = (whole - at, first + at);
            blocks.push((start, count, true));
        }
        let all = ArrayD::from_shape_fn(dims.clone(), |index| {
            index.slice().iter().fold(1.0, |value, index| value * 10.0 + *index as f64)
        });
        let part = |(start, count, _): &(Vec<usize>, Vec<usize>, bool)| -> Vec<SliceInfoElem> {
            start.iter().zip(count).map(|(start, count)| (*start..start + count).into()).collect()
        };
        let mut expected = all.clone();
        blocks.iter().filter(|(_, _, is_there)| !is_there).for_each(|block| expected.slice_mut(part(block).as_slice()).fill(0.0));
        let folder = tempfile::tempdir().unwrap();
        let expected = whole(&WriteOptions::new(), folder.path(), &("alike", NdArray(expected)));
        let found = written(&folder.path().join("ranks.h5"), blocks.len(), |rank| {
            let (start, count, is_there) = &blocks[rank];
            let mut values = all.slice(part(&blocks[rank]).as_slice()).to_owned();
            if !is_there {
                let mut none = count.clone();
                none[0] = 0;
                values = ArrayD::zeros(none);
            }
            if is_reversed {
                let mut turned = Array::from_shape_fn(values.t().raw_dim(), |_| 0.0);
                turned.assign(&values.t());
                values = turned.reversed_axes();
            }
            ("alike", Block::new(IxDyn(&dims), IxDyn(start), values).unwrap())
        });
        prop_assert!(found == expected);
    }
}

/// Arrays of all element types, in chunks and filtered, by the options of paths, and in the layout of the Python package.
#[test]
fn arrays_are_stored_as_the_options_say() {
    fn check<T>(options: &WriteOptions, make: impl Fn(usize) -> T)
    where
        T: filebacked::dist::Element + Serialize + Sync + Send,
    {
        let folder = tempfile::tempdir().unwrap();
        let all = Array2::from_shape_fn((90, 300), |(row, column)| make(row * 300 + column));
        let expected = whole(options, folder.path(), &BTreeMap::from([("x", NdArray(all.clone()))]));
        let found = written_as(&options.clone().sync(false), &folder.path().join("ranks.h5"), 4, |rank| {
            // Columns, but for the last 30 rows, which the last rank has.
            let (rows, columns) = if rank < 3 { (0..60, share(300, rank, 3)) } else { (60..90, 0..300) };
            let values = all.slice(filebacked::ndarray::s![rows.clone(), columns.clone()]).to_owned();
            BTreeMap::from([("x", Block::new([90, 300], [rows.start, columns.start], values).unwrap())])
        });
        assert!(found == expected);
    }
    let default = WriteOptions::new();
    check(&default, |index| index % 3 == 0);
    check(&default, |index| index as u8);
    check(&default, |index| index as i64);
    check(&default, |index| index as f32);
    check(&default, |index| Complex64::new(index as f64, 0.5));
    for options in [
        default.clone().deflate(1),
        default.clone().chunk([7, 31]),
        default.clone().at("x", |d| d.chunk([50, 50]).deflate(4).fletcher32(true)),
        default.clone().python("plates"),
    ] {
        check(&options, |index| (index / 7) as f64);
    }
}

/// Lists whose elements are of forms that only some ranks have.
#[test]
fn forms_that_differ_between_ranks_meet_as_in_one_process() {
    fn check<T: Serialize + Clone + Sync>(name: &str, parts: &[Vec<T>]) {
        let folder = tempfile::tempdir().unwrap();
        for options in [
            WriteOptions::new(),
            WriteOptions::new().strings(Strings::Packed),
            WriteOptions::new().strings(Strings::Variable),
            WriteOptions::new().records(Records::Columns),
            WriteOptions::new().deflate(1).above(0),
        ] {
            let options = options.sync(false);
            let expected = whole(&options, folder.path(), &parts.concat());
            let found =
                written_as(&options, &folder.path().join("ranks.h5"), parts.len(), |rank| List(parts[rank].clone()));
            assert!(found == expected, "{name}");
        }
    }
    #[derive(Serialize, Clone)]
    #[serde(untagged)]
    enum Integer {
        U8(u8),
        I16(i16),
        U64(u64),
    }
    #[derive(Serialize, Clone)]
    enum Event {
        Quiet,
        Hit(u64),
        Lost { by: String },
    }
    check("none at all", &[Vec::<f64>::new(), Vec::new()]);
    check("only the last has any", &[vec![], vec![], vec![1.5]]);
    check("wider integers", &[vec![Integer::U8(1)], vec![Integer::I16(-300)], vec![Integer::U8(2)]]);
    check("integers without a type for all", &[vec![Integer::U64(u64::MAX)], vec![Integer::I16(-1)]]);
    check(
        "further variants",
        &[vec![Event::Quiet], vec![], vec![Event::Hit(1), Event::Quiet], vec![Event::Lost { by: "x".into() }]],
    );
    check(
        "late options",
        &[vec![None; 3], vec![None], vec![None], vec![None], vec![None], vec![None], vec![Some("late")]],
    );
    check(
        "strings of any length",
        &[vec!["a".to_owned()], vec!["b".repeat(300)], vec![String::new(), "\0".to_owned()]],
    );
    check("complex numbers", &[vec![], vec![Complex64::new(1.0, 2.0)], vec![Complex64::new(3.0, 4.0)]]);
    check("maps with other keys", &[vec![BTreeMap::from([("a", 1)])], vec![BTreeMap::from([("a", 2), ("b", 3)])]]);
    check("tuples of arrays", &[vec![(1_u8, [1.5, 2.5])], vec![(2, [3.5, 4.5]), (3, [5.5, 6.5])]]);
    check("rows of one length, and then not", &[vec![vec![1, 2]], vec![vec![3, 4]], vec![vec![5]]]);
    check("bools", &[vec![true], vec![false, true]]);
}

/// Counts the bytes that a rank gives to others.
struct Counted<'a>(Threads, &'a AtomicUsize);

impl Comm for Counted<'_> {
    fn rank(&self) -> usize {
        self.0.rank()
    }
    fn size(&self) -> usize {
        self.0.size()
    }
    fn all_gather(&self, bytes: &[u8]) -> std::io::Result<Vec<Vec<u8>>> {
        self.1.fetch_add(bytes.len(), Ordering::Relaxed);
        self.0.all_gather(bytes)
    }
    fn all_to_all(&self, bytes: Vec<Vec<u8>>) -> std::io::Result<Vec<Vec<u8>>> {
        self.1.fetch_add(bytes.iter().map(Vec::len).sum(), Ordering::Relaxed);
        self.0.all_to_all(bytes)
    }
}

/// Lists that are so long that one process writes them while they are serialized, and all ranks put their part into the file.
#[test]
fn long_lists_are_as_of_one_process() {
    /// `is_spread` says whether ranks put the elements into the file, and do not send them to rank 0.
    #[track_caller]
    fn check<T: Serialize + Clone + Sync>(options: &WriteOptions, is_spread: bool, len: u64, make: impl Fn(u64) -> T) {
        let folder = tempfile::tempdir().unwrap();
        let list: Vec<T> = (0..len).map(make).collect();
        let expected = whole(options, folder.path(), &("alike", &list));
        for cuts in [vec![0, 10], vec![list.len() / 3, list.len() / 2, list.len()]] {
            let (ranges, sent) = (ranges(list.len(), &cuts), AtomicUsize::new(0));
            let (path, options) = (folder.path().join("ranks.h5"), options.clone().sync(false));
            for result in Threads::run(ranges.len(), |comm| {
                let own = List(list[ranges[comm.rank()].clone()].to_vec());
                options.dist(&Counted(comm, &sent)).to_file(&path, &("alike", own))
            }) {
                result.unwrap();
            }
            assert!(fs::read(&path).unwrap() == expected, "{ranges:?}");
            let sent = sent.into_inner();
            assert!(is_spread == (sent < expected.len() / 4), "{sent} bytes of {}", expected.len());
        }
    }
    #[derive(Serialize, Clone)]
    struct Row {
        position: [f64; 24],
        at: Complex64,
        id: u32,
    }
    #[derive(Serialize, Clone)]
    struct Named {
        id: u64,
        name: Option<String>,
        place: String,
        row: Row,
        tags: Vec<u16>,
        value: Option<f32>,
        matrix: Vec<[u8; 2]>,
    }
    #[derive(Serialize, Clone)]
    struct Plain {
        id: u64,
        name: String,
        weight: Option<f64>,
        row: Row,
    }
    let row = |id: u64| Row { position: [id as f64; 24], at: Complex64::new(1.0, id as f64), id: id as u32 };
    let named = |id: u64| Named {
        id,
        name: (!id.is_multiple_of(4)).then(|| format!("particle {id}")),
        place: "x".repeat(id as usize % 7),
        row: row(id),
        tags: vec![id as u16; id as usize % 3],
        value: (id > 500).then_some(0.5),
        matrix: vec![[1, 2]; 2],
    };
    let plain = |id: u64| Plain { id, name: format!("{id}"), weight: (id % 3 == 1).then_some(id as f64), row: row(id) };
    let (default, columns) = (WriteOptions::new(), WriteOptions::new().records(Records::Columns));
    // Of 4 MiB and more, one process makes the datasets of fields before the rest.
    for len in [1000, 21_000] {
        check(&default, true, len, row);
        check(&default, true, len, plain);
        check(&columns, true, len, row);
    }
    check(&default, true, 3000, named);
    check(&default.clone().strings(Strings::Packed), true, 1000, named);
    check(&default.clone().strings(Strings::Fixed), true, 1000, plain);
    check(&default.clone().strings(Strings::Variable), true, 1000, plain);
    check(&default, true, 20_000, |id| (id % 5 > 0).then_some([id as f64; 30]));
    check(&default, true, 20_000, |id| vec![id; 1 + id as usize % 3]);
    check(&default, true, 20_000, |id| vec![vec![id as u8; 9]; id as usize % 3]);
    check(&default, true, 20_000, |id| format!("number {id}"));
    check(&default, true, 20_000, |id| id);
    // Without a value on the first rank.
    check(&default, true, 20_000, |id| (id > 15_000).then_some(id));
    // Another form on some rank; what one process writes in one form first, and then again in another; what is in chunks.
    check(&default, false, 2000, |id| (id, if id < 1990 { None } else { Some(vec![vec![1.5_f32; 20]]) }, [1.5; 20]));
    check(&default, false, 20_000, |id| if id < 19_000 { vec![id; 29] } else { vec![id; 30] });
    check(&default.clone().deflate(1), false, 2000, row);
}

#[derive(Serialize, Deserialize, Debug)]
struct Run {
    title: String,
    notes: HashMap<String, Vec<u8>>,
    #[serde(with = "dist::list")]
    particles: Vec<(u64, String)>,
    #[serde(with = "dist::array")]
    field: Block<f64, Ix2>,
    more: Option<List<Option<u8>>>,
}

/// What one process reads and writes.
#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Plain {
    title: String,
    notes: BTreeMap<String, Vec<u8>>,
    particles: Vec<(u64, String)>,
    field: NdArray<f64, Ix2>,
    more: Option<Vec<Option<u8>>>,
}

fn plain() -> Plain {
    Plain {
        title: "a run".to_owned(),
        notes: BTreeMap::from([("one".to_owned(), vec![1])]),
        particles: (0..1000).map(|id| (id, format!("particle {id}"))).collect(),
        field: NdArray(Array2::from_shape_fn((200, 50), |(row, column)| (row * 50 + column) as f64)),
        more: Some((0..10).map(|number| (number % 3 > 0).then_some(number)).collect()),
    }
}

fn run(rank: usize, size: usize) -> Run {
    let Plain { title, notes, particles, field, more } = plain();
    let rows = share(200, rank, size);
    let values = field.slice(filebacked::ndarray::s![rows.clone(), ..]).to_owned();
    Run {
        title,
        notes: notes.into_iter().collect(),
        particles: particles[share(1000, rank, size)].to_vec(),
        field: Block::new([200, 50], [rows.start, 0], values).unwrap(),
        more: more.map(|more| List(more[share(10, rank, size)].to_vec())),
    }
}

#[test]
fn any_number_of_ranks_reads_what_any_number_has_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.h5");
    let expected = whole(&WriteOptions::new(), folder.path(), &plain());
    for size in 1..=7 {
        assert!(written(&path, size, |rank| run(rank, size)) == expected, "{size}");
    }
    assert_eq!(from_file::<Plain>(&path).unwrap(), plain());
    for size in 1..=7 {
        let read = Threads::run(size, |comm| dist::from_file::<Run>(&comm, &path).unwrap());
        for (rank, read) in read.into_iter().enumerate() {
            let own = run(rank, size);
            assert_eq!((read.particles, read.field, read.more), (own.particles, own.field, own.more));
            assert_eq!((read.title, read.notes), (own.title, own.notes));
        }
    }
    // Alone, and without ranks at all, it is all.
    for run in [dist::from_file::<Run>(&Alone, &path).unwrap(), from_file(&path).unwrap()] {
        assert_eq!((run.particles, run.field.values), (plain().particles, plain().field.0));
    }
}

#[test]
fn shares_are_what_the_options_say() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.h5");
    to_file(&path, &plain()).unwrap();
    let all = ReadOptions::new().share(|len, _, _| 0..len);
    let last = ReadOptions::new().share(|len, rank, size| if rank + 1 == size { 0..len } else { 0..0 });
    for (rank, (all, last)) in Threads::run(3, |comm| {
        (all.dist(&comm).from_file::<Run>(&path).unwrap(), last.dist(&comm).from_file::<Run>(&path).unwrap())
    })
    .into_iter()
    .enumerate()
    {
        assert_eq!((all.particles, all.field.values), (plain().particles, plain().field.0));
        let count = if rank == 2 { (1000, 200) } else { (0, 0) };
        assert_eq!((last.particles.len(), last.field.values.nrows()), count);
    }
    let outside = ReadOptions::new().share(|len, _, _| 0..len + 1);
    for read in Threads::run(2, |comm| outside.dist(&comm).from_file::<Run>(&path)) {
        let error = read.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::OutOfRange);
        assert!(error.to_string().contains("rank 0 of 2 failed: the share 0..1001"), "{error}");
    }
}

#[test]
fn elsewhere_they_are_ordinary_values() {
    let json = serde_json::to_value(run(0, 1)).unwrap();
    assert_eq!(json, serde_json::to_value(plain()).unwrap());
    let back: Run = serde_json::from_value(json).unwrap();
    assert_eq!((back.particles, back.field.values), (plain().particles, plain().field.0));
    assert_eq!(filebacked::to_vec(&run(0, 1)).unwrap(), filebacked::to_vec(&plain()).unwrap());
    // A block that is not all of the array.
    let block = Block::new([3], [1], Array::from_vec(vec![7_u8])).unwrap();
    assert_eq!(
        serde_json::from_value::<Block<u8, Ix1>>(serde_json::to_value(&block).unwrap()).unwrap().values.to_vec(),
        [0, 7, 0]
    );
}

#[test]
fn files_that_rank_0_has_open_get_all() {
    let folder = tempfile::tempdir().unwrap();
    let file = filebacked::hdf5::File::create(folder.path().join("open.h5")).unwrap();
    let options = WriteOptions::new();
    for result in Threads::run(3, |comm| {
        let file = (comm.rank() == 0).then_some(&file);
        dist::write(&comm, file, "named", &run(comm.rank(), 3))?;
        options.dist(&comm).to_group(file.map(|file| file.create_group("filled").unwrap()), &run(comm.rank(), 3))
    }) {
        result.unwrap();
    }
    for name in ["named", "filled"] {
        assert_eq!(filebacked::read::<Plain>(&file, name).unwrap(), plain());
    }
    for result in Threads::run(2, |comm| dist::write(&comm, None::<&filebacked::hdf5::File>, "x", &List(vec![1]))) {
        let error = result.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Ranks);
        assert!(error.to_string().contains("rank 0 of 2 failed: rank 0 writes, and has to give the group"), "{error}");
    }
}

#[cfg(feature = "sprs")]
#[test]
fn rows_of_sparse_matrices_are_as_of_one_process() {
    use filebacked::Sparse;
    use filebacked::dist::Rows;
    use filebacked::sprs::{CsMat, TriMat};

    let mut entries = TriMat::new((40, 9));
    (0..40).for_each(|row| {
        (row % 4..9).step_by(3).for_each(|column| entries.add_triplet(row, column, (row * column) as f64))
    });
    let matrix: CsMat<f64> = entries.to_csr();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ranks.h5");
    let expected = whole(&WriteOptions::new(), folder.path(), &("alike", Sparse(matrix.clone())));
    for size in 1..=7 {
        let rows = |rank: usize| matrix.slice_outer(share(40, rank, size)).to_owned();
        assert!(written(&path, size, |rank| ("alike", Rows(rows(rank)))) == expected, "{size}");
        let read = Threads::run(size, |comm| dist::from_file::<(String, Rows<f64>)>(&comm, &path).unwrap().1);
        for (rank, read) in read.into_iter().enumerate() {
            assert_eq!(read.0.to_dense(), rows(rank).to_dense());
        }
    }
    let columns: CsMat<f64> = entries.to_csc();
    for result in write(&WriteOptions::new(), &path, 2, |_| Rows(columns.clone())) {
        assert!(result.unwrap_err().to_string().contains("rank 0 of 2 failed: ranks have the rows of a matrix"));
    }
}

/// A value whose `Serialize` does something on some rank.
struct On(usize, usize, fn());

impl Serialize for On {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0 != self.1 {
            return serializer.serialize_u8(1);
        }
        self.2();
        Err(serde::ser::Error::custom("no number"))
    }
}

/// What fails on one rank is an error on all, which leaves nothing behind.
#[track_caller]
fn fails<T: Serialize>(size: usize, expected: &str, make: impl Fn(usize) -> T + Sync) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.h5");
    to_file(&path, "old").unwrap();
    let start = Instant::now();
    let results = write(&WriteOptions::new(), &path, size, make);
    assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
    for (rank, result) in results.into_iter().enumerate() {
        let error = result.unwrap_err().to_string();
        assert!(error.contains(expected), "rank {rank}: {error}");
    }
    assert_eq!(from_file::<String>(&path).unwrap(), "old");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn what_fails_on_one_rank_is_an_error_on_all() {
    let silent = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| ()));
    fails(3, "rank 2 of 3 failed: a panic: oh", |rank| (1, On(rank, 2, || panic!("oh"))));
    fails(3, "rank 1 of 3 failed: a panic: oh", |rank| List(vec![On(rank, 1, || panic!("oh"))]));
    std::panic::set_hook(silent);
    fails(3, "rank 2 of 3 failed: no number", |rank| (1, On(rank, 2, || ())));
    fails(4, "rank 0 of 4 failed: no number", |rank| (1, On(rank, 0, || ())));
    // In a list, it shows when the elements are sent.
    fails(3, "rank 1 of 3 failed: no number", |rank| List(vec![On(rank, 1, || ())]));
    let nested = |rank: usize| if rank == 1 { vec![NdArray(Array::from_vec(vec![1.5]))] } else { vec![] };
    fails(2, "rank 1 of 2 failed: an element of `dist::list` has an array", |rank| List(nested(rank)));
}

#[test]
fn values_that_do_not_go_together_are_errors() {
    fails(3, "the values of ranks 0 and 1 do not go together: they differ in something", |rank| {
        (vec![1; rank + 1], List(vec![1]))
    });
    fails(2, "they differ in something that is not spread", |rank| BTreeMap::from([(rank, 1)]));
    fails(2, "one has 2 spread parts, and the other 1", |rank| vec![List(vec![1]); 2 - rank]);
    let named = |rank: usize| BTreeMap::from([(if rank == 0 { "ions" } else { "electrons" }, List(vec![1]))]);
    fails(2, "where one has `ions`, the other has `electrons`", named);
    let block = |shape: [usize; 2], start: [usize; 2], count: [usize; 2]| {
        Block::new(shape, start, Array2::<f64>::zeros(count)).unwrap()
    };
    fails(
        3,
        "`[0]` is an array of `f64` of shape [4, 4] on one, and an array of `f64` of shape [5, 4] on the other",
        |rank| (block([4 + rank / 2, 4], [rank, 0], [1, 4]),),
    );
    fails(
        4,
        "the blocks of ranks 1 and 3 of `field` overlap: [2, 4] at [2, 0] and [1, 1] at [3, 3], in [8, 4]",
        |rank| {
            let (start, count) = [([0, 0], [2, 4]), ([2, 0], [2, 4]), ([4, 0], [4, 4]), ([3, 3], [1, 1])][rank];
            BTreeMap::from([("field", block([8, 4], start, count))])
        },
    );
    fails(2, "rank 1: `field`: a block of shape [3] at [2] does not lie within an array of shape [4]", |rank| {
        let values = Array::from_vec(vec![1.5; 2 + rank]);
        BTreeMap::from([("field", Block { shape: Ix1(4), start: Ix1(2 * rank), values })])
    });
    assert_eq!(Block::new([4], [2], Array::from_vec(vec![0_u8; 3])).unwrap_err().kind(), ErrorKind::OutOfRange);
}

/// What each rank finds, if the ranks do other things.
fn differing<R: Send>(work: impl Fn(&Threads, &Path) -> R + Sync) -> Vec<R> {
    let folder = tempfile::tempdir().unwrap();
    let start = Instant::now();
    let found = Threads::run(3, |comm| work(&comm, folder.path()));
    assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    found
}

#[test]
fn ranks_that_make_other_calls_get_an_error() {
    let text = |error: Error| {
        assert_eq!(error.kind(), ErrorKind::Ranks);
        error.to_string()
    };
    for found in differing(|comm, folder| match comm.rank() {
        1 => dist::to_file(comm, folder.join("other.h5"), "x"),
        _ => dist::to_file(comm, folder.join("one.h5"), "x"),
    }) {
        let error = text(found.unwrap_err());
        assert!(
            error.contains("the ranks make other calls: rank 0 writes `") && error.contains("rank 1 writes `"),
            "{error}"
        );
    }
    for found in differing(|comm, folder| match comm.rank() {
        2 => dist::write(comm, None::<&filebacked::hdf5::File>, "x", "x"),
        _ => dist::to_file(comm, folder.join("one.h5"), "x"),
    }) {
        assert!(text(found.unwrap_err()).contains("rank 2 writes `x` to a group"));
    }
    // One does not call at all, and ends.
    for (rank, found) in differing(|comm, folder| match comm.rank() {
        1 => Ok(()),
        _ => dist::to_file(comm, folder.join("one.h5"), &List(vec![1])),
    })
    .into_iter()
    .enumerate()
    .filter(|(rank, _)| *rank != 1)
    {
        let error = text(found.unwrap_err());
        assert!(
            error.contains("the ranks do not reach each other: rank ") && error.contains(" is gone"),
            "{rank}: {error}"
        );
    }
}

#[test]
fn options_that_differ_are_an_error() {
    for found in differing(|comm, folder| {
        let options = WriteOptions::new();
        let options = if comm.rank() == 1 { options.records(Records::Columns) } else { options };
        options.dist(comm).to_file(folder.join("run.h5"), &List(vec![(1.5, 7_u64); 9000]))
    }) {
        let error = found.unwrap_err().to_string();
        assert!(error.contains("ranks 0 and 1 have other options"), "{error}");
    }
}

#[test]
fn folders_that_are_not_there_are_errors_on_all() {
    for found in differing(|comm, folder| dist::to_file(comm, folder.join("none/run.h5"), &List(vec![1]))) {
        let error = found.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Io);
        assert!(error.to_string().contains("rank 0 of 3 failed: could not create a file in that folder"), "{error}");
    }
    fn read<T: DeserializeOwned>(comm: &Threads, path: &Path) -> Result<T> {
        dist::from_file(comm, path)
    }
    for found in differing(|comm, folder| read::<List<u8>>(comm, &folder.join("none.h5"))) {
        assert!(found.unwrap_err().to_string().contains("rank 0 of 3 failed: could not open the file"));
    }
}

/// Another number of ranks finds nothing of those that were gone before.
#[test]
fn a_rank_that_goes_away_midway_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.h5");
    to_file(&path, "old").unwrap();
    /// A rank that is gone when it has heard of the others so often.
    struct Going<'a>(&'a Threads, Mutex<usize>);
    impl Going<'_> {
        fn step(&self) -> std::io::Result<()> {
            let mut left = self.1.lock().unwrap();
            *left = left.checked_sub(1).ok_or(std::io::ErrorKind::BrokenPipe)?;
            Ok(())
        }
    }
    impl Comm for Going<'_> {
        fn rank(&self) -> usize {
            self.0.rank()
        }
        fn size(&self) -> usize {
            self.0.size()
        }
        fn all_gather(&self, bytes: &[u8]) -> std::io::Result<Vec<Vec<u8>>> {
            self.step()?;
            self.0.all_gather(bytes)
        }
        fn all_to_all(&self, bytes: Vec<Vec<u8>>) -> std::io::Result<Vec<Vec<u8>>> {
            self.step()?;
            self.0.all_to_all(bytes)
        }
    }
    let mut steps = 0;
    loop {
        let start = Instant::now();
        let results = Threads::run(3, |comm| {
            let steps = if comm.rank() == 1 { steps } else { usize::MAX };
            dist::to_file(&Going(&comm, Mutex::new(steps)), &path, &run(comm.rank(), 3))
        });
        assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "{steps}");
        if results.iter().all(Result::is_ok) {
            break;
        }
        // At the last step, rank 0 has put the file in its place already.
        assert!(results[1].is_err() && (results[0].is_err() || steps == 6), "{steps}");
        if results[0].is_err() && steps < 6 {
            assert_eq!(from_file::<String>(&path).unwrap(), "old", "{steps}");
        }
        steps += 1;
    }
    assert_eq!(steps, 7);
    assert_eq!(from_file::<Plain>(&path).unwrap(), plain());
}
