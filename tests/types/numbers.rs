//! Numbers, arrays of numbers and records of numbers: what is written and read by the shortest ways is what the long ones
//! write and read, and what does not fit them takes the long ones.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Debug;

use filebacked::hdf5;
use filebacked::{Error, ErrorKind, WriteOptions, from_file, from_group, from_slice, to_vec};
use hdf5_sys::{h5d, h5i::hid_t, h5s, h5t};
use serde::de::{DeserializeOwned, Deserializer, SeqAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};

/// The bytes that are read at a time.
const WINDOW: usize = 1 << 18;

/// Elements that are handed over one by one.
struct OneByOne<'a, T>(&'a [T]);

impl<T: Serialize> Serialize for OneByOne<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeSeq;
        let mut elements = serializer.serialize_seq(Some(self.0.len()))?;
        self.0.iter().try_for_each(|element| elements.serialize_element(element))?;
        elements.end()
    }
}

/// A sequence of the same elements, whichever way they are written and read.
#[track_caller]
fn same<T: Serialize + DeserializeOwned + PartialEq + Debug + Clone>(values: Vec<T>) {
    let image = to_vec(&values).unwrap();
    assert!(image == to_vec(&OneByOne(&values)).unwrap());
    assert!(image == to_vec(&values[..]).unwrap());
    assert!(from_slice::<Vec<T>>(&image).unwrap() == values);
    assert!(from_slice::<Box<[T]>>(&image).unwrap()[..] == values[..]);
    assert!(from_slice::<VecDeque<T>>(&image).unwrap() == values);
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), &image).unwrap();
    assert!(from_file::<Vec<T>>(file.path()).unwrap() == values);
    assert!(from_file::<VecDeque<T>>(file.path()).unwrap() == values);
}

/// Numbers whose bytes all differ somewhere.
fn numbers<T>(len: usize, number: impl Fn(u64) -> T) -> Vec<T> {
    (0..len as u64).map(|i| number(i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 3)).collect()
}

fn arrays<const N: usize, T: Copy>(numbers: &[T]) -> Vec<[T; N]> {
    numbers.as_chunks().0.to_vec()
}

#[test]
fn numbers_of_each_type() {
    macro_rules! each {
        ($($number:expr),*) => {
            // Lengths about those at which something changes: nothing, one, the first look, a window, more than one.
            $(
                let window = WINDOW / size_of_val(&numbers(1, $number)[0]);
                for len in [0, 1, 31, 32, 63, 64, 65, 1000, window, window + 1, window * 8 / 7] {
                    same(numbers(len, $number));
                }
            )*
        };
    }
    each!(|i| i as i8, |i| i as i16, |i| i as i32, |i| i as i64, |i| i as isize, |i| i.is_multiple_of(3));
    each!(|i| i as u8, |i| i as u16, |i| i as u32, |i| i, |i| i as usize, |i| i as f32, |i| i as f64 / 7.0);
}

#[test]
fn arrays_of_each_width() {
    let (floats, bytes) = (numbers(30_000, |i| i as f64), numbers(30_000, |i| i as i8));
    for len in [0, 64, 1000, 30_000] {
        macro_rules! each {
            ($($width:literal)*) => {
                $(
                    same(arrays::<$width, _>(&floats[..len]));
                    same(arrays::<$width, _>(&bytes[..len]));
                )*
            };
        }
        each!(1 2 3 4 5 6 9 11 12 13 16 32);
    }
    same(arrays::<3, _>(&numbers(30_000, |i| i.is_multiple_of(2))));
    same(arrays::<2, _>(&arrays::<3, _>(&floats)));
}

#[test]
fn long_sequences() {
    same(numbers(1_000_000, |i| i as f64));
    same(arrays::<3, _>(&numbers(1_500_000, |i| i as f32)));
    // Rows shorter than a window, and longer.
    same(numbers(600_000, |i| i as f32).chunks(1000).map(<[f32]>::to_vec).collect());
    same(numbers(600_000, |i| i as f64).chunks(100_000).map(<[f64]>::to_vec).collect());
    same(numbers(400_000, |i| i).chunks(40).map(arrays::<4, _>).collect());
    same(numbers(600_000, |i| i as u8).chunks(300).map(arrays::<3, _>).collect());
    same(numbers(600_000, |i| i as i16).chunks(60_000).map(arrays::<2, _>).collect());
    // Rows of rows, of which windows have many, some, and none; of numbers of any type.
    let deep = |count: usize, len: usize| -> Vec<Vec<Vec<f64>>> {
        let numbers = numbers(600_000, |i| i as f64);
        let rows = |block: &[f64]| block.chunks(len).map(<[f64]>::to_vec).collect();
        numbers.chunks(count * len).map(rows).collect()
    };
    for (count, len) in [(10, 20), (10, 6_000), (2, 100_000), (20_000, 3), (300_000, 1), (1, 40_000)] {
        same(deep(count, len));
    }
    same(numbers(600_000, |i| i.is_multiple_of(3)).chunks(300_000).map(<[bool]>::to_vec).collect());
    same(vec![vec![numbers(60_000, |i| i.to_string()); 2]; 2]);
    // Rows of unlike lengths, one of which is longer than a window.
    same((0..100).map(|len| numbers(len * len * 10, |i| i as f64)).collect());
    same((0..100).map(|len| arrays::<2, _>(&numbers(len * len * 10, |i| i as f64))).collect());
    // Rows so long that a few are taken for all, though one is shorter.
    for short in [2, 3, 4, 5, 20, 39] {
        let mut rows = vec![arrays::<2, _>(&numbers(2 * WINDOW / 16, |i| i as f64)); 40];
        rows[short].pop();
        same(rows);
    }
    // One row, at the end, is of another length, and one of another type.
    let mut rows = vec![vec![1.5f64; 100]; 6000];
    rows.push(vec![2.5]);
    same(rows);
    let mut mixed = vec![serde_json::json!([1, 2]); 100];
    mixed.push(serde_json::json!([1.5, 2]));
    same(mixed);
}

#[test]
fn bits_are_kept() {
    let odd =
        [f64::NAN, -f64::NAN, f64::from_bits(0x7ff4_0000_0000_0001), -0.0, f64::INFINITY, f64::MIN_POSITIVE / 3.0];
    let values: Vec<f64> = odd.iter().copied().cycle().take(100_000).collect();
    let bits = |values: &[f64]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
    let image = to_vec(&values).unwrap();
    assert!(bits(&from_slice::<Vec<f64>>(&image).unwrap()) == bits(&values));
    let image = to_vec(&arrays::<4, _>(&values)).unwrap();
    assert!(bits(from_slice::<Vec<[f64; 4]>>(&image).unwrap().as_flattened()) == bits(&values));
}

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone, Copy)]
struct Point(f64, f64, f64);

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone, Copy)]
struct Metres(f64);

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
struct Sample {
    id: u64,
    at: [f64; 3],
    moments: [[f32; 2]; 2],
    weight: Metres,
    place: Point,
    pair: (i8, f32),
    valid: bool,
}

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
struct Turned {
    valid: bool,
    at: (f64, f64, f64),
    id: i128,
}

fn samples(len: usize) -> Vec<Sample> {
    let sample = |i: u64| {
        let x = i as f64;
        let (weight, place) = (Metres(-x), Point(x, x + 1.0, x + 2.0));
        let (moments, pair) = ([[1.5, 2.5], [x as f32, 4.5]], (i as i8, 0.5));
        Sample { id: i, at: [x, 2.0 * x, -0.5], moments, weight, place, pair, valid: i.is_multiple_of(3) }
    };
    (0..len as u64).map(sample).collect()
}

#[test]
fn types_around_numbers() {
    let floats = numbers(90_000, |i| i as f64);
    let points: Vec<Point> = arrays(&floats).into_iter().map(|[x, y, z]| Point(x, y, z)).collect();
    same(points.clone());
    let image = to_vec(&points).unwrap();
    assert!(image == to_vec(&arrays::<3, _>(&floats)).unwrap());
    assert!(from_slice::<Vec<(f64, f64, f64)>>(&image).unwrap()[7] == (floats[21], floats[22], floats[23]));
    assert!(from_slice::<Vec<Vec<f64>>>(&image).unwrap().concat() == floats);
    let metres: Vec<Metres> = floats.iter().copied().map(Metres).collect();
    same(metres.clone());
    assert!(to_vec(&metres).unwrap() == to_vec(&floats).unwrap());
    for len in [1, 63, 64, 65, 2000, 20_000, 60_000] {
        same(samples(len));
    }
}

#[test]
fn records_in_another_order() {
    let samples = samples(20_000);
    let turned: Vec<Turned> = from_slice(&to_vec(&samples).unwrap()).unwrap();
    let expected = |sample: &Sample| {
        let [x, y, z] = sample.at;
        Turned { valid: sample.valid, at: (x, y, z), id: sample.id.into() }
    };
    assert!(turned.iter().zip(&samples).all(|(turned, sample)| *turned == expected(sample)));
    assert_eq!(turned.len(), samples.len());
}

#[test]
fn other_types_of_number() {
    let small = numbers(100_000, |i| i as i16);
    let image = to_vec(&small).unwrap();
    assert!(from_slice::<Vec<i64>>(&image).unwrap().iter().zip(&small).all(|(wide, one)| *wide == i64::from(*one)));
    assert!(from_slice::<Vec<f32>>(&image).unwrap().iter().zip(&small).all(|(wide, one)| *wide == f32::from(*one)));
    let image = to_vec(&arrays::<4, _>(&small)).unwrap();
    let wide: Vec<[f64; 4]> = from_slice(&image).unwrap();
    assert!(wide.as_flattened().iter().zip(&small).all(|(wide, one)| *wide == f64::from(*one)));
    let bits = numbers(100_000, |i| (i % 2) as u8);
    let bools: Vec<bool> = from_slice(&to_vec(&bits).unwrap()).unwrap();
    assert!(bools.iter().zip(&bits).all(|(bool, bit)| u8::from(*bool) == *bit));
}

/// Stores `value`, and reads it as a `T`, which is to fail at `place`.
#[track_caller]
fn misread<T: DeserializeOwned>(value: impl Serialize, kind: ErrorKind, place: &str) {
    let error: Error = from_slice::<T>(&to_vec(&value).unwrap()).map(drop).unwrap_err();
    assert_eq!((error.kind(), error.path().as_str(), error.hdf5_path().as_str()), (kind, place, "/value"));
    assert!(error.to_string().contains(", stored as `"), "{error}");
}

#[test]
fn errors_name_the_place() {
    use ErrorKind::{OutOfRange, WrongLength, WrongType};
    let mut floats = vec![1.0; 200_000];
    floats[150_001] = 1.5;
    misread::<Vec<i32>>(&floats, OutOfRange, "[150001]");
    misread::<Vec<[i32; 4]>>(arrays::<4, _>(&floats), OutOfRange, "[37500]/[1]");
    misread::<Vec<Vec<i32>>>(arrays::<4, _>(&floats), OutOfRange, "[37500]/[1]");
    misread::<Vec<Vec<i32>>>(floats.chunks(100).collect::<Vec<_>>(), OutOfRange, "[1500]/[1]");
    // Rows longer than a window.
    misread::<Vec<Vec<i32>>>(floats.chunks(50_000).collect::<Vec<_>>(), OutOfRange, "[3]/[1]");
    misread::<Vec<Vec<[i32; 4]>>>(vec![arrays::<4, _>(&floats); 2], OutOfRange, "[0]/[37500]/[1]");
    misread::<Vec<Vec<[f64; 3]>>>(vec![arrays::<4, _>(&floats); 2], WrongLength, "[0]/[0]");
    misread::<Vec<[f64; 3]>>(arrays::<4, _>(&floats), WrongLength, "[0]");
    misread::<Vec<Point>>(arrays::<2, _>(&floats), WrongLength, "[0]");
    misread::<Vec<[f64; 3]>>(&floats, WrongType, "[0]");
    misread::<Vec<f64>>(arrays::<4, _>(&floats), WrongType, "[0]");
}

#[test]
fn errors_name_the_field() {
    #[derive(Deserialize, Debug)]
    #[allow(dead_code, reason = "it is not read")]
    struct Narrow {
        id: u8,
        at: [f64; 3],
    }
    #[derive(Serialize)]
    struct Wide {
        id: u16,
        at: [f64; 3],
    }
    #[derive(Serialize)]
    struct Wider {
        id: u8,
        at: [f64; 4],
    }
    let wide: Vec<Wide> = (0..30_000).map(|i| Wide { id: i / 100, at: [0.5; 3] }).collect();
    misread::<Vec<Narrow>>(&wide, ErrorKind::OutOfRange, "[25600]/id");
    let wider: Vec<Wider> = (0..30_000).map(|_| Wider { id: 1, at: [0.5; 4] }).collect();
    misread::<Vec<Narrow>>(&wider, ErrorKind::WrongLength, "[0]/at");
}

/// A visitor that makes the same type as serde's, of something else.
#[derive(Debug, PartialEq)]
struct Doubled(Vec<f64>);

impl<'de> Deserialize<'de> for Doubled {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Doubling;
        impl<'de> Visitor<'de> for Doubling {
            type Value = Vec<f64>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("numbers")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut numbers: A) -> Result<Vec<f64>, A::Error> {
                let mut doubled = Vec::new();
                while let Some(number) = numbers.next_element::<f64>()? {
                    doubled.push(2.0 * number);
                }
                Ok(doubled)
            }
        }
        deserializer.deserialize_seq(Doubling).map(Self)
    }
}

#[test]
fn visitors_of_ones_own_are_asked() {
    for len in [100, 100_000] {
        let doubled: Doubled = from_slice(&to_vec(&vec![1.5; len]).unwrap()).unwrap();
        assert_eq!(doubled.0, vec![3.0; len]);
    }
}

fn memory(name: &str) -> hdf5::File {
    hdf5::File::with_options().with_fapl(|list| list.core_filebacked(false)).create(name).unwrap()
}

/// Makes the dataset `value` of numbers, as another program would.
fn foreign<T: Copy>(file: &hdf5::File, dims: &[u64], file_type: hid_t, memory_type: hid_t, numbers: &[T]) {
    hdf5::sync::sync(|| {
        // SAFETY: valid handles, and as many numbers as the shape has.
        unsafe {
            let space = h5s::H5Screate_simple(dims.len() as i32, dims.as_ptr(), std::ptr::null());
            let set = h5d::H5Dcreate2(file.id(), c"value".as_ptr(), file_type, space, 0, 0, 0);
            assert_eq!(numbers.len() as u64, dims.iter().product::<u64>());
            assert!(h5d::H5Dwrite(set, memory_type, 0, 0, 0, numbers.as_ptr().cast()) >= 0);
            h5d::H5Dclose(set);
            h5s::H5Sclose(space);
        }
    });
}

#[derive(Deserialize)]
struct Value<T> {
    value: T,
}

#[test]
fn big_endian() {
    let floats = numbers(120_000, |i| i as f64);
    let file = memory("numbers-be");
    foreign(&file, &[120_000], *h5t::H5T_IEEE_F64BE, *h5t::H5T_NATIVE_DOUBLE, &floats);
    assert!(from_group::<Value<Vec<f64>>>(&file).unwrap().value == floats);
    let file = memory("numbers-be-grid");
    foreign(&file, &[40_000, 3], *h5t::H5T_IEEE_F64BE, *h5t::H5T_NATIVE_DOUBLE, &floats);
    assert!(from_group::<Value<Vec<[f64; 3]>>>(&file).unwrap().value.as_flattened() == floats);
    assert!(from_group::<Value<Vec<Vec<f64>>>>(&file).unwrap().value.concat() == floats);
    assert!(from_group::<Value<Vec<Point>>>(&file).unwrap().value[1].1 == floats[4]);
}

/// However rows are stored, and whoever has the file open.
#[test]
fn rows_of_every_storage() {
    let floats = numbers(240_000, |i| i as f64);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.h5");
    // Shorter than a window, and longer; as arrays, too.
    for (rows, len) in [(2400, 100), (4, 60_000)] {
        let table: Vec<Vec<f64>> = floats.chunks(len).map(<[f64]>::to_vec).collect();
        let deep: Vec<Vec<[f64; 4]>> = table.iter().map(|row| arrays(row)).collect();
        let check = |file: &hdf5::File| {
            assert!(from_group::<Value<Vec<Vec<f64>>>>(file).unwrap().value == table);
            assert!(from_group::<Value<VecDeque<Vec<f64>>>>(file).unwrap().value == table);
        };
        let big = hdf5::File::create(&path).unwrap();
        foreign(&big, &[rows, len as u64], *h5t::H5T_IEEE_F64BE, *h5t::H5T_NATIVE_DOUBLE, &floats);
        check(&big);
        drop(big);
        check(&hdf5::File::open(&path).unwrap());

        let plain = WriteOptions::new;
        let chunks = (plain().chunk([2, 50]), plain().chunk([2, 50, 2]));
        for (options, of_deep) in [(plain(), plain()), (plain().deflate(1), plain().deflate(1)), chunks] {
            options.to_file(&path, &BTreeMap::from([("value", &table)])).unwrap();
            check(&hdf5::File::open(&path).unwrap());
            check(&hdf5::File::open_rw(&path).unwrap());
            of_deep.to_file(&path, &BTreeMap::from([("value", &deep)])).unwrap();
            assert!(from_file::<Value<Vec<Vec<[f64; 4]>>>>(&path).unwrap().value == deep);
            assert!(from_file::<Value<Vec<Vec<Vec<f64>>>>>(&path).unwrap().value.concat().concat() == floats);
        }
    }
}

#[test]
fn rows_read_by_several_threads() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.h5");
    let table: Vec<Vec<f64>> = numbers(600_000, |i| i as f64).chunks(100).map(<[f64]>::to_vec).collect();
    filebacked::to_file(&path, &BTreeMap::from([("value", &table)])).unwrap();
    let open = hdf5::File::open(&path).unwrap();
    std::thread::scope(|scope| {
        for by_itself in [true, false, true, false] {
            let (table, path, open) = (&table, &path, &open);
            scope.spawn(move || {
                for _ in 0..3 {
                    let read: Value<Vec<Vec<f64>>> =
                        if by_itself { from_file(path).unwrap() } else { from_group(open).unwrap() };
                    assert!(read.value == *table);
                }
            });
        }
    });
}

/// Where a file says that its data is elsewhere than it is, it is read as libhdf5 does, or not at all.
#[test]
fn addresses_that_lie() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lies.h5");
    let table: Vec<Vec<f64>> = numbers(60_000, |i| i as f64).chunks(100).map(<[f64]>::to_vec).collect();
    filebacked::to_file(&path, &table).unwrap();
    let address = hdf5::File::open(&path).unwrap().dataset("value").unwrap().offset().unwrap();
    let image = std::fs::read(&path).unwrap();
    let places: Vec<usize> =
        (0..address as usize).filter(|at| image[*at..].starts_with(&address.to_le_bytes())).collect();
    assert!(!places.is_empty());
    let (len, mut read) = (image.len() as u64, 0);
    for lie in [
        0,
        8,
        address - 1,
        address + 1,
        len - 480_000,
        len - 479_999,
        len,
        len + 1,
        1 << 40,
        1 << 63,
        u64::MAX - 1,
        u64::MAX,
    ] {
        let mut image = image.clone();
        for place in &places {
            image[*place..*place + 8].copy_from_slice(&lie.to_le_bytes());
        }
        std::fs::write(&path, &image).unwrap();
        let bits = |table: &[Vec<f64>]| table.concat().iter().map(|number| number.to_bits()).collect::<Vec<_>>();
        let direct = from_file::<Vec<Vec<f64>>>(&path).map(|table| bits(&table));
        let by_library = from_file::<VecDeque<Vec<f64>>>(&path).map(|table| bits(&Vec::from(table)));
        match (direct, by_library) {
            (Ok(direct), Ok(by_library)) => {
                assert!(direct == by_library, "{lie}");
                read += 1;
            }
            (direct, by_library) => assert!(direct.is_err() && by_library.is_err(), "{lie}"),
        }
    }
    assert!(read >= 3, "{read}");
}

#[test]
fn dimensions_of_zero() {
    let none: &[f64] = &[];
    let (file, rows) = (memory("numbers-0"), memory("numbers-00"));
    let (file_type, memory_type) = (*h5t::H5T_IEEE_F64LE, *h5t::H5T_NATIVE_DOUBLE);
    foreign(&file, &[0, 3], file_type, memory_type, none);
    assert!(from_group::<Value<Vec<[f64; 3]>>>(&file).unwrap().value.is_empty());
    assert!(from_group::<Value<Vec<Vec<f64>>>>(&file).unwrap().value.is_empty());
    foreign(&rows, &[1000, 0], file_type, memory_type, none);
    assert!(from_group::<Value<Vec<Vec<f64>>>>(&rows).unwrap().value == vec![Vec::<f64>::new(); 1000]);
    assert!(from_group::<Value<Vec<[f64; 0]>>>(&rows).unwrap().value.len() == 1000);
    assert!(from_group::<Value<Vec<[f64; 3]>>>(&rows).is_err());
}
